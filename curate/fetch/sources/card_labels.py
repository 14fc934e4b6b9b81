"""The fields of a listing that a card names: a label before a value, a column of a table, a data attribute."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from curate.fetch.sources import places, seller_kinds, values
from curate.fetch.sources.key_names import role
from curate.fetch.sources.money import PRICE
from curate.fetch.sources.page import Element, own_text, words

FIELDS = ("make", "model", "year", "city", "region", "place", "seller")
_LABELS = ("span", "b", "strong", "dt", "small", "label", "i", "em", "p", "div", "td")
_LABELLED = re.compile(r"(?:^|, )([^,:]{2,25}): ([^,:]{1,40})(?=,|$)")  # a brand: H&M, in the alt of a photo
_OF_ATTRIBUTES = ("make", "city", "region", "seller", "model", "year")
_WORDS = ("make", "model", "brand", "manufacturer", "city", "state", "region", "year")
_CLASSES = {"make": "make", "brand": "make", "manufacturer": "make", "marke": "make", "marque": "make",
            "marca": "make", "model": "model", "modell": "model", "modele": "model", "city": "city",
            "town": "city", "region": "region", "county": "region", "province": "region"}  # fmt: skip
_THEME = {  # before a name that is the colour or the look of a site: btn-brand
    *("text", "bg", "btn", "button", "border", "badge", "link"),
    *("color", "colour", "fill", "stroke", "icon", "theme"),
}
_TAIL = re.compile(r"[-_]+(?:name|label|value|text)$")
_NAMING = ("a", "h1", "h2", "h3", "h4", "h5", "h6")
_STATE = re.compile(r"(?i)sale|certif|approved|demo|pre-?owned")
_STATES = ("data-state", "data-model", "data-mark", "data-unit", "data-region")  # of the page's own machinery


def fields_of(card: Element) -> dict[str, str]:
    """The text of each field that a card names, the first of several."""
    found: dict[str, str] = {}
    for field, text in (*_columns(card), *_pairs(card), *_attributes(card), *_called(card), *_alts(card)):
        text = text.strip()
        if not text or len(text) > 80 or (text.isdigit() and field not in ("year", "model")):
            continue
        if field == "place":
            city, region = places.named(text)
            found.update(
                {key: said for key, said in (("city", city), ("region", region)) if key not in found and said}
            )
        elif field in ("city", "region"):
            if places.is_place(text):
                found.setdefault(field, text)
        elif field == "seller":
            if kind := seller_kinds.alone(text):
                found.setdefault("seller", kind)
        elif field != "year" or values.year(text):
            found.setdefault(field, text)
    return found


def _field(label: str) -> str:
    return field if (field := role(label.strip(" :：\u00a0"))[0]) in FIELDS else ""


def _pairs(card: Element) -> Iterator[tuple[str, str]]:
    """Labels that end with a colon, with what follows them."""
    for element in islice(card.iter(*_LABELS, "li"), 200):
        if len(element):
            if len(element) == 2 and not (element.text or "").strip() and not any(len(one) for one in element):
                label, after = words(element[0])[:40], words(element[1])[:100]
                if isinstance(element[0].tag, str) and (field := _field(label)):
                    yield field, after
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
                field = _field(str(name)[5:]) or _last(str(name))
                if field == "region" and not value[0].isupper():
                    continue
                if field in _OF_ATTRIBUTES and re.fullmatch(r"[\w&.,' +/-]+", value):
                    yield field, value


def _called(card: Element) -> Iterator[tuple[str, str]]:
    """The texts of elements whose class ends with the name of a field: card__make, item-brand; a region only where
    a town is called one, too, as many call a town so."""
    found: dict[str, str] = {}
    for element in islice(card.iter(*_LABELS, "li", "a"), 200):
        if len(element) or not (element.text or "").strip():
            continue
        for field in _class_fields(element):
            if 1 < len(text := words(element)) < 40 and text[0].isalnum() and not PRICE.search(text):
                found.setdefault(field, text)
    if "city" not in found:
        found.pop("region", None)
    yield from found.items()


def _class_fields(element: Element) -> Iterator[str]:
    for name in element.get("class", "").split():
        *before, last = re.split(r"[-_]+", _TAIL.sub("", name.lower()))
        if (field := _CLASSES.get(last, "")) and not _THEME.intersection(before):
            yield field


def before_models(cards: Sequence[Element]) -> list[str]:
    """The make of each card that stands before its model, <a><b>Fiat</b> <b class="model">Uno</b></a>. Three makes
    at least stand so on four fifths of the cards: a state, such as Sold, stands on few, or is the same on many."""
    found = [next(filter(None, map(_before_model, islice(card.iter(*_LABELS), 200))), "") for card in cards]
    makes = {make.casefold() for make in found} - {""}
    return found if len(makes) > 2 and sum(map(bool, found)) * 5 >= len(cards) * 4 else [""] * len(cards)


def _before_model(element: Element) -> str:
    """One word or two that are all that stands before a model in a link or a heading."""
    before, around = element.getprevious(), element.getparent()
    if "model" not in _class_fields(element) or before is None or around is None or around.tag not in _NAMING:
        return ""
    if before.tag != element.tag or before.getprevious() is not None or (around.text or "").strip():
        return ""
    text = own_text(before) if not (before.tail or "").strip() else ""
    is_name = re.fullmatch(r"[^\W\d_]{2,15}(?:[ -][^\W\d_]{1,15})?", text) and not _STATE.search(text)
    return text if is_name and not _field(text) and places.is_place(text) else ""  # "Used" is no place, either


def _last(name: str) -> str:
    """The field that the last word of a data attribute names behind a word of the site's own: data-webm-make,
    data-t-listing_make."""
    words_of = re.sub(r"^(data-[a-z]+-)listing[-_](?=[a-z]+$)", r"\1", name).split("-")
    return _field(words_of[-1]) if len(words_of) == 3 and words_of[-1] in _WORDS else ""


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
        fields = heads.get(at, ())
        lines = (
            [part for raw in cell.itertext() if (part := raw.strip())] if len(fields) > 1 else [words(cell)[:100]]
        )
        yield from zip(fields, lines, strict=False) if len(fields) == len(lines) else ()
        at += _width(cell)


def _of_head(text: str) -> tuple[str, ...]:
    fields = tuple(role(part)[0] for part in text.split("/"))
    if len(fields) == 2 and set(fields) <= {"city", "region", "place"}:
        return fields if fields[0] != fields[1] else ("region", "city")  # the larger one first
    return (found,) if (found := role(text)[0]) else ()


def _width(cell: Element) -> int:
    return int(span) if (span := cell.get("colspan", "")).isdigit() and 0 < int(span) < 50 else 1


def _heads(table: Element) -> dict[int, tuple[str, ...]]:
    """The fields of the columns of a table by their places, where a row of its first three names two at least: one
    of each column, two of "Province / District"."""
    for row in islice(table.iter("tr"), 3):
        at, named = 0, {}
        for cell in row.iterchildren("td", "th"):
            named[at] = _of_head(words(cell)[:40])
            at += _width(cell)
        if sum(map(bool, named.values())) > 1:
            return {at: fields for at, fields in named.items() if set(fields) <= set(FIELDS)}
    return {}
