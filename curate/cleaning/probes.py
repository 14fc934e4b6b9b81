"""Classifiers on embeddings, judged only on photos that they were not trained on. Pure functions.

Multinomial logistic regression with folds that never separate photos of one listing or of one duplicate group, so
that a photo's own copy cannot vouch for it. Same input, same output: folds come from a hash of the group's name.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
DIMENSIONS = 512  # after projection
STRENGTH = 0.01  # scikit-learn's C on standardised features
MAX_TEACHERS = 8192  # photos a model learns from; more add time and memory, hardly accuracy
SAMPLE = 4096  # photos from which the projection is learnt

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


def folds(groups: Sequence[str], count: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each photo, 0..count-1: groups in the order of their hash, dealt out in turn."""
    ordered = sorted(set(groups), key=lambda name: hashlib.sha256(name.encode("utf-8", "replace")).digest())
    fold = {name: number % count for number, name in enumerate(ordered)}
    return np.array([fold[name] for name in groups], dtype=np.int64)


def evenly(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` of `places`, taken at even steps."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.int64)]


class Projection:
    """Embeddings to their main directions: square root (what a rectified network calls for), then PCA.

    Learnt from a sample of a few thousand photos, so that any number can follow by blocks.
    """

    def __init__(self, sample: NDArray[np.float32]) -> None:
        roots = self._spread(sample)
        self._mean = roots.mean(axis=0)
        self._scale = roots.std(axis=0) + 1e-6
        centred = (roots - self._mean) / self._scale
        values, vectors = np.linalg.eigh(centred.T @ centred)
        keep = np.argsort(-values)[:DIMENSIONS]
        self._axes = vectors[:, keep] / self._scale[:, None]

    @staticmethod
    def _spread(embeddings: NDArray[np.float32]) -> Floats:
        return np.sign(embeddings) * np.sqrt(np.abs(embeddings.astype(np.float64)))

    def __call__(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, d) to (n, at most 256)."""
        return np.asarray((self._spread(embeddings) - self._mean) @ self._axes, dtype=np.float32)


def out_of_sample(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    weights: Floats,
    classes: int,
) -> Floats:
    """Class probabilities of each photo by a model that saw none of its group: (n, d) to (n, classes).

    `labels` (n,) are numbers of classes; photos of weight 0 teach nothing but are judged. Uniform where a fold has
    fewer than two classes to learn from.
    """
    from sklearn.linear_model import LogisticRegression

    fold = folds(groups)
    result = np.full((len(features), classes), 1 / classes)
    for number in range(FOLDS):
        teach, judge = (fold != number) & (weights > 0), fold == number
        teachers = evenly(np.flatnonzero(teach), MAX_TEACHERS)
        if len(np.unique(labels[teachers])) < 2 or not judge.any():
            continue
        model = LogisticRegression(C=STRENGTH, max_iter=1000)
        model.fit(features[teachers].astype(np.float64), labels[teachers], sample_weight=weights[teachers])
        result[judge] = 0.0
        result[np.ix_(judge, model.classes_)] = model.predict_proba(features[judge].astype(np.float64))
    return result
