"""Commands that run stages."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.context import (
    check_classes,
    recipe_and_folder,
    result,
    run_stages_of,
    stage_results,
    tell,
    with_executor,
    with_options,
)
from curate.cli.options import Executor, Store, Workers, command

commands = typer.Typer()


@command(commands)
def fetch(
    ctx: typer.Context,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Visit the site again although the manifest is complete.")
    ] = False,
    accept_drop: Annotated[
        bool,
        typer.Option(
            "--accept-drop",
            help="Visit the site again; publish although most listings are gone or an index page fails.",
        ),
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Afterwards delete the photos that the site no longer offers.")
    ] = False,
    since: Annotated[str, typer.Option(help="Visit again; add only listings put in on or after this date.")] = "",
    max_new: Annotated[int | None, typer.Option(min=0, help="Visit again; add so many new ones a class.")] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(help="Ask again for photos rejected for this reason, e.g. gone. May be repeated."),
    ] = None,
) -> None:
    """Fetch the listings of each class and their photos.

    It obeys robots.txt, asks a host once a second, and says who asks. Interrupted, it goes on where it was.

    A fetch adds. Photos that the site no longer offers stay; the column gone_since has the number of the fetch
    that first missed them. Only --prune deletes them. Pages and photos that fail for a reason that may pass are
    deferred: the next fetch asks for just these. Where an index page is among them, the exit code is 75. A page
    of a listing that was read is asked again only when the recipe says so (revisit_after). log.jsonl beside the
    manifest has a line for each page and photo.

    Example: curate fetch --recipe mine.yaml
    """
    from curate.pipeline import check_complete, fetch_photos, run_stages

    recipe, folder = recipe_and_folder(ctx, "fetch")
    if refresh or accept_drop or prune or retry or since or max_new is not None:
        fetch_photos(recipe, folder, partial(tell, ctx), refresh, accept_drop, prune, retry or (), since, max_new)
    else:
        run_stages(["fetch"], recipe, folder, 1, partial(tell, ctx))
    result(ctx, {"stages": stage_results(ctx)})
    check_complete(folder)


@command(commands, "import")
def import_(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder tree with a folder per class, or a CSV.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the photos in the folder that this import does not have.")
    ] = False,
    keep_split: Annotated[
        bool | None,
        typer.Option(
            "--keep-split/--no-keep-split",
            help="Keep the split that the folders or the column split name.",
            show_default="recipe's",
        ),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            help="What names a photo's listing: folder (car07/3.jpg), prefix (car07_3.jpg), or a regular "
            "expression of the path.",
            show_default="recipe's",
        ),
    ] = None,
    workers: Workers = None,
) -> None:
    """Take photos that you have, instead of fetching.

    A folder per class; or a CSV with the columns class_name and path or url, and optionally listing_id, title,
    region, city, year, price. Folders train, validation and test are only searched: split makes a new split.
    With --keep-split theirs is kept, and photos.csv of an export brings back its keys, classes and splits.

    A sub-folder of a class is one listing, as in sedan/car07/3.jpg, unless a class has one or two. --group-by says
    otherwise which photos are of one.

    Where PATH is the source.path of the recipe, its group_by and keep_split hold without an option. What you give
    by an option, run and status name: the next run goes by the recipe.

    An import replaces the one before. Where photos would be lost by that it is refused, unless --replace says so.
    To keep them, put all photos into one tree or CSV, or choose another folder with --folder.

    Example: curate import photos/ --recipe mine.yaml
    """
    from curate.pipeline import default_workers, import_photos

    recipe, folder = recipe_and_folder(ctx)
    check_classes(ctx, recipe, path)
    options = replace, keep_split, group_by
    import_photos(recipe, folder, path, workers or default_workers(), partial(tell, ctx), *options)
    result(ctx, {"stages": stage_results(ctx)})


@command(commands)
def dedup(
    ctx: typer.Context,
    method: Annotated[str | None, typer.Option(help="hash, thorough or sellers.", show_default="recipe's")] = None,
    max_distance: Annotated[
        int | None,
        typer.Option(
            help="Bits between the hashes of two images or their parts, 0 to 12. Further apart, a duplicate "
            "stays, unless another photo leads to it.",
            show_default="recipe's",
        ),
    ] = None,
    workers: Workers = None,
    executor: Executor = None,
    store: Store = None,
) -> None:
    """Find duplicate photos and keep the best one of each.

    The photo with the most pixels stays, a frame not counted; of equals, one in colour, then the larger file. An
    edited photo (screenshot, banner, plates, text, turned a little) loses to its original, as does one over 5
    times as wide as high. One turned by a quarter or a half stays beside it, in the same split. You decide the
    class of a photo sold under two.

    The method hash is the fastest. thorough also finds frames, and crops by a tenth and more. sellers also finds
    strong crops, turns up to 45 degrees, screenshots and collages; it is several times slower.

    Example: curate dedup --max-distance 10
    """
    recipe, _ = recipe_and_folder(ctx)
    recipe = with_options(recipe, "dedup", method=method, max_distance=max_distance)
    run_stages_of(ctx, ["dedup"], with_executor(recipe, executor, store), workers)
    result(ctx, {"stages": stage_results(ctx)})


@command(commands)
def clean(
    ctx: typer.Context,
    threshold: Annotated[
        float | None, typer.Option(help="Least score of a photo that is kept.", show_default="recipe's, 0.3")
    ] = None,
    scorer: Annotated[str | None, typer.Option(help="clip, imagenet or none.", show_default="recipe's")] = None,
    model: Annotated[str | None, typer.Option(help="open_clip architecture.", show_default="recipe's")] = None,
    weights: Annotated[
        str | None, typer.Option(help="open_clip tag, or a local checkpoint.", show_default="recipe's")
    ] = None,
    thorough: Annotated[
        bool | None,
        typer.Option(
            "--thorough/--no-thorough",
            help="Embed each photo twice, the second time closer, to find wrong classes.",
            show_default="recipe's",
        ),
    ] = None,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="Go on where a class loses far more photos than expected.")
    ] = False,
    workers: Workers = None,
    executor: Executor = None,
    store: Store = None,
) -> None:
    """Reject what is not a usable photo of its class.

    It rejects what the recipe's concepts do not want, and blurred, dark or blank photos. A doubtful class goes to
    review. A class that loses many more photos than the others stops the stage. Photos are judged beside each
    other too. So the same photo may be judged otherwise in another collection, or after more were fetched.

    Example: curate clean --threshold 0.3
    """
    recipe, _ = recipe_and_folder(ctx, "clean")
    options = {
        "threshold": threshold,
        "scorer": scorer,
        "model": model,
        "weights": weights,
        "thorough": thorough,
        "accept_rejects": accept_rejects or None,
    }
    recipe = with_executor(recipe, executor, store)
    run_stages_of(ctx, ["clean"], with_options(recipe, "clean", **options), workers)
    result(ctx, {"stages": stage_results(ctx)})


@command(commands)
def split(
    ctx: typer.Context,
    seed: Annotated[int | None, typer.Option(help="Seed of the draw.", show_default="recipe's, 42")] = None,
    proportional: Annotated[
        bool | None,
        typer.Option(
            "--proportional/--exact",
            help="60/20/20 of what there is, or the recipe's counts.",
            show_default="recipe's",
        ),
    ] = None,
) -> None:
    """Split into train, val and test, without a leak.

    Exact counts per class. No listing, and no duplicate that dedup found, is in two splits; the check is printed.

    Example: curate split --seed 42
    """
    recipe, _ = recipe_and_folder(ctx)
    run_stages_of(ctx, ["split"], with_options(recipe, "split", seed=seed, proportional=proportional), 1)
    result(ctx, {"stages": stage_results(ctx)})


@command(commands)
def train_baseline(
    ctx: typer.Context,
    variant: Annotated[
        str | None,
        typer.Option(
            help="base, augment, dropout, batchnorm, transfer, finetune or ensemble.",
            show_default="recipe's, base",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Networks to train, with seed, seed + 1, ...", show_default="recipe's, 1"),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over train.", show_default="recipe's, 50; finetune and ensemble 8")
    ] = None,
    augment: Annotated[
        bool | None,
        typer.Option(
            "--augment/--no-augment", help="Flip, rotate, shift, shear, zoom, colour.", show_default="recipe's"
        ),
    ] = None,
    dropout: Annotated[float | None, typer.Option(help="Before the dense layer.", show_default="recipe's")] = None,
    batch_norm: Annotated[
        bool | None,
        typer.Option("--batch-norm/--no-batch-norm", help="After each convolution.", show_default="recipe's"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights and order.", show_default="recipe's, 42")] = None,
) -> None:
    """Train the reference CNN, or a better network, and test it once.

    base is the network of the hand-made dataset. augment, dropout and batchnorm each add one thing to the one
    before. transfer is a linear classifier on features that need no training: seconds. finetune trains a network
    further that knows ImageNet. ensemble is the mean of two such networks: the best, and the slowest. Each variant
    keeps its folder below models/.

    Example: curate train-baseline --variant transfer
    """
    recipe, _ = recipe_and_folder(ctx)
    options = {
        "variant": variant,
        "seeds": seeds,
        "epochs": epochs,
        "augment": augment,
        "dropout": dropout,
        "batch_norm": batch_norm,
        "seed": seed,
    }
    run_stages_of(ctx, ["train_baseline"], with_options(recipe, "train_baseline", **options), 1)
    result(ctx, {"stages": stage_results(ctx)})
