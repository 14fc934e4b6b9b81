"""A small marketplace on loopback: 2 classes, a few listings each, small painted photos."""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from curate.core.recipe import Source
from curate.demo.pages import PaintedListing, PaintedPhoto

CLASSES = ("swift", "wagonr")


@lru_cache
def jpeg(number: int, side: int = 96) -> bytes:
    """A JPEG of coloured blocks, another for each number."""
    blocks = np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blocks).resize((side * 4 // 3, side), Image.Resampling.NEAREST).save(buffer, "JPEG")
    return buffer.getvalue()


def listings(count: int = 4, photos: int = 3) -> list[PaintedListing]:
    """`count` listings per class with `photos` photos each; the first photo of each class is cut in half."""
    made = []
    for c, class_name in enumerate(CLASSES):
        for i in range(count):
            numbers = [(c * count + i) * photos + n for n in range(photos)]
            gallery = [
                PaintedPhoto(f"{class_name}-{i}-{n}", jpeg(n)[:-200] if n == c * count * photos else jpeg(n))
                for n in numbers
            ]
            made.append(
                PaintedListing(
                    listing_id=f"{class_name[0]}{i}",
                    class_name=class_name,
                    title=f"Used {class_name} {i}, =SUM(1,2)",
                    price=100_000 + i,
                    year=2010 + i % 8,
                    km=1000,
                    region="Delhi" if i % 2 else "UP",
                    city="Delhi",
                    photos=tuple(gallery),
                )
            )
    return made


def politeness(*hosts: str, **more: Any) -> dict[str, Any]:
    """No pace: the hosts are ours."""
    return {"owns_host": True, "min_interval_s": 0, "allow_hosts": hosts, "max_tries": 2, "workers": 4} | more


def source(url: str, paths: Sequence[str] = (), **more: Any) -> Source:
    """A recipe's source for the site at `url`. With `paths`, class swift starts there, and there is no other."""
    starts = {"swift": [url + path for path in paths]} if paths else {n: [f"{url}/cars/{n}"] for n in CLASSES}
    host = url.partition("://")[2]
    data: dict[str, Any] = {"id": "small", "listings": starts, "politeness": politeness(host)}
    data["revisit_after"] = "always"  # a refresh reads the pages of listings again
    return Source.model_validate(data | more)
