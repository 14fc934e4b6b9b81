"""import: photos that you have, in place of fetch.

Reads a folder tree or a CSV (see `sources.folder`); writes fetch.csv, one row per photo offered, and the photos'
original bytes below images/. Each photo is a listing of its own unless the CSV says otherwise. Photos that a CSV
names by URL are fetched, as politely as everything else, and resumed by `fetch.journal`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from curate import __version__, executors, images, manifest
from curate.errors import RejectedError, StateError, TryLaterError, UsageError
from curate.executors import MapFn
from curate.fetching import downloads
from curate.fetching.downloads import Outcome
from curate.fetching.journal import Journal, read_header
from curate.net.client import Client
from curate.progress import progress
from curate.recipe import ClassName, Politeness, Section
from curate.schemas import FetchRow, photo_key
from curate.sources import folder as sources
from curate.sources.folder import Item

_SOURCE_ID = "import"


class Import(Section):
    """What an import is made from."""

    path: str
    class_names: tuple[ClassName, ...]


def keep_file(folder: Path, file: Path | None) -> Outcome:
    """Check and store one file."""
    try:
        if file is None:
            raise RejectedError("unreadable", "leads out of the folder that is imported")
        data = images.read_file(file)
        return downloads.keep(folder, data, downloads.check(data))
    except RejectedError as error:
        return Outcome(reason=error.reason)


def decide(items: Sequence[Item], outcomes: Sequence[Outcome]) -> list[FetchRow]:
    """One row per item, sorted by key. `outcomes` are in the order of `items`."""
    rows = []
    positions: dict[str, int] = {}
    for item, outcome in zip(items, outcomes, strict=True):
        listing_id = item.listing_id or item.name
        position = positions.get(listing_id, 0)
        positions[listing_id] = position + 1
        rows.append(
            FetchRow(
                key=photo_key(_SOURCE_ID, listing_id, item.name),
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
                path=outcome.path,
                sha256=outcome.sha256,
                bytes=outcome.bytes,
                width=outcome.width,
                height=outcome.height,
                keep=not outcome.reason,
                reason=outcome.reason,
            )
        )
    return sorted(rows, key=lambda row: row.key)


def check_free(folder: Path) -> None:
    """Raise UsageError when `folder` holds photos from a site, published or on the way: an import deletes them."""
    journal = read_header(folder / "fetch.journal")
    imported = journal is None or journal.get("pages", "").split()[1:2] == ["import"]
    if manifest.sidecar_path(folder, "fetch").exists():  # without it, nothing was published
        try:
            imported &= bool(manifest.read_sidecar(folder, "fetch")["notes"].get("imported"))
        except StateError:
            imported = False
    if not imported:
        raise UsageError(
            f"{folder} holds photos fetched from a site, or fetch.json is damaged; an import would delete them: "
            "choose another folder with `curate --folder FOLDER import PATH`"
        )


def _fetched(folder: Path, path: Path, items: Sequence[Item], politeness: Politeness) -> dict[str, Outcome]:
    """Outcomes of the items that are URLs."""
    urls = {item.name: (item.name,) for item in items}
    header = {"replaces": "", "pages": f"{__version__} import {path}"}
    with (
        Journal(folder / "fetch.journal", header, survivors=("photo",)) as journal,
        executors.threads(politeness.workers) as threads,
        Client(politeness, folder / "hosts.json", start_urls=urls) as client,
    ):
        downloads.remember(folder, journal)
        outcomes, deferred = downloads.fetch_all(
            client, folder, journal, politeness.max_photo_bytes, urls, threads
        )
    if deferred:
        raise TryLaterError(
            f"{len(deferred)} photos have to wait: {deferred[0]}. Run the same command later to go on"
        )
    return outcomes


def run(
    folder: Path,
    path: Path,
    class_names: tuple[str, ...],
    map_fn: MapFn = map,
    politeness: Politeness | None = None,
) -> list[FetchRow]:
    """Import the tree or CSV at `path`; the manifest is left as it is when nothing in it would change.

    Raises UsageError for a path, class or CSV that is wrong, or a folder with photos from a site; GateError when
    no photo of a class is kept; ResourceError; and for URLs what `fetch` raises.
    """
    check_free(folder)
    started = datetime.now(UTC)
    offered = sources.read(path, class_names)
    config = Import(path=str(path.resolve()), class_names=class_names)
    wanted = manifest.provenance(folder, "fetch", [], config)
    local = [item for item in offered.items if not item.is_url]
    remote = [item for item in offered.items if item.is_url]
    fetched = _fetched(folder, path, remote, politeness or Politeness()) if remote else {}
    work = map_fn(partial(keep_file, folder), [item.file for item in local])
    kept = progress(work, "import", len(local))
    rows = decide(offered.items, [fetched[item.name] if item.is_url else next(kept) for item in offered.items])
    downloads.check_kept(rows, dict.fromkeys(row.class_name for row in rows))
    if not (manifest.is_current(folder, wanted) and manifest.read(folder, FetchRow) == rows):
        notes = {"imported": True, "summary": list(offered.remarks)}
        manifest.write(folder, rows, wanted, started, notes)
    downloads.remove_orphans(folder, rows)
    (folder / "fetch.journal").unlink(missing_ok=True)
    return rows
