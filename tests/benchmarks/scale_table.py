"""Time and peak memory of each command by the number of photos, on synthetic folders; the growth is fitted.

    python -m tests.benchmarks.scale_table FOLDER [--sizes 10000 100000] [--without "clean"] [--method hash]
    python -m tests.benchmarks.scale_table FOLDER --sizes 1000000 --without "dedup,clean,report" --method hash
    python -m tests.benchmarks.scale_table FOLDER --sizes 10000 --without "clean,report" --backdrop 10000

Makes a folder per size below FOLDER (see `scale_folders`), which a second run finds there. Photos are hashed and
embedded beforehand: what is measured is the work on all of them together. A command is a process of its own, dedup
and clean with two workers; what is no command runs as `--task` of this script. Each is measured on the same
manifests, dedup and clean last, because they write others.

Memory is what the processes of a command hold together, sampled: the proportional set size of what no file backs.
Pages of caches that are mapped from the disk are left out: the system takes them back when it needs the room.

The growth p of time ~ n^p is fitted to the processor time over that of a folder of 500 photos, which stands for
the start of the process: 1 is linear, n log n is 1.1 between ten thousand and a million.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from curate.core import executors, manifest
from curate.core.schemas import FetchRow
from curate.dedup import candidates, fingerprint_cache, fingerprints
from curate.dedup.stage import in_rank_order
from curate.fetch.journal import Journal
from curate.pipeline import find_recipe
from tests.benchmarks.pipeline_market import memory_kib
from tests.benchmarks.scale_folders import make

FLOOR = 500  # photos: nothing but the start of the process
TWO = "--workers", "2"


class Cost(NamedTuple):
    """What a command cost."""

    seconds: float
    processor_s: float  # of it and its workers
    peak_mb: float  # of memory that no file backs, of it and its workers


def memory_mb(pid: int) -> float:
    """What a process and its descendants hold that no file backs, shared pages counted once."""
    return memory_kib(pid, "Pss_Anon", "Pss_Shmem") * 1024 / 1e6


def measure(*words: str) -> Cost:
    """Run `python -m WORDS`. Raises SystemExit with what it said when it fails."""
    started, peak, ended = time.perf_counter(), 0.0, 0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=said)
        while not ended:
            peak = max(peak, memory_mb(process.pid))
            time.sleep(0.1)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {said.read().decode()}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


# --- what is no command -------------------------------------------------------------------------------------


def journal(folder: Path) -> None:
    """What fetch remembers: a record per photo is written, and all are read again by the next run."""
    path = folder / "scale.journal"
    path.unlink(missing_ok=True)
    header = {"pages": "scale"}
    with Journal(path, header) as written:
        for row in manifest.read(folder, FetchRow):
            written.add("photo", row.image_url, [row.path, row.sha256, row.bytes, row.width, row.height])
    with Journal(path, header) as read:
        assert len(read)
        read.remove()


def search(folder: Path) -> None:
    """dedup as far as the candidate pairs, which it then compares."""
    config = find_recipe(folder / "recipe.yaml").dedup
    photos = manifest.read(folder, FetchRow)
    with executors.local(2) as map_fn:
        prints, _, _ = fingerprint_cache.collect(folder, {row.sha256: row.path for row in photos}, map_fn)
        ranked, _ = in_rank_order(photos, prints)
        owner = fingerprints.owners(ranked)
        thorough = config.method != "hash"
        found = candidates.find(ranked["grey"], owner, config.similar_distance, thorough, map_fn)
    print(f"{len(found.first):,} matches", file=sys.stderr)


def review(folder: Path) -> None:
    """What `curate review` does until the first photo is seen."""
    from curate.review.app.session import Session

    session = Session(folder, find_recipe(folder / "recipe.yaml"), "scale")
    session.state()
    session.page("kept")


TASKS: dict[str, Callable[[Path], None]] = {"journal": journal, "search": search, "review": review}


def measured(folder: Path, without: set[str]) -> Iterator[tuple[str, Cost]]:
    """Each command, in an order in which none changes what another one reads."""
    options = "--recipe", str(folder / "recipe.yaml"), "--folder", str(folder)

    def command(*words: str) -> Cost:
        return measure("curate", *words, *options)

    def task(name: str) -> Cost:
        return measure("tests.benchmarks.scale_table", str(folder), "--task", name)

    def again(stage: str, *words: str) -> Cost:
        """A stage whose manifest is there, as if it was not."""
        paths = manifest.csv_path(folder, stage), manifest.sidecar_path(folder, stage)
        before = [path.read_bytes() for path in paths]
        for path in paths:
            path.unlink()
        cost = command(stage, *words)
        for path, data in zip(paths, before, strict=True):
            path.write_bytes(data)
        return cost

    def export() -> Cost:
        shutil.rmtree(folder / "exported", ignore_errors=True)
        return command("export", "csv-urls", "--out", str(folder / "exported"))

    def first_review() -> Cost:
        (folder / "review.index.cache").unlink(missing_ok=True)
        return task("review")

    (folder / "clean.signals.cache").unlink(missing_ok=True)
    work: dict[str, Callable[[], Cost]] = {
        "fetch's journal": lambda: task("journal"),
        "status": lambda: command("status"),
        "explain": lambda: command("explain", f"{7:016x}"),
        "verify": lambda: command("verify"),
        "export csv-urls": export,
        "review, first view": first_review,
        "report": lambda: command("report"),
        "split": lambda: again("split"),
        "search of dedup": lambda: task("search"),
        "dedup": lambda: again("dedup", *TWO),
        "clean": lambda: again("clean", *TWO),
    }
    for name, run in work.items():
        if name.split()[0].rstrip(",") not in without:
            yield name, run()


def growth(sizes: list[int], seconds: list[float], floor: float) -> float:
    """The p of time ~ n^p, by least squares of the logarithms; NaN for less than two sizes."""
    if len(sizes) < 2:
        return math.nan
    above = [max(second - floor, 0.01) for second in seconds]
    return float(np.polyfit(np.log(sizes), np.log(above), 1)[0])


def table(found: dict[int, dict[str, Cost]], floor: dict[str, Cost]) -> Iterator[str]:
    """Lines of Markdown: seconds of processor time, and memory."""
    sizes = sorted(found)
    yield "| command | " + " | ".join(f"{size:,} photos" for size in sizes) + " | growth |"
    yield "|---" * (len(sizes) + 2) + "|"
    for command, least in floor.items():
        known = [size for size in sizes if command in found[size]]
        costs = {size: found[size][command] for size in known}
        cells = [f"{costs[s].processor_s:.1f} s, {costs[s].peak_mb:,.0f} MB" if s in costs else "" for s in sizes]
        power = growth(known, [cost.processor_s for cost in costs.values()], least.processor_s)
        yield f"| {command} | {' | '.join(cells)} | {'' if math.isnan(power) else f'{power:.2f}'} |"


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--without", default="", help="first words of commands that are not measured, with commas")
    parser.add_argument("--method", default="thorough", help="of dedup")
    parser.add_argument("--backdrop", type=int, default=2_000, help="photos that all look alike, 0 for none")
    parser.add_argument("--task", choices=TASKS, help="run one piece of work on FOLDER itself")
    options = parser.parse_args()
    if options.task:
        TASKS[options.task](options.folder)
        return
    without = set(filter(None, options.without.split(",")))
    costs: dict[int, dict[str, Cost]] = {}
    for size in (FLOOR, *sorted(options.sizes)):
        folder = options.folder / f"{size}-{options.method}"
        make(folder, size, options.method, "clean" not in without)
        costs[size] = {}
        for name, cost in measured(folder, without):
            costs[size][name] = cost
            print(json.dumps({"photos": size, "command": name} | cost._asdict()), file=sys.stderr, flush=True)
    floor = costs.pop(FLOOR)
    for line in table(costs, floor):
        print(line)
    if options.backdrop:
        folder = options.folder / f"{options.backdrop}-{options.method}-backdrop"
        make(folder, options.backdrop, options.method, embedded=False, backdrop=True)
        print(f"\nOf {options.backdrop:,} photos before one backdrop:")
        for name, cost in measured(folder, without | {"clean"}):
            print(f"- {name}: {cost.processor_s:.0f} s of processor time, {cost.peak_mb:,.0f} MB")


if __name__ == "__main__":
    main()
