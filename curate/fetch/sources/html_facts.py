"""The facts of a listing that its own page shows as labels and values: lists of terms, tables of two columns."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from curate.fetch.sources import card_places, card_sellers, dates, places, seller_kinds, values
from curate.fetch.sources.currencies import printed_prices
from curate.fetch.sources.element_names import BESIDE_NAMES
from curate.fetch.sources.json_nodes import MAX_ATTRIBUTES
from curate.fetch.sources.key_names import role
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import money
from curate.fetch.sources.page import Element, Page, names, words
from curate.fetch.sources.page_images import PageImages

MAX_PAIRS = 300
_KNOWN = {"year", "make", "model", "city", "place", "region", "seller", "posted"}
_POSTED = ("dateposted", "datepublished", "datecreated")
_IN_BRACKETS = re.compile(r"(?<=\S)\s?[(（][^()（）]{1,20}[)）]$")  # 年式(初度登録)
_KIND = re.compile(r"(?i)typ|tipo|kind|category|тип|вид")
_ORDINAL = re.compile(r"^1\s?(?:\.|ª|º|er|re|ère|a|e|st)?\s+")  # 1. Inverkehrsetzung, 1ère immatriculation


def pairs(page: Page, layout: PageImages) -> Iterator[tuple[str, str]]:
    """(label, value) of the content, in its order, at most `MAX_PAIRS`.

    Terms and rows of tables with any label; other texts with those alone that name a field.
    """
    count = 0
    for element in page.root.iter("dt", "tr", "li", "div", "p", "span"):
        label, value = _marked(element) if element.tag in ("dt", "tr") else _loose(element)
        label = label.rstrip(" :：")
        if not (label and value) or label.isdigit() or layout.is_beside(element) or layout.is_frame(element):
            continue
        yield label, value
        if (count := count + 1) >= MAX_PAIRS:
            return


def _marked(element: Element) -> tuple[str, str]:
    """The label and value of a term or a row of a table."""
    if element.tag == "dt":
        other = next(element.itersiblings(), None)
        cells = [element, other] if other is not None and other.tag == "dd" else []
    else:
        cells = [cell for cell in element if cell.tag in ("th", "td")]
    if len(cells) == 4 and [cell.tag for cell in cells] == ["th", "td"] * 2:
        cells = cells[2:] if not _field(_short(cells[0], 40)) and _field(_short(cells[2], 40)) else cells[:2]
    return (_short(cells[0], 40), _short(cells[1], 120)) if len(cells) == 2 else ("", "")


def _loose(element: Element) -> tuple[str, str]:
    """The label and value of an element that holds nothing else, where the label names a field: two elements, or
    "Year: 2023"."""
    if len(element) > 2 or any(len(child) > 1 for child in element):
        return "", ""
    if len(element) == 2 and not (element.text or "").strip():
        label, value = _short(element[0], 40), _short(element[1], 120)
    else:
        label, _, value = _short(element, 80).partition(":")
    return (label, value.strip()) if _field(label.rstrip(" :：")) in _KNOWN else ("", "")


def _field(label: str) -> str:
    """The field that a label names; empty where it names none."""
    name = _ORDINAL.sub("", _IN_BRACKETS.sub("", label))
    return role(name)[0] or ("posted" if label and dates.is_posted(label) else "")


def _posted(page: Page, layout: PageImages) -> str:
    """The date on which the page says its advert was put in: the one that is marked up so, else that of a short
    text."""
    marked = [one for one in page.root.iter() if (one.get("itemprop") or "").lower() in _POSTED]
    if len(marked) == 1:
        return dates.moment(marked[0].get("content") or marked[0].get("datetime") or words(marked[0]))
    for element in page.root.iter():
        if not isinstance(element.tag, str) or len(element) > 1:
            continue
        if re.search(r"\d{4}", element.text or "") or (
            len(element) and re.search(r"\d{4}", element[0].tail or "")
        ):
            found = dates.posted_in(_short(element, 120))
        else:
            continue
        if found and not (layout.is_beside(element) or layout.is_frame(element)):
            return found
    return ""


def currency_beside(amount: float, page: Page) -> str:
    """The currency in which the page prints an amount; empty where it prints none."""
    found = map(money, printed_prices(page))
    return next((currency for said, currency in found if said == amount and currency), "")


def in_ten_thousands(amount: float, page: Page) -> float | None:
    """An amount that the page prints in units of ten thousand, 3,990만원, in the unit of its currency; None where
    it prints it in no such unit."""
    found = (text for text in printed_prices(page) if re.search(r"[万萬만]", text))
    return next((said for text in found if (said := money(text)[0]) == amount * 10_000), None)


def _short(element: Element, most: int) -> str:
    """The text of an element; empty where it is too long for a fact."""
    return text if len(text := words(element)) <= most else ""


def _content(page: Page, layout: PageImages) -> tuple[list[Element], list[Element]]:
    """(the elements of a page that belong to its listing, the same with those of the columns beside it), in their
    order: who sells is said in such a column."""
    outside: set[Element] = set()  # of the frame, or among similar listings and the like
    aside: set[Element] = set()
    content, sellers = [], []
    for element in page.root.iter():
        parent = element.getparent()
        if not isinstance(element.tag, str):
            continue
        beside = element in layout.beside
        column = beside and element.tag == "aside" and not BESIDE_NAMES.search(names(element))
        if parent in outside or element in layout.frame or (beside and not column):
            outside.add(element)
            continue
        sellers.append(element)
        if column or parent in aside:
            aside.add(element)
        else:
            content.append(element)
    return content, sellers


_META = {"product:brand": "make", "og:brand": "make", "og:locality": "city", "geo.placename": "city",
         "og:region": "region", "business:contact_data:locality": "city"}  # fmt: skip


def _declared(page: Page) -> Iterator[tuple[str, str]]:
    """The fields that the head of a page names, with its pairs of labels and data for cards."""
    said = {
        (one.get("property") or one.get("name") or "").lower(): (one.get("content") or "").strip()
        for one in page.root.iter("meta")
    }
    for name, field in _META.items():
        if value := said.get(name, ""):
            yield field, value[:100]
    for number in ("1", "2", "3", "4"):
        field = _field(said.get(f"twitter:label{number}", ""))
        if field and (value := said.get(f"twitter:data{number}", "")):
            yield field, value[:100]


def filled(listing: Listing, page: Page, layout: PageImages) -> tuple[Listing, list[str]]:
    """The listing with its empty fields filled from the page's labels, and the names of those."""
    found: dict[str, object] = {}
    rest: dict[str, str] = {}

    def tell(field: str, value: object) -> None:
        if value:
            found.setdefault(field, value)

    for label, value in pairs(page, layout):
        field = _field(label)
        if field == "year":
            tell("year", values.year(value))
        elif field in ("make", "model"):
            tell(field, value[:100])
        elif field in ("city", "place"):
            city, region = values.place(value)
            tell("city", city)
            tell("region", region)
        elif field == "region" and places.is_place(value):
            tell("region", value)
        elif field == "seller":
            kind = seller_kinds.called(value)
            if kind in seller_kinds.KINDS or _KIND.search(label):  # else it is a name
                tell("seller", kind)
        elif field == "posted" and re.search(r"\d", value):
            tell("posted", dates.moment(value))
        elif not field and len(rest) < MAX_ATTRIBUTES:
            rest.setdefault(label, value)
    for label, value in _declared(page):
        if label in ("make", "city", "region") and (label == "make" or places.is_place(value)):
            tell(label, value)
    content, sellers = _content(page, layout)
    if not (listing.city or found.get("city")) or not (listing.region or found.get("region")):
        city, region = card_places.of_page(content)
        if not (city or listing.city or found.get("city")):
            city, region = card_places.in_full(sellers)
        if listing.city and region == listing.city and not found.get("region"):
            listing = replace(listing, city=city, region=region)  # the data name the larger one
        elif city and city == (listing.city or found.get("city") or city):
            found["city"], found["region"] = city, found.get("region") or region
    if not (listing.seller or found.get("seller")):
        found["seller"] = card_sellers.of_page(sellers)
    if not (listing.posted or found.get("posted")):
        found["posted"] = _posted(page, layout)
    found["attributes"] = (
        json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if rest else ""
    )
    changes = {name: value for name, value in found.items() if value and getattr(listing, name) in ("", None)}
    return replace(listing, **changes), list(changes)  # type: ignore[arg-type]
