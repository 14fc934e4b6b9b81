"""A folder tree or a CSV instead of a site: what it offers, as plain items.

A tree has a folder per class, or `train`, `validation` (or `val`) and `test` with a folder per class in each:
an import keeps their split, or that of a CSV's column `split`, if it is asked to; else the split stage makes one.
Class folders are compared by `recipe.normalise_class`. Every file below them is offered, but hidden ones and those
that systems leave behind. Links to files inside the tree are followed; others are offered without a file, and
reported.

A CSV has a column `class_name` and either `path`, relative to the CSV and inside its folder, or `url`; and if it
likes `listing_id`, `title`, `region`, `city`, `year`, `price`. Other names that people give these columns are
read, further columns passed over; so are commas, semicolons or tabs, and UTF-8, UTF-16 or windows-1252.
"""

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath, PureWindowsPath

from curate.core.counted import counted
from curate.core.errors import INTO_FOLDERS, Do, RejectedError, Run, To, UsageError
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.containers import is_shard, photos_csv, refuse
from curate.fetch.sources.tree import (
    SPLIT_OF,
    LocalPhoto,
    Offered,
    known,
    scan,
    target,
    utf8,
)
from curate.fetch.sources.values import MAX_TEXT
from curate.fetch.sources.values import number as number_in
from curate.photos.decode import read_file
from curate.photos.store import PHOTO_SUFFIXES

_COLUMNS = {"path", "url", "class_name", "listing_id", "title", "region", "city", "year", "price", "split"}
_EXPORTED = {"key", "sha256", "bytes"}  # further columns of photos.csv in an export
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}
_TABLES = {  # that are no CSV
    ".json": "JSON", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".parquet": "Parquet", ".arrow": "Arrow",
    ".xls": "an Excel sheet", ".xlsx": "an Excel sheet", ".ods": "an OpenDocument sheet", ".pkl": "a pickle",
}  # fmt: skip
_ALIASES = {  # how others name our columns
    "path": ("file_name", "filename", "file", "image", "image_path", "filepath"),
    "url": ("image_url",),
    "class_name": ("label", "class", "category", "target"),
    "listing_id": ("listing", "group", "group_id"),
}
_MOST_TOLD = 10  # mistakes that one message names
_MAX_CSV = 512 * 1024**2  # bytes


def read(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of the tree or CSV at `path`. Raises UsageError."""
    if path.is_dir():
        offered = _read_tree(path, class_names)
    elif path.suffix.lower() in _ARCHIVES and path.is_file() and is_shard(path):
        raise UsageError(
            f"{path} is a shard of a WebDataset, and no photo file",
            To("", INTO_FOLDERS, Run("import", ("FOLDER",))),
        )
    elif path.suffix.lower() in _ARCHIVES and path.is_file():
        raise UsageError(
            f"{path} is an archive: unpack it", To("import what is in it", Run("import", ("FOLDER",)))
        )
    elif path.suffix.lower() in _TABLES and path.is_file():
        raise UsageError(
            f"{path} is {_TABLES[path.suffix.lower()]}, which import does not read",
            *([INTO_FOLDERS] if path.suffix.lower() in (".parquet", ".arrow") else []),
            Do("save it as a CSV with the columns path and class_name"),
        )
    elif path.is_file() and path.suffix.lower() not in PHOTO_SUFFIXES:
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
        return replace(offered, remarks=(*offered.remarks, remark))
    return offered


def _read_tree(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of the tree at `path`. Raises UsageError, which says what `path` is where it is no tree."""
    try:
        offered = scan(path, class_names)
    except UsageError:
        refuse(path)
        raise
    if not any(PurePath(item.name).suffix.lower() in PHOTO_SUFFIXES for item in offered.items):
        refuse(path)
    if table := photos_csv(path):
        remark = f"{table} names keys, listings and splits: to keep them, import this file with --keep-split"
        return replace(offered, remarks=(*offered.remarks, remark))
    return offered


# --- CSV ----------------------------------------------------------------------------------------------------


def read_csv(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of a CSV, in its order. Raises UsageError naming all rows and columns that are wrong."""
    remarks: list[str] = []
    try:
        text = _text(path, read_file(path, _MAX_CSV), remarks)
    except RejectedError as error:
        raise UsageError(f"{path}: {error.detail}") from error
    first_line, _, rest = text.partition("\n")
    if first_line.lower().startswith("sep=") and len(first_line.strip()) == 5:  # as spreadsheets write it
        text, first_line = rest, rest.partition("\n")[0]
    separator = max((",", ";", "\t"), key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    problems: list[str] = []
    items: list[tuple[int, LocalPhoto]] = []
    try:
        columns = _columns(path, next(reader, []), remarks)
        for number, row in enumerate(reader, start=2):
            if not row:
                continue
            try:
                if len(row) != len(columns):
                    raise UsageError(f"row {number}: more or fewer cells than columns")
                cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True) if name}
                items.append((number, _row(path.parent, number, cells, class_names, remarks)))
            except UsageError as error:
                problems.append(str(error))
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num}: {error}") from error
    if not items and not problems:
        raise UsageError(f"{path}: no rows")
    first: dict[tuple[str, str], tuple[int, LocalPhoto]] = {}
    for number, item in items:
        before, same = first.setdefault((item.listing_id, item.name), (number, item))
        if same.class_name != item.class_name:
            problems.append(
                f"rows {before} and {number}: {item.name} is both {same.class_name} and {item.class_name}"
            )
    keys = Counter(item.key for _, item in first.values() if item.key)
    problems += [f"the key {key} is there twice" for key, count in keys.items() if count > 1]
    if problems:
        more = f"; and {len(problems) - _MOST_TOLD:,} more" if len(problems) > _MOST_TOLD else ""
        raise UsageError(f"{path}: {'; '.join(problems[:_MOST_TOLD])}{more}")
    _check_paths(path, [item for _, item in items], remarks)
    if repeated := len(items) - len(first):
        remarks.append(
            f"not counted again: {counted(repeated, 'row repeats', 'rows repeat')} a photo of the listing"
        )
    if again := [item for _, item in items if item.split != first[item.listing_id, item.name][1].split]:
        remarks.append(f"{counted(len(again), 'row')} of a photo in another split, too, e.g. {again[0].name}")
    each = [f"{text} ({count:,} times)" if count > 1 else text for text, count in Counter(remarks).items()]
    return Offered(tuple(item for _, item in first.values()), tuple(each), tuple(again))


def _text(path: Path, data: bytes, remarks: list[str]) -> str:
    """What a byte order mark says, UTF-8, or windows-1252, which is remarked. Raises UsageError."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        refusal = UsageError(f"{path}: no CSV, or not in UTF-8 (byte {error.start}); save it as UTF-8")
        if encoding == "utf-16" or b"\0" in data:
            raise refusal from error
        odd = error.start
    try:
        text = data.decode("cp1252")  # a character a byte, so that the places are the same
    except UnicodeDecodeError:
        raise refusal from None
    start, end = (re.search(r"[\w ]*", part)[0] for part in (text[:odd][::-1], text[odd:]))  # type: ignore[index]
    seen = f"{start[::-1]}{end}".strip()[:40] or text[odd]
    remarks.append(f"it is not in UTF-8 and was read as windows-1252: {seen!r}; save it as UTF-8 if that is wrong")
    return text


def _check_paths(path: Path, items: Sequence[LocalPhoto], remarks: list[str]) -> None:
    """Remark the paths that lead out of the folder of the CSV. Raises UsageError where no path is of use."""
    folder = path.parent
    named = [item for item in items if not item.is_url]
    outside = [item for item in named if item.file is None and not item.is_link and _leads_out(folder, item.name)]
    if outside:
        found, remedy = _outside(folder, outside[0].name)
        found = f"{len(outside):,} of {len(named):,} paths {found}"
        if len(outside) == len(named):
            raise UsageError(f"{path}: {found}", Do(remedy))
        remarks.append(f"{found}: {remedy}")
    elif named and all(item.file and not item.file.exists() for item in named):
        name = named[0].name
        with suppress(OSError, ValueError):
            endings = sorted({file.suffix for file in (folder / name).parent.glob(f"{PurePath(name).name}.*")})
            remedy = f"write {name + endings[0]!r}" if endings else f"write paths that start at {folder}"
            raise UsageError(f"{path}: there is none of its {len(named):,} files, e.g. {name!r}", Do(remedy))


def _outside(folder: Path, name: str) -> tuple[str, str]:
    """(what is wrong with a path that leads out of the folder of its CSV, what to do about it)."""
    parts = PurePath(name).parts
    here = next((tail for n in range(1, len(parts)) if _is_file(folder, tail := "/".join(parts[n:]))), "")
    found = f"lead out of {folder}, the folder of the CSV, e.g. {name!r}"
    if PureWindowsPath(name).drive:
        found = f"are those of a Windows computer, e.g. {name!r}"
    if here:
        return found, f"write paths that start at {folder}, the folder of the CSV: {here!r}"
    if ".." in parts and _is_file(folder, name):
        target = (folder / name).resolve()
        above = Path(os.path.commonpath([folder.resolve(), target]))
        return found, f"move the CSV to {above}, and write {target.relative_to(above).as_posix()!r}"
    return found, "put the photos into the folder of the CSV, and write paths that start there"


def _leads_out(folder: Path, name: str) -> bool:
    below = Path(os.path.normpath(folder / name))
    return bool(PureWindowsPath(name).drive) or not below.is_relative_to(os.path.normpath(folder))


def _is_file(folder: Path, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))  # noqa: PTH113, PTH118  (False for what can be no path)


def _columns(path: Path, header: Sequence[str], remarks: list[str]) -> list[str]:
    """Our name for each column of the header, "" for one that is passed over. Raises UsageError."""
    written = [name.strip() for name in header]
    found = {name.lower() for name in written}
    named = []
    for name in (name.lower() for name in written):
        ours = next((known for known, others in _ALIASES.items() if name in others and known not in found), name)
        named.append(ours if ours in _COLUMNS | _EXPORTED else "")
    if "class_name" not in named or not {"path", "url"} & set(named):
        has = ", ".join(sorted(filter(None, written)))
        raise UsageError(f"{path}: needs the columns class_name and path or url; has {has}")
    twice = [name for name, count in Counter(filter(None, named)).items() if count > 1]
    if twice:
        raise UsageError(f"{path}: the column {twice[0]} is there twice")
    if passed := [name for name, ours in zip(written, named, strict=True) if name and not ours]:
        remarks.append(
            f"passed over the columns {', '.join(sorted(passed))}; known: {', '.join(sorted(_COLUMNS))}"
        )
    return named


def _row(
    folder: Path, number: int, cells: dict[str, str], class_names: Sequence[str], remarks: list[str]
) -> LocalPhoto:
    where = f"row {number}"
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
        if "\\" in name and not _is_file(folder, name):  # written on Windows
            name = name.replace("\\", "/")
        if not PureWindowsPath(name).drive or _is_file(folder, name):
            file, is_link = target(folder, folder / name)
        name = PurePath(name).as_posix()  # ./a.jpg is a.jpg
    texts = {column: cells.get(column, "")[:MAX_TEXT] for column in ("listing_id", "title", "region", "city")}
    year = number_in(cells.get("year", ""))
    if year is not None and (year != int(year) or not 0 < year < 10_000):
        year = None
    price = number_in(cells.get("price", ""))
    for column, value in (("year", year), ("price", price)):
        if value is None and cells.get(column):
            remarks.append(f"column {column}: {cells[column][:40]!r} cannot be read and is left out")
    split = cells.get("split", "")
    if split and split.lower() not in SPLIT_OF:
        remarks.append(f"column split: {split[:40]!r} is none of train, val and test, and is left out")
    return LocalPhoto(
        class_name,
        name,
        file,
        bool(url),
        year=None if year is None else int(year),
        price=price,
        **texts,
        key=key,
        split=SPLIT_OF.get(split.lower(), ""),
        is_link=is_link,
    )
