"""What the manifests of a folder say, read together. Reads only.

`explain` answers "why is this photo in or out". What is there and what to run next is told by `status`, whether
everything is what it claims to be by `verify`.
"""

import csv
import difflib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from curate import manifest
from curate.cleaning import borderline, review
from curate.errors import StateError, UsageError
from curate.schemas import (
    PROOFS,
    REASONS,
    STAGES,
    CleanRow,
    DedupRow,
    FetchRow,
    Row,
    SplitRow,
    TrainBaselineRow,
)

_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
RowT = TypeVar("RowT", FetchRow, DedupRow, CleanRow, SplitRow, TrainBaselineRow)


@dataclass(frozen=True)
class Manifests:
    """The rows of every stage that has run, by key; a stage that has not run has none."""

    fetch: dict[str, FetchRow]
    dedup: dict[str, DedupRow]
    clean: dict[str, CleanRow]
    split: dict[str, SplitRow]
    train_baseline: dict[str, TrainBaselineRow]

    def stage(self, name: str) -> dict[str, Row]:
        """The rows of the stage called `name`."""
        return dict(getattr(self, name))


def load(folder: Path, stages: Sequence[str] = STAGES) -> Manifests:
    """Read the manifests of `stages` that exist. Raises StateError when one is damaged."""

    def rows(row_type: type[RowT]) -> dict[str, RowT]:
        there = row_type.stage in stages and manifest.csv_path(folder, row_type.stage).exists()
        return {row.key: row for row in manifest.read(folder, row_type)} if there else {}

    return Manifests(rows(FetchRow), rows(DedupRow), rows(CleanRow), rows(SplitRow), rows(TrainBaselineRow))


# --- explain ------------------------------------------------------------------------------------------------


def explain(folder: Path, key: str) -> list[str]:
    """The whole history of one photo, named by its key or the start of it.

    A listing's id, or the sha256 or path of a stored file, lists the photos that go by it. Raises UsageError for
    an unknown or ambiguous name, StateError when fetch has not run or a manifest is damaged.
    """
    path = manifest.csv_path(folder, "fetch")
    if not path.exists():
        raise StateError(f"{path} is not there: run `curate fetch` or `curate import` first")
    rows = load(folder)
    if key in rows.fetch:
        return _photo_history(folder, rows, rows.fetch[key])
    alike = [row for row in rows.fetch.values() if key and key in (row.listing_id, row.sha256, row.path)]
    if alike:
        title = f" “{_plain(alike[0].title)}”" if key == alike[0].listing_id and alike[0].title else ""
        ordered = sorted(alike, key=lambda row: (row.listing_id, row.position, row.key))
        return [f"{key}{title}: {_plural(len(alike), 'photo')}"] + [
            f"  {row.key}  {row.class_name}, {fate(rows, row.key)}" for row in ordered
        ]
    started = [known for known in rows.fetch if key and known.startswith(key.lower())]
    if len(started) == 1:
        return _photo_history(folder, rows, rows.fetch[started[0]])
    if started:
        raise UsageError(f"{len(started)} keys start with {key}: {', '.join(started[:5])}; write more of it")
    names = sorted({name for row in rows.fetch.values() for name in (row.key, row.listing_id)})
    near = difflib.get_close_matches(key, names, n=3, cutoff=0.5)
    hint = f"; the nearest are {', '.join(near)}" if near else ""
    raise UsageError(f"no photo or listing {key!r} in {path}{hint}")


def fate(rows: Manifests, key: str) -> str:
    """Where a photo ended, in a few words: `in train`, `rejected by dedup: near_duplicate`, `kept by clean`."""
    last = "unknown"
    for stage in STAGES[:4]:
        row = rows.stage(stage).get(key)
        if row is None:
            break
        if not row.keep:
            return f"rejected by {stage}: {row.reason}"
        last = f"in {row.split}" if isinstance(row, SplitRow) else f"kept by {stage}"
    return last


def _photo_history(folder: Path, rows: Manifests, photo: FetchRow) -> list[str]:
    lines = [f"{photo.key}: photo {photo.position + 1} of listing {_plain(photo.listing_id)}, {photo.class_name}"]
    facts = {
        "title": photo.title,
        "from": ", ".join(str(part) for part in (photo.city, photo.region, photo.year) if part),
        "page": photo.page_url,
        "address": photo.image_url,
        "file": f"{photo.path}, {photo.width}×{photo.height} px, {photo.bytes:,} bytes" if photo.path else "",
    }
    lines += [f"  {name:<7}  {_plain(text)}" for name, text in facts.items() if text]
    decisions = [row for row in read_review(folder) if row.get("key", "").strip() == photo.key]
    for stage in STAGES:
        if not manifest.csv_path(folder, stage).exists():
            return [*lines, f"{stage}: has not run yet; next is `curate {manifest.command(stage)}`"]
        row = rows.stage(stage).get(photo.key)
        if row is not None:
            verdict = "kept" if stage != "train_baseline" else "one of its val and test photos"
            verdict = verdict if row.keep else f"rejected, {row.reason}: {REASONS[stage][row.reason]}"
            lines += [f"{stage}: {verdict}", *(f"  {detail}" for detail in _details(folder, rows, row))]
        elif stage == "train_baseline":
            lines.append("train_baseline: it was trained on, so there is no prediction for it")
        else:
            lines.append(f"{stage}: has no row for it; run `curate {manifest.command(stage)}` again")
        if stage == "clean":
            lines += [_decision(decision) for decision in decisions]
            if photo.key in contradictory(decisions):
                lines.append("  these decisions contradict each other, so none is obeyed")
        if row is None or not row.keep:
            break
    return lines


def _details(folder: Path, rows: Manifests, row: Row) -> Iterator[str]:
    """What a stage knows about a photo beyond its verdict."""
    if isinstance(row, DedupRow):
        if row.duplicate_of:
            distance = "" if row.distance is None else f", {_plural(row.distance, 'bit')} apart as a whole"
            yield f"copy of {row.duplicate_of}{distance}, proved by {row.confirmed_by or 'nothing recorded'}"
            yield from (f"  {word}: {PROOFS[word]}" for word in row.confirmed_by.split() if word in PROOFS)
        if row.label_conflict:
            yield "its copies carry different class names: a person must decide"
        others = [other for other in rows.dedup.values() if other.group == row.group and other.key != row.key]
        if others:
            yield f"its duplicate group has {_plural(len(others), 'other photo')}:"
        for other in others[:20]:
            photo = rows.fetch.get(other.key)
            listing = f"{photo.class_name}, listing {_plain(photo.listing_id)}" if photo else "no longer fetched"
            distance = (
                "" if other.distance is None else f", {_plural(other.distance, 'bit')}, {other.confirmed_by}"
            )
            yield f"  {other.key}  {'the one kept' if other.keep else other.reason}{distance}; {listing}"
        if len(others) > 20:
            yield f"  and {len(others) - 20:,} more"
    elif isinstance(row, CleanRow):
        threshold = manifest.read_sidecar(folder, "clean")["config"].get("threshold")
        against = "" if threshold is None else f" (threshold {threshold:g})"
        yield f"score {row.score:.3f}{against}; most probable: {row.concept} {row.concept_score:.3f}"
        yield f"typicality {row.typicality:.2f}, sharpness {row.sharpness:.2f}, brightness {row.brightness:.2f}"
        if row.label_score is not None and not class_applies(row):
            yield f"its class was judged too, but that does not apply: it was rejected as {row.reason}"
        elif row.label_score is not None:
            yield f"class {row.class_name} has probability {row.label_score:.3f}, likeliest is {row.likely_class}"
        photo = rows.fetch.get(row.key)
        seller = photo.class_name if photo else row.class_name
        if seller != row.class_name:
            yield f"the seller says {seller}, review says {row.class_name}"
        if row.borderline:
            rank = "" if row.review_rank is None else f", number {row.review_rank} in the queue"
            reason = (
                ""
                if threshold is None
                else f": {borderline.why(row, threshold, row.key in contradicted(folder, rows))}"
            )
            yield f"borderline: a person should look at it{rank}{reason}"
    elif isinstance(row, SplitRow):
        together = sum(1 for other in rows.split.values() if other.group == row.group and other.key != row.key)
        beside = f", kept together with {_plural(together, 'other photo')} of its group" if together else ""
        yield f"{row.split or 'no split'}, class {row.class_name}{beside}"
    elif isinstance(row, TrainBaselineRow):
        right = "right" if row.predicted == row.class_name else f"wrong: it is in class {row.class_name}"
        yield f"predicted {row.predicted} with probability {row.probability:.3f}, {right}"


def read_review(folder: Path) -> list[dict[str, str]]:
    """The rows of `review.csv` as text, for showing only; empty without that file."""
    path = folder / review.NAME
    if not path.exists():
        return []
    text = path.read_bytes().decode("utf-8-sig", "replace")
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    return [{name: cell for name, cell in row.items() if isinstance(cell, str)} for row in rows]


def contradictory(decisions: Iterable[Mapping[str, str]]) -> set[str]:
    """Keys with decisions that differ."""
    said: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in decisions:
        said[row.get("key", "").strip()].add((row.get("decision", ""), row.get("class_name", "")))
    return {key for key, each in said.items() if len(each) > 1}


def contradicted(folder: Path, rows: Manifests) -> set[str]:
    """Keys of the photos of which their copies, or a person's decisions, say different things."""
    return {key for key, row in rows.dedup.items() if row.label_conflict} | contradictory(read_review(folder))


def class_applies(row: CleanRow) -> bool:
    """Does it matter which class the photo was judged to be? Not where it was rejected for what it shows."""
    return row.keep or row.reason in ("wrong_model", "reviewed")


def _decision(row: dict[str, str]) -> str:
    parts = [row.get("decision", ""), row.get("class_name", "")]
    note = f" ({row['note']})" if row.get("note") else ""
    return _plain(f"review: a person decided {' '.join(part for part in parts if part)}{note}")


def _plain(text: str) -> str:
    """Text that cannot steer a terminal: control characters and changes of writing direction become `�`."""
    return "".join("�" if c < " " or "\x7f" <= c <= "\x9f" or c in _DIRECTIONS else c for c in text)


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
