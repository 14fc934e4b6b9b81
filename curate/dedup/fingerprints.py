"""What dedup remembers of a photo, by the sha256 of its file: its hash and small pictures of it.

A photo in a plain frame has two records, one after the other: of the photo as it is, and of what is inside the
frame. What looks like a frame may be a wall or the sky, and then it is not found in every copy: so both are
compared with those of other photos.

The store lies beside the manifest and makes adding photos cheap: those it knows are neither read nor decoded
again, as long as their files lie where they lay, of the same size and not written to. It is only a memory: a store
that is damaged, or was written by other versions, is dropped and made anew, with the same result.
"""

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
from curate.photos import decode

NAME = "dedup.cache"
FORMAT = 8
SIDE = 64  # pixels of the remembered square pictures
COLOUR_SIDE = 16
AT_LEAST = 64  # pixels, shorter side of the decoded picture
COLOURLESS = 2  # levels between the channels of a cell that JPEG may put into a grey picture
RECORD = np.dtype(
    [
        ("sha256", "S64"),
        ("bytes", "u8"),  # of the file
        ("modified", "i8"),  # ns, when the file was last written to
        ("phash", "u8"),  # of the whole photo, as imagehash computes it
        ("mirror", "u8"),  # of its mirror image
        ("inner", "?"),  # this is what is inside the frame of the record before
        ("grey", "u1", (SIDE, SIDE)),
        ("colour", "u1", (COLOUR_SIDE, COLOUR_SIDE, 3)),  # RGB
        ("box", "f4", 4),  # what of the picture is inside a plain frame: top, bottom, left, right; 0..1
    ]
)

Records = NDArray[np.void]
Stamp = tuple[int, int]  # bytes of a file, and when it was last written to, in ns

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


def of_pixels(pixels: NDArray[np.uint8], sha256: str = "", stamp: Stamp = (0, 0)) -> Records:
    """The records of one (h, w, 3) RGB picture: (1,) RECORD, or (2,) if it is framed."""
    grey = phash.luma(pixels, AT_LEAST)
    height, width = grey.shape
    top, bottom, left, right = frame(grey)
    boxes = [(0, height, 0, width)]
    if bottom - top < height or right - left < width:
        boxes.append((top, bottom, left, right))
    records = np.zeros(len(boxes), RECORD)
    records["sha256"], (records["bytes"], records["modified"]) = sha256, stamp
    records["phash"], records["mirror"] = phash.phash(grey)
    records["box"] = 0, 1, 0, 1
    records["box"][0] = top / height, bottom / height, left / width, right / width
    records["inner"][1:] = True
    y, x = pixels.shape[0] / height, pixels.shape[1] / width
    for record, (top, bottom, left, right) in zip(records, boxes, strict=True):
        part = pixels[round(top * y) : round(bottom * y), round(left * x) : round(right * x)]
        record["grey"] = _square(grey[top:bottom, left:right], SIDE)
        record["colour"] = _square(part, COLOUR_SIDE)
    return records


def hash_file(path: Path) -> tuple[int, int]:
    """The perceptual hashes of a photo and of its mirror image, for who wants nothing else of it.

    Colour is not decoded, so a bit or two may differ from the hash in dedup.csv. Raises RejectedError.
    """
    picture = decode.decode(decode.read_file(path), AT_LEAST, grey=True)
    return phash.phash(phash.luma(picture.pixels, AT_LEAST))


def _square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture as a square: means over areas. An axis at a time, as OpenCV has none where one of two grows."""
    import cv2

    narrow = cv2.resize(pixels, (side, len(pixels)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(narrow, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def content(records: Records) -> NDArray[np.float64]:
    """Share of each picture's area that is not a plain frame.

    A frame has two sides at least: a plain road below, or a sky above, is a part of the photo.
    """
    top, bottom, left, right = records["box"].astype(float).T
    sides = (top > 0).astype(int) + (bottom < 1) + (left > 0) + (right < 1)
    return np.where(sides >= 2, (bottom - top) * (right - left), 1.0)


def colourless(records: Records) -> NDArray[np.bool_]:
    """Which pictures have no colour: (n,)."""
    levels = records["colour"].astype(np.int16)
    return np.asarray(np.ptp(levels, axis=3).max(axis=(1, 2)) <= COLOURLESS)


def wholes(records: Records) -> NDArray[np.int64]:
    """Places of the n photos among their records: (n,)."""
    return np.flatnonzero(~records["inner"])


def owners(records: Records) -> NDArray[np.int64]:
    """Number of the photo that each record is of, in order: (m,)."""
    return np.asarray(np.cumsum(~records["inner"]) - 1)


def take(records: Records, photos: NDArray[np.int64]) -> Records:
    """The records of the photos with these numbers, in this order."""
    starts = np.append(wholes(records), len(records))
    count = np.diff(starts)[photos]
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    chosen: Records = records[np.repeat(starts[photos], count) + within]
    return chosen


def _of_file(folder: Path, photo: tuple[str, str, Stamp]) -> bytes | str:
    """The records' bytes, or why there is none."""
    import cv2

    cv2.setNumThreads(1)  # many of these run side by side
    sha256, path, stamp = photo
    try:
        return of_pixels(decode.load(folder, path, sha256, at_least=AT_LEAST).pixels, sha256, stamp).tobytes()
    except RejectedError as error:
        return error.reason


def _stamps(folder: Path, photos: Mapping[str, str]) -> dict[str, Stamp]:
    """By sha256, the stamps of what are plain files inside the folder; `images.load` tells of the others."""
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


def collect(folder: Path, photos: Mapping[str, str], map_fn: MapFn = map) -> tuple[Records, dict[str, str]]:
    """Records of `photos` (sha256 to path), sorted by sha256; and by sha256 why a photo has none.

    Each file is decoded once, however many photos share its bytes; files that the store knows are not opened. What
    was hashed before an interruption is remembered.
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


def _merged(known: Records, found: bytearray) -> Records:
    """Both, sorted by sha256 as each of them is."""
    fresh: Records = np.frombuffer(found, RECORD)
    if not len(known):
        return fresh  # a million photos are 5 GB: no copy of them
    both = np.concatenate([known, fresh])
    return both[np.argsort(both["sha256"], kind="stable")]  # a frame's inside stays behind it


def _header() -> bytes:
    packages = [f"{name} {version(name)}" for name in ("pillow", "simplejpeg", "opencv-python-headless", "numpy")]
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
    begin = len(header) + digest.digest_size
    payload = memoryview(data)[begin:]
    digest.update(payload)
    if len(payload) % RECORD.itemsize or digest.digest() != data[len(header) : begin]:
        return empty
    return np.frombuffer(payload, RECORD)


def _write(folder: Path, records: Records) -> None:
    payload = records.view(np.uint8).data
    atomic_write(folder / NAME, (_header(), hashlib.sha256(payload).digest(), payload))
