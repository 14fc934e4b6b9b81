"""What a cluster would need for a hundred million photos: computed from task times that are measured here.

    python -m tests.benchmarks.cluster_on_paper FOLDER --recipe tests/benchmarks/market.yaml
        [--photos 100000000] [--machines 100] [--cores 2] [--sample 2000] [--search 1000000:3.5 10000000:233]

FOLDER holds fetch.csv and its photos. Each task runs on `--sample` of them in one process on one thread, whose
processor time is taken; a tenth of them is embedded. The seconds of one search of the hashes are those of
`tests.benchmarks.dedup_scale`; between and beyond the two sizes they follow a n + b n². Nothing of the cluster
runs: a machine is taken to be as fast as this one, and the store or shared folder to deliver what is asked of it;
the table says how much that is.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from curate.clean import image_quality
from curate.clean.scorers import loading
from curate.core import manifest
from curate.core.schemas import FetchRow
from curate.dedup import candidates, fingerprints
from curate.dedup.candidates import TURNS
from curate.dedup.clustering import MOST
from curate.dedup.fingerprints import FINGERPRINT, Fingerprints
from curate.dedup.pair_table import PairTable
from curate.photos import decode, store
from curate.pipeline import find_recipe

TASK_S = 1.5e-3  # what a task of Ray costs, for a chunk of a hundred photos
SEARCHES = 2 * len(candidates.PARTS) + candidates.MIDDLES * len(TURNS)  # of `method: hash`
WINDOWED = 2 * len(candidates.windows())  # more of `thorough`


class Task(NamedTuple):
    """Work that is done for each photo, or pair, by itself."""

    name: str
    ms: float  # of processor time
    bytes: float  # that a worker reads for it


def processor_ms(work: Callable[[], object], count: int) -> float:
    """Milliseconds of this process for one of `count`."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / count * 1e3


def tasks(folder: Path, recipe: Path, sample: int) -> Iterator[Task]:
    """The tasks of dedup and clean, measured on every nth photo of a folder."""
    import cv2

    cv2.setNumThreads(1)
    rows = [row for row in manifest.read(folder, FetchRow) if row.keep]
    rows = rows[:: max(1, len(rows) // sample)][:sample]
    read = [store.read(folder, row.path, row.sha256) for row in rows]
    size = float(np.mean([len(data) for data in read]))
    config = find_recipe(recipe)
    scorer = loading.load(config.clean, threads=1)
    prints: list[Fingerprints] = []

    def hash_all() -> None:
        for row in rows:
            data = store.read(folder, row.path, row.sha256)
            prints.append(fingerprints.of_pixels(decode.decode(data, at_least=fingerprints.AT_LEAST).pixels))

    def embed_all() -> None:
        for row in rows[::10]:
            image = store.load(folder, row.path, row.sha256, at_least=scorer.side)
            image_quality.measure(image.pixels, image.width, image.height)
            scorer.embed(scorer.prepare(image.pixels)[None])

    yield Task("read, decode and hash a photo", processor_ms(hash_all, len(rows)), size)
    views = np.concatenate(prints)
    for thorough in (False, True):
        name = f"hash the parts of a photo, `{'thorough' if thorough else 'hash'}`"
        candidates.hash_parts(thorough, views["grey"][:4])  # its tables are made once
        hash_parts = partial(candidates.hash_parts, thorough, views["grey"])
        yield Task(name, processor_ms(hash_parts, len(rows)), 0)
    found = candidates.find(views["grey"], fingerprints.owners(views), config.dedup.similar_distance, False, map)
    pairs = PairTable(views, found, config.dedup.max_distance, map)
    every = np.arange(len(pairs.better))
    pairs.confirm(every[:8])
    yield Task("compare two photos", processor_ms(lambda: pairs.confirm(every[8:]), len(every) - 8), 0)
    scorer.embed(np.zeros((1, scorer.side, scorer.side, 3), np.uint8))
    yield Task("read, decode and embed a photo", processor_ms(embed_all, len(rows[::10])), size)


def search_s(photos: float, known: Sequence[tuple[int, float]]) -> float:
    """Seconds of one search: a n + b n² through two sizes."""
    (small, first), (large, second) = known
    b = (second / large - first / small) / (large - small)
    return (first / small - b * small) * photos + b * photos**2


def duration(seconds: float) -> str:
    """For people."""
    for unit, name in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def paper(
    photos: int, machines: int, cores: int, measured: Sequence[Task], known: Sequence[tuple[int, float]]
) -> Iterator[str]:
    """Lines of Markdown."""
    hashing, few, many, comparing, embedding = measured
    at_once = machines * cores
    yield f"| {photos:,} photos, {machines} machines of {cores} cores | time | reads |"
    yield "|---|---|---|"
    work = {
        "hashing, with parts, `hash`": (hashing.ms + few.ms, 1, hashing.bytes),
        "hashing, with parts, `thorough`": (hashing.ms + many.ms, 1, hashing.bytes),
        f"comparison, {MOST} pairs a photo: the most there can be": (comparing.ms, MOST, 0.0),
        "decoding and embedding": (embedding.ms, 1, embedding.bytes),
    }
    for name, (ms, each, size) in work.items():
        seconds = photos * (each * ms / 1e3 + TASK_S / 100) / at_once
        reads = f"{photos * size / seconds / 1e9:.1f} GB/s" if size else ""
        yield f"| workers: {name} | {duration(seconds)} | {reads} |"
    one = search_s(photos, known)
    yield f"| one process: search, `hash`, {SEARCHES} times {duration(one)} | {duration(SEARCHES * one)} | |"
    more = SEARCHES + WINDOWED
    yield f"| one process: search, `thorough`, {more} times | {duration(more * one)} | |"
    yield f"| fingerprints, in files that are mapped | | {photos * FINGERPRINT.itemsize / 1e9:,.0f} GB |"


def main() -> None:
    """Print the task times and what follows from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=100_000_000)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--sample", type=int, default=2000)
    parser.add_argument("--search", nargs=2, default=["1000000:3.5", "10000000:233"], metavar="HASHES:SECONDS")
    options = parser.parse_args()
    pieces = [each.partition(":") for each in options.search]
    known = [(int(size), float(seconds)) for size, _, seconds in pieces]
    measured = list(tasks(options.folder, options.recipe, options.sample))
    print("| task | ms of a core |\n|---|---|")
    for task in measured:
        print(f"| {task.name} | {task.ms:.2f} |")
    print()
    for line in paper(options.photos, options.machines, options.cores, measured, known):
        print(line)


if __name__ == "__main__":
    main()
