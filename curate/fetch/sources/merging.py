"""One listing out of several sightings of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from curate.core.recipe import normalise_class
from curate.fetch.sources.gallery import gallery
from curate.fetch.sources.listing import Listing


def merged(first: Listing, other: Listing) -> Listing:
    """`first`, its empty fields filled from `other`, and the photos of both, those of `first` before the rest."""
    return replace(
        first,
        listing_id=first.listing_id or other.listing_id,
        title=first.title or other.title,
        model=first.model or other.model,
        region=first.region or other.region,
        city=first.city or other.city,
        year=first.year if first.year is not None else other.year,
        price=first.price if first.price is not None else other.price,
        photos=gallery([*first.photos, *other.photos]),
        make=first.make or other.make,
        currency=first.currency or (other.currency if first.price in (None, other.price) else ""),
        seller=first.seller or other.seller,
        posted=first.posted or other.posted,
        attributes=first.attributes or other.attributes,
    )


def class_of(model: str, candidates: Sequence[str]) -> str:
    """The class of a listing that was found under several: the one its own page names, else the first."""
    try:
        named = normalise_class(model)
    except ValueError:
        return candidates[0]
    return named if named in candidates else candidates[0]


def unite(found: Iterable[tuple[str, Listing]]) -> tuple[list[tuple[str, Listing]], list[str]]:
    """Each listing once, in the order of first sight, and the ids that were found under several classes.

    Sightings with the same id are merged, the first seen first. Listings without an id stay apart.
    """
    united: dict[tuple[str, ...], tuple[list[str], Listing]] = {}
    for number, (class_name, listing) in enumerate(found):
        at = (listing.listing_id,) if listing.listing_id else ("", str(number))
        if at in united:
            classes, before = united[at]
            united[at] = ([*classes, class_name], merged(before, listing))
        else:
            united[at] = ([class_name], listing)
    listings = [(class_of(listing.model, classes), listing) for classes, listing in united.values()]
    twice = [listing.listing_id for classes, listing in united.values() if len(set(classes)) > 1]
    return listings, twice
