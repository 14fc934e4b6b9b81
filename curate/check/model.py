"""Learn from what clean decided how probable each reason and each class is for a photo that it never saw.

Two multinomial logistic regressions on the embeddings of the collection: kept or rejected for which reason, by all
photos; which class, by the kept ones. Both are tested out of fold, by groups that belong together, and their
probabilities made as sure as they are right (temperature scaling, Guo et al., 2017, arXiv:1706.04599).

They repeat the judgement of clean, reviews included: how right that is, `curate calibrate` measures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = ""  # the outcome of a photo that stays
LEAST = 8  # photos of a reason or class, to learn it
COMPONENTS = 64  # of the embedding
FOLDS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LinearModel:
    """What was learnt of one question."""

    outcomes: tuple[str, ...]
    mean: Floats  # (d,)
    axes: Floats  # (d, c) principal axes, scaled to unit variance
    weights: Floats  # (c, k)
    bias: Floats  # (k,)
    temperature: float
    out_of_fold: Floats  # (n, k) probabilities of the photos it learnt from, each by a model that had not seen it

    def probabilities(self, embeddings: NDArray[np.float32]) -> Floats:
        """(n, d) to (n, k): calibrated, rows sum to 1."""
        points = (embeddings.astype(np.float64) - self.mean) @ self.axes
        return _softmax((points @ self.weights + self.bias) / self.temperature)


def learn(embeddings: NDArray[np.float32], outcomes: Sequence[str], groups: Sequence[str]) -> LinearModel | None:
    """A model of `outcomes` (n,) given `embeddings` (n, d); None where fewer than two are frequent enough.

    Photos of rarer outcomes are not learnt from. Photos of one group are in one fold.
    """
    from sklearn.linear_model import LogisticRegression

    tally = Counter(outcomes)
    names = tuple(sorted(name for name, number in tally.items() if number >= LEAST))
    if len(names) < 2:
        return None
    taken = np.array([name in names for name in outcomes])
    numbers = np.array([names.index(name) for name in outcomes if name in names])
    fold = _folds([group for group, take in zip(groups, taken, strict=True) if take])
    points = embeddings[taken].astype(np.float64)
    mean = points.mean(axis=0)
    axes = _axes(points - mean)
    points = (points - mean) @ axes

    def fit(rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        machine: Any = LogisticRegression(C=0.1, max_iter=300)
        machine.fit(points[rows], numbers[rows])
        weights, bias = np.zeros((axes.shape[1], len(names))), np.full(len(names), -30.0)
        coefficients, intercepts = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:  # scikit-learn gives one line for two
            coefficients, intercepts = (np.vstack([-each / 2, each / 2]) for each in (coefficients, intercepts))
        weights[:, machine.classes_], bias[machine.classes_] = coefficients.T, np.ravel(intercepts)
        return weights, bias

    scores = np.zeros((len(points), len(names)))
    for number in range(FOLDS):
        held = fold == number
        if held.any() and len(set(numbers[~held].tolist())) > 1:
            weights, bias = fit(~held)
            scores[held] = points[held] @ weights + bias
    temperature = _temperature(scores, numbers)
    held_out = np.full((len(outcomes), len(names)), np.nan)
    held_out[taken] = _softmax(scores / temperature)
    return LinearModel(names, mean, axes, *fit(np.ones(len(points), bool)), temperature, held_out)


def _axes(points: Floats) -> Floats:
    """Principal axes of centred points (n, d), scaled to unit variance: (d, at most COMPONENTS)."""
    from scipy.linalg import eigh, svd

    count, dimensions = points.shape
    if count < dimensions:
        _, deviations, rows = svd(points, full_matrices=False)
        values, vectors = deviations**2 / (count - 1), rows.T
    else:
        first = max(0, dimensions - COMPONENTS)
        values, vectors = eigh(np.cov(points, rowvar=False), subset_by_index=(first, dimensions - 1))
    top = np.argsort(-values, kind="stable")[:COMPONENTS]
    top = top[values[top] > 1e-12 * values.max()]
    return np.asarray(vectors[:, top] / np.sqrt(values[top]))


def _folds(groups: Sequence[str]) -> NDArray[np.int64]:
    """(n,) 0..FOLDS-1, the same for all of a group, whatever else is there."""
    import zlib

    return np.array([zlib.crc32(group.encode()) % FOLDS for group in groups])


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _temperature(scores: Floats, numbers: NDArray[np.int64]) -> float:
    """What the scores are divided by so that the probability of what is true is greatest."""
    candidates = np.geomspace(0.25, 8.0, 61)
    rows = np.arange(len(numbers))
    losses = [-np.log(_softmax(scores / t)[rows, numbers] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])
