"""The command line: thin. Each command finds the recipe, calls one function and prints what it says."""

from typing import Annotated

import typer

from curate import __version__
from curate.cli import (
    auditing,
    check,
    concepts,
    export,
    failures,
    inspection,
    labelling,
    preview,
    run,
    start,
    terminal,
    training,
)
from curate.cli.options import shared
from curate.core.errors import EXIT_CODES

GROUPS = {
    "Start": start.commands,
    "Look at a page": preview.commands,
    "Run stages": run.commands,
    "See what became of the photos": inspection.commands,
    "Compare and use networks": training.commands,
    "Question the dataset": auditing.commands,
    "See what the scorer sees": concepts.commands,
    "Label photos": labelling.commands,
    "Use the dataset": export.commands,
    "Check uploads": check.commands,
}


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"curate {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=failures.Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
)


@app.callback()
@shared
def _options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turn a classifieds site into an image-classification dataset one can trust.

    fetch, dedup, clean, split and train-baseline each read the manifest (CSV) before them and write their own.
    `curate run` runs them all; `curate demo` shows a whole run on a marketplace of its own.

    Example: curate run --recipe mine.yaml
    """


for group in GROUPS.values():
    app.add_typer(group)
failures.Commands.titles = {
    title: [each.name or "" for each in group.registered_commands] for title, group in GROUPS.items()
}


def main() -> None:
    """Entry point of the `curate` script."""
    terminal.own_stderr()
    failures.stop_cleanly()
    try:
        app()
    except KeyboardInterrupt:  # before the command began, or after it ended
        failures.say_and_exit(KeyboardInterrupt())
