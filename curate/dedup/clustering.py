"""From pairs to groups: which photo stays, which are its copies, what the split keeps together. Pure functions.

The rule for removal, independent of the order of input: photos are ranked from best to worst, and a photo is a
keeper unless its picture is confirmed to be a copy of one of the 64 better keepers that are nearest to it by bits
(of equals, the better ones, and what links lead to last). A photo that is not a keeper belongs to the nearest of
the keepers that confirm it. So every removed photo has been compared with the very photo that replaces it, and
A~B~C never removes C for A's sake when only B was compared with both.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from curate.dedup import runs
from curate.dedup.runs import Indices

MOST = 64  # keepers that a photo is compared with


def keepers(
    count: int,
    first: Indices,
    second: Indices,
    bits: Indices,
    confirm: Callable[[Indices], NDArray[np.float64]],
) -> Indices:
    """Keeper of each of `count` photos, numbered from best to worst: (count,), its own number if it stays.

    `first[k] < second[k]` are candidate pairs, their hashes `bits[k]` apart. `confirm` is asked about a photo's
    pairs with the nearest of the keepers, by pair number, each at most once; it answers a distance per pair
    (smaller is nearer, inf is refused). Pairs with a photo that does not stay are never compared: a thousand
    copies cost a thousand comparisons.
    """
    by_first, by_second = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    first_starts, second_starts = (
        np.searchsorted(ends[order], np.arange(count + 1))
        for ends, order in ((first, by_first), (second, by_second))
    )
    waiting = np.bincount(second, minlength=count)  # better candidates whose fate is open
    keeper = np.arange(count)
    nearest_yet = np.full(count, np.inf)
    decided = waiting == 0
    ready = np.flatnonzero(decided)
    while len(ready):
        pairs = _pairs_of(ready, by_second, second_starts)
        asked = nearest(pairs[keeper[first[pairs]] == first[pairs]], second, bits)
        answers = confirm(asked) if len(asked) else np.empty(0)
        for pair, answer in zip(asked.tolist(), answers.tolist(), strict=True):
            better, worse = first[pair], second[pair]
            if answer < np.inf and (answer, better) < (nearest_yet[worse], keeper[worse]):
                nearest_yet[worse], keeper[worse] = answer, better
        np.subtract.at(waiting, second[_pairs_of(ready, by_first, first_starts)], 1)
        ready = np.flatnonzero((waiting == 0) & ~decided)
        decided[ready] = True
    return keeper


def nearest(pairs: Indices, photo: Indices, bits: Indices) -> Indices:
    """Of the pairs with these numbers, those up to MOST of each `photo[k]` that are the fewest `bits[k]` apart.

    Three thousand cars before one studio's wall are all candidates of each other; a copy is among the nearest.
    """
    order = pairs[np.lexsort((pairs, bits[pairs], photo[pairs]))]
    return order[runs.places(runs.starts(photo[order])) < MOST]


def _pairs_of(photos: Indices, order: Indices, starts: Indices) -> Indices:
    """Numbers of the pairs of which one of `photos` is the first, or the second: `order` has them in its order."""
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
