from dataclasses import replace

import pytest

from curate.review.decisions import Decision, Review
from curate.review.queue import contradicted, doubt, rank, usefulness, why
from tests.folders import clean_row, fetch_row


def test_doubt_is_largest_at_the_threshold() -> None:
    assert doubt(0.3, 0.3, True) == pytest.approx(0.5)
    assert doubt(0.3, 0.3, True) > doubt(0.5, 0.3, True) > doubt(0.99, 0.3, True) > 0
    assert doubt(0.3, 0.3, True) > doubt(0.1, 0.3, False) > doubt(0.0, 0.3, False) > 0


def test_where_the_score_did_not_decide_it_leaves_no_doubt() -> None:
    assert doubt(0.31, 0.3, keep=False) == 0


def test_contradictions_first_then_wrong_classes_then_doubts() -> None:
    contradiction = usefulness(0.1, 0.9, contradicted=True, reviewed=False)
    wrong_class = usefulness(0.01, 0.05, contradicted=False, reviewed=False)
    at_threshold = usefulness(0.49, 0.9, contradicted=False, reviewed=False)
    fine = usefulness(0.001, 0.99, contradicted=False, reviewed=False)
    assert contradiction > wrong_class > at_threshold > fine


def test_nobody_is_asked_twice() -> None:
    assert usefulness(0.5, 0.01, contradicted=False, reviewed=True) == 0


def test_the_queue_has_the_size_asked_for() -> None:
    keys = [f"{n:02}" for n in range(40)]
    queue = rank(keys, [n / 40 for n in range(40)], 0.05)
    assert queue == {"39": 1, "38": 2}
    assert rank(keys, [0.0] * 40, 0.5) == {}
    assert rank(["b", "a"], [0.5, 0.5], 1.0) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("change", "contradicted", "words"),
    [
        ({"label_score": 0.1, "likely_class": "sedan"}, False, "sedan is likelier"),
        ({"label_score": 0.6, "likely_class": "hatch"}, False, "its class is among the least sure"),
        ({"label_score": 0.9, "score": 0.31}, False, "its score is among the nearest to the threshold"),
        ({}, False, "its score is among the nearest to the threshold"),
        ({"keep": False, "reason": "not_car", "score": 0.2, "label_score": 0.0}, False, "its score is among the"),
        ({"keep": False, "reason": "score_nan", "score": 0.0}, False, "it has no score"),
        ({"label_score": 0.1, "likely_class": "sedan"}, True, "duplicates or decisions contradict each other"),
    ],
)
def test_a_photo_is_in_the_queue_for_its_larger_doubt(
    change: dict[str, object], contradicted: bool, words: str
) -> None:
    row = replace(clean_row(fetch_row(0, "hatch")), **change)  # type: ignore[arg-type]
    assert why(row, 0.3, contradicted).startswith(words)


def test_a_person_decides_duplicates_and_decisions_that_contradict() -> None:
    row, keep, reject = clean_row(fetch_row(0, "hatch")), Decision(True, ""), Decision(False, "")
    said, torn = Review({row.key: keep}, {}), Review({}, {row.key: [keep, reject]})
    nothing, interior = Review({}, {}), replace(row, keep=False, reason="interior")
    assert [contradicted(row, True, about) for about in (nothing, said, torn)] == [True, False, True]
    assert [contradicted(row, False, about) for about in (nothing, said, torn)] == [False, False, True]
    assert [contradicted(interior, True, about) for about in (nothing, said, torn)] == [False, False, True]
    assert contradicted(replace(interior, reason="wrong_class"), True, nothing)
