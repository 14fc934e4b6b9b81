"""Local features: which photos share a part, however it is turned, cut out or placed. Pure functions.

ORB keypoints (Rublee and others, "ORB: an efficient alternative to SIFT or SURF", 2011) are indexed by locality
sensitive hashing: some bits of a descriptor are a word, and equal words in two images are a vote for the pair. A
word that many keypoints have says nothing and is skipped. Pairs whose votes agree in the angle between the images
are then matched one by one: mutual nearest descriptors, and a similarity transform by RANSAC.

Time grows with the keypoints, as words get longer with their number; memory is linear."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curate.dedup import geometry, runs
from curate.dedup.geometry import Transform
from curate.dedup.runs import Indices

SIDE = 240  # pixels, shorter side of the image that keypoints are detected in
MOST = 200  # keypoints of an image
DETECTED = 400  # of which those that stand out in their part of the image are taken
PARTS = 4  # per side
OCTAVES = 3  # of the pyramid, that count as one size: coarse keypoints are those seen in a small version
KEYPOINTS = np.dtype(
    [
        ("sha256", "S64"),
        ("count", "u1"),  # keypoints found: the others are zeros
        ("size", "u2", 2),  # pixels, width and height of the image that they were detected in
        ("point", "u2", (MOST, 2)),  # 1/16 pixels from the left, from the top
        ("angle", "u1", MOST),  # 1/256 turns
        ("descriptor", "u8", (MOST, 4)),  # 256 bits
    ]
)
Keypoints = NDArray[np.void]

LEVELS, SCALE = 7, 1.25  # of the image pyramid: scales up to 3.8
WORD_BITS = 20, 32  # of a descriptor: at least and at most
TABLES = 6  # words of one descriptor
CROWD = 32  # keypoints with the same word: more, and it is skipped
NEAR = 50  # bits of 256 that the descriptors of a vote may differ in
ANGLES = 24  # bins of a turn
VOTES = 4  # within two neighbouring bins
PARTNERS = 32  # of an image, those with the most votes
MATCHED = 64  # bits that matched descriptors may differ in
REPROJECTION = 4.0  # pixels
INLIERS = 8  # of the transform: fewer are chance


def detect(grey: NDArray[np.uint8], sha256: str = "") -> Keypoints:
    """Keypoints of one grey image (h, w), shrunk to SIDE: (1,) KEYPOINTS."""
    import cv2

    factor = SIDE / min(grey.shape)
    if factor < 1:
        size = round(grey.shape[1] * factor), round(grey.shape[0] * factor)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    orb = cv2.ORB.create(DETECTED, SCALE, LEVELS, 15, 0, 2, cv2.ORB_HARRIS_SCORE, 31, 12)
    found, descriptors = orb.detectAndCompute(grey, None)
    record = np.zeros(1, KEYPOINTS)
    count = min(len(found), MOST)
    record["sha256"], record["count"], record["size"] = sha256, count, (grey.shape[1], grey.shape[0])
    if count:
        points = np.array([one.pt for one in found])
        response, angle = np.array([(one.response, one.angle) for one in found]).T
        column, row = np.minimum(points / record["size"][0] * PARTS, PARTS - 1).astype(int).T
        octave = np.array([one.octave for one in found]) // OCTAVES
        part = (octave * PARTS + row) * PARTS + column
        order = np.lexsort((points[:, 1], points[:, 0], -response, part))
        rank = np.empty(len(found), np.int64)
        rank[order] = runs.places(runs.starts(part[order]))
        chosen = np.lexsort((points[:, 1], points[:, 0], -response, rank))[:count]
        record["point"][0, :count] = np.rint(points[chosen] * 16)
        record["angle"][0, :count] = np.rint(angle[chosen] / 360 * 256).astype(int) % 256
        record["descriptor"][0, :count] = np.ascontiguousarray(descriptors[chosen]).view(np.uint64)
    return record


def candidates(keypoints: Keypoints) -> NDArray[np.int64]:
    """Pairs (k, 2) of images with enough votes, first < second, sorted."""
    image, place = np.nonzero(np.arange(MOST) < keypoints["count"][:, None])
    descriptors, angles = keypoints["descriptor"][image, place], keypoints["angle"][image, place].astype(np.int64)
    seen = [np.empty((2, 0), np.int64)]
    for words in _words(descriptors):
        seen.append(_equal(words, image))
    a, b = np.concatenate(seen, axis=1)
    near = np.bitwise_count(descriptors[a] ^ descriptors[b]).sum(axis=1) <= NEAR
    a, b = a[near], b[near]
    a, b = np.divmod(np.unique(a * len(image) + b), max(1, len(image)))  # found by several words: one vote
    turned = (angles[b] - angles[a]) % 256 * ANGLES // 256
    pair = image[a] * len(keypoints) + image[b]
    votes, count = np.unique(pair * ANGLES + turned, return_counts=True)
    pairs, bins = np.divmod(votes, ANGLES)
    ahead = np.searchsorted(votes, pairs * ANGLES + (bins + 1) % ANGLES)
    ahead = np.minimum(ahead, max(0, len(votes) - 1))
    count = count + np.where(votes[ahead] == pairs * ANGLES + (bins + 1) % ANGLES, count[ahead], 0)
    enough = count >= VOTES
    pairs, count = pairs[enough], count[enough]
    order = np.lexsort((-count, pairs))
    order = order[runs.starts(pairs[order])]
    first, second = np.divmod(pairs[order], len(keypoints))
    return _strongest(np.stack([first, second], axis=1), count[order])


def _strongest(pairs: NDArray[np.int64], votes: Indices) -> NDArray[np.int64]:
    """The pairs that are among the PARTNERS with the most votes of both of their images."""
    kept = np.ones(len(pairs), bool)
    for side in (0, 1):
        order = np.lexsort((pairs[:, 1 - side], -votes, pairs[:, side]))
        kept[order] &= runs.places(runs.starts(pairs[order, side])) < PARTNERS
    return pairs[kept]


def _words(descriptors: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """The words (n,) of each table: bits drawn once for all, more of them the more keypoints there are."""
    low, high = WORD_BITS
    bits = min(high, max(low, int(np.ceil(np.log2(max(1, len(descriptors))))) + 2))
    drawn = np.random.default_rng(0).permutation(256)
    for table in range(TABLES):
        words = np.zeros(len(descriptors), np.int64)
        for bit in np.take(drawn, range(table * bits, (table + 1) * bits), mode="wrap").tolist():
            words = words << 1 | (descriptors[:, bit // 64] >> np.uint64(bit % 64) & np.uint64(1)).astype(np.int64)
        yield words


def _equal(words: NDArray[np.int64], image: Indices) -> NDArray[np.int64]:
    """Pairs (2, k) of keypoints of two images with one word, unless a crowd has it."""
    order = np.argsort(words, kind="stable")
    new = runs.starts(words[order])
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(words)))
    few = np.repeat((sizes > 1) & (sizes <= CROWD), sizes)
    order, run = order[few], np.cumsum(new)[few]
    found = [np.empty((2, 0), np.int64)]
    for apart in range(1, CROWD):
        same = run[apart:] == run[:-apart]
        if not same.any():
            break
        found.append(np.stack([order[:-apart][same], order[apart:][same]]))
    both = np.concatenate(found, axis=1)
    return both[:, image[both[0]] != image[both[1]]]


def match(first: Keypoints, second: Keypoints) -> tuple[int, Transform]:
    """Keypoints of two records that agree on one similarity transform, and the transform; 0 where none is
    found."""
    import cv2

    nothing = 0, np.eye(3)
    if not first["count"] or not second["count"]:
        return nothing
    a, b = (one["descriptor"][: one["count"]].view(np.uint8).reshape(-1, 32) for one in (first, second))
    matches = [m for m in cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b) if m.distance <= MATCHED]
    if len(matches) < INLIERS:
        return nothing
    there = first["point"][[m.queryIdx for m in matches]] / np.float32(16)
    here = second["point"][[m.trainIdx for m in matches]] / np.float32(16)
    found, inliers = cv2.estimateAffinePartial2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=REPROJECTION, maxIters=500, confidence=0.99
    )
    if found is None or int(inliers.sum()) < INLIERS:
        return nothing
    pixels = np.vstack([found, [0, 0, 1]])
    return int(inliers.sum()), geometry.scaling(first["size"], 1) @ pixels @ geometry.scaling(second["size"], -1)


def agreeing(first: Keypoints, second: Keypoints, inliers: int, transform: Transform) -> float:
    """Share of the keypoints in what two records show both, that agree on the transform: 0..1."""
    shared = [
        int(_inside(one, where).sum())
        for one, where in ((second, transform), (first, geometry.inverse(transform)))
    ]
    return min(1.0, inliers / max(1, min(shared)))


def _inside(keypoints: Keypoints, transform: Transform) -> NDArray[np.bool_]:
    """Which keypoints of a record the transform puts inside the other image."""
    points = keypoints["point"][: keypoints["count"]] / (16 * keypoints["size"].astype(np.float64))
    there = points @ transform[:2, :2].T + transform[:2, 2]
    return np.asarray(((there > 0) & (there < 1)).all(axis=1))
