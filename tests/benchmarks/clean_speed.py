"""How fast clean is, file to row, beside plain loops; and how its memory grows.

    python -m tests.benchmarks.clean_speed imagenet --folder manifests/market-quality
    python -m tests.benchmarks.clean_speed clip --folder manifests/market-quality
    python -m tests.benchmarks.clean_speed threshold --folder manifests/market-quality
    python -m tests.benchmarks.clean_speed memory --folder manifests/market-quality --photos 50000

The folder is one that clean_quality made. Both sides of a ratio run in turns on the same photos; the clip weights
are random. A plain loop is what a model's documentation shows: open, transform, stack, forward in batches of 32.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from curate.clean import embeddings, signals
from curate.clean import stage as clean
from curate.clean.embeddings import EmbeddingStore
from curate.clean.scorers import imagenet, loading
from curate.clean.scorers.base import Scorer
from curate.clean.signals import PhotoRecord
from curate.core import executors, manifest, record_store
from curate.core.recipe import Clean
from curate.core.schemas import DedupRow
from curate.pipeline import default_workers
from tests.benchmarks.clean_quality import config

ROUNDS = 3


def plain_loop(paths: list[Path], model: Any, transform: Any) -> float:
    """Photos per second of a plain torch loop."""
    import torch

    start = time.perf_counter()
    with torch.inference_mode():
        for first in range(0, len(paths), 32):
            batch = [transform(Image.open(path).convert("RGB")) for path in paths[first : first + 32]]
            model(torch.stack(batch))
    return len(paths) / (time.perf_counter() - start)


def ours(folder: Path, photos: dict[str, str], scorer: Scorer) -> float:
    """Photos per second of the stage's pass: read, check, decode, image quality, embedding, store."""
    scorer.embed(
        np.zeros((32, scorer.side, scorer.side, 3), np.uint8)
    )  # loads the network, as the loop has its own
    embeddings.store_path(folder, scorer).unlink(missing_ok=True)
    with executors.local(default_workers()) as map_fn:
        list(map_fn(str, range(64)))  # starts the processes
        start = time.perf_counter()
        embeddings.collect(folder, photos, scorer, map_fn)
        return len(photos) / (time.perf_counter() - start)


def whole_stage(folder: Path, section: Clean) -> float:
    """Photos per second of the stage itself, from the files to clean.csv, nothing remembered."""
    for old in folder.glob("clean.*"):
        old.unlink()
    with executors.local(default_workers()) as map_fn:
        list(map_fn(str, range(64)))
        start = time.perf_counter()
        return len(clean.run(folder, section, map_fn)) / (time.perf_counter() - start)


def compare(kind: str, folder: Path, count: int) -> None:
    """Print photos per second of both, in turns, and their ratio."""
    section = config(("sedan", "suv"))
    chosen = clean.read_photos(folder, section, manifest.read(folder, DedupRow))[:count]
    files = {photo.sha256: photo.path for photo in chosen}
    paths = [folder / photo.path for photo in chosen]
    with tempfile.TemporaryDirectory() as scratch:
        scorer: Scorer
        if kind == "imagenet":
            import timm
            from timm.data.config import resolve_data_config
            from timm.data.transforms_factory import create_transform

            model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()  # as fast as a trained one
            transform = create_transform(**resolve_data_config({}, model=model))  # type: ignore[no-untyped-call]
            scorer = imagenet.ImageNet()
        else:
            import open_clip
            import torch

            whole, _, transform = open_clip.create_model_and_transforms("ViT-B-32", pretrained=None)
            model = whole.eval().visual
            torch.save(whole.state_dict(), Path(scratch) / "random.pt")
            scorer = loading.load(section.override(scorer="clip", weights=str(Path(scratch) / "random.pt")))
            print(f"clip: backend {scorer.identity['backend']}")
        ratios = []
        for _ in range(ROUNDS):
            fast, slow = ours(folder, files, scorer), plain_loop(paths[: max(64, count // 8)], model, transform)
            ratios.append(fast / slow)
            print(
                f"{kind}: {fast:.0f} photos/s, plain loop {slow:.0f} photos/s, ratio {fast / slow:.1f}", flush=True
            )
        print(f"{kind}: ratio {min(ratios):.1f} to {max(ratios):.1f}, n = {len(chosen)}")
    if kind == "imagenet":
        speeds = sorted(whole_stage(folder, section) for _ in range(ROUNDS))
        print(f"imagenet: from file to row {speeds[0]:.0f} to {speeds[-1]:.0f} photos/s")


def threshold(folder: Path) -> None:
    """Seconds of a new threshold and of a new list of concepts, with the photos known; each in its own process."""
    section = config(("sedan", "suv"))
    concepts = [concept.model_dump() for concept in section.concepts]
    concepts[-2]["imagenet"] = concepts[-2]["imagenet"][:-1]
    for name, changed in (
        ("a new threshold", section.override(threshold=0.31)),
        ("a new list of concepts", section.override(concepts=concepts)),
    ):
        code = (
            "import sys; from pathlib import Path; from curate.core.recipe import Clean;"
            "from curate.clean import stage as clean;"
            "clean.run(Path(sys.argv[1]), Clean.model_validate_json(sys.argv[2]))"
        )
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(folder), changed.model_dump_json()], check=True)
        print(f"{name}: {time.perf_counter() - start:.1f} s with start of the process")


def memory(folder: Path, count: int) -> None:
    """Peak memory of the collection's analysis on `count` embeddings, read from a store as always."""
    section = config(("sedan", "suv"))
    scorer = imagenet.ImageNet()
    with tempfile.TemporaryDirectory() as scratch:
        photos, store = multiplied(folder, Path(scratch), scorer, section, count)
        before = peak_mib()
        start = time.perf_counter()
        found = signals.gather(Path(scratch), photos, store, scorer, section)
        took = time.perf_counter() - start
        judged = "judged" if found.labels.shape[1] else "not judged"
        print(f"{count} photos: peak {peak_mib():.0f} MiB, {before:.0f} before; {took:.0f} s; classes {judged}")


def multiplied(
    folder: Path, scratch: Path, scorer: Scorer, section: Clean, count: int
) -> tuple[list[PhotoRecord], EmbeddingStore]:
    """The photos of `folder` over and over, `count` in all, each time as other listings and a little different."""
    known = clean.read_photos(folder, section, manifest.read(folder, DedupRow))
    there = embeddings.collect(folder, {photo.sha256: photo.path for photo in known}, scorer)
    random = np.random.default_rng(0)
    path = embeddings.store_path(scratch, scorer)
    photos: list[PhotoRecord] = []

    def blocks() -> Iterator[record_store.Records]:
        for number in range(count):
            turn, place = divmod(number, len(known))
            photo = known[place]
            block = there.read([photo.sha256]).copy()
            block["embedding"] *= random.uniform(0.8, 1.2, scorer.dimensions).astype(np.float32)
            name = f"{number:016x}"
            photos.append(
                replace(photo, key=name, sha256=name, listing_id=f"{turn} {photo.listing_id}", group=name)
            )
            yield block

    record_store.write(path, there.layout, blocks())
    return photos, EmbeddingStore(path, there.layout, {photo.sha256: n for n, photo in enumerate(photos)}, {})


def peak_mib() -> float:
    """Largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure one thing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["imagenet", "clip", "threshold", "memory"])
    parser.add_argument("--folder", type=Path, required=True, help="a folder that clean_quality made")
    parser.add_argument("--photos", type=int, default=1000)
    options = parser.parse_args()
    if options.what == "memory":
        memory(options.folder, options.photos)
    elif options.what == "threshold":
        threshold(options.folder)
    else:
        compare(options.what, options.folder, options.photos)


if __name__ == "__main__":
    main()
