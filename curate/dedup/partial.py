"""Registration of two photos that share a part: looked at more closely, from their files.

Where keypoints propose a transform, the small images must agree before a file is read. Then the part that both
share is cut out of one photo (`rectify`) and compared with the other as any two images are (`alignment`). Where
few keypoints agree, greys and colours must agree closely: dials, wheels and cars of one model are alike, and are
no duplicates. Then the edited one of the two is named: a screenshot, a collage, a banner, a turned or a marked
photo loses to the photo in it, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import RejectedError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.dedup import composites, features, geometry, keypoints, rectify, similarity
from curate.dedup.alignment import PROOF, TURN
from curate.dedup.composites import Box
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.geometry import Transform
from curate.dedup.keypoints import KEYPOINTS, Keypoints

COVERED = 0.5  # of one of the two images, that the other must show
ONE_SCALE = 1.05  # times as many pixels of the same thing: a crop of it, saved as large
EQUAL = 1.1  # times as many pixels: the photo without a mark is as good
DIFFERENT, LEAST_DIFFERENT = 30, 12  # grey levels, and pixels of 64×64 that differ by as many
MOST_TURNED = 60.0  # degrees: further, and nobody can tell which of them is upright
TONED = 1.4  # times the spread of the levels: the other image has lost contrast
STRAIGHT = 1.0  # degrees: less is no turn
FEW, MANY = 0.09, 0.3  # of the keypoints in what two photos share: fewer are chance, and so many are proof
NEARLY_ALL = 0.5  # of them: so many allow for a large change of light
CLOSE_OFF, CLOSE_HUE = 0.07, 0.95  # how close greys and colours must be where fewer than MANY agree
SAME = 0.92  # of both: they show the same
LIKELY_DETAIL = 0.7  # agreement of small images: of 200 parts and the photo they were made from, all reach .77
LIKELY_OFF, LIKELY_HUE = 0.45, 0.3  # of these, all but those with words across: .39 at most, and .49 at least
AREAS = 1 / 40, 40  # of one image in the other: beyond, a transform is chance
GRID = np.stack(np.meshgrid(*[(np.arange(16) + 0.5) / 16] * 2), axis=-1).reshape(-1, 2)  # points of an image


NO_KEYPOINTS: Keypoints = np.zeros(1, KEYPOINTS)[0]


@dataclass(frozen=True)
class PhotoKeypoints:
    """A photo to look at closely: small, because it may travel to another process."""

    number: int  # its rank
    path: str
    view: Fingerprints  # () FINGERPRINT of the whole image
    keypoints: Keypoints  # () KEYPOINTS
    pixels: int  # width times height
    cell: Box | None = None  # of a collage, that the keypoints are of; None: they are of the whole image


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
    cell: Box | None = None  # the part of a collage, the edited one, that shows the other


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
    asked = ((photo_of(files, prints, a), photo_of(files, prints, b), None) for a, b in pairs.tolist())
    answers = progress(map_fn(partial(examine, files.folder), asked), "examine", len(pairs), "pair")
    return [found for found in answers if found]


def edits(
    files: Files, prints: Fingerprints, pairs: Sequence[tuple[int, int, int, Transform]], map_fn: MapFn
) -> list[Partial | None]:
    """Which of two duplicates was edited, of pairs (any number, better, worse, from worse to better).

    Pairs that agree all over are not examined: None.
    """
    asked = [pair for pair in pairs if _may_be_edited(files, prints, *pair[1:])]
    jobs = (
        (photo_of(files, prints, better), photo_of(files, prints, worse), transform)
        for _, better, worse, transform in asked
    )
    found = dict(zip((pair[0] for pair in asked), map_fn(partial(examine, files.folder), jobs), strict=True))
    return [found.get(pair[0]) for pair in pairs]


def photo_of(files: Files, prints: Fingerprints, number: int) -> PhotoKeypoints:
    """The photo of that rank."""
    nothing = NO_KEYPOINTS if files.keypoints is None else files.keypoints[number]
    return PhotoKeypoints(number, files.paths[number], prints[number], nothing, files.pixels[number])


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


def examine(folder: Path, pair: tuple[PhotoKeypoints, PhotoKeypoints, Transform | None]) -> Partial | None:
    """What two photos share; None where it is too little, or a file cannot be read.

    Without a transform, their keypoints are matched: those of the first may be of a cell of it.
    """
    first, second, transform = pair
    agreeing = None
    if transform is None:
        inliers, transform = keypoints.match(first.keypoints, second.keypoints)
        if inliers < keypoints.INLIERS:
            return None
        agreeing = keypoints.agreeing(first.keypoints, second.keypoints, inliers, transform)
        if agreeing < FEW:
            return None
        transform = geometry.of_box(first.cell) @ transform if first.cell else transform
    area = abs(float(np.linalg.det(transform)))
    if not AREAS[0] < area < AREAS[1]:
        return None
    in_first, in_second = _covered(transform), _covered(geometry.inverse(transform))
    if max(in_first, in_second) < COVERED:
        return None
    turned_round = in_second > in_first  # the first image is the part, and seen in the second
    whole, part = (second, first) if turned_round else (first, second)
    transform = geometry.inverse(transform) if turned_round else transform
    if (
        agreeing is not None
        and not first.cell
        and not _may_agree(whole, part, transform, min(in_first, in_second))
    ):
        return None
    try:
        found = _examine(folder, whole, part, transform, agreeing)
    except RejectedError:
        return None
    if found and turned_round:
        return replace(
            found, first=first.number, second=second.number, transform=geometry.inverse(found.transform)
        )
    return found


def _may_agree(whole: PhotoKeypoints, part: PhotoKeypoints, transform: Transform, shared: float) -> bool:
    """Whether the small images of two photos agree enough for their files to be read.

    Many photos of one kind share keypoints: dials, wheels, cars of one model. The transform takes points of the
    part to points of the whole; both show at least `shared` of the other.
    """
    first, second = features.compute_features(whole.view), features.compute_features(part.view)
    detail, off, hue = similarity.agreement(first, second, transform)
    if detail < LIKELY_DETAIL:
        return False
    return shared > SAME or (
        off < LIKELY_OFF and hue > LIKELY_HUE
    )  # words may cover more of the same than of a part


def _covered(transform: Transform) -> float:
    """Share of an image's points that the transform puts inside the other image."""
    there = GRID @ transform[:2, :2].T + transform[:2, 2]
    return float(((there > 0) & (there < 1)).all(axis=1).mean())


def _examine(
    folder: Path, whole: PhotoKeypoints, part: PhotoKeypoints, transform: Transform, agreeing: float | None
) -> Partial:
    """The same where `part` is seen in `whole`; the transform takes points of the part to points of the whole.

    `agreeing` is the share of keypoints that agree on it; None where it is proved without them.
    """
    area = abs(float(np.linalg.det(transform)))
    side = min(rectify.LARGEST, round(rectify.CLOSE / min(1.0, area**0.5)))
    pixels = rectify.read(folder, whole.path, whole.view, side)
    turn = geometry.degrees_turned(transform)
    quarter = 90 * round(turn / 90)
    upright = abs(turn - quarter) <= TURN
    composite = composites.Composite(whole.cell, "collage") if whole.cell else None
    if upright and not composite and area < 1 - composites.BESIDE:
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) @ transform[:2, :2].T + transform[:2, 2]
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        one_scale = 1 / ONE_SCALE < whole.pixels * area / part.pixels < ONE_SCALE
        composite = composites.composite(pixels, (top, bottom, left, right), one_scale)
    seen, inside = rectify.rectify(pixels, transform, composite.part if composite else None)
    view = rectify.view_of(seen, inside)
    value, refined = rectify.compare(view, part.view)
    words, edited = [], -1
    if composite:
        words, edited = [composite.kind], whole.number
    elif abs(turn - quarter) > STRAIGHT and (plain := _turned(whole, part, transform)) is not None:
        words, edited = ["turned"] * (not upright), plain
    elif not upright:
        words = ["turned"]
    elif min(area, _covered(geometry.inverse(transform))) > SAME:
        straight, _ = rectify.rectify(rectify.read(folder, part.path, part.view, rectify.CLOSE), np.eye(3), None)
        spread = [float(one[inside].std()) for one in (seen, straight)]
        if max(spread) > TONED * min(spread):
            words, edited = ["toned"], (whole if spread[0] < spread[1] else part).number
            if value < PROOF and agreeing is not None and agreeing >= NEARLY_ALL:
                view = rectify.view_of(rectify.levelled(seen, straight, inside), inside)
                value, refined = rectify.compare(view, part.view)
        if marked := composites.marks(seen, straight):
            mask, which = marked
            words, edited = [*words, "marked"], (whole, part)[which].number
            if value < PROOF:
                view = rectify.view_of(seen, inside & ~mask)
                value, refined = rectify.compare(view, part.view)
    if agreeing is not None and agreeing < MANY and not _is_close(view, part.view, refined):
        value = min(value, similarity.UNLIKE_ELSEWHERE)
    removable = abs(turn) < MOST_TURNED
    found = transform @ refined
    return Partial(
        whole.number,
        part.number,
        value,
        found,
        " ".join(words),
        edited,
        removable,
        composite.part if composite and composite.kind == "collage" else None,
    )


def _is_close(view: Fingerprints, part: Fingerprints, transform: Transform) -> bool:
    """Whether greys and colours agree as closely as those of one photo do, of a view (1,) and another ()."""
    first, second = features.compute_features(view[0]), features.compute_features(part)
    _, off, hue = similarity.agreement(first, second, transform)
    return off <= CLOSE_OFF and hue >= CLOSE_HUE


def _turned(whole: PhotoKeypoints, part: PhotoKeypoints, transform: Transform) -> int | None:
    """Number of the photo that has plain corners where the other has none."""
    plain = [
        composites.plain_beside(whole.view["grey"], geometry.inverse(transform)),
        composites.plain_beside(part.view["grey"], transform),
    ]
    return None if plain[0] == plain[1] else (whole if plain[0] else part).number
