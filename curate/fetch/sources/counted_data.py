"""What a page tells its counters of visits of its own listing: make, model, town and seller in a data layer."""

from collections import Counter
from collections.abc import Iterator

from curate.fetch.http.url import path_of
from curate.fetch.sources import places, seller_kinds, values
from curate.fetch.sources.json_listings import Data
from curate.fetch.sources.json_nodes import Node
from curate.fetch.sources.key_names import is_party, is_photo, role
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import scalar

_FIELDS = ("make", "model", "year", "city", "region", "seller")
_MOST = 20_000  # objects looked at


def fields_of(listing: Listing, data: Data) -> dict[str, object]:
    """The fields that objects beside the listing's own say of it: those that name its price, or its id, and two
    fields at least. An object that stands with others of its kind is none."""
    counts = Counter(place for place, _, _, _ in data.nodes[:_MOST])
    path = path_of(listing.page_url)
    found: dict[str, object] = {}
    for place, node, _, beside in data.nodes[:_MOST]:
        if (
            beside
            or counts[place] > 1
            or len(node) < 3
            or any(is_party(part) or is_photo(part) for part in place[1:])
        ):
            continue
        said: dict[str, str] = {}
        same = False
        for field, text in _texts(node):
            if field == "price":
                same |= listing.price is not None and listing.price > 99 and values.number(text) == listing.price
            elif field == "listing_id":
                same |= len(text) > 4 and text in path and any(map(str.isdigit, text))
            elif field in _FIELDS:
                said.setdefault(field, text)
        if same and len(said) > 1:
            for field, text in said.items():
                if value := _value(field, text):
                    found.setdefault(field, value)
    return found


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            field = role(str(key))[0]
            if field and (text := scalar(value)) and len(text) < 80:
                yield field, text


def _value(field: str, text: str) -> object:
    if field == "year":
        return values.year(text)
    if field == "seller":
        return seller_kinds.kind(text)
    if field in ("city", "region"):
        return text if places.is_place(text) and not text.isdigit() else ""
    return text if field == "model" or not text.isdigit() else ""
