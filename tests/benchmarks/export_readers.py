"""Does Keras read an export of the format `folders`? In an environment of its own: it brings its own TensorFlow.

    curate export folders --out cars --format jpeg
    python -m venv keras-env && keras-env/bin/pip install tensorflow-cpu
    python -m tests.benchmarks.export_readers cars --keras keras-env/bin/python

Counts the photos of each split as Keras' own loader finds them, decodes all of them, and compares with photos.csv.
Exits with 1 when anything differs.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCRIPT = """
import json, sys
import keras

found = {}
for split in sys.argv[1:]:
    data = keras.utils.image_dataset_from_directory(
        split, labels="inferred", image_size=(64, 64), batch_size=32, shuffle=False, verbose=False
    )
    counts = [0] * len(data.class_names)
    for images, labels in data:
        for label in labels.numpy().tolist():
            counts[label] += 1
    found[split] = dict(zip(data.class_names, counts))
print(json.dumps({"version": keras.__version__, "found": found}))
"""


def written(out: Path) -> dict[str, dict[str, int]]:
    """Photos by split and class, by photos.csv. Raises SystemExit where that is no export of folders."""
    try:
        with (out / "photos.csv").open(encoding="utf-8", newline="") as file:
            counts = Counter((row["split"], row["class_name"]) for row in csv.DictReader(file))
    except (OSError, KeyError) as error:
        raise SystemExit(f"{out}: no export of the format folders there: {error}") from error
    splits: dict[str, dict[str, int]] = {}
    for (split, class_name), number in sorted(counts.items()):
        splits.setdefault(split, {})[class_name] = number
    return splits


def by_keras(python: Path, out: Path, splits: list[str]) -> dict[str, Any]:
    """The same as the loader of Keras sees it, and its version. Raises SystemExit with what it said."""
    try:
        run = subprocess.run(
            [str(python.absolute()), "-c", SCRIPT, *splits], cwd=out, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SystemExit(f"--keras {python}: {error.strerror}") from error
    if run.returncode:
        raise SystemExit(f"--keras {python} failed: {run.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def differences(wanted: dict[str, dict[str, int]], found: dict[str, dict[str, int]]) -> Iterator[str]:
    """What is in one and not in the other."""
    for split, classes in wanted.items():
        if found.get(split) != classes:
            yield f"{split}: photos.csv has {classes}, Keras reads {found.get(split)}"


def main(words: list[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="what `curate export folders` wrote")
    parser.add_argument("--keras", type=Path, required=True, metavar="PYTHON", help="one that has keras")
    options = parser.parse_args(words)
    wanted = written(options.out)
    read = by_keras(options.keras, options.out, list(wanted))
    wrong = list(differences(wanted, read["found"]))
    total = sum(sum(classes.values()) for classes in wanted.values())
    print(*wrong or [f"Keras {read['version']} reads all {total:,} photos of {', '.join(wanted)}"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
