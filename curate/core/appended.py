"""What was added to a file of decisions since a stage read it."""

import csv
import hashlib
import io
from pathlib import Path


def keys_added(path: Path, digest: str) -> set[str]:
    """The keys in the rows of a CSV that follow what had the sha256 `digest`, or `absent`.

    Empty where nothing was added, and where more than that was changed: the file no longer begins as it did.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return set()
    so_far, at = hashlib.sha256(), 0
    found = 0 if digest == "absent" else -1
    for line in data.splitlines(keepends=True):
        if found >= 0:
            break
        without = so_far.copy()
        without.update(line.rstrip(b"\n"))  # its last line may have lacked the end that an appended row gives it
        so_far.update(line)
        at += len(line)
        found = at if digest in (so_far.hexdigest(), without.hexdigest()) else -1
    if found < 0:
        return set()
    try:
        header = next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")), [])
        place = header.index("key")
        rows = csv.reader(io.StringIO(data[found:].decode("utf-8-sig"), newline=""))
        keys = {row[place] for row in rows if len(row) > place and row != header}
    except (ValueError, csv.Error):
        return set()
    return keys - {""}
