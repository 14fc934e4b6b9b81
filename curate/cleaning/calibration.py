"""A threshold one can defend: precision and recall at each, estimated on a few hundred labelled photos.

`sample` draws photos from bands of the score, more where it is doubtful, and writes them as a CSV for a person to
fill in; `calibrate` reads such labels back (or any review.csv) and weighs each band by the photos it stands for
(post-stratification, Cochran 1977). Intervals are 95%, simulated from a Beta posterior per band with the prior of
Jeffreys, so that a band with ten good photos out of ten is not taken for certain.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate import manifest
from curate.cleaning import review
from curate.errors import UsageError
from curate.files import atomic_write
from curate.recipe import Clean
from curate.schemas import CleanRow

ORIGINAL_REJECTION = 0.10  # what the makers of the original dataset deleted by hand
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)  # of the bands of the score
MIN_PER_BAND = 5  # labels; a band with fewer is joined with the next
_DRAWS = 4000  # of the posterior
_NOT_BY_SCORE = ("undecodable", "score_nan", "too_small", "odd_shape", "blank", "dark", "blurred")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, 0..1, and its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Point:
    """What to expect of one threshold."""

    threshold: float
    precision: Estimate  # of the kept photos, the share that is good
    recall: Estimate  # of the good photos, the share that is kept
    rejected: Estimate  # of such photos, the share under the threshold


@dataclass(frozen=True, slots=True)
class Calibration:
    """All thresholds, and the one to take."""

    points: tuple[Point, ...]  # by threshold
    bad: Estimate  # share of the photos that a person would reject
    labelled: int  # labels that were used
    ignored: int  # labels about photos that are not in clean.csv
    target_precision: float
    proposed: float | None  # smallest threshold whose precision is at least the target, with 97.5% certainty
    current: float  # the recipe's

    def lines(self) -> list[str]:
        """A table for the terminal."""
        lines = [f"{self.labelled} labels" + (f", {self.ignored} about unknown photos" if self.ignored else "")]
        lines.append("threshold  precision             recall                rejected")
        lines += [
            f"{p.threshold:9.2f}  {p.precision!s:20}  {p.recall!s:20}  {p.rejected!s:20}"
            + (" <- the recipe's" if p.threshold == self.current else "")
            for p in self.points
        ]
        lines.append(f"a person would reject {self.bad}; the original dataset lost about {ORIGINAL_REJECTION:.0%}")
        if self.proposed is None:
            best = max(self.points, key=lambda point: point.precision.low)
            lines.append(
                f"no threshold is certain to reach precision {self.target_precision:g}; the closest is "
                f"{best.threshold:g} with {best.precision}: label more photos, or review what no score shows"
            )
        else:
            lines.append(f"for precision {self.target_precision:g} take --threshold {self.proposed:g}")
        return lines


def draw(rows: Sequence[CleanRow], count: int) -> list[CleanRow]:
    """`count` of the rows, sorted by key: half of them evenly over the bands of the score, half at random.

    The same rows for the same manifest: the draw goes by the hash of the key.
    """
    left = sorted(_scored(rows), key=lambda row: sha256(f"sample|{row.key}".encode()).digest())
    bands: dict[int, list[CleanRow]] = {}
    for row, band in zip(left, _bands(np.array([row.score for row in left]), EDGES).tolist(), strict=True):
        bands.setdefault(band, []).append(row)
    drawn: dict[str, CleanRow] = {}
    turn = 0
    while len(drawn) < min(count // 2, len(left)):
        for band in sorted(bands):
            if turn < len(bands[band]) and len(drawn) < count // 2:
                drawn[bands[band][turn].key] = bands[band][turn]
        turn += 1
    for row in left:
        if len(drawn) >= count:
            break
        drawn.setdefault(row.key, row)
    return sorted(drawn.values(), key=lambda row: row.key)


def sample(folder: Path, config: Clean, count: int, out: Path) -> int:
    """Write `count` photos to be labelled to `out`: the columns of review.csv, then path and score.

    Returns the number written. Raises UsageError when `out` exists already, StateError when clean has not run.
    """
    if out.exists():
        raise UsageError(f"{out} is there already and may hold labels: give another name with --out")
    drawn = draw(manifest.read(folder, CleanRow), count)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["key", "decision", "class_name", "note", "path", "score"])
    writer.writerows([row.key, "", "", "", row.path, round(row.score, 4)] for row in drawn)
    atomic_write(out, buffer.getvalue().encode())
    return len(drawn)


def calibrate(
    folder: Path, config: Clean, labels: Path, target_precision: float = 0.99, plot: Path | None = None
) -> Calibration:
    """What each threshold is worth by the labels in `labels`; draws `plot` (PNG) when given.

    Raises UsageError when the labels cannot be read or are too few, StateError when clean has not run.
    """
    if not labels.exists():
        raise UsageError(
            f"{labels} is not there: make one with `curate sample`, fill in keep or reject, and name it"
        )
    rows = {row.key: row for row in _scored(manifest.read(folder, CleanRow))}
    said = review.load(labels, config.class_names, blank=True).decisions
    good = {key: decision.keep for key, decision in said.items() if key in rows}
    if len(good) < 2 * MIN_PER_BAND:
        raise UsageError(f"{labels}: only {len(good)} labels are about photos of clean.csv: label a few hundred")
    edges = sorted({*EDGES, config.threshold})
    result = estimate(
        np.array([row.score for row in rows.values()]),
        np.array([rows[key].score for key in good]),
        np.array(list(good.values())),
        edges,
        target_precision,
        config.threshold,
        ignored=len(said) - len(good),
    )
    if plot is not None:
        draw_plot(result, plot)
    return result


def estimate(
    scores: NDArray[np.float64],
    labelled: NDArray[np.float64],
    good: NDArray[np.bool_],
    edges: Sequence[float],
    target_precision: float,
    current: float,
    ignored: int = 0,
) -> Calibration:
    """The calibration of photos with `scores` (n,), of which those with scores `labelled` (m,) are `good` (m,)."""
    size = np.bincount(_bands(scores, edges), minlength=len(edges)).astype(float)
    bands = _bands(labelled, edges)
    goods = np.bincount(bands[good], minlength=len(edges)).astype(float)
    bads = np.bincount(bands[~good], minlength=len(edges)).astype(float)
    pooled = _pool(goods + bads)
    goods, bads = (np.array([values[list(pool)].sum() for pool in pooled]) for values in (goods, bads))
    share = goods / np.maximum(goods + bads, 1)
    draws = np.random.default_rng(0).beta(goods + 0.5, bads + 0.5, (_DRAWS, len(edges)))
    chances = np.vstack([share, draws])  # the first row is the estimate, the others the posterior
    right = chances * size
    points = []
    for place, threshold in enumerate(edges):
        kept = size[place:].sum()
        ratio = np.divide(right[:, place:].sum(axis=1), kept) if kept else np.ones(len(right))
        points.append(
            Point(
                threshold,
                _interval(ratio),
                _interval(right[:, place:].sum(axis=1) / np.maximum(right.sum(axis=1), 1e-12)),
                wilson(float(size[:place].sum()), float(size.sum())),
            )
        )
    enough = [point.threshold for point in points if point.precision.low >= target_precision]
    return Calibration(
        points=tuple(points),
        bad=_interval(1 - right.sum(axis=1) / size.sum()),
        labelled=len(labelled),
        ignored=ignored,
        target_precision=target_precision,
        proposed=min(enough, default=None),
        current=current,
    )


def wilson(hits: float, count: float) -> Estimate:
    """Share of `hits` among `count` with the interval of Wilson 1927."""
    z = 1.959964
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


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


def _scored(rows: Sequence[CleanRow]) -> list[CleanRow]:
    """The rows whose fate hangs on the score."""
    return [row for row in rows if row.reason not in _NOT_BY_SCORE]


def _bands(scores: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """The band of each score: (n,), the number of its lower edge."""
    return np.maximum(np.searchsorted(edges, scores, side="right") - 1, 0)


def _pool(counts: NDArray[np.float64]) -> list[range]:
    """For each band the bands whose labels speak for it: itself, or it with neighbours until there are enough."""
    pools = []
    for place in range(len(counts)):
        low, high = place, place + 1
        while counts[low:high].sum() < MIN_PER_BAND and (low > 0 or high < len(counts)):
            low, high = max(0, low - 1), min(len(counts), high + 1)
        pools.append(range(low, high))
    return pools


def _interval(values: NDArray[np.float64]) -> Estimate:
    """The first value, and the 95% interval of the rest widened to hold it."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Estimate(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
