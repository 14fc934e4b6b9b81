"""Commands that look at what the stages did."""

from functools import partial
from typing import Annotated

import typer

from curate.cli import hints
from curate.cli.context import (
    check_there,
    has_manifests,
    recipe_and_folder,
    recipe_and_manifests,
    result,
    show,
    warn,
)
from curate.cli.options import command
from curate.cli.terminal import Styled
from curate.core.errors import StateError

commands = typer.Typer()


@command(commands)
def status(ctx: typer.Context) -> None:
    """Show the funnel, what is stale, what a person must decide, what to run next.

    Settings that are not the recipe's, such as options given to a stage, are named with both values. With --json
    `commands` has lines for a shell, each of which answers its `text`.

    Example: curate status
    """
    from curate.inspect import data
    from curate.inspect.status import status as status_of

    recipe, folder = recipe_and_folder(ctx)
    check_there(ctx, folder)
    found = status_of(folder, recipe)
    if not has_manifests(folder):
        show(ctx, f"{folder} holds no manifest yet")
    for state in found.stages.values():
        style = "good" if state.words == "current" else "warn"
        show(ctx, state.funnel, " ", Styled(f"[{state.words}]", style))
    for note in (*found.unfinished, *found.to_decide):
        show(ctx, note)
    for note in found.warnings:
        warn(ctx, note)
    show(ctx, Styled("next:", "bold"), " ", found.next)
    if ctx.obj.json:
        result(ctx, data.of_status(folder, found, partial(hints.as_data, place=ctx.obj.place)))


@command(commands)
def explain(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A photo's key or the start of one, its file name or address, or a listing's id.")
    ],
) -> None:
    """Tell one photo's whole history, stage by stage.

    Of a file name the last part is enough. Where several photos go by a name, they are listed.

    Example: curate explain 3f9a2c
    """
    from curate.inspect import data
    from curate.inspect.explain import explain as explain_lines

    _, folder = recipe_and_manifests(ctx)
    for line in explain_lines(folder, name):
        show(ctx, line)
    if ctx.obj.json:
        result(ctx, data.of_explain(folder, name))


@command(commands)
def verify(ctx: typer.Context) -> None:
    """Check that manifests and photos agree.

    Lists every disagreement and exits with 6 when there is one.

    Example: curate verify
    """
    from curate.inspect import data
    from curate.inspect.verify import verify as problems_in

    _, folder = recipe_and_manifests(ctx)
    problems = problems_in(folder)
    result(ctx, data.of_verify(folder, problems, partial(hints.as_data, place=ctx.obj.place)))
    if problems:
        for problem in problems:
            show(ctx, problem)
        raise StateError(f"{folder}: {len(problems)} problem{'s' if len(problems) > 1 else ''}, listed above")
    show(ctx, f"{folder}: manifests and photos agree")


@command(commands)
def report(ctx: typer.Context) -> None:
    """Write the whole run on one self-contained HTML page.

    With --json the numbers of every section are printed too.

    Example: curate report
    """
    from curate.report.report import describe, numbers, write

    recipe, folder = recipe_and_manifests(ctx)
    found = describe(folder, recipe.name)
    page = write(folder, found).resolve()
    show(ctx, f"report: {page}")
    result(ctx, {"report": str(page), **numbers(found)})
