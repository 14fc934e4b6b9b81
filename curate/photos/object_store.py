"""Photos in an object store, e.g. S3, for workers that do not see the folder of the run.

The folder stays the truth. `mirror` brings its photos to the store, each once, under the path that it has in the
folder. Workers read what they need from there and check its sha256. A photo that the folder has lost is lost to
the workers too, whatever the store still holds: the manifests do not depend on where photos are read.
"""

import hashlib
import platform
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from curate.core import extras, manifest, record_store
from curate.core.elsewhere import Elsewhere, Reading
from curate.core.errors import Again, Do, Edit, RejectedError, Remedy, ResourceError, StateError, To, UsageError
from curate.core.progress import progress
from curate.core.schemas import FetchRow
from curate.photos import store

NAME = "store.cache"  # which files were whole when they were last read
BATCH_BYTES, BATCH = 32 << 20, 64  # of photos that are uploaded at once
Stamp = tuple[int, int]  # bytes and time of modification, in ns
_LAYOUT = record_store.layout(
    np.dtype([("sha256", "S64"), ("bytes", "<i8"), ("modified", "<i8")]), {"whole files": 1}
)
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"max_concurrency": 1},  # else it asks for the size of a photo before it reads it
    "file": {"auto_mkdir": True},
}


class Mirror(NamedTuple):
    """A store that has the photos of a folder."""

    url: str
    lost: dict[str, tuple[str, str]]  # path of a photo that the folder has lost, to reason and detail
    uploaded: int
    there: int  # before

    def __str__(self) -> str:
        return f"{self.url}: {self.uploaded:,} photos uploaded, {self.there:,} were there"


def elsewhere(folder: Path, url: str, say: Callable[[str], None]) -> Elsewhere:
    """How workers of an executor read the photos of `folder` from the store at `url`.

    Raises ResourceError when a package is missing that reads such a store; UsageError for an address of no known
    kind.
    """
    extras.require("store", "a store of photos")

    def prepare() -> Reading:
        mirrored = mirror(folder, url)
        say(str(mirrored))
        return partial(reading, mirrored)

    return Elsewhere(prepare, ("fsspec", _package(url)))


def _package(url: str) -> str:
    """The package that reads this kind of store."""
    import fsspec

    protocol = url.partition("://")[0]
    try:
        return str(fsspec.get_filesystem_class(protocol).__module__).partition(".")[0]
    except ValueError as error:
        known = Edit("store", "s3://BUCKET/PREFIX")
        raise UsageError(f"store {url}: nothing is known of {protocol}://", known) from error
    except ImportError as error:  # it says which package to install
        raise ResourceError(f"store {url}: {error}") from error


@cache
def _connect(url: str) -> tuple[Any, str]:
    """A file system of fsspec, and the path in it."""
    import fsspec

    options = _OPTIONS.get(url.partition("://")[0], {})
    system, root = fsspec.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True, **options)
    return system, root.rstrip("/")


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    """Whatever a store raises becomes a ResourceError, `what` failed. Nothing of its own words is repeated.

    Each package raises kinds of its own, known by their names: they are not imported for it.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, StateError | ResourceError | RejectedError):
            raise
        why, remedy = _reason(" ".join(kind.__name__ for kind in type(error).__mro__), error)
        raise ResourceError(f"{what}: {why}", remedy) from None  # an address in its words may be signed


def _reason(kinds: str, error: Exception) -> tuple[str, Remedy]:
    if "Credentials" in kinds or "TokenRetrieval" in kinds:
        set_them = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what your store needs, on this machine"
        return "no credentials are in the environment", Do(set_them)
    if isinstance(error, PermissionError):
        return "access is refused", Do("check the credentials in the environment, and what they may do there")
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket or folder", Do("make it, or correct the address")
    if any(word in kinds for word in ("Connection", "Timeout", "ClientConnector")):
        return "it does not answer", Do("check the network, and AWS_ENDPOINT_URL where it is not the default")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror, Again()
    return f"it fails with {type(error).__name__}", Again()


def mirror(folder: Path, url: str) -> Mirror:
    """Bring the photos that fetch.csv keeps to the store, but for those that are there with their size.

    Each is read from the folder and checked before, unless its size and time of modification are those of the last
    check. Interrupted, it goes on where it was. Raises ResourceError when the store fails, StateError when the
    manifest is damaged.
    """
    photos = {row.path: row.sha256 for row in manifest.read(folder, FetchRow) if row.keep}
    known = record_store.read(folder / NAME, _LAYOUT)[0]
    stamps = zip(known["bytes"].tolist(), known["modified"].tolist(), strict=True)
    whole: dict[str, Stamp] = dict(zip((one.decode() for one in known["sha256"].tolist()), stamps, strict=True))
    before, lost, uploaded = dict(whole), dict[str, tuple[str, str]](), 0
    with _in_words(f"store {url}"):
        system, root = _connect(url)
        there = _sizes(system, root)
    batch: dict[str, bytes] = {}

    def upload() -> None:
        with _in_words(f"store {url}"):
            system.pipe({f"{root}/{path}": data for path, data in batch.items()})
        batch.clear()

    wanted: dict[str, int] = {}
    try:
        for path in progress(sorted(photos), "upload", len(photos)):
            stamp = _stamp(folder / path)
            if stamp and whole.get(photos[path]) == stamp and there.get(path) == stamp[0]:
                wanted[path] = stamp[0]
                continue
            whole.pop(photos[path], None)
            try:
                data = store.read(folder, path, photos[path])
            except RejectedError as error:
                lost[path] = error.reason, error.detail
                continue
            wanted[path] = len(data)
            if stamp:
                whole[photos[path]] = stamp
            if there.get(path) != len(data):
                batch[path] = data
                uploaded += 1
            if len(batch) == BATCH or sum(map(len, batch.values())) >= BATCH_BYTES:
                upload()
        if batch:
            upload()
    finally:
        if whole != before:
            _remember(folder, whole)
    if uploaded:
        with _in_words(f"store {url}"):
            there = _sizes(system, root)
        if short := sorted(path for path, size in wanted.items() if there.get(path) != size):
            raise ResourceError(
                f"store {url}: {len(short):,} photos are not there after their upload, e.g. {short[0]}", Again()
            )
    return Mirror(url, lost, uploaded, len(wanted) - uploaded)


def _sizes(system: Any, root: str) -> dict[str, int]:
    """Bytes of each photo in the store, by its path in the folder."""
    try:
        found = system.find(f"{root}/{store.IMAGES}", detail=True)
    except FileNotFoundError:
        if not system.exists(root.partition("/")[0] or "/"):
            raise
        return {}  # nothing was uploaded yet
    return {name.removeprefix(f"{root}/"): int(facts["size"] or 0) for name, facts in found.items()}


def _stamp(file: Path) -> Stamp | None:
    """Of a plain file."""
    try:
        status = file.lstat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _remember(folder: Path, whole: dict[str, Stamp]) -> None:
    records = np.zeros(len(whole), _LAYOUT.record)
    for place, (sha256, stamp) in enumerate(sorted(whole.items())):
        records[place] = sha256, *stamp
    record_store.write(folder / NAME, _LAYOUT, [records])


@contextmanager
def reading(mirrored: Mirror) -> Iterator[None]:
    """On a worker: in the context, photos come from the store."""
    with store.reading(partial(_read, mirrored)):
        yield


def _read(mirrored: Mirror, path: str, sha256: str) -> bytes:
    """A photo of the store. Raises RejectedError where the folder has lost it; StateError, ResourceError."""
    if path in mirrored.lost:
        raise RejectedError(*mirrored.lost[path])
    address = f"{mirrored.url.rstrip('/')}/{path}"
    remedy = To("upload it again", Do("delete it there"), Again())
    with _in_words(f"a worker on {platform.node()} cannot read {address}"):
        system, root = _connect(mirrored.url)
        try:
            data: bytes = system.cat_file(f"{root}/{path}")
        except FileNotFoundError as error:
            raise StateError(f"{address} was deleted while the stage ran", Again()) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StateError(f"{address} is not the photo it is named after", remedy)
    return data
