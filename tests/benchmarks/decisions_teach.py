"""What 100 decisions change about all other photos.

    python -m tests.benchmarks.decisions_teach MARKET ../shared/market/truth.csv
    python -m tests.benchmarks.decisions_teach MARKET ../shared/market/truth.csv --painted SCRATCH

MARKET is the folder of a run up to clean. Its first 100 photos of the review queue are decided by truth.csv, and
clean runs again, in a folder beside it. The figures are over the photos that were not decided. The second set is
painted: springs and lattices, for which ImageNet has no word, among streets, people and papers. Only this script
reads what is true.
"""

import argparse
import io
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.metrics import average_precision_score

from curate.clean import stage as clean
from curate.core import manifest
from curate.core.recipe import Clean, Section
from curate.core.schemas import CleanRow, FetchRow, photo_key
from curate.demo.junk import person, street_only
from curate.demo.papers import document
from curate.demo.photographs import encode, finish
from curate.photos import store
from tests.benchmarks.pipeline_market import facts_by_key
from tests.folders import dedup_row, fetch_row

Truth = Callable[[str], tuple[str, str]]  # of a key: what is wrong ("none": nothing), the true class
PER_CLASS = 400  # painted photos
JUNK = 0.12  # of them
WRONG = 0.03  # listings under the other class


def of_market(folder: Path, truth: Path) -> Truth:
    """What truth.csv of the market says of the photos of `folder`."""
    facts = facts_by_key(folder, truth)
    return lambda key: (facts[key]["issue"], facts[key]["true_class"])


def decide(
    folder: Path, rows: list[CleanRow], truth: Truth, classes: tuple[str, ...], number: int
) -> dict[str, str]:
    """Write review.csv with the first `number` photos of the queue decided; its lines by key."""
    said = decisions(rows, truth, classes, number)
    (folder / "review.csv").write_text("\n".join(["key,decision,class_name,note", *said.values()]) + "\n")
    print(f"{len(said)} decisions, {sum(',keep,' in line for line in said.values())} of them keep")
    return said


def decisions(rows: list[CleanRow], truth: Truth, classes: tuple[str, ...], number: int) -> dict[str, str]:
    """A line of review.csv by key, for the first `number` photos of the queue."""
    queue = sorted((row for row in rows if row.review_rank), key=lambda row: row.review_rank or 0)
    found = {}
    for row in queue[:number]:
        issue, name = truth(row.key)
        good = issue in ("none", "wrong_model") and name in classes
        found[row.key] = f"{row.key},keep,{name}," if good else f"{row.key},reject,,"
    return found


def figures(rows: list[CleanRow], truth: Truth, listed: dict[str, str]) -> Iterator[tuple[str, float, int]]:
    """Name, value and number of photos of each figure."""
    issues = {row.key: truth(row.key)[0] for row in rows}
    good = [row for row in rows if issues[row.key] == "none"]
    yield "good rejected", sum(not row.keep for row in good) / len(good), len(good)
    for issue in sorted(set(issues.values()) - {"none", "wrong_model"}):
        bad = [row for row in rows if issues[row.key] == issue]
        yield f"{issue} rejected", sum(not row.keep for row in bad) / len(bad), len(bad)
    kept = [row for row in rows if row.keep and row.label_score is not None]
    wrong = np.array([issues[row.key] == "wrong_model" for row in kept])
    if not wrong.any():
        return
    named = sum(w and row.likely_class == truth(row.key)[1] for w, row in zip(wrong, kept, strict=True))
    yield "wrong_model: the right class is likelier", named / wrong.sum(), int(wrong.sum())
    right = [row for row, w in zip(kept, wrong, strict=True) if not w]
    doubted = sum(row.likely_class != listed[row.key] for row in right)
    yield "right class, another is likelier", doubted / len(right), len(right)
    suspicion = [1 - (row.label_score or 0.0) for row in kept]
    yield "wrong_model: average precision", float(average_precision_score(wrong, suspicion)), len(kept)


def compare(folder: Path, config: Clean, truth: Truth, number: int) -> None:
    """Clean, decide, clean again, print."""
    config = config.override(accept_rejects=True)
    (folder / "review.csv").unlink(missing_ok=True)
    before = clean.run(folder, config)
    said = decide(folder, before, truth, config.class_names, number)
    after = clean.run(folder, config)
    print(*manifest.read_sidecar(folder, "clean")["notes"]["summary"], sep="\n")
    listed = {row.key: row.class_name for row in manifest.read(folder, FetchRow)}
    shown = ([row for row in rows if row.key not in said] for rows in (before, after))
    print("| of the other photos | before | after | n |\n|---|---|---|---|")
    old, new = (list(figures(rows, truth, listed)) for rows in shown)
    for (name, was, of), (_, now, _) in zip(old, new, strict=True):
        print(f"| {name} | {was:.4f} | {now:.4f} | {of} |")


def paint_object(random: np.random.Generator, class_name: str) -> Image.Image:
    """A spring or a lattice of wire before a blurred background."""
    scale = 2
    width, height = 480 * scale, 360 * scale
    spots = random.integers(40, 220, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)
    layer = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(layer)
    colour = tuple(int(value) for value in random.integers(0, 110, 3))
    x, y = random.uniform(0.35, 0.65) * width, random.uniform(0.4, 0.6) * height
    size = random.uniform(0.25, 0.42) * height
    thick = int(size * random.uniform(0.03, 0.06))
    if class_name == "spring":
        turns = np.linspace(0, 2 * np.pi * random.integers(5, 9), 700)
        way = np.linspace(-1, 1, 700)
        points = np.stack([x + way * size * 1.3 + 0.25 * size * np.sin(turns), y + 0.6 * size * np.cos(turns)], 1)
        draw.line([tuple(point) for point in points.tolist()], fill=colour, width=thick, joint="curve")
    else:
        count = int(random.integers(4, 8))
        for step in np.linspace(-1, 1, count) * size:
            draw.line((x - size, y + step, x + size, y + step), fill=colour, width=thick)
            draw.line((x + step, y - size, x + step, y + size), fill=colour, width=thick)
    layer = layer.rotate(float(random.uniform(-35, 35)), Image.Resampling.BICUBIC, center=(x, y))
    shadow = layer.filter(ImageFilter.GaussianBlur(thick))
    picture.paste((30, 30, 30), (thick, thick * 2), shadow.getchannel("A"))
    picture.paste(layer, (0, 0), layer)
    return picture.resize((width // scale, height // scale), Image.Resampling.LANCZOS)


def paint(folder: Path) -> dict[str, tuple[str, str]]:
    """The painted collection up to dedup, two photos to a listing; what is true, by key."""
    classes = ("lattice", "spring")
    truth, rows = {}, []
    for number in range(2 * PER_CLASS):
        listing = np.random.default_rng([1, number // 2])
        name = classes[number // 2 % 2]
        wrong = listing.random() < WRONG
        random = np.random.default_rng([2, number])
        issue = "none"
        if random.random() < JUNK:
            issue, draw = [("street", street_only), ("person", person), ("document", document)][number % 3]
            data = encode(finish(random, draw(random, 480, 360)), 85)
        else:
            issue = "wrong_model" if wrong else issue
            buffer = io.BytesIO()
            paint_object(random, name).save(buffer, "JPEG", quality=85)
            data = buffer.getvalue()
        listed = classes[1 - classes.index(name)] if wrong else name
        path, sha256 = store.put(folder, data, "jpeg")
        key = photo_key("painted", str(number // 2), str(number))
        row = fetch_row(number, listed, f"L{number // 2}", path, sha256, len(data))
        rows.append(row.__class__(**{**{f: getattr(row, f) for f in row.__slots__}, "key": key}))
        truth[key] = (issue, name)
    rows.sort(key=lambda row: row.key)
    for stage, table in (("fetch", rows), ("dedup", [dedup_row(row) for row in rows])):
        manifest.write(folder, table, manifest.provenance(folder, stage, Section()), datetime.now(UTC))
    return truth


def main() -> None:
    """Both sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("market", type=Path, help="the folder of a run up to clean")
    parser.add_argument("truth", type=Path, help="truth.csv")
    parser.add_argument("--decisions", type=int, default=100)
    parser.add_argument("--painted", type=Path, help="where to paint the second set; it is asked only with this")
    options = parser.parse_args()
    market: Path = options.market
    scratch = market.with_name(f"{market.name}-teach")
    scratch.mkdir(exist_ok=True)
    for path in market.glob("*"):
        if path.is_file() and path.suffix in (".csv", ".json", ".cache") and not (scratch / path.name).exists():
            shutil.copy(path, scratch)
    if not (scratch / "images").exists():
        (scratch / "images").symlink_to((market / "images").resolve())
    config = Clean.model_validate(manifest.read_sidecar(scratch, "clean")["config"])
    compare(scratch, config, of_market(scratch, options.truth), options.decisions)
    if options.painted:
        options.painted.mkdir(parents=True, exist_ok=True)
        painted = paint(options.painted)
        section = Clean(class_names=("lattice", "spring"), scorer="imagenet", borderline_fraction=0.15)
        compare(options.painted, section, painted.__getitem__, options.decisions)


if __name__ == "__main__":
    main()
