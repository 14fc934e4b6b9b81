"""Fit one network, whatever its variant: weights, ONNX graph, and what it says of val and test."""

import hashlib
import json
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.counted import counted
from curate.core.intervals import percent
from curate.core.progress import EVERY_S, counter, line
from curate.core.recipe import TrainBaseline
from curate.train import backbones, checkpoints, models, networks, onnx_export, trainer, transfer, variants
from curate.train.split_photos import SplitPhotos

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Result:
    """A network that was just trained."""

    weights: bytes  # safetensors
    graph: bytes  # ONNX
    probabilities: NDArray[np.float32]  # (n, classes) of the photos of val and test, by what was trained
    parameters: int
    best: int | None  # epoch, or number of the penalty; None for an ensemble, which chooses nothing
    history: checkpoints.History
    seconds: float  # that training took


def fit(
    folder: Path,
    config: TrainBaseline,
    photos: SplitPhotos,
    pixels: NDArray[np.uint8],
    checkpoint: Path,
    wanted: dict[str, Any],
) -> Result:
    """Train on train, choose on val. `pixels` are those of `photos`; `wanted` is what the network is made from.

    The networks that an ensemble is the mean of are in `folder` already.

    Raises GateError when the loss is no longer a number, ResourceError when memory or weights are missing.
    """
    if config.variant == "transfer":
        return _transfer(folder, config, photos, pixels)
    if config.variant == "ensemble":
        return _ensemble(folder, config, photos, pixels)
    return _network(config, photos, pixels, checkpoint, wanted)


def _transfer(folder: Path, config: TrainBaseline, photos: SplitPhotos, pixels: NDArray[np.uint8]) -> Result:
    started = time.monotonic()
    found = transfer.features(folder, pixels, [sha256 for _, _, sha256 in photos.listed])
    end = photos.train + photos.val
    head, history = transfer.fit(
        found[: photos.train],
        photos.labels[: photos.train],
        found[photos.train : end],
        photos.labels[photos.train : end],
        config.seed,
    )
    return Result(
        weights=transfer.to_bytes(head),
        graph=onnx_export.of_transfer(head, pixels.shape[1]),
        probabilities=transfer.probabilities(head, found[photos.train :]),
        parameters=head.weights.size + head.bias.size,
        best=transfer.PENALTIES.index(head.penalty) + 1,
        history=history,
        seconds=time.monotonic() - started,
    )


def _network(
    config: TrainBaseline, photos: SplitPhotos, pixels: NDArray[np.uint8], checkpoint: Path, wanted: dict[str, Any]
) -> Result:
    state = _fit(config, photos, pixels, checkpoint, wanted)
    reference = wanted["network"] == "reference_cnn"
    seconds = sum(entry["seconds"] for entry in state.history)
    return _result(state.network, pixels[photos.train :], reference, state.best_epoch, state.history, seconds)


def _ensemble(folder: Path, config: TrainBaseline, photos: SplitPhotos, pixels: NDArray[np.uint8]) -> Result:
    places = [models.folder_of(folder, each.variant, each.seed) for each in variants.members(config)]
    network = backbones.mean_of([models.load_network(place) for place in places])
    seconds = sum(models.read_meta(place)["seconds"] for place in places)
    return _result(network, pixels[photos.train :], False, None, [], seconds)


def _result(
    network: "torch.nn.Module",
    tested: NDArray[np.uint8],
    reference: bool,
    best: int | None,
    history: checkpoints.History,
    seconds: float,
) -> Result:
    """What is kept of a network. `tested`: the pixels of val and test; `reference`: is it the reference CNN?"""
    prepared = (networks if reference else backbones).to_input
    return Result(
        weights=models.to_bytes(network),
        graph=onnx_export.of_network(network, tested.shape[1], reference),
        probabilities=networks.predict(network, tested, prepared, not reference),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        best=best,
        history=history,
        seconds=seconds,
    )


def time_left(entry: dict[str, float], epochs: int) -> str:
    """How long training will go on after the epoch of `entry`; empty where that is not worth a line."""
    left = epochs - int(entry["epoch"])
    seconds = left * entry["seconds"]
    if seconds < EVERY_S:
        return ""
    took = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    todo = f"{counted(left, 'epoch')} to go, about {took} if the machine is as busy as now"
    return f"{todo}; Ctrl-C stops it, and the same command goes on"


def _fit(
    config: TrainBaseline, photos: SplitPhotos, pixels: NDArray[np.uint8], checkpoint: Path, wanted: dict[str, Any]
) -> checkpoints.TrainingState:
    from curate.train import cpu

    plan = variants.plan(config)
    end = photos.train + photos.val
    same = dict(wanted)
    if config.variant != "finetune":  # its learning rate goes by their number; others go on with more or fewer
        same["settings"] = {name: value for name, value in wanted["settings"].items() if name != "epochs"}
    names = () if config.variant == "finetune" else ("augment", "dropout", "batch_norm")
    options = {"epochs": plan.epochs, **{name: getattr(config, name) for name in names}}
    kept = cpu.kept_memory if config.variant == "finetune" else nullcontext  # base gains nothing by it
    with kept(), counter(f"train {config.variant}", plan.epochs, "epoch") as advance:
        said = False

        def on_epoch(entry: dict[str, float]) -> None:
            nonlocal said
            if not said and (text := time_left(entry, plan.epochs)):
                line(f"train {config.variant}: {text}")
            said = True
            note = f"loss {entry['train_loss']:.3f}, accuracy on val {percent(entry['val_accuracy'])}"
            advance(int(entry["epoch"]), note)

        return trainer.fit(
            trainer.PhotoArrays(pixels[: photos.train], photos.labels[: photos.train]),
            trainer.PhotoArrays(pixels[photos.train : end], photos.labels[photos.train : end]),
            plan,
            checkpoint,
            hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest(),
            on_epoch,
            options,
        )
