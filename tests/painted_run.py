"""A folder as a whole run leaves it: 24 small painted photos and the manifests of all stages, from literal rows.

Photo `i` has the key `f"{i:02x}" * 8`, listing `L<i // 2>`; even listings are `swift`, odd ones `wagonr`.

    0 kept, 1 its exact duplicate; 2 kept, 3 its near-duplicate; 4 kept, 5 a near-duplicate from another class
    6 not_car, 7 closeup, 8 wrong_class, 9 reviewed; 10 kept and borderline
    20 surplus, 21 undecodable in dedup, 22 not_an_image, 23 http_client_error
"""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from curate.core import manifest
from curate.core.counted import counts
from curate.core.recipe import Clean, Recipe, Section, Source, Split, SplitCounts, TrainBaseline
from curate.core.schemas import CleanRow, DedupRow, FetchRow, Row, SplitRow, TrainBaselineRow
from curate.core.stages import STAGES
from curate.photos import store

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
CLASSES = ("swift", "wagonr")
RECIPE = Recipe(
    name="painted",
    classes=CLASSES,
    source=Source(id="painted", listings={name: (f"https://cars.example/{name}",) for name in CLASSES}),
    clean=Clean(class_names=CLASSES, scorer="imagenet"),
    split=Split(class_names=CLASSES, counts=SplitCounts(train=8, val=2, test=2)),
    train_baseline=TrainBaseline(class_names=CLASSES, epochs=3),
)
HISTORY = [
    {"epoch": 1, "train_loss": 0.7, "val_loss": 0.68, "train_accuracy": 0.5, "val_accuracy": 0.5},
    {"epoch": 2, "train_loss": 0.5, "val_loss": 0.55, "train_accuracy": 0.8, "val_accuracy": 0.75},
    {"epoch": 3, "train_loss": 0.3, "val_loss": 0.6, "train_accuracy": 0.9, "val_accuracy": 0.75},
]
REASONS = {  # of the recipe's concepts
    "not_car": "nothing in it looks like the wanted object",
    "closeup": "a detail, not the whole car",
    "interior": "the inside of the car",
}
SUMMARY = ["2 of 3 decisions in review.csv were obeyed"]
LEAKAGE = ["12 photos in 10 groups", "0 groups in more than one split"]


def key(number: int) -> str:
    """The key of photo `number`."""
    return f"{number:02x}" * 8


def paint(number: int) -> bytes:
    """A JPEG with a coloured body and two wheels; every number another one."""
    random = np.random.default_rng(number)
    ground = np.linspace(90, 200, 120, dtype=np.uint8)[:, None, None].repeat(160, 1).repeat(3, 2)
    image = Image.fromarray(ground)
    draw = ImageDraw.Draw(image)
    left, top = (int(value) for value in random.integers(10, 40, 2))
    draw.rectangle((left, top + 20, left + 100, top + 60), fill=tuple(int(v) for v in random.integers(0, 255, 3)))
    for wheel in (left + 20, left + 80):
        draw.ellipse((wheel - 10, top + 50, wheel + 10, top + 70), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def class_of(number: int) -> str:
    """What the seller of photo `number` says it is."""
    return CLASSES[number // 2 % 2] if number != 5 else "wagonr"


def fetch_rows(folder: Path, title: str) -> list[FetchRow]:
    """24 photos; the files are stored."""
    rows = []
    for number in range(24):
        reason = {22: "not_an_image", 23: "http_client_error"}.get(number, "")
        data = paint(0 if number == 1 else number)
        path, sha256 = ("", "") if reason else store.put(folder, data, "jpeg")
        rows.append(
            FetchRow(
                key=key(number),
                listing_id=f"L{number // 2}",
                class_name=class_of(number),
                position=number % 2,
                title=title,
                region="Delhi",
                city="New Delhi",
                year=2014,
                price=250000.0,
                page_url=f"https://cars.example/{number // 2}",
                image_url=f"https://cars.example/{number}.jpg",
                aliases="",
                path=path,
                sha256=sha256,
                bytes=0 if reason else len(data),
                width=0 if reason else 160,
                height=0 if reason else 120,
                keep=not reason,
                reason=reason,
            )
        )
    return rows


def dedup_rows(fetched: list[FetchRow]) -> list[DedupRow]:
    """22 photos, three of them copies and one unreadable."""
    copies = {1: (0, 0, "sha256"), 3: (2, 4, "aligned crop"), 5: (4, 7, "aligned")}
    rows = []
    for number, row in enumerate(fetched[:22]):
        keeper, distance, proof = copies.get(number, (number, None, ""))
        reason = "" if keeper == number else "exact_duplicate" if number == 1 else "near_duplicate"
        reason = "undecodable" if number == 21 else reason
        rows.append(
            DedupRow(
                key=row.key,
                path=row.path,
                phash=hashlib.sha256(row.path.encode()).hexdigest()[:16],
                group=key(keeper),
                similar_group=key(keeper),
                duplicate_of="" if keeper == number else key(keeper),
                distance=distance,
                confirmed_by=proof,
                label_conflict=number in (4, 5),
                keep=not reason,
                reason=reason,
            )
        )
    return rows


def clean_rows(unique: list[DedupRow]) -> list[CleanRow]:
    """18 photos, four of them rejected."""
    rejected = {6: "not_car", 7: "closeup", 8: "wrong_class", 9: "reviewed"}
    rows = []
    for row in unique:
        number = int(row.key[:2], 16)
        reason = rejected.get(number, "")
        rows.append(
            CleanRow(
                key=row.key,
                path=row.path,
                class_name=class_of(number),
                score=0.02 * number if number in (6, 7) else 0.5 + number / 50,
                concept=reason if number in (6, 7) else "car",
                concept_score=0.75,
                typicality=0.5,
                label_score=None if number == 6 else 0.9,
                likely_class=class_of(number + 2) if number == 8 else class_of(number),
                sharpness=0.8,
                brightness=0.6,
                borderline=number == 10,
                review_rank=1 if number == 10 else None,
                keep=not reason,
                reason=reason,
            )
        )
    return rows


def split_rows(clean: list[CleanRow]) -> list[SplitRow]:
    """14 photos: 9 train, 2 val, 2 test, 1 surplus."""
    splits = {12: "val", 14: "val", 13: "test", 15: "test", 20: ""}
    rows = []
    for row in clean:
        split = splits.get(int(row.key[:2], 16), "train")
        reason = "" if split else "surplus"
        rows.append(SplitRow(row.key, row.path, row.class_name, row.key, split, not reason, reason))
    return rows


def predictions(split: list[SplitRow]) -> list[TrainBaselineRow]:
    """4 photos; the network is wrong about photo 13, a swift it takes for a wagonr."""
    rows = []
    for row in split:
        if row.split in ("val", "test"):
            wrong = row.key == key(13)
            guess = next(name for name in CLASSES if (name == row.class_name) != wrong)
            rows.append(
                TrainBaselineRow(
                    row.key, "base", 42, row.split, row.class_name, guess, 0.97 if wrong else 0.8, True, ""
                )
            )
    return rows


def publish(folder: Path, rows: list[Any], notes: Mapping[str, Any] | None = None) -> None:
    """Write the manifest of `rows` as its stage would."""
    stage = rows[0].stage
    section: Section = getattr(RECIPE, STAGES[stage].section)
    made_from = manifest.provenance(folder, stage, section, packages=["pillow"])
    manifest.write(folder, rows, made_from, STARTED, notes=notes or {})


def build(folder: Path, last: str = "train_baseline", title: str = "Swift VXi") -> Path:
    """A run in `folder` up to the stage `last`."""
    fetched = fetch_rows(folder, title)
    dedup = dedup_rows(fetched)
    clean = clean_rows([row for row in dedup if row.keep])
    split = split_rows([row for row in clean if row.keep])
    tables: list[list[Any]] = [fetched, dedup, clean, split, predictions([row for row in split if row.keep])]
    notes: dict[str, Any] = {
        "clean": {"summary": SUMMARY, "reasons": REASONS},
        "split": {"leakage": {"lines": LEAKAGE}},
        "train_baseline": {"history": HISTORY, "best_epoch": 2},
    }
    for stage, rows in zip(STAGES, tables, strict=True):
        publish(folder, rows, notes.get(stage))
        if stage == last:
            break
    return folder


def rewrite(folder: Path, stage: str, rows: list[Row]) -> None:
    """Put other rows into a manifest with a sidecar that vouches for them, as no stage would."""
    data = manifest.format_rows(rows, STAGES[stage].row_type)
    sidecar = manifest.read_sidecar(folder, stage)
    sidecar |= {"rows": len(rows), "sha256": hashlib.sha256(data).hexdigest(), "counts": counts(rows)}
    manifest.csv_path(folder, stage).write_bytes(data)
    manifest.sidecar_path(folder, stage).write_text(json.dumps(sidecar), encoding="utf-8")
