"""Perceptual hashes: pure functions from pixels to bits.

The hash is the DCT hash of the `imagehash` package: grey, 32×32 by Lanczos, two-dimensional DCT-II, the 8×8
lowest frequencies compared with their median, first bit = lowest frequency. Mirroring a picture flips the sign of
its odd horizontal frequencies, so the mirrored hash comes from the same transform.

The cosines are rounded to 14 binary digits. All sums are then integers below 2**53, which doubles hold exactly:
the same pixels give the same bits on any machine, and a picture of one colour gives exact zeros.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SQUARE = 32  # pixels, side of the square that is transformed
LOW = 8  # frequencies kept per axis

_U, _X = np.arange(LOW)[:, None], np.arange(SQUARE)[None, :]
_COSINES = np.rint(2**14 * np.cos(np.pi * _U * (2 * _X + 1) / (2 * SQUARE)))  # (8, 32) float64, whole numbers
_MIRROR = np.where(np.arange(LOW) % 2, -1.0, 1.0)  # per horizontal frequency


def grey_square(pixels: NDArray[np.uint8], side: int = SQUARE) -> NDArray[np.uint8]:
    """(h, w, 3) RGB to (side, side): luma of ITU-R 601, then Lanczos, as `imagehash` does."""
    grey = Image.fromarray(pixels).convert("L")
    return np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS))


def frequencies(squares: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, 32, 32) grey to the (n, 8, 8) lowest DCT-II frequencies, vertical then horizontal, whole numbers."""
    return _COSINES @ squares.astype(np.float64) @ _COSINES.T


def mirrored(low: NDArray[np.float64]) -> NDArray[np.float64]:
    """The frequencies of the mirrored pictures: (n, 8, 8) to (n, 8, 8)."""
    return low * _MIRROR


def bits(low: NDArray[np.float64]) -> NDArray[np.uint64]:
    """(n, 8, 8) frequencies to (n,) hashes: one bit per frequency above the median, lowest frequency first."""
    flat = low.reshape(len(low), LOW * LOW)
    above = flat > np.median(flat, axis=1, keepdims=True)
    return np.packbits(above, axis=1).view(">u8")[:, 0].astype(np.uint64)


def phash(pixels: NDArray[np.uint8]) -> int:
    """The 64-bit hash of one (h, w, 3) RGB picture; `to_hex` of it is `str(imagehash.phash(image))`."""
    return int(bits(frequencies(grey_square(pixels)[None]))[0])


def to_hex(value: int) -> str:
    """16 hex digits, the text form of `imagehash`."""
    return f"{value:016x}"


def distance(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Bits that differ, 0..64, element by element."""
    return np.bitwise_count(a ^ b)
