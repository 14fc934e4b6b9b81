"""The commands that check photos which are not in the dataset."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli.context import recipe_and_manifests, result, say, show, warn, with_executor
from curate.cli.options import Executor, Store, Workers, command
from curate.core.errors import StateError, UsageError

if TYPE_CHECKING:
    from curate.check.check import Checker
    from curate.core.recipe import Recipe

commands = typer.Typer()
_FLAGGED = 3  # exit code, that of a quality gate
MANY = 64  # photos, from which on several processes take less time than one

Precision = Annotated[float, typer.Option(min=0.5, max=0.999, help="Least share of flags that must be right.")]
Labels = Annotated[
    list[Path] | None,
    typer.Option(help="A file of `curate sample` with your decisions, which measure that share. May be repeated."),
]


@command(commands)
def check(
    ctx: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="Photo files.")],
    class_name: Annotated[str | None, typer.Option("--class", help="What the seller says they show.")] = None,
    listing: Annotated[str, typer.Option(help="Id of their listing: its own photos are no duplicates.")] = "",
    listing_photos: Annotated[
        list[Path] | None, typer.Option(help="Other photos of the listing. May be repeated.")
    ] = None,
    precision: Precision = 0.95,
    labels: Labels = None,
    workers: Workers = None,
    executor: Executor = None,
    store: Store = None,
) -> None:
    """Say of photos whether they fit the dataset: ok, flag or unsure, and why.

    Reasons are: not the subject, another class, a close-up, an interior, blurred, a duplicate of a photo of the
    dataset. A photo of the dataset gets what clean decided. Where clean rejected too few photos to learn from, no
    other is ok. Every file gets an answer: one that is no image is
    flagged at once, one that cannot be opened is not checked. Exits with 3 when a photo is flagged, with 6 when a
    file could not be opened.

    Example: curate check upload.jpg --class swift
    """
    from curate.check import files
    from curate.check.check import class_of
    from curate.check.verdict import Verdict, words
    from curate.pipeline import map_of

    recipe, folder = recipe_and_manifests(ctx)
    if class_name == "":  # of a script: nothing would be compared, without a word
        raise UsageError("--class is empty: leave it out where it is not known")
    class_name = class_of(recipe, class_name or "")
    meaning = words(folder)
    beside = [files.required(path) for path in listing_photos or ()]
    verdicts: dict[int, Verdict] = {}

    def judged(place: int, verdict: Verdict) -> None:
        show(ctx, f"{photos[place]}: {verdict.line(meaning)}")
        verdicts[place] = verdict

    for place, path in enumerate(photos):  # before anything is learnt or loaded
        if refused := files.look(path):
            judged(place, Verdict.refused(refused))
    left = [place for place in range(len(photos)) if place not in verdicts]
    few = executor is None and len(left) < MANY  # starting processes would take longer
    recipe = with_executor(recipe, "local" if few else executor, store)
    workers = workers or (1 if few else None)
    if left:
        checker = _opened(ctx, recipe, folder, precision, labels)
        with map_of(recipe, folder, workers, partial(say, ctx)) as map_fn:
            paths = [photos[place] for place in left]
            found = checker.check_files(paths, class_name, listing, beside, map_fn)
            for place, verdict in zip(left, found, strict=True):
                judged(place, verdict)
    result(ctx, [{"photo": str(path)} | verdicts[place].as_json() for place, path in enumerate(photos)])
    said = [verdict.verdict for verdict in verdicts.values()]
    if unread := said.count("unreadable"):
        was = "was" if unread == 1 else "were"
        raise StateError(f"{unread:,} of {len(photos):,} files could not be opened and {was} not checked")
    if "flag" in said:
        raise typer.Exit(_FLAGGED)


def _opened(
    ctx: typer.Context,
    recipe: "Recipe",
    folder: Path,
    precision: float,
    labels: list[Path] | None,
    threads: int | None = None,
) -> "Checker":
    """What judges uploads; says of which photos of the dataset the file is missing."""
    from curate.check.check import Checker

    checker = Checker.open(folder, recipe, precision, labels or (), partial(say, ctx), threads=threads)
    for note in checker.warnings():
        warn(ctx, note)
    return checker


@command(commands)
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    max_mb: Annotated[int, typer.Option(min=1, max=64, help="Largest upload, in MB.")] = 20,
    max_megapixels: Annotated[int, typer.Option(min=1, max=60, help="Largest photo, in megapixels.")] = 50,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds for an answer; after them it is 429.")] = 10.0,
    waiting: Annotated[int, typer.Option(min=1, help="Photos that may wait; the next upload gets 429.")] = 24,
    precision: Precision = 0.95,
    labels: Labels = None,
) -> None:
    """Answer over HTTP what `check` says of an upload.

    POST /v1/check takes a photo, a class and a listing id; GET /docs shows the API. A changed dataset or recipe is
    taken up by itself, or on SIGHUP. SIGTERM ends it when all that was taken is answered. Where CURATE_API_KEYS
    holds keys, separated by commas, a client must send one. No photo is kept.

    Example: curate serve --port 8080
    """
    from curate.check.api import keys_of
    from curate.check.limits import Limits
    from curate.check.serve import listen
    from curate.check.serve import serve as answer
    from curate.core import extras

    extras.require("serve", "`curate serve`")
    _, folder = recipe_and_manifests(ctx)
    keys = keys_of(os.environ.get("CURATE_API_KEYS", ""))
    limits = Limits(max_mb * 1024**2, max_megapixels * 1_000_000, deadline_s=deadline, waiting=waiting)

    def opened() -> "Checker":
        return _opened(ctx, *recipe_and_manifests(ctx), precision, labels, threads=1)

    with listen(host, port, keys) as listening:
        answer(listening, opened, folder, ctx.obj.recipe_path, limits, keys, partial(say, ctx))
