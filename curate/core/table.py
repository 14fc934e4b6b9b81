"""Rows to CSV bytes and back: what a manifest's cells look like.

UTF-8, LF line ends, the header first. `true`/`false`, an empty cell for an absent value, floats rounded to six
decimals. Reading gives back what was written, whatever the text; only a lone surrogate becomes `?`.
"""

import csv
import dataclasses
import gc
import io
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any, TypeVar

from curate.core.batched import batched
from curate.core.errors import StateError

RowT = TypeVar("RowT")

# A spreadsheet runs a cell that starts with one of these (OWASP ASVS 1.2.10). Such text, and text that starts
# with the quote itself, is written behind a quote, which reading takes away again.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\0", "'")

_AT_ONCE = 4096  # rows whose cells are read together, column by column
_REMEMBERED = 1 << 14  # cells of a column, so that rows share the values that repeat

csv.field_size_limit(16 * 1024 * 1024)


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


def _needed(row_type: type[Any]) -> set[str]:
    """The columns that every file has: fields without a default."""
    return {field.name for field in dataclasses.fields(row_type) if field.default is dataclasses.MISSING}


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


def _to_cells(values: Sequence[object]) -> list[str]:
    """The cells of a column's values."""
    if set(map(type, values)) != {str}:
        return list(map(_to_cell, values))
    texts = typing.cast("Sequence[str]", values)
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return list(map(_to_cell, texts))
    return ["'" + text if text.startswith(_FORMULA_START) else text for text in texts]


def format_rows(rows: Iterable[object], row_type: type[Any]) -> bytes:
    """The CSV of `rows`: UTF-8, LF line ends, header first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    names = list(_columns(row_type))
    writer.writerow(names)
    for some in batched(rows, _AT_ONCE):
        columns = [_to_cells([getattr(row, name) for row in some]) for name in names]
        if not any("\r" in "".join(column) for column in columns):
            writer.writerows(zip(*columns, strict=True))
            continue
        for cells in zip(*columns, strict=True):
            # csv quotes a cell for the line end it writes itself; a lone CR needs it as well to survive reading.
            if any("\r" in cell for cell in cells):
                buffer.write(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n")
            else:
                writer.writerow(cells)
    return buffer.getvalue().encode("utf-8")


@contextmanager
def _garbage_waits() -> Iterator[None]:
    """The collector of cycles rests: rows have none, and it would look at all of them again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_garbage_waits()
def parse_rows(data: bytes, row_type: type[RowT], name: str) -> list[RowT]:
    """Read rows back. Columns may come in any order and a BOM is accepted; anything else is refused.

    Raises StateError naming file, row and column.
    """
    columns = _columns(row_type)
    try:
        data.decode("utf-8-sig")  # all of it, before anything is said of a row
    except UnicodeDecodeError as error:
        raise StateError(f"{name}: not UTF-8 at byte {error.start}; the file is damaged") from error
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")  # the text is never in memory as a whole
    reader = csv.reader(lines, strict=True)
    rows: list[RowT] = []
    try:
        header = next(reader, [])
        missing, extra = _needed(row_type) - set(header), set(header) - set(columns)
        if missing or extra or len(header) != len(set(header)):
            what = [f"missing {', '.join(sorted(missing))}"] if missing else []
            what += [f"unknown {', '.join(sorted(extra))}"] if extra else []
            raise StateError(f"{name}: wrong columns: {'; '.join(what) or 'a column is there twice'}")
        known = [_Column(*columns[column]) for column in header]
        defaults = {field.name: field.default for field in dataclasses.fields(row_type)}  # type: ignore[arg-type]
        for some in batched(reader, _AT_ONCE):
            if any(len(cells) != len(header) for cells in some):
                raise _wrong_row(some, len(rows) + 2, header, columns, name)
            try:
                values = dict(zip(header, map(_Column.read, known, zip(*some, strict=True)), strict=True))
            except (ValueError, KeyError) as error:
                raise _wrong_row(some, len(rows) + 2, header, columns, name) from error
            rows.extend(map(row_type, *(values.get(field, repeat(defaults[field])) for field in columns)))
    except csv.Error as error:
        raise StateError(f"{name} line {reader.line_num}: {error}") from error
    return rows


class _Column(dict[str, object]):
    """The values of a column by their cells, as far as they are remembered: reading them one by one is slow."""

    def __init__(self, kind: type, optional: bool) -> None:
        self.kind, self.optional = kind, optional

    def __missing__(self, cell: str) -> object:
        value = self[cell] = _from_cell(cell, self.kind, self.optional)
        return value

    def read(self, cells: Sequence[str]) -> list[Any]:
        """The values of some cells. Raises ValueError or KeyError for one that is not of the column's kind."""
        if len(self) > _REMEMBERED:
            self.clear()
        if self.kind is not str or self.optional:
            return list(map(self.__getitem__, cells))
        texts = [cell.removeprefix("'") for cell in cells]
        return list(map(self.setdefault, texts, texts))


def _wrong_row(
    some: Sequence[Sequence[str]],
    first: int,
    header: Sequence[str],
    columns: dict[str, tuple[type, bool]],
    name: str,
) -> StateError:
    """What is wrong with the first wrong one of some rows, of which one is; `first` is the number of the first."""
    for number, cells in enumerate(some, start=first):
        if len(cells) != len(header):
            return StateError(f"{name} row {number}: {len(cells)} cells, expected {len(header)}")
        for column, cell in zip(header, cells, strict=True):
            try:
                _from_cell(cell, *columns[column])
            except (ValueError, KeyError):
                kind = columns[column][0].__name__
                return StateError(f"{name} row {number}, column {column}: {cell!r} is not {kind}")
    raise AssertionError("no row is wrong")
