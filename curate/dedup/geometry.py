"""Where one image lies in another: affine transforms, (3, 3). Pure functions.

A transform takes points of the second image to points of the first, both in shares of width and height: 0..1 from
the left, 0..1 from the top. Transforms compose as matrix products. A mirrored image has a negative determinant."""

import numpy as np
from numpy.typing import NDArray

from curate.dedup.candidates import Box, Pose

Transform = NDArray[np.float64]  # (3, 3)
Warp = NDArray[np.float32]  # (2, 3), pixels of the second image to pixels of the first
Match = tuple[int, int, Transform]  # number of the first view, of the second, from the second to the first

MIRROR: Transform = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
QUARTER: Transform = np.array([[0.0, -1, 1], [1, 0, 0], [0, 0, 1]])  # the right side of the first image is on top


def of_box(box: Box) -> Transform:
    """From points of a part of an image to points of the image."""
    top, bottom, left, right = box
    return np.array([[right - left, 0, left], [0, bottom - top, top], [0, 0, 1]], np.float64)


def of_pose(pose: Pose) -> Transform:
    """From the second image of a pose to the first."""
    upright = np.linalg.matrix_power(QUARTER, pose.quarters) @ of_box(pose.part)
    return MIRROR @ upright if pose.mirrored else upright


def mirrored(transform: Transform) -> bool:
    """Whether one image is the mirror image of the other."""
    return bool(np.linalg.det(transform) < 0)


def degrees_turned(matrix: NDArray[np.floating]) -> float:
    """Rotation of a transform or warp that mirrors nothing, -180..180 degrees; counter-clockwise is negative."""
    return float(np.degrees(np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1])))


def quarters_turned(transform: Transform) -> int:
    """Quarter turns of the first image, after mirroring, that lay it on the second: 0..3."""
    upright = MIRROR @ transform if mirrored(transform) else transform
    return round(degrees_turned(upright) / 90) % 4


def to_pixels(transform: Transform, side: int) -> Warp:
    """The transform in pixels of two images of that side. A mirrored first image is mirrored already."""
    grid = _grid(side)
    upright = MIRROR @ transform if mirrored(transform) else transform
    return np.asarray((np.linalg.inv(grid) @ upright @ grid)[:2], np.float32)


def from_pixels(warp: Warp, side: int, flipped: bool) -> Transform:
    """The inverse of `to_pixels`."""
    grid = _grid(side)
    upright = grid @ np.vstack([warp, [0, 0, 1]]) @ np.linalg.inv(grid)
    return np.asarray(MIRROR @ upright if flipped else upright)


def inverse(transform: Transform) -> Transform:
    """From points of the first image to points of the second."""
    return np.asarray(np.linalg.inv(transform), np.float64)


def scaling(size: NDArray[np.integer], power: int) -> Transform:
    """From pixels of an image of that width and height to points (power 1), or back (power -1)."""
    width, height = (float(side) ** -power for side in size)
    return np.diag([width, height, 1.0])


def _grid(side: int) -> Transform:
    """From pixels to points: the centre of the first pixel is half a pixel from the edge."""
    return np.array([[1 / side, 0, 0.5 / side], [0, 1 / side, 0.5 / side], [0, 0, 1]], np.float64)
