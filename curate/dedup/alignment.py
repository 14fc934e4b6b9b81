"""Are two pictures copies? Pure functions on small views of them.

Of the ways in which their hashes matched, the likeliest is taken. From there one picture is aligned with the other
by the affine ECC algorithm on local contrast (Evangelidis and Psarakis, "Parametric image alignment using
enhanced correlation coefficient maximization", 2008). How well they agree then is told in `likeness`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.dedup import geometry, similarity
from curate.dedup.features import Look, look
from curate.dedup.fingerprints import Records
from curate.dedup.geometry import Map, Warp

Way = tuple[int, int, Map]  # number of the first view, of the second, where the second may lie in the first
Answer = tuple[float, tuple[int, Map]]  # agreement, place of the way that fits best, and where it led

PROOF = 0.945  # agreement of copies
HOPE = 0.4  # agreement at a glance under which aligning is not tried; of 34,000 pairs of copies 0.05% are under it
STRETCH = 1.2  # how far aligning may go from the pose in area
TURN = 6.0  # degrees from upright or a quarter: two wheels of one model agree when one is turned by a few spokes
STILL = 0.3  # pixels that a corner moves by: of 1,000 copies that aligning proved, none moved by less than 0.4
SMOOTHING = 5  # pixels, while aligning


@dataclass(frozen=True)
class Job:
    """A few pairs of pictures to compare: small, because it may travel to another process."""

    views: Records
    ways: Sequence[Sequence[Way]]  # per pair


def compare(job: Job) -> list[Answer]:
    """How well the pictures of each pair agree, -1..1, and in which way they do.

    Of the ways to match, the one that fits best as it is gets aligned; if even that fits badly, the pair is
    refused.
    """
    import cv2

    cv2.setNumThreads(1)  # the caller runs many of these side by side
    looks = [look(view) for view in job.views]
    return [_compare_pair(looks, ways) for ways in job.ways]


def _compare_pair(looks: Sequence[Look], ways: Sequence[Way]) -> Answer:
    fits = []
    for first, second, place in ways:
        lower = looks[first].flipped() if geometry.mirrored(place) else looks[first]
        warp = geometry.to_pixels(place, len(lower.grey))
        fits.append((similarity.glance(lower, looks[second], warp), lower, looks[second], place))
    best = max(range(len(ways)), key=lambda number: fits[number][0])
    fit, lower, upper, place = fits[best]
    if fit >= HOPE:
        fit = similarity.agreement(lower, upper, place)
        if fit < PROOF:
            aligned = _aligned(lower, upper, place)
            if aligned is not place:
                fit, place = max(
                    (fit, place), (similarity.agreement(lower, upper, aligned), aligned), key=lambda t: t[0]
                )
    return round(fit, 4), (best, place)


def _aligned(first: Look, second: Look, place: Map) -> Map:
    """Where the second view lies in the first after alignment; `place` itself when that leads nowhere else."""
    import cv2

    side = len(second.grey)
    start = geometry.to_pixels(place, side)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
    everywhere = np.ones((side, side), np.uint8)
    try:
        _, found = cv2.findTransformECC(
            second.detail, first.detail, start.copy(), cv2.MOTION_AFFINE, stop, everywhere, SMOOTHING
        )
    except cv2.error:  # it did not converge
        return place
    warp: Warp = np.asarray(found, np.float32)
    growth = np.linalg.det(warp[:, :2]) / np.linalg.det(start[:, :2])
    turn = geometry.degrees_turned(warp)
    moved = np.abs((warp - start) @ [[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]]).max()
    if moved < STILL or abs(turn - 90 * round(turn / 90)) > TURN or not 1 / STRETCH < growth < STRETCH:
        return place
    return geometry.from_pixels(warp, side, geometry.mirrored(place))
