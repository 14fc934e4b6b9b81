"""A photo that is there already is found, and fast."""

import hashlib
import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from curate.check.duplicates import Duplicate, Index, near, prove, same
from curate.core import manifest
from curate.core.recipe import Dedup
from curate.core.schemas import DedupRow, FetchRow
from curate.dedup import fingerprints
from curate.dedup import stage as dedup
from curate.photos import decode
from tests.folders import fetch_row
from tests.scenes import jpeg, scene, store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scenes, fetched and deduplicated."""
    path = tmp_path_factory.mktemp("collection")
    store(path, [(number, jpeg(scene(number)), "hatch") for number in range(12)])
    dedup.run(path, Dedup())
    return path


def search(folder: Path, data: bytes, listings: tuple[str, ...] = ()) -> Duplicate | None:
    index = Index.of(manifest.read(folder, FetchRow), manifest.read(folder, DedupRow))
    sha256 = hashlib.sha256(data).hexdigest()
    prints = fingerprints.of_pixels(decode.decode(data).pixels)
    others = near(index, prints, Dedup().max_distance, listings)
    return same(index, sha256, listings) or prove(folder, Dedup(), (prints, others, ()))


def test_the_same_bytes_are_an_exact_duplicate(folder: Path) -> None:
    assert search(folder, jpeg(scene(3))) == Duplicate(f"{3:016x}", fetch_row(3, "hatch").listing_id, exact=True)


def test_an_edited_photo_is_a_near_duplicate(folder: Path) -> None:
    image = scene(5)
    for edited in (image.resize((200, 137)), ImageOps.mirror(image), image.crop((4, 4, 316, 216))):
        found = search(folder, jpeg(edited, 60))
        assert found is not None and (found.key, found.exact) == (f"{5:016x}", False)


def test_another_photo_is_none(folder: Path) -> None:
    assert search(folder, jpeg(scene(99))) is None


def test_photos_of_its_own_listing_do_not_count(folder: Path) -> None:
    own = fetch_row(3, "hatch").listing_id
    assert search(folder, jpeg(scene(3)), (own,)) is None
    assert search(folder, jpeg(scene(3), 50), (own,)) is None


def test_a_hundred_thousand_hashes_are_searched_in_50_ms() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**64, 100_000, dtype=np.uint64)
    index = Index(hashes, (), {})
    began = time.perf_counter()
    found = [index.near(int(hashes[place]) ^ 0b101, 0, 12) for place in range(20)]
    assert (time.perf_counter() - began) / 20 < 0.05
    assert [places[0] for places in found] == list(range(20))


def test_a_lost_photo_is_passed_over(folder: Path, tmp_path: Path) -> None:
    store(tmp_path, [(number, jpeg(scene(number)), "hatch") for number in range(2)])
    dedup.run(tmp_path, Dedup())
    (tmp_path / manifest.read(tmp_path, FetchRow)[0].path).unlink()
    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg(scene(0)))).resize((160, 110)).save(buffer, "JPEG")
    assert search(tmp_path, buffer.getvalue()) is None
