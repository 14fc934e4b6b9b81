"""A threshold one can defend: precision and recall at each, estimated on a few hundred labelled photos.

`sample` draws photos for a person to label, more where the score is doubtful; `calibrate` reads such labels, with
those of review.csv or without. The review queue is a stratum of its own, because a person who works through it
labels the most suspect photos: its labels speak for the queue, the others for the rest, by band of the score
(post-stratification, Cochran 1977). Intervals are 95% and simulated, see `intervals.good_photos`.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate import manifest
from curate.cleaning import borderline, review
from curate.errors import UsageError
from curate.files import atomic_write
from curate.intervals import Estimate, good_photos, of_draws, wilson
from curate.recipe import Clean
from curate.schemas import CleanRow, DedupRow

ORIGINAL_REJECTION = 0.10  # what the makers of the original dataset deleted by hand
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)  # of the bands of the score
MIN_LABELS = 10  # fewer tell nothing
_NOT_BY_SCORE = ("undecodable", "score_nan", "too_small", "odd_shape", "blank", "dark", "blurred")
_SELDOM_BY_SCORE = ("document", "wrong_model")  # a concept's reason too, but then the score is under the threshold


@dataclass(frozen=True, slots=True)
class Photos:
    """The photos of clean.csv, by what decides about them."""

    scored: tuple[CleanRow, ...]  # their fate hangs on the score
    queued: frozenset[str]  # keys of those that come first in the review queue, whatever was reviewed already
    plain: int  # photos rejected whatever their score, e.g. for a plain defect


@dataclass(frozen=True, slots=True)
class Point:
    """What to expect of one threshold."""

    threshold: float
    precision: Estimate  # of the kept photos, the share that is good
    recall: Estimate  # of the good photos, the share that is kept
    rejected: Estimate  # of all such photos, the share under the threshold or rejected whatever the score


@dataclass(frozen=True, slots=True)
class Calibration:
    """All thresholds, and the one to take."""

    points: tuple[Point, ...]  # by threshold; without those that keep no photo
    bad: Estimate  # share of all photos that a person would reject, those of `plain` among them
    plain: int  # photos rejected whatever their score
    labelled: int  # labels that were used
    ignored: int  # labels about photos that are not in clean.csv, or whose score decides nothing
    conflicts: tuple[str, ...]  # keys with decisions that contradict each other: none of them was used
    target_precision: float
    proposed: float | None  # smallest from which on all reach the target precision, each with 97.5% certainty
    current: float  # the recipe's

    def lines(self) -> list[str]:
        """A table for the terminal."""
        lines = [f"{self.labelled} labels"]
        if self.ignored:
            lines[0] += f"; {self.ignored} more are about photos that are not here or that no score decides about"
        if self.conflicts:
            lines.append(f"contradictory decisions, none of them used, about {', '.join(self.conflicts)}")
        lines.append("threshold  precision             recall                rejected")
        lines += [
            f"{p.threshold:9g}  {p.precision!s:20}  {p.recall!s:20}  {p.rejected!s:20}"
            + (" <- the recipe's" if p.threshold == self.current else "")
            for p in self.points
        ]
        lines.append(f"a person would reject {self.bad}; the original dataset lost about {ORIGINAL_REJECTION:.0%}")
        if self.plain:
            lines.append(f"both rates count the {self.plain} photos that go whatever their score (plain defects)")
        if self.proposed is None:
            best = max(self.points, key=lambda point: point.precision.low)
            lines.append(
                f"no threshold is certain to reach precision {self.target_precision:g}; the closest is "
                f"{best.threshold:g} with {best.precision}: label more photos, or review what no score shows"
            )
        else:
            lines.append(f"for precision {self.target_precision:g} take --threshold {self.proposed:g}")
        return lines


def photos_in(folder: Path, config: Clean) -> Photos:
    """The photos of clean.csv in `folder`. Raises StateError when clean has not run.

    The queue is that of a collection without decisions: a label must not move its photo to another stratum.
    """
    rows = manifest.read(folder, CleanRow)
    contradicted = {row.key for row in manifest.read(folder, DedupRow) if row.label_conflict}
    scored = tuple(row for row in rows if not _plain(row, config.threshold))
    keep = {row.key for row in scored if row.score >= config.threshold}
    use = [
        borderline.usefulness(
            borderline.doubt(row.score, config.threshold, row.key in keep),
            row.label_score if row.key in keep else None,
            row.key in contradicted,
            reviewed=False,
        )
        for row in rows
    ]
    queued = borderline.rank([row.key for row in rows], use, config.borderline_fraction)
    return Photos(scored, frozenset(queued), len(rows) - len(scored))


def draw(rows: Sequence[CleanRow], queued: Collection[str], count: int) -> list[CleanRow]:
    """`count` of the rows, sorted by key: half at random, half over all bands, a third of these in the queue.

    The same rows for the same manifest: the draw goes by the hash of the key.
    """
    left = sorted(rows, key=lambda row: sha256(f"sample|{row.key}".encode()).digest())
    turns: Counter[tuple[bool, int]] = Counter()
    places: list[tuple[int, bool, CleanRow]] = []  # how many of its stratum come before, in the queue, photo
    for row, band in zip(left, _bands(np.array([row.score for row in left]), EDGES).tolist(), strict=True):
        stratum = (row.key in queued, band)
        places.append((turns[stratum], stratum[0], row))
        turns[stratum] += 1
    places.sort(key=lambda place: place[0])
    sides = [[row for _, inside, row in places if inside == side] for side in (True, False)]
    fair = sorted(
        ((2 - side) * place, side, row.key) for side in range(2) for place, row in enumerate(sides[side])
    )
    drawn = {key for _, _, key in fair[: (count + 1) // 2]}
    drawn |= set([row.key for row in left if row.key not in drawn][: count // 2])
    return sorted((row for row in rows if row.key in drawn), key=lambda row: row.key)


def sample(folder: Path, config: Clean, count: int, out: Path) -> int:
    """Write `count` photos to be labelled to `out`: the columns of review.csv, then path and score.

    Returns the number written. Raises UsageError when `out` exists already, StateError when clean has not run.
    """
    if out.exists():
        raise UsageError(f"{out} is there already and may hold labels: give another name with --out")
    photos = photos_in(folder, config)
    drawn = draw(photos.scored, photos.queued, count)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["key", "decision", "class_name", "note", "path", "score"])
    writer.writerows([row.key, "", "", "", row.path, round(row.score, 4)] for row in drawn)
    atomic_write(out, buffer.getvalue().encode())
    return len(drawn)


def calibrate(
    folder: Path, config: Clean, labels: Sequence[Path], target_precision: float = 0.99, plot: Path | None = None
) -> Calibration:
    """What each threshold is worth by the labels in the files `labels`; draws `plot` (PNG) when given.

    A photo that a person keeps is good, under whichever class. Raises UsageError when the labels cannot be read,
    are too few or leave a stratum out, StateError when clean has not run.
    """
    said: dict[str, set[bool]] = {}
    conflicts: set[str] = set()
    for path in labels:
        if not path.exists():
            raise UsageError(
                f"{path} is not there: make one with `curate sample`, fill in keep or reject, and name it"
            )
        read = review.load(path, config.class_names, blank=True)
        conflicts.update(read.conflicts)
        for key, decision in read.decisions.items():
            said.setdefault(key, set()).add(decision.keep)
    conflicts.update(key for key, keeps in said.items() if len(keeps) > 1)
    photos = photos_in(folder, config)
    places = {row.key: place for place, row in enumerate(photos.scored)}
    good = {places[key]: True in said[key] for key in sorted(said) if key in places and key not in conflicts}
    if len(good) < MIN_LABELS:
        names = ", ".join(map(str, labels))
        raise UsageError(f"{names}: only {len(good)} labels are about photos of clean.csv: label a few hundred")
    result = estimate(
        np.array([row.score for row in photos.scored]),
        np.array([row.key in photos.queued for row in photos.scored]),
        np.array(list(good)),
        np.array(list(good.values())),
        sorted({*EDGES, config.threshold}),
        target_precision,
        config.threshold,
        photos.plain,
        ignored=len(set(said) - set(places) - conflicts),
        conflicts=tuple(sorted(conflicts)),
    )
    if plot is not None:
        draw_plot(result, plot)
    return result


def estimate(
    scores: NDArray[np.float64],
    queued: NDArray[np.bool_],
    labelled: NDArray[np.int64],
    good: NDArray[np.bool_],
    edges: Sequence[float],
    target_precision: float,
    current: float,
    plain: int = 0,
    ignored: int = 0,
    conflicts: tuple[str, ...] = (),
) -> Calibration:
    """The calibration of photos with `scores` (n,), of which `queued` (n,) are in the queue.

    Those at the places `labelled` (m,) are `good` (m,). A threshold cuts the photos in four disjoint runs, in the
    queue or not and kept or not, and each is drawn once. Raises UsageError when queue or rest have no label.
    """
    strata = (2, len(edges))  # outside the queue and in it, by band
    cells = _bands(scores, edges) + len(edges) * queued
    size, labels, goods = (
        np.bincount(chosen, minlength=2 * len(edges)).reshape(strata)
        for chosen in (cells, cells[labelled], cells[labelled[good]])
    )
    for side, name in enumerate(("outside the review queue", "in the review queue")):
        if size[side].any() and not labels[side].any():
            raise UsageError(
                f"no label is about the {size[side].sum()} photos {name}, and the others do not speak for them: "
                "label the photos that `curate sample` draws, and name that file too"
            )
    total = len(scores) + plain
    points, could = [], []
    for place, threshold in enumerate(edges):
        kept = int(size[:, place:].sum())
        runs = [(side, run) for run in (slice(place, None), slice(place)) for side in range(2)]
        if not kept:
            break
        drawn = [good_photos(size[cut], labels[cut], goods[cut], seed) for seed, cut in enumerate(runs)]
        right, lost = drawn[0] + drawn[1], drawn[2] + drawn[3]
        under = plain + int(size[:, :place].sum())
        points.append(
            Point(
                threshold,
                of_draws(right / kept),
                of_draws(right / np.maximum(right + lost, 1e-12)),
                Estimate(under / total, *wilson(under, total)),
            )
        )
        # where there are too few labels to reach the target even if all were good, a miss says nothing
        best = [good_photos(size[cut], labels[cut], labels[cut], seed) for seed, cut in enumerate(runs[:2])]
        could.append(of_draws((best[0] + best[1]) / kept).low >= target_precision)
    halves = [good_photos(size[side], labels[side], goods[side], side) for side in range(2)]
    proposed = None
    for point, able in zip(reversed(points), reversed(could), strict=True):
        if point.precision.low >= target_precision:
            proposed = point.threshold
        elif able:
            break
    return Calibration(
        points=tuple(points),
        bad=of_draws((total - halves[0] - halves[1]) / total),
        plain=plain,
        labelled=len(labelled),
        ignored=ignored,
        conflicts=conflicts,
        target_precision=target_precision,
        proposed=proposed,
        current=current,
    )


def draw_plot(calibration: Calibration, path: Path) -> None:
    """Precision, recall and rejection rate by threshold, with their intervals, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    x = [point.threshold for point in calibration.points]
    for name in ("precision", "recall", "rejected"):
        values: list[Estimate] = [getattr(point, name) for point in calibration.points]
        (line,) = axes.plot(x, [value.value for value in values], marker=".", label=name)
        axes.fill_between(x, [v.low for v in values], [v.high for v in values], color=line.get_color(), alpha=0.2)
    axes.axhline(ORIGINAL_REJECTION, color="grey", linestyle=":", label="rejected by hand in the original")
    axes.axvline(calibration.current, color="black", linestyle="--", linewidth=0.8, label="the recipe's threshold")
    axes.set(xlabel="threshold", ylabel="share of photos", ylim=(0, 1.02), xlim=(0, 1))
    axes.legend(loc="center left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    atomic_write(path, buffer.getvalue())


def _plain(row: CleanRow, threshold: float) -> bool:
    """Was the photo rejected whatever its score?"""
    return row.reason in _NOT_BY_SCORE or (row.reason in _SELDOM_BY_SCORE and row.score >= threshold)


def _bands(scores: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """The band of each score: (n,), the number of its lower edge."""
    return np.maximum(np.searchsorted(edges, scores, side="right") - 1, 0)
