"""The reference network, and what all networks have in common: input, outputs, a digest of the weights."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


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
            layers += [nn.MaxPool2d(2), nn.ReLU()]  # the same as the other way round, on a quarter of the values
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

    return standardise(torch.from_numpy(np.array(pixels)))


def standardise(pixels: "torch.Tensor") -> "torch.Tensor":
    """The same of a tensor."""
    return pixels.permute(0, 3, 1, 2).float().mul_(2 / 255).sub_(1)


def probabilities(logits: "torch.Tensor") -> NDArray[np.float32]:
    """Outputs of the network as (n, classes) float32 that sum to 1."""
    each: NDArray[np.float32] = as_probabilities(logits).cpu().numpy()
    return each


def as_probabilities(logits: "torch.Tensor") -> "torch.Tensor":
    """The same as a tensor."""
    import torch

    if logits.shape[1] == 1:
        second = torch.sigmoid(logits.float())
        return torch.cat([1 - second, second], dim=1)
    return torch.softmax(logits.float(), dim=1)


def predict(
    network: "torch.nn.Module",
    pixels: NDArray[np.uint8],
    prepared: "Callable[[NDArray[np.uint8]], torch.Tensor]" = to_input,
    mirrored: bool = False,
    batch_size: int = 50,
) -> NDArray[np.float32]:
    """(n, h, w, 3) uint8 images to (n, classes) float32 probabilities, in full precision.

    `mirrored`: the mean of those of an image and its mirror image.
    """
    import torch

    device = next(network.parameters()).device
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pixels), batch_size):
            inputs = prepared(pixels[start : start + batch_size]).to(device)
            found = probabilities(network(inputs))
            parts.append((found + probabilities(network(inputs.flip(3)))) / 2 if mirrored else found)
    return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)


def weights_sha256(weights: Mapping[str, "torch.Tensor"]) -> str:
    """sha256 over the names and values of all tensors, whatever their order in memory."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
