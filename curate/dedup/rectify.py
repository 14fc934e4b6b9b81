"""A part of a photo, cut out of its file and laid straight, to be compared as any small image is."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.dedup import alignment
from curate.dedup.composites import Box
from curate.dedup.fingerprints import COLOUR_SIDE, FINGERPRINT, SIDE, Fingerprints, square
from curate.dedup.geometry import Transform
from curate.photos import store

CLOSE = 256  # pixels, side of the images that are compared
LARGEST = 1024  # pixels, shorter side of a photo that is decoded for it
SEAM_PIXELS = 2  # beside a seam, that belong to neither side


def levelled(seen: NDArray[np.uint8], other: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image (h, w, 3) with the mean and the spread of another in what both show."""
    a, b = seen[inside].astype(np.float32), other[inside]
    levels = (seen - a.mean()) * (b.std() / max(1.0, float(a.std()))) + b.mean()
    return np.asarray(np.where(inside[..., None], levels.clip(0, 255), 0), np.uint8)


def read(folder: Path, path: str, view: Fingerprints, at_least: int) -> NDArray[np.uint8]:
    """The image (h, w, 3) that `view` () was made of, its shorter side at least so many pixels.

    Raises RejectedError.
    """
    return store.load(folder, path, view["sha256"].item().decode(), at_least).pixels


def rectify(
    pixels: NDArray[np.uint8], transform: Transform, part: Box | None
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The image (CLOSE, CLOSE, 3) under the transform from its own points, and which pixels of it there are."""
    import cv2

    height, width = pixels.shape[:2]
    scale = CLOSE / (abs(float(np.linalg.det(transform))) * height * width) ** 0.5
    if scale < 0.7:  # shrink it before, by means over areas
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = pixels.shape[:2]
    there = np.ones((height, width), np.float32)
    if part:
        top, bottom, left, right = part
        there[:] = 0
        margin = SEAM_PIXELS
        there[
            round(top * height) + margin : round(bottom * height) - margin,
            round(left * width) + margin : round(right * width) - margin,
        ] = 1
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    warp = (
        half @ np.diag([width, height, 1.0]) @ transform @ np.diag([1 / CLOSE, 1 / CLOSE, 1]) @ np.linalg.inv(half)
    )
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    seen = cv2.warpAffine(pixels, warp[:2], (CLOSE, CLOSE), flags=flags)
    inside = cv2.warpAffine(there, warp[:2], (CLOSE, CLOSE), flags=flags) > 0.99
    seen[~inside] = 0
    return np.asarray(seen, np.uint8), np.asarray(inside)


def view_of(seen: NDArray[np.uint8], inside: NDArray[np.bool_]) -> Fingerprints:
    """A fingerprint of what is seen, (1,); what is not there is black, and its colours are burnt out."""
    import cv2

    view = np.zeros(1, FINGERPRINT)
    grey = np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.uint8)
    there = np.asarray(inside.reshape(SIDE, CLOSE // SIDE, SIDE, CLOSE // SIDE).all(axis=(1, 3)))
    cells = np.asarray(
        inside.reshape(COLOUR_SIDE, CLOSE // COLOUR_SIDE, COLOUR_SIDE, CLOSE // COLOUR_SIDE).all(axis=(1, 3))
    )
    view["grey"][0] = np.where(there, square(grey, SIDE), 0)
    view["colour"][0] = np.where(cells[..., None], square(seen, COLOUR_SIDE), 255)
    view["box"] = 0, 1, 0, 1
    return view


def compare(seen: Fingerprints, view: Fingerprints) -> tuple[float, Transform]:
    """Similarity of what is seen (1,) and a small image (), and the transform from the latter to the former."""
    views = np.concatenate([seen, np.array([view], FINGERPRINT)])
    value, (_, refined) = alignment.compare_closely(views, [(0, 1, np.eye(3))])
    return value, refined
