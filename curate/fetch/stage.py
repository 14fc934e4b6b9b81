"""fetch: which photos the site offers, and what became of each.

Reads the recipe's source; writes fetch.csv, one row per photo of each listing and one per page that could not be
used, and the photos' original bytes below images/. Keys do not change with the address of the site.

An interrupted run goes on where it was: `fetch.journal` holds every page read and photo stored, and goes away when
the manifest is published, which then has the bytes of an unbroken run's. Photos that a host asked us to wait for
keep the journal as well, and the stage ends with TryLaterError.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from curate import __version__
from curate.core import executors, manifest
from curate.core.errors import DeniedError, GateError, LayoutError, RejectedError, TryLaterError, UsageError
from curate.core.executors import MapFn
from curate.core.files import crash_point
from curate.core.recipe import Source
from curate.core.schemas import FetchRow, photo_key
from curate.fetch import download, ownership
from curate.fetch.crawl import Crawled, Reader, crawl
from curate.fetch.download import Outcome
from curate.fetch.http.client import Client, canonical_url
from curate.fetch.journal import Journal, read_header
from curate.fetch.sources import selectors
from curate.fetch.sources.listing import Listing, Photo

_RESERVED = (".example", ".invalid", ".test", ".example.com", ".example.org", ".example.net")  # RFC 2606
_ELSEWHERE = "see a whole run with `curate demo`, or use photos that you have with `curate import PATH`"
_PASSING = {"body_truncated", "connect_failed", "deadline", "http_server_error", "page_truncated"}
_UNREACHABLE = _PASSING | {"dns", "tls"}
_DENIED = {"forbidden", "noai", "robots"}


# --- rows ---------------------------------------------------------------------------------------------------


def photo_id(url: str, own_hosts: Sequence[str]) -> str:
    """What names a photo within its listing: its URL, without the host where that is the site's own."""
    host, slash, rest = url.partition("://")[2].partition("/")
    return slash + rest if host in own_hosts else url


def missing(listing: Listing, config: Source) -> bool:
    """True when the listing lacks its id, or a field that the recipe requires."""
    return not listing.listing_id or any(getattr(listing, name) in ("", None) for name in config.required_fields)


def wanted_photos(crawled: Crawled, config: Source) -> dict[str, tuple[str, ...]]:
    """Canonical URL of each photo to fetch, once, with the URLs to try for it."""
    wanted: dict[str, tuple[str, ...]] = {}
    for _, listing in crawled.listings:
        for photo in listing.photos:
            if not photo.reason and not missing(listing, config):
                urls = (*wanted.get(photo.url, ()), photo.url, *photo.aliases)
                wanted[photo.url] = tuple(dict.fromkeys(urls))
    return wanted


def decide(crawled: Crawled, outcomes: Mapping[str, Outcome], config: Source) -> list[FetchRow]:
    """One row per photo of each listing, and per page that failed, sorted by key."""
    own_hosts = [urlsplit(canonical_url(url)).netloc for urls in config.listings.values() for url in urls]
    rows: dict[str, FetchRow] = {}
    for class_name, listing in crawled.listings:
        for position, photo in enumerate(listing.photos):
            key = photo_key(config.id, listing.listing_id, photo_id(photo.url, own_hosts))
            reason = photo.reason or ("missing_field" if missing(listing, config) else "")
            outcome = Outcome(reason=reason) if reason else outcomes[photo.url]
            rows.setdefault(key, _row(key, class_name, listing, position, photo, outcome))
    for failure in crawled.failures:
        key = photo_key(config.id, "", photo_id(failure.url, own_hosts))
        page = Listing("", failure.url)
        rows.setdefault(key, _row(key, failure.class_name, page, 0, Photo(""), Outcome(reason=failure.reason)))
    return [rows[key] for key in sorted(rows)]


def _row(key: str, class_name: str, listing: Listing, position: int, photo: Photo, outcome: Outcome) -> FetchRow:
    return FetchRow(
        key=key,
        listing_id=listing.listing_id,
        class_name=class_name,
        position=position,
        title=listing.title,
        region=listing.region,
        city=listing.city,
        year=listing.year,
        price=listing.price,
        page_url=listing.page_url,
        image_url=photo.url,
        aliases=" ".join(photo.aliases),
        path=outcome.path,
        sha256=outcome.sha256,
        bytes=outcome.bytes,
        width=outcome.width,
        height=outcome.height,
        keep=not outcome.reason,
        reason=outcome.reason,
    )


# --- gates --------------------------------------------------------------------------------------------------


def check_source(config: Source) -> None:
    """Raise UsageError when there is nothing to fetch from."""
    urls = [url for start_urls in config.listings.values() for url in start_urls]
    if not urls:
        raise UsageError(f"source.listings names no URL to start from: add one per class, or {_ELSEWHERE}")
    for url in urls:
        try:
            host = urlsplit(canonical_url(url)).hostname or ""
        except RejectedError as error:
            raise UsageError(f"source.listings: {error.detail}") from error
        if f".{host}".endswith(_RESERVED):
            raise UsageError(
                f"source.listings still has the placeholder {host}: put in a site whose terms allow it, "
                f"or {_ELSEWHERE}"
            )
    selectors.check(config.selectors, config.pagination.next_selector)


def check_found(crawled: Crawled, config: Source) -> None:
    """Raise when a class has no listing at all.

    TryLaterError for a site out of reach, DeniedError for one that does not let us in, LayoutError otherwise.
    """
    found = {class_name for class_name, _ in crawled.listings}
    empty = [name for name in config.listings if config.listings[name] and name not in found]
    failures = [failure for failure in crawled.failures if failure.class_name in empty]
    if not empty or crawled.deferred:
        return
    why = "; ".join(f"{failure.url}: {failure.reason} ({failure.detail})" for failure in failures[:3])
    if failures and all(failure.reason in _UNREACHABLE for failure in failures):
        raise TryLaterError(f"the site cannot be reached: {why}. Try again later; meanwhile {_ELSEWHERE}")
    if failures and all(failure.reason in _DENIED for failure in failures):
        raise DeniedError(f"the site does not let us in: {why}. Ask its owner for permission, or {_ELSEWHERE}")
    names = ", ".join(empty)
    raise LayoutError(f"no listing of {names} was found: {why or 'all were found under another class first'}")


def check_drop(before: Sequence[FetchRow], now: Sequence[FetchRow]) -> None:
    """Raise GateError when more than half of the listings, or of those that state a field, are gone."""
    for name in ("listing_id", "title", "price", "year", "region", "city"):
        counts = [
            len({row.listing_id for row in rows if row.listing_id and getattr(row, name) not in ("", None)})
            for rows in (before, now)
        ]
        if 2 * counts[1] < counts[0]:
            what = "listings" if name == "listing_id" else f"listings with a {name}"
            raise GateError(
                f"{counts[1]} {what}, {counts[0]} the last time: the site or the recipe may have changed. Accept "
                "it with `curate fetch --accept-drop`, or delete fetch.journal and fetch again"
            )


def check_photos_left(folder: Path, now: Sequence[FetchRow]) -> None:
    """Raise GateError where fetch.csv cannot be read and more than half of its photos, as it seems, are gone."""
    before = ownership.photos(folder)
    gone = ownership.given_up(folder, before, {row.path for row in now})
    if 2 * len(gone) > len(before):
        raise GateError(
            f"{len(gone)} of {len(before)} photos in {folder} are not offered any more, and fetch.csv, which told "
            "of them, cannot be read: delete them with `curate fetch --accept-drop`"
        )


# --- the stage ----------------------------------------------------------------------------------------------


def _summary(crawled: Crawled, rows: Sequence[FetchRow]) -> list[str]:
    bare = sum(1 for _, listing in crawled.listings if not listing.photos)
    lines = [f"{len(crawled.listings)} listings" + (f", {bare} of them without a photo" if bare else "")]
    if crawled.failures:
        first = crawled.failures[0]
        lines.append(f"{len(crawled.failures)} pages could not be used, e.g. {first.url}: {first.reason}")
    if crawled.in_two_classes:
        lines.append(
            f"{len(crawled.in_two_classes)} listings were found under two classes, see notes in fetch.json"
        )
    return lines


def _fetch(
    folder: Path, config: Source, journal: Journal, map_fn: MapFn, client: Client
) -> tuple[list[FetchRow], Crawled]:
    crawled = crawl(Reader(client, journal, config, folder), map_fn)
    check_found(crawled, config)
    photos = wanted_photos(crawled, config)
    limit = config.politeness.max_photo_bytes
    outcomes, deferred = download.fetch_all(client, folder, journal, limit, photos, map_fn)
    pages = crawled.deferred + [  # who knows what comes after an index page that was out of order
        f"{failure.url}: {failure.reason} ({failure.detail})"
        for failure in crawled.failures
        if failure.reason in _PASSING and failure.url in crawled.index_urls
    ]
    if waiting := pages + deferred:
        raise TryLaterError(
            f"{len(deferred)} photos and {len(pages)} pages have to wait: {waiting[0]}. "
            f"{len(outcomes)} photos are safe; run the same command later to go on"
        )
    return decide(crawled, outcomes, config), crawled


def _finish(folder: Path, rows: Sequence[FetchRow]) -> None:
    """What follows the publication of a manifest: nothing is left behind that no row names."""
    crash_point("between_manifest_and_orphans")
    download.remove_orphans(folder, {row.path for row in rows})
    (folder / "fetch.journal").unlink(missing_ok=True)


def run(
    folder: Path, config: Source, map_fn: MapFn = map, *, refresh: bool = False, accept_drop: bool = False
) -> list[FetchRow]:
    """Run the stage in `folder`, go on with an interrupted run, or return what is there when nothing changed.

    `refresh` visits the site again although the manifest is complete; `accept_drop` lets more than half of the
    listings vanish, which an edited recipe can bring about too. Photos that are no longer offered are deleted;
    others that are stored are not fetched again. The network is waited for by `config.politeness.workers` threads,
    not by `map_fn`.
    Raises UsageError, DeniedError, LayoutError, TryLaterError, GateError, ResourceError.
    """
    recorded = config.without_pace()
    wanted = manifest.provenance(folder, "fetch", [], recorded)  # libraries may change, photos keep their bytes
    before, published = ownership.rows(folder)
    current = manifest.is_current(folder, wanted)
    path = folder / "fetch.journal"
    journaled = read_header(path)
    if current and journaled and journaled["replaces"] != published:
        _finish(folder, before)  # the journal's own run was published, and died before this
    if current and not refresh:
        return before
    check_source(config)
    started = datetime.now(UTC)
    header = {"replaces": published, "pages": f"{__version__} {recorded.model_dump_json()}"}
    urls = [url for start_urls in config.listings.values() for url in start_urls]
    with (
        Journal(path, header, survivors=("photo",)) as journal,
        executors.threads(config.politeness.workers) as threads,
        Client(config.politeness, folder / "hosts.json", start_urls=urls) as client,
    ):
        download.remember(folder, journal)
        rows, crawled = _fetch(folder, config, journal, threads, client)
        robots = client.robots_decisions()
    download.check_kept(rows, dict.fromkeys(name for name, _ in crawled.listings))
    if not accept_drop:
        check_drop(before, rows)
        if not before:
            check_photos_left(folder, rows)
    notes: dict[str, Any] = {
        "summary": _summary(crawled, rows),
        "extractors": sorted(crawled.used),
        "robots": robots,
        "in_two_classes": crawled.in_two_classes,
        "failed_pages": [f"{failure.url}: {failure.reason}: {failure.detail}" for failure in crawled.failures],
    }
    crash_point("before_publish")
    manifest.write(folder, rows, wanted, started, notes)
    _finish(folder, rows)
    return rows
