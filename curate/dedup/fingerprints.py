"""Fingerprints: the perceptual hash and small images of a photo. Pure functions.

A photo in a plain frame has two fingerprints, one after the other: of the whole, and of what is inside the frame.
What seems to be a frame may be a wall or the sky, which is not detected in every duplicate: so both are compared
with those of other photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import scratch
from curate.dedup import phash
from curate.photos import decode

SIDE = 64  # pixels of the square grey images
COLOUR_SIDE = 16
BLOCK = 4096  # fingerprints that are moved at once
AT_LEAST = 64  # pixels, shorter side of the decoded image
ONE_HUE = 0.97  # of its colour that lies along one hue: less, and the image is not toned
ROUNDED = 1e-3  # of a sum of float32: far more than it is off
ONE_SIDE = 0.99  # of that on one side of grey
TONED = 0.2  # of its colour that does not follow from its greys: less, and the image is toned
COLOURLESS = 2  # levels between the channels of a cell that JPEG may put into a grey image
FINGERPRINT = np.dtype(
    [
        ("sha256", "S64"),
        ("bytes", "u8"),  # of the file
        ("modified", "i8"),  # ns, when the file was last written to
        ("phash", "u8"),  # of the whole image, as imagehash computes it
        ("mirror", "u8"),  # of its mirror image
        ("inner", "?"),  # of what is inside the frame of the fingerprint before
        ("grey", "u1", (SIDE, SIDE)),
        ("colour", "u1", (COLOUR_SIDE, COLOUR_SIDE, 3)),  # RGB
        ("box", "f4", 4),  # what of the image is inside a plain frame: top, bottom, left, right; 0..1
    ]
)

Fingerprints = NDArray[np.void]
Stamp = tuple[int, int]  # bytes of a file, and when it was last written to, in ns

SMALLEST = 16  # pixels; of a thinner image nothing is taken for a frame
_PLAIN = 6  # grey levels: how even a frame is after JPEG compression
_RINGING = 8  # lines before an edge that JPEG may disturb
_UNEVEN = 60  # grey levels within one line that no frame has
_STEP = 14  # grey levels between a frame and the image inside it


def frame(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is inside a plain frame or bars: (h, w) grey to pixels, as slice bounds.

    A side has a bar when 2-25% of it are of one grey and most of the next line is of another. A studio's white
    wall does not count: the car touches it in a few places only. But where two sides show a frame, the others have
    it too if they are plain as far in: then it is the image that begins in the frame's grey.
    """
    if min(grey.shape) < SMALLEST:
        return 0, grey.shape[0], 0, grey.shape[1]
    upright = [_bar(grey), _bar(grey[::-1])]
    rows = slice(upright[0].width, len(grey) - upright[1].width)
    bars = [*upright, _bar(grey[rows].T), _bar(grey[rows, ::-1].T)]
    seen = [bar for bar in bars if bar.width]
    widths = [bar.width for bar in bars]
    if len(seen) >= 2 and max(widths) <= min(bar.width for bar in seen) + 2:
        same = [bar.plain + 2 >= max(widths) and abs(bar.grey - seen[0].grey) <= _PLAIN for bar in bars]
        widths = [width or max(widths) * fits for width, fits in zip(widths, same, strict=True)]
    return widths[0], len(grey) - widths[1], widths[2], grey.shape[1] - widths[3]


@dataclass(frozen=True)
class _Bar:
    """What was measured along one side."""

    width: int  # lines of a bar and its blurred edge, 0 without one
    plain: int  # lines of one grey, at most a quarter of all
    grey: int


def _bar(grey: NDArray[np.uint8]) -> _Bar:
    """The bar along the first lines."""
    count = len(grey)
    first = grey[0]
    if int(first.max()) - int(first.min()) > _UNEVEN:
        return _Bar(0, 0, 0)
    level = int(np.median(first))
    off = np.abs(grey[: count // 4 + 2].astype(np.int16) - level)
    even = (off <= _PLAIN).mean(axis=1) >= 0.97
    plain = len(even) if even.all() else int(np.argmin(even))
    inside = (off[plain : plain + _RINGING] > _STEP).mean(axis=1) >= 0.6
    if plain < 0.02 * count or not inside.any():
        return _Bar(0, plain, level)
    return _Bar(plain + int(np.argmax(inside)) + 1, plain, level)


def of_pixels(pixels: NDArray[np.uint8], sha256: str = "", stamp: Stamp = (0, 0)) -> Fingerprints:
    """Fingerprints of one (h, w, 3) RGB image: (1,) FINGERPRINT, or (2,) if it has a frame."""
    grey = phash.luma(pixels, AT_LEAST)
    height, width = grey.shape
    top, bottom, left, right = frame(grey)
    boxes = [(0, height, 0, width)]
    if bottom - top < height or right - left < width:
        boxes.append((top, bottom, left, right))
    prints = np.zeros(len(boxes), FINGERPRINT)
    prints["sha256"], (prints["bytes"], prints["modified"]) = sha256, stamp
    prints["phash"], prints["mirror"] = phash.phash(grey)
    prints["box"] = 0, 1, 0, 1
    prints["box"][0] = top / height, bottom / height, left / width, right / width
    prints["inner"][1:] = True
    y, x = pixels.shape[0] / height, pixels.shape[1] / width
    for one, (top, bottom, left, right) in zip(prints, boxes, strict=True):
        part = pixels[round(top * y) : round(bottom * y), round(left * x) : round(right * x)]
        one["grey"] = square(grey[top:bottom, left:right], SIDE)
        one["colour"] = square(part, COLOUR_SIDE)
    return prints


def hash_file(path: Path) -> tuple[int, int]:
    """Perceptual hashes of a photo and of its mirror image, without fingerprints.

    Colour is not decoded, so a bit or two may differ from the hash in dedup.csv. Raises RejectedError.
    """
    image = decode.decode(decode.read_file(path), AT_LEAST, grey=True)
    return phash.phash(phash.luma(image.pixels, AT_LEAST))


def square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """An image as a square, by means over areas. One axis at a time: OpenCV has no such means where one grows."""
    import cv2

    narrow = cv2.resize(pixels, (side, len(pixels)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(narrow, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def content(prints: Fingerprints) -> NDArray[np.float64]:
    """Share of each image's area that is not a plain frame.

    A frame has two sides at least: a plain road below, or a sky above, is a part of the photo.
    """
    top, bottom, left, right = prints["box"].astype(float).T
    sides = (top > 0).astype(int) + (bottom < 1) + (left > 0) + (right < 1)
    return np.where(sides >= 2, (bottom - top) * (right - left), 1.0)


def colourless(prints: Fingerprints) -> NDArray[np.bool_]:
    """Which images have no colour of their own, being grey or toned: (n,)."""
    colours = prints["colour"].reshape(len(prints), -1, 3)
    channels = [colours[..., channel].astype(np.float32) for channel in range(3)]
    found = np.asarray((np.maximum.reduce(channels) - np.minimum.reduce(channels)).max(axis=1) <= COLOURLESS)
    for number in np.flatnonzero(_maybe_toned(channels) & ~found).tolist():
        found[number] = is_toned(colours[number].astype(np.float32))
    return found


def _maybe_toned(channels: Sequence[NDArray[np.float32]]) -> NDArray[np.bool_]:
    """Which images `is_toned`, which takes longer, may be true of: (n,), of three channels (n, k)."""
    grey = sum(channels) / np.float32(3)
    chroma = [channel - grey for channel in channels]
    energy = np.array([[np.einsum("nk,nk->n", one, other) for one in chroma] for other in chroma])
    along_hues, hues = np.linalg.eigh(np.moveaxis(energy, 2, 0))  # the hue with the most energy comes last
    along = sum(one * hue[:, None] for one, hue in zip(chroma, hues[:, :, 2].T, strict=True))
    one_hue = along_hues[:, 2] >= (ONE_HUE - ROUNDED) * along_hues.sum(axis=1)
    one_side = np.abs(np.sum(along, axis=1)) >= (ONE_SIDE - ROUNDED) * np.abs(along).sum(axis=1)
    return np.asarray(one_hue & one_side)


def is_toned(colours: NDArray[np.float32]) -> bool:
    """Whether the colours (k, 3) are of one hue and follow from their greys, as those of a sepia print do.

    Of a few flat colours nearly any follow from their greys; of one hue they are seldom.
    """
    grey = colours.mean(axis=1)
    chroma = colours - grey[:, None]
    energy = float((chroma**2).sum())
    if energy == 0:
        return True
    hue = np.linalg.svd(chroma, full_matrices=False)[2][0]
    along = chroma @ hue
    if (along**2).sum() < ONE_HUE * energy or abs(along.sum()) < ONE_SIDE * np.abs(along).sum():
        return False
    level = grey / 255 - 0.5
    basis = np.stack([np.ones_like(level), level, level**2], axis=1)
    left = chroma - basis @ np.linalg.lstsq(basis, chroma, rcond=None)[0]
    return bool((left**2).sum() <= TONED**2 * energy)


def wholes(prints: Fingerprints) -> NDArray[np.int64]:
    """Places of the n whole images among the fingerprints: (n,)."""
    return np.flatnonzero(~prints["inner"])


def owners(prints: Fingerprints) -> NDArray[np.int64]:
    """Number of the image that each fingerprint is of, in order: (m,)."""
    return np.asarray(np.cumsum(~prints["inner"]) - 1)


def take(prints: Fingerprints, photos: NDArray[np.int64]) -> Fingerprints:
    """The fingerprints of the images with these numbers, in this order."""
    starts = np.append(wholes(prints), len(prints))
    count = np.diff(starts)[photos]
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return gather(prints, np.repeat(starts[photos], count) + within)


def gather(prints: Fingerprints, places: NDArray[np.int64]) -> Fingerprints:
    """The fingerprints at these places: (k,). A million are 5 GB, and need no memory (see `scratch`)."""
    if np.array_equal(places, np.arange(len(prints))):
        return prints
    chosen = scratch.empty(places.shape, prints.dtype)
    for start in range(0, len(places), BLOCK):
        chosen[start : start + BLOCK] = prints[places[start : start + BLOCK]]
    return chosen
