"""Pairs of pictures that may be copies, what is known of them, and how to learn more."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curate.core.executors import MapFn
from curate.dedup import candidates, fingerprints, geometry, runs
from curate.dedup.alignment import PROOF, Job, Way, compare
from curate.dedup.candidates import Candidates
from curate.dedup.fingerprints import Records
from curate.dedup.geometry import Map
from curate.dedup.runs import Indices

LINKED = 0.82  # agreement that proves a pair to be copies when a third picture is a proved copy of both
PAIRS_PER_JOB = 8  # at most; a process is handed sixteen such jobs at once
JOBS = 64  # at least, as long as there are so many pairs: few pairs are for all processes too
MOST_WAYS = 6  # that are tried for a linked pair


class Pairs:
    """Pairs of pictures, numbered from best to worst, and what comparing them has shown. Arrays of one entry per
    pair."""

    def __init__(self, records: Records, found: Candidates, max_distance: int, map_fn: MapFn) -> None:
        self.views, self.owner = records, fingerprints.owners(records)
        self.firsts = np.append(fingerprints.wholes(records), len(records))  # where each picture's views start
        self.found, self.map_fn = found, map_fn
        low, high = np.sort([self.owner[found.first], self.owner[found.second]], axis=0)
        starts = np.flatnonzero(runs.starts(low, high))
        self.starts = np.append(starts, len(low))  # where the ways to match of each pair start
        self.better, self.worse = low[starts], high[starts]
        self.bits = found.bits[starts]
        self.max_distance = max_distance
        self.agreement = np.full(len(starts), np.nan)  # nan: nobody has asked
        self.least = np.full(len(starts), PROOF)  # agreement that proves it
        self.place: dict[int, Map] = {}  # of those that are proved: where the worse picture lies in the better
        self.linked: dict[int, list[Way]] = {}  # ways to match of the pairs that others have led to
        self.advance: Callable[[int], object] = lambda done: None  # told how many have been compared so far
        self.compared = 0

    def add(self, better: Indices, worse: Indices, agreement: float, least: float) -> None:
        """Further pairs, proved by the agreement `least`."""
        count = len(better)
        self.better, self.worse = np.append(self.better, better), np.append(self.worse, worse)
        self.bits = np.append(self.bits, np.zeros(count, np.int64))
        self.agreement = np.append(self.agreement, np.full(count, agreement))
        self.least = np.append(self.least, np.full(count, least))

    def add_linked(self, links: Mapping[tuple[int, int], list[Map]]) -> None:
        """Pairs (better, worse) that third pictures lead to, and where each of them puts the worse one."""
        first = len(self.better)
        ends = np.array(sorted(links), np.int64).reshape(-1, 2)
        for number, (better, worse) in enumerate(ends.tolist(), start=first):
            self.linked[number] = [
                (a, b, np.linalg.inv(self._box(a)) @ place @ self._box(b))
                for a in self._views_of(better)
                for b in self._views_of(worse)
                for place in links[better, worse][:MOST_WAYS]
            ][:MOST_WAYS]
        self.add(ends[:, 0], ends[:, 1], np.nan, LINKED)

    def confirm(self, asked: Indices) -> NDArray[np.float64]:
        """Distance of each pair: 1 - agreement where they are copies, else infinity."""
        unknown = asked[np.isnan(self.agreement[asked])]
        found = (answer for job in self.map_fn(compare, self._jobs(unknown)) for answer in job)
        for pair, (agreement, (number, place)) in zip(unknown.tolist(), found, strict=True):
            self.compared += 1
            self.advance(self.compared)
            first, second, _ = self._ways(pair)[number]
            self.agreement[pair] = agreement
            if geometry.quarters_turned(place):
                self.least[pair] = np.inf  # which of them is upright, nobody can tell: both stay, alike
            if agreement < self.least[pair]:
                continue
            seen = self._box(first) @ place @ np.linalg.inv(self._box(second))
            self.place[pair] = seen if self.owner[first] == self.better[pair] else np.linalg.inv(seen)
        return np.where(self.proved(asked), 1 - self.agreement[asked], np.inf)

    def near(self, asked: Indices | slice) -> NDArray[np.bool_]:
        """Which of them are near enough to be copies; further ones can only be alike."""
        return np.asarray(self.bits[asked] <= self.max_distance)

    def proved(self, asked: Indices | slice) -> NDArray[np.bool_]:
        """Which of them are copies, as far as is known."""
        return np.asarray((self.agreement[asked] >= self.least[asked]) & self.near(asked))

    def _views_of(self, picture: int) -> list[int]:
        """The whole picture, and what is inside its frame."""
        return list(range(self.firsts[picture], self.firsts[picture + 1]))

    def _box(self, view: int) -> Map:
        """Where a view lies in its picture."""
        inner = self.views["inner"][view]
        return geometry.of_box(tuple(self.views["box"][view - 1].tolist())) if inner else np.eye(3)

    def _ways(self, pair: int) -> list[Way]:
        if pair in self.linked:
            return self.linked[pair]
        rows = range(self.starts[pair], self.starts[pair + 1])
        found = self.found
        return [(int(found.first[k]), int(found.second[k]), _places()[found.pose[k]]) for k in rows]

    def _jobs(self, asked: Indices) -> Iterator[Job]:
        size = min(PAIRS_PER_JOB, -(-len(asked) // JOBS)) or 1
        for start in range(0, len(asked), size):
            ways = [self._ways(pair) for pair in asked[start : start + size].tolist()]
            seats: dict[int, int] = {}
            for first, second, _ in (way for several in ways for way in several):
                seats.setdefault(first, len(seats))
                seats.setdefault(second, len(seats))
            seated = [[(seats[a], seats[b], place) for a, b, place in several] for several in ways]
            yield Job(self.views[list(seats)], seated)


@cache
def _places() -> list[Map]:
    """Of every pose."""
    return [geometry.of_pose(pose) for pose in candidates.poses()]
