"""The command line: thin. Each command finds the recipe, calls one function and prints what it says."""

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import inspection, stages
from curate.cli.context import DEFAULT_RECIPE, Choice, Commands, print_version, stop_cleanly_on_sigterm
from curate.core.errors import EXIT_CODES

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
)


@app.callback()
def _options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    recipe: Annotated[
        Path, typer.Option(help="The recipe, or the name of one that comes with curate.")
    ] = DEFAULT_RECIPE,
    folder: Annotated[
        Path | None, typer.Option(help="Where manifests and photos go.", show_default="manifests/<recipe name>")
    ] = None,
) -> None:
    """Turn a classifieds site into an image-classification dataset one can trust.

    fetch, dedup, clean, split and train-baseline each read the manifest (CSV) before them and write their own.
    `curate run` runs them all; `curate demo` shows a whole run on a marketplace of its own.

    Example: curate --recipe pipelines/swift_wagonr.yaml run
    """
    ctx.obj = Choice(recipe, folder)


app.add_typer(stages.commands)
app.add_typer(inspection.commands)


def main() -> None:
    """Entry point of the `curate` script."""
    stop_cleanly_on_sigterm()
    app()
