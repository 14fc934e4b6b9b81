"""train-baseline: networks trained on train, chosen on val, each tested once.

Reads split.csv, fetch.csv and the photos; writes train_baseline.csv, one row per photo of val and test for each
network that is there, and a folder per network: `models/<variant>/seed-<n>/` with its weights, `model.onnx`,
`model.json`, `MODEL_CARD.md`, `predictions.csv` and, where matplotlib is installed, `curves.png`. No variant
overwrites another; networks of another split are left out.

While a network is trained, `checkpoint.safetensors` in its folder holds the last epoch, and a rerun goes on from
there; decoded photos and features are in `cache/`. A photo that cannot be used stops the run and is named: leaving
it out would change the exact counts of the split.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core import extras, manifest, progress
from curate.core.counted import counted
from curate.core.errors import CurateError, Run, To
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.recipe import TrainBaseline
from curate.core.schemas import SplitRow, TrainBaselineRow, identity
from curate.core.table import format_rows, parse_rows
from curate.train import (
    calibration,
    card,
    curves,
    dataset_cache,
    fitting,
    models,
    onnx_export,
    split_photos,
    variants,
)
from curate.train.accuracy import accuracy, in_words
from curate.train.split_photos import SplitPhotos

PACKAGES = {"transfer": ("onnxruntime", "scikit-learn", "numpy", "pillow", "simplejpeg")}
NOTED = (  # of each network, in the sidecar
    *("variant", "seed", "network", "image_size", "parameters", "bytes", "images_per_s", "best_epoch", "seconds"),
    *("sha256", "onnx", "settings", "temperature", "val", "test", "test_by_class", "history"),
)
COMPARED = 64  # images, to compare the ONNX graph with the network, and to measure its speed
_TORCH = ("torch", "numpy", "pillow", "simplejpeg")


def decide(
    photos: Sequence[SplitRow],
    probabilities: NDArray[np.floating],
    classes: Sequence[str],
    variant: str = "base",
    seed: int = 42,
) -> list[TrainBaselineRow]:
    """One row per photo, sorted by key. `probabilities` are (n, classes) in the order of `photos`."""
    rows = []
    for photo, each in zip(photos, probabilities, strict=True):
        best = int(each.argmax())
        rows.append(
            TrainBaselineRow(
                key=photo.key,
                variant=variant,
                seed=seed,
                split=photo.split,
                class_name=photo.class_name,
                predicted=classes[best],
                probability=float(each[best]),
                keep=True,
                reason="",
            )
        )
    return sorted(rows, key=lambda row: row.key)


# --- one network --------------------------------------------------------------------------------------------


def packages_of(variant: str) -> tuple[str, ...]:
    """The distributions whose versions can change a network. Raises ResourceError where they are not installed."""
    if variant not in PACKAGES:
        light = To("train a network that needs no torch", Run("train-baseline", ("--variant", "transfer")))
        extras.require("train", f"train-baseline --variant {variant}", light)
    return PACKAGES.get(variant, _TORCH)


def made_from(folder: Path, config: TrainBaseline) -> dict[str, Any]:
    """What the network of a variant and seed is made from: two with the same are equal, on one machine."""
    provenance = manifest.provenance(folder, "train_baseline", config, packages_of(config.variant))
    chosen = variants.settings(config)
    return {
        "classes": list(config.class_names),
        "image_size": chosen.image_size,
        "network": chosen.network,
        "variant": config.variant,
        "seed": config.seed,
        "settings": chosen.values,
        "inputs": provenance.inputs,
        "versions": provenance.versions,
    }


def trained(folder: Path, wanted: dict[str, Any]) -> bool:
    """Is this very network there, complete?"""
    place = models.folder_of(folder, wanted["variant"], wanted["seed"])
    try:
        meta = models.read_meta(place)
        same = all(meta.get(name) == value for name, value in wanted.items())
        return same and models.is_whole(place, meta) and bool(predictions(place, meta))
    except CurateError:
        return False


def predictions(place: Path, meta: dict[str, Any]) -> list[TrainBaselineRow]:
    """What a network said about val and test; nothing where predictions.csv is not the one of model.json.

    Raises StateError when its rows are damaged.
    """
    path = place / "predictions.csv"
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != meta.get("predictions_sha256"):
        return []
    return parse_rows(data, TrainBaselineRow, str(path))


def train(folder: Path, config: TrainBaseline, photos: SplitPhotos, wanted: dict[str, Any], map_fn: MapFn) -> None:
    """Train one network, read it once on val and test, and write its folder."""
    place = models.folder_of(folder, config.variant, config.seed)
    if before := _replaced(place, wanted):
        progress.line(before)
    pixels = dataset_cache.load_all(folder, photos.listed, wanted["image_size"], map_fn)
    checkpoint = place / "checkpoint.safetensors"
    found = fitting.fit(folder, config, photos, pixels, checkpoint, wanted)
    some = pixels[photos.train :][:COMPARED]
    onnx = onnx_export.checked(found.graph, some, found.probabilities[:COMPARED])
    labels = photos.labels[photos.train :]
    temperature = calibration.temperature(found.probabilities[: photos.val], labels[: photos.val])
    sure = calibration.scaled(found.probabilities, temperature)
    rows = decide(photos.tested, sure, config.class_names, config.variant, config.seed)
    table = format_rows(rows, TrainBaselineRow)
    atomic_write(place / "predictions.csv", table)
    if found.best is not None and not extras.missing("plots"):
        atomic_write(place / "curves.png", curves.draw(found.history, found.best))
    groups = {row.key: row.group for row in photos.tested}
    meta = {
        **wanted,
        "onnx": onnx,
        "parameters": found.parameters,
        "bytes": len(found.weights),
        "images_per_s": _speed(onnx_export.predictor(found.graph), some),
        "best_epoch": found.best,
        "history": found.history,
        "seconds": round(found.seconds, 1),
        "predictions_sha256": hashlib.sha256(table).hexdigest(),
        "temperature": temperature,
        "val": accuracy(rows, "val", "", groups),
        "test": accuracy(rows, "test", "", groups),
        "test_by_class": {name: accuracy(rows, "test", name, groups) for name in config.class_names},
    }
    error = card.calibration_error(sure[photos.val :], labels[photos.val :])
    text = card.markdown(folder.name, meta, photos.counts(), error)
    models.save(place, found.weights, found.graph, meta, text)
    checkpoint.unlink(missing_ok=True)


def _replaced(place: Path, wanted: dict[str, Any]) -> str:
    """A line on the network of the same photos that is there and will be replaced; empty where none is."""
    try:
        meta = models.read_meta(place)
    except CurateError:
        return ""
    if meta["inputs"] != wanted["inputs"]:
        return ""
    now, then = ({**each["settings"], "image_size": each["image_size"]} for each in (wanted, meta))
    apart = [f"{name} {value}, now {now.get(name)}" for name, value in then.items() if value != now.get(name)]
    did = "; ".join([in_words("val", meta["val"]), *apart])
    return f"train {meta['variant']}: replaces seed {meta['seed']}: {did}"


def _speed(predicting: onnx_export.Predict, pixels: NDArray[np.uint8]) -> float:
    """Images predicted per second, decoding not counted."""
    predicting(pixels[:2])
    started = time.perf_counter()
    predicting(pixels)
    return round(len(pixels) / (time.perf_counter() - started), 1)


# --- all networks -------------------------------------------------------------------------------------------


def there(folder: Path, inputs: dict[str, str]) -> Iterator[tuple[dict[str, Any], list[TrainBaselineRow]]]:
    """model.json and predictions of each complete network that was made from `inputs`, by variant and seed."""
    for path in sorted((folder / "models").glob("*/seed-*/model.json")):
        try:
            meta = models.read_meta(path.parent)
            rows = predictions(path.parent, meta)
        except CurateError:
            continue
        if meta["inputs"] == inputs and rows and models.is_whole(path.parent, meta):
            yield meta, rows


def chosen(metas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The network to use: the highest accuracy on val, of equals fewer parameters, then variant and seed."""
    return min(
        metas, key=lambda meta: (-meta["val"]["accuracy"], meta["parameters"], meta["variant"], meta["seed"])
    )


def in_one_line(meta: dict[str, Any]) -> str:
    """How one network did, on val and on test."""
    return f"{models.named(meta)}: " + "; ".join(in_words(split, meta[split]) for split in ("val", "test"))


def notes_of(
    metas: Sequence[dict[str, Any]], asked: Sequence[int], variant: str, absent: Sequence[str]
) -> dict[str, Any]:
    """The sidecar's notes: the networks with their accuracies, which to use, and the summary for the terminal.

    `absent` are the classes that val has no photo of.
    """
    best = chosen(metas)
    own = [meta for meta in metas if meta["variant"] == variant and meta["seed"] in asked]
    lines = [in_one_line(meta) for meta in own]
    if len(own) > 1 and len({meta["sha256"] for meta in own}) == 1:
        lines = [lines[0], f"all {len(own)} seeds gave the same weights: {variant} has no chance in it"]
    if absent:
        what = variants.chosen_on_val(variant)
        lines.append(f"val has no photo of {', '.join(absent)}: the {what} was chosen without that class")
    if variant == "base" and all(meta["variant"] == "base" for meta in metas):
        lines.append("base learns from your photos alone; --variant transfer usually does better")
    if len(metas) > 1:
        lines.append(f"best of {counted(len(metas), 'network')} on val: {models.named(best)}")
    return {
        "networks": [{name: meta[name] for name in NOTED} for meta in metas],
        "chosen": {"variant": best["variant"], "seed": best["seed"]},
        **{name: best[name] for name in ("history", "best_epoch", "parameters", "val", "test", "test_by_class")},
        "summary": lines,
    }


def run(folder: Path, config: TrainBaseline, map_fn: MapFn = map) -> list[TrainBaselineRow]:
    """Train the networks of `config` that are not there, and publish what all say about val and test."""
    provenance = manifest.provenance(folder, "train_baseline", config, packages_of(config.variant))
    asked = [config.model_copy(update={"seed": config.seed + n, "seeds": 1}) for n in range(config.seeds)]
    missing = [each for each in asked if not trained(folder, made_from(folder, each))]
    if not missing and manifest.is_current(folder, provenance):
        return manifest.read(folder, TrainBaselineRow)
    started = datetime.now(UTC)
    if missing:
        photos = split_photos.load(folder, config)
        for each in (part for whole in missing for part in (*variants.members(whole), whole)):
            if not trained(folder, wanted := made_from(folder, each)):
                train(folder, each, photos, wanted, map_fn)
    found = list(there(folder, provenance.inputs))
    rows = sorted((row for _, each in found for row in each), key=identity)
    in_val = {row.class_name for row in rows if row.split == "val"}
    absent = [name for name in config.class_names if name not in in_val]
    notes = notes_of([meta for meta, _ in found], [each.seed for each in asked], config.variant, absent)
    manifest.write(folder, rows, provenance, started, notes=notes)
    return rows
