"""What one image has that another lacks: seams of screenshots, collages and banners; plain corners; marks.

Pure functions. All of them see two registered images, and tell which of the two was edited."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.dedup.geometry import Transform

Image = NDArray[np.uint8]  # (h, w, 3) RGB
Grey = NDArray[np.float32]  # (h, w)
Box = tuple[float, float, float, float]  # top, bottom, left, right: 0..1

BESIDE = 0.08  # of the larger image, beside the smaller one: less is no composite
SEAM = 0.7  # of a side along which two images meet
ACROSS = 0.6  # of a line from edge to edge, between the photos of a collage
EXACT_SEAM = 0.55  # of a side, where the transform puts it
ON_AVERAGE, LEAST_SEAM = 0.55, 0.25  # of all sides with something beside them, and of each
SURE_SEAM = 0.85  # of every side, where both images are of one scale: a crop may end along what the photo shows
EXACT = 0.025  # of the smaller image's side: how exact a transform is
STEP = 9  # grey levels across a seam
AROUND = 0.16  # of the smaller image's side: how far from its edge a seam may be, as collages cut photos to shape
FLAT = 4  # grey levels between neighbours in a plain area
MOSTLY = 0.6  # of an area
LEAST_BESIDE = 24  # pixels of 64×64 outside the other image
DIFFERENT = 26  # grey levels after blurring
LEAST_MARK, MOST_MARKS = 0.002, 0.35  # of the area: one mark, and all of them
FILLED = 0.5  # of its bounding box, on average: a mark is a box
OUTLINED = 1.3  # times as much contrast along its outline as in the image without it
ONE_COLOUR = 0.4  # of a mark's pixels, within ONE_COLOUR_LEVELS of its most frequent colour
ONE_COLOUR_LEVELS = 24


@dataclass(frozen=True)
class Composite:
    """The larger image is put together: this part of it is the smaller one."""

    part: Box
    kind: str  # screenshot, collage, banner


def composite(image: Image, part: Box, one_scale: bool = False) -> Composite | None:
    """Whether `image` is put together from a smaller one, which covers about `part` of it, and something else.

    `one_scale`: the smaller one has as many pixels as `part`, as a crop has.
    """
    grey = np.asarray(image.mean(axis=2), np.float32)
    top, bottom, left, right = part
    sides = [*_seams(grey, (top, bottom), (left, right)), *_seams(grey.T, (left, right), (top, bottom))]
    shares = [seam.share for seam in sides if seam.beside]
    if not shares or max(shares) < SEAM or np.mean(shares) < ON_AVERAGE or min(shares) < LEAST_SEAM:
        return None
    top, bottom, left, right = (seam.edge for seam in sides)
    height, width = grey.shape
    beside = np.ones(grey.shape, bool)
    beside[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = False
    if beside.mean() < BESIDE:
        return None
    flat = float((_steps(grey)[beside] < FLAT).mean())
    in_grid = all(any(seam.across for seam in pair) for pair in (sides[:2], sides[2:]))  # both ways, as in a grid
    kind = (
        "banner" if beside.mean() <= 1 - MOSTLY else "screenshot" if flat > MOSTLY and not in_grid else "collage"
    )
    if kind == "banner" and _one_colour(image[beside]) < ONE_COLOUR:
        return None
    inner = [seam for seam in sides if seam.beside]
    if kind == "collage" and not all(seam.across for seam in inner):
        return None
    if one_scale and kind != "banner" and len(inner) > 1 and not all(map(_is_sure, inner)):
        return None
    return Composite((top, bottom, left, right), kind)


@dataclass(frozen=True)
class _Seam:
    """What is along one side of the smaller image."""

    edge: float  # where the side is, 0..1; moved to the seam
    share: float  # of the side, that has a step
    beside: bool  # there is more of the larger image beyond it
    exact: bool  # the seam is where the transform puts the side
    across: bool  # the seam goes on to both ends of the larger image


def _is_sure(seam: _Seam) -> bool:
    """Whether a seam runs exactly along the side and on to both ends of the larger image."""
    return seam.exact and seam.across and seam.share >= SURE_SEAM


def _steps(grey: Grey) -> Grey:
    """The larger difference to the next pixel to the right and below."""
    right = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    below = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    return np.asarray(np.maximum(right, below), np.float32)


def _seams(grey: Grey, span: tuple[float, float], along: tuple[float, float]) -> list[_Seam]:
    """Both ends of `span`, which runs down the lines of `grey`; `along` runs along them."""
    height, width = grey.shape
    begin, end = (min(max(round(edge * width), 0), width) for edge in along)
    step = np.zeros(height)  # of each line: share of it that differs from the line two before
    if end - begin >= 8:
        step[2:] = (np.abs(grey[2:, begin:end] - grey[:-2, begin:end]) > STEP).mean(axis=1)
    extent = (span[1] - span[0]) * height
    found = []
    for edge, beyond in ((span[0], span[0]), (span[1], 1 - span[1])):
        for reach, exact in ((EXACT * extent, True), (AROUND * extent, False)):
            low, high = (round(min(max(edge * height + off, 3), height - 3)) for off in (-reach - 1, reach + 2))
            line = low + int(np.argmax(step[low:high])) if high > low else 0
            share = float(step[line]) if high > low else 0.0
            if share >= (EXACT_SEAM if exact else SEAM):
                across = float((np.abs(grey[line] - grey[line - 2]) > STEP).mean()) >= ACROSS
                found.append(_Seam((line - 1) / height, share, True, exact, across))
                break
        else:
            found.append(_Seam(min(max(edge, 0.0), 1.0), share, beyond > BESIDE, False, False))
    return found


def plain_beside(grey: NDArray[np.uint8], transform: Transform) -> bool:
    """Whether what is outside the other image is of one grey, as the corners of a turned image are.

    The transform takes points of the image (64, 64) to points of the other. False where hardly anything is
    outside.
    """
    side = len(grey)
    y, x = np.mgrid[:side, :side]
    points = np.stack([x + 0.5, y + 0.5], axis=-1).reshape(-1, 2) / side
    there = points @ transform[:2, :2].T + transform[:2, 2]
    outside = grey.ravel()[((there < -0.02) | (there > 1.02)).any(axis=1)].astype(np.int16)
    if len(outside) < LEAST_BESIDE:
        return False
    return bool((np.abs(outside - np.median(outside)) <= 12).mean() > 0.85)


def marks(first: Image, second: Image) -> tuple[NDArray[np.bool_], int] | None:
    """Where two registered images (side, side, 3) of one thing differ by plain boxes, with words or without.

    Returns the mask and which image has the marks, 0 or 1; None where they do not differ, or not by boxes alone.
    """
    import cv2

    a, b = (cv2.GaussianBlur(image.mean(axis=2).astype(np.float32), (0, 0), 2) for image in (first, second))
    usable = (a > 0) & (b > 0)
    slope, offset = _line(a[usable], b[usable])
    different = (np.abs(slope * a + offset - b) > DIFFERENT) & usable
    different = cv2.morphologyEx(different.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(different)
    mask = np.zeros(different.shape, bool)
    edges, one_colour, filled, area = np.zeros(2), np.zeros(2), 0.0, 0
    for number in range(1, count):
        x, y, width, height, size = stats[number].tolist()
        if size < LEAST_MARK * different.size:
            continue
        mask[max(0, y - 4) : y + height + 4, max(0, x - 4) : x + width + 4] = True
        own = labels[y : y + height, x : x + width] == number
        for which, image in enumerate((first, second)):
            edges[which] += size * _edge(image, labels == number)
            one_colour[which] += size * _one_colour(image[y : y + height, x : x + width][own])
        filled += size * size / (width * height)
        area += size
    marked = int(edges[1] > edges[0])
    is_mark = edges[marked] >= OUTLINED * edges[1 - marked] and one_colour[marked] >= ONE_COLOUR * area
    if not area or mask.mean() > MOST_MARKS or filled < FILLED * area or not is_mark:
        return None
    return mask, marked


def _line(x: Grey, y: Grey) -> tuple[float, float]:
    """Slope and offset of the line from x to y without the worst quarter."""
    kept = np.ones(len(x), bool)
    slope, offset = 1.0, 0.0
    for _ in range(3):
        if kept.sum() < 100 or x[kept].std() < 1:
            break
        slope = float(np.clip(y[kept].std() / x[kept].std(), 0.3, 3))
        offset = float(np.median(y[kept] - slope * x[kept]))
        off = np.abs(slope * x + offset - y)
        kept = off <= np.quantile(off, 0.75)
    return slope, offset


def _edge(image: Image, mask: NDArray[np.bool_]) -> float:
    """Mean step along the outline of a mask: a mark ends there, what it covers does not."""
    import cv2

    outline = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
    return float(_steps(np.asarray(image.mean(axis=2), np.float32))[outline].mean())


def _one_colour(pixels: Image) -> float:
    """Share of the pixels (k, 3) that have the most frequent colour, about."""
    flat = pixels.astype(np.int16)
    code = flat // 32 @ np.array([1, 8, 64])
    members = flat[code == np.bincount(code).argmax()]
    return float((np.abs(flat - np.median(members, axis=0)).max(axis=1) <= ONE_COLOUR_LEVELS).mean())
