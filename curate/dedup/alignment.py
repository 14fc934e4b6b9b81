"""Image registration: lay one image on another and measure how similar they are there. Pure functions.

The search proposes several transforms for a pair, and the most similar one is refined: an affine transform by the
ECC algorithm on local contrast (Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation
coefficient maximization", 2008). `similarity` measures what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.dedup import coarse, geometry, similarity
from curate.dedup.features import Features, compute_features
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.geometry import Match, Transform, Warp

Answer = tuple[float, tuple[int, Transform]]  # similarity, number of the best match, its refined transform

PROOF = 0.945  # similarity of duplicates
WORTH_ALIGNING = 0.4  # estimated similarity: of 34,000 pairs of duplicates 0.05% are under it
STRETCH = 1.2  # how far alignment may change the area
TURN = 6.0  # degrees from upright or a quarter: two wheels of one model agree when one is turned by a few spokes
STILL = 0.3  # pixels that a corner moves by: of 1,000 duplicates that alignment proved, none moved by under 0.4
SMOOTHING = 5  # pixels, during alignment


@dataclass(frozen=True)
class Job:
    """A few pairs of images to compare: small, because it may travel to another process."""

    views: Fingerprints
    matches: Sequence[Sequence[Match]]  # per pair


def compare(job: Job) -> list[Answer]:
    """Similarity of each pair, -1..1, and the match that gives it.

    The answer of a coarse comparison is enough where it shows that a pair is no duplicates.
    """
    import cv2

    cv2.setNumThreads(1)  # the caller runs many of these side by side
    every = [match for matches in job.matches for match in matches]
    rough = iter(coarse.similarities(job.views, every).tolist())
    answers: list[Answer] = []
    for matches in job.matches:
        values = [next(rough) for _ in matches]
        best = values.index(max(values))
        if values[best] < coarse.WORTH_COMPARING:
            answers.append((round(values[best], 4), (best, matches[best][2])))
        else:
            answers.append(compare_closely(job.views, matches))
    return answers


def compare_closely(views: Fingerprints, matches: Sequence[Match]) -> Answer:
    """Similarity of one pair, -1..1, and the match that gives it, without a coarse comparison.

    The match with the highest estimate is aligned. Under WORTH_ALIGNING the estimate is the answer.
    """
    estimates = []
    for first, second, transform in matches:
        lower, upper = compute_features(views[first]), compute_features(views[second])
        if geometry.mirrored(transform):
            lower = lower.flipped()
        warp = geometry.to_pixels(transform, len(lower.grey))
        estimates.append((similarity.estimate(lower, upper, warp), lower, upper, transform))
    best = max(range(len(matches)), key=lambda number: estimates[number][0])
    value, lower, upper, transform = estimates[best]
    if value >= WORTH_ALIGNING:
        value = similarity.measure(lower, upper, transform)
        if value < PROOF:
            aligned = _aligned(lower, upper, transform)
            if aligned is not transform:
                refined = similarity.measure(lower, upper, aligned), aligned
                value, transform = max((value, transform), refined, key=lambda pair: pair[0])
    return round(value, 4), (best, transform)


def _aligned(first: Features, second: Features, transform: Transform) -> Transform:
    """The transform after alignment; `transform` itself when that leads nowhere else."""
    import cv2

    side = len(second.grey)
    start = geometry.to_pixels(transform, side)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-3)
    everywhere = np.ones((side, side), np.uint8)
    try:
        _, found = cv2.findTransformECC(
            second.detail, first.detail, start.copy(), cv2.MOTION_AFFINE, stop, everywhere, SMOOTHING
        )
    except cv2.error:  # it did not converge
        return transform
    warp: Warp = np.asarray(found, np.float32)
    growth = np.linalg.det(warp[:, :2]) / np.linalg.det(start[:, :2])
    turn = geometry.degrees_turned(warp)
    moved = np.abs((warp - start) @ [[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]]).max()
    if moved < STILL or abs(turn - 90 * round(turn / 90)) > TURN or not 1 / STRETCH < growth < STRETCH:
        return transform
    return geometry.from_pixels(warp, side, geometry.mirrored(transform))
