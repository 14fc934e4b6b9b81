"""How a remedy is worded, and how an error keeps it."""

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from curate.cli.app import app
from curate.cli.hints import Place, worded, words
from curate.core.errors import (
    Again,
    CurateError,
    Delete,
    Do,
    Edit,
    FetchOrImport,
    Note,
    Remedy,
    Run,
    StateError,
    To,
)
from tests import layers

MINE = Place("mine.yaml", "my run")
ROOT = Path(__file__).parents[2] / "curate"
COMMANDS = typer.main.get_command(app).list_commands(None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("remedy", "place", "text"),
    [
        (Run("fetch"), Place(), "run `curate fetch`"),
        (Run("clean", ("--threshold", "0.3")), Place("demo"), "run `curate clean --threshold 0.3 --recipe demo`"),
        (Run("fetch"), MINE, "run `curate fetch --recipe mine.yaml --folder 'my run'`"),
        (Run("demo"), MINE, "run `curate demo`"),
        (Run("fetch", folder="FOLDER"), MINE, "run `curate fetch --recipe mine.yaml --folder FOLDER`"),
        (
            Run("status", recipe="r.yaml", folder="out"),
            Place(),
            "run `curate status --recipe r.yaml --folder out`",
        ),
        (FetchOrImport(), Place(), "run `curate fetch` or `curate import PATH`"),
        (FetchOrImport(), Place(has_source=False), "run `curate import PATH`"),
        (FetchOrImport("a b"), Place(), "run `curate import 'a b'`"),
        (Edit("clean.threshold", "0.3"), Place(), "set clean.threshold to 0.3 in the recipe"),
        (Edit("source"), MINE, "change source in mine.yaml"),
        (Delete(Path("my run/dedup.csv")), Place(), "delete 'my run/dedup.csv'"),
        (Do("label more photos"), Place(), "label more photos"),
        (Again(), MINE, "run the same command again"),
        (To("go on", Again(later=True)), Place(), "to go on, run the same command again later"),
        (
            To("go on without it", Delete(Path("dedup.csv")), Run("dedup")),
            Place(),
            "to go on without it, delete dedup.csv and run `curate dedup`",
        ),
    ],
)
def test_a_remedy_can_be_typed_as_it_is(remedy: Remedy, place: Place, text: str) -> None:
    assert words(remedy, place) == text


def test_a_note_names_each_remedy() -> None:
    assert (
        worded(Note("no photo", Run("split"), Do("add some")), Place())
        == "no photo; run `curate split`; or add some"
    )


def test_an_error_keeps_its_remedies_on_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(StateError("gone", Run("fetch"), Do("wait"))))
    assert isinstance(error, CurateError)
    assert (str(error), error.remedies) == ("gone", (Run("fetch"), Do("wait")))


COMMAND = re.compile(r"\bcurate (?:{})\b".format("|".join(sorted(map(re.escape, COMMANDS)))))
PROSE = re.compile(r"\b[Rr]un (?:it|again|the same command|`(?!pip))|\b[Rr]e-?run\b|\b(?:fetch|import) again\b")
# What they write is read elsewhere, or names the command that serves it: files beside an export, pages, an API.
DOCUMENTS = {
    *("export/csv_urls.py", "export/folders.py", "export/huggingface.py", "train/card.py"),
    *("check/api.py", "review/app/server.py"),
}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Each text of a module that is no docstring, with its line."""
    nodes = layers.nodes(path)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    bodies = (node.body[0] for node in nodes if isinstance(node, documented) and node.body)
    docstrings = {id(first.value) for first in bodies if isinstance(first, ast.Expr)}
    aims = {
        id(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "To" and node.args
    }  # of a command that follows
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | aims:
            yield node.lineno, node.value


def test_only_hints_word_a_command() -> None:
    """In the library a command to run is data: Run, Again, FetchOrImport and the like."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "cli" and path.relative_to(ROOT).as_posix() not in DOCUMENTS
        for line, text in texts(path)
        if COMMAND.search(text) or PROSE.search(text)
    ]
    assert found == []


@pytest.mark.parametrize("text", ["see `curate fetch`", "; free it, then rerun", "Run the same command"])
def test_what_is_a_worded_command(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(f'"""curate fetch."""\nprint({text!r})\n')
    assert [words for _, words in texts(tmp_path / "module.py") if COMMAND.search(words) or PROSE.search(words)]
