"""Intervals of shares."""

import pytest

from curate.intervals import wilson


@pytest.mark.parametrize(
    ("right", "number", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662), (717, 800, 0.87319, 0.91552)],
)
def test_wilson(right: int, number: int, low: float, high: float) -> None:
    assert wilson(right, number) == pytest.approx((low, high), abs=5e-5)  # 81 of 263: Newcombe (1998), table I
