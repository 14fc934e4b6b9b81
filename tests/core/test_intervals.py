"""Intervals of shares."""

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.core.intervals import (
    Estimate,
    clustered,
    correlation,
    effective,
    good_photos,
    independent,
    is_above,
    of_draws,
    proportion,
    wilson,
    wilson_low,
)


@pytest.mark.parametrize(
    ("right", "number", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
        # Brown, Cai and DasGupta (2001), Statistical Science 16:101
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
    ],
)
def test_wilson_gives_the_published_values(right: int, number: int, low: float, high: float) -> None:
    assert wilson(right, number) == pytest.approx((low, high), abs=5e-5)


def test_many_lower_ends_at_once_are_the_same() -> None:
    right, number = np.array([0, 3, 29, 81, 4000]), np.array([20, 10, 29, 263, 4001])
    alone = [wilson(*each)[0] for each in zip(right.tolist(), number.tolist(), strict=True)]
    assert wilson_low(right, number) == pytest.approx(alone, abs=1e-12)


def counts(*values: int) -> NDArray[np.int64]:
    return np.array(values)


def test_good_photos_of_a_run() -> None:
    """Jeffreys for 10 of 10 is [0.783, 1] (Brown, Cai and DasGupta 2001); labels stand for their band's photos."""
    sure = of_draws(good_photos(counts(10), counts(10), counts(7), 0))
    assert (sure.low, sure.value, sure.high) == (7, 7, 7), "all are labelled: nothing to guess"
    few = of_draws(good_photos(counts(100_000), counts(10), counts(10), 0) / 100_000)
    assert few.value == 1 and few.low == pytest.approx(0.783, abs=0.02)
    uneven = of_draws(good_photos(counts(900, 100), counts(10, 10), counts(10, 0), 0) / 1000)
    assert uneven.value == pytest.approx(0.9)
    blank = of_draws(good_photos(counts(1000), counts(0), counts(0), 0) / 1000)
    assert blank.low < 0.01 and blank.high > 0.99


def test_a_proportion_of_whole_photos_is_wilsons() -> None:
    assert proportion(0.8, 50) == pytest.approx(wilson(40, 50))
    assert proportion(1, 5.5)[1] == pytest.approx(1)


def test_groups_that_are_right_together_count_as_one_photo_each() -> None:
    right, groups = np.repeat(np.arange(40) % 4 > 0, 5), np.repeat(np.arange(40), 5)
    together = correlation(right, groups)
    assert together == pytest.approx(1)
    assert independent(np.bincount(groups), together) == pytest.approx(40)
    apart = np.random.default_rng(1).random(2000) < 0.8
    assert correlation(apart, np.arange(2000) // 5) < 0.05
    assert (correlation(right, np.arange(200)), correlation(right[:1], groups[:1])) == (0, 0)


def test_a_group_that_a_sample_lacks_is_not_wrong() -> None:
    """A column of one group, all right: a third of the samples do not have it."""
    counted = np.zeros((20, 2))
    counted[:19, 0] = counted[19, 1] = 1
    found = clustered(counted, counted, [str(number) for number in range(20)], 1)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_more_estimates_need_more() -> None:
    found = Estimate(0.6, 0.52, 0.68)
    assert [is_above(found, 0.5, number) for number in (1, 7)] == [True, False]


def test_photos_that_are_all_right_say_no_more_than_their_groups() -> None:
    assert effective([True] * 6, ["a", "a", "a", "b", "b", "b"]) == pytest.approx(2)
    assert effective([True] * 4, ["a", "b", "c", "d"]) == 4
