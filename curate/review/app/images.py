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
        self.file = sqlite3.connect(folder / NAME, check_same_thread=False, isolation_level=None)
        with suppress(sqlite3.DatabaseError):
            self.file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
        self.file.execute(
            "CREATE TABLE IF NOT EXISTS thumbnail (sha256 TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID"
        )

    def get(self, photo: Mapping[str, Any]) -> bytes:
        """A photo at no more than 320 pixels. Raises RejectedError where it cannot be shown."""
        key = (photo["sha256"],)
        with self.lock:
            found = self.file.execute("SELECT data FROM thumbnail WHERE sha256 = ?", key).fetchone()
        if found:
            return bytes(found[0])
        decoded = store.load(self.folder, photo["path"], photo["sha256"], at_least=SMALL)
        data = decode.encode_thumbnail(decoded, SMALL, quality=QUALITY, method=2)
        with self.lock, suppress(sqlite3.OperationalError):  # another process writes, or the disk is full
            self.file.execute("INSERT OR REPLACE INTO thumbnail VALUES (?, ?)", (*key, data))
        return data

    def close(self) -> None:
        """Close the file."""
        self.file.close()


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
