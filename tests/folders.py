"""A folder of painted photos with the manifests of the stages up to one, from literal rows.

Each listing has two photos, each photo its own file; classes take turns. `hatch` is a tall box on wheels, `sedan`
a low one with a cabin: easy to tell apart, hard enough that a network has to learn.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from curate.core import manifest
from curate.core.recipe import Section
from curate.core.schemas import CleanRow, DedupRow, FetchRow, Row, SplitRow
from curate.photos import store

CLASSES = ("hatch", "sedan")
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def paint(class_name: str, number: int, width: int = 160, height: int = 120) -> bytes:
    """A JPEG of a car in a random colour, place and light; the same for the same arguments."""
    random = np.random.default_rng([number, CLASSES.index(class_name)])
    sky, road, paint_ = (tuple(int(v) for v in random.integers(low, low + 110, 3)) for low in (130, 60, 20))
    image = Image.new("RGB", (width, height), sky)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.6, width, height), fill=road)
    left, ground = random.uniform(0.08, 0.25) * width, random.uniform(0.7, 0.85) * height
    long, tall = 0.6 * width, random.uniform(0.2, 0.25) * height
    draw.rectangle((left, ground - tall, left + long, ground), fill=paint_)
    cabin = (0.0, 0.95) if class_name == "hatch" else (0.3, 0.7)
    draw.rectangle((left + cabin[0] * long, ground - 2 * tall, left + cabin[1] * long, ground - tall), fill=paint_)
    for wheel in (0.2, 0.8):
        x, radius = left + wheel * long, 0.09 * height
        draw.ellipse((x - radius, ground - radius, x + radius, ground + radius), fill="black")
    noise = random.normal(0, 6, (height, width, 3))
    image = Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def fetch_row(
    number: int, class_name: str, listing_id: str = "", path: str = "", sha256: str = "", size: int = 1000
) -> FetchRow:
    """Photo `number`, kept."""
    return FetchRow(
        key=f"{number:016x}",
        listing_id=listing_id or f"L{number // 4 * 2 + number % 2}",
        class_name=class_name,
        position=0,
        title=class_name.title(),
        region="Delhi",
        city="New Delhi",
        year=2015,
        price=None,
        page_url="",
        image_url=f"{number}.jpg",
        aliases="",
        path=path or f"images/{number}.jpg",
        sha256=sha256 or f"{number:064x}",
        bytes=size,
        width=160,
        height=120,
        keep=True,
        reason="",
    )


def dedup_row(photo: FetchRow, similar_to: str = "", copy_of: str = "") -> DedupRow:
    """Photo kept, or with `copy_of` (a key) rejected as its duplicate; `similar_to` names its looser group."""
    return DedupRow(
        key=photo.key,
        path=photo.path,
        phash=photo.key,
        group=copy_of or photo.key,
        similar_group=similar_to or copy_of or photo.key,
        duplicate_of=copy_of,
        distance=4 if copy_of else None,
        confirmed_by="aligned" if copy_of else "",
        label_conflict=False,
        keep=not copy_of,
        reason="near_duplicate" if copy_of else "",
    )


def clean_row(photo: FetchRow, reason: str = "") -> CleanRow:
    """Photo kept, or rejected for `reason`."""
    return CleanRow(
        key=photo.key,
        path=photo.path,
        class_name=photo.class_name,
        score=0.1 if reason else 0.9,
        concept=reason or "car",
        concept_score=0.9,
        typicality=0.5,
        label_score=None,
        likely_class="",
        sharpness=0.8,
        brightness=0.5,
        borderline=False,
        review_rank=None,
        keep=not reason,
        reason=reason,
    )


def publish(folder: Path, stage: str, rows: Sequence[Row]) -> None:
    """Write a manifest and its sidecar as its stage would."""
    made_from = manifest.provenance(folder, stage, Section())
    reasons = {row.reason: row.reason for row in rows if row.reason} if stage == "clean" else {}
    manifest.write(folder, rows, made_from, STARTED, {"reasons": reasons})


def split_row(photo: FetchRow, split: str) -> SplitRow:
    """Photo in `split`, in a group of its own."""
    return SplitRow(photo.key, photo.path, photo.class_name, photo.key, split, True, "")


def build_folder(folder: Path, upto: str = "clean", n: int = 40, rejected: int = 2) -> Path:
    """Manifests up to the stage `upto`: `n` kept photos, half of each class, and `rejected` more that are not_car.

    The split is 60/20/20, by listing when `n` is a multiple of 20.
    """
    photos = []
    for number in range(n + rejected):
        class_name = CLASSES[number % 2]
        data = paint(class_name, number)
        path, sha256 = store.put(folder, data, "jpeg")
        photos.append(fetch_row(number, class_name, path=path, sha256=sha256, size=len(data)))
    clean = [clean_row(photo, "not_car" if place >= n else "") for place, photo in enumerate(photos)]
    kept = photos[:n]
    parts = (4 * (n * 3 // 20), 4 * (n // 20))
    splits = [
        split_row(photo, "train" if i < parts[0] else "val" if i < sum(parts) else "test")
        for i, photo in enumerate(kept)
    ]
    tables: dict[str, Sequence[Row]] = {
        "fetch": photos,
        "dedup": [dedup_row(photo) for photo in photos],
        "clean": clean,
        "split": splits,
    }
    for stage, rows in tables.items():
        publish(folder, stage, rows)
        if stage == upto:
            break
    return folder
