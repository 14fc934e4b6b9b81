"""Which photos a person should label, so that `calibration` can tell what each threshold is worth.

More are drawn where the score is doubtful, and some in the review queue and outside, whatever their numbers.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.errors import Run, StateError, To, UsageError
from curate.core.files import atomic_write
from curate.core.recipe import Clean
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from curate.review import decisions, queue

NAME = "sample.csv"  # beside the manifests: what `curate review` writes of its blind sample
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)  # of the bands of the score
_NOT_BY_SCORE = ("undecodable", "score_nan", "too_small", "odd_shape", "blank", "dark", "blurred")
_SELDOM_BY_SCORE = ("document", "wrong_class")  # a concept's reason too, but then the score is under the threshold


@dataclass(frozen=True, slots=True)
class ScoredPhotos:
    """The photos of clean.csv, by what decides about them."""

    scored: tuple[CleanRow, ...]  # the score decides about them
    queued: frozenset[str]  # keys of those that come first in the review queue, whatever was reviewed already
    plain: int  # photos rejected whatever their score, e.g. for poor image quality


def photos_in(folder: Path, config: Clean) -> ScoredPhotos:
    """The photos of clean.csv in `folder`. Raises StateError when clean has not run.

    The queue is that of a collection without decisions: a label must not move its photo to another stratum.
    """
    rows = manifest.read(folder, CleanRow)
    contradicted = {row.key for row in manifest.read(folder, DedupRow) if row.label_conflict}
    scored = tuple(row for row in rows if not _plain(row, config.threshold))
    keep = {row.key for row in scored if row.score >= config.threshold}
    contradicted &= keep  # of what is rejected for what it shows, the class does not matter
    use = [
        queue.usefulness(
            queue.doubt(row.score, config.threshold, row.key in keep),
            row.label_score if row.key in keep else None,
            row.key in contradicted,
            reviewed=False,
            typical_reject=queue.typical_reject(row, config.threshold),
        )
        for row in rows
    ]
    queued = queue.rank([row.key for row in rows], use, config.borderline_fraction)
    return ScoredPhotos(scored, frozenset(queued), len(rows) - len(scored))


def draw(rows: Sequence[CleanRow], queued: Collection[str], count: int) -> list[CleanRow]:
    """`count` of the rows, sorted by key: half at random, half over all bands, a third of these in the queue.

    The same rows for the same manifest: the draw goes by the hash of the key.
    """
    left = sorted(rows, key=lambda row: sha256(f"sample|{row.key}".encode()).digest())
    turns: Counter[tuple[bool, int]] = Counter()
    places: list[tuple[int, bool, CleanRow]] = []  # how many of its stratum come before, in the queue, photo
    for row, band in zip(left, bands(np.array([row.score for row in left]), EDGES).tolist(), strict=True):
        stratum = (row.key in queued, band)
        places.append((turns[stratum], stratum[0], row))
        turns[stratum] += 1
    places.sort(key=lambda place: place[0])
    sides = [[row for _, inside, row in places if inside == side] for side in (True, False)]
    fair = sorted(
        ((2 - side) * place, side, row.key) for side in range(2) for place, row in enumerate(sides[side])
    )
    drawn = {key for _, _, key in fair[: (count + 1) // 2]}
    drawn |= set([row.key for row in left if row.key not in drawn][: count // 2])
    return sorted((row for row in rows if row.key in drawn), key=lambda row: row.key)


def sample(folder: Path, config: Clean, count: int, out: Path) -> list[FetchRow]:
    """Write `count` photos to be labelled to `out`: the columns of review.csv, then listed_class, path and score.

    Returns them in the order of the file. Raises UsageError when `out` exists already, StateError when clean has
    not run, or its inputs have changed since.
    """
    if out.exists():
        raise UsageError(f"{out} is there already and may hold labels: give another name with --out")
    photos = photos_in(folder, config)
    if stale := manifest.mismatch(folder, "clean", ignored=[decisions.NAME]):
        raise StateError(stale, To("see what is out of date", Run("status")))
    fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
    drawn = draw(photos.scored, photos.queued, count)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["key", "decision", "class_name", "note", "listed_class", "path", "score"])
    writer.writerows(
        [row.key, "", "", "", fetched[row.key].class_name, row.path, round(row.score, 4)] for row in drawn
    )
    atomic_write(out, buffer.getvalue().encode())
    return [fetched[row.key] for row in drawn]


def _plain(row: CleanRow, threshold: float) -> bool:
    """Was the photo rejected whatever its score?"""
    return row.reason in _NOT_BY_SCORE or (row.reason in _SELDOM_BY_SCORE and row.score >= threshold)


def bands(scores: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """The band of each score: (n,), the number of its lower edge."""
    return np.maximum(np.searchsorted(edges, scores, side="right") - 1, 0)
