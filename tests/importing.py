"""Import a folder or a CSV as the command does."""

from pathlib import Path
from typing import Any

from curate.core.executors import MapFn
from curate.core.recipe import Source
from curate.core.schemas import FetchRow
from curate.fetch import import_stage


def run(
    folder: Path,
    path: Path,
    class_names: tuple[str, ...],
    map_fn: MapFn = map,
    replace: bool = False,
    **source: Any,
) -> list[FetchRow]:
    """`import_stage.run` on a source with this path and these classes; `source` are its other values."""
    return import_stage.run(folder, Source(path=str(path), class_names=class_names, **source), map_fn, replace)
