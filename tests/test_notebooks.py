"""The notebooks run, and are committed without outputs."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from curate.core.recipe import Recipe
from curate.export.photos import Options
from curate.export.run import export
from curate.inspect.verify import verify
from tests.folders import CLASSES, build_folder

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
TESTED = {"starter", "curation", "learning_curve_and_audit"}


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    assert path.stem in TESTED
    for cell in read(path).cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_folder(tmp_path_factory.mktemp("notebooks") / "run", "split", n=80)
    assert verify(folder) == []
    return folder


def run(name: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> tuple[str, int]:
    """What a notebook printed, and how many plots it drew."""
    path = next(path for path in NOTEBOOKS if path.stem == name)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    notebook = read(path)
    NotebookClient(notebook, timeout=110, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs: list[Any] = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.get("text", "") for output in outputs if output.get("name") == "stdout")
    return text, sum("image/png" in output.get("data", {}) for output in outputs)


def test_the_starter_needs_only_the_export(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(folder, Recipe(name="painted", classes=CLASSES), "folders", tmp_path / "dataset", Options(), map)
    text, plots = run("starter", monkeypatch, DATASET=str(tmp_path / "dataset"), EPOCHS="1")
    assert "train hatch           24 photos" in text
    assert "epoch  1: loss " in text
    assert "best on val: " in text
    assert "test accuracy " in text
    assert plots == 2


def test_the_curation_walk_through_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, plots = run("curation", monkeypatch, CURATE_FOLDER=str(folder))
    assert "clean: 82 in, 80 kept, 2 not_car" in text
    assert "no leak: each of the 40 listings is in one split only" in text
    assert plots >= 4


def test_the_learning_curve_and_the_audit_end_in_sentences(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {
        name: folder / name for name in ("audit.csv", "audit.json", "learning_curve.csv", "learning_curve.json")
    }
    for name, path in left.items():
        path.write_text(name)
    text, plots = run("learning_curve_and_audit", monkeypatch, CURATE_FOLDER=str(folder), CURATE_IMAGE_SIZE="64")
    assert [path.read_text() for path in left.values()] == list(left), "what the commands wrote stays"
    assert "Doubling to 96 photos " in text
    assert "Next: " in text
    assert plots == 2
