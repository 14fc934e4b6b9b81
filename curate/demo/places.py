"""Places where cars are photographed: what stands behind them and what they stand on."""

from collections.abc import Callable

import numpy as np

from curate.demo.canvas import Colour, Layer, Light, Painting, Points, circle, grain, smooth

Rng = np.random.Generator
Place = Callable[[Rng, Painting, int, Light], None]  # paints over a sky, given the row of the horizon


def ground(rng: Rng, painting: Painting, horizon: int, colour: Colour, rough: float, light: Light) -> None:
    """Cover everything under the horizon with a textured surface, finer and paler far away."""
    height, width = painting.shape[:2]
    deep = height - horizon
    if deep <= 0:
        return
    coarse = grain(rng, deep, width, 0.6)
    fine = rng.standard_normal((deep, width)).astype(np.float32)
    far = np.linspace(1, 0, deep, dtype=np.float32)[:, None]
    texture = (coarse * rough + fine * rough * 0.45) * (1 - 0.7 * far)
    base = np.array(colour, np.float32) * light.exposure
    haze = np.array(light.horizon, np.float32) * 0.75
    lit = base + (haze - base) * far[..., None] ** 3 * 0.4
    painting[horizon:] = lit + texture[..., None]


def _box(x0: float, y0: float, x1: float, y1: float) -> Points:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)


def tree(rng: Rng, layer: Layer, x: float, foot: float, size: float, light: Light) -> None:
    """A tree whose trunk stands at (x, foot), `size` pixels high."""
    level = light.exposure
    trunk = smooth(
        [
            (x - size * 0.035, foot),
            (x - size * 0.02, foot - size * 0.5),
            (x + size * 0.02, foot - size * 0.5),
            (x + size * 0.04, foot),
        ]
    )
    layer.polygon(trunk, np.array((86, 66, 48)) * level)
    green = np.array((rng.uniform(44, 96), rng.uniform(86, 126), rng.uniform(30, 60)))
    for shade in (0.55, 0.75, 0.95, 1.15):
        for _ in range(9):
            cx = x + rng.normal(0, size * 0.15) - size * 0.05 * (shade - 0.8)
            cy = foot - size * (0.62 + rng.normal(0, 0.11)) - size * 0.12 * (shade - 0.8)
            leaf = circle(cx, cy, size * rng.uniform(0.06, 0.15) * (1.5 - shade * 0.55), 14)
            leaf += rng.normal(0, size * 0.01, leaf.shape)
            layer.polygon(smooth(leaf, rounds=1), green * shade * level)


def house(rng: Rng, layer: Layer, box: tuple[float, float, float, float], light: Light) -> None:
    """A front with rows of windows in a box (x0, y0, x1, y1) of pixels."""
    x0, y0, x1, y1 = box
    wall = np.array(WALLS[int(rng.integers(len(WALLS)))]) * light.exposure * rng.uniform(0.85, 1.05)
    layer.polygon(_box(x0, y0, x1, y1), np.stack([wall, wall * 0.88]))
    layer.polygon(_box(x0 - 2, y0 - 4, x1 + 2, y0 + 3), wall * 0.65)
    wide = max(2, int((x1 - x0) / rng.uniform(34, 60)))
    high = max(1, int((y1 - y0) / rng.uniform(44, 64)))
    lit = light.exposure < 0.75
    for row in range(high):
        for column in range(wide):
            cx = x0 + (column + 0.5) * (x1 - x0) / wide
            cy = y0 + (row + 0.45) * (y1 - y0) / high
            w, h = (x1 - x0) / wide * 0.27, (y1 - y0) / high * 0.29
            glow = lit and rng.random() < 0.5
            pane = np.array((255, 214, 140)) if glow else np.array((68, 82, 96)) * light.exposure
            layer.polygon(_box(cx - w - 2, cy - h - 2, cx + w + 2, cy + h + 2), wall * 1.14)
            layer.polygon(_box(cx - w, cy - h, cx + w, cy + h), np.stack([pane * 1.05, pane * 0.75]))
            layer.polygon(_box(cx - 1, cy - h, cx + 1, cy + h), wall * 0.8)
            layer.polygon(_box(cx - w - 4, cy + h + 2, cx + w + 4, cy + h + 5), wall * 0.7)


WALLS: tuple[Colour, ...] = (
    (214, 196, 170), (192, 118, 92), (226, 222, 212), (172, 178, 184), (222, 186, 122), (168, 188, 178),
    (206, 164, 158),
)  # fmt: skip


def street(rng: Rng, painting: Painting, horizon: int, light: Light) -> None:
    """Houses and trees behind a pavement; asphalt with a lane line."""
    height, width = painting.shape[:2]
    layer = Layer(width, height)
    x = -rng.uniform(0, 80)
    foot = horizon + rng.uniform(4, 16)
    while x < width:
        wide = rng.uniform(90, 210)
        if rng.random() < 0.85:
            house(rng, layer, (x, horizon - rng.uniform(0.2, 0.55) * height, x + wide, foot), light)
        x += wide + rng.choice([0, 0, 30])
    for _ in range(int(rng.integers(0, 4))):
        tree(rng, layer, rng.uniform(0, width), foot + 4, rng.uniform(0.3, 0.6) * height, light)
    shade = rng.uniform(62, 104)
    ground(rng, painting, horizon, (shade, shade, shade + 3), 7, light)
    stone = np.array((166, 160, 150)) * light.exposure
    layer.polygon(_box(0, foot, width, foot + 9), np.stack([stone, stone * 0.9]))
    layer.polygon(_box(0, foot + 9, width, foot + 13), stone * 0.6)
    layer.onto(painting)
    if rng.random() < 0.6:
        line = Layer(width, height)
        y = height - rng.uniform(0.05, 0.12) * height
        for x in np.arange(-rng.uniform(0, 120), width, 170):
            line.polygon(
                np.array([(x, y), (x + 95, y), (x + 100, y + 9), (x - 3, y + 9)]),
                np.array((205, 202, 190)) * light.exposure,
                0.75,
            )
        line.onto(painting)


def field(rng: Rng, painting: Painting, horizon: int, light: Light) -> None:
    """Hills, a row of trees, grass and an earth track."""
    height, width = painting.shape[:2]
    layer = Layer(width, height)
    haze = np.array(light.horizon)
    for distance in (0.65, 0.4, 0.15):
        xs = np.linspace(-10, width + 10, 40)
        top = horizon - height * (0.02 + 0.13 * distance) * (
            1 + 0.6 * np.sin(xs / rng.uniform(60, 160) + rng.uniform(0, 6))
        )
        near = np.array((78, 106, 58)) * light.exposure
        outline = np.concatenate([np.stack([xs, top], axis=1), [(width + 10, horizon + 6), (-10, horizon + 6)]])
        layer.polygon(outline, near + (haze - near) * distance)
    for _ in range(int(rng.integers(2, 7))):
        tree(
            rng, layer, rng.uniform(0, width), horizon + rng.uniform(2, 10), rng.uniform(0.15, 0.5) * height, light
        )
    grass: Colour = ((120, 132, 62), (92, 122, 58), (168, 148, 92))[int(rng.integers(3))]
    ground(rng, painting, horizon, grass, 15, light)
    track = grain(rng, height, width, 2)[horizon:]
    depth = np.linspace(0, 1, height - horizon, dtype=np.float32)[:, None]
    earth = np.array((150, 126, 96), np.float32) * light.exposure
    cover = np.clip((depth - rng.uniform(0.2, 0.4)) * 4 + track * 0.7, 0, 1)[..., None]
    painting[horizon:] += (earth + track[..., None] * 14 - painting[horizon:]) * cover
    layer.onto(painting)


def wall(rng: Rng, painting: Painting, horizon: int, light: Light) -> None:
    """A wall of brick, plaster or a shutter, close behind."""
    height, width = painting.shape[:2]
    foot = horizon + int(rng.uniform(0.03, 0.1) * height)
    base = np.array(WALLS[int(rng.integers(len(WALLS)))], np.float32) * light.exposure * 0.95
    painting[:foot] = base + grain(rng, foot, width)[..., None] * rng.uniform(6, 16)
    kind = int(rng.integers(3))
    ys, xs = np.arange(foot)[:, None], np.arange(width)[None, :]
    if kind == 0:
        course, brick = int(rng.integers(10, 15)), int(rng.integers(28, 40))
        row = ys // course
        joint = (ys % course < 2) | ((xs + (row % 2) * brick // 2) % brick < 2)
        tint = rng.uniform(0.82, 1.12, (foot // course + 2, width // brick + 3))
        painting[:foot] *= tint[row, (xs + (row % 2) * brick // 2) // brick][..., None]
        painting[:foot][joint] = np.array((186, 178, 168)) * light.exposure
    elif kind == 1:
        step = int(rng.integers(9, 16))
        painting[:foot] *= (0.86 + 0.16 * np.cos(2 * np.pi * ys / step))[..., None]
    shade = rng.uniform(90, 150)
    ground(rng, painting, foot, (shade, shade * 0.98, shade * 0.94), 9, light)
    painting[foot : foot + 5] *= 0.6
    if rng.random() < 0.5:
        layer = Layer(width, height)
        for _ in range(int(rng.integers(1, 3))):
            x, tall = rng.uniform(0, width), rng.uniform(0.2, 0.34) * height
            frame = _box(x, foot - tall * 1.6, x + tall, foot - tall * 0.5)
            layer.polygon(frame, (230, 228, 220))
            layer.polygon(
                frame * 0.9 + frame.mean(axis=0) * 0.1, np.array([(70, 84, 98), (36, 44, 52)]) * light.exposure
            )
        layer.onto(painting)


def showroom(rng: Rng, painting: Painting, horizon: int, light: Light) -> None:
    """Panels, spots and a polished floor."""
    height, width = painting.shape[:2]
    foot = horizon + int(rng.uniform(0.04, 0.12) * height)
    tone = rng.uniform(0.75, 1.0)
    down = np.linspace(1.0, 0.82, foot, dtype=np.float32)[:, None, None]
    painting[:foot] = np.array(light.horizon, np.float32) * tone * down
    layer = Layer(width, height)
    accent = np.array(ACCENTS[int(rng.integers(len(ACCENTS)))])
    step = rng.uniform(110, 190)
    for x in np.arange(-rng.uniform(0, step), width, step):
        layer.polygon(_box(x, 0, x + 2, foot), np.array((150, 150, 152)), 0.7)
    y = rng.uniform(0.08, 0.2) * height
    layer.polygon(_box(0, y, width, y + rng.uniform(16, 40)), np.stack([accent, accent * 0.8]))
    layer.onto(painting)
    for x in np.arange(rng.uniform(20, 60), width, rng.uniform(70, 120)):
        ys, xs = np.mgrid[0:foot:1, 0:width:1].astype(np.float32)
        painting[:foot] += (46 * np.exp(-(((xs - x) / 30) ** 2) - (ys / (foot * 0.5)) ** 2))[..., None]
    shade = rng.uniform(150, 205)
    ground(rng, painting, foot, (shade, shade, shade), 2, light)
    deep = height - foot
    mirrored = painting[max(0, foot - deep) : foot][::-1]
    fade = np.linspace(0.4, 0.08, len(mirrored), dtype=np.float32)[:, None, None]
    painting[foot : foot + len(mirrored)] += (mirrored - painting[foot : foot + len(mirrored)]) * fade
    tiles = Layer(width, height)
    for k in range(1, 5):
        y = foot + deep * (k / 5) ** 1.6
        tiles.polygon(_box(0, y, width, y + 1.2), np.array((120, 120, 122)), 0.35)
    for x in np.linspace(-2 * width, 3 * width, 16):
        tiles.polygon(
            np.array(
                [
                    (width / 2 + (x - width / 2) * 0.4, foot),
                    (width / 2 + (x - width / 2) * 0.4 + 1, foot),
                    (x + 3, height),
                    (x, height),
                ]
            ),
            np.array((120, 120, 122)),
            0.3,
        )
    tiles.onto(painting)


ACCENTS: tuple[Colour, ...] = ((30, 84, 150), (176, 36, 40), (28, 118, 92), (60, 62, 70), (208, 140, 40))


def parking(rng: Rng, painting: Painting, horizon: int, light: Light) -> None:
    """A parking lot: bays, a hedge, a building far off."""
    height, width = painting.shape[:2]
    layer = Layer(width, height)
    for _ in range(int(rng.integers(1, 4))):
        x = rng.uniform(-60, width)
        house(
            rng,
            layer,
            (x, horizon - rng.uniform(0.08, 0.25) * height, x + rng.uniform(120, 300), horizon + 3),
            light,
        )
    ground(rng, painting, horizon, (112, 110, 106), 8, light)
    top = horizon - rng.uniform(8, 26)
    green = np.array((62, 92, 48)) * light.exposure
    xs = np.linspace(-10, width + 10, 60)
    hedge = np.concatenate(
        [np.stack([xs, top + rng.normal(0, 2.5, 60)], axis=1), [(width + 10, horizon + 6), (-10, horizon + 6)]]
    )
    layer.polygon(hedge, np.stack([green * 1.1, green * 0.6]))
    for _ in range(int(rng.integers(0, 3))):
        tree(rng, layer, rng.uniform(0, width), horizon + 6, rng.uniform(0.25, 0.5) * height, light)
    white = np.array((214, 212, 204)) * light.exposure
    vanish = rng.uniform(0.2, 0.8) * width
    for x in np.arange(-width, 2 * width, rng.uniform(150, 230)):
        far = vanish + (x - vanish) * 0.25
        y = horizon + (height - horizon) * 0.25
        layer.polygon(np.array([(far, y), (far + 3, y), (x + 11, height), (x, height)]), white, 0.8)
    layer.onto(painting)


PLACES: dict[str, Place] = {
    "street": street, "field": field, "wall": wall, "parking": parking, "showroom": showroom,
}  # fmt: skip
