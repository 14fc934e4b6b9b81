"""What the report says of training: how often the network is right, where it errs, and what would help."""

import csv
import hashlib
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from curate.core import measured_on
from curate.core.intervals import Accuracy, percent, wilson
from curate.core.schemas import SPLITS, TrainBaselineRow
from curate.inspect.rows import Rows
from curate.report import charts, comparisons
from curate.report.thumbnails import Figure, Section, thumbnail
from curate.train.compare import compare

SHOWN = 12  # mistakes, the surest first
MAX_CLASSES = 12  # in a chart or the confusion matrix, the most mistaken first
CURVE = "learning_curve.csv"


def training(folder: Path, rows: Rows, notes: Mapping[str, Any]) -> Section:
    """Curves, accuracy and confusion matrix with intervals, the surest mistakes, variants, learning curve."""
    history = [epoch for epoch in notes.get("history", []) if isinstance(epoch, Mapping)]
    tested = rows.train_baseline.values()
    by_split: dict[str, list[TrainBaselineRow]] = {
        part: [row for row in tested if row.split == part] for part in SPLITS[1:]
    }
    best = notes.get("best_epoch")
    measured = "test" if by_split["test"] else "val"
    final = by_split[measured]
    lines = list(by_split.items())
    wrong = sorted((r for r in final if r.predicted != r.class_name), key=lambda r: (-r.probability, r.key))
    errors = Counter(name for row in wrong for name in (row.class_name, row.predicted))
    classes = sorted({name for row in final for name in (row.class_name, row.predicted)})
    shown = sorted(sorted(classes, key=lambda name: (-errors[name], name))[:MAX_CLASSES])
    lines += [(f"{measured}, {c}", [r for r in final if r.class_name == c]) for c in classes]
    accuracy = [(name, *_right(found, rows)) for name, found in lines if found]
    drawn = accuracy[: MAX_CLASSES + 2]
    whiskers = [(name, low, right / number, high) for name, number, right, low, high in drawn]
    return {
        "charts": [
            charts.curves(title, series, best if isinstance(best, int) else None, top)
            for title, word, top in (("Loss", "loss", None), ("Accuracy", "acc", 1.0))
            if (series := _series(history, word))
        ],
        "history": _history(history),
        "overall": next((line for line in accuracy if line[0] == measured), None),
        "accuracy": accuracy,
        "interval": comparisons.whiskers("Accuracy with 95% interval", whiskers) if whiskers else "",
        "measured": measured,
        "classes": shown,
        "others": len(classes) - len(shown),
        "confusion": confusion(final, shown),
        "wrong": len(wrong),
        "figures": [_mistake(folder, rows, row) for row in wrong[:SHOWN]],
        "variants": compare(folder) if notes.get("networks") and notes.get("chosen") else [],
        "growth": growth(folder),
    }


def _right(measured: Sequence[TrainBaselineRow], rows: Rows) -> tuple[int, int, float, float]:
    """Photos, those that are right, and the 95% interval: photos of a group are right or wrong together."""
    right = [row.predicted == row.class_name for row in measured]
    groups = [rows.split[row.key].group if row.key in rows.split else row.key for row in measured]
    found = Accuracy.of(right, groups)
    return found.photos, found.right, *found.interval


def confusion(
    final: Sequence[TrainBaselineRow], classes: Sequence[str]
) -> list[tuple[str, list[tuple[int, float, float, float]]]]:
    """Per listed class, for each predicted one: photos, share of the class, and its 95% interval."""
    tally = Counter((row.class_name, row.predicted) for row in final)
    totals = Counter(row.class_name for row in final)
    return [
        (name, [(n := tally[name, guess], n / total, *wilson(n, total)) for guess in classes])
        for name in classes
        if (total := totals[name])
    ]


def growth(folder: Path) -> Section | None:
    """The learning curve; None where there is none, or one that was measured on another split.csv."""
    measured: dict[int, list[float]] = defaultdict(list)
    try:
        data = (folder / CURVE).read_bytes()
        own = {"sha256": hashlib.sha256(data).hexdigest(), "inputs": measured_on.digests(folder, "split")}
        recorded = json.loads((folder / CURVE).with_suffix(".json").read_bytes())
        settings = recorded.pop("settings", {})
        if recorded != own:
            return None
        for row in csv.DictReader(io.StringIO(data.decode(), newline="")):
            measured[int(row["photos"])].append(float(row["accuracy"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not measured:
        return None
    points = [(size, min(found), fmean(found), max(found)) for size, found in sorted(measured.items())]
    return {
        "points": points,
        "orders": max(map(len, measured.values())),
        "pixels": settings.get("train_baseline.transfer.image_size"),
        "chart": comparisons.growth("Accuracy by number of training photos", points),
    }


def _mistake(folder: Path, rows: Rows, row: TrainBaselineRow) -> Figure:
    said = f"{row.predicted} {percent(row.probability)}, listed as {row.class_name}"
    return Figure((thumbnail(folder, rows.fetch[row.key], "Mistaken"),), (said,), row.key)


def _history(history: Sequence[Mapping[str, Any]]) -> Section:
    """The numbers of every epoch that a chart shows."""
    names = [name for name in (history[0] if history else {}) if "loss" in name or "acc" in name]
    table = [
        [epoch.get("epoch", at), *(_float(epoch.get(n)) for n in names)] for at, epoch in enumerate(history, 1)
    ]
    return {"names": [name.replace("_", " ") for name in names], "rows": table}


def _series(history: Sequence[Mapping[str, Any]], word: str) -> dict[str, list[float]]:
    """The values per epoch whose name ends with `word`, named by what comes before: `val_loss` is val."""
    names = [name for name in (history[0] if history else {}) if word in name]
    short = {name: name.split(word)[0].strip("_") or "train" for name in names}
    return {short[name]: [_float(epoch.get(name)) for epoch in history] for name in names}


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan
