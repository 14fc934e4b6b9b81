"""Folder trees as people have them: a folder per car, archives, network shares, phones."""

import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from curate.core.errors import UsageError
from curate.core.schemas import photo_key
from curate.fetch.sources.grouping import grouped
from curate.fetch.sources.local import read
from curate.split.leakage import check_leakage
from tests import folders, importing
from tests.fetch.small_site import jpeg

CLASSES = ("sedan", "suv")


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def of_classes(names: str, folder: str = "") -> list[str]:
    return [f"{folder}{class_name}/{names.format(n)}" for class_name in CLASSES for n in range(3)]


PLAIN = of_classes("{}.jpg")


def listings(root: Path) -> dict[str, str]:
    return {item.name: item.listing for item in grouped(read(root, CLASSES), "").items}


def test_a_sub_folder_of_a_class_is_a_listing(tmp_path: Path) -> None:
    touch(tmp_path, *of_classes("car{}/1.jpg"), *of_classes("car{}/2.jpg"), "suv/alone.jpg")
    found = listings(tmp_path)
    assert (found["sedan/car1/1.jpg"], found["sedan/car1/2.jpg"], found["suv/car1/1.jpg"]) == (
        "sedan/car1", "sedan/car1", "suv/car1",
    )  # fmt: skip
    assert found["suv/alone.jpg"] == "suv/alone.jpg"
    assert "6 sub-folders is taken for one listing" in grouped(read(tmp_path, CLASSES), "").remarks[0]


def test_a_key_does_not_tell_of_the_sub_folder(tmp_path: Path) -> None:
    for number, name in enumerate(of_classes("car{}/1.jpg")):
        touch(tmp_path / "in", name)
        (tmp_path / "in" / name).write_bytes(jpeg(number))
    rows = importing.run(tmp_path / "out", tmp_path / "in", CLASSES)
    for row in rows:
        assert row.listing_id == row.image_url.rpartition("/")[0]
        assert row.key == photo_key("import", row.image_url, row.image_url)


def test_one_or_two_sub_folders_sort_a_class_otherwise(tmp_path: Path) -> None:
    touch(tmp_path, "sedan/good/1.jpg", "sedan/good/3.jpg", "sedan/bad/2.jpg", *of_classes("car{}/1.jpg")[3:])
    assert listings(tmp_path)["sedan/good/1.jpg"] == "sedan/good/1.jpg"
    (remark,) = grouped(read(tmp_path, CLASSES), "").remarks
    assert remark.startswith(
        "sub-folders are not taken for listings: a class has fewer than 3 of them; if each is"
    )
    assert "group_by: folder" in remark
    offered = grouped(read(tmp_path, CLASSES), "folder")
    assert {item.listing for item in offered.items if item.class_name == "sedan"} == {"sedan/good", "sedan/bad"}


def test_no_proof_rests_on_a_listing_that_import_made_up() -> None:
    photos, removed, splits = [], [], []
    for number in range(6):
        row = folders.fetch_row(number, "swift", listing_id=f"swift/{number}.jpg")
        photos.append(replace(row, page_url="", image_url=row.listing_id))
        removed.append(folders.dedup_row(photos[-1]))
        splits.append(folders.split_row(row, "train"))
    assert "listings: not checked, because" in "\n".join(check_leakage(splits, photos, removed).lines())
    photos = [replace(row, listing_id=f"swift/car{n // 2}") for n, row in enumerate(photos)]
    assert "no leak: each of the 3 listings is in one split only" in check_leakage(splits, photos, removed).lines()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        pytest.param(of_classes("{}.jpg", "dataset/dataset/"), "sedan/0.jpg", id="wrapped twice"),
        pytest.param([*PLAIN, "__MACOSX/sedan/._0.jpg"], "sedan/0.jpg", id="made on a Mac"),
        pytest.param([*PLAIN, "sedan/@eaDir/0.jpg/THUMB_XL.jpg"], "sedan/0.jpg", id="Synology"),
        pytest.param([*PLAIN, "$RECYCLE.BIN/a.jpg", "#recycle/b.jpg"], "sedan/0.jpg", id="recycled"),
        pytest.param(of_classes("{}.jpg", "training_set/training_set/"), "sedan/0.jpg", id="doubled"),
        pytest.param(of_classes("{}.jpg", "test_set/"), "test_set/sedan/0.jpg", id="test_set"),
        pytest.param([*PLAIN, *of_classes("{}.jpg.json"), "suv/clip.MP4"], "sedan/0.jpg", id="Takeout"),
    ],
)
def test_what_archives_shares_and_phones_add(tmp_path: Path, names: list[str], found: str) -> None:
    offered = read(touch(tmp_path, *names), CLASSES)
    assert len(offered.items) == 6
    assert offered.items[0].name.endswith(found)
    if any(name.endswith(".json") for name in names):
        assert "passed over 7 files beside the photos: 6 .json, 1 .mp4" in offered.remarks


def test_an_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match=r"photos\.zip is an archive: unpack it"):
        read(tmp_path / "photos.zip", CLASSES)


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_an_archive_of_a_broken_download_is_named(tmp_path: Path, mode: Literal["w:gz", "w:xz", "w:bz2"]) -> None:
    whole = touch(tmp_path / "from", *of_classes("{}.jpg"))
    path = tmp_path / "photos.tar.gz"
    with tarfile.open(path, mode) as archive:
        archive.add(whole)
    data = path.read_bytes()
    for broken in (data[:-9], data[: len(data) // 2], data[:40] + bytes(20) + data[60:], data[:4]):
        path.write_bytes(broken)
        with pytest.raises(UsageError, match=r"photos\.tar\.gz is an archive: unpack it"):
            read(path, CLASSES)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all folders")
def test_an_unreadable_class_folder_is_named(tmp_path: Path) -> None:
    touch(tmp_path, *PLAIN)
    (tmp_path / "suv").chmod(0)
    with pytest.raises(UsageError, match="suv: Permission denied; make it readable, or move it away"):
        read(tmp_path, CLASSES)
    (tmp_path / "suv").chmod(0o755)


def test_listings_by_names(tmp_path: Path) -> None:
    offered = read(touch(tmp_path, *of_classes("car1_{}.jpg"), *of_classes("car2-{}.jpg"), "suv/x.jpg"), CLASSES)
    (remark,) = grouped(offered, "").remarks
    assert remark.endswith("import with --group-by prefix")
    by_prefix = {item.name: item.listing for item in grouped(offered, "prefix").items}
    assert by_prefix["sedan/car1_0.jpg"] == by_prefix["sedan/car1_2.jpg"] == "sedan/car1"
    assert (by_prefix["suv/car1_0.jpg"], by_prefix["suv/x.jpg"]) == ("suv/car1", "suv/x.jpg")
    by_pattern = {item.name: item.listing for item in grouped(offered, r"(car\d)").items}
    assert by_pattern["sedan/car1_0.jpg"] == by_pattern["suv/car1_0.jpg"] == "car1"


SPLIT_CAR = ("train/Sedan/{}0{}", "Test_set/sedan/{}0{}", "valid/suv/{}0{}")  # car 0 of sedan is in two splits
OTHERS = [f"train/{name}/{{}}{n}{{}}" for name in CLASSES for n in range(1, 4)]


def in_splits(root: Path, before: str, behind: str) -> Path:
    return touch(root, *(name.format(before, behind) for name in (*SPLIT_CAR, *OTHERS)))


@pytest.mark.parametrize(
    ("before", "behind", "group_by", "listing"),
    [
        pytest.param("car", "/a_1.jpg", "", "sedan/car0", id="sub-folder"),
        pytest.param("car", "_1.jpg", "prefix", "sedan/car0", id="prefix"),
        pytest.param("car", "_1.jpg", r".*car\d", "sedan/car0", id="pattern that matches the whole path"),
        pytest.param("car", "/b/a_1.jpg", r"(.*/car\d)/b/a_(?=1)", "sedan/car0", id="pattern with a group"),
    ],
)
def test_one_listing_in_two_split_folders_is_one(
    tmp_path: Path, before: str, behind: str, group_by: str, listing: str
) -> None:
    offered = grouped(read(in_splits(tmp_path, before, behind), CLASSES), group_by)
    where = {(item.listing, item.split) for item in offered.items if "0" in item.name.partition("_1")[0]}
    assert where == {(listing, "train"), (listing, "test"), (listing.replace("sedan", "suv"), "val")}


def test_a_split_of_one_listing_that_a_csv_names_by_paths(tmp_path: Path) -> None:
    touch(tmp_path, "data/train/car0_1.jpg", "data/test/car0_2.jpg", "data/val/car1_1.jpg")
    names = [f"data/{name}" for name in ("train/car0_1.jpg", "test/car0_2.jpg", "val/car1_1.jpg")]
    (tmp_path / "photos.csv").write_text("path,class_name\n" + "".join(f"{name},suv\n" for name in names))
    found = grouped(read(tmp_path / "photos.csv", CLASSES), "prefix").items
    assert [item.listing for item in found] == ["data/car0", "data/car0", "data/car1"]


def test_a_class_called_like_a_split_stays_in_the_names_of_its_listings(tmp_path: Path) -> None:
    names = [f"{name}/{n}/1.jpg" for name in ("Train", "bus") for n in "012"]
    found = read(touch(tmp_path, *names), ("train", "bus")).items
    assert {item.listing for item in found} == {f"{name}/{n}" for name in ("train", "bus") for n in "012"}


@pytest.mark.parametrize(("group_by", "message"), [("(", "no regular expression"), ("[0-9]+.*", "no two photos")])
def test_a_pattern_that_groups_nothing_is_refused(tmp_path: Path, group_by: str, message: str) -> None:
    offered = read(touch(tmp_path, "sedan/1.jpg", "suv/2.jpg"), CLASSES)
    with pytest.raises(UsageError, match=message):
        grouped(offered, group_by)
