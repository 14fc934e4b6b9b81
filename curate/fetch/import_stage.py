"""Photos that you have, for a source with a `path`: what the fetch stage does with them.

Reads a folder tree or a CSV (see `sources.local`); writes fetch.csv, one row per photo offered, and the photos'
original bytes below images/. Each photo is a listing of its own unless the CSV says otherwise. Photos that a CSV
names by URL are fetched, as politely as everything else, and resumed by `fetch.journal`.

An import replaces the one before: photos in the folder that it does not have are deleted if `replace` says so.
Without it, such an import is refused and leaves everything as it was.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from curate.core import executors, given, manifest
from curate.core.counted import counted
from curate.core.errors import (
    CurateError,
    Do,
    GateError,
    RejectedError,
    Run,
    To,
    UsageError,
)
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.progress import progress
from curate.core.recipe import Photos, Politeness, Source
from curate.core.schemas import FetchRow, photo_key
from curate.core.stages import STAGES
from curate.fetch import download, gates, ownership
from curate.fetch.crawled import Crawled
from curate.fetch.download import Outcome
from curate.fetch.http.client import Client
from curate.fetch.journal import JOURNAL, Journal
from curate.fetch.sources import local
from curate.fetch.sources.grouping import grouped
from curate.fetch.sources.tree import LocalPhoto, argument, class_folders
from curate.photos import decode, store

_SOURCE_ID = "import"


def classes_at(path: Path, class_names: Sequence[str] = ()) -> tuple[set[str], list[str]]:
    """The classes that the tree at `path` has folders for, or that its CSV names; and folders without a photo.

    `class_names`, where they are known, tell which of several folders holds the tree. Raises UsageError.
    """
    if path.is_dir():
        return class_folders(path, class_names)
    return {item.class_name for item in local.read(path, ()).items}, []


def keep_file(folder: Path, limits: Photos, item: LocalPhoto) -> Outcome:
    """Check and store one file."""
    if item.file is None:
        return Outcome(reason="link" if item.is_link else "unreadable")
    try:
        data = decode.read_file(item.file)
        return download.keep(folder, data, download.check(data, limits))
    except RejectedError as error:
        return download.refused(error)


def decide(items: Sequence[LocalPhoto], outcomes: Sequence[Outcome]) -> list[FetchRow]:
    """One row per item, sorted by key. `outcomes` are in the order of `items`."""
    rows = []
    positions: dict[str, int] = {}
    for item, outcome in zip(items, outcomes, strict=True):
        listing_id = item.listing
        position = positions.get(listing_id, 0)
        positions[listing_id] = position + 1
        rows.append(
            FetchRow(
                key=item.key or photo_key(_SOURCE_ID, item.listing_id or item.name, item.name),
                listing_id=listing_id,
                class_name=item.class_name,
                position=position,
                title=item.title,
                region=item.region,
                city=item.city,
                year=item.year,
                price=item.price,
                page_url="",
                image_url=item.name,
                aliases="",
                **outcome.columns(),
            )
        )
    return sorted(rows, key=lambda row: row.key)


def check_free(folder: Path, path: Path) -> None:
    """Raise UsageError when `folder` holds photos from a site, published or on the way: an import deletes them."""
    if "fetch" in ownership.makers(folder):
        raise UsageError(
            f"{folder} holds photos fetched from a site; an import would delete them",
            To("choose another folder", Run("import", (argument(path),), folder="FOLDER")),
        )


def check_given_up(folder: Path, path: Path, before: Mapping[str, set[str]], kept: Collection[str]) -> None:
    """Raise UsageError when the import of `path` into `folder` would delete photos: see `ownership.given_up`."""
    if given_up := ownership.given_up(folder, before, kept):
        raise UsageError(
            f"this import is without {counted(len(given_up), 'photo')} of {folder}, e.g. "
            f"{min(before[given_up[0]], default=given_up[0])}, which would be deleted",
            To("delete them", Run("import", (argument(path), "--replace"))),
            To("keep them", Do("put all photos into one folder tree or CSV"), Run("import", ("PATH",))),
            To("keep both apart", Run("import", (argument(path),), folder="FOLDER")),
        )


def _lost(folder: Path, path: Path, before: Mapping[str, set[str]], kept: Collection[str]) -> list[str]:
    """What to say of the photos `before` that are neither `kept` nor whole any more."""
    if not (lost := sorted(before.keys() - set(kept))):
        return []
    photos = counted(len(lost), "photo of the import before is", "photos of the import before are")
    name = min(before[lost[0]], default=lost[0])
    return [f"{photos} lost, neither whole in {folder} nor in {path}, e.g. {name}: left out"]


def keep_given(folder: Path, rows: Sequence[FetchRow], items: Sequence[LocalPhoto]) -> None:
    """Write the split that `items` name for the split stage to keep; without items, forget the one before."""
    path = folder / given.NAME
    splits = {(item.listing, item.name): item.split for item in items}
    found = [(row.key, splits.get((row.listing_id, row.image_url), "")) for row in rows]
    if items:
        atomic_write(path, given.format_splits([(key, split) for key, split in found if split]))
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _undone_when(refusals: tuple[type[CurateError], ...], folder: Path) -> Iterator[None]:
    """On one of `refusals`, leave the photos and the journal that were there."""
    photos = store.paths(folder)
    journal = folder / JOURNAL
    journaled = journal.read_bytes() if journal.exists() else b""
    try:
        yield
    except refusals:
        store.remove_orphans(folder, photos)
        journal.unlink(missing_ok=True)
        if journaled:
            atomic_write(journal, journaled)
        raise


def _fetched(
    folder: Path, path: Path, items: Sequence[LocalPhoto], politeness: Politeness, limits: Photos
) -> dict[str, Outcome]:
    """Outcomes of the items that are URLs."""
    urls = {item.name: (item.name,) for item in items}
    header = {"replaces": "", "pages": f"{STAGES['fetch'].version} import {path}"}
    with (
        Journal(folder / JOURNAL, header, survivors=("photo",)) as journal,
        executors.threads(politeness.workers) as threads,
        Client(politeness, folder / "hosts.json", start_urls=urls) as client,
    ):
        download.remember(folder, journal)
        found = download.fetch_all(client, folder, journal, politeness.max_photo_bytes, limits, urls, threads)
    gates.check_whole(Crawled(), found, sum(not outcome.reason for outcome in found.outcomes.values()))
    return found.outcomes


def run(folder: Path, source: Source, map_fn: MapFn = map, replace: bool = False) -> list[FetchRow]:
    """Import the tree or CSV of `source`; the manifest is left as it is when nothing in it would change.

    Raises UsageError for a path, class or CSV that is wrong, a folder with photos from a site, or, without
    `replace`, with photos that would be deleted; GateError when no photo of a class is kept; ResourceError; and
    for URLs what `fetch` raises.
    """
    path, limits = Path(source.path), source.photos
    check_free(folder, path)
    started = datetime.now(UTC)
    offered = grouped(local.read(path, source.class_names), source.group_by)
    if source.keep_split and not any(item.split for item in offered.items):
        raise UsageError(f"{path} names no split: leave out keep_split, and the split stage makes one")
    wanted = manifest.provenance(folder, "fetch", source.as_import())
    files = [item for item in offered.items if not item.is_url]
    remote = [item for item in offered.items if item.is_url]
    at_stake = {} if replace else ownership.photos(folder)
    # What was downloaded stays for the next try where it is the photos that are no good.
    refusals = (UsageError,) if remote else (UsageError, GateError)
    with _undone_when(refusals, folder):
        work = map_fn(partial(keep_file, folder, limits), files)
        outcomes = dict(zip(files, progress(work, "import", len(files)), strict=True))
        store.sync(folder, {outcome.path for outcome in outcomes.values() if outcome.path})
        if remote:
            addresses = {item.name for item in remote}
            expected = {known for known, names in at_stake.items() if not names or names & addresses}
            check_given_up(folder, path, at_stake, expected | {outcome.path for outcome in outcomes.values()})
            fetched = _fetched(folder, path, remote, source.politeness, limits)
            outcomes |= {item: fetched[item.name] for item in remote}
        check_given_up(folder, path, at_stake, {outcome.path for outcome in outcomes.values()})
        rows = decide(offered.items, [outcomes[item] for item in offered.items])
        download.check_kept(rows, dict.fromkeys(row.class_name for row in rows))
    absent = [name for name in source.class_names if name not in {row.class_name for row in rows}]
    remarks = [f"no photo of {', '.join(absent)}, which the recipe names; clean needs some"] if absent else []
    remarks += _lost(folder, path, at_stake, {row.path for row in rows})
    if source.keep_split:
        kept = counted(sum(bool(item.split) for item in offered.items), "photo")
        remarks.append(
            f"the split of {kept} is kept; clean judges them again, beside each other, and what it rejects leaves "
            "the split: with clean.scorer: none it goes by image quality alone"
        )
    notes = {"imported": True, "summary": [*offered.remarks, *remarks]}
    if not (
        manifest.is_current(folder, wanted)
        and manifest.read(folder, FetchRow) == rows
        and manifest.read_sidecar(folder, "fetch")["notes"] == notes
    ):
        manifest.write(folder, rows, wanted, started, notes)
    keep_given(folder, rows, offered.items if source.keep_split else ())
    store.remove_orphans(folder, {row.path for row in rows})
    (folder / JOURNAL).unlink(missing_ok=True)
    return rows
