"""Photos in an object store: a server on loopback that speaks S3."""

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curate.core.errors import CurateError, RejectedError, ResourceError, StateError
from curate.photos import object_store, store
from tests import bucket
from tests.folders import CLASSES, fetch_row, paint, publish

pytestmark = pytest.mark.skipif(bucket.ABSENT, reason=bucket.REASON)
PHOTOS = 6


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, bucket.served(patch) as address:
        yield address


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    return f"{server}/{request.node.name}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos = []
    for number in range(PHOTOS):
        data = paint(CLASSES[0], number)
        path, sha256 = store.put(tmp_path, data, "jpeg")
        photos.append(fetch_row(number, CLASSES[0], path=path, sha256=sha256, size=len(data)))
    publish(tmp_path, "fetch", photos)
    return tmp_path


def stored(url: str) -> Any:
    """The file system of a store, its root, and the names there."""
    system, root = object_store._connect(url)
    return system, root, sorted(system.find(root))


def read(mirrored: object_store.Mirror, path: str) -> bytes:
    """As a worker reads: it has no folder."""
    with object_store.reading(mirrored):
        return store.read(Path("/not-on-this-machine"), path, Path(path).stem)


def test_each_photo_is_uploaded_once_and_read_back(folder: Path, url: str) -> None:
    mirrored = object_store.mirror(folder, url)
    assert str(mirrored) == f"{url}: 6 photos uploaded, 0 were there"
    _, root, names = stored(url)
    assert names == [f"{root}/{path}" for path in sorted(store.paths(folder))]
    for path in store.paths(folder):
        assert read(mirrored, path) == (folder / path).read_bytes()
    assert str(object_store.mirror(folder, url)) == f"{url}: 0 photos uploaded, 6 were there"


def test_an_upload_that_was_cut_short_goes_on(folder: Path, url: str) -> None:
    object_store.mirror(folder, url)
    system, _, names = stored(url)
    system.rm(names[:2])
    system.pipe(names[2], b"a part")
    assert object_store.mirror(folder, url)[2:] == (3, 3)
    assert object_store.mirror(folder, url)[2:] == (0, 6)


def test_r05_a_wrong_photo_in_the_store_is_an_error_that_names_it(folder: Path, url: str) -> None:
    mirrored = object_store.mirror(folder, url)
    path = min(store.paths(folder))
    system, root, _ = stored(url)
    data = bytearray((folder / path).read_bytes())
    data[50] ^= 1  # as long as before
    system.pipe(f"{root}/{path}", bytes(data))
    with pytest.raises(StateError) as caught:
        read(mirrored, path)
    assert str(caught.value) == f"{url}/{path} is not the photo it is named after"
    system.rm(f"{root}/{path}")
    with pytest.raises(StateError, match=f"{path} was deleted while the stage ran"):
        read(mirrored, path)


def test_what_the_folder_has_lost_is_lost_to_workers_too(folder: Path, url: str) -> None:
    object_store.mirror(folder, url)
    gone, changed = sorted(store.paths(folder))[:2]
    (folder / gone).unlink()
    data = (folder / changed).read_bytes()
    (folder / changed).write_bytes(data[:-1] + b"x")
    os.utime(folder / changed, ns=(1, 1))
    mirrored = object_store.mirror(folder, url)
    for path, reason in ((gone, "unreadable"), (changed, "hash_mismatch")):
        for attempt in (partial(read, mirrored, path), partial(store.read, folder, path, Path(path).stem)):
            with pytest.raises(RejectedError) as caught:
                attempt()
            assert caught.value.reason == reason
    (folder / changed).write_bytes(data)
    assert changed not in object_store.mirror(folder, url).lost


def said(error: CurateError) -> str:
    return f"{error}; {error.remedies}"


def test_no_bucket_is_said_in_a_line(folder: Path, url: str) -> None:
    with pytest.raises(ResourceError) as caught:
        object_store.mirror(folder, "s3://no-such-bucket/cars")
    assert str(caught.value) == "store s3://no-such-bucket/cars: there is no such bucket or folder"
    assert "make it" in said(caught.value)


def test_no_credentials_are_said_in_a_line(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ResourceError) as caught:
        object_store.mirror(folder, url)
    assert str(caught.value) == f"store {url}: no credentials are in the environment"
    assert "AWS_ACCESS_KEY_ID" in said(caught.value)


def test_a_store_that_does_not_answer_is_said_in_a_line(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(ResourceError) as caught:
            object_store.mirror(folder, url)
    assert str(caught.value) == f"store {url}: it does not answer"
    assert "AWS_ENDPOINT_URL" in said(caught.value)
    assert "not-to-be-shown" not in repr(caught.value)


def test_a_folder_is_a_store_too(folder: Path, tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'shared'}"
    assert object_store.mirror(folder, url)[2:] == (6, 0)
    mirrored = object_store.mirror(folder, url)
    assert mirrored[2:] == (0, 6)
    assert len(read(mirrored, min(store.paths(folder)))) > 0
