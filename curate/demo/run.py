"""The demonstration: paint a marketplace, serve it on loopback, run every stage of pipelines/demo.yaml on it."""

import csv
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from curate import executors, manifest
from curate.demo.painter import paint_catalogue
from curate.demo.site import Site, serve
from curate.errors import UsageError
from curate.files import atomic_write
from curate.pipeline import find_recipe, run_stages
from curate.recipe import Recipe
from curate.schemas import STAGES, CleanRow, DedupRow, FetchRow

PORT = 8765  # as in pipelines/demo.yaml
SEED = 42
PER_CLASS = 430  # good photos
Echo = Callable[[str], None]


@contextmanager
def marketplace(folder: Path, port: int | None, workers: int, echo: Echo, per_class: int) -> Iterator[Site]:
    """The painted marketplace, painted where it is not yet, and running.

    Without `port` it is 8765, or a free one where that is taken. Raises UsageError where `port` is taken.
    """
    started = time.monotonic()
    echo("site: painting the photos, where they are not there yet")
    with executors.local(workers) as map_fn:
        listings = paint_catalogue(folder / "site", SEED, per_class, map_fn)
    photos = sum(len(listing.photos) for listing in listings)
    echo(f"site: {photos} photos in {len(listings)} listings, painted in {time.monotonic() - started:.0f} s")
    with ExitStack() as running:
        try:
            site = running.enter_context(serve(listings, port or PORT))
        except UsageError:
            if port:
                raise
            echo(f"site: port {PORT} is taken, so it runs on a free one; --port chooses")
            site = running.enter_context(serve(listings))
        yield site


def recipe_for(site: Site, recipe: Recipe) -> Recipe:
    """`recipe` with its site's address replaced by where `site` runs."""
    if recipe.source is None:
        raise UsageError(f"recipe {recipe.name} has no source")
    source = recipe.source
    old = f"127.0.0.1:{PORT}"
    listings = {name: tuple(url.replace(old, site.host) for url in urls) for name, urls in source.listings.items()}
    politeness = source.politeness.override(allow_hosts=[site.host])
    changed = source.override(listings=listings, politeness=politeness.model_dump())
    return recipe.model_copy(update={"source": changed})


def recipe_file(site: Site, recipe: Recipe, folder: Path) -> Path:
    """A recipe file for `site` as it runs now: the shipped one, or where the port is another, one in `folder`."""
    shipped = Path("pipelines/demo.yaml")
    if site.host == f"127.0.0.1:{PORT}":
        return shipped
    path = folder / "demo.yaml"
    atomic_write(path, yaml.safe_dump(recipe_for(site, recipe).model_dump(mode="json")).encode())
    return path


def run(
    folder: Path,
    port: int | None,
    workers: int,
    echo: Echo,
    per_class: int = PER_CLASS,
    recipe: Recipe | None = None,
) -> None:
    """Run every stage over HTTP, then say how the rejected photos compare with what was painted.

    `recipe` is pipelines/demo.yaml when not given. Raises what the stages raise.
    """
    from curate.web.report import write_report

    recipe = recipe or find_recipe(Path("pipelines/demo.yaml"))
    with marketplace(folder, port, workers, echo, per_class) as site:
        run_stages(STAGES, recipe_for(site, recipe), folder, workers, echo)
        echo(f"site: {len(site.requests)} requests answered")
        written = recipe_file(site, recipe, folder)
    for line in compare(folder, read_truth(folder / "site" / "truth.csv")):
        echo(line)
    echo(f"recipe: {written}; look around with {_command(written, folder, 'status')}")
    echo(f"report: {write_report(folder, recipe.name).resolve()}")


def _command(recipe: Path, folder: Path, name: str) -> str:
    """What to type to run a command on the demo."""
    return f"`curate {shlex.join(['--recipe', str(recipe), '--folder', str(folder), name])}`"


def serve_site(folder: Path, port: int | None, workers: int, echo: Echo, per_class: int = PER_CLASS) -> None:
    """Only serve the marketplace, until interrupted."""
    with marketplace(folder, port, workers, echo, per_class) as site:
        echo(f"site: {site.url} (Ctrl-C ends it)")
        written = recipe_file(site, find_recipe(Path("pipelines/demo.yaml")), folder)
        echo(f"try: {_command(written, folder, 'fetch')}")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            echo(f"site: {len(site.requests)} requests answered")


# --- how it compares with what was painted ------------------------------------------------------------------


def read_truth(path: Path) -> dict[str, dict[str, str]]:
    """truth.csv by photo_id."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["photo_id"]: row for row in csv.DictReader(file)}


def verdicts(folder: Path) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """Photo id to (stage, reason) of the rejected, to ("", "") of the kept; and the ids put up for review."""
    names: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for row in manifest.read(folder, FetchRow):
        names[row.key] = row.image_url.rpartition("/")[2].removesuffix(".jpg")
        found[names[row.key]] = ("", "") if row.keep else ("fetch", row.reason)
    cleaned = manifest.read(folder, CleanRow)
    later: list[DedupRow | CleanRow] = [*manifest.read(folder, DedupRow), *cleaned]
    found |= {names[row.key]: (row.stage, row.reason) for row in later if not row.keep}
    return found, {names[row.key] for row in cleaned if row.borderline}


def is_true(truth: Mapping[str, str], stage: str, reason: str, copies: int) -> bool:
    """Was a rejection right? Of `copies` files of one painting any may go, as long as one stays."""
    if stage == "fetch":
        return truth["issue"] == "corrupt"
    if stage == "dedup":
        return copies > 1
    return truth["issue"] == reason


def compare(folder: Path, truth: Mapping[str, Mapping[str, str]]) -> list[str]:
    """How many rejected photos have their true reason, what went wrong, and what a review would find."""
    decided, queue = verdicts(folder)
    copies = Counter(row["picture"] for row in truth.values() if row["issue"] != "corrupt")
    rejected = {name: verdict for name, verdict in decided.items() if verdict[0]}
    right = sum(
        is_true(truth[name], *verdict, copies[truth[name]["picture"]]) for name, verdict in rejected.items()
    )
    junk = [
        name for name, row in truth.items() if row["issue"] not in ("none", "exact_duplicate", "near_duplicate")
    ]
    missed = Counter(truth[name]["issue"] for name in junk if name in decided and name not in rejected)
    good = [name for name, row in truth.items() if row["issue"] == "none" and copies[row["picture"]] == 1]
    lost = sum(name in rejected for name in good)
    share = right / len(rejected) if rejected else 1.0
    wrong = [
        name for name in junk if truth[name]["issue"] == "wrong_model" and not decided.get(name, (" ", ""))[0]
    ]
    slipped = ", ".join(f"{count} {issue}" for issue, count in missed.most_common()) or "none"
    return [
        f"truth: {right} of {len(rejected)} rejected photos have their true reason ({share:.1%})",
        f"truth: {lost} of {len(good)} good photos were rejected ({lost / len(good):.1%}); junk kept: {slipped}",
        f"truth: {len(queue.intersection(wrong))} of {len(wrong)} photos of the wrong class are among the "
        f"{len(queue)} put up for review",
    ]
