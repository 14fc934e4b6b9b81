"""Which requests ask for the index pages of a start: addresses, and for an API that wants a POST, bodies too.

The name of a page that is asked for by POST is its address, `#` and the body, so that requests with different
bodies are different pages wherever a page has a name: in the journal, in messages, in rows of pages that failed.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urldefrag, urlencode

from curate.core.errors import UsageError
from curate.core.recipe import Source
from curate.fetch.sources import pagination
from curate.fetch.sources.pagination import CURSOR, PAGE

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KINDS = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def first(written: str, config: Source) -> str:
    """The first index page of a start address. Raises RejectedError, UsageError for a placeholder left empty."""
    if not config.request.body:
        return pagination.first(written, config.pagination)
    address, _ = urldefrag(written)
    return _named(
        pagination.first(address, config.pagination), written, config, config.pagination.first_page, None
    )


def following(written: str, number: int, offered: tuple[str, ...], config: Source, cursor: str = "") -> str:
    """The page after the `number`-th (0-based) of a start address, or "" when there is none.

    `offered` are the links to a next page, `cursor` is what the page gives for it.
    """
    if not config.request.body:
        return pagination.following(written, number, offered, config.pagination, cursor)
    address, _ = urldefrag(written)
    count = config.pagination.first_page + (number + 1) * config.pagination.step
    in_body = _placeholders(config.request.body)
    if number + 1 >= config.pagination.max_pages or ("cursor" in in_body and not cursor):
        return ""
    if in_body & {"page", "cursor"}:
        filled = address.replace(PAGE, str(count)).replace(CURSOR, quote(cursor, safe=""))
        return _named(pagination.first(filled, config.pagination), written, config, count, cursor or None)
    url = pagination.following(address, number, offered, config.pagination, cursor)
    return url and _named(url, written, config, config.pagination.first_page, None)


def is_counted(written: str, config: Source) -> bool:
    """Do pages have numbers, so that the last one is known only by what comes after it?"""
    in_body = _placeholders(config.request.body)
    if "cursor" in in_body:
        return False
    return "page" in in_body or pagination.is_counted(urldefrag(written)[0], config.pagination)


def asked(page: str, config: Source) -> tuple[str, dict[str, str], bytes | None]:
    """Address, headers and body of the request for a page by its name; of a GET there is no body."""
    address, mark, body = page.partition("#")
    headers = dict(config.request.headers)
    if not mark:
        return address, headers, None
    return address, headers | {"Content-Type": _KINDS[config.request.encoding]}, body.encode()


def _named(url: str, written: str, config: Source, count: int, cursor: str | None) -> str:
    said = parse_qsl(urldefrag(written)[1], keep_blank_values=True)
    values: dict[str, int | str | None] = {name: _number(value) for name, value in said}
    values |= {"page": count, "cursor": cursor}
    body = _filled(config.request.body, values)
    if config.request.encoding == "form":
        pairs = {key: json.dumps(value) if isinstance(value, bool) else value for key, value in body.items()}
        return f"{url}#{urlencode(pairs)}"
    return f"{url}#{json.dumps(body, ensure_ascii=False, separators=(',', ':'))}"


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,15}", text) else text


def _filled(body: Any, values: Mapping[str, int | str | None]) -> Any:
    """`body` with its placeholders filled; a key or an item whose placeholder has no value is left out."""
    if isinstance(body, dict):
        pairs = ((key, _filled(value, values)) for key, value in body.items())
        return {key: value for key, value in pairs if value is not None or body[key] is None}
    if isinstance(body, list):
        items = [(item, _filled(item, values)) for item in body]
        return [value for item, value in items if value is not None or item is None]
    if not isinstance(body, str):
        return body
    if whole := _PLACEHOLDER.fullmatch(body):
        if whole[1] not in values:
            raise UsageError(
                f"source.request.body: nothing fills {body}: write #{whole[1]}=... behind the start address"
            )
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda m: str(said) if (said := values.get(m[1], m[0])) is not None else "", body)


def _placeholders(body: Any) -> set[str]:
    """The names of all placeholders in the texts of a body, its keys not."""
    if isinstance(body, dict | list):
        inner = body.values() if isinstance(body, dict) else body
        return {name for each in inner for name in _placeholders(each)}
    return set(_PLACEHOLDER.findall(body)) if isinstance(body, str) else set()
