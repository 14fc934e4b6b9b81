"""Exact search of all pairs within a few bits among N hashes: seconds and memory, against faiss's flat index.

    python -m tests.benchmarks.dedup_scale N [--bits 12] [--photos FOLDER] [--faiss]

Uniform hashes are the easy case. With --photos, the hashes of a folder's photos are multiplied to N by flipping
up to 12 random bits of each duplicate, which keeps them clustered. Equality with brute force is checked
on 20,000 hashes of each kind. Memory is the peak of this process, the hashes included.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from curate.core.errors import RejectedError
from curate.dedup import fingerprints, hamming_search
from curate.dedup.phash import Hashes


def uniform(count: int, seed: int = 42) -> Hashes:
    """Random hashes."""
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def of_photos(folder: Path, count: int, seed: int = 42) -> Hashes:
    """Hashes of photos and of imagined ones near them."""
    known = []
    for path in sorted(folder.rglob("*.jpg")):
        try:
            known.append(fingerprints.hash_file(path)[0])
        except RejectedError:
            continue
    if not known:
        raise SystemExit(f"{folder}: no readable .jpg is in this folder")
    random = np.random.default_rng(seed)
    hashes = random.permutation(np.resize(np.array(known, np.uint64), count))
    flips = random.integers(0, 13, count)
    for turn in range(12):
        bit = np.uint64(1) << random.integers(0, 64, count, dtype=np.uint64)
        hashes ^= np.where(turn < flips, bit, np.uint64(0))
    return hashes


def check(hashes: Hashes, bits: int) -> None:
    """Equality with brute force on up to 20,000 of them."""
    some = hashes[:20_000]
    width = hamming_search._width(len(hashes))
    fast = hamming_search.gather(hamming_search._by_chunks(some, some, bits, True, width))
    slow = hamming_search.gather(hamming_search._one_by_one(some, some, bits, True))
    for mine, true in zip(fast, slow, strict=True):
        assert np.array_equal(np.asarray(mine), np.asarray(true)), "the search misses pairs"


def main() -> None:
    """Print one line per kind of hashes and size up to N."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("--bits", type=int, default=12)
    parser.add_argument("--photos", type=Path)
    parser.add_argument(
        "--faiss", action="store_true", help="install faiss-cpu and time its flat index too (slow)"
    )
    options = parser.parse_args()
    kinds = {"uniform": uniform} | ({"photos": lambda n: of_photos(options.photos, n)} if options.photos else {})
    list(
        hamming_search._by_chunks(uniform(1000), uniform(1000), options.bits, True, 8)
    )  # compiled once per machine
    for kind, make in kinds.items():
        largest = make(options.count)
        check(largest, options.bits)
        for count in sorted({n for n in (10_000, 100_000, 1_000_000, options.count) if n <= options.count}):
            started = time.perf_counter()
            some = largest[:count]
            width = hamming_search._width(count)
            found = sum(
                len(block[0]) for block in hamming_search._by_chunks(some, some, options.bits, True, width)
            )
            seconds = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{kind:8} {count:>10,} hashes  {found:>12,} pairs  {seconds:8.2f} s  peak {peak:6.0f} MB",
                flush=True,
            )
    if options.faiss:
        time_faiss(options.count, options.bits)


FAISS = """
import sys, time, numpy as np, faiss
count, bits = int(sys.argv[1]), int(sys.argv[2])
codes = np.random.default_rng(42).integers(0, 2**64, count, dtype=np.uint64).view(np.uint8).reshape(-1, 8)
index = faiss.IndexBinaryFlat(64)
index.add(codes)
started, found = time.perf_counter(), 0
for start in range(0, count, 20000):
    found += len(index.range_search(codes[start:start + 20000], bits + 1)[1])
print(f"faiss    {count:>10,} hashes  {(found - count) // 2:>12,} pairs  {time.perf_counter() - started:8.2f} s")
"""


def time_faiss(count: int, bits: int) -> None:
    """The same work by faiss, in an environment of its own."""
    import tempfile

    from tests.benchmarks.peers import Peer, environment

    home = Path(tempfile.gettempdir()) / "curate-peers"
    python = environment(Peer("faiss", ("faiss-cpu", "numpy"), FAISS), home)
    if isinstance(python, str):
        print(f"faiss: skipped, {python}")
        return
    subprocess.run([str(python), "-c", FAISS, str(count), str(bits)], check=False, stdout=sys.stdout)


if __name__ == "__main__":
    main()
