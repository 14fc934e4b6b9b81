"""Pages in, listings out. Everything here but `crawl` is a pure function of bytes or of a folder's content.

page.py        bytes to text, the tags that matter, challenge pages
jsonld.py      schema.org data in a page
selectors.py   CSS selectors given in the recipe
values.py      numbers, years and places out of what sites write
gallery.py     which of the offered URLs are photos of the listing, and which are the same photo
crawl.py       index pages, their next pages, and the pages of listings, over `net`
folder.py      a folder tree or a CSV instead of a site
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Photo:
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
    photos: tuple[Photo, ...] = ()  # in gallery order


@dataclass(frozen=True, slots=True)
class Found:
    """What one page holds."""

    listings: tuple[Listing, ...] = ()
    next_urls: tuple[str, ...] = ()  # canonical
    used: tuple[str, ...] = ()  # extractors that found something, and the repairs they needed
    page: bytes | None = None  # all of it, where no listing was found in it
