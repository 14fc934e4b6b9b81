"""A person's decisions: `review.csv` beside the manifests. Read and obeyed at every run, never written here.

Columns: key, decision (keep or reject), class_name (the right class; empty: as the seller says), note (free text).
Further columns are ignored, and empty rows. A key may come more than once as long as the decisions agree; where
they do not, none is obeyed and the photo goes to the review queue again. A decision about a
removed duplicate holds for the photo that was kept of it.
"""

import csv
import difflib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from curate.core.errors import UsageError
from curate.core.recipe import normalise_class
from curate.core.schemas import DedupRow

NAME = "review.csv"
COLUMNS = ("key", "decision", "class_name", "note")
DECISIONS = ("keep", "reject")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about one photo."""

    keep: bool
    class_name: str  # empty: as the seller says
    note: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{'keep' if self.keep else 'reject'} {self.class_name}".strip()


@dataclass(frozen=True, slots=True)
class Review:
    """All decisions of one file."""

    decisions: Mapping[str, Decision]  # by key
    conflicts: Mapping[str, Sequence[Decision]]  # decisions that contradict each other, by key, sorted
    problem: str = ""  # why the file cannot be obeyed: then it has no decisions


def load(path: Path, class_names: Sequence[str], blank: bool = False) -> Review:
    """The decisions in `path`; none when it is not there. With `blank`, rows not yet decided are left out.

    Raises UsageError naming file, row and what to do.
    """
    if not path.exists():
        return Review({}, {})
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = [*enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as a UTF-8 CSV: {error}") from error
    found: dict[str, dict[Decision, None]] = {}  # in the order of the file
    header: list[str] = []
    for number, cells in table:
        if not any(map(str.strip, cells)):
            continue
        if not header:
            header = cells
            _check_columns(f"{path} row {number}", header)
            continue
        row = dict(zip(header, cells, strict=False))
        if blank and not (row.get("decision") or "").strip():
            continue
        key, decision = parse(row, class_names, f"{path} row {number}")
        found.setdefault(key, {})[decision] = None
    return _review(found)


def _review(found: Mapping[str, Collection[Decision]]) -> Review:
    return Review(
        {key: next(iter(decisions)) for key, decisions in found.items() if len(decisions) == 1},
        {key: list(decisions) for key, decisions in sorted(found.items()) if len(decisions) > 1},
    )


def of_keepers(written: Review, rows: Iterable[DedupRow]) -> Review:
    """The same, decisions about removed duplicates moved to the photo that was kept.

    A decision about the kept photo itself comes first. To keep a duplicate without naming its class decides
    nothing about a photo that is listed as another class.
    """
    given: dict[str, Sequence[Decision]] = {key: [decision] for key, decision in written.decisions.items()}
    given.update(written.conflicts)
    found = dict(given)
    about: dict[str, dict[Decision, None]] = {}
    for row in rows:
        decisions = given.get(row.key, []) if row.duplicate_of and row.duplicate_of not in given else []
        if decisions and all(
            decision.class_name or not (decision.keep and row.label_conflict) for decision in decisions
        ):
            about.setdefault(row.duplicate_of, {}).update(dict.fromkeys(decisions))
            del found[row.key]
    return replace(_review({**found, **about}), problem=written.problem)


def _check_columns(where: str, names: Sequence[str]) -> None:
    """Refuse a first row that is no header, or one with a mistyped name in it. Raises UsageError."""
    lacking = [name for name in COLUMNS[:3] if name not in names]
    needed = [name for name in COLUMNS[:2] if name not in names]
    header = ",".join(COLUMNS)
    if needed and any(name.strip().lower() in DECISIONS for name in names):
        raise UsageError(f"{where}: this is a decision; write the header above it: {header}")
    for name in names if len(names) > 1 else ():
        if name not in COLUMNS and (meant := difflib.get_close_matches(name.strip().lower(), lacking, n=1)):
            raise UsageError(f"{where}: there is no column {name!r}; write {meant[0]}")
    if needed:
        raise UsageError(f"{where}: no column {' and '.join(needed)}; write {header}, with commas between")


def load_or_problem(path: Path, class_names: Sequence[str]) -> Review:
    """The same for commands that only show it: what `load` refuses is the review's `problem`."""
    try:
        return load(path, class_names)
    except UsageError as error:
        return Review({}, {}, str(error))


def parse(row: Mapping[str, str | None], class_names: Collection[str], where: str) -> tuple[str, Decision]:
    """Key and decision of one row; a class beside `reject` is ignored.

    Raises UsageError that begins with `where`.
    """
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not cells["key"]:
        raise UsageError(f"{where}: no key; the columns are {', '.join(COLUMNS)}, with commas between")
    decision = cells["decision"].lower()
    if decision not in DECISIONS:
        raise UsageError(f"{where}: decision {cells['decision']!r} is not one of {', '.join(DECISIONS)}")
    name = cells["class_name"]
    try:
        name = normalise_class(name) if name else ""
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from error
    if name and name not in class_names:
        raise UsageError(f"{where}: class {name!r} is not in the recipe; its classes are {', '.join(class_names)}")
    return cells["key"], Decision(decision == "keep", name if decision == "keep" else "", cells["note"])
