"""Commands about trained networks."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.cli.context import plot_at, recipe_and_manifests, result, show, show_plot, warn
from curate.cli.options import command
from curate.core.errors import Note, Run, StateError, To, UsageError

commands = typer.Typer()


@command(commands)
def compare(ctx: typer.Context) -> None:
    """Compare all trained networks.

    Accuracy on val and test with its 95% interval, seconds, size and speed; of swift and wagonr beside the
    published figures. Writes a plot, models/compare.png.

    Example: curate compare
    """
    from curate.core import manifest
    from curate.core.files import atomic_write
    from curate.train import compare as comparison
    from curate.train.predict import other_classes

    recipe, folder = recipe_and_manifests(ctx)
    rows = comparison.compare(folder)
    for note in other_classes(folder, recipe.classes):
        warn(ctx, note)
    if plot := plot_at(folder / "models" / "compare.png"):
        atomic_write(plot, comparison.draw(rows))
    for line in comparison.lines(rows):
        show(ctx, line)
    if manifest.stale_inputs(folder, "train_baseline"):
        show(ctx, Note("These figures are of an earlier split", To("train again", Run("train-baseline"))))
    show_plot(ctx, plot)
    result(ctx, [dataclasses.asdict(row) for row in rows])


@command(commands)
def learning_curve(ctx: typer.Context) -> None:
    """Measure whether more photos would help.

    Fits a classifier to growing parts of train, and says what twice as many photos are expected to bring. Writes
    learning_curve.csv and .json, which the report needs, and a plot, learning_curve.png.

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
            "gain": curve.gain,
            "monotone": curve.monotone,
        },
    )


@command(commands)
def predict(
    ctx: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="Photo files.")],
    variant: Annotated[
        str, typer.Option(help="Take the network of this variant.", show_default="the best on val of all")
    ] = "",
    model: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A folder with model.json and model.onnx; then no recipe is read."
        ),
    ] = None,
) -> None:
    """Say of photos which class they show, and how probable that is.

    The probability is calibrated on val. Every photo gets one of the classes, even where it shows none of them:
    `curate check` finds such photos. Exits with 6 when a photo cannot be read. Needs no torch.

    Example: curate predict upload.jpg
    """
    from curate.core.intervals import percent
    from curate.core.schemas import REASONS
    from curate.train import models
    from curate.train import predict as prediction

    if model and variant:
        raise UsageError("--model names one network, --variant another: give one of them")
    place = model
    if place is None:
        recipe, folder = recipe_and_manifests(ctx)
        place = prediction.chosen(folder, variant)
        for note in prediction.other_classes(folder, recipe.classes, variant):
            warn(ctx, note)
    network = models.load(place)
    classes = network.meta["classes"]
    said: list[dict[str, Any]] = []
    unreadable = 0
    for found in prediction.predict(network, photos):
        if found.reason:
            unreadable += 1
            reason = REASONS["fetch"].get(found.reason, found.reason).removeprefix(f"{found.file}: ")
            show(ctx, f"{found.file}: cannot be read: {reason}")
            said.append({"photo": str(found.file), "reason": found.reason})
            continue
        best = int(found.probabilities.argmax())
        show(ctx, f"{found.file}: {classes[best]}, {percent(float(found.probabilities[best]))}")
        said.append(
            {
                "photo": str(found.file),
                "class_name": classes[best],
                "probability": float(found.probabilities[best]),
                "probabilities": dict(zip(classes, found.probabilities.tolist(), strict=True)),
            }
        )
    result(ctx, said)
    if unreadable:
        raise StateError(f"{unreadable} of {len(photos)} photos cannot be read")
