"""Where one picture lies in another: affine maps, (3, 3). Pure functions.

A map takes places in the second picture to places in the first, both in shares of width and height: 0..1 from
the left, 0..1 from the top. Maps follow each other as products; a mirrored picture has a negative determinant."""

import numpy as np
from numpy.typing import NDArray

from curate.dedup.candidates import Box, Pose

Map = NDArray[np.float64]  # (3, 3)
Warp = NDArray[np.float32]  # (2, 3), pixels of the second picture to pixels of the first

MIRROR: Map = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
QUARTER: Map = np.array([[0.0, -1, 1], [1, 0, 0], [0, 0, 1]])  # the right side of the first picture is on top


def of_box(box: Box) -> Map:
    """Places within a part of a picture to places in the picture."""
    top, bottom, left, right = box
    return np.array([[right - left, 0, left], [0, bottom - top, top], [0, 0, 1]], np.float64)


def of_pose(pose: Pose) -> Map:
    """Where the pose says that the second picture lies in the first."""
    upright = np.linalg.matrix_power(QUARTER, pose.quarters) @ of_box(pose.part)
    return MIRROR @ upright if pose.mirrored else upright


def mirrored(place: Map) -> bool:
    """Whether one picture is seen in a mirror."""
    return bool(np.linalg.det(place) < 0)


def degrees_turned(matrix: NDArray[np.floating]) -> float:
    """By how much a map or warp that mirrors nothing turns, -180..180 degrees; counter-clockwise is negative."""
    return float(np.degrees(np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1])))


def quarters_turned(place: Map) -> int:
    """By how many quarters the first picture is turned to lie on the second, mirrored before if it is: 0..3."""
    return round(degrees_turned(MIRROR @ place if mirrored(place) else place) / 90) % 4


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
