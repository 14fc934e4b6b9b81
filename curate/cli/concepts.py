"""The command that shows what the scorer sees."""

from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import recipe_and_folder, show
from curate.cli.options import command

commands = typer.Typer()


@command(commands)
def concepts(
    ctx: typer.Context,
    photos: Annotated[
        Path | None, typer.Argument(help="A folder of photos, or of a folder per class.", show_default="none")
    ] = None,
    noun: Annotated[
        str | None, typer.Option("--subject", help="What photos show, any noun.", show_default="recipe's")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Print the ImageNet classes of a word or noun.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Print all 1,000 ImageNet classes.")] = False,
) -> None:
    """Show what the scorer sees in the photos of each class, and a recipe's section for it.

    Without PHOTOS it prints the concepts of the subject. --search finds names among the 1,000 ImageNet
    classes, by word or by what they are: `dog` finds 118 breeds.

    Example: curate concepts photos/ --subject motorcycle
    """
    from curate.clean import seen, subject

    if names or search is not None:
        for name, words in subject.search(search or ""):
            show(ctx, name if words == name else f"{name} ({words})")
        return
    recipe, _ = recipe_and_folder(ctx)
    config = recipe.clean
    if noun is not None:  # what a noun brings is not of this recipe's classes
        classes = () if photos is None else config.class_names
        config = config.override(subject=noun, concepts=(), class_names=classes)
    for line in subject.notes(config.override(scorer="imagenet")):
        show(ctx, line)
    if photos is None:
        for concept in subject.resolve(config).concepts:
            show(ctx, f"{concept.name} ({concept.role})")
            for title in ("imagenet", "doubtful", "prompts"):
                if values := getattr(concept, title):
                    show(ctx, f"  {title}: {', '.join(values)}")
        return
    found = list(seen.look(seen.photos_in(photos), config))
    for line in seen.lines(found):
        show(ctx, line)
    show(ctx, "")
    for line in seen.section(found).splitlines():
        show(ctx, line)
