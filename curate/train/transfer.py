"""`transfer`: a linear classifier on the features of EfficientNet-Lite0, computed in ONNX Runtime without torch.

Features of a photo are the mean of those of the photo and its mirror image, scaled to length 1. The classifier is
logistic regression; the strength of its penalty is the one with the highest accuracy on val, of equals the lowest
loss.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core import files, record_store
from curate.core.progress import counter
from curate.core.recipe import TrainBaseline

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # scikit-learn's C: larger is weaker
BATCH = 16
WIDTH = 1280  # features of a photo
VERSION = 2  # of the features


@dataclass(frozen=True, slots=True)
class Head:
    """A linear classifier: `probabilities` are softmax(features · weights + bias)."""

    weights: NDArray[np.float64]  # (d, classes)
    bias: NDArray[np.float64]  # (classes,)
    penalty: float


def embed(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    """(n, side, side, 3) uint8 to features, each of length 1, in blocks of up to (BATCH, WIDTH).

    Raises ResourceError when the network's weights are missing.
    """
    from curate.clean.scorers.imagenet import ImageNet

    scorer = ImageNet(side=pixels.shape[1])
    with counter("features", len(pixels), "photo") as advance:
        for start in range(0, len(pixels), BATCH):
            block = np.ascontiguousarray(pixels[start : start + BATCH])
            mirrored = np.ascontiguousarray(block[:, :, ::-1])
            found = ((scorer.embed(block) + scorer.embed(mirrored)) / 2).astype(np.float32)
            yield np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)
            advance(start + len(block))


def features(folder: Path, pixels: NDArray[np.uint8], names: Sequence[str]) -> NDArray[np.float32]:
    """(n, WIDTH) features, remembered in `folder`/cache by `names`, the sha256s of the photos in order.

    Those of other photos, or of another size, are removed. Those of the same in another order stay: training and
    the audit take turns.
    """
    from curate.clean.scorers.imagenet import WEIGHTS_SHA256

    layout = record_store.layout(
        np.dtype([("features", "<f4", (WIDTH,))]),
        {"features": VERSION, "side": pixels.shape[1], "weights": WEIGHTS_SHA256, "photos": list(names)},
    )
    photos = hashlib.sha256(" ".join([str(pixels.shape[1]), *sorted(names)]).encode()).hexdigest()[:16]
    path = folder / "cache" / f"features-{photos}-{hashlib.sha256(layout.header).hexdigest()[:16]}.cache"

    def embedded() -> Iterator[record_store.Records]:
        there = path.parent.glob("features-*")
        files.remove(old for old in there if not fnmatch(old.name, f"features-{photos}-*.cache"))
        for block in embed(pixels):
            records = np.zeros(len(block), layout.record)
            records["features"] = block
            yield records

    return np.array(record_store.read_or_write(path, layout, len(pixels), embedded)["features"])


def settings(config: TrainBaseline) -> dict[str, Any]:
    """The settings of the recipe that what is measured on the features depends on, by their keys."""
    return {
        "train_baseline.seed": config.seed,
        "train_baseline.transfer.image_size": config.transfer.image_size,
    }


def fit(
    train: NDArray[np.float32],
    train_labels: NDArray[np.int64],
    val: NDArray[np.float32],
    val_labels: NDArray[np.int64],
    seed: int,
) -> tuple[Head, list[dict[str, float]]]:
    """The best classifier on val, and one entry per penalty that was tried. Features are (n, d), labels (n,)."""
    history, heads = [], []
    for number, penalty in enumerate(PENALTIES, 1):
        head = fit_one(train, train_labels, penalty, seed)
        entry: dict[str, float] = {"epoch": number, "penalty": penalty}
        for part, inputs, labels in (("train", train, train_labels), ("val", val, val_labels)):
            each = probabilities(head, inputs)
            entry[f"{part}_loss"] = float(-np.log(each[np.arange(len(labels)), labels].clip(1e-12)).mean())
            entry[f"{part}_accuracy"] = float((each.argmax(axis=1) == labels).mean())
        heads.append(head)
        history.append(entry)
    best = max(range(len(heads)), key=lambda at: (history[at]["val_accuracy"], -history[at]["val_loss"]))
    return heads[best], history


def fit_one(inputs: NDArray[np.float32], labels: NDArray[np.int64], penalty: float, seed: int) -> Head:
    """Logistic regression of labels (n,) on features (n, d)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=penalty, max_iter=2000, random_state=seed).fit(inputs, labels)
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two classes: one logit, of the second
        weights, bias = np.hstack([np.zeros_like(weights), weights]), np.array([0.0, bias[0]])
    return Head(weights, bias, penalty)


def probabilities(head: Head, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) features to (n, classes) that sum to 1."""
    from scipy.special import softmax

    return np.asarray(softmax(inputs.astype(np.float64) @ head.weights + head.bias, axis=1), dtype=np.float32)


def to_bytes(head: Head) -> bytes:
    """The classifier as safetensors."""
    from safetensors.numpy import save

    return save({"weights": np.ascontiguousarray(head.weights), "bias": head.bias})
