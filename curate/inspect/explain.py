"""What the manifests of a folder say, read together. Reads only.

`explain` answers "why is this photo in or out". What is there and what to run next is told by `status`, whether
everything is what it claims to be by `verify`.
"""

import difflib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from curate.core import manifest
from curate.core.errors import Note, Run, StateError, To, UsageError
from curate.core.schemas import (
    PROOFS,
    REASONS,
    CleanRow,
    DedupRow,
    FetchRow,
    Row,
    SplitRow,
    TrainBaselineRow,
)
from curate.core.stages import STAGES
from curate.inspect import status
from curate.review import conflicts, decisions, queue
from curate.review.decisions import Decision, Review

COPIES_SHOWN = 5
MOST_LISTED = 100  # photos that go by one name
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
RowT = TypeVar("RowT", FetchRow, DedupRow, CleanRow, SplitRow, TrainBaselineRow)


@dataclass(frozen=True)
class Manifests:
    """The rows of every stage that has run, by key, and what people decided; a stage that has not run has none."""

    fetch: dict[str, FetchRow]
    dedup: dict[str, DedupRow]
    clean: dict[str, CleanRow]
    split: dict[str, SplitRow]
    train_baseline: dict[str, TrainBaselineRow]
    review: Review

    def stage(self, name: str) -> dict[str, Row]:
        """The rows of the stage called `name`."""
        return dict(getattr(self, name))


def load(folder: Path, stages: Container[str] = STAGES) -> Manifests:
    """Read the manifests of `stages` that exist. Raises StateError when one is damaged."""

    def rows(row_type: type[RowT]) -> dict[str, RowT]:
        there = row_type.stage in stages and manifest.csv_path(folder, row_type.stage).exists()
        return {row.key: row for row in manifest.read(folder, row_type)} if there else {}

    photos = rows(FetchRow)
    classes = sorted({photo.class_name for photo in photos.values()})  # clean refuses a recipe that has others
    copies = rows(DedupRow)
    written = decisions.of_keepers(decisions.load_or_problem(folder / decisions.NAME, classes), copies.values())
    tested = {row.key: row for row in manifest.predictions(folder)} if rows(TrainBaselineRow) else {}
    return Manifests(photos, copies, rows(CleanRow), rows(SplitRow), tested, written)


# --- explain ------------------------------------------------------------------------------------------------


def explain(folder: Path, name: str) -> list[Note]:
    """The whole history of one photo, named by its key or the start of it.

    A listing's id, the sha256 of a stored file, or the end of its path or of the photo's address will do too;
    where several photos go by such a name, they are listed. Raises UsageError for an unknown or ambiguous name,
    StateError when fetch has not run or a manifest is damaged.
    """
    path = manifest.csv_path(folder, "fetch")
    if not path.exists():
        raise StateError(f"{path} is not there", manifest.remedy(folder, "fetch"))
    rows = load(folder)
    if name in rows.fetch:
        return _photo_history(folder, rows, rows.fetch[name])
    named = _named(rows.fetch.values(), name)
    keys = {row.key for row in named}
    started = [row for key, row in rows.fetch.items() if name and key.startswith(name.lower()) and key not in keys]
    if len(named) + len(started) == 1:
        return _photo_history(folder, rows, *named, *started)
    some = f"{', '.join(row.key for row in started[:5])}{', …' if len(started) > 5 else ''}"
    if named:
        title = next((f" “{_plain(row.title)}”" for row in named if row.listing_id == name and row.title), "")
        ordered = sorted(named, key=lambda row: (row.listing_id, row.position, row.key))
        lines = [f"  {row.key}  {row.class_name}, {fate(rows, row.key)}" for row in ordered[:MOST_LISTED]]
        if len(ordered) > MOST_LISTED:
            lines.append(f"  and {len(ordered) - MOST_LISTED:,} more; write more of the name")
        also = [f"  also the start of {_plural(len(started), 'key')}: {some}"] if started else []
        old = [stage for stage, problem in status.problems(folder).items() if problem not in ("", "missing")]
        stale = [Note(f"  out of date: {', '.join(old)}", To("see why", Run("status")))] if old else []
        return [*map(Note, [f"{_plain(name)}{title}: {_plural(len(named), 'photo')}", *lines, *also]), *stale]
    if started:
        raise UsageError(f"{len(started)} keys start with {name}: {some}; write more of it")
    names = sorted({known for row in rows.fetch.values() for known in (row.key, row.listing_id)})
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"; the nearest are {', '.join(near)}" if near else ""
    raise UsageError(f"no photo or listing {name!r} in {path}{hint}")


def _named(photos: Iterable[FetchRow], name: str) -> list[FetchRow]:
    """The photos of a listing, file or address: of the last two, `name` may be the end, or have more before it.

    Only those of which the most agrees: a whole name comes before the end of one.
    """
    spelt = unicodedata.normalize("NFC", name.replace(os.sep, "/")).removeprefix("./").lstrip("/")
    end = f"/{spelt}"
    found: dict[int, list[FetchRow]] = defaultdict(list)
    for photo in photos if spelt else ():
        names = (photo.path, photo.image_url, *photo.aliases.split())
        files = [f"/{unicodedata.normalize('NFC', known)}" for known in names if known]
        whole = name in (photo.listing_id, photo.sha256) or end in files
        agree = [min(len(file), len(end)) for file in files if file.endswith(end) or end.endswith(file)]
        if whole or agree:
            found[len(end) + 1 if whole else max(agree)].append(photo)
    return found[max(found)] if found else []


def fate(rows: Manifests, key: str) -> str:
    """Where a photo ended, in a few words: `in train`, `rejected by dedup: near_duplicate`, `kept by clean`."""
    last = "unknown"
    for stage in ("fetch", "dedup", "clean", "split"):
        row = rows.stage(stage).get(key)
        if row is None:
            break
        if not row.keep:
            return f"rejected by {stage}: {row.reason}"
        last = f"in {row.split}" if isinstance(row, SplitRow) else f"kept by {stage}"
    return last


def _photo_history(folder: Path, rows: Manifests, photo: FetchRow) -> list[Note]:
    lines = [f"{photo.key}: photo {photo.position + 1} of listing {_plain(photo.listing_id)}, {photo.class_name}"]
    facts = {
        "title": photo.title,
        "from": ", ".join(str(part) for part in (photo.city, photo.region, photo.year) if part),
        "page": photo.page_url,
        "address": photo.image_url,
        "size": f"{photo.width}×{photo.height} px" if photo.width and not photo.path else "",
        "file": f"{photo.path}, {photo.width}×{photo.height} px, {photo.bytes:,} bytes" if photo.path else "",
    }
    lines += [f"  {name:<7}  {_plain(text)}" for name, text in facts.items() if text]
    problems = status.problems(folder)
    written = rows.review
    once = [written.decisions[photo.key]] if photo.key in written.decisions else []
    said = [_decision(decision) for decision in (*once, *written.conflicts.get(photo.key, ()))]
    lines += [f"review: {_plain(written.problem)}"] if written.problem else []
    for stage in STAGES:
        if problems[stage] == "missing":
            return [*map(Note, lines), Note(f"{stage}: has not run yet", manifest.remedy(folder, stage))]
        row = rows.stage(stage).get(photo.key)
        if row is not None:
            verdict = "kept" if stage != "train_baseline" else "one of its val and test photos"
            verdict = verdict if row.keep else f"rejected, {row.reason}: {REASONS[stage][row.reason]}"
            details = [f"  {detail}" for detail in _details(folder, rows, row)]
        elif stage == "train_baseline":
            verdict, details = "it was trained on, so there is no prediction for it", []
        else:
            verdict, details = "has no row for it", []
        lines += [f"{stage}: {verdict}" + (f" [{problems[stage]}]" if problems[stage] else ""), *details]
        if stage == "clean":
            lines += said
            if photo.key in written.conflicts:
                lines.append("  these decisions contradict each other, so none is obeyed")
        elif said and isinstance(row, DedupRow) and row.duplicate_of:
            lines += [*said, f"  of a copy, so it is not obeyed: decide of {row.duplicate_of}, which was kept"]
        if row is None and stage != "train_baseline":
            return [*map(Note, lines[:-1]), Note(lines[-1], manifest.remedy(folder, stage))]
        if row is None or not row.keep:
            break
    return [*map(Note, lines)]


def _details(folder: Path, rows: Manifests, row: Row) -> Iterator[str]:
    """What a stage knows about a photo beyond its verdict."""
    if isinstance(row, DedupRow):
        if row.duplicate_of:
            distance = "" if row.distance is None else f", {_plural(row.distance, 'bit')} apart as a whole"
            yield f"copy of {row.duplicate_of}{distance}, proved by {row.confirmed_by or 'nothing recorded'}"
            yield from (f"  {word}: {PROOFS[word]}" for word in row.confirmed_by.split() if word in PROOFS)
        yield from _copies(folder, rows, row)
    elif isinstance(row, CleanRow):
        threshold = manifest.read_sidecar(folder, "clean")["config"].get("threshold")
        against = "" if threshold is None else f" (threshold {threshold:g})"
        yield f"score {row.score:.3f}{against}; most probable: {row.concept} {row.concept_score:.3f}"
        yield f"typicality {row.typicality:.2f}, sharpness {row.sharpness:.2f}, brightness {row.brightness:.2f}"
        if row.label_score is not None and not queue.class_applies(row):
            yield f"its class was judged too, but that does not apply: it was rejected as {row.reason}"
        elif row.label_score is not None:
            yield f"class {row.class_name} has probability {row.label_score:.3f}, likeliest is {row.likely_class}"
        photo = rows.fetch.get(row.key)
        seller = photo.class_name if photo else row.class_name
        if seller != row.class_name:
            yield f"the seller says {seller}, review says {row.class_name}"
        if row.borderline:
            rank = "" if row.review_rank is None else f", number {row.review_rank} in the queue"
            reason = why_queued(rows, row, threshold)
            yield f"borderline: a person should look at it{rank}" + (f": {reason}" if reason else "")
    elif isinstance(row, SplitRow):
        together = sum(1 for other in rows.split.values() if other.group == row.group and other.key != row.key)
        beside = f", kept together with {_plural(together, 'other photo')} of its group" if together else ""
        yield f"{row.split or 'no split'}, class {row.class_name}{beside}"
    elif isinstance(row, TrainBaselineRow):
        right = "right" if row.predicted == row.class_name else f"wrong: it is in class {row.class_name}"
        yield f"{row.variant} predicted {row.predicted} with probability {row.probability:.3f}, {right}"


def _copies(folder: Path, rows: Manifests, row: DedupRow) -> Iterator[str]:
    """What there is to decide of the photos of one picture; the others of them, the one kept first."""
    group = [other for other in rows.dedup.values() if other.group == row.group]
    if conflict := conflicts.label_conflicts(folder, group, rows.fetch, rows.review).get(row.group):
        yield f"its copies are sold as {', '.join(conflict.classes)}: {conflict.status}"
        if conflict.undecided:
            yield f"  {conflicts.how_to_decide(row.group, folder / decisions.NAME)}"
    alike = {key for key, photo in rows.fetch.items() if photo.class_name == rows.fetch[row.key].class_name}
    others = [other for other in group if other.key != row.key]
    others.sort(key=lambda other: (not other.keep, other.key in alike))  # another class is what there is to decide
    if others:
        copies = "1 copy" if len(others) == 1 else f"{len(others):,} copies"
        group_has = f"its duplicate group has {_plural(len(others), 'other photo')}:"
        yield f"it stands for {copies}:" if row.keep else group_has
    for other in others[:COPIES_SHOWN]:
        photo = rows.fetch.get(other.key)
        listing = f"{photo.class_name}, listing {_plain(photo.listing_id)}" if photo else "no longer fetched"
        bits = "" if other.distance is None else f", {_plural(other.distance, 'bit')}, {other.confirmed_by}"
        became = f"kept in its place{fate_of_keeper(rows, other.key)}" if other.keep else other.reason
        yield f"  {other.key}  {became}{bits}; {listing}"
    if len(others) > COPIES_SHOWN:
        yield f"  and {len(others) - COPIES_SHOWN:,} more, in dedup.csv as group {row.group}"


def fate_of_keeper(rows: Manifests, keeper: str) -> str:
    """What befell a photo that dedup kept, as `, then rejected by clean as interior`; empty if nothing did."""
    for stage in ("clean", "split"):
        row = rows.stage(stage).get(keeper)
        if row is not None and not row.keep:
            by = "a person" if row.reason == "reviewed" else f"{stage} as {row.reason}"
            return f", then rejected by {by}"
    return ""


def why_queued(rows: Manifests, row: CleanRow, threshold: float | None) -> str:
    """Why a photo is in the review queue, in a few words; empty where the threshold is not known."""
    copies = rows.dedup.get(row.key)
    torn = queue.contradicted(row, bool(copies and copies.label_conflict), rows.review)
    return "" if threshold is None else queue.why(row, threshold, torn)


def _decision(said: Decision) -> str:
    return _plain(f"review: a person decided {said}" + (f" ({said.note})" if said.note else ""))


def _plain(text: str) -> str:
    """Text that cannot steer a terminal: control characters and changes of writing direction become `�`."""
    return "".join("�" if c < " " or "\x7f" <= c <= "\x9f" or c in _DIRECTIONS else c for c in text)


def _plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
