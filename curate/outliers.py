"""How alike a photo is to the rest of the collection. Nothing is learnt from labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = (5, 10)  # the nearest few are skipped: junk comes in small bunches, copies in pairs
BLOCK = 512  # photos compared with all others at once


def typicality(embeddings: NDArray[np.float32], groups: Sequence[str]) -> NDArray[np.float64]:
    """Mean cosine to the 5th to 10th nearest photo of another group: (n, d) to (n,), 0..1, small is an outlier.

    The distance to the k-th neighbour as an outlier score is Ramaswamy, Rastogi and Shim 2000 (SIGMOD). Where
    there are fewer other photos than that, the farthest of them counts; with none at all it is 0.
    """
    count = len(embeddings)
    result = np.zeros(count)
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    _, group = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    first, last = NEIGHBOURS
    for start in range(0, count, BLOCK):
        block = slice(start, start + BLOCK)
        alike = unit[block] @ unit.T
        alike[group[block, None] == group[None, :]] = -np.inf
        kept = min(last, count)
        top = -np.partition(-alike, kept - 1, axis=1)[:, :kept]
        top = -np.sort(-top, axis=1)
        there = np.isfinite(top).sum(axis=1)
        for row in range(len(top)):
            if there[row]:
                low = min(first, there[row]) - 1
                result[start + row] = top[row, low : max(low + 1, min(last, there[row]))].mean()
    return np.clip(result, 0, 1)
