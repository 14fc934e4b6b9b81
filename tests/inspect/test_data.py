"""What `--json` prints of status, explain and verify."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curate.cli import hints
from curate.cli.hints import Place
from curate.core import manifest
from curate.core.errors import Do, FetchOrImport, Note, Run, To, UsageError
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.inspect import data
from curate.inspect.status import status
from curate.inspect.verify import verify
from tests import painted_run
from tests.painted_run import RECIPE, key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted_run.build(tmp_path)


AS_DATA = partial(hints.as_data, place=Place(recipe="my own.yaml"))


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """As a program reads it; fails for what JSON has no word for."""
    read: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    assert read == found
    return read


def test_status_counts_every_row_and_says_what_to_run(folder: Path) -> None:
    found = plain(data.of_status(folder, status(folder, RECIPE), AS_DATA))
    assert [stage["stage"] for stage in found["stages"]] == list(STAGES)
    assert {stage["state"] for stage in found["stages"]} == {"current"}
    clean = found["stages"][2]
    assert clean["rows"] == sum(clean["counts"].values()) == 18
    manifest.csv_path(folder, "clean").unlink()
    found = plain(data.of_status(folder, status(folder, RECIPE), AS_DATA))
    assert [stage["state"] for stage in found["stages"]] == ["current", "current", "missing", "stale", "stale"]
    assert found["next"]["commands"] == [
        "curate clean --recipe 'my own.yaml'",
        "curate run --recipe 'my own.yaml'",
    ]
    assert found["next"]["text"].startswith(
        "run `curate clean --recipe 'my own.yaml'`; or to run all that is left"
    )
    said = Note("", To("go on", Run("clean"), Run("split")), To("decide", Do("look")), FetchOrImport("a b"))
    place = Place(folder="x")
    assert hints.as_data(said, place)["commands"] == [
        "curate clean --folder x && curate split --folder x",
        "curate import 'a b' --folder x",
    ], "each line answers it whole"


def test_status_names_other_settings_with_both_values(folder: Path) -> None:
    recipe = RECIPE.model_copy(update={"split": RECIPE.split.override(seed=7)})
    split = plain(data.of_status(folder, status(folder, recipe), AS_DATA))["stages"][3]
    assert (split["state"], split["settings"]) == ("settings", [{"name": "split.seed", "used": 42, "recipe": 7}])


def test_explain_gives_the_rows_of_one_photo_and_where_each_of_several_ended(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key,decision,note\n{key(9)},reject,sold\n", encoding="utf-8")
    (photo,) = plain(data.of_explain(folder, key(3)[:12]))["photos"]
    assert (photo["key"], photo["fate"]) == (key(3), "rejected by dedup: near_duplicate")
    assert photo["stages"]["dedup"]["row"]["duplicate_of"] == key(2)
    assert photo["stages"]["clean"] == {"problem": "stale: 1 decision in review.csv is newer", "row": None}
    assert photo["duplicates"] == [key(2)]
    (reviewed,) = plain(data.of_explain(folder, key(9)))["photos"]
    assert reviewed["decisions"] == [
        {"keep": False, "class_name": "", "note": "sold", "reason": "", "reviewer": ""}
    ]
    listing = plain(data.of_explain(folder, "L3"))
    assert [(each["key"], each["fate"]) for each in listing["photos"]] == [
        (key(6), "rejected by clean: not_car"),
        (key(7), "rejected by clean: closeup"),
    ]
    with pytest.raises(UsageError, match="no photo or listing 'nothing'"):
        data.of_explain(folder, "nothing")


def test_verify_lists_what_it_finds(folder: Path) -> None:
    assert plain(data.of_verify(folder, verify(folder), AS_DATA)) == {
        "folder": str(folder),
        "agree": True,
        "problems": [],
    }
    row = manifest.read(folder, FetchRow)[4]
    (folder / row.path).unlink()
    found = plain(data.of_verify(folder, verify(folder), AS_DATA))
    assert not found["agree"]
    assert [problem["text"] for problem in found["problems"]] == [
        f"fetch.csv: row {row.key}: {row.path}: the file is missing"
    ]
    assert found["problems"][0]["commands"]
