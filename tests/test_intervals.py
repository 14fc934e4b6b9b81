"""Intervals of shares."""

import pytest

from curate.intervals import wilson


@pytest.mark.parametrize(
    ("right", "number", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_gives_the_published_values(right: int, number: int, low: float, high: float) -> None:
    assert wilson(right, number) == pytest.approx((low, high), abs=5e-5)
