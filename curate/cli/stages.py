"""Commands that run stages."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import Workers, echo, recipe_and_folder, run_stages_of, with_options

commands = typer.Typer()


@commands.command()
def fetch(
    ctx: typer.Context,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Visit the site again although the manifest is complete.")
    ] = False,
    accept_drop: Annotated[
        bool,
        typer.Option(
            "--accept-drop", help="Visit the site again, and accept that more than half of the listings are gone."
        ),
    ] = False,
) -> None:
    """Fetch the listings of each class and their photos.

    Polite: robots.txt, one request a second, an identifying User-Agent. Interrupted, it goes on where it was.

    Example: curate --recipe pipelines/swift_wagonr.yaml fetch
    """
    from curate.pipeline import fetch_again, run_stages

    recipe, folder = recipe_and_folder(ctx, "fetch")
    if refresh or accept_drop:
        fetch_again(recipe, folder, accept_drop, partial(echo, ctx))
    else:
        run_stages(["fetch"], recipe, folder, 1, partial(echo, ctx))


@commands.command("import")
def import_(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder tree with a folder per class, or a CSV.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the photos in the folder that this import does not have.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Take photos that you have, instead of fetching.

    A folder per class; or a CSV with the columns class_name and path or url, and optionally listing_id, title,
    region, city, year, price. Folders train, validation and test are only searched: split makes a new split.

    An import replaces the one before. Where photos would be lost by that it is refused, unless --replace says so.
    To keep them, put all photos into one tree or CSV, or choose another folder with --folder.

    Example: curate --recipe pipelines/swift_wagonr.yaml import photos/
    """
    from curate.pipeline import default_workers, import_photos

    recipe, folder = recipe_and_folder(ctx)
    import_photos(recipe, folder, path, workers or default_workers(), partial(echo, ctx), replace)


@commands.command()
def dedup(
    ctx: typer.Context,
    method: Annotated[str | None, typer.Option(help="hash or thorough.", show_default="recipe's")] = None,
    max_distance: Annotated[
        int | None,
        typer.Option(
            help="Bits between the hashes of two pictures or their parts, 0 to 12. Further apart, a copy stays, "
            "unless another photo leads to it.",
            show_default="recipe's",
        ),
    ] = None,
    workers: Workers = None,
) -> None:
    """Find copies of the same picture and keep the best one.

    Pictures that are sold under more than one class name are counted: they are for you to decide, in review.csv.

    The photo with the most pixels stays, a frame around it not counted; of equals, one in colour, then the larger
    file, then that of the smaller key. A copy that is turned by a quarter or a half, mirrored or not, stays too,
    since nobody can tell which is upright; the split keeps both together.

    hash finds copies that were recompressed, resized, marked, mirrored or slightly cropped. thorough takes two to
    three times as long and also finds crops of 10 to 20% and the few frames that hash misses. hash is enough for
    most sites; take thorough where sellers crop each other's photos, and for the last run. Neither finds strong
    crops that are turned, nor two crops that share less than about nine tenths.

    Example: curate dedup --max-distance 10
    """
    recipe, _ = recipe_and_folder(ctx)
    run_stages_of(ctx, ["dedup"], with_options(recipe, "dedup", method=method, max_distance=max_distance), workers)


@commands.command()
def clean(
    ctx: typer.Context,
    threshold: Annotated[
        float | None, typer.Option(help="Least probability of the kept concepts.", show_default="recipe's, 0.3")
    ] = None,
    scorer: Annotated[str | None, typer.Option(help="clip or imagenet.", show_default="recipe's")] = None,
    model: Annotated[str | None, typer.Option(help="open_clip architecture.", show_default="recipe's")] = None,
    weights: Annotated[
        str | None, typer.Option(help="open_clip tag, or a local checkpoint.", show_default="recipe's")
    ] = None,
    thorough: Annotated[
        bool,
        typer.Option("--thorough", help="Look twice, the second time closer, to find wrong classes."),
    ] = False,
    workers: Workers = None,
) -> None:
    """Reject what is not a usable photo of its class.

    Not a car, an interior, a close-up, another vehicle; blurred, dark or blank. A doubtful class goes to review.
    Photos are judged beside each other too: the same photo may be judged otherwise in another collection, or after
    more were fetched.

    Example: curate clean --threshold 0.3
    """
    recipe, _ = recipe_and_folder(ctx, "clean")
    options = {
        "threshold": threshold,
        "scorer": scorer,
        "model": model,
        "weights": weights,
        "thorough": thorough or None,
    }
    run_stages_of(ctx, ["clean"], with_options(recipe, "clean", **options), workers)


@commands.command()
def split(
    ctx: typer.Context,
    seed: Annotated[int | None, typer.Option(help="Of the split.", show_default="recipe's, 42")] = None,
    proportional: Annotated[
        bool, typer.Option("--proportional", help="60/20/20 of what there is instead of the recipe's counts.")
    ] = False,
) -> None:
    """Split into train, val and test, without a leak.

    Exact counts per class; no listing and no near-duplicate across splits, with a printed proof.

    Example: curate split --seed 42
    """
    recipe, _ = recipe_and_folder(ctx)
    run_stages_of(ctx, ["split"], with_options(recipe, "split", seed=seed, proportional=proportional or None), 1)


@commands.command()
def train_baseline(
    ctx: typer.Context,
    epochs: Annotated[int | None, typer.Option(help="Passes over train.", show_default="recipe's, 50")] = None,
    augment: Annotated[bool, typer.Option("--augment", help="Flip, rotate, shift, shear, zoom.")] = False,
    dropout: Annotated[float | None, typer.Option(help="Before the dense layer.", show_default="recipe's")] = None,
    batch_norm: Annotated[bool, typer.Option("--batch-norm", help="After each convolution.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of weights and order.", show_default="recipe's, 42")] = None,
) -> None:
    """Train the reference CNN and test it once.

    Example: curate train-baseline --epochs 50
    """
    recipe, _ = recipe_and_folder(ctx)
    options = {
        "epochs": epochs,
        "augment": augment or None,
        "dropout": dropout,
        "batch_norm": batch_norm or None,
        "seed": seed,
    }
    run_stages_of(ctx, ["train_baseline"], with_options(recipe, "train_baseline", **options), 1)


@commands.command()
def run(ctx: typer.Context, workers: Workers = None) -> None:
    """Run every stage, then write the report.

    What is up to date is left as it is. A stage that ran with other settings than the recipe's runs again by the
    recipe, and says so.

    Example: curate --recipe pipelines/swift_wagonr.yaml run
    """
    from curate.inspect.status import state
    from curate.pipeline import stages_to_run
    from curate.report.report import write_report

    stages = stages_to_run(*recipe_and_folder(ctx))
    recipe, folder = recipe_and_folder(ctx, *stages)
    for stage in stages:
        if settings := state(folder, stage, recipe).settings:
            echo(ctx, f"{stage} runs again by the recipe: {'; '.join(map(str, settings))}")
    run_stages_of(ctx, stages, recipe, workers)
    typer.echo(f"report: {write_report(folder, recipe.name).resolve()}")


@commands.command()
def demo(
    ctx: typer.Context,
    site: Annotated[bool, typer.Option("--site", help="Only serve the marketplace, until Ctrl-C.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on loopback.", show_default="8765, or a free one")
    ] = None,
    workers: Workers = None,
) -> None:
    """Run every stage on a painted marketplace.

    Paints a small marketplace, serves it as real pages on loopback and fetches it over HTTP.

    Example: curate demo
    """
    from curate.demo.run import run as run_demo
    from curate.demo.run import serve_site
    from curate.pipeline import default_workers

    folder = ctx.obj.folder or Path("manifests/demo")
    if site:
        serve_site(folder, port, workers or default_workers(), partial(echo, ctx))
    else:
        run_demo(folder, port, workers or default_workers(), partial(echo, ctx))
