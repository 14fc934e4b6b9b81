"""A threshold one can defend: precision and recall at each, estimated on a few hundred labelled photos.

`calibrate` reads the labels of the photos that `sampling` drew, with those of review.csv or without. The review
queue is a stratum of its own, because it holds the most doubtful photos: its labels stand for the queue, the
others for the rest, by band of the score (post-stratification, Cochran 1977).
Intervals are 95% and simulated, see `intervals.good_photos`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import plots
from curate.core.errors import Do, Edit, Note, Run, To, UsageError
from curate.core.files import atomic_write
from curate.core.intervals import Estimate, good_photos, of_draws, wilson
from curate.core.recipe import Clean
from curate.review import decisions
from curate.review.sampling import EDGES, ScoredPhotos, bands, photos_in

MIN_LABELS = 10  # fewer tell nothing


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
    by_hand: float | None = None  # share that was deleted by hand where this dataset was made before

    def lines(self) -> list[Note]:
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
        before = "" if self.by_hand is None else f"; of the original dataset about {self.by_hand:.0%} were"
        lines.append(f"of all photos a person would reject {self.bad}{before}")
        if self.plain:
            lines.append(
                f"both rates count the {self.plain} photos that go whatever their score (poor image quality)"
            )
        lines.append(
            f"a threshold counts as reaching precision {self.target_precision:g} only if the lower end of its "
            "interval does: the value in front of the interval may be the luck of the draw"
        )
        if self.proposed is None:
            best = max(self.points, key=lambda point: point.precision.low)
            advice = Note(
                f"no threshold does; the closest is {best.threshold:g} with {best.precision}",
                Do("label more photos"),
                Do("review what no score shows"),
            )
        else:
            advice = Note(
                f"the smallest is {self.proposed:g}",
                Edit("clean.threshold", f"{self.proposed:g}"),
                To("try it", Run("clean", ("--threshold", f"{self.proposed:g}"))),
            )
        return [*map(Note, lines), advice]


@dataclass(frozen=True, slots=True)
class Labels:
    """Decisions of people about the photos of clean.csv."""

    photos: ScoredPhotos
    good: Mapping[int, bool]  # by the place in `photos.scored`
    ignored: int  # labels about photos that are not there, or whose score decides nothing
    conflicts: tuple[str, ...]  # keys with decisions that contradict each other: none of them was used


def read_labels(folder: Path, config: Clean, labels: Sequence[Path]) -> Labels:
    """What the files `labels` say. A photo that a person keeps is good, under whichever class.

    Raises UsageError when they cannot be read or are too few, StateError when clean has not run.
    """
    labelled: dict[str, set[bool]] = {}
    conflicts: set[str] = set()
    for path in labels:
        if not path.exists():
            raise UsageError(
                f"{path} is not there",
                To("label the blind sample", Run("review")),
                To(
                    "draw one for a spreadsheet",
                    Run("sample"),
                    Do("fill in keep or reject"),
                    Do("name that file"),
                ),
            )
        read = decisions.load(path, config.class_names, blank=True)
        conflicts.update(read.conflicts)
        for key, decision in read.decisions.items():
            labelled.setdefault(key, set()).add(decision.keep)
    conflicts.update(key for key, keeps in labelled.items() if len(keeps) > 1)
    photos = photos_in(folder, config)
    places = {row.key: place for place, row in enumerate(photos.scored)}
    good = {
        places[key]: True in labelled[key] for key in sorted(labelled) if key in places and key not in conflicts
    }
    if len(good) < MIN_LABELS:
        names = ", ".join(map(str, labels))
        if not labelled:
            raise UsageError(f"{names}: no label yet; write keep or reject into the column decision")
        raise UsageError(f"{names}: only {len(good)} labels are about photos of clean.csv: label a few hundred")
    return Labels(photos, good, len(set(labelled) - set(places) - conflicts), tuple(sorted(conflicts)))


def calibrate(
    folder: Path,
    config: Clean,
    labels: Sequence[Path],
    target_precision: float = 0.99,
    plot: Path | None = None,
    by_hand: float | None = None,
) -> Calibration:
    """What each threshold is worth by the labels in the files `labels`; draws `plot` (PNG) when given.

    `by_hand` is the share deleted by hand where this dataset was made before: to compare with, no more.

    A photo that a person keeps is good, under whichever class. Raises UsageError when the labels cannot be read,
    are too few or leave a stratum out, StateError when clean has not run.
    """
    read = read_labels(folder, config, labels)
    photos, good = read.photos, read.good
    result = estimate(
        np.array([row.score for row in photos.scored]),
        np.array([row.key in photos.queued for row in photos.scored]),
        np.array(list(good)),
        np.array(list(good.values())),
        sorted({*EDGES, config.threshold}),
        target_precision,
        config.threshold,
        photos.plain,
        ignored=read.ignored,
        conflicts=read.conflicts,
        by_hand=by_hand,
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
    by_hand: float | None = None,
) -> Calibration:
    """The calibration of photos with `scores` (n,), of which `queued` (n,) are in the queue.

    Those at the places `labelled` (m,) are `good` (m,). A threshold cuts the photos in four disjoint runs, in the
    queue or not and kept or not, and each is drawn once. Raises UsageError when queue or rest have no label.
    """
    strata = (2, len(edges))  # outside the queue and in it, by band
    cells = bands(scores, edges) + len(edges) * queued
    size, labels, goods = (
        np.bincount(chosen, minlength=2 * len(edges)).reshape(strata)
        for chosen in (cells, cells[labelled], cells[labelled[good]])
    )
    for side, name in enumerate(("outside the review queue", "in the review queue")):
        if size[side].any() and not labels[side].any():
            raise UsageError(
                f"no label is about the {size[side].sum()} photos {name}, and the others do not speak for them",
                To("label some of them", Run("sample"), Do("fill in keep or reject"), Do("name that file too")),
            )
    total = len(scores) + plain
    points: list[Point] = []
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
    halves = [good_photos(size[side], labels[side], goods[side], side) for side in range(2)]
    proposed = None
    for place, point in reversed(list(enumerate(points))):
        if point.precision.low >= target_precision:
            proposed = point.threshold
        elif _could_reach(target_precision, size[:, place:], labels[:, place:]):
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
        by_hand=by_hand,
    )


def _could_reach(target: float, size: NDArray[np.int64], labels: NDArray[np.int64]) -> bool:
    """Whether a threshold would reach the target precision if all labels above it were good.

    `size` and `labels` are (2, bands) of what it keeps. Where they are too few for that, a miss says nothing.
    """
    best = [good_photos(size[side], labels[side], labels[side], side) for side in range(2)]
    return of_draws((best[0] + best[1]) / size.sum()).low >= target


def draw_plot(calibration: Calibration, path: Path) -> None:
    """Precision, recall and rejection rate by threshold, with their intervals, as a PNG."""
    figure = plots.figure(7, 4.5)
    axes = figure.subplots()
    x = [point.threshold for point in calibration.points]
    for name in ("precision", "recall", "rejected"):
        values: list[Estimate] = [getattr(point, name) for point in calibration.points]
        (line,) = axes.plot(x, [value.value for value in values], marker=".", label=name)
        axes.fill_between(x, [v.low for v in values], [v.high for v in values], color=line.get_color(), alpha=0.2)
    if calibration.by_hand is not None:
        axes.axhline(calibration.by_hand, color="grey", linestyle=":", label="rejected by hand in the original")
    axes.axvline(calibration.current, color="black", linestyle="--", linewidth=0.8, label="the recipe's threshold")
    axes.set(xlabel="threshold", ylabel="share of photos", ylim=(0, 1.02), xlim=(0, 1))
    axes.legend(loc="center left")
    atomic_write(path, plots.png(figure, dpi=120))
