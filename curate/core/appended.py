"""What was added to a file of decisions since a stage read it."""

import csv
import hashlib
import io
from pathlib import Path

from curate.core.counted import counted


def keys_added(path: Path, digest: str) -> set[str]:
    """The keys in the rows of a CSV that follow what had the sha256 `digest`, or `absent`.

    Empty where nothing was added, and where more than that was changed: the file no longer begins as it did.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return set()
    if (start := 0 if digest == "absent" else _end(data, digest)) is None:
        return set()
    try:
        header = next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")), [])
        place = header.index("key")
        rows = csv.reader(io.StringIO(data[start:].decode("utf-8-sig"), newline=""))
        keys = {row[place] for row in rows if len(row) > place and row != header}
    except (ValueError, csv.Error):
        return set()
    return keys - {""}


def newer(number: int) -> str:
    """`3 decisions in review.csv are newer`."""
    return f"{counted(number, 'decision in review.csv is', 'decisions in review.csv are')} newer"


def _end(data: bytes, digest: str) -> int | None:
    """Where the first lines of `data` end that have the sha256 `digest`; None where no first lines have it."""
    so_far, at = hashlib.sha256(), 0
    for line in data.splitlines(keepends=True):
        without = so_far.copy()
        without.update(line.rstrip(b"\n"))  # its last line may have lacked the end that an appended row gives it
        so_far.update(line)
        at += len(line)
        if digest in (so_far.hexdigest(), without.hexdigest()):
            return at
    return None
