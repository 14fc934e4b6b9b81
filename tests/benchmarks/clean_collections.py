"""What clean loses and finds where the scorer has no word for a class: other problems of the same photos.

    python -m tests.benchmarks.clean_quality --folder manifests/market-quality       # makes the folder
    python -m tests.benchmarks.clean_collections --folder manifests/market-quality --painted manifests/demo

The photos of ../shared/market are sorted into other classes (motorcycles, which are junk there, against cars or
pickups), or the subject is another: one that names only some of the cars, the wrong vehicle, or none. The same is
asked of the painted photos of `make demo`. Of each class: the good photos lost, and the bad ones found, by the
zero-shot class sum alone and by clean. truth.csv is read by this script only.
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.clean import embeddings, signals, subject
from curate.clean import stage as clean
from curate.clean.scorers import loading
from curate.clean.signals import PhotoRecord
from curate.core import manifest
from curate.core.recipe import Clean
from curate.core.schemas import DedupRow, FetchRow
from tests.benchmarks.pipeline_market import facts_by_key

MAX_GOOD_LOST = 0.015
FOUND = {"not_car": 0.99, "closeup": 0.95, "other_vehicle": 0.80}
SOME_CARS = ("sports car", "convertible", "limousine", "cab")  # no word for what is tall


@dataclass(frozen=True)
class Collection:
    """Photos under their class names, what is wrong with each ("none": good), and the recipe's section."""

    name: str
    photos: Sequence[PhotoRecord]
    issues: Sequence[str]
    section: Clean


def section(subject_: str, classes: Sequence[str], **values: object) -> Clean:
    """The section of a recipe with the imagenet scorer."""
    return Clean.model_validate({"scorer": "imagenet", "subject": subject_, "class_names": classes, **values})


def relabelled(
    photos: Sequence[PhotoRecord], issue: Callable[[str], str], model: Callable[[str], str], draw: int = 0
) -> Iterator[Collection]:
    """Other problems made of the market's photos; `draw` says which of them are drawn."""
    random = np.random.default_rng(draw)

    def drawn(which: Sequence[PhotoRecord], count: int) -> list[PhotoRecord]:
        return [which[place] for place in sorted(random.permutation(len(which))[:count].tolist())]

    cars = [photo for photo in photos if issue(photo.key) == "none"]
    bikes = [photo for photo in photos if "motorcycle" in model(photo.key)]
    pickups = [photo for photo in photos if issue(photo.key) == "other_vehicle" and photo not in bikes]
    junk = [photo for photo in photos if issue(photo.key) in ("not_car", "closeup")]

    def problem(name: str, classes: dict[str, list[PhotoRecord]], bad: int, config: Clean) -> Collection:
        rows = [(replace(photo, class_name=said), "none") for said, of_it in classes.items() for photo in of_it]
        shares = np.array([len(of_it) for of_it in classes.values()])
        said = random.choice(list(classes), bad, p=shares / shares.sum())
        added = zip(drawn(junk, bad), said.tolist(), strict=True)
        rows += [(replace(photo, class_name=name), issue(photo.key)) for photo, name in added]
        rows.sort(key=lambda row: row[0].key)
        return Collection(name, [photo for photo, _ in rows], [what for _, what in rows], config)

    some = drawn(cars, 1000)
    two = {"car": some, "motorcycle": bikes}
    yield problem("cars against motorcycles, subject car", two, 110, section("car", list(two)))
    yield problem("the same, subject motorcycle", two, 110, section("motorcycle", list(two)))
    yield problem("the same, no subject", two, 110, section("", list(two)))
    three = {"car": drawn(cars, 300), "motorcycle": bikes, "pickup": pickups}
    yield problem("cars, motorcycles, pickups, subject car", three, 40, section("car", list(three)))
    both = {name: [photo for photo in cars if photo.class_name == name] for name in ("sedan", "suv")}
    concepts = [
        {"name": "car", "role": "wanted", "imagenet": SOME_CARS},
        {"name": "closeup", "role": "detail", "imagenet": ["car wheel", "disk brake"]},
        {"name": "not_car", "imagenet": ["*"]},
    ]
    half = {name: drawn(of_it, 1000) for name, of_it in both.items()}
    yield problem("sedans against SUVs, no word for SUVs", half, 220, section("", list(half), concepts=concepts))
    yield problem("sedans against SUVs, subject car", half, 220, section("car", list(half)))
    yield problem("sedans against SUVs, no subject", half, 220, section("", list(half)))
    makes = {
        name.lower(): [photo for photo in cars if model(photo.key).startswith(name)]
        for name in ("BMW", "Jeep", "Audi")
    }
    yield problem("BMW, Jeep, Audi, subject dog", makes, 70, section("dog", list(makes)))


def painted(folder: Path) -> Iterator[Collection]:
    """The photos of `make demo` in `folder`, with a subject that the network knows and without."""
    with (folder / "site" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["photo_id"]: row["issue"] for row in csv.DictReader(file)}
    base = section("car", ["hatchback", "tallboy"], outlier_rate=0)
    photos = clean.read_photos(folder, base, manifest.read(folder, DedupRow))
    urls = {row.key: row.image_url for row in manifest.read(folder, FetchRow)}
    issues = [truth[urls[photo.key].rsplit("/", 1)[1].rsplit(".", 1)[0]] for photo in photos]
    yield Collection("painted, subject car", photos, issues, base)
    yield Collection("painted, subject painting", photos, issues, base.override(subject="painting"))


def figures(found: signals.Signals, collection: Collection, concepts: Clean) -> Iterator[str]:
    """Per class the good photos lost, and per kind the bad ones found: by zero-shot alone, then by clean."""
    wanted = np.array([concept.wanted for concept in concepts.concepts])
    before, after = (values[:, wanted].sum(axis=1) < 0.3 for values in (found.zero_shot, found.concepts))
    issues = np.array(collection.issues)
    names = np.array([photo.class_name for photo in collection.photos])

    def line(what: str, mine: NDArray[np.bool_], met: bool) -> str:
        shares = f"{before[mine].mean():.3f}, clean {after[mine].mean():.3f} of {mine.sum()}"
        return f"  {what}: zero-shot {shares} {'met' if met else 'MISSED'}"

    for name in collection.section.class_names:
        good = (names == name) & np.isin(issues, ("none", "wrong_model"))
        yield line(f"good {name} lost", good, bool(after[good].mean() <= MAX_GOOD_LOST))
    for kind, target in FOUND.items():
        if (bad := issues == kind).any():
            yield line(f"{kind} found", bad, bool(after[bad].mean() >= target))


def main() -> None:
    """Run all collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="what clean_quality made")
    parser.add_argument("--painted", type=Path, help="what `make demo` made")
    parser.add_argument("--draws", type=int, default=1, help="draw the photos so many times")
    options = parser.parse_args()
    facts = facts_by_key(options.folder)

    def fact(key: str, column: str) -> str:
        return facts[key][column]

    base = section("car", ["sedan", "suv"])
    photos = clean.read_photos(options.folder, base, manifest.read(options.folder, DedupRow))
    todo = [
        (options.folder, one)
        for draw in range(options.draws)
        for one in relabelled(photos, lambda key: fact(key, "issue"), lambda key: fact(key, "model"), draw)
    ]
    todo += [(options.painted, one) for one in painted(options.painted)] if options.painted else []
    for folder, one in todo:
        config = subject.resolve(one.section)
        scorer = loading.load(config)
        store = embeddings.collect(folder, {photo.sha256: photo.path for photo in one.photos}, scorer)
        bad = np.mean([issue not in ("none", "wrong_model") for issue in one.issues])
        print(f"{one.name}: {len(one.photos)} photos, {bad:.1%} bad", flush=True)
        found = signals.compute(one.photos, store, scorer, config)
        print(*figures(found, one, config), sep="\n", flush=True)


if __name__ == "__main__":
    main()
