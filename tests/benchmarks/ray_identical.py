"""Does Ray write the bytes that the process pool writes, how fast, and also while its workers are killed?

    python -m tests.benchmarks.ray_identical FOLDER --recipe tests/benchmarks/market.yaml [--runs 20] [--share 0.3]
        [--store]

FOLDER holds fetch.csv and its photos, e.g. of `tests.benchmarks.pipeline_market`. dedup and clean run on it with
two processes, with two workers of a local Ray, and `--runs` times with Ray while at random moments, ten in a run,
each worker is killed by SIGKILL with a probability of `--share`. Every run starts from fetch.csv alone; photos are
hard links. With `--store` workers of Ray read photos from an object store on this machine (moto), which the first
run fills. A run that fails is a line of the table as well; the others go on. The table comes at the end, after
Ctrl-C too. Exits with 1 when a manifest differs or a run fails.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
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
    failed: str = ""  # the stage that ended with an error, and its exit code


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
    source: Path,
    recipe: Path,
    executor: list[str],
    share: float = 0.0,
    expected_s: float = 1.0,
    seed: int = 0,
) -> Run:
    """dedup and clean in a folder of their own, beside the source; `executor` are the options that name it."""
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".ray-identical-") as scratch:
        folder = Path(scratch)
        for path in (manifest.csv_path(source, "fetch"), manifest.sidecar_path(source, "fetch")):
            shutil.copy2(path, folder)
        shutil.copytree(source / "images", folder / "images", copy_function=os.link)
        options = ["--recipe", str(recipe), "--folder", str(folder), "--workers", "2", *executor]
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
                seconds = time.perf_counter() - started
                return Run((), seconds, killed, f"{stage} ended with exit code {code}")
        seconds = time.perf_counter() - started
        written = [manifest.csv_path(folder, stage).read_bytes() for stage in STAGES]
        return Run(tuple(hashlib.sha256(data).hexdigest() for data in written), seconds, killed)


@contextmanager
def bucket_server() -> Iterator[str]:
    """An object store in a process of its own, which runs of curate find by their environment: its address."""
    import fsspec

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        fsspec.filesystem("s3").mkdir("benchmark")
        yield "s3://benchmark/photos"
    finally:
        server.terminate()
        server.wait()


def row(number: int, ray: Run, pool: Run) -> str:
    """A line of the table; run 0 is the one without killing."""
    what = ray.failed or ("identical" if ray.digests == pool.digests else "DIFFERENT")
    killed = str(ray.killed) if number else "none"
    return f"| {number} | {killed} | {ray.seconds:.1f} | {ray.seconds / pool.seconds:.2f} | {what} |"


def table(runs: list[Run], pool: Run) -> Iterator[str]:
    """All runs, and what they come down to."""
    yield f"two processes: {pool.seconds:.1f} s, sha256 {' '.join(one[:12] for one in pool.digests)}"
    yield "| run | workers killed | seconds | of the pool's | manifests |"
    yield "|---|---|---|---|---|"
    yield from (row(number, ray, pool) for number, ray in enumerate(runs))
    same = sum(ray.digests == pool.digests for ray in runs)
    yield f"{same} of {len(runs)} runs identical, {sum(bool(ray.failed) for ray in runs)} failed"
    if killing := [ray for ray in runs[1:] if not ray.failed]:
        shares = sorted(ray.seconds / pool.seconds for ray in killing)
        died = sum(ray.killed for ray in killing)
        yield f"with killing: {died} workers killed; of the pool's time {shares[0]:.2f} to {shares[-1]:.2f}, "
        yield f"median {statistics.median(shares):.2f}"


def main() -> int:
    """Print a line per run, and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=20, help="with workers killed")
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--store", action="store_true", help="photos come from an object store")
    options = parser.parse_args()
    source, recipe = options.folder.resolve(), options.recipe.resolve()
    pool = run(source, recipe, ["--executor", "local"])
    if pool.failed:
        raise SystemExit(f"two processes: {pool.failed}")
    runs: list[Run] = []
    with bucket_server() if options.store else nullcontext("") as store:
        executor = ["--executor", "ray", *(["--store", store] if store else [])]
        try:
            for number in range(options.runs + 1):
                runs.append(run(source, recipe, executor, options.share * bool(number), pool.seconds, number))
                print(row(number, runs[-1], pool), flush=True)
        finally:
            print(*table(runs, pool), sep="\n", flush=True)
    return int(any(ray.digests != pool.digests for ray in runs))


if __name__ == "__main__":
    sys.exit(main())
