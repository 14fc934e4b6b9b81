"""Where is the network worse? Accuracy per slice, and the worst slices over combinations of two attributes.

All slices of one or two values with enough photos are looked at, and scored as SliceLine does (Sagadeeva and
Boehm, SIGMOD 2021): error against the average, and size. At the size of a dataset of listings that is fast without
its pruning. A slice counts as worse when it is so by more than chance, the number of slices looked at allowed for
(Bonferroni).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.intervals import percent, wilson

LEAST = 20  # photos of a slice
WEIGHT = 0.95  # of the error against the size
WORST = 5
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """Photos that have some values in common."""

    values: tuple[tuple[str, str], ...]  # attribute and value, one or two
    photos: int
    right: int
    low: float  # 95% interval of the accuracy
    high: float
    score: float  # of SliceLine; above 0 is worse than the average
    worse: bool  # by more than chance

    @property
    def accuracy(self) -> float:
        """0..1"""
        return self.right / self.photos

    def name(self) -> str:
        """`region Delhi, year 2010-2014`."""
        return ", ".join(f"{attribute} {value}" for attribute, value in self.values)

    def sentence(self, average: float) -> str:
        """How it does, in words."""
        return (
            f"{self.name()}: {percent(self.accuracy)} right (95% interval {percent(self.low)} to "
            f"{percent(self.high)}, {self.photos:,} photos) against {percent(average)} of all."
        )


def find(right: NDArray[np.bool_], values: Mapping[str, Sequence[str]]) -> list[Slice]:
    """All slices with enough photos, those of one value first.

    `right` is (n,), `values` holds n values per attribute.
    """
    members = {
        (attribute, value): np.array([each == value for each in own])
        for attribute, own in values.items()
        for value in sorted(set(own))
        if value and sum(each == value for each in own) >= LEAST
    }
    chosen: list[tuple[tuple[tuple[str, str], ...], NDArray[np.bool_]]] = [
        ((key,), own) for key, own in members.items()
    ]
    for first, second in itertools.combinations(members, 2):
        if first[0] != second[0] and (both := members[first] & members[second]).sum() >= LEAST:
            chosen.append(((first, second), both))
    return [_slice(names, inside, right, len(chosen)) for names, inside in chosen]


def worst(found: Sequence[Slice]) -> list[Slice]:
    """The slices that are worse by more than chance, the highest score first, at most WORST.

    One of two values is left out where one of its values alone is among them.
    """
    named: list[Slice] = []
    for each in sorted(found, key=lambda each: (-each.score, each.values)):
        if each.worse and not any(set(before.values) < set(each.values) for before in named):
            named.append(each)
    return named[:WORST]


def _slice(
    names: tuple[tuple[str, str], ...], inside: NDArray[np.bool_], right: NDArray[np.bool_], looked_at: int
) -> Slice:
    from scipy.stats import fisher_exact

    photos, hits = int(inside.sum()), int(right[inside].sum())
    outside, hits_outside = len(right) - photos, int(right.sum()) - hits
    mean_error = max(1e-9, 1 - right.mean())
    score = WEIGHT * ((1 - hits / photos) / mean_error - 1) - (1 - WEIGHT) * (len(right) / photos - 1)
    table = [[hits, photos - hits], [hits_outside, outside - hits_outside]]
    chance = float(fisher_exact(table, alternative="less").pvalue) if outside else 1.0
    return Slice(names, photos, hits, *wilson(hits, photos), float(score), chance * looked_at < ALPHA)
