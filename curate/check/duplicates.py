"""Is a photo one that the collection has already? By its bytes, else by its fingerprint and a comparison.

All hashes of dedup.csv are compared with the photo's, plain and mirrored: 100,000 take a millisecond. Those that
are near, and the photo that the network finds most alike, are proved as dedup does, by laying the images on each
other. The hash of a whole image misses a crop of a tenth on each side; the network often finds it, if
no other photo is more alike.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import RejectedError
from curate.core.recipe import Dedup
from curate.core.schemas import DedupRow, FetchRow
from curate.dedup import candidates, find_duplicates, fingerprints, phash
from curate.dedup.candidates import PARTS, WINDOW_BITS, Greys
from curate.dedup.fingerprints import Fingerprints
from curate.photos import store

MOST = 16  # near photos that are compared: a photo that nearly all are near to has nothing in it


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A photo of the collection that shows the same image."""

    key: str
    listing_id: str
    exact: bool  # byte for byte


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a photo that others are compared with."""

    key: str
    listing_id: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Index:
    """The hashes of a collection, in memory: 8 bytes a photo, and what is known of it."""

    hashes: NDArray[np.uint64]  # (n,)
    rows: tuple[Entry, ...]  # (n,) sorted by key
    by_sha256: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, fetched: Sequence[FetchRow], hashed: Sequence[DedupRow]) -> "Index":
        """The index of all photos that have a hash, removed duplicates included."""
        found = {row.key: int(row.phash, 16) for row in hashed if row.phash}
        rows = [Entry(row.key, row.listing_id, row.path, row.sha256) for row in fetched if row.key in found]
        return cls.from_rows(np.array([found[row.key] for row in rows], np.uint64), rows)

    @classmethod
    def from_rows(cls, hashes: NDArray[np.uint64], rows: Sequence[Entry]) -> "Index":
        """The index of photos with their `hashes` (n,)."""
        places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            places.setdefault(row.sha256, []).append(place)
        return cls(hashes, tuple(rows), {sha256: tuple(at) for sha256, at in places.items()})

    def entry(self, key: str) -> Entry | None:
        """What is known of the photo `key`; None where it has no hash."""
        place = bisect_left(self.rows, key, key=attrgetter("key"))
        return self.rows[place] if place < len(self.rows) and self.rows[place].key == key else None

    def near(self, plain: int, mirror: int, bits: int) -> list[int]:
        """Places of the photos within `bits` of either hash, the nearest first."""
        if not len(self.hashes):
            return []
        distance = np.minimum(
            np.bitwise_count(self.hashes ^ np.uint64(plain)), np.bitwise_count(self.hashes ^ np.uint64(mirror))
        )
        places = np.flatnonzero(distance <= bits)
        order: list[int] = places[np.argsort(distance[places], kind="stable")].tolist()
        return order


def same(index: Index, sha256: str, listings: Collection[str] = ()) -> Duplicate | None:
    """A photo of the same bytes; None without any. Photos of `listings` do not count."""
    for place in index.by_sha256.get(sha256, ()):
        if (row := index.rows[place]).listing_id not in listings:
            return Duplicate(row.key, row.listing_id, exact=True)
    return None


def near(index: Index, own: Fingerprints, bits: int, listings: Collection[str] = ()) -> list[Entry]:
    """The photos within `bits` of one with the fingerprints `own`, the nearest first, at most `MOST`.

    Photos of `listings` do not count.
    """
    whole = own[fingerprints.wholes(own)][0]
    places = index.near(int(whole["phash"]), int(whole["mirror"]), bits)
    return [index.rows[place] for place in places if index.rows[place].listing_id not in listings][:MOST]


def alike(index: Index, keys: Iterable[str], listings: Collection[str] = ()) -> list[Entry]:
    """The first photo of `keys` that is not of `listings`, in a list; an empty list without any."""
    found = (entry for key in keys if (entry := index.entry(key)) and entry.listing_id not in listings)
    return list(islice(found, 1))


def prove(
    folder: Path, config: Dedup, asked: tuple[Fingerprints, Sequence[Entry], Sequence[Entry]]
) -> Duplicate | None:
    """On a worker: the first of its `near` and `alike` photos that one is a duplicate of, by image registration.

    Those that are only alike are asked for crops, which takes a third of the time, before they are registered.
    """
    own, others, only_alike = asked
    for row in dict.fromkeys((*others, *only_alike)):
        try:
            theirs = store.load(folder, row.path, row.sha256, at_least=fingerprints.AT_LEAST).pixels
        except RejectedError:  # lost since: it cannot be compared
            continue
        both = np.concatenate([fingerprints.of_pixels(theirs), own])
        wholes = both["grey"][fingerprints.wholes(both)]
        if row not in others and not _may_be_crop(wholes, config.similar_distance):
            continue
        if find_duplicates.find(both, config).keeper[1] == 0:
            return Duplicate(row.key, row.listing_id, exact=False)
    return None


def _may_be_crop(greys: Greys, bits: int) -> bool:
    """Whether a window of one of two images (2, 64, 64), mirrored or not, is near the whole of the other.

    It is what `candidates.find` asks of windows, in a third of its time.
    """
    hashed = candidates.hash_parts(True, greys)
    windows = slice(len(PARTS), None)
    usable = hashed.textured[windows] & hashed.textured[0, ::-1]
    return any(
        bool((phash.distance(hashes[windows], hashed.plain[0, ::-1])[usable] <= min(bits, WINDOW_BITS)).any())
        for hashes in (hashed.plain, hashed.mirrored)
    )
