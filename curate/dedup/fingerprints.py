"""Fingerprints: the perceptual hash and small images of each photo, cached by the sha256 of its file.

A photo in a plain frame has two fingerprints, one after the other: of the whole, and of what is inside the frame.
What looks like a frame may be a wall or the sky, which is not detected in every duplicate: so both are compared
with those of other photos.

The cache beside the manifest makes adding photos cheap. Files that it knows are neither read nor decoded again, as
long as path, size and time of modification are the same. A cache that is damaged, or of other versions, is
computed again, with the same result."""

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import RejectedError, StateError
from curate.core.executors import MapFn
from curate.core.files import atomic_write, inside
from curate.core.progress import progress
from curate.dedup import phash
from curate.photos import decode, store

NAME = "dedup.cache"
FORMAT = 8
SIDE = 64  # pixels of the square grey images
COLOUR_SIDE = 16
AT_LEAST = 64  # pixels, shorter side of the decoded image
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
        one["grey"] = _square(grey[top:bottom, left:right], SIDE)
        one["colour"] = _square(part, COLOUR_SIDE)
    return prints


def hash_file(path: Path) -> tuple[int, int]:
    """Perceptual hashes of a photo and of its mirror image, without fingerprints.

    Colour is not decoded, so a bit or two may differ from the hash in dedup.csv. Raises RejectedError.
    """
    image = decode.decode(decode.read_file(path), AT_LEAST, grey=True)
    return phash.phash(phash.luma(image.pixels, AT_LEAST))


def _square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
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
    """Which images have no colour: (n,)."""
    levels = prints["colour"].astype(np.int16)
    return np.asarray(np.ptp(levels, axis=3).max(axis=(1, 2)) <= COLOURLESS)


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
    chosen: Fingerprints = prints[np.repeat(starts[photos], count) + within]
    return chosen


def _of_file(folder: Path, photo: tuple[str, str, Stamp]) -> bytes | str:
    """Its fingerprints as bytes, or the reason why there are none."""
    import cv2

    cv2.setNumThreads(1)  # many of these run side by side
    sha256, path, stamp = photo
    try:
        return of_pixels(store.load(folder, path, sha256, at_least=AT_LEAST).pixels, sha256, stamp).tobytes()
    except RejectedError as error:
        return error.reason


def _stamps(folder: Path, photos: Mapping[str, str]) -> dict[str, Stamp]:
    """Stamps of the plain files inside the folder, by sha256; `store.load` refuses the others."""
    parents: dict[PurePath, bool] = {}
    stamps = {}
    for sha256, path in photos.items():
        parent = PurePath(path).parent
        if parent not in parents:
            parents[parent] = _leads_inside(folder, parent)
        try:
            status = (folder / path).lstat()
        except (OSError, ValueError):  # ValueError: a NUL in the name
            continue
        if parents[parent] and stat.S_ISREG(status.st_mode):
            stamps[sha256] = status.st_size, status.st_mtime_ns
    return stamps


def _leads_inside(folder: Path, relative: PurePath) -> bool:
    try:
        inside(folder, str(relative))
    except (StateError, OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        return False
    return True


def collect(folder: Path, photos: Mapping[str, str], map_fn: MapFn = map) -> tuple[Fingerprints, dict[str, str]]:
    """Fingerprints of `photos` (sha256 to path), sorted by sha256; and by sha256 why a photo has none.

    Each file is decoded once, however many photos share its bytes; files that the cache knows are not opened. What
    was hashed before an interruption stays in the cache.
    """
    known, stamps = _read(folder), _stamps(folder, photos)
    then = zip(known["bytes"].tolist(), known["modified"].tolist(), strict=True)
    remembered = dict(zip(known["sha256"].tolist(), then, strict=True))
    missing = [
        (sha256, path, stamps.get(sha256, (0, 0)))
        for sha256, path in sorted(photos.items())
        if sha256 not in stamps or stamps[sha256] != remembered.get(sha256.encode())
    ]
    found, refused = bytearray(), {}
    answers = progress(map_fn(partial(_of_file, folder), missing), "hash", len(missing))
    try:
        for (sha256, _, _), answer in zip(missing, answers, strict=True):
            if isinstance(answer, str):
                refused[sha256] = answer
            else:
                found += answer
    finally:
        again = {sha256.encode() for sha256, _, _ in missing}
        if found or not again.isdisjoint(remembered):
            known = _merged(known[[sha256 not in again for sha256 in known["sha256"].tolist()]], found)
            _write(folder, known)
    wanted = {sha256.encode() for sha256 in photos}
    chosen = [sha256 in wanted for sha256 in known["sha256"].tolist()]
    return known if all(chosen) else known[chosen], refused


def _merged(known: Fingerprints, found: bytearray) -> Fingerprints:
    """Both, sorted by sha256 as each of them is."""
    fresh: Fingerprints = np.frombuffer(found, FINGERPRINT)
    if not len(known):
        return fresh  # a million photos are 5 GB: do not copy them
    both = np.concatenate([known, fresh])
    return both[np.argsort(both["sha256"], kind="stable")]  # the inside of a frame stays behind its whole


def _header() -> bytes:
    packages = [f"{name} {version(name)}" for name in ("pillow", "simplejpeg", "opencv-python-headless", "numpy")]
    return f"curate fingerprints {FORMAT} {FINGERPRINT} {' '.join(packages)}\n".encode()


def _read(folder: Path) -> Fingerprints:
    """The fingerprints in the cache; none when it is absent, damaged, or of another version."""
    empty = np.empty(0, FINGERPRINT)
    try:
        data = (folder / NAME).read_bytes()
    except OSError:
        return empty
    header, digest = _header(), hashlib.sha256()
    if not data.startswith(header):
        return empty
    begin = len(header) + digest.digest_size
    payload = memoryview(data)[begin:]
    digest.update(payload)
    if len(payload) % FINGERPRINT.itemsize or digest.digest() != data[len(header) : begin]:
        return empty
    return np.frombuffer(payload, FINGERPRINT)


def _write(folder: Path, prints: Fingerprints) -> None:
    payload = prints.view(np.uint8).data
    atomic_write(folder / NAME, (_header(), hashlib.sha256(payload).digest(), payload))
