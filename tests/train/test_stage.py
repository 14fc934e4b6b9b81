"""The train-baseline stage: what it writes, when it does nothing, what it refuses."""

import ast
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image

from curate.clean.scorers.imagenet import ImageNet
from curate.core import manifest
from curate.core.errors import GateError, Run, StateError, To, UsageError
from curate.core.recipe import Recipe, TrainBaseline
from curate.core.schemas import SplitRow, TrainBaselineRow
from curate.inspect.unfinished import unfinished
from curate.train import (
    backbones,
    card,
    checkpoints,
    cpu,
    curves,
    dataset_cache,
    fitting,
    models,
    networks,
    trainer,
    transfer,
    variants,
)
from curate.train import stage as train_baseline
from curate.train.accuracy import accuracy, in_words
from curate.train.split_photos import by_split
from tests.folders import CLASSES, build_folder, fetch_row, publish, split_row
from tests.wording import refused

CONFIG = TrainBaseline(class_names=CLASSES, epochs=5, batch_size=6, image_size=54, learning_rate=5e-4)


ONE = CONFIG.override(epochs=1, image_size=46)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Images this small only lose by a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(folder: Path, photos: int, config: TrainBaseline) -> Path:
    build_folder(folder, "split", n=photos)
    train_baseline.run(folder, config)
    return folder


@pytest.fixture(scope="module")
def trained(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("trained"), 100, CONFIG)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return build_folder(tmp_path, "split", n=20)


@pytest.fixture(scope="module")
def once(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("once"), 20, ONE)


@pytest.fixture
def trained_once(once: Path, tmp_path: Path) -> Path:
    """A small folder with its base network, to change."""
    return Path(shutil.copytree(once, tmp_path / "run"))


def test_after_the_first_epoch_it_says_how_long_the_rest_takes(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fitting.time_left({"epoch": 1, "seconds": 2.0}, 10) == "", "18 s are not worth a line"
    assert fitting.time_left({"epoch": 1, "seconds": 6.0}, 11).startswith("10 epochs to go, about 60 s if")
    assert fitting.time_left({"epoch": 3, "seconds": 60.0}, 50).startswith("47 epochs to go, about 47 min if")
    monkeypatch.setattr(fitting, "EVERY_S", 0.0)
    train_baseline.run(small, ONE.override(epochs=3))
    said = [line for line in capsys.readouterr().err.splitlines() if "to go" in line]
    assert len(said) == 1 and said[0].startswith("train base: 2 epochs to go, about ")


def test_every_photo_of_val_and_test_has_a_row(trained: Path) -> None:
    rows = manifest.read(trained, TrainBaselineRow)
    split = {row.key: row for row in manifest.read(trained, SplitRow) if row.split in ("val", "test")}
    assert [row.key for row in rows] == sorted(split)
    assert all((row.split, row.class_name) == (split[row.key].split, split[row.key].class_name) for row in rows)
    assert {row.predicted for row in rows} <= set(CLASSES)
    assert all(0.5 <= row.probability <= 1 for row in rows)


def test_it_learned_and_says_how_sure_it_is(trained: Path) -> None:
    notes = manifest.read_sidecar(trained, "train_baseline")["notes"]
    rows = manifest.read(trained, TrainBaselineRow)
    right = Counter(row.split for row in rows if row.predicted == row.class_name)
    photos = Counter(row.split for row in rows)
    assert (notes["test"]["right"], notes["test"]["photos"]) == (right["test"], photos["test"])
    assert notes["test"]["accuracy"] > 0.85
    low, high = notes["test"]["interval"]
    assert low < notes["test"]["accuracy"] <= high
    assert len(notes["history"]) == 5
    assert 1 <= notes["best_epoch"] <= 5
    line, hint = notes["summary"]
    assert line == train_baseline.in_one_line({"variant": "base", "seed": 42, **notes})
    assert hint == "base learns from your photos alone; --variant transfer usually does better"
    assert sum(part["photos"] for part in notes["test_by_class"].values()) == photos["test"]


def test_the_model_on_disk_gives_the_predictions_of_the_manifest(trained: Path) -> None:
    model = models.load(models.folder_of(trained, "base", 42), list(CLASSES))
    rows = manifest.read(trained, TrainBaselineRow)
    photos = {row.key: row.path for row in manifest.read(trained, SplitRow)}
    listed = [(row.key, photos[row.key], Path(photos[row.key]).stem) for row in rows]
    pixels = np.stack([dataset_cache.load_one(photo, trained, model.meta["image_size"]) for photo in listed])
    again = train_baseline.decide(
        [split_row(replace(fetch_row(0, r.class_name), key=r.key), r.split) for r in rows],
        model.calibrated(pixels),
        model.meta["classes"],
    )
    assert [row.predicted for row in again] == [row.predicted for row in rows]
    assert [row.probability for row in again] == pytest.approx([row.probability for row in rows], abs=1e-4)


def test_it_leaves_a_model_curves_and_decoded_photos_but_no_checkpoint(trained: Path) -> None:
    place = models.folder_of(trained, "base", 42)
    expected = [
        *("MODEL_CARD.md", "curves.png", "model.json", "model.onnx", "model.safetensors", "predictions.csv"),
    ]
    assert sorted(path.name for path in place.iterdir()) == expected
    with Image.open(place / "curves.png") as drawn:
        assert drawn.size == (900, 360)
    assert len(list((trained / "cache").iterdir())) == 1


def test_the_card_has_the_figures_of_the_run_the_limits_and_the_licence(trained: Path) -> None:
    text = (models.folder_of(trained, "base", 42) / "MODEL_CARD.md").read_text()
    notes = manifest.read_sidecar(trained, "train_baseline")["notes"]
    assert in_words("test", notes["test"]) in text
    assert manifest.read_sidecar(trained, "split")["sha256"] in text
    assert "| hatch | 30 | 10 | 10 |" in text
    assert "It gives every photo one of its classes" in text
    assert "No other weights are in them" in text
    assert "The best epoch was chosen on val." in text
    for name in ("transfer", "efficientnet-lite1", "efficientnet-lite2"):
        assert "Apache-2.0" in card.licence(name)
    assert "timm model resnet18" in card.licence("resnet18")


def test_the_code_of_the_card_predicts_what_the_run_noted(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = models.folder_of(trained, "base", 42)
    code = (place / "MODEL_CARD.md").read_text().partition("```python\n")[2].partition("```")[0]
    paths = {row.key: row.path for row in manifest.read(trained, SplitRow)}
    monkeypatch.chdir(place)
    for row in manifest.read(trained, TrainBaselineRow):
        exec(code.replace("photo.jpg", str(trained / paths[row.key])), {})
        said = ast.literal_eval(capsys.readouterr().out)
        assert said[row.predicted] == pytest.approx(row.probability, abs=1e-5)
        assert sum(said.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"variant": "dropout", "epochs": 3, "seed": 11}, "--epochs 3 --seed 11 --variant dropout"),
        ({"variant": "finetune", "epochs": 3}, "--epochs 3 --variant finetune"),
        ({"augment": True, "seeds": 2}, "--augment"),
        ({}, ""),
    ],
)
def test_status_names_the_command_that_goes_on_with_an_interrupted_network(
    small: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], arguments: str
) -> None:
    recipe = Recipe(name="cars", classes=CLASSES, train_baseline=ONE.override(epochs=2))
    save = checkpoints.save

    def save_once(*given: Any) -> None:
        save(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", save_once)
    config = recipe.train_baseline.override(finetune={"image_size": 64, "epochs": 2, "batch_size": 4})
    with pytest.raises(KeyboardInterrupt):
        train_baseline.run(small, config.override(**options))
    recipe = recipe.model_copy(update={"train_baseline": config})
    (note,) = unfinished(small, recipe)
    variant, seed, epochs = (
        options.get(name, other) for name, other in (("variant", "base"), ("seed", 42), ("epochs", 2))
    )
    assert note.text == f"train_baseline: interrupted, 1 of {epochs} epochs done ({variant}, seed {seed})"
    assert note.remedies == (To("go on", Run("train-baseline", tuple(arguments.split()))),)


def test_status_goes_on_with_an_ensemble_where_one_of_its_networks_was_interrupted(small: Path) -> None:
    config = CONFIG.override(variant="ensemble", seeds=2)
    recipe = Recipe(name="cars", classes=CLASSES, train_baseline=config)
    for seed, arguments in ((1043, ()), (1044, ("--seed", "1044", "--variant", "finetune"))):
        place = models.folder_of(small, "finetune", seed)
        place.mkdir(parents=True)
        (place / "checkpoint.safetensors").touch()
        (note,) = unfinished(small, recipe)
        assert note.remedies == (To("go on", Run("train-baseline", arguments)),)
        shutil.rmtree(place)


def test_a_network_that_is_replaced_is_named(trained_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr("curate.core.progress.line", lines.append)
    train_baseline.run(trained_once, ONE.override(epochs=2))
    (said,) = [line for line in lines if "replaces" in line]
    assert said.startswith("train base: replaces seed 42: val: accuracy ")
    assert said.endswith("; epochs 1, now 2")
    lines.clear()
    train_baseline.run(trained_once, ONE.override(variant="augment", epochs=1))
    assert not [line for line in lines if "replaces" in line]


def test_one_variant_does_not_touch_another(trained_once: Path) -> None:
    base = manifest.read(trained_once, TrainBaselineRow)
    weights = (models.folder_of(trained_once, "base", 42) / "model.safetensors").read_bytes()
    both = train_baseline.run(trained_once, ONE.override(variant="batchnorm", seeds=2))
    assert {(row.variant, row.seed) for row in both} == {("base", 42), ("batchnorm", 42), ("batchnorm", 43)}
    assert [row for row in both if row.variant == "base"] == base
    assert (models.folder_of(trained_once, "base", 42) / "model.safetensors").read_bytes() == weights
    notes = manifest.read_sidecar(trained_once, "train_baseline")["notes"]
    assert [(each["variant"], each["seed"]) for each in notes["networks"]] == sorted(
        {(r.variant, r.seed) for r in both}
    )
    best = max(notes["networks"], key=lambda each: each["val"]["accuracy"])
    assert notes["val"]["accuracy"] == best["val"]["accuracy"]
    assert {row.variant for row in manifest.predictions(trained_once)} == {notes["chosen"]["variant"]}


def test_going_back_to_a_variant_trains_nothing(trained_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = manifest.csv_path(trained_once, "train_baseline").read_bytes()
    train_baseline.run(trained_once, ONE.override(variant="augment"))
    monkeypatch.setattr(trainer, "fit", lambda *_: pytest.fail("trained again"))
    assert {row.variant for row in train_baseline.run(trained_once, ONE)} == {"augment", "base"}
    for path in sorted((trained_once / "models" / "augment").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    manifest.csv_path(trained_once, "train_baseline").unlink()
    train_baseline.run(trained_once, ONE)
    assert manifest.csv_path(trained_once, "train_baseline").read_bytes() == table


def test_networks_of_another_split_are_left_out(trained_once: Path) -> None:
    rows = manifest.read(trained_once, SplitRow)
    publish(trained_once, "split", [replace(row, group="0" * 16) for row in rows])
    assert {row.variant for row in train_baseline.run(trained_once, ONE.override(variant="augment"))} == {
        "augment"
    }


def test_transfer_learns_without_torch_and_predicts_from_its_folder(small: Path) -> None:
    config = CONFIG.override(variant="transfer", transfer={"image_size": 64})
    rows = train_baseline.run(small, config)
    model = models.load(models.folder_of(small, "transfer", 42))
    photos = {row.key: row.path for row in manifest.read(small, SplitRow)}
    listed = [(row.key, photos[row.key], Path(photos[row.key]).stem) for row in rows]
    pixels = np.stack([dataset_cache.load_one(photo, small, 64) for photo in listed])
    card = (models.folder_of(small, "transfer", 42) / "MODEL_CARD.md").read_text()
    assert "The strength of the penalty was chosen on val." in card
    each = model.calibrated(pixels)
    assert [CLASSES[best] for best in each.argmax(axis=1)] == [row.predicted for row in rows]
    assert each.max(axis=1) == pytest.approx([row.probability for row in rows], abs=1e-4)
    (cached,) = (small / "cache").glob("features-*.cache")
    cached.write_bytes(cached.read_bytes()[:-4])
    (models.folder_of(small, "transfer", 42) / "model.json").unlink()
    assert train_baseline.run(small, config) == rows


def test_seeds_that_give_the_same_weights_are_said_once(small: Path) -> None:
    train_baseline.run(small, CONFIG.override(variant="transfer", transfer={"image_size": 64}, seeds=2))
    first, second, _ = manifest.read_sidecar(small, "train_baseline")["notes"]["summary"]
    assert first.startswith("transfer, seed 42: val: accuracy")
    assert second == "all 2 seeds gave the same weights: transfer has no chance in it"


def test_features_are_those_of_photo_and_mirror_image_and_old_ones_are_removed(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (transfer.BATCH + 3, 64, 64, 3), np.uint8)
    names = [str(number) for number in range(len(pixels))]
    found = transfer.features(tmp_path, pixels, names)
    scorer = ImageNet(side=64)
    mean = np.mean([scorer.embed(pixels), scorer.embed(np.ascontiguousarray(pixels[:, :, ::-1]))], axis=0)
    assert found == pytest.approx(mean / np.linalg.norm(mean, axis=1, keepdims=True), abs=1e-5)
    assert np.array_equal(transfer.features(tmp_path, pixels, names), found)
    (own,) = (tmp_path / "cache").iterdir()
    (tmp_path / "cache/features-0123456789abcdef.cache").touch()
    transfer.features(tmp_path, np.ascontiguousarray(pixels[::-1]), names[::-1])  # as the audit has them
    assert own.exists() and len(list((tmp_path / "cache").iterdir())) == 2
    transfer.features(tmp_path, pixels[1:], names[1:])
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_finetune_starts_from_imagenet_and_predicts_from_its_folder(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeps = Mock(wraps=cpu.kept_memory)
    monkeypatch.setattr(cpu, "kept_memory", keeps)
    config = CONFIG.override(variant="finetune", finetune={"image_size": 64, "epochs": 1, "batch_size": 4})
    rows = train_baseline.run(small, config)
    assert keeps.call_count == 1
    model = models.load(models.folder_of(small, "finetune", 42), list(CLASSES))
    assert model.meta["network"] == "efficientnet-lite0"
    assert model.meta["parameters"] > 3_000_000
    assert sum(p.numel() for p in models.load_network(models.folder_of(small, "finetune", 42)).parameters()) > 3e6
    photos = {row.key: row.path for row in manifest.read(small, SplitRow)}
    listed = [(row.key, photos[row.key], Path(photos[row.key]).stem) for row in rows]
    pixels = np.stack([dataset_cache.load_one(photo, small, 64) for photo in listed])
    assert model.calibrated(pixels).max(axis=1) == pytest.approx([row.probability for row in rows], abs=1e-3)


def test_an_ensemble_is_the_mean_of_networks_that_it_trains_where_they_are_not_there(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.override(variant="finetune", finetune={"image_size": 64, "epochs": 1, "batch_size": 4})
    train_baseline.run(small, config)
    first = models.read_meta(models.folder_of(small, "finetune", 42))
    rows = train_baseline.run(small, config.override(variant="ensemble"))
    assert {(row.variant, row.seed) for row in rows} == {("finetune", 42), ("finetune", 1042), ("ensemble", 42)}
    place = models.folder_of(small, "ensemble", 42)
    own = [models.folder_of(small, "finetune", seed) for seed in (42, 1042)]
    assert models.read_meta(own[0]) == first, "the network that was there stays"
    pixels = np.random.default_rng(1).integers(0, 255, (3, 64, 64, 3), np.uint8)
    inputs = backbones.to_input(pixels)
    with torch.inference_mode():
        parts = [models.load_network(each)(inputs) for each in own]
        assert models.load_network(place)(inputs) == pytest.approx((parts[0] + parts[1]) / 2, abs=1e-5)
        assert not torch.equal(parts[0], parts[1])
    model = models.load(place, list(CLASSES))
    expected = networks.predict(models.load_network(place), pixels, backbones.to_input, mirrored=True)
    assert model.predict(pixels) == pytest.approx(expected, abs=1e-4)
    assert model.meta["seconds"] == pytest.approx(sum(models.read_meta(each)["seconds"] for each in own), abs=0.1)
    assert model.meta["parameters"] == 2 * first["parameters"]
    assert not (place / "curves.png").exists(), "it was not trained by epochs"
    text = (place / "MODEL_CARD.md").read_text()
    assert "The best epoch of each of its networks was chosen on val." in text
    (place / "model.json").unlink()
    monkeypatch.setattr(trainer, "fit", lambda *_: pytest.fail("trained again"))
    assert train_baseline.run(small, config.override(variant="ensemble")) == rows


def test_ensembles_of_other_seeds_share_no_network() -> None:
    seeds = [
        each.seed for n in (42, 43, 44) for each in variants.members(CONFIG.override(variant="ensemble", seed=n))
    ]
    assert seeds == [42, 1042, 43, 1043, 44, 1044]
    assert all(each.seed < 2**32 for each in variants.members(CONFIG.override(variant="ensemble", seed=2**32 - 1)))


def test_a_second_run_does_nothing(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "fit", lambda *_: pytest.fail("trained again"))
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()}
    assert train_baseline.run(trained, CONFIG) == manifest.read(trained, TrainBaselineRow)
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*") if path.is_file()} == before


def test_a_missing_or_changed_model_is_trained_again(trained_once: Path) -> None:
    table = manifest.csv_path(trained_once, "train_baseline").read_bytes()
    for name in ("model.safetensors", "model.onnx"):
        path = models.folder_of(trained_once, "base", 42) / name
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        train_baseline.run(trained_once, ONE)
        assert path.read_bytes() == data
        assert manifest.csv_path(trained_once, "train_baseline").read_bytes() == table


@pytest.mark.parametrize("name", ["model.onnx", "model.safetensors"])
def test_a_network_of_another_variant_that_is_no_longer_whole_is_left_out(name: str, trained_once: Path) -> None:
    """Else it may be the one to use, and cannot be read."""
    (models.folder_of(trained_once, "base", 42) / name).unlink()
    rows = train_baseline.run(trained_once, ONE.override(variant="augment"))
    assert {row.variant for row in rows} == {"augment"}


def test_a_damaged_network_says_which_variant_to_train(trained_once: Path) -> None:
    (models.folder_of(trained_once, "base", 42) / "model.onnx").unlink()
    with refused(StateError, match="run `curate train-baseline --variant base`"):
        models.load(models.folder_of(trained_once, "base", 42))


def test_a_class_that_val_lacks_is_named(small: Path) -> None:
    rows = manifest.read(small, SplitRow)
    lacking = [
        replace(r, split="", keep=False, reason="surplus") if (r.split, r.class_name) == ("val", "sedan") else r
        for r in rows
    ]
    publish(small, "split", lacking)
    train_baseline.run(small, ONE)
    summary = manifest.read_sidecar(small, "train_baseline")["notes"]["summary"]
    assert "val has no photo of sedan: the best epoch was chosen without that class" in summary


def test_t01_a_damaged_photo_stops_the_run_and_is_named(small: Path) -> None:
    photo = manifest.read(small, SplitRow)[4]
    (small / photo.path).write_bytes((small / photo.path).read_bytes()[:-50])
    with pytest.raises(StateError, match=f"photo {photo.key} .*hash_mismatch"):
        train_baseline.run(small, ONE)
    assert not manifest.csv_path(small, "train_baseline").exists()


def rows_with(split_of: dict[str, str]) -> list[SplitRow]:
    return [split_row(fetch_row(n, name), split) for n, (name, split) in enumerate(split_of.items())]


def test_classes_and_splits_must_fit() -> None:
    rows = rows_with({"hatch": "train", "sedan": "train", "truck": "val"})
    with pytest.raises(GateError, match="classes that the recipe does not name: truck"):
        by_split(rows, CONFIG)
    with pytest.raises(GateError, match="no photo in val"):
        by_split(rows[:2], CONFIG)
    with pytest.raises(GateError, match="no photo of sedan in train"):
        by_split(rows[:1], CONFIG)


def prediction(split: str, class_name: str, predicted: str) -> TrainBaselineRow:
    return TrainBaselineRow("k", "base", 42, split, class_name, predicted, 0.9, True, "")


def test_t08_a_class_or_split_without_photos_is_not_available_rather_than_zero() -> None:
    rows = [prediction("test", "hatch", "hatch"), prediction("test", "hatch", "sedan")]
    assert accuracy(rows, "test")["accuracy"] == 0.5
    absent = accuracy(rows, "test", "sedan")
    assert absent == {"photos": 0, "right": 0, "accuracy": None, "interval": None}
    assert in_words("test", absent) == "test: accuracy n/a, no photos"


def test_a_run_without_test_photos_says_so(small: Path) -> None:
    rows = manifest.read(small, SplitRow)
    surplus = [replace(r, split="", keep=False, reason="surplus") if r.split == "test" else r for r in rows]
    publish(small, "split", surplus)
    train_baseline.run(small, ONE)
    line, _ = manifest.read_sidecar(small, "train_baseline")["notes"]["summary"]
    assert line.endswith("; test: accuracy n/a, no photos")


def test_photos_of_a_listing_widen_the_interval() -> None:
    rows = [
        replace(prediction("test", "hatch", "hatch" if n % 40 < 32 else "sedan"), key=str(n)) for n in range(80)
    ]
    alone = accuracy(rows, "test")
    listings = accuracy(rows, "test", groups={str(n): f"L{n // 8}" for n in range(80)})
    assert (alone["independent"], listings["independent"]) == (80, 10)
    assert (alone["accuracy"], listings["accuracy"]) == (0.8, 0.8)
    assert listings["interval"][0] < alone["interval"][0] - 0.1


def test_the_accuracy_in_words() -> None:
    rows = [prediction("val", "hatch", "hatch")] * 717 + [prediction("val", "hatch", "sedan")] * 83
    rows = [replace(row, key=str(number)) for number, row in enumerate(rows)]
    assert in_words("val", accuracy(rows, "val")) == (
        "val: accuracy 89.6%, 95% interval 87.3% to 91.6%, 717 of 800 photos"
    )


def test_curves_mark_the_best_epoch() -> None:
    history = [
        {"epoch": n, "train_loss": 1 / n, "val_loss": 1.2 / n, "train_accuracy": 0.8, "val_accuracy": 0.7}
        for n in (1, 2, 3)
    ]
    plots = [np.asarray(Image.open(BytesIO(curves.draw(history, best))).convert("RGB")) for best in (1, 3)]
    red = [np.argwhere((p == (192, 57, 43)).all(axis=2))[:, 1] for p in plots]
    assert len(red[0])
    assert len(red[1])
    assert red[0].min() < red[1].min()
    assert curves.draw(history, 2) == curves.draw(history, 2)


def test_a_setting_that_the_variant_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="transfer has no setting --epochs"):
        CONFIG.override(variant="transfer", epochs=3)
    with pytest.raises(UsageError, match="finetune has no setting --batch-norm"):
        CONFIG.override(variant="finetune", batch_norm=True)
    tuned = CONFIG.override(variant="finetune", epochs=3)
    assert (tuned.finetune.epochs, tuned.epochs) == (3, CONFIG.epochs)
    assert CONFIG.override(variant="ensemble", epochs=3).finetune.epochs == 3
