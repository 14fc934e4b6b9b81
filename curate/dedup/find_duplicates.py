"""Find duplicates among n images: candidates, proof, groups.

Two kinds of groups come out. A duplicate is proved against the image that stays. Less similarity is enough where a
third image is a proved duplicate of both (`linked`). Similar images are less than duplicates: the same car from
the same spot a second later, or duplicates of which one lies on its side, where the wrong one might stay. None of
them is removed; the split keeps them together. They are pairs of the same search, joined from the most similar to
the least into groups of at most 64 keepers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.executors import MapFn
from curate.core.progress import counter
from curate.core.recipe import Dedup
from curate.dedup import candidates, clustering, fingerprints, geometry, phash
from curate.dedup.alignment import PROOF
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.geometry import Transform
from curate.dedup.pair_table import PairTable
from curate.dedup.runs import Indices

SIMILAR = 0.8  # similarity of images that the split keeps together
MOST_SIMILAR = 64  # keepers in such a group
LINKING = 3  # rounds: further ones hardly find anything
CROP = 0.92  # of the area: a duplicate that shows less is a crop, one that shows as much more is larger
PLAIN_LEVELS = 3  # grey levels between two images without detail that are the same
PLAIN_COLOURS = 8  # levels of a channel between them; JPEG stores colours more coarsely


@dataclass(frozen=True)
class Duplicates:
    """What was found of n images, numbered from best to worst."""

    phash: NDArray[np.uint64]  # (n,)
    keeper: Indices  # (n,) number of the image that stays; a keeper's own number
    distance: NDArray[np.int64]  # (n,) bits between its hash and its keeper's, the nearer of plain and mirrored
    proof: list[str]  # n times words of PROOFS, "" for a keeper
    similar_group: Indices  # (n,) smallest number of the group


def find(prints: Fingerprints, config: Dedup, map_fn: MapFn = map) -> Duplicates:
    """Find duplicates among all images, whose fingerprints come from best to worst."""
    wholes = prints[fingerprints.wholes(prints)]
    count, owner = len(wholes), fingerprints.owners(prints)
    found = candidates.find(prints["grey"], owner, config.similar_distance, config.method == "thorough", map_fn)
    pairs = PairTable(prints, found, config.max_distance, map_fn)
    pairs.add(*_plain_pairs(wholes), similarity=1.0, least=PROOF)
    with counter("compare", len(pairs.better), "candidate pair") as pairs.advance:
        keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
        for _ in range(LINKING):
            linked = _links(keeper, pairs)
            if not linked:
                break
            pairs.add_linked(linked)
            keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
    proof, content = [""] * count, fingerprints.content(wholes)
    for pair in np.flatnonzero((keeper[pairs.worse] == pairs.better) & pairs.proved(slice(None))).tolist():
        worse = pairs.worse[pair]
        proof[worse] = _words(pairs.transform.get(pair), content[worse]) + " linked" * (pair in pairs.linked)
    return Duplicates(wholes["phash"], keeper, _distances(wholes, keeper), proof, _similar_groups(keeper, pairs))


def _links(keeper: Indices, pairs: PairTable) -> dict[tuple[int, int], list[Transform]]:
    """Pairs (better, worse) of a keeper and a duplicate of its duplicate, with transforms from worse to better.

    A strong crop and a framed photo may both be proved duplicates of the photo between them, and be too far apart
    for the search. That alone removes neither: they are compared with each other, under the transform that
    follows."""
    removed, stays = keeper[pairs.better] != pairs.better, keeper[pairs.worse] == pairs.worse
    pairs.confirm(
        clustering.nearest(np.flatnonzero(removed & stays & pairs.near(slice(None))), pairs.worse, pairs.bits)
    )
    proved = pairs.proved(slice(None)) & (pairs.similarity >= PROOF)  # a link of links would be a chain
    identity = np.eye(3)  # of a keeper and itself, and of two plain images
    in_keeper = dict.fromkeys(np.flatnonzero(keeper == np.arange(len(keeper))).tolist(), identity)
    for pair in np.flatnonzero(proved & (keeper[pairs.worse] == pairs.better)).tolist():
        in_keeper[int(pairs.worse[pair])] = pairs.transform.get(pair, identity)
    known = [*pairs.linked, *np.flatnonzero(proved).tolist()]
    known_ends = set(zip(pairs.better[known].tolist(), pairs.worse[known].tolist(), strict=True))
    links: dict[tuple[int, int], list[Transform]] = {}
    for pair in np.flatnonzero(proved & (keeper[pairs.better] != keeper[pairs.worse])).tolist():
        better, worse = int(pairs.better[pair]), int(pairs.worse[pair])
        if better not in in_keeper or worse not in in_keeper:
            continue  # a link has removed it: it is no proved duplicate of its keeper
        transform, back = pairs.transform.get(pair, identity), np.linalg.inv(in_keeper[worse])
        routes = {  # the keepers; and each keeper with the other's duplicate, which loses its keeper if that goes
            (int(keeper[better]), int(keeper[worse])): in_keeper[better] @ transform @ back,
            (int(keeper[better]), worse): in_keeper[better] @ transform,
            (better, int(keeper[worse])): transform @ back,
        }
        for (first, second), route in routes.items():
            ends = min(first, second), max(first, second)
            if ends not in known_ends:
                links.setdefault(ends, []).append(route if first < second else np.linalg.inv(route))
    return links


def _similar_groups(keeper: Indices, pairs: PairTable) -> Indices:
    """The smallest number of each image's group: (n,). What is similar to a duplicate is similar to its keeper."""
    similar = np.flatnonzero(pairs.similarity >= SIMILAR)
    similar = similar[np.lexsort((pairs.worse[similar], pairs.better[similar], -pairs.similarity[similar]))]
    better, worse = keeper[pairs.better[similar]], keeper[pairs.worse[similar]]
    return clustering.components(len(keeper), better, worse, MOST_SIMILAR)[keeper]


def _words(transform: Transform | None, content: float) -> str:
    """Words of PROOFS for a pair; `transform` is None for two plain images.

    `content` is the share of the worse image inside its frame: a frame alone does not show more.
    """
    if transform is None:
        return "plain"
    part = abs(float(np.linalg.det(transform)))
    words = {
        "aligned": True,
        "mirrored": geometry.mirrored(transform),
        "crop": part < CROP,
        "framed": 1 / part < CROP <= 1 / (part * content),
        "larger": 1 / (part * content) < CROP,
    }
    return " ".join(word for word, holds in words.items() if holds)


def _plain_pairs(wholes: Fingerprints) -> tuple[Indices, Indices]:
    """Each plain image with the best one of the same grey and colours: better, worse."""
    low, high = (extreme(wholes["grey"], axis=(1, 2)).astype(np.int16) for extreme in (np.min, np.max))
    left = np.flatnonzero(high - low <= PLAIN_LEVELS)
    better, worse = [], []
    while len(left):
        first = left[0]
        same = np.abs(low[left] - low[first]) <= PLAIN_LEVELS
        colours = wholes["colour"][left].astype(np.int16)
        same &= np.abs(colours - colours[0]).max(axis=(1, 2, 3)) <= PLAIN_COLOURS
        better.append(np.full(same.sum() - 1, first))
        worse.append(left[same][1:])
        left = left[~same]
    nothing = [np.empty(0, np.int64)]
    return np.concatenate(nothing + better), np.concatenate(nothing + worse)


def _distances(wholes: Fingerprints, keeper: Indices) -> NDArray[np.int64]:
    """Bits between each hash and its keeper's, plain or mirrored."""
    kept = wholes["phash"][keeper]
    nearer = np.minimum(phash.distance(wholes["phash"], kept), phash.distance(wholes["mirror"], kept))
    return nearer.astype(np.int64)
