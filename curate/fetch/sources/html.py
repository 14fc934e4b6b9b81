"""Bytes to text, and the few tags that matter, in linear time."""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from curate.core.errors import RejectedError
from curate.fetch.http.url import canonical_url

_META_CHARSET = re.compile(rb"<meta\b[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_STATEFUL = ("utf-16", "utf-32", "iso2022", "hz")  # their bytes can pass for UTF-8, so what is declared counts
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_TAG = re.compile(r"<!--|<(script|link|base|a)\b((?:=\s*+(?:\"[^\"]*+\"|'[^']*+')|[^<>])*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")


def _codec(label: str) -> str:
    """The codec of a declared charset, "" if unknown. Latin-1 and ASCII mean windows-1252, as in browsers."""
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
        "".encode(name)  # refuses codecs that are no text encoding
    except (LookupError, ValueError, TypeError):
        return ""
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def to_text(data: bytes, charset: str = "") -> str:
    """Decode a page. Never raises.

    Precedence: a byte order mark; valid UTF-8 (other encodings practically never pass for it, wrong declarations
    are common), unless a stateful encoding is declared; `charset` of the HTTP header; the page's own meta charset,
    each if the bytes are valid in it; windows-1252, with undefined bytes replaced.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    match = _META_CHARSET.search(data[:4096])
    meta = _codec(match[1].decode("ascii")) if match else ""
    meta = "" if meta.startswith("utf-16") else meta  # the tag was readable as ASCII, so it is wrong
    declared = [name for name in (_codec(charset), meta) if name]
    first = [name for name in declared if name.startswith(_STATEFUL)]
    for name in [*first, "utf-8", *declared]:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening tag, with the text of a script."""

    name: str
    attributes: dict[str, str]
    text: str = ""


def tags(text: str) -> Iterator[Tag]:
    """The script, link, base and a tags of a page, in order, those in comments left out. Linear time."""
    position = 0
    while match := _TAG.search(text, position):
        position = match.end()
        if match[0] == "<!--":
            end = text.find("-->", position)
            if end < 0:
                return
            position = end + 3
            continue
        name, body = match[1].lower(), ""
        if name == "script":
            end = _find_script_end(text, position)
            body, position = text[position:end], end
        yield Tag(name, _attributes(match[2]), body)


def _find_script_end(text: str, start: int) -> int:
    match = re.compile("</script", re.IGNORECASE).search(text, start)
    return match.start() if match else len(text)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        found.setdefault(match[1].lower(), html.unescape(next(g for g in match.groups()[1:] if g is not None)))
    return found


def base_url(found: list[Tag], page_url: str) -> str:
    """What relative URLs of the page are relative to."""
    href = next((tag.attributes["href"] for tag in found if tag.name == "base" and "href" in tag.attributes), "")
    try:
        return canonical_url(href, page_url) if href else page_url
    except RejectedError:
        return page_url


def next_urls(found: list[Tag], base: str) -> tuple[str, ...]:
    """The links with rel=next."""
    urls = []
    for tag in found:
        if tag.name in ("link", "a") and "next" in tag.attributes.get("rel", "").lower().split():
            try:
                urls.append(canonical_url(tag.attributes.get("href", ""), base))
            except RejectedError:
                continue
    return tuple(dict.fromkeys(urls))


def canonical_links(found: list[Tag], base: str) -> list[str]:
    """The addresses that the page calls its own."""
    urls = []
    for tag in found:
        if tag.name == "link" and "canonical" in tag.attributes.get("rel", "").lower().split():
            try:
                urls.append(canonical_url(tag.attributes.get("href", ""), base))
            except RejectedError:
                continue
    return urls
