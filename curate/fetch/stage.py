"""fetch: which photos the site offers, and what became of each.

Reads the recipe's source; writes fetch.csv, one row per photo of each listing and one per page that could not be
used, and the photos' original bytes below images/. Keys do not change with the address of the site. What the site
no longer offers stays, see `fetch.additions`.

An interrupted run goes on where it was: `fetch.journal` holds every page read and photo stored, and goes away when
the manifest is published, which then has the bytes of an unbroken run's. Photos that a host asked us to wait for
keep the journal as well, and the stage ends with TryLaterError.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from curate.core import executors, manifest
from curate.core.errors import TryLaterError
from curate.core.executors import MapFn
from curate.core.files import crash_point
from curate.core.recipe import Source
from curate.core.schemas import FetchRow, photo_key
from curate.core.stages import STAGES
from curate.fetch import additions, download, gates, ownership
from curate.fetch.crawl import Crawled, Reader, crawl
from curate.fetch.download import Outcome
from curate.fetch.http.client import Client, canonical_url
from curate.fetch.journal import Journal, read_header
from curate.fetch.sources.listing import Listing, Photo
from curate.photos import store

# Of an index page: what another try does not change. Any other failure hides all listings that come after it.
_DECIDED = {
    "bad_url", "noai", "offsite", "page_too_complex", "private_address", "redirect_downgrade", "robots", "tls",
    "too_large",
}  # fmt: skip


# --- rows ---------------------------------------------------------------------------------------------------


def photo_id(url: str, own_hosts: Sequence[str]) -> str:
    """What names a photo within its listing: its URL, without the host where that is the site's own."""
    host, slash, rest = url.partition("://")[2].partition("/")
    return slash + rest if host in own_hosts else url


def lacks_field(listing: Listing, config: Source) -> bool:
    """True when the listing lacks its id, or a field that the recipe requires."""
    return not listing.listing_id or any(getattr(listing, name) in ("", None) for name in config.required_fields)


def wanted_photos(crawled: Crawled, config: Source) -> dict[str, tuple[str, ...]]:
    """Canonical URL of each photo to fetch, once, with the URLs to try for it."""
    wanted: dict[str, tuple[str, ...]] = {}
    for _, listing in crawled.listings:
        for photo in listing.photos:
            if not photo.reason and not lacks_field(listing, config):
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
            reason = photo.reason or ("missing_field" if lacks_field(listing, config) else "")
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


# --- the stage ----------------------------------------------------------------------------------------------


def _summary(crawled: Crawled, rows: Sequence[FetchRow], number: int) -> list[str]:
    bare = sum(1 for _, listing in crawled.listings if not listing.photos)
    lines = [f"{len(crawled.listings)} listings" + (f", {bare} of them without a photo" if bare else "")]
    if crawled.failures:
        first = crawled.failures[0]
        lines.append(f"{len(crawled.failures)} pages could not be used, e.g. {first.url}: {first.reason}")
    if crawled.in_two_classes:
        lines.append(
            f"{len(crawled.in_two_classes)} listings were found under two classes, see notes in fetch.json"
        )
    return lines + gone_lines(rows, number)


def gone_lines(rows: Sequence[FetchRow], number: int = 0) -> list[str]:
    """What to say of photos that the site no longer offers; `number` is that of the fetch that just ran."""
    if not (gone := additions.marked(rows)):
        return []
    new = sum(1 for row in gone if row.gone_since == number)
    since = f" ({new:,} of the photos since this fetch)" if new else ""
    return [
        f"no longer offered: {additions.counted(gone)}{since}, kept and marked gone_since; --prune deletes them"
    ]


def _fetch(
    folder: Path, config: Source, journal: Journal, map_fn: MapFn, client: Client, accept_drop: bool
) -> tuple[list[FetchRow], Crawled]:
    crawled = crawl(Reader(client, journal, config, folder), map_fn)
    gates.check_found(crawled, config)
    photos = wanted_photos(crawled, config)
    limit = config.politeness.max_photo_bytes
    outcomes, deferred = download.fetch_all(client, folder, journal, limit, config.photos, photos, map_fn)
    pages = crawled.deferred + [  # who knows what comes after an index page that was out of order
        f"{failure.url}: {failure.reason} ({failure.detail})"
        for failure in crawled.failures
        if not accept_drop and failure.reason not in _DECIDED and failure.url in crawled.index_urls
    ]
    if waiting := pages + deferred:
        raise TryLaterError(
            f"{len(deferred)} photos and {len(pages)} pages have to wait: {waiting[0]}. "
            f"{len(outcomes)} photos are safe; run the same command later to go on"
        )
    return decide(crawled, outcomes, config), crawled


def _unread(crawled: Crawled) -> additions.Unread:
    """The pages that told nothing: all that failed, but for those of listings that the site says are gone."""
    failures = [failure for failure in crawled.failures if failure.reason != "gone"]
    return additions.Unread(
        {failure.url for failure in failures},
        {failure.class_name for failure in crawled.failures if failure.url in crawled.index_urls},
    )


def prune(folder: Path) -> list[FetchRow]:
    """Delete the rows and photos that the site no longer offers. Raises StateError, GateError."""
    before = manifest.read(folder, FetchRow)
    rows = additions.pruned(before)
    if len(rows) < len(before):
        download.check_kept(rows, dict.fromkeys(row.class_name for row in before if row.keep))
        sidecar = manifest.read_sidecar(folder, "fetch")
        notes = sidecar["notes"] | {"summary": [f"{additions.counted(additions.marked(before))} were deleted"]}
        started = datetime.now(UTC)
        manifest.write(folder, rows, manifest.recorded_provenance(folder, "fetch"), started, notes)
        store.remove_orphans(folder, {row.path for row in rows})
    return rows


def _finish(folder: Path, rows: Sequence[FetchRow]) -> None:
    """What follows the publication of a manifest: nothing is left behind that no row names."""
    crash_point("between_manifest_and_orphans")
    store.remove_orphans(folder, {row.path for row in rows})
    (folder / "fetch.journal").unlink(missing_ok=True)


def run(
    folder: Path,
    config: Source,
    map_fn: MapFn = map,
    *,
    refresh: bool = False,
    accept_drop: bool = False,
    prune: bool = False,
) -> list[FetchRow]:
    """Run the stage in `folder`, go on with an interrupted run, or return what is there when nothing changed.

    `refresh` visits the site again although the manifest is complete. `accept_drop` publishes although more than
    half of the listings are gone, which an edited recipe can bring about too, or an index page cannot be read.
    Photos that are no longer offered stay, see `prune`; with a `prune` to come, those of a manifest that cannot be
    read do not. Photos that are stored are not fetched again. The network is waited for by
    `config.politeness.workers` threads, not by `map_fn`.
    Raises UsageError, DeniedError, LayoutError, TryLaterError, GateError, ResourceError.
    """
    wanted = manifest.provenance(folder, "fetch", config)  # libraries may change, photos keep their bytes
    before, published = ownership.rows(folder)
    current = manifest.is_current(folder, wanted)
    path = folder / "fetch.journal"
    journaled = read_header(path)
    if current and journaled and journaled["replaces"] != published:
        _finish(folder, before)  # the journal's own run was published, and died before this
    if current and not refresh:
        return before
    gates.check_source(config)
    started = datetime.now(UTC)
    header = {"replaces": published, "pages": f"{STAGES['fetch'].version} {config.recorded().model_dump_json()}"}
    urls = [url for start_urls in config.listings.values() for url in start_urls]
    with (
        Journal(path, header, survivors=("photo",)) as journal,
        executors.threads(config.politeness.workers) as threads,
        Client(config.politeness, folder / "hosts.json", start_urls=urls) as client,
    ):
        download.remember(folder, journal)
        now, crawled = _fetch(folder, config, journal, threads, client, accept_drop)
        robots = client.robots_decisions()
    download.check_kept(now, dict.fromkeys(name for name, _ in crawled.listings))
    dates = additions.fetches(folder, before)
    number = len(dates) + 1
    rows = additions.joined(now, before, number, _unread(crawled), partial(store.is_whole, folder))
    if not accept_drop:
        gates.check_drop(before, rows)
    if not before and not prune:
        gates.check_photos_left(folder, rows)
    notes: dict[str, Any] = {
        "summary": _summary(crawled, rows, number),
        "fetches": [*dates, f"{started:%Y-%m-%d}"],
        "extractors": sorted(crawled.used),
        "robots": robots,
        "in_two_classes": crawled.in_two_classes,
        "failed_pages": [f"{failure.url}: {failure.reason}: {failure.detail}" for failure in crawled.failures],
    }
    crash_point("before_publish")
    manifest.write(folder, rows, wanted, started, notes)
    _finish(folder, rows)
    return rows
