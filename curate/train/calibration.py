"""Are probabilities as sure as they are right?

A temperature divides the logits (Guo et al., 2017, arXiv:1706.04599). It is fitted on val, with the targets of
Platt (1999), so that a val without a mistake does not make the network infinitely sure. The expected calibration
error takes bins of equal mass (Nixon et al., 2019, arXiv:1904.01685).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core import plots
from curate.core.intervals import wilson

BINS = 15
_DRAWS = 100
_COLDEST, _HOTTEST = 0.2, 20.0
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Bin:
    """Photos of similar probability."""

    photos: int
    probability: float  # mean of the predicted class
    accuracy: float


def scaled(probabilities: Floats, temperature: float) -> NDArray[np.float64]:
    """(n, classes) probabilities with their logits divided by `temperature`; rows sum to 1."""
    from scipy.special import softmax

    return np.asarray(softmax(_logits(probabilities) / temperature, axis=1))


def temperature(probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """What makes (n, classes) probabilities fit labels (n,) best, 0.2 to 20; 1 without photos."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    count, classes = probabilities.shape
    if not count:
        return 1.0
    logits = _logits(probabilities)
    targets = np.full((count, classes), 1 / (count + classes))
    targets[np.arange(count), labels] = (count + 1) / (count + classes)

    def loss(log_temperature: float) -> float:
        return -float((targets * log_softmax(logits / np.exp(log_temperature), axis=1)).sum())

    found = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def _logits(probabilities: Floats) -> NDArray[np.float64]:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), 1e-7))


def bins(probability: Floats, right: NDArray[np.bool_], count: int = BINS) -> list[Bin]:
    """Up to `count` bins of equal mass, by the probability (n,) of the predicted class."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(count, len(order))) if len(order) else []
    return [Bin(len(part), float(probability[part].mean()), float(right[part].mean())) for part in parts]


def expected_error(found: list[Bin]) -> float:
    """The mean distance between probability and accuracy, 0..1, each bin by its photos. There must be a photo."""
    total = sum(each.photos for each in found)
    return sum(each.photos * abs(each.probability - each.accuracy) for each in found) / total


def expected_by_chance(probability: Floats, seed: int = 0) -> float:
    """The calibration error, 0..1, that exact probabilities (n,) would show with so many photos, on average.

    It is not 0: in a bin of few photos the accuracy is not the probability.
    """
    random = np.random.default_rng(seed)
    draws = (random.random(len(probability)) < probability for _ in range(_DRAWS))
    return float(np.mean([expected_error(bins(probability, each)) for each in draws]))


def draw(found: list[Bin]) -> bytes:
    """A PNG, the reliability diagram: accuracy with its 95% interval against probability, per bin."""
    figure = plots.figure(4.2, 4)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#8a8f98", linewidth=1, linestyle=":")
    for each in found:
        low, high = wilson(round(each.accuracy * each.photos), each.photos)
        axes.plot([each.probability] * 2, [low, high], color="#8a8f98", linewidth=1)
    axes.plot([each.probability for each in found], [each.accuracy for each in found], "o", color="#1f5fbf")
    least = min([0.5, *(each.probability for each in found)])
    axes.set(xlabel="probability of the predicted class", ylabel="accuracy", xlim=(least, 1.01), ylim=(0, 1.02))
    plots.plain(axes)
    return plots.png(figure)
