"""Random changes of training images, a batch at a time, drawn from a generator so that they can be repeated."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

# Each image is mirrored or not, and warped by amounts drawn evenly up to these.
ROTATION = math.radians(15)
SHIFT = 0.1  # of the side
SHEAR = 0.15
ZOOM = 0.15
BRIGHTNESS = 0.2  # factor of all channels
CONTRAST = 0.2  # factor of the distance from the image's mean
SATURATION = 0.3  # factor of the distance from grey


def warp(inputs: "torch.Tensor", random: np.random.Generator) -> "torch.Tensor":
    """Mirror, turn, shift, shear and zoom each image of (n, 3, side, side); edges are drawn out."""
    import torch
    from torch.nn import functional

    count = len(inputs)
    turn, shear, zoom_x, zoom_y, shift_x, shift_y = random.uniform(-1, 1, (6, count))
    mirror = random.choice([-1.0, 1.0], count)
    cos, sin = np.cos(ROTATION * turn), np.sin(ROTATION * turn)
    wide, high = 1 + ZOOM * zoom_x, 1 + ZOOM * zoom_y
    matrix = np.empty((count, 2, 3), np.float32)  # output to input coordinates, both -1..1
    matrix[:, 0] = np.stack([mirror * wide * cos, -wide * sin + SHEAR * shear, 2 * SHIFT * shift_x], axis=1)
    matrix[:, 1] = np.stack([mirror * high * sin, high * cos, 2 * SHIFT * shift_y], axis=1)
    grid = functional.affine_grid(
        torch.from_numpy(matrix).to(inputs.device), list(inputs.shape), align_corners=False
    )
    warped = functional.grid_sample(inputs, grid, padding_mode="border", align_corners=False)
    return warped.contiguous(memory_format=torch.channels_last)


def colour(inputs: "torch.Tensor", random: np.random.Generator) -> "torch.Tensor":
    """Change brightness, contrast and saturation of each image of (n, 3, side, side), values around 0."""
    import torch

    bright, contrast, saturation = (
        torch.from_numpy(1 + amount * random.uniform(-1, 1, len(inputs)).astype(np.float32))
        .to(inputs.device)
        .view(-1, 1, 1, 1)
        for amount in (BRIGHTNESS, CONTRAST, SATURATION)
    )
    mean = inputs.mean(dim=(1, 2, 3), keepdim=True)
    changed = (inputs - mean) * contrast + mean + (bright - 1)
    grey = changed.mean(dim=1, keepdim=True)
    return (changed - grey) * saturation + grey


def strong(inputs: "torch.Tensor", random: np.random.Generator) -> "torch.Tensor":
    """All of it: what the `augment` variants do."""
    return colour(warp(inputs, random), random)
