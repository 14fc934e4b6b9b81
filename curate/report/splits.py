"""What the report says of the split: photos per class, what stands in two splits, and the nearest pairs across."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core.schemas import SPLITS
from curate.dedup import hamming_search
from curate.dedup.phash import Hashes
from curate.inspect.rows import Rows
from curate.report.thumbnails import Figure, Section, thumbnail
from curate.split.leakage import check_leakage

PAIRS = 6  # across splits, the nearest first
BITS = 64  # of a perceptual hash
_BLOCK = 1 << 22  # pairs compared at once: 32 MB an array
_FEW = 1 << 27  # pairs that are all compared; of more, only those within a few bits
_RADII = (2, 5, 8, 12)  # bits, until there are pairs enough


def split(folder: Path, rows: Rows, notes: Mapping[str, Any], method: str) -> Section:
    """Tables, the stage's own leakage check and the same counted anew; `method` is that of dedup."""
    placed = [row for row in rows.split.values() if row.keep]
    tally = Counter((row.class_name, row.split) for row in placed)
    classes = sorted({row.class_name for row in placed})
    table = [(name, [tally[name, part] for part in SPLITS]) for name in classes]
    leakage = check_leakage(
        list(rows.split.values()), list(rows.fetch.values()), list(rows.dedup.values()), method
    )
    checks = [(what, number, len(leakage.leaks[what])) for what, number in leakage.checked.items()]
    hashes = {row.key: row.phash for row in rows.dedup.values() if row.phash}
    train = sorted(row.key for row in placed if row.split == "train" and row.key in hashes)
    others = sorted(row.key for row in placed if row.split in SPLITS[1:] and row.key in hashes)
    pairs = nearest([hashes[key] for key in train], [hashes[key] for key in others])
    return {
        "table": table,
        "splits": SPLITS,
        "checks": checks,
        "passed": leakage.passed,
        "method": method,
        "leakage": [*check_lines(notes.get("leakage")), *notes.get("shares", [])],
        "nearest": pairs[0][2] if pairs else None,
        "bits": BITS,
        "figures": [_pair(folder, rows, train[a], others[b], distance) for a, b, distance in pairs],
    }


def nearest(first: Sequence[str], second: Sequence[str], number: int = PAIRS) -> list[tuple[int, int, int]]:
    """Places and Hamming distance of the pairs with the nearest hashes (hex), each place once, nearest first."""
    if not first or not second:
        return []
    left, right = (np.array([int(word, 16) for word in words], np.uint64) for words in (first, second))
    for bits in _RADII if len(left) * len(right) > _FEW else ():
        found = _each_once(_within(left, right, bits), len(left), number)
        if len(found) == number:
            return found
    code = np.empty(len(right), np.int64)
    rows = max(1, _BLOCK // len(left))
    for start in range(0, len(right), rows):
        apart = np.bitwise_count(right[start : start + rows, None] ^ left).astype(np.int64)
        code[start : start + rows] = (apart * len(left) + np.arange(len(left))).min(axis=1)
    return _each_once(code, len(left), number)


def _within(left: Hashes, right: Hashes, bits: int) -> NDArray[np.int64]:
    """For each of `right`, (n,), bits · len(left) + place of the nearest of `left`; more than that of 64 bits for
    one that has none within so many bits."""
    code = np.full(len(right), (BITS + 1) * len(left), np.int64)
    for place, other, apart in hamming_search.across(right, left, bits):
        np.minimum.at(code, place, apart.astype(np.int64) * len(left) + other)
    return code


def _each_once(code: NDArray[np.int64], count: int, number: int) -> list[tuple[int, int, int]]:
    """The first `number` pairs of which each of the `count` photos is in one, by a code as of `_within`."""
    found: dict[int, tuple[int, int, int]] = {}
    for place in np.argsort(code // count, kind="stable").tolist():
        apart, best = divmod(int(code[place]), count)
        if apart > BITS or len(found) == number:
            break
        found.setdefault(best, (best, place, apart))
    return list(found.values())


def _pair(folder: Path, rows: Rows, train: str, other: str, distance: int) -> Figure:
    """A photo of train beside the one of another split that is nearest to it."""
    shown = [
        thumbnail(folder, rows.fetch[key], f"In {part}", label=f"in {part}, {rows.split[key].class_name}")
        for key, part in ((train, "train"), (other, rows.split[other].split))
    ]
    return Figure(tuple(shown), (f"hashes {distance} of {BITS} bits apart",), "")


def check_lines(check: object) -> list[str]:
    """The lines of a note of a check, however it is wrapped."""
    if isinstance(check, Mapping):
        check = check.get("lines", [f"{name}: {value}" for name, value in check.items()])
    if isinstance(check, str):
        return check.splitlines()
    return [str(line) for line in check] if isinstance(check, Iterable) else []
