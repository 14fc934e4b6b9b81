"""Matches of views, each as one number, so that many millions are sorted in little memory. Pure functions.

From its highest bits, the number tells the better image, the worse one, the bits in which two hashes differ, the
pose, and which views of the two images they are. Sorted, the matches of a pair come in a row, nearest first."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import Do, ResourceError
from curate.dedup import runs
from curate.dedup.runs import Indices

Matches = NDArray[np.int64]  # (k,) numbers

POSES = 6  # that are tried for one pair
MOST_BETTER = 256  # better ones, the nearest, that are candidates of one image: so memory is linear in images
_VIEWS, _POSE, _BITS, _IMAGE = 3, 10, 4, 23  # bits of a number
_PAIR = _VIEWS + _POSE + _BITS  # where the two images begin
_OF_PAIR, _OF_BITS = -1 << _PAIR, ((1 << _BITS) - 1) << (_VIEWS + _POSE)  # where they are in a number
MOST = 1 << _IMAGE  # images
_BLOCK = 1 << 20  # numbers that are looked at at once
_SORTED = 1 << 23  # pairs that are sorted by their worse image at once


@dataclass(frozen=True)
class Candidates:
    """Matches of two views, the nearest of each pair of images first. Four (k,) arrays.

    A pair has at most six matches, the nearest. An image has pairs with at most 256 better ones, the nearest; if
    there were more, no match is farther than that of the last of them.
    """

    first: NDArray[np.integer]  # the view that is mirrored and windowed
    second: NDArray[np.integer]
    pose: NDArray[np.integer]  # place in `candidates.poses()`
    bits: NDArray[np.integer]  # that the two hashes differ in


def check_number(photos: int) -> None:
    """Raise ResourceError for more photos than a match has room to name."""
    if photos > MOST:
        remedy = Do("share the classes out over several folders")
        raise ResourceError(f"dedup compares {MOST:,} photos at most, not {photos:,}", remedy)


def encode(first: Indices, second: Indices, pose: Indices, bits: Indices, owner: Indices) -> Matches:
    """The matches of views (k,) of different images as numbers, `owner` (n,) being the image of each view.

    An image has two views at most, one after the other. There are at most MOST images.
    """
    a, b = owner[first], owner[second]
    views = (a > b) * 4 + _inner(owner, first) * 2 + _inner(owner, second)
    pair = (np.minimum(a, b) << _IMAGE) | np.maximum(a, b)
    code = (((((pair << _BITS) | bits) << _POSE) | pose) << _VIEWS) | views
    return np.asarray(code[a != b])


def _inner(owner: Indices, view: Indices) -> NDArray[np.bool_]:
    """Which of these views are the second of their images."""
    return np.asarray((view > 0) & (owner[view - 1] == owner[view]))


def _blocks(matches: Matches) -> Iterator[slice]:
    """Slices of them, so that what is computed of all of them needs little memory at once."""
    return (slice(start, start + _BLOCK) for start in range(0, len(matches), _BLOCK))


def _as_before(matches: Matches, before: int, bits: int) -> NDArray[np.bool_]:
    """Which numbers (k,) have the same in `bits` as the one so many places before."""
    same = np.zeros(len(matches), bool)
    for block in _blocks(matches[before:]):
        same[before:][block] = ((matches[before:][block] ^ matches[:-before][block]) & bits) == 0
    return same


def _worse(matches: Matches) -> NDArray[np.int64]:
    """The worse images."""
    return np.asarray((matches >> _PAIR) & (MOST - 1))


def _bits(matches: Matches) -> NDArray[np.int64]:
    """In how many the two hashes differ."""
    return np.asarray((matches & _OF_BITS) >> (_VIEWS + _POSE))


def nearest(matches: Matches) -> Matches:
    """The nearest matches of each pair and the nearest better images of each image, sorted.

    `matches` are sorted as well.
    """
    matches.sort()
    new, wanted = (~_as_before(matches, before, _OF_PAIR) for before in (1, POSES))
    pairs = np.zeros(0, np.int64)  # of each image, with better ones
    for block in _blocks(matches):
        some = np.bincount(_worse(matches[block][new[block]]), minlength=len(pairs))
        some[: len(pairs)] += pairs
        pairs = some
    if pairs.max(initial=0) > MOST_BETTER:
        _leave_out_far_ones(matches, new, pairs, wanted)
    return matches if wanted.all() else matches[wanted]


def _leave_out_far_ones(
    matches: Matches, new: NDArray[np.bool_], pairs: Indices, wanted: NDArray[np.bool_]
) -> None:
    """Mark in `wanted` the pairs of images with many better ones that are not among their nearest, and matches
    that are farther than the last of these.

    `new` (k,) is where pairs begin, `pairs` how many each image has. The images take turns, so that little is
    sorted at once.
    """
    far = np.zeros(len(matches), bool)  # where such a pair begins
    last = np.full(len(pairs), (1 << _BITS) - 1)  # bits of each image's last pair
    crowded = np.flatnonzero(pairs > MOST_BETTER)
    turn = np.full(len(pairs), -1, np.int32)
    turn[crowded] = np.cumsum(pairs[crowded]) // _SORTED
    for number in range(turn.max() + 1):
        begins = [
            block.start + np.flatnonzero(new[block] & (turn[_worse(matches[block])] == number))
            for block in _blocks(matches)
        ]
        starts = np.concatenate(begins)
        worse, bits = _worse(matches[starts]), _bits(matches[starts])
        by_image = np.argsort((worse << _BITS) | bits, kind="stable")  # of equals, the better image comes first
        place = runs.places(runs.starts(worse[by_image]))
        far[starts[by_image[place >= MOST_BETTER]]] = True
        ends = by_image[place == MOST_BETTER - 1]
        last[worse[ends]] = bits[ends]
    left_out = False  # is the pair in which a block begins?
    for block in _blocks(matches):
        begun = np.maximum.accumulate(np.where(new[block], np.arange(1, len(new[block]) + 1), 0))
        of_match = np.where(begun > 0, far[block][begun - 1], left_out)
        wanted[block] &= ~of_match & (_bits(matches[block]) <= last[_worse(matches[block])])
        left_out = bool(of_match[-1])


def distinct(matches: Matches) -> Matches:
    """Of the same views in the same pose, found by several parts, the nearest alone. `matches` are those of
    `nearest`."""
    again = np.zeros(len(matches), bool)
    for before in range(1, POSES):
        again |= _as_before(matches, before, ~_OF_BITS)
    return matches[~again]


def decode(matches: Matches, owner: Indices) -> Candidates:
    """What the numbers tell."""
    whole = np.flatnonzero(runs.starts(owner)).astype(np.int32)  # of each image, the first view
    count = len(matches)
    found = Candidates(
        np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int16), np.empty(count, np.int8)
    )
    for block in _blocks(matches):
        some = matches[block]
        better, worse, views = some >> (_PAIR + _IMAGE), _worse(some), some & ((1 << _VIEWS) - 1)
        turned = views >= 4
        found.first[block] = whole[np.where(turned, worse, better)] + (views >> 1 & 1)
        found.second[block] = whole[np.where(turned, better, worse)] + (views & 1)
        found.pose[block] = some >> _VIEWS & ((1 << _POSE) - 1)
        found.bits[block] = _bits(some)
    return found
