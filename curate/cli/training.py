"""Commands about trained networks."""

import dataclasses

import typer

from curate.cli.context import plot_at, recipe_and_manifests, result, show, show_plot
from curate.cli.options import command

commands = typer.Typer()


@command(commands)
def compare(ctx: typer.Context) -> None:
    """Compare all trained networks.

    Accuracy on val and test with its 95% interval, seconds, size and speed, beside the published figures. Writes a
    plot, models/compare.png.

    Example: curate compare
    """
    from curate.core.files import atomic_write
    from curate.train import compare as comparison

    _, folder = recipe_and_manifests(ctx)
    rows = comparison.compare(folder)
    if plot := plot_at(folder / "models" / "compare.png"):
        atomic_write(plot, comparison.draw(rows))
    for line in comparison.lines(rows):
        show(ctx, line)
    show_plot(ctx, plot)
    result(ctx, [dataclasses.asdict(row) for row in rows])


@command(commands)
def learning_curve(ctx: typer.Context) -> None:
    """Measure whether more photos would help.

    Fits a classifier to growing parts of train, and says what twice as many photos are expected to bring. Writes
    learning_curve.csv and a plot, learning_curve.png.

    Example: curate learning-curve
    """
    from curate.train import learning_curve as curves

    recipe, folder = recipe_and_manifests(ctx)
    curve = curves.run(folder, recipe.train_baseline)
    for size, mean in zip(curve.sizes, curve.mean.tolist(), strict=True):
        show(ctx, f"{size:>8,} photos: {mean:.1%}")
    for line in curve.sentences():
        show(ctx, line)
    show_plot(ctx, plot_at(folder / "learning_curve.png"))
    result(
        ctx,
        {
            "sizes": curve.sizes,
            "accuracy": curve.mean.tolist(),
            "orders": len(curve.accuracy),
            "measured_on": curve.measured,
            "at_all": curve.at_all,
            "doubled": curve.doubled,
            "monotone": curve.monotone,
        },
    )
