"""Records of one size in a file, each with a checksum: the format of all that is computed once and kept.

The first line is JSON: what the records are and what made them. A file with another first line is not read. Then
come the records, each followed by its CRC-32. They are written whole or appended, so what a crash cut short and
what was damaged since is left out when the file is read, and computed again.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.core.files import atomic_write, naming_refusals

FORMAT = 1
_BLOCK_BYTES = 1 << 20
Records = NDArray[np.void]  # (n,) of a structured type


class Layout(NamedTuple):
    """How a file begins, and what a record of it is."""

    header: bytes
    record: np.dtype[np.void]  # without the checksum

    @property
    def stored(self) -> np.dtype[np.void]:
        """A record as it lies in the file."""
        return np.dtype([("record", self.record), ("crc", "<u4")])

    def place(self, number: int) -> int:
        """Where the record of this number begins, in bytes."""
        return len(self.header) + number * self.stored.itemsize


def layout(record: np.dtype[np.void], facts: Mapping[str, Any]) -> Layout:
    """The layout of records that `facts` describe: their kind, version, and what else can change them."""
    described = {"format": FORMAT, "record": str(record), **facts}
    return Layout(json.dumps(described, sort_keys=True).encode() + b"\n", record)


def packed(records: Records) -> bytes:
    """Records with their checksums, as they lie in a file."""
    stored = np.zeros(len(records), np.dtype([("record", records.dtype), ("crc", "<u4")]))
    stored["record"] = records
    plain, size = stored.view(np.uint8).data, stored.itemsize
    stored["crc"] = [zlib.crc32(plain[start : start + size - 4]) for start in range(0, len(plain), size)]
    return stored.tobytes()


def write(path: Path, layout: Layout, blocks: Iterable[Records]) -> None:
    """Write a file of `blocks` in place of the one before. Raises ResourceError when the disk refuses."""

    def parts() -> Iterator[bytes]:
        yield layout.header
        for block in blocks:
            step = max(1, _BLOCK_BYTES // layout.stored.itemsize)
            for start in range(0, len(block), step):
                yield packed(block[start : start + step])

    atomic_write(path, parts())


def append(path: Path, blocks: Iterable[Records]) -> None:
    """Add `blocks` to the end of a file that `read` found sound. Raises ResourceError when the disk refuses."""
    with naming_refusals(path), path.open("ab") as file:
        for block in blocks:
            file.write(packed(block))
            file.flush()


def _whole(path: Path, layout: Layout) -> NDArray[np.bool_] | None:
    """Whether each record in the file is whole, the torn one at its end included; None for another header."""
    size = layout.stored.itemsize
    step = max(1, _BLOCK_BYTES // size) * size
    found: list[bool] = []
    try:
        with path.open("rb") as file:
            if file.read(len(layout.header)) != layout.header:
                return None
            while block := file.read(step):
                for start in range(0, len(block), size):
                    record = block[start : start + size]
                    crc = int.from_bytes(record[-4:], "little")
                    found.append(len(record) == size and zlib.crc32(record[:-4]) == crc)
    except OSError:
        return None
    return np.array(found, dtype=np.bool_)


def read(path: Path, layout: Layout) -> tuple[Records, bool]:
    """The whole records of a file in their order, mapped into memory, and whether nothing else is in it.

    None of a file that is not there or of another layout, which is not sound either. Each record is checked.
    """
    sound = _whole(path, layout)
    if sound is None:
        return np.empty(0, layout.record), False
    if not sound.any():
        return np.empty(0, layout.record), not len(sound)
    complete = (path.stat().st_size - len(layout.header)) // layout.stored.itemsize
    mapped = np.memmap(path, layout.stored, "r", len(layout.header), (complete,))
    kept = mapped if sound[:complete].all() else mapped[sound[:complete]]
    return np.asarray(kept)["record"], bool(sound.all())


def read_or_write(path: Path, layout: Layout, count: int, make: Callable[[], Iterable[Records]]) -> Records:
    """The `count` records of a file, mapped into memory; where it is not so, what `make` gives is written first.

    Raises what `make` does, and ResourceError when the disk refuses.
    """
    records, sound = read(path, layout)
    if not sound or len(records) != count:
        write(path, layout, make())
        records, _ = read(path, layout)
    return records
