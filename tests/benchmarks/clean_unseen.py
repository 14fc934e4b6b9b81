"""What clean loses, finds and says on collections of other shapes and subjects.

    python -m tests.benchmarks.clean_quality --folder manifests/market-quality       # makes the folder
    python -m tests.benchmarks.clean_unseen --folder manifests/market-quality [--cells FOLDER] [--stamps FOLDER]
        [--folders FOLDER --subjects NOUN ...]

The photos of ../shared/market are sorted into collections of other shapes: eight classes of very unequal sizes, a
class that is nearly all junk, 40% junk, none, two classes of one kind, 60 photos, class names and subjects that
the network has no word for, wheels or animals wanted instead of cars. FOLDER of --cells is what the package
elpv-dataset installs (photos of solar cells), that of --stamps the stamps of tuxpaint-stamps-default (cut out
things), that of --folders any photos, in a folder per class: a tenth of cars is put among them. Of each: the good
photos lost per class, the junk found, and whether the gate speaks where it should.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curate.clean import class_rates, embeddings, gates, signals, subject
from curate.clean import stage as clean
from curate.clean.scorers import loading
from curate.clean.signals import PhotoRecord
from curate.core import manifest
from curate.core.errors import GateError
from curate.core.recipe import Clean
from curate.core.schemas import DedupRow
from curate.photos import decode, store
from curate.review.decisions import Review
from tests.benchmarks.clean_collections import FOUND, MAX_GOOD_LOST, section
from tests.benchmarks.pipeline_market import facts_by_key

Rows = list[tuple[PhotoRecord, str]]  # each photo, and what is wrong with it ("none": good)
MAKES = {"Hyundai": 360, "Dodge": 250, "Chevrolet": 150, "Audi": 100, "BMW": 60, "Ford": 30, "Jeep": 15, "GMC": 8}
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
ANIMALS_BELOW = "n02600000"  # synsets of animals in the market's truth


@dataclass(frozen=True)
class Collection:
    """Photos with what is wrong with each, the recipe's section, and whether the gate should stop the stage."""

    name: str
    rows: Rows
    section: Clean
    stops: bool = False


class Market:
    """The photos of the market by what they show; `some` draws of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        facts = facts_by_key(folder)
        photos = clean.read_photos(folder, section("car", ["sedan", "suv"]), manifest.read(folder, DedupRow))
        self.fact = {photo.key: facts[photo.key] for photo in photos}
        issue = {photo.key: self.fact[photo.key]["issue"] for photo in photos}
        self.cars = [photo for photo in photos if issue[photo.key] == "none"]
        self.junk = [photo for photo in photos if issue[photo.key] in ("not_car", "closeup")]
        self.closeups = [photo for photo in photos if issue[photo.key] == "closeup"]
        self.others = [photo for photo in photos if issue[photo.key] == "not_car"]

    def model(self, photo: PhotoRecord) -> str:
        """Make and model of a car, the synset of what is no car."""
        return self.fact[photo.key]["model"]

    def bad(self, photos: Sequence[PhotoRecord], class_name: str) -> Rows:
        """The photos as junk of a class."""
        return [(replace(photo, class_name=class_name), self.fact[photo.key]["issue"]) for photo in photos]


def drawn(photos: Sequence[PhotoRecord], count: int, draw: int) -> list[PhotoRecord]:
    """`count` of the photos, at most all, in their order."""
    places = np.random.default_rng(draw).permutation(len(photos))[:count]
    return [photos[place] for place in sorted(places.tolist())]


def good(photos: Sequence[PhotoRecord], class_name: str) -> Rows:
    """The photos as good ones of a class."""
    return [(replace(photo, class_name=class_name), "none") for photo in photos]


def mixed(market: Market, classes: dict[str, Rows], bad: int, draw: int) -> Rows:
    """The classes, with `bad` photos of junk spread over them by their sizes."""
    random = np.random.default_rng(draw)
    sizes = np.array([len(rows) for rows in classes.values()])
    said = random.choice(list(classes), bad, p=sizes / sizes.sum())
    rows = [row for of_it in classes.values() for row in of_it]
    for photo, name in zip(drawn(market.junk, bad, draw), said.tolist(), strict=False):
        rows += market.bad([photo], name)
    return rows


def of_market(market: Market, draw: int) -> Iterator[Collection]:
    """Collections of other shapes."""
    cars = drawn(market.cars, 5000, draw)
    by_make = {
        make.lower(): good(drawn([p for p in cars if market.model(p).startswith(make)], count, draw), make.lower())
        for make, count in MAKES.items()
    }
    yield Collection(
        "eight makes, 360 to 8 photos", mixed(market, by_make, 100, draw), section("car", list(by_make))
    )
    both = {
        name: good(drawn([p for p in cars if p.class_name == name], 600, draw), name) for name in ("sedan", "suv")
    }
    junk = drawn(market.junk, 250, draw)
    rows = [*both["sedan"], *both["suv"], *good(drawn(cars, 5, draw + 1), "van")]
    rows += market.bad(junk[:95], "van") + market.bad(junk[95:125], "sedan") + market.bad(junk[125:155], "suv")
    yield Collection("a class that is 95% junk", rows, section("car", ["sedan", "suv", "van"]), True)
    few = {name: of_it[:180] for name, of_it in both.items()}
    yield Collection("40% junk", mixed(market, few, 240, draw), section("car", list(few)), True)
    yield Collection("no junk", mixed(market, both, 0, draw), section("car", list(both)))
    yield Collection("no junk, no subject", mixed(market, both, 0, draw), section("", list(both)))
    half = {"first": good(cars[:500], "first"), "second": good(cars[500:1000], "second")}
    yield Collection("two classes of one kind", mixed(market, half, 100, draw), section("car", list(half)))
    small = {name: of_it[:27] for name, of_it in both.items()}
    yield Collection("60 photos", mixed(market, small, 6, draw), section("car", list(small)))
    one = {"car": good(cars[:150], "car")}
    yield Collection("one class of 165 photos", mixed(market, one, 15, draw), section("car", list(one)))
    named = {
        there: [(replace(photo, class_name=there), issue) for photo, issue in both[here]]
        for here, there in (("sedan", "limousine"), ("suv", "geländewagen"))
    }
    for noun in ("Auto", "voiture", "automobile"):
        yield Collection(
            f"limousine, geländewagen, subject {noun}", mixed(market, named, 130, draw), section(noun, list(named))
        )
    again = [
        (
            replace(photo, key=f"{photo.key}-{time}", listing_id=f"{photo.listing_id}-{time}", group=photo.key),
            issue,
        )
        for photo, issue in mixed(market, {name: of_it[:150] for name, of_it in both.items()}, 33, draw)
        for time in range(4)
    ]
    yield Collection("each photo four times", again, section("car", list(both)))
    wheels = good(market.closeups, "wheel")
    rows = wheels + [(replace(p, class_name="wheel"), "whole car") for p in cars[:4]]
    rows += market.bad(drawn(market.others, 4, draw), "wheel")
    yield Collection("close-ups wanted, subject wheel", rows, section("wheel", ["wheel"]))
    yield Collection("close-ups wanted, subject car wheel", rows, section("car wheel", ["wheel"]))
    animals = [p for p in market.others if market.model(p) < ANIMALS_BELOW]
    things = [p for p in market.others if market.model(p) >= ANIMALS_BELOW]
    rows = [(replace(p, class_name="animal"), "none") for p in animals]
    rows += [(replace(p, class_name="animal"), "other") for p in things[:5]]
    rows += [(replace(p, class_name="animal"), "whole car") for p in cars[:5]]
    yield Collection("animals, all of other species", rows, section("animal", ["animal"]))
    rows = [*good(animals, "animal"), *good(things, "thing")]
    rows += [(replace(p, class_name="animal"), "whole car") for p in cars[:9]]
    rows += [(replace(p, class_name="thing"), "whole car") for p in cars[9:20]]
    yield Collection("animals and things, no subject", rows, section("", ["animal", "thing"]))


def stored(folder: Path, files: Sequence[tuple[Path, str]]) -> Rows:
    """Files of a class each, put where the network reads them, as good photos."""
    rows: Rows = []
    for number, (path, class_name) in enumerate(files):
        data = path.read_bytes()
        where, sha256 = store.put(folder, data, decode.decode(data).format)
        key = f"other-{number:05d}"
        rows.append((PhotoRecord(key, where, sha256, class_name, key, key, False), "none"))
    return rows


def of_cells(cells: Path, market: Market, draw: int) -> Iterator[Collection]:
    """Solar cells, for which ImageNet has no word, with other photos among them."""
    with (cells / "labels.csv").open(encoding="utf-8") as file:
        labels = [line.split() for line in file if line.strip()]
    files = [(cells / name, kind) for name, _, kind in labels]
    places = np.random.default_rng(draw).permutation(len(files))[:1200]
    rows = stored(market.folder, [files[place] for place in sorted(places.tolist())])
    classes = {kind: [row for row in rows if row[0].class_name == kind] for kind in ("mono", "poly")}
    for noun in ("solar cell", ""):
        bad = mixed(market, classes, 120, draw)
        yield Collection(f"solar cells, subject {noun!r}", bad, section(noun, list(classes)))
    yield Collection(
        "solar cells, subject 'car'", mixed(market, classes, 120, draw), section("car", list(classes))
    )


def of_stamps(stamps: Path, market: Market, draw: int) -> Iterator[Collection]:
    """Cut out animals, food and plants; junk are letters and road signs."""

    def files(name: str) -> list[tuple[Path, str]]:
        found = sorted((stamps / name).rglob("*.png"))
        return [(path, name) for path in found if "cartoon" not in path.parts]

    names = ("animals", "food", "plants")
    rows = stored(market.folder, [file for name in names for file in files(name)])
    signs = [path for place in ("symbols/alphabets/english", "town/roadsigns") for path, _ in files(place)]
    some = [signs[place] for place in np.random.default_rng(draw).permutation(len(signs))[:20].tolist()]
    junk = stored(market.folder, [(path, names[number % 3]) for number, path in enumerate(some)])
    rows += [(replace(photo, key=f"junk-{photo.key}"), "sign") for photo, _ in junk]
    yield Collection("stamps, no subject", rows, section("", list(names)))


def of_folders(photos: Path, nouns: Sequence[str], market: Market, draw: int) -> Iterator[Collection]:
    """Photos sorted into a folder per class, with a tenth of cars among them; each noun is a subject."""
    files = [(path, path.parent.name) for path in sorted(photos.glob("*/*")) if path.suffix in SUFFIXES]
    names = sorted({name for _, name in files})
    rows = stored(market.folder, files)
    random = np.random.default_rng(draw)
    said = random.choice([name for _, name in files], len(files) // 9)  # junk has a class as often as others
    for car, name in zip(drawn(market.cars, len(said), draw), said.tolist(), strict=True):
        rows.append((replace(car, class_name=name), "car"))
    for noun in nouns:
        yield Collection(f"{photos.name}, subject {noun!r}", rows, section(noun, names))


def figures(one: Collection, folder: Path) -> Iterator[str]:
    """Good photos lost per class, junk found per kind, and what the gate says."""
    config = subject.resolve(one.section)
    pairs = sorted(one.rows, key=lambda row: row[0].key)
    photos, issues = [photo for photo, _ in pairs], np.array([issue for _, issue in pairs])
    scorer = loading.load(config)
    kept = embeddings.collect(folder, {photo.sha256: photo.path for photo in photos}, scorer)
    found = signals.compute(photos, kept, scorer, config)
    rows = clean.judged(photos, clean.by_photo(photos, kept, found, {}, config), config, Review({}, {}))
    lost = np.array([not row.keep for row in rows])
    names = np.array([photo.class_name for photo in photos])
    yield f"{one.name}: {len(rows)} photos, {(issues != 'none').mean():.1%} bad"
    for name in one.section.class_names:
        mine = (names == name) & (issues == "none")
        word = "met" if lost[mine].mean() <= MAX_GOOD_LOST else "MISSED"
        yield f"  good {name} lost: {lost[mine].mean():.3f}, {lost[mine].sum()} of {mine.sum()} {word}"
    for kind in sorted({*issues.tolist()} - {"none"}):
        bad = issues == kind
        word = "met" if lost[bad].mean() >= FOUND.get(kind, 0.8) else "MISSED"
        yield f"  {kind} found: {lost[bad].mean():.3f} of {bad.sum()} {word}"
    try:
        gates.check_gate(rows, config)
        rates = class_rates.class_rates(rows, {photo.key: photo.class_name for photo in photos})
        said = "; ".join(class_rates.problems(rates, config.expected_reject))
    except GateError as error:
        said = str(error)
    yield f"  gate, {'right' if bool(said) == one.stops else 'WRONG'}: {said or 'silent'}"


def main() -> None:
    """Run all collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="what clean_quality made")
    parser.add_argument("--cells", type=Path, help="folder with labels.csv of elpv-dataset")
    parser.add_argument("--stamps", type=Path, help="folder of Tux Paint's stamps")
    parser.add_argument("--folders", type=Path, help="photos sorted into a folder per class")
    parser.add_argument("--subjects", nargs="+", default=[""], help="subjects of those photos, each in turn")
    parser.add_argument("--only", default="", help="a pattern: run the collections whose names have it")
    parser.add_argument("--draws", type=int, default=1, help="draw the photos so many times")
    options = parser.parse_args()
    market = Market(options.folder)
    for draw in range(options.draws):
        todo = list(of_market(market, draw))
        todo += of_cells(options.cells, market, draw) if options.cells else ()
        todo += of_stamps(options.stamps, market, draw) if options.stamps else ()
        todo += of_folders(options.folders, options.subjects, market, draw) if options.folders else ()
        for one in todo:
            if re.search(options.only, one.name):
                print(*figures(one, options.folder), sep="\n", flush=True)


if __name__ == "__main__":
    main()
