"""How a remedy is worded, and how an error keeps it."""

import pickle
from pathlib import Path

import pytest

from curate.cli.hints import Place, told, words
from curate.core.errors import CurateError, Delete, Do, Edit, FetchOrImport, Note, Remedy, Run, StateError, To

MINE = Place("mine.yaml", "my run")


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
        told(Note("no photo", Run("split"), Do("add some")), Place()) == "no photo; run `curate split`; add some"
    )


def test_an_error_keeps_its_remedies_on_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(StateError("gone", Run("fetch"), Do("wait"))))
    assert isinstance(error, CurateError)
    assert (str(error), error.remedies) == ("gone", (Run("fetch"), Do("wait")))
