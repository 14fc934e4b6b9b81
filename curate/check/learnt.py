"""What a check needs to know of a collection, learnt once and kept beside the manifests in `check.cache`.

The file is a line of JSON and an npz without objects. The line names all that the rest was made from (the
manifests' sha256, the scorer, the versions of the packages) and the sha256 of the rest. Where any of it differs,
the file is not believed and all is learnt again.
"""

import hashlib
import io
import json
import logging
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.check.duplicates import Entry, Index
from curate.check.model import KEPT, LEAST, LinearModel, learn
from curate.clean import embeddings
from curate.clean.scorers.base import Scorer
from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import ResourceError, StateError
from curate.core.files import atomic_write, file_sha256
from curate.core.schemas import MECHANICAL, CleanRow, DedupRow, FetchRow
from curate.dataset import check_current
from curate.review import queue

log = logging.getLogger(__name__)
NAME = "check.cache"
FORMAT = 3  # raise it when other numbers are learnt from the same manifests
INPUTS = ("fetch", "dedup", "clean")  # whose sidecars change when what was learnt is out of date
PACKAGES = (*embeddings.PACKAGES, "scikit-learn", "scipy")
OF_PIXELS = MECHANICAL - {"wrong_class", "reviewed"}  # reasons that say nothing of what else a photo may show
_DECIDED = ("key", "class_name", "reason", "doubt")  # columns of `CleanDecision`


@dataclass(frozen=True, slots=True)
class CleanDecision:
    """What clean decided of a photo."""

    key: str
    class_name: str
    reason: str  # empty where it is kept
    doubt: str = ""  # of a borderline photo: another_class where another is likelier, else borderline


@dataclass(frozen=True)
class Learnt:
    """All of it, in memory."""

    decided: tuple[CleanDecision, ...]  # (n,) sorted by key
    points: NDArray[np.float32]  # (n, d) embeddings of length 1
    index: Index
    usable: LinearModel | None  # is it kept, and for which reason not; None where too few were kept or rejected
    of_class: LinearModel | None  # of the kept photos; None where there is one class

    def too_few(self) -> str:
        """For people: why nothing was learnt of what is usable."""
        tally = Counter(row.reason for row in self.decided if row.reason not in OF_PIXELS)
        kept = tally.pop(KEPT, 0)
        most, rejected = max(tally.values(), default=0), tally.total()
        if most >= LEAST:
            return f"clean kept {kept:,}, and fewer than {LEAST} are too few"
        spread = f", {most:,} of them for one reason" if most < rejected else ""
        return f"clean rejected {rejected:,} for what they show{spread}, and fewer than {LEAST} are too few"

    def bad(self) -> NDArray[np.float64]:
        """(n,) probability that a photo is not kept, by a model that had not seen it; NaN where there is none."""
        if self.usable is None:
            return np.full(len(self.decided), np.nan)
        return np.asarray(1 - self.usable.out_of_fold[:, self.usable.outcomes.index(KEPT)])

    def reasons(self) -> list[str]:
        """(n,) the most probable reason not to keep each photo, by the same model; empty where there is none."""
        if self.usable is None:
            return [""] * len(self.decided)
        shares, names = self.usable.out_of_fold.copy(), self.usable.outcomes
        shares[:, names.index(KEPT)] = -1.0
        return [names[share.argmax()] if np.isfinite(share).all() else "" for share in shares]


def inputs(folder: Path) -> dict[str, str]:
    """The sha256 of each manifest that a check reads.

    Raises StateError when one is missing, was changed by hand, or does not fit the others.
    """
    digests = {}
    for stage in INPUTS:
        check_current(folder, stage)
        digests[stage] = file_sha256(manifest.csv_path(folder, stage))
        if digests[stage] != manifest.read_sidecar(folder, stage)["sha256"]:
            raise manifest.edited(manifest.csv_path(folder, stage), stage)
    return digests


def open_or_learn(folder: Path, scorer: Scorer, say: Callable[[str], None] = lambda line: None) -> Learnt:
    """From `check.cache`; from the manifests where that is not there or is of others, which `say` gets.

    Raises StateError when a manifest is missing or does not fit the others.
    """
    made_from = {
        "format": FORMAT,
        "inputs": inputs(folder),
        "scorer": dict(scorer.identity),
        "packages": {name: version(name) for name in PACKAGES},
    }
    if learnt := _read(folder / NAME, made_from):
        return learnt
    began = time.monotonic()
    say(f"check learns from {folder} what clean decided; {NAME} keeps it for the next time")
    learnt = _learn(folder, scorer)
    try:
        _write(folder / NAME, made_from, learnt)
    except ResourceError as error:  # a folder that may only be read: the next one learns again
        log.warning("%s; the next check learns again", error)
    say(f"check learnt from {counted(len(learnt.decided), 'photo')} in {time.monotonic() - began:.0f} s")
    return learnt


def _learn(folder: Path, scorer: Scorer) -> Learnt:
    fetched, hashed = manifest.read(folder, FetchRow), manifest.read(folder, DedupRow)
    rows = [row for row in manifest.read(folder, CleanRow) if row.reason != "undecodable"]
    photos = {row.key: row for row in fetched}
    groups = {row.key: row.similar_group for row in hashed}
    found = embeddings.collect(folder, {photos[row.key].sha256: row.path for row in rows}, scorer)
    rows = [row for row in rows if photos[row.key].sha256 not in found.refused]
    if not rows:
        raise StateError(f"{folder}: clean kept and rejected nothing, so there is nothing to compare with")
    points = np.array(found.read([photos[row.key].sha256 for row in rows])["embedding"], np.float32)
    finite = np.asarray(np.isfinite(points).all(axis=1))
    rows, points = [row for row, fine in zip(rows, finite, strict=True) if fine], points[finite]
    names = [groups[row.key] for row in rows]
    kept = np.array([row.keep for row in rows])
    threshold = manifest.read_sidecar(folder, "clean")["config"].get("threshold", 0.0)
    usable = learn(points, [row.reason if not row.keep else KEPT for row in rows], names)
    return Learnt(
        tuple(CleanDecision(row.key, row.class_name, row.reason, _doubt(row, threshold)) for row in rows),
        points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12),
        Index.of(fetched, hashed),
        usable if usable and _teaches(usable.outcomes) else None,
        learn(
            points[kept],
            [row.class_name for row in rows if row.keep],
            [name for name, keep in zip(names, kept, strict=True) if keep],
        ),
    )


def _teaches(outcomes: Sequence[str]) -> bool:
    """Whether clean kept enough, and rejected enough for what they show, to tell how good a new photo is."""
    return KEPT in outcomes and not set(outcomes) <= {KEPT, *OF_PIXELS}


def _doubt(row: CleanRow, threshold: float) -> str:
    if not row.borderline:
        return ""
    other = queue.class_is_doubted(row, threshold) and queue.other_is_likelier(row)
    return "another_class" if other else "borderline"


def _write(path: Path, made_from: dict[str, Any], learnt: Learnt) -> None:
    columns: dict[str, Any] = {"points": learnt.points, "hashes": learnt.index.hashes}
    columns |= {name: [getattr(row, name) for row in learnt.decided] for name in _DECIDED}
    columns |= {f"index.{f.name}": [getattr(row, f.name) for row in learnt.index.rows] for f in fields(Entry)}
    for name in ("usable", "of_class"):
        if model := getattr(learnt, name):
            columns |= {f"{name}.{field.name}": getattr(model, field.name) for field in fields(LinearModel)}
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: _array(column) for name, column in columns.items()}
    np.savez(buffer, **arrays)
    with buffer.getbuffer() as payload:  # an error that still held it would end Python 3.12.1
        header = {"made_from": made_from, "sha256": hashlib.sha256(payload).hexdigest()}
        atomic_write(path, [json.dumps(header, sort_keys=True).encode() + b"\n", payload])


def _array(column: Any) -> NDArray[Any]:
    """A column as an npz holds it: text as UTF-8 bytes in one array, so that nothing needs pickle."""
    if isinstance(column, list | tuple) and all(isinstance(each, str) for each in column):
        return np.frombuffer(json.dumps(column).encode(), np.uint8)
    return np.asarray(column)


def _text(column: NDArray[np.uint8]) -> list[str]:
    found: list[str] = json.loads(column.tobytes())
    return found


def _read(path: Path, made_from: dict[str, Any]) -> Learnt | None:
    """What the file holds; None where it is not there, damaged, or made from anything else."""
    with suppress(OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        with path.open("rb") as file:
            header = json.loads(file.readline())
            start = file.tell()
            if header["made_from"] != made_from:
                return None
            if header["sha256"] != hashlib.file_digest(file, "sha256").hexdigest():
                return None
            file.seek(start)
            with np.load(file, allow_pickle=False) as held:  # array by array: a million photos are 5 GB
                columns = {name: held[name] for name in held.files}
        decided = zip(*(_text(columns[name]) for name in _DECIDED), strict=True)
        rows = zip(*(_text(columns[f"index.{field.name}"]) for field in fields(Entry)), strict=True)
        return Learnt(
            tuple(CleanDecision(*row) for row in decided),
            columns["points"],
            Index.from_rows(columns["hashes"], [Entry(*row) for row in rows]),
            _model(columns, "usable"),
            _model(columns, "of_class"),
        )
    return None


def _model(columns: dict[str, NDArray[Any]], name: str) -> LinearModel | None:
    held = {field.name: columns.get(f"{name}.{field.name}") for field in fields(LinearModel)}
    if held["outcomes"] is None:
        return None
    held |= {"outcomes": tuple(_text(held["outcomes"])), "temperature": float(held["temperature"])}  # type: ignore[arg-type, dict-item]
    return LinearModel(**held)  # type: ignore[arg-type]
