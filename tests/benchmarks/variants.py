"""Sedan against suv, all variants side by side, beside what the dataset's author published.

    python -m tests.benchmarks.variants ../shared/market --folder manifests/variants
    python -m tests.benchmarks.variants ../shared/market --folder manifests/variants --only transfer finetune
    python -m tests.benchmarks.variants ../shared/market --folder manifests/reviewed --review TRUTH

Imports the photos of the market by its listings, runs dedup, clean and split (2,400/800/800), trains all variants,
and prints `curate compare`, the sha256 of all weights and the sentences of the learning curve. A run that was
stopped goes on. Without `--seeds`, ensemble has one, as it takes two networks, and others three. Run it on an idle
machine, where base, augment, dropout and batchnorm take about 20 minutes per seed each on two cores. Only --review
reads truth.csv: it stands for a person who decides every photo that clean puts up for review, and clean and split
run again with that.
"""

import argparse
import csv
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import yaml

from curate.core import executors, extras, manifest
from curate.core.errors import GateError
from curate.core.recipe import Recipe
from curate.core.recipe_file import load
from curate.core.recipe_train import Variant
from curate.core.schemas import CleanRow
from curate.pipeline import run_stages
from curate.train import compare, learning_curve
from curate.train import stage as train_baseline
from tests.benchmarks.decisions_teach import decide, of_market

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}


def recipe(folder: Path, photos: int, epochs: int | None, side: int | None) -> Recipe:
    """The recipe of the run, written to `folder`; `photos` in all splits together."""
    counts = {split: round(photos * share / 2) * 2 for split, share in SHARES.items()}
    training: dict[str, object] = {"epochs": epochs or 50, "finetune": {"epochs": epochs or 8}}
    if side:
        training |= {"transfer": {"image_size": side}, "finetune": {"epochs": epochs or 8, "image_size": side}}
    data = {
        "name": "market",
        "classes": ["sedan", "suv"],
        "source": {"path": str(copied(folder) / "photos.csv")},
        "clean": {"scorer": "imagenet", "subject": "car"},
        "split": {"counts": counts, "seed": 42},
        "train_baseline": training,
    }
    path = folder.with_name(f"{folder.name}.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return load(path)


def copied(folder: Path) -> Path:
    """Where the photos of the market and their CSV are copied to: a CSV names files inside its own folder."""
    return folder.resolve().with_name(f"{folder.name}-source")


def listed(market: Path) -> Iterator[dict[str, object]]:
    """One row of a CSV per photo: what the seller says, no more."""
    files = {path.stem: path.name for path in sorted((market / "images").iterdir())}
    for listing in json.loads((market / "listings.json").read_bytes()):
        for name in listing["images"]:
            yield {
                "path": f"images/{files[name]}",
                "class_name": listing["label"],
                "listing_id": listing["listing_id"],
                "title": listing["title"],
                "region": listing["state"],
                "city": listing["city"],
                "year": listing["year"],
                "price": listing["price_inr"],
            }


def prepare(market: Path, folder: Path, chosen: Recipe, truth: Path | None = None) -> None:
    """Import the photos and run the stages before training, where that was not done yet.

    By `truth` the whole queue of review is decided.
    """
    if manifest.csv_path(folder, "split").exists():
        return
    shutil.copytree(market / "images", copied(folder) / "images", dirs_exist_ok=True)
    rows = list(listed(market))
    with (copied(folder) / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    run_stages(["fetch", "dedup", "clean"], chosen, folder, 2, print)
    if truth:
        judged = manifest.read(folder, CleanRow)
        decide(folder, judged, of_market(folder, truth), chosen.clean.class_names, len(judged))
        run_stages(["clean"], chosen, folder, 2, print)
    run_stages(["split"], chosen, folder, 2, print)


def main() -> None:
    """Prepare, train, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("market", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="where the manifests go; keep it out of git")
    parser.add_argument("--only", nargs="+", choices=get_args(Variant), default=get_args(Variant))
    parser.add_argument("--seeds", type=int, help="of each variant")
    parser.add_argument("--photos", type=int, default=4000, help="in all splits together")
    parser.add_argument("--epochs", type=int, help="of every variant, to try the script")
    parser.add_argument("--side", type=int, help="pixels of transfer and finetune, to try the script")
    parser.add_argument("--review", type=Path, metavar="TRUTH", help="truth.csv, to decide the queue of review by")
    options = parser.parse_args()
    chosen = recipe(options.folder, options.photos, options.epochs, options.side)
    prepare(options.market, options.folder, chosen, options.review)
    with executors.local(2) as map_fn:
        for variant in options.only:
            seeds = options.seeds or (1 if variant == "ensemble" else 3)
            started = time.monotonic()
            config = chosen.train_baseline.override(variant=variant, seeds=seeds)
            train_baseline.run(options.folder, config, map_fn)
            print(f"{variant}: {seeds} seeds, {time.monotonic() - started:.0f} s", flush=True)
    print(*compare.lines(compare.compare(options.folder)), sep="\n")
    for network in manifest.read_sidecar(options.folder, "train_baseline")["notes"]["networks"]:
        print(f"  {network['variant']}, seed {network['seed']}: sha256 of the weights {network['sha256']}")
    if not extras.missing("plots"):
        rows = compare.compare(options.folder)
        (options.folder / "models" / "compare.png").write_bytes(compare.draw(rows))
    try:
        print(*learning_curve.run(options.folder, chosen.train_baseline).sentences(), sep="\n")
    except GateError as error:
        print(error)


if __name__ == "__main__":
    main()
