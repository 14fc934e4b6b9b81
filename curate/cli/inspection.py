"""Commands that look at what the stages did."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import check_there, echo, echo_all, has_manifests, recipe_and_folder, recipe_and_manifests
from curate.core.errors import StateError, UsageError

commands = typer.Typer()


@commands.command()
def status(ctx: typer.Context) -> None:
    """Show the funnel, what is stale, what a person must decide, what to run next.

    Settings that are not the recipe's, such as options given to a stage, are named with both values.

    Example: curate status
    """
    from curate.inspect.status import status as lines_of

    recipe, folder = recipe_and_folder(ctx)
    check_there(ctx, folder)
    if not has_manifests(folder):
        echo(ctx, f"{folder} holds no manifest yet")
    echo_all(ctx, lines_of(folder, recipe))


@commands.command()
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
    from curate.inspect.explain import explain as lines_of

    _, folder = recipe_and_manifests(ctx)
    echo_all(ctx, lines_of(folder, name))


@commands.command()
def verify(ctx: typer.Context) -> None:
    """Check that manifests and photos agree.

    Lists every disagreement and exits with 6 when there is one.

    Example: curate verify
    """
    from curate.inspect.verify import verify as problems_in

    _, folder = recipe_and_manifests(ctx)
    if problems := problems_in(folder):
        echo_all(ctx, problems)
        raise StateError(f"{folder}: {len(problems)} problem{'s' if len(problems) > 1 else ''}, listed above")
    echo(ctx, f"{folder}: manifests and photos agree")


@commands.command()
def report(ctx: typer.Context) -> None:
    """Write the whole run on one self-contained HTML page.

    Example: curate report
    """
    from curate.report.report import write_report

    recipe, folder = recipe_and_manifests(ctx)
    echo(ctx, f"report: {write_report(folder, recipe.name).resolve()}")


@commands.command()
def sample(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="The CSV to write; it must not be there yet.")] = Path("sample.csv"),
    count: Annotated[int, typer.Option(min=1, help="Photos to draw.")] = 300,
) -> None:
    """Draw photos to be labelled, for `calibrate`.

    Half of them at random, half evenly over the scores, in the review queue and outside. A page beside the CSV
    shows them. Fill in the column decision: keep or reject. A good photo under the wrong class is keep, with its
    right class in class_name.

    Example: curate sample --out sample.csv --count 300
    """
    from curate.report.sample_page import write_sample_page
    from curate.review.sampling import sample as draw_sample

    recipe, folder = recipe_and_manifests(ctx)
    page = out.with_suffix(".html")
    if page.exists() or page == out:
        there = f"{page} is there already, and " if page.exists() else ""
        raise UsageError(f"{there}{page} is for the page that shows the photos: give another name with --out")
    photos = draw_sample(folder, recipe.clean, count, out)
    write_sample_page(folder, photos, recipe.classes, out, page)
    echo(ctx, f"{out}: {len(photos)} photos to be labelled; write keep or reject into the column decision")
    echo(ctx, f"{page}: shows them in the order of the rows")
    echo(ctx, "a good photo under the wrong class: keep, and its right class in class_name; it counts as good")
    echo(ctx, f"then: `curate calibrate {shlex.quote(str(out))}`")


@commands.command()
def calibrate(
    ctx: typer.Context,
    labels: Annotated[
        list[Path], typer.Argument(help="Labelled photos: what `sample` drew, and review.csv too if you like.")
    ],
    precision: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of the kept photos that must be good, at the lower end of its interval."
        ),
    ] = 0.99,
) -> None:
    """Find the threshold for a wanted precision.

    Precision, recall and rejection rate at each threshold with 95% intervals; a plot beside the manifests.
    A threshold is taken only if the lower end of its precision's interval reaches the one wanted: the value in
    front of the interval may be the luck of the draw.

    review.csv alone tells of the review queue only: name a sample beside it.

    Example: curate calibrate sample.csv --precision 0.99
    """
    from curate.review.calibration import REJECTED_BY_HAND
    from curate.review.calibration import calibrate as calibrate_with

    recipe, folder = recipe_and_manifests(ctx)
    plot = folder / "calibration.png"
    by_hand = REJECTED_BY_HAND.get(recipe.name)
    echo_all(ctx, calibrate_with(folder, recipe.clean, labels, precision, plot, by_hand).lines())
    echo(ctx, f"plot: {plot}")
