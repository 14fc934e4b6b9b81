"""Commands about trained networks."""

import dataclasses
import json
from typing import Annotated

import typer

from curate.cli.context import recipe_and_manifests, show
from curate.cli.options import command

commands = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


@command(commands)
def compare(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Compare all trained networks.

    Accuracy on val and test with its 95% interval, seconds, size and speed, beside the published figures. Writes a
    plot, models/compare.png.

    Example: curate compare
    """
    from curate.core.files import atomic_write
    from curate.train import compare as comparison

    _, folder = recipe_and_manifests(ctx)
    rows = comparison.compare(folder)
    plot = folder / "models" / "compare.png"
    atomic_write(plot, comparison.draw(rows))
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
        return
    for line in comparison.lines(rows):
        show(ctx, line)
    show(ctx, f"plot: {plot}")


@command(commands)
def learning_curve(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Measure whether more photos would help.

    Fits a classifier to growing parts of train, and says what twice as many photos are expected to bring. Writes
    learning_curve.csv and learning_curve.png.

    Example: curate learning-curve
    """
    from curate.train import learning_curve as curves

    recipe, folder = recipe_and_manifests(ctx)
    curve = curves.run(folder, recipe.train_baseline)
    if as_json:
        values = {
            "sizes": curve.sizes,
            "accuracy": curve.mean.tolist(),
            "orders": len(curve.accuracy),
            "measured_on": curve.measured,
            "at_all": curve.at_all,
            "doubled": curve.doubled,
            "monotone": curve.monotone,
        }
        typer.echo(json.dumps(values, indent=1))
        return
    for size, mean in zip(curve.sizes, curve.mean.tolist(), strict=True):
        show(ctx, f"{size:>8,} photos: {mean:.1%}")
    for line in curve.sentences():
        show(ctx, line)
    show(ctx, f"plot: {folder / 'learning_curve.png'}")
