"""What is there, what no longer fits, and what to run next. Reads only.

A stage is stale when its inputs or the packages that it used have changed: it must run again. One that merely ran
with other settings than the recipe's, such as an option of the command line, is as sound as any, and the stages
after it build on it. It is shown by itself, so that nobody's choice is undone unasked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from curate.core import extras, given, manifest, measured_on
from curate.core.appended import newer
from curate.core.counted import counted
from curate.core.errors import Do, Edit, Note, Run, StateError, To
from curate.core.recipe import Recipe, Section, Source
from curate.core.schemas import CleanRow
from curate.core.stages import STAGES
from curate.inspect.unfinished import at_work, unfinished
from curate.photos import missing
from curate.review import conflicts, decisions, duplicates


class Setting(NamedTuple):
    """A value of the recipe that is not the one a stage ran with."""

    name: str  # as messages about recipes name it, e.g. clean.quality.dark
    used: Any
    recipe: Any

    def __str__(self) -> str:
        if isinstance(self.used, list) or isinstance(self.recipe, list):
            return f"{self.name} is another in the recipe"
        return f"{self.name} is {_word(self.used)} here, {_word(self.recipe)} in the recipe"


class StageState(NamedTuple):
    """How a stage stands."""

    funnel: str  # what it did; its name when nothing can be said
    problem: str = ""  # why it must run before any later stage; empty where it need not
    settings: tuple[Setting, ...] = ()  # in which it differs from the recipe

    @property
    def title(self) -> str:
        """What people call the stage."""
        return self.funnel.partition(":")[0]

    @property
    def words(self) -> str:
        """`current`, or why it is not."""
        apart = [f"settings differ: {'; '.join(map(str, self.settings))}"] if self.settings else []
        return "; ".join([self.problem, *apart] if self.problem else apart or ["current"])


class Status(NamedTuple):
    """How a folder stands."""

    stages: dict[str, StageState]  # in order: missing, damaged, stale, by other settings, or current
    unfinished: list[Note]  # stages that are running or were interrupted
    to_decide: list[Note]  # by a person
    warnings: list[Note]
    next: Note  # what to run


def status(folder: Path, recipe: Recipe) -> Status:
    """How the stages stand, what a person must decide, what to run next."""
    problem = problems(folder)
    first = next((stage for stage in STAGES if problem[stage]), "")
    states = {stage: state(folder, stage, recipe, problem[stage]) for stage in STAGES}
    apart = [found.title for found in states.values() if found.settings and not found.problem]
    to_decide = [_choice(stage, found) for stage, found in states.items() if found.settings]
    to_decide += conflicts.to_do(folder, recipe.clean.class_names)
    to_decide += to_review(folder, recipe)
    to_decide += given.leaks(folder)
    return Status(
        states,
        unfinished(folder, recipe),
        to_decide,
        [*missing.warnings(folder), *_measured_otherwise(folder, recipe)],
        _next(folder, recipe, first, apart),
    )


def state(folder: Path, stage: str, recipe: Recipe, problem: str = "") -> StageState:
    """How `stage` stands in `folder`; `problem` is what is known to be wrong with it."""
    if not manifest.csv_path(folder, stage).exists():
        return StageState(f"{stage}:", problem)
    try:
        return StageState(
            manifest.funnel_line(folder, stage), problem, tuple(other_settings(folder, stage, recipe))
        )
    except StateError:
        return StageState(f"{stage}:", problem)


def problems(folder: Path) -> dict[str, str]:
    """Why each stage must run; empty where it need not. All that come after one that must wait for it."""
    found: dict[str, str] = {}
    for stage in STAGES:
        found[stage] = _problem(folder, stage, next((earlier for earlier in found if found[earlier]), ""))
    return found


def _problem(folder: Path, stage: str, waits_for: str) -> str:
    path = manifest.csv_path(folder, stage)
    if not path.exists():
        return "missing"
    try:
        if manifest.file_sha256(path) != manifest.read_sidecar(folder, stage)["sha256"]:
            return f"damaged: {path.name} was changed after it was written; delete it"
        stale = changes(folder, stage)
    except StateError as error:
        return f"damaged: {error}"
    stale += ["photos that were lost are back"] if missing.is_back(folder, stage) else []
    if stage == "dedup" and (folder / decisions.NAME).exists() and not (stale or waits_for):
        stale += duplicates.waiting(folder)
    stale += [f"{waits_for} comes first"] if waits_for else []
    return f"stale: {'; '.join(stale)}" if stale else ""


def changes(folder: Path, stage: str) -> list[str]:
    """What changed since `stage` ran: its inputs, the packages it used.

    Raises StateError when a sidecar is missing or damaged.
    """
    recorded = manifest.recorded_provenance(folder, stage)
    versions = {name: _version_now(stage, name, then) for name, then in recorded.versions.items()}
    now = manifest.Provenance(stage, recorded.inputs, recorded.config, versions)
    stale = manifest.stale_inputs(folder, stage)
    added = manifest.decided_since(folder, stage) if decisions.NAME in stale else 0
    said = [newer(added) if added and name == decisions.NAME else f"{name} changed" for name in stale]
    return said + recorded.changes(now)


def other_settings(folder: Path, stage: str, recipe: Recipe) -> Iterator[Setting]:
    """The settings of `stage` that are not the recipe's, be it by an option or because the recipe was edited.

    Raises StateError when a sidecar is missing or damaged.
    """
    if manifest.read_sidecar(folder, stage)["notes"].get("imported"):
        yield from _other_import(folder, recipe.source)
        return
    name = STAGES[stage].section
    section: Section | None = getattr(recipe, name)
    if section:
        used = manifest.recorded_provenance(folder, stage).config
        yield from _differences(name, used, section.values(used))


def _other_import(folder: Path, source: Source | None) -> Iterator[Setting]:
    """How photos came in otherwise than a recipe with a path says; a run also reads what is there by now."""
    if source is None or not source.path:
        return
    wanted = source.as_import()
    before = {"group_by": "", "keep_split": (folder / given.NAME).exists()}
    used = before | manifest.recorded_provenance(folder, "fetch").config
    if not Path(source.path).exists():  # seen from another folder
        wanted = wanted.model_copy(update={"path": used.get("path")})
    keys = {"class_names": "classes", "photos": "photos"}
    for name, value in wanted.values(used).items():
        yield from _differences(keys.get(name, f"source.{name}"), used.get(name), value)


def _measured_otherwise(folder: Path, recipe: Recipe) -> Iterator[Note]:
    """A note for the audit and the learning curve where they are of other manifests or settings than those now."""
    measured = ("audit", "split", "train_baseline"), ("learning curve", "split")
    for name, *stages in measured:
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            recorded = json.loads((folder / f"{name.replace(' ', '_')}.json").read_bytes())
            again = To("measure again", Run(name.replace(" ", "-")))
            if earlier := measured_on.earlier(folder, recorded["inputs"], *stages):
                yield Note(f"the {name} is of an earlier {' and '.join(earlier)}: the report leaves it out", again)
            used = recorded["settings"]
            now = {key: reduce(getattr, key.split("."), recipe) for key in used}
            if apart := [str(each) for key in used for each in _differences(key, used[key], now[key])]:
                yield Note(f"the {name} is of other settings: {'; '.join(apart)}", again)


def _differences(name: str, used: Any, recipe: Any) -> Iterator[Setting]:
    if isinstance(used, Mapping) and isinstance(recipe, Mapping):
        for key in sorted(used.keys() | recipe.keys()):
            yield from _differences(f"{name}.{key}", used.get(key), recipe.get(key))
    elif used != recipe:
        yield Setting(name, used, recipe)


def _word(value: Any) -> str:
    """A value as a recipe has it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def to_review(folder: Path, recipe: Recipe) -> list[Note]:
    """How many photos of the review queue have no decision yet; empty where none waits or clean has not run."""
    try:
        queued = {row.key for row in manifest.read(folder, CleanRow) if row.borderline}
        waiting = queued - set(decisions.load_or_problem(folder / decisions.NAME, recipe.classes).decisions)
    except StateError:  # its stage's line says so
        return []
    if not waiting:
        return []
    return [Note(f"{counted(len(waiting), 'photo')} to review", To("look and decide", Run("review")))]


def by_the_recipe(folder: Path, recipe: Recipe, stages: Iterable[str]) -> list[str]:
    """A line for each stage that ran with other settings than the recipe's, and runs again by the recipe's."""
    found = [state(folder, stage, recipe) for stage in stages]
    return [
        f"{each.title} runs again by the recipe: {'; '.join(map(str, each.settings))}"
        for each in found
        if each.settings
    ]


def _choice(stage: str, found: StageState) -> Note:
    """How to keep what a stage ran with, and how to give it up."""
    keep = To("keep them", *(Edit(setting.name, _word(setting.used)) for setting in found.settings))
    if any(isinstance(value, list) for setting in found.settings for value in (setting.used, setting.recipe)):
        keep = To("keep them", Run("report"), Do("copy the recipe of this run, at its end, into yours"))
    return Note(
        f"{found.title} ran with settings that are not the recipe's",
        keep,
        To("return to the recipe's", Run(manifest.command(stage))),
    )


def _next(folder: Path, recipe: Recipe, first: str, apart: list[str]) -> Note:
    if process := at_work(folder):
        return Note(f"nothing yet: process {process} is at work here; wait for it to end, or stop it")
    again = f"{' and '.join(apart)} again, by the recipe"
    local = recipe.source is None or (manifest.imported_from(folder) and not recipe.source.path)
    if first == "fetch" and local:
        return Note("", manifest.remedy(folder, first))
    if first:
        rest = f", and {again}" if apart else ""
        return Note("", Run(manifest.command(first)), To(f"run all that is left{rest}", Run("run")))
    if apart:
        return Note("", To(f"run {again}", Run("run")), To("see the results as they are", Run("report")))
    return Note("nothing, every stage is current", To("see the results", Run("report")))


def _version_now(stage: str, name: str, then: str) -> str:
    """The installed version of a package; what is not a package (a sha256 of weights) counts as unchanged."""
    if name == manifest.STAGE_VERSION:
        return str(STAGES[stage].version)
    return extras.version_of(name, then)
