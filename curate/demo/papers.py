"""Papers and screenshots, which sellers upload beside their photos."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from curate.demo.canvas import Painting, grain
from curate.demo.places import Rng

INK = (38, 40, 48)
WORDS = [
    "registration",
    "certificate",
    "owner",
    "engine",
    "chassis",
    "number",
    "vehicle",
    "class",
    "fuel",
    "petrol",
    "date",
    "issued",
    "insurance",
    "policy",
    "premium",
    "valid",
    "until",
    "state",
    "transport",
    "authority",
    "address",
    "received",
    "paid",
    "invoice",
    "service",
    "oil",
    "filter",
    "total",
    "tax",
    "amount",
]


def _rows(rng: Rng, count: int) -> str:
    return " ".join(WORDS[int(i)] for i in rng.permutation(len(WORDS))[:count])


def _sheet(rng: Rng) -> Image.Image:
    """A printed page: a form with a table, a letter, or a bill."""
    page = Image.new("RGB", (620, 820), tuple(int(c) for c in rng.integers(234, 253, 3)))
    draw = ImageDraw.Draw(page)
    small, large = ImageFont.load_default(17), ImageFont.load_default(42)
    draw.text((50, 36), _rows(rng, 2).upper()[:20], tuple(int(c) for c in rng.integers(10, 120, 3)), large)
    draw.line((50, 92, 570, 92), INK, 3)
    y = 115
    table = rng.random() < 0.3
    while y < 740:
        if table and 260 < y < 600:
            draw.rectangle((50, y, 570, y + 30), outline=INK, width=2)
            draw.line((230, y, 230, y + 30), INK, 2)
            draw.text((60, y + 7), _rows(rng, 2).title(), INK, small)
            draw.text((245, y + 7), f"{rng.integers(10**6, 10**9)}", INK, small)
            y += 30
        else:
            draw.text((50, y), _rows(rng, int(rng.integers(7, 11)))[:62], INK, small)
            y += 27 + 26 * int(rng.random() < 0.15)
    stamp = [int(rng.integers(330, 430)), int(rng.integers(620, 680))]
    tint = ((150, 40, 60), (50, 60, 150))[int(rng.integers(2))]
    draw.ellipse((*stamp, stamp[0] + 130, stamp[1] + 130), outline=tint, width=6)
    draw.text((stamp[0] + 24, stamp[1] + 52), "APPROVED", tint, ImageFont.load_default(17))
    return page


def document(rng: Rng, width: int, height: int) -> Painting:
    """A page on a table, photographed from above."""
    import cv2

    wood = np.array(((150, 108, 70), (96, 66, 44), (176, 172, 166))[int(rng.integers(3))], np.float32)
    painting = (
        wood + grain(rng, height, width, 6)[..., None] * 16 + grain(rng, height, width, 1)[..., None] * 5
    ).astype(np.float32)
    page = np.asarray(_sheet(rng), np.float32)
    tall = height * rng.uniform(0.85, 1.1)
    half = np.array((tall * 0.38, tall / 2))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half * rng.uniform(0.92, 1.06, (4, 2))
    turn = rng.normal(0, 0.24) + (np.pi / 2 if width > height and rng.random() < 0.3 else 0)
    corners = corners @ np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    corners += (width / 2 + rng.normal(0, width * 0.04), height / 2 + rng.normal(0, height * 0.04))
    source = np.array([(0, 0), (620, 0), (620, 820), (0, 820)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    flags = cv2.INTER_AREA
    cover = cv2.warpPerspective(np.ones(page.shape[:2], np.float32), matrix, (width, height), flags=flags)
    shadow = cv2.GaussianBlur(np.roll(cover, (5, 6), (0, 1)), (0, 0), 7)
    painting *= 1 - 0.5 * shadow[..., None]
    small = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    halved = matrix @ np.diag([2.0, 2.0, 1.0])
    warped = cv2.warpPerspective(small, halved, (width, height), flags=cv2.INTER_LINEAR)
    painting += (warped - painting) * cover[..., None]
    light = 1 + 0.16 * np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * rng.choice([-1, 1])
    return np.asarray(painting * light, dtype=np.float32)


def screenshot(rng: Rng, width: int, height: int) -> Painting:
    """An advert's web page, uploaded as a photo."""
    page = Image.new("RGB", (width, height), (250, 250, 251))
    draw = ImageDraw.Draw(page)
    brand = tuple(int(c) for c in rng.integers(20, 180, 3))
    bar, step = int(rng.integers(26, 60)), int(rng.integers(58, 120))
    placeholder = (int(step * rng.uniform(0.8, 1.7)), step - 14)
    left = 12 if rng.random() < 0.6 else width - 12 - placeholder[0]
    text = 24 + placeholder[0] if left == 12 else 12
    draw.rectangle((0, 0, width, bar), fill=brand)
    draw.text((12, bar / 2 - 12), "bestcars.example", (255, 255, 255), ImageFont.load_default(18))
    draw.rounded_rectangle(
        (width * rng.uniform(0.45, 0.7), bar / 2 - 9, width - 12, bar / 2 + 9), 9, fill=(255, 255, 255)
    )
    for x in range(12, width - 60, int(rng.integers(64, 96))):
        draw.text((x, bar + 7), WORDS[int(rng.integers(len(WORDS)))][:9], brand, ImageFont.load_default(13))
    draw.line((0, bar + 30, width, bar + 30), (210, 212, 216), 2)
    button = tuple(int(c) for c in rng.integers(20, 220, 3))
    for y in range(bar + 40 - int(rng.integers(0, step // 2)), height, step):
        if y < bar + 32:
            continue
        draw.rectangle(
            (left, y, left + placeholder[0], y + placeholder[1]),
            fill=tuple(int(c) for c in rng.integers(90, 235, 3)),
        )
        draw.text((text, y), _rows(rng, 3).title()[: width // 14], (26, 60, 150), ImageFont.load_default(16))
        for line in range(22, step - 48, 16):
            draw.text((text, y + line), _rows(rng, 8)[: width // 11], (90, 92, 98), ImageFont.load_default(12))
        draw.rounded_rectangle((text, y + step - 36, text + 78, y + step - 14), 6, fill=button)
        draw.text((text + 9, y + step - 33), "Call now", (255, 255, 255), ImageFont.load_default(14))
    return np.asarray(page, dtype=np.float32).copy()
