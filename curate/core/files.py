"""Files that survive a crash: atomic write, the folder's lock, paths that stay inside it."""

import ctypes
import errno
import hashlib
import logging
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from curate.core.errors import Again, Do, ResourceError, StateError, To

log = logging.getLogger(__name__)
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def crash_point(name: str) -> None:
    """End the process here when `CURATE_CRASH_AT` names this point: how the tests prove that a rerun recovers."""
    if os.environ.get("CURATE_CRASH_AT") == name:
        os._exit(137)


@contextmanager
def naming_refusals(path: Path) -> Iterator[None]:
    """What the disk refuses becomes a ResourceError that names `path`."""
    try:
        yield
    except OSError as error:
        remedy = To("", Do("free space or fix it"), Again())
        raise ResourceError(f"cannot write {path}: {error.strerror or error}", remedy) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which takes the place of `path` at the end, or goes away.

    Nothing waits for the disk. Raises ResourceError when the disk refuses.
    """
    with naming_refusals(path):
        folder = path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".tmp-{secrets.token_hex(8)}"  # mkstemp would hide the file from the group
        try:
            yield temporary
            crash_point("before_rename")
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def write(path: Path, data: bytes) -> None:
    """Write a new file at once: a file object costs more than the writing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def atomic_write(path: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """Write `data`, whole or in parts, so that `path` either holds all of it or what it held before.

    A temporary file in the same folder, fsync, rename, fsync of the folder. Raises ResourceError when the disk
    refuses.
    """
    with replacing(path) as temporary, temporary.open("xb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(file.fileno())
    crash_point("after_rename")
    force(path.parent)


def force(path: Path) -> None:
    """Force a file, or what a folder names, to the disk. Raises ResourceError."""
    if sys.platform == "win32" and path.is_dir():  # folders cannot be opened there; NTFS journals the rename
        return
    with naming_refusals(path):
        descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def force_all(folder: Path, files: Iterable[Path]) -> None:
    """Force `files`, all of the file system of `folder`, to the disk. Raises ResourceError.

    Linux does that at once, some three times as fast as one after another.
    """
    if sys.platform == "linux" and _syncfs(folder):
        return
    for file in files:
        force(file)


def _syncfs(folder: Path) -> bool:
    """Force all that the file system of `folder` holds back; False where it does not know how."""
    with naming_refusals(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            system = ctypes.CDLL(None, use_errno=True)
            if not hasattr(system, "syncfs"):
                return False
            if system.syncfs(descriptor) == 0:
                return True
            if (number := ctypes.get_errno()) == errno.ENOSYS:
                return False
            raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove temporary files of dead runs. Call it only while holding the folder's lock."""
    remove(folder.rglob(".tmp-*" + "[0-9a-f]" * 16))  # others may hold files of that prefix


def remove(paths: Iterable[Path]) -> None:
    """Delete files; one that cannot be deleted stays."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


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
    try:
        guard = _acquire(folder)
    except Timeout as error:
        pid = holder.read_text(encoding="utf-8").strip() if holder.exists() else "unknown"
        raise StateError(f"{folder} is in use by process {pid}; wait for it to end, or stop it") from error
    except OSError as error:
        raise ResourceError(f"cannot lock {folder}: {error.strerror or error}") from error
    try:
        atomic_write(holder, f"{os.getpid()}\n".encode())
        sweep(folder)
        yield
    finally:
        with suppress(OSError):  # a run that fails because it may not write here any more fails for its own reason
            holder.unlink()
        guard.release()


def _acquire(folder: Path) -> BaseFileLock:
    """A lock that the system gives up when this process ends; where the file system has none, a marker file.

    Raises Timeout when another process holds it.
    """
    try:
        guard: BaseFileLock = FileLock(folder / ".lock", timeout=0, fallback_to_soft=False)
        guard.acquire()
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        marker = folder / ".lock.held"
        log.warning("the file system of %s has no locks: %s tells that a run uses it", folder, marker)
        guard = SoftFileLock(marker, timeout=0)
        guard.acquire()
    return guard


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
