"""What Pillow decoded, as upright 8-bit RGB on white."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def rgb_on_white(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3) RGB of what a person sees on a white page."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = _eight_bit(np.asarray(image))
        if isinstance(hidden := image.info.get("transparency"), int):
            grey = np.where(np.asarray(image) == hidden, np.uint8(255), grey)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def _eight_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey of more than 8 bits as 8 bits. The full scale is the type's own; I and F carry none, so the smallest
    usual one (1 for F, 8, 16 or 32 bits) that holds all values is taken."""
    if values.dtype == np.uint16:
        high: NDArray[np.uint8] = (values >> 8).astype(np.uint8)
        return high
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    scales = [1.0] if np.issubdtype(values.dtype, np.floating) else []
    scales += [2.0**8 - 1, 2.0**16 - 1, 2.0**32 - 1]
    top = finite.max()
    scale = next((s for s in scales if top <= s), top)
    return (finite * (255 / scale) + 0.5).astype(np.uint8)


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation (1..8)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
