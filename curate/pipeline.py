"""Run stages of a recipe, one after the other, under the lock of their folder."""

import difflib
import importlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from curate.core import executors, files, manifest
from curate.core.errors import Note, Run, To, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Recipe, Source
from curate.core.recipe_file import load
from curate.core.schemas import DedupRow, Row
from curate.core.stages import STAGES, Stage
from curate.fetch import additions, gates, ownership
from curate.photos import missing, store
from curate.review import conflicts


def find_recipe(path: Path, stages: Collection[str] = ()) -> Recipe:
    """Load a recipe by path, or by the name of one that comes with curate (`demo`, `pipelines/demo.yaml`).

    Raises UsageError when there is none, when it has a mistake, or when it lacks what one of `stages` needs.
    """
    package = Path(__file__).parent
    places = (package.parent / "pipelines", package / "pipelines")  # in a checkout, or as a wheel
    shipped = {file.stem: file for place in places for file in place.glob("*.yaml")}
    if not path.is_file() and path.parent in (Path(), Path("pipelines")) and path.stem in shipped:
        return load(shipped[path.stem], stages)
    if not path.exists():
        beside = {file.stem: file for file in sorted(path.parent.glob("*.y*ml"))}
        near = difflib.get_close_matches(path.stem, beside, n=1)
        meant = f"; did you mean {beside[near[0]]}? curate" if near else "; curate"
        nearest = ", ".join(difflib.get_close_matches(path.stem, sorted(shipped), n=len(shipped), cutoff=0))
        raise UsageError(
            f"{path}: no such recipe{meant} comes with {nearest}; your own goes by its file, --recipe FILE"
        )
    return load(path, stages)


def default_workers() -> int:
    """Processes to use when the user does not say: one per core."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _source(recipe: Recipe) -> Source:
    assert recipe.source is not None, "find_recipe asks for it where fetch is to run"
    return recipe.source


def check_source(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError when a fetch into `folder` cannot begin: no source, or imported photos are in it."""
    source = _source(recipe)
    makers = ownership.makers(folder)
    if "import" in makers or (not makers and store.paths(folder)):
        what = "imported photos" if makers else "photos, and nothing tells that they were fetched"
        raise UsageError(
            f"{folder} holds {what}; a fetch would delete them",
            To("choose another folder", Run("fetch", folder="FOLDER")),
        )
    if not folder.exists():
        gates.check_source(source)


def runner(stage: Stage) -> Callable[[Path, Any, MapFn], Sequence[Row]]:
    """What runs a stage: (folder, its section of the recipe, map_fn) -> rows."""
    module, _, name = stage.run.partition(":")
    run: Callable[[Path, Any, MapFn], Sequence[Row]] = getattr(importlib.import_module(module), name)
    return run


def run_stage(stage: str, recipe: Recipe, folder: Path, workers: int) -> list[str | Note]:
    """Run one stage, or find that nothing changed; its `summary`. The caller holds the folder's lock."""
    declared = STAGES[stage]
    with executors.local(workers) as map_fn:
        rows = runner(declared)(folder, getattr(recipe, declared.section), map_fn)
    duplicates = [row for row in rows if isinstance(row, DedupRow)]
    to_decide = conflicts.to_do(folder, recipe.clean.class_names, duplicates) if duplicates else ()
    return summary(folder, stage, to_decide)


def summary(folder: Path, stage: str, to_decide: Iterable[Note] = ()) -> list[str | Note]:
    """What a stage reports when it ends: its funnel line, what it notes, what is then for a person to decide."""
    noted = manifest.read_sidecar(folder, stage)["notes"].get("summary", [])
    return [manifest.funnel_line(folder, stage), *(f"  {line}" for line in noted), *to_decide]


def _deleted(folder: Path, before: Collection[str]) -> Iterator[str]:
    """What to tell of the photos that were stored `before`, by path, and no longer are."""
    if gone := len(set(before) - store.paths(folder)):
        yield f"  deleted {gone:,} {'photo' if gone == 1 else 'photos'} that {folder} had before"


def _echo_all(lines: Iterable[str | Note], echo: Callable[[str | Note], None]) -> None:
    for line in lines:
        echo(line)


def run_stages(
    stages: Iterable[str],
    recipe: Recipe,
    folder: Path,
    workers: int,
    echo: Callable[[str | Note], None],
) -> None:
    """Run `stages` in order; `echo` gets each stage's summary as soon as it ends."""
    stages = list(stages)
    if "fetch" in stages:
        check_source(recipe, folder)
    with files.lock(folder):
        for stage in stages:
            sidecar = manifest.sidecar_path(folder, stage)
            before = sidecar.read_bytes() if sidecar.exists() else b""
            photos = store.paths(folder) if stage == "fetch" else ()
            first, *rest = run_stage(stage, recipe, folder, workers)
            rest += _deleted(folder, photos)
            echo(f"{first} (unchanged)" if sidecar.read_bytes() == before else first)
            _echo_all(rest, echo)
        _echo_all(missing.warnings(folder), echo)


def fetch_photos(
    recipe: Recipe,
    folder: Path,
    echo: Callable[[str | Note], None],
    refresh: bool = False,
    accept_drop: bool = False,
    prune: bool = False,
    retry: Collection[str] = (),
) -> None:
    """Fetch by the options of the command, see `fetch.stage.run`; then with `prune` delete what is gone."""
    from curate.fetch import stage as fetch

    check_source(recipe, folder)
    with files.lock(folder):
        before = store.paths(folder)
        options: dict[str, Any] = {"refresh": refresh or accept_drop, "accept_drop": accept_drop, "prune": prune}
        rows = fetch.run(folder, _source(recipe), retry=retry, **options)
        _echo_all([*summary(folder, "fetch"), *_deleted(folder, before)], echo)
        if prune:
            gone = additions.marked(rows)
            echo(
                f"deleting {additions.counted(gone)} that the site no longer offers"
                if gone
                else "nothing to prune"
            )
            fetch.prune(folder)


def import_photos(
    recipe: Recipe,
    folder: Path,
    path: Path,
    workers: int,
    echo: Callable[[str | Note], None],
    replace: bool = False,
    keep_split: bool = False,
) -> None:
    """Take photos from a folder tree or a CSV in place of the fetch stage; `import_stage` explains the options."""
    from curate.fetch import import_stage
    from curate.fetch.sources import local

    if not folder.exists():
        local.read(path, recipe.classes)  # refuses what is wrong before the folder is made
    with files.lock(folder), executors.local(workers) as map_fn:
        politeness = recipe.source.politeness if recipe.source else None
        before = store.paths(folder)
        import_stage.run(folder, path, recipe.classes, map_fn, politeness, replace, recipe.photos, keep_split)
        _echo_all([*summary(folder, "fetch"), *_deleted(folder, before)], echo)


def stages_to_run(recipe: Recipe, folder: Path) -> list[str]:
    """All stages, without fetch when the photos were imported."""
    fetched = manifest.csv_path(folder, "fetch").exists()
    imported = fetched and (recipe.source is None or manifest.imported_from(folder))
    return [stage for stage in STAGES if stage != "fetch" or not imported]
