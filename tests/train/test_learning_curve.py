"""learning-curve: nested subsets, honest extrapolation."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from curate.core.errors import GateError
from curate.core.recipe import TrainBaseline
from curate.train import learning_curve
from tests.folders import CLASSES, build_folder

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


def test_a_known_curve_is_continued() -> None:
    sizes = [30, 60, 120, 240, 480, 960]
    random = np.random.default_rng(5)
    error = 0.05 + 2 * np.array(sizes, float) ** -0.6
    accuracy = 1 - error + random.normal(0, 0.004, (20, len(sizes)))
    at_all, doubled = learning_curve.extrapolate(sizes, accuracy, random)
    assert at_all[0] == pytest.approx(1 - error[-1], abs=0.004)
    truth = 1 - (0.05 + 2 * 1920**-0.6)
    assert doubled[1] <= truth <= doubled[2]
    assert doubled[2] - doubled[1] < 0.03


def test_a_step_down_beyond_noise_is_said() -> None:
    random = np.random.default_rng(6)
    rising = np.linspace(0.7, 0.9, 6) + random.normal(0, 0.01, (20, 6))
    assert learning_curve.is_monotone(rising)
    dip = rising.copy()
    dip[:, 3] -= 0.1
    assert not learning_curve.is_monotone(dip)


def test_a_folder_gets_its_curve(tmp_path: Path) -> None:
    folder = build_folder(tmp_path, "split", n=100)
    curve = learning_curve.run(folder, CONFIG)
    assert len(curve.sizes) >= 6
    assert curve.sizes[-1] == 60
    assert curve.measured == 40
    assert curve.sentences()[-1].startswith("Doubling to 120 photos is expected to raise accuracy from ")
    rows = (folder / "learning_curve.csv").read_text().splitlines()
    assert len(rows) == 1 + curve.accuracy.size
    made_from = json.loads((folder / "learning_curve.json").read_bytes())
    assert made_from["inputs"] == {"split.csv": hashlib.sha256((folder / "split.csv").read_bytes()).hexdigest()}
    assert (folder / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(GateError, match="train has 12 photos; a learning curve needs 40"):
        learning_curve.run(build_folder(tmp_path / "small", "split", n=20), CONFIG)
