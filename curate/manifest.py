"""Manifests: strict read, atomic write, and the sidecar that proves them.

`<stage>.csv` holds rows, `<stage>.json` (its sidecar) holds what is true of them: their count and sha256, the
sha256 of each input, configuration, versions, counts by reason, times. A manifest that exists is complete; one
that differs from its sidecar is refused; one whose inputs, configuration or versions changed is stale.
"""

import csv
import dataclasses
import hashlib
import io
import json
import os
import sys
import tempfile
import types
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel

from curate import __version__
from curate.errors import ResourceError, StateError
from curate.schemas import REASONS, ROW_TYPES, Row

FORMAT = 1  # of the sidecar and of the cell encoding
RowT = TypeVar("RowT")

# A spreadsheet runs a cell that starts with one of these (OWASP ASVS 1.2.10). Such text, and text that starts
# with the quote itself, is written behind a quote, which reading takes away again.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\0", "'")

csv.field_size_limit(16 * 1024 * 1024)


# --- cells and rows -----------------------------------------------------------------------------------------


@lru_cache
def _columns(row_type: type[Any]) -> dict[str, tuple[type, bool]]:
    """Column name to (type, may be absent)."""
    hints = typing.get_type_hints(row_type)
    columns = {}
    for field in dataclasses.fields(row_type):
        hint = hints[field.name]
        optional = isinstance(hint, types.UnionType)
        kind = next(t for t in typing.get_args(hint) if t is not type(None)) if optional else hint
        columns[field.name] = (kind, optional)
    return columns


def _to_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(round(value, 6))
    if isinstance(value, int):
        return str(value)
    text = str(value).encode("utf-8", "replace").decode("utf-8")  # a lone surrogate becomes "?"
    return "'" + text if text.startswith(_FORMULA_START) else text


def _from_cell(cell: str, kind: type, optional: bool) -> object:
    if cell == "" and optional:
        return None
    if kind is bool:
        return {"true": True, "false": False}[cell]
    if kind is str:
        return cell.removeprefix("'")
    return kind(cell)


def format_rows(rows: Iterable[object], row_type: type[Any]) -> bytes:
    """The CSV of `rows`: UTF-8, LF line ends, header first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    names = list(_columns(row_type))
    writer.writerow(names)
    for row in rows:
        cells = [_to_cell(getattr(row, name)) for name in names]
        # csv quotes a cell for the line end it writes itself; a lone CR needs it as well to survive reading.
        if any("\r" in cell for cell in cells):
            buffer.write(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n")
        else:
            writer.writerow(cells)
    return buffer.getvalue().encode("utf-8")


def parse_rows(data: bytes, row_type: type[RowT], name: str) -> list[RowT]:
    """Read rows back. Columns may come in any order and a BOM is accepted; anything else is refused.

    Raises StateError naming file, row and column.
    """
    columns = _columns(row_type)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StateError(f"{name}: not UTF-8 at byte {error.start}; the file is damaged") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[RowT] = []
    try:
        header = next(reader, [])
        missing, extra = set(columns) - set(header), set(header) - set(columns)
        if missing or extra or len(header) != len(columns):
            what = [f"missing {', '.join(sorted(missing))}"] if missing else []
            what += [f"unknown {', '.join(sorted(extra))}"] if extra else []
            raise StateError(f"{name}: wrong columns: {'; '.join(what) or 'a column is there twice'}")
        for number, cells in enumerate(reader, start=2):
            if len(cells) != len(header):
                raise StateError(f"{name} row {number}: {len(cells)} cells, expected {len(header)}")
            values = {}
            for column, cell in zip(header, cells, strict=True):
                try:
                    values[column] = _from_cell(cell, *columns[column])
                except (ValueError, KeyError) as error:
                    kind = columns[column][0].__name__
                    raise StateError(f"{name} row {number}, column {column}: {cell!r} is not {kind}") from error
            rows.append(row_type(**values))
    except csv.Error as error:
        raise StateError(f"{name} line {reader.line_num}: {error}") from error
    return rows


# --- files --------------------------------------------------------------------------------------------------


def crash_point(name: str) -> None:
    """End the process here when `CURATE_CRASH_AT` names this point: how the tests prove that a rerun recovers."""
    if os.environ.get("CURATE_CRASH_AT") == name:
        os._exit(137)


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` so that `path` either holds all of it or what it held before.

    A temporary file in the same folder, fsync, rename, fsync of the folder. Raises ResourceError when the disk
    refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            crash_point("before_rename")
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        crash_point("after_rename")
        _fsync_folder(path.parent)
    except OSError as error:
        raise ResourceError(f"cannot write {path}: {error.strerror or error}; free space or fix it, then rerun") from error


def _fsync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; NTFS journals the rename
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove temporary files of dead runs. Call it only while holding the folder's lock."""
    for leftover in folder.rglob(".tmp-*"):
        with suppress(OSError):
            leftover.unlink()


def inside(folder: Path, relative: str) -> Path:
    """The absolute path of a row's file. Raises StateError for a path that leads out of `folder`."""
    root = folder.resolve()
    target = (root / relative).resolve()
    if not relative or not target.is_relative_to(root):
        raise StateError(f"{relative!r} leads out of {folder}: the manifest was not written by curate")
    return target


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for one run. Raises StateError naming the process that holds it; a dead one holds nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"cannot create {folder}: {error.strerror or error}") from error
    holder = folder / ".lock.pid"
    guard = FileLock(folder / ".lock", timeout=0)
    try:
        guard.acquire()
    except Timeout as error:
        pid = holder.read_text(encoding="utf-8").strip() if holder.exists() else "unknown"
        raise StateError(f"{folder} is in use by process {pid}; wait for it to end, or stop it") from error
    except OSError as error:
        raise ResourceError(f"cannot lock {folder}: {error.strerror or error}") from error
    try:
        holder.write_text(f"{os.getpid()}\n", encoding="utf-8")
        sweep(folder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        guard.release()


# --- manifests and sidecars ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Provenance:
    """What a manifest was made from. Two runs with equal provenance give equal bytes."""

    stage: str
    inputs: dict[str, str]  # file name to sha256
    config: dict[str, Any]
    versions: dict[str, str]

    def changes(self, other: "Provenance") -> list[str]:
        """What differs in `other`, one line each; empty when nothing does."""
        lines = []
        for part in ("inputs", "config", "versions"):
            mine, theirs = getattr(self, part), getattr(other, part)
            for name in sorted(mine.keys() | theirs.keys()):
                old, new = mine.get(name), theirs.get(name)
                if old != new:
                    lines.append(f"{name} changed" if part == "inputs" else f"{part}.{name}: {old} -> {new}")
        return lines


def csv_path(folder: Path, stage: str) -> Path:
    """Where the manifest of `stage` is."""
    return folder / f"{stage}.csv"


def sidecar_path(folder: Path, stage: str) -> Path:
    """Where the sidecar of `stage` is."""
    return folder / f"{stage}.json"


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def provenance(
    folder: Path,
    stage: str,
    inputs: Sequence[str],
    config: BaseModel,
    packages: Sequence[str] = (),
    extra_versions: Mapping[str, str] = types.MappingProxyType({}),
    extra_files: Sequence[Path] = (),
) -> Provenance:
    """What a run of `stage` now would be made from.

    `inputs` are stages, `extra_files` other files inside `folder` (absent ones count as absent), `packages` the
    installed distributions whose version can change the result, `extra_versions` e.g. the sha256 of weights.
    Raises StateError when an input is missing or itself stale.
    """
    digests = {}
    for upstream in inputs:
        if not csv_path(folder, upstream).exists():
            raise StateError(f"{csv_path(folder, upstream)} is not there: run `curate {command(upstream)}` first")
        if changed := stale_inputs(folder, upstream):
            raise StateError(
                f"{upstream}.csv was made from another {', '.join(changed)}: run `curate {command(upstream)}` first"
            )
        digests[f"{upstream}.csv"] = read_sidecar(folder, upstream)["sha256"]
    for path in extra_files:
        digests[path.name] = file_sha256(path) if path.exists() else "absent"
    versions = {"curate": __version__} | {name: version(name) for name in packages} | dict(extra_versions)
    return Provenance(stage, digests, json.loads(config.model_dump_json()), versions)


def command(stage: str) -> str:
    """The CLI's word for a stage: `train_baseline` is `train-baseline`."""
    return stage.replace("_", "-")


def read_sidecar(folder: Path, stage: str) -> dict[str, Any]:
    """The sidecar as written. Raises StateError when it is missing or damaged."""
    path = sidecar_path(folder, stage)
    try:
        sidecar = json.loads(path.read_bytes())
        if sidecar["format"] != FORMAT:
            raise StateError(f"{path}: format {sidecar['format']}, this version reads {FORMAT}")
        return dict(sidecar)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path}: missing or damaged; run `curate {command(stage)}` again") from error


def stale_inputs(folder: Path, stage: str) -> list[str]:
    """Input files of `stage` that are not what they were when it ran."""
    changed = []
    for name, digest in read_sidecar(folder, stage)["inputs"].items():
        path = folder / name
        upstream = path.stem
        if path.suffix == ".csv" and upstream in ROW_TYPES:
            now = read_sidecar(folder, upstream)["sha256"] if path.exists() else "absent"
        else:
            now = file_sha256(path) if path.exists() else "absent"
        if now != digest:
            changed.append(name)
    return changed


def recorded_provenance(folder: Path, stage: str) -> Provenance:
    """The provenance in the sidecar of `stage`."""
    sidecar = read_sidecar(folder, stage)
    return Provenance(stage, sidecar["inputs"], sidecar["config"], sidecar["versions"])


def is_current(folder: Path, wanted: Provenance) -> bool:
    """True when the manifest exists, is intact, and was made from exactly this."""
    path = csv_path(folder, wanted.stage)
    if not path.exists() or not sidecar_path(folder, wanted.stage).exists():
        return False
    return (
        recorded_provenance(folder, wanted.stage) == wanted
        and file_sha256(path) == read_sidecar(folder, wanted.stage)["sha256"]
    )


def read(folder: Path, row_type: type[RowT]) -> list[RowT]:
    """All rows of a stage's manifest, kept and rejected, sorted by key.

    Raises StateError when the file is missing, or is not what its sidecar says.
    """
    stage: str = row_type.stage  # type: ignore[attr-defined]
    path = csv_path(folder, stage)
    sidecar = read_sidecar(folder, stage)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StateError(f"{path} is not there: run `curate {command(stage)}` first") from error
    if hashlib.sha256(data).hexdigest() != sidecar["sha256"]:
        raise StateError(
            f"{path} was changed after it was written (its sha256 is not the sidecar's): "
            f"delete it and run `curate {command(stage)}` again; your own decisions belong in review.csv"
        )
    rows = parse_rows(data, row_type, str(path))
    if len(rows) != sidecar["rows"]:
        raise StateError(f"{path}: {len(rows)} rows, its sidecar says {sidecar['rows']}")
    return rows


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """`kept` and each reason with its number of rows, the largest first."""
    tally = Counter(row.reason for row in rows if not row.keep)
    kept = sum(1 for row in rows if row.keep)
    return {"kept": kept} | dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))


def write(
    folder: Path,
    rows: Sequence[Row],
    made_from: Provenance,
    started: datetime,
    notes: Mapping[str, Any] = types.MappingProxyType({}),
) -> None:
    """Publish a manifest and its sidecar, atomically; `notes` goes into the sidecar as it is.

    Raises StateError when rows are not sorted by unique key, or carry a reason outside the closed set: both
    would be a mistake in the stage.
    """
    stage = made_from.stage
    keys = [row.key for row in rows]
    if any(a >= b for a, b in zip(keys, keys[1:], strict=False)):
        raise StateError(f"{stage}: rows are not sorted by unique key")
    for row in rows:
        if row.keep != (row.reason == "") or (row.reason and row.reason not in REASONS[stage]):
            raise StateError(f"{stage}: row {row.key} has keep={row.keep} with reason {row.reason!r}")
    data = format_rows(rows, ROW_TYPES[stage])
    sidecar = {
        "format": FORMAT,
        "stage": stage,
        "rows": len(rows),
        "sha256": hashlib.sha256(data).hexdigest(),
        "counts": counts(rows),
        **dataclasses.asdict(made_from),
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "notes": dict(notes),
    }
    # The old sidecar goes first: a crash between the two writes leaves a manifest that is refused, not trusted.
    sidecar_path(folder, stage).unlink(missing_ok=True)
    atomic_write(csv_path(folder, stage), data)
    crash_point("between_manifest_and_sidecar")
    atomic_write(sidecar_path(folder, stage), json.dumps(sidecar, indent=1, ensure_ascii=False).encode() + b"\n")


def funnel_line(folder: Path, stage: str) -> str:
    """One line that accounts for every row: `clean: 4590 in, 4128 kept, 190 not_car, 60 closeup`."""
    sidecar = read_sidecar(folder, stage)
    parts = [f"{sidecar['rows']} in"] + [f"{number} {name}" for name, number in sidecar["counts"].items()]
    return f"{stage}: {', '.join(parts)}"
