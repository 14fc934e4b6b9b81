"""Similarity of two registered images. Pure functions.

One car before its dealer's wall resembles the next: outlines prove nothing, detail does. The measure is the
normalised cross-correlation of local contrast, block by block. The worst eighth of the blocks is left out, because
a plate or a watermark may cover as much; away from the edge only half as much, because another car on the same
spot is no watermark. The margin, plain frames, black and white are left out too: an edit may have put them there.
Then the greys of larger patches are compared: after a change of brightness and contrast, those of a duplicate
agree. Where they agree well, less detail is enough. A plate leaves all else as it was: where greys or colours of
the rest do not agree closely, no block is left out. Where they do not agree at all, it is one thing in other
paint.

Plain images have no detail. They are duplicates when they have the same grey all over, or the same colours after a
change of brightness and a trace of contrast that agrees."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curate.dedup import geometry
from curate.dedup.features import FINE, Colour, Detail, Features, Grey, Mask, details, soft
from curate.dedup.fingerprints import SIDE, is_toned
from curate.dedup.geometry import Transform, Warp

BLOCKS = 8  # per side, in which similarity is measured
PIXELS = (SIDE // BLOCKS) ** 2  # of a block
LEFT_OUT = 1 / 8  # of the blocks that two images share
INSIDE_LEFT_OUT = 1 / 16  # of them, away from the edge
MUCH_LOST = 0.8  # of what one view shows, the share that both show: less, and detail is measured anew
LEAST_OVERLAP = 0.45  # of the second image
LEAST_BLOCKS = 6  # that hold detail; with fewer, the greys themselves are compared
SMOOTH = 0.05  # similarity lost per grey level between images without detail: 1.1 levels are no proof
FAINT = 0.5  # grey levels of contrast that count as nothing in these
STRUCTURE = 0.35  # correlation of what faint contrast they have; by chance it is under 0.25
BONUS, CLOSE = 0.1, 0.1  # similarity won where greys agree entirely, and how far they may be off to agree closely
CLOSE_LEVELS = 2.0  # grey levels that compression may put them off
SHADED, SHADES = 0.3, 6.0  # how far greys are off in other paint, of their spread, and in grey levels
CONTRAST = 1.6  # times, that an edit may change it
SHARP = 1.2  # pixels of one image for one of the other, that are as sharp
COLOURLESS = 2.0  # grey levels from grey, root mean square
COLOURFUL = 5.0  # grey levels from grey, root mean square: colours so strong must agree in hue
SAME_HUE, CLOSE_HUE = 0.6, 0.9  # correlation of colours: less is other paint, and more agrees closely
TINTED, TINTS = 0.6, 16.0  # how far colours are off in other paint, of their spread, and in grey levels
BURNT = 240  # grey levels of the strongest channel: some of the cell is burnt out
UNLIKE_ELSEWHERE = 0.94  # similarity, at most, that blocks left out lead to where the rest does not agree closely
OTHER_PAINT = 0.75  # similarity, at most, of one thing in other paint


def estimate(first: Features, second: Features, warp: Warp) -> float:
    """A quick estimate of the similarity: -1..1.

    It uses the detail of each view alone. Where one view has lost much by being burnt out, its detail is computed
    once more within the mask of both.
    """
    lower, known, grey = _warped((first.soft, first.mask, first.grey), warp)
    mask = known * second.mask
    views = [(lower, second.soft)]
    if mask.sum() < MUCH_LOST * max(known.sum(), second.mask.sum()):
        views.append(_soft_details(grey, second.grey, mask, 1.0))
    values = [_of_detail(a, b, mask)[0] for a, b in views]
    if None in values:
        values.append(_of_greys(_brightened(grey, second.grey, mask), second.grey, mask))
    return max(value for value in values if value is not None)


def measure(first: Features, second: Features, transform: Transform) -> float:
    """Similarity of two views under a transform, -1..1. A mirrored `first` is mirrored already.

    Detail is computed within the mask of both: what is lost in one view must not affect its surroundings.
    """
    import cv2

    layers = first.grey, first.mask, np.ones_like(first.mask)
    grey, mask, there = _warped(layers, geometry.to_pixels(transform, len(first.grey)))
    if (there > 0.99).mean() < LEAST_OVERLAP:
        return 0.0
    mask = ((mask > 0.99) * second.mask).astype(np.float32)
    lower, upper = _soft_details(grey, second.grey, mask, 0.7)
    value, whole, enough = _of_detail(lower, upper, mask)
    if value is None or not enough:
        plain = max(_of_greys(grey, second.grey, mask), _of_structure(first, second, transform, grey, mask))
        value = whole = plain if value is None else min(value, plain)
    if value <= OTHER_PAINT:
        return value
    known, hue = compare_colours(first.colour, second.colour, transform)
    scale = len(grey) // len(known)
    sure = cv2.erode(mask * np.kron(known, np.ones((scale, scale), np.float32)), np.ones((3, 3)))
    off, spread = compare_greys(grey, second.grey, np.asarray(sure, np.float32))  # not next to what is lost
    if hue < SAME_HUE or off > max(SHADED * spread, SHADES):
        return OTHER_PAINT
    if hue < CLOSE_HUE or off > max(CLOSE * spread, CLOSE_LEVELS):
        return min(value, max(whole, UNLIKE_ELSEWHERE))
    return min(1.0, value + BONUS * max(0.0, 1 - off / (CLOSE * spread))) if spread else value


def agreement(first: Features, second: Features, transform: Transform) -> tuple[float, float, float]:
    """Signs that `second` is seen in a part of `first`: agreement of detail, greys off, agreement of colours.

    Both small images are made as blurred as the part is in the first. Greys are off by a share of their spread.
    """
    grey, mask = _warped((first.grey, first.mask), geometry.to_pixels(transform, len(first.grey)))
    mask = ((mask > 0.99) * second.mask).astype(np.float32)
    larger = max(1.0, 1 / abs(float(np.linalg.det(transform))))  # pixels of the second for one of the first
    other = soft(second.grey, 0.5 * (larger - 1) ** 0.5) if larger > SHARP else second.grey
    lower, upper = _soft_details(grey, other, mask, 1.0)
    value, _, _ = _of_detail(lower, upper, mask)
    off, spread = compare_greys(grey, other, mask)
    _, hue = compare_colours(first.colour, second.colour, transform)
    return 1.0 if value is None else value, off / spread if spread else 0.0, hue


def _soft_details(first: Grey, second: Grey, mask: Mask, pixels: float) -> tuple[Detail, Detail]:
    """Detail of two images within one mask, blurred."""
    one, other = details((first, second), mask)
    return soft(one, pixels), soft(other, pixels)


def _of_detail(first: Detail, second: Detail, mask: Mask) -> tuple[float | None, float, bool]:
    """Correlation of detail within the mask without the worst blocks, None where there is hardly any detail; the
    same with all blocks; and whether there is more detail than an edit may have added."""
    aa, bb, ab, area = (_blocks(part) for part in (first * first, second * second, first * second, mask))
    detailed = np.maximum(aa, bb) > 0.1 * np.maximum(area, PIXELS / 8)
    used = np.flatnonzero((area > PIXELS / 8) | detailed)
    if detailed.sum() < LEAST_BLOCKS:
        return None, 0.0, False
    best = used[_agreeing(used, BLOCKS, (aa + bb - 2 * ab)[used])]
    value, whole = (
        float(ab[some].sum() / np.sqrt(aa[some].sum() * bb[some].sum() + 1e-6)) for some in (best, used)
    )
    return value, whole, bool(detailed.sum() > LEFT_OUT * len(used))


def _of_greys(grey: Grey, other: Grey, mask: Mask) -> float:
    """Similarity of the greys within the mask, without the worst blocks: 0..1."""
    area = _blocks(mask)
    used = np.flatnonzero(area > PIXELS / 8)
    if len(used) < BLOCKS**2 / 3:
        return 0.0
    off = _blocks(mask * (grey - other) ** 2)[used] / area[used]
    return max(0.0, 1 - SMOOTH * float(np.sqrt(off[_agreeing(used, BLOCKS, off)].mean())))


def _of_structure(first: Features, second: Features, transform: Transform, grey: Grey, mask: Mask) -> float:
    """Similarity of the colours after a change of brightness: 0..1.

    A brighter sky may be another one: the colours count only where the faint contrast agrees as well.
    """
    import cv2

    lower, known = _cells(first.colour, second.colour, transform)
    known &= cv2.resize(mask, known.shape, interpolation=cv2.INTER_AREA) == 1
    if known.sum() < known.size / 3:
        return 0.0
    a, b = lower[known], second.colour[known]
    off = ((_brightened(a, b, 1) - b) ** 2).mean(axis=1)
    off = off[_agreeing(np.flatnonzero(known), len(known), off)]
    inside = (soft(mask, FINE) > 0.97).astype(np.float32)  # nearer to the edge, a slope of the greys has contrast
    x, y = (soft(faint * inside, 1.0) for faint in details((grey, second.grey), mask, FAINT))
    alike = float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum() + 1e-6))
    return max(0.0, 1 - SMOOTH * float(np.sqrt(off.mean()))) if alike >= STRUCTURE else 0.0


def _brightened(values: NDArray[np.float32], other: NDArray[np.float32], mask: Mask | int) -> NDArray[np.float32]:
    """The first values made as bright as the others, within what an edit may do."""
    gain = (mask * values * other).sum() / ((mask * values * values).sum() + 1e-6)
    return np.asarray(values * np.clip(gain, 1 / CONTRAST, CONTRAST), np.float32)


def _agreeing(cells: NDArray[np.int64], width: int, off: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which of `cells` (k,) of a grid are not left out, given the error `off` (k,) of each."""
    rows, columns = np.divmod(cells, width)
    at_edge = (rows == rows.min()) | (rows == rows.max()) | (columns == columns.min()) | (columns == columns.max())
    worst = np.argsort(-off, kind="stable")
    inside = np.cumsum(~at_edge[worst])  # how many of the worst are not at the edge
    out = worst[at_edge[worst] | (inside <= round(len(cells) * INSIDE_LEFT_OUT))]
    kept = np.ones(len(cells), bool)
    kept[out[: round(len(cells) * LEFT_OUT)]] = False
    return np.flatnonzero(kept)


def compare_greys(grey: Grey, other: Grey, mask: Mask) -> tuple[float, float]:
    """Residual of a line fitted from the greys of one image's blocks to the other's, and their spread.

    Both are root mean squares in grey levels without the worst blocks; zeros when too few blocks are left.
    """
    area = _blocks(mask)
    used = np.flatnonzero(area > PIXELS / 8)
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


def compare_colours(first: Colour, second: Colour, transform: Transform) -> tuple[NDArray[np.bool_], float]:
    """Which cells are not burnt out in either image (16, 16), and how well their colours agree: -1..1.

    Colour is the difference from grey. A grey or toned image agrees with all; a brighter one has more colour. The
    worst cells are left out. Nine of ten of the others must agree, else the answer is 0: on average they agree
    before any lawn."""
    lower, known = _cells(first, second, transform)
    if known.sum() < known.size / 12:
        return known, 1.0
    a, b = (soft(part - part.mean(axis=2, keepdims=True), 0.8)[known] for part in (lower, second))
    kept = _agreeing(np.flatnonzero(known), len(known), ((a - b) ** 2).sum(axis=1))
    a, b = sorted((a[kept], b[kept]), key=lambda part: float((part**2).sum()))  # b is the more colourful one
    aa, bb, ab = (float((p * q).mean() * 3) for p, q in ((a, a), (b, b), (a, b)))  # mean squares over cells
    if aa < COLOURLESS**2 or is_toned(lower[known][kept]) != is_toned(second[known][kept]):
        return known, 1.0
    off = np.sqrt(((b - max(ab, 0.0) / aa * a) ** 2).sum(axis=1))
    if np.quantile(off, 0.9) > max(TINTED * np.sqrt(bb), TINTS):
        return known, 0.0
    hue = float(ab / np.sqrt(aa * bb))
    return known, hue if aa >= COLOURFUL**2 else max(hue, SAME_HUE)  # faint colours prove nothing


def _cells(first: Colour, second: Colour, transform: Transform) -> tuple[Colour, NDArray[np.bool_]]:
    """The first colours under the transform, and which cells are in both images and not burnt out (16, 16)."""
    everywhere = np.ones(first.shape[:2], np.float32)
    lower, inside = _warped((first, everywhere), geometry.to_pixels(transform, len(first)))
    return lower, (inside > 0.99) & (np.maximum(lower, second).max(axis=2) < BURNT)


def _warped(layers: Sequence[NDArray[np.float32]], warp: Warp) -> Sequence[NDArray[np.float32]]:
    """Layers of the first image, (side, side) or (side, side, n), warped to the second; where nothing moves, as
    they are."""
    import cv2

    if np.array_equal(warp, np.eye(2, 3)):
        return layers
    how = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    return [np.asarray(cv2.warpAffine(layer, warp, layer.shape[:2], flags=how), np.float32) for layer in layers]


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over the blocks."""
    ones = _ones(len(values))
    return np.asarray((ones @ values @ ones.T).ravel())  # five times as fast as summing over two axes


@cache
def _ones(side: int) -> NDArray[np.float32]:
    """(BLOCKS, side): which pixels of a line belong to which block."""
    return np.asarray(np.kron(np.eye(BLOCKS), np.ones(side // BLOCKS)), np.float32)
