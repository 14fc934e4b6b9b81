"""What a person decided of duplicates: which stay, which pairs are none. The next dedup obeys. Reads only."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from curate.core import manifest
from curate.core.counted import counted
from curate.core.schemas import DedupRow, FetchRow
from curate.review import decisions
from curate.review.decisions import Review

BROUGHT_BACK = ("near_duplicate", "collage")  # reasons that a decision to keep overrules; equal files stay equal


class DuplicateDecisions(NamedTuple):
    """What review.csv says of duplicates."""

    kept: set[str]  # keys that a person decided to keep
    apart: list[list[str]]  # pairs of keys of different files that are no duplicates, sorted


def decided(folder: Path, photos: Sequence[FetchRow]) -> DuplicateDecisions:
    """What review.csv says. Raises UsageError when it cannot be read."""
    return _of(decisions.load(folder / decisions.NAME, _classes(photos)), photos)


def new_decisions(folder: Path, rows: Iterable[DedupRow], given: DuplicateDecisions) -> list[str]:
    """What was decided since dedup wrote these rows, in words. Raises StateError without its sidecar."""
    notes = manifest.read_sidecar(folder, "dedup")["notes"]
    back = sum(row.key in given.kept for row in rows if row.reason in BROUGHT_BACK)
    lost = len(set(notes.get("brought_back", [])) - given.kept)
    found = [f"{decisions.NAME} keeps {counted(back, 'duplicate')} that it removed"] * bool(back)
    found += [f"{decisions.NAME} no longer keeps {counted(lost, 'duplicate')} that it brought back"] * bool(lost)
    if given.apart != notes.get("not_duplicates", []):
        found.append(f"{decisions.NAME} names other pairs that are not duplicates")
    return found


def waiting(folder: Path) -> list[str]:
    """The same for the rows that are there; nothing where review.csv cannot be read. Raises StateError."""
    photos = manifest.read(folder, FetchRow)
    review = decisions.load_or_problem(folder / decisions.NAME, _classes(photos))
    return [] if review.problem else new_decisions(folder, manifest.read(folder, DedupRow), _of(review, photos))


def _of(review: Review, photos: Iterable[FetchRow]) -> DuplicateDecisions:
    files = {photo.key: photo.sha256 for photo in photos if photo.keep}
    pairs = ([a, b] for a, b in sorted(review.not_duplicates) if a in files and b in files)
    kept = {key for key, decision in review.decisions.items() if decision.keep}
    return DuplicateDecisions(kept, [[a, b] for a, b in pairs if files[a] != files[b]])


def _classes(photos: Iterable[FetchRow]) -> list[str]:
    return sorted({photo.class_name for photo in photos})
