"""What a page gives: listings with their photos. Everything in this room is a pure function of bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curate.core.counted import counted


@dataclass(frozen=True, slots=True)
class PhotoLink:
    """One photo of a gallery."""

    url: str  # canonical, without the site's size parameters
    aliases: tuple[str, ...] = ()  # how the page wrote it, and other URLs of the same photo
    reason: str = ""  # why it must not be fetched: bad_url, not_gallery


@dataclass(frozen=True, slots=True)
class Listing:
    """One advert, as far as one page tells."""

    listing_id: str  # empty where the page gives none
    page_url: str  # its own page; the page it was found on when it has none
    title: str = ""
    model: str = ""  # what the page itself says the class is
    region: str = ""
    city: str = ""
    year: int | None = None
    price: float | None = None
    photos: tuple[PhotoLink, ...] = ()  # in gallery order
    make: str = ""
    currency: str = ""  # ISO 4217 where it is known, else as the page writes it
    seller: str = ""  # private, dealer, or what the page calls the kind of seller
    posted: str = ""  # when the advert was put in: ISO 8601 where its form is known, else as the page writes it
    attributes: str = ""  # what else the page says of the listing: a JSON object of texts, keys sorted


@dataclass(frozen=True, slots=True)
class Found:
    """What one page holds."""

    listings: tuple[Listing, ...] = ()
    next_urls: tuple[str, ...] = ()  # canonical
    used: tuple[str, ...] = ()  # extractors that found something, and the repairs they needed
    others: int = 0  # listings on the page of one, when it is about none of them
    page: bytes | None = None  # all of it, where no listing was found in it
    notes: tuple[str, ...] = ()  # which form gave what, and what was ignored and why
    cursor: str = ""  # what the page gives for the next one, where the recipe names it
    sitemaps: tuple[str, ...] = ()  # further sitemaps to read


def empty_fields(listings: Sequence[Listing]) -> Iterator[str]:
    """A line for each field of weight that most listings lack: "price: 0 of 40 listings"."""
    for name in ("title", "price", "year", "city", "photos"):
        count = sum(getattr(one, name) not in ("", None, ()) for one in listings)
        if 2 * count < len(listings):
            yield f"{name}: {count} of {counted(len(listings), 'listing')}"
