"""Verdict on a photo: `ok`, `flag` or `unsure`, with reasons. The command and the service both ask here.

A photo of the collection gets what clean decided of it. Any other gets the probabilities of `model`, the quality
of its pixels, and a search for duplicates. Nothing is stored.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.check import duplicates
from curate.check.duplicates import Duplicate, Index
from curate.check.model import KEPT, Limits, Model, learn, limits
from curate.clean import embeddings, image_quality
from curate.clean.scorers import loading
from curate.clean.scorers.base import Scorer
from curate.core import manifest
from curate.core.errors import RejectedError, StateError, UsageError
from curate.core.recipe import Recipe
from curate.core.schemas import REASONS, CleanRow, DedupRow, FetchRow
from curate.dataset import check_current
from curate.dedup import fingerprints
from curate.photos import decode

PRECISION = 0.95  # of flags, at the lower end of the interval
OK_PRECISION = 0.98  # of ok, the same
OTHER_CLASS = 0.95  # probability of another class that flags; from one half on it is unsure
NEAREST = 3  # photos of the collection that a verdict names


def read(path: Path) -> bytes:
    """The bytes of a photo file that somebody names. Raises UsageError when it cannot be read or is too large."""
    try:
        return decode.read_file(path)
    except RejectedError as error:
        raise UsageError(error.detail or f"{path}: {error.reason}") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one photo."""

    verdict: str  # ok, flag, unsure
    reasons: tuple[str, ...]  # words of `schemas.REASONS["clean"]`, `another_class`, `duplicate`; why it is not ok
    usable: float | None  # 0..1, probability that clean would keep it; None where nothing was computed
    classes: dict[str, float]  # probability of each class, empty where nothing was computed
    duplicate: Duplicate | None
    nearest: tuple[tuple[str, float], ...]  # keys of the most alike photos, with cosine similarity
    known: str = ""  # its key, where it is a photo of the collection

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)

    def line(self) -> str:
        """The same for people, in one line."""
        parts = [self.verdict]
        if self.duplicate:
            parts.append(f"{'exact' if self.duplicate.exact else 'near'} duplicate of {self.duplicate.key}")
        words = {**REASONS["fetch"], **REASONS["clean"], "another_class": "of another class"}
        parts += [words.get(reason, reason) for reason in self.reasons if reason != "duplicate"]
        parts += [f"usable {self.usable:.0%}"] if self.usable is not None else []
        parts += [
            f"{name} {share:.0%}" for name, share in sorted(self.classes.items(), key=lambda each: -each[1])[:1]
        ]
        parts += [f"most alike {self.nearest[0][0]}"] if self.nearest else []
        return "; ".join(parts)


@dataclass(frozen=True)
class Checker:
    """All that a verdict needs, in memory: made once, asked often, safe to ask from one thread at a time."""

    folder: Path
    recipe: Recipe
    scorer: Scorer
    index: Index
    rows: dict[str, CleanRow]  # by key
    keys: tuple[str, ...]  # of the photos below
    points: NDArray[np.float32]  # (n, d) embeddings of length 1
    usable: Model | None
    of_class: Model | None
    limits: Limits

    @classmethod
    def open(cls, folder: Path, recipe: Recipe, precision: float = PRECISION) -> "Checker":
        """Learn from the manifests in `folder`: seconds for thousands of photos.

        Raises StateError when a manifest is missing or does not fit the others; ResourceError without weights.
        """
        for stage in ("fetch", "dedup", "clean"):
            check_current(folder, stage)
        fetched, hashed = manifest.read(folder, FetchRow), manifest.read(folder, DedupRow)
        rows = [row for row in manifest.read(folder, CleanRow) if row.reason != "undecodable"]
        photos = {row.key: row for row in fetched}
        groups = {row.key: row.similar_group for row in hashed}
        scorer = loading.load(recipe.clean)
        files = {photos[row.key].sha256: row.path for row in rows}
        found = embeddings.collect(folder, files, scorer)
        rows = [row for row in rows if photos[row.key].sha256 not in found.refused]
        if not rows:
            raise StateError(f"{folder}: clean kept and rejected nothing, so there is nothing to compare with")
        points = np.array(found.read([photos[row.key].sha256 for row in rows])["embedding"], np.float32)
        finite = np.asarray(np.isfinite(points).all(axis=1))
        rows, points = [row for row, fine in zip(rows, finite, strict=True) if fine], points[finite]
        names = [groups[row.key] for row in rows]
        usable = learn(points, [row.reason if not row.keep else KEPT for row in rows], names)
        kept = np.array([row.keep for row in rows])
        of_class = learn(
            points[kept],
            [row.class_name for row in rows if row.keep],
            [name for name, keep in zip(names, kept, strict=True) if keep],
        )
        between = Limits(0.0, 1.01)
        if usable and KEPT in usable.outcomes:
            bad = 1 - usable.out_of_fold[:, usable.outcomes.index(KEPT)]
            sure = np.isfinite(bad)
            between = limits(bad[sure], ~kept[sure], precision, OK_PRECISION)
        return cls(
            folder,
            recipe,
            scorer,
            Index.of(fetched, hashed),
            {row.key: row for row in rows},
            tuple(row.key for row in rows),
            points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12),
            usable,
            of_class,
            between,
        )

    def check(
        self,
        photos: Sequence[bytes],
        class_name: str = "",
        listing_id: str = "",
        listing_photos: Sequence[bytes] = (),
    ) -> list[Verdict]:
        """The verdict on each of `photos`, in order; the other photos of its listing help to tell the class.

        Raises UsageError for a class that the recipe does not name.
        """
        if class_name and class_name not in self.recipe.classes:
            raise UsageError(f"class {class_name!r}: the recipe has {', '.join(self.recipe.classes)}")
        listings = {listing_id} if listing_id else set()
        beside = [found.classes for data in listing_photos if (found := self._one(data, "", listings, ())).classes]
        return [self._one(data, class_name, listings, beside) for data in photos]

    def _one(
        self, data: bytes, class_name: str, listings: Collection[str], beside: Sequence[dict[str, float]]
    ) -> Verdict:
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            picture = decode.decode(data, at_least=self.scorer.side)  # as clean reads it
            decode.check(picture)
            small = decode.decode(data, at_least=fingerprints.AT_LEAST)  # as dedup reads it
        except RejectedError as error:
            return Verdict("flag", (error.reason,), None, {}, None, ())
        duplicate = duplicates.find(self.folder, self.index, small.pixels, sha256, self.recipe.dedup, listings)
        point = self.scorer.embed(self.scorer.prepare(picture.pixels)[None]).astype(np.float32)
        usable, reason = self._usable(point)
        classes = self._classes(point, beside)
        known = next((row for key in self._keys_of(sha256) if (row := self.rows.get(key))), None)
        verdict, reasons = "ok", []
        if known:  # what clean decided, a person's review included
            if not known.keep:
                verdict, reasons = "flag", [known.reason]
            elif class_name and known.class_name != class_name:
                verdict, reasons = "flag", ["another_class"]
            elif known.borderline:
                verdict = "unsure"
        else:
            quality = image_quality.measure(picture.pixels, picture.width, picture.height)
            if poor := image_quality.reason(quality, self.recipe.clean.quality):
                verdict, reasons = "flag", [poor]
            elif usable is not None and 1 - usable >= self.limits.ok_below:
                verdict = "flag" if 1 - usable >= self.limits.flag_from else "unsure"
                reasons = [reason]
            other = max(classes, key=classes.__getitem__, default=class_name)
            if class_name and verdict != "flag" and other != class_name:
                verdict = "flag" if classes[other] >= OTHER_CLASS else "unsure"
                reasons.append("another_class")
        if duplicate:
            verdict, reasons = "flag", ["duplicate", *reasons]
        rounded = {name: round(share, 4) for name, share in classes.items()}
        share = None if usable is None else round(usable, 4)
        return Verdict(
            verdict, tuple(reasons), share, rounded, duplicate, self._nearest(point), known.key if known else ""
        )

    def _keys_of(self, sha256: str) -> list[str]:
        return [self.index.rows[place].key for place in self.index.by_sha256.get(sha256, ())]

    def _usable(self, point: NDArray[np.float32]) -> tuple[float | None, str]:
        """Probability that it is kept, and the most probable reason if not."""
        if self.usable is None or KEPT not in self.usable.outcomes:
            return None, ""
        shares = self.usable.probabilities(point)[0]
        named = dict(zip(self.usable.outcomes, shares.tolist(), strict=True))
        kept = named.pop(KEPT)
        return kept, max(named, key=named.__getitem__)

    def _classes(self, point: NDArray[np.float32], beside: Sequence[dict[str, float]]) -> dict[str, float]:
        """Probability of each class: the geometric mean with those of the listing's other photos."""
        if self.of_class is None:
            return {}
        names = self.of_class.outcomes
        shares = [self.of_class.probabilities(point)[0]]
        shares += [np.array([other.get(name, 0.0) for name in names]) for other in beside]
        mean = np.exp(np.log(np.maximum(shares, 1e-6)).mean(axis=0))
        return dict(zip(names, (mean / mean.sum()).tolist(), strict=True))

    def _nearest(self, point: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
        unit = point[0] / max(float(np.linalg.norm(point)), 1e-12)
        similarity = self.points @ unit
        best = np.argsort(-similarity, kind="stable")[:NEAREST]
        return tuple((self.keys[place], round(float(similarity[place]), 4)) for place in best.tolist())
