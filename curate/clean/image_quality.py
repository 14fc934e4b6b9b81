"""The quality of an image, measured on its pixels alone: nothing is learnt.

Every score is between 0 and 1, and small is bad, as in cleanvision, whose names and, where a source says so,
definitions these are. An image may have any size; the scores hardly depend on it. Under 1 ms per photo.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.core.recipe import QualityThresholds

_SAMPLE = 128  # pixels; longer side of the grid on which brightness is sampled and blur is measured
_PAGE = 256  # pixels; longer side at which text is looked for: a line of small print is still a line
_CELL = 16  # pixels; side of the cells that a page is divided into
_FAINT = 0.1  # grey levels; a mean step between neighbours under this is no contrast
_SOME_PRINT = 0.25  # of the score `document`; under it, an image that is blank otherwise is a page of text
_FULL_SIZE = 224  # pixels; what common networks are given


@dataclass(frozen=True, slots=True)
class Quality:
    """Scores from 0 (bad) to 1 (good)."""

    dark: float  # 99th percentile of perceived brightness
    light: float  # 1 - 5th percentile of perceived brightness
    blurry: float  # 1 - blur effect
    low_information: float  # Shannon entropy of the three channels' values together, out of 10 bits
    odd_aspect_ratio: float  # shorter side / longer side
    odd_size: float  # longer side in units of 224 pixels, at most 1
    document: float  # 1 - share of the cells that show print on a page


def measure(pixels: NDArray[np.uint8], width: int, height: int) -> Quality:
    """The quality of `pixels`, (h, w, 3) RGB, upright, maybe reduced from `width` by `height` pixels."""
    image = Image.fromarray(pixels)
    page = _within(image.convert("L"), _PAGE)
    step = -(-max(pixels.shape) // _SAMPLE)
    faintest, brightest = brightness_range(pixels[::step, ::step])
    return Quality(
        dark=brightest,
        light=1 - faintest,
        blurry=1 - blur_effect(np.asarray(_within(page.convert("F"), _SAMPLE))),
        low_information=min(1.0, image.entropy() / 10),
        odd_aspect_ratio=min(width, height) / max(width, height),
        odd_size=min(1.0, max(width, height) / _FULL_SIZE),
        document=1 - print_on_page(page),
    )


def reason(quality: Quality, thresholds: QualityThresholds) -> str:
    """Why an image of this quality is of no use: the reason that says most about it, or an empty string."""
    checks = (
        ("too_small", quality.odd_size, thresholds.odd_size),
        ("odd_shape", quality.odd_aspect_ratio, thresholds.odd_aspect_ratio),
        ("blank", quality.low_information, thresholds.low_information),
        ("blank", quality.light, thresholds.light),
        ("dark", quality.dark, thresholds.dark),
        ("document", quality.document, thresholds.document),
        ("blurred", quality.blurry, thresholds.blurry),
    )
    found = next((name for name, score, threshold in checks if score < threshold), "")
    # A page with few lines of text is nearly all page: print is what there is to see.
    return "document" if found == "blank" and thresholds.document and quality.document < _SOME_PRINT else found


def brightness_range(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """5th and 99th percentile of the perceived brightness, 0..1, of (h, w, 3) RGB `pixels`.

    Brightness is that of the HSP colour model (D. R. Finley, 2006), the percentiles are cleanvision's.
    """
    weights = np.array([0.241, 0.691, 0.068], np.float32)
    values = np.sqrt(np.square(pixels.reshape(-1, 3), dtype=np.float32) @ weights) / 255
    last = len(values) - 1
    low, high = round(0.05 * last), round(0.99 * last)
    ordered = np.partition(values, (low, high))
    return float(min(1.0, ordered[low])), float(min(1.0, ordered[high]))


def blur_effect(grey: NDArray[np.float32]) -> float:
    """How little an image changes when it is blurred once more: 0 (sharp) to 1; the worse of the two directions.

    F. Crete, T. Dolmiere, P. Ladret, M. Nicolas: The blur effect: perception and estimation with a new
    no-reference perceptual blur metric. SPIE 6492 (2007). What has no contrast has no blur.
    """
    worst = 0.0
    for lines in (grey, np.ascontiguousarray(grey.T)):
        sums = lines.cumsum(axis=1)
        blurred = (sums[:, 9:] - sums[:, :-9]) / 9  # of columns 5 to -4
        before, after = (np.abs(values[:, 1:] - values[:, :-1]) for values in (lines[:, 5:-4], blurred))
        if (total := float(before.sum())) > _FAINT * before.size:
            worst = max(worst, 1 - float(np.maximum(0, before - after).sum()) / total)
    return worst


def print_on_page(grey: Image.Image) -> float:
    """Share, 0..1, of an image's cells that show print, out of those that are not empty page.

    A page is one grey that comes back in nearly every cell, between lines and letters; ink lies to one side of it
    and covers less than half of a cell. Objects have cells without page, textures lie to both sides of their
    commonest grey. Where little of the image is print the share counts for less: a number plate on a white wall
    is no document. Made for scans, screenshots and adverts; a paper photographed in uneven light is not found.
    """
    if min(grey.size) < 4 * _CELL:
        return 0.0
    level = 8 * int(np.array(grey.histogram()).reshape(-1, 8).sum(axis=1).argmax()) + 4
    towards_ink = (level - np.arange(256)) * (1 if level >= 128 else -1)
    kinds = np.stack([abs(towards_ink) < 20, towards_ink > 40, towards_ink < -40, np.zeros(256, bool)], axis=1)
    table = (kinds * np.uint8(255)).view(np.uint32)[:, 0]  # a pixel of four bytes for each level: one look for all
    marked = Image.frombuffer("RGBX", grey.size, table[np.asarray(grey)].tobytes(), "raw", "RGBX", 0, 1)
    page, ink, neither = np.moveaxis(np.asarray(marked.reduce(_CELL)) / 255, 2, 0)[:3]
    on_page = (page > 0.25) & (neither < 0.02)
    text = on_page & (ink > 0.03) & (ink < 0.5)
    busy = text.size - int((on_page & (ink == 0)).sum())
    return float(text.sum() / busy * min(1, text.mean() / 0.2)) if busy else 0.0


def _within(grey: Image.Image, side: int) -> Image.Image:
    """`grey`, its longer side at most `side` pixels."""
    longest = max(grey.size)
    if longest <= side:
        return grey
    width, height = (max(1, round(length * side / longest)) for length in grey.size)
    return grey.resize((width, height), Image.Resampling.BOX)
