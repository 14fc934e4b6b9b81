"""Cars as small 3-D models: a rounded body lofted from a side profile, with glass, lamps, doors and wheels on it.

Metres: x runs from the front bumper back, y to the car's left, z up from the road. Facets are drawn from far to
near, each in its own light: sky and sun on the paint, and over it a Fresnel reflection of sky, horizon and ground.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curate.demo.canvas import Colour, smooth

Points = NDArray[np.float64]
DARK: Colour = (16, 17, 19)


@dataclass(frozen=True)
class Shape:
    """The form of a model: side views are (x, z) outlines in metres."""

    outline: tuple[tuple[float, float], ...]  # over the top, from front sill to rear sill
    glass: tuple[tuple[float, float], ...]  # side windows as one opening
    pillars: tuple[float, ...]  # x where the opening is divided
    doors: tuple[float, ...]  # x of the door edges
    half_width: float
    lean: float  # how far the sides lean in above the belt line, metres per metre
    belt: float  # z of the belt line
    wheels: tuple[float, float]  # x of the axles
    wheel_radius: float
    screen: tuple[float, float]  # x where the windscreen begins and ends
    rear_glass: tuple[float, float]  # z of the rear window
    lamp: tuple[float, float, float]  # headlamp: z low, z high, depth along the side
    tail: tuple[
        float, float, float, float
    ]  # rear lamp: z low, z high, inner share of the half width, depth along the side


HATCHBACK = Shape(
    outline=((0.14, 0.2), (0.0, 0.3), (0.0, 0.56), (0.08, 0.74), (0.4, 0.86), (1.0, 0.96), (1.16, 1.0),
             (1.78, 1.4), (2.05, 1.48), (2.5, 1.5), (3.0, 1.45), (3.32, 1.36), (3.62, 1.04), (3.78, 0.93),
             (3.84, 0.72), (3.86, 0.45), (3.78, 0.24), (3.66, 0.2)),
    glass=((1.16, 0.98), (1.42, 1.14), (1.86, 1.37), (2.2, 1.4), (2.75, 1.375), (3.1, 1.3), (3.22, 1.16),
           (3.0, 1.04), (2.2, 1.0)),
    pillars=(1.56, 2.18, 2.9), doors=(1.24, 2.2, 2.98), half_width=0.85, lean=0.3, belt=0.98,
    wheels=(0.74, 3.12), wheel_radius=0.305, screen=(1.1, 1.95), rear_glass=(1.06, 1.34),
    lamp=(0.62, 0.8, 0.52), tail=(0.7, 0.98, 0.66, 0.2),
)  # fmt: skip
TALLBOY = Shape(
    outline=((0.1, 0.22), (0.0, 0.34), (0.0, 0.74), (0.05, 0.92), (0.26, 1.0), (0.66, 1.06), (0.76, 1.08),
             (1.22, 1.54), (1.46, 1.66), (1.9, 1.7), (2.7, 1.71), (3.2, 1.68), (3.4, 1.6), (3.5, 1.2),
             (3.54, 0.95), (3.56, 0.5), (3.52, 0.28), (3.42, 0.22)),
    glass=((0.84, 1.08), (1.0, 1.24), (1.34, 1.54), (1.7, 1.58), (2.6, 1.585), (3.2, 1.56), (3.3, 1.46),
           (3.32, 1.14), (3.1, 1.06), (1.8, 1.06)),
    pillars=(1.12, 1.9, 2.72), doors=(0.96, 1.9, 2.78), half_width=0.78, lean=0.13, belt=1.05,
    wheels=(0.62, 2.98), wheel_radius=0.285, screen=(0.74, 1.4), rear_glass=(1.12, 1.52),
    lamp=(0.66, 0.92, 0.3), tail=(0.74, 1.36, 0.84, 0.09),
)  # fmt: skip
SHAPES = {"hatchback": HATCHBACK, "tallboy": TALLBOY}


@dataclass(frozen=True)
class Car:
    """One car: its shape and what a buyer would recognise it by."""

    shape: Shape
    paint: Colour
    metallic: float  # 0..1
    rims: int  # spokes; 0 is a steel wheel with a cover
    trim: bool  # black lower trim and mouldings
    dirt: float  # 0..1


def half_width(shape: Shape, x: Points, z: Points) -> Points:
    """Half of the car's width at a point of its side view, metres."""
    length = shape.outline[-2][0]
    narrow = 0.14 * np.clip(1 - x / 0.8, 0, 1) ** 2 + 0.1 * np.clip(1 - (length - x) / 0.7, 0, 1) ** 2
    belly = 0.04 * np.clip((z - 0.62) / 0.45, -1, 1) ** 2
    crease = 0.018 * np.exp(-(((z - shape.belt + 0.2) / 0.13) ** 2))
    above = np.clip(z - shape.belt, 0, None)
    return shape.half_width * (1 - narrow - np.where(z < 0.62, belly, belly * 0.3) + crease) - shape.lean * above


def bend(shape: Shape, points: Points) -> Points:
    """Curve nose, tail and roof across the car, as pressed steel is."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    length = shape.outline[-2][0]
    across = (y / shape.half_width) ** 2
    x = (
        x
        + 0.22 * across * np.exp(-np.clip(x, 0, None) / 0.45)
        - 0.13 * across * np.exp(-np.clip(length - x, 0, None) / 0.4)
    )
    return np.stack([x, y, z - 0.045 * across * np.clip((z - 0.75) / 0.4, 0, 1)], axis=-1)


@lru_cache(maxsize=8)
def body(shape: Shape) -> tuple[Points, Points]:
    """Facets of the body: corners (n, 4, 3) and outward unit normals (n, 3)."""
    top = smooth(shape.outline, closed=False, count=110)
    low = top[0, 1]
    ring = np.concatenate([top, np.linspace(top[-1], top[0], 24)[1:-1]])  # (m, 2), closed by its first point
    ring = np.concatenate([ring, ring[:1]])
    tangent = np.roll(ring[:-1], -1, axis=0) - np.roll(ring[:-1], 1, axis=0)
    inward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    inward = np.concatenate([inward, inward[:1]])
    length = shape.outline[-2][0]
    spine = np.stack([np.clip(ring[:, 0], 0.75, length - 0.6), np.full(len(ring), 0.62 * shape.belt)], axis=1)
    bevel = 0.085
    rows = []
    for share in np.linspace(0, 1, 6):
        rows.append((ring, share, -bevel))
    for angle in (0.35, 0.75, 1.15, np.pi / 2):
        rows.append((ring + inward * bevel * (1 - np.cos(angle)), 1.0, bevel * (np.sin(angle) - 1)))
    rim = ring + inward * bevel
    for share in np.linspace(0, 1, 12)[1:]:
        rows.append((rim + (spine - rim) * share, 1.0, 0.0))
    grid = np.empty((len(rows), len(ring), 3))
    for i, (profile, share, inset) in enumerate(rows):
        x, z = profile[:, 0], np.maximum(profile[:, 1], low - 0.02)
        y = (half_width(shape, x, z) + inset) * share
        grid[i] = np.stack([x, y, z], axis=1)
    bent = bend(shape, grid)
    corners = np.stack([bent[:-1, :-1], bent[:-1, 1:], bent[1:, 1:], bent[1:, :-1]], axis=2)
    normals = np.cross(corners[..., 2, :] - corners[..., 0, :], corners[..., 3, :] - corners[..., 1, :])
    flat = (grid[10:-1, :-1] + grid[11:, 1:]) / 2  # the flank, where narrow facets would show as wrinkles
    normals[10:] = _flank_normals(shape, flat[..., 0], flat[..., 2])
    corners, normals = corners.reshape(-1, 4, 3), normals.reshape(-1, 3)
    size = np.linalg.norm(normals, axis=1)
    corners, normals = corners[size > 1e-9], normals[size > 1e-9] / size[size > 1e-9, None]
    away = corners.mean(axis=1) - (length / 2, 0, 0.7 * shape.belt)
    normals *= np.where(np.einsum("ij,ij->i", normals, away) < 0, -1.0, 1.0)[:, None]
    mirror = np.array((1.0, -1.0, 1.0))
    return np.concatenate([corners, corners * mirror]), np.concatenate([normals, normals * mirror])


def _flank_normals(shape: Shape, x: Points, z: Points) -> Points:
    """Normals of the left side at (x, z), by finite differences."""

    def at(x: Points, z: Points) -> Points:
        return bend(shape, np.stack([x, half_width(shape, x, z), z], axis=-1))

    step = 0.01
    return np.cross(at(x, z + step) - at(x, z - step), at(x + step, z) - at(x - step, z))


def on_side(shape: Shape, outline: Points, side: float, lift: float = 0.004) -> Points:
    """Put an (n, 2) outline of the side view onto the body's flank; `side` is 1 for left, -1 for right."""
    y = side * (half_width(shape, outline[:, 0], outline[:, 1]) + lift)
    return bend(shape, np.stack([outline[:, 0], y, outline[:, 1]], axis=1))


def on_strip(shape: Shape, places: Points, lift: float = 0.004) -> Points:
    """Put (n, 2) places onto nose, roof or tail: (arc length along the top outline, share of half width)."""
    top, arc = _top(shape)
    x, z = np.interp(places[:, 0], arc, top[:, 0]), np.interp(places[:, 0], arc, top[:, 1])
    y = places[:, 1] * (half_width(shape, x, z) - 0.03)
    tangent = np.stack([np.gradient(top[:, 0]), np.gradient(top[:, 1])], axis=1)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) / np.linalg.norm(tangent, axis=1, keepdims=True)
    x = x + lift * np.interp(places[:, 0], arc, normal[:, 0])
    z = z + lift * np.interp(places[:, 0], arc, normal[:, 1])
    return bend(shape, np.stack([x, y, z], axis=1))


@lru_cache(maxsize=8)
def _top(shape: Shape) -> tuple[Points, Points]:
    """The top outline as fine points (300, 2), and their arc lengths (300,)."""
    top = smooth(shape.outline, closed=False, count=300)
    return top, np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(top, axis=0), axis=1))])


def arc_at(shape: Shape, where: str, value: float) -> float:
    """Arc length along the top outline: at height `value` on the nose or the tail, or at x `value` on the top."""
    top, arc = _top(shape)
    peak = int(np.argmax(top[:, 1]))
    if where == "top":
        return float(np.interp(value, top[:, 0], arc))
    if where == "nose":
        return float(np.interp(value, top[:peak, 1], arc[:peak]))
    return float(np.interp(-value, -top[peak:, 1], arc[peak:]))


def patch(s0: float, s1: float, f0: float, f1: float, taper: float = 0.0, count: int = 12) -> Points:
    """Outline of a patch on the strip between two arc lengths and two shares of the half width."""
    s = np.linspace(s0, s1, count)
    f = np.linspace(f0, f1, count)
    low, high = np.full(count, s0), np.full(count, s1)
    squeeze = 1 - taper
    edge = np.stack([s, np.linspace(f1, f1 * squeeze, count)], axis=1)
    back = np.stack([s[::-1], np.linspace(f0 * squeeze, f0, count)], axis=1)
    across = np.stack([low, f], axis=1)
    return np.concatenate([across, edge, np.stack([high, f[::-1] * squeeze], axis=1), back])
