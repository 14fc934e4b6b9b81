"""The notebooks run, and are committed without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from curate.inspect.verify import verify
from tests.folders import build_folder

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    for cell in read(path).cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_starter_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(path for path in NOTEBOOKS if path.stem == "starter")
    folder = build_folder(tmp_path, "split", n=40)
    assert verify(folder) == []
    monkeypatch.setenv("CURATE_FOLDER", str(folder))
    monkeypatch.setenv("CURATE_EPOCHS", "2")
    notebook = read(path)
    NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.get("text", "") for output in outputs if output.get("name") == "stdout")
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert "clean: 42 in, 40 kept, 2 not_car" in text
    assert "no leak: each of the 20 listings is in one split only" in text
    assert "best epoch:" in text
    assert "test accuracy" in text
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
