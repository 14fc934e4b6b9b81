"""The cache of fingerprints and keypoints, by the sha256 of each photo's file.

The cache beside the manifest makes adding photos cheap. Files that it knows are neither read nor decoded again, as
long as path, size and time of modification are the same. A cache that is damaged, or of other versions, is
computed again, with the same result."""

import os
import stat
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.core import record_store
from curate.core.errors import RejectedError, StateError
from curate.core.executors import MapFn
from curate.core.files import inside
from curate.core.progress import progress
from curate.dedup import fingerprints, keypoints, phash
from curate.dedup.fingerprints import FINGERPRINT, Fingerprints, Stamp
from curate.dedup.keypoints import KEYPOINTS, Keypoints
from curate.photos import decode, store

NAME = "dedup.cache"
KEYPOINTS_NAME = "dedup.keypoints.cache"
FORMAT = 8  # of the fingerprints and keypoints


def _of_file(folder: Path, thorough: bool, photo: tuple[str, str, Stamp]) -> tuple[bytes, bytes] | str:
    """Its fingerprints and keypoints as bytes, or the reason why there are none."""
    import cv2

    cv2.setNumThreads(1)  # many of these run side by side
    sha256, path, stamp = photo
    try:
        data = store.read(folder, path, sha256)
        pixels = decode.decode(data, at_least=fingerprints.AT_LEAST).pixels
        prints = fingerprints.of_pixels(pixels, sha256, stamp).tobytes()
        if not thorough:
            return prints, b""
        closer = decode.decode(data, keypoints.SIDE).pixels
        return prints, keypoints.detect(phash.luma(closer), sha256).tobytes()
    except RejectedError as error:
        return error.reason


def _stamps(folder: Path, photos: Mapping[str, str]) -> dict[str, Stamp]:
    """Stamps of the plain files inside the folder, by sha256; `store.load` refuses the others."""
    parents: dict[str, bool] = {}
    stamps = {}
    for sha256, path in photos.items():  # with strings: a million paths as objects take half a minute
        parent = path.rpartition("/")[0]
        if parent not in parents:
            parents[parent] = _leads_inside(folder, parent)
        try:
            status = os.lstat(f"{folder}/{path}")
        except (OSError, ValueError):  # ValueError: a NUL in the name
            continue
        if parents[parent] and stat.S_ISREG(status.st_mode):
            stamps[sha256] = status.st_size, status.st_mtime_ns
    return stamps


def _leads_inside(folder: Path, relative: str) -> bool:
    try:
        inside(folder, relative or ".")
    except (StateError, OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        return False
    return True


class Collected(NamedTuple):
    """What is known of the photos, sorted by sha256."""

    prints: Fingerprints
    refused: dict[str, str]  # sha256 to the reason why a photo has none
    keypoints: Keypoints  # one per photo with fingerprints; none unless thorough


def collect(folder: Path, photos: Mapping[str, str], map_fn: MapFn = map, thorough: bool = False) -> Collected:
    """Fingerprints of `photos` (sha256 to path), and keypoints where `thorough`.

    Each file is decoded once, however many photos share its bytes; files that the cache knows are not opened. What
    was hashed before an interruption stays in the cache.
    """
    known, stamps = _read(folder, NAME, FINGERPRINT), _stamps(folder, photos)
    known_points = _read(folder, KEYPOINTS_NAME, KEYPOINTS) if thorough else np.empty(0, KEYPOINTS)
    then = zip(known["bytes"].tolist(), known["modified"].tolist(), strict=True)
    remembered = dict(zip(known["sha256"].tolist(), then, strict=True))
    if thorough:
        with_points = set(known_points["sha256"].tolist())
        remembered = {sha256: stamp for sha256, stamp in remembered.items() if sha256 in with_points}
    missing = [
        (sha256, path, stamps.get(sha256, (0, 0)))
        for sha256, path in sorted(photos.items())
        if sha256 not in stamps or stamps[sha256] != remembered.get(sha256.encode())
    ]
    found, points, refused = bytearray(), bytearray(), {}
    answers = progress(map_fn(partial(_of_file, folder, thorough), missing), "hash", len(missing))
    try:
        for (sha256, _, _), answer in zip(missing, answers, strict=True):
            if isinstance(answer, str):
                refused[sha256] = answer
            else:
                found += answer[0]
                points += answer[1]
    finally:
        again = {sha256.encode() for sha256, _, _ in missing}
        if found or not again.isdisjoint(known["sha256"].tolist()):
            known = _merged(_without(known, again), np.frombuffer(found, FINGERPRINT))
            _write(folder, NAME, known)
        if points or not again.isdisjoint(known_points["sha256"].tolist()):
            known_points = _merged(_without(known_points, again), np.frombuffer(points, KEYPOINTS))
            _write(folder, KEYPOINTS_NAME, known_points)
    wanted = {sha256.encode() for sha256 in photos}
    return Collected(_only(known, wanted), refused, _only(known_points, wanted & set(known["sha256"].tolist())))


def _without(known: NDArray[np.void], left_out: AbstractSet[bytes]) -> NDArray[np.void]:
    return known[[sha256 not in left_out for sha256 in known["sha256"].tolist()]]


def _only(known: NDArray[np.void], wanted: AbstractSet[bytes]) -> NDArray[np.void]:
    chosen = [sha256 in wanted for sha256 in known["sha256"].tolist()]
    return known if all(chosen) else known[chosen]


def _merged(known: NDArray[np.void], fresh: NDArray[np.void]) -> NDArray[np.void]:
    """Both, sorted by sha256 as each of them is."""
    if not len(known):
        return fresh  # a million photos are 5 GB: do not copy them
    both = np.concatenate([known, fresh])
    return both[np.argsort(both["sha256"], kind="stable")]  # the inside of a frame stays behind its whole


def _layout(record: np.dtype[np.void]) -> record_store.Layout:
    packages = {name: version(name) for name in ("pillow", "simplejpeg", "opencv-python-headless", "numpy")}
    return record_store.layout(record, {"fingerprints": FORMAT, **packages})


def _read(folder: Path, name: str, record: np.dtype[np.void]) -> NDArray[np.void]:
    return record_store.read(folder / name, _layout(record))[0]


def _write(folder: Path, name: str, records: NDArray[np.void]) -> None:
    record_store.write(folder / name, _layout(records.dtype), [records])
