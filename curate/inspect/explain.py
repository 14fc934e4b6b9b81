"""Why is this photo in or out? One photo through all stages, in words. Reads only."""

from collections.abc import Iterator
from pathlib import Path

from curate.core import manifest
from curate.core.counted import counted, some_of
from curate.core.errors import Note, Run, To, UsageError
from curate.core.schemas import OF_SIZE, PROOFS, CleanRow, DedupRow, FetchRow, Row, SplitRow, TrainBaselineRow
from curate.core.stages import STAGES
from curate.inspect import status
from curate.inspect.rows import Rows, fate, fate_of_keeper, read, why_queued
from curate.review import conflicts, decisions, duplicates, queue
from curate.review.decisions import Decision
from curate.review.find import find

DUPLICATES_SHOWN = 5
MOST_LISTED = 100  # photos that go by one name
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def explain(folder: Path, name: str) -> list[Note]:
    """Why one photo is in or out, stage by stage; of several that go by `name`, where each ended.

    Raises UsageError for an unknown name or the start of several keys, StateError when fetch has not run or a
    manifest is damaged.
    """
    rows = read(folder, needed="fetch")
    found = find(rows.fetch, name)
    if len(found.photos) == 1:
        return _of_one(folder, rows, *found.photos)
    some = some_of([photo.key for photo in found.begun], 5)
    if not found.named:
        raise UsageError(f"{len(found.begun)} keys start with {name}: {some}; write more of it")
    title = next((f" “{_plain(row.title)}”" for row in found.named if row.listing_id == name and row.title), "")
    lines = [f"{_plain(name)}{title}: {counted(len(found.named), 'photo')}"]
    lines += [f"  {row.key}  {row.class_name}, {fate(rows, row.key)}" for row in found.named[:MOST_LISTED]]
    if len(found.named) > MOST_LISTED:
        lines.append(f"  and {len(found.named) - MOST_LISTED:,} more; write more of the name")
    if found.begun:
        lines.append(f"  also the start of {counted(len(found.begun), 'key')}: {some}")
    old = [stage for stage, problem in status.problems(folder).items() if problem not in ("", "missing")]
    stale = [Note(f"  out of date: {', '.join(old)}", To("see why", Run("status")))] if old else []
    return [*map(Note, lines), *stale]


def _of_one(folder: Path, rows: Rows, photo: FetchRow) -> list[Note]:
    lines = [f"{photo.key}: photo {photo.position + 1} of listing {_plain(photo.listing_id)}, {photo.class_name}"]
    facts = {
        "title": photo.title,
        "model": f"{photo.make} {photo.model}".strip(),
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
            if not row.keep:
                size = f"{photo.width}×{photo.height} px, " if photo.width and row.reason in OF_SIZE else ""
                verdict = f"rejected, {row.reason}: {size}{manifest.reasons(folder, stage).get(row.reason, '')}"
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
        elif isinstance(row, DedupRow) and row.duplicate_of:
            lines += _of_duplicate(rows, row)
        if row is None and stage != "train_baseline":
            return [*map(Note, lines[:-1]), Note(lines[-1], manifest.remedy(folder, stage))]
        if row is None or not row.keep:
            break
    return [*map(Note, lines)]


def _details(folder: Path, rows: Rows, row: Row) -> Iterator[str]:
    """What a stage knows about a photo beyond its verdict."""
    if isinstance(row, DedupRow):
        if row.duplicate_of:
            distance = "" if row.distance is None else f", {counted(row.distance, 'bit')} apart as a whole"
            yield f"duplicate of {row.duplicate_of}{distance}, proved by {row.confirmed_by or 'nothing recorded'}"
            yield from (f"  {word}: {PROOFS[word]}" for word in row.confirmed_by.split() if word in PROOFS)
        yield from _duplicates(folder, rows, row)
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
        beside = f", kept together with {counted(together, 'other photo')} of its group" if together else ""
        yield f"{row.split or 'no split'}, class {row.class_name}{beside}"
    elif isinstance(row, TrainBaselineRow):
        right = "right" if row.predicted == row.class_name else f"wrong: it is in class {row.class_name}"
        yield f"{row.variant} predicted {row.predicted} with probability {row.probability:.3f}, {right}"


def _duplicates(folder: Path, rows: Rows, row: DedupRow) -> Iterator[str]:
    """What there is to decide of the photos of one image; the others of them, the one kept first."""
    group = [other for other in rows.dedup.values() if other.group == row.group]
    if conflict := conflicts.label_conflicts(folder, group, rows.fetch, rows.review).get(row.group):
        yield f"its duplicates are sold as {', '.join(conflict.classes)}: {conflict.status}"
        if conflict.undecided:
            yield f"  {conflicts.how_to_decide(row.group, folder / decisions.NAME)}"
    alike = {key for key, photo in rows.fetch.items() if photo.class_name == rows.fetch[row.key].class_name}
    others = [other for other in group if other.key != row.key]
    others.sort(key=lambda other: (not other.keep, other.key in alike))  # another class is what there is to decide
    if others:
        group_has = f"its duplicate group has {counted(len(others), 'other photo')}:"
        yield f"it stands for {counted(len(others), 'duplicate')}:" if row.keep else group_has
    for other in others[:DUPLICATES_SHOWN]:
        photo = rows.fetch.get(other.key)
        listing = f"{photo.class_name}, listing {_plain(photo.listing_id)}" if photo else "no longer fetched"
        bits = "" if other.distance is None else f", {counted(other.distance, 'bit')}, {other.confirmed_by}"
        became = f"kept in its place{fate_of_keeper(rows, other.key)}" if other.keep else other.reason
        yield f"  {other.key}  {became}{bits}; {listing}"
    if len(others) > DUPLICATES_SHOWN:
        yield f"  and {len(others) - DUPLICATES_SHOWN:,} more, in dedup.csv as group {row.group}"


def _of_duplicate(rows: Rows, row: DedupRow) -> Iterator[str]:
    """The decisions about a removed duplicate, and what becomes of them."""
    once = [rows.written.decisions[row.key]] if row.key in rows.written.decisions else []
    yield from map(_decision, found := (*once, *rows.written.conflicts.get(row.key, ())))
    if any(decision.keep for decision in once) and row.reason in duplicates.BROUGHT_BACK:
        yield "  it waits for the next dedup, which brings the photo back"
    elif found and row.key not in rows.review.decisions and row.key not in rows.review.conflicts:
        yield f"  of a duplicate, so it holds for {row.duplicate_of}, which was kept"
    elif found:
        yield f"  of a duplicate, so not obeyed: decide of {row.duplicate_of}, which was kept"


def _decision(said: Decision) -> str:
    return _plain(f"review: a person decided {said}" + (f" ({said.note})" if said.note else ""))


def _plain(text: str) -> str:
    """Text that cannot steer a terminal: control characters and changes of writing direction become `�`."""
    return "".join("�" if c < " " or "\x7f" <= c <= "\x9f" or c in _DIRECTIONS else c for c in text)
