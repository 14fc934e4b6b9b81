"""Index pages, their next pages, and the pages of listings: every listing of every class, over HTTP.

The journal remembers what each page held, so that an interrupted crawl reads only those again that failed.
Its results come in the order of the recipe's URLs, whatever the number of threads.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from curate.core.errors import RejectedError, TryLaterError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.fetch.crawled import DECIDED, Crawled, Failure
from curate.fetch.http.response import PassingError
from curate.fetch.index_pages import identity, named, walk
from curate.fetch.known import Known, Only
from curate.fetch.reader import Reader, layout_error
from curate.fetch.sources.listing import Found, Listing
from curate.fetch.sources.merging import merged, unite
from curate.fetch.starts import hosts, starts

_PATIENCE = 10  # listing pages in a row without a listing before we stop asking for more


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
                raise layout_error(reader, *without)
    if urls and 2 * empty > len(urls):
        raise layout_error(reader, *without)
    doubtful = [url for url, result in pages.items() if _may_differ(result)]  # a second look, at the end
    pages |= zip(doubtful, map_fn(partial(_read_listing, reader), doubtful), strict=True)
    listings, said = [], set()
    for class_name, listing in crawled.listings:
        page = pages.get(listing.page_url)
        if page is None:
            listings.append((class_name, listing))
        elif isinstance(page, TryLaterError):
            if listing.page_url not in said:
                crawled.deferred.append(Failure(class_name, listing.page_url, "deferred", str(page), listing))
        elif isinstance(page, RejectedError):
            if listing.page_url not in said:
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
        said.add(listing.page_url)
    crawled.listings = listings


def _skip(crawled: Crawled, known: Known, only: Only) -> None:
    """Leave out the listings that this fetch is not to add; those that an earlier one met stay."""
    kept, new = [], Counter[str]()
    crawled.since, crawled.undated = only.since, 0
    for class_name, listing in crawled.listings:
        if not known.has(listing, listing.page_url not in crawled.index_urls):
            is_old = only.is_old(listing)
            too_many = only.most_new is not None and new[class_name] >= only.most_new and not is_old
            if too_many or is_old:
                crawled.left += too_many
                crawled.old += is_old
                crawled.skipped.add(listing.page_url)
                crawled.skipped_classes.add(class_name)
                continue
            new[class_name] += 1
            crawled.undated += bool(only.since) and not only.is_dated(listing)
        kept.append((class_name, listing))
    crawled.listings = kept


def crawl(reader: Reader, map_fn: MapFn, only: Only = Only()) -> Crawled:  # noqa: B008  (it is frozen)
    """All listings of the recipe that `only` lets in, in its order, each once.

    Raises LayoutError where pages hold no listing, DeniedError when the site refuses us.
    """
    config = reader.config
    where = starts(config)
    crawled = Crawled(own_hosts=hosts(where))
    for part in map_fn(partial(walk, reader), where):
        crawled.listings += part.listings
        crawled.failures += part.failures
        crawled.deferred += part.deferred
        crawled.used |= part.used
        crawled.index_urls |= part.index_urls
        crawled.repeating += part.repeating
        crawled.cut += part.cut
        crawled.ended += part.ended
        crawled.doubtful_ends += part.doubtful_ends
        crawled.left_out += part.left_out
        crawled.left_out_first = part.left_out_first | crawled.left_out_first
    crawled.listings = list(_limited(crawled.listings, config.max_listings))
    counts = Counter(name for name, _ in crawled.listings)
    crawled.limited = sorted(name for name, count in counts.items() if count == config.max_listings)
    _skip(crawled, reader.known, only)
    if config.follow:
        _follow(reader, crawled, map_fn)
        _skip(crawled, reader.known, only)  # their own pages may say when they were put in
    found = [(name, named(listing, crawled.index_urls)) for name, listing in crawled.listings]
    crawled.listings, crawled.in_two_classes = unite(found)
    return crawled


def _limited(listings: Iterable[tuple[str, Listing]], most: int | None) -> Iterator[tuple[str, Listing]]:
    """At most `most` different listings per class."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for class_name, listing in listings:
        names = seen.setdefault(class_name, set())
        if most is None or len(names) < most or identity(listing) in names:
            names.add(identity(listing))
            yield class_name, listing
