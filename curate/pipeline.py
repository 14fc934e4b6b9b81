"""Run stages of a recipe, one after the other, under the lock of their folder."""

import difflib
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from curate import decisions, executors, files, manifest, stored
from curate.errors import StateError, UsageError
from curate.recipe import Recipe, Source
from curate.recipe_file import load
from curate.schemas import STAGES


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
    if recipe.source is None:
        raise UsageError(
            f"recipe {recipe.name} has no source to fetch from: run `curate import PATH` for photos that you "
            "have, PATH being a folder with a folder per class, or a CSV"
        )
    return recipe.source


def check_source(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError when a fetch into `folder` cannot begin: no source, or imported photos are in it."""
    from curate.stages import fetch

    source = _source(recipe)
    with suppress(StateError):  # nothing was fetched, or fetch makes it anew
        if _is_imported(folder):
            raise UsageError(
                f"{folder} holds imported photos; a fetch would delete them: "
                "choose another folder with `curate --folder FOLDER fetch`"
            )
    if not folder.exists():
        fetch.check_source(source)


def _is_imported(folder: Path) -> bool:
    """Raises StateError when the sidecar is missing or damaged."""
    return bool(manifest.read_sidecar(folder, "fetch")["notes"].get("imported"))


def run_stage(stage: str, recipe: Recipe, folder: Path, workers: int) -> list[str]:
    """Run one stage, or find that nothing changed; its `summary`. The caller holds the folder's lock."""
    from curate.stages import clean, dedup, fetch, split, train_baseline

    to_decide: list[str] = []
    with executors.local(workers) as map_fn:
        if stage == "fetch":
            fetch.run(folder, _source(recipe), map_fn)
        elif stage == "dedup":
            rows = dedup.run(folder, recipe.dedup, map_fn)
            to_decide = decisions.to_do(folder, recipe.clean.class_names, rows)
        elif stage == "clean":
            clean.run(folder, recipe.clean, map_fn)
        elif stage == "split":
            split.run(folder, recipe.split, map_fn)
        else:
            train_baseline.run(folder, recipe.train_baseline, map_fn)
    return summary(folder, stage, to_decide)


def summary(folder: Path, stage: str, to_decide: Iterable[str] = ()) -> list[str]:
    """What a stage reports when it ends: its funnel line, what it notes, what is then for a person to decide."""
    noted = manifest.read_sidecar(folder, stage)["notes"].get("summary", [])
    return [manifest.funnel_line(folder, stage), *(f"  {line}" for line in (*noted, *to_decide))]


def _echo_all(lines: Iterable[str], echo: Callable[[str], None]) -> None:
    for line in lines:
        echo(line)


def run_stages(
    stages: Iterable[str],
    recipe: Recipe,
    folder: Path,
    workers: int,
    echo: Callable[[str], None],
) -> None:
    """Run `stages` in order; `echo` gets each stage's summary as soon as it ends."""
    stages = list(stages)
    if "fetch" in stages:
        check_source(recipe, folder)
    with files.lock(folder):
        for stage in stages:
            sidecar = manifest.sidecar_path(folder, stage)
            before = sidecar.read_bytes() if sidecar.exists() else b""
            first, *rest = run_stage(stage, recipe, folder, workers)
            echo(f"{first} (unchanged)" if sidecar.read_bytes() == before else first)
            _echo_all(rest, echo)
        _echo_all(stored.warnings(folder), echo)


def fetch_again(recipe: Recipe, folder: Path, accept_drop: bool, echo: Callable[[str], None]) -> None:
    """Visit the site again although the manifest is complete."""
    from curate.stages import fetch

    check_source(recipe, folder)
    with files.lock(folder):
        fetch.run(folder, _source(recipe), refresh=True, accept_drop=accept_drop)
        _echo_all(summary(folder, "fetch"), echo)


def import_photos(
    recipe: Recipe, folder: Path, path: Path, workers: int, echo: Callable[[str], None], replace: bool = False
) -> None:
    """Take photos from a folder tree or a CSV in place of the fetch stage; see `stages.import_` for `replace`."""
    from curate.sources import folder as sources
    from curate.stages import import_

    if not folder.exists():
        sources.read(path, recipe.classes)  # refuses what is wrong before the folder is made
    with files.lock(folder), executors.local(workers) as map_fn:
        politeness = recipe.source.politeness if recipe.source else None
        before = import_.published(folder)
        rows = import_.run(folder, path, recipe.classes, map_fn, politeness, replace)
        _echo_all(summary(folder, "fetch"), echo)
        if before is None:
            echo("  replaced what was there before, which could not be read")
        elif gone := len(import_.given_up(before, {row.sha256 for row in rows})):
            echo(f"  replaced the import before: {gone:,} photo{'s' if gone > 1 else ''} deleted from {folder}")


def stages_to_run(recipe: Recipe, folder: Path) -> list[str]:
    """All stages, without fetch when the photos were imported."""
    fetched = manifest.csv_path(folder, "fetch").exists()
    return list(STAGES[1:] if fetched and (recipe.source is None or _is_imported(folder)) else STAGES)
