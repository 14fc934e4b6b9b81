"""status: M01, M08, M09."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.errors import Edit, FetchOrImport, Run, To
from curate.core.recipe import Recipe
from curate.core.schemas import DedupRow, FetchRow
from curate.core.stages import STAGES
from curate.inspect.status import status
from curate.review.conflicts import how_to_decide, to_do
from tests import painted_run
from tests.painted_run import CLASSES, RECIPE, key
from tests.wording import status_lines

CONFLICT = (
    "label conflicts: 1 photo has duplicates under another class name, "
    "1 undecided (1 train in the split), e.g. 0404040404040404"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted_run.build(tmp_path)


def states(folder: Path, recipe: Recipe = RECIPE) -> dict[str, str]:
    """Stage to what stands in its brackets, and what is next."""
    *lines, last = status_lines(folder, recipe)
    return {line.split(":")[0]: line.split("[", 1)[1].rstrip("]") for line in lines[:5]} | {"next": last}


def test_status_of_a_whole_run(folder: Path) -> None:
    assert status_lines(folder, RECIPE) == [
        "fetch: 24 in, 22 kept, 1 http_client_error, 1 not_an_image [current]",
        "dedup: 22 in, 18 kept, 2 near_duplicate, 1 exact_duplicate, 1 undecodable [current]",
        "clean: 18 in, 14 kept, 1 closeup, 1 not_car, 1 reviewed, 1 wrong_class [current]",
        "split: 14 in, 13 kept, 1 surplus [current]",
        "train_baseline: 4 predictions [current]",
        f"{CONFLICT}; to see them, run `curate report`; or {how_to_decide(key(4), folder / 'review.csv')}",
        "1 photo to review; to look and decide, run `curate review`",
        "next: nothing, every stage is current; to see the results, run `curate report`",
    ]


def test_status_of_an_empty_folder(tmp_path: Path) -> None:
    assert states(tmp_path) == dict.fromkeys(STAGES, "missing") | {
        "next": "next: run `curate fetch`; or to run all that is left, run `curate run`"
    }


def test_status_without_a_source_points_to_import(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"source": None})
    assert status(tmp_path, recipe).next.remedies == (FetchOrImport(),)


def test_status_of_imported_photos_does_not_ask_the_recipe(tmp_path: Path) -> None:
    painted_run.publish(tmp_path, painted_run.fetch_rows(tmp_path, ""), {"imported": True})
    recipe = RECIPE.model_copy(update={"source": None})
    assert status_lines(tmp_path, recipe)[0].endswith("[current]")


@pytest.mark.parametrize(("imported", "command"), [(False, "fetch"), (True, "import PATH")])
def test_without_a_sidecar_the_rows_tell_what_made_them(folder: Path, imported: bool, command: str) -> None:
    rows = manifest.read(folder, FetchRow)
    if imported:
        rows = [dataclasses.replace(row, page_url="") for row in rows]
    painted_run.rewrite(folder, "fetch", list(rows))
    (folder / "fetch.json").unlink()
    assert states(folder)["next"].startswith(f"next: run `curate {command}`")


def test_m08_status_names_the_input_that_changed(folder: Path) -> None:
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    now = states(folder)
    assert now["dedup"] == "current"
    assert now["clean"] == "stale: dedup.csv changed"
    assert now["split"] == "stale: dedup.csv changed; clean comes first"
    assert now["train_baseline"] == "stale: clean comes first"
    assert now["next"] == "next: run `curate clean`; or to run all that is left, run `curate run`"


def test_m09_an_option_is_no_fault_but_is_named_with_both_ways_out(folder: Path) -> None:
    recipe = RECIPE.model_copy(update={"clean": RECIPE.clean.override(threshold=0.4)})
    lines = status_lines(folder, recipe)
    assert lines[2].endswith("[settings differ: clean.threshold is 0.3 here, 0.4 in the recipe]")
    assert [line.endswith("[current]") for line in lines[:5]] == [True, True, False, True, True]
    found = status(folder, recipe)
    keep, give_up = To("keep them", Edit("clean.threshold", "0.3")), To("return to the recipe's", Run("clean"))
    assert found.to_decide[0].remedies == (keep, give_up)
    assert lines[-1] == (
        "next: to run clean again, by the recipe, run `curate run`; "
        "or to see the results as they are, run `curate report`"
    )


def test_m09_an_option_is_named_too_where_the_stage_must_run_again_anyhow(folder: Path) -> None:
    recipe = RECIPE.model_copy(update={"clean": RECIPE.clean.override(threshold=0.4)})
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    lines = status_lines(folder, recipe)
    assert lines[2].endswith(
        "[stale: dedup.csv changed; settings differ: clean.threshold is 0.3 here, 0.4 in the recipe]"
    )
    assert lines[5].startswith("clean ran with settings that are not the recipe's; to keep them, set clean.thresh")
    assert lines[-1] == "next: run `curate clean`; or to run all that is left, run `curate run`"


def test_m09_the_stages_after_an_option_go_on_from_it(tmp_path: Path) -> None:
    painted_run.build(tmp_path, last="clean")
    recipe = RECIPE.model_copy(update={"clean": RECIPE.clean.override(threshold=0.4)})
    assert states(tmp_path, recipe)["next"] == (
        "next: run `curate split`; or to run all that is left, and clean again, by the recipe, run `curate run`"
    )


def test_m09_settings_are_named_down_to_the_value_and_long_ones_not_printed(folder: Path) -> None:
    concepts = [{"name": "car", "keep": True, "prompts": ["a photo of a car."]}]
    clean = RECIPE.clean.override(quality={"dark": 0.5}, concepts=concepts, weights="")
    line = status_lines(folder, RECIPE.model_copy(update={"clean": clean}))[2]
    assert line.endswith(
        "[settings differ: clean.concepts is another in the recipe; "
        "clean.quality.dark is 0.2 here, 0.5 in the recipe; "
        'clean.weights is datacomp_xl_s13b_b90k here, "" in the recipe]'
    )


def test_m09_an_edited_source_is_named(folder: Path) -> None:
    assert RECIPE.source
    edited = RECIPE.source.model_copy(update={"max_listings": 5})
    line = status_lines(folder, RECIPE.model_copy(update={"source": edited}))[0]
    assert line.endswith("[settings differ: source.max_listings is null here, 5 in the recipe]")


def test_m09_status_names_the_version_that_changed(folder: Path) -> None:
    sidecar = manifest.read_sidecar(folder, "split")
    sidecar["versions"] |= {"scipy": "0.0.1", "weights": "sha256 of something"}
    manifest.sidecar_path(folder, "split").write_text(json.dumps(sidecar), encoding="utf-8")
    assert states(folder)["split"].startswith("stale: versions.scipy: 0.0.1 -> ")
    assert "weights" not in states(folder)["split"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "clean.json").unlink(), id="no sidecar"),
        pytest.param(lambda folder: (folder / "clean.json").write_text("{"), id="sidecar cut"),
        pytest.param(lambda folder: (folder / "clean.csv").write_text("key\n"), id="M01"),
    ],
)
def test_status_names_a_damaged_manifest(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    now = states(folder)
    assert now["clean"].startswith("damaged: ")
    assert now["next"].startswith("next: run `curate clean`")


def test_status_and_dedup_count_what_a_person_must_decide_until_it_is_decided(folder: Path) -> None:
    def said() -> str:
        (found,) = (note for note in status(folder, RECIPE).to_decide if "label conflicts" in note.text)
        assert found in to_do(folder, CLASSES, manifest.read(folder, DedupRow))
        return found.text

    assert said() == CONFLICT
    for text in ("", f"{key(5)},keep,", f"{key(4)},keep,swift\n{key(4)},keep,wagonr"):
        (folder / "review.csv").write_text(f"key,decision,class_name\n{text}\n")
        assert said() == CONFLICT
    for text in (f"{key(4)},Keep, swift", f"{key(4)},reject,", f"{key(4)},keep,", f"{key(5)},keep,swift"):
        (folder / "review.csv").write_text(f"key,decision,class_name\n{text}\n")
        assert said().endswith("all decided")


def test_status_says_nothing_of_conflicts_where_there_is_none(folder: Path) -> None:
    rows = [dataclasses.replace(row, label_conflict=False) for row in manifest.read(folder, DedupRow)]
    painted_run.rewrite(folder, "dedup", list(rows))
    assert not any("conflict" in line for line in status_lines(folder, RECIPE))


def test_while_a_process_is_at_work_nothing_else_is_to_be_run(folder: Path) -> None:
    (folder / ".lock.pid").write_text(str(os.getpid()), encoding="utf-8")
    found = status(folder, RECIPE)
    assert found.next.text.startswith(f"nothing yet: process {os.getpid()} is at work")
    assert found.next.remedies == ()
