"""A folder tree or a CSV instead of a site: what it offers, as plain items.

A tree has a folder per class, or `train`, `validation` (or `val`) and `test` with a folder per class in each:
an import keeps their split, or that of a CSV's column `split`, if it is told to; else the split stage makes one.
Class folders are compared by `recipe.normalise_class`. Every file below them is offered, but hidden ones and those
that systems leave behind. Links to files inside the tree are followed; others are offered without a file, and
told of.

A CSV has a column `class_name` and either `path`, relative to the CSV and inside its folder, or `url`; and if it
likes `listing_id`, `title`, `region`, `city`, `year`, `price`.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath

from curate.core.errors import RejectedError, Run, To, UsageError
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.tree import SPLIT_OF, LocalPhoto, Offered, known, scan, target, utf8
from curate.fetch.sources.values import MAX_TEXT
from curate.photos.decode import read_file

_COLUMNS = {"path", "url", "class_name", "listing_id", "title", "region", "city", "year", "price", "split"}
_EXPORTED = {"key", "sha256", "bytes"}  # further columns of photos.csv in an export
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}
_MAX_CSV = 512 * 1024**2  # bytes


def read(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of the tree or CSV at `path`. Raises UsageError."""
    if path.is_dir():
        offered = scan(path, class_names)
    elif path.suffix.lower() in _ARCHIVES and path.is_file():
        raise UsageError(
            f"{path} is an archive: unpack it", To("import what is in it", Run("import", ("FOLDER",)))
        )
    elif path.is_file():
        offered = read_csv(path, class_names)
    else:
        what = "neither a folder nor a CSV" if path.exists() else "there is no such file or folder"
        raise UsageError(f"{path}: {what}; give a folder with a folder per class, or a .csv file")
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{utf8(path.resolve())}: this name is not UTF-8, which the manifest is: rename it"
        ) from error
    if links := [item.name for item in offered.items if item.is_link]:
        found = f"{links[0]} is a link" if len(links) == 1 else f"{len(links)} files are links, e.g. {links[0]}"
        remark = f"{found}, and only links to files inside the folder are followed: copy the file itself"
        return Offered(offered.items, (*offered.remarks, remark))
    return offered


# --- CSV ----------------------------------------------------------------------------------------------------


def read_csv(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of a CSV, in its order. Raises UsageError naming row and column."""
    try:
        text = read_file(path, _MAX_CSV).decode("utf-8-sig")
    except RejectedError as error:
        raise UsageError(f"{path}: {error.detail}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no CSV, or not in UTF-8 (byte {error.start}); save it as UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = set(reader.fieldnames or ())
        if "class_name" not in columns or not columns & {"path", "url"}:
            raise UsageError(
                f"{path}: needs the columns class_name and path or url; has {', '.join(sorted(columns))}"
            )
        if unknown := columns - _COLUMNS - _EXPORTED:
            raise UsageError(
                f"{path}: unknown columns {', '.join(sorted(unknown))}; known: {', '.join(sorted(_COLUMNS))}"
            )
        items = [_row(path, number, cells, class_names) for number, cells in enumerate(reader, start=2)]
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: {error}") from error
    if not items:
        raise UsageError(f"{path}: no rows")
    first: dict[tuple[str, str], tuple[int, LocalPhoto]] = {}
    for number, item in enumerate(items, start=2):
        before, same = first.setdefault((item.listing_id, item.name), (number, item))
        if same.class_name != item.class_name:
            raise UsageError(
                f"{path} rows {before} and {number}: {item.name} is both {same.class_name} and {item.class_name}"
            )
    keys = Counter(item.key for _, item in first.values() if item.key)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise UsageError(f"{path}: the key {twice[0]} is there twice")
    repeated = len(items) - len(first)
    remarks = (f"{repeated} rows repeat a photo of their listing and count once",) if repeated else ()
    return Offered(tuple(item for _, item in first.values()), remarks)


def _row(path: Path, number: int, cells: dict[str, str], class_names: Sequence[str]) -> LocalPhoto:
    where = f"{path} row {number}"
    if None in cells or None in cells.values():
        raise UsageError(f"{where}: more or fewer cells than columns")
    cells = {name: cell.strip() for name, cell in cells.items()}
    key = cells.get("key", "")
    if key:  # an export: text that a spreadsheet would run is behind a quote
        cells = {name: cell.removeprefix("'") for name, cell in cells.items()}
    if key and not re.fullmatch("[0-9a-f]{16}", key):
        raise UsageError(f"{where}, column key: {key!r} is not a key of 16 hex digits")
    class_name = known(cells["class_name"], class_names, where)
    url, name = cells.get("url", ""), cells.get("path", "")
    if bool(url) == bool(name):
        raise UsageError(f"{where}: give either a path or a url")
    file, is_link = None, False
    if url:
        try:
            name = canonical_url(url)
        except RejectedError as error:
            raise UsageError(f"{where}, column url: {error.detail}") from error
    else:
        file, is_link = target(path.parent, path.parent / name)
        name = PurePath(name).as_posix()  # ./a.jpg is a.jpg
    texts = {column: cells.get(column, "")[:MAX_TEXT] for column in ("listing_id", "title", "region", "city")}
    year = _number(where, "year", cells)
    if year is not None and (year != int(year) or not 0 < year < 10_000):
        raise UsageError(f"{where}, column year: {cells['year']!r} is not a year")
    return LocalPhoto(
        class_name,
        name,
        file,
        bool(url),
        year=None if year is None else int(year),
        price=_number(where, "price", cells),
        **texts,
        key=key,
        split=SPLIT_OF.get(cells.get("split", "").lower(), ""),
        is_link=is_link,
    )


def _number(where: str, column: str, cells: dict[str, str]) -> float | None:
    cell = cells.get(column, "")
    try:
        value = float(cell) if cell else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise UsageError(f"{where}, column {column}: {cell!r} is not a number")
    return value
