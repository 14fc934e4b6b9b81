"""Perceptual hashes: pure functions from pixels to bits.

The hash is the DCT hash of the `imagehash` package: grey, 32×32 by Lanczos, two-dimensional DCT-II, the 8×8
lowest frequencies compared with their median, first bit = lowest frequency. Mirroring a picture flips the
sign of its odd horizontal frequencies, so the mirrored hash comes from the same transform.

The cosines are rounded to 14 binary digits. All sums are then integers below 2**53, which doubles hold
exactly: the same pixels give the same bits on any machine, and a picture of one colour gives exact zeros."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SQUARE = 32  # pixels, side of the square that is transformed
LOW = 8  # frequencies kept per axis

Frequencies = NDArray[np.float64]  # (n, 8, 8): vertical, then horizontal
Hashes = NDArray[np.uint64]  # (n,)

_U, _X = np.arange(LOW)[:, None], np.arange(SQUARE)[None, :]
COSINES: NDArray[np.float64] = np.rint(2**14 * np.cos(np.pi * _U * (2 * _X + 1) / (2 * SQUARE)))  # (8, 32), whole
_MIRROR = np.where(np.arange(LOW) % 2, -1.0, 1.0)  # per horizontal frequency


def grey(pixels: NDArray[np.uint8]) -> Image.Image:
    """(h, w, 3) RGB to its luma of ITU-R 601."""
    return Image.fromarray(pixels).convert("L")


def frequencies(squares: NDArray[np.uint8]) -> Frequencies:
    """(n, 32, 32) grey to the lowest DCT-II frequencies: (n, 8, 8), whole numbers."""
    return np.asarray(COSINES @ squares.astype(np.float64) @ COSINES.T)


def mirrored(low: Frequencies) -> Frequencies:
    """The frequencies of the mirrored pictures."""
    return low * _MIRROR


def bits(low: Frequencies) -> Hashes:
    """(n, 8, 8) frequencies to (n,) hashes: one bit per frequency above the median, lowest frequency first."""
    flat = low.reshape(len(low), LOW * LOW)
    return _pack(flat > np.median(flat, axis=1, keepdims=True))


def sign_bits(low: Frequencies) -> Hashes:
    """(n, 8, 8) frequencies to (n,) hashes: one bit per frequency above zero, the mean brightness left out."""
    positive = low.reshape(len(low), LOW * LOW) > 0
    positive[:, 0] = False
    return _pack(positive)


def _pack(flags: NDArray[np.bool_]) -> Hashes:
    return np.packbits(flags, axis=1).view(">u8")[:, 0].astype(np.uint64)


def phash(picture: Image.Image) -> tuple[int, int]:
    """The 64-bit hashes of a grey picture and of its mirror image (`to_hex` gives the text of `imagehash`)."""
    square = np.asarray(picture.resize((SQUARE, SQUARE), Image.Resampling.LANCZOS))
    low = frequencies(square[None])
    return int(bits(low)[0]), int(bits(mirrored(low))[0])


def to_hex(value: int) -> str:
    """16 hex digits, the text form of `imagehash`."""
    return f"{value:016x}"


def distance(a: Hashes, b: Hashes) -> NDArray[np.uint8]:
    """Bits that differ, 0..64, element by element."""
    return np.asarray(np.bitwise_count(a ^ b))
