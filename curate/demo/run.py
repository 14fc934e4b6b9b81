"""The demonstration: paint a marketplace, serve it on loopback, run every stage of pipelines/demo.yaml on it."""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from curate.core import executors, manifest
from curate.core.errors import Note, Run, To, UsageError
from curate.core.files import atomic_write
from curate.core.intervals import percent
from curate.core.recipe import Recipe
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from curate.core.stages import STAGES
from curate.demo.painter import paint_catalogue
from curate.demo.site import Site, serve
from curate.pipeline import Said, find_recipe, not_trained, run_stages

PORT = 8765  # as in pipelines/demo.yaml
SEED = 42
PER_CLASS = 430  # good photos
Echo = Callable[[Said], None]


@contextmanager
def marketplace(
    folder: Path, port: int | None, workers: int, echo: Echo, per_class: int, by_script: bool = False
) -> Iterator[Site]:
    """The painted marketplace, painted where it is not yet, and running; `by_script`: scripts make its pages.

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
            site = running.enter_context(serve(listings, port or PORT, by_script=by_script))
        except UsageError:
            if port:
                raise
            echo(f"site: port {PORT} is taken, so it runs on a free one; --port chooses")
            site = running.enter_context(serve(listings, by_script=by_script))
        yield site


def recipe_for(site: Site, recipe: Recipe) -> Recipe:
    """`recipe` with its site's address replaced by where `site` runs."""
    if recipe.source is None or recipe.source.path:
        raise UsageError(f"recipe {recipe.name} has no site as its source")
    source = recipe.source
    old = f"127.0.0.1:{PORT}"
    listings = {name: tuple(url.replace(old, site.host) for url in urls) for name, urls in source.listings.items()}
    politeness = source.politeness.override(allow_hosts=[site.host])
    changed = source.override(listings=listings, politeness=politeness.model_dump())
    return recipe.model_copy(update={"source": changed})


def recipe_file(site: Site, recipe: Recipe, folder: Path) -> Path:
    """A recipe file for `site` as it runs now: the shipped one, or where the port is another, one in `folder`."""
    shipped = Path("pipelines/demo.yaml")
    if site.host == f"127.0.0.1:{PORT}" and recipe == find_recipe(shipped):
        return shipped
    path = folder / "demo.yaml"
    atomic_write(
        path, yaml.safe_dump(recipe_for(site, recipe).model_dump(mode="json", exclude_unset=True)).encode()
    )
    return path


def run(
    folder: Path,
    port: int | None,
    workers: int,
    echo: Echo,
    per_class: int = PER_CLASS,
    recipe: Recipe | None = None,
) -> Note:
    """Run every stage over HTTP, then say how the rejected photos compare with what was painted.

    Without the extra `train`, train-baseline is left out. `recipe` is pipelines/demo.yaml when not given. Returns
    what to do next. Raises what the stages raise.
    """
    from curate.report.report import write_report

    recipe = recipe or find_recipe(Path("pipelines/demo.yaml"))
    with marketplace(folder, port, workers, echo, per_class) as site:
        untrained = not_trained(recipe, STAGES)
        stages = [stage for stage in STAGES if stage != "train_baseline" or not untrained]
        run_stages(stages, recipe_for(site, recipe), folder, workers, echo)
        echo(f"site: {len(site.requests)} requests answered")
        written = recipe_file(site, recipe, folder)
    for line in compare(folder, read_truth(folder / "site" / "truth.csv")):
        echo(line)
    if untrained:
        echo(untrained)
    echo(f"report: {write_report(folder, recipe.name).resolve()}")
    return Note(f"recipe: {written}", To("look around", _command(written, folder, "status")))


def _command(recipe: Path, folder: Path, name: str) -> Run:
    """A command on the demo."""
    return Run(name, recipe=str(recipe), folder=str(folder))


def serve_site(
    folder: Path,
    port: int | None,
    workers: int,
    echo: Echo,
    per_class: int = PER_CLASS,
    by_script: bool = False,
) -> None:
    """Only serve the marketplace, until interrupted; `by_script`: scripts make its pages."""
    with marketplace(folder, port, workers, echo, per_class, by_script) as site:
        echo(f"site: {site.url} (Ctrl-C ends it)")
        recipe = find_recipe(Path("pipelines/demo.yaml"))
        if by_script and recipe.source:
            recipe = recipe.model_copy(update={"source": recipe.source.override(render="auto")})
        written = recipe_file(site, recipe, folder)
        echo(Note("", To("fetch from it", _command(written, folder, "fetch"))))
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


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the stages decided, by photo id."""

    decided: dict[str, tuple[str, str]]  # stage and reason of the rejected; "" and "" for the kept
    kept_of: dict[str, str]  # of those that dedup removed as duplicates, the photo that stayed
    queue: set[str]  # put up for review


def verdicts(folder: Path) -> Verdicts:
    """Read the manifests. Raises StateError when one is missing."""
    names: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for row in manifest.read(folder, FetchRow):
        names[row.key] = row.image_url.rpartition("/")[2].removesuffix(".jpg")
        found[names[row.key]] = ("", "") if row.keep else ("fetch", row.reason)
    unique, cleaned = manifest.read(folder, DedupRow), manifest.read(folder, CleanRow)
    later: list[DedupRow | CleanRow] = [*unique, *cleaned]
    found |= {names[row.key]: (row.stage, row.reason) for row in later if not row.keep}
    kept_of = {names[row.key]: names[row.duplicate_of] for row in unique if row.duplicate_of}
    return Verdicts(found, kept_of, {names[row.key] for row in cleaned if row.borderline})


def is_true(truth: Mapping[str, str], stage: str, reason: str, kept: Mapping[str, str] | None = None) -> bool:
    """Was a rejection right? Of the files of one painting any may go, as long as the one `kept` stays."""
    if stage == "fetch":
        return truth["issue"] == "corrupt"
    if stage == "dedup":
        return kept is not None and truth["painting"] == kept["painting"]
    return truth["issue"] == reason


def compare(folder: Path, truth: Mapping[str, Mapping[str, str]]) -> list[str]:
    """How many rejected photos have their true reason, what went wrong, and what a review would find."""
    found = verdicts(folder)
    decided = found.decided
    times = Counter(row["painting"] for row in truth.values() if row["issue"] != "corrupt")
    rejected = {name: verdict for name, verdict in decided.items() if verdict[0]}
    false = [
        name
        for name, verdict in rejected.items()
        if not is_true(truth[name], *verdict, truth[found.kept_of[name]] if name in found.kept_of else None)
    ]
    junk = [
        name for name, row in truth.items() if row["issue"] not in ("none", "exact_duplicate", "near_duplicate")
    ]
    missed = Counter(truth[name]["issue"] for name in junk if name in decided and name not in rejected)
    good = [name for name, row in truth.items() if row["issue"] == "none" and times[row["painting"]] == 1]
    lost = sum(name in rejected for name in good)
    wrongly = [name for name in false if name in found.kept_of]
    kinds = Counter("good" if name not in junk else truth[name]["issue"] for name in wrongly)
    right = len(rejected) - len(false)
    wrong = [
        name for name in junk if truth[name]["issue"] == "wrong_model" and not decided.get(name, (" ", ""))[0]
    ]
    return [
        f"truth: {right} of {len(rejected)} rejected photos have their true reason "
        f"({percent(right / len(rejected) if rejected else 1.0)})",
        f"truth: dedup removed {len(found.kept_of)} photos, {len(wrongly)} of them no duplicate of the one kept"
        + (f" ({kinds.pop('good', 0)} good, {_listed(kinds)})" if wrongly else ""),
        f"truth: {lost} of {len(good)} good photos were rejected ({percent(lost / len(good))}); "
        f"junk kept: {_listed(missed)}",
        f"truth: {len(found.queue.intersection(wrong))} of {len(wrong)} photos of the wrong class are among the "
        f"{len(found.queue)} put up for review",
    ]


def _listed(kinds: Counter[str]) -> str:
    """`10 wrong_model, 1 other_vehicle`."""
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()) or "none"
