"""What a network says of photo files, wherever they are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.batched import batched
from curate.core.errors import Note, RejectedError, Run, StateError, To, UsageError
from curate.core.recipe_train import Variant
from curate.photos import decode
from curate.train import dataset_cache, models
from curate.train.onnx_export import BATCH


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is said of one photo."""

    file: Path
    probabilities: NDArray[np.float64]  # (classes,) calibrated, sum 1; empty where the photo cannot be used
    reason: str = ""  # why it cannot: a word of `schemas.REASONS["fetch"]`, or what the system says


def chosen(folder: Path, variant: str = "") -> Path:
    """The folder of the network to use: the best on val, of all or of one variant.

    Raises StateError when none was trained, UsageError when `variant` is none.
    """
    network = _chosen(folder, variant)
    return models.folder_of(folder, network["variant"], network["seed"])


def _chosen(folder: Path, variant: str) -> dict[str, Any]:
    """The entry of that network in the sidecar."""
    if variant and variant not in get_args(Variant):
        raise UsageError(f"--variant {variant}: a variant is one of {', '.join(get_args(Variant))}")
    again = Run("train-baseline", ("--variant", variant) if variant else ())
    if not manifest.csv_path(folder, "train_baseline").exists():
        raise StateError(f"{folder}: no network was trained yet", again)
    notes = manifest.read_sidecar(folder, "train_baseline")["notes"]
    if not variant:
        best = notes["chosen"]["variant"], notes["chosen"]["seed"]
        return next(each for each in notes["networks"] if (each["variant"], each["seed"]) == best)
    own = [each for each in notes["networks"] if each["variant"] == variant]
    if not own:
        there = ", ".join(sorted({each["variant"] for each in notes["networks"]}))
        raise StateError(f"{folder}: no network of the variant {variant} was trained, only {there}", again)
    return max(own, key=lambda each: (each["val"]["accuracy"], -each["seed"]))


def other_classes(folder: Path, classes: Sequence[str], variant: str = "") -> list[Note]:
    """A note where the network to use, as `chosen` has it, was trained for others than `classes`, the recipe's."""
    if not manifest.csv_path(folder, "train_baseline").exists():
        return []
    network = _chosen(folder, variant)
    own = list(network["test_by_class"])
    if set(own) == set(classes):
        return []
    text = f"was trained for {', '.join(own)}; the recipe has {', '.join(classes)}"
    return [Note(f"the network, {models.named(network)}, {text}", To("train again", Run("run")))]


def predict(model: models.Model, files: Iterable[Path]) -> Iterator[Prediction]:
    """One prediction per file, in order; a photo that cannot be read has a reason."""
    side = model.meta["image_size"]
    for group in batched(files, BATCH):
        loaded = [_load(file, side) for file in group]
        sound = [pixels for pixels in loaded if not isinstance(pixels, str)]
        found = iter(model.calibrated(np.stack(sound)) if sound else ())
        for file, pixels in zip(group, loaded, strict=True):
            if isinstance(pixels, str):
                yield Prediction(file, np.empty(0), pixels)
            else:
                yield Prediction(file, next(found))


def _load(file: Path, side: int) -> NDArray[np.uint8] | str:
    """(side, side, 3) as training saw it, or why not."""
    try:
        pixels = decode.decode(decode.read_file(file), at_least=side).pixels
    except RejectedError as error:
        return error.detail if error.reason == "unreadable" and error.detail else error.reason
    return dataset_cache.shrink(pixels, side)
