"""The training loop: it learns, repeats itself, and goes on after an interruption."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from curate.core.errors import GateError, ResourceError, StateError
from curate.core.recipe import TrainBaseline
from curate.train import augmentation, checkpoints, cpu, trainer, variants
from curate.train.networks import weights_sha256
from curate.train.trainer import PhotoArrays

CONFIG = TrainBaseline(class_names=("a", "b"), epochs=4, batch_size=8, image_size=46, augment=True, dropout=0.3)


def photos(count: int, seed: int, classes: int = 2) -> PhotoArrays:
    """Noise with a bright patch, whose height is the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % classes
    pixels = random.integers(0, 120, (count, 46, 46, 3), dtype=np.uint8)
    for place, label in enumerate(labels):
        pixels[place, 5 + 12 * label : 15 + 12 * label, 8:38] = 230
    return PhotoArrays(pixels, labels)


TRAIN, VAL = photos(40, 1), photos(16, 2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Images this small only lose by a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fit(folder: Path, config: TrainBaseline = CONFIG, **options: object) -> checkpoints.TrainingState:
    plan = variants.plan(config)
    return trainer.fit(TRAIN, VAL, plan, folder / "checkpoint.safetensors", "run 1", **options)  # type: ignore[arg-type]


def digest(state: checkpoints.TrainingState) -> str:
    return weights_sha256(state.network.state_dict())


@pytest.fixture(scope="module")
def straight(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> checkpoints.TrainingState:
    """A run of four epochs that nothing interrupted."""
    return fit(tmp_path_factory.mktemp("straight"))


@pytest.fixture(scope="module")
def two_epochs(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> checkpoints.TrainingState:
    return fit(tmp_path_factory.mktemp("two"), CONFIG.override(epochs=2))


@pytest.fixture(scope="module")
def checkpoint(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What is on the disk after one epoch."""
    folder = tmp_path_factory.mktemp("checkpoint")
    fit(folder, CONFIG.override(epochs=1))
    return (folder / "checkpoint.safetensors").read_bytes()


@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns(classes: int, tmp_path: Path) -> None:
    config = TrainBaseline(
        class_names=("a", "b", "c")[:classes], epochs=5, batch_size=6, image_size=46, learning_rate=5e-4
    )
    state = trainer.fit(
        photos(60, 1, classes), photos(24, 2, classes), variants.plan(config), tmp_path / "c", "run"
    )
    assert state.history[-1]["train_loss"] < state.history[0]["train_loss"] / 2
    assert max(entry["val_accuracy"] for entry in state.history) > 0.95


def test_depthwise_gradients_are_the_fast_ones_in_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def network() -> torch.nn.Module:
        wide = torch.nn.Conv2d(3, 3, 5, 4, groups=3, bias=False)
        return torch.nn.Sequential(wide, torch.nn.Flatten(), torch.nn.LazyLinear(1))

    fast = Mock(wraps=cpu._weight_gradient)
    monkeypatch.setattr(cpu, "_weight_gradient", fast)
    monkeypatch.setattr(trainer, "reduced_precision", lambda _: torch.autocast("cpu", dtype=torch.bfloat16))
    made = network()
    made(torch.zeros(1, 3, 46, 46))
    plan = replace(variants.plan(CONFIG.override(epochs=1)), network=lambda: made)
    trainer.fit(TRAIN, VAL, plan, tmp_path / "c", "run")
    assert fast.call_count == 5  # batches


def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss(straight: checkpoints.TrainingState) -> None:
    best = max(straight.history, key=lambda entry: (entry["val_accuracy"], -entry["val_loss"]))
    assert straight.best_epoch == best["epoch"]
    assert digest(straight) == weights_sha256(straight.best)
    assert [entry["epoch"] for entry in straight.history] == [1, 2, 3, 4]


class StoppedError(Exception):
    """Stands for Ctrl-C."""


def interrupt_after(number: int) -> Callable[[dict[str, float]], None]:
    def stop(entry: dict[str, float]) -> None:
        if entry["epoch"] == number:
            raise StoppedError

    return stop


@pytest.mark.parametrize("number", [1, 3])
def test_t04_a_resumed_run_ends_with_the_same_weights(
    number: int, straight: checkpoints.TrainingState, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        fit(tmp_path / "resumed", on_epoch=interrupt_after(number))
    seen: list[float] = []
    resumed = fit(tmp_path / "resumed", on_epoch=lambda entry: seen.append(entry["epoch"]))
    assert seen == list(range(number + 1, 5))
    assert digest(resumed) == digest(straight)
    assert resumed.best_epoch == straight.best_epoch
    for one, other in zip(resumed.history, straight.history, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


@pytest.mark.parametrize("done", [1, 2, 3, 4])
def test_a_run_that_goes_on_with_fewer_epochs_gives_what_a_new_one_gives(
    done: int, two_epochs: checkpoints.TrainingState, tmp_path: Path
) -> None:
    before = fit(tmp_path, CONFIG.override(epochs=done))
    trained: list[float] = []
    state = fit(tmp_path, CONFIG.override(epochs=2), on_epoch=lambda entry: trained.append(entry["epoch"]))
    assert digest(state) == digest(two_epochs)
    assert [entry["epoch"] for entry in state.history] == [1, 2]
    assert len(trained) == (2 if before.best_epoch > 2 else max(0, 2 - done))


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one = CONFIG.override(epochs=1)
    assert digest(fit(tmp_path / "a", one)) != digest(fit(tmp_path / "b", one.override(seed=43)))


def test_the_checkpoint_of_another_run_is_not_continued(
    two_epochs: checkpoints.TrainingState, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    trainer.fit(TRAIN, VAL, variants.plan(CONFIG.override(epochs=1)), path, "run 1")
    state = trainer.fit(TRAIN, VAL, variants.plan(CONFIG.override(epochs=2)), path, "run 2")
    assert len(state.history) == 2
    assert digest(state) == digest(two_epochs)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "pickle", "empty"])
def test_t02_a_damaged_checkpoint_is_refused(damage: str, checkpoint: bytes, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    flipped = checkpoint[:-1] + bytes([checkpoint[-1] ^ 1])
    payload = f"cos\nsystem\n(S'touch {tmp_path / 'canary'}'\ntR.".encode()
    path.write_bytes({"truncated": checkpoint[:-9], "flipped": flipped, "pickle": payload, "empty": b""}[damage])
    with pytest.raises(StateError, match=r"checkpoint\.safetensors is damaged"):
        fit(tmp_path)
    assert not (tmp_path / "canary").exists()


def test_t03_a_kill_while_saving_leaves_the_checkpoint_before_it(
    straight: checkpoints.TrainingState, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        fit(tmp_path, on_epoch=interrupt_after(2))
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    script = (
        "import sys, torch; from pathlib import Path; from tests.train import test_trainer as t;"
        "torch.set_num_threads(1);"
        "t.fit(Path(sys.argv[1])); print('not killed')"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=os.environ | {"CURATE_CRASH_AT": "before_rename"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout) == (137, ""), run.stderr
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
    assert digest(fit(tmp_path)) == digest(straight)


def test_t05_a_loss_that_is_no_number_stops_and_keeps_the_last_good_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoppedError):
        fit(tmp_path, on_epoch=interrupt_after(1))
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    monkeypatch.setattr(trainer, "_loss", lambda logits, labels, smoothing=0: logits.sum() * math.nan)
    with pytest.raises(GateError, match=r"no longer a number in epoch 2; epoch 1 stays in .*learning_rate"):
        fit(tmp_path)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_t05_a_learning_rate_that_explodes_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"no longer a number.*set a smaller train_baseline\.learning_rate"):
        fit(tmp_path, CONFIG.override(learning_rate=1e30))
    config = {"image_size": 64, "epochs": 1, "batch_size": 4, "learning_rate": 1e30}
    with pytest.raises(GateError, match=r"set a smaller train_baseline\.finetune\.learning_rate"):
        fit(tmp_path, CONFIG.override(variant="finetune", finetune=config))


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 9 bytes")],
)
def test_t06_too_little_memory_names_the_batch_size(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(trainer, "_loss", fail)
    with pytest.raises(ResourceError, match="batch_size 8: make it smaller"):
        fit(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_patience_ends_a_run_that_no_longer_gets_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "_measure", lambda *_: (0.5, 0.5))
    state = fit(tmp_path, CONFIG.override(epochs=9, patience=2))
    assert (len(state.history), state.best_epoch) == (3, 1)


def test_augmented_photos_keep_shape_and_range_and_differ() -> None:
    inputs = torch.rand(12, 3, 46, 46).mul(2).sub(1)
    first = augmentation.warp(inputs, np.random.default_rng(1))
    assert first.shape == inputs.shape
    assert first.abs().max() <= 1.0001
    assert torch.equal(first, augmentation.warp(inputs, np.random.default_rng(1)))
    assert not torch.equal(first, augmentation.warp(inputs, np.random.default_rng(2)))


def test_augmentation_mirrors_half_of_the_photos_and_keeps_the_middle_in_place() -> None:
    inputs = torch.zeros(200, 3, 46, 46)
    inputs[:, :, 20:26, 4:12] = 1.0  # left of the middle
    weights = augmentation.warp(inputs, np.random.default_rng(3))[:, 0].sum(dim=1)
    across = (weights * torch.arange(46.0)).sum(dim=1) / weights.sum(dim=1)
    right = int((across > 23).sum())
    assert 70 < right < 130
    assert across[across < 23].mean() == pytest.approx(7.5, abs=1.5)
    assert across[across > 23].mean() == pytest.approx(37.5, abs=1.5)


@pytest.mark.skipif(sys.platform != "linux", reason="torch brings GNU OpenMP on Linux only")
@pytest.mark.parametrize(
    ("own", "expected"), [({}, "1000"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "0"), ({"GOMP_SPINCOUNT": "77"}, "77")]
)
def test_threads_that_wait_leave_the_cores_to_others(own: dict[str, str], expected: str) -> None:
    names = "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"
    others = {name: value for name, value in os.environ.items() if name not in names}
    run = subprocess.run(
        [sys.executable, "-c", "import curate, torch"],
        env=others | {"OMP_DISPLAY_ENV": "verbose"} | own,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"GOMP_SPINCOUNT = '{expected}'" in run.stderr
