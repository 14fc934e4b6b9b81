"""How alike two pictures are that lie on each other. Pure functions.

Photos of cars look alike: one car before its dealer's wall looks like the next. So outlines prove nothing, detail
does: each picture's local contrast is brought to one level, so that the wall behind the car counts as much as its
grille, and the two are correlated. The worst eighth is left out, for a plate or a watermark may cover so much, but
only half as much away from the edge: another car on the same spot is no watermark. What is next to the edge, in a
plain frame, black or white is left out too, for an edit may have put it there. Then the greys of larger patches
are compared: after a change of brightness and contrast, those of a copy agree. Where they agree well, less detail
will do; where they do not, or the colours do not, it is one thing in other paint."""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from curate.duplicates import geometry
from curate.duplicates.fingerprints import RECORD, Records
from curate.duplicates.geometry import Map, Warp

Grey = NDArray[np.float32]  # (64, 64)
Mask = NDArray[np.float32]  # (64, 64), 0..1
Detail = NDArray[np.float32]  # (64, 64), local contrast
Colour = NDArray[np.float32]  # (16, 16, 3) RGB

MARGIN = 3  # pixels at the edge: 2 degrees turn up to 2 pixels of another picture into it
LOST = 4  # grey levels from black or white
FINE, COARSE = 2.5, 5.0  # pixels: sizes of detail, and of the surroundings that it is measured against
NOISE = 4.0  # grey levels of contrast that count as nothing
BLOCKS = 8  # per side, in which agreement is measured
LEFT_OUT = 1 / 8  # of the blocks that two pictures share
INSIDE_LEFT_OUT = 1 / 16  # of them, away from the edge
LEAST_OVERLAP = 0.45  # of the second picture
LEAST_BLOCKS = 6  # that hold detail; with fewer, the greys themselves are compared
SMOOTH = 0.05  # agreement lost per grey level between pictures without detail: 1.6 levels are no proof any more
BONUS, CLOSE = 0.1, 0.1  # agreement won where greys agree entirely, and how far they may be off to win any
SHADED, SHADES = 0.3, 6.0  # how far greys are off in other paint, of their spread, and in grey levels
CONTRAST = 1.6  # times, that an edit may change it
COLOURLESS, COLOURFUL = 2.0, 6.0  # grey levels from grey, root mean square
SAME_COLOUR = 0.6  # correlation; of 36,000 pairs of copies that are colourful the least was 0.7
TINTED, TINTS = 0.6, 16.0  # how far colours are off in other paint, of their spread, and in grey levels
FADED = 5.0  # times, that an edit may change how colourful it is
BURNT = 240  # grey levels of the strongest channel: some of the cell is burnt out
OTHER_PAINT = 0.75  # agreement, at most, of one thing in other paint


@dataclass(frozen=True)
class Look:
    """A view made ready."""

    grey: Grey
    mask: Mask
    detail: Detail
    soft: Detail  # the same, blurred
    colour: Colour

    def flipped(self) -> "Look":
        """Its mirror image."""
        parts = (self.grey, self.mask, self.detail, self.soft, self.colour)
        return Look(*(np.ascontiguousarray(part[:, ::-1]) for part in parts))


def look(view: Records) -> Look:
    """Make a view ready. The last thousand are remembered: a picture is compared with many."""
    return _look(view.tobytes())


@lru_cache(maxsize=1024)  # of 80 KB each
def _look(data: bytes) -> Look:
    view: Records = np.frombuffer(data, RECORD)[0]
    grey, mask = view["grey"].astype(np.float32), usable(view)
    fine = detail(grey, mask)
    return Look(grey, mask, fine, _soft(fine, 1.0), view["colour"].astype(np.float32))


def usable(view: Records) -> Mask:
    """1 where a view can prove something."""
    grey = view["grey"]
    inside = np.zeros(grey.shape, np.float32)
    top, bottom, left, right = np.rint(view["box"] * len(grey)).astype(int)
    inside[top + MARGIN : bottom - MARGIN, left + MARGIN : right - MARGIN] = 1
    return np.asarray(inside * ((grey > LOST) & (grey < 255 - LOST)), np.float32)


def detail(grey: Grey, mask: Mask) -> Detail:
    """Local contrast: about ±1 on detail, 0 where there is none and outside the mask."""
    import cv2

    near = cv2.GaussianBlur(mask, (0, 0), FINE) + 1e-3
    around = cv2.GaussianBlur(mask, (0, 0), COARSE) + 1e-3
    high = (grey - cv2.GaussianBlur(grey * mask, (0, 0), FINE) / near) * mask
    return np.asarray(
        high / np.sqrt(cv2.GaussianBlur(high * high, (0, 0), COARSE) / around + NOISE**2), np.float32
    )


def glance(first: Look, second: Look, warp: Warp) -> float:
    """A quick look at how well two views agree as they lie."""
    lower, mask, grey = _warped(np.dstack([first.soft, first.mask, first.grey]), warp)
    return _likeness(lower, second.soft, grey, second.grey, mask * second.mask)


def agreement(first: Look, second: Look, place: Map) -> float:
    """How well `second` and `first` (mirrored already, if it is) agree: -1..1.

    Detail is measured anew within the mask of both: what is lost in one view must not colour its surroundings in
    the other.
    """
    import cv2

    layers = np.dstack([first.grey, first.mask, np.ones_like(first.mask)])
    grey, mask, inside = _warped(layers, geometry.to_pixels(place, len(first.grey)))
    if (inside > 0.99).mean() < LEAST_OVERLAP:
        return 0.0
    mask = ((mask > 0.99) * second.mask).astype(np.float32)
    lower, upper = (_soft(detail(part, mask), 0.7) for part in (grey, second.grey))
    value = _likeness(lower, upper, grey, second.grey, mask)
    if value <= OTHER_PAINT:
        return value
    known, same = compare_colours(first.colour, second.colour, place)
    scale = len(grey) // len(known)
    sure = cv2.erode(mask * np.kron(known, np.ones((scale, scale), np.float32)), np.ones((3, 3)))
    off, spread = compare_greys(grey, second.grey, np.asarray(sure, np.float32))  # not next to what is lost
    if not same or off > max(SHADED * spread, SHADES):
        return OTHER_PAINT
    return min(1.0, value + BONUS * max(0.0, 1 - off / (CLOSE * spread))) if spread else value


def _likeness(first: Detail, second: Detail, grey: Grey, other: Grey, mask: Mask) -> float:
    """Correlation of detail within the mask, the worst blocks left out; where there is hardly any detail, nearness
    of the greys."""
    aa, bb, ab, area = (_blocks(part) for part in (first * first, second * second, first * second, mask))
    used = np.flatnonzero(area > (len(mask) // BLOCKS) ** 2 / 8)
    if (np.maximum(aa, bb)[used] > 0.1 * area[used]).sum() >= LEAST_BLOCKS:
        best = used[_agreeing(used, BLOCKS, (aa + bb - 2 * ab)[used])]
        return float(ab[best].sum() / np.sqrt(aa[best].sum() * bb[best].sum() + 1e-6))
    if len(used) < BLOCKS**2 / 3:
        return 0.0
    off = _blocks(mask * (grey - other) ** 2)[used] / area[used]
    return max(0.0, 1 - SMOOTH * float(np.sqrt(off[_agreeing(used, BLOCKS, off)].mean())))


def _agreeing(cells: NDArray[np.int64], width: int, off: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of those `cells` (k,) of a grid that are not left out. Each of them is `off` (k,) so far."""
    rows, columns = np.divmod(cells, width)
    at_edge = (rows == rows.min()) | (rows == rows.max()) | (columns == columns.min()) | (columns == columns.max())
    worst = np.argsort(-off, kind="stable")
    inside = np.cumsum(~at_edge[worst])  # how many of the worst are not at the edge
    out = worst[at_edge[worst] | (inside <= round(len(cells) * INSIDE_LEFT_OUT))]
    kept = np.ones(len(cells), bool)
    kept[out[: round(len(cells) * LEFT_OUT)]] = False
    return np.flatnonzero(kept)


def compare_greys(grey: Grey, other: Grey, mask: Mask) -> tuple[float, float]:
    """How far the greys of the blocks are off a line from one picture's to the other's, and how far they spread.

    Root mean squares, in grey levels, the worst left out; zeros when too little is left to say.
    """
    area = _blocks(mask)
    used = np.flatnonzero(area > (len(mask) // BLOCKS) ** 2 / 8)
    if len(used) < LEAST_BLOCKS:
        return 0.0, 0.0
    a, b = (_blocks(part * mask)[used] / area[used] for part in (grey, other))
    kept = np.arange(len(used))
    for _ in range(3):  # the line without the worst, then the worst anew
        x, y = a[kept] - a[kept].mean(), b[kept] - b[kept].mean()
        slope = np.clip((x * y).sum() / max((x * x).sum(), 1e-6), 1 / CONTRAST, CONTRAST)
        off = np.abs(b - b[kept].mean() - slope * (a - a[kept].mean()))
        kept = _agreeing(used, BLOCKS, off)
    return float(np.sqrt((off[kept] ** 2).mean())), float(b[kept].std())


def compare_colours(first: Colour, second: Colour, place: Map) -> tuple[NDArray[np.bool_], bool]:
    """Which cells are not burnt out in either picture (16, 16), and whether their colours are those of one thing.

    Colour is what a cell has besides grey. A grey copy has none and says nothing, so it goes with all; a brighter
    one has more of it. The worst cells are left out. Colours that go together on the whole are not enough, a lawn
    makes them so: nine cells of ten must.
    """
    layers = np.dstack([first, np.ones(first.shape[:2], np.float32)])
    *channels, inside = _warped(layers, geometry.to_pixels(place, len(first)))
    lower = np.dstack(channels)
    known = (inside > 0.99) & (np.maximum(lower, second).max(axis=2) < BURNT)
    if known.sum() < known.size / 12:
        return known, True
    a, b = (_soft(part - part.mean(axis=2, keepdims=True), 0.8)[known] for part in (lower, second))
    kept = _agreeing(np.flatnonzero(known), len(known), ((a - b) ** 2).sum(axis=1))
    a, b = sorted((a[kept], b[kept]), key=lambda part: float((part**2).sum()))  # b is the more colourful one
    aa, bb, ab = (float((p * q).mean() * 3) for p, q in ((a, a), (b, b), (a, b)))  # mean squares over cells
    if aa < COLOURLESS**2:
        return known, True
    if aa >= COLOURFUL**2 and ab < SAME_COLOUR * np.sqrt(aa * bb):
        return known, False
    off = np.sqrt(((b - np.clip(ab / aa, 1 / FADED, FADED) * a) ** 2).sum(axis=1))
    return known, bool(np.quantile(off, 0.9) <= max(TINTED * np.sqrt(bb), TINTS))


def _warped(layers: NDArray[np.float32], warp: Warp) -> list[NDArray[np.float32]]:
    """The layers (side, side, n) of the first picture as they lie under the second: n of (side, side)."""
    import cv2

    moved = cv2.warpAffine(layers, warp, layers.shape[:2], flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR)
    return [np.asarray(layer, np.float32) for layer in cv2.split(moved)]


def _soft(values: NDArray[np.float32], pixels: float) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), pixels), np.float32)


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over the blocks."""
    ones = _ones(len(values))
    return np.asarray((ones @ values @ ones.T).ravel())  # five times as fast as summing over two axes


@cache
def _ones(side: int) -> NDArray[np.float32]:
    """(BLOCKS, side): which pixels of a line belong to which block."""
    return np.asarray(np.kron(np.eye(BLOCKS), np.ones(side // BLOCKS)), np.float32)
