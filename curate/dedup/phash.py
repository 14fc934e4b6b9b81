"""Perceptual hashes: pure functions from pixels to bits.

The hash is that of `imagehash.phash`: grey, 32×32 by Lanczos, two-dimensional DCT-II, the 8×8
lowest frequencies compared with their median, first bit = lowest frequency. Mirroring an image flips the
sign of its odd horizontal frequencies, so the mirrored hash comes from the same transform.

The cosines are rounded to 14 binary digits. All sums are then integers below 2**53, which doubles hold
exactly: the same pixels give the same bits on any machine, and an image of one colour gives exact zeros."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SQUARE = 32  # pixels, side of the square that is transformed
LOW = 8  # frequencies kept per axis

Frequencies = NDArray[np.float64]  # (n, 8, 8): vertical, then horizontal
Hashes = NDArray[np.uint64]  # (n,)

_U, _X = np.arange(LOW)[:, None], np.arange(SQUARE)[None, :]
COSINES: NDArray[np.float64] = np.rint(2**14 * np.cos(np.pi * _U * (2 * _X + 1) / (2 * SQUARE)))  # (8, 32), whole
_MIRROR = np.where(np.arange(LOW) % 2, -1.0, 1.0)  # per horizontal frequency
_BOTH_WAYS = np.stack([np.ones(LOW), _MIRROR])[:, None]  # (2, 1, 8)


def luma(pixels: NDArray[np.uint8], at_least: int = 0) -> NDArray[np.uint8]:
    """(h, w, 3) RGB or (h, w, 1) luma to (h, w) luma of ITU-R 601, shrunk by a whole factor as far as `at_least`
    allows."""
    import cv2

    grey = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    factor = min(grey.shape) // at_least if at_least else 1
    if factor > 1:
        size = grey.shape[1] // factor, grey.shape[0] // factor
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def mirrored(low: Frequencies) -> Frequencies:
    """The frequencies of the mirrored images."""
    return low * _MIRROR


def turned(low: Frequencies) -> Frequencies:
    """The frequencies of the images turned by a quarter, as `np.rot90` does: their right side is on top."""
    return np.asarray(low.swapaxes(-1, -2) * _MIRROR[:, None])


def bits(low: Frequencies) -> Hashes:
    """(n, 8, 8) frequencies to (n,) hashes: one bit per frequency above the median, lowest frequency first."""
    flat = low.reshape(len(low), LOW * LOW)
    ordered = np.sort(flat, axis=1)
    return _pack(flat > (ordered[:, 31:32] + ordered[:, 32:33]) / 2)


def sign_bits(low: Frequencies) -> Hashes:
    """(n, 8, 8) frequencies to (n,) hashes: one bit per frequency above zero, the mean brightness left out."""
    positive = low.reshape(len(low), LOW * LOW) > 0
    positive[:, 0] = False
    return _pack(positive)


def _pack(flags: NDArray[np.bool_]) -> Hashes:
    return np.packbits(flags, axis=1).view(">u8")[:, 0].astype(np.uint64)


@lru_cache(maxsize=4096)
def _reading(length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(8, length): Lanczos from `length` pixels to 32 and the cosines, in one; and the sums of its lines (8,).
    Whole numbers."""
    scale = max(1.0, length / SQUARE)  # of the filter, which has three lobes
    centre = (np.arange(SQUARE) + 0.5)[:, None] * length / SQUARE
    distance = (np.arange(length) + 0.5 - centre) / scale
    inside = np.abs(distance) < 3
    near = distance[inside]
    weights = np.zeros_like(distance)
    weights[inside] = np.sinc(near) * np.sinc(near / 3)
    reading = np.rint(COSINES @ (weights / weights.sum(axis=1, keepdims=True)))
    return reading, reading.sum(axis=1)


def phash(grey: NDArray[np.uint8]) -> tuple[int, int]:
    """The 64-bit hashes of a grey image (h, w) and of its mirror image.

    Shrinking and transforming are one product of matrices. `imagehash` rounds to whole grey levels in between, so
    a bit or two may differ where a frequency is next to the median. Of photos decoded at a reduced scale, as dedup
    does, .67 bits differ on average and 8 at most (4,000 photos).
    """
    (down, down_sums), (across, across_sums) = (_reading(length) for length in grey.shape)
    low = down @ grey.astype(np.float64) @ across.T
    mean = low[0, 0]
    low -= down_sums[:, None] * (grey[0, 0] * across_sums)  # so that one colour gives exact zeros
    low[0, 0] = mean
    plain, flipped = bits(low * _BOTH_WAYS).tolist()
    return plain, flipped


def to_hex(value: int) -> str:
    """16 hex digits, the text form of `imagehash`."""
    return f"{value:016x}"


def distance(a: Hashes, b: Hashes) -> NDArray[np.uint8]:
    """Bits that differ, 0..64, element by element."""
    return np.asarray(np.bitwise_count(a ^ b))
