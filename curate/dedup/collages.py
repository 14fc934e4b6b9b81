"""The other photos of a collage.

A collage shows each photo small, and has few keypoints for each of them. Where one of its photos is found, the
seams around it are the lines of a grid. Every other cell of the grid is then searched for as if it were a photo.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import RejectedError
from curate.core.executors import MapFn
from curate.dedup import keypoints, rectify
from curate.dedup.alignment import PROOF
from curate.dedup.composites import Box
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.partial import Files, Partial, PhotoKeypoints, examine, photo_of
from curate.dedup.phash import luma

LEAST_CELL = 0.15  # of a side: less is a line between photos


def find(
    files: Files, prints: Fingerprints, partials: Sequence[Partial], stays: NDArray[np.bool_], map_fn: MapFn
) -> list[Partial]:
    """Photos that stay and are seen in further cells of the collages among `partials`, examined.

    `prints` are of the n whole images; `stays` is (n,).
    """
    parts: dict[int, list[Box]] = defaultdict(list)
    for one in partials:
        if one.cell and one.similarity >= PROOF:
            parts[one.edited].append(one.cell)
    asked = [(photo_of(files, prints, number), unknown(parts[number])) for number in sorted(parts)]
    cells = [cell for several in map_fn(partial(_cells, files.folder), asked) for cell in several]
    if not cells or files.keypoints is None:
        return []
    kept = np.setdiff1d(np.flatnonzero(stays), list(parts))
    points = np.stack([cell.keypoints for cell in cells])
    pairs = keypoints.candidates(np.concatenate([files.keypoints[kept], points]))
    pairs = pairs[(pairs[:, 0] < len(kept)) & (pairs[:, 1] >= len(kept))]
    jobs = ((cells[b - len(kept)], photo_of(files, prints, int(kept[a])), None) for a, b in pairs.tolist())
    return [found for found in map_fn(partial(examine, files.folder), jobs) if found]


def unknown(parts: Sequence[Box]) -> list[Box]:
    """The cells of a collage's grid that show none of the known `parts`."""
    rows = _spans([edge for top, bottom, _, _ in parts for edge in (top, bottom)])
    columns = _spans([edge for _, _, left, right in parts for edge in (left, right)])
    cells = [(top, bottom, left, right) for top, bottom in rows for left, right in columns]
    return [cell for cell in cells if not any(_has_centre(part, cell) for part in parts)]


def _spans(edges: Sequence[float]) -> list[tuple[float, float]]:
    """What lies between neighbouring edges of parts, from 0 to 1."""
    lines = [0.0]
    lines += [edge for edge in sorted(edges) if LEAST_CELL <= edge <= 1 - LEAST_CELL]
    apart = [line for before, line in pairwise(lines) if line - before >= LEAST_CELL]
    return list(pairwise([0.0, *apart, 1.0]))


def _has_centre(part: Box, cell: Box) -> bool:
    row, column = (cell[0] + cell[1]) / 2, (cell[2] + cell[3]) / 2
    return part[0] < row < part[1] and part[2] < column < part[3]


def _cells(folder: Path, asked: tuple[PhotoKeypoints, list[Box]]) -> list[PhotoKeypoints]:
    """The collage with the keypoints of each of the boxes; none where the file cannot be read."""
    collage, boxes = asked
    found = []
    for box in boxes:
        top, bottom, left, right = box
        side = round(keypoints.SIDE / min(bottom - top, right - left))
        try:
            pixels = rectify.read(folder, collage.path, collage.view, min(side, rectify.LARGEST))
        except RejectedError:
            return []
        height, width = pixels.shape[:2]
        rows, columns = (
            slice(round(a * n), round(b * n)) for a, b, n in ((top, bottom, height), (left, right, width))
        )
        inside = luma(np.ascontiguousarray(pixels[rows, columns]))
        found.append(replace(collage, keypoints=keypoints.detect(inside)[0], cell=box))
    return found
