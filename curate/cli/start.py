"""Commands to start with."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import say
from curate.cli.options import Workers, command

commands = typer.Typer()


@command(commands)
def demo(
    ctx: typer.Context,
    site: Annotated[bool, typer.Option("--site", help="Only serve the marketplace, until Ctrl-C.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on loopback.", show_default="8765, or a free one")
    ] = None,
    workers: Workers = None,
) -> None:
    """Run every stage on a painted marketplace.

    Paints a small marketplace, serves it as real pages on loopback and fetches it over HTTP.

    Example: curate demo
    """
    from curate.demo.run import run as run_demo
    from curate.demo.run import serve_site
    from curate.pipeline import default_workers

    folder = ctx.obj.folder or Path("manifests/demo")
    if site:
        serve_site(folder, port, workers or default_workers(), partial(say, ctx))
    else:
        run_demo(folder, port, workers or default_workers(), partial(say, ctx))
