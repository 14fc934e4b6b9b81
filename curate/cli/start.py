"""Commands to start with."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import result, say, show, stage_results, tell
from curate.cli.options import HERE, Workers, command

commands = typer.Typer()


@command(commands)
def init(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="The recipe to write.")] = HERE,
    classes: Annotated[str, typer.Option(help="The class names, with commas between.")] = "",
    photos: Annotated[Path | None, typer.Option(help="Photos you have: a folder per class, or a CSV.")] = None,
    site: Annotated[str | None, typer.Option(help="The page of a site that lists the first class.")] = None,
    subject: Annotated[str, typer.Option(help="What the photos show, any noun: car, shoe, house.")] = "",
) -> None:
    """Write a small commented recipe to start from.

    Without --classes, the folders in --photos are the classes. Without --subject, photos of other things may be
    kept.

    Example: curate init mine.yaml --classes sedan,suv --photos photos/ --subject car
    """
    from curate.clean.subject import notes
    from curate.cli import hints
    from curate.cli.new_recipe import write_recipe
    from curate.core.recipe_file import load

    names = [name.strip() for name in classes.split(",") if name.strip()]
    note = write_recipe(path, names, photos, site, subject.strip())
    ctx.obj.recipe = None if path == HERE else path
    about_subject = notes(load(path).clean)
    for line in about_subject:
        show(ctx, line)
    show(ctx, note)
    result(ctx, hints.as_data(note, ctx.obj.place) | {"recipe": str(path), "subject": about_subject})


@command(commands)
def demo(
    ctx: typer.Context,
    site: Annotated[bool, typer.Option("--site", help="Only serve the marketplace, until Ctrl-C.")] = False,
    js: Annotated[bool, typer.Option("--js", help="With --site: let scripts make the pages.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on loopback.", show_default="8765, or a free one")
    ] = None,
    workers: Workers = None,
) -> None:
    """Run every stage on a painted marketplace.

    Paints a small marketplace, serves it as real pages on loopback and fetches it over HTTP. Without the extra
    `train`, train-baseline is left out.

    Example: curate demo
    """
    from curate.demo.run import run as run_demo
    from curate.demo.run import serve_site
    from curate.pipeline import default_workers

    folder = ctx.obj.folder or Path("manifests/demo")
    if site:
        serve_site(folder, port, workers or default_workers(), partial(say, ctx), by_script=js)
    else:
        say(ctx, run_demo(folder, port, workers or default_workers(), partial(tell, ctx)))
        result(ctx, {"stages": stage_results(ctx)})
