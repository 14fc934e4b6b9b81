"""What the report says, section by section: plain data out of rows, with the photos already chosen.

Every choice is by score, distance or key, so the same manifests give the same page.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.intervals import percent, wilson
from curate.core.schemas import REASONS, SPLITS, CleanRow, DedupRow, FetchRow, Row, TrainBaselineRow
from curate.inspect.rows import Rows, why_queued
from curate.report import charts, duplicates
from curate.report.thumbnails import Figure, Section, spread, thumbnail
from curate.review import queue
from curate.split.leakage import check_leakage

PER_REASON = 6  # photos
PER_PAGE = 48  # photos of what was kept, over all classes
MAX_CLASSES = 12  # with a row of photos or chart of their own, the largest first


def funnel(stages: Sequence[str], sidecars: Mapping[str, Mapping[str, Any]], rows: Rows) -> Section:
    """In, kept and each reason of every stage that selects, and the same as a chart."""
    parts = []
    for stage in stages:
        if stage == "train_baseline":
            continue
        tally = dict(sidecars[stage]["counts"])
        kept, entered = tally.pop("kept"), sidecars[stage]["rows"]
        sentences = {**REASONS[stage], **sidecars[stage]["notes"].get("reasons", {})}
        reasons = [(name, sentences.get(name, ""), number, number / entered) for name, number in tally.items()]
        parts.append({"stage": stage, "entered": entered, "kept": kept, "reasons": reasons})
    flows = [
        charts.Flow(
            part["stage"],
            part["entered"],
            part["kept"],
            tuple((name.replace("_", " "), number) for name, _, number, _ in part["reasons"]),
        )
        for part in parts
    ]
    by_split = Counter(row.split for row in rows.split.values() if row.keep)
    ends = [(split, by_split[split]) for split in SPLITS] if by_split else [("photos so far", parts[-1]["kept"])]
    said = [
        (stage, str(line))
        for stage in stages
        if stage != "split"  # its summary is its leakage check, shown with the split
        for line in sidecars[stage]["notes"].get("summary", [])
    ]
    return {"stages": parts, "chart": charts.flow(flows, ends), "said": said}


def kept_photos(rows: Rows) -> tuple[dict[str, str], str]:
    """Key to class name of every photo that is in so far, and the stage that had the last word."""
    for stage in ("split", "clean", "dedup", "fetch"):
        if table := rows.stage(stage):
            names = {key: getattr(row, "class_name", "") for key, row in table.items() if row.keep}
            return {key: name or rows.fetch[key].class_name for key, name in names.items()}, stage
    return {}, ""


def _by_class(names: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Each class with its keys, by name; where there are too many to show, the largest come first."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, name in names.items():
        found[name].append(key)
    few = len(found) <= MAX_CLASSES
    return sorted(found.items(), key=lambda item: (0 if few else -len(item[1]), item[0]))


def kept(folder: Path, rows: Rows) -> Section:
    """Some photos of each class; keys are hashes, so even spacing over them is a fair sample."""
    names, stage = kept_photos(rows)
    classes = _by_class(names)
    number = max(4, min(12, PER_PAGE // max(1, min(len(classes), MAX_CLASSES))))
    shown = [
        (name, len(keys), [_figure(folder, rows, key, "Kept") for key in spread(keys, number, str)])
        for name, keys in classes[:MAX_CLASSES]
    ]
    return {"stage": stage, "classes": shown, "others": len(classes) - len(shown)}


def rejected(folder: Path, stages: Sequence[str], rows: Rows) -> list[Section]:
    """Per stage and reason: its sentence, its number, and examples from the clearest to the closest call."""
    found = []
    for stage in stages:
        table = rows.stage(stage)
        tally = Counter(row.reason for row in table.values() if not row.keep)
        for reason, number in sorted(tally.items(), key=lambda item: (-item[1], item[0])):
            same = [row for row in table.values() if row.reason == reason]
            section: Section = {
                "stage": stage,
                "reason": reason,
                "sentence": manifest.reasons(folder, stage).get(reason, ""),
                "number": number,
            }
            shown = [row for row in same if rows.fetch[row.key].path]
            examples = spread(shown, PER_REASON, _closeness)
            section["figures"] = [_figure(folder, rows, row.key, "Rejected", row) for row in examples]
            section["unseen"] = [rows.fetch[row.key] for row in spread(same, PER_REASON, _closeness)] * (not shown)
            found.append(section)
    return found


def _closeness(row: Row) -> tuple[float, str]:
    """Sort key: how near a rejected photo came to being kept."""
    near = 0.0
    if isinstance(row, CleanRow) and math.isfinite(row.score):
        near = row.score
    elif isinstance(row, DedupRow):
        near = float(row.distance or 0)
    return near, row.key


def _figure(folder: Path, rows: Rows, key: str, what: str, row: Row | None = None, *more: str) -> Figure:
    """A photo with what a stage's row says of it; a duplicate stands beside the photo that was kept."""
    if isinstance(row, DedupRow) and row.duplicate_of in rows.fetch:
        return duplicates.pair(folder, rows, row)
    photo = rows.fetch[key]
    lines = list(more)
    if isinstance(row, CleanRow):
        lines.append(_score(row))
        if row.likely_class != row.class_name and (judged := _judged(row)):
            lines.append(f"sold as {photo.class_name}, {judged}")
    elif isinstance(row, TrainBaselineRow):
        lines.append(f"{row.predicted} {percent(row.probability)}, listed as {row.class_name}")
    return Figure((thumbnail(folder, photo, what),), tuple(lines), key)


def scores(folder: Path, rows: Rows, config: Mapping[str, Any]) -> Section:
    """Histogram of scores per class with the threshold, and the photos a person should look at first."""
    threshold = config.get("threshold")
    table = rows.clean
    classes = _by_class({key: row.class_name for key, row in table.items()})
    drawn = [
        charts.histogram(
            name,
            [table[key].score for key in keys if table[key].keep],
            [table[key].score for key in keys if not table[key].keep],
            threshold,
        )
        for name, keys in classes[:MAX_CLASSES]
    ]
    queue = sorted(
        (row for row in table.values() if row.borderline),
        key=lambda row: (row.review_rank is None, row.review_rank or 0, row.key),
    )
    figures = [_queued(folder, rows, row, threshold) for row in queue[:12]]
    others = len(classes) - len(drawn)
    return {"charts": drawn, "others": others, "borderline": len(queue), "figures": figures, "total": len(table)}


def _queued(folder: Path, rows: Rows, row: CleanRow, threshold: float | None) -> Figure:
    """A photo of the review queue: what became of it and why it is there, what is said and judged of it, where."""
    seller = rows.fetch[row.key].class_name
    rank = "" if row.review_rank is None else f"#{row.review_rank}, "
    lines = [
        f"{rank}kept" if row.keep else f"{rank}rejected: {row.reason.replace('_', ' ')}",
        why_queued(rows, row, threshold),
        f"sold as {seller}" + ("" if row.class_name == seller else f", review says {row.class_name}"),
        _judged(row),
        _score(row),
        f"listing {rows.fetch[row.key].listing_id}",
    ]
    return Figure((thumbnail(folder, rows.fetch[row.key], "Borderline"),), tuple(filter(None, lines)), row.key)


def _score(row: CleanRow) -> str:
    return f"score {row.score:.3f}, {row.concept.replace('_', ' ')} {row.concept_score:.2f}"


def _judged(row: CleanRow) -> str:
    """The class a photo is judged to be, and how probable its own is; empty where that does not matter."""
    if row.label_score is None or not row.likely_class or not queue.class_applies(row):
        return ""
    own = "" if row.likely_class == row.class_name else f" of {row.class_name}"
    return f"judged {row.likely_class}, probability{own} {row.label_score:.2f}"


def split(rows: Rows, notes: Mapping[str, Any]) -> Section:
    """Photos per class and split, the stage's own leakage check, and the same counted anew from the manifests."""
    placed = [row for row in rows.split.values() if row.keep]
    tally = Counter((row.class_name, row.split) for row in placed)
    classes = sorted({row.class_name for row in placed})
    table = [(name, [tally[name, part] for part in SPLITS]) for name in classes]
    leakage = check_leakage(list(rows.split.values()), list(rows.fetch.values()), list(rows.dedup.values()))
    checks = [(what, number, len(leakage.leaks[what])) for what, number in leakage.checked.items()]
    return {"table": table, "splits": SPLITS, "checks": checks, "leakage": check_lines(notes.get("leakage"))}


def check_lines(check: object) -> list[str]:
    """The lines of a note of a check, however it is wrapped."""
    if isinstance(check, Mapping):
        check = check.get("lines", [f"{name}: {value}" for name, value in check.items()])
    if isinstance(check, str):
        return check.splitlines()
    return [str(line) for line in check] if isinstance(check, Iterable) else []


def training(folder: Path, rows: Rows, notes: Mapping[str, Any]) -> Section:
    """Curves, accuracy with its interval, confusion matrix, and the mistakes the network was surest of."""
    history = [epoch for epoch in notes.get("history", []) if isinstance(epoch, Mapping)]
    tested = rows.train_baseline.values()
    by_split: dict[str, list[TrainBaselineRow]] = {
        part: [row for row in tested if row.split == part] for part in SPLITS[1:]
    }
    best = notes.get("best_epoch")
    measured = "test" if by_split["test"] else "val"
    final = by_split[measured]
    lines = [(part, [row.predicted == row.class_name for row in found]) for part, found in by_split.items()]
    classes = sorted({name for row in final for name in (row.class_name, row.predicted)})
    lines += [(f"{measured}, {c}", [r.predicted == c for r in final if r.class_name == c]) for c in classes]
    accuracy = [(name, len(right), sum(right), *wilson(sum(right), len(right))) for name, right in lines if right]
    tally = Counter((row.class_name, row.predicted) for row in final)
    totals = Counter(row.class_name for row in final)
    confusion = [
        (name, [(tally[name, guess], tally[name, guess] / max(1, totals[name])) for guess in classes])
        for name in classes
    ]
    wrong = sorted((r for r in final if r.predicted != r.class_name), key=lambda r: (-r.probability, r.key))
    whiskers = [(name, low, right / number, high) for name, number, right, low, high in accuracy[:MAX_CLASSES]]
    return {
        "charts": [
            charts.curves(title, series, best if isinstance(best, int) else None, top)
            for title, word, top in (("Loss", "loss", None), ("Accuracy", "acc", 1.0))
            if (series := _series(history, word))
        ],
        "accuracy": accuracy,
        "interval": charts.whiskers("Accuracy with 95% interval", whiskers) if whiskers else "",
        "measured": measured,
        "classes": classes,
        "confusion": confusion,
        "wrong": len(wrong),
        "figures": [_figure(folder, rows, row.key, "Mistaken", row) for row in wrong[:12]],
    }


def _series(history: Sequence[Mapping[str, Any]], word: str) -> dict[str, list[float]]:
    """The values per epoch whose name ends with `word`, named by what comes before: `val_loss` is val."""
    names = [name for name in (history[0] if history else {}) if word in name]
    short = {name: name.split(word)[0].strip("_") or "train" for name in names}
    return {short[name]: [_float(epoch.get(name)) for epoch in history] for name in names}


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def unseen_label(photo: FetchRow) -> str:
    """How a photo without a file is named: by its address, or else by its listing."""
    return photo.image_url or f"listing {photo.listing_id}"
