"""Arrays that lie in a file hold what is written to them, and leave nothing behind."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from curate.core import scratch


def mapped(array: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> bool:
    return isinstance(array.base, np.memmap)


def test_a_large_array_lies_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "LARGE", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    small, large = scratch.empty((10,), np.int64), scratch.empty((40, 50), np.int64)
    assert not mapped(small) and mapped(large)
    large[:] = np.arange(2000).reshape(40, 50)
    assert large.sum() == 1999000 and large[39, 49] == 1999
    assert not list(tmp_path.iterdir())


def test_where_no_file_can_be_made_it_lies_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "LARGE", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    array = scratch.empty((2000,), np.int64)
    assert array.shape == (2000,) and not mapped(array)
