"""Painted scenes with detail all over, and a folder of photos with its fetch manifest, for the dedup tests."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from curate.core.schemas import FetchRow
from tests.folders import fetch_row, publish


def scene(seed: int, width: int = 320, height: int = 220) -> Image.Image:
    """A street-like image: another seed, another image."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), tuple(random.integers(120, 230, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(90):
        x, y = random.uniform(-0.1, 1, 2) * (width, height)
        w, h = random.uniform(0.02, 0.25, 2) * (width, height)
        shape = draw.rectangle if random.random() < 0.6 else draw.ellipse
        shape((x, y, x + w, y + h), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def photo_row(number: int, data: bytes, class_name: str = "hatch") -> FetchRow:
    """The fetch row of `data`, sized as it is; nonsense is 320×220."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
    except OSError:
        width, height = 320, 220
    sha256 = hashlib.sha256(data).hexdigest()
    row = fetch_row(number, class_name, path=f"images/{sha256[:2]}/{sha256}.jpg", sha256=sha256)
    return replace(row, bytes=len(data), width=width, height=height)


def store(folder: Path, photos: Sequence[tuple[int, bytes, str]]) -> list[FetchRow]:
    """Write the files and fetch.csv of (number, bytes, class name)."""
    rows = sorted((photo_row(*photo) for photo in photos), key=lambda row: row.key)
    for row, (_, data, _) in zip(rows, sorted(photos, key=lambda photo: photo[0]), strict=True):
        path = folder / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(data)
    publish(folder, "fetch", rows)
    return rows
