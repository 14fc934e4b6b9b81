"""All data that a page carries in its scripts and attributes, whatever its wrapper.

JSON-LD; other scripts of JSON (`__NEXT_DATA__`, `__NUXT_DATA__`); `window.X = {…}`, object and array literals and
calls; calls that add one photo each; JSON inside strings, percent-encoded or in base64; the flight of Next.js
(`self.__next_f.push`); `data-*` and other attributes; hidden elements and comments that hold JSON.
"""

import html as entities
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from curate.fetch.sources import flattened, javascript
from curate.fetch.sources.key_names import is_photo
from curate.fetch.sources.page import Page
from curate.fetch.sources.photo_addresses import is_address

MAX_TEXT = 20_000_000  # characters of one script
_COMMENT: Any = etree.Comment
_SCRIPTS = (
    "",
    "text/javascript",
    "application/javascript",
    "module",
    "text/ecmascript",
    "application/x-javascript",
)
_ADDS = re.compile(r"(?:^|\.)(?:(\w+)\.push|add_?(\w+))$", re.IGNORECASE)  # what a call adds to
_FLIGHT = re.compile(r"__next_f\s*(?:=[^.;]{0,40})?\.push\(\s*(\[.{1,20000000}\])\s*\)", re.DOTALL)
_ROW = re.compile(rb"\n?([0-9a-f]{1,8}):(T([0-9a-f]{1,8}),|[A-Z]{0,2})")


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of data. `form` says in what wrapper it was: JSON-LD, embedded JSON, flight, attribute."""

    form: str
    name: str
    data: Any
    element: Any = None  # whose attribute it was


def _json(text: str) -> Any:
    """The data of a script of JSON, repaired where needed; None where there is none."""
    data, _ = javascript.read(text)
    return data if isinstance(data, dict | list) else None


def blocks(page: Page) -> Iterator[Block]:
    """The data of a page, in its order; the flight at the end."""
    flight: list[str] = []
    for element in page.root.iter():
        if element.tag is _COMMENT:
            text = (element.text or "").strip()
            if len(text) > 40 and text[0] in "{[" and text[-1] in "}]" and (data := _json(text)) is not None:
                yield Block("embedded JSON", "comment", javascript.expanded(data))
            continue
        if not isinstance(element.tag, str):
            continue
        if element.tag == "script":
            yield from _script(element, flight)
            yield from _attributes(element)
            page.check_time()
            continue
        yield from _attributes(element)
        if element.tag in ("textarea", "code", "template", "xmp", "pre", "div", "span", "noscript") and not len(
            element
        ):
            text = (element.text or "").strip()
            if len(text) > 40 and text[:1] in "{[" and text[-1:] in "}]" and (data := _json(text)) is not None:
                yield Block("embedded JSON", element.get("id") or element.tag, javascript.expanded(data))
    if flight:
        for data in _flight("".join(flight)):
            yield Block("Next.js flight", "__next_f", data)


def _script(element: Any, flight: list[str]) -> Iterator[Block]:
    text = (element.text or "")[:MAX_TEXT]
    if len(text.strip()) < 2:
        return
    kind = element.get("type", "").partition(";")[0].strip().lower()
    name = element.get("id") or element.get("data-name") or element.get("name") or ""
    if "ld+json" in kind:
        if (data := _json(text)) is not None:
            yield Block("JSON-LD", name, data)
        return
    if kind not in _SCRIPTS or text.lstrip()[:1] in "{[":
        if (data := _json(text)) is not None:
            yield Block("embedded JSON", name or kind, flattened.unflattened(javascript.expanded(data)))
            return
        if kind not in _SCRIPTS and ("template" in kind or "html" in kind):
            return
    if "__next_f" in text:
        for match in _FLIGHT.finditer(text):
            try:
                pushed = javascript.loads(match[1])
            except ValueError:
                continue
            if isinstance(pushed, list) and len(pushed) > 1 and isinstance(pushed[1], str):
                flight.append(pushed[1])
        return
    for found, data in javascript.values(text):
        yield Block("embedded JSON", found or name or "script", flattened.unflattened(data))
    for function, several in javascript.calls(text).items():
        if photos := _added(function, several):
            yield Block("embedded JSON", function, {"images": photos})


def _added(function: str, several: list[list[str]]) -> list[dict[str, str]]:
    """The photos that calls add one by one: gallery.addImage('a.jpg', 'a-thumb.jpg'), photos.push('a.jpg').

    One with fewer addresses than the others is no photo but, say, a banner between them.
    """
    match = _ADDS.search(function)
    if not match or not is_photo(match[1] or match[2]):
        return []
    urls = [[text for text in texts if is_address(text, surely_photo=False)] for texts in several]
    usual, _ = Counter(map(len, urls)).most_common(1)[0]
    return [dict(zip(("url", "thumb"), each, strict=False)) for each in urls if each and len(each) >= usual]


def _attributes(element: Any) -> Iterator[Block]:
    for name, value in element.attrib.items():
        if len(value) < 30 or name in ("href", "src", "srcset", "style", "class", "d", "content", "alt", "title"):
            continue
        if javascript.PACKED.match(value):
            data = javascript.unpacked(value)
            if data is None and value.lstrip()[:1] in "{[":
                try:
                    data = javascript.literal(value)
                except ValueError:
                    data = javascript.unpacked(entities.unescape(value))
            if isinstance(data, dict | list):
                yield Block("attribute", str(name), javascript.expanded(flattened.island(data)), element)
            elif value.lstrip()[:1] == "{" and "[" in value:  # an object with functions: its arrays alone are data
                for found, inner in javascript.values(f"({value})"):
                    yield Block("attribute", found or str(name), inner, element)


def _flight(text: str) -> Iterator[Any]:
    """The rows of a Next.js flight that hold data, references among them put in."""
    data = text.encode("utf-8", "surrogatepass")
    rows: dict[str, Any] = {}
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while match := _ROW.search(data, position):
        position = match.end()
        key = match[1].decode()
        if match[3]:
            length = min(int(match[3], 16), len(data) - position)
            rows[key] = data[position : position + length].decode("utf-8", "replace")
            position += length
            continue
        end = data.find(b"\n", position)
        end = end if end >= 0 else len(data)
        if data[position : position + 1] in (b"[", b"{"):
            try:
                rows[key] = javascript.expanded(decoder.decode(data[position:end].decode("utf-8", "replace")))
            except (ValueError, RecursionError):
                continue
            position = end
    made: dict[str, Any] = {}
    for key in rows:
        if isinstance(rows[key], dict | list):
            yield _referred(key, rows, made)


def _referred(key: str, rows: dict[str, Any], made: dict[str, Any]) -> Any:
    """Row `key` with the rows put in that it names: "$1a", "$1a:props:car". Rows that name each other share
    parts."""
    if key in made:
        return made[key]
    row = rows.get(key)
    if not isinstance(row, dict | list):
        return row
    out: Any = {} if isinstance(row, dict) else []
    made[key] = out
    stack: list[tuple[Any, Any]] = [(row, out)]
    while stack:
        old, new = stack.pop()
        for name, item in old.items() if isinstance(old, dict) else enumerate(old):
            if isinstance(item, dict | list):
                plain: Any = {} if isinstance(item, dict) else []
                stack.append((item, plain))
            elif isinstance(item, str) and item[:1] == "$" and 1 < len(item) < 200 and item[1:2] not in "L@$":
                plain = _row_part(item[1:], rows, made)
            else:
                plain = item
            if isinstance(new, dict):
                new[name] = plain
            else:
                new.append(plain)
    return out


def _row_part(reference: str, rows: dict[str, Any], made: dict[str, Any]) -> Any:
    key, *path = reference.split(":")
    if key not in rows:
        return "$" + reference
    target = rows[key] if path else made.get(key, rows[key])
    for step in path:
        if isinstance(target, list) and step.isdigit() and int(step) < len(target):
            target = target[int(step)]
        else:
            target = target.get(step) if isinstance(target, dict) else None
    return target
