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
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from curate.core.errors import Do, RejectedError, Remedy, Run, To, UsageError
from curate.core.recipe import normalise_class
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.values import MAX_TEXT
from curate.photos.decode import read_file

SPLIT_NAMES = {"train", "training", "validation", "valid", "val", "test"}
_PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff"}
_LITTER = {"thumbs.db", "desktop.ini"}
_COLUMNS = {"path", "url", "class_name", "listing_id", "title", "region", "city", "year", "price", "split"}
_EXPORTED = {"key", "sha256", "bytes"}  # further columns of photos.csv in an export
_SPLIT_OF = dict.fromkeys(SPLIT_NAMES, "val") | {"train": "train", "training": "train", "test": "test"}
_MAX_CSV = 512 * 1024**2  # bytes


@dataclass(frozen=True, slots=True)
class LocalPhoto:
    """One photo that is offered."""

    class_name: str
    name: str  # its path as UTF-8 text with /, or its canonical URL
    file: Path | None = None  # None for a URL, for a path that leads out of the tree, and for a link not followed
    is_url: bool = False
    listing_id: str = ""
    title: str = ""
    region: str = ""
    city: str = ""
    year: int | None = None
    price: float | None = None
    key: str = ""  # the one it had before; empty: it gets one
    split: str = ""  # train, val, test, as the tree or CSV says; empty where it does not
    is_link: bool = False  # not followed: it leads out of the tree, to a folder or to nothing


@dataclass(frozen=True, slots=True)
class Offered:
    """What a tree or CSV holds, and what a person should know about it."""

    items: tuple[LocalPhoto, ...]
    remarks: tuple[str, ...] = ()


def read(path: Path, class_names: Sequence[str]) -> Offered:
    """The photos of the tree or CSV at `path`. Raises UsageError."""
    if path.is_dir():
        offered = scan(path, class_names)
    elif path.is_file():
        offered = read_csv(path, class_names)
    else:
        what = "neither a folder nor a CSV" if path.exists() else "there is no such file or folder"
        raise UsageError(f"{path}: {what}; give a folder with a folder per class, or a .csv file")
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{_utf8(path.resolve())}: this name is not UTF-8, which the manifest is: rename it"
        ) from error
    if links := [item.name for item in offered.items if item.is_link]:
        found = f"{links[0]} is a link" if len(links) == 1 else f"{len(links)} files are links, e.g. {links[0]}"
        remark = f"{found}, and only links to files inside the folder are followed: copy the file itself"
        return Offered(offered.items, (*offered.remarks, remark))
    return offered


def argument(path: Path) -> str:
    """`path` as an argument of a command, which is no option whatever it begins with."""
    return f"./{path}" if str(path).startswith("-") else str(path)


# --- trees --------------------------------------------------------------------------------------------------


def _utf8(name: Path) -> str:
    """A path as text that UTF-8 can carry; bytes that are no UTF-8 become \\xNN, \\ becomes \\\\."""
    return os.fsencode(name.as_posix().replace("\\", "\\\\")).decode("utf-8", "backslashreplace")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            visible = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in _LITTER]
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; make it readable, or move it away") from error
    return sorted(visible, key=lambda entry: os.fsencode(entry.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def scan(root: Path, class_names: Sequence[str]) -> Offered:
    """The photos of a folder tree, sorted by path. Raises UsageError for a folder that is no class."""
    top = _entries(root)
    folders = [entry for entry in top if _is_folder(entry)]
    remarks = [_passed_over("", entry) for entry in top if not _is_folder(entry)]
    splits = [e for e in folders if e.name.lower() in SPLIT_NAMES and e.name.lower() not in class_names]
    items: list[LocalPhoto] = []
    spellings: dict[str, set[str]] = {}
    homes = [entry for entry in folders if entry not in splits]
    split_of: dict[str, str] = {}
    for split in splits:
        below = _entries(Path(split.path))
        homes += [entry for entry in below if _is_folder(entry)]
        split_of |= {entry.path: _SPLIT_OF[split.name.lower()] for entry in below}
        remarks += [_passed_over(f"{split.name}/", entry) for entry in below if not _is_folder(entry)]
    above = () if any(_class_called(home.name) in class_names for home in homes) else _above(root, class_names)
    for home in homes:
        class_name = _known(home.name, class_names, str(root), above)
        spellings.setdefault(class_name, set()).add(home.name)
        for file in _files(Path(home.path)):
            target, is_link = _target(root, file)
            name = _utf8(file.relative_to(root))
            items.append(LocalPhoto(class_name, name, target, split=split_of.get(home.path, ""), is_link=is_link))
    for class_name, names in sorted(spellings.items()):
        if len(names) > 1:
            remarks.append(f"folders {', '.join(sorted(names))} are one class: {class_name}")
    if not items:
        why = f"; {root} looks like the folder of one class" if above else f"; {remarks[0]}" if remarks else ""
        raise UsageError(
            f"{root}: no photos; expected a folder for each of {', '.join(class_names)} in it{why}", *above
        )
    return Offered(tuple(items), tuple(remarks))


def _files(folder: Path) -> Iterator[Path]:
    """What is below `folder` and no folder; a folder called like a photo counts as a photo that cannot be read."""
    for entry in _entries(folder):
        path = Path(entry.path)
        if _is_folder(entry) and path.suffix.lower() not in _PHOTO_SUFFIXES:
            yield from _files(path)
        else:
            yield path


def _passed_over(where: str, entry: os.DirEntry[str]) -> str:
    linked = "a link to a folder, which is not followed; name that folder, or copy it"
    why = linked if entry.is_symlink() and entry.is_dir() else "not in a class folder"
    return f"passed over {where}{entry.name!r}: {why}"


def _above(root: Path, class_names: Sequence[str]) -> tuple[Remedy, ...]:
    """What to do about a `root` that is called like a class: the tree begins above it."""
    here = root.resolve()
    if _class_called(here.name) not in class_names:
        return ()
    above = root.parent if root.name == here.name else here.parent
    if above.name.lower() in SPLIT_NAMES:
        above = above.parent
    return (To("take the tree that this class is in", Run("import", (argument(above),))),)


def _target(root: Path, file: Path) -> tuple[Path | None, bool]:
    """The file that `file` leads to, None when it must not be read; and whether that is because of a link."""
    try:
        target = file.resolve()
        inside = target.is_relative_to(root.resolve())
        if inside and target.is_file():
            return target, False
        below = Path(os.path.normpath(file)).relative_to(os.path.normpath(root))
        is_link = any((root / part).is_symlink() for part in (below, *below.parents[:-1]))
    except (OSError, RuntimeError, ValueError):  # a loop of links; a NUL, or a path that itself leads out
        return None, file.is_symlink()
    return target if inside and not is_link else None, is_link


def _class_called(name: str) -> str:
    """The class that a folder or cell called `name` stands for; empty when it can be none."""
    try:
        return normalise_class(os.fsencode(name).decode("utf-8", "replace"))
    except ValueError:
        return ""


def _known(name: str, class_names: Sequence[str], where: str, above: Sequence[Remedy] = ()) -> str:
    class_name = _class_called(name)
    if class_name not in class_names:
        raise UsageError(
            f"{where}: {name!r} is no class of the recipe; its classes are {', '.join(class_names)}"
            + (f"; {where} looks like the folder of one class" if above else ""),
            *(above or [Do("rename it, move it away, or add the class")]),
        )
    return class_name


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
    class_name = _known(cells["class_name"], class_names, where)
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
        file, is_link = _target(path.parent, path.parent / name)
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
        split=_SPLIT_OF.get(cells.get("split", "").lower(), ""),
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
