"""What the report says of the split: photos per class, what stands in two splits, and the nearest pairs across."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core.schemas import SPLITS
from curate.inspect.rows import Rows
from curate.report.thumbnails import Figure, Section, thumbnail
from curate.split.leakage import check_leakage

PAIRS = 6  # across splits, the nearest first
BITS = 64  # of a perceptual hash
_BLOCK = 256  # photos compared at once


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
    best: NDArray[np.int64] = np.empty(len(right), np.int64)
    apart = np.empty(len(right), np.int64)
    for start in range(0, len(right), _BLOCK):
        bits = np.bitwise_count(right[start : start + _BLOCK, None] ^ left)
        best[start : start + _BLOCK] = bits.argmin(axis=1)
        apart[start : start + _BLOCK] = bits.min(axis=1)
    found: list[tuple[int, int, int]] = []
    for place in np.argsort(apart, kind="stable").tolist():
        if best[place] not in {a for a, _, _ in found}:
            found.append((int(best[place]), place, int(apart[place])))
        if len(found) == number:
            break
    return found


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
