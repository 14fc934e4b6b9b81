"""The joined view says what the manifests say, and refuses manifests that do not fit together."""

import dataclasses
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.schemas import CleanRow, FetchRow, SplitRow
from curate.dataset import Dataset
from tests import folders, painted_run
from tests.wording import refused


def test_each_photo_has_its_class_split_and_listing(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path)
    dataset = Dataset.open(folder)
    kept = [row for row in manifest.read(folder, SplitRow) if row.keep]
    assert [(p.key, p.class_name, p.split, p.group) for p in dataset.photos] == [
        (row.key, row.class_name, row.split, row.group) for row in kept
    ]
    fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
    for photo in dataset.photos:
        row = fetched[photo.key]
        assert (photo.listing_id, photo.sha256, photo.city) == (row.listing_id, row.sha256, row.city)
        assert manifest.file_sha256(dataset.file(photo)) == photo.sha256


def test_surplus_and_rejected_photos_are_no_part_of_it(tmp_path: Path) -> None:
    dataset = Dataset.open(painted_run.build(tmp_path))
    there = {photo.key for photo in dataset.photos}
    assert not there & {painted_run.key(number) for number in (1, 3, 5, 6, 7, 8, 9, 20, 21, 22, 23)}
    assert sum(sum(row.values()) for row in dataset.counts().values()) == len(there) == 13


def test_labels_follow_the_order_of_the_recipe(tmp_path: Path) -> None:
    dataset = Dataset.open(painted_run.build(tmp_path))
    assert dataset.classes == painted_run.CLASSES
    assert {photo.class_name: dataset.label(photo) for photo in dataset.photos} == {"swift": 0, "wagonr": 1}
    assert all(p.split == "val" and p.class_name == "swift" for p in dataset.of("val", "swift"))


def test_a_class_that_only_a_review_gave_has_a_label_too(tmp_path: Path) -> None:
    dataset = Dataset.open(folders.build_folder(tmp_path, "split", n=20))
    assert dataset.classes == folders.CLASSES  # its split records no class names


def test_a_missing_manifest_is_named_with_its_command(tmp_path: Path) -> None:
    folder = folders.build_folder(tmp_path, "clean", n=4)
    with refused(StateError, match=r"split\.csv is not there; run `curate split`"):
        Dataset.open(folder)


def test_a_manifest_made_from_another_is_refused(tmp_path: Path) -> None:
    folder = folders.build_folder(tmp_path, "split", n=4)
    rows = manifest.read(folder, CleanRow)
    folders.publish(folder, "clean", [dataclasses.replace(rows[0], score=0.5), *rows[1:]])
    with refused(StateError, match=r"split\.csv was made from another clean\.csv; run `curate split`"):
        Dataset.open(folder)


def test_an_edited_manifest_is_refused(tmp_path: Path) -> None:
    folder = folders.build_folder(tmp_path, "split", n=4)
    path = manifest.csv_path(folder, "split")
    path.write_bytes(path.read_bytes().replace(b"sedan", b"hatch"))
    with pytest.raises(StateError, match="was changed after it was written"):
        Dataset.open(folder)


def test_a_photo_unknown_to_the_manifests_before_is_named(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path)
    rows = [row for row in manifest.read(folder, CleanRow) if row.key != painted_run.key(0)]
    painted_run.rewrite(folder, "clean", list(rows))
    painted_run.publish(folder, manifest.read(folder, SplitRow))
    with pytest.raises(StateError, match=f"photo {painted_run.key(0)} is not in the manifests before it"):
        Dataset.open(folder)
