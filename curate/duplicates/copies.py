"""Which pictures are copies of which: candidates, proof and groups put together.

Two kinds of groups come out. Copies are proved: one by one against the picture that stays. Alike pictures are
less than that, the same car from the same spot a second later, say; the split keeps them together. They are
pairs of the same search that agree in good part, joined from the most alike to the least into groups of at
most 64."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.duplicates import candidates, grouping, hashing
from curate.duplicates.candidates import Candidates
from curate.duplicates.fingerprints import Records
from curate.duplicates.grouping import Indices
from curate.duplicates.matching import PROOF, Answer, Job, compare
from curate.executors import MapFn
from curate.recipe import Dedup

ALIKE = 0.75  # agreement of pictures that the split keeps together
MOST_ALIKE = 64  # pictures in such a group
PAIRS_PER_JOB = 32
SECOND_LOOKS = 2  # rounds
PLAIN_LEVELS = 3  # grey levels between two pictures without detail that are the same


@dataclass(frozen=True)
class Copies:
    """What was found of n pictures, numbered from best to worst."""

    phash: NDArray[np.uint64]  # (n,)
    keeper: Indices  # (n,) number of the picture that stays; its own when it stays itself
    distance: NDArray[np.int64]  # (n,) bits between its hash and its keeper's, the nearer of plain and mirrored
    proof: list[str]  # n words, "" for a keeper
    component: Indices  # (n,) smallest number of its looser group


class _Pairs:
    """Pairs of pictures that may be copies, what is known of them, and how to learn more."""

    def __init__(self, records: Records, found: Candidates, config: Dedup, map_fn: MapFn) -> None:
        self.greys: NDArray[np.uint8] = records["grey"]
        self.found, self.map_fn = found, map_fn
        low, high = np.minimum(found.first, found.second), np.maximum(found.first, found.second)
        new = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])[: len(low)]
        self.starts = np.append(np.flatnonzero(new), len(low))  # where the ways to match of each pair start
        self.better, self.worse = low[self.starts[:-1]], high[self.starts[:-1]]
        self.near = found.bits[self.starts[:-1]] <= config.max_distance
        self.agreement = np.full(len(self.better), np.nan)  # nan: nobody has asked
        self.words = np.full(len(self.better), "", dtype=object)

    def add(self, better: Indices, worse: Indices, agreement: float, word: str) -> None:
        """Further pairs; with a nan for agreement, they are compared in every pose when asked for."""
        self.better, self.worse = np.append(self.better, better), np.append(self.worse, worse)
        self.near = np.append(self.near, np.ones(len(better), bool))
        self.agreement = np.append(self.agreement, np.full(len(better), agreement))
        self.words = np.append(self.words, np.full(len(better), word, dtype=object))

    def confirm(self, asked: Indices) -> NDArray[np.float64]:
        """Distance of each pair: 1 - agreement where they are copies, else infinity."""
        unknown = asked[np.isnan(self.agreement[asked])]
        answers: list[Answer] = [a for job in self.map_fn(compare, self._jobs(unknown)) for a in job]
        self.agreement[unknown] = [value for value, _ in answers]
        self.words[unknown] = [_word(pose) for _, pose in answers]
        return np.where(self.proved(asked), 1 - self.agreement[asked], np.inf)

    def proved(self, asked: Indices) -> NDArray[np.bool_]:
        """Which of them are copies, as far as is known."""
        return np.asarray((self.agreement[asked] >= PROOF) & self.near[asked])

    def _ways(self, pair: int) -> list[tuple[int, int, int]]:
        if pair < len(self.starts) - 1:
            rows = range(self.starts[pair], self.starts[pair + 1])
            return [(int(self.found.first[k]), int(self.found.second[k]), int(self.found.pose[k])) for k in rows]
        a, b = int(self.better[pair]), int(self.worse[pair])
        return [way for pose in range(len(candidates.poses())) for way in ((a, b, pose), (b, a, pose))]

    def _jobs(self, asked: Indices) -> Iterator[Job]:
        for start in range(0, len(asked), PAIRS_PER_JOB):
            ways = [self._ways(pair) for pair in asked[start : start + PAIRS_PER_JOB].tolist()]
            places: dict[int, int] = {}
            for first, second, _ in (way for several in ways for way in several):
                places.setdefault(first, len(places))
                places.setdefault(second, len(places))
            yield Job(
                self.greys[list(places)], [[(places[a], places[b], p) for a, b, p in several] for several in ways]
            )


def find(records: Records, config: Dedup, map_fn: MapFn = map) -> Copies:
    """Compare all pictures, numbered from best to worst, with each other."""
    count = len(records)
    found = candidates.find(records["grey"], config.similar_distance, config.method == "thorough", map_fn)
    pairs = _Pairs(records, found, config, map_fn)
    pairs.add(*_plain_pairs(records["grey"]), 1.0, "plain")
    keeper = grouping.keepers(count, pairs.better, pairs.worse, pairs.confirm)
    for _ in range(SECOND_LOOKS):
        better, worse = _second_look(keeper, pairs)
        if not len(better):
            break
        pairs.add(better, worse, np.nan, "")
        keeper = grouping.keepers(count, pairs.better, pairs.worse, pairs.confirm)
    proof = [""] * count
    for pair in np.flatnonzero(keeper[pairs.worse] == pairs.better).tolist():
        if pairs.agreement[pair] >= PROOF:
            proof[pairs.worse[pair]] = pairs.words[pair]
    return Copies(records["phash"], keeper, _distances(records, keeper), proof, _components(keeper, pairs))


def _second_look(keeper: Indices, pairs: _Pairs) -> tuple[Indices, Indices]:
    """Pairs of keepers that were not compared, though one is the copy of a copy of the other.

    A strong crop and a framed copy may both be proved copies of the photo between them, and be too far apart for
    the search. Being copies of one photo removes neither: they are compared with each other, in every pose.
    """
    removed, stays = keeper[pairs.better] != pairs.better, keeper[pairs.worse] == pairs.worse
    pairs.confirm(np.flatnonzero(removed & stays & pairs.near))
    everything = np.arange(len(pairs.better))
    linked = pairs.proved(everything) & (keeper[pairs.better] != keeper[pairs.worse])
    ends = np.stack([keeper[pairs.better[linked]], keeper[pairs.worse[linked]]])
    wanted = set(zip(ends.min(axis=0).tolist(), ends.max(axis=0).tolist(), strict=True))
    wanted -= set(zip(pairs.better.tolist(), pairs.worse.tolist(), strict=True))
    chosen = np.array(sorted(wanted), np.int64).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]


def _components(keeper: Indices, pairs: _Pairs) -> Indices:
    """The looser groups: (n,) smallest number of each picture's."""
    better, worse = pairs.better, pairs.worse
    stays = (keeper[better] == better) & (keeper[worse] == worse)
    alike = np.flatnonzero(stays & (pairs.agreement >= ALIKE))
    alike = alike[np.lexsort((worse[alike], better[alike], -pairs.agreement[alike]))]
    return grouping.components(len(keeper), better[alike], worse[alike], MOST_ALIKE)[keeper]


def _word(number: int) -> str:
    """What proved a pair, for the manifest."""
    pose = candidates.poses()[number]
    return " ".join(
        ["aligned"] + ["mirrored"] * pose.mirrored + ["crop"] * (pose.other == candidates.WHOLE != pose.part)
    )


def _plain_pairs(greys: NDArray[np.uint8]) -> tuple[Indices, Indices]:
    """Each picture that is one grey all over, with the best one of the same grey."""
    low = greys.min(axis=(1, 2)).astype(np.int64)
    flat = np.flatnonzero(greys.max(axis=(1, 2)) - low <= PLAIN_LEVELS)
    _, best, group = np.unique(low[flat] // (PLAIN_LEVELS + 1), return_index=True, return_inverse=True)
    other = best[group] != np.arange(len(flat))
    return flat[best[group]][other], flat[other]


def _distances(records: Records, keeper: Indices) -> NDArray[np.int64]:
    """Bits between each hash and its keeper's, plain or mirrored."""
    kept = records["phash"][keeper]
    nearer = np.minimum(hashing.distance(records["phash"], kept), hashing.distance(records["mirror"], kept))
    return nearer.astype(np.int64)
