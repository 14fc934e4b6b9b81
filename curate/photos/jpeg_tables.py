"""The quantisation tables of a JPEG: they tell which program wrote it, and how strongly it compressed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_QUANTISATION, _SCAN = 0xDB, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def tables(data: bytes) -> NDArray[np.int64]:
    """(2, 64) values of tables 0 and 1, those of light and colour; zeros for one that is absent or no JPEG."""
    found = np.zeros((2, 64), np.int64)
    for kind, content in _segments(data):
        while kind == _QUANTISATION and content:
            size = 128 if content[0] >> 4 else 64
            values = np.frombuffer(content[1 : 1 + size], ">u2" if size == 128 else "u1")
            if content[0] & 15 < 2 and len(values) == 64:
                found[content[0] & 15] = values
            content = content[1 + size :]
    return found


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment before the image's data; stops where the file is damaged."""
    place = 2 if data[:2] == b"\xff\xd8" else len(data)
    while place + 4 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind in (0xFF, *_WITHOUT_LENGTH):
            place += 1 if kind == 0xFF else 2
            continue
        if kind == _SCAN:
            return
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        yield kind, data[place + 4 : place + 2 + length]
        place += 2 + max(2, length)
