"""An export resumes, replaces only what is its own, and says what it cannot do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.errors import StateError, UsageError
from curate.core.executors import local
from curate.dataset import Dataset
from curate.export import place, run
from curate.export.photos import Options
from curate.export.release import Shard
from curate.export.run import export as run_export
from curate.photos import missing
from tests.export.painted_dataset import RECIPE, dataset_folder, export, tree

KILLED = """
from pathlib import Path
from curate.export.photos import Options
from tests.export import painted_dataset
painted_dataset.dataset_folder = lambda: Path({folder!r})
painted_dataset.export("folders", Path({out!r}), Options(strip={strip}))
"""


def test_run_twice_nothing_is_written(tmp_path: Path) -> None:
    export("folders", tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert export("folders", tmp_path) == [
        f"{tmp_path}: 22 files, all there; nothing that they are made from changed"
    ]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_a_file_that_was_deleted_comes_back(tmp_path: Path) -> None:
    export("folders", tmp_path)
    before = tree(tmp_path)
    next(tmp_path.glob("train/*/*.jpg")).unlink()
    export("folders", tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("strip", [False, True])
def test_killed_anywhere_a_rerun_finishes(strip: bool, tmp_path: Path) -> None:
    export("folders", tmp_path / "whole", Options(strip=strip))
    script = KILLED.format(folder=str(dataset_folder()), out=str(tmp_path / "out"), strip=strip)
    for point in ("before_rename", "after_rename"):
        run = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "CURATE_CRASH_AT": point}, check=False
        )
        assert run.returncode == 137
    export("folders", tmp_path / "out", Options(strip=strip))
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_another_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    export("folders", tmp_path / "a")
    export("webdataset", tmp_path / "a")
    export("webdataset", tmp_path / "b")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert not (tmp_path / "a" / "train").exists()


def test_a_folder_with_files_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds 1 file that no export wrote, e\.g\. thesis\.txt"):
        export("folders", tmp_path)
    assert set(tree(tmp_path)) == {"thesis.txt"}


def test_beside_leaves_files_of_others_alone(tmp_path: Path) -> None:
    (tmp_path / "drafts").mkdir()
    for name in ("thesis.txt", ".tmp-mine"):
        (tmp_path / name).write_text("mine")
    run_export(dataset_folder(), RECIPE, "folders", tmp_path, Options(), map, beside=True)
    run_export(dataset_folder(), RECIPE, "webdataset", tmp_path, Options(), map, beside=True)
    assert (tmp_path / "thesis.txt").read_text() == (tmp_path / ".tmp-mine").read_text() == "mine"
    assert (tmp_path / "drafts").is_dir() and not (tmp_path / "train").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"README\.md is there and no export wrote it"):
        run_export(dataset_folder(), RECIPE, "folders", other, Options(), map, beside=True)
    assert (other / "README.md").read_text() == "mine"


def test_a_marker_from_elsewhere_deletes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    marker = {"made_from": {}, "files": ["../precious.txt", "gone.txt"], "complete": True}
    (out / place.MARKER).write_text(json.dumps(marker))
    export("folders", out)
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_the_card_says_what_each_reason_means(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(dataset_folder(), folder)
    sidecar = manifest.read_sidecar(folder, "clean")
    (reason,) = sidecar["counts"].keys() - {"kept"}
    sidecar["notes"]["reasons"] = {reason: "nothing in it looks like a car"}
    manifest.sidecar_path(folder, "clean").write_text(json.dumps(sidecar))
    run_export(folder, RECIPE, "folders", tmp_path / "out", Options(), map)
    assert f"- 2 `{reason}`: nothing in it looks like a car" in (tmp_path / "out" / "README.md").read_text()


def test_copies_are_files_of_their_own(tmp_path: Path) -> None:
    run_export(dataset_folder(), RECIPE, "folders", tmp_path, Options(), map, copy=True)
    assert all(path.stat().st_nlink == 1 for path in tmp_path.glob("*/*/*"))


def test_a_photo_that_is_lost_is_named_and_the_rest_waits(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(dataset_folder(), folder)
    dataset = Dataset.open(folder)
    file = dataset.file(dataset.photos[3])
    data = file.read_bytes()
    file.write_bytes(data[:-1] + b"?")
    lost = rf"photo {dataset.photos[3].key} cannot be exported, \S+ is lost \(hash_mismatch\)$"
    with pytest.raises(StateError, match=lost) as raised:
        run_export(folder, RECIPE, "folders", tmp_path / "out", Options(), map)
    assert raised.value.remedies == (missing.remedy(folder), missing.going_on(folder))
    file.write_bytes(data)
    run_export(folder, RECIPE, "folders", tmp_path / "out", Options(), map)
    assert len(list((tmp_path / "out").glob("*/*/*"))) == 20


def test_shards_that_workers_write_have_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.export.webdataset.SHARD_FILES", 3)
    export("webdataset", tmp_path / "here", Options(strip=True))
    whole = tree(tmp_path / "here")
    assert len(whole) >= 8
    handed: list[str] = []
    with local(2) as map_fn:

        def handing(fn: Callable[[Any], Any], items: Iterable[Any], /) -> Iterable[Any]:
            listed = list(items)
            handed.extend(one[0] for one in listed if isinstance(one, tuple))
            yield from map_fn(fn, listed)
            assert all((tmp_path / "there" / name).stat().st_size for name in handed)

        export("webdataset", tmp_path / "there", Options(strip=True), map_fn=handing)
    assert sorted(handed) == sorted(name for name in whole if not name.endswith(("README.md", place.MARKER)))
    assert tree(tmp_path / "there") == whole


def test_a_worker_that_sees_another_folder_of_that_name_writes_nothing(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        raise AssertionError("it is not asked")

    place.write_marker(tmp_path, {"format": "webdataset"}, ["train-000000.tar"], complete=False)
    run._put_shard(tmp_path, b"that of another export", ("train-000000.tar", Shard(fail)))
    run._put_shard(tmp_path / "absent", b"that of another export", ("train-000000.tar", Shard(fail)))
    assert [path.name for path in tmp_path.iterdir()] == [place.MARKER]


def test_a_worker_that_does_not_see_a_photo_leaves_its_shard_to_the_command(tmp_path: Path) -> None:
    place.write_marker(tmp_path, {"format": "webdataset"}, ["train-000000.tar"], complete=False)
    marker = (tmp_path / place.MARKER).read_bytes()

    def absent(file: BinaryIO) -> None:
        file.write((tmp_path / "a photo on another machine").read_bytes())

    run._put_shard(tmp_path, marker, ("train-000000.tar", Shard(absent)))
    assert [path.name for path in tmp_path.iterdir()] == [place.MARKER]
    run._put_shard(tmp_path, marker, ("train-000000.tar", Shard(lambda file: None)))
    assert (tmp_path / "train-000000.tar").exists()


def recipe_file(folder: Path) -> Path:
    path = folder / "painted.yaml"
    path.write_text("name: painted\nclasses: [hatch, sedan]\nrights: {ground: They are painted.}\n")
    return path


def test_the_command_writes_and_tells(tmp_path: Path) -> None:
    arguments = ["--recipe", str(recipe_file(tmp_path)), "--folder", str(dataset_folder()), "export"]
    result = CliRunner().invoke(app, [*arguments, "webdataset", "--out", str(tmp_path / "out"), "--strip"])
    assert result.exit_code == 0, result.output
    assert "4 files, 20 photos" in result.output
    assert (tmp_path / "out" / "train-000000.tar").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["jpeg"], "'jpeg' is no format; choose one of folders, huggingface"),
        (["folders", "--format", "png"], "only jpeg can be asked for"),
        (["csv-urls", "--strip"], "csv-urls holds no photos"),
        (["kaggle"], "set export.owner to YOUR-ACCOUNT in "),
    ],
)
def test_the_command_refuses_with_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    arguments = ["--recipe", str(recipe_file(tmp_path)), "--folder", str(dataset_folder()), "export"]
    result = CliRunner().invoke(app, [*arguments, *words, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2 and said in result.output
    assert not (tmp_path / "out").exists()
