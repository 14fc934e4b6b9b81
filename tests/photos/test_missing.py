"""Photos that were stored and are lost: what the person is told."""

import json
import shutil
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.errors import FetchOrImport, ResourceError, To
from curate.core.recipe import Recipe
from curate.core.schemas import FetchRow
from curate.inspect.status import status
from curate.photos import missing, store
from curate.pipeline import Said, run_stages
from tests import painted_run
from tests.folders import CLASSES, build_folder
from tests.wording import status_lines, worded

RECIPE = Recipe(name="mine", classes=CLASSES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_folder(tmp_path, upto="fetch", n=6, rejected=0)


def paths(folder: Path) -> list[str]:
    return [row.path for row in manifest.read(folder, FetchRow)]


def told_by_dedup(folder: Path) -> list[str]:
    said: list[Said] = []
    run_stages(["dedup"], RECIPE, folder, 1, said.append)
    return worded(said)


def test_nothing_is_said_of_a_sound_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert missing.warnings(folder) == []
    assert missing.warnings(tmp_path_factory.mktemp("empty")) == []


@pytest.mark.parametrize("name", ["fetch.csv", "fetch.json"])
def test_half_a_manifest_is_told_of_by_status_alone(name: str, folder: Path) -> None:
    (folder / paths(folder)[0]).unlink()
    (folder / name).unlink()
    assert missing.warnings(folder) == []
    (remedy,) = status(folder, RECIPE).next.remedies
    assert isinstance(remedy, FetchOrImport)


def test_a_missing_and_a_cut_file_are_told_before_and_after_dedup_rejects_them(folder: Path) -> None:
    first, second = sorted(paths(folder))[:2]
    (folder / first).unlink()
    (folder / second).write_bytes((folder / second).read_bytes()[:-1])
    assert missing.lost(folder) == [first, second]
    text = f"2 photo files are missing, damaged or unreadable since fetch, e.g. {first}"
    see = "to see all, run `curate verify`; or "
    again = f"{see}to fetch again what the site still has, run `curate fetch --refresh`"
    assert worded(missing.warnings(folder)) == [f"{text}; {again}; or to go on without them, run `curate dedup`"]
    lines = told_by_dedup(folder)
    assert lines[0].endswith(", 2 undecodable")
    assert lines[1:] == [f"{text}; dedup rejected them as undecodable; {again}"]
    again_lines = told_by_dedup(folder)
    assert again_lines == [f"{lines[0]} (unchanged)", *lines[1:]], "until they are back"
    assert worded(status(folder, RECIPE).warnings) == lines[1:]


def test_a_file_lost_after_dedup_leaves_the_manifest_alone_and_says_how_to_go_on(folder: Path) -> None:
    told_by_dedup(folder)
    (folder / paths(folder)[0]).unlink()
    *_, line = told_by_dedup(folder)
    assert line.startswith("1 photo file is missing, damaged or unreadable since fetch, e.g. images/")
    assert line.endswith(f"to go on without it, delete {folder}/dedup.csv and run `curate dedup`")
    manifest.csv_path(folder, "dedup").unlink()
    assert "; dedup rejected it as undecodable; " in told_by_dedup(folder)[-1]


def test_a_change_that_keeps_the_size_is_remembered_until_the_file_is_back(folder: Path) -> None:
    path = paths(folder)[0]
    data = (folder / path).read_bytes()
    (folder / path).write_bytes(data[:-1] + b"x")
    assert missing.lost(folder) == [], "its size is all that is looked at"
    told_by_dedup(folder)
    assert missing.lost(folder) == [path]
    (folder / path).write_bytes(data)
    assert missing.lost(folder) == []
    assert "[stale: photos that were lost are back]" in status_lines(folder, RECIPE)[1]
    assert told_by_dedup(folder) == ["dedup: 6 in, 6 kept"]


def test_imported_photos_come_from_where_they_came_from(tmp_path: Path) -> None:
    painted_run.publish(tmp_path, painted_run.fetch_rows(tmp_path, ""), {"imported": True})
    sidecar = manifest.read_sidecar(tmp_path, "fetch")
    sidecar["config"] = {"path": "/home/me/my photos"}
    manifest.sidecar_path(tmp_path, "fetch").write_text(json.dumps(sidecar))
    again = To("store again what is still there", FetchOrImport("/home/me/my photos"))
    assert missing.remedy(tmp_path) == again


def test_photos_that_cannot_be_forced_to_the_disk_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / store.IMAGES / "ab").mkdir(parents=True)
    store.sync(tmp_path, {"images/ab/gone.jpg"})  # the file system as a whole
    monkeypatch.setattr("sys.platform", "darwin")  # has no such call: file by file
    with pytest.raises(ResourceError, match=r"gone\.jpg"):
        store.sync(tmp_path, {"images/ab/gone.jpg"})
    shutil.rmtree(tmp_path / store.IMAGES)
    store.sync(tmp_path, ())
