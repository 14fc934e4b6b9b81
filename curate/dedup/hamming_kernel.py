"""The compiled loop of `hamming_search`, which imports it only for long lists: numba is slow to import."""

from typing import Any

import numba  # noqa: TID253  (this module is itself imported inside a function)
from numba.extending import intrinsic  # noqa: TID253

GROUP = 8  # hashes of the other bucket that are counted before any is looked at


def _popcount(context, x):  # type: ignore[no-untyped-def]
    """Bits set, by the instruction that the processor has for it."""
    return numba.uint64(numba.uint64), lambda context, builder, signature, values: builder.ctpop(values[0])


popcount: Any = intrinsic(_popcount)


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
    upper,
    left_places,
    right_places,
    wanted,
    most,
    counts,
    out_left,
    out_right,
    out_bits,
):
    """Pairs of `left` and `right` whose buckets differ by one of `masks` and that differ in at most `bits`
    bits.

    Both sides are sorted into buckets by one chunk; `right` has `GROUP` numbers more at its end, which are in no
    bucket. Buckets of `left` are taken up to `stop`, from `at`: bucket, mask, place in `right`, place in
    `left`; the last two are -1 at the start.
    A pair that one of the `earlier` chunks finds as well (within its entry in `limits`) is left to that chunk.
    `same` says that both sides are one list, of which each pair is wanted once; `upper`, that of two lists only
    pairs are wanted whose first place (`left_places`) is below the second (`right_places`).
    With `most` above 0, a pair is left out where its higher place has `most` nearer ones: `wanted` are the bits
    that a pair of each place may differ in, `counts` (places, bits + 1) what was found of it. Both go on from call
    to call. Several threads may change them at once: one that misses a change leaves out less, never more.
    Places in the sorted lists go to `out_*`, which have room for `GROUP` pairs at least; it stops when they may
    not suffice. Returns the number of pairs found, and where to go on.
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
            if same and other < bucket:
                continue
            for y2 in range(max(y0, at[2]) if resumed else y0, y1, GROUP):
                near = 0
                for x in range(x0, x1):  # all before any is looked at: few branches, and as long as a vector
                    for k in range(GROUP):
                        near += popcount(left[x] ^ right[y2 + k]) <= bits
                if near == 0:
                    continue
                for x in range(max(x0, at[3]) if resumed and y2 == at[2] else x0, x1):
                    if found + GROUP > room:
                        return found, (bucket, number, y2, x)
                    for y in range(y2, min(y2 + GROUP, y1)):
                        difference = left[x] ^ right[y]
                        distance = popcount(difference)
                        if distance > bits or (same and other == bucket and y <= x):
                            continue
                        higher = right_places[y]
                        if same:
                            higher = max(higher, left_places[x])
                        elif upper and left_places[x] >= higher:
                            continue
                        if most > 0 and distance > wanted[higher]:
                            continue
                        taken = False
                        for chunk in range(len(earlier)):
                            taken |= popcount(difference & earlier[chunk]) <= limits[chunk]
                        if taken:
                            continue
                        out_left[found], out_right[found], out_bits[found] = x, y, distance
                        found += 1
                        if most > 0:
                            counts[higher, distance] += 1
                            last, nearer = wanted[higher], 0
                            for fewer in range(last):
                                nearer += counts[higher, fewer]
                            if nearer >= most:
                                wanted[higher] = last - 1
    return found, (stop, 0, -1, -1)
