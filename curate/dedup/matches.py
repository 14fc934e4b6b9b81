"""Matches of views, each as one number, so that many millions are sorted in little memory. Pure functions.

From its highest bits, the number tells the better image, the worse one, the bits in which two hashes differ, the
pose, and which views of the two images they are. Sorted, the matches of a pair come in a row, nearest first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import ResourceError
from curate.dedup import runs
from curate.dedup.runs import Indices

Matches = NDArray[np.int64]  # (k,) numbers

POSES = 6  # that are tried for one pair
MOST_BETTER = 256  # better ones, the nearest, that are candidates of one image: so memory is linear in images
_VIEWS, _POSE, _BITS, _IMAGE = 3, 10, 4, 23  # bits of a number
_PAIR = _VIEWS + _POSE + _BITS  # where the two images begin
LARGEST = 1 << _IMAGE  # images


@dataclass(frozen=True)
class Candidates:
    """Matches of two views, the nearest of each pair of images first. Four (k,) arrays.

    A pair has at most six matches, the nearest. An image has pairs with at most 256 better ones, the nearest.
    """

    first: NDArray[np.integer]  # the view that is mirrored and windowed
    second: NDArray[np.integer]
    pose: NDArray[np.integer]  # place in `candidates.poses()`
    bits: NDArray[np.integer]  # that the two hashes differ in


def encode(first: Indices, second: Indices, pose: Indices, bits: Indices, owner: Indices) -> Matches:
    """The matches of views (k,) of different images as numbers, `owner` (n,) being the image of each view.

    An image has two views at most, one after the other. Raises ResourceError for more images than the numbers
    have room for.
    """
    if len(owner) and owner[-1] >= LARGEST:
        raise ResourceError(f"dedup compares {LARGEST:,} photos at most, not {owner[-1] + 1:,}")
    a, b = owner[first], owner[second]
    views = (a > b) * 4 + _inner(owner, first) * 2 + _inner(owner, second)
    pair = (np.minimum(a, b) << _IMAGE) | np.maximum(a, b)
    code = (((((pair << _BITS) | bits) << _POSE) | pose) << _VIEWS) | views
    return np.asarray(code[a != b])


def _inner(owner: Indices, view: Indices) -> NDArray[np.bool_]:
    """Which of these views are the second of their images."""
    return np.asarray((view > 0) & (owner[view - 1] == owner[view]))


def nearest(matches: Matches) -> Matches:
    """The nearest matches of each pair and the nearest better images of each image, sorted.

    `matches` are sorted as well.
    """
    matches.sort()
    pair = matches >> _PAIR
    new, wanted = runs.starts(pair), np.ones(len(pair), bool)
    wanted[POSES:] = pair[POSES:] != pair[:-POSES]
    del pair  # as large as all matches
    worse = (matches[new] >> _PAIR) & (LARGEST - 1)
    if len(worse) and np.bincount(worse).max() > MOST_BETTER:
        starts = np.flatnonzero(new)
        bits = (matches[starts] >> (_VIEWS + _POSE)) & ((1 << _BITS) - 1)
        by_image = np.argsort((worse << _BITS) | bits, kind="stable")  # of equals, the better image comes first
        near = np.empty(len(starts), bool)
        near[by_image] = runs.places(runs.starts(worse[by_image])) < MOST_BETTER
        wanted &= np.repeat(near, np.diff(np.append(starts, len(matches))))
    return matches[wanted]


def distinct(matches: Matches) -> Matches:
    """Of the same views in the same pose, found by several parts, the nearest alone. `matches` are those of
    `nearest`."""
    pair, way = matches >> _PAIR, (matches & ((1 << (_VIEWS + _POSE)) - 1)).astype(np.int16)
    again = np.zeros(len(matches), bool)
    for before in range(1, POSES):
        again[before:] |= (pair[before:] == pair[:-before]) & (way[before:] == way[:-before])
    return matches[~again]


def decode(matches: Matches, owner: Indices) -> Candidates:
    """What the numbers tell."""
    better, worse = ((matches >> at & (LARGEST - 1)).astype(np.int32) for at in (_PAIR + _IMAGE, _PAIR))
    views = (matches & ((1 << _VIEWS) - 1)).astype(np.int8)
    turned = views >= 4
    whole = np.flatnonzero(runs.starts(owner)).astype(np.int32)  # of each image, the first view
    return Candidates(
        whole[np.where(turned, worse, better)] + (views >> 1 & 1),
        whole[np.where(turned, better, worse)] + (views & 1),
        (matches >> _VIEWS & ((1 << _POSE) - 1)).astype(np.int16),
        (matches >> (_VIEWS + _POSE) & ((1 << _BITS) - 1)).astype(np.int8),
    )
