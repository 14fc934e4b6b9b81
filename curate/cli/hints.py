"""How commands are worded: every `curate …` that a person is asked to run is written here.

A remedy is data (`core/errors.py`); here it gets the recipe and the folder that the person chose, so that it
can be typed as it is.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from curate.core.errors import Again, Delete, Do, Edit, FetchOrImport, Note, Remedy, Run, Step, To

WITHOUT_RECIPE = ("demo", "init")  # commands that read no recipe


@dataclass(frozen=True)
class Place:
    """The recipe and the folder that a command line names; empty where it names none."""

    recipe: str = ""
    folder: str = ""
    has_source: bool = True  # the recipe has; false only once it was read


def typed(run: Run, place: Place) -> str:
    """A command as one types it."""
    recipe = "" if run.command in WITHOUT_RECIPE else run.recipe or place.recipe
    folder = run.folder or ("" if run.command in WITHOUT_RECIPE else place.folder)
    options = [*(["--recipe", recipe] if recipe else []), *(["--folder", folder] if folder else [])]
    return shlex.join(["curate", run.command, *run.arguments, *options])


def command(run: Run, place: Place) -> str:
    """A command as one types it, between backticks."""
    return f"`{typed(run, place)}`"


def _ways(step: FetchOrImport, place: Place) -> list[Run]:
    """The commands that bring photos, each enough by itself; first that which the recipe has all for."""
    bring = Run("import", (step.path or "PATH",))
    return [bring] if step.path or not place.has_source else [Run("fetch"), bring]


def _step(step: Step, place: Place) -> str:
    match step:
        case Run():
            return f"run {command(step, place)}"
        case FetchOrImport():
            return f"run {' or '.join(command(way, place) for way in _ways(step, place))}"
        case Edit(key, value):
            file = place.recipe or "the recipe"
            return f"set {key} to {value} in {file}" if value else f"change {key} in {file}"
        case Delete(path):
            return f"delete {shlex.quote(str(path))}"
        case Again(later):
            return f"run the same command again{' later' if later else ''}"
        case Do(what):
            return what


def words(remedy: Remedy, place: Place) -> str:
    """A remedy as an imperative: ``to go on without it, delete dedup.csv and run `curate dedup` ``."""
    if not isinstance(remedy, To):
        return _step(remedy, place)
    *first, last = (_step(step, place) for step in remedy.steps)
    steps = f"{', '.join(first)} and {last}" if first else last
    return f"to {remedy.aim}, {steps}" if remedy.aim else steps


def as_data(note: Note, place: Place) -> dict[str, Any]:
    """A note for programs: `commands` are lines for a shell, each of which answers it by itself."""
    lines = [_line(remedy.steps if isinstance(remedy, To) else (remedy,), place) for remedy in note.remedies]
    return {"text": note.text or worded(note, place), "commands": [line for line in lines if line]}


def _line(steps: Sequence[Step], place: Place) -> str:
    """Commands as one line, each after the one before; empty where a step is none."""
    found = []
    for step in steps:
        run = _ways(step, place)[0] if isinstance(step, FetchOrImport) else step
        if not isinstance(run, Run):
            return ""
        found.append(typed(run, place))
    return " && ".join(found)


def worded(note: Note, place: Place) -> str:
    """A note and what can be done about it, on one line; each remedy is enough by itself."""
    remedies = "; or ".join(filter(None, (words(remedy, place) for remedy in note.remedies)))
    return "; ".join(filter(None, (note.text, remedies)))
