"""What was exported comes back by an import: the same keys, classes and splits."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.core import given, manifest
from curate.core.errors import Run, To, UsageError
from curate.core.recipe import Politeness, Split
from curate.core.schemas import FetchRow, SplitRow
from curate.dataset import Dataset
from curate.fetch.sources import local
from curate.split import stage as split
from tests import folders, importing
from tests.export.painted_dataset import dataset_folder, export


def there() -> list[tuple[str, str, str, str]]:
    """Key, class, split and listing of each photo that was exported."""
    return [(p.key, p.class_name, p.split, p.listing_id) for p in Dataset.open(dataset_folder()).photos]


def back(folder: Path) -> list[tuple[str, str, str, str]]:
    """The same of an import, after dedup and clean kept all of it and split ran."""
    rows = manifest.read(folder, FetchRow)
    folders.publish(folder, "dedup", [folders.dedup_row(row) for row in rows])
    folders.publish(folder, "clean", [folders.clean_row(row) for row in rows])
    split.run(folder, Split(class_names=folders.CLASSES))
    return [(p.key, p.class_name, p.split, p.listing_id) for p in Dataset.open(folder).photos]


@pytest.mark.parametrize("format", ["folders", "huggingface", "kaggle"])
def test_an_export_with_pixels_comes_back(format: str, tmp_path: Path) -> None:
    export(format, tmp_path / "out")
    rows = importing.run(tmp_path / "m", tmp_path / "out" / "photos.csv", folders.CLASSES, keep_split=True)
    photos = {photo.key: photo for photo in Dataset.open(dataset_folder()).photos}
    assert {row.key: (row.sha256, row.title) for row in rows} == {
        key: (photo.sha256, photo.title) for key, photo in photos.items()
    }
    assert back(tmp_path / "m") == there()


@pytest.fixture
def server() -> Iterator[str]:
    """The exported photos by their number, on loopback."""
    photos = {photo.image_url: photo for photo in Dataset.open(dataset_folder()).photos}
    dataset = Dataset.open(dataset_folder())

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            photo = photos.get(f"https://cars.example{self.path}")
            data = dataset.file(photo).read_bytes() if photo else b""
            self.send_response(200 if photo else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{site.server_address[1]}"
        site.shutdown()
        thread.join()


def test_addresses_come_back_as_photos(server: str, tmp_path: Path) -> None:
    export("csv-urls", tmp_path / "out")
    table = tmp_path / "out" / "photos.csv"
    table.write_bytes(table.read_bytes().replace(b"https://cars.example", server.encode()))
    politeness = Politeness(owns_host=True, min_interval_s=0, allow_hosts=(server.removeprefix("http://"),))
    importing.run(tmp_path / "m", table, folders.CLASSES, politeness=politeness, keep_split=True)
    assert back(tmp_path / "m") == there()


def test_a_tree_with_splits_keeps_them_and_another_import_forgets_them(tmp_path: Path) -> None:
    export("folders", tmp_path / "out")
    (tmp_path / "out" / "photos.csv").unlink()
    importing.run(tmp_path / "m", tmp_path / "out", folders.CLASSES, keep_split=True)
    keys = {row.image_url: row.key for row in manifest.read(tmp_path / "m", FetchRow)}
    splits = given.read_splits(tmp_path / "m")
    assert {name: splits[key] for name, key in keys.items()} == {name: name.partition("/")[0] for name in keys}
    importing.run(tmp_path / "m", tmp_path / "out", folders.CLASSES)
    assert given.read_splits(tmp_path / "m") == {}


def test_an_import_that_keeps_a_split_says_that_clean_judges_again(tmp_path: Path) -> None:
    export("folders", tmp_path / "out")
    for keep_split in (True, False):
        importing.run(tmp_path / "m", tmp_path / "out/photos.csv", folders.CLASSES, keep_split=keep_split)
        said = manifest.read_sidecar(tmp_path / "m", "fetch")["notes"]["summary"]
        assert keep_split == any("split of 20 photos is kept; clean judges them again" in line for line in said)


def test_a_given_split_that_leaks_is_kept_and_told(tmp_path: Path) -> None:
    export("folders", tmp_path / "out")
    importing.run(tmp_path / "m", tmp_path / "out" / "photos.csv", folders.CLASSES, keep_split=True)
    splits = given.read_splits(tmp_path / "m")
    rows = manifest.read(tmp_path / "m", FetchRow)
    of_listing = [row.key for row in rows if row.listing_id == rows[0].listing_id]
    lost = next(row.key for row in rows if row.listing_id != rows[0].listing_id)
    del splits[lost]
    splits |= {of_listing[0]: "train", of_listing[1]: "test"}
    (tmp_path / "m" / given.NAME).write_bytes(given.format_splits(sorted(splits.items())))
    found = {key: split for key, _, split, _ in back(tmp_path / "m")}
    assert found == splits
    row = next(row for row in manifest.read(tmp_path / "m", SplitRow) if row.key == lost)
    assert (row.keep, row.reason) == (False, "not_given")
    summary = manifest.read_sidecar(tmp_path / "m", "split")["notes"]["summary"]
    assert any(line.startswith("leak: ") and "listings" in line for line in summary)


def test_a_tree_without_splits_cannot_keep_them(tmp_path: Path) -> None:
    for name in folders.CLASSES:
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "a.jpg").write_bytes(folders.paint(name, 1))
    with pytest.raises(UsageError, match="names no split: leave out keep_split"):
        importing.run(tmp_path / "m", tmp_path / "photos", folders.CLASSES, keep_split=True)


@pytest.mark.parametrize(
    ("key", "said"),
    [("abc", "row 2, column key: 'abc' is not a key"), ("0" * 16, "the key 0{16} is there twice")],
)
def test_keys_of_a_csv_are_checked(key: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"key,path,class_name\n{key},a.jpg,hatch\n{key},b.jpg,hatch\n")
    with pytest.raises(UsageError, match=said):
        importing.run(tmp_path / "m", tmp_path / "a.csv", folders.CLASSES)


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("parquet", "is an export of curate in Parquet files, without photo files"),
        ("webdataset", "is an export of curate in WebDataset shards, without photo files"),
        ("croissant", "is an export of curate in tar files, without photo files"),
        ("csv-urls", "is an export of curate"),
    ],
)
def test_an_export_without_photo_files_is_named_with_the_way_back(format: str, said: str, tmp_path: Path) -> None:
    export(format, tmp_path / "out")
    table = "DIR/photos.csv" if "files" in said else str(tmp_path / "out/photos.csv")
    with pytest.raises(UsageError, match=f"out {said}$") as caught:
        local.read(tmp_path / "out", folders.CLASSES)
    (way,) = caught.value.remedies
    assert isinstance(way, To) and way.steps[-1] == Run("import", (table, "--keep-split"))


def test_datasets_of_others_are_named_by_what_they_hold(tmp_path: Path) -> None:
    export("webdataset", tmp_path / "tars")
    (tmp_path / "tars/.curate-export.json").unlink()
    for name in ("disk/dataset_dict.json", "disk/train/data-00000-of-00001.arrow", "hub/data/a.parquet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name, said in (
        ("tars", r"tars holds WebDataset shards, e\.g\. test-000000\.tar, and no photo files"),
        ("tars/test-000000.tar", r"test-000000\.tar is a shard of a WebDataset, and no photo file"),
        ("disk", r"disk holds Arrow files, e\.g\. train.data-00000-of-00001\.arrow, and no photo files"),
        ("hub", r"hub holds Parquet files, e\.g\. data.a\.parquet, and no photo files"),
    ):
        for class_names in (folders.CLASSES, ()):
            with pytest.raises(UsageError, match=said) as caught:
                local.read(tmp_path / name, class_names)
            assert "into a folder that is called like its class" in str(caught.value.remedies)


def test_an_export_that_is_imported_as_a_folder_names_its_csv(tmp_path: Path) -> None:
    export("folders", tmp_path / "out")
    remark = local.read(tmp_path / "out", folders.CLASSES).remarks[-1]
    assert remark.startswith(f"{tmp_path / 'out' / 'photos.csv'} names keys, listings and splits: to keep them")
