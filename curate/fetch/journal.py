"""An append-only record of what a long run has already done, so that an interrupted one goes on.

One JSON array per line, `[kind, key, value]`, handed to the system before `add` returns and forced to the disk
once a second: a killed process loses nothing, a power cut the last second. A line cut short by a crash, and
whatever follows it, is forgotten. The journal goes away when the manifest it worked for is published.
"""

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter

from curate.core.errors import Delete, FetchOrImport, StateError, To
from curate.core.files import atomic_write, naming_refusals

JOURNAL = "fetch.journal"  # the name of the file in a folder
FORMAT = "1"  # of the lines, and of what the stages record in them
_SYNC_EVERY_S = 1.0
Json = Any  # what json.loads gives
T = TypeVar("T")


class Journal:
    """The journal at `path`, for a run described by `header`. Thread-safe; a context manager that closes the file.

    A journal of a run with another header keeps only the records of those kinds that `survivors` names, and none
    when its format is another.
    Raises ResourceError when the disk refuses, StateError for lines that no run wrote.
    """

    def __init__(self, path: Path, header: dict[str, str], survivors: tuple[str, ...] = ()) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._synced_at_s = time.monotonic()
        header = {"format": FORMAT} | header
        old_header, self._records, whole = _read(path)
        if old_header is not None and old_header.get("format") != FORMAT:
            self._records = {}
        if not whole or old_header != header:
            if old_header != header:
                self._records = {at: value for at, value in self._records.items() if at[0] in survivors}
            lines = [_line("header", "", header)]
            lines += [_line(kind, key, value) for (kind, key), value in self._records.items()]
            atomic_write(path, b"".join(lines))
        with naming_refusals(path):
            self._file = path.open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._records)

    def get(self, kind: str, key: str) -> Json | None:
        """What was recorded, or None."""
        return self._records.get((kind, key))

    def read(self, kind: str, key: str, as_type: TypeAdapter[T]) -> T | None:
        """What was recorded, as the dataclass that it was, or None. Raises StateError where it is damaged."""
        if (record := self.get(kind, key)) is None:
            return None
        try:
            return as_type.validate_python(record)
        except ValueError as error:
            raise _damaged(self.path, f"what it holds of {key}") from error

    def add(self, kind: str, key: str, value: Json) -> None:
        """Record `value`, which must not be None."""
        line = memoryview(_line(kind, key, value))
        with self._lock, naming_refusals(self.path):
            while line:
                line = line[self._file.write(line) :]
            if time.monotonic() - self._synced_at_s >= _SYNC_EVERY_S:
                os.fsync(self._file.fileno())
                self._synced_at_s = time.monotonic()
            self._records[kind, key] = value

    def remove(self) -> None:
        """The run is published: nothing is left to go on with."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _damaged(path: Path, what: str) -> StateError:
    return StateError(f"{path}: {what} is damaged", To("go on without it", Delete(path), FetchOrImport()))


def renew(path: Path, header: dict[str, str]) -> None:
    """Give the journal at `path` another header, and keep all that it holds."""
    _, records, _ = _read(path)
    lines = [_line("header", "", {"format": FORMAT} | header)]
    atomic_write(path, b"".join([*lines, *(_line(kind, key, value) for (kind, key), value in records.items())]))


def read_header(path: Path) -> dict[str, str] | None:
    """The header of the journal at `path`; None when there is none. Raises StateError."""
    return _read(path)[0]


def _line(kind: str, key: str, value: Json) -> bytes:
    return json.dumps([kind, key, value], ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> tuple[dict[str, str] | None, dict[tuple[str, str], Json], bool]:
    """(header, records in order, whether every line is whole). Raises StateError for lines that no run wrote."""
    records: dict[tuple[str, str], Json] = {}
    data = b""
    with suppress(FileNotFoundError):
        data = path.read_bytes()
    lines = data.split(b"\n")
    header: dict[str, str] | None = None
    for number, line in enumerate(lines[:-1], start=1):
        try:
            whole = json.loads(line)
        except (ValueError, RecursionError):
            return header, records, False
        match whole:
            case ["header", _, dict(value)] if all(isinstance(each, str) for each in value.values()):
                header = value
            case [str(kind), str(key), value] if header is not None and kind != "header":
                records[kind, key] = value
            case _:
                raise _damaged(path, f"line {number}")
    return header, records, header is not None and lines[-1] == b""
