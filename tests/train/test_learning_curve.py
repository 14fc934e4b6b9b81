"""learning-curve: nested subsets, honest extrapolation."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.errors import GateError
from curate.core.recipe import TrainBaseline
from curate.core.schemas import SplitRow
from curate.train import learning_curve
from tests.folders import CLASSES, build_folder, publish

CONFIG = TrainBaseline(class_names=CLASSES, transfer={"image_size": 64})


def test_subsets_are_nested_and_stratified() -> None:
    labels = np.array([0, 1] * 60)
    groups = [f"g{number // 4}" for number in range(120)]
    parts = [
        set(learning_curve.subset(labels, groups, size, np.random.default_rng([1, 2])).tolist())
        for size in (20, 60, 120)
    ]
    assert parts[0] < parts[1] < parts[2]
    assert [len(part) for part in parts] == [20, 60, 120]
    assert all(sum(labels[number] for number in part) == len(part) / 2 for part in parts)
    other = learning_curve.subset(labels, groups, 20, np.random.default_rng([1, 3]))
    assert set(other.tolist()) != parts[0]


SIZES = [30, 60, 120, 240, 480, 960]


def measured(seed: int, step: float = 0.0) -> tuple[NDArray[np.bool_], list[str]]:
    """(orders, sizes, photos) right or not, for 40 groups of five photos that are right or wrong together.

    The accuracy in the long run is 0.95 - 2 n^-0.6, less `step` from the fourth size on.
    """
    random = np.random.default_rng(seed)
    hard = np.repeat(random.uniform(size=40), 5)
    share = 0.95 - 2 * np.array(SIZES, float) ** -0.6 - step * (np.arange(len(SIZES)) > 2)
    drawn = random.normal(0, 0.01, (20, len(SIZES)))
    drawn[:, -1] = 0  # all orders are the same there
    return hard < (share + drawn)[:, :, None], [f"g{number // 5}" for number in range(200)]


def test_a_known_curve_is_continued() -> None:
    random = np.random.default_rng(5)
    error = 0.05 + 2 * np.array(SIZES, float) ** -0.6
    accuracy = 1 - error + random.normal(0, 0.004, (20, len(SIZES)))
    drawn = accuracy[random.integers(20, size=(200, 20))].mean(axis=1)
    at_all, doubled, gain = learning_curve.extrapolate(SIZES, accuracy, drawn, random)
    assert at_all[0] == pytest.approx(1 - error[-1], abs=0.004)
    truth = 1 - (0.05 + 2 * 1920**-0.6)
    assert doubled[1] <= truth <= doubled[2]
    assert doubled[2] - doubled[1] < 0.03
    assert gain[1] <= truth - (1 - error[-1]) <= gain[2]


def test_the_interval_holds_the_truth_although_all_orders_end_alike_and_few_photos_were_measured() -> None:
    truth = 0.95 - 2 * 960**-0.6
    inside = 0
    for seed in range(40):
        right, groups = measured(seed)
        random = np.random.default_rng(seed)
        drawn = learning_curve.resampled(right, groups, random)
        at_all, _, _ = learning_curve.extrapolate(SIZES, right.mean(axis=2), drawn, random)
        inside += at_all[1] <= truth <= at_all[2]
    assert inside >= 34


def test_a_mean_of_resampled_photos_weighs_groups_by_their_size() -> None:
    right = np.zeros((2, 1, 6), bool)
    right[:, 0, :4] = True
    drawn = learning_curve.resampled(right, ["a", "b", "a", "a", "b", "b"], np.random.default_rng(1))
    assert {round(float(value), 6) for value in drawn[:, 0]} == {1.0, round(4 / 6, 6), round(1 / 3, 6)}


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (0.86, 0.87, "is expected to raise accuracy from 86.0% to 87.0% (95% interval 82.0% to 92.0%)"),
        (0.87, 0.86, "is expected to lower accuracy from 87.0% to 86.0% (95% interval 81.0% to 91.0%)"),
        (0.86, 0.86, "is not expected to change the accuracy of 86.0% (95% interval 81.0% to 91.0%)"),
    ],
)
def test_what_doubling_brings_is_a_gain_a_loss_or_nothing(now: float, then: float, said: str) -> None:
    gain = then - now
    curve = learning_curve.Curve(
        [20, 40], np.full((2, 2), now), 30, (now, now - 0.05, now + 0.05), (then, then - 0.05, then + 0.05),
        (gain, gain - 0.005, gain + 0.02), True,
    )  # fmt: skip
    last = curve.sentences()[-1]
    assert said in last
    assert last.endswith(f"That is {100 * gain:+z.1f} points (95% interval {100 * gain - 0.5:+z.1f} to "
                         f"{100 * gain + 2:+z.1f}).")  # fmt: skip


def test_where_all_are_right_nothing_is_said_of_more_photos() -> None:
    sure = (1.0, 1.0, 1.0)
    curve = learning_curve.Curve([20, 40], np.ones((2, 2)), 30, sure, sure, (0.0, 0.0, 0.0), True)
    last = curve.sentences()[-1]
    assert last == "Doubling to 80 photos cannot be judged: no measured photo is mistaken already."


def test_the_gain_is_what_lies_between_both_accuracies() -> None:
    for seed in range(10):
        right, groups = measured(seed)
        random = np.random.default_rng(seed)
        drawn = learning_curve.resampled(right, groups, random)
        now, then, gain = learning_curve.extrapolate(SIZES, right.mean(axis=2), drawn, random)
        assert then[0] - now[0] == pytest.approx(gain[0])
        assert then[1] <= then[0] <= then[2]


def test_a_step_down_beyond_chance_is_said_and_none_where_photos_are_few() -> None:
    def rises(seed: int, step: float) -> bool:
        right, groups = measured(seed, step)
        drawn = learning_curve.resampled(right, groups, np.random.default_rng(seed))
        return learning_curve.is_monotone(right.mean(axis=2), drawn)

    assert sum(rises(seed, 0) for seed in range(40)) >= 38
    assert sum(rises(seed, 0.3) for seed in range(40)) <= 2


def test_many_classes_begin_with_two_photos_each() -> None:
    labels = np.arange(400) % 30
    groups = [f"g{number}" for number in range(400)]
    features = np.eye(30, dtype=np.float32)[labels]
    curve = learning_curve.measure(features, labels, groups, 300, 1, orders=2)
    assert curve.sizes[0] == 60
    assert len(learning_curve.subset(labels[:300], groups[:300], 60, np.random.default_rng(1))) == 60


def test_many_classes_need_more_photos(tmp_path: Path) -> None:
    folder, names = build_folder(tmp_path, "split", n=100), [f"c{number}" for number in range(16)]
    rows = manifest.read(folder, SplitRow)
    publish(folder, "split", [replace(row, class_name=names[at % 16]) for at, row in enumerate(rows)])
    with pytest.raises(GateError, match="train has 60 photos; a learning curve needs 64"):
        learning_curve.run(folder, CONFIG.model_copy(update={"class_names": tuple(names)}))


def test_a_folder_gets_its_curve(tmp_path: Path) -> None:
    folder = build_folder(tmp_path, "split", n=100)
    curve = learning_curve.run(folder, CONFIG)
    assert len(curve.sizes) >= 6
    assert curve.sizes[-1] == 60
    assert curve.measured == 40
    assert curve.sentences()[-1].startswith("Doubling to 120 photos ")
    rows = (folder / "learning_curve.csv").read_text().splitlines()
    assert len(rows) == 1 + curve.accuracy.size
    made_from = json.loads((folder / "learning_curve.json").read_bytes())
    assert made_from["inputs"] == {"split.csv": hashlib.sha256((folder / "split.csv").read_bytes()).hexdigest()}
    assert (folder / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(GateError, match="train has 12 photos; a learning curve needs 40"):
        learning_curve.run(build_folder(tmp_path / "small", "split", n=20), CONFIG)
