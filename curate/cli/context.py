"""What surrounds every command: the recipe and folder it works on, one line and an exit code for each failure."""

import difflib
import errno
import os
import re
import shlex
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.core.errors import FETCH_OR_IMPORT, CurateError, StateError, UsageError
from curate.core.schemas import STAGES

if TYPE_CHECKING:
    from curate.core.recipe import Recipe


DEFAULT_RECIPE = Path("pipelines/swift_wagonr.yaml")
# As messages name a command; one may name another folder, and the demo has a recipe of its own.
_COMMAND = re.compile(r"`curate (?=[a-z])(?!demo\b)|`curate (?=--folder FOLDER )")


def _exit_with(message: str, code: int) -> NoReturn:
    typer.echo(f"curate: {message}", err=True)
    raise typer.Exit(code)


class Commands(TyperGroup):
    """Turns every failure into one line and its exit code; `CURATE_DEBUG=1` shows the traceback instead."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CurateError as error:
            if os.environ.get("CURATE_DEBUG"):
                raise
            _exit_with(as_typed(str(error), ctx.obj), error.exit_code)
        except KeyboardInterrupt:
            _exit_with("interrupted; run the same command again to go on", 130)
        except MemoryError:
            _exit_with("out of memory; try fewer --workers or a smaller batch_size in the recipe", 7)
        except OSError as error:
            if os.environ.get("CURATE_DEBUG") or error.errno == errno.EPIPE:
                raise
            _exit_with(f"{error.filename or 'system'}: {error.strerror or error}", 7)
        except Exception as error:
            if os.environ.get("CURATE_DEBUG") or isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
                _tell_its_place(error, ctx.invoked_subcommand)
                raise  # the last two are typer's own way to end
            what = f"{type(error).__name__}: {error}"
            _exit_with(f"a mistake in curate itself, {what}; CURATE_DEBUG=1 shows where, please report it", 1)


def _tell_its_place(error: Any, command: str) -> None:
    """Where an option is behind the command that belongs before it, make typer's message say so."""
    if (name := getattr(error, "option_name", "")) in ("--recipe", "--folder"):
        error.message += f"; it goes before the command: `curate {name} {name[2:].upper()} {command}`"
        error.possibilities = []  # of this command: --replace is no way to spell --recipe


def print_version(wanted: bool) -> None:
    """Callback of --version."""
    if wanted:
        typer.echo(f"curate {__version__}")
        raise typer.Exit


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def stop_cleanly_on_sigterm() -> None:
    """SIGTERM ends a run as cleanly as Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)


@dataclass
class Choice:
    """What the options before the command chose, and what is known of it since."""

    recipe_path: Path = DEFAULT_RECIPE
    folder: Path | None = None
    has_source: bool = True  # the recipe has; true until it is read

    def options(self) -> str:
        """The same as words of a command line, each with a space behind; empty where all is as by default."""
        words = [] if self.recipe_path == DEFAULT_RECIPE else ["--recipe", str(self.recipe_path)]
        words += [] if self.folder is None else ["--folder", str(self.folder)]
        return "".join(f"{shlex.quote(word)} " for word in words)


def as_typed(text: str, choice: Choice | None) -> str:
    """`text` with the options of `choice` in each command it tells to run, so that it can be copied as it is.

    Of fetch or import it names the one that can work.
    """
    if choice is None:
        return text
    if not choice.has_source:
        text = text.replace(FETCH_OR_IMPORT, "`curate import PATH`")

    def typed(found: re.Match[str]) -> str:
        elsewhere = text.startswith("--folder", found.end())
        return found[0] + (replace(choice, folder=None) if elsewhere else choice).options()

    return _COMMAND.sub(typed, text)


def echo(ctx: typer.Context, text: str) -> None:
    """Print what a command says."""
    typer.echo(as_typed(text, ctx.obj))


def echo_all(ctx: typer.Context, lines: Iterable[str]) -> None:
    """Print line by line."""
    for line in lines:
        echo(ctx, line)


Workers = Annotated[int | None, typer.Option(min=1, help="Processes to use.", show_default="one per core")]


def recipe_and_folder(ctx: typer.Context, *stages: str) -> "tuple[Recipe, Path]":
    """The recipe that was chosen, with all that `stages` need of it, and the folder of its manifests."""
    from curate.pipeline import find_recipe

    recipe = find_recipe(ctx.obj.recipe_path, stages)
    ctx.obj.has_source = recipe.source is not None
    folder = ctx.obj.folder or Path("manifests") / recipe.name
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--folder {folder} is a file; name the folder of the manifests")
    return recipe, folder


def check_there(ctx: typer.Context, folder: Path) -> None:
    """Raise StateError, naming the nearest folder beside it, when there is no such folder."""
    if folder.exists():
        return
    beside: list[str] = []
    with suppress(OSError):
        beside = sorted(other.name for other in folder.parent.iterdir() if other.is_dir() and has_manifests(other))
    cutoff, how = (0.6, "") if ctx.obj.folder else (0.0, " (its recipe goes with --recipe)")
    near = difflib.get_close_matches(folder.name, beside, n=1, cutoff=cutoff)
    meant = f"; did you mean {folder.parent / near[0]}{how}?" if near else ":"
    raise StateError(f"{folder}: no such folder{meant} {FETCH_OR_IMPORT} would make it")


def has_manifests(folder: Path) -> bool:
    """Did any stage finish in `folder`?"""
    return any((folder / f"{stage}.csv").exists() for stage in STAGES)


def recipe_and_manifests(ctx: typer.Context) -> "tuple[Recipe, Path]":
    """The recipe that was chosen and its folder. Raises StateError when no manifest is there; makes nothing."""
    from curate.core import manifest

    recipe, folder = recipe_and_folder(ctx)
    check_there(ctx, folder)
    if not has_manifests(folder):
        raise StateError(f"{folder} holds no manifest: {manifest.remedy(folder, 'fetch')} first")
    return recipe, folder


def with_options(recipe: "Recipe", section: str, **options: Any) -> "Recipe":
    """The recipe with options of the command line in place of its values. Raises UsageError for a bad one."""
    from pydantic import ValidationError

    try:
        return recipe.model_copy(update={section: getattr(recipe, section).override(**options)})
    except ValidationError as error:
        problem = error.errors()[0]
        first, *_ = problem["loc"] or ("",)
        given = {name: f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None}
        # An option may be sound by itself and not go with a value of the recipe.
        where = given.get(str(first)) or f"{', '.join(given.values())}: {section}.{first}".rstrip(".")
        raise UsageError(f"{where}: {problem['msg'].removeprefix('Value error, ')}") from error


def run_stages_of(ctx: typer.Context, stages: list[str], recipe: "Recipe", workers: int | None) -> None:
    """Run `stages` of `recipe` in the chosen folder, printing what each of them says."""
    from curate.pipeline import default_workers, run_stages

    _, folder = recipe_and_folder(ctx) if "fetch" in stages else recipe_and_manifests(ctx)
    run_stages(stages, recipe, folder, workers or default_workers(), partial(echo, ctx))
