"""Which index page comes after this one.

By the link that the page names, a query parameter or `{page}` in the start address that counts pages or listings,
or a cursor that each page gives for the next one.
"""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from curate.core.errors import RejectedError
from curate.core.recipe import Pagination
from curate.fetch.http.url import canonical_url

PAGE, CURSOR = "{page}", "{cursor}"


def with_parameter(url: str, parameter: str, value: int | str) -> str:
    """`url` with its query parameter `parameter` set to `value`."""
    parts = urlsplit(url)
    query = [(name, old) for name, old in parse_qsl(parts.query, keep_blank_values=True) if name != parameter]
    return urlunsplit(parts._replace(query=urlencode([*query, (parameter, str(value))])))


def is_counted(start: str, config: Pagination) -> bool:
    """Do pages have numbers, so that the last one is known only by what comes after it?"""
    return PAGE in start or (bool(config.page_parameter) and CURSOR not in start and not config.cursor)


def first(start: str, config: Pagination) -> str:
    """The first index page of a start address, `{page}` and `{cursor}` filled in. Raises RejectedError."""
    if CURSOR in start:  # a parameter without a value is left out
        parts = urlsplit(start)
        query = "&".join(field for field in parts.query.split("&") if CURSOR not in field)
        start = urlunsplit(parts._replace(query=query)).replace(CURSOR, "")
    return canonical_url(start.replace(PAGE, str(config.first_page)))


def following(start: str, number: int, offered: tuple[str, ...], config: Pagination, cursor: str = "") -> str:
    """URL of the page after the `number`-th (0-based), or "" when there is none.

    `offered` are the links to a next page, `cursor` is what the page gives for it.
    """
    if number + 1 >= config.max_pages:
        return ""
    if CURSOR in start:
        return canonical_url(start.replace(CURSOR, quote(cursor, safe=""))) if cursor else ""
    if config.cursor:
        if not cursor or config.cursor_parameter:
            return with_parameter(start, config.cursor_parameter, cursor) if cursor else ""
        try:
            return canonical_url(cursor, start)
        except RejectedError:
            return ""
    count = config.first_page + (number + 1) * config.step
    if PAGE in start:
        return canonical_url(start.replace(PAGE, str(count)))
    if config.page_parameter:
        return with_parameter(start, config.page_parameter, count)
    return offered[0] if offered else ""
