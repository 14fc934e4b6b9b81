"""The eleven edits that re-uploaders make, from any folder of photos, with the truth of which files are one
image.

Sizes and places vary from photo to photo, seeded by its name, so that no detector can be tuned to one of
them."""

import io
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Edit = Callable[[Image.Image, random.Random], Image.Image]


def crop_of(fraction: float) -> Edit:
    """Take `fraction` of the width and of the height away, from a random corner of the frame."""

    def crop(photo: Image.Image, rng: random.Random) -> Image.Image:
        width, height = round(photo.width * (1 - fraction)), round(photo.height * (1 - fraction))
        left, top = rng.randint(0, photo.width - width), rng.randint(0, photo.height - height)
        return photo.crop((left, top, left + width, top + height))

    return crop


def _logo(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A plate of a third of the width by an eighth of the height, with a word on it, in one of the corners."""
    duplicate = photo.copy()
    width, height = photo.width // 3, max(10, photo.height // 8)
    left, top = rng.choice((0, photo.width - width)), rng.choice((0, photo.height - height))
    draw = ImageDraw.Draw(duplicate)
    draw.rectangle((left, top, left + width, top + height), fill=rng.choice(("white", "black", "gold", "navy")))
    draw.text((left + width // 8, top + height // 6), "VERIFIED", fill="red", font_size=max(8, height // 2))
    return duplicate


def _rotate(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Two degrees either way, corners filled with black or white."""
    fill = rng.choice(("black", "white"))
    return photo.rotate(rng.choice((-2, 2)), Image.Resampling.BICUBIC, fillcolor=fill)


def _border(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A plain frame of 6-8% of the longer side."""
    width = round(max(photo.size) * rng.uniform(0.06, 0.08))
    return ImageOps.expand(photo, width, fill=rng.choice(("white", "black", "grey")))


EDITS: dict[str, Edit] = {
    "jpeg 40": lambda photo, rng: photo,
    "half size": lambda photo, rng: photo.resize((photo.width // 2, photo.height // 2), Image.Resampling.LANCZOS),
    "grey": lambda photo, rng: photo.convert("L").convert("RGB"),
    "+35% light": lambda photo, rng: ImageEnhance.Brightness(photo).enhance(1.35),
    "logo": _logo,
    "crop 4%": crop_of(0.04),
    "rotate 2°": _rotate,
    "crop 10%": crop_of(0.10),
    "crop 20%": crop_of(0.20),
    "border": _border,
    "mirror": lambda photo, rng: ImageOps.mirror(photo),
}
QUALITY = {"jpeg 40": 40}


def apply(photo: Image.Image, edit: str, name: str) -> bytes:
    """The JPEG of `photo` after `edit`; `name` seeds the details."""
    edited = EDITS[edit](photo, random.Random(f"{edit}/{name}"))
    buffer = io.BytesIO()
    edited.save(buffer, "JPEG", quality=QUALITY.get(edit, 88))
    return buffer.getvalue()


def originals_of(
    source: Path, count: int, seed: int, duplicate_of: Mapping[str, str]
) -> Iterator[tuple[bytes, Image.Image]]:
    """Up to `count` photos of `source`, drawn with `seed`: JPEG bytes and image.

    `duplicate_of` names, by file stem, the photo that a photo is known to be a duplicate of: one of each such
    group
    is taken.
    """
    taken = set[str]()
    paths = sorted(path for path in source.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    random.Random(seed).shuffle(paths)
    for path in paths:
        if not count:
            break
        try:
            with Image.open(path) as opened:
                photo = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, SyntaxError, ValueError):
            continue
        if min(photo.size) < 80 or len(photo.getcolors(256) or range(257)) < 32:
            continue
        first = path.stem
        while first in duplicate_of:
            first = duplicate_of[first]
        if first in taken:
            continue
        taken.add(first)
        count -= 1
        if path.suffix.lower() in {".jpg", ".jpeg"}:
            yield path.read_bytes(), photo
        else:
            buffer = io.BytesIO()
            photo.save(buffer, "JPEG", quality=92)
            yield buffer.getvalue(), photo


def build(
    source: Path,
    target: Path,
    originals: int = 2400,
    edited: int = 250,
    seed: int = 42,
    duplicate_of: Mapping[str, str] | None = None,
) -> None:
    """Copy up to `originals` photos of `source` to `target` and add every edit of the first `edited` of them.

    File names hold the truth: `<image>__<edit number>.jpg`, 00 for the original. Which photos: see `originals_of`.
    """
    target.mkdir(parents=True, exist_ok=True)
    for number, (data, photo) in enumerate(originals_of(source, originals, seed, duplicate_of or {})):
        name = f"{number:05d}"
        (target / f"{name}__00.jpg").write_bytes(data)
        if number < edited:
            for place, edit in enumerate(EDITS, start=1):
                (target / f"{name}__{place:02d}.jpg").write_bytes(apply(photo, edit, name))
