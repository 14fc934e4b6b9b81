"""Put files where they belong: as links where the file system can, whole or not at all.

An export notes in `.curate-export.json` what it is made from and which files are its own. So a rerun goes on where
the one before stopped, another export takes the place of the one before, and nobody else's file is touched.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from curate.core.counted import counted
from curate.core.errors import StateError, UsageError
from curate.core.files import atomic_write, inside, replacing
from curate.core.release import MARKER as MARKER

_FICLONE = 0x40049409  # ioctl of Linux: share the blocks of another file
Writer = Callable[[BinaryIO], None]


def write(path: Path, content: bytes | Writer) -> None:
    """Write a file whole. It can be made again, so nothing waits for the disk. Raises ResourceError."""
    with replacing(path) as temporary, temporary.open("xb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            content(file)


def is_there(path: Path, size: int | None = None) -> bool:
    """Is a whole file there from a run before? An empty one is what a power cut leaves."""
    try:
        found = path.stat().st_size
    except OSError:
        return False
    return found == size if size is not None else found > 0


def put(source: Path, target: Path, copy: bool) -> None:
    """Make `target` the file `source`: by shared blocks, else a hard link, else a copy. Raises ResourceError.

    `copy` rules out a hard link, through which an editor could change the source.
    """
    with replacing(target) as temporary:
        if _reflink(source, temporary):
            return
        if not copy:
            with suppress(OSError):
                os.link(source, temporary)
                return
        shutil.copyfile(source, temporary)


_without_reflink: set[tuple[int, int]] = set()  # pairs of devices that cannot


def _reflink(source: Path, target: Path) -> bool:
    try:
        import fcntl
    except ImportError:  # not on this system
        return False
    devices = source.stat().st_dev, target.parent.stat().st_dev
    if devices in _without_reflink or devices[0] != devices[1]:
        return False
    try:
        with source.open("rb") as old, target.open("xb") as new:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
    except OSError:
        _without_reflink.add(devices)
        with suppress(OSError):
            target.unlink()
        return False
    return True


def read_marker(out: Path) -> dict[str, Any]:
    """What an export noted in `out`; empty where none did."""
    try:
        marker = json.loads((out / MARKER).read_bytes())
        return marker if isinstance(marker, dict) and {"made_from", "files", "complete"} <= marker.keys() else {}
    except (OSError, ValueError):
        return {}


def write_marker(out: Path, made_from: dict[str, Any], files: Iterable[str], complete: bool) -> None:
    """Note what `out` is made from and which files are the export's own. Raises ResourceError."""
    marker = {"made_from": made_from, "files": list(files), "complete": complete}
    atomic_write(out / MARKER, json.dumps(marker, indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n")


def check_foreign(out: Path, own: Collection[str], planned: Collection[str], beside: bool, scratch: str) -> None:
    """Raise UsageError when `out` holds files that no export wrote, or `beside` is set and one is in the way."""
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a folder")
    own = set(own)
    there = (p.relative_to(out).as_posix() for p in sorted(out.rglob("*")) if p.is_symlink() or not p.is_dir())
    foreign = [
        name
        for name in there
        if name not in own
        and name != MARKER
        and not name.startswith(f"{scratch}/")
        and not name.rpartition("/")[2].startswith(".tmp-")
    ]
    if in_the_way := sorted(set(foreign) & set(planned)):
        raise UsageError(f"{out / in_the_way[0]} is there and no export wrote it; name another folder with --out")
    if foreign and not beside:
        raise UsageError(
            f"--out {out} holds {counted(len(foreign), 'file')} that no export wrote, e.g. {foreign[0]}; "
            "name another folder, or leave them there and write beside them with --beside"
        )


def clear(out: Path, files: Iterable[str], scratch: str) -> None:
    """Delete the files of an export, and their folders that are then empty."""
    files = list(files)
    for name in files:
        with suppress(OSError, StateError):  # a marker from elsewhere could name a path that leads out
            inside(out, name)
            (out / name).unlink()
    shutil.rmtree(out / scratch, ignore_errors=True)
    for folder in sorted({folder for name in files for folder in PurePosixPath(name).parents[:-1]}, reverse=True):
        with suppress(OSError, StateError):
            inside(out, str(folder)).rmdir()  # refuses one that holds something
