"""The reference network, and a trained one on disk.

A trained network is a folder with `model.safetensors` (weights, nothing that could run) and `model.json`: their
sha256, the class list in the order of the outputs, the input size, and what the network was made from. It is
refused when the weights are not those, or when its classes are not the ones expected.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import ResourceError, StateError
from curate.core.files import atomic_write

if TYPE_CHECKING:
    import torch

FORMAT = 1
_ARCHITECTURE = ("classes", "image_size", "dropout", "batch_norm")


def reference_cnn(
    classes: Sequence[str], image_size: int = 150, dropout: float = 0.0, batch_norm: bool = False, seed: int = 42
) -> "torch.nn.Sequential":
    """Four 3×3 convolutions of 32, 64, 128, 128 channels, each with ReLU and 2×2 max-pooling, then 512 units.

    In: (n, 3, image_size, image_size) float32 in -1..1. Out: (n, 1) logits of the second class for two classes,
    (n, classes) for more. For two classes at 150 pixels it has 3,453,121 parameters. This is the small network for
    cats and dogs of Chollet, Deep Learning with Python (2017), 5.2; `dropout` comes before the dense layer as it
    does there, `batch_norm` between a convolution and its ReLU (Ioffe and Szegedy, 2015). Initial weights are
    PyTorch's defaults drawn from `seed`.
    """
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        before, side = 3, image_size
        for channels in (32, 64, 128, 128):
            layers.append(nn.Conv2d(before, channels, 3))
            if batch_norm:
                layers.append(nn.BatchNorm2d(channels))
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
            before, side = channels, (side - 2) // 2
        layers.append(nn.Flatten())
        if dropout:
            layers.append(nn.Dropout(dropout))
        outputs = 1 if len(classes) == 2 else len(classes)
        layers += [nn.Linear(before * side * side, 512), nn.ReLU(), nn.Linear(512, outputs)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def to_input(pixels: NDArray[np.uint8]) -> "torch.Tensor":
    """(n, h, w, 3) uint8 to (n, 3, h, w) float32 in -1..1, channels last in memory."""
    import torch

    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float().mul_(2 / 255).sub_(1)


def probabilities(logits: "torch.Tensor") -> NDArray[np.float32]:
    """Outputs of the network as (n, classes) float32 that sum to 1."""
    import torch

    if logits.shape[1] == 1:
        second = torch.sigmoid(logits.float())
        both: NDArray[np.float32] = torch.cat([1 - second, second], dim=1).cpu().numpy()
        return both
    each: NDArray[np.float32] = torch.softmax(logits.float(), dim=1).cpu().numpy()
    return each


def predict(network: "torch.nn.Module", pixels: NDArray[np.uint8], batch_size: int = 50) -> NDArray[np.float32]:
    """(n, h, w, 3) uint8 photos to (n, classes) float32 probabilities, in full precision."""
    import torch

    device = next(network.parameters()).device
    network.eval()
    with torch.inference_mode():
        parts = [
            probabilities(network(to_input(pixels[start : start + batch_size]).to(device)))
            for start in range(0, len(pixels), batch_size)
        ]
    return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)


def weights_sha256(weights: Mapping[str, "torch.Tensor"]) -> str:
    """sha256 over the names and values of all tensors, whatever their order in memory."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_model(folder: Path, network: "torch.nn.Module", meta: Mapping[str, Any]) -> dict[str, Any]:
    """Write model.safetensors and model.json into `folder`. Returns what went into the latter.

    `meta` must hold the arguments of `reference_cnn`: classes, image_size, dropout, batch_norm.
    """
    from safetensors.torch import save

    data = save({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()})
    written = {
        "format": FORMAT,
        "network": "reference_cnn",
        "sha256": hashlib.sha256(data).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "input": "RGB, resized to image_size × image_size with bilinear antialiasing, pixels / 127.5 - 1",
        **meta,
    }
    # The description goes first and comes last: a crash in between leaves a model that is refused.
    (folder / "model.json").unlink(missing_ok=True)
    atomic_write(folder / "model.safetensors", data)
    atomic_write(folder / "model.json", json.dumps(written, indent=1, ensure_ascii=False).encode() + b"\n")
    return written


def read_meta(folder: Path) -> dict[str, Any]:
    """model.json of a trained network. Raises ResourceError when there is none, StateError when it is damaged."""
    path = folder / "model.json"
    try:
        meta = dict(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise ResourceError(f"{path} is not there: run `curate train-baseline` first") from error
    except (OSError, ValueError, TypeError) as error:
        raise StateError(f"{path} is damaged; delete {folder} and run `curate train-baseline` again") from error
    if meta.get("format") != FORMAT or not all(name in meta for name in (*_ARCHITECTURE, "sha256")):
        raise StateError(f"{path} was not written by this version; run `curate train-baseline` again")
    return meta


def load_model(folder: Path, classes: Sequence[str] | None = None) -> tuple["torch.nn.Sequential", dict[str, Any]]:
    """The trained network of `folder`, ready to predict, and its model.json.

    Raises ResourceError when there is none; StateError when the weights are damaged or not those of model.json,
    and when `classes` are given and differ from the network's, in name or order.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    meta = read_meta(folder)
    path = folder / "model.safetensors"
    if classes is not None and list(classes) != list(meta["classes"]):
        raise StateError(
            f"{path} was trained for {', '.join(meta['classes'])}, not for {', '.join(classes)}: "
            "run `curate train-baseline` again"
        )
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != meta["sha256"]:
        raise StateError(f"{path} is missing or not the file of model.json: run `curate train-baseline` again")
    network = reference_cnn(**{name: meta[name] for name in _ARCHITECTURE})
    try:
        network.load_state_dict(load(data))
    except (SafetensorError, RuntimeError) as error:
        raise StateError(f"{path} does not hold the weights of the reference network") from error
    return network.eval(), meta
