"""The object of a page's data that is the page's own listing, and the lists of photos that fit it."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from curate.fetch.http.url import host_of, path_of
from curate.fetch.sources import json_nodes, photo_sizes
from curate.fetch.sources.json_listings import NO_LISTING, Candidate, Data, candidate, promises
from curate.fetch.sources.json_photos import unnamed
from curate.fetch.sources.key_names import is_beside, is_other_media, is_party, is_photo, role
from curate.fetch.sources.microdata import Declared
from curate.fetch.sources.page import Page
from curate.fetch.sources.photo_addresses import Addresses

_NO_PHOTO = NO_LISTING - {"imageobject"}


def photo_sets(data: Data, addresses: Addresses, known: set[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """(form, photos) of each list of photos in the data, in no list beside, that holds one of the photos known.

    Where none is known: of each list that is called photos.
    """
    for place, items, block in data.lists:
        if any(is_party(part) or is_beside(part) or is_other_media(part) for part in place[1:]) or not isinstance(
            items[0], str | dict
        ):
            continue
        if any(json_nodes.types_of(item) & _NO_PHOTO for item in items if isinstance(item, dict)):
            continue  # the graph of a page: organisation, breadcrumbs, itself
        found = unnamed(items, addresses) if isinstance(items[0], str) or not _priced(items) else []
        if known:
            fits = any(photo_sizes.stem(url) in known for photo in found for url in photo)
        else:
            fits = is_photo(place[-1]) or is_photo(block.name)
        if fits and not is_photo(place[-1]):
            found = _of_one_place(found)
        if len(found) > 1 and fits:
            yield block.form, found


def _of_one_place(photos: list[list[str]]) -> list[list[str]]:
    """Without the few that are on another host or at another depth than three in four: maps and icons in a list of
    all parts of a page."""

    def place(photo: list[str]) -> tuple[str, int]:
        return host_of(photo[0]), path_of(photo[0]).partition("?")[0].count("/")

    counts = Counter(map(place, photos))
    best, count = max(counts.items(), key=lambda item: item[1], default=(("", 0), 0))
    return [photo for photo in photos if place(photo) == best] if count > 3 * (len(photos) - count) else photos


def _priced(items: list[Any]) -> bool:
    """Has an object of a list a price? Then they are listings, or of all kinds, and no photos."""
    return any(role(str(key))[0] == "price" for item in items[:500] if isinstance(item, dict) for key in item)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", text.casefold()) if len(word) > 1}


def match(one: Candidate, about: Declared, stems: set[str]) -> float:
    """How surely a candidate is what the page is about: by its address, its id in the page's, its photos, its
    title."""
    listing = one.listing
    score = 0.0
    paths = [re.sub(r"[?#].*$", "", url).partition("://")[2].rstrip("/") for url in about.urls]
    if listing.page_url:
        own = re.sub(r"[?#].*$", "", listing.page_url).partition("://")[2].rstrip("/")
        same_query = listing.page_url in about.urls
        named = "?" not in listing.page_url and ("?" not in about.urls[0] or re.search(r"\d{5,}|[^/]{24,}", own))
        if own in paths and (same_query or named):
            score += 6
        else:
            score -= 2
    tokens = {token for url in about.urls for token in re.findall(r"[A-Za-z0-9]+", path_of(url))}
    whole = " ".join(about.urls)
    if any(len(token) > 3 and (token in tokens or (len(token) > 7 and token in whole)) for token in one.tokens):
        score += 5
    if stems and any(
        photo_sizes.stem(url) in stems for photo in listing.photos for url in (photo.url, *photo.aliases)
    ):
        score += 4
    mine = _words(listing.title)
    best = max((len(mine & _words(title)) / len(mine) for title in about.titles if mine), default=0.0)
    if len(mine) > 1 and best >= 0.8:
        score += 3
    elif mine and best >= 0.5:
        score += 1
    return score


def own(data: Data, page: Page, addresses: Addresses, about: Declared) -> list[Candidate]:
    """The objects that are the page's own listing, the surest first; what stands in lists of others comes last."""
    stems = {photo_sizes.stem(url) for url in about.images}
    siblings: dict[tuple[str, ...], int] = {}
    for place, _, _, _ in data.nodes:
        siblings[place] = siblings.get(place, 0) + 1
    out = []
    promising = [item for item in data.nodes if not item[3] and len(promises(item[1])) >= 2]
    for place, node, block, _ in promising[:1_500]:
        page.check_time()
        kinds = json_nodes.types_of(node)
        if kinds & NO_LISTING or any(is_party(part) or is_photo(part) for part in place[1:]):
            continue
        one = candidate(node, block, ".".join(place[1:]), page, addresses, data)
        if not (one.listing.photos or (one.listing.title and one.listing.price is not None)):
            continue
        sure = match(one, about, stems)
        alone = siblings[place] < 3 or "[]" not in place
        if not alone and sure < 5:
            continue
        listing = one.listing
        one.score = (
            sure
            + min(math.log2(1 + len(listing.photos)), 4)
            + (listing.price is not None)
            + 0.5 * bool(listing.title)
        )
        one.score += 0.02 * len(place)  # of equals the inner one: it says less of other things
        if sure >= 3 or alone:
            out.append(one)
    return sorted(out, key=lambda one: -one.score)
