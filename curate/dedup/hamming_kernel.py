"""The compiled loop of `hamming_search`, which imports it only for long lists: numba is slow to import."""

import numba  # noqa: TID253  (this module is itself imported inside a function)
import numpy as np

M1, M2, M4 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
ONES, TOP = np.uint64(0x0101010101010101), np.uint64(56)
GROUP = 32  # hashes of the other bucket that are counted before any is looked at
S1, S2, S4 = np.uint64(1), np.uint64(2), np.uint64(4)


@numba.njit(inline="always")
def popcount(x):  # type: ignore[no-untyped-def]
    """Bits set. LLVM knows this idiom and emits the processor's own instruction."""
    x = x - ((x >> S1) & M1)
    x = (x & M2) + ((x >> S2) & M2)
    x = (x + (x >> S4)) & M4
    return (x * ONES) >> TOP


def _compiled(function):  # type: ignore[no-untyped-def]
    """Compile it, remembered on disk where there is a place to write to."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # a read-only installation, and no home
        return numba.njit(nogil=True)(function)


@_compiled
def join(  # type: ignore[no-untyped-def]
    at,
    stop,
    left,
    left_starts,
    right,
    right_starts,
    masks,
    earlier,
    limits,
    bits,
    same,
    out_left,
    out_right,
    out_bits,
):
    """Pairs of `left` and `right` whose buckets differ by one of `masks` and that differ in at most `bits`
    bits.

    Both sides are sorted into 65,536 buckets by one 16-bit chunk. Those of `left` are taken up to `stop`, from
    `at`: bucket, mask, place in `left`, place in `right`; the last two are -1 at the start.
    A pair that one of the `earlier` chunks finds as well (within its entry in `limits`) is left to that chunk.
    `same` says that both sides are one list, of which each pair is wanted once. Places in the sorted lists go to
    `out_*`, which have room for `GROUP` pairs at least; it stops when they may not suffice. Returns the number of
    pairs found, and where to go on.
    """
    found = 0
    room = len(out_bits)
    for bucket in range(at[0], stop):
        x0, x1 = left_starts[bucket], left_starts[bucket + 1]
        if x0 == x1:
            continue
        for number in range(at[1] if bucket == at[0] else 0, len(masks)):
            other = bucket ^ masks[number]
            resumed = bucket == at[0] and number == at[1]
            y0, y1 = right_starts[other], right_starts[other + 1]
            if y0 == y1 or (same and other < bucket):
                continue
            for x in range(max(x0, at[2]) if resumed else x0, x1):
                value = left[x]
                for y2 in range(at[3] if resumed and x == at[2] else y0, y1, GROUP):
                    y3 = min(y2 + GROUP, y1)
                    near = 0
                    for y in range(y2, y3):
                        near += popcount(value ^ right[y]) <= bits
                    if near == 0:
                        continue
                    if found + GROUP > room:
                        return found, (bucket, number, x, y2)
                    for y in range(y2, y3):
                        difference = value ^ right[y]
                        distance = popcount(difference)
                        if distance > bits or (same and other == bucket and y <= x):
                            continue
                        taken = False
                        for chunk in range(len(earlier)):
                            taken |= popcount(difference & earlier[chunk]) <= limits[chunk]
                        if taken:
                            continue
                        out_left[found], out_right[found], out_bits[found] = x, y, distance
                        found += 1
    return found, (stop, 0, -1, -1)
