"""The table of candidate pairs: what is known of each, and how to learn more."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curate.core.executors import MapFn
from curate.dedup import candidates, fingerprints, geometry, runs
from curate.dedup.alignment import PROOF, Job, compare
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.geometry import Match, Transform
from curate.dedup.matches import Candidates
from curate.dedup.partial import Partial
from curate.dedup.runs import Indices

LINKED = 0.82  # similarity of duplicates, where a third image is a proved duplicate of both
PAIRS_PER_JOB = 16  # at most; a process is handed sixteen such jobs at once
JOBS = 64  # at least, as long as there are so many pairs: few pairs are for all processes too
MOST_MATCHES = 6  # that are tried for a linked pair


class PairTable:
    """Pairs of images, numbered from best to worst. Arrays (pairs,) of 25 bytes a pair: a million cars are 210
    million pairs."""

    def __init__(self, views: Fingerprints, found: Candidates, max_distance: int, map_fn: MapFn) -> None:
        self.views, self.owner = views, fingerprints.owners(views)
        self.first_views = np.append(fingerprints.wholes(views), len(views))  # where each image's views start
        self.found, self.map_fn = found, map_fn
        owner = self.owner.astype(np.int32)
        low, high = (order(owner[found.first], owner[found.second]) for order in (np.minimum, np.maximum))
        starts = np.flatnonzero(runs.starts(low, high))
        self.starts = np.append(starts, len(low))  # where the matches of each pair start
        self.better, self.worse, self.bits = low[starts], high[starts], found.bits[starts]
        self.max_distance = max_distance
        self.similarity = np.full(len(starts), np.nan, np.float32)  # nan: not compared yet
        self.least = np.full(len(starts), PROOF, np.float32)  # similarity that proves it
        self.transform: dict[int, Transform] = {}  # of proved pairs: from the worse image to the better
        self.words: dict[int, str] = {}  # of PROOFS, of pairs that were examined
        self.rank = np.arange(self.owner[-1] + 1 if len(self.owner) else 0)  # (n,) of each image: the better first
        self.stays = np.zeros(len(self.rank), bool)  # (n,) images that a person decided to keep
        self.apart: list[int] = []  # codes of the pairs that a person decided are no duplicates
        self.linked: dict[int, list[Match]] = {}  # matches of the pairs that a third image leads to
        self.advance: Callable[[int], object] = lambda done: None  # called with the number of pairs compared
        self.compared = 0

    def add(self, better: Indices, worse: Indices, similarity: float, least: float) -> None:
        """Add pairs that the similarity `least` proves."""
        more = {"better": better, "worse": worse, "bits": 0, "similarity": similarity, "least": least}
        for name, values in more.items():
            column = getattr(self, name)
            setattr(self, name, np.append(column, np.full(len(better), values, column.dtype)))

    def add_linked(self, links: Mapping[tuple[int, int], list[Transform]]) -> None:
        """Add pairs (better, worse) that third images lead to, with transforms from the worse to the better."""
        first = len(self.better)
        ends = np.array(sorted(links), np.int64).reshape(-1, 2)
        for number, (better, worse) in enumerate(ends.tolist(), start=first):
            self.linked[number] = [
                (a, b, np.linalg.inv(self._box(a)) @ transform @ self._box(b))
                for a in self._views_of(better)
                for b in self._views_of(worse)
                for transform in links[better, worse][:MOST_MATCHES]
            ][:MOST_MATCHES]
        self.add(ends[:, 0], ends[:, 1], np.nan, LINKED)

    def add_partials(self, partials: Sequence[Partial]) -> None:
        """Add pairs that were found by their keypoints and examined."""
        first = len(self.better)
        better, worse = np.array([(one.first, one.second) for one in partials], np.int64).reshape(-1, 2).T
        self.add(better, worse, np.nan, PROOF)
        for number, one in enumerate(partials, start=first):
            self.similarity[number], self.transform[number] = one.similarity, one.transform
            self.words[number] = one.words
            if not one.removable:
                self.least[number] = np.inf
        self.demote([])

    def demote(self, images: Collection[int]) -> None:
        """Rank these images behind all others, and turn the pairs round where that makes the other one better."""
        worst = np.array(sorted(images), np.int64)
        self.rank[worst] = self.rank[worst] % len(self.rank) + len(self.rank)
        turned = self.rank[self.better] > self.rank[self.worse]
        self.better, self.worse = (
            np.where(turned, self.worse, self.better),
            np.where(turned, self.better, self.worse),
        )
        for pair in np.flatnonzero(turned).tolist():
            if pair in self.transform:
                self.transform[pair] = geometry.inverse(self.transform[pair])

    def confirm(self, asked: Indices) -> NDArray[np.floating]:
        """Distance of each pair: 1 - similarity of duplicates, infinity of others. Compares what is not yet."""
        unknown = asked[np.isnan(self.similarity[asked])]
        found = (answer for job in self.map_fn(compare, self._jobs(unknown)) for answer in job)
        for pair, (similarity, (number, transform)) in zip(unknown.tolist(), found, strict=True):
            self.compared += 1
            self.advance(self.compared)
            first, second, _ = self._matches(pair)[number]
            self.similarity[pair] = similarity
            if geometry.quarters_turned(transform):
                self.least[pair] = np.inf  # nobody can tell which of them is upright: both stay, similar
            if similarity < self.least[pair]:
                continue
            seen = self._box(first) @ transform @ np.linalg.inv(self._box(second))
            self.transform[pair] = seen if self.owner[first] == self.better[pair] else np.linalg.inv(seen)
        return np.where(self.proved(asked), 1 - self.similarity[asked], np.inf)

    def near(self, asked: Indices | slice) -> NDArray[np.bool_]:
        """Which pairs are near enough to be duplicates; further ones can only be similar."""
        return np.asarray(self.bits[asked] <= self.max_distance)

    def proved(self, asked: Indices | slice) -> NDArray[np.bool_]:
        """Which pairs are known to be duplicates."""
        known = (self.similarity[asked] >= self.least[asked]) & self.near(asked)
        known &= ~self.stays[self.worse[asked]]
        if self.apart:
            ends = self.better[asked].astype(np.int64), self.worse[asked].astype(np.int64)
            known &= ~np.isin(np.minimum(*ends) * len(self.rank) + np.maximum(*ends), self.apart)
        return np.asarray(known)

    def part(self, pairs: Collection[tuple[int, int]]) -> None:
        """Take each of these pairs of images for no duplicates, whatever their similarity."""
        self.apart += [min(pair) * len(self.rank) + max(pair) for pair in pairs]

    def _views_of(self, image: int) -> list[int]:
        """The whole image, and what is inside its frame."""
        return list(range(self.first_views[image], self.first_views[image + 1]))

    def _box(self, view: int) -> Transform:
        """From points of a view to points of its image."""
        inner = self.views["inner"][view]
        return geometry.of_box(tuple(self.views["box"][view - 1].tolist())) if inner else np.eye(3)

    def _matches(self, pair: int) -> list[Match]:
        if pair in self.linked:
            return self.linked[pair]
        rows = range(self.starts[pair], self.starts[pair + 1])
        found = self.found
        return [(int(found.first[k]), int(found.second[k]), _transforms()[found.pose[k]]) for k in rows]

    def _jobs(self, asked: Indices) -> Iterator[Job]:
        size = min(PAIRS_PER_JOB, -(-len(asked) // JOBS)) or 1
        for start in range(0, len(asked), size):
            matches = [self._matches(pair) for pair in asked[start : start + size].tolist()]
            seats: dict[int, int] = {}  # view to its place in the job
            for first, second, _ in (match for several in matches for match in several):
                seats.setdefault(first, len(seats))
                seats.setdefault(second, len(seats))
            seated = [[(seats[a], seats[b], transform) for a, b, transform in several] for several in matches]
            yield Job(self.views[list(seats)], seated)


@cache
def _transforms() -> list[Transform]:
    """Of every pose."""
    return [geometry.of_pose(pose) for pose in candidates.poses()]
