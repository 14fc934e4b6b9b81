"""Where one picture lies in another: affine maps, (3, 3). Pure functions.

A map takes places in the second picture to places in the first, both in shares of width and height: 0..1 from
the left, 0..1 from the top. Maps follow each other as products; a mirrored picture has a negative determinant."""

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.candidates import Box, Pose

Map = NDArray[np.float64]  # (3, 3)
Warp = NDArray[np.float32]  # (2, 3), pixels of the second picture to pixels of the first

MIRROR: Map = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])


def of_box(box: Box) -> Map:
    """Places within a part of a picture to places in the picture."""
    top, bottom, left, right = box
    return np.array([[right - left, 0, left], [0, bottom - top, top], [0, 0, 1]], np.float64)


def of_pose(pose: Pose) -> Map:
    """Where the pose says that the second picture lies in the first."""
    return MIRROR @ of_box(pose.part) if pose.mirrored else of_box(pose.part)


def mirrored(place: Map) -> bool:
    """Whether one picture is seen in a mirror."""
    return bool(np.linalg.det(place) < 0)


def to_pixels(place: Map, side: int) -> Warp:
    """The map in pixels of two pictures of that side; the first one mirrored already, if it is."""
    grid = _grid(side)
    upright = MIRROR @ place if mirrored(place) else place
    return np.asarray((np.linalg.inv(grid) @ upright @ grid)[:2], np.float32)


def from_pixels(warp: Warp, side: int, flipped: bool) -> Map:
    """The inverse of `to_pixels`."""
    grid = _grid(side)
    upright = grid @ np.vstack([warp, [0, 0, 1]]) @ np.linalg.inv(grid)
    return np.asarray(MIRROR @ upright if flipped else upright)


def _grid(side: int) -> Map:
    """Pixels to places: the first pixel's middle is half a pixel from the edge."""
    return np.array([[1 / side, 0, 0.5 / side], [0, 1 / side, 0.5 / side], [0, 0, 1]], np.float64)
