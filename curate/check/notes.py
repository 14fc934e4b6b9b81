"""What limits every verdict of a dataset, and what to do about it."""

from collections.abc import Sequence
from os.path import isfile
from pathlib import Path

from curate.check.duplicates import Entry
from curate.check.learnt import Learnt
from curate.check.thresholds import Thresholds
from curate.core.counted import counted
from curate.core.errors import Do, Note, Run, To
from curate.photos import missing


def never_ok(learnt: Learnt, thresholds: Thresholds, precision: float) -> list[Note]:
    """Why no new photo is called ok, where none is; what labels say of it is said with them."""
    if learnt.usable is None:
        text = f"nothing was learnt about bad photos: {learnt.too_few()}; no new photo is called ok"
        return [Note(text, To("let it learn", Run("review"), Do("reject what does not fit")))]
    if thresholds.oks is None and not thresholds.labels:
        label = Run("sample"), Do("write keep or reject into its file"), Do("name that file with --labels")
        return [Note(thresholds.no_ok(precision), To("measure it", *label))]
    return []


def lost(folder: Path, rows: Sequence[Entry]) -> list[Note]:
    """Photos of the dataset whose files are missing: nothing can be compared with them."""
    gone = [row.path for row in rows if not isfile(f"{folder}/{row.path}")]  # noqa: PTH113  (a third of the time)
    if not gone:
        return []
    number = counted(len(gone), "photo file is", "photo files are")
    text = f"{number} missing, e.g. {gone[0]}: a duplicate of such a photo is found by its bytes alone"
    return [Note(text, missing.remedy(folder))]
