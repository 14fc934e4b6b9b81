"""Kill `fetch` at random points of time, run it again until it ends, and compare with an unbroken run.

    python -m tests.benchmarks.fetch_kills 100

Prints how many kills it took, and how many photos were asked for more than once. Exits 1 on any difference.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from curate.core.files import lock
from curate.core.recipe import Source
from curate.demo.site import serve
from curate.fetch import stage as fetch
from tests.fetch.small_site import listings, source

SCRIPT = """
import sys
from pathlib import Path
from curate.core.files import lock
from curate.core.recipe import Source
from curate.fetch import stage as fetch
with lock(Path(sys.argv[1])):
    print("ready", flush=True)
    fetch.run(Path(sys.argv[1]), Source.model_validate_json(sys.argv[2]))
"""
TYPICAL_S = 0.6  # how long a run of the small site takes once it has begun


def snapshot(folder: Path) -> dict[str, bytes]:
    """What must not depend on interruptions: every file but the sidecar's times, the lock and what hosts said."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in ("fetch.json", "hosts.json", "visits.json", "log.jsonl", ".lock", ".lock.pid")
    }


def kill_at_random(folder: Path, config: Source, seed: int, most: int) -> None:
    """Kill `most` runs at points of time drawn with `seed`, then let one end."""
    chance = random.Random(seed)
    for _ in range(most):
        command = [sys.executable, "-c", SCRIPT, str(folder), config.model_dump_json()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, TYPICAL_S))
            process.kill()
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
