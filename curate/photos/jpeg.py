"""JPEGs as libjpeg-turbo decodes them: at a reduced scale, damage kept apart from bytes that nobody misses."""

import re

import numpy as np
import simplejpeg
from numpy.typing import NDArray

_STRAY = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
_MAX_DECODES = 24  # in search of stray bytes
Pixels = NDArray[np.uint8]


def decode(data: bytes, at_least: int | None, grey: bool) -> tuple[Pixels, int, int]:
    """(height, width, 3) RGB, or 1 of luma, at the scale of `at_least`; and the width and height of the whole.

    Stray bytes before a marker are no damage: without them the decoder gives the same pixels, and no complaint.
    Raises ValueError with the decoder's own complaint.
    """
    tidy, complaint = data, ""  # `data` becomes the file with a header that can be read
    for _ in range(_MAX_DECODES):
        try:
            found = _decode(tidy, at_least, grey)
        except ValueError as error:
            complaint = str(error)
            if not _STRAY.fullmatch(complaint):
                raise
            in_header = not _can_be_read(tidy)
            tidy = _without_stray(tidy, complaint)
            data = tidy if in_header else data
        else:
            if tidy is not data and not np.array_equal(found[0], _decode(data, at_least, grey, strict=False)[0]):
                raise ValueError(complaint)
            return found
    raise ValueError(complaint)


def scale(width: int, height: int, at_least: int | None) -> int:
    """Which fraction of a JPEG to decode: those that libjpeg-turbo has vector code for. It rounds sides up."""
    if at_least is None:
        return 1
    return next((scale for scale in (8, 4, 2) if -(-min(width, height) // scale) >= at_least), 1)


def _decode(data: bytes, at_least: int | None, grey: bool, strict: bool = True) -> tuple[Pixels, int, int]:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=strict)
    fraction = scale(width, height, at_least)
    cmyk = colours in ("CMYK", "YCCK")
    pixels: Pixels = simplejpeg.decode_jpeg(
        data,
        "CMYK" if cmyk else "GRAY" if grey else "RGB",
        min_width=-(-width // fraction),
        min_height=-(-height // fraction),
        min_factor=float(fraction),
        strict=strict,
    )
    if cmyk:  # stored inverted, as Adobe does: 255 is no ink
        ink = pixels.astype(np.uint16)
        pixels = ((ink[..., :3] * ink[..., 3:] + 127) // 255).astype(np.uint8)
    return pixels, width, height


def _without_stray(data: bytes, complaint: str) -> bytes:
    """`data` without the bytes that `complaint` is about: so many, before a marker of that kind.

    Raises ValueError when they cannot be found.
    """
    said = _STRAY.fullmatch(complaint)
    assert said is not None
    count, marker, position = int(said[1]), bytes([0xFF, int(said[2], 16)]), 2
    for _ in range(_MAX_DECODES):
        if (position := data.find(marker, position)) < 0:
            break
        shorter = data[: max(2, position - count)] + data[position:]
        left = _complaint(shorter)
        if left != complaint and (not left or _STRAY.fullmatch(left)):
            return shorter
        position += 2
    raise ValueError(complaint)


def _can_be_read(data: bytes) -> bool:
    try:
        simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return False
    return True


def _complaint(data: bytes) -> str:
    """What the decoder says of `data` at its smallest scale, which reads all of it; empty when it is sound."""
    try:
        simplejpeg.decode_jpeg(data, "GRAY", min_width=1, min_height=1, min_factor=8.0)
    except ValueError as error:
        return str(error)
    return ""
