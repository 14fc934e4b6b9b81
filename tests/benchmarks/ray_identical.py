"""Does Ray write the bytes that the process pool writes, how fast, and also while its workers are killed?

    python -m tests.benchmarks.ray_identical FOLDER --recipe tests/benchmarks/market.yaml [--runs 20] [--share 0.3]

FOLDER holds fetch.csv and its photos, e.g. of `tests.benchmarks.pipeline_market`. dedup and clean run on it with
two processes, with two workers of a local Ray, and `--runs` times with Ray while at random moments, ten in a run,
each worker is killed by SIGKILL with a probability of `--share`. Every run starts from fetch.csv alone; photos are
hard links. Exits with 1 when a manifest differs.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from curate.core import manifest
from tests.benchmarks.pipeline_market import tree

STAGES = ("dedup", "clean")
MOMENTS = 10  # of killing, in a run


@dataclass(frozen=True)
class Run:
    """What a run wrote, how long it took, and how many workers were killed."""

    digests: tuple[str, ...]
    seconds: float
    killed: int


def workers_of(process: int) -> list[int]:
    """The workers of Ray among the descendants of a process."""
    found = []
    for pid in list(tree(process)):
        with suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith((b"ray::_run", b"ray::IDLE")):
                found.append(pid)
    return found


def kill_at_random(process: int, every_s: float, share: float, seed: int, done: threading.Event) -> int:
    """Until `done`: at random moments, `every_s` apart on average, kill a share of the workers. How many died."""
    moments, killed = random.Random(seed), 0
    while not done.wait(moments.expovariate(1 / every_s)):
        for pid in workers_of(process):
            if moments.random() < share:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
    return killed


def run(
    source: Path, recipe: Path, executor: str, share: float = 0.0, expected_s: float = 1.0, seed: int = 0
) -> Run:
    """dedup and clean in a folder of their own, beside the source."""
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".ray-identical-") as scratch:
        folder = Path(scratch)
        for path in (manifest.csv_path(source, "fetch"), manifest.sidecar_path(source, "fetch")):
            shutil.copy2(path, folder)
        shutil.copytree(source / "images", folder / "images", copy_function=os.link)
        options = ["--recipe", str(recipe), "--folder", str(folder), "--workers", "2", "--executor", executor]
        killed, started = 0, time.perf_counter()
        for stage in STAGES:
            more = ["--accept-rejects"] if stage == "clean" else []
            command = [sys.executable, "-m", "curate", stage, *options, *more]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            done, died = threading.Event(), list[int]()

            def kill(pid: int = process.pid, done: threading.Event = done, died: list[int] = died) -> None:
                died.append(kill_at_random(pid, expected_s / MOMENTS, share, seed, done))

            killer = threading.Thread(target=kill)
            killer.start()
            code = process.wait()
            done.set()
            killer.join()
            killed += died[0]
            if code:
                raise SystemExit(f"curate {stage} ended with exit code {code}")
        seconds = time.perf_counter() - started
        written = [manifest.csv_path(folder, stage).read_bytes() for stage in STAGES]
        return Run(tuple(hashlib.sha256(data).hexdigest() for data in written), seconds, killed)


def main() -> int:
    """Print a line per run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=20, help="with workers killed")
    parser.add_argument("--share", type=float, default=0.3)
    options = parser.parse_args()
    source, recipe = options.folder.resolve(), options.recipe.resolve()
    pool = run(source, recipe, "local")
    print(f"two processes: {pool.seconds:.1f} s, sha256 {' '.join(one[:12] for one in pool.digests)}", flush=True)
    differ = 0
    for number in range(options.runs + 1):
        share = options.share if number else 0.0
        ray = run(source, recipe, "ray", share, pool.seconds, number)
        same = ray.digests == pool.digests
        differ += not same
        what = f"killed {ray.killed:3}" if number else "none killed"
        print(
            f"two Ray workers, {what}: {ray.seconds:.1f} s, {ray.seconds / pool.seconds:.2f} of it, "
            f"{'identical' if same else 'DIFFERENT'}",
            flush=True,
        )
    print(f"{differ} of {options.runs + 1} runs differ")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
