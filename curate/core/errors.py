"""Every error a person can meet, and the exit code that goes with it.

    CurateError                 1   anything below
    ├── UsageError              2   a wrong option, recipe or argument: nothing was done
    ├── GateError               3   the data failed a quality gate
    ├── DeniedError             4   robots.txt or the site says no
    ├── LayoutError             5   pages were read but no listing was found in them
    ├── StateError              6   a manifest or photo is missing, damaged or out of date; or the folder in use
    ├── ResourceError           7   disk, memory, or model weights are missing
    └── TryLaterError          75   the site asked us to come back; progress is kept

`RejectedError` is not a `CurateError`: it ends one photo or page, never the run. It becomes a row with
`keep=false` and its `reason`.

What to do about an error is data: `StateError("fetch.csv is missing", FetchOrImport())`. Only `cli/hints.py` turns
a remedy into words, because only there it is known which recipe and folder the person typed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "an error without a category of its own",
    2: "usage: wrong option, argument or recipe; nothing was done",
    3: "data quality gate failed",
    4: "denied by robots.txt or by the site",
    5: "pages were read but no listing was found in them",
    6: "a manifest or photo is missing, damaged or out of date, or another run uses the folder",
    7: "out of disk or memory, or model weights are missing",
    75: "incomplete: the site asks us to wait, or an index page was refused; the same command goes on later",
    130: "interrupted; the same command goes on",
}


@dataclass(frozen=True)
class Run:
    """Run a command of curate, with the recipe and folder of this one unless others are named."""

    command: str  # as typed: train-baseline
    arguments: tuple[str, ...] = ()
    recipe: str = ""
    folder: str = ""


@dataclass(frozen=True)
class FetchOrImport:
    """Bring photos into the folder: import `path` again where they came from it, else what the recipe allows."""

    path: str = ""


@dataclass(frozen=True)
class Edit:
    """Set a key of the recipe; `value` is empty where the person must know it."""

    key: str  # e.g. clean.threshold
    value: str = ""


@dataclass(frozen=True)
class Delete:
    """Delete a file or folder."""

    path: Path


@dataclass(frozen=True)
class Do:
    """What no command does, as an imperative: `label a few hundred photos`."""

    what: str


INTO_FOLDERS = Do("put each photo into a folder that is called like its class")


@dataclass(frozen=True)
class Again:
    """Run the command of this run once more, right away or `later`."""

    later: bool = False


Step = Run | FetchOrImport | Edit | Delete | Do | Again


@dataclass(frozen=True)
class To:
    """Steps in order, and what they are for: To("go on without it", Delete(path), Run("dedup"))."""

    aim: str  # an infinitive; empty where it is plain
    steps: tuple[Step, ...]

    def __init__(self, aim: str, *steps: Step) -> None:
        object.__setattr__(self, "aim", aim)
        object.__setattr__(self, "steps", steps)


Remedy = Step | To


@dataclass(frozen=True)
class Note:
    """Something a person should know, and what they can do about it: each remedy by itself is enough."""

    text: str
    remedies: tuple[Remedy, ...] = ()

    def __init__(self, text: str, *remedies: Remedy) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "remedies", remedies)

    def __str__(self) -> str:
        return self.text


class CurateError(Exception):
    """Base of all errors shown to the user. The message says what happened; each remedy by itself is enough."""

    exit_code = 1

    def __init__(self, message: str, *remedies: Remedy) -> None:
        super().__init__(message)
        self.remedies = remedies

    def __reduce__(self) -> Any:  # errors travel between processes
        return type(self), (*self.args, *self.remedies)


class UsageError(CurateError):
    """A wrong option, argument or recipe."""

    exit_code = 2


class GateError(CurateError):
    """The data failed a quality gate, e.g. too few photos for the split that was asked for."""

    exit_code = 3


class DeniedError(CurateError):
    """robots.txt, or the site itself, refuses us."""

    exit_code = 4


class LayoutError(CurateError):
    """Pages came back, but no extractor found a listing in them."""

    exit_code = 5


class StateError(CurateError):
    """A manifest, sidecar, photo or model is missing, damaged or stale, or another process uses the folder."""

    exit_code = 6


class ResourceError(CurateError):
    """Disk, memory or model weights are missing."""

    exit_code = 7


class TryLaterError(CurateError):
    """Something has to wait longer than a run should: rerun later; nothing is lost."""

    exit_code = 75


class RejectedError(Exception):
    """One photo or page cannot be used.

    `reason` is a member of the closed set in `schemas.REASONS`; `detail` is for the person reading the log; `size`
    is the photo's width and height in pixels where it was refused for what they can tell, else zeros.
    """

    def __init__(self, reason: str, detail: str = "", size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.size = size

    def __reduce__(self) -> tuple[type["RejectedError"], tuple[str, str, tuple[int, int]]]:
        return type(self), (self.reason, self.detail, self.size)
