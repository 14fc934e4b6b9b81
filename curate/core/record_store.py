"""Records of one size in a file, each with a checksum: the format of all that is computed once and kept.

The first line is JSON: what the records are and what made them. A file with another first line is not read. Then
come the records, each followed by its CRC-32. They are written whole or appended, so what a crash cut short and
what was damaged since is left out when the file is read, and computed again.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import Again, Do, ResourceError, To
from curate.core.files import atomic_write

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
    """Add `blocks` to the end of a file that `whole` found sound. Raises ResourceError when the disk refuses."""
    try:
        with path.open("ab") as file:
            for block in blocks:
                file.write(packed(block))
                file.flush()
    except OSError as error:
        remedy = To("", Do("free space"), Again())
        raise ResourceError(f"cannot write {path}: {error.strerror or error}", remedy) from error


def whole(path: Path, layout: Layout) -> NDArray[np.bool_] | None:
    """Whether each record in the file is whole, the torn one at its end included.

    None where the file is not there or begins with another header.
    """
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


def read(path: Path, layout: Layout) -> Records:
    """The whole records of a file in their order, mapped into memory; none where its layout is another."""
    sound = whole(path, layout)
    if sound is None or not sound.any():
        return np.empty(0, layout.record)
    complete = (path.stat().st_size - len(layout.header)) // layout.stored.itemsize
    mapped = np.memmap(path, layout.stored, "r", len(layout.header), (complete,))
    return np.asarray(mapped if sound[:complete].all() else mapped[sound[:complete]])["record"]
