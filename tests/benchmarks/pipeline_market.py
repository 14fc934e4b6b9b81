"""Run the pipeline on ../shared/market over HTTP; measure each stage; compare its verdicts with truth.csv.

    python -m tests.benchmarks.pipeline_market --folder manifests/market          # everything before training
    python -m tests.benchmarks.pipeline_market --folder manifests/market --train  # and the reference CNN
    python -m tests.benchmarks.pipeline_market --folder manifests/market --compare-only

Each stage is its own process, started as a user would. Memory is the proportional set size of the process and its
workers, sampled from /proc (Linux). The stages never see truth.csv: only this script reads it, when they are done.
"""

import argparse
import csv
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curate.core import manifest
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from tests.benchmarks.serve_market import PORT, market_folder

RECIPE = Path(__file__).with_name("market.yaml")
STAGES = ("fetch", "dedup", "clean", "split")
REJECTED_TRULY = 0.100  # share of the corpus' readable originals that must go
JUNK = ("not_car", "closeup", "other_vehicle", "wrong_model")


@dataclass(frozen=True)
class Measured:
    """What a stage cost."""

    stage: str
    seconds: float
    peak_mib: float


def tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:
            continue
        for child in below:
            yield from tree(int(child))


def memory_kib(pid: int, *kinds: str) -> int:
    """The sum of these lines of `smaps_rollup` over a process and its descendants, e.g. Pss."""
    total = 0
    for member in tree(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.partition(":")[0] in kinds)
    return total


def memory_mib(pid: int) -> float:
    """Proportional set size of a process tree."""
    return memory_kib(pid, "Pss") / 1024


def run_stage(stage: str, folder: Path) -> Measured:
    """Run a stage's command; its output goes to ours. Raises SystemExit when it fails."""
    command = [sys.executable, "-m", "curate", "--recipe", str(RECIPE), "--folder", str(folder), stage]
    started = time.monotonic()
    peak = 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            peak = max(peak, memory_mib(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{stage} ended with exit code {process.returncode}")
    return Measured(stage, time.monotonic() - started, peak)


@contextmanager
def site() -> Iterator[None]:
    """The corpus served by another process."""
    command = [sys.executable, "-m", "tests.benchmarks.serve_market", "--port", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        if "serving" not in server.stdout.readline():
            raise SystemExit(f"the site could not be started on port {PORT}")
        try:
            yield
        finally:
            server.terminate()


# --- comparison with truth ----------------------------------------------------------------------------------


def read_truth(path: Path | None = None) -> dict[str, dict[str, str]]:
    """truth.csv by image_id."""
    with (path or market_folder() / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["image_id"]: row for row in csv.DictReader(file)}


def original(truth: Mapping[str, Mapping[str, str]], name: str) -> str:
    """The photo that `name` is a copy of; itself when it is none."""
    while truth[name]["dup_of"]:
        name = truth[name]["dup_of"]
    return name


def image_names(rows: list[FetchRow]) -> dict[str, str]:
    """Key to the corpus' image_id."""
    return {row.key: row.image_url.rpartition("/")[2].removesuffix(".jpg") for row in rows}


def facts_by_key(folder: Path, truth: Path | None = None) -> dict[str, dict[str, str]]:
    """What truth.csv says of each photo of `folder`, by key; of a copy, what it says of the original."""
    facts = read_truth(truth)
    names = image_names(manifest.read(folder, FetchRow))
    return {key: facts[original(facts, name)] for key, name in names.items()}


def share(part: int, whole: int) -> str:
    """`0.983 (59 of 60)`."""
    return f"{part / whole if whole else 1:.3f} ({part} of {whole})"


def compare(folder: Path) -> Iterator[str]:
    """What the stages found beside what is true, line by line."""
    truth = read_truth()
    fetched = manifest.read(folder, FetchRow)
    names = image_names(fetched)
    yield f"fetch: {len(set(names.values()) & set(truth))} of {len(truth)} photos have a row"
    broken = [row for row in fetched if truth[names[row.key]]["issue"] == "corrupt"]
    yield f"fetch: unreadable files rejected {share(sum(not row.keep for row in broken), len(broken))}"
    good = [row for row in fetched if truth[names[row.key]]["issue"] != "corrupt"]
    yield f"fetch: readable files lost {sum(not row.keep for row in good)}"

    deduped = manifest.read(folder, DedupRow)
    group = {names[row.key]: row.group for row in deduped}
    for issue in ("exact_duplicate", "near_duplicate"):
        by_edit: dict[str, list[bool]] = defaultdict(list)
        for name, row in truth.items():
            if row["issue"] == issue and name in group and original(truth, name) in group:
                found = group[name] == group[original(truth, name)]
                by_edit[row["edit"] or "same bytes"].append(found)
        every = [found for each in by_edit.values() for found in each]
        edits = ", ".join(f"{edit} {sum(each) / len(each):.2f}" for edit, each in sorted(by_edit.items()))
        yield f"dedup: recall of {issue} {share(sum(every), len(every))}: {edits}"
    removed = [row for row in deduped if row.duplicate_of]
    right = [row for row in removed if original(truth, names[row.key]) == original(truth, names[row.duplicate_of])]
    yield f"dedup: precision {share(len(right), len(removed))}"

    cleaned = manifest.read(folder, CleanRow)
    issues = {row.key: truth[original(truth, names[row.key])]["issue"] for row in cleaned}
    for issue in JUNK:
        rows = [row for row in cleaned if issues[row.key] == issue]
        yield f"clean: recall of {issue} {share(sum(not row.keep for row in rows), len(rows))}"
    rejected = [row for row in cleaned if not row.keep]
    junk = [row for row in cleaned if issues[row.key] in JUNK]
    yield f"clean: recall {share(sum(not row.keep for row in junk), len(junk))}"
    yield f"clean: precision {share(sum(issues[row.key] in JUNK for row in rejected), len(rejected))}"
    tally = Counter(issues[row.key] for row in rejected)
    yield f"clean: rejected are truly {', '.join(f'{count} {issue}' for issue, count in tally.most_common())}"
    yield f"clean: rejection rate {len(rejected) / len(cleaned):.1%}, truth {REJECTED_TRULY:.1%}"


def main() -> None:
    """Run, measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the manifests go; keep it out of git")
    parser.add_argument("--train", action="store_true", help="train the reference CNN as well")
    parser.add_argument("--compare-only", action="store_true", help="the folder holds a run already")
    options = parser.parse_args()
    if not options.compare_only:
        measured = []
        with site():
            for stage in STAGES + (("train-baseline",) if options.train else ()):
                measured.append(run_stage(stage, options.folder))
        for cost in measured:
            print(f"{cost.stage}: {cost.seconds:.1f} s, peak {cost.peak_mib:.0f} MiB")
        before = [cost for cost in measured if cost.stage in STAGES]
        seconds, peak = sum(cost.seconds for cost in before), max(cost.peak_mib for cost in before)
        print(f"before training: {seconds:.0f} s (limit 180), peak {peak:.0f} MiB (limit 1536)")
    for line in compare(options.folder):
        print(line)


if __name__ == "__main__":
    main()
