"""People's decisions: `review.csv` beside the manifests. Every run reads and obeys it; `log` appends to it.

Columns: key, decision, class_name (the right class; empty: as the seller says), reason (of a rejection), note
(free text), reviewer, at (ISO 8601, UTC). Only key and decision are needed. Further columns are ignored, and empty
rows. For a key, its start, a file name, an address or a sha256 will do where it means one photo of fetch.csv.

The last row about a key by one reviewer counts, and `undo` takes it back. Rows without a reviewer may be by
anybody: they count together. Where reviewers disagree nothing is obeyed until one of them yields, and the photo
goes to the review queue again. A decision about a removed duplicate holds for the photo that was kept of it.

`not_duplicate` and `duplicate` are about two photos: their keys with a space between. `dedup` obeys the first; the
second says that somebody looked.
"""

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from curate.core import manifest
from curate.core.counted import some_of
from curate.core.errors import StateError, UsageError
from curate.core.recipe import normalise_class
from curate.core.schemas import DedupRow, FetchRow
from curate.review.find import find

NAME = "review.csv"
COLUMNS = ("key", "decision", "class_name", "reason", "note", "reviewer", "at")
BY_HAND = ("key", "decision", "class_name", "note")  # the columns that a person is asked to write
OF_PHOTO, OF_PAIR, UNDO = ("keep", "reject"), ("not_duplicate", "duplicate"), "undo"
DECISIONS = (*OF_PHOTO, *OF_PAIR, UNDO)
Pair = tuple[str, str]  # keys, sorted
_KEYS = re.compile(r"[0-9a-f]{16}( [0-9a-f]{16})?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the log, checked. Of a pair, `key` is both keys with a space between, sorted."""

    key: str
    decision: str  # one of DECISIONS
    class_name: str = ""
    reason: str = ""
    note: str = ""
    reviewer: str = ""
    at: str = ""

    @property
    def stance(self) -> tuple[str, str]:
        """What two rows must agree on."""
        return self.decision, self.class_name


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about one photo."""

    keep: bool
    class_name: str  # empty: as the seller says
    note: str = field(default="", compare=False)
    reason: str = field(default="", compare=False)  # of a rejection, where the person named one
    reviewer: str = field(default="", compare=False)

    def __str__(self) -> str:
        said = f"{'keep' if self.keep else 'reject'} {self.class_name}".strip()
        return f"{said} by {self.reviewer}" if self.reviewer else said


@dataclass(frozen=True, slots=True)
class Review:
    """All decisions of one file."""

    decisions: Mapping[str, Decision]  # by key
    conflicts: Mapping[str, Sequence[Decision]]  # decisions that contradict each other, by key, sorted
    problem: str = ""  # why the file cannot be obeyed: then it has no decisions
    not_duplicates: frozenset[Pair] = frozenset()
    disputed_pairs: Mapping[Pair, Sequence[str]] = field(default_factory=dict)  # to who says what
    torn: str = ""  # an incomplete last row that is ignored


class Standing:
    """What counts of a log: per key the last row of each reviewer, and all rows of nobody."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, list[Row]]] = {}  # by key, then reviewer

    def add(self, row: Row) -> None:
        """Take the next row of the log."""
        of_key = self.rows.setdefault(row.key, {})
        if row.decision == UNDO:
            of_key.pop(row.reviewer, None)
        else:
            of_key[row.reviewer] = [row] if row.reviewer else [*of_key.get("", []), row]

    def of(self, key: str) -> list[Row]:
        """The rows that count about a key."""
        return [row for rows in self.rows.get(key, {}).values() for row in rows]

    def by(self, reviewer: str, key: str) -> Row | None:
        """What a reviewer says of a key; None where nothing stands."""
        rows = self.rows.get(key, {}).get(reviewer)
        return rows[-1] if rows else None

    def disputed(self, key: str) -> bool:
        """Do reviewers disagree about a key?"""
        return len({row.stance for row in self.of(key)}) > 1

    def review(self, torn: str = "") -> Review:
        """All that counts."""
        photos: dict[str, dict[Decision, None]] = {}
        free, disputed = set(), {}
        for key in self.rows:
            rows = self.of(key)
            if rows and " " in key:
                first, _, second = key.partition(" ")
                if self.disputed(key):
                    disputed[first, second] = [
                        f"{row.decision} by {row.reviewer or 'nobody named'}" for row in rows
                    ]
                elif rows[0].decision == "not_duplicate":
                    free.add((first, second))
            elif rows:
                photos[key] = {
                    Decision(row.decision == "keep", row.class_name, row.note, row.reason, row.reviewer): None
                    for row in rows
                }
        return replace(_review(photos), not_duplicates=frozenset(free), disputed_pairs=disputed, torn=torn)


def load(path: Path, class_names: Sequence[str], blank: bool = False) -> Review:
    """The decisions in `path`; none when it is not there. With `blank`, rows not yet decided are left out.

    Raises UsageError naming file, row and what to do.
    """
    if not path.exists():
        return Review({}, {})
    standing = Standing()
    rows, torn = read(path, class_names, blank)
    for row in rows:
        standing.add(row)
    return standing.review(torn)


def read(path: Path, class_names: Sequence[str], blank: bool = False) -> tuple[list[Row], str]:
    """The rows of `path` in order, and a word about an incomplete last one, which is left out.

    Raises UsageError naming file, row and what to do.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    whole = data[: len(data) - len(torn_tail(data))]
    try:
        text = whole.decode("utf-8-sig")
        table = [*enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as a UTF-8 CSV: {error}") from error
    rows: list[Row] = []
    header: list[str] = []
    photos: Mapping[str, FetchRow] | None = None  # read where a row does not give whole keys
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
        where = f"{path} row {number}"
        if not _KEYS.fullmatch(row.get("key") or ""):
            photos = photos if photos is not None else _photos_beside(path)
            row["key"] = _keys(row, photos, where)
        rows.append(parse(row, class_names, where))
    return rows, "" if whole == data else f"{path}: the last row is incomplete and not obeyed: decide it again"


def _photos_beside(path: Path) -> Mapping[str, FetchRow]:
    """The photos of the run that a file of decisions belongs to, by key; none where it lies elsewhere."""
    try:
        return {row.key: row for row in manifest.read(path.parent, FetchRow)}
    except StateError:
        return {}


def _keys(row: Mapping[str, str | None], photos: Mapping[str, FetchRow], where: str) -> str:
    """The keys that a row means; a name without a photo stays as it is. Raises UsageError for one of several."""
    cell = (row.get("key") or "").strip()
    names = cell.split() if (row.get("decision") or "").strip().lower() in OF_PAIR else [cell]
    keys = []
    for name in names:
        try:
            found = find(photos, name).photos if photos and name else []
        except UsageError:
            found = []
        if len(found) > 1:
            some = some_of([photo.key for photo in found], 3)
            raise UsageError(f"{where}: {name} means {len(found)} photos: {some}")
        keys.append(found[0].key if found else name)
    return " ".join(keys)


def torn_tail(data: bytes) -> bytes:
    """The start of a row that `log` could not write to its end; empty when the last row is whole.

    `log` writes `at` and a line end behind every row: what lacks both was never acknowledged.
    """
    tail = data[data.rfind(b"\n") + 1 :]
    header = data.lstrip().partition(b"\n")[0].rstrip(b"\r").split(b",")
    if not tail or header[-1:] != [b"at"]:
        return b""
    cells = next(csv.reader([tail.decode("latin-1")]), [])
    return tail if tail.count(b'"') % 2 or len(cells) < len(header) else b""


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
    moved = _review({**found, **about})
    return replace(written, decisions=moved.decisions, conflicts=moved.conflicts)


def _check_columns(where: str, names: Sequence[str]) -> None:
    """Refuse a first row that is no header, or one with a mistyped name in it. Raises UsageError."""
    lacking = [name for name in BY_HAND[:3] if name not in names]
    needed = [name for name in BY_HAND[:2] if name not in names]
    header = ",".join(BY_HAND)
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


def parse(row: Mapping[str, str | None], class_names: Collection[str], where: str) -> Row:
    """One row of the log, checked; a class beside `reject` is ignored, and so is a reason beside `keep`.

    Raises UsageError that begins with `where`.
    """
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not cells["key"]:
        raise UsageError(f"{where}: no key; the columns are {', '.join(BY_HAND)}, with commas between")
    decision = cells["decision"].lower()
    if decision not in DECISIONS:
        raise UsageError(f"{where}: decision {cells['decision']!r} is not one of {', '.join(DECISIONS)}")
    keys = sorted(set(cells["key"].split()))
    if decision in OF_PAIR and len(keys) != 2:
        raise UsageError(f"{where}: {decision} is about two photos: write both keys with a space between")
    if decision in OF_PHOTO and len(keys) != 1:
        raise UsageError(f"{where}: {decision} is about one photo: write one key, without a space")
    name = cells["class_name"]
    try:
        name = normalise_class(name) if name else ""
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from error
    if name and name not in class_names:
        raise UsageError(f"{where}: class {name!r} is not in the recipe; its classes are {', '.join(class_names)}")
    return Row(
        " ".join(keys),
        decision,
        name if decision == "keep" else "",
        cells["reason"] if decision == "reject" else "",
        *(cells[name] for name in ("note", "reviewer", "at")),
    )
