"""The listings of one start: index pages and their next ones, sitemaps, or a file of addresses."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from curate.core import manifest
from curate.core.errors import RejectedError, StateError, TryLaterError
from curate.fetch.crawled import Crawled, Failure
from curate.fetch.http.signed_url import unsigned
from curate.fetch.http.url import path_of
from curate.fetch.reader import Reader, layout_error
from curate.fetch.sources.api_request import following, is_counted
from curate.fetch.sources.listing import Listing
from curate.fetch.starts import Start

_WRONG_LINK = {"elsewhere", "empty", "gone", "http_client_error"}  # of a link to a next page that leads nowhere


def walk(reader: Reader, start: Start) -> Crawled:
    """Walk the index pages, or sitemaps, from one start; the listings that a file names are not asked for here."""
    out = Crawled()
    seen: set[tuple[str, ...]] = set()
    if start.listings:
        _take(reader, start.class_name, [Listing("", url) for url in start.listings], out, seen)
        return out
    queue = [start]
    most = reader.config.pagination.max_pages
    for one in queue:
        if reader.config.max_listings and len(seen) >= reader.config.max_listings:
            break
        maps = _from(reader, one, out, seen)
        room = most - len(queue)
        queue += [replace(start, written=url, url=url) for url in maps[:room]]
        if len(maps) > room:
            out.cut.append(one.url)
    return out


def _take(
    reader: Reader, class_name: str, found: Sequence[Listing], out: Crawled, seen: set[tuple[str, ...]]
) -> bool:
    """Add the listings that were not seen before. Were there any, and may there be more?"""
    pattern = reader.config.listing_url.get(class_name, "")
    wanted = [one for one in found if not pattern or re.search(pattern, one.page_url)]
    if len(found) > len(wanted):
        out.left_out[class_name] += len(found) - len(wanted)
        first = next(one.page_url for one in found if not re.search(pattern, one.page_url))
        out.left_out_first.setdefault(class_name, first)
    new = [listing for listing in wanted if identity(listing) not in seen]
    out.listings += [(class_name, listing) for listing in new]
    seen |= {identity(listing) for listing in new}
    most = reader.config.max_listings
    return bool(new) and not (most and len(seen) >= most)


def _from(reader: Reader, start: Start, out: Crawled, seen: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Read index pages from one address on; further sitemaps that it names come back."""
    config, class_name = reader.config, start.class_name
    counted = is_counted(start.written, config)
    gap: Failure | None = None  # a counted page that is gone: the end, unless a page with listings follows it
    url, number = start.url, 0
    while url and url not in out.index_urls:
        out.index_urls |= {url, url.partition("#")[0]}
        try:
            found = reader.read(url, is_listing_page=False)
        except RejectedError as error:
            failure = Failure(class_name, url, error.reason, error.detail)
            if counted and number and error.reason == "gone":
                if gap:
                    return ()
                gap, number = failure, number + 1
                url = following(start.written, number - 1, (), config)
                continue
            if number and not counted and error.reason in _WRONG_LINK:
                out.ended.append(failure)
                is_end = error.reason == "gone" and seen  # how many sites say that there is no further page
                if not is_end and unsigned(url) not in ended_before(reader.folder):
                    out.doubtful_ends.append(failure)
                return ()
            out.failures += [gap, failure] if gap else [failure]
            return ()
        except TryLaterError as error:
            out.deferred.append(Failure(class_name, url, "deferred", str(error)))
            return ()
        if found.sitemaps:
            return found.sitemaps
        if not found.listings and not number:
            raise layout_error(reader, url, found)
        if not found.listings and not counted:
            out.ended.append(Failure(class_name, url, "missing_field", "no listing in the page"))
        if len(found.listings) == 1 and found.listings[0].page_url == url:  # the page is the listing
            found = replace(found, listings=(named(found.listings[0], set()),))
        before, left_out = len(seen), out.left_out[class_name]
        goes_on = _take(reader, class_name, found.listings, out, seen)
        if counted and 0 < 2 * (len(seen) - before) < len(found.listings):
            out.repeating.append(len(found.listings))
        if gap and len(seen) > before:
            out.failures.append(gap)
            gap = None
        out.used |= set(found.used) if found.listings else set()
        if not goes_on and not (out.left_out[class_name] > left_out and len(seen) == before):
            return ()
        last, url = url, following(start.written, number, found.next_urls, config, found.cursor)
        more = counted or found.next_urls or found.cursor
        if not url and more and number + 1 >= config.pagination.max_pages:
            out.cut.append(last)
        number += 1
    return ()


def ended_before(folder: Path) -> Collection[str]:
    """Where the paging ended in the fetch before: a refusal there again is no matter of a moment."""
    try:
        return frozenset(map(str, manifest.read_sidecar(folder, "fetch")["notes"].get("paging_ended", ())))
    except (StateError, TypeError, AttributeError):
        return frozenset()


def identity(listing: Listing) -> tuple[str, ...]:
    """By what two sightings are known to be one listing."""
    if listing.listing_id:
        return (listing.listing_id,)
    return (listing.page_url, listing.title, *(photo.url for photo in listing.photos))


def named(listing: Listing, index_urls: set[str]) -> Listing:
    """A listing without an id but with a page of its own is known by path and query of that page."""
    if listing.listing_id or listing.page_url in index_urls:
        return listing
    return replace(listing, listing_id=path_of(listing.page_url))
