"""A coarse comparison of many pairs at once: which of them need a close one. Pure functions.

Nearly all candidates are no duplicates. Of most, images of half the size show that: after a few steps of
registration (inverse compositional: Baker and Matthews, "Lucas-Kanade 20 years on", 2004), their detail or their
greys do not agree. The thresholds refuse far less than those of `similarity`, which measures what is left. Pairs
with little detail, and pairs of which one has lost much, are left to it too."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.dedup import fingerprints, geometry
from curate.dedup.features import COARSE, FINE, MARGIN, details, soft, usable
from curate.dedup.fingerprints import FINGERPRINT, Fingerprints
from curate.dedup.geometry import Match, Transform
from curate.dedup.similarity import MUCH_LOST, SHADED, SHADES

SIDE = 32  # pixels of the images
BLOCKS = 8  # per side, in which they are compared
PIXELS = (SIDE // BLOCKS) ** 2  # of a block
STEPS = 6  # of registration
LONGEST = 0.3  # of half an image, in one step: a longer one leads nowhere, and may have no inverse
SMOOTH = 0.8  # pixels, blur of detail for registration
LEFT_OUT, GREYS_OUT = 8, 12  # blocks whose detail, or whose greys, agree least
LEAST_BLOCKS = 16  # that hold detail; with fewer, it is not known how well it agrees
WORTH_COMPARING = 0.55  # correlation of detail: of 45,000 pairs of .8 and more, three are under it
SLACK = 1.5  # how far greys may be off, of what `similarity` allows: of 45,000 such pairs, two are farther off

Floats = NDArray[np.float32]


class Small(NamedTuple):
    """One view, made ready."""

    layers: Floats  # (SIDE, SIDE, 3): detail, mask, grey
    smooth: Floats  # (SIDE, SIDE) detail, for registration


def similarities(views: Fingerprints, matches: Sequence[Match]) -> Floats:
    """Correlation of detail of each match, -1..1: (n,). 0 where greys do not agree.

    Infinity where it is not known: with little detail, or where one view has lost much.

    A match has the same answer whatever the others are.
    """
    small = [_small(view.tobytes()) for view in views]
    starts = np.array([_start(transform.tobytes()) for _, _, transform in matches])
    lower, upper = ([small[match[side]] for match in matches] for side in (0, 1))
    layers = np.array([one.layers for one in upper]).reshape(len(matches), -1, 3).transpose(2, 0, 1)
    smooth = np.array([one.smooth for one in upper])
    warps = _registered([one.smooth for one in lower], smooth, layers[1], starts)
    return _agreement(_moved([one.layers for one in lower], warps).transpose(2, 0, 1), layers)


@lru_cache(maxsize=2048)  # of 16 KB each
def _small(data: bytes) -> Small:
    """A fingerprint, made ready."""
    import cv2

    view: Fingerprints = np.frombuffer(data, FINGERPRINT)[0]
    grey, mask = (
        np.asarray(cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
        for one in (view["grey"].astype(np.float32), usable(view))
    )
    mask = np.asarray(mask > 0.99, np.float32)
    scale = SIDE / len(view["grey"])
    (detail,) = details([grey], mask, fine=FINE * scale, coarse=COARSE * scale)
    return Small(np.stack([detail, mask, grey], axis=2), soft(detail, SMOOTH))


@lru_cache(maxsize=2048)
def _start(data: bytes) -> Transform:
    """A transform in pixels. One that mirrors takes pixels to those of the first image as it is."""
    transform = np.frombuffer(data).reshape(3, 3)
    warp = np.vstack([geometry.to_pixels(transform, SIDE), [0, 0, 1]])
    flip = np.array([[-1, 0, SIDE - 1], [0, 1, 0], [0, 0, 1]])
    return np.asarray(flip @ warp if geometry.mirrored(transform) else warp)


def _moved(images: Sequence[Floats], warps: Transform) -> Floats:
    """Each image under its warp: (n, pixels), or (n, pixels, 3) of those with three layers."""
    import cv2

    how, size = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, (SIDE, SIDE)
    moved = [cv2.warpAffine(one, warp, size, flags=how) for one, warp in zip(images, warps[:, :2], strict=True)]
    return np.array(moved, np.float32).reshape(len(moved), SIDE * SIDE, *images[0].shape[2:])


def _registered(lower: Sequence[Floats], upper: Floats, mask: Floats, warps: Transform) -> Transform:
    """The warps (n, 3, 3) after a few steps of registration. `upper` are (n, SIDE, SIDE), its mask (n, pixels)."""
    x, y, _, to_grid = _grid()
    down, right = np.zeros_like(upper), np.zeros_like(upper)
    down[:, 1:-1] = upper[:, 2:] - upper[:, :-2]
    right[:, :, 1:-1] = upper[:, :, 2:] - upper[:, :, :-2]
    steepest = np.empty((len(upper), 6, SIDE * SIDE), np.float32)
    for first, slope in ((0, right), (3, down)):
        slope = slope.reshape(mask.shape) * mask * np.float32(SIDE / 4)
        steepest[:, first], steepest[:, first + 1], steepest[:, first + 2] = slope * x, slope * y, slope
    squares = steepest @ steepest.transpose(0, 2, 1)
    least = 1e-3 * np.trace(squares, axis1=1, axis2=2)[:, None, None] + 1e-3
    solve = np.linalg.inv(squares + least * np.eye(6, dtype=np.float32))
    back, step = np.linalg.inv(to_grid), np.zeros_like(warps)
    for _ in range(STEPS):
        off = _moved(lower, warps) - upper.reshape(mask.shape)
        step[:, :2] = (solve @ (steepest @ off[:, :, None])).reshape(-1, 2, 3).clip(-LONGEST, LONGEST)
        warps = warps @ (back @ np.linalg.inv(step + np.eye(3)) @ to_grid)
    return warps


def _agreement(lower: Floats, upper: Floats) -> Floats:
    """What `similarities` says of images that lie on each other, (3, n, pixels) each: (n,)."""
    (a, known, grey), (b, seen, other) = lower, upper
    mask = known * seen
    am, bm = a * mask, b * mask
    aa, bb, ab, area, x, y = _blocks(np.stack([am * a, bm * b, am * b, mask, grey * mask, other * mask]))
    detailed = np.maximum(aa, bb) > 0.1 * np.maximum(area, PIXELS / 8)
    kept = ~_worst(aa + bb - 2 * ab, LEFT_OUT)
    value = (ab * kept).sum(1) / np.sqrt((aa * kept).sum(1) * (bb * kept).sum(1) + 1e-6)
    off, spread = _greys_off(x / (area + 1e-3), y / (area + 1e-3), area > PIXELS / 8)
    value[off > SLACK * np.maximum(SHADED * spread, SHADES)] = 0
    lost = area.sum(1) < MUCH_LOST * np.maximum((known * _grid().inner).sum(1), seen.sum(1))
    value[lost | (detailed.sum(1) < LEAST_BLOCKS)] = np.inf
    return np.asarray(value, np.float32)


def _greys_off(x: Floats, y: Floats, used: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Residual of a line from x to y, greys of blocks (n, BLOCKS**2), and the spread of y; without the worst."""
    kept = used
    for _ in range(3):  # the line without the worst, then the worst anew
        count = kept.sum(1, keepdims=True) + 1e-3
        dx, dy = (part - (part * kept).sum(1, keepdims=True) / count for part in (x, y))
        slope = (dx * dy * kept).sum(1, keepdims=True) / ((dx * dx * kept).sum(1, keepdims=True) + 1e-3)
        off = (dy - slope * dx) ** 2 * used
        kept = used & ~_worst(off, GREYS_OUT)
    count = kept.sum(1) + 1e-3
    middle = (y * kept).sum(1) / count
    spread = ((y - middle[:, None]) ** 2 * kept).sum(1) / count
    return np.sqrt((off * kept).sum(1) / count), np.sqrt(spread)


def _worst(off: Floats, many: int) -> NDArray[np.bool_]:
    """Which blocks are the `many` that are farthest off: (n, BLOCKS**2)."""
    last = BLOCKS**2 - many - 1
    return np.asarray(off > np.partition(off, last, axis=1)[:, last : last + 1])


def _blocks(values: Floats) -> Floats:
    """Sums over the blocks of images (..., pixels): (..., BLOCKS**2)."""
    several, side = values.shape[:-1], SIDE // BLOCKS
    lines = values.reshape(*several, BLOCKS, side, SIDE)
    rows = np.asarray(sum(lines[..., number, :] for number in range(side)))  # faster than summing over an axis
    cells = rows.reshape(*several, BLOCKS**2, side)
    return np.asarray(sum(cells[..., number] for number in range(side)))


class Grid(NamedTuple):
    """The pixels of an image."""

    x: Floats  # (pixels,) -1..1
    y: Floats
    inner: Floats  # 1 where a view without a frame can prove something
    to_grid: Transform  # from pixels to x and y


@cache
def _grid() -> Grid:
    """Of the small images."""
    half = (SIDE - 1) / 2
    y, x = ((np.mgrid[:SIDE, :SIDE] - half) / (SIDE / 2)).astype(np.float32).reshape(2, -1)
    inner = np.zeros((SIDE, SIDE), np.float32)
    margin = -(-MARGIN * SIDE // fingerprints.SIDE)
    inner[margin:-margin, margin:-margin] = 1
    to_grid = np.array([[1, 0, -half], [0, 1, -half], [0, 0, SIDE / 2]]) / (SIDE / 2)
    return Grid(x, y, inner.ravel(), to_grid)
