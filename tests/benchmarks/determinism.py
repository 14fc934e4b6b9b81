"""Do the manifests depend on workers, hash seed or the order of files? They must not.

    python -m tests.benchmarks.determinism PHOTOS --recipe RECIPE [--epochs 2]

PHOTOS is a folder tree with a folder per class of the recipe. It is copied three times, its files created in
another order each time, and every stage runs on each copy with other workers and another PYTHONHASHSEED. Prints
the sha256 of every manifest per variant; exits with 1 when two variants differ.
"""

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from curate.core.manifest import csv_path
from curate.core.stages import STAGES

VARIANTS = [("1", "0"), ("2", "1"), ("2", "random")]  # workers, PYTHONHASHSEED


def copy_shuffled(source: Path, target: Path, seed: int) -> None:
    """Copy a tree, creating its files in a random order, so that the file system lists them in another."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    random.Random(seed).shuffle(files)
    for path in files:
        destination = target / path.relative_to(source)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination)


def run_all(photos: Path, folder: Path, recipe: Path, epochs: int, workers: str, hash_seed: str) -> dict[str, str]:
    """Every stage, each in a process of its own. Returns the sha256 of each manifest."""
    stages = [
        ["import", str(photos), "--workers", workers],
        ["dedup", "--workers", workers],
        ["clean", "--workers", workers],
        ["split", "--proportional"],
        ["train-baseline", "--epochs", str(epochs)],
    ]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    for stage in stages:
        command = ["curate", "--recipe", str(recipe), "--folder", str(folder), *stage]
        subprocess.run([sys.executable, "-m", *command], check=True, env=environment, stdout=subprocess.DEVNULL)
    return {stage: hashlib.sha256(csv_path(folder, stage).read_bytes()).hexdigest() for stage in STAGES}


def compare(photos: Path, recipe: Path, epochs: int) -> list[dict[str, str]]:
    """The manifests' sha256 of each variant."""
    results = []
    for number, (workers, hash_seed) in enumerate(VARIANTS):
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / "photos"
            copy_shuffled(photos, copy, seed=number)
            results.append(run_all(copy, Path(scratch) / "run", recipe, epochs, workers, hash_seed))
    return results


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    results = compare(options.photos, options.recipe, options.epochs)
    for (workers, hash_seed), digests in zip(VARIANTS, results, strict=True):
        print(f"{workers} workers, hash seed {hash_seed}:", *(f"{k} {v[:12]}" for k, v in digests.items()))
    same = all(digests == results[0] for digests in results)
    print("identical" if same else "DIFFERENT")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
