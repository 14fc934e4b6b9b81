"""The embedding and the image quality of each photo, by the sha256 of the file.

Each photo is decoded once and embedded once. The store lies beside the manifest, one file per model; its name
carries the model's identity. It grows by whole records, each with a checksum: an interrupted run continues where
it stopped, a damaged record is dropped and made again (see `core.record_store`). It is read in blocks, so memory
hardly grows with the number of photos.

On one machine the processes of `map_fn` decode, and this one embeds. On many, workers embed too, if on a fixed
image they compute the very bytes that this process does: processors differ in how they round.
"""

import hashlib
import json
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.clean import image_quality
from curate.clean.image_quality import Quality
from curate.clean.scorers.base import Scorer
from curate.core import executors, record_store
from curate.core.errors import RejectedError, ResourceError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.core.record_store import Layout, Records
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
Ready = NDArray[np.uint8] | NDArray[np.float32]  # what the network reads, or the embedding
Prepared = tuple[str, tuple[float, ...], Ready]  # sha256, quality scores
Item = TypeVar("Item")


@dataclass(frozen=True)
class EmbeddingStore:
    """The embeddings of the photos asked for, on disk."""

    path: Path  # of the store
    layout: Layout
    place: Mapping[str, int]  # sha256 to the number of its record
    refused: Mapping[str, str]  # sha256 of a photo without record, to the reason

    def read(self, sha256s: Sequence[str]) -> Records:
        """(n,) records, in the order asked for: fields `sha256`, `quality` (n, 7), `embedding` (n, d)."""
        stored = self.layout.stored
        data = bytearray()
        with self.path.open("rb") as file:
            for sha256 in sha256s:
                file.seek(self.layout.place(self.place[sha256]))
                data += file.read(stored.itemsize)
        return np.asarray(np.frombuffer(data, stored)["record"])

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
    layout = _layout(scorer)
    known = _open(path, layout)
    missing = sorted((sha256, file) for sha256, file in photos.items() if sha256 not in known)
    refused: dict[str, str] = {}
    if missing:
        prepare: Callable[[tuple[str, str]], tuple[tuple[float, ...], Ready] | str]
        prepare = partial(_prepare, folder, scorer.prepare, scorer.side)
        if asked := remote(scorer, map_fn):
            prepare = partial(_prepare_and_embed, prepare, asked)
        results = ahead(map_fn(prepare, missing))

        def records() -> Iterator[Records]:
            batch: list[Prepared] = []
            for (sha256, _), result in zip(missing, progress(results, "embed", len(missing)), strict=True):
                if isinstance(result, str):
                    refused[sha256] = result
                    continue
                batch.append((sha256, *result))
                if len(batch) == batch_size:
                    yield _records(batch, scorer, layout)
                    batch.clear()
            if batch:
                yield _records(batch, scorer, layout)

        record_store.append(path, records())
        known = _open(path, layout)
    return EmbeddingStore(path, layout, known, refused)


def _layout(scorer: Scorer) -> Layout:
    record = np.dtype(
        [("sha256", "S64"), ("quality", "<f4", (len(QUALITY),)), ("embedding", "<f4", (scorer.dimensions,))]
    )
    versions = {name: version(name) for name in PACKAGES}
    return record_store.layout(record, {"embeddings": FORMAT, "defects": QUALITY, **scorer.identity, **versions})


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


class RemoteScorer(NamedTuple):
    """A scorer on another machine: what makes it, and the bytes that it must compute."""

    make: Callable[[], Scorer]
    proof: str


# On a worker: scorers by their proof; None where it rounds otherwise.
_remote_scorers: dict[str, Scorer | None] = {}


def proof(scorer: Scorer) -> str:
    """The sha256 of who the scorer is, and of its embeddings of coloured noise: rough, smooth and plain."""
    noise = np.random.default_rng(0).integers(0, 256, (3, scorer.side, scorer.side, 3), dtype=np.uint8)
    noise[1] = np.sort(np.sort(noise[1], axis=0), axis=1)
    noise[2] = noise[2, 0, 0]
    identity = json.dumps(dict(scorer.identity), sort_keys=True)
    return hashlib.sha256(identity.encode() + scorer.embed(noise).tobytes()).hexdigest()


def remote(scorer: Scorer, map_fn: MapFn) -> RemoteScorer | None:
    """What the workers of `map_fn` need to embed as `scorer` does; None where this process is to do it all."""
    if executors.embeds(map_fn) and scorer.elsewhere:
        return RemoteScorer(scorer.elsewhere, proof(scorer))
    return None


def _scorer_here(asked: RemoteScorer) -> Scorer | None:
    if asked.proof not in _remote_scorers:
        try:
            scorer = asked.make()
            _remote_scorers[asked.proof] = scorer if proof(scorer) == asked.proof else None
        except ResourceError:  # no weights here
            _remote_scorers[asked.proof] = None
    return _remote_scorers[asked.proof]


def _prepare_and_embed(
    prepare: Callable[[tuple[str, str]], tuple[tuple[float, ...], NDArray[np.uint8]] | str],
    asked: RemoteScorer,
    photo: tuple[str, str],
) -> tuple[tuple[float, ...], Ready] | str:
    """Quality scores of one photo, and what `embed_here` gives."""
    prepared = prepare(photo)
    if isinstance(prepared, str):
        return prepared
    quality, pixels = prepared
    return quality, embed_here(asked, pixels)


def embed_here(asked: RemoteScorer, pixels: NDArray[np.uint8]) -> Ready:
    """On a worker: the embedding of (side, side, 3); that itself where this machine would embed otherwise."""
    scorer = _scorer_here(asked)
    return pixels if scorer is None else scorer.embed(pixels[None])[0]


def embedded(ready: Sequence[Ready], scorer: Scorer) -> NDArray[np.float32]:
    """(n, d): those embedded elsewhere as they are, the others by the scorer."""
    found = np.empty((len(ready), scorer.dimensions), np.float32)
    pixels = [place for place, one in enumerate(ready) if one.dtype == np.uint8]
    if pixels:
        found[pixels] = scorer.embed(np.stack([ready[place] for place in pixels]))
    for place in set(range(len(ready))).difference(pixels):
        found[place] = ready[place]
    return found


def _records(batch: list[Prepared], scorer: Scorer, layout: Layout) -> Records:
    records = np.zeros(len(batch), layout.record)
    records["sha256"] = [sha256 for sha256, _, _ in batch]
    records["quality"] = [scores for _, scores, _ in batch]
    records["embedding"] = embedded([ready for _, _, ready in batch], scorer)
    return records


def _open(path: Path, layout: Layout) -> dict[str, int]:
    """The number of each photo's record in the store, which is left whole.

    Damaged records and a torn end are cut out; a store of other versions is begun anew.
    """
    records, sound = record_store.read(path, layout)
    if not sound:
        record_store.write(path, layout, [records])
    names = records["sha256"].tolist()
    return {sha256.decode(): number for number, sha256 in enumerate(names)}


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
