"""How accurate the network `base` gets on a dataset: trained by `curate train-baseline`, and by Keras.

    python -m tests.benchmarks.base_against_keras --recipe RECIPE --folder FOLDER --keras PYTHON --epochs 50

FOLDER holds a run up to the split; PYTHON is that of an environment with tensorflow. Both sides read the same
photos, train the same network with the same optimiser, batches and epochs, take the epoch that is best on val, and
read test once. Keras keeps the decoded photos in memory, so its seconds say nothing of a tutorial's loop.
Stopped anywhere, a rerun goes on after the last whole epoch of either side; the seconds are those of the last run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from curate.core.intervals import wilson
from tests.benchmarks.train_speed import BATCH, KERAS_NETWORK, SIDE

KERAS = f"""
import json
import pathlib
import sys
import keras
folder, kept, epochs, seed = sys.argv[1], pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:])
keras.utils.set_random_seed(seed)
{KERAS_NETWORK}
def photos(split):
    found = keras.utils.image_dataset_from_directory(
        f"{{folder}}/{{split}}", image_size=({SIDE}, {SIDE}), batch_size=None, label_mode="binary", shuffle=False,
        verbose=False)
    return found.cache()
train, val, test = photos("train"), photos("val").batch({BATCH}), photos("test").batch({BATCH})
history = json.loads((kept / "history.json").read_text()) if (kept / "history.json").exists() else []
if history:
    network = keras.models.load_model(kept / f"epoch-{{len(history)}}.keras")
for number in range(len(history), epochs):
    network.fit(train.shuffle(len(train), seed=seed + number).batch({BATCH}).prefetch(2), epochs=1, verbose=0)
    accuracy = network.evaluate(val, verbose=0)[1]
    print(f"epoch {{number + 1}}: val {{accuracy:.4f}}", file=sys.stderr, flush=True)
    network.save(kept / f"epoch-{{number + 1}}.keras")
    history.append(accuracy)
    (kept / "history.json.part").write_text(json.dumps(history))
    (kept / "history.json.part").replace(kept / "history.json")
    best = history.index(max(history)) + 1
    for number in set(range(1, len(history))) - {{best}}:
        (kept / f"epoch-{{number}}.keras").unlink(missing_ok=True)
best = history.index(max(history)) + 1
network = keras.models.load_model(kept / f"epoch-{{best}}.keras")
print("accuracy", history[best - 1], network.evaluate(test, verbose=0)[1])
"""


def by_keras(python: str, photos: Path, folder: Path, epochs: int, seed: int) -> tuple[float, float]:
    """Accuracy on val and on test."""
    kept = folder / "keras" / f"seed-{seed}"
    kept.mkdir(parents=True, exist_ok=True)
    words = [python, "-c", KERAS, str(photos), str(kept), str(epochs), str(seed)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    _, val, test = done.stdout.splitlines()[-1].split()
    return float(val), float(test)


def by_curate(place: list[str], folder: Path, epochs: int, seed: int) -> tuple[float, float]:
    """Accuracy on val and on test."""
    words = ["--epochs", str(epochs), "--seed", str(seed)]
    subprocess.run([*place, "train-baseline", "--variant", "base", *words], check=True)
    meta = json.loads((folder / "models" / "base" / f"seed-{seed}" / "model.json").read_text())
    return float(meta["val"]["accuracy"]), float(meta["test"]["accuracy"])


def main() -> None:
    """Train both, print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--keras", required=True, help="a python with tensorflow")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    place = [sys.executable, "-m", "curate", "--recipe", options.recipe, "--folder", str(options.folder)]
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        subprocess.run([*place, "export", "folders", "--format", "jpeg", "--out", str(photos)], check=True)
        ways = {
            "curate": partial(by_curate, place, options.folder),
            "Keras": partial(by_keras, options.keras, photos, options.folder),
        }
        sizes = {split: sum(1 for _ in (photos / split).rglob("*.*")) for split in ("val", "test")}
        for name, train in ways.items():
            started = time.monotonic()
            found = dict(zip(sizes, train(options.epochs, options.seed), strict=True))
            words = []
            for split, accuracy in found.items():
                low, high = wilson(round(accuracy * sizes[split]), sizes[split])
                words.append(f"{split} {accuracy:.1%} ({low:.1%} to {high:.1%} of {sizes[split]:,} photos)")
            print(f"{name}: {'; '.join(words)}; {time.monotonic() - started:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
