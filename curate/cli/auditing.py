"""Commands that say what a dataset is worth elsewhere, and what may be wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.context import recipe_and_manifests, result, show, warn
from curate.cli.options import Workers, command
from curate.core.errors import Note, ResourceError, Run, StateError, To, UsageError

if TYPE_CHECKING:
    from curate.train import models

commands = typer.Typer()
_LEAKS = 3  # exit code, that of a quality gate
Variant = Annotated[
    str, typer.Option(help="Take the network of this variant.", show_default="the best on val of all")
]


@command(commands)
def evaluate(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="Labelled photos: a folder per class, a CSV, or a folder of manifests.")
    ],
    variant: Variant = "",
    out: Annotated[
        Path | None, typer.Option(help="The page to write.", show_default="evaluate/<PATH>.html in the folder")
    ] = None,
) -> None:
    """Measure a network on other photos: another site, another city, later months.

    Accuracy with its 95% interval, the difference to the own test set, calibration, confusion, and a page with the
    most confident mistakes. Photos of the own train and val are left out. Needs no torch.

    Example: curate evaluate photos/mumbai
    """
    from curate.audit import evaluate as evaluation
    from curate.train.predict import chosen, other_classes

    recipe, folder = recipe_and_manifests(ctx)
    for note in other_classes(folder, recipe.classes, variant):
        warn(ctx, note)
    found = evaluation.evaluate(folder, chosen(folder, variant), path, recipe.classes)
    for line in found.sentences():
        show(ctx, line)
    page = out or folder / "evaluate" / f"{path.resolve().name}.html"
    evaluation.write_page(found, f"Evaluation on {path.name}", page)
    show(ctx, f"page: {page}")
    result(ctx, found.data() | {"page": str(page)})


@command(commands)
def audit(
    ctx: typer.Context,
    leaks: Annotated[
        Path | None,
        typer.Option(help="A dataset with splits: folders train, val, test, a CSV, or a folder of manifests."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="With --leaks: the folder of a network, to measure with and without leaks.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="With --leaks: the page to write.",
            show_default="<DATASET>-leaks.html beside it; leaks.html in a folder of manifests",
        ),
    ] = None,
    group_by: Annotated[
        str,
        typer.Option(
            help="With --leaks: what names a listing: folder (car07/3.jpg), prefix (car07_3.jpg), or a "
            "regular expression of the path.",
            show_default="sub-folders with a number, or the column listing_id",
        ),
    ] = "",
    workers: Workers = None,
) -> None:
    """Say what may be wrong with the sample, and what to collect next.

    Shares per region, city, year, price and seller against the recipe's reference (audit.reference); where the
    network is worse; whether a network from some regions holds in another; whether image size, brightness or the
    background give the classes away. Writes audit.csv and audit.json.

    With --leaks: exact and near duplicates and listings across the splits of any dataset, how many test photos
    they affect, the accuracy with and without them, and a page with the pairs. Exits with 3 when there are any.

    Example: curate audit
    """
    if leaks is not None:
        return _leaks(ctx, leaks, model, out, group_by, workers)
    for option, value in (("--model", model), ("--out", out), ("--group-by", group_by)):
        if value:
            raise UsageError(f"{option} is for --leaks: name the dataset with it, or leave {option} out")
    from curate.audit import findings
    from curate.core import executors
    from curate.pipeline import default_workers
    from curate.train.predict import other_classes

    recipe, folder = recipe_and_manifests(ctx)
    for note in other_classes(folder, recipe.classes):
        warn(ctx, note)
    with executors.local(workers or default_workers()) as map_fn:
        found = findings.run(folder, recipe.audit, recipe.train_baseline, map_fn)
    for line in found.sentences():
        show(ctx, line)
    result(ctx, found.data())
    return None


def _beside(dataset: Path) -> Path:
    """The page of a dataset of others: beside it, for what is in its folder is the dataset."""
    named = dataset if dataset.name.strip(".") else dataset.resolve()
    return named.with_name(f"{named.name}-leaks.html")


def _own_network(ctx: typer.Context, folder: Path) -> "models.Model | None":
    """The best network of a folder of manifests; None, and said, where its files are not there."""
    from curate.train import models
    from curate.train.predict import chosen

    try:
        return models.load(chosen(folder))
    except (ResourceError, StateError) as error:
        show(ctx, Note(f"Accuracy with and without leaks: not measured, because {error}", *error.remedies))
        return None


def _leaks(
    ctx: typer.Context, path: Path, model: Path | None, out: Path | None, group_by: str, workers: int | None
) -> None:
    from curate.audit import labelled, leaks_page
    from curate.audit import leaks as search
    from curate.core import executors, manifest
    from curate.pipeline import default_workers
    from curate.train import models

    folder = labelled.manifests_at(path)
    network = models.load(model) if model else None
    if model is None and folder and manifest.csv_path(folder, "train_baseline").exists():
        network = _own_network(ctx, folder)
        if network and "split.csv" in manifest.stale_inputs(folder, "train_baseline"):
            earlier = "The network is of an earlier split: it may have learned from photos that are in test now"
            show(ctx, Note(earlier, To("train again", Run("train-baseline"))))
    with executors.local(workers or default_workers()) as map_fn:
        found = search.find(path, network, map_fn, group_by)
    for line in found.sentences():
        show(ctx, line)
    page = out or (folder / "leaks.html" if folder else _beside(path))
    leaks_page.write(found, f"Leaks in {path.name}", page)
    show(ctx, f"page: {page}")
    result(ctx, found.data() | {"page": str(page)})
    if found.any:
        raise typer.Exit(_LEAKS)
