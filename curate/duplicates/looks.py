"""Small pictures made ready to be laid on each other. Pure functions.

A picture's local contrast is brought to one level: the wall behind a car counts as much as its grille."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.fingerprints import RECORD, Records

Grey = NDArray[np.float32]  # (64, 64)
Mask = NDArray[np.float32]  # (64, 64), 0..1
Detail = NDArray[np.float32]  # (64, 64), local contrast
Colour = NDArray[np.float32]  # (16, 16, 3) RGB

MARGIN = 3  # pixels at the edge: 2 degrees turn up to 2 pixels of another picture into it
LOST = 4  # grey levels from black or white
FINE, COARSE = 2.5, 5.0  # pixels: sizes of detail, and of the surroundings that it is measured against
NOISE = 4.0  # grey levels of contrast that count as nothing


@dataclass(frozen=True)
class Look:
    """A view made ready."""

    grey: Grey
    inside: Mask  # 1 where an edit cannot have put it
    mask: Mask  # 1 where it is neither black nor white besides
    detail: Detail
    soft: Detail  # the same, blurred
    colour: Colour
    drawing: "Look | None"  # the same with black and white in its detail, if that is most of it

    def flipped(self) -> "Look":
        """Its mirror image."""
        layers = (self.grey, self.inside, self.mask, self.detail, self.soft, self.colour)
        grey, inside, mask, fine, soft, colour = (np.ascontiguousarray(layer[:, ::-1]) for layer in layers)
        return Look(grey, inside, mask, fine, soft, colour, self.drawing.flipped() if self.drawing else None)


def look(view: Records) -> Look:
    """Make a view ready. The last thousand are remembered: a picture is compared with many."""
    return _look(view.tobytes())


@lru_cache(maxsize=1024)  # of 100 KB each
def _look(data: bytes) -> Look:
    view: Records = np.frombuffer(data, RECORD)[0]
    grey, inside = view["grey"].astype(np.float32), within(view)
    mask = np.where((grey > LOST) & (grey < 255 - LOST), inside, 0)
    colour, drawing = view["colour"].astype(np.float32), None
    if drawn(mask, inside):
        lines = detail(grey, inside)
        drawing = Look(grey, inside, mask, lines, soft(lines, 1.0), colour, None)
    fine = detail(grey, mask)
    return Look(grey, inside, mask, fine, soft(fine, 1.0), colour, drawing)


def within(view: Records) -> Mask:
    """1 inside of a view's frame and away from its edge."""
    inside = np.zeros(view["grey"].shape, np.float32)
    top, bottom, left, right = np.rint(view["box"] * len(inside)).astype(int)
    inside[top + MARGIN : bottom - MARGIN, left + MARGIN : right - MARGIN] = 1
    return inside


def drawn(mask: Mask, inside: Mask) -> bool:
    """Whether more than half is black or white: a drawing is made of that."""
    return bool(2 * mask.sum() < inside.sum())


def detail(grey: Grey, mask: Mask, noise: float = NOISE) -> Detail:
    """Local contrast: about ±1 on detail, 0 where there is none and outside the mask."""
    import cv2

    near = cv2.GaussianBlur(mask, (0, 0), FINE) + 1e-3
    around = cv2.GaussianBlur(mask, (0, 0), COARSE) + 1e-3
    high = (grey - cv2.GaussianBlur(grey * mask, (0, 0), FINE) / near) * mask
    return np.asarray(
        high / np.sqrt(cv2.GaussianBlur(high * high, (0, 0), COARSE) / around + noise**2), np.float32
    )


def alike_in_kind(first: Look, second: Look) -> tuple[Look, Look]:
    """Both as drawings, if both are."""
    return (first.drawing, second.drawing) if first.drawing and second.drawing else (first, second)


def soft(values: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    """Blurred."""
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), pixels), np.float32)
