"""Notes as the command line words them, for tests of facts that only prose tells."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curate.cli import hints
from curate.cli.hints import Place
from curate.core.errors import CurateError, Note
from curate.core.recipe import Recipe
from curate.inspect import explain, status, verify
from curate.pipeline import Said


def worded(notes: Iterable[Said]) -> list[str]:
    """Each note on its line, as where neither recipe nor folder was typed."""
    return [hints.worded(note if isinstance(note, Note) else Note(str(note)), Place()) for note in notes]


def explained(folder: Path, name: str) -> list[str]:
    """What `explain` tells of a photo."""
    return worded(explain.explain(folder, name))


def verified(folder: Path) -> list[str]:
    """The problems that `verify` finds."""
    return worded(verify.verify(folder))


def status_lines(folder: Path, recipe: Recipe) -> list[str]:
    """What `status` tells: the stages, what is for a person, warnings, what to run next."""
    found = status.status(folder, recipe)
    stages = [f"{state.funnel} [{state.words}]" for state in found.stages.values()]
    return [*stages, *worded([*found.to_decide, *found.warnings]), f"next: {worded([found.next])[0]}"]


@contextmanager
def refused(kind: type[CurateError], match: str) -> Iterator["pytest.ExceptionInfo[CurateError]"]:
    """Like pytest.raises, with the remedies among what must match."""
    with pytest.raises(kind) as caught:
        yield caught
    (line,) = worded([Note(str(caught.value), *caught.value.remedies)])
    assert re.search(match, line), line
