"""Find duplicates among n images: candidates, proof, groups.

Two kinds of groups come out. A duplicate is proved against the image that stays. Less similarity is enough where a
third image is a proved duplicate of both (`linked`). Similar images are less than duplicates: the same car from
the same spot a second later, or duplicates of which one lies on its side, where the wrong one might stay. None of
them is removed; the split keeps them together. They are pairs of the same search, joined from the most similar to
the least into groups of at most 64 keepers."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.executors import MapFn
from curate.core.progress import counter
from curate.core.recipe import Dedup
from curate.dedup import candidates, clustering, collages, fingerprints, geometry, partial, phash
from curate.dedup.alignment import PROOF
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.geometry import Transform
from curate.dedup.pair_table import PairTable
from curate.dedup.partial import Files
from curate.dedup.runs import Indices

SIMILAR = 0.8  # similarity of images that the split keeps together
MOST_SIMILAR = 64  # keepers in such a group
LINKING = 3  # rounds: further ones hardly find anything
ROUNDS = 4  # of a closer look, each at the keepers that are new
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
    collage: NDArray[np.bool_]  # (n,) removed for being a collage of other photos
    brought_back: list[int]  # numbers of those that stay because a person decided so


def find(
    prints: Fingerprints,
    config: Dedup,
    map_fn: MapFn = map,
    files: Files | None = None,
    reviewed: Collection[int] = (),
    apart: Collection[tuple[int, int]] = (),
) -> Duplicates:
    """Find duplicates among all images, whose fingerprints come from best to worst.

    With `files`, photos are looked at once more: which of two duplicates was edited; and, where `files` has
    keypoints, what share a part with others. Of `reviewed`, images that a person decided to keep, those that would
    be removed stay. Of the pairs `apart`, which a person decided are no duplicates, neither removes the other.
    """
    wholes = fingerprints.gather(prints, fingerprints.wholes(prints))
    count, owner = len(wholes), fingerprints.owners(prints)
    found = candidates.find(prints["grey"], owner, config.similar_distance, config.method != "hash", map_fn)
    pairs = PairTable(prints, found, config.max_distance, map_fn)
    pairs.part(apart)
    pairs.add(*_plain_pairs(wholes), similarity=1.0, least=PROOF)
    with counter("compare", len(pairs.better), "candidate pair") as pairs.advance:
        keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
        for _ in range(LINKING):
            linked = _links(keeper, pairs)
            if not linked:
                break
            pairs.add_linked(linked)
            keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
    if files:
        keeper = _closer(pairs, keeper, wholes, files, map_fn)
    brought_back = [number for number in sorted(reviewed) if keeper[number] != number]
    if brought_back:
        pairs.stays[brought_back] = True
        keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
    proof, content = [""] * count, fingerprints.content(wholes)
    for pair in np.flatnonzero((keeper[pairs.worse] == pairs.better) & pairs.proved(slice(None))).tolist():
        worse = pairs.worse[pair]
        words = _words(pairs.transform.get(pair), content[worse], pairs.words.get(pair, ""))
        proof[worse] = words + " linked" * (pair in pairs.linked)
    similar, collage = _similar_groups(keeper, pairs), np.array(["collage" in words for words in proof], bool)
    return Duplicates(wholes["phash"], keeper, _distances(wholes, keeper), proof, similar, collage, brought_back)


def _closer(pairs: PairTable, keeper: Indices, wholes: Fingerprints, files: Files, map_fn: MapFn) -> Indices:
    """Keepers after a closer look at the files: (n,). Edited photos come last; those that share a part are found.

    A photo that takes the place of an edited one is searched for among the keepers too.
    """
    keeper, searched = _without_edited(pairs, keeper, wholes, files, map_fn), np.zeros(len(wholes), bool)
    for _ in range(ROUNDS):
        stays = keeper == np.arange(len(keeper))
        if files.keypoints is None or not (stays & ~searched).any():
            break
        partials = partial.find(files, wholes, stays, searched, map_fn)
        partials += collages.find(files, wholes, partials, stays, map_fn)
        searched |= stays
        pairs.add_partials(partials)
        pairs.demote({one.edited for one in partials if one.edited >= 0 and one.similarity >= PROOF})
        keeper = clustering.keepers(len(wholes), pairs.better, pairs.worse, pairs.bits, pairs.confirm)
        keeper = _without_edited(pairs, keeper, wholes, files, map_fn)
    return keeper


def _without_edited(
    pairs: PairTable, keeper: Indices, wholes: Fingerprints, files: Files, map_fn: MapFn
) -> Indices:
    """Keepers, each of them compared with its duplicates and ranked last where it is the edited one: (n,)."""
    for _ in range(ROUNDS):
        proved = np.flatnonzero((keeper[pairs.worse] == pairs.better) & pairs.proved(slice(None)))
        asked = [
            (pair, int(pairs.better[pair]), int(pairs.worse[pair]), pairs.transform[pair])
            for pair in proved.tolist()
            if pair in pairs.transform and pair not in pairs.words
        ]
        edited = set()
        for (pair, better, _, _), found in zip(asked, partial.edits(files, wholes, asked, map_fn), strict=True):
            pairs.words[pair] = found.words if found else ""
            if found and found.edited == better:
                edited.add(better)
        if not edited:
            break
        pairs.demote(edited)
        keeper = clustering.keepers(len(wholes), pairs.better, pairs.worse, pairs.bits, pairs.confirm)
    return keeper


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


def _words(transform: Transform | None, content: float, found: str) -> str:
    """Words of PROOFS for a pair; `transform` is None for two plain images.

    `content` is the share of the worse image inside its frame: a frame alone does not show more. `found` are words
    of a closer look.
    """
    if transform is None:
        return "plain"
    part = abs(float(np.linalg.det(transform)))
    words = {
        "aligned": True,
        "mirrored": geometry.mirrored(transform),
        "crop": part < CROP,
        "framed": not found and 1 / part < CROP <= 1 / (part * content),
        "larger": not found and 1 / (part * content) < CROP,
    }
    return " ".join([word for word, holds in words.items() if holds] + found.split())


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
