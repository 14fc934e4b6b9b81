"""Datasets that hold their photos in other files, and exports of curate: what such a folder is, and the way here.

What is named is what an import of the folder would find no photo in; a photos.csv of an export says more than its
folders do.
"""

import csv
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from curate.core.errors import INTO_FOLDERS, Do, Run, To, UsageError
from curate.core.release import MARKER
from curate.fetch.sources.tree import argument

PHOTOS_CSV = "photos.csv"  # of an export, beside its photos
_NAMED = {"key", "class_name", "split", "listing_id"}  # columns that make it one
_KINDS = {".parquet": "Parquet files", ".arrow": "Arrow files", ".tfrecord": "TFRecord files"}
_SHARDS, _TARS = "WebDataset shards", "tar files"
_LOOKED_AT = 1000  # files
_MEMBERS = 6  # of a tar, that tell whether it is a shard
_DAMAGED = (OSError, EOFError, tarfile.TarError, zlib.error, lzma.LZMAError)  # what reading a damaged tar raises


def photos_csv(folder: Path) -> Path | None:
    """The photos.csv of an export in `folder`, which names keys, listings and splits; None where none is there.

    That of an export of tar files does not count: its paths lead into them.
    """
    path = folder / PHOTOS_CSV
    with suppress(OSError, UnicodeDecodeError, csv.Error), path.open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file), {})
        if row.keys() >= _NAMED and (row.get("url") or (folder / (row.get("path") or "")).is_file()):
            return path
    return None


def refuse(folder: Path) -> None:
    """Raise UsageError where `folder` is a dataset whose photos an import does not find, with the way to them."""
    own = (folder / MARKER).is_file()
    if table := photos_csv(folder):
        raise UsageError(f"{folder} is an export of curate", _import(argument(table)))
    for path in islice(_files(folder), _LOOKED_AT):
        kind = _kind(path) or (_TARS if own and path.suffix == ".tar" else "")
        if not kind:
            continue
        if own:
            again = Do("export it as folders where it was made")
            raise UsageError(
                f"{folder} is an export of curate in {kind}, without photo files",
                To("bring its photos here", again, *_import(f"DIR/{PHOTOS_CSV}").steps),
            )
        raise UsageError(
            f"{folder} holds {kind}, e.g. {path.relative_to(folder)}, and no photo files",
            To("", INTO_FOLDERS, Run("import", ("FOLDER",))),
        )


def is_shard(path: Path) -> bool:
    """Does a tar hold several files of one name side by side, as 1.jpg and 1.cls? No for one that is damaged."""
    with suppress(*_DAMAGED), tarfile.open(path) as archive:
        names = [Path(member.name) for member in islice(archive, _MEMBERS) if member.isfile()]
        return len({(name.parent, name.name.partition(".")[0]) for name in names}) < len(names)
    return False


def _import(table: str) -> To:
    return To("bring its photos here", Run("import", (table, "--keep-split")))


def _files(folder: Path) -> Iterator[Path]:
    """The files in `folder` and in the folders in it, in the order of their names; none of an unreadable one."""
    for path in _inside(folder):
        if path.is_dir() and not path.name.startswith("."):
            yield from (below for below in _inside(path) if below.is_file())
        elif path.is_file():
            yield path


def _inside(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.iterdir())
    return []


def _kind(path: Path) -> str:
    """What a file of such a dataset is called; empty for any other."""
    name = path.name.lower()
    kind = next((kind for ending, kind in _KINDS.items() if ending in name), "")
    return kind or (_SHARDS if ".tar" in name and is_shard(path) else "")
