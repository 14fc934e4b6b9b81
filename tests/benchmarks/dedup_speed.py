"""The same work side by side: hash and search of a folder of photos, ours and its peers, in turn on one machine.

    python -m tests.benchmarks.dedup_speed PHOTOS [--count 4000] [--large] [--rounds 3] [--out FOLDER]
    python -m tests.benchmarks.dedup_speed PHOTOS --count 10000 --only thorough

Two processes for everybody; the median of the rounds counts. With --large, 40 photos of 12 megapixels, enlarged
from PHOTOS, are hashed by us and by imagehash, one process each.

Where PHOTOS has fewer than --count, the rest are edits of them (see `edits`), of each photo at most eleven. With
--only, one method of `dedup` runs once; its processor time and its memory are printed too.
"""

import argparse
import itertools
import random
import resource
import shutil
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.core import executors
from curate.dedup import fingerprints, hamming_search, phash
from tests.benchmarks import dedup_quality, edits, peers


def own_hash(path: str) -> int:
    """Our hash of a file."""
    return fingerprints.hash_file(Path(path))[0]


def hash_and_search(paths: list[Path]) -> float:
    """Seconds to hash every file and find all pairs within 10 bits: what imagehash and imagededup are timed on."""
    with executors.local(2, chunk_size=96) as map_fn:
        names = [str(path) for path in paths]
        list(map_fn(own_hash, names[:512]))
        started = time.perf_counter()
        hashes = np.array(list(map_fn(own_hash, names)), np.uint64)
        hamming_search.gather(hamming_search.within(hashes, 10))
        return time.perf_counter() - started


def fingerprints_and_search(paths: list[Path]) -> float:
    """The same with all that the stage remembers of a photo: two hashes, and the small images for the proof."""
    with executors.local(2, chunk_size=64) as map_fn:
        list(map_fn(partial(dedup_quality.fingerprint, False), paths[:512]))
        started = time.perf_counter()
        data = list(map_fn(partial(dedup_quality.fingerprint, False), paths))
        prints = np.frombuffer(b"".join(one[0] for one in data), fingerprints.FINGERPRINT)
        hamming_search.gather(hamming_search.within(prints["phash"], 10))
        return time.perf_counter() - started


def large_photos(source: list[Path], folder: Path, count: int = 40) -> list[Path]:
    """`count` photos of 4000×3000."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(source[:count]):
        with Image.open(path) as photo:
            photo.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC).save(
                folder / f"{number:02d}.jpg", quality=90
            )
    return sorted(folder.glob("*.jpg"))


def time_large(paths: list[Path]) -> None:
    """Ours against imagehash on large files, and how far the hashes are apart."""
    started = time.perf_counter()
    mine = [own_hash(str(path)) for path in paths]
    middle = time.perf_counter()
    theirs = [int(str(imagehash.phash(Image.open(path))), 16) for path in paths]
    end = time.perf_counter()
    apart = phash.distance(np.array(mine, np.uint64), np.array(theirs, np.uint64))
    ours_ms, theirs_ms = (middle - started) / len(paths) * 1e3, (end - middle) / len(paths) * 1e3
    print(f"12 megapixels: curate {ours_ms:.1f} ms, imagehash {theirs_ms:.1f} ms: {theirs_ms / ours_ms:.1f} times")
    print(f"hashes of 12 megapixels are {apart.mean():.2f} bits apart on average, {apart.max()} at most")


def edited(paths: list[Path], folder: Path, count: int) -> list[Path]:
    """`count` edits of the photos, another edit of each in turn."""
    found: list[Path] = []
    for edit, path in itertools.islice(itertools.product(edits.EDITS, paths), max(0, count)):
        with Image.open(path) as photo:
            data = edits.apply(photo.convert("RGB"), edit, path.stem)
        found.append(folder / f"{path.stem}-{len(found):06d}.jpg")
        found[-1].write_bytes(data)
    return found


def time_method(paths: list[Path], method: str) -> None:
    """Wall time, processor time and memory of one method of dedup, with two workers."""
    before = processor_s()
    seconds = dedup_quality.ours(paths, method)[2]
    own, worker = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        f"curate, {method}: {len(paths):,} photos, {seconds:.1f} s, processor time {processor_s() - before:.1f} s"
    )
    print(f"peak of this process {own:.0f} MB, of its largest worker {worker:.0f} MB")


def processor_s() -> float:
    """Processor time of this process and of those that it started and that ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print seconds and photos per second for everybody."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "curate-dedup-speed")
    parser.add_argument(
        "--only", choices=("hash", "thorough", "sellers"), help="this method of dedup, and no other"
    )
    options = parser.parse_args()
    folder = options.out / "photos"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    candidates = sorted(path for path in options.photos.rglob("*.jpg"))
    random.Random(42).shuffle(candidates)
    paths: list[Path] = []
    for path in candidates:
        try:
            with Image.open(path) as photo:
                photo.load()
        except Exception:
            continue
        target = folder / f"{len(paths):06d}.jpg"
        shutil.copyfile(path, target)
        paths.append(target)
        if len(paths) == options.count:
            break
    if not paths:
        parser.error(f"{options.photos}: no readable .jpg is in this folder")
    paths += edited(paths, folder, options.count - len(paths))
    if options.only:
        time_method(paths, options.only)
        return
    seconds: dict[str, list[float]] = {}
    skipped = {}
    for _ in range(options.rounds):
        seconds.setdefault("curate, hash and search", []).append(hash_and_search(paths))
        seconds.setdefault("curate, fingerprints and search", []).append(fingerprints_and_search(paths))
        for method in ("hash", "thorough"):
            seconds.setdefault(f"curate, {method} with proof", []).append(dedup_quality.ours(paths, method)[2])
        for peer in peers.PEERS:
            if peer.name not in skipped:
                answer = peers.run(peer, folder, options.out)
                if isinstance(answer, str):
                    skipped[peer.name] = answer
                else:
                    seconds.setdefault(peer.name, []).append(answer["seconds"])
    for name, values in seconds.items():
        middle = statistics.median(values)
        spread = f"{min(values):.2f}-{max(values):.2f}"
        print(f"{name:28} {middle:7.2f} s ({spread})  {len(paths) / middle:7.0f} photos/s")
    for name, why in skipped.items():
        print(f"{name}: skipped, {why}")
    apart = distances(paths)
    print(f"hashes are {apart.mean():.2f} bits from imagehash's on average, {apart.max()} at most")
    if options.large:
        time_large(large_photos(paths, options.out / "large"))


def distances(paths: list[Path]) -> NDArray[np.uint8]:
    """Bits between our hash and imagehash's, per photo."""
    mine = [own_hash(str(path)) for path in paths]
    theirs = [int(str(imagehash.phash(Image.open(path))), 16) for path in paths]
    return phash.distance(np.array(mine, np.uint64), np.array(theirs, np.uint64))


if __name__ == "__main__":
    main()
