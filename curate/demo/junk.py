"""What else sellers upload: themselves, a wheel, or a street with nothing for sale in it."""

from collections.abc import Sequence

import numpy as np

from curate.demo.canvas import Colour, Layer, Painting, Points, circle, grain, smooth
from curate.demo.photographs import tilt
from curate.demo.places import Rng
from curate.demo.scenes import paint_scene

SKINS: tuple[Colour, ...] = ((240, 200, 168), (214, 164, 126), (168, 116, 80), (112, 74, 52))
CLOTHES: tuple[Colour, ...] = ((34, 40, 58), (58, 60, 66), (24, 24, 28), (72, 52, 42), (44, 62, 96))


def person(rng: Rng, width: int, height: int) -> Painting:
    """The seller: a head and shoulders in a suit, in front of whatever was there."""
    import cv2

    scene = paint_scene(
        rng, width, height, height * 0.45, str(rng.choice(["wall", "street", "showroom"])), "overcast"
    )
    painting: Painting = np.asarray(cv2.GaussianBlur(scene.painting, (0, 0), 3.5), dtype=np.float32)
    layer = Layer(width, height)
    unit = height / 100 * rng.uniform(0.9, 1.12)
    cx, top = width / 2 + rng.normal(0, width * 0.05), height * rng.uniform(0.05, 0.12)
    skin = np.array(SKINS[int(rng.integers(len(SKINS)))])
    cloth = np.array(CLOTHES[int(rng.integers(len(CLOTHES)))])
    tie = np.array(((150, 26, 36), (36, 60, 130), (96, 40, 96), (40, 96, 70))[int(rng.integers(4))])
    hair = np.array(((26, 20, 18), (60, 42, 30), (120, 118, 116))[int(rng.integers(3))])

    def put(points: Sequence[tuple[float, float]]) -> Points:
        return np.array(points) * unit + (cx, top)

    def soft(points: Sequence[tuple[float, float]]) -> Points:
        return smooth(put(points))

    body = [(-12, 40), (-30, 45), (-37, 58), (-41, 110), (41, 110), (37, 58), (30, 45), (12, 40)]
    layer.polygon(soft(body), np.stack([cloth * 1.35, cloth]))
    layer.polygon(
        put([(-9, 38), (9, 38), (15, 47), (0, 82), (-15, 47)]), np.stack([(246, 246, 248), (214, 216, 222)])
    )
    layer.polygon(soft([(-7, 26), (7, 26), (8, 42), (0, 47), (-8, 42)]), np.stack([skin * 0.72, skin * 0.86]))
    layer.polygon(put([(-3.2, 46), (3.2, 46), (2.2, 51), (-2.2, 51)]), tie * 0.8)
    layer.polygon(put([(-2.2, 51), (2.2, 51), (4.8, 76), (0, 84), (-4.8, 76)]), np.stack([tie, tie * 0.75]))
    for y in range(54, 80, 5):
        layer.polygon(
            put([(-4, y), (4, y + 3), (4, y + 4.4), (-4, y + 1.4)]),
            tie * 1.35,
            0.6,
            within=True,
            clip=put([(-2.2, 51), (2.2, 51), (4.8, 76), (0, 84), (-4.8, 76)]),
        )
    for side in (-1, 1):
        layer.polygon(put([(side * 8, 39), (side * 1, 47), (side * 8.5, 53), (side * 13, 43)]), (250, 250, 252))
        lapel = [
            (side * 12, 41),
            (side * 20, 50),
            (side * 23, 60),
            (side * 16, 62),
            (side * 1.2, 88),
            (side * 13, 52),
        ]
        layer.polygon(put(lapel), np.stack([cloth * 1.75, cloth * 1.2]))
        layer.line(put(lapel + lapel[:1]), cloth * 0.6, unit * 0.4)
        layer.line(put([(side * 31, 66), (side * 28, 108)]), cloth * 0.5, unit * 0.6)
    layer.polygon(put([(16, 70), (26, 68), (26, 71), (16, 73)]), (232, 232, 238))
    for y in (91, 100):
        layer.polygon(circle(cx + 1.5 * unit, top + y * unit, unit * 1.1, 12), cloth * 0.4)
    head = [(-11, 6), (-13, 16), (-10.5, 28), (-4, 36), (4, 36), (10.5, 28), (13, 16), (11, 6), (4, 0), (-4, 0)]
    for side in (-1, 1):
        layer.polygon(circle(cx + side * 12.2 * unit, top + 18 * unit, unit * 2.6, 16), skin * 0.86)
    layer.polygon(soft(head), np.stack([skin * 1.04, skin, skin * 0.86]))
    layer.polygon(
        soft(
            [
                (-12.6, 15),
                (-12.4, 3),
                (-5, -4.5),
                (5, -4.5),
                (12.4, 3),
                (12.6, 15),
                (10, 8),
                (4, 6),
                (-5, 7.5),
                (-10, 8),
            ]
        ),
        np.stack([hair * 1.4, hair]),
    )
    for side in (-1, 1):
        layer.polygon(
            soft([(side * 3, 15.8), (side * 6, 14.4), (side * 8, 15.8), (side * 6, 17)]), (246, 244, 240)
        )
        layer.polygon(circle(cx + side * 5.4 * unit, top + 15.7 * unit, unit * 1.1, 14), (40, 28, 22))
        layer.line(put([(side * 2.6, 12.6), (side * 5.6, 11.4), (side * 8.4, 12.8)]), hair * 0.8, unit * 0.9)
    layer.line(put([(-0.6, 16), (-1.8, 22.5), (1.2, 23)]), skin * 0.66, unit * 0.6)
    layer.line(put([(-4, 28), (-1, 29), (3.8, 27.6)]), (138, 66, 62), unit * 0.9)
    layer.onto(painting)
    return painting


def closeup(rng: Rng, width: int, height: int) -> Painting:
    """A wheel that fills the image, in its arch."""
    paint = rng.uniform(20, 235, 3)
    painting = (paint + grain(rng, height, width, 3)[..., None] * 6).astype(np.float32)
    painting *= np.linspace(1.12, 0.72, height, dtype=np.float32)[:, None, None]
    layer = Layer(width, height)
    x, y = width * rng.uniform(0.42, 0.58), height * rng.uniform(0.48, 0.6)
    radius = min(width, height) * rng.uniform(0.42, 0.54)
    layer.polygon(circle(x, y, radius * 1.16, 60), (10, 10, 11))
    layer.polygon(
        np.array([(0, y + radius * 0.86), (width, y + radius * 0.86), (width, height), (0, height)]),
        np.array([(96, 94, 90), (128, 126, 122)]),
    )
    layer.polygon(circle(x, y, radius, 80), np.array([(58, 58, 60), (28, 28, 29)]))
    for k in range(72):
        angle = 2 * np.pi * k / 72
        ends = [(x + radius * r * np.cos(angle), y + radius * r * np.sin(angle)) for r in (0.93, 1.0)]
        layer.line(np.array(ends), (14, 14, 15), radius * 0.014)
    for r in (0.9, 0.78):
        layer.line(circle(x, y, radius * r, 80), (18, 18, 19), radius * 0.012)
    rim = radius * rng.uniform(0.66, 0.73)
    alloy = np.array([(236, 238, 242), (176, 180, 186), (128, 132, 138)])
    layer.polygon(circle(x, y, rim * 1.03, 80), alloy * 0.8)
    layer.polygon(circle(x, y, rim * 0.95, 80), np.array([(30, 31, 33), (46, 47, 50)]))
    layer.polygon(circle(x, y, rim * 0.6, 60), np.array([(104, 102, 100), (70, 68, 68)]))
    layer.polygon(circle(x, y, rim * 0.42, 60), np.array([(52, 52, 54), (34, 34, 36)]))
    spokes = int(rng.choice([5, 6, 7, 10]))
    half = 0.34 * np.pi / spokes
    start = rng.uniform(0, 1)
    for k in range(spokes):
        angle = 2 * np.pi * k / spokes + start
        for wide, inset, tone in ((1.0, 0, 0.8), (0.72, 0.02, 1.0)):
            corners = [(0.16, -1.5), (0.7, -0.62), (0.97, -0.8), (0.97, 0.8), (0.7, 0.62), (0.16, 1.5)]
            spoke = [
                (
                    x + rim * (r - inset) * np.cos(angle + half * wide * a),
                    y + rim * (r - inset) * np.sin(angle + half * wide * a),
                )
                for r, a in corners
            ]
            layer.polygon(np.array(spoke), alloy * tone)
    layer.polygon(circle(x, y, rim * 0.27, 40), alloy * 0.9)
    layer.polygon(circle(x, y, rim * 0.15, 30), np.array([(70, 72, 78), (30, 31, 34)]))
    for k in range(5):
        angle = 2 * np.pi * k / 5 + start
        layer.polygon(
            circle(x + rim * 0.21 * np.cos(angle), y + rim * 0.21 * np.sin(angle), rim * 0.028, 12), (52, 54, 58)
        )
    layer.onto(painting)
    return tilt(rng, painting)


def street_only(rng: Rng, width: int, height: int) -> Painting:
    """A place without any car in it."""
    place = str(rng.choice(["street", "field", "wall"]))
    return paint_scene(
        rng, width, height, height * rng.uniform(0.45, 0.65), place, str(rng.choice(["day", "overcast", "dusk"]))
    ).painting
