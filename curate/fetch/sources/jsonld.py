"""Listings out of schema.org data in a page (JSON-LD 1.1 in script tags).

Understood: Car, Vehicle and Product, alone, in a list, in `@graph`, as `item` of an ItemList, as `itemOffered` of
an Offer, as `mainEntity` of a page; `@type` as text, list or URL; nodes named by `@id`. Of an ItemList that only
gives URLs, listings with nothing but their page. What a node calls similar or related is not read.

A block that is not JSON is repaired where `javascript.read` can; another is passed over.
"""

import re
from collections.abc import Iterator
from typing import Any

from curate.core.errors import RejectedError
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import javascript
from curate.fetch.sources.gallery import gallery, photo
from curate.fetch.sources.html import Tag, base_url, canonical_links, next_urls, tags
from curate.fetch.sources.listing import Found, Listing, PhotoLink
from curate.fetch.sources.values import number, place, text, url_text, year

Node = dict[str, Any]
TYPES = {"car", "vehicle", "product", "individualproduct", "motorizedbicycle", "motorcycle", "busorcoach"}
MAX_DEPTH = 40  # of nested nodes; real pages have under ten
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "itemOffered", "offers", "about")


# --- blocks -------------------------------------------------------------------------------------------------


def parse(block: str) -> tuple[Any, str]:
    """The block's data, and the repair it needed; (None, "") when it cannot be read.

    Integers of more than 18 digits become texts, NaN and infinities null; of a key that is there twice, the last
    counts.
    """
    data, is_repaired = javascript.read(block)
    return data, "parse_repair" if is_repaired else ""


# --- nodes --------------------------------------------------------------------------------------------------


def _types(node: Node) -> set[str]:
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return {re.split(r"[/#:]", name)[-1].lower() for name in names if isinstance(name, str)}


def _is_listing(node: Node) -> bool:
    return bool(_types(node) & TYPES)


def _by_id(blocks: list[Any]) -> dict[str, Node]:
    """All nodes that carry an `@id` and something more."""
    named: dict[str, Node] = {}
    stack = list(blocks)
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if isinstance(value.get("@id"), str) and len(value) > 1:
                named.setdefault(value["@id"], value)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return named


def _resolved(value: Any, named: dict[str, Node]) -> Any:
    if isinstance(value, dict) and value.keys() == {"@id"} and isinstance(value["@id"], str):
        return named.get(value["@id"], value)
    return value


def _nodes(value: Any, named: dict[str, Node], seen: set[int], depth: int = 0) -> Iterator[tuple[Node, Node]]:
    """(listing node, the node it was found in) in page order; an item of a list that only has a URL counts as one.

    Each node is visited once, so that nodes which name each other end.
    """
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, named, seen, depth + 1)
        return
    value = _resolved(value, named)
    if not isinstance(value, dict) or id(value) in seen or "breadcrumblist" in _types(value):
        return
    seen.add(id(value))
    if _is_listing(value):
        yield value, {}
        return
    if "listitem" in _types(value):
        item = _resolved(value.get("item"), named)
        if isinstance(item, dict) and (_is_listing(item) or not _types(item)):
            yield item, value
            return
        if item is None or isinstance(item, str):
            yield {"url": item or value.get("url")}, value
            return
    offer = value if value.keys() & {"itemOffered"} else {}
    for key in _INSIDE:
        if key in value:
            for node, parent in _nodes(value[key], named, seen, depth + 1):
                yield node, offer or parent


# --- fields -------------------------------------------------------------------------------------------------


def _first(node: Node, *keys: str) -> Any:
    return next((node[key] for key in keys if node.get(key) not in (None, "", [], {})), None)


def _offer(node: Node, parent: Node, named: dict[str, Node]) -> Node:
    value = _first(node, "offers")
    value = _resolved(value[0] if isinstance(value, list) else value, named)
    return value if isinstance(value, dict) else parent


def _price(node: Node, offer: Node) -> float | None:
    specification = offer.get("priceSpecification")
    specification = specification[0] if isinstance(specification, list) and specification else specification
    inner = specification if isinstance(specification, dict) else {}
    offered = (_first(source, "price", "lowPrice") for source in (offer, inner, node))
    return next((price for value in offered if (price := number(value)) is not None), None)


def _place(node: Node, offer: Node, named: dict[str, Node]) -> tuple[str, str]:
    for source, key in (
        (offer, "availableAtOrFrom"), (node, "contentLocation"), (node, "address"), (offer, "areaServed"),
        (offer, "seller"), (node, "seller"), (node, "location"),
    ):  # fmt: skip
        value = _resolved(source.get(key), named)
        if key == "seller":
            value = value.get("address") if isinstance(value, dict) else None
        if value and any(found := place(value)):
            return found
    return "", ""


def _listing_id(node: Node) -> str:
    for key in ("sku", "productID", "identifier", "vehicleIdentificationNumber", "serialNumber"):
        value = node.get(key)
        value = value[0] if isinstance(value, list) and value else value
        value = value.get("value") if isinstance(value, dict) else value
        if found := text(value):
            return found
    return ""


def _photos(value: Any, base: str, named: dict[str, Node]) -> Iterator[PhotoLink]:
    for item in value if isinstance(value, list) else [value]:
        item = _resolved(item, named)
        if isinstance(item, dict):
            item = _first(item, "contentUrl", "url", "@id")
            item = item[0] if isinstance(item, list) else item
        if isinstance(item, str) and (found := photo([item], base, declared=True)):
            yield found


def _listing(node: Node, parent: Node, page_url: str, base: str, named: dict[str, Node]) -> Listing:
    offer = _offer(node, parent, named)
    own_url = ""
    for value in (node.get("url"), node.get("@id"), offer.get("url"), parent.get("url")):
        written = url_text(value)
        if not written or written.startswith(("#", "_:")):
            continue
        try:
            own_url = canonical_url(written, base)
            break
        except RejectedError:
            continue
    city, region = _place(node, offer, named)
    images = _first(node, "image", "images", "photo", "associatedMedia")
    return Listing(
        listing_id=_listing_id(node),
        page_url=own_url or page_url,
        title=text(_first(node, "name", "headline", "title")),
        model=text(node.get("model")),
        region=region,
        city=city,
        year=next((found for key in _YEARS if (found := year(node.get(key)))), None),
        price=_price(node, offer),
        photos=gallery(_photos(images, base, named)) if images else (),
    )


_YEARS = ("vehicleModelDate", "modelDate", "productionDate", "dateVehicleFirstRegistered", "releaseDate")


# --- pages --------------------------------------------------------------------------------------------------


def own(listings: list[Listing], addresses: set[str]) -> list[Listing]:
    """The listing that a page of these addresses is about: the one that names one of them, or its id in it.

    None of several others, and none that names another address: they are similar listings, or those of a list that
    the page of a sold one led to.
    """
    plain = {_plain(url) for url in addresses}
    named = [one for one in listings if _plain(one.page_url) in plain]
    if not named:
        words = {word for url in addresses for word in re.split(r"[^\w-]+|[-_]", url.partition("://")[2])}
        named = [one for one in listings if len(one.listing_id) > 3 and one.listing_id in words]
    return named[:1]


def _plain(url: str) -> str:
    """An address without scheme, www, fragment and the slash at the end."""
    return url.partition("://")[2].removeprefix("www.").partition("#")[0].rstrip("/")


def is_summary(node: Node) -> bool:
    """Is a node the summary of a search, an offer of many things at once?"""
    offers = node.get("offers")
    offers = offers[0] if isinstance(offers, list) and offers else offers
    if not isinstance(offers, dict) or "aggregateoffer" not in _types(offers):
        return False
    count, low, high = (number(offers.get(key)) for key in ("offerCount", "lowPrice", "highPrice"))
    return count != 1 and (low is None or low != high)


def read(page: str, page_url: str) -> tuple[list[tuple[Listing, Node]], list[Tag], str, list[str]]:
    """(listings with their nodes in page order, tags of the page, base address, repairs that blocks needed)."""
    found = list(tags(page))
    base = base_url(found, page_url)
    blocks, repairs = [], []
    for tag in found:
        kind = tag.attributes.get("type", "").partition(";")[0].strip().lower()
        if tag.name == "script" and kind == "application/ld+json":
            data, repair = parse(tag.text)
            blocks.append(data)
            repairs += [repair] if repair else []
    named = _by_id(blocks)
    nodes = list(_nodes(blocks, named, set()))
    listings = [(_listing(node, parent, page_url, base, named), node) for node, parent in nodes]
    return listings, found, base, repairs


def extract(page: str, page_url: str, is_listing_page: bool) -> Found:
    """What the text of a page holds. Of a listing's own page, only that listing: the one of this address or id."""
    listings, found, base, repairs = read(page, page_url)
    others = 0
    if is_listing_page:
        real = [one for one, node in listings if _is_listing(node)]
        kept = own(real, {page_url, *canonical_links(found, base)})
        others = 0 if kept else len(real)
    else:
        kept = [one for one, node in listings if not is_summary(node)]
    return Found(tuple(kept), next_urls(found, base), tuple(dict.fromkeys(["jsonld", *repairs])), others)
