import json
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from curate.clean.scorers import clip, clip_backends, clip_download
from curate.clean.scorers.clip import Clip
from curate.core.errors import ResourceError, UsageError
from curate.core.files import file_sha256
from curate.core.recipe import Concept

MODEL = "curate-tiny"
CONCEPTS = (
    Concept(name="car", role="wanted", prompts=("a photo of a car.", "a used car for sale.")),
    Concept(name="interior", prompts=("the inside of a car.",)),
    Concept(name="document", prompts=("a scan of a document.", "an advert.", "a screenshot.")),
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP with random weights, saved to disk as a checkpoint."""
    import open_clip

    folder = tmp_path_factory.mktemp("clip")
    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    }
    (folder / f"{MODEL}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{MODEL}.json")
    torch.manual_seed(0)
    path = folder / "tiny.pt"
    torch.save(open_clip.create_model(MODEL, pretrained=None, load_weights=False).state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def photos(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(3).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_equal_to_the_zero_shot_arithmetic_of_open_clip(tiny: Path) -> None:
    import open_clip

    scorer = Clip(MODEL, str(tiny), backend="torch-float32")
    model, _, transform = open_clip.create_model_and_transforms(MODEL, pretrained=str(tiny))
    model.eval()
    tokenizer = open_clip.get_tokenizer(MODEL)
    images = np.random.default_rng(1).integers(0, 256, (5, 90, 130, 3), dtype=np.uint8)
    with torch.no_grad():
        inputs = torch.stack([transform(Image.fromarray(image)) for image in images])
        features = model.encode_image(inputs, normalize=True)
        columns = []
        for concept in CONCEPTS:  # its templates are one list for all classes, so one concept at a time
            columns.append(open_clip.build_zero_shot_classifier(model, tokenizer, [concept.name], concept.prompts))
        expected = (model.logit_scale.exp() * features @ torch.cat(columns, dim=1)).softmax(dim=-1).numpy()
    embeddings = scorer.embed(np.stack([scorer.prepare(image) for image in images]))
    assert np.abs(embeddings - features.numpy()).max() < 1e-5
    assert np.abs(scorer.probabilities(embeddings, CONCEPTS) - expected).max() < 1e-5


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size", [(64, 64), (50, 131), (333, 200)])
def test_prepares_pixels_as_open_clip_does(mode: str, size: tuple[int, int]) -> None:
    import open_clip

    pixels = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
    settings = open_clip.transform.PreprocessCfg(size=64, resize_mode=mode, mean=(0, 0, 0), std=(1, 1, 1))
    expected = open_clip.transform.image_transform_v2(settings, is_train=False)(Image.fromarray(pixels))
    ours = clip.prepare(pixels, 64, mode, "bicubic")
    assert np.array_equal(ours, (expected.numpy().transpose(1, 2, 0) * 255).round().astype(np.uint8))


@pytest.mark.parametrize("backend", ["torch-bfloat16", "onnx-float32"])
def test_faster_ways_of_computing_give_the_same_embedding(tiny: Path, backend: str) -> None:
    pixels = photos(3)
    exact = Clip(MODEL, str(tiny), backend="torch-float32").embed(pixels)
    assert (Clip(MODEL, str(tiny), backend=backend).embed(pixels) * exact).sum(
        axis=1
    ).min() > clip_backends.MIN_COSINE


@pytest.mark.parametrize("backend", ["torch-float32", "torch-bfloat16", "onnx-float32"])
def test_d10_batch_size_does_not_matter(tiny: Path, backend: str) -> None:
    scorer = Clip(MODEL, str(tiny), backend=backend)
    pixels = photos(20)  # more than a batch
    one_by_one = np.concatenate([scorer.embed(pixels[i : i + 1]) for i in range(20)])
    together = scorer.embed(pixels)
    assert (
        np.abs(scorer.probabilities(one_by_one, CONCEPTS) - scorer.probabilities(together, CONCEPTS)).max() < 1e-4
    )


def test_auto_chooses_one_way_and_remembers_it(tiny: Path, cache: Path) -> None:
    first = Clip(MODEL, str(tiny))
    assert first.identity["backend"] in clip_backends.BACKENDS
    assert first.identity["weights"] == file_sha256(tiny)
    first.probabilities(np.zeros((1, 32), np.float32), CONCEPTS)
    again = Clip(MODEL, str(tiny))
    again.probabilities(np.zeros((1, 32), np.float32), CONCEPTS)
    assert again.identity == first.identity
    assert "_model" not in vars(again), "the network was loaded although nothing was new"
    for file in cache.iterdir():
        file.write_bytes(b"damaged")
    assert Clip(MODEL, str(tiny)).probabilities(np.zeros((1, 32), np.float32), CONCEPTS).shape == (1, 3)


def test_d09_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"no checkpoint .*nothing\.pt.*scorer: imagenet"):
        Clip(MODEL, str(tmp_path / "nothing.pt"))


def test_d09_wrong_checksum(tiny: Path) -> None:
    with pytest.raises(ResourceError, match=r"weights_sha256.*scorer: imagenet"):
        Clip(MODEL, str(tiny), weights_sha256="0" * 64)


def test_d09_damaged_checkpoint(tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(tiny.read_bytes()[:1000])
    with pytest.raises(ResourceError, match=r"cannot load curate-tiny.*scorer: imagenet"):
        Clip(MODEL, str(broken))


def test_d09_weights_that_cannot_be_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(clip_download, "ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and says nothing
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", host + "/{repo_id}/{revision}/{filename}")
        began = time.monotonic()
        with pytest.raises(
            ResourceError, match=r"the hub does not answer: .*timed out.*path of a checkpoint.*imagenet"
        ):
            Clip("ViT-B-32", "datacomp_xl_s13b_b90k")
    assert time.monotonic() - began < 10  # its client alone tries for over a minute
    assert not constants.HF_HUB_OFFLINE


@pytest.mark.parametrize(("model", "asks"), [("curate-tiny", False), ("curate-tiny-text", True)])
def test_a_text_tower_of_the_hub_is_asked_for(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, asks: bool
) -> None:
    import open_clip
    from huggingface_hub import constants

    config = json.loads((tiny.parent / f"{MODEL}.json").read_text())
    config["text_cfg"] = {"hf_model_name": "roberta-base", "hf_tokenizer_name": "roberta-base"}
    (tmp_path / f"{MODEL}-text.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / f"{MODEL}-text.json")
    offline: list[bool] = []

    def load(*words: object, **options: object) -> None:
        offline.append(constants.HF_HUB_OFFLINE)
        raise OSError("it is seen enough")

    monkeypatch.setattr(open_clip, "create_model", load)
    with pytest.raises(ResourceError, match="seen enough"):
        Clip(model, str(tiny))
    assert offline == [not asks]


def test_unknown_names_get_a_hint(tiny: Path) -> None:
    with pytest.raises(UsageError, match="ViT-B-32"):
        Clip("ViT-B-23", str(tiny))
    with pytest.raises(UsageError, match=r"no model 'nope'; it has e\.g\. ViT-B-32"):
        Clip("nope", str(tiny))
    with pytest.raises(UsageError, match="datacomp_xl_s13b_b90k"):
        Clip("ViT-B-32", "datacomp")


def test_every_concept_needs_prompts(tiny: Path) -> None:
    scorer = Clip(MODEL, str(tiny), backend="torch-float32")
    with pytest.raises(UsageError, match="person: scorer clip needs `prompts`"):
        scorer.probabilities(np.zeros((1, 32), np.float32), (*CONCEPTS, Concept(name="person")))


def test_d10_weights_that_give_nan(tiny: Path, tmp_path: Path) -> None:
    weights = torch.load(tiny, weights_only=True)
    weights["visual.proj"][0, 0] = torch.nan
    torch.save(weights, tmp_path / "nan.pt")
    with pytest.raises(ResourceError, match=r"gives no numbers \(NaN\).*scorer: imagenet"):
        Clip(MODEL, str(tmp_path / "nan.pt"))


def test_a_backend_that_the_machine_has_not(tiny: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"no CUDA device here: set it to auto"):
        Clip(MODEL, str(tiny), backend="cuda-float32")
    remembered = Clip(MODEL, str(tiny))
    for path in cache.glob("clip-*.json"):
        path.write_text(path.read_text().replace(remembered.identity["backend"], "cuda-float32"))
    assert Clip(MODEL, str(tiny)).identity["backend"] != "cuda-float32", "the device is gone since"


def test_d09_a_checksum_is_for_files() -> None:
    with pytest.raises(UsageError, match=r"weights is the tag datacomp"):
        Clip("ViT-B-32", "datacomp_xl_s13b_b90k", weights_sha256="0" * 64)


def test_the_sidecar_learns_the_temperature(tiny: Path) -> None:
    scorer = Clip(MODEL, str(tiny), backend="torch-float32")
    scorer.probabilities(np.zeros((1, 32), np.float32), CONCEPTS)
    assert float(scorer.notes["temperature"]) == pytest.approx(0.07)
    assert scorer.notes["photos_per_s"].startswith("torch-float32 ")
    assert len(scorer.notes["prompt_embeddings"]) == 64


@pytest.mark.parametrize("harm", ["poisoned", "cut"])
def test_kept_embeddings_of_prompts_are_checked(tiny: Path, cache: Path, harm: str) -> None:
    scorer = Clip(MODEL, str(tiny), backend="torch-float32")
    somewhere = np.random.default_rng(4).normal(size=(3, 32)).astype(np.float32)
    expected = scorer.probabilities(somewhere, CONCEPTS)
    (kept,) = cache.glob("clip-*-prompts-*.cache")
    sound = kept.read_bytes()
    harmed = sound[:-40] if harm == "cut" else sound[:-60] + bytes(30) + sound[-30:]
    kept.write_bytes(harmed)
    again = Clip(MODEL, str(tiny), backend="torch-float32")
    assert np.abs(again.probabilities(somewhere, CONCEPTS) - expected).max() < 1e-4
    assert len(kept.read_bytes()) == len(sound) and kept.read_bytes() != harmed
