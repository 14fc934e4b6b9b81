"""How long the search for duplicates takes among 100,000 fingerprints.

    python -m tests.benchmarks.check_duplicates manifests/market

The hashes of the folder, and random ones up to 100,000. Uploads are its photos, smaller and recompressed.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image

from curate.check.duplicates import Entry, Index, near, prove
from curate.core import manifest
from curate.core.recipe import Dedup
from curate.core.schemas import DedupRow, FetchRow
from curate.dedup import fingerprints
from curate.photos import decode

PHOTOS, UPLOADS, AIM_MS = 100_000, 200, 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    own = Index.of(manifest.read(folder, FetchRow), manifest.read(folder, DedupRow))
    more = max(0, PHOTOS - len(own.hashes))
    random = np.random.default_rng(0).integers(0, 2**64, more, dtype=np.uint64)
    nobody = [Entry(f"{number:016x}", "", "images/none.jpg", f"{number:064x}") for number in range(more)]
    index = Index.from_rows(np.concatenate([own.hashes, random]), [*own.rows, *nobody])
    search, whole, found = [], [], 0
    for row in own.rows[:: max(1, len(own.rows) // UPLOADS)][:UPLOADS]:
        with Image.open(folder / row.path) as image:
            buffer = io.BytesIO()
            image.convert("RGB").reduce(2).save(buffer, "JPEG", quality=60)
        prints = fingerprints.of_pixels(decode.decode(buffer.getvalue(), at_least=fingerprints.AT_LEAST).pixels)
        began = time.perf_counter()
        index.near(int(prints[0]["phash"]), int(prints[0]["mirror"]), Dedup().max_distance)
        search.append(time.perf_counter() - began)
        began = time.perf_counter()
        found += prove(folder, Dedup(), (prints, near(index, prints, Dedup().max_distance), ())) is not None
        whole.append(time.perf_counter() - began)
    for name, seconds in (("search", search), ("search and proof", whole)):
        p50, p99 = np.quantile(seconds, (0.5, 0.99)) * 1000
        print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(index.hashes):,}; aim {AIM_MS} ms")
    print(f"found {found} of {len(whole)}")


if __name__ == "__main__":
    main()
