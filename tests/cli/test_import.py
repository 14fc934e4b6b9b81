"""import beside a recipe that names photos itself: the options are the recipe's, and what differs is named."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import given, manifest
from curate.core.recipe_file import load
from curate.core.schemas import FetchRow
from curate.inspect.status import by_the_recipe
from tests.folders import CLASSES, paint

RECIPE = "name: mine\nclasses: [hatch, sedan]\nsource:\n  path: photos\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos in three splits, two of each of six cars, and a recipe for them."""
    for number in range(12):
        split = ("train", "val", "test")[number // 4]
        file = tmp_path / "photos" / split / CLASSES[number // 2 % 2] / f"car{number // 2}_{number % 2}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(paint(CLASSES[number // 2 % 2], number))
    (tmp_path / "curate.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output


def by_listing(folder: Path = Path("manifests/mine")) -> list[int]:
    """Photos of each listing."""
    return sorted(Counter(row.listing_id for row in manifest.read(folder, FetchRow)).values())


def test_the_options_of_a_recipe_hold_for_its_own_path(here: Path) -> None:
    (here / "curate.yaml").write_text(f"{RECIPE}  group_by: prefix\n  keep_split: true\n")
    assert "6 listings by group_by: prefix" in run("import", str(here / "photos"), "--workers", "1")
    assert by_listing() == [2] * 6
    assert len(given.read_splits(Path("manifests/mine"))) == 12
    run("import", "photos", "--group-by", "", "--no-keep-split", "--workers", "1")
    assert by_listing() == [1] * 12
    assert not given.read_splits(Path("manifests/mine"))


def test_the_options_of_a_recipe_are_not_for_photos_that_lie_elsewhere(here: Path) -> None:
    (here / "curate.yaml").write_text(f"{RECIPE}  group_by: prefix\n  keep_split: true\n")
    (here / "photos").rename("others")
    run("import", "others", "--workers", "1")
    assert by_listing() == [1] * 12
    assert not given.read_splits(Path("manifests/mine"))


def test_options_of_an_import_that_are_not_the_recipes_are_named_before_a_run_undoes_them(here: Path) -> None:
    assert "write group_by: prefix below source.path" in run("import", "photos", "--workers", "1")
    assert "import: 12 in, 12 kept [current]" in run("status")
    run("import", "photos", "--group-by", "prefix", "--keep-split", "--workers", "1")
    said = run("status")
    apart = 'source.group_by is prefix here, "" in the recipe; source.keep_split is true here, false in the recipe'
    assert f"[settings differ: {apart}]" in said
    assert "import ran with settings that are not the recipe's; " in said
    assert "to keep them, set source.group_by to prefix in the recipe and set source.keep_split to true" in said
    assert "to run all that is left, and import again, by the recipe, run `curate run`" in said
    recipe = load(here / "curate.yaml")
    assert by_the_recipe(Path("manifests/mine"), recipe, ["fetch"]) == [
        f"import runs again by the recipe: {apart}"
    ]
    assert json.loads(run("status", "--json"))["stages"][0]["state"] == "settings"
    (here / "curate.yaml").write_text(f"{RECIPE}  group_by: prefix\n  keep_split: true\n")
    assert "import: 12 in, 12 kept [current]" in run("status")


def test_a_recipe_whose_path_is_not_seen_from_here_is_no_difference(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", "photos", "--workers", "1")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    place = ["--recipe", str(here / "curate.yaml"), "--folder", str(here / "manifests/mine")]
    assert "import: 12 in, 12 kept [current]" in run("status", *place)
