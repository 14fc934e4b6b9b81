"""Where two images of one thing differ: the second laid on the first, and how far each pixel is apart."""

import numpy as np
from numpy.typing import NDArray

SIDE = 256  # pixels, the longer side at which both are compared
_KEYPOINTS = 800
_INLIERS = 12  # keypoints that agree, or both are only stretched to one size
_NOISE = 14.0  # difference of two pixels, of 255, that is no difference
_SEEN = 40.0  # more than that, and it is drawn at full strength
_BLUR = 1.5  # pixels: edges lie no better than that
_RED = np.array([214, 69, 40], np.float32)

Pixels = NDArray[np.uint8]  # (h, w, 3)


def difference_map(first: Pixels, second: Pixels, mirrored: bool = False) -> Pixels:
    """`first` in pale grey, red where `second` differs from it: (h, w, 3), at most 256 pixels a side.

    `second` may be resized, cropped, turned or framed: ORB keypoints (Rublee and others, 2011) and RANSAC lay it
    on `first`. Its colours are first made as light, and as strong in contrast, as those of `first`. Where it shows
    nothing the result is grey, with stripes. `mirrored` says that `second` is the mirror image. Both are compared
    at the size of the smaller one.
    """
    import cv2

    cv2.setRNGSeed(0)
    side = min(SIDE, max(first.shape), max(second.shape))
    below = _small(first, side)
    above, covered = _laid_on(_small(second[:, ::-1] if mirrored else second, side), below)
    a, b = below.astype(np.float32), above.astype(np.float32)
    both = covered > 0
    if both.sum() > 100:
        b = (b - b[both].mean(0)) * (a[both].std(0) + 1) / (b[both].std(0) + 1) + a[both].mean(0)
    apart = cv2.GaussianBlur(np.abs(a - b).max(axis=2), (0, 0), _BLUR)
    strength = np.clip((apart - _NOISE) / _SEEN, 0, 1)[..., None] * both[..., None]
    pale = 255 - (255 - cv2.cvtColor(below, cv2.COLOR_RGB2GRAY).astype(np.float32))[..., None] * 0.35
    rows, columns = np.indices(both.shape)
    pale = np.where((both | ((rows + columns) % 8 < 5))[..., None], pale, 150)
    return np.asarray(pale * (1 - strength) + _RED * strength).round().astype(np.uint8)


def _small(pixels: Pixels, side: int) -> Pixels:
    import cv2

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _laid_on(second: Pixels, first: Pixels) -> tuple[Pixels, Pixels]:
    """`second` as it lies on `first`, and where it does: (h, w, 3) and (h, w), the size of `first`."""
    import cv2

    height, width = first.shape[:2]
    whole = np.full(second.shape[:2], 255, np.uint8)
    matrix = _transform(second, first)
    if matrix is None:
        laid = (cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in (second, whole))
    else:
        laid = (cv2.warpAffine(image, matrix, (width, height)) for image in (second, whole))
    pixels, covered = laid
    return np.asarray(pixels, np.uint8), np.asarray(covered == 255, np.uint8)


def _transform(second: Pixels, first: Pixels) -> NDArray[np.float64] | None:
    """From points of `second` to points of `first`: (2, 3), None where too few keypoints agree."""
    import cv2

    detector = cv2.ORB_create(_KEYPOINTS, fastThreshold=8)  # type: ignore[attr-defined]
    (these, a), (those, b) = (
        detector.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None) for image in (second, first)
    )
    if a is None or b is None:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a, b)
    if len(matches) < _INLIERS:
        return None
    start = np.array([these[match.queryIdx].pt for match in matches], np.float32)
    end = np.array([those[match.trainIdx].pt for match in matches], np.float32)
    matrix, inliers = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=2.0)
    if matrix is None or inliers.sum() < _INLIERS:
        return None
    return np.asarray(matrix, np.float64)
