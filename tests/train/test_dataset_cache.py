"""Photos as one array."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from curate.core import manifest
from curate.core.errors import ResourceError, StateError
from curate.core.schemas import FetchRow
from curate.photos import store
from curate.train import dataset_cache
from tests.folders import build_folder
from tests.wording import refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_folder(tmp_path, "fetch", n=6, rejected=0)


def listed(folder: Path) -> list[dataset_cache.Photo]:
    return [(row.key, row.path, row.sha256) for row in manifest.read(folder, FetchRow)]


def test_photos_are_squeezed_in_the_order_asked_for(folder: Path) -> None:
    photos = listed(folder)[::-1]
    array = dataset_cache.load_all(folder, photos, 50)
    assert array.shape == (6, 50, 50, 3)
    assert array.dtype == np.uint8
    for row, (_, path, sha256) in zip(array, photos, strict=True):
        whole = store.load(folder, path, sha256).pixels
        assert np.abs(row.mean(axis=(0, 1)) - whole.mean(axis=(0, 1))).max() < 1
        nearest = whole[np.linspace(1, 118, 50).astype(int)][:, np.linspace(1, 158, 50).astype(int)]
        assert np.corrcoef(row.ravel(), nearest.ravel())[0, 1] > 0.9


def test_they_are_decoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = np.array(dataset_cache.load_all(folder, listed(folder), 50))
    monkeypatch.setattr(store, "load", lambda *_, **__: pytest.fail("decoded again"))
    assert np.array_equal(dataset_cache.load_all(folder, listed(folder), 50), first)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "grown"])
def test_a_damaged_array_is_made_anew(folder: Path, damage: str) -> None:
    first = np.array(dataset_cache.load_all(folder, listed(folder), 50))
    (path,) = (folder / "cache").iterdir()
    data = path.read_bytes()
    changed = {"cut": data[:-1000], "noise": data[:5000] + os.urandom(1000) + data[6000:], "empty": b""}
    path.write_bytes(changed.get(damage, data + b"x"))
    assert np.array_equal(dataset_cache.load_all(folder, listed(folder), 50), first)
    assert path.read_bytes() == data


def test_another_size_or_other_photos_replace_them(folder: Path) -> None:
    dataset_cache.load_all(folder, listed(folder), 50)
    assert dataset_cache.load_all(folder, listed(folder), 60).shape[1] == 60
    assert len(dataset_cache.load_all(folder, listed(folder)[:4], 60)) == 4
    assert len(list((folder / "cache").iterdir())) == 1


def test_t01_a_damaged_photo_is_named_and_leaves_nothing_behind(folder: Path) -> None:
    key, path, _ = listed(folder)[3]
    (folder / path).write_bytes(b"no photo")
    with pytest.raises(StateError, match=f"photo {key} .*hash_mismatch"):
        dataset_cache.load_all(folder, listed(folder), 50)
    assert list((folder / "cache").iterdir()) == []
    with refused(StateError, match=r"to go on without it, run `curate dedup`$"):
        dataset_cache.load_all(folder, listed(folder), 50)
    build_folder(folder, "dedup", n=6, rejected=0)
    (folder / path).unlink()
    with refused(StateError, match=rf"to go on without it, delete {folder}/dedup.csv and run `curate dedup`$"):
        dataset_cache.load_all(folder, listed(folder), 50)


def test_another_version_of_a_decoder_decodes_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set()
    for package in ("", "pillow", "simplejpeg"):
        monkeypatch.setattr(dataset_cache, "version", lambda name, new=package: "2" if name == new else "1")
        dataset_cache.load_all(folder, listed(folder), 50)
        names |= {path.name for path in (folder / "cache").iterdir()}
    assert len(names) == 3


def test_f46_a_file_that_may_not_grow_is_a_resource_error_and_leaves_nothing(folder: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on the size of files are POSIX only")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # bytes; the array has 45,000
    try:
        with refused(ResourceError, match=r"cannot write .*photos-.*cache: .*run the same command again"):
            dataset_cache.load_all(folder, listed(folder), 50)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((folder / "cache").iterdir()) == []
    assert len(dataset_cache.load_all(folder, listed(folder), 50)) == 6


def test_f46_a_full_disk_that_only_fsync_notices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with refused(ResourceError, match="No space left on device; free space"):
        dataset_cache.load_all(folder, listed(folder), 50)
    assert list((folder / "cache").iterdir()) == []


def test_f46_no_photo_is_written_through_a_map(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = np.memmap

    def mapped(path: Path, dtype: object, mode: str, *rest: object) -> object:
        opened.append((path.stat().st_size > 6 * 50 * 50 * 3, mode))
        return real(path, dtype, mode, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(np, "memmap", mapped)
    dataset_cache.load_all(folder, listed(folder), 50)
    assert opened == [(True, "r")], "after all of it is written"
