"""The manifests of a folder as an SQLite file beside them: any photo and any page of a queue in a millisecond.

It is made once per set of manifests, which takes seconds at 100,000 photos, and memory does not grow with them.
"""

import csv
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.files import file_sha256
from curate.core.schemas import CleanRow

NAME = "review.index.cache"
FORMAT = 2
STAGES = ("fetch", "dedup", "clean")
RANDOM = "kept"
_NUMBERS = {
    "position", "width", "height", "distance", "score", "concept_score", "typicality", "label_score", "sharpness",
    "brightness", "review_rank",
}  # fmt: skip
_OF_FETCH = (
    "key", "listing_id", "seller_class", "position", "title", "city", "year", "price", "currency", "page_url",
    "path", "sha256", "width", "height",
)  # fmt: skip
_OF_DEDUP = ("duplicate_of", "distance", "confirmed_by", "label_conflict", "dedup_reason", "duplicate_group")
_OF_CLEAN = (
    "class_name", "score", "concept", "concept_score", "typicality", "label_score", "likely_class", "sharpness",
    "brightness", "borderline", "review_rank", "keep", "reason",
)  # fmt: skip
COLUMNS = (*_OF_FETCH, *_OF_DEDUP, *_OF_CLEAN)
_QUEUES = {  # name: the photos of it, the order, what is its key
    "borderline": ("borderline = 'true'", "review_rank", "key"),
    "label_errors": (
        "keep = 'true' AND label_score IS NOT NULL AND likely_class NOT IN ('', class_name)",
        "label_score, key",
        "key",
    ),
    "label_conflicts": (
        "label_conflict = 'true' AND duplicate_of = '' "
        "AND (keep = 'true' OR reason IN ('wrong_class', 'reviewed'))",
        "key",
        "key",
    ),
    "duplicates": (
        "dedup_reason IN ('near_duplicate', 'collage')",
        "distance DESC, key",
        "min(key, duplicate_of) || ' ' || max(key, duplicate_of)",
    ),
}


def identity(folder: Path) -> dict[str, Any]:
    """What an index of the manifests in `folder` is made from. Raises StateError when one is missing."""
    return {"format": FORMAT} | {stage: manifest.read_sidecar(folder, stage)["sha256"] for stage in STAGES}


def open_index(folder: Path) -> sqlite3.Connection:
    """The index of the manifests in `folder`, made where there is none of them.

    Raises StateError when fetch, dedup or clean is missing, damaged, or made from another manifest than is there.
    """
    wanted, path = identity(folder), folder / NAME
    if path.exists():
        with closing(_connect(path)) as found:
            try:
                same = json.loads(found.execute("SELECT text FROM made_from").fetchone()[0]) == wanted
            except (sqlite3.DatabaseError, TypeError, ValueError):
                same = False
        if same:
            return _connect(path)
    for stage in STAGES:
        csv_path = manifest.csv_path(folder, stage)
        if not csv_path.exists():
            raise StateError(f"{csv_path} is not there", manifest.remedy(folder, stage))
        if changed := manifest.mismatch(folder, stage, ignored=["review.csv"]):
            raise StateError(changed, manifest.remedy(folder, stage))
        if file_sha256(csv_path) != wanted[stage]:
            raise StateError(f"{csv_path} was changed after it was written", manifest.remedy(folder, stage))
    temporary = folder / f".tmp-{secrets.token_hex(8)}"
    try:
        with closing(sqlite3.connect(temporary)) as made:
            _build(made, folder, json.dumps(wanted))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return _connect(path)


def photo(index: sqlite3.Connection, key: str) -> dict[str, Any] | None:
    """All that is known of one photo, by column; None when there is none of this key."""
    row = index.execute("SELECT * FROM photo WHERE key = ?", (key,)).fetchone()
    return dict(row) if row else None


def clean_row(found: Mapping[str, Any]) -> CleanRow:
    """The row of clean.csv of a photo that has one."""
    values = {name: found[name] for name in (*_OF_CLEAN, "key", "path")}
    return CleanRow(**(values | {name: values[name] == "true" for name in ("keep", "borderline")}))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _rows(folder: Path, stage: str) -> Iterator[dict[str, str]]:
    """The rows of a manifest as text: reading them into their types takes ten times as long."""
    with manifest.csv_path(folder, stage).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _build(index: sqlite3.Connection, folder: Path, made_from: str) -> None:
    index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;")
    types = ", ".join(f"{name} {'NUMERIC' if name in _NUMBERS else 'TEXT'}" for name in COLUMNS)
    index.execute(f"CREATE TABLE photo ({types}, PRIMARY KEY (key)) WITHOUT ROWID")
    index.execute(
        "CREATE TABLE queue (name TEXT, place INTEGER, key TEXT, PRIMARY KEY (name, place)) WITHOUT ROWID"
    )
    marks = ", ".join("?" for _ in COLUMNS)
    index.executemany(f"INSERT INTO photo VALUES ({marks})", _joined(folder))
    index.execute("CREATE INDEX by_listing ON photo (listing_id, position)")
    index.execute("CREATE INDEX by_file ON photo (sha256)")
    index.execute("CREATE INDEX by_group ON photo (duplicate_group) WHERE label_conflict = 'true'")
    for name, (which, order, key) in _QUEUES.items():
        _fill(index, name, index.execute(f"SELECT {key} FROM photo WHERE {which} ORDER BY {order}"))
    reasons = "SELECT reason FROM photo WHERE keep = 'false' GROUP BY reason ORDER BY count(*) DESC"
    for (reason,) in index.execute(reasons).fetchall():
        rows = index.execute("SELECT key FROM photo WHERE reason = ? ORDER BY score DESC, key", (reason,))
        _fill(index, f"rejected:{reason}", rows)
    index.create_function("shuffled", 1, lambda key: sha256(f"{RANDOM}|{key}".encode()).digest())
    _fill(index, RANDOM, index.execute("SELECT key FROM photo WHERE keep = 'true' ORDER BY shuffled(key)"))
    index.execute("CREATE INDEX in_queue ON queue (key)")
    index.execute("CREATE TABLE made_from (text TEXT)")
    index.execute("INSERT INTO made_from VALUES (?)", (made_from,))
    index.commit()


def _fill(index: sqlite3.Connection, name: str, rows: Iterable[Any]) -> None:
    keys = [row[0] for row in rows]
    index.executemany("INSERT INTO queue VALUES (?, ?, ?)", ((name, place, key) for place, key in enumerate(keys)))


def _joined(folder: Path) -> Iterator[list[str | None]]:
    """The photos that fetch kept, as rows of the table. The manifests are sorted by key: they are merged."""
    dedup, clean = _rows(folder, "dedup"), _rows(folder, "clean")
    hashed, scored = next(dedup, None), next(clean, None)
    for row in _rows(folder, "fetch"):
        if row["keep"] != "true":
            continue
        key = row["key"]
        while hashed and hashed["key"] < key:
            hashed = next(dedup, None)
        while scored and scored["key"] < key:
            scored = next(clean, None)
        row["seller_class"] = row["class_name"]
        cells = [row.get(name, "") for name in _OF_FETCH]
        if hashed and hashed["key"] == key:
            hashed |= {"dedup_reason": hashed["reason"], "duplicate_group": hashed["group"]}
            cells += [hashed[name] for name in _OF_DEDUP]
        else:
            cells += [""] * len(_OF_DEDUP)
        if scored and scored["key"] == key:
            cells += [scored[name] for name in _OF_CLEAN]
        else:
            cells += [""] * len(_OF_CLEAN)
        yield [
            None
            if not cell and name in _NUMBERS
            else cell.removeprefix("'")  # of text that a spreadsheet would run
            for name, cell in zip(COLUMNS, cells, strict=True)
        ]
