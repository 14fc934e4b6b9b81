"""Which images may be duplicates of each other: perceptual hashes of parts, and exact search. Pure functions.

The hash of a whole image misses a duplicate that is cropped or has a plate in a corner. So parts are hashed too,
all from the same 64×64 pixels. Each part is compared with the same part of other images: one of the parts is free
of the plate. With `thorough`, windows of one image are compared with the whole of the other: one of them is the
crop. Hashes of mirrored and turned images come from the same frequencies. A candidate is a pair with its pose;
`alignment` tells duplicates from look-alikes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from curate.core import scratch
from curate.core.executors import MapFn
from curate.dedup import hamming_search, matches, phash, runs
from curate.dedup.matches import Candidates
from curate.dedup.phash import LOW, SQUARE, Frequencies, Hashes
from curate.dedup.runs import Indices

Greys = NDArray[np.uint8]  # (n, 64, 64)
Box = tuple[float, float, float, float]  # top, bottom, left, right: 0..1

WHOLE: Box = (0, 1, 0, 1)
PARTS: tuple[Box, ...] = (
    WHOLE,
    (1 / 8, 7 / 8, 1 / 8, 7 / 8),
    (0, 5 / 8, 0, 1),
    (3 / 8, 1, 0, 1),
    (0, 1, 0, 5 / 8),
    (0, 1, 3 / 8, 1),
)
MIDDLES = 2  # the first of them lie where they lay when an image is mirrored or turned
TURNS = tuple((mirrored, quarters) for mirrored in (False, True) for quarters in (1, 2, 3))
WINDOW_SIDES = (0.93, 0.86, 0.80, 0.74)  # of the image's side; two hashes overlap for what lies between
WINDOW_STEP = 0.035
ASPECT = 1.1  # a window is at most so much wider or higher than the image, relative to it
WINDOWS_AT_ONCE = 64  # that are looked for, so that memory stays small
WINDOW_BITS = 10  # at most, windows being many
FLAT = 2.0  # grey levels, root mean square of the frequencies kept: less is noise
CROWD = 32  # of many parts with one and the same hash, so many are compared with all others
BLOCK = 64  # images hashed in one piece of work
AT_ONCE = 4  # of them whose frequencies are in memory: so many stay in a processor's cache
ROWS_AT_ONCE = 1 << 21  # matches that are held before the nearest are taken
ENOUGH = 2 * (matches.MOST_BETTER + 1)  # views near to one: an image has two at most, one of them may be its own


@dataclass(frozen=True)
class Pose:
    """How two images may match: a part of the first, mirrored and turned or not, with the whole of the second."""

    part: Box  # of the first image, after mirroring
    mirrored: bool = False
    quarters: int = 0  # that the first image is then turned by, as `np.rot90` does


@cache
def windows() -> tuple[Box, ...]:
    """The windows of `thorough`."""
    spans = [(0.0, 1.0)]
    for side in WINDOW_SIDES:
        count = int(np.ceil((1 - side) / WINDOW_STEP)) + 1
        spans += [(float(at), float(at) + side) for at in np.linspace(0, 1 - side, count)]
    return tuple(
        (*y, *x)
        for y in spans
        for x in spans
        if 1 / ASPECT <= (y[1] - y[0]) / (x[1] - x[0]) <= ASPECT and (y, x) != (spans[0], spans[0])
    )


@cache
def parts(thorough: bool) -> tuple[Box, ...]:
    """The parts that are hashed, those that meet their like first."""
    return PARTS + (windows() if thorough else ())


@cache
def poses() -> tuple[Pose, ...]:
    """All poses: the whole and each window plain, then each of them mirrored, then the whole turned."""
    boxes = (WHOLE, *windows())
    flipped = (Pose(_mirror(box), mirrored=True) for box in boxes)
    return (*map(Pose, boxes), *flipped, *(Pose(WHOLE, *turn) for turn in TURNS))


@cache
def _place(pose: Pose) -> int:
    """Where a pose is among all."""
    return poses().index(pose)


def _mirror(part: Box) -> Box:
    """Where a part lies after mirroring."""
    return (part[0], part[1], 1 - part[3], 1 - part[2])


@cache
def _reading(start: float, stop: float, side: int) -> NDArray[np.float64]:
    """(8, side): the lowest frequencies of that span of a line of `side` pixels, in whole numbers."""
    edges = np.linspace(start, stop, SQUARE + 1) * side
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.clip(overlap, 0, None)
    return np.asarray(np.rint(phash.COSINES @ (weights / weights.sum(axis=1, keepdims=True))))


@dataclass(frozen=True)
class PartHashes:
    """Hashes of the `parts` of n images. Arrays (parts, n), but for `turned`."""

    plain: Hashes  # as they are
    mirrored: Hashes
    turned: Hashes  # (6, 2, n): the first two parts in each of the `TURNS`
    textured: NDArray[np.bool_]  # is there more than noise in it?


def hash_parts(thorough: bool, greys: Greys) -> PartHashes:
    """Hash the parts of images (n, 64, 64)."""
    down, across, where = _spans(thorough, greys.shape[-1])
    hashed = _empty(len(where[0]), len(greys))
    for start in range(0, len(greys), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        every = down @ greys[some].astype(np.float64) @ across  # the frequencies of each span with each other
        low = every.reshape(-1, len(down) // LOW, LOW, across.shape[1] // LOW, LOW)[:, where[0], :, where[1]]
        shape = low.shape[:2]  # parts, images
        low = low.reshape(-1, LOW, LOW)  # in whole numbers, exact in any order
        hashed.plain[:, some] = phash.sign_bits(low).reshape(shape)
        hashed.mirrored[:, some] = phash.sign_bits(phash.mirrored(low)).reshape(shape)
        hashed.textured[:, some] = _textured(low).reshape(shape)
        middle = low[: MIDDLES * shape[1]]
        lying = {False: middle, True: phash.mirrored(middle)}
        for turn, (mirrored, _) in enumerate(TURNS):  # each a quarter on from the one before
            lying[mirrored] = phash.turned(lying[mirrored])
            hashed.turned[turn, :, some] = phash.sign_bits(lying[mirrored]).reshape(MIDDLES, -1)
    return hashed


@cache
def _spans(thorough: bool, side: int) -> tuple[Frequencies, Frequencies, tuple[Indices, Indices]]:
    """What reads the vertical spans of all parts (8 v, side), the horizontal ones (side, 8 h), and the numbers of
    both spans of each part."""
    vertical, horizontal = ([part[at : at + 2] for part in parts(thorough)] for at in (0, 2))
    rows, columns = (list(dict.fromkeys(spans)) for spans in (vertical, horizontal))
    down, across = (np.concatenate([_reading(*span, side) for span in spans]) for spans in (rows, columns))
    places = [rows.index(span) for span in vertical], [columns.index(span) for span in horizontal]
    return down, np.ascontiguousarray(across.T), (np.array(places[0]), np.array(places[1]))


def _empty(count: int, images: int) -> PartHashes:
    """Room for the hashes of so many parts."""
    size = count, images
    turned = np.empty((len(TURNS), MIDDLES, images), np.uint64)
    return PartHashes(
        scratch.empty(size, np.uint64), scratch.empty(size, np.uint64), turned, scratch.empty(size, np.bool_)
    )


def _textured(low: Frequencies) -> NDArray[np.bool_]:
    """Whether the frequencies kept hold more than noise: root mean square over the part, in grey levels."""
    energy = (low**2).sum(axis=(1, 2)) - low[:, 0, 0] ** 2
    one_level = 2.0**28 * SQUARE**2 / 2  # what a wave of 1 grey level RMS, slanted, sums up to
    return np.asarray(np.sqrt(energy) > FLAT * one_level)


def find(greys: Greys, owner: NDArray[np.int64], bits: int, thorough: bool, map_fn: MapFn = map) -> Candidates:
    """Candidates among n views of images (n, 64, 64): parts within `bits`, and windows within `bits` or 10.

    `owner` (n,) numbers the image that each is a view of.
    """
    matches.check_number(int(owner[-1]) + 1 if len(owner) else 0)
    starts = range(0, len(greys), BLOCK)
    hashed = _empty(len(parts(thorough)), len(greys))
    blocks = map_fn(partial(hash_parts, thorough), (greys[start : start + BLOCK] for start in starts))
    for start, block in zip(starts, blocks, strict=True):
        for name, some in vars(block).items():
            getattr(hashed, name)[..., start : start + BLOCK] = some
    waiting, room = [np.empty(0, np.int64)], ROWS_AT_ONCE
    for first, second, pose, distance in _rows(hashed, bits):
        waiting.append(matches.encode(first, second, pose, distance, owner))
        room -= len(first)
        if room < 0:
            waiting.append(matches.nearest(_joined(waiting)))
            room = len(waiting[0]) // 2 + ROWS_AT_ONCE
    del hashed
    found = matches.nearest(_joined(waiting))
    return matches.decode(matches.distinct(found), owner)


def _joined(waiting: list[matches.Matches]) -> matches.Matches:
    """All of them in one array, and the list empty, so that they are not held twice."""
    joined = np.concatenate(waiting)
    waiting.clear()
    return joined


def _rows(hashed: PartHashes, bits: int) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Blocks of first, second, pose, bits."""
    plain, textured = hashed.plain, hashed.textured
    limit = np.full(plain.shape[1], bits, np.uint8)  # that a pair of each, as the worse one, may differ in
    flips = _place(Pose(WHOLE, mirrored=True))  # so many upright poses come before it
    for number, part in enumerate(PARTS):
        lying = [(plain, part, 0), (hashed.mirrored, _mirror(part), flips)]
        if number < MIDDLES:
            lying += [(hashed.turned[k], part, _place(Pose(WHOLE, *turn))) for k, turn in enumerate(TURNS)]
        for hashes, lies, pose in lying:  # like on like: whole on whole
            there = PARTS.index(lies)  # what lies there in the other image
            places = np.flatnonzero(textured[number] & textured[there])
            there_too, some = plain[there, places], limit[places]
            queries = there_too if hashes is plain else hashes[number, places]
            for i, j, distance in _compared(queries, there_too, bits, some):
                yield places[i], places[j], np.full(len(i), pose), distance.astype(np.int64)
            limit[places] = some
    if len(plain) == len(PARTS):
        return
    wholes = np.flatnonzero(textured[0])
    wholes = wholes[_leaders(plain[0, wholes])]  # of a crowd of one image, the first find the crops for all
    led = np.zeros(len(textured[0]), bool)
    led[_leaders(plain[0])] = True
    for start in range(len(PARTS), len(plain), WINDOWS_AT_ONCE):
        window, place = np.nonzero(textured[start : start + WINDOWS_AT_ONCE] & led)
        window += start
        for hashes, first_pose in ((plain, 0), (hashed.mirrored, flips)):
            for i, j, distance in hamming_search.across(
                hashes[window, place], plain[0, wholes], min(bits, WINDOW_BITS)
            ):
                first, second = place[i], wholes[j]
                wanted = (first != second) & (distance <= limit[np.maximum(first, second)])
                pose = window[i[wanted]] - len(PARTS) + 1 + first_pose
                yield first[wanted], second[wanted], pose, distance[wanted].astype(np.int64)


def _compared(
    queries: Hashes, hashes: Hashes, bits: int, limit: NDArray[np.uint8]
) -> Iterator[hamming_search.HashPairs]:
    """Pairs i < j of two lists over the same n views, which may be one, with crowds of one hash thinned out.

    Ten thousand parts with one hash are fifty million pairs. Of each such crowd, the first 32 meet everybody, and
    the others meet these 32. A pair whose images cannot be candidates, because the worse one has too many nearer
    ones, may be missing: `limit` (n,) are the bits that it may differ in, which become fewer on the way.
    """
    leaders = _leaders(hashes)
    few, near = hashes[leaders], hamming_search.Near(limit[leaders], ENOUGH)
    asking = few if queries is hashes else queries[leaders]
    for i, j, distance in hamming_search.across(asking, few, bits, upper=True, near=near):
        yield leaders[i], leaders[j], distance
    limit[leaders] = near.bits
    if len(leaders) == len(hashes):
        return
    values, of_value = np.unique(hashes, return_inverse=True)
    followers = np.setdiff1d(np.arange(len(hashes)), leaders)
    for lead in range(CROWD):
        first_of = _nth_of(of_value[leaders], len(values), lead)
        chosen = first_of[of_value[followers]]
        usable = chosen >= 0
        i, j = leaders[chosen[usable]], followers[usable]
        distance = phash.distance(queries[i], hashes[j])
        wanted = distance <= limit[j]
        yield i[wanted], j[wanted], distance[wanted]


def _leaders(hashes: Hashes) -> NDArray[np.int64]:
    """Places of all but those that have 32 equals before them."""
    order = np.argsort(hashes, kind="stable")
    return np.sort(order[runs.places(runs.starts(hashes[order])) < CROWD])


def _nth_of(values: NDArray[np.int64], count: int, nth: int) -> NDArray[np.int64]:
    """For each value below `count`, the place of its nth occurrence in `values`, or -1."""
    order = np.argsort(values, kind="stable")
    starts = np.searchsorted(values[order], np.arange(count))
    ends = np.append(starts[1:], len(values))
    there = starts + nth < ends
    return np.where(there, order[np.minimum(starts + nth, len(values) - 1)], -1)
