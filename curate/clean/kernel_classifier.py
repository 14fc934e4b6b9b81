"""Classifiers on embeddings, evaluated out of fold: no photo is judged by a model trained on its group. Pure.

Regularised least squares with a Gaussian kernel (Rifkin, Yeo and Poggio, "Regularized least-squares
classification", 2003): near samples weigh most, so that photos of the same kind and view decide, where a linear
model would draw one line through all of them. The prediction for a photo without its listing and its duplicates
follows exactly from one matrix inverse, for all groups at once (Pahikkala, Boberg and Salakoski, "Fast n-fold
cross-validation for regularized least-squares", 2006). A logistic curve gives probabilities (Platt 1999).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512  # after projection
NARROW = 2.0  # the kernel falls to exp(-2) at the typical distance, the median of all pairs
NOISE = 0.01  # variance of a label, in units of the kernel's
MAX_SAMPLES = 6144  # photos a model learns from: more take time by the third power, memory by the second
SAMPLE = 4096  # photos from which the projection is learnt
_BLOCK = 1024  # photos whose kernel is computed at once

Floats = NDArray[np.float64]


def join_groups(*columns: Sequence[str]) -> list[str]:
    """One group name per photo: photos that share a value in any column, directly or through others, share it."""
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(node: tuple[int, str]) -> tuple[int, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    rows = [[(number, value) for number, value in enumerate(row)] for row in zip(*columns, strict=True)]
    for first, *others in rows:
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    return ["{}:{}".format(*root(row[0])) for row in rows]


def evenly(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` of `places`, taken at even steps."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.int64)]


class Projection:
    """Embeddings to their main directions, of length 1: square root (for what a rectified network gives), PCA.

    Learnt from a sample of a few thousand photos, so that any number can follow by blocks.
    """

    def __init__(self, sample: NDArray[np.float32]) -> None:
        roots = self._spread(sample)
        self._mean = roots.mean(axis=0)
        centred = roots - self._mean
        values, vectors = np.linalg.eigh(centred.T @ centred)
        self._axes = vectors[:, np.argsort(-values)[:DIMENSIONS]]

    @staticmethod
    def _spread(embeddings: NDArray[np.float32]) -> Floats:
        return np.sign(embeddings) * np.sqrt(np.abs(embeddings.astype(np.float64)))

    def __call__(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, d) to (n, at most 512)."""
        projected = (self._spread(embeddings) - self._mean) @ self._axes
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.maximum(lengths, 1e-12), dtype=np.float32)


def out_of_fold(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    weights: Floats,
    classes: int,
) -> Floats:
    """Class probabilities of each photo by a model trained on all groups but its own: (n, d) to (n, classes).

    `labels` (n,) are numbers of classes; photos of weight 0 are judged, but are no training samples. Uniform where
    the samples have fewer than two classes. Of more than 6,144 samples, some of each class are drawn. The kernel's
    width, the classes' shares and the logistic curve come from all samples: so few numbers identify no photo.
    """
    from sklearn.linear_model import LogisticRegression

    samples, weights = _draw(labels, groups, weights)
    if len(np.unique(labels[samples])) < 2:
        return np.full((len(features), classes), 1 / classes)
    raw = out_of_fold_scores(features, labels, groups, samples, weights)
    curve = LogisticRegression(C=100.0, max_iter=1000)
    curve.fit(raw[samples], labels[samples], sample_weight=weights)
    result = np.zeros((len(features), classes))
    result[:, curve.classes_] = curve.predict_proba(raw)
    return result


def out_of_fold_scores(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    samples: NDArray[np.int64],
    weights: Floats,
) -> Floats:
    """Least-squares scores, about 0 to 1 for each class among the samples: (n, d) to (n, those classes).

    `samples` (t,) are places, in order, with `weights` (t,).
    """
    from scipy.linalg import lapack

    known, numbers_of = np.unique(labels[samples], return_inverse=True)
    points = features[samples].astype(np.float64)
    scale = _typical_distance(points)
    targets = np.eye(len(known))[numbers_of]
    middle = np.average(targets, axis=0, weights=weights)
    kernel = _kernel(points, points, scale)
    kernel[np.diag_indices(len(points))] += NOISE / weights
    # In place, and the lower half only: the kernel is the largest thing in memory.
    factor, _ = lapack.dpotrf(kernel.T, lower=1, overwrite_a=1)
    solution, _ = lapack.dpotrs(factor, targets - middle, lower=1)
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)

    raw = np.empty((len(features), len(known)))
    own: dict[str, list[int]] = defaultdict(list)  # the samples of each group, by number
    for number, place in enumerate(samples.tolist()):
        own[groups[place]].append(number)
    without = {}  # what a group's samples add to the solution
    for name, numbers in own.items():
        half = np.tril(inverse[np.ix_(numbers, numbers)])
        without[name] = np.linalg.solve(half + np.tril(half, -1).T, solution[numbers])
        raw[samples[numbers]] = targets[numbers] - without[name]
    others = sorted(set(range(len(features))) - set(samples.tolist()), key=lambda place: (groups[place], place))
    name, added = "", np.zeros_like(solution)
    for start in range(0, len(others), _BLOCK):
        places = others[start : start + _BLOCK]
        kernel = _kernel(features[places], points, scale)
        raw[places] = middle + kernel @ solution
        for row, place in enumerate(places):
            if numbers := own.get(groups[place], []):
                if groups[place] != name:
                    name = groups[place]
                    added = _columns(inverse, numbers) @ without[name]
                raw[place] -= kernel[row] @ added
    return raw


def _columns(inverse: Floats, numbers: Sequence[int]) -> Floats:
    """Some columns of a symmetric matrix of which the lower half is there."""
    lower = np.arange(len(inverse))[:, None] >= np.array(numbers)
    return np.where(lower, inverse[:, numbers], inverse[numbers].T)


def _draw(labels: NDArray[np.int64], groups: Sequence[str], weights: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Places, in order, of at most MAX_SAMPLES photos of some weight, and their weights.

    No class gets more than its share of the places while others want them, and what is drawn of a class weighs as
    much as all of it. The heaviest come first, so that no decision is left out; which of equal weight are drawn
    goes by the hash of their group.
    """
    places = np.flatnonzero(weights > 0)
    if len(places) <= MAX_SAMPLES:
        return places, weights[places]

    def rank(place: int) -> tuple[float, bytes, int]:
        return -of_place[place], hashlib.sha256(groups[place].encode("utf-8", "replace")).digest(), place

    classes, sizes = np.unique(labels[places], return_counts=True)
    left = MAX_SAMPLES
    of_place = weights.tolist()
    factor = np.zeros(len(labels))
    for turn, number in enumerate(np.argsort(sizes, kind="stable").tolist()):
        members = places[labels[places] == classes[number]].tolist()
        drawn = sorted(members, key=rank)[: left // (len(classes) - turn)]
        all_of, drawn_of = (Counter(of_place[place] for place in some) for some in (members, drawn))
        factor[drawn] = [all_of[of_place[place]] / drawn_of[of_place[place]] for place in drawn]
        left -= len(drawn)
    chosen = np.flatnonzero(factor)
    return chosen, weights[chosen] * factor[chosen]


def _typical_distance(points: Floats) -> float:
    """Median squared distance of up to 512 of the points."""
    some = points[evenly(np.arange(len(points)), 512)]
    return max(float(np.median(_squared_distances(some, some)[np.triu_indices(len(some), 1)])), 1e-12)


def _squared_distances(a: Floats, b: Floats) -> Floats:
    products = a @ b.T
    products *= -2
    products += (a * a).sum(axis=1)[:, None]
    products += (b * b).sum(axis=1)[None, :]
    return np.maximum(products, 0, out=products)


def _kernel(a: NDArray[np.floating], b: Floats, scale: float) -> Floats:
    """(m, d) and (n, d) to (m, n): 1 where two points are one, towards 0 the farther they are apart."""
    result = np.empty((len(a), len(b)))
    for start in range(0, len(a), _BLOCK):
        block = _squared_distances(a[start : start + _BLOCK].astype(np.float64), b)
        block *= -NARROW / scale
        np.exp(block, out=result[start : start + _BLOCK])
    return result
