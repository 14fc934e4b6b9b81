"""Where is the network worse? Accuracy per slice, and the worst slices over combinations of two attributes.

All slices of one or two values with enough photos are looked at, and scored as SliceLine does (Sagadeeva and
Boehm, SIGMOD 2021): error against the average, and size. At the size of a dataset of listings that is fast without
its pruning. A slice counts as worse when it is so by more than chance (Fisher's exact test), the number of slices
looked at allowed for (Bonferroni). Photos of a listing are right or wrong together: intervals and tests count the
independent photos that say as much.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.intervals import Accuracy, correlation, independent, percent

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


Names = tuple[tuple[str, str], ...]


def find(right: NDArray[np.bool_], values: Mapping[str, Sequence[str]], groups: Sequence[str]) -> list[Slice]:
    """All slices with enough photos, those of one value first.

    `right` is (n,), `values` holds n values per attribute; photos of one of the n `groups` belong together.
    """
    if not len(right):
        return []
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    together = correlation(right, group)
    counted = [
        (
            names,
            Accuracy(
                int(right[inside].sum()), int(inside.sum()), independent(np.bincount(group[inside]), together)
            ),
        )
        for names, inside in _members(values)
    ]
    whole = Accuracy(int(right.sum()), len(right), independent(np.bincount(group), together))
    return [_slice(names, own, whole, len(counted)) for names, own in counted]


def _members(values: Mapping[str, Sequence[str]]) -> Iterator[tuple[Names, NDArray[np.bool_]]]:
    """The names of each slice with enough photos, and which photos (n,) are in it."""
    members = {
        (attribute, value): np.array(own, dtype=object) == value
        for attribute, own in values.items()
        for value, count in sorted(Counter(own).items())
        if value and count >= LEAST
    }
    for key, inside in members.items():
        yield (key,), inside
    for first, second in itertools.combinations(members, 2):
        if first[0] != second[0] and (both := members[first] & members[second]).sum() >= LEAST:
            yield (first, second), both


def worst(found: Sequence[Slice]) -> list[Slice]:
    """The slices that are worse by more than chance, the highest score first, at most WORST.

    One of two values is left out where one of its values alone is among them.
    """
    named: list[Slice] = []
    for each in sorted(found, key=lambda each: (-each.score, each.values)):
        if each.worse and not any(set(before.values) < set(each.values) for before in named):
            named.append(each)
    return named[:WORST]


def _slice(names: Names, own: Accuracy, whole: Accuracy, looked_at: int) -> Slice:
    from scipy.stats import fisher_exact

    mean_error = max(1e-9, 1 - whole.share)
    score = WEIGHT * ((1 - own.share) / mean_error - 1) - (1 - WEIGHT) * (whole.photos / own.photos - 1)
    chance = 1.0
    if outside := whole.photos - own.photos:
        others = _counts((whole.right - own.right) / outside, whole.independent * outside / whole.photos)
        chance = float(fisher_exact([_counts(own.share, own.independent), others], alternative="less").pvalue)
    return Slice(names, own.photos, own.right, *own.interval, float(score), chance * looked_at < ALPHA)


def _counts(share: float, number: float) -> list[int]:
    """Right and wrong of about `number` photos."""
    right = round(share * number)
    return [right, max(0, round(number) - right)]
