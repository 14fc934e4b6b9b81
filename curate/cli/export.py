"""The command that gives the dataset on."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import recipe_and_manifests, result, say, show, with_executor
from curate.cli.options import Executor, Store, Workers, command
from curate.core.errors import UsageError

commands = typer.Typer()


@command(commands)
def export(
    ctx: typer.Context,
    format: Annotated[
        str, typer.Argument(help="folders, huggingface, parquet, webdataset, kaggle, croissant or csv-urls.")
    ],
    out: Annotated[Path, typer.Option(help="A new folder, or that of an earlier export.")],
    strip: Annotated[bool, typer.Option("--strip", help="Remove EXIF, GPS and comments, losslessly.")] = False,
    size: Annotated[
        int | None,
        typer.Option(min=16, help="Shrink larger photos to so many pixels on the longer side; they become JPEGs."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="jpeg: what is no JPEG becomes one, also where nothing else changes.",
            show_default="as uploaded",
        ),
    ] = None,
    blur: Annotated[
        list[str] | None, typer.Option(help="faces or plates; a blurred photo becomes a JPEG. May be repeated.")
    ] = None,
    plates_model: Annotated[Path | None, typer.Option(help="A detector of number plates, ONNX.")] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy photos instead of linking them.")] = False,
    beside: Annotated[
        bool, typer.Option("--beside", help="Write also into a folder that holds other files; they stay.")
    ] = False,
    workers: Workers = None,
    executor: Executor = None,
    store: Store = None,
) -> None:
    """Write the dataset in a form that others load, with a dataset card.

    Photos are the original bytes, as links where the file system can. An editor that changes a linked photo in
    place changes the original too: use --copy where that may happen.

    Interrupted, the same command goes on. Another export into the same folder takes the place of the one before.

    Example: curate export folders --out swift_wagonr
    """
    from curate.export.photos import Options
    from curate.export.run import check
    from curate.export.run import export as write
    from curate.pipeline import map_of

    if to not in (None, "jpeg"):
        raise UsageError(f"--format {to}: only jpeg can be asked for")
    options = Options(strip, size, to == "jpeg", tuple(dict.fromkeys(blur or ())), None, plates_model)
    check(format, options)  # what is typed is judged before what is there
    recipe, folder = recipe_and_manifests(ctx)
    recipe = with_executor(recipe, executor, store)
    with map_of(recipe, folder, workers, partial(say, ctx)) as map_fn:
        lines = write(folder, recipe, format, out, options, map_fn, copy=copy, beside=beside)
    for line in lines:
        show(ctx, line)
    result(ctx, {"format": format, "out": str(out), "summary": lines})
