"""All pairs of 64-bit hashes within a few bits of each other: exact, in linear memory. Pure functions."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]  # first, second, distance in bits

_BLOCK = 1 << 24  # comparisons held at once


def within(hashes: Hashes, bits: int) -> Iterator[Pairs]:
    """Pairs (i < j) of `hashes` (n,) that differ in at most `bits` bits, in blocks."""
    rows = max(1, _BLOCK // max(1, len(hashes)))
    for start in range(0, len(hashes), rows):
        block = hashes[start : start + rows]
        distance = np.bitwise_count(block[:, None] ^ hashes[None, start:])
        i, j = np.nonzero(distance <= bits)
        keep = i < j
        i, j = i[keep], j[keep]
        yield i + start, j + start, distance[i, j]
