"""Photos as one array."""

from pathlib import Path

import numpy as np
import pytest

from curate import images, manifest, photo_arrays
from curate.errors import StateError
from curate.schemas import FetchRow
from tests.folders import build_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_folder(tmp_path, "fetch", n=6, rejected=0)


def listed(folder: Path) -> list[photo_arrays.Photo]:
    return [(row.key, row.path, row.sha256) for row in manifest.read(folder, FetchRow)]


def test_photos_are_squeezed_in_the_order_asked_for(folder: Path) -> None:
    photos = listed(folder)[::-1]
    array = photo_arrays.load_all(folder, photos, 50)
    assert array.shape == (6, 50, 50, 3)
    assert array.dtype == np.uint8
    for row, (_, path, sha256) in zip(array, photos, strict=True):
        whole = images.load(folder, path, sha256).pixels
        assert np.abs(row.mean(axis=(0, 1)) - whole.mean(axis=(0, 1))).max() < 1
        nearest = whole[np.linspace(1, 118, 50).astype(int)][:, np.linspace(1, 158, 50).astype(int)]
        assert np.corrcoef(row.ravel(), nearest.ravel())[0, 1] > 0.9


def test_they_are_decoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = np.array(photo_arrays.load_all(folder, listed(folder), 50))
    monkeypatch.setattr(images, "load", lambda *_, **__: pytest.fail("decoded again"))
    assert np.array_equal(photo_arrays.load_all(folder, listed(folder), 50), first)


def test_another_size_or_other_photos_replace_them(folder: Path) -> None:
    photo_arrays.load_all(folder, listed(folder), 50)
    assert photo_arrays.load_all(folder, listed(folder), 60).shape[1] == 60
    assert len(photo_arrays.load_all(folder, listed(folder)[:4], 60)) == 4
    assert len(list((folder / "cache").iterdir())) == 1


def test_t01_a_damaged_photo_is_named_and_leaves_nothing_behind(folder: Path) -> None:
    key, path, _ = listed(folder)[3]
    (folder / path).write_bytes(b"no photo")
    with pytest.raises(StateError, match=f"photo {key} .*hash_mismatch"):
        photo_arrays.load_all(folder, listed(folder), 50)
    assert list((folder / "cache").iterdir()) == []
