"""How alike a photo is to the rest of the collection. Nothing is learnt from labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = (5, 10)  # the nearest few are skipped: junk comes in small bunches, duplicates in pairs
MAX_REFERENCES = 8192  # photos to compare with; of more, a sample gives the same order
_BLOCK = 256  # photos compared at once


def unit(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) scaled to length 1."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, 1e-12), dtype=np.float32)


def typicality(
    embeddings: NDArray[np.float32],
    groups: Sequence[str],
    references: NDArray[np.float32] | None = None,
    reference_groups: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """Mean cosine to the 5th to 10th nearest reference of another group: (n, d) to (n,), 0..1, small is odd.

    Without `references` (m, d) the photos are compared with each other. The distance to the k-th neighbour as an
    outlier score is Ramaswamy, Rastogi and Shim 2000 (SIGMOD). Where there are fewer references than that, the
    farthest of them counts; with none at all it is 0.
    """
    if references is None or reference_groups is None:
        references, reference_groups = embeddings, groups
    number = {name: place for place, name in enumerate(sorted({*groups, *reference_groups}))}
    mine = np.array([number[name] for name in groups])
    theirs = np.array([number[name] for name in reference_groups])
    others = unit(references)
    first, last = NEIGHBOURS
    result = np.zeros(len(embeddings))
    for start in range(0, len(embeddings), _BLOCK):
        block = slice(start, start + _BLOCK)
        alike = unit(embeddings[block]) @ others.T
        alike[mine[block, None] == theirs[None, :]] = -np.inf
        top = min(last, alike.shape[1])
        nearest = np.sort(np.partition(alike, -top, axis=1)[:, -top:], axis=1)[:, ::-1]
        for row, cosines in enumerate(nearest, start=start):
            there = cosines[np.isfinite(cosines)]
            if len(there):
                result[row] = there[min(first, len(there)) - 1 :].mean(dtype=np.float64)
    return np.clip(result, 0, 1)
