"""All pairs of 64-bit hashes within a few bits of each other: exact, in linear memory. Pure functions.

The pigeonhole principle, as in Manku, Jain and Das Sarma, "Detecting near-duplicates for web crawling"
(2007): cut the hash into four chunks of 16 bits. If two hashes differ in at most d bits, then for any limits
that add up to d - 3 some chunk differs in no more than its own limit. So for each chunk, hashes are sorted
into buckets, and each bucket is compared with the few whose number differs in that few bits. A pair is reported by
the first chunk that finds it. The number of a bucket is as many bits of the chunk as put about ten hashes into
each: of fewer hashes, most of the time would go into looking up empty buckets.

Of a crowd, where all hashes are near to all, only the nearest are wanted: see `Near`."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from curate.core import extras
from curate.dedup.phash import Hashes
from curate.dedup.runs import Indices

HashPairs = tuple[Indices, Indices, NDArray[np.uint8]]  # place in the first list, in the second, bits that differ
Position = tuple[int, int, int, int, int]  # `at` of the compiled loop (see `hamming_kernel.join`), and its `stop`

CHUNKS = 4
WIDTH = 16  # bits per chunk
IN_BUCKET = 8  # hashes, at least, as far as a chunk has bits enough
MAX_BITS = 12
_FEW = 1 << 27  # comparisons that are quicker made one by one than by compiled code that must be loaded first
_BLOCK = 1 << 17  # comparisons at once, that fit into a processor's cache
_TASKS = 256  # pieces of work per chunk
_ROOM = 1 << 18  # pairs that are found at once


@dataclass(frozen=True)
class Near:
    """Says that of the pairs i < j of each j only the `most` with the fewest bits are wanted.

    A pair that has `most` nearer ones may be left out. Which of them are depends on the order of the threads, so
    who asks must leave out all.
    """

    bits: NDArray[np.uint8]  # (n,) that a pair of each j may differ in; lowered as nearer ones are found
    most: int


def within(hashes: Hashes, bits: int, near: Near | None = None) -> Iterator[HashPairs]:
    """Pairs i < j of `hashes` (n,) that differ in at most `bits` bits, each once, in blocks."""
    yield from _search(hashes, hashes, bits, upper=True, near=near)


def across(
    queries: Hashes, hashes: Hashes, bits: int, upper: bool = False, near: Near | None = None
) -> Iterator[HashPairs]:
    """Pairs of one of `queries` (m,) and one of `hashes` (n,) that differ in at most `bits` bits; with `upper`, of
    two hashes of one list of images, only those i < j. `near` goes with `upper` alone."""
    yield from _search(queries, hashes, bits, upper, near)


def gather(blocks: Iterator[HashPairs]) -> HashPairs:
    """All blocks in one, sorted by place."""
    parts = list(blocks)
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    first, second, distance = (np.concatenate([part[k] for part in parts]) for k in range(3))
    order = np.lexsort((second, first))
    return first[order], second[order], distance[order]


def _search(left: Hashes, right: Hashes, bits: int, upper: bool, near: Near | None = None) -> Iterator[HashPairs]:
    if not 0 <= bits <= MAX_BITS:
        raise ValueError(f"bits must be 0..{MAX_BITS}, not {bits}")
    if len(left) * len(right) <= _FEW or extras.missing("fast"):
        yield from _one_by_one(left, right, bits, upper, near)
    else:
        yield from _by_chunks(left, right, bits, upper, _width(len(right)), near)


def _one_by_one(
    left: Hashes, right: Hashes, bits: int, upper: bool, near: Near | None = None
) -> Iterator[HashPairs]:
    rows = max(1, _BLOCK // max(1, len(right)))
    counts, uncounted = np.zeros((len(right), MAX_BITS + 1), np.int32), [np.empty(0, np.int64)]
    for start in range(0, len(left), rows):
        others = start if upper else 0
        distance = np.bitwise_count(left[start : start + rows, None] ^ right[None, others:])
        wanted = distance <= (near.bits[others:] if near else bits)
        i, j = np.divmod(np.flatnonzero(wanted), distance.shape[1])  # three times as fast as nonzero over two axes
        if upper:
            above = i < j
            i, j = i[above], j[above]
        yield i + start, j + others, distance[i, j]
        if near:
            uncounted.append((j + others) * counts.shape[1] + distance[i, j])
            if sum(map(len, uncounted)) > counts.size:
                counts += np.bincount(np.concatenate(uncounted), minlength=counts.size).reshape(counts.shape)
                nearer = counts.cumsum(axis=1)[:, :-1]  # at most so many bits: 0, 1, ...
                np.minimum(near.bits, (nearer < near.most).sum(axis=1), out=near.bits, casting="unsafe")
                uncounted.clear()


@cache
def _masks(width: int, limit: int) -> NDArray[np.int64]:
    """Numbers of `width` bits with at most `limit` bits set."""
    positions = [1 << bit for bit in range(width)]
    return np.array([sum(some) for count in range(limit + 1) for some in combinations(positions, count)], np.int64)


def limits(bits: int) -> list[int]:
    """Bits that each chunk may differ in; -1 for a chunk that is not needed."""
    total = bits - (CHUNKS - 1) + CHUNKS  # counted from -1
    return [total // CHUNKS + (chunk < total % CHUNKS) - 1 for chunk in range(CHUNKS)]


@dataclass(frozen=True)
class Search:
    """What is looked for."""

    bits: int
    upper: bool
    same: bool  # are both lists one?
    width: int  # bits of a chunk that number the buckets
    near: Near
    counts: NDArray[np.int32]  # (n, bits) pairs of each j that were found


@dataclass(frozen=True)
class Buckets:
    """n hashes sorted by one chunk."""

    hashes: Hashes  # (n + GROUP of the kernel,), zeros at the end
    places: Indices  # (n,) where each was
    starts: Indices  # of each bucket, and the end of the last


def _width(count: int) -> int:
    """Bits of a chunk that number the buckets of so many hashes."""
    return min(max((count // IN_BUCKET).bit_length() - 1, 1), WIDTH)


def _chunk(number: int, width: int) -> int:
    """The bits of a hash that number its bucket."""
    return ((1 << width) - 1) << (number * WIDTH)


def _bucketed(hashes: Hashes, chunk: int, width: int) -> Buckets:
    from curate.dedup.hamming_kernel import GROUP

    bucket = ((hashes & np.uint64(_chunk(chunk, width))) >> np.uint64(chunk * WIDTH)).astype(np.uint16)
    order = np.argsort(bucket, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(bucket, minlength=1 << width)))
    return Buckets(np.append(hashes[order], np.zeros(GROUP, np.uint64)), order, starts)


def _by_chunks(
    left: Hashes, right: Hashes, bits: int, upper: bool, width: int, near: Near | None = None
) -> Iterator[HashPairs]:
    allowed, near = limits(bits), near or Near(np.empty(0, np.uint8), 0)
    counts = np.zeros((len(near.bits), MAX_BITS + 1), np.int32)
    search = Search(bits, upper, upper and left is right, width, near, counts)
    with ThreadPoolExecutor(_cores()) as pool:
        for chunk in range(CHUNKS):
            if allowed[chunk] < 0:
                continue
            a = _bucketed(left, chunk, width)
            b = a if search.same else _bucketed(right, chunk, width)
            work = partial(_join, search, a, b, chunk)
            edges = np.unique(np.linspace(0, 1 << width, _TASKS + 1).astype(int)).tolist()
            to_come: Iterator[Position] = ((start, 0, -1, -1, stop) for start, stop in pairwise(edges))
            waiting = deque(pool.submit(work, at) for at in islice(to_come, 2 * _cores()))
            while waiting:  # few, so that pairs do not pile up
                block, rest = waiting.popleft().result()
                yield block
                waiting.extend(pool.submit(work, at) for at in ([rest] if rest else islice(to_come, 1)))


def _join(search: Search, a: Buckets, b: Buckets, chunk: int, at: Position) -> tuple[HashPairs, Position | None]:
    """Pairs that this chunk is the first to find, from `at`; at most `_ROOM` of them, and where to go on."""
    from curate.dedup import hamming_kernel

    allowed, same = limits(search.bits), search.same
    earlier = np.array([_chunk(before, search.width) for before in range(chunk)], np.uint64)
    earlier_limits = np.array(allowed[:chunk], np.uint64)
    x, y, distance = np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64), np.empty(_ROOM, np.uint8)
    *start, stop = at
    found, reached = hamming_kernel.join(
        tuple(start),
        stop,
        a.hashes,
        a.starts,
        b.hashes,
        b.starts,
        _masks(search.width, allowed[chunk]),
        earlier,
        earlier_limits,
        np.uint64(search.bits),
        same,
        search.upper,
        a.places,
        b.places,
        search.near.bits,
        search.near.most,
        search.counts,
        x,
        y,
        distance,
    )
    i, j = a.places[x[:found]], b.places[y[:found]]
    if same:
        i, j = np.minimum(i, j), np.maximum(i, j)
    return (i, j, distance[:found].copy()), (*reached, stop) if reached[0] < stop else None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
