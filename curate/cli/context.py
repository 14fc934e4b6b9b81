"""What surrounds every command: the recipe and folder it works on, and what it says: lines, notes, results."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from curate.cli import hints, terminal
from curate.cli.terminal import Styled
from curate.core.counted import counted
from curate.core.errors import Do, FetchOrImport, Note, Run, StateError, To, UsageError

if TYPE_CHECKING:
    from curate.core.recipe import Recipe
    from curate.pipeline import Said


def show(ctx: typer.Context, *what: "str | Styled | Note") -> None:
    """Print a line of the result. With --json the result is printed by `result` instead."""
    if not ctx.obj.json:
        terminal.write(*_worded(ctx, what))


def say(ctx: typer.Context, *what: "str | Styled | Note") -> None:
    """Print what a command does meanwhile; --quiet leaves it out, --json sends it to stderr."""
    if not ctx.obj.quiet:
        terminal.write(*_worded(ctx, what), err=ctx.obj.json)


def tell(ctx: typer.Context, said: "Said") -> None:
    """Print what a run tells while it is at work; of an unchanged stage one line."""
    if isinstance(said, Note):
        return warn(ctx, said)
    if isinstance(said, str):
        return say(ctx, said)
    ctx.obj.ended.append(said)
    took = "unchanged" if said.unchanged else f"{said.seconds:.1f} s"
    say(ctx, Styled(f"{said.title}:", "bold"), f" {said.funnel}", Styled(f" ({took})", "dim"))
    if said.unchanged:
        return None
    for line in said.summary:
        say(ctx, f"  {line}")
    if said.deleted:
        photos = counted(said.deleted, "photo that was", "photos that were")
        say(ctx, f"  deleted {photos} there before")
    for note in said.to_decide:
        say(ctx, "  ", note)
    return None


def stage_results(ctx: typer.Context) -> list[dict[str, Any]]:
    """The stages that ended, for programs."""
    return [
        asdict(ended) | {"to_decide": [hints.as_data(each, ctx.obj.place) for each in ended.to_decide]}
        for ended in ctx.obj.ended
    ]


def warn(ctx: typer.Context, note: Note) -> None:
    """Print a warning to stderr."""
    terminal.write(Styled("warning:", "warn"), f" {hints.worded(note, ctx.obj.place)}", err=True)


def result(ctx: typer.Context, data: Any) -> None:
    """Print the result for programs, where --json asks for it."""
    if ctx.obj.json:
        terminal.write_json(data)


def plot_at(path: Path) -> Path | None:
    """Where a plot goes; None where matplotlib is not installed."""
    from curate.core import extras

    return None if extras.missing("plots") else path


def show_plot(ctx: typer.Context, plot: Path | None) -> None:
    """Say where the plot of `plot_at` is, or what installs matplotlib."""
    from curate.core import extras

    absent = f"no plot, because matplotlib is not installed: {extras.install('plots')}"
    show(ctx, f"plot: {plot}" if plot else absent)


def _worded(ctx: typer.Context, what: "Iterable[str | Styled | Note]") -> list[str | Styled]:
    return [hints.worded(part, ctx.obj.place) if isinstance(part, Note) else part for part in what]


def recipe_and_folder(ctx: typer.Context, *stages: str) -> "tuple[Recipe, Path]":
    """The recipe that was chosen, with all that `stages` need of it, and the folder of its manifests."""
    from curate.pipeline import find_recipe

    recipe = find_recipe(ctx.obj.recipe_path, stages)
    ctx.obj.has_source = recipe.source is not None
    ctx.obj.photos = recipe.source.path if recipe.source else ""
    folder = ctx.obj.folder or Path("manifests") / recipe.name
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--folder {folder} is a file; name the folder of the manifests")
    return recipe, folder


def check_there(ctx: typer.Context, folder: Path) -> None:
    """Raise StateError, naming the nearest folder beside it, when there is no such folder."""
    import difflib

    if folder.exists():
        return
    beside: list[str] = []
    with suppress(OSError):
        beside = sorted(other.name for other in folder.parent.iterdir() if other.is_dir() and has_manifests(other))
    cutoff, how = (0.6, "") if ctx.obj.folder else (0.0, " (its recipe goes with --recipe)")
    near = difflib.get_close_matches(folder.name, beside, n=1, cutoff=cutoff)
    if not near:
        raise StateError(f"{folder}: no such folder", To("make it", FetchOrImport(ctx.obj.photos)))
    make = [] if ctx.obj.folder else [To("make it", FetchOrImport(ctx.obj.photos))]
    raise StateError(f"{folder}: no such folder; did you mean {folder.parent / near[0]}{how}?", *make)


def has_manifests(folder: Path) -> bool:
    """Did any stage finish in `folder`?"""
    from curate.core.stages import STAGES

    return any((folder / f"{stage}.csv").exists() for stage in STAGES)


def recipe_and_manifests(ctx: typer.Context) -> "tuple[Recipe, Path]":
    """The recipe that was chosen and its folder. Raises StateError when no manifest is there; makes nothing."""
    from curate.core import manifest

    recipe, folder = recipe_and_folder(ctx)
    check_there(ctx, folder)
    if not has_manifests(folder):
        raise StateError(f"{folder} holds no manifest", manifest.remedy(folder, "fetch"))
    return recipe, folder


def check_classes(ctx: typer.Context, recipe: "Recipe", photos: Path) -> None:
    """Raise UsageError where `photos` has other classes than the shipped recipe, and that is the only one."""
    from curate.fetch.import_stage import classes_at

    if ctx.obj.has_recipe:
        return
    if unknown := sorted(classes_at(photos, recipe.classes)[0] - set(recipe.classes)):
        raise UsageError(
            f"no recipe is here, and {recipe.name}, which is taken then, has no class {', '.join(unknown)}",
            To("write yours", Run("init", ("--photos", str(photos)))),
            To("use one from elsewhere", Do("name it with --recipe")),
        )


def with_options(recipe: "Recipe", section: str, **options: Any) -> "Recipe":
    """The recipe with options of the command line in place of its values. Raises UsageError for a bad one."""
    from pydantic import ValidationError

    from curate.core.recipe_words import in_words

    try:
        return recipe.model_copy(update={section: getattr(recipe, section).override(**options)})
    except ValidationError as error:
        problem = error.errors()[0]
        first, *_ = problem["loc"] or ("",)
        given = {name: f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None}
        # An option may be sound by itself and not go with a value of the recipe.
        where = given.get(str(first)) or f"{', '.join(given.values())}: {section}.{first}".rstrip(".")
        raise UsageError(f"{where}: {in_words(problem)}") from error


def with_executor(recipe: "Recipe", executor: str | None, store: str | None = None) -> "Recipe":
    """The recipe with executor and store of the command line. Raises UsageError for what they cannot be."""
    from pydantic import TypeAdapter, ValidationError

    from curate.core.recipe import Executor, Store
    from curate.core.recipe_words import in_words

    kinds: dict[str, Any] = {"executor": (Executor, executor), "store": (Store, store)}
    for name, (kind, value) in kinds.items():
        try:
            if value is not None:
                recipe = recipe.model_copy(update={name: TypeAdapter(kind).validate_python(value)})
        except ValidationError as error:
            raise UsageError(f"--{name}: {in_words(error.errors()[0])}") from error
    if store and recipe.executor == "local":
        raise UsageError("--store goes with --executor ray: the processes of this machine read the folder")
    return recipe


def run_stages_of(ctx: typer.Context, stages: list[str], recipe: "Recipe", workers: int | None) -> None:
    """Run `stages` of `recipe` in the chosen folder, printing what each of them says."""
    from curate.pipeline import default_workers, run_stages

    _, folder = recipe_and_folder(ctx) if "fetch" in stages else recipe_and_manifests(ctx)
    run_stages(stages, recipe, folder, workers or default_workers(), partial(tell, ctx))
