"""Images of a list that stand in the place of a photo: where a card has none, a site shows one of its own.

The words of their names differ from language to language, so they are known by how the list is built: several
listings share one, or a single one lies elsewhere than the photos of the others and bears no number.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from curate.fetch.http.url import path_of, same_site
from curate.fetch.sources import photo_sizes
from curate.fetch.sources.key_names import unaccented
from curate.fetch.sources.listing import Listing, PhotoLink
from curate.fetch.sources.page_images import shape

_FILE = re.compile(rf"{photo_sizes.IMAGE_SUFFIX}$", re.IGNORECASE)
_FEWEST = 5  # listings with photos at one place, which are four fifths of all that have one


def without(listings: Sequence[Listing]) -> list[Listing]:
    """The listings of a page, without the images that are no photos of theirs."""
    return _without_lone(_unshared(listings))


def _unshared(listings: Sequence[Listing]) -> list[Listing]:
    """Without photos that several listings have: placeholders and logos."""
    if len(listings) < 4:
        return list(listings)
    counts = Counter(stem for one in listings for stem in {photo_sizes.stem(photo.url) for photo in one.photos})
    most = max(2, len(listings) // 5)
    return [
        replace(one, photos=tuple(photo for photo in one.photos if counts[photo_sizes.stem(photo.url)] <= most))
        for one in listings
    ]


def _without_lone(listings: Sequence[Listing]) -> list[Listing]:
    """Without the only image of a listing that lies elsewhere on the site than almost all photos and has no number
    in its name, where these have numbers. Sellers may show photos that lie on other sites."""
    first = [one.photos[0].url if one.photos else "" for one in listings]
    places = [_place(url) if url else None for url in first]
    counts = Counter(filter(None, places))
    usual, count = counts.most_common(1)[0] if counts else (None, 0)
    there = [url for url, place in zip(first, places, strict=True) if url and place == usual]
    numbered = all(re.search(r"\d", path_of(url)) for url in there)
    if count < _FEWEST or count * 5 < counts.total() * 4 or not numbered:
        return list(listings)
    return [
        replace(one, photos=())
        if len(one.photos) == 1
        and place != usual
        and (same_site(url, there[-1]) or same_site(url, one.page_url))
        and _stands_for_any(one.photos[0], one)
        else one
        for one, url, place in zip(listings, first, places, strict=True)
    ]


def _place(url: str) -> tuple[str, bool]:
    """Where a photo lies, and whether it is a file: photos that a script gives lie where nothing else does."""
    return shape(url), bool(_FILE.search(path_of(url).partition("?")[0]))


def _stands_for_any(photo: PhotoLink, listing: Listing) -> bool:
    """Could an image stand beside any listing: has it neither a number in its name nor a word of its listing?"""
    own = _words(listing.title) | _words(path_of(listing.page_url).rstrip("/").rpartition("/")[2])
    for url in (photo.url, *photo.aliases):
        path, _, query = path_of(url).partition("?")
        if re.search(r"\d", path.rpartition("/")[2] + query) or not _FILE.search(path):
            return False
        if own & _words(path):
            return False
    return True


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", unaccented(text).casefold()))
