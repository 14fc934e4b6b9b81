"""Photo files that are no longer what was stored: missing, cut, changed or unreadable.

Every kept photo was whole when it was fetched, so this is the state of the folder, no fault of the photo. A stage
that meets such a file rejects its photo, so that each row has its reason, and notes the file in its sidecar under
`lost`; it runs again as soon as the file is back. Until then every command that runs stages says so.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import Delete, Do, FetchOrImport, Note, Remedy, Run, StateError, To
from curate.core.schemas import FetchRow
from curate.photos import store

REASONS = ("unreadable", "hash_mismatch")  # of `store.load`; any other is about a file that is as it was stored


def notes(folder: Path, refused: Mapping[str, str]) -> dict[str, list[str]]:
    """What a stage notes of files that it could not use (path to reason): those lost, sorted.

    Raises StateError when more than half of the photos that were fetched are: then it is the folder that is wrong.
    """
    files = sorted(path for path, reason in refused.items() if reason in REASONS)
    kept = {row.path for row in manifest.read(folder, FetchRow) if row.keep} if files else ()
    if 2 * len(files) > len(kept):
        raise StateError(
            f"{_lost(files)} ({len(kept):,} were stored); nothing was written",
            Do("put them back"),
            remedy(folder),
        )
    return {"lost": files}


def is_back(folder: Path, stage: str) -> bool:
    """Is one of the files there again that `stage` noted as lost?"""
    return any(store.is_whole(folder, path) for path in _noted(folder, stage))


def lost(folder: Path) -> list[str]:
    """Paths of the photos that are missing, have another size than was stored, or were noted and are not back.

    Sorted. Raises StateError when the manifest of fetch is damaged.
    """
    sizes = {row.path: row.bytes for row in manifest.read(folder, FetchRow) if row.keep}
    noted = {path for stage in ("dedup", "clean") for path in _noted(folder, stage) if path in sizes}
    return sorted(
        path
        for path, size in sizes.items()
        if _size(folder / path) != size or (path in noted and not store.is_whole(folder, path))
    )


def warnings(folder: Path) -> list[Note]:
    """What to tell of lost photos, and what to do; empty where none is, or fetch has no manifest to trust."""
    try:
        files = lost(folder)
    except StateError:  # who needs it says so
        return []
    if not files:
        return []
    said = next((stage for stage in ("dedup", "clean") if set(files) <= set(_noted(folder, stage))), "")
    them = "it" if len(files) == 1 else "them"
    see = To("see all", Run("verify"))
    if said:
        return [Note(f"{_lost(files)}; {said} rejected {them} as undecodable", see, remedy(folder))]
    return [Note(_lost(files), see, remedy(folder), going_on(folder, them))]


def remedy(folder: Path) -> Remedy:
    """What brings lost photos back."""
    if imported := manifest.imported_from(folder):
        return To("store again what is still there", FetchOrImport(imported))
    try:
        manifest.read_sidecar(folder, "fetch")
    except StateError:  # its own line says so
        return manifest.remedy(folder, "fetch")
    return To("fetch again what the site still has", Run("fetch", ("--refresh",)))


def going_on(folder: Path, without: str = "it") -> Remedy:
    """How to do without lost photos."""
    path = manifest.csv_path(folder, "dedup")
    return To(f"go on without {without}", *([Delete(path)] if path.exists() else []), Run("dedup"))


def _lost(files: list[str]) -> str:
    many = counted(len(files), "photo file is", "photo files are")
    return f"{many} missing, damaged or unreadable since fetch, e.g. {files[0]}"


def _noted(folder: Path, stage: str) -> Iterable[str]:
    try:
        return list(manifest.read_sidecar(folder, stage)["notes"].get("lost", []))
    except StateError:  # the stage has not run
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return -1
