"""learning-curve: is more data better?

The classifier of `transfer` is fitted on nested subsets of train, taken group by group, many times in other
orders, and measured on val and test together. Three known forms are fitted to the mean error per size:

    pow3   a + b n^-c
    pow4   a + b (n + d)^-c
    mmf4   (a b + c n^d) / (b + n^d)

as in Viering and Loog, "The Shape of Learning Curves: a Review" (2021). What doubling the data is expected to
bring is the median over the forms and over bootstrap samples; its interval is that of all of them. A bootstrap
sample draws anew what chance decided: the orders, the groups that were measured, and the photos of train. Nothing
is said beyond twice the data.
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

from curate.core import extras, measured_on, plots
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
ALPHA = 0.05  # of calling a curve that rises one that falls

Floats = NDArray[np.float64]
Ends = tuple[float, float, float]  # median, low and high of a 95% interval
_POWERS = np.linspace(0.05, 2, 40)
_SHIFTS = np.array([1.0, 10, 30, 100, 300])
_HALVES = np.geomspace(1, 1e4, 20)


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy per number of training photos."""

    sizes: list[int]  # photos, ascending
    accuracy: Floats  # (orders, sizes), 0..1
    measured: int  # photos it was measured on
    at_all: Ends  # accuracy with all photos by the forms
    doubled: Ends  # the same for twice as many
    gain: Ends  # the same for the difference of the two
    monotone: bool  # no step down that is more than noise

    @property
    def mean(self) -> Floats:
        """(sizes,)"""
        return np.asarray(self.accuracy.mean(axis=0))

    def sentences(self) -> list[str]:
        """What the curve tells, in words."""
        measured, fitted = percent(float(self.mean[-1])), percent(self.at_all[0])
        curve = f" ({fitted} on the fitted curve)" if fitted != measured else ""
        said = [
            f"With {self.sizes[-1]:,} training photos the accuracy is {measured}{curve}, "
            f"the mean of {len(self.accuracy)} orders on {self.measured:,} photos of val and test."
        ]
        if not self.monotone:
            said.append("The curve goes down somewhere by more than chance: do not trust what follows.")
        whole = 2 * self.sizes[-1]
        if self.mean[-1] == 1:
            return [
                *said,
                f"Doubling to {whole:,} photos cannot be judged: no measured photo is mistaken already.",
            ]
        now, then = fitted, percent(self.doubled[0])
        gain, least, most = (f"{100 * value:+z.1f}" for value in self.gain)
        change = f"not expected to change the accuracy of {now}"
        if now != then:
            change = f"expected to {'raise' if self.gain[0] > 0 else 'lower'} accuracy from {now} to {then}"
        said.append(
            f"Doubling to {whole:,} photos is {change} (95% interval {percent(self.doubled[1])} to "
            f"{percent(self.doubled[2])}). That is {gain} points (95% interval {least} to {most})."
        )
        return said


def run(folder: Path, config: TrainBaseline) -> Curve:
    """Measure as `of_folder` does; writes learning_curve.csv, and learning_curve.png with matplotlib.

    learning_curve.json says of which split.csv and settings they are.
    """
    inputs = measured_on.digests(folder, "split")
    curve = of_folder(folder, config)
    data = table(curve)
    atomic_write(folder / "learning_curve.csv", data)
    digest = hashlib.sha256(data).hexdigest()
    made_from = {"sha256": digest, "inputs": inputs, "settings": transfer.settings(config)}
    atomic_write(folder / "learning_curve.json", json.dumps(made_from, indent=1).encode() + b"\n")
    if not extras.missing("plots"):
        atomic_write(folder / "learning_curve.png", draw(curve))
    return curve


def of_folder(folder: Path, config: TrainBaseline) -> Curve:
    """Measure the curve of a folder; writes nothing into it but its cache.

    Raises GateError when train has too few photos, ResourceError when the network's weights are missing.
    """
    from curate.train import dataset_cache

    photos = split_photos.load(folder, config)
    needed = max(LEAST, 4 * len(config.class_names))  # the smallest subset has two of each class
    if photos.train < needed:
        raise GateError(f"train has {photos.train} photos; a learning curve needs {needed}: collect more")
    pixels = dataset_cache.load_all(folder, photos.listed, config.transfer.image_size)
    found = transfer.features(folder, pixels, [sha256 for _, _, sha256 in photos.listed])
    groups = [row.group for row in photos.rows]
    return measure(found, photos.labels, groups, photos.train, config.seed)


def measure(
    found: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    train: int,
    seed: int,
    orders: int = ORDERS,
) -> Curve:
    """The curve of features (n, d), labels (n,) and n groups, of which the first `train` are train."""
    least = max(LEAST // 2, train // 16, 2 * len(np.unique(labels[:train])))
    sizes = sorted({int(size) for size in np.geomspace(least, train, SIZES).round()})
    jobs = [(order, size) for order in range(orders) for size in sizes]
    right = np.empty((orders, len(sizes), len(labels) - train), bool)
    for order, size in progress(iter(jobs), "learning curve", len(jobs), "fit"):
        chosen = subset(labels[:train], groups[:train], size, np.random.default_rng([seed, order]))
        head = transfer.fit_one(found[chosen], labels[chosen], PENALTY, seed)
        said = transfer.probabilities(head, found[train:]).argmax(axis=1)
        right[order, sizes.index(size)] = said == labels[train:]
    random = np.random.default_rng(seed)
    accuracy, drawn = right.mean(axis=2), resampled(right, groups[train:], random)
    ends = extrapolate(sizes, accuracy, drawn, random)
    return Curve(sizes, accuracy, len(labels) - train, *ends, is_monotone(accuracy, drawn))


def resampled(right: NDArray[np.bool_], groups: Sequence[str], random: np.random.Generator) -> Floats:
    """(BOOTSTRAP, sizes) mean accuracies, each of other orders and other groups of measured photos.

    `right` is (orders, sizes, photos); photos of a group are right or wrong together.
    """
    _, of_photo = np.unique(np.asarray(groups), return_inverse=True)
    photos = np.bincount(of_photo)
    order = np.argsort(of_photo, kind="stable")
    sums = np.add.reduceat(right[:, :, order].astype(np.float32), np.r_[0, photos.cumsum()[:-1]], axis=2)
    weights = random.multinomial(len(photos), np.full(len(photos), 1 / len(photos)), BOOTSTRAP)
    orders = random.multinomial(len(right), np.full(len(right), 1 / len(right)), BOOTSTRAP) / len(right)
    accuracy = (sums @ weights.T) / (weights @ photos)  # (orders, sizes, BOOTSTRAP)
    return np.asarray(np.einsum("bo,osb->bs", orders, accuracy))


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
    sizes: Sequence[int], accuracy: Floats, drawn: Floats, random: np.random.Generator
) -> tuple[Ends, Ends, Ends]:
    """The accuracy at the largest size, at twice that, and their difference, over forms and bootstrap.

    `accuracy` is (orders, sizes), `drawn` what `resampled` gives.
    """
    number = np.array(sizes, float)
    spread, pool = accuracy.std(axis=0, ddof=1), of_train(number, accuracy)
    noise = np.maximum(np.hypot(spread / len(accuracy) ** 0.5, pool), 1e-3)
    errors = 1 - drawn + random.normal(size=(len(drawn), 1)) * pool
    ends = forms(np.array([number[-1], 2 * number[-1]]))
    parts = []
    for name, bases in forms(number).items():
        best, values = fit(bases, errors, noise)
        parts.append(1 - np.einsum("mk,mkn->mn", values, ends[name][best]))
    said = np.clip(np.concatenate(parts), 0, 1)
    said = np.hstack([said, said[:, 1:] - said[:, :1]])
    low, middle, high = np.percentile(said, [2.5, 50, 97.5], axis=0)
    now, then, gain = (tuple(map(float, each)) for each in np.stack([middle, low, high], axis=1))
    then = (min(max(now[0] + gain[0], then[1]), then[2]), *then[1:])  # a median is no sum of medians
    return now, then, gain  # type: ignore[return-value]  # three values each


def of_train(sizes: Floats, accuracy: Floats) -> Floats:
    """(sizes,) standard deviation of the mean accuracy because train is one sample of all photos there could be.

    The orders do not show it: they draw from the same train without replacement, and at the largest size all are
    the same. Their variance is that of independent samples times one less the share of train that is drawn.
    """
    share = sizes / sizes[-1]
    spread = accuracy.std(axis=0, ddof=1)[:-1] / np.sqrt(1 - share[:-1])
    return np.asarray(np.append(spread, spread[-1] * np.sqrt(share[-2])) * np.sqrt(share))


def is_monotone(accuracy: Floats, drawn: Floats) -> bool:
    """No step at which the mean falls by more than chance (5% for all steps together, Bonferroni)."""
    from scipy.stats import norm

    steps = np.diff(accuracy.mean(axis=0))
    noise = np.diff(drawn, axis=1).std(axis=0, ddof=1)
    return bool((steps >= -float(norm.ppf(1 - ALPHA / len(steps))) * noise).all())


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
