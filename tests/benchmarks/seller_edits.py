"""What sellers do to photos before they upload them again: screenshots, collages, banners, text, turns, strong
crops.

Sizes and places vary from photo to photo, seeded by its name."""

import io
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from tests.benchmarks.edits import Edit, crop_of, originals_of


def _screenshot(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A phone's screen, 540 pixels wide, with the photo across it between an app's bar and the listing's text."""
    width, height = 540, 1080
    paper, ink = rng.choice((((18, 18, 20), (235, 235, 235)), ((255, 255, 255), (20, 20, 20))))
    screen = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(screen)
    draw.text((20, 8), f"{rng.randint(0, 23)}:{rng.randint(10, 59)}", ink, font_size=22)
    top = rng.randint(60, 160)
    draw.rectangle((0, 40, width, top), fill=rng.choice(((200, 30, 40), (30, 90, 200), (20, 140, 90), paper)))
    draw.text((60, top - 38), "Used cars", ink, font_size=26)
    shown = photo.resize((width, round(photo.height * width / photo.width)), Image.Resampling.BILINEAR)
    screen.paste(shown, (0, top))
    line = top + shown.height + 20
    for words in (f"{rng.randint(200, 999)},000", f"{rng.randint(2008, 2020)} first owner", "petrol"):
        draw.text((20, line), words, ink, font_size=30)
        line += 52
    for _ in range(rng.randint(3, 6)):
        draw.line((20, line, rng.randint(200, 520), line), fill=(128, 128, 128), width=8)
        line += 34
    draw.rounded_rectangle((20, height - 110, width - 20, height - 40), 16, fill=(30, 120, 220))
    draw.text((width // 2, height - 75), "Contact seller", "white", font_size=30, anchor="mm")
    return screen


def _banner(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A dealer's strip below the photo, 12-22% of its height, with name and number."""
    strip = round(photo.height * rng.uniform(0.12, 0.22))
    higher = Image.new(
        "RGB", (photo.width, photo.height + strip), rng.choice(("navy", "black", "darkred", "white"))
    )
    higher.paste(photo, (0, 0))
    draw = ImageDraw.Draw(higher)
    name = rng.choice(("CITY MOTORS", "AUTO HUB", "PRIME CARS", "STAR WHEELS"))
    draw.text((photo.width // 20, photo.height + strip // 5), name, "orange", font_size=max(9, strip // 2))
    number = f"{rng.randint(70000, 99999)} {rng.randint(10000, 99999)}"
    corner = photo.width * 19 // 20, photo.height + strip // 3
    draw.text(corner, number, "orange", font_size=max(8, strip // 3), anchor="ra")
    return higher


def _text_boxes(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Three boxes with words across the photo, each a third to half as wide and a tenth as high."""
    marked = photo.copy()
    draw = ImageDraw.Draw(marked)
    for words in ("BEST PRICE", "CALL NOW", "FIRST OWNER"):
        width, height = round(photo.width * rng.uniform(0.33, 0.5)), max(12, photo.height // 10)
        left, top = rng.randint(0, photo.width - width), rng.randint(0, photo.height - height)
        fill, ink = rng.choice((("yellow", "black"), ("red", "white"), ("white", "red"), ("black", "yellow")))
        draw.rectangle((left, top, left + width, top + height), fill=fill)
        draw.text((left + 4, top + height // 8), words, ink, font_size=max(8, height * 2 // 3))
    return marked


def _sepia(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Brown on cream, as an old print."""
    return ImageOps.colorize(ImageOps.grayscale(photo), (20, 12, 4), (255, 240, 205), mid=(148, 112, 72))


def _corner_crop(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A quarter of the width and of the height away, all at one corner."""
    width, height = round(photo.width * 0.75), round(photo.height * 0.75)
    left, top = rng.choice((0, photo.width - width)), rng.choice((0, photo.height - height))
    return photo.crop((left, top, left + width, top + height))


def _turn(degrees: float) -> Edit:
    """Turned either way, the corners filled with black or white."""

    def turn(photo: Image.Image, rng: random.Random) -> Image.Image:
        angle, fill = degrees * rng.choice((-1, 1)), rng.choice(("black", "white"))
        return photo.rotate(angle, Image.Resampling.BICUBIC, fillcolor=fill)

    return turn


EDITS: dict[str, Edit] = {
    "screenshot": _screenshot,
    "banner": _banner,
    "text boxes": _text_boxes,
    "sepia": _sepia,
    "crop 30%": crop_of(0.30),
    "crop 40%": crop_of(0.40),
    "corner crop": _corner_crop,
    "turn 5°": _turn(5),
    "turn 15°": _turn(15),
    "turn 25°": _turn(25),
    "turn 45°": _turn(45),
    "dark 45%": lambda photo, rng: ImageEnhance.Brightness(photo).enhance(0.45),
    "upside down": lambda photo, rng: photo.rotate(180),
}
COLLAGE = "collage"  # of four photos


def collage(photos: Sequence[Image.Image], rng: random.Random) -> Image.Image:
    """Two by two, each photo cut to the shape of the first and half as large, with a thin line between or none."""
    width, height = photos[0].size
    gap = rng.choice((0, 4, 8))
    sheet = Image.new("RGB", (width + gap, height + gap), rng.choice(("white", "black")))
    for number, photo in enumerate(photos):
        cell = ImageOps.fit(photo, (width // 2, height // 2), Image.Resampling.LANCZOS)
        sheet.paste(cell, (number % 2 * (width // 2 + gap), number // 2 * (height // 2 + gap)))
    return sheet


def apply(photo: Image.Image, edit: str, name: str) -> bytes:
    """The JPEG of `photo` after `edit`; `name` seeds the details."""
    return _jpeg(EDITS[edit](photo, random.Random(f"{edit}/{name}")))


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def build(
    source: Path, target: Path, originals: int, edited: int, duplicate_of: dict[str, str] | None = None
) -> None:
    """Copy photos of `source` to `target` and add every edit of the first `edited`, and one collage per four of
    them.

    File names hold the truth: `<image>__<edit number>.jpg`, 00 for the original; a collage has the number of its
    first photo and the edit number 99.
    """
    target.mkdir(parents=True, exist_ok=True)
    photos = []
    for number, (data, photo) in enumerate(originals_of(source, originals, 42, duplicate_of or {})):
        (target / f"{number:05d}__00.jpg").write_bytes(data)
        if number < edited:
            photos.append(photo)
    for number, photo in enumerate(photos):
        for place, edit in enumerate(EDITS, start=1):
            (target / f"{number:05d}__{place:02d}.jpg").write_bytes(apply(photo, edit, f"{number:05d}"))
    for first in range(0, len(photos) - 3, 4):
        sheet = collage(photos[first : first + 4], random.Random(f"{COLLAGE}/{first}"))
        (target / f"{first:05d}__99.jpg").write_bytes(_jpeg(sheet))
