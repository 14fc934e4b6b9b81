"""The photo store of a folder: original bytes in `images/<ab>/<sha256>.<ext>`, `<ab>` being the first two digits.

The name is the content, so that a photo is stored once, however many rows name it, and a damaged file is noticed.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from curate.core.errors import RejectedError, StateError
from curate.core.files import file_sha256, force_all, inside, replacing, write
from curate.photos.decode import Decoded, decode, read_file

IMAGES = "images"
_NAME = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")  # of files offered
_EXTENSIONS = {"jpeg": "jpg", "mpo": "jpg", "tiff": "tif"}
Read = Callable[[str, str], bytes]  # path and sha256 of a row to the bytes of its photo
_elsewhere: Read | None = None  # on a worker that does not see the folder: what reads photos


def put(folder: Path, data: bytes, format: str) -> tuple[str, str]:
    """Keep the original bytes of a photo. Returns (path relative to `folder`, sha256).

    `format` is `Image.format`. A file that is already there, whole, is left alone. Nothing waits for the disk:
    until `sync`, a power cut may leave a part, which `is_whole` sees. Raises ResourceError.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{IMAGES}/{sha256[:2]}/{sha256}.{_EXTENSIONS.get(format, format)}"
    target = folder / path
    try:
        if read_file(target, len(data)) == data:
            return path, sha256
    except RejectedError:
        pass  # absent, or damaged: written again
    with replacing(target) as temporary:
        write(temporary, data)
    return path, sha256


def sync(folder: Path, paths: Collection[str]) -> None:
    """Force stored photos to the disk, and the folders that name them. Raises ResourceError."""
    if paths:
        named = [*sorted(paths), *sorted({str(PurePath(path).parent) for path in paths}), IMAGES]
        force_all(folder / IMAGES, [folder / name for name in named])


@contextmanager
def reading(read: Read) -> Iterator[None]:
    """In the context photos of rows come from `read`, and no folder is looked at: for workers elsewhere."""
    global _elsewhere
    before, _elsewhere = _elsewhere, read
    try:
        yield
    finally:
        _elsewhere = before


def read(folder: Path, path: str, sha256: str) -> bytes:
    """The bytes of the photo of a manifest row, after checking that they still have their sha256.

    All that workers read of photos comes through here. Raises RejectedError: unreadable, too_large, hash_mismatch;
    StateError for a path that leads out of `folder`; and what the `reading` of a worker raises.
    """
    if _elsewhere:
        return _elsewhere(path, sha256)
    try:
        file = inside(folder, path)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL in the name
        raise RejectedError("unreadable", f"{path!r}: {error}") from error
    except StateError as error:
        parts = PurePath(path)
        if not path or parts.is_absolute() or ".." in parts.parts:
            raise
        raise RejectedError("unreadable", f"{path} is a link that leads out of {folder}") from error
    data = read_file(file)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RejectedError("hash_mismatch", f"{path} was changed after it was fetched")
    return data


def load(folder: Path, path: str, sha256: str, at_least: int | None = None) -> Decoded:
    """Read the photo of a manifest row and decode it. Raises what `read` and `decode` do."""
    return decode(read(folder, path, sha256), at_least)


def is_whole(folder: Path, path: str) -> bool:
    """Is the file there, with the content that it is named after?"""
    try:
        return file_sha256(inside(folder, path)) == Path(path).stem
    except (StateError, OSError, RuntimeError, ValueError):  # leads out, a loop of links, a NUL in the name
        return False


def paths(folder: Path) -> set[str]:
    """Paths of the photo files in `folder`, relative to it, whether a row names them or not."""
    files = (folder / IMAGES).glob("??/*")
    return {file.relative_to(folder).as_posix() for file in files if _NAME.fullmatch(file.name)}


def remove_orphans(folder: Path, named: Collection[str]) -> int:
    """Remove photos that are not `named`: left by a crash, or by a manifest that was replaced."""
    orphans = paths(folder).difference(named)
    for path in orphans:
        (folder / path).unlink(missing_ok=True)
    return len(orphans)
