"""How much of a photo may change before it is no duplicate any more: share still proved, per change and area.

    python -m tests.benchmarks.dedup_limits PHOTOS [--count 400]

Other things on the same spot and other paint should be refused; plates, corners and marks should not. Each photo
is changed over a share of its area and compared with the unchanged one, lying as it does: the search is not asked.

Then the whole search: on the photos and a duplicate of each that was edited, half of them mirrored, and turned by
quarters (re-uploads among PHOTOS count as joined to another photo); and on as many things before one backdrop,
as in a dealer's studio: none is a duplicate of another.
"""

import argparse
import io
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from curate.core import executors
from curate.core.recipe import Dedup
from curate.dedup import features, find_duplicates, fingerprints, similarity
from curate.dedup.alignment import PROOF
from curate.dedup.features import Features
from curate.dedup.find_duplicates import Duplicates
from curate.photos import decode
from tests.benchmarks.edits import apply
from tests.scenes import jpeg

Change = Callable[[Image.Image, Image.Image, float, random.Random], Image.Image]
SIZE = 360, 260
COVERS = ("white", "black", "goldenrod", "navy")


def _ellipse(area: float) -> tuple[tuple[int, int], Image.Image]:
    """A soft-edged ellipse in the middle, of that share of the image: its corner and its mask."""
    width, height = (round(side * (area * 4 / np.pi) ** 0.5) for side in SIZE)
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((2, 2, width - 2, height - 2), fill=255)
    return ((SIZE[0] - width) // 2, (SIZE[1] - height) // 2), mask.filter(ImageFilter.GaussianBlur(1.5))


def other_thing(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """The middle of another photo in the middle of this one."""
    corner, mask = _ellipse(area)
    changed = photo.copy()
    changed.paste(other.crop((40, 40, 320, 220)).resize(mask.size), corner, mask)
    return changed


def other_thing_in_a_corner(
    photo: Image.Image, other: Image.Image, area: float, rng: random.Random
) -> Image.Image:
    """A part of another photo, of the image's shape, in a corner."""
    width, height = (round(side * area**0.5) for side in SIZE)
    corner = rng.choice((0, SIZE[0] - width)), rng.choice((0, SIZE[1] - height))
    changed = photo.copy()
    changed.paste(other.crop((40, 40, 320, 220)).resize((width, height)), corner)
    return changed


def other_paint(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """The middle in another hue, and more of it."""
    corner, mask = _ellipse(area)
    part = np.array(
        photo.crop((*corner, corner[0] + mask.width, corner[1] + mask.height)).convert("HSV"), np.int16
    )
    part[..., 0] = (part[..., 0] + 85) % 256
    part[..., 1] = np.minimum(255, part[..., 1] + 90)
    changed = photo.copy()
    changed.paste(Image.fromarray(part.astype(np.uint8), "HSV").convert("RGB"), corner, mask)
    return changed


def other_shade(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """The middle much darker, or much lighter where it is dark."""
    corner, mask = _ellipse(area)
    part = np.asarray(photo.crop((*corner, corner[0] + mask.width, corner[1] + mask.height)), np.float32)
    shade = 255 - 0.45 * (255 - part) if part.mean() < 128 else 0.45 * part
    changed = photo.copy()
    changed.paste(Image.fromarray(shade.astype(np.uint8)), corner, mask)
    return changed


def corner_plate(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """A plain plate of the image's shape in a corner."""
    width, height = (round(side * area**0.5) for side in SIZE)
    left, top = rng.choice((0, SIZE[0] - width)), rng.choice((0, SIZE[1] - height))
    changed = photo.copy()
    ImageDraw.Draw(changed).rectangle((left, top, left + width, top + height), fill=rng.choice(COVERS))
    return changed


def number_plate(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """A plain cover three times as wide as high, where cars have their plates."""
    width, height = round(SIZE[0] * (area * 3) ** 0.5), round(SIZE[1] * (area / 3) ** 0.5)
    left, top = round(SIZE[0] * rng.uniform(0.2, 0.6)), round(SIZE[1] * rng.uniform(0.5, 0.75))
    changed = photo.copy()
    ImageDraw.Draw(changed).rectangle((left, top, left + width, top + height), fill=rng.choice(COVERS))
    return changed


def word_across(photo: Image.Image, other: Image.Image, area: float, rng: random.Random) -> Image.Image:
    """A half transparent word across the middle, in a line of that share of the height."""
    layer = photo.copy()
    ImageDraw.Draw(layer).text((180, 130), "carsite", "white", font_size=area * SIZE[1] * 1.3, anchor="mm")
    return Image.blend(photo, layer, 0.5)


CHANGES: dict[Change, tuple[float, ...]] = {
    other_thing: (0.04, 0.08, 0.12, 0.16, 0.2),
    other_thing_in_a_corner: (0.08, 0.12, 0.16, 0.2),
    other_paint: (0.06, 0.1, 0.15, 0.2, 0.3),
    other_shade: (0.06, 0.1, 0.15, 0.2, 0.3),
    corner_plate: (0.04, 0.08, 0.1),
    number_plate: (0.02, 0.03, 0.05),
    word_across: (0.15, 0.25, 0.35),
}

TURNED_EDITS = ("jpeg 40", "half size", "grey", "+35% light", "logo", "crop 4%")
BACKDROP_AREAS = (0.15, 0.2, 0.3, 0.5)


def compute_features(photo: Image.Image) -> Features:
    """A photo made ready, after JPEG compression."""
    pixels = decode.decode(jpeg(photo, 85), fingerprints.AT_LEAST).pixels
    return features.compute_features(fingerprints.of_pixels(pixels)[0])


def before_one_backdrop(photos: list[Image.Image], area: float) -> list[Image.Image]:
    """The middle of every photo but the first before the first, near its middle, over that share of it."""
    rng, images = random.Random(42), []
    (left, top), mask = _ellipse(area)
    for photo in photos[1:]:
        image = photos[0].copy()
        corner = left + rng.randint(-15, 15), top + rng.randint(-10, 10)
        image.paste(photo.crop((40, 40, 320, 220)).resize(mask.size), corner, mask)
        images.append(image)
    return images


def turned(photo: Image.Image, edit: str, number: int) -> Image.Image:
    """A duplicate after that edit and one to three quarter turns; every second one is mirrored before."""
    with Image.open(io.BytesIO(apply(photo, edit, str(number)))) as edited:
        return (ImageOps.mirror(edited) if number % 2 else edited).rotate(90 * (1 + number % 3), expand=True)


def search(images: list[Image.Image], method: str) -> tuple[Duplicates, float]:
    """What is found among the images, and seconds of two processes."""
    prints = [
        fingerprints.of_pixels(decode.decode(jpeg(image, 85), fingerprints.AT_LEAST).pixels) for image in images
    ]
    with executors.local(2) as map_fn:
        started = time.perf_counter()
        found = find_duplicates.find(np.concatenate(prints), Dedup.model_validate({"method": method}), map_fn)
        return found, time.perf_counter() - started


def main() -> None:
    """Print one line per change, and one per size of a thing before a backdrop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    paths = sorted(options.photos.rglob("*.jpg"))
    random.Random(42).shuffle(paths)
    photos = []
    for path in paths:
        try:
            with Image.open(path) as opened:
                photos.append(opened.convert("RGB").resize(SIZE))
        except (OSError, SyntaxError, ValueError):
            continue
        if len(photos) == options.count:
            break
    originals = [compute_features(photo) for photo in photos]
    print(f"{len(photos)} photos; share of the area changed: share still proved to be duplicates")
    for change, areas in CHANGES.items():
        cells = []
        for area in areas:
            proved = 0
            for number, (photo, original) in enumerate(zip(photos, originals, strict=True)):
                changed = change(photo, photos[number - 7], area, random.Random(number))
                proved += similarity.measure(original, compute_features(changed), np.eye(3)) >= PROOF
            cells.append(f"{area}: {proved / len(photos):.3f}")
        print(f"{change.__name__:24}", "  ".join(cells), flush=True)
    print(
        f"{len(photos)} photos and a duplicate of each, edited, turned, half of them mirrored: share kept together"
    )
    for edit in TURNED_EDITS:
        images = photos + [turned(photo, edit, number) for number, photo in enumerate(photos)]
        for method in ("hash", "thorough"):
            group = search(images, method)[0].similar_group
            count = len(photos)
            share = sum(group[number] == group[count + number] for number in range(count)) / count
            others = sum(group[number] % count != number % count for number in range(2 * count))
            print(f"{edit}, {method}: {share:.3f}, {others} joined to another photo", flush=True)
    print(f"{len(photos) - 1} things before one backdrop, over this share of the image")
    for area in BACKDROP_AREAS:
        images = before_one_backdrop(photos, area)
        for method in ("hash", "thorough"):
            found, seconds = search(images, method)
            removed = int((found.keeper != np.arange(len(images))).sum())
            print(f"{area}, {method}: {removed} removed, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
