"""Folders of any number of photos, for `scale_table`: every file and row is there, little of it was drawn.

A photo is one of a few drawn JPEGs with a comment of its own, 4 KB on disk. Its fingerprint is a smooth image of
its own, hashed as dedup hashes; every tenth is the one before it with noise. Embeddings are those of painted
photos, repeated with noise. Four photos are of one listing. With a backdrop, all images show one scene, with a
patch of their own.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.clean import embeddings
from curate.clean.scorers import loading
from curate.clean.scorers.base import Scorer
from curate.core import executors, record_store
from curate.core.record_store import Records
from curate.core.schemas import DedupRow, FetchRow
from curate.dedup import candidates, fingerprint_cache
from curate.dedup.fingerprints import COLOUR_SIDE, FINGERPRINT, SIDE, Fingerprints
from curate.photos import decode
from curate.pipeline import find_recipe
from tests.folders import CLASSES, clean_row, dedup_row, fetch_row, paint, publish, split_row

DRAWN = 64  # JPEGs, and embeddings that are repeated
NOISE = 0.3  # of each number in an embedding
BLOCK = 4096
RECIPE = f"""
name: scale
classes: [{", ".join(CLASSES)}]
dedup:
  method: METHOD
clean:
  scorer: imagenet
  max_reject_fraction: 1.0
  accept_rejects: true
  concepts:
    - {{name: car, role: wanted, imagenet: ["*"]}}
    - {{name: bird, imagenet: [hen, cock]}}
"""
Stored = tuple[str, str, int, int]  # path, sha256, bytes, when it was written in ns


@cache
def drawn(number: int) -> bytes:
    """A JPEG of smooth colours."""
    coarse = np.random.default_rng(number).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def write_photo(folder: Path, number: int) -> Stored:
    """Write a photo as the store would, but for waiting for anything."""
    data, comment = drawn(number % DRAWN), f"photo {number:012}".encode()
    data = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"images/{sha256[:2]}/{sha256}.jpg"
    with (folder / path).open("wb") as file:
        file.write(data)
        file.flush()
        return path, sha256, len(data), os.fstat(file.fileno()).st_mtime_ns


def _mixed(seeds: NDArray[np.uint64], count: int) -> NDArray[np.uint8]:
    """(n, count) numbers that look random, each row by its seed alone (SplitMix64, G. Steele et al., 2014)."""
    mixed = np.add.outer(seeds * np.uint64(1024), np.arange(count, dtype=np.uint64))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) & np.uint64(255), np.uint8)


def fingerprints_of(photos: Sequence[tuple[int, Stored]], backdrop: bool) -> Fingerprints:
    """(n,) fingerprints of numbered photos."""
    import cv2

    prints = np.zeros(len(photos), FINGERPRINT)
    numbers = np.array([number for number, _ in photos], np.uint64)
    seeds = numbers - (numbers % np.uint64(10) == 9)
    coarse = _mixed(seeds, 64).reshape(-1, 8, 8)
    if backdrop:
        scene = _mixed(np.array([1 << 40], np.uint64), 64).reshape(8, 8)
        own = coarse[:, 3:5, 3:5].copy()
        coarse[:] = scene
        coarse[:, 3:5, 3:5] = own
    smooth = cv2.resize(np.eye(8, dtype=np.float32), (8, SIDE), interpolation=cv2.INTER_CUBIC)
    grey = smooth @ coarse.astype(np.float32) @ smooth.T
    grey += np.random.default_rng(photos[0][0]).integers(-4, 5, grey.shape, dtype=np.int8)
    prints["grey"] = grey.clip(0, 255)
    prints["colour"] = _mixed(seeds + np.uint64(1 << 41), COLOUR_SIDE**2 * 3).reshape(prints["colour"].shape)
    for one, (_, (_, sha256, size, modified)) in zip(prints, photos, strict=True):
        one["sha256"], one["bytes"], one["modified"] = sha256, size, modified
    hashed = candidates.hash_parts(False, prints["grey"])
    prints["phash"], prints["mirror"], prints["box"] = hashed.plain[0], hashed.mirrored[0], (0, 1, 0, 1)
    return prints


def _prints(photos: Sequence[Stored], backdrop: bool) -> Iterator[Records]:
    """Fingerprints in blocks, sorted by sha256 as the cache is."""
    order = sorted(enumerate(photos), key=lambda each: each[1][1])
    blocks = (order[start : start + BLOCK] for start in range(0, len(order), BLOCK))
    with executors.local(2, chunk_size=1) as map_fn:
        yield from map_fn(partial(fingerprints_of, backdrop=backdrop), blocks)


def _embedded(scorer: Scorer, sha256s: Sequence[str]) -> Iterator[Records]:
    """Embeddings of painted photos, repeated with noise, for these photos."""
    prepared = [
        scorer.prepare(decode.decode(paint(CLASSES[number % 2], number), scorer.side).pixels)
        for number in range(DRAWN)
    ]
    known = scorer.embed(np.stack(prepared))
    layout = embeddings._layout(scorer)
    random = np.random.default_rng(0)
    for start in range(0, len(sha256s), BLOCK):
        names = sha256s[start : start + BLOCK]
        records = np.zeros(len(names), layout.record)
        records["sha256"] = names
        records["quality"] = 0.8
        some: NDArray[np.float32] = known[random.integers(0, DRAWN, len(names))]
        records["embedding"] = some * np.abs(1 + NOISE * random.standard_normal(some.shape, np.float32))
        yield records


def _rows(photos: Sequence[Stored]) -> list[FetchRow]:
    """Rows of fetch.csv; four in a row are of one listing."""
    site = "https://cars.example"
    return [
        replace(
            fetch_row(number, CLASSES[number // 4 % 2], f"L{number // 4}", path, sha256, size),
            page_url=f"{site}/{number // 4}",
            image_url=f"{site}/{number}.jpg",
        )
        for number, (path, sha256, size, _) in enumerate(photos)
    ]


def publish_all(folder: Path, fetched: Sequence[FetchRow]) -> None:
    """The manifests, as if dedup had rejected every tenth photo and clean every twentieth of the others."""
    deduped: list[DedupRow] = [
        dedup_row(photo, copy_of=fetched[number - 1].key if number % 10 == 9 else "")
        for number, photo in enumerate(fetched)
    ]
    left = [photo for photo, row in zip(fetched, deduped, strict=True) if row.keep]
    cleaned = [clean_row(photo, "bird" if number % 20 == 7 else "") for number, photo in enumerate(left)]
    used = [photo for photo, row in zip(left, cleaned, strict=True) if row.keep]
    splits = [
        split_row(photo, ("train", "train", "train", "val", "test")[n // 16 % 5]) for n, photo in enumerate(used)
    ]
    publish(folder, "fetch", fetched)
    publish(folder, "dedup", deduped)
    publish(folder, "clean", cleaned)
    publish(folder, "split", splits)


def make(folder: Path, count: int, method: str, embedded: bool, backdrop: bool = False) -> None:
    """Photos, manifests, fingerprints and, if `embedded`, embeddings; nothing where they are there."""
    made = folder / f"made{' embedded' * embedded}"
    if made.exists():
        return
    for first in range(256):
        (folder / f"images/{first:02x}").mkdir(parents=True, exist_ok=True)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("METHOD", method), encoding="utf-8")
    with executors.local(2, chunk_size=256) as map_fn:
        photos = list(map_fn(partial(write_photo, folder), range(count)))
    publish_all(folder, _rows(photos))
    layout = fingerprint_cache._layout(FINGERPRINT)
    record_store.write(folder / fingerprint_cache.NAME, layout, _prints(photos, backdrop))
    if embedded:
        scorer = loading.load(find_recipe(recipe).clean)
        names = sorted(sha256 for _, sha256, _, _ in photos)
        path = embeddings.store_path(folder, scorer)
        record_store.write(path, embeddings._layout(scorer), _embedded(scorer, names))
    made.touch()
