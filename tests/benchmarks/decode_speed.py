"""Decode speed, file bytes to a resized picture, beside Pillow: one process, one thread.

    python tests/benchmarks/decode_speed.py [FOLDER_OF_PHOTOS]

Without a folder, only the synthetic 12-megapixel photos are timed. Each way takes its turn three times and the
best round counts; quote the ratios.
"""

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from curate.core.errors import RejectedError
from curate.photos import decode


def full(data: bytes, side: int) -> Image.Image:
    """Pillow, whole picture."""
    return Image.open(io.BytesIO(data)).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)


def draft(data: bytes, side: int) -> Image.Image:
    """Pillow's own reduced decoding."""
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (side, side))
    return image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)


def ours(data: bytes, side: int) -> Image.Image:
    """images.decode with all its checks."""
    pixels = decode.decode(data, at_least=side).pixels
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)


def checked(data: bytes, side: int) -> Image.Image:
    """images.decode of the whole picture."""
    return Image.fromarray(decode.decode(data).pixels).resize((side, side), Image.Resampling.BILINEAR)


WAYS: dict[str, Callable[[bytes, int], Image.Image]] = {
    "Pillow, full": full,
    "Pillow, draft": draft,
    "curate, full": checked,
    "curate, reduced": ours,
}


def twelve_megapixels(seed: int) -> bytes:
    """4000 x 3000 JPEG with the spectrum of a photo: noise on all scales."""
    random = np.random.default_rng(seed)
    canvas = np.zeros((3000, 4000, 3))
    for cell in (1000, 250, 50, 10, 2):
        noise = random.normal(0, cell**0.5, (3000 // cell, 4000 // cell, 3))
        canvas += np.kron(noise, np.ones((cell, cell, 1)))
    canvas = 128 + 60 * canvas / canvas.std()
    buffer = io.BytesIO()
    Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def readable(folder: Path, limit: int) -> list[bytes]:
    """Bytes of up to `limit` photos that decode, evenly spread over the folder."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    kept = []
    for path in paths[:: max(1, len(paths) // limit)]:
        data = path.read_bytes()
        try:
            decode.decode(data)
        except RejectedError:
            continue
        kept.append(data)
    return kept


def table(name: str, files: list[bytes]) -> None:
    """Print milliseconds per photo of each way, and how far its pixels are from Pillow's full decode."""
    print(f"{name}: {len(files)} files, mean {sum(map(len, files)) / len(files) / 1024:.0f} kB")
    for side in (224, 32):
        best = dict.fromkeys(WAYS, float("inf"))
        for _ in range(3):
            for way, fn in WAYS.items():
                began = time.perf_counter()
                for data in files:
                    fn(data, side)
                best[way] = min(best[way], (time.perf_counter() - began) / len(files))
        for way, fn in WAYS.items():
            apart = [
                np.abs(np.asarray(fn(data, side), dtype=float) - np.asarray(full(data, side), dtype=float)).mean()
                for data in files[:100]
            ]
            print(
                f"  {side:3} px  {way:16} {best[way] * 1000:8.2f} ms  {best['Pillow, full'] / best[way]:5.1f}x  "
                f"mean difference {np.mean(apart):.2f}, worst photo {np.max(apart):.2f} of 255"
            )


if __name__ == "__main__":
    table("synthetic 12-megapixel JPEGs", [twelve_megapixels(seed) for seed in range(6)])
    if len(sys.argv) > 1:
        table(sys.argv[1], readable(Path(sys.argv[1]), 1000))
