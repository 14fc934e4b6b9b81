"""Do two runs decide the same, row by row? OLD and NEW are folders of manifests.

    python -m tests.benchmarks.same_decisions OLD NEW [--stages fetch,dedup] [--renamed old=new ...]

Reads the CSVs as they are, so that manifests of another version of curate can be compared. A decision is whether a
photo stays, why not, and where it goes: the columns of `DECISIONS`. Exits with 1 when a decision differs, or a row
is in one run only. Columns that were added, removed or renamed, and other values that differ, are named
apart: they are no decisions.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from curate.core.stages import STAGES

DECISIONS = {
    "fetch": ("keep", "reason", "class_name", "listing_id", "sha256"),
    "dedup": ("keep", "reason", "group", "similar_group", "duplicate_of", "label_conflict"),
    "clean": ("keep", "reason", "class_name", "borderline", "review_rank"),
    "split": ("keep", "reason", "class_name", "split", "group"),
    "train_baseline": ("keep", "reason", "split", "class_name"),
}
SHOWN = 5  # of each kind of difference
Rows = Mapping[str, Mapping[str, str]]  # by key


def read(path: Path) -> tuple[list[str], Rows]:
    """The columns of a manifest, and its rows by key."""
    csv.field_size_limit(16 * 1024 * 1024)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = {row["key"]: row for row in reader}
        return list(reader.fieldnames or ()), rows


def compare(
    stage: str, old: Path, new: Path, renamed: Mapping[str, str], words: Mapping[str, str]
) -> tuple[bool, Iterator[str]]:
    """Whether the stage decided the same, and what to say of it."""
    columns, before = read(old)
    now_columns, after = read(new)
    current = {column: renamed.get(column, column) for column in columns}
    shared = {column: name for column, name in current.items() if name in now_columns}
    both = sorted(before.keys() & after.keys())

    def differing(column: str) -> list[str]:
        return [k for k in both if words.get(before[k][column], before[k][column]) != after[k][shared[column]]]

    changed = {column: keys for column in shared if (keys := differing(column))}
    decided = {column: keys for column, keys in changed.items() if column in DECISIONS[stage]}
    lost = [column for column in DECISIONS[stage] if column in columns and column not in shared]
    only = {"old": sorted(before.keys() - after.keys()), "new": sorted(after.keys() - before.keys())}

    def lines() -> Iterator[str]:
        same = not (decided or lost or any(only.values()))
        yield f"{stage}: {len(both):,} rows in both, {'the same decisions' if same else 'OTHER DECISIONS'}"
        for run, keys in only.items():
            if keys:
                yield f"  only in {run}: {len(keys):,} rows, e.g. {', '.join(keys[:SHOWN])}"
        for column in lost:
            yield f"  decision column {column} is gone: say --renamed {column}=NEW"
        for column, keys in changed.items():
            kind = "decision" if column in decided else "value, no decision,"
            yield f"  {kind} {column}: {len(keys):,} rows differ"
            for key in keys[:SHOWN]:
                yield f"    {key}: {before[key][column]!r} -> {after[key][shared[column]]!r}"
        for column, name in current.items():
            if column != name and name in now_columns:
                yield f"  column {column} is now {name}"
        if removed := [column for column in columns if column not in shared and column not in lost]:
            yield f"  columns removed: {', '.join(removed)}"
        if added := [column for column in now_columns if column not in shared.values()]:
            yield f"  columns added: {', '.join(added)}"

    return not (decided or lost or any(only.values())), lines()


def main() -> int:
    """Compare the stages that both folders have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--stages", default="", help="only these, separated by commas")
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW", help="a column")
    parser.add_argument("--word", action="append", default=[], metavar="OLD=NEW", help="a value, e.g. a reason")
    options = parser.parse_args()
    renamed, words = (dict(pair.split("=", 1) for pair in pairs) for pairs in (options.renamed, options.word))
    wanted = options.stages.split(",") if options.stages else list(STAGES)
    paths = {stage: [folder / f"{stage}.csv" for folder in (options.old, options.new)] for stage in wanted}
    there = [stage for stage in wanted if all(path.exists() for path in paths[stage])]
    absent = [stage for stage in wanted if stage not in there]
    if absent:
        print(f"not compared, as a manifest is absent: {', '.join(absent)}")
    same = bool(there) and not (options.stages and absent)
    for stage in there:
        old, new = paths[stage]
        alike, lines = compare(stage, old, new, renamed, words)
        print(*lines, sep="\n")
        same &= alike
    print("the same decisions" if same else "NOT the same decisions")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
