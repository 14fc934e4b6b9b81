"""The split that came with imported photos, kept beside the manifests until another import."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curate.core import manifest
from curate.core.errors import Do, Note, Run, StateError, To
from curate.core.schemas import SPLITS
from curate.core.table import format_rows, parse_rows

NAME = "given_split.csv"


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A photo and its split."""

    key: str
    split: str  # train, val, test


def format_splits(splits: Iterable[tuple[str, str]]) -> bytes:
    """The file of key and split."""
    return format_rows([GivenRow(key, split) for key, split in splits], GivenRow)


def read_splits(folder: Path) -> dict[str, str]:
    """Key to split; empty where no import brought one. Raises StateError when the file is damaged."""
    path = folder / NAME
    if not path.exists():
        return {}
    rows = parse_rows(path.read_bytes(), GivenRow, str(path))
    if odd := [row for row in rows if row.split not in SPLITS]:
        raise StateError(f"{path}: {odd[0].split!r} is no split", Run("import", ("PATH", "--keep-split")))
    return {row.key: row.split for row in rows}


def leaks(folder: Path) -> list[Note]:
    """What to say of a split that came with the photos and leaks; empty where none did, or none leaks."""
    try:
        leakage = manifest.read_sidecar(folder, "split")["notes"].get("leakage", {})
        by = manifest.recorded_provenance(folder, "fetch").config.get("group_by")
    except StateError:
        return []
    found = [
        f"{len(names):,} of {leakage['checked'][what]:,} {what}"
        for what, names in leakage.get("leaks", {}).items()
        if names
    ]
    if not found or not (folder / NAME).exists():
        return []
    again = (manifest.imported_from(folder), "--no-keep-split", *((f"--group-by={by}",) if by else ()))
    return [
        Note(
            f"the split that came with the photos leaks: {', '.join(found)} are in more than one split",
            To("see the photos", Run("audit", ("--leaks", str(folder)))),
            To(
                "make a new split",
                Do("leave source.keep_split out of the recipe"),
                Run("import", again),
            ),
        )
    ]
