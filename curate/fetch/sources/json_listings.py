"""The lists of listings in a page's data, and the object that is the page's own listing."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

from curate.fetch.sources import json_fields, json_nodes, json_sellers, jsonld, other_lists, photo_sizes, values
from curate.fetch.sources.embedded_json import Block
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.json_nodes import Node
from curate.fetch.sources.key_names import is_beside, is_of_kind, is_party, is_photo, role
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import currency_of, money, scalar
from curate.fetch.sources.page import Page
from curate.fetch.sources.photo_addresses import Addresses

MAX_NODES = 150_000
MAX_LISTINGS = 2_000  # of one list
MAX_DEPTH = 60
_ID_KEY = re.compile(r"^\{\"|^(?:\d{3,}|[0-9a-f]{8}-[0-9a-f-]{20,}|[0-9a-f]{20,})$|^([A-Za-z]\w*):")
NO_LISTING = {
    "breadcrumblist", "website", "organization", "person", "searchaction", "imageobject", "videoobject", "review",
    "aggregaterating", "rating", "postaladdress", "geocoordinates", "brand", "faqpage", "question", "answer",
    "article", "newsarticle", "blogposting", "localbusiness", "autodealer", "realestateagent",
    "sitenavigationelement", "webpage", "collectionpage", "searchresultspage", "itemlist", "wpheader", "wpfooter",
    "offercatalog", "aggregateoffer", "contactpoint", "propertyvalue", "store", "quantitativevalue",
    "enginespecification", "corporation", "place", "country", "city", "event", "howto",
}  # fmt: skip


@dataclass(slots=True)
class Candidate:
    """What one form of a page says of one listing."""

    listing: Listing  # page_url is empty where no address is named
    form: str
    place: str
    tokens: tuple[str, ...] = ()  # ids and slugs that its address may hold
    summary: bool = False
    node: Node | None = None
    score: float = 0.0  # how surely it is the page's own listing
    card: Any = None  # the element that shows it


@dataclass(slots=True)
class CandidateList:
    """Candidates that stand in one list."""

    form: str
    place: str
    candidates: list[Candidate]
    beside: bool = False


@dataclass(slots=True)
class Data:
    """All objects of a page's data, with their places."""

    nodes: list[tuple[tuple[str, ...], Node, Block, bool]] = field(
        default_factory=list
    )  # (place, object, block, beside)
    named: dict[str, Node] = field(default_factory=dict)
    made: dict[int, "Candidate"] = field(default_factory=dict)  # what objects said, by their identity
    lists: list[tuple[tuple[str, ...], list[Any], Block]] = field(default_factory=list)  # lists beside left out
    cuts: list[str] = field(default_factory=list)  # what of the data was not read, for a person


def collect(blocks: Iterable[Block], is_beside_page: Callable[[Any], bool] = lambda _: False) -> Data:
    """Every object of the blocks, once, in their order. `is_beside_page` tells the elements beside the content."""
    out = Data()
    seen: set[int] = set()
    besides: dict[str, bool] = {}  # objects that others refer to by name: do all these stand beside?
    for number, block in enumerate(blocks):
        # blocks of one name, such as one per card, are the items of one list
        root = (f"{block.form}:{block.name}", "[]") if isinstance(block.data, dict) else (f"{number}",)
        aside = block.element is not None and isinstance(block.data, dict) and is_beside_page(block.element)
        stack: list[tuple[tuple[str, ...], Any, bool]] = [(root, block.data, aside)]
        while stack and len(seen) < MAX_NODES:
            place, value, beside = stack.pop()
            if len(place) > MAX_DEPTH:
                continue
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, list):
                if value and not beside and len(out.lists) < 20_000:
                    out.lists.append((place, value, block))
                inner = [item for item in value if isinstance(item, dict | list)]
                stack += [((*place, "[]"), item, beside) for item in reversed(inner)]
                continue
            if isinstance(name := value.get("__ref"), str):
                besides[name] = beside and besides.get(name, True)
            name = value.get("@id")
            if isinstance(name, str) and len(value) > 1:
                out.named.setdefault(name, value)
            kinds = json_nodes.types_of(value)
            if not (is_photo(place[-1]) and place[-1] != "[]") and "breadcrumblist" not in kinds:
                out.nodes.append((place, value, block, beside))
            children = []
            asked = value.get("queryKey")  # of a cache of queries, beside their answers
            asked_beside = bool(asked) and isinstance(asked, list) and is_beside(str(asked[0]))
            for raw, item in value.items():
                if not isinstance(item, dict | list):
                    continue
                key = str(raw)
                match = _ID_KEY.search(key)
                if match and isinstance(item, dict):
                    if match[1]:
                        out.named.setdefault(key, item)
                    key = f"{match[1] or ''}{{}}"
                children.append(((*place, key), item, beside or is_beside(key) or asked_beside))
            stack += reversed(children)
    if len(seen) >= MAX_NODES:
        out.cuts.append(f"the page's data has more than {MAX_NODES:,} objects: those after them were not read")
    if out.named:
        away = {id(node) for name, node in out.named.items() if besides.get(name)}
        out.nodes = [(place, node, block, beside or id(node) in away) for place, node, block, beside in out.nodes]
        for _, node, _, _ in out.nodes:
            for key, item in node.items():
                if isinstance(item, dict):
                    node[key] = json_nodes.referred(item, out.named)
                elif isinstance(item, list):
                    item[:] = [json_nodes.referred(one, out.named) for one in item]
    return out


def promises(node: Node) -> set[str]:
    """What the keys of an object, and of those just in it, say of a listing: a cheap look before a long one."""
    found = set()
    for key, value in node.items():
        name = str(key)
        if is_photo(name) and value:
            found.add("photo")
        elif kind := role(name)[0]:
            found.add(kind)
        if isinstance(value, dict) and len(value) < 60 and not is_party(name):
            for inner, item in value.items():
                if is_photo(str(inner)) and item:
                    found.add("photo")
                elif kind := role(str(inner))[0]:
                    found.add(kind)
    return found & {"photo", "price", "title", "link", "listing_id", "year", "make", "model", "slug"}


def candidate(node: Node, block: Block, place: str, page: Page, addresses: Addresses, data: Data) -> Candidate:
    """What one object says, read as a listing; each time a copy."""
    if id(node) not in data.made:
        data.made[id(node)] = _candidate(node, block, place, page, addresses, data.named)
    return replace(data.made[id(node)])


def _candidate(
    node: Node, block: Block, place: str, page: Page, addresses: Addresses, named: dict[str, Node]
) -> Candidate:
    fact = json_nodes.facts(node, named)
    link = json_fields.link_of(fact, page.base)
    ids = [
        found
        for key, value in json_fields.first(fact, "listing_id")
        if (found := scalar(value)) and len(found) < 80
    ]
    ids = [found for found in ids if not found.startswith(("http:", "https:", "/")) and " " not in found]
    slugs = [
        value for _, value in json_fields.first(fact, "slug") if isinstance(value, str) and 5 < len(value) < 300
    ]
    amount: float | None = None
    currency, price_key = "", ""
    for key, value in json_fields.first(fact, "price"):
        said, unit = money(value, key)
        better = amount is None or (said and not amount)  # a price of 0 is none where there is another
        if said is not None and (better or (not currency and unit and said == amount)):
            amount, currency, price_key = said, unit, key
    if not currency:
        texts = (scalar(value) for _, value in json_fields.first(fact, "currency"))
        currency = next((code for text in texts if (code := currency_of(text, bare=True))), "")
    currency = currency or json_fields.currency_beside(node, price_key, amount)
    city, region = json_fields.place_of(fact)
    listing = Listing(
        listing_id=ids[0] if ids else "",
        page_url=link,
        title=json_fields.title_of(fact),
        model=json_fields.name_of(fact, "model"),
        region=region,
        city=city,
        year=next(
            (year for _, v in json_fields.first(fact, "year") if (year := values.year(scalar(v)))),
            None,
        ),
        price=amount,
        photos=tuple(of_variants(urls) for urls in json_fields.photo_lists(fact, addresses)),
        make=json_fields.name_of(fact, "make"),
        currency=currency,
        seller=json_sellers.seller_of(fact),
        posted=json_fields.posted_of(fact),
        attributes=json_fields.attributes_of(fact, {price_key}),
    )
    return Candidate(listing, block.form, place, (*ids[:4], *slugs[:2]), jsonld.is_summary(node), node)


def is_listing(found: Listing) -> bool:
    """Does a candidate say enough to be a listing?"""
    fields = sum((bool(found.title), found.price is not None, bool(found.page_url)))
    if found.photos:
        return fields > 0
    return fields > 1 and bool(found.page_url or (found.listing_id and found.price is not None))


def worth(found: Listing) -> float:
    """How much a candidate of a list says, to compare lists."""
    photo = 1.0 + 0.1 * min(len(found.photos), 5) if found.photos else 0.0
    return (
        photo
        + bool(found.page_url)
        + 0.8 * (found.price is not None)
        + 0.4 * bool(found.title)
        + 0.2 * bool(found.listing_id)
    )


def groups(data: Data, page: Page, addresses: Addresses) -> Iterator[CandidateList]:
    """The lists of listings, those beside the page's own marked."""
    by_place: dict[tuple[tuple[str, ...], int], list[tuple[Node, Block, bool]]] = {}
    for place, node, block, beside in data.nodes:
        if any(part in ("[]",) or part.endswith("{}") for part in place):
            apart = id(block) if block.form == "attribute" and "[]" in place[2:] else 0  # lists of widgets
            by_place.setdefault((place, apart), []).append((node, block, beside))
    taken: dict[tuple[str, ...], float] = {}
    for (place, _), members in by_place.items():
        if any(map(is_party, place[1:])) or is_of_kind(place[-1].removesuffix("{}")):
            continue
        if len(members) == 1 and place.count("[]") == 1 and place[1] == "[]" and not place[-1].endswith("{}"):
            continue
        sample = members[:: max(1, len(members) // 8)]
        said = [promises(node) for node, _, _ in sample]
        if any(map(is_photo, place[1:])):
            # {"gallery": {"products": […]}}; what a gallery itself holds has no price
            said = [one for one in said if {"photo", "price"} <= one]
        if sum(len(one) >= 2 for one in said) * 2 < len(sample):
            continue
        name = ".".join(place[1:])
        found = []
        apart = all(beside for _, _, beside in members)
        for node, block, beside in members[:MAX_LISTINGS]:
            page.check_time()
            if beside and not apart:
                continue
            if json_nodes.types_of(node) & NO_LISTING:
                continue
            one = candidate(node, block, name, page, addresses, data)
            if is_listing(one.listing) and not one.summary:
                found.append(one)
        found = _alike(distinct(_with_own_ids(found)))
        if not found or (len(found) * 3 < len(members) and len(found) < 3):
            continue
        if len(members) > MAX_LISTINGS:
            data.cuts.append(f"{name[:60]} has {len(members):,} objects: the first {MAX_LISTINGS:,} were read")
        total = sum(worth(one.listing) for one in found)
        above = next((taken[place[:end]] for end in range(len(place) - 1, 0, -1) if place[:end] in taken), 0.0)
        if total <= above * 1.02:
            continue
        taken[place] = total
        yield CandidateList(found[0].form, name, found, beside=apart)


def _with_own_ids(found: list[Candidate]) -> list[Candidate]:
    """With the ids that tell the listings apart: what most share is the id of a category or a product of the
    site."""
    counts = Counter(token for one in found for token in set(one.tokens))
    shared = {token for token, count in counts.items() if count > 2 and count * 3 > len(found)}
    for one in found:
        if one.listing.listing_id in shared:
            one.tokens = tuple(token for token in one.tokens if token not in shared)
            one.listing = replace(one.listing, listing_id=one.tokens[0] if one.tokens else "")
    return found


def _alike(found: list[Candidate]) -> list[Candidate]:
    """Without what stands in the list but is no listing: a thing of another kind and address, and an item without
    price and id among those that have both."""
    kinds = [json_nodes.kind_inside(one.node or {}) for one in found]
    usual = other_lists.of_the_usual_kind(kinds, [one.listing.page_url for one in found])
    found = list(compress(found, usual))
    whole = [one for one in found if one.listing.price is not None and one.listing.listing_id]
    if len(whole) * 10 < len(found) * 7 or len(found) < 4:
        return found
    return [one for one in found if one.listing.price is not None or one.listing.listing_id]


def distinct(found: list[Candidate]) -> list[Candidate]:
    """Each listing once: by address, else id, else first photo, else title."""
    kept: dict[str, Candidate] = {}
    for one in found:
        listing = one.listing
        first = photo_sizes.stem(listing.photos[0].url) if listing.photos else ""
        name = listing.page_url or listing.listing_id or first or listing.title
        kept.setdefault(name, one)
    return list(kept.values())
