"""Small images made ready for image registration. Pure functions.

Local contrast is normalised: the wall behind a car counts as much as its grille."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curate.dedup.fingerprints import FINGERPRINT, Fingerprints

Grey = NDArray[np.float32]  # (64, 64)
Mask = NDArray[np.float32]  # (64, 64), 0..1
Detail = NDArray[np.float32]  # (64, 64), normalised local contrast
Colour = NDArray[np.float32]  # (16, 16, 3) RGB

MARGIN = 3  # pixels at the edge: 2 degrees turn up to 2 pixels of another image into it
LOST = 4  # grey levels from black or white
FINE, COARSE = 2.5, 5.0  # pixels: sizes of detail, and of the surroundings that it is measured against
NOISE = 4.0  # grey levels of contrast that count as nothing


@dataclass(frozen=True)
class Features:
    """One view of an image, made ready."""

    grey: Grey
    mask: Mask
    detail: Detail
    soft: Detail  # the same, blurred
    colour: Colour

    def flipped(self) -> "Features":
        """Of the mirror image."""
        parts = (self.grey, self.mask, self.detail, self.soft, self.colour)
        return Features(*(np.ascontiguousarray(part[:, ::-1]) for part in parts))


def compute_features(view: Fingerprints) -> Features:
    """Features of one fingerprint. The last thousand are cached: an image is compared with many."""
    return _compute_features(view.tobytes())


@lru_cache(maxsize=1024)  # of 80 KB each
def _compute_features(data: bytes) -> Features:
    view: Fingerprints = np.frombuffer(data, FINGERPRINT)[0]
    grey, mask = view["grey"].astype(np.float32), usable(view)
    (fine,) = details([grey], mask)
    return Features(grey, mask, fine, soft(fine, 1.0), view["colour"].astype(np.float32))


def usable(view: Fingerprints) -> Mask:
    """1 where a view can prove something: not in a frame, nor next to the edge, nor black or white."""
    grey = view["grey"]
    inside = np.zeros(grey.shape, np.float32)
    top, bottom, left, right = np.rint(view["box"] * len(grey)).astype(int)
    inside[top + MARGIN : bottom - MARGIN, left + MARGIN : right - MARGIN] = 1
    return np.asarray(inside * ((grey > LOST) & (grey < 255 - LOST)), np.float32)


def details(
    greys: Sequence[Grey], mask: Mask, noise: float = NOISE, fine: float = FINE, coarse: float = COARSE
) -> list[Detail]:
    """Normalised local contrast of each: about ±1 on detail, 0 where there is none and outside their mask."""
    near, around = soft(mask, fine) + 1e-3, soft(mask, coarse) + 1e-3
    highs = [(grey - soft(grey * mask, fine) / near) * mask for grey in greys]
    spreads = [np.sqrt(soft(high * high, coarse) / around + noise**2) for high in highs]
    return [np.asarray(high / spread, np.float32) for high, spread in zip(highs, spreads, strict=True)]


def soft(values: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """Gaussian blur."""
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), pixels), np.float32)
