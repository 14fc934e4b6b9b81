"""train-baseline: the reference CNN, trained on train, chosen on val, reported once on test.

Reads split.csv, fetch.csv and the photos; writes train_baseline.csv, one row per photo of val and test with what
the network of the best epoch says; `model/` (weights, class list and what they were made from) and `curves.png`.
While it runs, `model/checkpoint.safetensors` holds the last epoch, and a rerun goes on from there; decoded photos
are in `cache/`.

A photo that cannot be used stops the run and is named: leaving it out would change the exact counts of the split.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.errors import GateError
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.intervals import percent, wilson
from curate.core.progress import counter
from curate.core.recipe import TrainBaseline
from curate.core.schemas import SPLITS, FetchRow, SplitRow, TrainBaselineRow
from curate.train import checkpoints, curves, dataset_cache, networks, trainer


def decide(
    photos: Sequence[SplitRow], probabilities: NDArray[np.float32], classes: Sequence[str]
) -> list[TrainBaselineRow]:
    """One row per photo, sorted by key. `probabilities` are (n, classes) in the order of `photos`."""
    rows = []
    for photo, each in zip(photos, probabilities, strict=True):
        best = int(each.argmax())
        rows.append(
            TrainBaselineRow(
                key=photo.key,
                split=photo.split,
                class_name=photo.class_name,
                predicted=classes[best],
                probability=float(each[best]),
                keep=True,
                reason="",
            )
        )
    return sorted(rows, key=lambda row: row.key)


def accuracy(rows: Sequence[TrainBaselineRow], split: str, class_name: str = "") -> dict[str, Any]:
    """Accuracy on a split, or one class of it, with its number of photos and 95% interval; None without photos."""
    measured = [row for row in rows if row.split == split and class_name in ("", row.class_name)]
    right = sum(row.predicted == row.class_name for row in measured)
    if not measured:
        return {"photos": 0, "right": 0, "accuracy": None, "interval": None}
    low, high = wilson(right, len(measured))
    return {
        "photos": len(measured),
        "right": right,
        "accuracy": round(right / len(measured), 6),
        "interval": [round(low, 6), round(high, 6)],
    }


def in_words(name: str, measured: dict[str, Any]) -> str:
    """`test: accuracy 93.1%, 95% interval 91.2% to 94.7%, 745 of 800 photos`."""
    if measured["accuracy"] is None:
        return f"{name}: accuracy n/a, no photos"
    right, number = measured["right"], measured["photos"]
    low, high = wilson(right, number)
    return (
        f"{name}: accuracy {percent(right / number)}, 95% interval {percent(low)} to {percent(high)}, "
        f"{right} of {number} photos"
    )


def by_split(rows: Sequence[SplitRow], config: TrainBaseline) -> dict[str, list[SplitRow]]:
    """Kept photos per split. Raises GateError when there is nothing to learn from, or classes do not fit."""
    kept = [row for row in rows if row.keep]
    parts: dict[str, list[SplitRow]] = {part: [row for row in kept if row.split == part] for part in SPLITS}
    if unknown := sorted({row.class_name for row in kept} - set(config.class_names)):
        raise GateError(f"split.csv has classes that the recipe does not name: {', '.join(unknown)}")
    if absent := sorted(set(config.class_names) - {row.class_name for row in parts["train"]}):
        raise GateError(f"no photo of {', '.join(absent)} in train: run `curate split` with other counts")
    if not parts["val"]:
        raise GateError(
            "no photo in val, and the best epoch is chosen there: run `curate split` with other counts"
        )
    return parts


def notes_of(rows: Sequence[TrainBaselineRow], state: checkpoints.State, meta: dict[str, Any]) -> dict[str, Any]:
    """The sidecar's notes: history, accuracies, and the summary for the terminal."""
    results = {split: accuracy(rows, split) for split in ("val", "test")}
    seconds = [entry["seconds"] for entry in state.history]
    return {
        "history": state.history,
        "best_epoch": state.best_epoch,
        "parameters": meta["parameters"],
        "seconds_per_epoch": round(sum(seconds) / len(seconds), 2),
        "model_sha256": meta["sha256"],
        **results,
        "test_by_class": {name: accuracy(rows, "test", name) for name in meta["classes"]},
        "summary": [
            f"{meta['parameters']:,} parameters, best epoch {state.best_epoch} of {len(state.history)}",
            *(in_words(split, result) for split, result in results.items()),
        ],
    }


def is_complete(folder: Path, made_from: manifest.Provenance) -> bool:
    """True when manifest and model are there and belong together."""
    if not manifest.is_current(folder, made_from):
        return False
    weights, description = folder / "model" / "model.safetensors", folder / "model" / "model.json"
    wanted = manifest.read_sidecar(folder, "train_baseline")["notes"].get("model_sha256")
    return description.exists() and weights.exists() and manifest.file_sha256(weights) == wanted


def run(folder: Path, config: TrainBaseline, map_fn: MapFn = map) -> list[TrainBaselineRow]:
    """Run the stage in `folder`, or return what is there when nothing changed."""
    packages = ["torch", "numpy", "pillow", "simplejpeg"]
    wanted = manifest.provenance(folder, "train_baseline", config, packages)
    if is_complete(folder, wanted):
        if not (folder / "curves.png").exists():
            notes = manifest.read_sidecar(folder, "train_baseline")["notes"]
            atomic_write(folder / "curves.png", curves.draw(notes["history"], notes["best_epoch"]))
        return manifest.read(folder, TrainBaselineRow)
    started = datetime.now(UTC)
    parts = by_split(manifest.read(folder, SplitRow), config)
    photos = [row for part in parts.values() for row in part]
    sha256 = {row.key: row.sha256 for row in manifest.read(folder, FetchRow)}
    listed = [(row.key, row.path, sha256[row.key]) for row in photos]
    pixels = dataset_cache.load_all(folder, listed, config.image_size, map_fn)
    labels = trainer.labels_of([row.class_name for row in photos], config.class_names)
    seen = len(parts["train"])
    chosen = seen + len(parts["val"])

    identity = {"inputs": wanted.inputs, "config": wanted.config, "versions": wanted.versions}
    checkpoint = folder / "model" / "checkpoint.safetensors"
    with counter("train", config.epochs, "epoch") as advance:

        def on_epoch(entry: dict[str, float]) -> None:
            note = f"loss {entry['train_loss']:.3f}, accuracy on val {percent(entry['val_accuracy'])}"
            advance(int(entry["epoch"]), note)

        state = trainer.fit(
            trainer.Photos(pixels[:seen], labels[:seen]),
            trainer.Photos(pixels[seen:chosen], labels[seen:chosen]),
            config,
            checkpoint,
            hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest(),
            on_epoch,
        )
    rows = decide(photos[seen:], networks.predict(state.network, pixels[seen:]), config.class_names)
    meta = networks.save_model(
        folder / "model",
        state.network,
        {
            "classes": list(config.class_names),
            "image_size": config.image_size,
            "dropout": config.dropout,
            "batch_norm": config.batch_norm,
            "best_epoch": state.best_epoch,
            **identity,
        },
    )
    atomic_write(folder / "curves.png", curves.draw(state.history, state.best_epoch))
    manifest.write(folder, rows, wanted, started, notes=notes_of(rows, state, meta))
    checkpoint.unlink(missing_ok=True)
    return rows
