"""How long each export takes, and whether it has the same bytes twice.

    python -m tests.benchmarks.export_speed manifests/market --recipe tests/benchmarks/market.yaml

Writes into a temporary folder beside the manifests, so that photos can be linked.
"""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

from curate.core.recipe_file import load
from curate.core.release import Export
from curate.export.photos import Options
from curate.export.run import FORMATS, export


def digest(folder: Path) -> str:
    """One hash over the names and bytes of all files."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


def main() -> None:
    """Print a line per format."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    arguments = parser.parse_args()
    recipe = load(arguments.recipe)
    recipe = recipe.model_copy(update={"export": Export(owner="somebody")})
    with tempfile.TemporaryDirectory(dir=arguments.folder.parent) as scratch:
        for format in FORMATS:
            seconds, digests = [], set()
            for turn in range(2):
                out = Path(scratch) / f"{format}-{turn}"
                began = time.perf_counter()
                said = export(arguments.folder, recipe, format, out, Options(), map)
                seconds.append(time.perf_counter() - began)
                digests.add(digest(out))
            same = "same bytes twice" if len(digests) == 1 else "OTHER BYTES"
            print(f"{format:12} {min(seconds):5.1f} s  {same}  {said[0].partition(': ')[2]}", flush=True)


if __name__ == "__main__":
    main()
