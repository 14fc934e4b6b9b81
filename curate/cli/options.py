"""The options that every command has, typed before it or after it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from curate.cli.hints import Place
from curate.cli.terminal import begin_log, silence

HERE = Path("curate.yaml")  # in a folder that holds one dataset
SHIPPED = Path("pipelines/swift_wagonr.yaml")

Workers = Annotated[int | None, typer.Option(min=1, help="Processes to use.", show_default="one per core")]
Executor = Annotated[
    str | None,
    typer.Option(
        help="Where the work runs: local, ray (--workers processes) or ray:ADDRESS (a cluster).",
        show_default="recipe's, local",
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        help="s3://bucket/prefix, or any address of fsspec: workers of Ray read photos there, not in the folder.",
        show_default="recipe's",
    ),
]
_PATHS: dict[str, Any] = {
    "recipe": Annotated[
        Path | None,
        typer.Option(
            help="A recipe file, or the name of a recipe that comes with curate.",
            show_default="./curate.yaml, else swift_wagonr",
        ),
    ],
    "folder": Annotated[
        Path | None, typer.Option(help="Where manifests and photos go.", show_default="manifests/<recipe name>")
    ],
    "log_file": Annotated[Path | None, typer.Option(help="Append all messages, with times, to this file.")],
}
_FLAGS: dict[str, Any] = {
    "json": Annotated[bool, typer.Option("--json", help="Print the result as JSON; messages go to stderr.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Print only results, warnings and errors.")],
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="Print also what curate and libraries log.")],
}


@dataclass
class Choice:
    """What a command line chose, and what is known of its recipe since."""

    recipe: Path | None = None
    folder: Path | None = None
    log_file: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    has_source: bool = True  # the recipe has; true until it is read
    photos: str = ""  # the recipe's source.path; empty until it is read
    ended: list[Any] = field(default_factory=list)  # stages, as `pipeline.Ended`

    @property
    def recipe_path(self) -> Path:
        """The recipe to read."""
        return self.recipe or (HERE if HERE.is_file() else SHIPPED)

    @property
    def has_recipe(self) -> bool:
        """Is there a recipe of the person's own? Else the one that comes with curate is taken."""
        return self.recipe is not None or HERE.is_file()

    @property
    def place(self) -> Place:
        """What the commands in a message repeat."""
        return Place(str(self.recipe or ""), str(self.folder or ""), self.has_source)


def shared(function: Callable[..., None]) -> Callable[..., None]:
    """Give the function of a command the shared options: they go into `ctx.obj`, those after the command win."""
    signature = inspect.signature(function, eval_str=True)

    @wraps(function)
    def chosen(ctx: typer.Context, **options: Any) -> None:
        if ctx.obj is None:
            ctx.obj = Choice()
        for name in (*_PATHS, *_FLAGS):
            if value := options.pop(name):
                setattr(ctx.obj, name, value)
        silence(ctx.obj.quiet)
        begin_log(ctx.obj.verbose, ctx.obj.log_file)
        function(ctx, **options)

    keyword = inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter(name, keyword, default=None, annotation=kind) for name, kind in _PATHS.items()]
    more += [inspect.Parameter(name, keyword, default=False, annotation=kind) for name, kind in _FLAGS.items()]
    parameters = [*signature.parameters.values(), *more]
    chosen.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    chosen.__annotations__ = {each.name: each.annotation for each in parameters}
    return chosen


class Command(TyperCommand):
    """A command whose help lists its own options first, then those of every command."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, own options and shared options, each under its title."""
        titles: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Options of every command": []}
        for param in self.get_params(ctx):
            own = "Arguments" if param.param_type_name == "argument" else "Options"
            title = "Options of every command" if param.name in (*_PATHS, *_FLAGS, "help") else own
            if record := param.get_help_record(ctx):
                titles[title].append(record)
        for title, records in titles.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def command(
    commands: typer.Typer, name: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a function to a group of commands, with the shared options."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        typed = name or function.__name__.replace("_", "-")
        first = " ".join((function.__doc__ or "").partition("\n\n")[0].split())
        return commands.command(typed, cls=Command, short_help=first)(shared(function))

    return add
