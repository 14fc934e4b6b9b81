"""The one place that decodes pictures.

Order of checks (each raises RejectedError with a reason of `schemas.REASONS`): size, format by content, pixel and
side-ratio ceiling before any decode, full decode, first frame, 16-bit scaling, EXIF orientation, transparency on
white, RGB.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAX_PIXELS = 50_000_000
MAX_SIDE_RATIO = 10
MIN_SIDE = 80  # pixels; under this it is an icon, not a photo


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture."""

    pixels: NDArray[np.uint8]  # (height, width, 3) RGB, upright
    width: int  # pixels of the original, upright; `pixels` may be smaller
    height: int
    format: str  # jpeg, png, webp, avif, gif, mpo ...
    frames: int


def decode(data: bytes, at_least: int | None = None) -> Picture:
    """Decode `data`. With `at_least`, a JPEG may come at 1/2, 1/4 or 1/8 scale while its shorter side stays >= that."""
    raise RuntimeError("written next")


def load(folder: Path, path: str, sha256: str, at_least: int | None = None) -> Picture:
    """Read the photo of a manifest row and decode it, after checking that its bytes still have their sha256."""
    raise RuntimeError("written next")


def store(folder: Path, data: bytes, format: str) -> tuple[str, str]:
    """Keep the original bytes under their content's name. Returns (relative path, sha256)."""
    raise RuntimeError("written next")
