"""The reference network, and what of it is written to disk."""

import hashlib
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from curate.core.errors import ResourceError, StateError
from curate.train import networks

SMALL = {"classes": ["a", "b"], "image_size": 46, "dropout": 0.0, "batch_norm": False}


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("classes", "batch_norm", "count"),
    [(2, False, 3_453_121), (3, False, 3_454_147), (2, True, 3_453_121 + 2 * (32 + 64 + 128 + 128))],
)
def test_it_has_as_many_parameters_as_the_original(classes: int, batch_norm: bool, count: int) -> None:
    network = networks.reference_cnn([str(n) for n in range(classes)], batch_norm=batch_norm)
    assert parameters(network) == count
    assert network(torch.zeros(2, 3, 150, 150)).shape == (2, 1 if classes == 2 else classes)


def test_dropout_adds_no_parameter_and_is_off_when_predicting() -> None:
    network = networks.reference_cnn(["a", "b"], 46, dropout=0.5)
    assert parameters(network) == parameters(networks.reference_cnn(["a", "b"], 46))
    pixels = np.random.default_rng(1).integers(0, 256, (3, 46, 46, 3), dtype=np.uint8)
    assert np.array_equal(networks.predict(network, pixels), networks.predict(network, pixels))


def test_the_seed_decides_the_weights_and_nothing_else_does() -> None:
    torch.manual_seed(1)
    first = networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=3).state_dict())
    torch.manual_seed(2)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    assert networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=3).state_dict()) == first
    assert torch.equal(torch.rand(1), drawn)
    assert networks.weights_sha256(networks.reference_cnn(["a", "b"], 46, seed=4).state_dict()) != first


def test_pixels_become_minus_one_to_one() -> None:
    pixels = np.array([0, 51, 255], np.uint8).reshape(1, 1, 1, 3)
    assert networks.to_input(pixels).flatten().tolist() == pytest.approx([-1.0, -0.6, 1.0])
    assert networks.to_input(np.zeros((2, 5, 4, 3), np.uint8)).shape == (2, 3, 5, 4)


def test_probabilities_of_one_logit_and_of_many() -> None:
    one = networks.probabilities(torch.tensor([[0.0], [np.log(3)]]))
    assert one == pytest.approx(np.array([[0.5, 0.5], [0.25, 0.75]]))
    many = networks.probabilities(torch.log(torch.tensor([[1.0, 2.0, 5.0]])))
    assert many == pytest.approx(np.array([[0.125, 0.25, 0.625]]))


def test_d10_batch_size_does_not_change_a_prediction() -> None:
    network = networks.reference_cnn(["a", "b"], 46)
    pixels = np.random.default_rng(2).integers(0, 256, (9, 46, 46, 3), dtype=np.uint8)
    assert np.abs(networks.predict(network, pixels, 1) - networks.predict(network, pixels, 9)).max() < 1e-5
    assert networks.predict(network, pixels[:0]).shape[0] == 0


def saved(folder: Path) -> torch.nn.Module:
    network = networks.reference_cnn(**SMALL, seed=5)  # type: ignore[arg-type]
    networks.save_model(folder, network, SMALL | {"best_epoch": 3})
    return network


def test_a_saved_model_comes_back_as_it_was(tmp_path: Path) -> None:
    network = saved(tmp_path)
    loaded, meta = networks.load_model(tmp_path, ["a", "b"])
    assert networks.weights_sha256(loaded.state_dict()) == networks.weights_sha256(network.state_dict())
    assert not loaded.training
    assert meta["best_epoch"] == 3
    assert meta["parameters"] == parameters(network)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.safetensors"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


class Payload:
    """Unpickling it runs a command."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.canary}'",)


def replace_by_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Payload(path.with_name("canary"))))


def replace_by_pickle_and_vouch_for_it(path: Path) -> None:
    replace_by_pickle(path)
    meta = json.loads(path.with_name("model.json").read_text())
    meta["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("model.json").write_text(json.dumps(meta))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(truncate, id="T02-truncated"),
        pytest.param(flip, id="T02-wrong-sha256"),
        pytest.param(Path.unlink, id="T02-missing"),
        pytest.param(replace_by_pickle, id="T02-pickle"),
        pytest.param(replace_by_pickle_and_vouch_for_it, id="T02-pickle-with-its-sha256"),
    ],
)
def test_damaged_weights_are_refused_and_nothing_in_them_runs(damage: object, tmp_path: Path) -> None:
    saved(tmp_path)
    damage(tmp_path / "model.safetensors")  # type: ignore[operator]
    with pytest.raises(StateError, match=r"model\.safetensors"):
        networks.load_model(tmp_path)
    assert not (tmp_path / "canary").exists()


def test_the_pickle_of_these_tests_would_have_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "canary")))
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("classes", [["b", "a"], ["a", "b", "c"], ["a", "swift"]])
def test_t07_other_classes_are_refused(classes: list[str], tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(StateError, match="was trained for a, b, not for"):
        networks.load_model(tmp_path, classes)


def test_no_model_yet_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="run `curate train-baseline` first"):
        networks.load_model(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"format": 99}'])
def test_a_damaged_description_is_refused(text: str, tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(StateError, match=r"model\.json"):
        networks.load_model(tmp_path)
