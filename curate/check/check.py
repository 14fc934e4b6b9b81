"""Verdict on a photo: `ok`, `flag` or `unsure`, with reasons. The command and the service both ask here.

A photo of the collection gets what clean decided of it. Any other gets the probabilities of `model`, the quality
of its pixels, and a search for duplicates. Nothing is stored.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.check import duplicates, files, notes, thresholds
from curate.check.decide import decide
from curate.check.duplicates import Duplicate, Entry
from curate.check.files import Refused
from curate.check.learnt import CleanDecision, Learnt, open_or_learn
from curate.check.measure import Measured, measure
from curate.check.model import KEPT
from curate.check.thresholds import Thresholds
from curate.check.verdict import Nearest, Verdict, words
from curate.clean import embeddings
from curate.clean.scorers import loading
from curate.clean.scorers.base import Scorer
from curate.core.batched import batched
from curate.core.errors import Note, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Recipe, normalise_class
from curate.core.schemas import OF_SIZE
from curate.dedup.fingerprints import Fingerprints

PRECISION = 0.95  # of flags, at the lower end of the interval
OK_PRECISION = 0.98  # of ok, the same
NEAREST = 3  # photos of the collection that a verdict names
ALIKE = 0.75  # cosine similarity, from which the most alike photo is compared; of imagenet, see the log
ROUNDED = 1e-4  # of a cosine similarity: far more than a product of matrices in float32 is off
BATCH = 32  # photos that the network is given at once
Point = NDArray[np.float32]  # (1, d) an embedding
Say = Callable[[str], None]


def class_of(recipe: Recipe, name: str) -> str:
    """The class of the recipe that a person calls `name`, in whatever case and signs; empty for an empty name.

    Raises UsageError for a class that the recipe does not name.
    """
    if not name or name in recipe.classes:
        return name
    with suppress(ValueError):  # no letter in it
        if (known := normalise_class(name)) in recipe.classes:
            return known
    raise UsageError(f"class {name!r}: the recipe has {', '.join(recipe.classes)}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo to judge, and what is said of it."""

    data: bytes
    class_name: str = ""  # what the seller says it shows; empty where that is not known
    listing_id: str = ""  # its own listing, whose photos are no duplicates of it
    listing_photos: tuple[bytes, ...] = ()  # the listing's other photos: they help to tell the class


@dataclass(frozen=True, slots=True)
class _Asked:
    """A photo on its way to a verdict."""

    photo: Measured | Refused
    point: Point | None
    class_name: str
    listing_id: str
    beside: Sequence[dict[str, float]] = ()  # classes of the listing's other photos
    nearest: Nearest = ()
    same: Duplicate | None = None  # by its bytes


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
            for line in between.lines(precision, OK_PRECISION, words(folder)):
                say(line)
        else:
            between = thresholds.from_clean(learnt, precision, OK_PRECISION)
        return cls(folder, recipe, scorer, learnt, between)

    @cached_property
    def decided(self) -> dict[str, CleanDecision]:
        """What clean decided, by key."""
        return {row.key: row for row in self.learnt.decided}

    def warnings(self) -> list[Note]:
        """What limits every verdict: why no photo is ok, and photos of the dataset whose files are missing."""
        rows = self.learnt.index.rows
        return [*notes.never_ok(self.learnt, self.thresholds, OK_PRECISION), *notes.lost(self.folder, rows)]

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

    def check_all(self, uploads: Sequence[Upload], map_fn: MapFn = map) -> list[Verdict]:
        """The verdict on each upload, in order; `map_fn` may decode and compare elsewhere.

        Raises UsageError for a class that the recipe does not name.
        """
        names = [class_of(self.recipe, upload.class_name) for upload in uploads]
        photos = list(dict.fromkeys(data for each in uploads for data in (each.data, *each.listing_photos)))
        measured = dict(zip(photos, self._measured(photos, map_fn), strict=True))

        def asked() -> Iterator[_Asked]:
            for upload, class_name in zip(uploads, names, strict=True):
                beside = [measured[data][1] for data in upload.listing_photos]
                yield _Asked(
                    *measured[upload.data],
                    class_name,
                    upload.listing_id,
                    [self._classes(point, ()) for point in beside if point is not None],
                )

        return list(self._verdicts(asked(), map_fn))

    def check_files(
        self,
        paths: Iterable[Path],
        class_name: str = "",
        listing_id: str = "",
        listing_photos: Sequence[bytes] = (),
        map_fn: MapFn = map,
    ) -> Iterator[Verdict]:
        """As `check`, of any number of photo files: memory does not grow with their number.

        A file that cannot be opened gets one too. Raises UsageError for a class that the recipe does not name.
        """
        class_name = class_of(self.recipe, class_name)
        beside = [
            self._classes(point, ()) for _, point in self._measured(listing_photos, map_fn) if point is not None
        ]
        measured = self._measured(map(files.read, paths), map_fn)
        yield from self._verdicts(
            (_Asked(photo, point, class_name, listing_id, beside) for photo, point in measured), map_fn
        )

    def _measured(
        self, data: Iterable[bytes | Refused], map_fn: MapFn
    ) -> Iterator[tuple[Measured | Refused, Point | None]]:
        """What there is to know of the pixels of each file, or why they cannot be read; and its embedding."""
        work = partial(
            measure,
            self.scorer.prepare,
            self.scorer.side,
            self.recipe.clean.quality,
            embeddings.remote(self.scorer, map_fn),
        )
        for some in batched(map_fn(work, data), BATCH):
            ready = [photo.ready for photo in some if isinstance(photo, Measured)]
            points = iter(embeddings.embedded(ready, self.scorer)[:, None] if ready else ())
            for photo in some:
                yield photo, next(points) if isinstance(photo, Measured) else None

    def _verdicts(self, asked: Iterable[_Asked], map_fn: MapFn) -> Iterator[Verdict]:
        """A verdict on each, in order. This process asks the index; `map_fn` compares what is near by it."""
        waiting: deque[_Asked] = deque()

        index, crops = self.learnt.index, self.recipe.dedup.method != "hash"  # which compares no windows

        def to_compare() -> Iterator[tuple[Fingerprints | None, Sequence[Entry], Sequence[Entry]]]:
            for some in batched(asked, BATCH):
                points = [each.point for each in some if each.point is not None]
                nearest = iter(self._nearest(np.concatenate(points)) if points else ())
                for each in some:
                    if isinstance(each.photo, Refused):
                        waiting.append(each)
                        yield None, (), ()
                        continue
                    listings = {each.listing_id} if each.listing_id else set()
                    same = duplicates.same(index, each.photo.sha256, listings)
                    most_alike = next(nearest)
                    waiting.append(replace(each, nearest=most_alike, same=same))
                    prints = each.photo.prints
                    if same:
                        yield prints, (), ()
                        continue
                    near = duplicates.near(index, prints, self.recipe.dedup.max_distance, listings)
                    keys = [key for key, similarity in most_alike if similarity >= ALIKE and crops]
                    yield prints, near, duplicates.alike(index, keys, listings)

        for near in map_fn(partial(duplicates.prove, self.folder, self.recipe.dedup), to_compare()):
            each = waiting.popleft()
            if isinstance(each.photo, Refused):
                yield Verdict.refused(each.photo)
            else:
                assert each.point is not None
                yield self._judge(each, each.photo, each.point, each.same or near)

    def _judge(self, asked: _Asked, photo: Measured, point: Point, duplicate: Duplicate | None) -> Verdict:
        index, class_name = self.learnt.index, asked.class_name
        usable, reason = self._usable(point)
        classes = self._classes(point, asked.beside)
        keys = [index.rows[place].key for place in index.by_sha256.get(photo.sha256, ())]
        known = next((row for key in keys if (row := self.decided.get(key))), None)
        verdict, reasons = decide(
            class_name, known, bool(duplicate), photo.poor, usable, reason, classes, self.thresholds
        )
        rounded = {name: round(share, 4) for name, share in classes.items()}
        share = None if usable is None else round(usable, 4)
        detail = "{}×{} px".format(*photo.size) if reasons and reasons[-1] in OF_SIZE else ""
        key = known.key if known else ""
        return Verdict(verdict, reasons, share, rounded, duplicate, asked.nearest, key, detail)

    def _usable(self, point: Point) -> tuple[float | None, str]:
        """Probability that it is kept, and the most probable reason if not."""
        if self.learnt.usable is None:
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
