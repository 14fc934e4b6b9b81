"""The command that shows what one page gives."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli.context import recipe_and_folder, result, show, warn
from curate.cli.options import HERE, command
from curate.core.errors import DeniedError, Do, Edit, LayoutError, Note, UsageError

if TYPE_CHECKING:
    from curate.core.recipe import Source
    from curate.fetch.preview import Preview

commands = typer.Typer()


@command(commands)
def preview(
    ctx: typer.Context,
    place: Annotated[str, typer.Argument(metavar="URL|FILE", help="A page, on the web or saved; - is stdin.")],
    page: Annotated[
        Path | None, typer.Option("--page", help="Read the page at URL from this file; nothing is asked for.")
    ] = None,
    contact: Annotated[
        str, typer.Option(help="Your e-mail or URL, which a public site must see.", show_default="recipe's")
    ] = "",
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
    """Show what fetch reads from one page: listings, fields, photos, the next page.

    It needs no recipe. It says which form of data was read, what each selector of the recipe matched, what was
    left out and why. It ends with what the recipe lacks, or where there is none, with its section `source`.
    Scripts run where the recipe's `source.render` says so.

    Example: curate preview https://cars.example.com/used --contact you@example.com
    """
    from curate.fetch import loaded_page, preview_recipe
    from curate.fetch import preview as pages

    if as_listing and as_list:
        raise UsageError("--as-listing and --as-list do not go together")
    if render and (page is not None or not loaded_page.is_url(place)):
        raise UsageError("--render: scripts run in a page on the web only", Do("give its URL without a file"))
    config, of_recipe = pages.default_source(), False
    classes: tuple[str, ...] = ()
    if ctx.obj.recipe or HERE.is_file():
        recipe, _ = recipe_and_folder(ctx)
        classes = tuple(recipe.classes)
        if recipe.source and not recipe.source.path:
            config, of_recipe = recipe.source, True
    config = config.override(politeness=_with_contact(config, contact)) if contact else config
    asked = config.override(render="always") if render else config
    kind = True if as_listing else False if as_list else None
    found = pages.preview(pages.read(place, page, asked, kind), asked, kind)
    section = "" if of_recipe else preview_recipe.section(found, config, classes)
    lacks = preview_recipe.lacks(found, config) if of_recipe else {}
    result(ctx, found.data() | {"recipe": section, "to_set": lacks})
    for line in found.lines():
        show(ctx, line)
    if found.why:
        kind_of_error = DeniedError if found.is_denied else LayoutError
        raise kind_of_error(f"{found.name}: no listing found: {found.why}", *found.remedies)
    if section:
        show(ctx, "for the recipe, below its name and classes, in place of any other section source:")
        for line in section.splitlines():
            show(ctx, line)
    if of_recipe and found.kind == "list" and found.url:
        _show_what_lacks(ctx, lacks, found, config)
    if open_:
        _open(ctx, found)


def _with_contact(config: "Source", contact: str) -> Any:
    """The politeness with this contact. Raises UsageError for what can be none."""
    from pydantic import ValidationError

    from curate.core.recipe_words import in_words

    try:
        return config.politeness.override(contact=contact)
    except ValidationError as error:
        raise UsageError(f"--contact: {in_words(error.errors()[0])}") from error


def _show_what_lacks(ctx: typer.Context, lacks: dict[str, Any], found: "Preview", config: "Source") -> None:
    """Say what the recipe needs to fetch this page."""
    import yaml

    start = found.start or found.url
    notes = []
    for key, value in lacks.items():
        written = yaml.safe_dump(value, default_flow_style=True, width=10_000)
        notes.append(Note("", Edit(f"source.{key}", written.splitlines()[0])))
    if not any(start in urls for urls in config.listings.values()):
        names = ", ".join(config.listings) or "its class"
        notes.insert(0, Note("", Do(f"add {start} to source.listings, below the class that it lists: {names}")))
    for note in notes:
        show(ctx, "recipe: ", note)
    if not notes:
        show(ctx, "recipe: nothing is lacking for this page")


def _open(ctx: typer.Context, found: "Preview") -> None:
    """Write the page with the photos over the one before, and open it."""
    import webbrowser

    from curate.core.cache import cache_folder
    from curate.core.files import atomic_write
    from curate.fetch.preview_gallery import html

    path = cache_folder() / "preview.html"
    atomic_write(path, html(found).encode("utf-8", "replace"))
    show(ctx, f"photos: {path}")
    if not webbrowser.open(path.as_uri()):
        warn(ctx, Note("no browser was found here", Do(f"open {path} in one")))
