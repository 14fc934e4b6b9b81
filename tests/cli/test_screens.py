"""Exact screens, one snapshot each: a better wording is one changed file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.schemas import DedupRow
from tests import painted_run
from tests.painted_run import RECIPE, key

Snapshot = Callable[[str, str], None]


def screen(folder: Path, *arguments: str) -> str:
    """What a command prints, stdout before stderr, with paths and times taken out."""
    recipe = folder.parent / "mine.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE.model_dump(mode="json")), encoding="utf-8")
    result = CliRunner().invoke(app, [*arguments, "--recipe", str(recipe), "--folder", str(folder)])
    text = f"{result.stdout}{result.stderr}exit code {result.exit_code}\n"
    for odd, even in (
        (str(folder), "FOLDER"), (str(recipe), "mine.yaml"), (r"\d+\.\d s\)", "0.0 s)"),
        (r"../[0-9a-f]{64}", "XX/SHA256"), (r"[\d,]+ bytes", "1,000 bytes"),
    ):  # fmt: skip
        text = re.sub(odd, even, text)
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted_run.build(tmp_path / "run")


def test_help(snapshot: Snapshot) -> None:
    result = CliRunner().invoke(app, ["init", "--help"], prog_name="curate", env={"COLUMNS": "80"})
    snapshot("help_init", result.stdout)
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_status(folder: Path, snapshot: Snapshot) -> None:
    snapshot("status_current", screen(folder, "status"))
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    snapshot("status_stale", screen(folder, "status"))


def test_status_of_an_empty_folder(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / "run").mkdir()
    snapshot("status_empty", screen(tmp_path / "run", "status"))


@pytest.mark.parametrize(("name", "number"), [("kept", 13), ("duplicate", 5), ("queued", 10)])
def test_explain(name: str, number: int, folder: Path, snapshot: Snapshot) -> None:
    snapshot(f"explain_{name}", screen(folder, "explain", key(number)))


def test_verify(folder: Path, snapshot: Snapshot) -> None:
    min((folder / "images").rglob("*.jpg")).unlink()
    (folder / "clean.json").write_text("{")
    snapshot("verify", screen(folder, "verify"))


def test_split_twice(folder: Path, snapshot: Snapshot) -> None:
    arguments = ("split", "--proportional")
    snapshot("split", screen(folder, *arguments) + screen(folder, *arguments))
