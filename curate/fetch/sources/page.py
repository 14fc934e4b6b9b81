"""A page as a tree, parsed once (lxml): its base, its links, the text and the places of its elements.

A page of more tags than any page for people has, or one that takes longer than `MAX_SECONDS` to read, raises
RejectedError("page_too_complex").
"""

import re
import time
from collections.abc import Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from lxml import etree, html

from curate.core.errors import RejectedError
from curate.fetch.http.url import canonical_url, path_of, same_site
from curate.fetch.http.url import parse as parse_url

Element = Any  # of lxml

MAX_TAGS = 200_000
MAX_ATTRIBUTES = 500  # of one tag; the parser's time grows with their square
_NAMES = (
    "class",
    "id",
    "data-testid",
    "data-test",
    "data-test-id",
    "data-qa",
    "data-q",
    "data-cy",
    "data-marker",
    "data-mark",
    "data-aut-id",
    "data-automation",
    "aria-label",
    "role",
    "name",
)
_SILENT = ("script", "style", "noscript", "template", "svg")
_ICON = re.compile(r"material-(?:icons|symbols)|mat-icon(?=.*-font)")
MAX_SECONDS = 10.0  # of one thread's time, for one page

_LONG_TAG = re.compile(r"<[a-zA-Z](?:\"[^\"]*+(?:\"|$)|'[^']*+(?:'|$)|[^<>\"'])*+>?")
_QUOTED = re.compile(r"\"[^\"]*+(?:\"|$)|'[^']*+(?:'|$)")
_COUNTS_CLICKS = re.compile(r"(?i)/(?:clicks?|adclick|aclk|redirect\w*|track\w*|out|go)(?:[/.]|$)")
_TARGET = re.compile(
    r"(?i)[?&](?:redirect(?:_?url)?|target(?:_?url)?|dest(?:ination)?|goto|to|url|u)=((?:https?(?::|%3A)|/|%2F)[^&]+)"
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


@dataclass(slots=True)
class Page:
    """One page. `url` is its address, `base` what its relative addresses are relative to."""

    url: str
    base: str
    root: Element
    started_s: float = field(default_factory=time.thread_time)

    def check_time(self) -> None:
        """Raise RejectedError("page_too_complex") when reading the page has taken too long."""
        if time.thread_time() - self.started_s > MAX_SECONDS:
            raise RejectedError("page_too_complex", f"takes more than {MAX_SECONDS:.0f} s to read")


def _without_monsters(text: str) -> str:
    """The text without tags of thousands of attributes."""

    def one(match: re.Match[str]) -> str:
        tag = match[0]
        if len(tag) > 4 * MAX_ATTRIBUTES and len(_QUOTED.sub("", tag).split()) > MAX_ATTRIBUTES:
            return ""
        return tag

    return _LONG_TAG.sub(one, text)


def parse(text: str, url: str) -> Page:
    """The tree of a page. Raises RejectedError("page_too_complex")."""
    if text.count("<") > 2 * MAX_TAGS:
        raise RejectedError("page_too_complex", f"more than {MAX_TAGS} tags")
    started = time.thread_time()
    plain = _DECLARATION.sub("", _without_monsters(text)).replace("\0", "")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(plain.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        root = html.document_fromstring(b"<html><body></body></html>")
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log.filter_from_fatals()):
        raise RejectedError("page_too_complex", "tags are nested deeper than the parser reads, 2,048 deep")
    _join_rows(root)
    base = url
    for element in root.iter("base"):
        if href := element.get("href"):
            base = resolved(href, url) or url
            break
    return Page(url, base, root, started)


def _join_rows(root: Element) -> None:
    """Put the rows beside which one cell shows an image into a body of their own: they are of one thing."""
    shown: set[Element] = set()  # cells with an image
    for image in root.iter("img"):
        for cell in image.iterancestors("td"):
            if cell in shown:
                break
            shown.add(cell)
    for row in list(root.iter("tr")) if shown else ():
        cells = (cell for cell in row.iterchildren("td") if cell in shown)
        spans = [int(text) for cell in cells if re.fullmatch(r"\d{1,2}", text := cell.get("rowspan", ""))]
        rows = [row, *islice(row.itersiblings(), max(spans, default=1) - 1)]
        if len(rows) > 1 and all(one.tag == "tr" for one in rows):
            body = row.makeelement("tbody")
            row.addprevious(body)
            body.extend(rows)


@lru_cache(maxsize=8_192)
def resolved(written: str, base: str) -> str:
    """The one spelling of an address that a page wrote; empty where it is none."""
    written = written.strip()
    if (
        not written
        or written[0] in "#{"
        or written[:11].lower().startswith(("javascript:", "data:", "mailto:", "tel:"))
    ):
        return ""
    try:
        return _clicked(canonical_url(written.replace(" ", "%20"), base))
    except RejectedError:
        return ""


def _clicked(url: str) -> str:
    """The page of the same site to which an address that counts clicks leads; any other address as it is."""
    if "?" not in url or not _COUNTS_CLICKS.search(path_of(url).partition("?")[0]):
        return url
    for match in _TARGET.finditer(url[:4_000]):
        try:
            target = canonical_url(unquote(match[1]), url)
        except RejectedError:
            continue
        if same_site(target, url):
            return target
    return url


@lru_cache(maxsize=8_192)
def photo_address(written: str, base: str) -> str:
    """The absolute address of a photo that a page wrote, its size kept; empty where it is none."""
    written = written.strip()
    if (
        not written
        or written[0] in "#{"
        or written[:11].lower().startswith(("javascript:", "data:", "mailto:", "blob:"))
    ):
        return ""
    try:
        return parse_url(written.replace(" ", "%20"), base).url
    except RejectedError:
        return ""


def words(element: Element, apart: Set[Element] = frozenset()) -> str:
    """The text of an element as a person reads it, spaces joined, scripts and styles and the elements `apart` left
    out."""
    parts: list[str] = []
    size = 0
    inside = set(apart)  # with what is in them
    for node in element.iter():
        if apart and node.getparent() in inside:
            inside.add(node)
            continue
        silent = not isinstance(node.tag, str) or node.tag in _SILENT or is_icon(node)
        if silent or node in apart:
            tail = node.tail if node is not element else None
        else:
            if node.text:
                parts.append(node.text)
                size += len(node.text)
            tail = node.tail if node is not element else None
        if tail:
            parts.append(tail)
            size += len(tail)
        if size > 20_000:
            break
    return " ".join(" ".join(parts).split()).replace(" ,", ",").replace(" ،", "،")


def is_icon(node: Element) -> bool:
    """Is the text of an element the name of a sign in a font of icons: location_on?"""
    named = node.tag in ("i", "span", "mat-icon") and _ICON.search(node.get("class", ""))
    return bool(named) and re.fullmatch(r"\s*[a-z0-9_]+\s*", node.text or "") is not None


def own_text(element: Element) -> str:
    """The text of an element that holds no other; empty where it holds one."""
    return "" if any(isinstance(child.tag, str) for child in element) else words(element)


def names(element: Element) -> str:
    """What the site calls an element: its class, id and test names, in lower case."""
    said = dict(element.items())
    return " ".join([said[name] for name in _NAMES if name in said])[:400].lower()
