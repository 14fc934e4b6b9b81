"""Which pictures are copies of which: candidates, proof and groups put together.

Two kinds of groups come out. Copies are proved: one by one against the picture that stays. Alike pictures are
less than that, the same car from the same spot a second later, say; the split keeps them together. They are
pairs of the same search that agree in good part, joined from the most alike to the least into groups of at
most 64."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate import candidates, grouping, hashing
from curate.candidates import Candidates
from curate.executors import MapFn
from curate.fingerprints import Records
from curate.grouping import Indices
from curate.matching import PROOF, Answer, Job, compare
from curate.recipe import Dedup

ALIKE = 0.75  # agreement of pictures that the split keeps together
MOST_ALIKE = 64  # pictures in such a group
PAIRS_PER_JOB = 32
PLAIN_LEVELS = 3  # grey levels between two pictures without detail that are the same


@dataclass(frozen=True)
class Copies:
    """What was found of n pictures, numbered from best to worst."""

    phash: NDArray[np.uint64]  # (n,)
    keeper: Indices  # (n,) number of the picture that stays; its own when it stays itself
    distance: NDArray[np.int64]  # (n,) bits between its hash and its keeper's, the nearer of plain and mirrored
    proof: list[str]  # n words, "" for a keeper
    component: Indices  # (n,) smallest number of its looser group


@dataclass(frozen=True)
class _Pairs:
    """Candidates, one per pair of pictures."""

    better: Indices  # (p,) numbers of pictures
    worse: Indices
    bits: Indices  # of the nearest way to match
    ways: Indices  # (p + 1,) where the ways to match of each pair start in `Candidates`


def _per_pair(found: Candidates) -> _Pairs:
    low, high = np.minimum(found.first, found.second), np.maximum(found.first, found.second)
    new = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])[: len(low)]
    starts = np.flatnonzero(new)
    return _Pairs(low[starts], high[starts], found.bits[starts], np.append(starts, len(low)))


def find(records: Records, config: Dedup, map_fn: MapFn = map) -> Copies:
    """Compare all pictures, numbered from best to worst, with each other."""
    count = len(records)
    greys = records["grey"]
    found = candidates.find(greys, config.similar_distance, config.method == "thorough", map_fn)
    pairs = _per_pair(found)
    plain = _plain_pairs(greys)
    agreement = np.full(len(pairs.better) + len(plain[0]), -1.0)
    agreement[len(pairs.better) :] = 1
    words = np.full(len(agreement), "plain", dtype=object)
    near = np.concatenate([pairs.bits <= config.max_distance, np.ones(len(plain[0]), bool)])

    def confirm(asked: Indices) -> NDArray[np.float64]:
        searched = asked[asked < len(pairs.better)]
        jobs = _jobs(greys, found, pairs, searched)
        answers: list[Answer] = [answer for answered in map_fn(compare, jobs) for answer in answered]
        agreement[searched] = [value for value, _ in answers]
        words[searched] = [_word(pose) for _, pose in answers]
        return np.where((agreement[asked] >= PROOF) & near[asked], 1 - agreement[asked], np.inf)

    better, worse = np.concatenate([pairs.better, plain[0]]), np.concatenate([pairs.worse, plain[1]])
    keeper = grouping.keepers(count, better, worse, confirm)
    proof = [""] * count
    for pair in np.flatnonzero(keeper[worse] == better).tolist():
        proof[worse[pair]] = words[pair]
    stays = (keeper[better] == better) & (keeper[worse] == worse)
    alike = np.flatnonzero(stays & (agreement >= ALIKE))
    alike = alike[np.lexsort((worse[alike], better[alike], -agreement[alike]))]
    component = grouping.components(count, better[alike], worse[alike], MOST_ALIKE)[keeper]
    return Copies(records["phash"], keeper, _distances(records, keeper), proof, component)


def _jobs(greys: NDArray[np.uint8], found: Candidates, pairs: _Pairs, asked: Indices) -> Iterator[Job]:
    for start in range(0, len(asked), PAIRS_PER_JOB):
        ways: list[Sequence[tuple[int, int, int]]] = []
        places: dict[int, int] = {}
        for pair in asked[start : start + PAIRS_PER_JOB].tolist():
            rows = range(pairs.ways[pair], pairs.ways[pair + 1])
            for picture in (int(pairs.better[pair]), int(pairs.worse[pair])):
                places.setdefault(picture, len(places))
            ways.append(
                [(places[int(found.first[k])], places[int(found.second[k])], int(found.pose[k])) for k in rows]
            )
        yield Job(greys[list(places)], ways)


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
