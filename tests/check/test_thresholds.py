"""Thresholds keep the precision they promise, by all that is known or by a sample of labels."""

import numpy as np

from curate.check import thresholds
from curate.check.duplicates import Index
from curate.check.learnt import CleanDecision, Learnt
from curate.check.model import KEPT, LinearModel


def test_thresholds_reach_their_precision_or_are_not_there() -> None:
    random = np.random.default_rng(5)
    bad = random.random(4000)
    is_bad = random.random(4000) < bad
    found = thresholds.of_all(bad, is_bad, 0.9, 0.9)
    assert is_bad[bad >= found.flag_from].mean() > 0.9 and (~is_bad[bad <= found.ok_below]).mean() > 0.9
    assert found.ok_below < found.flag_from < 1
    assert found.flags is not None and found.flags.low >= 0.9
    hopeless = thresholds.of_all(bad[:50], random.random(50) < 0.5, 0.99, 0.99)
    assert (hopeless.ok_below, hopeless.flag_from) == (0.0, 1.01)
    assert hopeless.flags is None and "no threshold reaches precision 0.99 by what" in said(hopeless)[0]


def test_a_reason_that_is_less_often_right_is_flagged_later() -> None:
    """Of what looks like an interior between .5 and .8, most is kept; what looks like no car is rejected."""
    random = np.random.default_rng(7)
    bad, interior = random.random(4000), random.random(4000) < 0.3
    rejected = np.where(interior, bad > 0.8, bad > 0.3)
    shares = np.stack([1 - bad, bad * np.where(interior, 0.9, 0.1), bad * np.where(interior, 0.1, 0.9)], axis=1)
    decided = tuple(CleanDecision(str(n), "swift", "not_car" if bad else "") for n, bad in enumerate(rejected))
    none = np.zeros(0)
    model = LinearModel((KEPT, "interior", "not_car"), none, none, none, none, 1.0, shares)
    learnt = Learnt(decided, np.zeros((0, 0), np.float32), Index.of([], []), model, None)
    found = thresholds.from_clean(learnt, 0.95, 0.98)
    assert 0.75 < found.of_reason["interior"] < 0.81 and found.of_reason["not_car"] == thresholds.EVEN
    assert found.flags is not None and found.flags.low >= 0.95 and 0.5 <= found.flag_from < 0.51
    assert [found.judge(0.7, reason) for reason in ("interior", "not_car")] == ["unsure", "flag"]
    assert found.judge(0.9, "interior") == "flag" and found.judge(0.1, "not_car") == "ok"
    assert (
        "flag (the inside of the car): from 0.7"
        in list(found.lines(0.95, 0.98, {"interior": "the inside of the car"}))[-1]
    )


def test_a_sample_of_labels_holds_the_truth() -> None:
    """12 samples of 300 labels, drawn more densely where the score is low: the promise holds in nearly all."""
    random = np.random.default_rng(6)
    bad = random.random(5000) ** 3
    is_bad = random.random(5000) < np.clip(1.4 * bad - 0.2, 0, 1)
    strata = np.digitize(bad + random.normal(0, 0.1, 5000), [0.1, 0.3, 0.6])
    broken = reached = 0
    for _ in range(12):
        drawn = [random.choice(np.flatnonzero(strata == each), 75, replace=False) for each in range(4)]
        places = np.sort(np.concatenate(drawn))
        found = thresholds.of_sample(bad, strata, places, is_bad[places], 0.8, 0.9)
        assert found.ok_below <= found.flag_from and found.labels == 300
        if found.flags is None:
            continue
        reached += 1
        broken += is_bad[bad >= found.flag_from].mean() < 0.8
    assert reached > 8 and broken <= 1


def test_too_few_labels_flag_nothing() -> None:
    bad = np.linspace(0, 1, 100)
    found = thresholds.of_sample(
        bad, np.zeros(100, np.int64), np.array([3, 95]), np.array([False, True]), 0.95, 0.98
    )
    assert found.flag_from == thresholds.NEVER and found.flags is None
    flag, ok = said(found)
    assert flag == "no photo is flagged for what it shows: no threshold reaches precision 0.99 by 2 labels"
    assert ok == "no new photo is called ok: no threshold reaches precision 0.99 by 2 labels"


def said(found: thresholds.Thresholds) -> list[str]:
    return list(found.lines(0.99, 0.99, {}))


def test_one_label_proves_nothing_about_uploads() -> None:
    """All photos from .96 on are labelled, so the dataset's are known; an upload is none of them."""
    bad = np.linspace(0, 0.9, 200)
    bad[-1] = 0.967
    places = np.append(np.arange(0, 198, 4), 199)
    found = thresholds.of_sample(bad, np.zeros(200, np.int64), places, places == 199, 0.5, 0.98)
    assert found.flags is None and found.flag_from == thresholds.NEVER


def test_the_lines_say_how_many_labels_a_threshold_rests_on() -> None:
    bad = np.concatenate([np.linspace(0, 0.2, 800), np.linspace(0.9, 1, 200)])
    places = np.arange(0, 1000, 5)
    found = thresholds.of_sample(bad, np.zeros(1000, np.int64), places, places >= 800, 0.8, 0.9)
    assert (found.labels, found.flag_labels, found.ok_labels) == (200, 41, 159)
    assert found.flags is not None and found.flags.value == 40 / 41 and 0.87 < found.flags.low < 0.96
    flag, ok = said(found)
    assert flag.endswith("by 41 of 200 labels") and ok.endswith("by 159 of 200 labels")


def test_labels_of_photos_without_a_probability_flag_nothing() -> None:
    """A small collection has no classifier: whatever is labelled, no threshold can be measured."""
    unknown, nobody = np.full(30, np.nan), np.zeros(0, np.int64)
    found = thresholds.of_sample(unknown, np.zeros(30, np.int64), nobody, np.zeros(0, bool), 0.95, 0.98)
    assert (found.ok_below, found.flag_from, found.flags, found.oks) == (0.0, thresholds.NEVER, None, None)
