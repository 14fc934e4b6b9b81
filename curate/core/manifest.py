"""Manifests and their sidecars.

`<stage>.csv` holds rows, `<stage>.json` (its sidecar) holds what is true of them: their count and sha256, the
sha256 of each input, configuration, versions, counts by reason, times. A manifest that exists is complete; one
that differs from its sidecar is refused; one whose inputs, configuration or versions changed is stale.
"""

import dataclasses
import hashlib
import itertools
import json
import types
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from curate import __version__
from curate.core.appended import keys_added, newer
from curate.core.counted import counted, counts, funnel
from curate.core.errors import Delete, FetchOrImport, Run, StateError, To
from curate.core.files import atomic_write as atomic_write
from curate.core.files import crash_point as crash_point
from curate.core.files import file_sha256 as file_sha256
from curate.core.files import inside as inside
from curate.core.files import lock as lock
from curate.core.files import sweep as sweep
from curate.core.schemas import REASONS, FetchRow, Row, TrainBaselineRow, identity
from curate.core.section import Section
from curate.core.sidecar import as_sidecar, title
from curate.core.stages import STAGES
from curate.core.table import format_rows as format_rows
from curate.core.table import parse_rows as parse_rows

FORMAT = 1  # of the sidecar and of the cell encoding
STAGE_VERSION = "stage"  # among the versions of a sidecar
RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Provenance:
    """What a manifest was made from. Two runs with equal provenance give equal bytes."""

    stage: str
    inputs: dict[str, str]  # file name to sha256
    config: dict[str, Any]
    versions: dict[str, str]

    def changes(self, other: "Provenance") -> list[str]:
        """What differs in `other`, one line each; empty when nothing does."""
        lines = []
        for part in ("inputs", "config", "versions"):
            mine, theirs = getattr(self, part), getattr(other, part)
            for name in sorted(mine.keys() | theirs.keys()):
                old, new = mine.get(name), theirs.get(name)
                if old != new:
                    lines.append(f"{name} changed" if part == "inputs" else f"{part}.{name}: {old} -> {new}")
        return lines


def csv_path(folder: Path, stage: str) -> Path:
    """Where the manifest of `stage` is."""
    return folder / f"{stage}.csv"


def sidecar_path(folder: Path, stage: str) -> Path:
    """Where the sidecar of `stage` is."""
    return folder / f"{stage}.json"


def provenance(
    folder: Path,
    stage: str,
    config: Section,
    packages: Sequence[str] = (),
    extra_versions: Mapping[str, str] = types.MappingProxyType({}),
) -> Provenance:
    """What a run of `stage` now would be made from: its inputs by the registry, its version, and what is given.

    `packages` are the installed distributions whose version can change the result, `extra_versions` e.g. the
    sha256 of weights. A file that is an input and is not there counts as absent.
    Raises StateError when a manifest among the inputs is missing or itself stale.
    """
    digests = {}
    for upstream in STAGES[stage].inputs:
        if upstream not in STAGES:
            path = folder / upstream
            digests[upstream] = file_sha256(path) if path.is_file() else "absent"
            continue
        if not csv_path(folder, upstream).exists():
            raise StateError(f"{csv_path(folder, upstream)} is not there", remedy(folder, upstream))
        if said := mismatch(folder, upstream):
            raise StateError(said, remedy(folder, upstream))
        if (digest := file_sha256(csv_path(folder, upstream))) != read_sidecar(folder, upstream)["sha256"]:
            raise edited(csv_path(folder, upstream), upstream)
        digests[f"{upstream}.csv"] = digest
    versions = {STAGE_VERSION: str(STAGES[stage].version), **{name: version(name) for name in packages}}
    before = None
    with suppress(StateError):
        before = read_sidecar(folder, stage)["config"]
    return Provenance(stage, digests, config.values(before), {**versions, **extra_versions})


def command(stage: str) -> str:
    """The CLI's word for a stage: `train_baseline` is `train-baseline`."""
    return stage.replace("_", "-")


def fetch_rows(folder: Path) -> list[FetchRow]:
    """The rows of fetch.csv, whatever its sidecar says; none where they cannot be read."""
    path = csv_path(folder, "fetch")
    try:
        return parse_rows(path.read_bytes(), FetchRow, str(path))
    except (OSError, StateError):
        return []


def imported_from(folder: Path) -> str:
    """Where the photos in `folder` were imported from, PATH where only the rows tell that; empty for others."""
    try:
        sidecar = json.loads(sidecar_path(folder, "fetch").read_bytes())
        return str(sidecar["config"]["path"]) if sidecar["notes"].get("imported") else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "PATH" if any(not row.page_url for row in fetch_rows(folder)) else ""


def remedy(folder: Path, stage: str) -> Run | FetchOrImport:
    """What makes the manifest of a stage."""
    return FetchOrImport(imported_from(folder)) if stage == "fetch" else Run(command(stage))


def read_sidecar(folder: Path, stage: str) -> dict[str, Any]:
    """The sidecar as written. Raises StateError when it is missing or damaged."""
    path = sidecar_path(folder, stage)
    try:
        sidecar = json.loads(path.read_bytes())
        if sidecar["format"] != FORMAT:
            raise StateError(f"{path}: format {sidecar['format']}, this version reads {FORMAT}")
        return as_sidecar(sidecar)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path}: missing or damaged", remedy(folder, stage)) from error


def stale_inputs(folder: Path, stage: str) -> list[str]:
    """Input files of `stage` that are not what they were when it ran."""
    changed = []
    for name, digest in read_sidecar(folder, stage)["inputs"].items():
        path = folder / name
        upstream = path.stem
        if path.suffix == ".csv" and upstream in STAGES:
            now = read_sidecar(folder, upstream)["sha256"] if path.exists() else "absent"
        else:
            now = file_sha256(path) if path.is_file() else "absent"
        if now != digest:
            changed.append(name)
    return changed


def mismatch(folder: Path, stage: str, ignored: Collection[str] = ()) -> str:
    """`clean.csv was made from another dedup.csv`; empty while the inputs of `stage` are what they were.

    Decisions alone that were added are counted: `3 decisions in review.csv are newer than clean.csv`.
    `ignored` are inputs that may have changed. Raises StateError when a sidecar is missing or damaged.
    """
    changed = [name for name in stale_inputs(folder, stage) if name not in ignored]
    if changed == ["review.csv"] and (added := decided_since(folder, stage)):
        return f"{newer(added)} than {stage}.csv"
    return f"{stage}.csv was made from another {', '.join(changed)}" if changed else ""


def decided_since(folder: Path, stage: str) -> int:
    """Photos and pairs decided in review.csv since `stage` read it; 0 where that cannot be counted."""
    return len(keys_added(folder / "review.csv", read_sidecar(folder, stage)["inputs"].get("review.csv", "")))


def recorded_provenance(folder: Path, stage: str) -> Provenance:
    """The provenance in the sidecar of `stage`."""
    sidecar = read_sidecar(folder, stage)
    return Provenance(stage, sidecar["inputs"], sidecar["config"], sidecar["versions"])


def is_current(folder: Path, wanted: Provenance) -> bool:
    """True when the manifest exists, is intact, and was made from exactly this."""
    path = csv_path(folder, wanted.stage)
    if not path.exists() or not sidecar_path(folder, wanted.stage).exists():
        return False
    try:
        sidecar = read_sidecar(folder, wanted.stage)
        return recorded_provenance(folder, wanted.stage) == wanted and file_sha256(path) == sidecar["sha256"]
    except StateError:  # a damaged sidecar proves nothing: the stage runs again
        return False


def read(folder: Path, row_type: type[RowT]) -> list[RowT]:
    """All rows of a stage's manifest, kept and rejected, sorted by key.

    Raises StateError when the file is missing, or is not what its sidecar says.
    """
    stage: str = row_type.stage  # type: ignore[attr-defined]
    path = csv_path(folder, stage)
    if not path.exists():
        raise StateError(f"{path} is not there", remedy(folder, stage))
    sidecar = read_sidecar(folder, stage)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sidecar["sha256"]:
        raise edited(path, stage)
    rows = parse_rows(data, row_type, str(path))
    if len(rows) != sidecar["rows"]:
        raise StateError(f"{path}: {counted(len(rows), 'row')}, its sidecar says {sidecar['rows']}")
    return rows


def predictions(folder: Path) -> list[TrainBaselineRow]:
    """What the network to use (`chosen` in the sidecar) said about val and test, one row per photo.

    Raises StateError when the manifest is missing or damaged.
    """
    rows = read(folder, TrainBaselineRow)
    chosen = read_sidecar(folder, TrainBaselineRow.stage)["notes"].get("chosen")
    if not chosen:
        return rows
    return [row for row in rows if (row.variant, row.seed) == (chosen["variant"], chosen["seed"])]


def edited(path: Path, stage: str) -> StateError:
    """What is raised about a manifest that its sidecar does not know."""
    return StateError(
        f"{path} was changed after it was written (its sha256 is not the sidecar's); your own decisions belong in "
        "review.csv",
        To("", Delete(path), remedy(path.parent, stage)),
    )


def reasons(folder: Path, stage: str) -> dict[str, str]:
    """Every reason that a row of `stage` in `folder` may carry, with its sentence: the recipe's own among them."""
    try:
        own = read_sidecar(folder, stage)["notes"].get("reasons", {})
    except StateError:
        own = {}
    return {**REASONS[stage], **own}


def write(
    folder: Path,
    rows: Sequence[Row],
    made_from: Provenance,
    started: datetime,
    notes: Mapping[str, Any] = types.MappingProxyType({}),
) -> None:
    """Publish a manifest and its sidecar, atomically; `notes` goes into the sidecar as it is.

    Raises StateError when rows are not sorted by unique key, or carry a reason outside the closed set: both
    would be a mistake in the stage.
    """
    stage = made_from.stage
    if any(a >= b for a, b in itertools.pairwise(map(identity, rows))):
        raise StateError(f"{stage}: rows are not sorted by unique key")
    known = {*REASONS[stage], *notes.get("reasons", ())}
    for row in rows:
        if row.keep != (row.reason == "") or (row.reason and row.reason not in known):
            raise StateError(f"{stage}: row {row.key} has keep={row.keep} with reason {row.reason!r}")
    data = format_rows(rows, STAGES[stage].row_type)
    sidecar = {
        "format": FORMAT,
        "stage": stage,
        "rows": len(rows),
        "sha256": hashlib.sha256(data).hexdigest(),
        "counts": counts(rows),
        **dataclasses.asdict(made_from),
        "curate": __version__,  # for people: a release makes nothing stale
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "notes": dict(notes),
    }
    # The old sidecar goes first: a crash between the two writes leaves a manifest that is refused, not trusted.
    sidecar_path(folder, stage).unlink(missing_ok=True)
    atomic_write(csv_path(folder, stage), data)
    crash_point("between_manifest_and_sidecar")
    atomic_write(sidecar_path(folder, stage), json.dumps(sidecar, indent=1, ensure_ascii=False).encode() + b"\n")


def funnel_line(folder: Path, stage: str) -> str:
    """One line that accounts for every row: `clean: 4590 in, 4128 kept, 190 not_car, 60 closeup`."""
    sidecar = read_sidecar(folder, stage)
    return f"{title(sidecar)}: {funnel(stage, sidecar['rows'], sidecar['counts'])}"
