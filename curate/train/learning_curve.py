"""learning-curve: is more data better?

The classifier of `transfer` is fitted on nested subsets of train, taken group by group, many times in other
orders, and measured on val and test together. Three known forms are fitted to the mean error per size:

    pow3   a + b n^-c
    pow4   a + b (n + d)^-c
    mmf4   (a b + c n^d) / (b + n^d)

as in Viering and Loog, "The Shape of Learning Curves: a Review" (2021). What doubling the data is expected to
bring is the median over the forms and over bootstrap samples of the orders; its interval is that of all of them.
Nothing is said beyond twice the data.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import extras, manifest, plots
from curate.core.errors import GateError
from curate.core.files import atomic_write
from curate.core.intervals import percent
from curate.core.progress import progress
from curate.core.recipe import TrainBaseline
from curate.train import split_photos, transfer

SIZES = 8  # subsets, from a sixteenth of train to all of it
ORDERS = 20
BOOTSTRAP = 200
PENALTY = 30.0  # scikit-learn's C, the same at all sizes
LEAST = 40  # photos of train

Floats = NDArray[np.float64]
_POWERS = np.linspace(0.05, 2, 40)
_SHIFTS = np.array([1.0, 10, 30, 100, 300])
_HALVES = np.geomspace(1, 1e4, 20)


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy per number of training photos."""

    sizes: list[int]  # photos, ascending
    accuracy: Floats  # (orders, sizes), 0..1
    measured: int  # photos it was measured on
    at_all: tuple[float, float, float]  # accuracy with all photos by the forms: median, low, high
    doubled: tuple[float, float, float]  # the same for twice as many
    monotone: bool  # no step down that is more than noise

    @property
    def mean(self) -> Floats:
        """(sizes,)"""
        return np.asarray(self.accuracy.mean(axis=0))

    def sentences(self) -> list[str]:
        """What the curve tells, in words."""
        low, high = percent(self.doubled[1]), percent(self.doubled[2])
        said = [
            f"With {self.sizes[-1]:,} training photos the accuracy is {percent(float(self.mean[-1]))}, "
            f"the mean of {len(self.accuracy)} orders on {self.measured:,} photos of val and test."
        ]
        if not self.monotone:
            said.append("The curve goes down somewhere by more than chance: do not trust what follows.")
        said.append(
            f"Doubling to {2 * self.sizes[-1]:,} photos is expected to raise accuracy from "
            f"{percent(self.at_all[0])} to {percent(self.doubled[0])} (95% interval {low} to {high})."
        )
        return said


def run(folder: Path, config: TrainBaseline) -> Curve:
    """Measure the curve of a folder; writes learning_curve.csv into it, and learning_curve.png with matplotlib.

    learning_curve.json says which split.csv it is of.
    Raises GateError when train has too few photos, ResourceError when the network's weights are missing.
    """
    from curate.train import dataset_cache

    inputs = manifest.digests(folder, "split")
    photos = split_photos.load(folder, config)
    if photos.train < LEAST:
        raise GateError(f"train has {photos.train} photos; a learning curve needs {LEAST}: collect more")
    pixels = dataset_cache.load_all(folder, photos.listed, config.transfer.image_size)
    found = transfer.features(folder, pixels, [sha256 for _, _, sha256 in photos.listed])
    groups = [row.group for row in photos.rows[: photos.train]]
    curve = measure(found, photos.labels, groups, config.seed)
    data = table(curve)
    atomic_write(folder / "learning_curve.csv", data)
    made_from = {"sha256": hashlib.sha256(data).hexdigest(), "inputs": inputs}
    atomic_write(folder / "learning_curve.json", json.dumps(made_from, indent=1).encode() + b"\n")
    if not extras.missing("plots"):
        atomic_write(folder / "learning_curve.png", draw(curve))
    return curve


def measure(
    found: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int, orders: int = ORDERS
) -> Curve:
    """The curve of features (n, d) and labels (n,), whose first len(groups) are train."""
    count = len(groups)
    sizes = sorted({int(size) for size in np.geomspace(max(LEAST // 2, count // 16), count, SIZES).round()})
    jobs = [(order, size) for order in range(orders) for size in sizes]
    accuracy = np.empty((orders, len(sizes)))
    for order, size in progress(iter(jobs), "learning curve", len(jobs), "fit"):
        chosen = subset(labels[:count], groups, size, np.random.default_rng([seed, order]))
        head = transfer.fit_one(found[chosen], labels[chosen], PENALTY, seed)
        right = transfer.probabilities(head, found[count:]).argmax(axis=1) == labels[count:]
        accuracy[order, sizes.index(size)] = right.mean()
    at_all, doubled = extrapolate(sizes, accuracy, np.random.default_rng(seed))
    return Curve(sizes, accuracy, len(labels) - count, at_all, doubled, is_monotone(accuracy))


def subset(
    labels: NDArray[np.int64], groups: Sequence[str], size: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Numbers of about `size` photos, group by group in a random order, each class by its share.

    With a generator of the same state, smaller subsets are inside larger ones.
    """
    names = np.array(groups)
    rank = {name: place for place, name in enumerate(random.permutation(np.unique(names)))}
    order = np.array([rank[name] for name in names])
    chosen = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        own = own[np.lexsort((own, order[own]))]
        chosen.append(own[: max(2, round(size * len(own) / len(labels)))])
    return np.sort(np.concatenate(chosen))


def forms(sizes: Floats) -> dict[str, Floats]:
    """Each form is linear in two of its values: (grid of the others, 2, sizes), the two bases at each point."""
    one = np.ones_like(sizes)
    pow3 = [(one, sizes**-c) for c in _POWERS]
    pow4 = [(one, (sizes + d) ** -c) for c in _POWERS for d in _SHIFTS]
    mmf4 = [(b / (b + sizes**d), sizes**d / (b + sizes**d)) for b in _HALVES for d in _POWERS]
    return {"pow3": np.array(pow3), "pow4": np.array(pow4), "mmf4": np.array(mmf4)}


def fit(bases: Floats, errors: Floats, noise: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Weighted least squares with values >= 0, for each of `errors` (m, sizes), over all points of the grid.

    Returns the best point of the grid (m,) and its two values (m, 2).
    """
    scaled, wanted = bases / noise, errors / noise
    first, second = scaled[:, 0], scaled[:, 1]
    aa, bb, ab = (first**2).sum(1), (second**2).sum(1), (first * second).sum(1)
    ay, by = wanted @ first.T, wanted @ second.T  # (m, grid)
    size = np.maximum(aa * bb - ab**2, 1e-12 * aa * bb)
    a, b = (ay * bb - by * ab) / size, (by * aa - ay * ab) / size
    a, b = np.where(b < 0, ay / aa, a), np.where(b < 0, 0, b)
    a, b = np.where(a < 0, 0, a), np.where(a < 0, by / bb, b)
    left = (wanted**2).sum(1)[:, None] - 2 * (a * ay + b * by) + a * a * aa + 2 * a * b * ab + b * b * bb
    best = left.argmin(axis=1)
    rows = np.arange(len(errors))
    return best, np.stack([a[rows, best], b[rows, best]], axis=1)


def extrapolate(
    sizes: Sequence[int], accuracy: Floats, random: np.random.Generator
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Median and 95% interval of the accuracy at the largest size and at twice that, over forms and bootstrap."""
    number = np.array(sizes, float)
    drawn = accuracy[random.integers(len(accuracy), size=(BOOTSTRAP, len(accuracy)))]  # (bootstrap, orders, sizes)
    noise = np.maximum(accuracy.std(axis=0), 1e-3)
    said = []
    ends = forms(np.array([number[-1], 2 * number[-1]]))
    for name, bases in forms(number).items():
        best, values = fit(bases, 1 - drawn.mean(axis=1), noise)
        said.append(1 - np.einsum("mk,mkn->mn", values, ends[name][best]))
    low, middle, high = np.percentile(np.clip(np.concatenate(said), 0, 1), [2.5, 50, 97.5], axis=0)
    return (
        (float(middle[0]), float(low[0]), float(high[0])),
        (float(middle[1]), float(low[1]), float(high[1])),
    )


def is_monotone(accuracy: Floats) -> bool:
    """No size at which the mean falls by more than two standard errors of the paired differences."""
    steps = np.diff(accuracy, axis=1)
    noise = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
    return bool((steps.mean(axis=0) >= -2 * noise).all())


def table(curve: Curve) -> bytes:
    """The curve as CSV: one row per size and order."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["photos", "order", "accuracy"])
    for place, size in enumerate(curve.sizes):
        for order, value in enumerate(curve.accuracy[:, place].tolist()):
            writer.writerow([size, order, round(value, 6)])
    return buffer.getvalue().encode()


def draw(curve: Curve) -> bytes:
    """A PNG: every fit, their mean, and what twice the data is expected to bring."""
    figure = plots.figure(7, 4)
    axes = figure.subplots()
    for one in curve.accuracy:
        axes.plot(curve.sizes, one, ".", color="#8a8f98", alpha=0.4, markersize=4)
    axes.plot(curve.sizes, curve.mean, ".-", color="#1f5fbf", label="mean")
    middle, low, high = curve.doubled
    axes.errorbar(
        [2 * curve.sizes[-1]], [middle], [[middle - low], [high - middle]], fmt="o", color="#c0392b",
        capsize=4, label="expected with twice the photos",
    )  # fmt: skip
    axes.set(xscale="log", xlabel="training photos", ylabel="accuracy")
    ticks = [*curve.sizes, 2 * curve.sizes[-1]]
    axes.set_xticks(ticks, [f"{size:,}" for size in ticks], rotation=45)
    axes.minorticks_off()
    plots.plain(axes)
    axes.legend(frameon=False)
    return plots.png(figure)
