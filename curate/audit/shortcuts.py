"""Does what has nothing to do with the object give the class away?

For each such clue a forest is trained on it alone and measured by cross-validation over groups, so that it cannot
learn a listing by heart. Chance is one over the number of classes: the accuracy is the mean over classes. Classes
of few groups are left out: nothing can be learnt from some and measured on others. The forests of the folds share
most of what they learn from, so that a bootstrap finds them too sure: its interval is widened as Nadeau and Bengio
(2003) widen that of cross-validation.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.audit.regions import FOLDS, folds
from curate.core.errors import RejectedError
from curate.core.executors import MapFn
from curate.core.intervals import Estimate, clustered, is_above, lower_end, percent
from curate.core.progress import progress
from curate.dataset import Dataset
from curate.photos import decode, jpeg_tables

SMALL = 12  # side of the grid that stands for the background
EDGE = 2  # outer cells of it
PATCH = 4  # a watermark is looked for in patches of one over this of the side
STEP = 24  # grey levels between two pixels beside each other that make a sharp edge, as letters have
TREES = 60
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How well one clue alone tells the classes apart."""

    clue: str
    accuracy: Estimate  # mean over classes
    chance: float
    tells: bool  # by more than chance, the number of clues allowed for
    looked_at: int  # clues

    def sentence(self) -> str:
        """How it went, in words."""
        low, high = percent(self.accuracy.low), percent(self.accuracy.high)
        verdict = "more than chance" if self.tells else "within chance"
        if not self.tells and self.accuracy.low > self.chance:
            wider = percent(lower_end(self.accuracy, self.looked_at))
            verdict += f", because the interval begins at {wider} when it allows for {self.looked_at} clues"
        return (
            f"{self.clue} alone: {percent(self.accuracy.value)} (95% interval {low} to {high}), chance "
            f"{percent(self.chance)}: {verdict}."
        )


def clues(dataset: Dataset, pixels: NDArray[np.uint8], map_fn: MapFn = map) -> dict[str, Floats]:
    """What is known of the n photos besides the object, (n, values) per clue. `pixels` are (n, side, side, 3)."""
    photos = dataset.photos
    size = np.array([[photo.width, photo.height] for photo in photos], float)
    band = max(1, pixels.shape[1] // 20)
    light, border, ring, marks = [], [], [], []
    edge = np.ones((SMALL, SMALL), bool)
    edge[EDGE:-EDGE, EDGE:-EDGE] = False
    for image in pixels:
        grey = image.mean(axis=2)
        light.append([grey.mean(), grey.std()])
        sides = [image[:band], image[-band:], image[:, :band], image[:, -band:]]
        border.append(np.concatenate([np.r_[part.mean(axis=(0, 1)), part.std()] for part in sides]))
        ring.append(_cells(image)[edge].ravel())
        marks.append(_sharp_edges(grey))
    tables = list(progress(iter(map_fn(_tables, [dataset.file(photo) for photo in photos])), "read", len(photos)))
    return {
        "image size": size,
        "file size": np.array([[photo.bytes] for photo in photos], float),
        "aspect": size[:, :1] / size[:, 1:2],
        "brightness": np.array(light),
        "border": np.array(border),
        "watermark": np.array(marks),
        "JPEG tables": np.array(tables),
        "background": np.array(ring),
    }


def _cells(image: NDArray[np.uint8]) -> Floats:
    """The mean colour of each cell of a grid: (SMALL, SMALL, 3)."""
    side = image.shape[0] // SMALL * SMALL
    cut = image[:side, :side].astype(np.float64)
    return np.asarray(cut.reshape(SMALL, side // SMALL, SMALL, side // SMALL, 3).mean(axis=(1, 3)))


def _sharp_edges(grey: Floats) -> Floats:
    """Shares of sharp edges, down and across, in the corners and the middle of top and bottom: (12,).

    There sites print their names. The share of the whole image is taken off, so that a busy photo is no mark.
    """
    steps = [np.abs(np.diff(grey, axis=axis)) > STEP for axis in (0, 1)]
    part = grey.shape[0] // PATCH
    middle = (grey.shape[0] - part) // 2
    columns = [slice(part), slice(middle, middle + part), slice(-part, None)]
    rows = [slice(part), slice(-part, None)]
    patches = [(each, row, column) for each in steps for row in rows for column in columns]
    return np.array([each[row, column].mean() - each.mean() for each, row, column in patches])


def _tables(file: Path) -> Floats:
    """The quantisation tables of a file as (128,); zeros where it cannot be read or is no JPEG."""
    try:
        return jpeg_tables.tables(decode.read_file(file)).ravel().astype(float)
    except RejectedError:
        return np.zeros(128)


def _widened(found: Estimate) -> Estimate:
    """The interval times the root of 1 + FOLDS · held / learnt, inside 0..1."""
    factor = (1 + FOLDS / (FOLDS - 1)) ** 0.5
    low, high = (found.value + factor * (end - found.value) for end in (found.low, found.high))
    return Estimate(found.value, max(0.0, low), min(1.0, high))


def measurable(labels: NDArray[np.int64], groups: Sequence[str]) -> NDArray[np.int64]:
    """The labels, ascending, that photos of FOLDS groups or more have. Both are (n,)."""
    pairs = {(label, group) for label, group in zip(labels.tolist(), groups, strict=True)}
    count = Counter(label for label, _ in pairs)
    return np.array(sorted(label for label, number in count.items() if number >= FOLDS), np.int64)


def measure(
    found: dict[str, Floats], labels: NDArray[np.int64], groups: Sequence[str], seed: int
) -> list[Shortcut]:
    """Each clue, the best one first; none when fewer than two labels are `measurable`. All are of n photos."""
    from sklearn.ensemble import ExtraTreesClassifier

    classes = measurable(labels, groups)
    if len(classes) < 2:
        return []
    kept = np.flatnonzero(np.isin(labels, classes))
    label, group = np.searchsorted(classes, labels[kept]), np.asarray(groups)[kept].tolist()
    fold, member, chance = folds(group, label, seed), np.eye(len(classes))[label], 1 / len(classes)
    said = []
    for clue, all_values in progress(iter(found.items()), "shortcuts", len(found), "clue"):
        values = all_values[kept]
        if (values == values[0]).all():
            said.append(Shortcut(clue, Estimate(chance, chance, chance), chance, False, len(found)))
            continue
        right = np.zeros(len(label))
        for number in range(FOLDS):
            held = fold == number
            forest = ExtraTreesClassifier(
                TREES, min_samples_leaf=3, class_weight="balanced", random_state=seed, n_jobs=1
            )
            right[held] = forest.fit(values[~held], label[~held]).predict(values[held]) == label[held]
        accuracy = _widened(clustered(right[:, None] * member, member, group, seed))
        tells = is_above(accuracy, chance, len(found))
        said.append(Shortcut(clue, accuracy, chance, tells, len(found)))
    return sorted(said, key=lambda each: (-each.accuracy.value, each.clue))
