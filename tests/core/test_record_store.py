"""Records with checksums."""

from pathlib import Path

import numpy as np
import pytest

from curate.core import record_store
from curate.core.errors import ResourceError
from tests.wording import refused

POINT = np.dtype([("name", "S4"), ("at", "<f4", (2,))])
LAYOUT = record_store.layout(POINT, {"points": 1})


def points(*names: bytes) -> record_store.Records:
    return np.array([(name, (number, -number)) for number, name in enumerate(names)], POINT)


def names(path: Path, layout: record_store.Layout = LAYOUT) -> list[bytes]:
    found: list[bytes] = record_store.read(path, layout)[0]["name"].tolist()
    return found


def test_records_come_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "points"
    record_store.write(path, LAYOUT, [points(b"a", b"b"), points(b"c")])
    record_store.append(path, [points(b"d", b"e")])
    assert names(path) == [b"a", b"b", b"c", b"d", b"e"]
    assert record_store.read(path, LAYOUT)[0]["at"].tolist()[1] == [1, -1]
    with path.open("rb") as file:
        file.seek(LAYOUT.place(3))
        assert file.read(1) == b"d"


def test_a_file_of_more_than_one_block_of_memory_is_read_whole(tmp_path: Path) -> None:
    big = np.zeros(3, np.dtype([("pixels", "u1", (700_000,))]))
    big["pixels"] = [[1], [2], [3]]
    layout = record_store.layout(big.dtype, {})
    record_store.write(tmp_path / "big", layout, [big])
    assert np.array_equal(record_store.read(tmp_path / "big", layout)[0], big)


@pytest.mark.parametrize("place", range(len(LAYOUT.header), LAYOUT.place(3)))
def test_each_damaged_byte_costs_its_record_and_no_other(tmp_path: Path, place: int) -> None:
    path = tmp_path / "points"
    record_store.write(path, LAYOUT, [points(b"a", b"b", b"c")])
    data = bytearray(path.read_bytes())
    data[place] ^= 0x10
    path.write_bytes(data)
    damaged = (place - len(LAYOUT.header)) // LAYOUT.stored.itemsize
    assert names(path) == [name for number, name in enumerate([b"a", b"b", b"c"]) if number != damaged]


@pytest.mark.parametrize("left", range(len(LAYOUT.header), LAYOUT.place(3)))
def test_a_file_cut_anywhere_keeps_the_records_before(tmp_path: Path, left: int) -> None:
    path = tmp_path / "points"
    record_store.write(path, LAYOUT, [points(b"a", b"b", b"c")])
    path.write_bytes(path.read_bytes()[:left])
    complete = (left - len(LAYOUT.header)) // LAYOUT.stored.itemsize
    assert names(path) == [b"a", b"b", b"c"][:complete]
    assert record_store.read(path, LAYOUT)[1] == (left == LAYOUT.place(complete))


def test_another_layout_or_no_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "points"
    assert not record_store.read(path, LAYOUT)[1]
    assert names(path) == []
    record_store.write(path, LAYOUT, [points(b"a")])
    for other in (
        record_store.layout(POINT, {"points": 2}),
        record_store.layout(np.dtype([("name", "S4"), ("at", "<f8", (2,))]), {"points": 1}),
    ):
        assert not record_store.read(path, other)[1]
        assert names(path, other) == []


def test_a_disk_that_refuses_names_the_file(tmp_path: Path) -> None:
    with refused(ResourceError, match=f"cannot write {tmp_path}: .*run the same command again"):
        record_store.append(tmp_path, [points(b"a")])
