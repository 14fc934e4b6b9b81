"""From pairs to groups: which photo stays, and what the split keeps together. Pure functions.

The order of input decides nothing. Photos are ranked from best to worst. A photo is compared with at most 64
better keepers, those with the nearest hashes (of equals, the better ones; linked ones last). If one of them is
confirmed to be its duplicate, the photo is removed and joins the most similar one; else it is a keeper itself. So
every removed photo has been compared with the photo that replaces it: A~B~C never removes C for A when only B was
compared with both."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from curate.dedup import runs
from curate.dedup.runs import Indices

MOST = 64  # keepers that a photo is compared with


def keepers(
    count: int,
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    bits: NDArray[np.integer],
    confirm: Callable[[Indices], NDArray[np.floating]],
) -> Indices:
    """Keeper of each of `count` photos, numbered from best to worst: (count,), its own number if it stays.

    `first[k] < second[k]` are candidate pairs, their hashes `bits[k]` apart. `confirm` is asked about a photo's
    pairs with the nearest keepers, by pair number, each at most once; it answers a distance per pair (infinity: no
    duplicate). Pairs with a removed photo are never compared: a thousand duplicates cost a thousand comparisons.
    """
    by_first, by_second = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    first_starts, second_starts = (
        np.searchsorted(ends[order], np.arange(count + 1, dtype=ends.dtype))
        for ends, order in ((first, by_first), (second, by_second))
    )
    waiting = np.bincount(second, minlength=count)  # better candidates that are not decided yet
    keeper = np.arange(count)
    smallest = np.full(count, np.inf)
    decided = waiting == 0
    ready = np.flatnonzero(decided)
    while len(ready):
        pairs = _pairs_of(ready, by_second, second_starts)
        asked = nearest(pairs[keeper[first[pairs]] == first[pairs]], second, bits)
        answers = confirm(asked) if len(asked) else np.empty(0)
        for pair, answer in zip(asked.tolist(), answers.tolist(), strict=True):
            better, worse = first[pair], second[pair]
            if answer < np.inf and (answer, better) < (smallest[worse], keeper[worse]):
                smallest[worse], keeper[worse] = answer, better
        np.subtract.at(waiting, second[_pairs_of(ready, by_first, first_starts)], 1)
        ready = np.flatnonzero((waiting == 0) & ~decided)
        decided[ready] = True
    return keeper


def nearest(pairs: Indices, photo: NDArray[np.integer], bits: NDArray[np.integer]) -> Indices:
    """Of the pairs with these numbers, those up to MOST of each `photo[k]` that are the fewest `bits[k]` apart.

    Three thousand cars before one studio wall are all candidates of each other; a duplicate is among the nearest.
    """
    order = pairs[np.lexsort((pairs, bits[pairs], photo[pairs]))]
    return order[runs.places(runs.starts(photo[order])) < MOST]


def _pairs_of(photos: Indices, order: Indices, starts: Indices) -> Indices:
    """Numbers of the pairs of which one of `photos` is the first, or the second: `order` has them in its order."""
    parts = [order[starts[photo] : starts[photo + 1]] for photo in photos]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def components(count: int, first: Indices, second: Indices, most: int) -> Indices:
    """Connected components of at most `most` members, joined pair by pair in the order given.

    Returns (count,): the smallest number of each one's group. A pair that would make a larger group is skipped:
    similarity is not transitive, and among many look-alikes a chain of it would join everything. SciPy's connected
    components know no such limit.
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
