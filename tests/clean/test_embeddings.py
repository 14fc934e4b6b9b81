import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.clean import embeddings
from curate.clean.scorers.base import Scorer
from curate.core.record_store import Records
from curate.photos import store
from tests.clean.scorers.plain import PlainScorer


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, str]:
    """Ten photos by sha256."""
    stored = {}
    for number in range(10):
        image = Image.new("RGB", (160, 120), (20 * number, 100, 50))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG")
        path, sha256 = store.put(tmp_path, buffer.getvalue(), "jpeg")
        stored[sha256] = path
    return stored


def embed(folder: Path, photos: dict[str, str], scorer: Scorer, batch_size: int = 4) -> Records:
    return embeddings.collect(folder, photos, scorer, batch_size=batch_size).read(sorted(photos))


def test_a_photo_is_looked_at_once(tmp_path: Path, photos: dict[str, str]) -> None:
    scorer = PlainScorer()
    first = embed(tmp_path, photos, scorer)
    assert scorer.seen == 10
    again = embed(tmp_path, photos, scorer)
    assert scorer.seen == 10
    assert np.array_equal(first, again)
    assert first["sha256"].tolist() == [sha256.encode() for sha256 in sorted(photos)]


def test_batch_size_changes_nothing(tmp_path: Path, photos: dict[str, str]) -> None:
    first = embed(tmp_path, photos, PlainScorer(), 1).copy()
    embeddings.store_path(tmp_path, PlainScorer()).unlink()
    assert np.array_equal(first, embed(tmp_path, photos, PlainScorer(), 64))


@pytest.mark.parametrize("harm", ["cut", "flip", "header", "empty", "garbage"])
def test_a_damaged_store_is_repaired(tmp_path: Path, photos: dict[str, str], harm: str) -> None:
    first = embed(tmp_path, photos, PlainScorer()).copy()
    path = embeddings.store_path(tmp_path, PlainScorer())
    data = bytearray(path.read_bytes())
    if harm == "flip":
        data[len(data) // 2] ^= 1
    cases: dict[str, bytes | bytearray] = {
        "cut": data[:-5],
        "flip": data,
        "header": b"x" + data,
        "empty": b"",
        "garbage": data + b"12345",
    }
    path.write_bytes(cases[harm])
    scorer = PlainScorer()
    assert np.array_equal(first, embed(tmp_path, photos, scorer))
    assert scorer.seen == {"cut": 1, "flip": 1, "header": 10, "empty": 10, "garbage": 0}[harm]


def test_another_model_has_another_store(tmp_path: Path, photos: dict[str, str]) -> None:
    embed(tmp_path, photos, PlainScorer())
    other = PlainScorer("other")
    embed(tmp_path, photos, other)
    assert other.seen == 10


def test_a_photo_that_changed_is_refused(tmp_path: Path, photos: dict[str, str]) -> None:
    sha256, path = next(iter(photos.items()))
    (tmp_path / path).write_bytes(b"something else")
    store = embeddings.collect(tmp_path, photos, PlainScorer())
    assert store.refused == {sha256: "hash_mismatch"}
    assert len(store.place) == 9


def test_ahead_keeps_order_and_passes_errors_on() -> None:
    def numbers() -> Iterator[int]:
        yield from range(1000)
        raise ValueError("broke")

    found = []
    with pytest.raises(ValueError, match="broke"):
        for number in embeddings.ahead(numbers(), depth=3):
            found.append(number)
    assert found == list(range(1000))


def test_ahead_stops_with_its_reader() -> None:
    taken = []

    def numbers() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    reader = embeddings.ahead(numbers(), depth=3)
    assert next(reader) == 0
    reader.close()
    assert len(taken) < 100
