"""Vehicles of other kinds: motorcycles and lorries seen from the side, and buses modelled as cars are."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from curate.demo.canvas import Layer, Painting, Points, circle, smooth
from curate.demo.cars import Car, Shape
from curate.demo.photographs import defocus, photograph
from curate.demo.places import Rng
from curate.demo.scenes import Scene, paint_scene

Place = tuple[float, float]  # metres
RIDDEN = 0.5  # share of the motorcycles with somebody on them
BUS = Shape(
    outline=((0.1, 0.4), (0.0, 0.5), (0.0, 0.9), (0.03, 1.3), (0.14, 2.5), (0.3, 2.86), (0.8, 2.98), (3.0, 3.02),
             (6.0, 3.02), (7.2, 2.98), (7.44, 2.8), (7.5, 1.4), (7.52, 0.6), (7.4, 0.4)),
    glass=((0.5, 1.5), (0.56, 2.5), (7.1, 2.52), (7.1, 1.5)),
    pillars=(1.6, 2.6, 3.6, 4.6, 5.6, 6.5), doors=(0.42, 1.5), half_width=1.2, lean=0.05, belt=1.4,
    wheels=(1.7, 5.9), wheel_radius=0.46, screen=(0.035, 0.15), rear_glass=(1.6, 2.4),
    lamp=(0.7, 1.0, 0.12), tail=(0.8, 1.3, 0.82, 0.06),
)  # fmt: skip
BUS_PAINTS = ((240, 176, 30), (240, 176, 30), (206, 44, 40), (52, 140, 92))
TINTS = ((196, 30, 36), (28, 66, 150), (236, 176, 36), (34, 36, 40), (232, 232, 228), (40, 120, 86))


class _Pen:
    """Draws metres on a layer: x to the right, z up from the road."""

    def __init__(self, layer: Layer, left: float, road: float, scale: float, level: float, flip: bool) -> None:
        self.layer, self.left, self.road, self.scale, self.level = layer, left, road, scale, level
        self.flip = flip

    def place(self, points: object) -> Points:
        """Metres to pixels."""
        across = -self.scale if self.flip else self.scale
        return np.asarray(points, dtype=np.float64) * (across, -self.scale) + (self.left, self.road)

    def fill(self, points: object, colour: object, round_off: bool = False) -> None:
        outline = smooth(points) if round_off else np.asarray(points, dtype=np.float64)
        self.layer.polygon(self.place(outline), np.asarray(colour, dtype=np.float64) * self.level)

    def stroke(self, points: object, colour: object, thickness: float) -> None:
        """A tube through `points`, `thickness` in metres."""
        line = np.asarray(points, dtype=np.float64)
        for a, b in pairwise(line):
            along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6) * thickness / 2
            across = np.array((-along[1], along[0]))
            self.fill([a - across, b - across, b + across, a + across], colour)
            self.fill(circle(b[0], b[1], thickness / 2, 12), colour)

    def wheel(self, x: float, radius: float, wide: float, spokes: int) -> None:
        self.fill(circle(x, radius, radius, 48), [(50, 50, 52), (22, 22, 23)])
        self.fill(circle(x, radius, radius - wide, 48), (172, 176, 182) if spokes < 20 else (70, 72, 74))
        if spokes:
            self.fill(
                circle(x, radius, radius - wide * 1.25, 48), (92, 94, 96) if spokes < 20 else (150, 156, 158)
            )
            for angle in np.arange(spokes) * 2 * np.pi / spokes:
                end = (x + (radius - wide) * np.cos(angle), radius + (radius - wide) * np.sin(angle))
                self.stroke([(x, radius), end], (206, 208, 212), 0.014 if spokes >= 20 else radius * 0.14)
        self.fill(circle(x, radius, radius * 0.2, 24), [(200, 202, 206), (90, 92, 96)])


def motorcycle(pen: _Pen, rng: Rng) -> None:
    """2.1 m long: tank, engine, forks, two spoked wheels."""
    tint = np.array(TINTS[int(rng.integers(4))])
    pen.wheel(0.32, 0.31, 0.09, 5)
    pen.wheel(1.68, 0.31, 0.1, 5)
    chrome, black = [(212, 215, 220), (120, 124, 130)], [(52, 53, 56), (22, 22, 24)]
    pen.stroke([(0.32, 0.31), (0.62, 1.0)], chrome, 0.06)
    pen.stroke([(0.62, 1.0), (0.9, 0.72), (1.2, 0.62), (1.3, 0.34), (0.78, 0.3), (0.68, 0.8)], black, 0.05)
    pen.stroke([(1.26, 0.36), (1.68, 0.31)], black, 0.07)
    pen.stroke([(1.4, 0.72), (1.64, 0.34)], chrome, 0.045)
    pen.fill(
        [(0.74, 0.28), (1.24, 0.28), (1.3, 0.5), (1.1, 0.66), (0.84, 0.62), (0.7, 0.44)],
        [(150, 153, 158), (66, 68, 72)],
    )
    for z in (0.5, 0.55, 0.6):
        pen.stroke([(0.8, z), (1.06, z + 0.02)], (52, 54, 56), 0.016)
    pen.fill(circle(1.12, 0.42, 0.1, 24), [(190, 193, 198), (110, 112, 118)])
    pen.stroke([(0.8, 0.34), (1.0, 0.22), (1.4, 0.24), (1.92, 0.34)], chrome, 0.075)
    pen.fill(
        [(0.68, 0.98), (0.74, 1.08), (1.0, 1.1), (1.24, 0.94), (1.22, 0.78), (0.8, 0.74)],
        np.stack([tint * 1.2, tint, tint * 0.6]),
        True,
    )
    pen.fill(
        [(1.16, 0.9), (1.4, 0.84), (1.8, 0.94), (1.94, 1.0), (1.84, 0.84), (1.4, 0.72), (1.2, 0.74)],
        [(44, 44, 46), (18, 18, 19)],
        True,
    )
    pen.fill([(1.62, 0.78), (1.95, 0.9), (2.02, 0.8), (1.8, 0.7)], np.stack([tint, tint * 0.7]), True)
    pen.fill(circle(0.52, 0.92, 0.11, 28), [(240, 242, 240), (150, 152, 156)])
    pen.fill(circle(0.5, 0.92, 0.075, 24), (255, 252, 230))
    pen.stroke([(0.62, 1.02), (0.66, 1.16), (0.84, 1.14)], black, 0.04)
    pen.stroke([(0.68, 1.14), (0.6, 1.34)], black, 0.02)
    pen.fill(circle(0.58, 1.36, 0.06, 18), [(60, 62, 66), (30, 30, 32)])
    pen.fill(
        [(0.06, 0.52), (0.2, 0.66), (0.46, 0.66), (0.6, 0.52), (0.44, 0.62), (0.2, 0.62)],
        np.stack([tint, tint * 0.7]),
    )
    if rng.random() < RIDDEN:
        rider(pen, rng, (1.36, 0.86), (0.8, 1.14), (1.04, 0.26))


def rider(
    pen: _Pen, rng: Rng, seat: tuple[float, float], grip: tuple[float, float], foot: tuple[float, float]
) -> None:
    """A person in a helmet, sitting on `seat`, hands at `grip`, feet at `foot`."""
    coat = np.array(((150, 40, 36), (44, 70, 120), (60, 62, 64), (70, 96, 60))[int(rng.integers(4))])
    jeans = np.array((52, 66, 96))
    x, z = seat
    knee = (foot[0] + 0.04, foot[1] + 0.46)
    pen.stroke([(x, z + 0.08), knee, (foot[0] + 0.06, foot[1] + 0.06)], jeans, 0.15)
    pen.fill(
        [
            (foot[0] - 0.12, foot[1]),
            (foot[0] + 0.12, foot[1]),
            (foot[0] + 0.12, foot[1] + 0.1),
            (foot[0], foot[1] + 0.11),
        ],
        (30, 28, 28),
        True,
    )
    pen.fill(
        [(x - 0.14, z), (x + 0.16, z), (x + 0.14, z + 0.5), (x - 0.02, z + 0.62), (x - 0.16, z + 0.52)],
        np.stack([coat * 1.25, coat * 0.8]),
        True,
    )
    shoulder, elbow = (x - 0.04, z + 0.5), ((x + grip[0]) / 2 + 0.02, (z + grip[1]) / 2 + 0.1)
    pen.stroke([shoulder, elbow, grip], coat * 0.9, 0.11)
    pen.fill(circle(grip[0], grip[1], 0.05, 14), (176, 126, 92))
    helmet = np.array(TINTS[int(rng.integers(len(TINTS)))])
    hx, hz = x - 0.06, z + 0.78
    pen.fill(circle(hx, hz, 0.16, 30), np.stack([np.minimum(helmet * 1.3 + 20, 255), helmet, helmet * 0.6]))
    pen.fill(
        [(hx - 0.16, hz + 0.05), (hx - 0.02, hz + 0.06), (hx - 0.02, hz - 0.06), (hx - 0.15, hz - 0.07)],
        [(90, 104, 116), (22, 26, 30)],
        True,
    )


def lorry(pen: _Pen, rng: Rng) -> None:
    """9 m long: a cab and a box body on three axles."""
    tint = np.array(TINTS[int(rng.integers(len(TINTS)))])
    box = np.array(((226, 224, 218), (190, 196, 202), (206, 150, 60), (74, 110, 150))[int(rng.integers(4))])
    pen.fill([(0.2, 0.55), (9.0, 0.55), (9.0, 0.82), (0.2, 0.82)], (40, 41, 43))
    pen.fill([(2.2, 0.84), (9.05, 0.84), (9.05, 3.5), (2.2, 3.5)], np.stack([box * 1.08, box * 0.9]))
    for x in np.arange(2.6, 9.0, 0.5):
        pen.stroke([(x, 0.86), (x, 3.48)], box * 0.78, 0.03)
    pen.stroke([(2.2, 3.47), (9.05, 3.47)], box * 0.7, 0.08)
    cab = [(0.05, 0.5), (0.0, 1.5), (0.22, 2.5), (0.5, 2.74), (1.95, 2.8), (1.98, 0.5)]
    pen.fill(smooth(cab, rounds=2), np.stack([tint * 1.2, tint, tint * 0.65]))
    pen.fill([(0.5, 1.62), (0.62, 2.42), (1.5, 2.42), (1.5, 1.62)], [(150, 172, 188), (40, 48, 56)])
    pen.fill([(0.08, 1.6), (0.26, 2.42), (0.46, 2.46), (0.36, 1.6)], [(160, 180, 196), (60, 70, 80)])
    pen.stroke([(0.42, 0.9), (0.42, 2.5)], tint * 0.5, 0.02)
    pen.stroke([(1.64, 0.9), (1.64, 2.5)], tint * 0.5, 0.02)
    pen.stroke([(1.3, 1.4), (1.54, 1.4)], (30, 30, 32), 0.06)
    pen.fill([(0.02, 0.62), (0.34, 0.62), (0.34, 0.84), (0.02, 0.84)], (255, 250, 226))
    pen.fill([(-0.04, 0.4), (2.0, 0.4), (2.0, 0.56), (-0.04, 0.56)], (56, 57, 60))
    pen.stroke([(0.3, 2.4), (-0.02, 2.3), (-0.02, 1.7)], (26, 26, 28), 0.1)
    for x in (1.15, 6.6, 7.8):
        pen.fill(circle(x, 0.5, 0.62, 30, 0, np.pi), (16, 16, 17))
        pen.wheel(x, 0.5, 0.19, 7)
    pen.fill([(3.2, 0.36), (5.4, 0.36), (5.4, 0.8), (3.2, 0.8)], [(120, 122, 126), (60, 61, 64)])


SIDE_VIEWS: dict[Callable[[_Pen, Rng], None], Place] = {
    motorcycle: (2.05, 1.75),
    lorry: (9.1, 3.5),
}  # length and height in metres, with a rider


def other_vehicle(rng: Rng, width: int, height: int) -> Painting:
    """A photo of something with wheels that is no car."""
    hour = str(rng.choice(["day", "overcast"]))
    kind = str(rng.choice(["motorcycle", "lorry", "bus"], p=[0.7, 0.1, 0.2]))
    if kind == "bus":
        tint = BUS_PAINTS[int(rng.integers(len(BUS_PAINTS)))]
        return photograph(rng, Car(BUS, tint, 0.3, 0, False, 0.0), str(rng.choice(["street", "parking"])), hour)
    place = str(rng.choice(["wall", "field"], p=[0.8, 0.2]))
    scene = paint_scene(rng, width, height, height * rng.uniform(0.4, 0.55), place, hour)
    defocus(scene, 3.0)
    return _from_the_side(rng, motorcycle if kind == "motorcycle" else lorry, scene)


def _from_the_side(rng: Rng, kind: Callable[[_Pen, Rng], None], scene: Scene) -> Painting:
    height, width = scene.painting.shape[:2]
    length, tall = SIDE_VIEWS[kind]
    scale = min(width * rng.uniform(0.84, 0.97) / length, height * 0.86 / tall)
    left = (width - length * scale) * rng.uniform(0.2, 0.8)
    road = height * rng.uniform(0.88, 0.95)
    flip = bool(rng.random() < 0.5)
    layer = Layer(width, height)
    kind(_Pen(layer, width - left if flip else left, road, scale, 0.3 + 0.72 * scene.light.exposure, flip), rng)
    start = width - left - length * scale if flip else left
    _shadow(scene, start, start + length * scale, road)
    layer.onto(scene.painting)
    return scene.painting


def _shadow(scene: Scene, x0: float, x1: float, road: float) -> None:
    height, width = scene.painting.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (xs - (x0 + x1) / 2) / ((x1 - x0) * 0.52)
    along = (ys - road) / (height * 0.035)
    dark = (1 - scene.shadow * np.exp(-(across**6) - along**2))[..., None]
    np.multiply(scene.painting, dark, out=scene.painting)
