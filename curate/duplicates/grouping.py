"""From pairs to groups: which photo stays, which are its copies, what the split keeps together. Pure functions.

The rule for removal, independent of the order of input: photos are ranked from best to worst, and a photo is a
keeper unless its picture is confirmed to be a copy of a better keeper. A photo that is not a keeper belongs to the
nearest of the keepers that confirm it. So every removed photo has been compared with the very photo that replaces
it, and A~B~C never removes C for A's sake when only B was compared with both.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def keepers(
    count: int, first: Indices, second: Indices, confirm: Callable[[Indices], NDArray[np.float64]]
) -> Indices:
    """Keeper of each of `count` photos, numbered from best to worst: (count,), its own number if it stays.

    `first[k] < second[k]` are the candidate pairs. `confirm` is asked about the pairs of a keeper with worse
    photos, by pair number, each at most once; it answers a distance per pair (smaller is nearer, inf is refused).
    Pairs of two photos that are not keepers are never compared: a thousand copies cost a thousand comparisons.
    """
    order = np.lexsort((second, first))
    starts = np.searchsorted(first[order], np.arange(count + 1))
    waiting = np.bincount(second, minlength=count)  # better candidates whose fate is open
    keeper = np.arange(count)
    nearest = np.full(count, np.inf)
    decided = waiting == 0
    ready = np.flatnonzero(decided)
    while len(ready):
        stays = ready[keeper[ready] == ready]
        asked = _pairs_of(stays, order, starts)
        answers = confirm(asked) if len(asked) else np.empty(0)
        for pair, answer in zip(asked.tolist(), answers.tolist(), strict=True):
            better, worse = first[pair], second[pair]
            if answer < np.inf and (answer, better) < (nearest[worse], keeper[worse]):
                nearest[worse], keeper[worse] = answer, better
        np.subtract.at(waiting, second[_pairs_of(ready, order, starts)], 1)
        ready = np.flatnonzero((waiting == 0) & ~decided)
        decided[ready] = True
    return keeper


def _pairs_of(photos: Indices, order: Indices, starts: Indices) -> Indices:
    """Numbers of the pairs whose first photo is one of `photos`."""
    parts = [order[starts[photo] : starts[photo + 1]] for photo in photos]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def components(count: int, first: Indices, second: Indices, most: int) -> Indices:
    """Groups joined pair by pair, in the order given: (count,), the smallest number of each one's group.

    A pair that would make a group of more than `most` is left out: likeness is no equivalence, and in a large
    collection of look-alikes a chain of it would end up joining everything.
    """
    parent = list(range(count))
    size = [1] * count

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((root(a), root(b)))
        if low != high and size[low] + size[high] <= most:
            parent[high] = low
            size[low] += size[high]
    return np.array([root(node) for node in range(count)], dtype=np.int64)
