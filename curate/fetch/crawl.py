"""Index pages, their next pages, and the pages of listings: every listing of every class, over HTTP.

The journal remembers what each page held, so that an interrupted crawl reads only those again that failed.
Its results come in the order of the recipe's URLs, whatever the number of threads.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from curate.core.errors import LayoutError, RejectedError, TryLaterError
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.progress import progress
from curate.core.recipe import Source
from curate.fetch.crawled import DECIDED, Crawled, Failure
from curate.fetch.http.client import Client, canonical_url
from curate.fetch.http.response import PassingError
from curate.fetch.journal import Journal
from curate.fetch.sources.adapters import extract
from curate.fetch.sources.listing import Found, Listing
from curate.fetch.sources.merging import merged, unite
from curate.fetch.sources.pagination import following

_PATIENCE = 10  # listing pages in a row without a listing before we stop asking for more
_FOUND = TypeAdapter(Found)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one page, or remembers it."""

    client: Client
    journal: Journal
    config: Source
    folder: Path
    fresh: set[str] = field(default_factory=set)  # URLs of pages read in this run

    def read(self, url: str, is_listing_page: bool, anew: bool = False) -> Found:
        """What the page at `url` holds, `anew` even where the journal knows.

        Raises RejectedError, DeniedError, TryLaterError.
        """
        kind = "listing page" if is_listing_page else "index page"
        if not anew and (known := self.journal.read(kind, url, _FOUND)) is not None:
            return known
        self.fresh.add(url)
        response = self.client.get(url, self.config.politeness.max_page_bytes, "page")
        try:
            found = extract(response.data, response.charset, response.url, is_listing_page, self.config)
        except (RejectedError, MemoryError):
            raise
        except Exception as error:  # whatever one page makes the code raise is about that page
            raise RejectedError("internal_error", f"{url}: {type(error).__name__}: {error}"[:500]) from error
        shows = any(listing.photos for listing in found.listings) if is_listing_page else found.listings
        if not shows and _target(response.url) != _target(url):
            if found.others:
                raise RejectedError("gone", f"{url} leads to {response.url}, which shows other listings")
            raise RejectedError("elsewhere", f"{url} leads to {response.url}, which holds no listing")
        if not found.listings:
            return replace(found, page=response.data)
        self.journal.add(kind, url, asdict(found))
        return found


def _target(url: str) -> str:
    """Path and query of a URL: a redirect to another host or scheme alone is the same page."""
    return url.partition("://")[2].partition("/")[2]


# --- index pages --------------------------------------------------------------------------------------------


def _start(reader: Reader, item: tuple[str, str]) -> Crawled:
    """Walk the index pages from one start URL."""
    class_name, start_url = item
    config = reader.config
    counted = bool(config.pagination.page_parameter)
    out = Crawled()
    seen: set[tuple[str, ...]] = set()
    gap: Failure | None = None  # a counted page that is gone: the end, unless a page with listings follows it
    url, number = start_url, 0
    while url and url not in out.index_urls:
        out.index_urls.add(url)
        try:
            found = reader.read(url, is_listing_page=False)
        except RejectedError as error:
            failure = Failure(class_name, url, error.reason, error.detail)
            if counted and number and error.reason == "gone":
                if gap:
                    return out
                gap, number = failure, number + 1
                url = following(start_url, number - 1, (), config.pagination)
                continue
            out.failures += [gap, failure] if gap else [failure]
            return out
        except TryLaterError as error:
            out.deferred.append(str(error))
            return out
        if not found.listings and not (counted and number):
            raise _layout_error(reader, url, found)
        if len(found.listings) == 1 and found.listings[0].page_url == url:  # the page is the listing
            found = replace(found, listings=(_named(found.listings[0], set()),))
        new = [listing for listing in found.listings if _identity(listing) not in seen]
        if gap and new:
            out.failures.append(gap)
            gap = None
        out.used |= set(found.used) if found.listings else set()
        out.listings += [(class_name, listing) for listing in new]
        seen |= {_identity(listing) for listing in new}
        if not new or (config.max_listings and len(seen) >= config.max_listings):
            return out
        last, url = url, following(start_url, number, found.next_urls, config.pagination)
        if not url and (counted or found.next_urls) and number + 1 >= config.pagination.max_pages:
            out.cut.append(last)
        number += 1
    return out


def _identity(listing: Listing) -> tuple[str, ...]:
    if listing.listing_id:
        return (listing.listing_id,)
    return (listing.page_url, listing.title, *(photo.url for photo in listing.photos))


def _named(listing: Listing, index_urls: set[str]) -> Listing:
    """A listing without an id but with a page of its own is known by path and query of that page."""
    if listing.listing_id or listing.page_url in index_urls:
        return listing
    return replace(listing, listing_id=listing.page_url.partition("://")[2].partition("/")[2])


def _layout_error(reader: Reader, url: str, found: Found) -> LayoutError:
    """Keeps the page for the person who has to look at it."""
    page = found.page or b""
    saved = reader.folder / "layout" / f"{hashlib.sha256(page).hexdigest()[:16]}.html"
    atomic_write(saved, page)
    tried = {
        "auto": "data in scripts and attributes, JSON-LD, microdata and HTML (source.adapter: auto)",
        "jsonld": "schema.org JSON-LD (source.adapter: jsonld)",
        "selectors": f"source.selectors (listing: {reader.config.selectors.listing or 'the page'})",
    }[reader.config.adapter]
    return LayoutError(
        f"{url}: no listing found; tried {tried}. The page is saved as {saved}: "
        "compare it with source.adapter and source.selectors of the recipe"
    )


# --- pages of listings --------------------------------------------------------------------------------------


def _read_listing(reader: Reader, url: str) -> Found | RejectedError | TryLaterError:
    try:
        return reader.read(url, is_listing_page=True)
    except (RejectedError, TryLaterError) as error:
        return error


def _may_differ(result: Found | RejectedError | TryLaterError) -> bool:
    """Was a page refused once, in a way that it may not be the next time?"""
    return (
        isinstance(result, RejectedError) and not isinstance(result, PassingError) and result.reason not in DECIDED
    )


def _follow(reader: Reader, crawled: Crawled, map_fn: MapFn) -> None:
    """Replace each listing that has a page of its own by what that page tells, filled up from the index.

    Where that page has a gallery, photos on the index are previews of it and do not count.
    """
    urls = list(dict.fromkeys(listing.page_url for _, listing in crawled.listings))
    urls = [url for url in urls if url not in crawled.index_urls]
    results = map_fn(partial(_read_listing, reader), urls)
    pages: dict[str, Found | RejectedError | TryLaterError] = {}
    empty, without = 0, ("", Found())  # the first page without a listing
    for url, result in zip(urls, progress(results, "fetch", len(urls), "listing"), strict=True):
        pages[url] = result
        if isinstance(result, Found) and not result.listings:
            empty += 1
            without = (url, result) if empty == 1 else without
            pages[url] = replace(result, page=None)  # one of them is enough to hold
            if empty == len(pages) >= min(_PATIENCE, len(urls)):
                raise _layout_error(reader, *without)
    if urls and 2 * empty > len(urls):
        raise _layout_error(reader, *without)
    doubtful = [url for url, result in pages.items() if _may_differ(result)]  # a second look, at the end
    pages |= zip(doubtful, map_fn(partial(_read_listing, reader), doubtful), strict=True)
    listings, told = [], set()
    for class_name, listing in crawled.listings:
        page = pages.get(listing.page_url)
        if page is None:
            listings.append((class_name, listing))
        elif isinstance(page, TryLaterError):
            crawled.deferred += [str(page)] if listing.page_url not in told else []
        elif isinstance(page, RejectedError):
            if listing.page_url not in told:
                crawled.failures.append(Failure(class_name, listing.page_url, page.reason, page.detail, listing))
        elif page.listings:
            whole = replace(page.listings[0], page_url=listing.page_url)
            preview = replace(listing, photos=() if whole.photos else listing.photos)  # thumbnails of the gallery
            listings.append((class_name, merged(whole, preview)))
            crawled.used |= set(page.used)
        elif listing.photos:
            listings.append((class_name, listing))
        else:
            sold = ("gone", "it shows other listings, and not this one")
            reason, why = sold if page.others else ("missing_field", "no listing in the page")
            crawled.failures.append(Failure(class_name, listing.page_url, reason, why))
        told.add(listing.page_url)
    crawled.listings = listings


def crawl(reader: Reader, map_fn: MapFn) -> Crawled:
    """All listings of the recipe, in its order, each once.

    Raises LayoutError where pages hold no listing, DeniedError when the site refuses us.
    """
    config = reader.config
    starts = [(name, canonical_url(url)) for name, urls in config.listings.items() for url in urls]
    crawled = Crawled()
    for part in map_fn(partial(_start, reader), starts):
        crawled.listings += part.listings
        crawled.failures += part.failures
        crawled.deferred += part.deferred
        crawled.used |= part.used
        crawled.index_urls |= part.index_urls
        crawled.cut += part.cut
    crawled.listings = list(_limited(crawled.listings, config.max_listings))
    counts = Counter(name for name, _ in crawled.listings)
    crawled.limited = sorted(name for name, count in counts.items() if count == config.max_listings)
    if config.follow:
        _follow(reader, crawled, map_fn)
    named = [(name, _named(listing, crawled.index_urls)) for name, listing in crawled.listings]
    crawled.listings, crawled.in_two_classes = unite(named)
    return crawled


def _limited(listings: Iterable[tuple[str, Listing]], most: int | None) -> Iterator[tuple[str, Listing]]:
    """At most `most` different listings per class."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for class_name, listing in listings:
        names = seen.setdefault(class_name, set())
        if most is None or len(names) < most or _identity(listing) in names:
            names.add(_identity(listing))
            yield class_name, listing
