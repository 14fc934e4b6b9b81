"""Registration of two photos that share a part: looked at more closely, from their files.

The part that they share is cut out of one photo under the transform of their keypoints and compared with the
other as any two images are (`alignment`). Then it is told which of the two was edited: a screenshot, a collage,
a banner, a
turned or a marked photo loses to the photo in it, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import RejectedError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.dedup import composites, geometry, keypoints
from curate.dedup.alignment import PROOF, TURN, Job, compare
from curate.dedup.fingerprints import COLOUR_SIDE, FINGERPRINT, SIDE, Fingerprints, square
from curate.dedup.geometry import Transform
from curate.dedup.keypoints import KEYPOINTS, Keypoints
from curate.photos import decode

CLOSE = 256  # pixels, side of the images that are compared
LARGEST = 1024  # pixels, shorter side of a photo that is decoded for it
COVERED = 0.5  # of one of the two images, that the other must show
EQUAL = 1.1  # times as many pixels: the photo without a mark is as good
DIFFERENT, LEAST_DIFFERENT = 30, 12  # grey levels, and pixels of 64×64 that differ by as many
MOST_TURNED = 60.0  # degrees: further, and nobody can tell which of them is upright
TONED = 1.4  # times the spread of the levels: the other image has lost contrast
STRAIGHT = 1.0  # degrees: less is no turn
SAME = 0.92  # of both: they show the same
AREAS = 1 / 40, 40  # of one image in the other: beyond, a transform is chance
GRID = np.stack(np.meshgrid(*[(np.arange(16) + 0.5) / 16] * 2), axis=-1).reshape(-1, 2)  # points of an image


NO_KEYPOINTS: Keypoints = np.zeros(1, KEYPOINTS)[0]


@dataclass(frozen=True)
class Photo:
    """A photo to look at closely: small, because it may travel to another process."""

    number: int  # its rank
    path: str
    view: Fingerprints  # () FINGERPRINT of the whole image
    keypoints: Keypoints  # () KEYPOINTS


@dataclass(frozen=True)
class Partial:
    """Two photos that share a part."""

    first: int
    second: int
    similarity: float  # of what they share
    transform: Transform  # from points of the second to points of the first
    words: str  # of PROOFS, besides those that follow from the transform
    edited: int  # number of the one that was edited; -1: neither
    removable: bool  # whether one of them may be removed


@dataclass(frozen=True)
class Files:
    """The files of n photos, numbered from best to worst."""

    folder: Path
    paths: Sequence[str]  # n, relative to the folder
    pixels: Sequence[int]  # n: width times height
    keypoints: Keypoints | None  # (n,); None: photos that share only a part are not searched for


def find(
    files: Files, prints: Fingerprints, stays: NDArray[np.bool_], searched: NDArray[np.bool_], map_fn: MapFn
) -> list[Partial]:
    """Pairs of photos that stay and share a part, examined; but for pairs of which both were searched before.

    `prints` are of the n whole images; `stays` and `searched` are (n,).
    """
    assert files.keypoints is not None
    kept = np.flatnonzero(stays)
    pairs = kept[keypoints.candidates(files.keypoints[kept])]
    pairs = pairs[~searched[pairs].all(axis=1)]
    asked = ((_photo(files, prints, a), _photo(files, prints, b), None) for a, b in pairs.tolist())
    answers = progress(map_fn(partial(examine, files.folder), asked), "examine", len(pairs))
    return [found for found in answers if found]


def edits(
    files: Files, prints: Fingerprints, pairs: Sequence[tuple[int, int, int, Transform]], map_fn: MapFn
) -> list[Partial | None]:
    """Which of two duplicates was edited, of pairs (any number, better, worse, from worse to better).

    Pairs that agree all over are not examined: None.
    """
    asked = [pair for pair in pairs if _may_be_edited(files, prints, *pair[1:])]
    jobs = (
        (_photo(files, prints, better), _photo(files, prints, worse), transform)
        for _, better, worse, transform in asked
    )
    found = dict(zip((pair[0] for pair in asked), map_fn(partial(examine, files.folder), jobs), strict=True))
    return [found.get(pair[0]) for pair in pairs]


def _photo(files: Files, prints: Fingerprints, number: int) -> Photo:
    nothing = NO_KEYPOINTS if files.keypoints is None else files.keypoints[number]
    return Photo(number, files.paths[number], prints[number], nothing)


def _may_be_edited(files: Files, prints: Fingerprints, better: int, worse: int, transform: Transform) -> bool:
    """Whether the two differ in more than size and compression: one shows more, is turned, or has a mark."""
    area = abs(float(np.linalg.det(transform)))
    if geometry.mirrored(transform):
        return False
    if not SAME < area < 1 / SAME or abs(geometry.degrees_turned(transform)) > STRAIGHT:
        return True
    if not 1 / EQUAL < files.pixels[better] / files.pixels[worse] < EQUAL:
        return False
    a, b = (prints[number]["grey"].astype(np.float32) for number in (better, worse))
    if max(a.std(), b.std()) > TONED * min(a.std(), b.std()):
        return True
    difference = np.abs(a - a.mean() - (b - b.mean()) * a.std() / max(1.0, b.std()))
    return bool((difference > DIFFERENT).sum() >= LEAST_DIFFERENT)


def examine(folder: Path, pair: tuple[Photo, Photo, Transform | None]) -> Partial | None:
    """What two photos share; None where it is too little, or a file cannot be read.

    Without a transform, their keypoints are matched.
    """
    first, second, transform = pair
    if transform is None:
        inliers, transform = keypoints.match(first.keypoints, second.keypoints)
        if inliers < keypoints.INLIERS:
            return None
    area = abs(float(np.linalg.det(transform)))
    if not AREAS[0] < area < AREAS[1]:
        return None
    in_first, in_second = _covered(transform), _covered(geometry.inverse(transform))
    if max(in_first, in_second) < COVERED:
        return None
    try:
        if in_second > in_first:  # the first image is the part, and seen in the second
            found = _examine(folder, second, first, geometry.inverse(transform))
            return found and replace(
                found, first=first.number, second=second.number, transform=geometry.inverse(found.transform)
            )
        return _examine(folder, first, second, transform)
    except RejectedError:
        return None


def _covered(transform: Transform) -> float:
    """Share of an image's points that the transform puts inside the other image."""
    there = GRID @ transform[:2, :2].T + transform[:2, 2]
    return float(((there > 0) & (there < 1)).all(axis=1).mean())


def _examine(folder: Path, whole: Photo, part: Photo, transform: Transform) -> Partial | None:
    """The same where `part` is seen in `whole`; the transform takes points of the part to points of the whole."""
    area = abs(float(np.linalg.det(transform)))
    pixels = _decode(folder, whole.path, min(LARGEST, round(CLOSE / min(1.0, area**0.5))))
    turn = geometry.degrees_turned(transform)
    quarter = 90 * round(turn / 90)
    upright = abs(turn - quarter) <= TURN
    composite = None
    if upright and area < 1 - composites.BESIDE:
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) @ transform[:2, :2].T + transform[:2, 2]
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        composite = composites.composite(pixels, (top, bottom, left, right))
    seen, inside = _rectified(pixels, transform, composite)
    similarity, refined = _compare(_view(seen, inside), part.view)
    words, edited = [], -1
    if composite:
        words, edited = [composite.kind], whole.number
    elif abs(turn - quarter) > STRAIGHT and (plain := _turned(whole, part, transform)) is not None:
        words, edited = ["turned"] * (not upright), plain
    elif not upright:
        words = ["turned"]
    elif min(area, _covered(geometry.inverse(transform))) > SAME:
        straight, _ = _rectified(_decode(folder, part.path, CLOSE), np.eye(3), None)
        spread = [float(one[inside].std()) for one in (seen, straight)]
        if max(spread) > TONED * min(spread):
            words, edited = ["toned"], (whole if spread[0] < spread[1] else part).number
        if marked := composites.marks(seen, straight):
            mask, which = marked
            words, edited = [*words, "marked"], (whole, part)[which].number
            if similarity < PROOF:
                similarity, refined = _compare(_view(seen, inside & ~mask), part.view)
    removable = abs(turn) < MOST_TURNED
    found = transform @ refined
    return Partial(
        whole.number,
        part.number,
        similarity,
        found,
        " ".join(words),
        edited,
        removable,
    )


def _turned(whole: Photo, part: Photo, transform: Transform) -> int | None:
    """Number of the photo that has plain corners where the other has none."""
    plain = [
        composites.plain_beside(whole.view["grey"], geometry.inverse(transform)),
        composites.plain_beside(part.view["grey"], transform),
    ]
    return None if plain[0] == plain[1] else (whole if plain[0] else part).number


def _decode(folder: Path, path: str, at_least: int) -> NDArray[np.uint8]:
    return decode.decode(decode.read_file(folder / path), at_least).pixels


def _rectified(
    pixels: NDArray[np.uint8], transform: Transform, composite: composites.Composite | None
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The image (CLOSE, CLOSE, 3) under the transform from its own points, and which pixels of it there are."""
    import cv2

    height, width = pixels.shape[:2]
    scale = CLOSE / (abs(float(np.linalg.det(transform))) * height * width) ** 0.5
    if scale < 0.7:  # shrink it before, by means over areas
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = pixels.shape[:2]
    there = np.ones((height, width), np.float32)
    if composite:
        top, bottom, left, right = composite.part
        there[:] = 0
        margin = 2
        there[
            round(top * height) + margin : round(bottom * height) - margin,
            round(left * width) + margin : round(right * width) - margin,
        ] = 1
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    warp = (
        half @ np.diag([width, height, 1.0]) @ transform @ np.diag([1 / CLOSE, 1 / CLOSE, 1]) @ np.linalg.inv(half)
    )
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    seen = cv2.warpAffine(pixels, warp[:2], (CLOSE, CLOSE), flags=flags)
    inside = cv2.warpAffine(there, warp[:2], (CLOSE, CLOSE), flags=flags) > 0.99
    seen[~inside] = 0
    return np.asarray(seen, np.uint8), np.asarray(inside)


def _view(seen: NDArray[np.uint8], inside: NDArray[np.bool_]) -> Fingerprints:
    """A fingerprint of what is seen, (1,); what is not there is black, and its colours are burnt out."""
    import cv2

    view = np.zeros(1, FINGERPRINT)
    grey = np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.uint8)
    there = np.asarray(inside.reshape(SIDE, CLOSE // SIDE, SIDE, CLOSE // SIDE).all(axis=(1, 3)))
    cells = np.asarray(
        inside.reshape(COLOUR_SIDE, CLOSE // COLOUR_SIDE, COLOUR_SIDE, CLOSE // COLOUR_SIDE).all(axis=(1, 3))
    )
    view["grey"][0] = np.where(there, square(grey, SIDE), 0)
    view["colour"][0] = np.where(cells[..., None], square(seen, COLOUR_SIDE), 255)
    view["box"] = 0, 1, 0, 1
    return view


def _compare(seen: Fingerprints, view: Fingerprints) -> tuple[float, Transform]:
    views = np.concatenate([seen, np.array([view], FINGERPRINT)])
    [(similarity, (_, refined))] = compare(Job(views, [[(0, 1, np.eye(3))]]))
    return similarity, refined
