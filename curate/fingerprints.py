"""What dedup remembers of a photo: its hash and a small grey picture, by the sha256 of the file.

The store lies beside the manifest and makes adding photos cheap: those it knows are neither read nor decoded
again. It is only a memory: a store that is damaged, or was written by other versions, is dropped and made anew,
with the same result.
"""

import hashlib
import io
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from curate import hashing, images
from curate.errors import RejectedError
from curate.executors import MapFn
from curate.manifest import atomic_write

NAME = "dedup.cache"
FORMAT = 1
SIDE = 64  # pixels of the remembered square picture
AT_LEAST = 96  # pixels, shorter side of the decoded picture
RECORD = np.dtype([("sha256", "S64"), ("phash", "u8"), ("grey", "u1", (SIDE, SIDE))])

Records = NDArray[np.void]


def of_pixels(pixels: NDArray[np.uint8], sha256: str = "") -> Records:
    """The record of one (h, w, 3) RGB picture: () RECORD."""
    record = np.zeros((), RECORD)
    record["sha256"] = sha256
    record["phash"] = hashing.phash(pixels)
    record["grey"] = hashing.grey_square(pixels, SIDE)
    return record


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
    buffer = io.BytesIO()
    for part in (_header(), hashlib.sha256(payload).digest(), payload):
        buffer.write(part)
    atomic_write(folder / NAME, buffer.getvalue())
