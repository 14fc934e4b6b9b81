"""The class name is evidence, on points whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from curate.clean import class_evidence, class_rates
from curate.core.schemas import CleanRow
from tests.folders import clean_row, fetch_row


def test_percentiles_are_of_the_own_class() -> None:
    found = class_evidence.percentiles(np.array([0.9, 0.8, 0.1, 0.2, 0.1]), np.array([0, 0, 1, 1, 1]))
    assert found.tolist() == pytest.approx([0.75, 0.25, 1 / 3, 5 / 6, 1 / 3])


def test_a_classifier_that_is_no_surer_than_chance_says_nothing() -> None:
    numbers = np.array([0, 0, 1, 1])
    assert class_evidence.odds_by_class(np.array([0.5, 0.2, 0.5, 0.99]), numbers).tolist() == pytest.approx(
        [1, 1, 1, 98]
    )


def test_rejections_among_the_typical_are_errors_and_among_the_untypical_are_not() -> None:
    ranks = (np.arange(100) + 0.5) / 100
    junk, any_ = ranks < 0.3, np.arange(100) % 2 == 0
    assert class_evidence.zero_shot_errors(junk, ranks, 0.1) < 0.05
    assert class_evidence.zero_shot_errors(any_, ranks, 0.1) == pytest.approx(0.8, abs=0.05)
    assert class_evidence.zero_shot_errors(any_, ranks, 0.5) == class_evidence.LEAST_ERROR, "as many as expected"


def test_a_class_the_network_has_no_word_for_keeps_its_photos_but_not_its_junk() -> None:
    zero_shot = np.concatenate([np.full(200, 0.9), np.full(50, 0.01)])  # the second class is all unknown
    numbers = np.repeat([0, 1], [200, 50])
    percentile = np.concatenate([(np.arange(200) + 0.5) / 200, (np.arange(50) + 0.5) / 50])
    own = np.concatenate([np.full(200, 0.97), np.full(5, 0.2), np.full(45, 0.95)])
    found = class_evidence.corrected(zero_shot, own, numbers, percentile, 0.1)
    assert (found >= zero_shot).all()
    assert found[205:].min() > 0.8, "typical of its class"
    assert found[200:203].max() < 0.3, "untypical, and of no class"
    few = class_evidence.corrected(zero_shot[:204], own[:204], numbers[:204], percentile[:204], 0.1)
    assert np.array_equal(few[200:], zero_shot[200:204]), "too few photos of the class to say so"


def test_a_dozen_photos_that_the_network_has_no_word_for_are_kept() -> None:
    zero_shot = np.concatenate([np.full(200, 0.9), np.full(12, 0.01)])
    numbers = np.repeat([0, 1], [200, 12])
    percentile = np.concatenate([(np.arange(200) + 0.5) / 200, (np.arange(12) + 0.5) / 12])
    found = class_evidence.corrected(zero_shot, np.full(212, 0.9), numbers, percentile, 0.1)
    assert found[201:].min() > 0.3
    sure = np.where(np.arange(12) < 2, 0.01, 0.9)  # two of the untypical are rejected, as expected
    found = class_evidence.corrected(
        np.concatenate([zero_shot[:200], sure]), np.zeros(212), numbers, percentile, 0.1
    )
    assert found[200:202].max() < 0.3, "junk of a small class stays junk"


def test_without_a_word_for_anything_the_typical_photos_of_small_classes_stay() -> None:
    percentile = np.tile((np.arange(4) + 0.5) / 4, 2)
    found = class_evidence.corrected(np.zeros(8), np.full(8, 0.5), np.repeat([0, 1], 4), percentile, 0.1)
    assert found.min() > 0.5


def rates(*lost: tuple[int, int]) -> list[class_rates.ClassRate]:
    rows: list[CleanRow] = []
    class_of = {}
    for name, (rejected, photos) in zip("abc", lost, strict=False):
        for number in range(photos):
            row = replace(clean_row(fetch_row(len(rows), name)), keep=number >= rejected)
            rows.append(replace(row, reason="" if row.keep else "odd"))
            class_of[row.key] = name
    return class_rates.class_rates(rows, class_of)


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        (((10, 100), (12, 100)), ""),
        (((3, 300), (60, 200)), "b"),  # far more than expected
        (((10, 400), (36, 200)), "b"),  # significantly more than the others
        (((4, 400), (14, 200)), ""),  # more than the others, not than expected
        (((1, 4), (0, 4)), ""),
    ],
)
def test_a_class_that_loses_too_much_is_named(lost: tuple[tuple[int, int], ...], named: str) -> None:
    assert [text[0] for text in class_rates.problems(rates(*lost), 0.1)] == list(named)


def test_rates_come_with_their_interval() -> None:
    (one,) = rates((10, 100))
    assert str(one) == "a 10.0% of 100 (5.5% to 17.4%)"
