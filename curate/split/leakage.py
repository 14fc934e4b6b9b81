"""Does a split leak? Recomputed from the manifests, knowing nothing of how it was made.

A removed duplicate counts, with its listing and its bytes, as being where the photo kept in its place is.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.core import listings
from curate.core.coverage import NOT_LOOKED_FOR
from curate.core.schemas import SPLITS, DedupRow, FetchRow, SplitRow

LISTINGS, SIMILAR, FILES = "listings", "groups of similar photos", "different files (sha256)"
COVERAGE = {  # of each method of dedup: what a group of similar photos cannot hold, because nothing looked for it
    "hash": (
        f"not looked for: {NOT_LOOKED_FOR['hash']}. "
        "dedup ran with the method hash; thorough finds crops and frames, sellers the others too"
    ),
    "thorough": (
        f"not looked for: {NOT_LOOKED_FOR['thorough']}. dedup ran with the method thorough; sellers looks for them"
    ),
    "sellers": (
        "looked for: crops, frames, banners, turns, screenshots and collages, by the method sellers. "
        "Another photo of the same thing is no duplicate"
    ),
}


_FEW = 8  # classes that a line of the terminal can name


def _sizes(sizes: Mapping[str, int]) -> str:
    """How many photos each class has, in words."""
    if len(sizes) <= _FEW:
        return ", ".join(f"{number} {name}" for name, number in sizes.items())
    fewest, most = min(sizes.values()), max(sizes.values())
    return (
        f"{fewest} in each of {len(sizes)} classes"
        if fewest == most
        else f"{fewest} to {most} in each of {len(sizes)} classes"
    )


@dataclass(frozen=True, slots=True)
class LeakageCheck:
    """What was counted, and what is in more than one split."""

    counts: Mapping[str, Mapping[str, int]]  # split to class name to photos
    checked: Mapping[str, int]  # what to how many of it there are
    leaks: Mapping[str, list[str]]  # what to those that are in more than one split
    method: str = "thorough"  # of dedup: none sees all duplicates
    by_duplicates: int = 0  # of the listings that leak, those that do by a removed duplicate alone

    @property
    def passed(self) -> bool:
        """True when nothing leaks."""
        return not any(self.leaks.values())

    def lines(self) -> list[str]:
        """The check in words."""
        table = [
            f"{split}: {sum(sizes.values())} photos ({_sizes(sizes)})" for split, sizes in self.counts.items()
        ]
        return [
            *table,
            "checked again from the manifests, removed duplicates included:",
            *(self._line(what, leaks) for what, leaks in self.leaks.items()),
            COVERAGE[self.method],
        ]

    def found(self) -> list[str]:
        """What leaks, in words."""
        return [self._line(what, leaks) for what, leaks in self.leaks.items() if leaks]

    def _line(self, what: str, leaks: Sequence[str]) -> str:
        """What was found of one kind."""
        number = self.checked[what]
        if not number:
            return (
                f"{what}: not checked, because no photo names its listing: a folder or listing_id for each would"
            )
        if leaks:
            few = f", {self.by_duplicates} of them only by a removed duplicate" if self.by_duplicates else ""
            only = few if what == LISTINGS else ""
            return f"leak: {len(leaks)} of {number} {what} in more than one split{only}: {', '.join(leaks[:3])}"
        if what == SIMILAR:
            return f"no leak: each of the {number} {what} that dedup found is in one split only"
        return f"no leak: each of the {number} {what} is in one split only"

    def notes(self) -> dict[str, Any]:
        """The check for a sidecar."""
        return {
            "lines": self.lines(),
            "counts": {split: dict(sizes) for split, sizes in self.counts.items()},
            "checked": dict(self.checked),
            "leaks": {what: list(leaks) for what, leaks in self.leaks.items()},
        }


def check_leakage(
    rows: Sequence[SplitRow],
    fetch_rows: Sequence[FetchRow],
    dedup_rows: Sequence[DedupRow],
    method: str = "thorough",
) -> LeakageCheck:
    """Count photos per split and class, and what appears in more than one split. `method` is that of dedup."""
    split_of = {row.key: row.split for row in rows if row.keep}
    names = sorted({row.class_name for row in rows})
    tally = Counter((row.split, row.class_name) for row in rows if row.keep)
    where: dict[str, dict[str, set[str]]] = {what: defaultdict(set) for what in (LISTINGS, SIMILAR, FILES)}
    fetched = {row.key: row for row in fetch_rows}
    for key, names_shown in listings.shown(fetched, dedup_rows).items():
        for name in names_shown if key in split_of else ():
            where[LISTINGS][name].add(split_of[key])
    for row in dedup_rows:
        if split := split_of.get(row.group):
            where[SIMILAR][row.similar_group].add(split)
            where[FILES][fetched[row.key].sha256].add(split)
    leaks = {what: sorted(n for n, splits in found.items() if len(splits) > 1) for what, found in where.items()}
    own: dict[str, set[str]] = defaultdict(set)
    for key, split in split_of.items():
        own[listings.named(fetched[key])].add(split)
    return LeakageCheck(
        counts={split: {name: tally[split, name] for name in names} for split in SPLITS},
        checked={what: len(found) for what, found in where.items()},
        leaks=leaks,
        method=method,
        by_duplicates=sum(len(own[name]) < 2 for name in leaks[LISTINGS]),
    )
