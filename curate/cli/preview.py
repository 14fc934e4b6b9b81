"""The command that shows what one page gives."""

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import recipe_and_folder, result, show
from curate.cli.options import HERE, command

commands = typer.Typer()


@command(commands)
def preview(
    ctx: typer.Context,
    place: Annotated[str, typer.Argument(metavar="URL|FILE", help="A page, on the web or saved.")],
    page: Annotated[
        Path | None, typer.Option("--page", help="Read the page at URL from this file; nothing is asked for.")
    ] = None,
    as_listing: Annotated[
        bool, typer.Option("--as-listing", help="Read it as the page of one listing, as fetch follows links.")
    ] = False,
    as_list: Annotated[
        bool, typer.Option("--as-list", help="Read it as a list of listings, as fetch reads start URLs.")
    ] = False,
    render: Annotated[
        bool, typer.Option("--render", help="Let its scripts make the page, as `source.render: always` does.")
    ] = False,
    open_: Annotated[bool, typer.Option("--open", help="Open a page with the photos in a browser.")] = False,
) -> None:
    """Show what a recipe, or none, gets from one page: listings, fields, photos, the next page.

    Says which form of data was read, what was left out and why, and ends with a section for the recipe.
    Scripts run where the recipe's `source.render` says so.

    Example: curate preview https://cars.example.com/used --recipe mine.yaml
    """
    from curate.fetch import preview as pages

    config = pages.default_source()
    if ctx.obj.recipe or HERE.is_file():
        recipe, _ = recipe_and_folder(ctx)
        config = recipe.source if recipe.source and not recipe.source.path else config
    config = config.override(render="always") if render else config
    kind = True if as_listing else False if as_list else None
    found = pages.preview(pages.read(place, page, config, kind), config, kind)
    result(ctx, found.data())
    for line in found.lines():
        show(ctx, line)
    if open_:
        import tempfile
        import webbrowser

        with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
            file.write(pages.gallery(found))
        webbrowser.open(Path(file.name).as_uri())
