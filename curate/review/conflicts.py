"""Label conflicts: duplicates under more than one class name, decided and undecided. Reads only.

Of such duplicates dedup keeps one photo, and flags all of them (`label_conflict`). A row of review.csv about the
kept photo decides: `clean` obeys it. Where `clean` rejects that photo for what it shows, there is nothing to
decide.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import Do, Note, Run, StateError, To
from curate.core.schemas import SPLITS, CleanRow, DedupRow, FetchRow, SplitRow
from curate.review import decisions, queue
from curate.review.decisions import Review

UNDECIDED_SHOWN = 24  # by the report


@dataclass(frozen=True, slots=True)
class Conflict:
    """A kept photo whose duplicates are listed under different classes."""

    classes: tuple[str, ...]  # sorted
    status: str  # what was decided, and by whom
    undecided: bool


def label_conflicts(
    folder: Path, rows: Iterable[DedupRow], photos: Mapping[str, FetchRow], written: Review
) -> dict[str, Conflict]:
    """Every label conflict, by the key of the photo that was kept."""
    classes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.label_conflict:
            classes[row.group] |= {photos[row.key].class_name} if row.key in photos else set()
    waiting = undecided(folder, classes, written)
    found = {}
    for key, names in classes.items():
        status = "nothing to decide: clean rejects the kept photo"
        if key in written.decisions:
            status = f"a person decided {written.decisions[key]}"
        elif key in waiting:
            status = f"{decisions.NAME} cannot be obeyed" if written.problem else "a person must decide"
        found[key] = Conflict(tuple(sorted(names)), status, key in waiting and not written.problem)
    return found


def undecided(folder: Path, keys: Collection[str], written: Review) -> set[str]:
    """Those of the kept photos `keys` that a person must still decide."""
    waiting = set(keys) - set(written.decisions)
    with suppress(StateError):  # clean has not run
        if waiting and not manifest.mismatch(folder, "clean", ignored=[decisions.NAME]):
            waiting -= {row.key for row in manifest.read(folder, CleanRow) if not queue.class_applies(row)}
    return waiting


def to_do(folder: Path, class_names: Sequence[str], rows: Sequence[DedupRow] | None = None) -> list[Note]:
    """What is wrong with review.csv, who disagrees, how many label conflicts there are; empty if nothing.

    `class_names` are the recipe's, `rows` those of dedup.csv where the caller has read it.
    """
    written = decisions.load_or_problem(folder / decisions.NAME, class_names)
    if written.problem:
        return [Note(written.problem)]
    return [*disagreements(written), *_label_conflicts(folder, written, rows)]


def disagreements(written: Review) -> list[Note]:
    """Decisions that contradict each other, and an incomplete last row of the log."""
    found = {key: ", ".join(map(str, said)) for key, said in written.conflicts.items()}
    found |= {" ".join(pair): ", ".join(said) for pair, said in written.disputed_pairs.items()}
    notes = [Note(written.torn)] if written.torn else []
    if found:
        first, said = min(found.items())
        notes.append(
            Note(
                f"decisions contradict each other about {counted(len(found), 'photo')}, e.g. {first}: {said}; "
                "none is obeyed until one yields"
            )
        )
    return notes


def _flagged(folder: Path, rows: Sequence[DedupRow] | None) -> Sequence[DedupRow]:
    """The rows of dedup.csv, where it stands and has a label conflict."""
    try:
        noted = manifest.read_sidecar(folder, "dedup")["notes"]
        if noted.get("label_conflicts") == 0 or manifest.mismatch(folder, "dedup"):
            return ()
        return manifest.read(folder, DedupRow) if rows is None else rows
    except StateError:  # the command that needs dedup.csv reports it
        return ()


def _kept_in_conflict(
    folder: Path, written: Review, rows: Sequence[DedupRow] | None = None
) -> tuple[set[str], set[str], set[str]]:
    """The kept photos with a label conflict: all, those to decide, those that clean rejects."""
    rows = _flagged(folder, rows)
    written = decisions.of_keepers(written, rows)
    keys = {row.key for row in rows if row.keep and row.label_conflict}
    waiting = undecided(folder, keys, written)
    return keys, waiting, keys - waiting - set(written.decisions)


def _label_conflicts(folder: Path, written: Review, rows: Sequence[DedupRow] | None) -> list[Note]:
    keys, waiting, rejected = _kept_in_conflict(folder, written, rows)
    if not keys:
        return []
    photos = counted(len(keys), "photo has", "photos have")
    count = f"label conflicts: {photos} duplicates under another class name"
    if rejected:
        count = f"{count}, clean rejects {len(rejected):,} of them"
    if not waiting:
        return [Note(f"{count}, {'none undecided' if rejected else 'all decided'}")]
    shown = f"see the first {UNDECIDED_SHOWN} (label_conflict in dedup.csv marks all)"
    placed = f" ({in_words} in the split)" if (in_words := _words(_placed(folder, waiting))) else ""
    return [
        Note(
            f"{count}, {len(waiting):,} undecided{placed}, e.g. {min(waiting)}",
            To(shown if len(waiting) > UNDECIDED_SHOWN else "see them", Run("report")),
            Do(how_to_decide(min(waiting), folder / decisions.NAME)),
        )
    ]


def in_split(folder: Path, class_names: Sequence[str]) -> list[Note]:
    """How many photos whose class nobody has decided are in the split; empty where there is none.

    `class_names` are the recipe's.
    """
    written = decisions.load_or_problem(folder / decisions.NAME, class_names)
    _, waiting, _ = _kept_in_conflict(folder, written)
    if not (placed := _placed(folder, waiting)):
        return []
    photos = counted(placed.total(), "photo of unsettled class is", "photos of unsettled class are")
    found = f"{photos} in the split ({_words(placed)}), under the class that the kept duplicate has"
    return [
        Note(found, To("look and decide", Run("review")), Do(how_to_decide(min(waiting), folder / decisions.NAME)))
    ]


def _placed(folder: Path, keys: Collection[str]) -> Counter[str]:
    """How many of the photos `keys` each split has; none where no split stands."""
    with suppress(StateError):  # split has not run
        if keys and not manifest.mismatch(folder, "split"):
            return Counter(row.split for row in manifest.read(folder, SplitRow) if row.keep and row.key in keys)
    return Counter()


def _words(placed: Counter[str]) -> str:
    """`3 train, 1 test`."""
    return ", ".join(f"{placed[name]:,} {name}" for name in SPLITS if placed[name])


def how_to_decide(key: str, path: Path | str = decisions.NAME) -> str:
    """What to write where, to decide a photo."""
    header = ",".join(decisions.BY_HAND)
    return f"to decide, write {key},keep,CLASS or {key},reject, into {path} below its header, {header}"
