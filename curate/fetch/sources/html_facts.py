"""The facts of a listing that its own page shows as labels and values: lists of terms, tables of two columns."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from curate.fetch.sources import json_fields, values
from curate.fetch.sources.json_nodes import MAX_ATTRIBUTES
from curate.fetch.sources.key_names import role
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.page import Element, Page, words
from curate.fetch.sources.page_images import PageImages

MAX_PAIRS = 300


def pairs(page: Page, layout: PageImages) -> Iterator[tuple[str, str]]:
    """(label, value) of the content, in its order, at most `MAX_PAIRS`."""
    count = 0
    for element in page.root.iter("dt", "tr"):
        if element.tag == "dt":
            other = next(element.itersiblings(), None)
            cells = [element, other] if other is not None and other.tag == "dd" else []
        else:
            cells = [cell for cell in element if cell.tag in ("th", "td")]
        if len(cells) != 2 or layout.is_beside(element) or layout.is_frame(element):
            continue
        label, value = _short(cells[0], 40).rstrip(" :："), _short(cells[1], 120)
        if label and value and not label.isdigit():
            yield label, value
            if (count := count + 1) >= MAX_PAIRS:
                return


def _short(element: Element, most: int) -> str:
    """The text of an element; empty where it is too long for a fact."""
    return text if len(text := words(element)) <= most else ""


def filled(listing: Listing, page: Page, layout: PageImages) -> tuple[Listing, list[str]]:
    """The listing with its empty fields filled from the page's labels, and the names of those."""
    found: dict[str, object] = {}
    rest: dict[str, str] = {}
    for label, value in pairs(page, layout):
        field = role(label)[0]
        if field == "year":
            found.setdefault("year", values.year(value))
        elif field in ("make", "model"):
            found.setdefault(field, value[:100])
        elif field in ("city", "place"):
            city, region = values.place(value)
            found.setdefault("city", city)
            found.setdefault("region", region)
        elif field == "region":
            found.setdefault("region", value)
        elif field == "seller":
            found.setdefault("seller", json_fields.seller_kind(value))
        elif field == "posted" and re.search(r"\d", value):
            found.setdefault("posted", values.moment(value))
        elif not field and len(rest) < MAX_ATTRIBUTES:
            rest.setdefault(label, value)
    found["attributes"] = (
        json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if rest else ""
    )
    changes = {name: value for name, value in found.items() if value and getattr(listing, name) in ("", None)}
    return replace(listing, **changes), list(changes)  # type: ignore[arg-type]
