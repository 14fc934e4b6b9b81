"""Which pictures are copies of which: candidates by hash, proof by comparing the pictures. Pure functions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate import grouping, hashing, pairs
from curate.executors import MapFn
from curate.fingerprints import Records
from curate.grouping import Indices
from curate.recipe import Dedup


@dataclass(frozen=True)
class Copies:
    """What was found of n pictures, numbered from best to worst."""

    phash: NDArray[np.uint64]  # (n,)
    keeper: Indices  # (n,) number of the picture that stays; its own when it stays itself
    distance: NDArray[np.int64]  # (n,) bits between its hash and its keeper's, the nearer of plain and mirrored
    proof: list[str]  # n words, "" for a keeper
    component: Indices  # (n,) smallest number of its looser group


def find_copies(records: Records, config: Dedup, map_fn: MapFn = map) -> Copies:
    """Compare all pictures with each other."""
    count = len(records)
    hashes = records["phash"]
    found = list(pairs.within(hashes, config.similar_distance))
    first = np.concatenate([block[0] for block in found] or [np.empty(0, np.int64)])
    second = np.concatenate([block[1] for block in found] or [np.empty(0, np.int64)])
    greys = records["grey"].reshape(count, -1).astype(np.float32)
    greys -= greys.mean(axis=1, keepdims=True)
    greys /= np.linalg.norm(greys, axis=1, keepdims=True) + 1e-6
    alike = np.einsum("nk,nk->n", greys[first], greys[second])
    alike[hashes[first] == hashes[second]] = 1
    bits = hashing.distance(hashes[first], hashes[second])

    def confirm(asked: Indices) -> NDArray[np.float64]:
        accepted = (alike[asked] >= 0.9) & (bits[asked] <= config.max_distance)
        return np.where(accepted, bits[asked], np.inf)

    keeper = grouping.keepers(count, first, second, confirm)
    loose = alike >= 0.8
    component = grouping.components(
        count, np.concatenate([first[loose], keeper]), np.concatenate([second[loose], np.arange(count)])
    )
    distance = hashing.distance(hashes, hashes[keeper]).astype(np.int64)
    proof = ["" if keeper[number] == number else "phash" for number in range(count)]
    return Copies(hashes, keeper, distance, proof, component)
