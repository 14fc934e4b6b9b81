"""The fields of a listing that a card names: a label before a value, a column of a table, a data attribute."""

import re
from collections.abc import Iterator
from itertools import islice

from curate.fetch.sources import places, seller_kinds, values
from curate.fetch.sources.key_names import role
from curate.fetch.sources.page import Element, words

FIELDS = ("make", "model", "year", "city", "region", "place", "seller")
_LABELS = ("span", "b", "strong", "dt", "small", "label", "i", "em", "p", "div", "td")
_LABELLED = re.compile(r"(?:^|, )([^,:]{2,25}): ([^,:]{1,40})(?=,|$)")  # a brand: H&M, in the alt of a photo
_STATES = ("data-state", "data-model", "data-mark", "data-unit", "data-region")  # of the page's own machinery


def fields_of(card: Element) -> dict[str, str]:
    """The text of each field that a card names, the first of several."""
    found: dict[str, str] = {}
    for field, text in (*_columns(card), *_pairs(card), *_attributes(card), *_alts(card)):
        text = text.strip()
        if not text or len(text) > 80 or (text.isdigit() and field not in ("year", "model")):
            continue
        if field == "place":
            city, region = places.named(text)
            found.setdefault("city", city)
            found.setdefault("region", region)
        elif field in ("city", "region"):
            if places.is_place(text):
                found.setdefault(field, text)
        elif field == "seller":
            found.setdefault("seller", seller_kinds.alone(text))
        elif field != "year" or values.year(text):
            found.setdefault(field, text)
    return {field: text for field, text in found.items() if text}


def _field(label: str) -> str:
    return field if (field := role(label.strip(" :：\u00a0"))[0]) in FIELDS else ""


def _pairs(card: Element) -> Iterator[tuple[str, str]]:
    """Labels that end with a colon, with what follows them."""
    for element in islice(
        card.iter("span", "b", "strong", "dt", "small", "label", "i", "em", "p", "div", "td"), 200
    ):
        if len(element):
            continue
        text = (element.text or "").strip()
        if element.tag == "dt" or text[-1:] in (":", "："):
            if not (1 < len(text) < 30) or not (field := _field(text)):
                continue
            after = (element.tail or "").strip()
            other = element.getnext()
            if not after and other is not None and isinstance(other.tag, str):
                after = words(other)[:100]
            yield field, after
        elif 3 < len(text) < 60 and (":" in text or "：" in text):
            label, _, after = text.replace("：", ":").partition(":")
            if field := _field(label):
                yield field, after


def _attributes(card: Element) -> Iterator[tuple[str, str]]:
    for element in islice(card.iter(), 60):
        if not isinstance(element.tag, str):
            continue
        for name, value in element.attrib.items():
            if str(name).startswith("data-") and name not in _STATES and 1 < len(value) < 60:
                field = _field(str(name)[5:])
                if field in ("make", "city", "seller", "model", "year") and re.fullmatch(r"[\w&.,' +/-]+", value):
                    yield field, value


def _alts(card: Element) -> Iterator[tuple[str, str]]:
    for element in islice(card.iter("img", "a"), 12):
        for label, value in _LABELLED.findall((element.get("alt") or element.get("title") or "")[:400]):
            if field := _field(label):
                yield field, value


def _columns(card: Element) -> Iterator[tuple[str, str]]:
    """The cells of a row under the heads of their columns."""
    table = next(card.iterancestors("table"), None) if card.tag == "tr" else None
    if table is None:
        return
    heads = _heads(table)
    at = 0
    for cell in card.iterchildren("td", "th"):
        if field := heads.get(at, ""):
            yield field, words(cell)[:100]
        at += _width(cell)


def _width(cell: Element) -> int:
    return int(span) if (span := cell.get("colspan", "")).isdigit() and 0 < int(span) < 50 else 1


def _heads(table: Element) -> dict[int, str]:
    """The fields of the columns of a table by their places, where a row of its first three names two at least."""
    for row in islice(table.iter("tr"), 3):
        at, named = 0, {}
        for cell in row.iterchildren("td", "th"):
            named[at] = role(words(cell)[:40])[0]
            at += _width(cell)
        if sum(map(bool, named.values())) > 1:
            return {at: field for at, field in named.items() if field in FIELDS}
    return {}
