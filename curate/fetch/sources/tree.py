"""A folder tree with a folder per class: which photos it offers, and in which sub-folder of its class each lies.

A sub-folder may be a listing, as in `sedan/car01/3.jpg`. The folder of a split is no part of its name:
`train/sedan/car01` and `test/sedan/car01` are the same, in two splits. What systems, archives and phones leave
beside photos is passed over.
"""

import difflib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.core.errors import Do, Remedy, Run, To, UsageError
from curate.core.recipe import normalise_class
from curate.photos.store import PHOTO_SUFFIXES

SPLIT_NAMES = {"train", "training", "validation", "valid", "val", "test"}
SPLIT_NAMES |= {f"{name}_set" for name in SPLIT_NAMES}
_LITTER = {
    "thumbs.db", "desktop.ini", "__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information",
    "lost+found",
}  # fmt: skip
_BESIDE = {
    ".json",
    ".jsonl",
    ".xml",
    ".txt",
    ".csv",
    ".xmp",
    ".aae",
    ".mp4",
    ".mov",
    ".avi",
    ".m4v",
    ".md",
    ".ini",
}
SPLIT_OF = {name: "train" if "train" in name else "test" if "test" in name else "val" for name in SPLIT_NAMES}
_WRAPPERS = 3  # folders that may lie around the one with the classes


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
    folder: str = ""  # what names its listing where no column does: a sub-folder of a class, or its name
    is_link: bool = False  # not followed: it leads out of the tree, to a folder or to nothing

    @property
    def listing(self) -> str:
        """What the photo is of: its listing, or its folder; itself where neither is known."""
        return self.listing_id or self.folder or self.name


@dataclass(frozen=True, slots=True)
class Offered:
    """What a tree or CSV holds, and what a person should know about it."""

    items: tuple[LocalPhoto, ...]
    remarks: tuple[str, ...] = ()
    again: tuple[LocalPhoto, ...] = ()  # those of `items` that a CSV has in another split, too


def argument(path: Path) -> str:
    """`path` as an argument of a command, which is no option whatever it begins with."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def utf8(name: Path) -> str:
    """A path as text that UTF-8 can carry; bytes that are no UTF-8 become \\xNN, \\ becomes \\\\."""
    return os.fsencode(name.as_posix().replace("\\", "\\\\")).decode("utf-8", "backslashreplace")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            visible = [e for e in entries if not e.name.startswith(".") and e.name.lower() not in _LITTER]
            visible = [e for e in visible if not e.name.lower().endswith("@synoeastream")]
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; make it readable, or move it away") from error
    return sorted(visible, key=lambda entry: os.fsencode(entry.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def scan(root: Path, class_names: Sequence[str]) -> Offered:
    """The photos of a folder tree, sorted by path. Raises UsageError for a folder with files that is no class."""
    root = _unwrapped(root, class_names)
    top = _entries(root)
    beside: Counter[str] = Counter()  # suffixes of files that are no photos
    items: list[LocalPhoto] = []
    spellings: dict[str, set[str]] = {}
    homes, split_of, remarks = _homes(top, class_names)
    above = () if any(_class_called(home.name) in class_names for home in homes) else _above(root, class_names)
    for home in homes:
        if _class_called(home.name) not in class_names and not _holds_files(home):
            remarks.append(f"passed over {home.name!r}: no photo is in it")
            continue
        class_name = known(home.name, class_names, str(root), above)
        spellings.setdefault(class_name, set()).add(home.name)
        for file in _files(Path(home.path)):
            if file.suffix.lower() in _BESIDE:
                beside[file.suffix.lower()] += 1
                continue
            path, is_link = target(root, file)
            name = utf8(file.relative_to(root))
            below = without_split(utf8(file.parent.relative_to(home.path)), class_name)
            folder = f"{class_name}/{below}" if below else ""
            split_name = split_of.get(home.path, "")
            items.append(LocalPhoto(class_name, name, path, folder=folder, split=split_name, is_link=is_link))
    if beside:
        kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in sorted(beside.items()))
        remarks.append(f"passed over {beside.total():,} files beside the photos: {kinds}")
    for class_name, names in sorted(spellings.items()):
        if len(names) > 1:
            remarks.append(f"folders {', '.join(sorted(names))} are one class: {class_name}")
    if not items:
        why = f"; {root} looks like the folder of one class" if above else f"; {remarks[0]}" if remarks else ""
        tables = [Path(entry.path) for entry in top if entry.name.lower().endswith(".csv")]
        other = [To("take the photos that a CSV names", Run("import", (argument(path),))) for path in tables[:1]]
        expected = f"of {', '.join(class_names)}" if class_names else "class"
        raise UsageError(f"{root}: no photos; expected a folder for each {expected} in it{why}", *above, *other)
    return Offered(tuple(items), tuple(remarks))


def class_folders(root: Path, class_names: Sequence[str] = ()) -> tuple[set[str], list[str]]:
    """The classes that a tree has folders for, those of its splits together, and the empty folders left out.

    Where fewer than two classes have files, none is left out: they may be on their way. Raises UsageError.
    """
    homes, _, _ = _homes(_entries(_unwrapped(root, class_names)), class_names)
    filled = {_class_called(home.name) for home in homes if _holds_files(home)} - {""}
    if len(filled) < 2:
        return {_class_called(home.name) for home in homes} - {""}, []
    return filled, sorted({home.name for home in homes if _class_called(home.name) not in {"", *filled}})


def _holds_files(home: os.DirEntry[str]) -> bool:
    """Does a folder, or one below it, hold a file that may be a photo?"""
    return any(file.suffix.lower() not in _BESIDE for file in _files(Path(home.path)))


def _homes(
    top: Sequence[os.DirEntry[str]], class_names: Sequence[str]
) -> tuple[list[os.DirEntry[str]], dict[str, str], list[str]]:
    """The folders of classes in the `top` of a tree, the split of each by its path, and what is passed over."""
    folders = [entry for entry in top if _is_folder(entry)]
    remarks = [_passed_over("", entry) for entry in top if not _is_folder(entry)]
    splits = [e for e in folders if e.name.lower() in SPLIT_NAMES and e.name.lower() not in class_names]
    homes = [entry for entry in folders if entry not in splits]
    split_of: dict[str, str] = {}
    for split in splits:
        inner = _entries(Path(split.path))
        doubled = [e for e in inner if _is_folder(e) and e.name.lower() == split.name.lower()]  # train/train/class
        below = _entries(Path(doubled[0].path)) if len(doubled) == 1 else inner
        homes += [entry for entry in below if _is_folder(entry)]
        split_of |= {entry.path: SPLIT_OF[split.name.lower()] for entry in below}
        remarks += [_passed_over(f"{split.name}/", entry) for entry in below if not _is_folder(entry)]
    return homes, split_of, remarks


def _unwrapped(root: Path, class_names: Sequence[str]) -> Path:
    """The folder with the classes: `root`, or the only folder in it, as archives come."""
    inner = root
    for _ in range(_WRAPPERS):
        folders = [entry for entry in _entries(inner) if _is_folder(entry)]
        there = {_class_called(entry.name) for entry in folders} & set(class_names)
        if there or len(folders) != 1 or folders[0].name.lower() in SPLIT_NAMES:
            break
        inner = Path(folders[0].path)
    else:
        return root
    return inner if there or any(entry.name.lower() in SPLIT_NAMES for entry in folders) else root


def without_split(path: str, class_name: str) -> str:
    """A path of folders without those that are called like a split; the one of the class has the class's name.

    So a listing is called the same in whatever split its photos lie.
    """
    parts = [class_name if _class_called(part) == class_name else part for part in path.split("/")]
    return "/".join(part for part in parts if part == class_name or part.lower() not in {"", ".", *SPLIT_NAMES})


def _files(folder: Path) -> Iterator[Path]:
    """What is below `folder` and no folder; a folder called like a photo counts as a photo that cannot be read."""
    for entry in _entries(folder):
        path = Path(entry.path)
        if _is_folder(entry) and path.suffix.lower() not in PHOTO_SUFFIXES:
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


def target(root: Path, file: Path) -> tuple[Path | None, bool]:
    """The file that `file` leads to, None when it must not be read; and whether that is because of a link."""
    try:
        target = file.resolve()
        inside = target.is_relative_to(root.resolve())
        if inside and target.is_file():
            return target, False
        below = Path(os.path.normpath(file)).relative_to(os.path.normpath(root))
        is_link = any((root / part).is_symlink() for part in (below, *below.parents[:-1]))
    except (OSError, RuntimeError, ValueError):  # a loop of links; a NUL, a path that leads out, a long name
        return None, os.path.islink(file)  # noqa: PTH114  (False for a name of over 4,096 characters)
    return target if inside and not is_link else None, is_link


def _class_called(name: str) -> str:
    """The class that a folder or cell called `name` stands for; empty when it can be none."""
    try:
        return normalise_class(os.fsencode(name).decode("utf-8", "replace"))
    except ValueError:
        return ""


def known(name: str, class_names: Sequence[str], where: str, above: Sequence[Remedy] = ()) -> str:
    """The class that is called `name` at `where`; any where there are no `class_names`.

    Raises UsageError when the recipe has none of that name.
    """
    class_name = _class_called(name)
    if class_name not in (class_names or [class_name]) or not class_name:
        plain = {known.replace("_", ""): known for known in class_names}
        near = difflib.get_close_matches(class_name.replace("_", "")[:80], plain, n=1, cutoff=0.75)
        raise UsageError(
            f"{where}: {name!r} is no class of the recipe"
            + (f", did you mean {plain[near[0]]}?" if near else ";")
            + f" its classes are {', '.join(class_names)}"
            + (f"; {where} looks like the folder of one class" if above else ""),
            *(above or [Do("rename it, move it away, or add the class")]),
        )
    return class_name
