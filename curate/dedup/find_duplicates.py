"""Which pictures are copies of which: candidates, proof and groups put together.

Two kinds of groups come out. Copies are proved, one by one, against the picture that stays; a little less proof
will do where a third picture is a proved copy of both ("linked"). Alike pictures are less than that, the same car
from the same spot a second later, say, or copies of which one lies on its side: the wrong one might stay, so
neither is removed. The split keeps them together. They are pairs of the same search that agree in good part,
joined from the most alike to the least into groups of at most 64, copies not counted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.executors import MapFn
from curate.core.progress import counter
from curate.core.recipe import Dedup
from curate.dedup import candidates, clustering, fingerprints, geometry
from curate.dedup import phash as hashing
from curate.dedup.alignment import PROOF
from curate.dedup.fingerprints import Records
from curate.dedup.geometry import Map
from curate.dedup.pair_table import Pairs
from curate.dedup.runs import Indices

ALIKE = 0.8  # agreement of pictures that the split keeps together
MOST_ALIKE = 64  # pictures in such a group, their copies not counted
LINKING = 3  # rounds: further ones hardly find anything
CROP = 0.92  # of the area: a copy that shows less is called a crop, one that shows as much more larger
PLAIN_LEVELS = 3  # grey levels between two pictures without detail that are the same
PLAIN_COLOURS = 8  # levels of a channel between them; JPEG stores colours more coarsely


@dataclass(frozen=True)
class Copies:
    """What was found of n pictures, numbered from best to worst."""

    phash: NDArray[np.uint64]  # (n,)
    keeper: Indices  # (n,) number of the picture that stays; its own when it stays itself
    distance: NDArray[np.int64]  # (n,) bits between its hash and its keeper's, the nearer of plain and mirrored
    proof: list[str]  # n words, "" for a keeper
    component: Indices  # (n,) smallest number of its looser group


def find(records: Records, config: Dedup, map_fn: MapFn = map) -> Copies:
    """Compare all pictures, numbered from best to worst, with each other."""
    photos = records[fingerprints.wholes(records)]
    count, owner = len(photos), fingerprints.owners(records)
    found = candidates.find(records["grey"], owner, config.similar_distance, config.method == "thorough", map_fn)
    pairs = Pairs(records, found, config.max_distance, map_fn)
    pairs.add(*_plain_pairs(photos), agreement=1.0, least=PROOF)
    with counter("compare", len(pairs.better), "candidate pair") as pairs.advance:
        keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
        for _ in range(LINKING):
            linked = _links(keeper, pairs)
            if not linked:
                break
            pairs.add_linked(linked)
            keeper = clustering.keepers(count, pairs.better, pairs.worse, pairs.bits, pairs.confirm)
    proof, content = [""] * count, fingerprints.content(photos)
    for pair in np.flatnonzero((keeper[pairs.worse] == pairs.better) & pairs.proved(slice(None))).tolist():
        worse = pairs.worse[pair]
        proof[worse] = _word(pairs.place.get(pair), content[worse]) + " linked" * (pair in pairs.linked)
    return Copies(photos["phash"], keeper, _distances(photos, keeper), proof, _components(keeper, pairs))


def _links(keeper: Indices, pairs: Pairs) -> dict[tuple[int, int], list[Map]]:
    """Pairs (better, worse) of a keeper and a copy of a copy of it, mostly a keeper too; and where in the better
    one that puts the worse.

    A strong crop and a framed copy may both be proved copies of the photo between them, and be too far apart for
    the search. Being copies of one photo removes neither: they are compared with each other, lying as they must.
    """
    removed, stays = keeper[pairs.better] != pairs.better, keeper[pairs.worse] == pairs.worse
    pairs.confirm(
        clustering.nearest(np.flatnonzero(removed & stays & pairs.near(slice(None))), pairs.worse, pairs.bits)
    )
    proved = pairs.proved(slice(None)) & (pairs.agreement >= PROOF)  # a link of links would be a chain
    nowhere = np.eye(3)  # a keeper in itself, or one plain picture in another
    in_keeper = dict.fromkeys(np.flatnonzero(keeper == np.arange(len(keeper))).tolist(), nowhere)
    for pair in np.flatnonzero(proved & (keeper[pairs.worse] == pairs.better)).tolist():
        in_keeper[int(pairs.worse[pair])] = pairs.place.get(pair, nowhere)
    known = [*pairs.linked, *np.flatnonzero(proved).tolist()]
    known_ends = set(zip(pairs.better[known].tolist(), pairs.worse[known].tolist(), strict=True))
    links: dict[tuple[int, int], list[Map]] = {}
    for pair in np.flatnonzero(proved & (keeper[pairs.better] != keeper[pairs.worse])).tolist():
        better, worse = int(pairs.better[pair]), int(pairs.worse[pair])
        if better not in in_keeper or worse not in in_keeper:
            continue  # a link has removed it: no proved copy of its keeper
        place, back = pairs.place.get(pair, nowhere), np.linalg.inv(in_keeper[worse])
        ways = {  # the keepers; and each of them with the other's copy, which loses its keeper if that goes
            (int(keeper[better]), int(keeper[worse])): in_keeper[better] @ place @ back,
            (int(keeper[better]), worse): in_keeper[better] @ place,
            (better, int(keeper[worse])): place @ back,
        }
        for (first, second), lies in ways.items():
            ends = min(first, second), max(first, second)
            if ends not in known_ends:
                links.setdefault(ends, []).append(lies if first < second else np.linalg.inv(lies))
    return links


def _components(keeper: Indices, pairs: Pairs) -> Indices:
    """The looser groups: (n,) smallest number of each. What is alike to a copy is alike to its keeper."""
    alike = np.flatnonzero(pairs.agreement >= ALIKE)
    alike = alike[np.lexsort((pairs.worse[alike], pairs.better[alike], -pairs.agreement[alike]))]
    better, worse = keeper[pairs.better[alike]], keeper[pairs.worse[alike]]
    return clustering.components(len(keeper), better, worse, MOST_ALIKE)[keeper]


def _word(place: Map | None, content: float) -> str:
    """What proved a pair, for the manifest; `place` is None for two pictures of one grey.

    `content` is the share of the worse picture that is not a plain frame: is the frame all it shows more?
    """
    if place is None:
        return "plain"
    part = abs(float(np.linalg.det(place)))
    words = {
        "aligned": True,
        "mirrored": geometry.mirrored(place),
        "crop": part < CROP,
        "framed": 1 / part < CROP <= 1 / (part * content),
        "larger": 1 / (part * content) < CROP,
    }
    return " ".join(word for word, holds in words.items() if holds)


def _plain_pairs(photos: Records) -> tuple[Indices, Indices]:
    """Each picture that is one grey all over, with the best one of the same grey and colours."""
    low, high = (extreme(photos["grey"], axis=(1, 2)).astype(np.int16) for extreme in (np.min, np.max))
    left = np.flatnonzero(high - low <= PLAIN_LEVELS)
    better, worse = [], []
    while len(left):
        first = left[0]
        same = np.abs(low[left] - low[first]) <= PLAIN_LEVELS
        colours = photos["colour"][left].astype(np.int16)
        same &= np.abs(colours - colours[0]).max(axis=(1, 2, 3)) <= PLAIN_COLOURS
        better.append(np.full(same.sum() - 1, first))
        worse.append(left[same][1:])
        left = left[~same]
    nothing = [np.empty(0, np.int64)]
    return np.concatenate(nothing + better), np.concatenate(nothing + worse)


def _distances(photos: Records, keeper: Indices) -> NDArray[np.int64]:
    """Bits between each hash and its keeper's, plain or mirrored."""
    kept = photos["phash"][keeper]
    nearer = np.minimum(hashing.distance(photos["phash"], kept), hashing.distance(photos["mirror"], kept))
    return nearer.astype(np.int64)
