"""What is learnt is calibrated, and limits keep the precision they promise."""

import numpy as np

from curate.check import model


def clouds(n: int, seed: int, apart: float = 3.0) -> tuple[np.ndarray, list[str], list[str]]:
    """Points of two overlapping classes, one of them rarer, each in a group of two."""
    random = np.random.default_rng(seed)
    bad = random.random(n) < 0.25
    points = random.normal(size=(n, 12)).astype(np.float32)
    points[:, 0] += apart * bad
    return points, ["closeup" if each else "" for each in bad], [f"g{place // 2}" for place in range(n)]


def test_probabilities_are_as_sure_as_they_are_right() -> None:
    points, outcomes, groups = clouds(3000, 1, apart=1.5)
    learnt = model.learn(points, outcomes, groups)
    assert learnt is not None
    fresh, truth, _ = clouds(3000, 2, apart=1.5)
    shares = learnt.probabilities(fresh)[:, learnt.outcomes.index("closeup")]
    assert np.allclose(learnt.probabilities(fresh).sum(axis=1), 1)
    is_bad = np.array([each == "closeup" for each in truth])
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        inside = (shares >= low) & (shares < high)
        assert abs(shares[inside].mean() - is_bad[inside].mean()) < 0.07


def test_out_of_fold_probabilities_do_not_know_the_answer() -> None:
    random = np.random.default_rng(3)
    points = random.normal(size=(400, 30)).astype(np.float32)
    outcomes = ["closeup" if each else "" for each in random.random(400) < 0.5]
    learnt = model.learn(points, outcomes, [str(n) for n in range(400)])
    assert learnt is not None
    right = learnt.out_of_fold.argmax(axis=1) == np.array([learnt.outcomes.index(each) for each in outcomes])
    assert 0.4 < right.mean() < 0.6


def test_rare_outcomes_are_not_learnt() -> None:
    points, outcomes, groups = clouds(100, 4)
    outcomes[:3] = ["person"] * 3
    learnt = model.learn(points, outcomes, groups)
    assert learnt is not None and learnt.outcomes == ("", "closeup")
    assert np.isnan(learnt.out_of_fold[:3]).all()
    assert model.learn(points, ["same"] * 100, groups) is None
