"""Run stages of a recipe, one after the other, under the lock of their folder."""

import difflib
import importlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.core import executors, extras, files, given, manifest
from curate.core.counted import funnel
from curate.core.errors import Again, Note, Run, To, TryLaterError, UsageError
from curate.core.executors import MapFn
from curate.core.progress import running
from curate.core.recipe import Politeness, Recipe, Source
from curate.core.recipe_file import load
from curate.core.schemas import DedupRow, Row
from curate.core.stages import STAGES, Stage
from curate.fetch import additions, gates, ownership
from curate.fetch.sources import local
from curate.photos import missing, object_store, store
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


def map_of(
    recipe: Recipe, folder: Path, workers: int | None, say: Callable[[str], None]
) -> AbstractContextManager[MapFn]:
    """The `map_fn` of the recipe's executor, whose workers read the photos of `folder` or of the recipe's store.

    Raises what `executors.start` and `object_store.elsewhere` do.
    """
    elsewhere = None
    if recipe.store and recipe.executor != "local":
        elsewhere = object_store.elsewhere(folder, recipe.store, say)
    return executors.start(recipe.executor, workers or default_workers(), folder, elsewhere)


def _source(recipe: Recipe) -> Source:
    assert recipe.source is not None, "find_recipe asks for it where fetch is to run"
    return recipe.source


def check_source(recipe: Recipe, folder: Path) -> None:
    """Raise UsageError when a fetch into `folder` cannot begin: no source, or imported photos are in it."""
    source = _source(recipe)
    if source.path:
        if not folder.exists():
            local.read(Path(source.path), source.class_names)  # refuses what is wrong before the folder is made
        return
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


@dataclass(frozen=True)
class Ended:
    """A stage that ended, and what its manifest holds."""

    stage: str
    seconds: float
    unchanged: bool
    rows: int
    counts: dict[str, int]  # kept, and by reason
    summary: list[str]  # what the stage itself says
    deleted: int  # photos that were stored before
    to_decide: tuple[Note, ...]  # by a person
    title: str  # what people call it: import, where it took photos that are there

    @property
    def funnel(self) -> str:
        """`22 in, 18 kept, 4 near_duplicate`."""
        return funnel(self.stage, self.rows, self.counts)

    def __str__(self) -> str:
        return f"{self.title}: {self.funnel}{' (unchanged)' if self.unchanged else ''}"


Said = str | Note | Ended  # what a run tells: a line, a warning, a stage that ended


@contextmanager
def _timed(folder: Path, stage: str, echo: Callable[[Said], None], title: str) -> Iterator[list[Note]]:
    """Tell `echo` how a stage ended that runs in this context; yields where to put what is for a person."""
    started, to_decide = time.monotonic(), list[Note]()
    sidecar = manifest.sidecar_path(folder, stage)
    before, photos = sidecar.read_bytes() if sidecar.exists() else b"", store.paths(folder)
    with running(title):
        yield to_decide
    found = manifest.read_sidecar(folder, stage)
    echo(
        Ended(
            stage,
            time.monotonic() - started,
            sidecar.read_bytes() == before,
            found["rows"],
            found["counts"],
            found["notes"].get("summary", []),
            len(photos - store.paths(folder)) if stage == "fetch" else 0,
            tuple(to_decide),
            title,
        )
    )


def run_stage(stage: str, recipe: Recipe, folder: Path, workers: int, echo: Callable[[Said], None]) -> None:
    """Run one stage, or find that nothing changed, and tell how it ended. The caller holds the folder's lock."""
    declared = STAGES[stage]
    imports = stage == "fetch" and recipe.source is not None and recipe.source.path
    with _timed(folder, stage, echo, "import" if imports else stage) as to_decide:
        # fetch and import write photos, so they stay on this machine
        where = recipe.model_copy(update={"executor": "local"}) if stage == "fetch" else recipe
        with map_of(where, folder, workers, echo) as map_fn:
            rows = runner(declared)(folder, getattr(recipe, declared.section), map_fn)
        if duplicates := [row for row in rows if isinstance(row, DedupRow)]:
            to_decide += conflicts.to_do(folder, recipe.clean.class_names, duplicates)
        if stage == "split":
            to_decide += [*conflicts.in_split(folder, recipe.clean.class_names), *given.leaks(folder)]


def run_stages(
    stages: Iterable[str],
    recipe: Recipe,
    folder: Path,
    workers: int,
    echo: Callable[[Said], None],
) -> None:
    """Run `stages` in order; `echo` gets each stage's summary as soon as it ends."""
    stages = list(stages)
    if "fetch" in stages:
        check_source(recipe, folder)
    with files.lock(folder):
        for stage in stages:
            run_stage(stage, recipe, folder, workers, echo)
        _warn_of_lost(folder, echo)


def _warn_of_lost(folder: Path, echo: Callable[[Said], None]) -> None:
    """Tell `echo` of photo files that are missing or damaged: what reads them has less to go by."""
    for warning in missing.warnings(folder):
        echo(warning)


def check_complete(folder: Path) -> None:
    """Raise TryLaterError where the fetch in `folder` lacks an index page, and so listings nobody has counted."""
    pages = manifest.read_sidecar(folder, "fetch")["notes"].get("deferred_index_pages", [])
    if pages:
        many = "an index page was" if len(pages) == 1 else f"{len(pages)} index pages were"
        raise TryLaterError(
            f"{many} refused: {pages[0]}. The listings behind are missing; all else is done",
            To("ask for it again", Again(later=True)),
        )


def fetch_photos(
    recipe: Recipe,
    folder: Path,
    echo: Callable[[Said], None],
    refresh: bool = False,
    accept_drop: bool = False,
    prune: bool = False,
    retry: Collection[str] = (),
    since: str = "",
    max_new: int | None = None,
) -> None:
    """Fetch by the options of the command, see `fetch.stage.run`; then with `prune` delete what is gone."""
    from curate.fetch import stage as fetch
    from curate.fetch.known import Only

    check_source(recipe, folder)
    with files.lock(folder):
        options: dict[str, Any] = {"refresh": refresh or accept_drop, "accept_drop": accept_drop, "prune": prune}
        with _timed(folder, "fetch", echo, "fetch"):
            rows = fetch.run(folder, _source(recipe), retry=retry, only=Only(since, max_new), **options)
            if prune:  # what the fetch is said to have left is what is there then
                gone = additions.marked(rows)
                echo(
                    f"deleting {additions.photos_of_listings(gone)} that the site no longer offers"
                    if gone
                    else "nothing to prune"
                )
                fetch.prune(folder)
        _warn_of_lost(folder, echo)


def import_photos(
    recipe: Recipe,
    folder: Path,
    path: Path,
    workers: int,
    echo: Callable[[Said], None],
    replace: bool = False,
    keep_split: bool | None = None,
    group_by: str | None = None,
) -> None:
    """Take photos from a folder tree or a CSV, as a recipe does with `source.path`; see `import_stage`.

    An option that is None is the recipe's where `path` is its `source.path`; else the default.
    """
    from curate.fetch import import_stage

    own = recipe.source if recipe.source and recipe.source.path else None
    own = own if own and Path(own.path).resolve() == path.resolve() else Source(path=str(path))
    source = Source(
        path=str(path),
        group_by=own.group_by if group_by is None else group_by,
        keep_split=own.keep_split if keep_split is None else keep_split,
        class_names=recipe.classes,
        politeness=recipe.source.politeness if recipe.source else Politeness(),
        photos=recipe.photos,
    )
    check_source(recipe.model_copy(update={"source": source}), folder)
    with files.lock(folder), executors.local(workers) as map_fn, _timed(folder, "fetch", echo, "import"):
        import_stage.run(folder, source, map_fn, replace)


def stages_to_run(recipe: Recipe, folder: Path, last: str = "") -> list[str]:
    """All stages, or up to `last`; without fetch where photos are there and the recipe does not say from where."""
    there = manifest.csv_path(folder, "fetch").exists()
    by_command = there and (recipe.source is None or (manifest.imported_from(folder) and not recipe.source.path))
    stages = list(STAGES)[: list(STAGES).index(last) + 1 if last else None]
    return [stage for stage in stages if stage != "fetch" or not by_command]


def not_trained(recipe: Recipe, stages: Collection[str]) -> str:
    """For people: why train_baseline, one of `stages`, cannot run here; empty where it can."""
    if "train_baseline" not in stages or recipe.train_baseline.variant == "transfer":
        return ""
    if not (absent := extras.missing("train")):
        return ""
    return f"train_baseline: not run, because {absent} is not installed: {extras.install('train')}"
