"""The bytes of photos that the page shows: decoded and encoded anew, so that no EXIF leaves the folder."""

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from curate.photos import decode, store

NAME = "review.thumbnails.cache"
SMALL, LARGE = 320, 1280  # pixels of the longer side
QUALITY = 80


class Thumbnails:
    """The small images of a folder, each made once and kept in an SQLite file beside the manifests."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lock = folder, threading.Lock()
        self.file = _open(folder / NAME)

    def get(self, photo: Mapping[str, Any]) -> bytes:
        """A photo at no more than 320 pixels. Raises RejectedError where it cannot be shown."""
        key = (photo["sha256"],)
        if found := self._ask("SELECT data FROM thumbnail WHERE sha256 = ?", *key):
            return bytes(found[0][0])
        decoded = store.load(self.folder, photo["path"], photo["sha256"], at_least=SMALL)
        data = decode.encode_thumbnail(decoded, SMALL, quality=QUALITY, method=2)
        self._ask("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", *key, data)
        return data

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that answer; none where the file cannot be used now. A damaged one is made anew."""
        with self.lock:
            try:
                return self.file.execute(sql, values).fetchall()
            except (sqlite3.OperationalError, sqlite3.ProgrammingError):
                return []  # another process writes, the disk is full, or the review ended meanwhile
            except sqlite3.DatabaseError:
                self.file.close()
                self.file = _made_anew(self.folder / NAME)
                return []

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _open(path: Path) -> sqlite3.Connection:
    """The file of thumbnails at `path`; one that is damaged, e.g. by a power cut, is made anew."""
    file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        with suppress(sqlite3.OperationalError):
            file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
        file.execute("CREATE TABLE IF NOT EXISTS thumbnail (sha256 TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        file.close()
        return _made_anew(path)
    return file


def _made_anew(path: Path) -> sqlite3.Connection:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return _open(path)


def large(folder: Path, photo: Mapping[str, Any]) -> bytes:
    """A photo at no more than 1280 pixels, as JPEG. Raises RejectedError where it cannot be shown."""
    image = store.load(folder, photo["path"], photo["sha256"], at_least=LARGE)
    return decode.encode_thumbnail(image, LARGE, "JPEG", QUALITY)


def difference(folder: Path, kept: Mapping[str, Any], other: Mapping[str, Any]) -> bytes:
    """Where `other` differs from the photo that was kept, as WebP. Raises RejectedError where one cannot be."""
    from curate.photos.difference import difference_map

    first, second = (store.load(folder, each["path"], each["sha256"], at_least=SMALL) for each in (kept, other))
    pixels = difference_map(first.pixels, second.pixels, "mirrored" in other["confirmed_by"].split())
    return decode.encode_thumbnail(replace(first, pixels=pixels), SMALL, quality=QUALITY, method=2)
