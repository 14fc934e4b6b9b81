"""Which index page comes after this one."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from curate.core.recipe import Pagination


def counted_url(url: str, parameter: str, page: int) -> str:
    """`url` with its query parameter `parameter` set to `page`."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != parameter]
    return urlunsplit(parts._replace(query=urlencode([*query, (parameter, str(page))])))


def following(start_url: str, number: int, offered: tuple[str, ...], config: Pagination) -> str:
    """URL of the page after the `number`-th (0-based), or "" when there is none.

    With a page parameter pages are counted, in steps; otherwise the page's own link to the next one is followed.
    """
    if number + 1 >= config.max_pages:
        return ""
    if config.page_parameter:
        return counted_url(start_url, config.page_parameter, config.first_page + (number + 1) * config.step)
    return offered[0] if offered else ""
