"""Commands for those who label photos."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import plot_at, recipe_and_manifests, result, show, show_plot
from curate.cli.options import command
from curate.core.errors import CurateError, Note, Run, To, UsageError

commands = typer.Typer()


@command(commands)
def review(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen on this machine; 0: any.")] = 8377,
    reviewer: Annotated[str, typer.Option(help="Your name in review.csv.", show_default="your user name")] = "",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in your browser.")] = True,
) -> None:
    """Look at photos and decide: a page on this machine, for the keyboard.

    Queues: doubtful photos, doubtful classes, label conflicts, duplicates, what was rejected, kept photos at
    random, and a blind sample for `calibrate`. Each decision is a row of review.csv, on the disk before it is
    shown as saved; the blind sample's go into sample.csv. "Apply now" runs the stages that obey them. Ctrl+C ends
    it.

    Example: curate review --recipe mine.yaml
    """
    import getpass
    import threading
    import webbrowser

    from curate.core import extras
    from curate.inspect.status import by_the_recipe
    from curate.review.app.apply import options
    from curate.review.app.server import HOST, listen, new_token, serve
    from curate.review.app.session import Session

    extras.require("review", "`curate review`")
    recipe, folder = recipe_and_manifests(ctx)
    name = " ".join((reviewer or getpass.getuser()).split())
    session = Session(folder, recipe, name)
    listener, token = listen(port), new_token()
    url = f"http://{HOST}:{listener.getsockname()[1]}/?token={token}"
    show(ctx, f"review: {url}")
    show(ctx, f"decisions go to {folder / 'review.csv'}, by {name}; Ctrl+C ends this")
    result(ctx, {"url": url, "reviewer": name})
    if browser:
        threading.Timer(0.5, webbrowser.open, (url,)).start()

    def apart() -> list[str]:
        """Settings of the recipe that are not those with which the stages ran."""
        with suppress(CurateError):  # a stage that runs says what is wrong
            recipe, folder = recipe_and_manifests(ctx)
            return by_the_recipe(folder, recipe, ("dedup", "clean", "split"))
        return []

    serve(session, options(ctx.obj.recipe_path, folder), apart, listener, token)


@command(commands)
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
    show(ctx, f"{out}: {len(photos)} photos to be labelled; write keep or reject into the column decision")
    result(ctx, {"labels": str(out), "page": str(page), "photos": len(photos)})
    show(ctx, f"{page}: shows them in the order of the rows")
    show(ctx, "a good photo under the wrong class: keep, and its right class in class_name; it counts as good")
    show(ctx, Note("", To("find the threshold then", Run("calibrate", (str(out),)))))


@command(commands)
def calibrate(
    ctx: typer.Context,
    labels: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Labelled photos: what `sample` drew, and review.csv too if you like.",
            show_default="the blind sample of `review`",
        ),
    ] = None,
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
    from curate.review.calibration import calibrate as calibrate_with
    from curate.review.sampling import NAME

    recipe, folder = recipe_and_manifests(ctx)
    plot = plot_at(folder / "calibration.png")
    files = labels or [folder / NAME]
    found = calibrate_with(folder, recipe.clean, files, precision, plot, recipe.rejected_by_hand)
    for line in found.lines():
        show(ctx, line)
    show_plot(ctx, plot)
    result(ctx, asdict(found) | {"plot": str(plot or "")})
