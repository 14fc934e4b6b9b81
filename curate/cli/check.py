"""The command that checks photos which are not in the dataset."""

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import recipe_and_manifests, result, show
from curate.cli.options import command

commands = typer.Typer()
_FLAGGED = 3  # exit code, that of a quality gate


@command(commands)
def check(
    ctx: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="Photo files.")],
    class_name: Annotated[str, typer.Option("--class", help="What the seller says they show.")] = "",
    listing: Annotated[str, typer.Option(help="Id of their listing: its own photos are no duplicates.")] = "",
    listing_photos: Annotated[
        list[Path] | None, typer.Option(help="Other photos of the listing; may be given more than once.")
    ] = None,
) -> None:
    """Say of photos whether they fit the dataset: ok, flag or unsure, and why.

    Not the subject, another class, a close-up, an interior, blurred, or a duplicate of a photo that is there. A
    photo of the dataset gets what clean decided. Exits with 3 when one is flagged.

    Example: curate check upload.jpg --class swift
    """
    from curate.check.check import Checker, read

    files = [read(path) for path in photos]
    beside = [read(path) for path in listing_photos or ()]
    recipe, folder = recipe_and_manifests(ctx)
    verdicts = Checker.open(folder, recipe).check(files, class_name, listing, beside)
    for path, verdict in zip(photos, verdicts, strict=True):
        show(ctx, f"{path}: {verdict.line()}")
    result(ctx, [{"photo": str(path)} | each.as_json() for path, each in zip(photos, verdicts, strict=True)])
    if any(verdict.verdict == "flag" for verdict in verdicts):
        raise typer.Exit(_FLAGGED)
