"""The embedding and the image quality of each photo, by the sha256 of the file.

Each photo is decoded once and embedded once. The store lies beside the manifest, one file per model; its name
carries the model's identity. It grows by whole records, each with a checksum: an interrupted run continues where
it stopped, a damaged record is dropped and made again. It is read in blocks, so memory hardly grows with the
number of photos.
"""

import hashlib
import json
import queue
import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.clean import image_quality
from curate.clean.image_quality import Quality
from curate.clean.scorers.base import Scorer
from curate.core.errors import RejectedError, ResourceError
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.progress import progress
from curate.photos import store

FORMAT = 1
QUALITY = tuple(field.name for field in fields(Quality))
BLOCK = 1024  # photos
PACKAGES = (
    "pillow",
    "simplejpeg",
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
)  # whose version changes an embedding
Records = NDArray[np.void]
Prepared = tuple[str, tuple[float, ...], NDArray[np.uint8]]  # sha256, quality scores, network input
Item = TypeVar("Item")


@dataclass(frozen=True)
class EmbeddingStore:
    """The embeddings of the photos asked for, on disk."""

    path: Path  # of the store
    offset: int  # bytes before the first record
    record: np.dtype[Any]
    place: Mapping[str, int]  # sha256 to the number of its record
    refused: Mapping[str, str]  # sha256 of a photo without record, to the reason

    def header(self) -> bytes:
        """What the embeddings were made with."""
        with self.path.open("rb") as file:
            return file.read(self.offset)

    def read(self, sha256s: Sequence[str]) -> Records:
        """(n,) records, in the order asked for: fields `sha256`, `quality` (n, 7), `embedding` (n, d)."""
        size = self.record.itemsize
        data = bytearray()
        with self.path.open("rb") as file:
            for sha256 in sha256s:
                file.seek(self.offset + size * self.place[sha256])
                data += file.read(size)
        return np.frombuffer(data, self.record)

    def blocks(self, sha256s: Sequence[str]) -> Iterator[tuple[slice, Records]]:
        """The same in blocks, each with its place among those asked for: only one block is in memory."""
        for start in range(0, len(sha256s), BLOCK):
            where = slice(start, start + BLOCK)
            yield where, self.read(sha256s[where])


def store_path(folder: Path, scorer: Scorer) -> Path:
    """Where the embeddings of this model are."""
    identity = json.dumps(dict(scorer.identity), sort_keys=True)
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return folder / f"clean.{scorer.identity['scorer']}-{digest[:12]}.cache"


def collect(
    folder: Path, photos: Mapping[str, str], scorer: Scorer, map_fn: MapFn = map, batch_size: int = 32
) -> EmbeddingStore:
    """Embed `photos` (sha256 to path); those in the store are not opened. Raises ResourceError."""
    path = store_path(folder, scorer)
    record = record_type(scorer.dimensions)
    header = _header(scorer)
    known = _open(path, header, record)
    missing = sorted((sha256, file) for sha256, file in photos.items() if sha256 not in known)
    refused: dict[str, str] = {}
    if missing:
        results = ahead(map_fn(partial(_prepare, folder, scorer.prepare, scorer.side), missing))
        batch: list[Prepared] = []
        try:
            with path.open("ab") as file:
                for (sha256, _), result in zip(missing, progress(results, "embed", len(missing)), strict=True):
                    if isinstance(result, str):
                        refused[sha256] = result
                        continue
                    batch.append((sha256, *result))
                    if len(batch) == batch_size:
                        file.write(_pack(batch, scorer, record))
                        batch.clear()
                if batch:
                    file.write(_pack(batch, scorer, record))
        except OSError as error:
            raise ResourceError(
                f"cannot write {path}: {error.strerror or error}; free space, then rerun"
            ) from error
        known = _open(path, header, record)
    return EmbeddingStore(path, len(header), record, known, refused)


def record_type(dimensions: int) -> np.dtype[Any]:
    """How a photo lies in the store."""
    return np.dtype(
        [
            ("sha256", "S64"),
            ("quality", "<f4", (len(QUALITY),)),
            ("embedding", "<f4", (dimensions,)),
            ("crc", "<u4"),
        ]
    )


def _header(scorer: Scorer) -> bytes:
    versions = {name: version(name) for name in PACKAGES}
    facts = {"format": FORMAT, "defects": QUALITY, **scorer.identity, **versions}
    return json.dumps(facts, sort_keys=True).encode() + b"\n"


def _prepare(
    folder: Path, prepare: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], side: int, photo: tuple[str, str]
) -> tuple[tuple[float, ...], NDArray[np.uint8]] | str:
    """Quality scores and network input of one photo, or the reason why there are none."""
    sha256, path = photo
    try:
        image = store.load(folder, path, sha256, at_least=side)
    except RejectedError as error:
        return error.reason
    return astuple(image_quality.measure(image.pixels, image.width, image.height)), prepare(image.pixels)


def _pack(batch: list[Prepared], scorer: Scorer, record: np.dtype[Any]) -> bytes:
    records = np.zeros(len(batch), record)
    records["sha256"] = [sha256 for sha256, _, _ in batch]
    records["quality"] = [scores for _, scores, _ in batch]
    records["embedding"] = scorer.embed(np.stack([pixels for _, _, pixels in batch]))
    data = records.tobytes()
    size = record.itemsize
    records["crc"] = [zlib.crc32(data[start : start + size - 4]) for start in range(0, len(data), size)]
    return records.tobytes()


def _open(path: Path, header: bytes, record: np.dtype[Any]) -> dict[str, int]:
    """The number of each photo's record in the store, which is left whole.

    Damaged records and a torn end are cut out; a store of other versions is begun anew.
    """
    if not path.exists() or not _starts_with(path, header):
        atomic_write(path, header)
        return {}
    size = record.itemsize
    known: dict[str, int] = {}
    damaged = False
    with path.open("rb") as file:
        file.seek(len(header))
        number = 0
        while data := file.read(size):
            item = np.frombuffer(data, record)[0] if len(data) == size else None
            if item is None or item["crc"] != zlib.crc32(data[:-4]):
                damaged = True
            else:
                known[item["sha256"].decode()] = number
            number += 1
    if not damaged:
        return known
    with path.open("rb") as file:
        kept = [_at(file, len(header) + size * number, size) for number in known.values()]
    atomic_write(path, header + b"".join(kept))
    return {sha256: number for number, sha256 in enumerate(known)}


def _starts_with(path: Path, header: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(header)) == header


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


_END = object()


def ahead(items: Iterable[Item], depth: int = 128) -> Generator[Item, None, None]:
    """`items`, produced in a thread of their own up to `depth` ahead of the one that is asked for."""
    ready: queue.Queue[Any] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: object) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=0.1)
                return

    def produce() -> None:
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    return
            put((_END, None))
        except BaseException as error:
            put((_END, error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stop.set()
        thread.join()
