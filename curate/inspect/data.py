"""What status, explain and verify say, as plain data for `--json`: mappings, lists, texts, numbers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.errors import Note, StateError
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.inspect.rows import Rows, fate, read
from curate.inspect.status import Status, problems
from curate.review.find import find

AsData = Callable[[Note], dict[str, Any]]  # a note, with the commands that answer it as one types them


def of_status(folder: Path, found: Status, note: AsData) -> dict[str, Any]:
    """How the stages stand, in order, what a person must decide, and what to run next.

    `state` is current, missing, damaged, stale, or settings where a stage is sound but ran with others than the
    recipe's; `rows` and `counts` are None where a manifest cannot be read.
    """
    stages = []
    for stage, state in found.stages.items():
        try:
            sidecar = manifest.read_sidecar(folder, stage)
        except StateError:
            sidecar = {"rows": None, "counts": None}
        word = state.problem.partition(":")[0] or ("settings" if state.settings else "current")
        settings = [{"name": each.name, "used": each.used, "recipe": each.recipe} for each in state.settings]
        stages.append(
            {
                "stage": stage,
                "state": word,
                "why": state.problem.partition(": ")[2],
                "rows": sidecar["rows"],
                "counts": sidecar["counts"],
                "settings": settings,
            }
        )
    return {
        "folder": str(folder),
        "stages": stages,
        "unfinished": [note(each) for each in found.unfinished],
        "to_decide": [note(each) for each in found.to_decide],
        "warnings": [note(each) for each in found.warnings],
        "next": note(found.next),
    }


def of_explain(folder: Path, name: str) -> dict[str, Any]:
    """The photos called `name`: of one its rows in all stages, of several where each ended.

    Raises UsageError when none is, StateError when fetch has not run or a manifest is damaged.
    """
    rows = read(folder, needed="fetch")
    photos = find(rows.fetch, name).photos
    if len(photos) == 1:
        return {"name": name, "photos": [_photo(rows, photos[0], problems(folder))]}
    return {"name": name, "photos": [_facts(rows, photo) for photo in photos]}


def _facts(rows: Rows, photo: FetchRow) -> dict[str, Any]:
    names = ("key", "class_name", "listing_id")
    return {**{name: getattr(photo, name) for name in names}, "fate": fate(rows, photo.key)}


def _photo(rows: Rows, photo: FetchRow, wrong: dict[str, str]) -> dict[str, Any]:
    key = photo.key
    group = rows.dedup[key].group if key in rows.dedup else ""
    decided = [*rows.review.conflicts.get(key, ())]
    decided = decided or ([rows.review.decisions[key]] if key in rows.review.decisions else [])
    return {
        **_facts(rows, photo),
        "stages": {
            stage: {"problem": wrong[stage], "row": asdict(row) if (row := rows.stage(stage).get(key)) else None}
            for stage in STAGES
        },
        "duplicates": sorted(other for other, row in rows.dedup.items() if row.group == group and other != key),
        "decisions": [asdict(each) for each in decided],
    }


def of_verify(folder: Path, found: Sequence[Note], note: AsData) -> dict[str, Any]:
    """Every disagreement of manifests and files that `verify` found; `agree` is true when there is none."""
    return {"folder": str(folder), "agree": not found, "problems": [note(each) for each in found]}
