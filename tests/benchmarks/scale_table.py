"""Time and peak memory of each command by the number of photos, on synthetic manifests; the growth is fitted.

    python -m tests.benchmarks.scale_table FOLDER [--sizes 10000 100000 1000000]

Makes a folder per size below FOLDER, which a second run finds there: small JPEGs of their own (4 KB on disk each),
every tenth the one before it with noise, four to a listing; and embeddings of painted photos, repeated with noise.
Photos are hashed beforehand and embeddings are there: what is measured is the work on all of them together. A
command is a process of its own, dedup and clean with two workers. Memory is the proportional set size of a command
and its workers, sampled.

The growth p of time ~ n^p is fitted to the processor time over that of a folder of 500 photos, which stands for
the start of the process: 1 is linear, n log n is 1.1 between ten thousand and a million.
"""

import argparse
import io
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from curate.clean import embeddings
from curate.clean.scorers import loading
from curate.clean.scorers.base import Scorer
from curate.core import executors, manifest, record_store
from curate.core.record_store import Records
from curate.core.schemas import FetchRow
from curate.photos import decode, store
from curate.pipeline import find_recipe
from tests.benchmarks.pipeline_market import memory_mib
from tests.folders import CLASSES, fetch_row, paint, publish

FLOOR = 500  # photos: nothing but the start of the process
PAINTED = 64  # photos whose embeddings are repeated
NOISE = 0.3  # of each number in an embedding
BLOCK = 4096
RECIPE = f"""
name: scale
classes: [{", ".join(CLASSES)}]
clean:
  scorer: imagenet
  max_reject_fraction: 1.0
  accept_rejects: true
  concepts:
    - {{name: car, role: wanted, imagenet: ["*"]}}
    - {{name: bird, imagenet: [hen, cock]}}
"""


def draw(number: int) -> bytes:
    """A JPEG of smooth colours and a few edges; every tenth is the one before it with noise."""
    shown = number - (number % 10 == 9)
    random = np.random.default_rng(shown)
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    image = np.asarray(coarse.resize((160, 120), Image.Resampling.BICUBIC)).astype(np.int16)
    for _ in range(4):
        top, left = random.integers(0, 90), random.integers(0, 120)
        image[top : top + 30, left : left + 40] += random.integers(-90, 90, 3, dtype=np.int16)
    image += np.random.default_rng([number, 1]).integers(-6, 7, image.shape, dtype=np.int16)
    buffer = io.BytesIO()
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def write_photo(folder: Path, number: int) -> tuple[str, str, int]:
    """Its path, sha256 and bytes."""
    data = draw(number)
    return *store.put(folder, data, "jpeg"), len(data)


def described(number: int, photo: tuple[str, str, int]) -> FetchRow:
    """Its row of fetch.csv; four in a row are of one listing."""
    path, sha256, size = photo
    return fetch_row(number, CLASSES[number // 4 % 2], f"L{number // 4}", path, sha256, size)


def embedded(scorer: Scorer, sha256s: list[str]) -> Iterator[Records]:
    """Embeddings of painted photos, repeated with noise, for these photos."""
    prepared = [
        scorer.prepare(decode.decode(paint(CLASSES[number % 2], number), scorer.side).pixels)
        for number in range(PAINTED)
    ]
    known = scorer.embed(np.stack(prepared))
    layout = embeddings._layout(scorer)
    random = np.random.default_rng(0)
    for start in range(0, len(sha256s), BLOCK):
        names = sha256s[start : start + BLOCK]
        records = np.zeros(len(names), layout.record)
        records["sha256"] = names
        records["quality"] = 0.8
        some = known[random.integers(0, PAINTED, len(names))]
        records["embedding"] = some * np.abs(1 + NOISE * random.standard_normal(some.shape, np.float32))
        yield records


def make(folder: Path, count: int) -> None:
    """Photos, fetch.csv, fingerprints and embeddings; nothing where they are there."""
    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    with executors.local(2, chunk_size=256) as map_fn:
        photos = list(map_fn(partial(write_photo, folder), range(count)))
    publish(folder, "fetch", [described(number, photo) for number, photo in enumerate(photos)])
    scorer = loading.load(find_recipe(folder / "recipe.yaml").clean)
    path = embeddings.store_path(folder, scorer)
    record_store.write(
        path, embeddings._layout(scorer), embedded(scorer, sorted(sha256 for _, sha256, _ in photos))
    )
    measure(folder, "dedup")  # hashes
    (folder / "made").touch()


class Cost(NamedTuple):
    """What a command cost."""

    seconds: float
    processor_s: float  # of it and its workers
    peak_mib: float  # proportional set size of it and its workers, sampled


def measure(folder: Path, command: str, *arguments: str) -> Cost:
    """Run a command. Raises SystemExit with what it said when it fails."""
    options = ["--recipe", str(folder / "recipe.yaml"), "--folder", str(folder)]
    words = [sys.executable, "-m", "curate", command, *arguments, *options]
    started, peak, ended = time.perf_counter(), 0.0, 0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said)
        while not ended:
            peak = max(peak, memory_mib(process.pid))
            time.sleep(0.1)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {said.read().decode()}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def measure_all(folder: Path) -> dict[str, Cost]:
    """Each command, in the order of a run."""
    for stage in ("dedup", "clean", "split"):
        manifest.csv_path(folder, stage).unlink(missing_ok=True)
    (folder / "clean.signals.cache").unlink(missing_ok=True)
    two = "--workers", "2"
    return {
        "dedup, once hashed": measure(folder, "dedup", *two),
        "clean, once embedded": measure(folder, "clean", *two),
        "split": measure(folder, "split"),
        "status": measure(folder, "status"),
        "explain": measure(folder, "explain", f"{7:016x}"),
        "verify": measure(folder, "verify"),
        "report": measure(folder, "report"),
    }


def growth(sizes: list[int], seconds: list[float], floor: float) -> float:
    """The p of time ~ n^p, by least squares of the logarithms; NaN for less than two sizes."""
    if len(sizes) < 2:
        return math.nan
    above = [max(second - floor, 0.01) for second in seconds]
    return float(np.polyfit(np.log(sizes), np.log(above), 1)[0])


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    found = {}
    for size in (FLOOR, *sorted(options.sizes)):
        folder = options.folder / str(size)
        make(folder, size)
        found[size] = measure_all(folder)
        print(f"{size:,}: {found[size]}", file=sys.stderr, flush=True)
    floor = found.pop(FLOOR)
    sizes = list(found)
    print("| command | " + " | ".join(f"{size:,} photos" for size in sizes) + " | growth |")
    print("|---" * (len(sizes) + 2) + "|")
    for command, least in floor.items():
        costs = [found[size][command] for size in sizes]
        cells = [f"{cost.seconds:.1f} s, {cost.peak_mib:,.0f} MB" for cost in costs]
        power = growth(sizes, [cost.processor_s for cost in costs], least.processor_s)
        print(f"| {command} | {' | '.join(cells)} | {power:.2f} |")


if __name__ == "__main__":
    main()
