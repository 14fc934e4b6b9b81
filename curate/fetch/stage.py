"""fetch: which photos the site offers, and what became of each.

Reads the recipe's source; writes fetch.csv, one row per photo of each listing and one per page that could not be
used, and the photos' original bytes below images/. Keys do not change with the address of the site. What the site
no longer offers stays, see `fetch.additions`.

An interrupted run goes on where it was: `fetch.journal` holds every page read and photo stored, and goes away when
the manifest is published, which then has the bytes of an unbroken run's. Pages and photos that fail for a reason
that may pass are rows with the reason `deferred`; the journal stays, and the next fetch asks for just these. Where
a host asks us to wait, or an index page fails, nothing is published, and the stage ends with TryLaterError.
"""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from curate import __version__
from curate.core import executors, manifest
from curate.core.errors import GateError
from curate.core.executors import MapFn
from curate.core.files import crash_point
from curate.core.recipe import Source
from curate.core.schemas import FetchRow
from curate.fetch import additions, download, expired, gates, import_stage
from curate.fetch.crawl import crawl
from curate.fetch.crawled import Crawled
from curate.fetch.download import Downloads, Outcome, Waiting
from curate.fetch.http.browser import Browser
from curate.fetch.http.client import Client
from curate.fetch.http.signed_url import unsigned
from curate.fetch.index_pages import ended_before
from curate.fetch.journal import JOURNAL, Journal
from curate.fetch.known import Only, known, met
from curate.fetch.plan import finish, plan_of, stop
from curate.fetch.reader import Reader
from curate.fetch.rows import decide, pages_of, wanted_photos, with_outcome
from curate.fetch.run_log import RunLog
from curate.fetch.starts import digests, starts
from curate.fetch.summary import gone_lines as gone_lines
from curate.fetch.summary import lines
from curate.photos import store


def _fetch(reader: Reader, map_fn: MapFn, accept_drop: bool, only: Only) -> tuple[Crawled, Downloads]:
    """What the pages say, and what became of their photos.

    With `accept_drop` what has to wait is deferred. Raises TryLaterError, DeniedError, LayoutError.
    """
    crawled = crawl(reader, map_fn, only)
    gates.check_found(crawled, reader.config)
    found = _photos(reader, crawled, map_fn)
    if not accept_drop:
        gates.check_whole(crawled, found, sum(not outcome.reason for outcome in found.outcomes.values()))
    crawled.failures += crawled.deferred
    for name, waiting in found.waiting.items():
        found.outcomes[name] = Outcome(reason="forbidden" if waiting.is_denied else "deferred", why=waiting.why)
    return crawled, found


def _photos(reader: Reader, crawled: Crawled, map_fn: MapFn) -> Downloads:
    """What became of each photo that is wanted."""
    folder, config, journal, known = reader.folder, reader.config, reader.journal, reader.known
    photos = wanted_photos(crawled, config)
    shown = pages_of(crawled)
    settled = {n: known.refused[n] for n in photos if n in known.refused and shown[n] in known.recalled}
    for name in known.gone.keys() & photos.keys() - settled.keys():
        photos[name] = tuple(url for url in photos[name] if unsigned(url) not in known.gone[name])
        settled |= {} if photos[name] else {name: Outcome(reason="gone")}
    photos = {name: urls for name, urls in photos.items() if name not in settled}
    signed = expired.signed_photos(crawled)
    old = {name for name, page in signed.items() if name in photos and page not in reader.fresh}
    old = {name for name in old if journal.get("photo", name) is None}
    limit = config.politeness.max_photo_bytes
    first = {name: urls for name, urls in photos.items() if name not in old}
    found = download.fetch_all(reader.client, folder, journal, limit, config.photos, first, map_fn, shown)
    found.outcomes.update(settled)
    refused = {
        n
        for n, outcome in found.outcomes.items()
        if n in signed and n in photos and outcome.reason in download.ELSEWHERE
    }
    again = expired.fetch_again(reader, crawled, sorted(old | refused), map_fn)
    found.outcomes.update({name: outcome for name, outcome in again.items() if isinstance(outcome, Outcome)})
    found.waiting.update({name: outcome for name, outcome in again.items() if isinstance(outcome, Waiting)})
    for name in sorted(old - again.keys()):
        found.outcomes[name] = Outcome(reason="deferred", why=f"{signed[name]}: no longer shows this photo")
    return found


def _why(found: Downloads, reason: str) -> list[str]:
    """Why each photo was refused for `reason`."""
    return [
        f"{name}: {one.why}" for name, one in sorted(found.outcomes.items()) if one.why and one.reason == reason
    ]


def _unread(crawled: Crawled, folder: Path) -> additions.Unread:
    """The pages that say nothing: all that failed, but for those of listings that the site says are gone.

    A next page that ended the paging, and did not the last time, may hold listings again.
    """
    known = ended_before(folder)
    failures = [failure for failure in crawled.failures if failure.reason != "gone"]
    return additions.Unread(
        {failure.url for failure in failures} | crawled.skipped,
        {failure.class_name for failure in crawled.failures if failure.url in crawled.index_urls}
        | {failure.class_name for failure in crawled.ended if unsigned(failure.url) not in known},
    )


def prune(folder: Path) -> list[FetchRow]:
    """Delete the rows and photos that the site no longer offers. Raises StateError, GateError."""
    before = manifest.read(folder, FetchRow)
    rows = additions.pruned(before)
    if len(rows) < len(before):
        download.check_kept(rows, dict.fromkeys(row.class_name for row in before if row.keep))
        deleted = additions.photos_of_listings(additions.marked(before))
        sidecar = manifest.read_sidecar(folder, "fetch")
        former = {*gone_lines(before), *gone_lines(before, len(additions.fetches(folder, before)))}
        said = [line for line in sidecar["notes"].get("summary", ()) if line not in former]
        notes = sidecar["notes"] | {"summary": [*said, f"deleted: {deleted}"]}
        started = datetime.now(UTC)
        manifest.write(folder, rows, manifest.recorded_provenance(folder, "fetch"), started, notes)
        store.remove_orphans(folder, {row.path for row in rows})
    return rows


def run(
    folder: Path,
    config: Source,
    map_fn: MapFn = map,
    *,
    refresh: bool = False,
    accept_drop: bool = False,
    prune: bool = False,
    retry: Collection[str] = (),
    only: Only = Only(),  # noqa: B008  (it is frozen)
) -> list[FetchRow]:
    """Run the stage in `folder`, go on with an interrupted run, or return what is there when nothing changed.

    What is deferred in a complete manifest is asked for again, and nothing else.

    `refresh` visits the site again although the manifest is complete. `accept_drop` publishes although more than
    half of the listings are gone, which an edited recipe can bring about too, or an index page cannot be read.
    Photos that are no longer offered stay, see `prune`; with a `prune` to come, those of a manifest that cannot be
    read do not. `retry` names reasons whose photos are asked for again. Photos that are stored are not fetched
    again, nor are pages of listings read again before `config.revisit_after`. `only` says which new listings are
    added; those over its number are for the next run. `config.politeness.workers` threads wait for the network,
    not `map_fn`.
    Photos that you have, `config.path`, are imported instead: each of these options is refused for them.
    Raises UsageError, DeniedError, LayoutError, TryLaterError, GateError, ResourceError.
    """
    if config.path:
        options = {"--refresh": refresh, "--accept-drop": accept_drop, "--prune": prune, "--retry": retry}
        gates.check_site(options | {"--since": only.since, "--max-new": only.most_new is not None})
        return import_stage.run(folder, config, map_fn)
    gates.check_reasons(retry)
    plan = plan_of(folder, config, refresh, accept_drop, retry, replace(only, since=gates.since(only.since)))
    before = plan.before
    if plan.round == "nothing":
        return before
    gates.check_source(config)
    started = datetime.now(UTC)
    urls = [url for start in starts(config) for url in start.urls]
    with (
        RunLog(folder, recipe=config.id, round=plan.header["round"], version=__version__) as log,
        Journal(folder / JOURNAL, plan.header, survivors=("photo",)) as journal,
        executors.threads(config.politeness.workers) as threads,
        Client(config.politeness, folder / "hosts.json", start_urls=urls, note=log.add) as client,
        closing(Browser(client, config.politeness.max_page_bytes, config.actions)) as browser,
    ):
        download.remember(folder, journal)
        for url in urls[:100]:
            client.gave(url if "#" not in url else "")  # what is asked for by POST says nothing to a GET
        if plan.round == "retry":
            return _retry(folder, config, journal, threads, client, before, plan.again)
        pages = known(folder, before if plan.current else (), config.revisit_after, retry)
        pages.met = met(before, plan.notes.get("without_photos", ()))
        try:
            reader = Reader(client, journal, config, folder, pages, browser)
            crawled, found = _fetch(reader, threads, accept_drop, plan.only)
        finally:
            pages.save()
        robots = client.robots_decisions()
    now = decide(crawled, found.outcomes, config)
    waits = {  # classes whose next listings may have what those of this night have lost
        name
        for name in crawled.skipped_classes
        if crawled.left and all(row.reason == "gone" for row in now if row.class_name == name)
    }
    dates = additions.fetches(folder, before)
    dates += [] if plan.round == "deferred" and dates else [f"{started:%Y-%m-%d}"]
    rows = additions.joined(now, before, len(dates), _unread(crawled, folder), partial(store.is_whole, folder))
    try:
        download.check_kept(now, dict.fromkeys(name for name, _ in crawled.listings if name not in waits))
        if plan.round == "deferred" and rows == before:
            return before
        if not accept_drop:
            gates.check_drop(before, rows)
        if not before and not prune:
            gates.check_photos_left(folder, rows)
    except GateError:
        stop(folder, plan)
        raise
    summary = lines(crawled, rows, before, len(dates), config)
    notes = {"summary": summary, "fetches": dates, "robots": robots, **_notes(crawled, found, accept_drop)}
    notes["address_files"] = digests(config)
    notes["without_photos"] = sorted({one.page_url for _, one in crawled.listings if not one.photos})
    crash_point("before_publish")
    manifest.write(folder, rows, plan.wanted, started, notes)
    finish(folder, rows, plan.header)
    return rows


def _notes(crawled: Crawled, found: Downloads, accept_drop: bool) -> dict[str, Any]:
    """What the sidecar keeps of a crawl."""
    deferred = [str(failure) for failure in crawled.failures if failure.is_deferred]
    return {
        "extractors": sorted(crawled.used),
        "in_two_classes": crawled.in_two_classes,
        "failed_pages": [str(failure) for failure in crawled.failures],
        "deferred": deferred + _why(found, "deferred"),
        "internal_errors": _why(found, "internal_error"),
        "deferred_index_pages": [] if accept_drop else [str(failure) for failure in crawled.doubtful_ends],
        "left_for_the_next": crawled.left,
        "since": crawled.since,
        "paging_ended": [unsigned(failure.url) for failure in crawled.ended],
    }


def _retry(
    folder: Path,
    config: Source,
    journal: Journal,
    map_fn: MapFn,
    client: Client,
    before: Sequence[FetchRow],
    again: Sequence[FetchRow],
) -> list[FetchRow]:
    """Ask once more for the photos of `again`, by the URLs in their rows."""
    started = datetime.now(UTC)
    photos = {row.image_url: (row.image_url, *row.aliases.split()) for row in again}
    for row in before:
        if row.keep:
            client.gave(row.image_url)
    limit = config.politeness.max_photo_bytes
    shown = {row.image_url: row.page_url for row in again}
    found = download.fetch_all(client, folder, journal, limit, config.photos, photos, map_fn, shown)
    keys = {row.key for row in again}
    rows = [
        with_outcome(row, found.outcomes[row.image_url])
        if row.key in keys and row.image_url in found.outcomes
        else row
        for row in before
    ]
    if rows != before:
        kept = sum(1 for row in rows if row.key in keys and row.keep)
        notes = manifest.read_sidecar(folder, "fetch")["notes"]
        notes |= {"summary": [f"{additions.photos_of_listings(again)} asked for again, {kept:,} kept now"]}
        for name, reason in (("deferred", "deferred"), ("internal_errors", "internal_error")):
            others = [line for line in notes.get(name, []) if line.partition(": ")[0] not in photos]
            notes[name] = sorted([*others, *_why(found, reason)])
        manifest.write(folder, rows, manifest.recorded_provenance(folder, "fetch"), started, notes)
    journal.remove()
    gates.check_whole(Crawled(), found, sum(row.keep for row in rows))
    return rows
