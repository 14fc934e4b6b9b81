"""Verdict on a photo: `ok`, `flag` or `unsure`, with reasons. The command and the service both ask here.

A photo of the collection gets what clean decided of it. Any other gets the probabilities of `model`, the quality
of its pixels, and a search for duplicates. Nothing is stored.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.check import duplicates, thresholds
from curate.check.duplicates import Duplicate
from curate.check.learnt import CleanDecision, Learnt, open_or_learn
from curate.check.model import KEPT
from curate.check.thresholds import Thresholds
from curate.clean import image_quality
from curate.clean.scorers import loading
from curate.clean.scorers.base import Scorer
from curate.core.errors import RejectedError, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Recipe
from curate.core.schemas import REASONS
from curate.dedup import fingerprints
from curate.dedup.fingerprints import Fingerprints
from curate.photos import decode

PRECISION = 0.95  # of flags, at the lower end of the interval
OK_PRECISION = 0.98  # of ok, the same
DOUBTFUL = 2.0  # times as probable as the named class: from there on, another class is unsure
NEAREST = 3  # photos of the collection that a verdict names
ROUNDED = 1e-4  # of a cosine similarity: far more than a product of matrices in float32 is off
BATCH = 32  # photos that the network is given at once
Point = NDArray[np.float32]  # (1, d) an embedding
Nearest = tuple[tuple[str, float], ...]  # keys of the most alike photos, with cosine similarity
Say = Callable[[str], None]


def read(path: Path) -> bytes:
    """The bytes of a photo file that somebody names. Raises UsageError when it cannot be read or is too large."""
    try:
        return decode.read_file(path)
    except RejectedError as error:
        said = error.__cause__.strerror if isinstance(error.__cause__, OSError) else ""
        raise UsageError(f"{path}: {said}" if said else error.detail or f"{path}: {error.reason}") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one photo."""

    verdict: str  # ok, flag, unsure
    reasons: tuple[str, ...]  # words of `REASONS["clean"]`, `another_class`, `duplicate`; of a flag, what flags it
    usable: float | None  # 0..1, probability that clean would keep it; None where nothing was computed
    classes: dict[str, float]  # probability of each class, empty where nothing was computed
    duplicate: Duplicate | None
    nearest: Nearest
    known: str = ""  # its key, where it is a photo of the collection

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)

    def line(self) -> str:
        """The same for people, in one line."""
        words = {**REASONS["fetch"], **REASONS["clean"], "another_class": "of another class"}
        why = [words.get(reason, reason) for reason in self.reasons if reason != "duplicate"]
        if self.verdict == "unsure":
            why = [f"perhaps {reason}" for reason in why]
        if self.duplicate:
            why.insert(0, f"{'exact' if self.duplicate.exact else 'near'} duplicate of {self.duplicate.key}")
        parts = [f"{self.verdict}: {', '.join(why)}" if why else self.verdict]
        parts += [f"{self.usable:.0%} likely usable"] if self.usable is not None else []
        if self.classes:
            name, share = max(sorted(self.classes.items()), key=lambda each: each[1])
            parts.append(f"{share:.0%} likely {name}")
        parts += [f"most alike {self.nearest[0][0]}"] if self.nearest else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo to judge, and what is said of it."""

    data: bytes
    class_name: str = ""  # what the seller says it shows; empty where that is not known
    listing_id: str = ""  # its own listing, whose photos are no duplicates of it
    listing_photos: tuple[bytes, ...] = ()  # the listing's other photos: they help to tell the class


@dataclass(frozen=True, slots=True)
class _Photo:
    """What was read of a photo's pixels."""

    sha256: str
    prepared: NDArray[np.uint8]  # (side, side, 3), what the network reads
    poor: str  # reason of image quality, empty for a good one
    prints: Fingerprints


@dataclass(frozen=True)
class Checker:
    """All that a verdict needs, in memory: made once, asked often, from any thread."""

    folder: Path
    recipe: Recipe
    scorer: Scorer
    learnt: Learnt
    thresholds: Thresholds

    @classmethod
    def open(
        cls,
        folder: Path,
        recipe: Recipe,
        precision: float = PRECISION,
        labels: Sequence[Path] = (),
        say: Say = lambda line: None,
        threads: int | None = None,
    ) -> "Checker":
        """From the folder's `check.cache`, in a second; the first time it is learnt, and `say` gets a line.

        Flags reach `precision`, by the decisions of people in the files `labels`, else by what clean decided.
        `threads` are those of one batch. Raises StateError when a manifest is missing or does not fit the others;
        ResourceError without weights; UsageError for labels that say too little.
        """
        scorer = loading.load(recipe.clean, threads)
        learnt = open_or_learn(folder, scorer, say)
        if labels:
            between = thresholds.from_labels(folder, recipe.clean, learnt, labels, precision, OK_PRECISION)
            for line in between.lines():
                say(line)
        else:
            between = thresholds.from_clean(learnt, precision, OK_PRECISION)
        return cls(folder, recipe, scorer, learnt, between)

    @cached_property
    def decided(self) -> dict[str, CleanDecision]:
        """What clean decided, by key."""
        return {row.key: row for row in self.learnt.decided}

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
        return self.check_all([Upload(data, class_name, listing_id, tuple(listing_photos)) for data in photos])

    def check_class(self, class_name: str) -> None:
        """Raise UsageError for a class that the recipe does not name."""
        if class_name and class_name not in self.recipe.classes:
            raise UsageError(f"class {class_name!r}: the recipe has {', '.join(self.recipe.classes)}")

    def check_all(self, uploads: Sequence[Upload], map_fn: MapFn = map) -> list[Verdict]:
        """The verdict on each upload, in order. All are embedded at once; `map_fn` may decode with threads.

        Raises UsageError for a class that the recipe does not name.
        """
        for upload in uploads:
            self.check_class(upload.class_name)
        files = list(dict.fromkeys(data for each in uploads for data in (each.data, *each.listing_photos)))
        read = dict(zip(files, map_fn(self._read, files), strict=True))
        there = {data: photo for data, photo in read.items() if isinstance(photo, _Photo)}
        points: dict[bytes, Point] = {}
        for start in range(0, len(there), BATCH):
            some = list(there)[start : start + BATCH]
            embedded = self.scorer.embed(np.stack([there[data].prepared for data in some])).astype(np.float32)
            points |= dict(zip(some, embedded[:, None], strict=True))
        judged = [data for data in dict.fromkeys(each.data for each in uploads) if data in points]
        nearest: dict[bytes, Nearest] = {}
        if judged:
            nearest = dict(
                zip(judged, self._nearest(np.concatenate([points[data] for data in judged])), strict=True)
            )
        verdicts = []
        for upload in uploads:
            photo = read[upload.data]
            if isinstance(photo, str):
                verdicts.append(Verdict("flag", (photo,), None, {}, None, ()))
                continue
            beside = [self._classes(points[data], ()) for data in upload.listing_photos if data in points]
            verdicts.append(self._judge(photo, points[upload.data], upload, beside, nearest[upload.data]))
        return verdicts

    def _read(self, data: bytes) -> _Photo | str:
        """What there is to know of the pixels, or the reason why they cannot be read."""
        try:
            decoded = decode.decode(data, at_least=self.scorer.side)  # as clean reads it
            decode.check(decoded)
            small = decode.decode(data, at_least=fingerprints.AT_LEAST)  # as dedup reads it
        except RejectedError as error:
            return error.reason
        quality = image_quality.measure(decoded.pixels, decoded.width, decoded.height)
        return _Photo(
            hashlib.sha256(data).hexdigest(),
            self.scorer.prepare(decoded.pixels),
            image_quality.reason(quality, self.recipe.clean.quality),
            fingerprints.of_pixels(small.pixels),
        )

    def _judge(
        self, photo: _Photo, point: Point, upload: Upload, beside: Sequence[dict[str, float]], nearest: Nearest
    ) -> Verdict:
        index, listings = self.learnt.index, {upload.listing_id} if upload.listing_id else set()
        duplicate = duplicates.find(self.folder, index, photo.prints, photo.sha256, self.recipe.dedup, listings)
        usable, reason = self._usable(point)
        classes = self._classes(point, beside)
        keys = [index.rows[place].key for place in index.by_sha256.get(photo.sha256, ())]
        known = next((row for key in keys if (row := self.decided.get(key))), None)
        class_name = upload.class_name
        flags, doubts = ["duplicate"] if duplicate else [], list[str]()
        other = bool(classes.get(class_name)) and max(classes.values()) >= DOUBTFUL * classes[class_name]
        if known:  # what clean decided, a person's review included
            flags += [known.reason] if known.reason else []
            other = bool(class_name and not known.reason) and known.class_name != class_name
        elif photo.poor:
            flags.append(photo.poor)
        elif usable is not None and (found := self.thresholds.judge(1 - usable, reason)) != "ok":
            (flags if found == "flag" else doubts).append(reason)
        if other:  # no flag: of sellers' classes nobody knows how often they are right
            doubts.append("another_class")
        unsure = doubts or (known and known.borderline)
        rounded = {name: round(share, 4) for name, share in classes.items()}
        share = None if usable is None else round(usable, 4)
        verdict = "flag" if flags else "unsure" if unsure else "ok"
        return Verdict(
            verdict, tuple(flags or doubts), share, rounded, duplicate, nearest, known.key if known else ""
        )

    def _usable(self, point: Point) -> tuple[float | None, str]:
        """Probability that it is kept, and the most probable reason if not."""
        if self.learnt.usable is None or KEPT not in self.learnt.usable.outcomes:
            return None, ""
        shares = self.learnt.usable.probabilities(point)[0]
        named = dict(zip(self.learnt.usable.outcomes, shares.tolist(), strict=True))
        kept = named.pop(KEPT)
        return kept, max(named, key=named.__getitem__)

    def _classes(self, point: Point, beside: Sequence[dict[str, float]]) -> dict[str, float]:
        """Probability of each class: the geometric mean with those of the listing's other photos."""
        model = self.learnt.of_class
        if model is None:
            return {}
        names = model.outcomes
        shares = [model.probabilities(point)[0]]
        shares += [np.array([other.get(name, 0.0) for name in names]) for other in beside]
        mean = np.exp(np.log(np.maximum(shares, 1e-6)).mean(axis=0))
        return dict(zip(names, (mean / mean.sum()).tolist(), strict=True))

    def _nearest(self, points: NDArray[np.float32]) -> list[Nearest]:
        """Of each of (m, d) embeddings, the photos that are most alike, and their cosine similarities.

        A product of matrices, whose rounding depends on m, proposes them for all. They are measured one by one.
        """
        units = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
        rough = (self.learnt.points @ units.T).T
        few = min(NEAREST, rough.shape[1])
        found = []
        for unit, similarity in zip(units.astype(np.float64), rough, strict=True):
            places = np.flatnonzero(similarity >= np.partition(similarity, -few)[-few] - ROUNDED)
            exact = (self.learnt.points[places] * unit).sum(axis=1)  # float64
            best = np.argsort(-exact, kind="stable")[:NEAREST]
            keys = [self.learnt.decided[place].key for place in places[best].tolist()]
            found.append(tuple(zip(keys, exact[best].round(4).tolist(), strict=True)))
        return found
