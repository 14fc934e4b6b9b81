"""Are two pictures copies of one photo? Proof by laying one on the other. Pure functions.

Cars of one model seen from one side have alike outlines, so outlines prove nothing: detail does. Each
picture's local contrast is brought to one level, so that the wall behind the car counts as much as its
grille. Then one is aligned with the other, starting from the pose in which their hashes matched, by the
affine ECC algorithm (Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation
coefficient maximization", 2008), and the two are correlated where they overlap, the worst eighth left out: a
plate or a watermark may cover so much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.duplicates import geometry
from curate.duplicates.fingerprints import Records
from curate.duplicates.geometry import Map, Warp

Detail = NDArray[np.float32]  # (64, 64), local contrast
Way = tuple[int, int, Map]  # number of the first view, of the second, where the second may lie in the first
Answer = tuple[float, tuple[int, Map]]  # agreement, place of the way that fits best, and where it led

PROOF = 0.92  # agreement of copies; the least of the edits measured was 0.94, the most of other photos 0.90
HOPE = 0.3  # agreement before alignment under which aligning is not tried; of copies the least was 0.4
FINE, COARSE = 2.5, 5.0  # pixels: sizes of detail, and of the surroundings that it is measured against
NOISE = 4.0  # grey levels of contrast that count as nothing
BLOCKS = 8  # per side, in which agreement is measured
LEFT_OUT = 1 / 8  # of the blocks
LEAST_OVERLAP = 0.45  # of the second picture
LEAST_DETAIL = 0.1  # of the overlap must hold some
STRETCH = 1.2  # how far aligning may go from the pose in area
SMOOTHING = 5  # pixels, while aligning


@dataclass(frozen=True)
class Job:
    """A few pairs of pictures to compare: small, because it may travel to another process."""

    views: Records  # (m,) VIEW
    ways: Sequence[Sequence[Way]]  # per pair


def detail(grey: NDArray[np.uint8]) -> Detail:
    """(64, 64) grey to its local contrast: about ±1 on detail, 0 where there is none."""
    import cv2

    pixels = grey.astype(np.float32)
    high = pixels - cv2.GaussianBlur(pixels, (0, 0), FINE)
    return np.asarray(high / np.sqrt(cv2.GaussianBlur(high * high, (0, 0), COARSE) + NOISE**2), np.float32)


def compare(job: Job) -> list[Answer]:
    """How well the pictures of each pair agree, -1..1, and in which way they do.

    Of the ways to match, the one that fits best as it is gets aligned; if even that fits badly, the pair is
    refused.
    """
    import cv2

    cv2.setNumThreads(1)  # the caller runs many of these side by side
    details = [detail(grey) for grey in job.views["grey"]]
    return [_compare_pair(details, ways) for ways in job.ways]


def _compare_pair(details: Sequence[Detail], ways: Sequence[Way]) -> Answer:
    fits = []
    for first, second, place in ways:
        lower = np.ascontiguousarray(details[first][:, ::-1]) if geometry.mirrored(place) else details[first]
        warp = geometry.to_pixels(place, len(lower))
        fits.append((correlation(lower, details[second], warp), lower, details[second], warp))
    best = max(range(len(ways)), key=lambda number: fits[number][0])
    fit, lower, upper, warp = fits[best]
    place = ways[best][2]
    if HOPE <= fit < PROOF:
        better, aligned = _aligned(lower, upper, warp)
        if better > fit:
            fit, place = better, geometry.from_pixels(aligned, len(lower), geometry.mirrored(place))
    return round(fit, 4), (best, place)


def _aligned(first: Detail, second: Detail, start: Warp) -> tuple[float, Warp]:
    """Their correlation after alignment, and how they lie then; 0 when that leads nowhere."""
    import cv2

    everywhere = np.ones(second.shape, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
    try:
        _, found = cv2.findTransformECC(
            second, first, start.copy(), cv2.MOTION_AFFINE, stop, everywhere, SMOOTHING
        )
    except cv2.error:  # it did not converge
        return 0.0, start
    warp = np.asarray(found, np.float32)
    growth = np.linalg.det(warp[:, :2]) / np.linalg.det(start[:, :2])
    return (correlation(first, second, warp) if 1 / STRETCH < growth < STRETCH else 0.0), warp


def correlation(first: Detail, second: Detail, warp: Warp) -> float:
    """Correlation of `second` and the warped `first` where both are, the worst blocks left out."""
    import cv2

    side = len(second)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    inside = cv2.warpAffine(np.ones_like(first), warp, (side, side), flags=flags) > 0.99
    a = cv2.GaussianBlur(cv2.warpAffine(first, warp, (side, side), flags=flags) * inside, (0, 0), 0.7)
    b = cv2.GaussianBlur(second * inside, (0, 0), 0.7)
    aa, bb, ab, area = (_blocks(values) for values in (a * a, b * b, a * b, inside.astype(np.float32)))
    if area.sum() < LEAST_OVERLAP * side * side:
        return 0.0
    some = np.maximum(aa, bb) > 0.1 * np.maximum(area, 1)
    if some.sum() < LEAST_DETAIL * area.sum() / area.max():
        return 0.0
    best = np.argsort(aa + bb - 2 * ab, kind="stable")[: round(len(aa) * (1 - LEFT_OUT))]
    return float(ab[best].sum() / np.sqrt(aa[best].sum() * bb[best].sum() + 1e-6))


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    size = len(values) // BLOCKS
    return np.asarray(values.reshape(BLOCKS, size, BLOCKS, size).sum(axis=(1, 3)).ravel())
