"""What people decided, and what they still have to: the same picture under more than one class name. Reads only.

Of such a picture dedup keeps one photo, and flags it and its copies (`label_conflict`). A row of review.csv about
the photo that was kept decides: `clean` obeys it.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from curate import manifest
from curate.cleaning import review
from curate.errors import StateError
from curate.schemas import DedupRow, FetchRow


@dataclass(frozen=True, slots=True)
class Conflict:
    """A picture whose copies are sold as different classes."""

    key: str  # of the photo that dedup kept
    classes: tuple[str, ...]  # sorted
    decision: str  # of a person, e.g. `keep wagonr`; empty while there is none


def read_review(folder: Path) -> list[dict[str, str]]:
    """The rows of `review.csv` as text, for showing only; empty without that file."""
    path = folder / review.NAME
    if not path.exists():
        return []
    text = path.read_bytes().decode("utf-8-sig", "replace")
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    return [{name: cell.strip() for name, cell in row.items() if isinstance(cell, str)} for row in rows]


def contradictory(rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Keys with decisions that differ."""
    return {key for key, said in _said(rows).items() if len(said) > 1}


def decided(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What was decided of each photo, by key, e.g. `keep wagonr`; nothing of one whose decisions differ."""
    return {key: " ".join(filter(None, *said)) for key, said in _said(rows).items() if len(said) == 1}


def _said(rows: Iterable[Mapping[str, str]]) -> dict[str, set[tuple[str, str]]]:
    said: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        if (decision := row.get("decision", "").lower()) in review.DECISIONS:
            said[row.get("key", "")].add((decision, row.get("class_name", "")))
    return said


def contradicted(folder: Path, rows: Mapping[str, DedupRow]) -> set[str]:
    """Keys of the photos of which their copies, or a person's decisions, say different things, unresolved."""
    written = read_review(folder)
    known = decided(written)
    conflicts = {key for key, row in rows.items() if row.label_conflict and row.group not in known}
    return conflicts | contradictory(written)


def label_conflicts(folder: Path, rows: Iterable[DedupRow], photos: Mapping[str, FetchRow]) -> dict[str, Conflict]:
    """Every picture under more than one class name, by the key of its photo that was kept: the undecided first."""
    classes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.label_conflict:
            classes[row.group] |= {photos[row.key].class_name} if row.key in photos else set()
    known = decided(read_review(folder))
    order = sorted(classes, key=lambda key: (key in known, key))
    return {key: Conflict(key, tuple(sorted(classes[key])), known.get(key, "")) for key in order}


def conflict_lines(folder: Path) -> list[str]:
    """How many such pictures there are and how to decide; empty where there is none, or dedup has not run."""
    try:
        rows = [row for row in manifest.read(folder, DedupRow) if row.label_conflict]
        photos = {row.key: row for row in manifest.read(folder, FetchRow)} if rows else {}
    except StateError:  # told of by who needs it
        return []
    found = list(label_conflicts(folder, rows, photos).values())
    if not found:
        return []
    pictures = "1 picture is" if len(found) == 1 else f"{len(found):,} pictures are"
    told = f"label conflicts: {pictures} sold under more than one class name"
    undecided = [conflict for conflict in found if not conflict.decision]
    if not undecided:
        return [f"{told}; decided in {review.NAME}"]
    first = undecided[0]
    return [
        f"{told}, {len(undecided):,} not decided, e.g. {first.key} ({', '.join(first.classes)})",
        f"  `curate report` shows them; {how_to_decide(first.key, folder / review.NAME)}",
    ]


def how_to_decide(key: str, path: Path | str = review.NAME) -> str:
    """What to write where, to decide of a photo."""
    return f"to decide, write {key},keep,CLASS or {key},reject, into {path} (columns key,decision,class_name)"
