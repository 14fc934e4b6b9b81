"""Append to a log of decisions, `review.csv` or a sample's, so that no crash and no second process loses a row.

A row is written in one call to the end of the file, under a lock beside it, and is on the disk before `append`
returns. What a killed process left behind is an incomplete last row, which was never acknowledged: the next append
removes it. A file that a person wrote is kept as it is, with the columns that it lacks behind its own.
"""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

from curate.core.errors import ResourceError, UsageError
from curate.core.files import atomic_write, crash_point
from curate.review import decisions
from curate.review.decisions import COLUMNS, Row

LOCK_S = 30.0  # an append takes milliseconds


def append(path: Path, rows: Sequence[Row]) -> int:
    """Add rows to the log at `path`, which is made where it is not there. They are on the disk when this returns.

    Returns where in the file they begin, in bytes.

    Raises UsageError when the file is not such a log, ResourceError when the disk refuses.
    """
    beside = path.with_name(f".{path.name}.lock")
    try:
        try:
            guard: FileLock | SoftFileLock = FileLock(beside, timeout=LOCK_S, fallback_to_soft=False)
            guard.acquire()
        except NotImplementedError:  # a file system without locks
            guard = SoftFileLock(beside.with_suffix(".held"), timeout=LOCK_S)
            guard.acquire()
    except Timeout as error:
        raise ResourceError(f"{path}: another process has held {beside} for {LOCK_S:.0f} seconds") from error
    except OSError as error:
        raise ResourceError(f"cannot lock {path}: {error.strerror or error}") from error
    try:
        columns, start = _ready(path)
        return _write(path, start + _lines(columns, rows))
    except OSError as error:
        raise ResourceError(f"cannot write {path}: {error.strerror or error}; free space or fix it") from error
    finally:
        guard.release()


def _ready(path: Path) -> tuple[Sequence[str], bytes]:
    """The columns of a log that can take a row, and what must come first: a line end, or nothing."""
    data = path.read_bytes() if path.exists() else b""
    if not data.strip(b"\xef\xbb\xbf \r\n"):
        atomic_write(path, _csv([COLUMNS]))
        return COLUMNS, b""
    if torn := decisions.torn_tail(data):
        with path.open("r+b") as file:
            file.truncate(len(data) - len(torn))
        data = data[: len(data) - len(torn)]
    try:
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        header = next(cells for cells in csv.reader(text, strict=True) if any(map(str.strip, cells)))
        if not {"key", "decision"} <= set(header):
            raise UsageError(f"{path}: its first row is no header; write {','.join(decisions.BY_HAND)}")
        lacking = [name for name in COLUMNS if name not in header]
        if lacking:
            rest = [cells for cells in csv.reader(text, strict=True) if any(map(str.strip, cells))]
            table = [[*header, *lacking]]
            table += [cells[: len(header)] + [""] * (len(table[0]) - len(cells[: len(header)])) for cells in rest]
            atomic_write(path, _csv(table))
            return table[0], b""
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as a UTF-8 CSV: {error}") from error
    return header, b"" if data.endswith(b"\n") else b"\n"


def _lines(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Rows as lines of a log with these columns; one line each."""
    cells = [{name: " ".join(text.split()) for name, text in asdict(row).items()} for row in rows]
    return _csv([row.get(name, "") for name in columns] for row in cells)


def _csv(table: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(table)
    return buffer.getvalue().encode()


def _write(path: Path, data: bytes) -> int:
    """Write to the end of the file, and wait until the disk has it. Returns how long the file was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        if os.environ.get("CURATE_CRASH_AT") == "torn_row":
            os.write(descriptor, data[: len(data) // 2])
            crash_point("torn_row")
        before = os.fstat(descriptor).st_size
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
        return before
    finally:
        os.close(descriptor)
