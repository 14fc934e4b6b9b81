"""Paint a small marketplace: adverts for two kinds of car, with the junk and the duplicates of a real one.

A photo is a `Shot`, a plain description with its own seed; painting a shot is a pure function of it, so the files
do not depend on the number of workers or the order. What each photo really shows goes to truth.csv beside the
photos, which no stage reads.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.progress import progress
from curate.demo.cabin import instruments, interior
from curate.demo.canvas import Painting
from curate.demo.junk import closeup, person, street_only
from curate.demo.pages import PaintedListing, PaintedPhoto
from curate.demo.papers import document, screenshot
from curate.demo.photographs import SIZES, choose_car, encode, finish, photograph
from curate.demo.places import PLACES, Rng
from curate.demo.scenes import HOURS
from curate.demo.vehicles import other_vehicle

CLASSES = ("hatchback", "tallboy")
# What is wrong with a photo, and its share of all paintings; together a tenth, as on the site that inspired this.
JUNK = {
    "document": 0.025,
    "person": 0.015,
    "interior": 0.015,
    "closeup": 0.015,
    "other_vehicle": 0.015,
    "not_car": 0.015,
}
WRONG_MODEL = 0.01
DUPLICATES = {"exact": 0.015, "jpeg": 0.01, "half": 0.01, "crop": 0.008, "logo": 0.012}
BROKEN = ("truncated", "empty", "html")
PAINTERS = {
    "person": person, "closeup": closeup, "other_vehicle": other_vehicle, "not_car": street_only,
}  # fmt: skip
PLACE_NAMES = (
    ("Delhi", "Rohini"), ("Delhi", "Dwarka"), ("Uttar Pradesh", "Noida"), ("Uttar Pradesh", "Lucknow"),
    ("Maharashtra", "Pune"), ("Maharashtra", "Mumbai"), ("Telangana", "Hyderabad"), ("Gujarat", "Surat"),
)  # fmt: skip
PRAISE = (
    "single owner",
    "low km",
    "well maintained",
    "urgent sale",
    "“mint” condition",
    "new tyres",
    "finance available",
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo to be painted."""

    photo_id: str
    listing_id: str
    class_name: str  # what the seller says
    true_class: str  # the car in it; empty for junk
    issue: str  # none, a reason of the clean stage, exact_duplicate, near_duplicate, or corrupt
    painting: str  # photo_id of the painting; duplicates share it
    edit: str  # what was done to the file since
    car_seed: int  # of the car: photos of one listing share it
    seed: int  # of the painting
    place: str
    hour: str


def plan(seed: int, per_class: int) -> list[Shot]:
    """What to paint: `per_class` good photos of each class in listings of one to three, and the rest on top.

    Raises ValueError when `per_class` is under 1.
    """
    if per_class < 1:
        raise ValueError("per_class must be at least 1")
    rng = np.random.default_rng([seed, 0])
    shots: list[Shot] = []
    for class_name in CLASSES:
        good = 0
        while good < per_class:
            count = min(int(rng.integers(1, 4)), per_class - good)
            shots += _listing(rng, seed, class_name, len(shots), count)
            good += count
    total = len(shots) / (1 - sum(JUNK.values()) - WRONG_MODEL)
    good_shots = list(shots)
    for issue, share in {**JUNK, "wrong_model": WRONG_MODEL}.items():
        for _ in range(max(1, round(total * share))):
            beside = good_shots[int(rng.integers(len(good_shots)))]
            other = CLASSES[1 - CLASSES.index(beside.class_name)]
            truth = other if issue == "wrong_model" else ""
            shots.append(
                _vary(beside, seed, len(shots), true_class=truth, issue=issue, car_seed=int(rng.integers(2**31)))
            )
    for edit, share in DUPLICATES.items():
        for _ in range(max(1, round(total * share))):
            source = good_shots[int(rng.integers(len(good_shots)))]
            same_class = [shot for shot in good_shots if shot.class_name == source.class_name]
            into = same_class[int(rng.integers(len(same_class)))]
            issue = "exact_duplicate" if edit == "exact" else "near_duplicate"
            name = _photo_id(seed, len(shots))
            copied = {
                **asdict(source),
                "photo_id": name,
                "listing_id": into.listing_id,
                "issue": issue,
                "edit": edit,
            }
            shots.append(Shot(**copied))
    for edit in BROKEN:
        for _ in range(max(1, round(total * 0.002))):
            beside = good_shots[int(rng.integers(len(good_shots)))]
            shots.append(_vary(beside, seed, len(shots), issue="corrupt", edit=edit))
    return shots


def _photo_id(seed: int, number: int) -> str:
    digits = int(hashlib.sha256(f"{seed}|{number}".encode()).hexdigest()[:16], 16)
    return np.base_repr(digits, 36).lower() + "-IN"


def _listing(rng: Rng, seed: int, class_name: str, first: int, count: int) -> Iterator[Shot]:
    listing_id = str(
        1_700_000_000 + int(hashlib.sha256(f"{seed}|{class_name}|{first}".encode()).hexdigest()[:7], 16)
    )
    car_seed = int(rng.integers(2**31))
    usual = str(rng.choice(list(PLACES), p=[0.3, 0.2, 0.2, 0.15, 0.15]))
    hour = str(rng.choice(HOURS, p=[0.6, 0.3, 0.07, 0.03]))
    for number in range(first, first + count):
        place = usual if rng.random() < 0.6 else str(rng.choice(list(PLACES)))
        name = _photo_id(seed, number)
        yield Shot(name, listing_id, class_name, class_name, "none", name, "", car_seed, number, place, hour)


def _vary(shot: Shot, seed: int, number: int, **changed: object) -> Shot:
    name = _photo_id(seed, number)
    return Shot(**{**asdict(shot), "photo_id": name, "painting": name, "seed": number, **changed})  # type: ignore[arg-type]


def paint(shot: Shot, seed: int) -> bytes:
    """The file of a shot."""
    import cv2

    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, 1, shot.seed])
    quality = int(rng.integers(62, 93))
    if shot.true_class:
        car = choose_car(np.random.default_rng([seed, 2, shot.car_seed]), shot.true_class)
        painting = photograph(rng, car, shot.place, shot.hour)
    else:
        width, height = SIZES[int(rng.integers(len(SIZES)))]
        if shot.issue == "document":
            paint_junk = screenshot if rng.random() < 0.8 else document
        elif shot.issue == "interior":
            paint_junk = instruments if rng.random() < 0.75 else interior
        else:
            paint_junk = PAINTERS[shot.issue]
        painting = finish(rng, paint_junk(rng, width, height))
    return _edit(rng, painting, shot.edit, quality)


def _edit(rng: Rng, painting: Painting, edit: str, quality: int) -> bytes:
    """What happens to a photo on its way through phones and sites. A copy never beats its original."""
    if edit in ("", "exact"):
        return encode(painting, quality)
    image = Image.open(io.BytesIO(encode(painting, quality))).convert("RGB")
    width, height = image.size
    if edit == "half":
        image = image.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    elif edit == "crop":
        dx, dy = round(width * 0.02), round(height * 0.02)
        image = image.crop((dx, dy, width - dx, height - dy))
    elif edit == "logo":
        draw = ImageDraw.Draw(image, "RGBA")
        draw.rounded_rectangle(
            (width * 0.04, height * 0.88, width * 0.36, height * 0.96), 8, fill=(255, 255, 255, 190)
        )
        draw.text((width * 0.06, height * 0.885), "BestCars", (200, 40, 40), ImageFont.load_default(height * 0.06))
        image = image.resize((round(width * 0.9), round(height * 0.9)), Image.Resampling.LANCZOS)
    data = encode(np.asarray(image, dtype=np.float32), 40 if edit == "jpeg" else min(quality, 75))
    if edit == "truncated":
        return data[: int(len(data) * rng.uniform(0.3, 0.7))]
    if edit == "empty":
        return b""
    if edit == "html":
        return b"<!doctype html><html><body><h1>503 Service unavailable</h1></body></html>\n"
    return data


def _paint_file(shot: Shot, seed: int, folder: Path) -> None:
    (folder / f"{shot.photo_id}.jpg").write_bytes(paint(shot, seed))


def paint_catalogue(folder: Path, seed: int, per_class: int, map_fn: MapFn = map) -> list[PaintedListing]:
    """Paint a whole marketplace under `folder` and return its listings.

    Writes photos/<photo_id>.jpg, truth.csv (one row per shot) and painted.json. Where painted.json says that the
    same painter has done the same work, nothing is painted again.
    """
    shots = plan(seed, per_class)
    photos, done = folder / "photos", folder / "painted.json"
    photos.mkdir(parents=True, exist_ok=True)
    mark = json.dumps({"painter": _fingerprint(), "seed": seed, "per_class": per_class}).encode()
    there = {path.name for path in photos.iterdir()}
    if not (done.exists() and done.read_bytes() == mark and there >= {f"{shot.photo_id}.jpg" for shot in shots}):
        done.unlink(missing_ok=True)
        painted = map_fn(partial(_paint_file, seed=seed, folder=photos), shots)
        for _ in progress(painted, "paint", len(shots)):
            pass
        atomic_write(folder / "truth.csv", format_truth(shots))
        atomic_write(done, mark)
    return listings_of(shots, photos, seed)


def _fingerprint() -> str:
    """sha256 of all source that paints."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("pages", "run", "site"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def format_truth(shots: list[Shot]) -> bytes:
    """truth.csv: every field of every shot."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(field.name for field in fields(Shot))
    writer.writerows(asdict(shot).values() for shot in shots)
    return buffer.getvalue().encode()


def listings_of(shots: list[Shot], photos: Path, seed: int) -> list[PaintedListing]:
    """The adverts, with the words and numbers that sellers would write."""
    galleries: dict[str, list[Shot]] = {}
    for shot in shots:
        galleries.setdefault(shot.listing_id, []).append(shot)
    listings = []
    for listing_id, gallery in galleries.items():
        rng = np.random.default_rng([seed, 3, int(listing_id)])
        order = rng.permutation(len(gallery))
        class_name = gallery[0].class_name
        year, km = int(rng.integers(2006, 2020)), int(rng.integers(8, 140)) * 1000
        region, city = PLACE_NAMES[
            int(rng.choice(len(PLACE_NAMES), p=[0.2, 0.14, 0.14, 0.12, 0.14, 0.1, 0.1, 0.06]))
        ]
        title = f"{year} {class_name}, {PRAISE[int(rng.integers(len(PRAISE)))]}"
        price = int((year - 2002) * rng.uniform(17, 26)) * 1000
        chosen = tuple(PaintedPhoto(gallery[i].photo_id, photos / f"{gallery[i].photo_id}.jpg") for i in order)
        listings.append(PaintedListing(listing_id, class_name, title, price, year, km, region, city, chosen))
    return listings
