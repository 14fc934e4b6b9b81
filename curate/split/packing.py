"""Whole groups into splits of an exact size. Pure functions.

Groups come in the order of the hashes of their names. Train takes one after the other until it is full, passing
over those for which it has no room, then val from what is left, then test. So each split is a random draw of all
groups, large and small alike; only the last few photos of a split are of groups small enough to fill it.

One more photo takes one place. The last photo of the split it falls in moves on to the next split, and that can
happen once per split: at most one photo per split boundary changes. (Where the last are parts of groups, a few.)
Photos behind the last place of test are surplus, so listings with few photos are as likely to be used as those
with many.

Large groups and little surplus can leave a split short on that way, or without any photo of a class, although some
other placement fits. Then, and only then, `cover` solves for one.
"""

import hashlib
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curate.core.schemas import SPLITS

Sizes = Mapping[str, int]  # class name to number of photos
Targets = Mapping[str, Sizes]  # split to sizes
_RANGE = 2**256
_NODES = 2000  # of the search tree of `cover`


@dataclass(frozen=True, slots=True)
class Group:
    """Photos that must not be parted. The name decides its hash: keep it while photos come and go."""

    name: str
    sizes: Sizes


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a group goes, and how many of its photos fit there. An empty split: it is surplus as a whole."""

    split: str
    taken: Sizes


def draw(seed: int, name: str) -> int:
    """A number below 2**256 that depends on `seed` and `name` only: the sha256 of both."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{name}".encode("utf-8", "surrogatepass")).digest(), "big")


def preferences(drawn: int, targets: Targets) -> list[str]:
    """The splits in the order in which a group with the hash `drawn` asks for room."""
    totals = [sum(targets[split].values()) for split in SPLITS]
    point, own = drawn * sum(totals) // _RANGE, 0
    while own < len(SPLITS) - 1 and point >= totals[own]:
        point -= totals[own]
        own += 1
    return [*SPLITS[own:], *SPLITS[:own]]


def pack(
    groups: Sequence[Group],
    targets: Targets,
    seed: int,
    trim: bool,
    fixed: Mapping[str, str] = types.MappingProxyType({}),
) -> dict[str, Placement]:
    """Place each group; by name.

    With `trim`, gaps that no whole group fits are filled by parts of groups, whose other photos stay surplus. When
    a split is short even so, the placement that `cover` finds is taken instead; if it finds none, the split stays
    short. Without `trim`, no photo is surplus: a group that fits nowhere goes to the split with most room and
    makes it larger than its target; when a class is absent from a split, `cover` finds groups to fix there first.
    `fixed` names the splits of groups that are not asked.
    """
    rank = {group.name: draw(seed, group.name) for group in groups}
    everything = {group.name: group.sizes for group in groups}
    room: dict[str, Counter[str]] = {split: Counter(targets[split]) for split in SPLITS}
    placed: dict[str, Placement] = {}

    def put(name: str, split: str, sizes: Sizes) -> None:
        before: Sizes = placed[name].taken if name in placed else {}
        placed[name] = Placement(split, {c: before.get(c, 0) + sizes.get(c, 0) for c in everything[name]})
        room[split].subtract(sizes)

    def fits(name: str, split: str) -> bool:
        return all(room[split][c] >= count for c, count in everything[name].items())

    for name, split in fixed.items():
        put(name, split, everything[name])
    by_hash = sorted(everything, key=rank.__getitem__)
    for split in SPLITS:
        for name in by_hash:
            if name not in placed and fits(name, split):
                put(name, split, everything[name])
    for name in sorted(everything, key=lambda name: (name not in placed, rank[name])):
        splits = [placed[name].split] if name in placed else preferences(rank[name], targets)
        if trim:
            taken: Sizes = placed[name].taken if name in placed else {}
            left = {c: count - taken.get(c, 0) for c, count in everything[name].items()}
            parts = {s: {c: max(0, min(count, room[s][c])) for c, count in left.items()} for s in splits}
            split = max(splits, key=lambda s: sum(parts[s].values()))
            if any(parts[split].values()):
                put(name, split, parts[split])
        elif name not in placed:
            put(name, max(splits, key=lambda s: min(room[s][c] for c in everything[name])), everything[name])
    first = {name: place.split for name, place in placed.items()}
    if trim and any(count > 0 for counts in room.values() for count in counts.values()):
        placed = cover(groups, targets, seed, first) or placed
    elif (
        not trim
        and not fixed
        and any(room[s][c] == n > 0 for s, sizes in targets.items() for c, n in sizes.items())
    ):
        one_each = {split: {name: min(1, n) for name, n in sizes.items()} for split, sizes in targets.items()}
        if found := cover(groups, one_each, seed, first):
            return pack(groups, targets, seed, trim, {name: place.split for name, place in found.items()})
    return {name: placed.get(name, Placement("", {})) for name in everything}


def cover(
    groups: Sequence[Group], targets: Targets, seed: int, first: Mapping[str, str]
) -> dict[str, Placement] | None:
    """A placement that fills every split exactly, by name of the group; None where there is none.

    An integer program (`scipy.optimize.milp`). Of all placements it takes one that moves the fewest photos out of
    the split that `first` has for their group, and overfills splits the least, where photos have to be left out;
    of equals the one that the hashes of the groups prefer. It stops after a number of nodes, not of seconds, so
    that every machine stops at the same place; only then None does not prove that there is none.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    ordered = sorted(groups, key=lambda group: draw(seed, group.name))
    classes = sorted({name for sizes in targets.values() for name in sizes})
    places = [(split, name) for split in SPLITS for name in classes]
    choices = [(group, split) for group in ordered for split in SPLITS]  # then one overfill per place
    overfill = len(choices)
    entries = [
        (places.index((split, name)), column, size)
        for column, (group, split) in enumerate(choices)
        for name, size in group.sizes.items()
    ]
    entries += [(row, overfill + row, -1) for row in range(len(places))]
    entries += [
        (len(places) + column // len(SPLITS), column, 1) for column in range(overfill)
    ]  # one split at most
    rows, columns, values = zip(*entries, strict=True)
    shape = (len(places) + len(ordered), overfill + len(places))
    asked = np.array([targets[split][name] for split, name in places], dtype=float)
    lowest = np.concatenate([asked, np.zeros(len(ordered))])
    highest = np.concatenate([asked, np.ones(len(ordered))])
    moved = [sum(g.sizes.values()) * (first.get(g.name) != split) for g, split in choices]
    ranks = [preferences(draw(seed, g.name), targets).index(split) for g, split in choices]
    wish = np.divide(ranks, 8 * len(choices))  # all of them together weigh less than one photo
    found = milp(
        np.concatenate([np.add(moved, wish), np.ones(len(places))]),
        integrality=np.repeat([1, 0], [overfill, len(places)]),
        bounds=Bounds(0, np.repeat([1.0, np.inf], [overfill, len(places)])),
        constraints=LinearConstraint(coo_array((values, (rows, columns)), shape=shape).tocsr(), lowest, highest),
        options={"node_limit": _NODES},
    )
    if found.x is None:
        return None
    left = {split: Counter(sizes) for split, sizes in targets.items()}
    placed = {}
    for (group, split), chosen in zip(choices, found.x[:overfill] > 0.5, strict=True):
        if chosen:
            taken = {name: count for name, size in group.sizes.items() if (count := min(size, left[split][name]))}
            left[split].subtract(taken)
            placed[group.name] = Placement(split, taken)
    return placed
