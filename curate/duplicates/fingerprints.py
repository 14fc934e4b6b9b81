"""What dedup remembers of a photo, by the sha256 of its file: its hash and small pictures of it.

A photo in a plain frame is looked at twice, as it is and without the frame. What looks like a frame may be a wall
or the sky, and then it is not found in every copy: so both views are compared with those of other photos.

The store lies beside the manifest and makes adding photos cheap: those it knows are neither read nor decoded
again. It is only a memory: a store that is damaged, or was written by other versions, is dropped and made anew,
with the same result.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from curate import images
from curate.duplicates import hashing
from curate.errors import RejectedError
from curate.executors import MapFn
from curate.files import atomic_write

NAME = "dedup.cache"
FORMAT = 6
SIDE = 64  # pixels of the remembered square pictures
COLOUR_SIDE = 16
AT_LEAST = 64  # pixels, shorter side of the decoded picture
VIEW = np.dtype(
    [
        ("grey", "u1", (SIDE, SIDE)),
        ("colour", "u1", (COLOUR_SIDE, COLOUR_SIDE, 3)),  # RGB
        ("box", "f4", 4),  # what of the view is inside a plain frame: top, bottom, left, right; 0..1
    ]
)
RECORD = np.dtype(
    [
        ("sha256", "S64"),
        ("phash", "u8"),  # of the whole photo, as imagehash computes it
        ("mirror", "u8"),  # of its mirror image
        ("views", VIEW, (2,)),  # the whole photo, and what is inside the frame
    ]
)

Records = NDArray[np.void]

SMALLEST = 16  # pixels; of a thinner picture nothing is taken for a frame
_PLAIN = 6  # grey levels: how even a frame is after JPEG compression
_RINGING = 8  # lines before an edge that JPEG may disturb
_UNEVEN = 60  # grey levels within one line that no frame has
_STEP = 14  # grey levels between a frame and the picture inside it


def frame(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is inside a plain frame or bars: (h, w) grey to pixels, as slice bounds.

    A side has a bar when 2-25% of it are of one grey and most of the next line is of another. A studio's white
    wall does not count: the car touches it in a few places only. But where two sides show a frame, the others have
    it too if they are plain as far in: then it is the picture that begins in the frame's grey.
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
    """What one side looks like."""

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


def of_pixels(pixels: NDArray[np.uint8], sha256: str = "") -> Records:
    """The record of one (h, w, 3) RGB picture: () RECORD."""
    grey = hashing.luma(pixels, AT_LEAST)
    height, width = grey.shape
    top, bottom, left, right = frame(grey)
    record = np.zeros((), RECORD)
    record["sha256"] = sha256
    record["phash"], record["mirror"] = hashing.phash(grey)
    views = record["views"]
    _look(views[0], grey, pixels, (0, height, 0, width))
    if bottom - top < height or right - left < width:
        views[0]["box"] = top / height, bottom / height, left / width, right / width
        _look(views[1], grey, pixels, (top, bottom, left, right))
    return record


def _look(
    view: Records, grey: NDArray[np.uint8], pixels: NDArray[np.uint8], box: tuple[int, int, int, int]
) -> None:
    """Fill in what is remembered of the part `box` (top, bottom, left, right; pixels of `grey`) of a picture."""
    top, bottom, left, right = box
    y, x = pixels.shape[0] / grey.shape[0], pixels.shape[1] / grey.shape[1]
    view["box"] = 0, 1, 0, 1
    view["grey"] = _square(grey[top:bottom, left:right], SIDE)
    view["colour"] = _square(
        pixels[round(top * y) : round(bottom * y), round(left * x) : round(right * x)], COLOUR_SIDE
    )


def _square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture as a square: means over areas. An axis at a time, as OpenCV has none where one of two grows."""
    import cv2

    narrow = cv2.resize(pixels, (side, len(pixels)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(narrow, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def content(records: Records) -> NDArray[np.float64]:
    """Share of each photo's area that is not a plain frame."""
    top, bottom, left, right = np.moveaxis(records["views"]["box"][..., 0, :].astype(float), -1, 0)
    return np.asarray((bottom - top) * (right - left))


def framed(records: Records) -> NDArray[np.bool_]:
    """Whether each photo has a plain frame, and so two views."""
    return np.asarray(content(records) < 1)


def views(records: Records) -> tuple[Records, NDArray[np.int64]]:
    """All views of n pictures, the n whole ones first: (m,) VIEW, and the number of each one's picture (m,)."""
    twice = np.flatnonzero(framed(records))
    everything = np.concatenate([records["views"][:, 0], records["views"][twice, 1]])
    return everything, np.concatenate([np.arange(len(records)), twice])


def _of_file(folder: Path, photo: tuple[str, str]) -> bytes | str:
    """The record's bytes, or why there is none."""
    sha256, path = photo
    try:
        return of_pixels(images.load(folder, path, sha256, at_least=AT_LEAST).pixels, sha256).tobytes()
    except RejectedError as error:
        return error.reason


def collect(folder: Path, photos: Mapping[str, str], map_fn: MapFn = map) -> tuple[Records, dict[str, str]]:
    """Records of `photos` (sha256 to path), sorted by sha256; and by sha256 why a photo has none.

    Each file is decoded once, however many photos share its bytes; files in the store are not opened.
    """
    known = _read(folder)
    remembered = set(known["sha256"].tolist())
    missing = sorted((sha256, path) for sha256, path in photos.items() if sha256.encode() not in remembered)
    found, refused = [], {}
    answers = map_fn(partial(_of_file, folder), missing)
    for (sha256, _), answer in zip(
        missing, tqdm(answers, "hash", total=len(missing), unit="photo", disable=None, leave=False), strict=True
    ):
        if isinstance(answer, str):
            refused[sha256] = answer
        else:
            found.append(answer)
    records = np.concatenate([known, np.frombuffer(b"".join(found), RECORD)])
    records = records[np.argsort(records["sha256"])]
    if found:
        _write(folder, records)
    wanted = {sha256.encode() for sha256 in photos}
    return records[[sha256 in wanted for sha256 in records["sha256"].tolist()]], refused


def _header() -> bytes:
    packages = [f"{name} {version(name)}" for name in ("pillow", "simplejpeg", "numpy")]
    return f"curate fingerprints {FORMAT} {RECORD} {' '.join(packages)}\n".encode()


def _read(folder: Path) -> Records:
    """The records of the store; none when it is absent, damaged, or another version's."""
    empty = np.empty(0, RECORD)
    try:
        data = (folder / NAME).read_bytes()
    except OSError:
        return empty
    header, digest = _header(), hashlib.sha256()
    if not data.startswith(header):
        return empty
    payload = memoryview(data)[len(header) + digest.digest_size :]
    digest.update(payload)
    if len(payload) % RECORD.itemsize or digest.digest() != data[len(header) :][: digest.digest_size]:
        return empty
    return np.frombuffer(payload, RECORD)


def _write(folder: Path, records: Records) -> None:
    payload = records.tobytes()
    atomic_write(folder / NAME, b"".join((_header(), hashlib.sha256(payload).digest(), payload)))
