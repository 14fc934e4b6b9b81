"""Photos whose signed URLs no longer work: their pages are read again, and each page's photos fetched at once.

A signature may live for minutes, a crawl for hours, and an interrupted run goes on the next day. One page and its
photos follow each other closely, so that the new signatures need to outlive no more than that.
"""

from collections.abc import Iterable
from functools import partial

from curate.core.errors import RejectedError, TryLaterError
from curate.core.executors import MapFn
from curate.fetch.crawled import Crawled
from curate.fetch.download import Outcome, Waiting, fetch_one
from curate.fetch.http.signed_url import is_signed, unsigned
from curate.fetch.reader import Reader
from curate.photos import store


def signed_photos(crawled: Crawled) -> dict[str, str]:
    """Of each photo with a signed URL: its URL without the signature, and the page that gave it."""
    return {
        unsigned(photo.url): listing.page_url
        for _, listing in crawled.listings
        for photo in listing.photos
        if not photo.reason and is_signed(photo.url)
    }


def fetch_again(
    reader: Reader, crawled: Crawled, photos: Iterable[str], map_fn: MapFn
) -> dict[str, Outcome | Waiting]:
    """Fetch `photos`, named as by `signed_photos`, by the URLs that their pages give now."""
    pages: dict[str, set[str]] = {}
    signed = signed_photos(crawled)
    for name in photos:
        pages.setdefault(signed[name], set()).add(name)
    found: dict[str, Outcome | Waiting] = {}
    for outcomes in map_fn(partial(_of_page, reader, crawled.index_urls), pages.items()):
        found |= outcomes
    store.sync(reader.folder, {one.path for one in found.values() if isinstance(one, Outcome) and one.path})
    return found


def _of_page(reader: Reader, index_urls: set[str], item: tuple[str, set[str]]) -> dict[str, Outcome | Waiting]:
    url, names = item
    try:
        found = reader.read(url, url not in index_urls, anew=True)
    except (RejectedError, TryLaterError):
        return {}
    offered = {
        unsigned(photo.url): (photo.url, *photo.aliases) for listing in found.listings for photo in listing.photos
    }
    most = reader.config.politeness.max_photo_bytes
    limits, pages = reader.config.photos, dict.fromkeys(names, url)
    fetch = partial(fetch_one, reader.client, reader.folder, reader.journal, most, limits, pages)
    return {name: fetch((name, offered[name])) for name in sorted(names & offered.keys())}
