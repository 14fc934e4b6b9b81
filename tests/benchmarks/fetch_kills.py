"""Kill `fetch` at random points of time, run it again until it ends, and compare with an unbroken run.

    python -m tests.benchmarks.fetch_kills 100

Prints how many kills it took, and how many photos were asked for more than once. Exits 1 on any difference.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tqdm import tqdm

from curate.core.files import lock
from curate.core.recipe import Source
from curate.demo.site import serve
from curate.fetch import stage as fetch
from tests.fetch.small_site import listings, source

FORKS = multiprocessing.get_context("forkserver")  # imports once; a process of its own for every run
TYPICAL_S = 0.6  # how long a run of the small site takes once it has begun


def snapshot(folder: Path) -> dict[str, bytes]:
    """What must not depend on interruptions: every file but the sidecar's times, the lock and what hosts said."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in ("fetch.json", "hosts.json", "visits.json", "log.jsonl", ".lock", ".lock.pid")
    }


def _fetch(folder: Path, config: str, environment: dict[str, str], ready: Connection) -> None:
    tqdm.set_lock(threading.RLock())  # a kill would leave behind the one that processes share
    with lock(folder):
        os.environ.update(environment)  # a crash is one of the fetch, not of its lock
        ready.send("ready")
        fetch.run(folder, Source.model_validate_json(config))


def begin(folder: Path, config: Source, **environment: str) -> ForkServerProcess:
    """A process that fetches into `folder`, once it holds the lock."""
    FORKS.set_forkserver_preload([__name__])
    here, there = FORKS.Pipe()
    process = FORKS.Process(target=_fetch, args=(folder, config.model_dump_json(), environment, there))
    process.start()
    there.close()
    here.recv()
    return process


def kill_at_random(folder: Path, config: Source, seed: int, most: int) -> None:
    """Kill `most` runs at points of time drawn with `seed`, then let one end."""
    chance = random.Random(seed)
    for _ in range(most):
        process = begin(folder, config)
        time.sleep(chance.uniform(0, TYPICAL_S))
        process.kill()
        process.join()
    with lock(folder):
        fetch.run(folder, config)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", type=int, nargs="?", default=100)
    wanted: int = parser.parse_args().kills
    with serve(listings()) as site, tempfile.TemporaryDirectory() as scratch:
        config = source(site.url)
        fetch.run(Path(scratch) / "unbroken", config)
        unbroken = snapshot(Path(scratch) / "unbroken")
        once = Counter(request.path for request in site.requests)
        kills = runs = different = again = 0
        while kills < wanted:
            since = len(site.requests)
            folder = Path(scratch) / str(runs)
            most = min(4, wanted - kills)
            kill_at_random(folder, config, seed=runs, most=most)
            kills += most
            different += snapshot(folder) != unbroken
            asked = Counter(request.path for request in site.requests[since:] if "/photos/" in request.path)
            again += sum(count - 1 for path, count in asked.items() if once[path] == 1)  # not the cut ones
            runs += 1
        photos = sum("/photos/" in path for path in once)
        print(
            f"{kills} kills in {runs} runs of {photos} photos: {different} manifests or photos differ from the "
            f"unbroken run; {again} photos asked for again ({again / kills:.2f} per kill, "
            f"{config.politeness.workers} threads)"
        )
        return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
