"""Do manifests, sidecars and photo files agree? Every disagreement is one line; none is repaired.

What is checked: each manifest against its sidecar (sha256, rows, counts), its columns and cells, keys in order and
unique, reasons out of the closed set, one row for each row that the stage before kept, inputs still the same;
each photo file against its row (inside the folder, there, its bytes and sha256), with no file left over; and the
files of each trained network against the sidecar's sha256.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from curate.core import manifest
from curate.core.counted import counted, counts
from curate.core.errors import Delete, Note, StateError, To
from curate.core.schemas import FetchRow, Row, SplitRow, identity
from curate.core.stages import STAGES
from curate.photos import missing
from curate.photos.store import IMAGES


def verify(folder: Path) -> list[Note]:
    """Everything that is wrong in `folder`, one note each, in the order of the stages; empty when all is well.

    Raises StateError when there is no manifest at all.
    """
    there = [stage for stage in STAGES if manifest.csv_path(folder, stage).exists()]
    if not there:
        raise StateError(f"{folder} holds no manifest", manifest.remedy(folder, "fetch"))
    problems: list[Note] = []
    rows: dict[str, list[Row]] = {}
    for stage in STAGES:
        if stage in there:
            problems += _manifest_problems(folder, stage, rows)
        elif manifest.sidecar_path(folder, stage).exists():
            problems.append(
                Note(f"{stage}.csv: missing, but its sidecar is there", manifest.remedy(folder, stage))
            )
        elif later := [name for name in there if stage in STAGES[name].inputs]:
            problems.append(Note(f"{stage}.csv: missing, but {later[0]}.csv was made from it"))
    for later_stage, declared in STAGES.items():
        for earlier in declared.inputs[:1]:
            if earlier in rows and later_stage in rows and not _is_stale(folder, later_stage):
                problems += _chain_problems(earlier, rows[earlier], later_stage, rows[later_stage])
    if "fetch" in rows:
        problems += _file_problems(folder, [row for row in rows["fetch"] if isinstance(row, FetchRow)])
        problems += _path_problems({stage: found for stage, found in rows.items() if not _is_stale(folder, stage)})
    if "train_baseline" in rows:
        problems += _network_problems(folder)
    return problems


def _is_stale(folder: Path, stage: str) -> bool:
    """True when the stage was made from other inputs: one line says so, its rows need not be named one by one."""
    try:
        return bool(manifest.stale_inputs(folder, stage))
    except StateError:
        return False


def _manifest_problems(folder: Path, stage: str, rows: dict[str, list[Row]]) -> Iterator[Note]:
    """Check one manifest and its sidecar; what can be read of it is added to `rows`."""
    path = manifest.csv_path(folder, stage)
    data = path.read_bytes()
    again = manifest.remedy(folder, stage)
    try:
        sidecar = manifest.read_sidecar(folder, stage)
        if hashlib.sha256(data).hexdigest() != sidecar["sha256"]:
            changed_or_cut = f"{path.name}: its sha256 is not the sidecar's, so it was changed or cut"
            yield Note(changed_or_cut, To("", Delete(path), again))
        if changed := manifest.stale_inputs(folder, stage):
            yield Note(f"{path.name}: stale, made from another {', '.join(changed)}", again)
    except StateError as error:
        sidecar = None
        yield Note(f"{path.name}: {error}", *error.remedies)
    try:
        rows[stage] = manifest.parse_rows(data, STAGES[stage].row_type, path.name)
    except StateError as error:
        yield Note(str(error), *error.remedies)
        return
    keys = [identity(row) for row in rows[stage]]
    for key in sorted(key for key, number in Counter(keys).items() if number > 1):
        yield Note(f"{path.name}: key {' '.join(map(str, key))} is there more than once")
    if keys != sorted(keys):
        yield Note(f"{path.name}: rows are not sorted by key")
    known = manifest.reasons(path.parent, stage)
    for row in rows[stage]:
        unknown = sidecar is not None and row.reason not in known  # a recipe's own reasons are in the sidecar
        if row.keep != (row.reason == "") or (row.reason and unknown):
            keep = json.dumps(row.keep)
            yield Note(f"{path.name}: row {row.key} has keep={keep} with reason {row.reason!r}")
    if sidecar and sidecar["rows"] != len(keys):
        yield Note(f"{path.name}: {counted(len(keys), 'row')}, its sidecar says {sidecar['rows']}")
    if sidecar and sidecar["counts"] != counts(rows[stage]):
        yield Note(f"{path.name}: its rows do not add up to the sidecar's counts by reason")


def _chain_problems(earlier: str, before: list[Row], later: str, after: list[Row]) -> Iterator[Note]:
    """One row out for each row kept before. Only photos of val and test have a prediction."""
    expected = {row.key for row in before if row.keep}
    if later == "train_baseline":
        expected = {row.key for row in before if isinstance(row, SplitRow) and row.split in ("val", "test")}
    got = {row.key for row in after}
    if lost := expected - got:
        yield Note(f"{later}.csv: no row for {_some(lost)}, kept by {earlier}")
    if extra := got - expected:
        yield Note(f"{later}.csv: a row for {_some(extra)}, not handed on by {earlier}")


def _file_problems(folder: Path, rows: list[FetchRow]) -> Iterator[Note]:
    """Every kept row's file is inside, there, and unchanged; every file has a row."""
    images = (folder / IMAGES).resolve()
    sound: dict[str, Note | None] = {}  # path to what is wrong with it; duplicates are read once
    for row in rows:
        if not row.keep and not row.path:
            continue
        if row.path not in sound:
            sound[row.path] = _file_problem(folder, images, row)
        if problem := sound[row.path]:
            yield Note(f"fetch.csv: row {row.key}: {problem}", *problem.remedies)
        elif row.sha256 != Path(row.path).stem:
            yield Note(f"fetch.csv: row {row.key}: {row.path} is not named after its sha256 {row.sha256}")
    for path in sorted((folder / IMAGES).rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if relative not in sound and (path.is_symlink() or not path.is_dir()):
            yield Note(f"{relative}: a file without a row in fetch.csv; no stage reads it, you may delete it")


def _file_problem(folder: Path, images: Path, row: FetchRow) -> Note | None:
    try:
        path = manifest.inside(folder, row.path)
        if Path(row.path).is_absolute() or not path.is_relative_to(images):
            return Note(f"{row.path!r} leads out of {IMAGES}/")
        if not path.is_file():
            return Note(f"{row.path}: the file is missing", missing.remedy(folder))
        if path.stat().st_size != row.bytes:
            wrong = f"{path.stat().st_size} bytes, the manifest says {row.bytes}"
            return Note(f"{row.path}: {wrong}", missing.remedy(folder))
        if manifest.file_sha256(path) != row.sha256:
            changed = f"{row.path}: its sha256 is not the manifest's, it was changed"
            return Note(changed, missing.remedy(folder))
    except (StateError, ValueError) as error:  # ValueError: a NUL in the path
        return Note(str(error))
    except OSError as error:
        return Note(f"{row.path}: {error.strerror}")
    return None


def _network_problems(folder: Path) -> Iterator[Note]:
    """The weights of each network are there, and are those that made the manifest."""
    try:
        networks = manifest.read_sidecar(folder, "train_baseline")["notes"].get("networks", [])
    except StateError:  # a problem of the manifest, named there
        return
    for network in networks:
        place = f"models/{network.get('variant')}/seed-{network.get('seed')}"
        again = To("", Delete(folder / place), manifest.remedy(folder, "train_baseline"))
        digests = {"model.safetensors": network.get("sha256")}
        if onnx := network.get("onnx"):
            digests[onnx["file"]] = onnx["sha256"]
        for name, digest in digests.items():
            path = folder / place / name
            if not path.is_file():
                yield Note(f"{place}: {name} is missing", again)
            elif manifest.file_sha256(path) != digest:
                yield Note(f"{place}/{name}: its sha256 is not the sidecar's, it was changed", again)


def _path_problems(rows: dict[str, list[Row]]) -> Iterator[Note]:
    """Later manifests name the same file for a photo as fetch does."""
    paths = {row.key: row.path for row in rows["fetch"] if isinstance(row, FetchRow)}
    for stage in ("dedup", "clean", "split"):
        for row in rows.get(stage, []):
            path = getattr(row, "path", "")
            if row.key in paths and path != paths[row.key]:
                yield Note(f"{stage}.csv: row {row.key}: path {path!r} is not the one in fetch.csv")


def _some(keys: Iterable[str]) -> str:
    ordered = sorted(keys)
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""
    return f"{', '.join(ordered[:3])}{more}"
