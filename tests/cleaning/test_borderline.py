import pytest

from curate.cleaning.borderline import doubt, rank, usefulness


def test_doubt_is_largest_at_the_threshold() -> None:
    assert doubt(0.3, 0.3) == pytest.approx(0.5)
    assert doubt(0.3, 0.3) > doubt(0.5, 0.3) > doubt(0.99, 0.3) > 0
    assert doubt(0.3, 0.3) > doubt(0.1, 0.3) > doubt(0.0, 0.3) > 0
    assert doubt(float("nan"), 0.3) == 0.5


def test_contradictions_first_then_wrong_classes_then_doubts() -> None:
    contradiction = usefulness(0.9, 0.3, True, 0.9, contradicted=True, reviewed=False)
    wrong_class = usefulness(0.99, 0.3, True, 0.05, contradicted=False, reviewed=False)
    at_threshold = usefulness(0.31, 0.3, True, 0.9, contradicted=False, reviewed=False)
    fine = usefulness(0.999, 0.3, True, 0.99, contradicted=False, reviewed=False)
    assert contradiction > wrong_class > at_threshold > fine


def test_nobody_is_asked_twice() -> None:
    assert usefulness(0.3, 0.3, True, 0.01, contradicted=False, reviewed=True) == 0


def test_the_class_of_a_rejected_photo_does_not_matter() -> None:
    without = usefulness(0.01, 0.3, False, None, contradicted=False, reviewed=False)
    assert usefulness(0.01, 0.3, False, 0.01, contradicted=False, reviewed=False) == without


def test_the_queue_has_the_size_asked_for() -> None:
    keys = [f"{n:02}" for n in range(40)]
    queue = rank(keys, [n / 40 for n in range(40)], 0.05)
    assert queue == {"39": 1, "38": 2}
    assert rank(keys, [0.0] * 40, 0.5) == {}
    assert rank(["b", "a"], [0.5, 0.5], 1.0) == {"a": 1, "b": 2}
