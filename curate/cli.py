"""The command line: thin. Each command finds the recipe, calls one function and prints what it says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from curate.console import Commands, print_version, stop_cleanly_on_sigterm
from curate.errors import EXIT_CODES, StateError, UsageError

if TYPE_CHECKING:
    from curate.recipe import Recipe


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
)


class _Run(NamedTuple):
    recipe_path: Path
    folder: Path | None


Workers = Annotated[int | None, typer.Option(min=1, help="Processes to use.", show_default="one per core")]


@app.callback()
def _options(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    recipe: Annotated[Path, typer.Option(help="The recipe, or the name of one that comes with curate.")] = Path(
        "pipelines/swift_wagonr.yaml"
    ),
    folder: Annotated[
        Path | None, typer.Option(help="Where manifests and photos go.", show_default="manifests/<recipe name>")
    ] = None,
) -> None:
    """Turn a classifieds site into an image-classification dataset one can trust.

    fetch, dedup, clean, split and train-baseline each read the manifest (CSV) before them and write their own.
    `curate run` runs them all; `curate demo` shows a whole run on a marketplace of its own.

    Example: curate --recipe pipelines/swift_wagonr.yaml run
    """
    ctx.obj = _Run(recipe, folder)


def _recipe_and_folder(ctx: typer.Context) -> "tuple[Recipe, Path]":
    from curate.pipeline import find_recipe

    recipe = find_recipe(ctx.obj.recipe_path)
    return recipe, ctx.obj.folder or Path("manifests") / recipe.name


def _with(recipe: "Recipe", section: str, **options: Any) -> "Recipe":
    """The recipe with options of the command line in place of its values. Raises UsageError for a bad one."""
    from pydantic import ValidationError

    try:
        return recipe.model_copy(update={section: getattr(recipe, section).override(**options)})
    except ValidationError as error:
        problem = error.errors()[0]
        name = "--" + str(problem["loc"][0]).replace("_", "-") if problem["loc"] else section
        raise UsageError(f"{name}: {problem['msg'].removeprefix('Value error, ')}") from error


def _run_stages(ctx: typer.Context, stages: list[str], recipe: "Recipe", workers: int | None) -> None:
    from curate.pipeline import default_workers, run_stages

    _, folder = _recipe_and_folder(ctx)
    run_stages(stages, recipe, folder, workers or default_workers(), typer.echo)


@app.command()
def fetch(
    ctx: typer.Context,
    refresh: Annotated[bool, typer.Option(help="Visit the site again although the manifest is complete.")] = False,
    accept_drop: Annotated[
        bool, typer.Option(help="With --refresh: accept that more than half of the listings are gone.")
    ] = False,
) -> None:
    """Fetch the listings of each class and their photos.

    Polite: robots.txt, one request a second, an identifying User-Agent. Interrupted, it goes on where it was.

    Example: curate --recipe pipelines/swift_wagonr.yaml fetch
    """
    from curate.pipeline import fetch_again, run_stages

    recipe, folder = _recipe_and_folder(ctx)
    if refresh or accept_drop:
        fetch_again(recipe, folder, accept_drop, typer.echo)
    else:
        run_stages(["fetch"], recipe, folder, 1, typer.echo)


@app.command("import")
def import_(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder tree with a folder per class, or a CSV.")],
    workers: Workers = None,
) -> None:
    """Take photos that you have, instead of fetching.

    A folder per class, also below train, validation and test; or a CSV with the columns class_name and path or
    url, and optionally listing_id, title, region, city, year, price.

    Example: curate --recipe pipelines/swift_wagonr.yaml import photos/
    """
    from curate.pipeline import default_workers, import_photos

    recipe, folder = _recipe_and_folder(ctx)
    import_photos(recipe, folder, path, workers or default_workers(), typer.echo)


@app.command()
def dedup(
    ctx: typer.Context,
    method: Annotated[
        str | None, typer.Option(help="hash, or thorough for mirrors, frames and crops.", show_default="recipe's")
    ] = None,
    max_distance: Annotated[
        int | None, typer.Option(help="Bits between two hashes, 0 to 12.", show_default="recipe's")
    ] = None,
    workers: Workers = None,
) -> None:
    """Find copies of the same picture and keep the best one.

    Example: curate dedup --max-distance 10
    """
    recipe, _ = _recipe_and_folder(ctx)
    _run_stages(ctx, ["dedup"], _with(recipe, "dedup", method=method, max_distance=max_distance), workers)


@app.command()
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
    workers: Workers = None,
) -> None:
    """Reject what is not a usable photo of its class.

    Not a car, an interior, a close-up, another vehicle, the wrong model; blurred, dark or blank.

    Example: curate clean --threshold 0.3
    """
    recipe, _ = _recipe_and_folder(ctx)
    options = {"threshold": threshold, "scorer": scorer, "model": model, "weights": weights}
    _run_stages(ctx, ["clean"], _with(recipe, "clean", **options), workers)


@app.command()
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
    recipe, _ = _recipe_and_folder(ctx)
    _run_stages(ctx, ["split"], _with(recipe, "split", seed=seed, proportional=proportional or None), 1)


@app.command()
def train_baseline(
    ctx: typer.Context,
    epochs: Annotated[int | None, typer.Option(help="Passes over train.", show_default="recipe's, 50")] = None,
    augment: Annotated[bool, typer.Option("--augment", help="Flip, rotate, shift, shear, zoom.")] = False,
    dropout: Annotated[float | None, typer.Option(help="Before the last layer.", show_default="recipe's")] = None,
    batch_norm: Annotated[bool, typer.Option("--batch-norm", help="After each convolution.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of weights and order.", show_default="recipe's, 42")] = None,
) -> None:
    """Train the reference CNN and test it once.

    Example: curate train-baseline --epochs 50
    """
    recipe, _ = _recipe_and_folder(ctx)
    options = {
        "epochs": epochs,
        "augment": augment or None,
        "dropout": dropout,
        "batch_norm": batch_norm or None,
        "seed": seed,
    }
    _run_stages(ctx, ["train_baseline"], _with(recipe, "train_baseline", **options), 1)


@app.command()
def run(ctx: typer.Context, workers: Workers = None) -> None:
    """Run every stage, then write the report.

    What is up to date is left as it is.

    Example: curate --recipe pipelines/swift_wagonr.yaml run
    """
    from curate.pipeline import stages_to_run
    from curate.web.report import write_report

    recipe, folder = _recipe_and_folder(ctx)
    _run_stages(ctx, stages_to_run(recipe, folder), recipe, workers)
    typer.echo(f"report: {write_report(folder, recipe.name)}")


@app.command()
def status(ctx: typer.Context) -> None:
    """Show the funnel, what is stale, what to run next.

    Example: curate status
    """
    from curate.history import status as lines_of

    recipe, folder = _recipe_and_folder(ctx)
    _echo_all(lines_of(folder, recipe))


@app.command()
def explain(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="A photo's key, the start of one, or a listing's id.")],
) -> None:
    """Tell one photo's whole history, stage by stage.

    Example: curate explain 3f9a2c
    """
    from curate.history import explain as lines_of

    _, folder = _recipe_and_folder(ctx)
    _echo_all(lines_of(folder, key))


@app.command()
def verify(ctx: typer.Context) -> None:
    """Check that manifests and photos agree.

    Lists every disagreement and exits with 6 when there is one.

    Example: curate verify
    """
    from curate.history import verify as problems_in

    _, folder = _recipe_and_folder(ctx)
    if problems := problems_in(folder):
        _echo_all(problems)
        raise StateError(f"{folder}: {len(problems)} problem{'s' if len(problems) > 1 else ''}, listed above")
    typer.echo(f"{folder}: manifests and photos agree")


@app.command()
def report(ctx: typer.Context) -> None:
    """Write the whole run on one self-contained HTML page.

    Example: curate report
    """
    from curate.web.report import write_report

    recipe, folder = _recipe_and_folder(ctx)
    typer.echo(f"report: {write_report(folder, recipe.name)}")


@app.command()
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
        serve_site(folder, port, workers or default_workers(), typer.echo)
    else:
        run_demo(folder, port, workers or default_workers(), typer.echo)


def _echo_all(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def main() -> None:
    """Entry point of the `curate` script."""
    stop_cleanly_on_sigterm()
    app()
