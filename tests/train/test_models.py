"""A trained network on disk: it comes back as it was, and is refused when it is not what it says."""

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curate.core.errors import CurateError, ResourceError, StateError
from curate.train import models, networks, onnx_export

SETTINGS = {"dropout": 0.0, "batch_norm": False}
META: dict[str, Any] = {
    "classes": ["a", "b"],
    "image_size": 46,
    "network": "reference_cnn",
    "variant": "base",
    "seed": 5,
    "settings": SETTINGS,
    "temperature": 1.0,
}


PIXELS = np.random.default_rng(3).integers(0, 256, (4, 46, 46, 3), dtype=np.uint8)


def saved(folder: Path) -> torch.nn.Module:
    network = networks.reference_cnn(["a", "b"], 46, seed=5)
    graph = onnx_export.of_network(network, 46, reference=True)
    onnx = onnx_export.checked(graph, PIXELS, networks.predict(network, PIXELS))
    models.save(folder, models.to_bytes(network), graph, META | {"best_epoch": 3, "onnx": onnx}, "# a, b\n")
    return network


def test_a_saved_model_comes_back_as_it_was(tmp_path: Path) -> None:
    network = saved(tmp_path)
    model = models.load(tmp_path, ["a", "b"])
    expected = networks.predict(network, PIXELS)
    assert model.predict(PIXELS) == pytest.approx(expected, abs=onnx_export.TOLERANCE)
    assert np.array_equal(networks.predict(models.load_network(tmp_path), PIXELS), expected)
    assert model.meta["best_epoch"] == 3
    files = ["MODEL_CARD.md", "model.json", "model.onnx", "model.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_graph_that_differs_from_its_network_is_refused() -> None:
    network = networks.reference_cnn(["a", "b"], 46, seed=5)
    graph = onnx_export.of_network(networks.reference_cnn(["a", "b"], 46, seed=6), 46, reference=True)
    with pytest.raises(CurateError, match=r"the ONNX graph differs from the network by 0\.\d"):
        onnx_export.checked(graph, PIXELS, networks.predict(network, PIXELS))


def test_the_temperature_makes_probabilities_less_sure(tmp_path: Path) -> None:
    saved(tmp_path)
    model = models.load(tmp_path)
    softer = models.Model(model.predict, model.meta | {"temperature": 2.0})
    assert np.array_equal(softer.calibrated(PIXELS).argmax(axis=1), model.predict(PIXELS).argmax(axis=1))
    assert (softer.calibrated(PIXELS).max(axis=1) < model.predict(PIXELS).max(axis=1)).all()


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
        models.load_network(tmp_path)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_graph_is_refused(damage: Callable[[Path], None], tmp_path: Path) -> None:
    saved(tmp_path)
    damage(tmp_path / "model.onnx")
    with pytest.raises(StateError, match=r"model\.onnx is missing or not the file of model\.json"):
        models.load(tmp_path)


def test_the_pickle_of_these_tests_would_have_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "canary")))
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("classes", [["b", "a"], ["a", "b", "c"], ["a", "swift"]])
def test_t07_other_classes_are_refused(classes: list[str], tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(StateError, match="was trained for a, b, not for"):
        models.load(tmp_path, classes)


def test_no_model_yet_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"model\.json is not there"):
        models.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"format": 99}'])
def test_a_damaged_description_is_refused(text: str, tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(StateError, match=r"model\.json"):
        models.load(tmp_path)


@pytest.mark.parametrize("temperature", [-1, 0, "warm"])
def test_a_temperature_that_is_none_is_refused(tmp_path: Path, temperature: object) -> None:
    saved(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"temperature": temperature}))
    with pytest.raises(StateError, match=f"temperature {temperature} is not above 0"):
        models.load(tmp_path)
