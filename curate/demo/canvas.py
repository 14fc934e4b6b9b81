"""What is painted with: smooth lines, a camera, light, and a supersampled layer.

Colours are (red, green, blue) in 0..255. Painting arrays are (height, width, 3) float32 unless noted.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Points = NDArray[np.float64]
Painting = NDArray[np.float32]

SUPERSAMPLE = 2


def smooth(outline: object, closed: bool = True, count: int = 0, rounds: int = 3) -> Points:
    """Round a polygon's corners (Chaikin 1974), then resample it to `count` evenly spaced points (0: leave)."""
    line = np.asarray(outline, dtype=np.float64)
    for _ in range(rounds):
        after = np.roll(line, -1, axis=0) if closed else line[1:]
        before = line if closed else line[:-1]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        line = cut if closed else np.concatenate([line[:1], cut, line[-1:]])
    if not count:
        return line
    if closed:
        line = np.concatenate([line, line[:1]])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    even = np.linspace(0, arc[-1], count)
    return np.stack([np.interp(even, arc, line[:, 0]), np.interp(even, arc, line[:, 1])], axis=1)


def circle(x: float, y: float, radius: float, count: int = 40, start: float = 0, end: float = 2 * np.pi) -> Points:
    """Points on an arc, (count, 2)."""
    angle = np.linspace(start, end, count, endpoint=end - start < 6.28)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; the world's z is up."""

    eye: Points  # (3,) metres
    target: Points  # (3,) metres
    focal: float  # pixels
    centre: tuple[float, float]  # pixels

    @cached_property
    def basis(self) -> tuple[Points, Points, Points]:
        """Unit vectors to the right, up and forward."""
        forward = self.target - self.eye
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right = right / np.linalg.norm(right)
        return right, np.cross(right, forward), forward

    def project(self, points: Points) -> Points:
        """(..., 3) metres to (..., 2) pixels."""
        right, up, forward = self.basis
        offset = points - self.eye
        depth = np.maximum(offset @ forward, 0.05)
        x = self.centre[0] + self.focal * (offset @ right) / depth
        y = self.centre[1] - self.focal * (offset @ up) / depth
        return np.stack([x, y], axis=-1)

    @property
    def horizon(self) -> float:
        """y of the horizon, pixels."""
        _, up, forward = self.basis
        level = np.array([forward[0], forward[1], 0.0])
        level /= np.linalg.norm(level)
        return float(self.centre[1] - self.focal * (level @ up) / (level @ forward))


@dataclass(frozen=True)
class Light:
    """The light of a scene, and what shiny things mirror."""

    zenith: Colour
    horizon: Colour
    ground: Colour
    sun: Colour
    sun_direction: tuple[float, float, float]  # unit vector towards it
    sun_strength: float
    ambient: float
    exposure: float  # 1 by day
    lamps: float = 0.0  # strips of light overhead, in a showroom

    def mirror(self, direction: Points) -> Points:
        """Colour seen along (n, 3) unit directions."""
        up = direction[:, 2:]
        zenith, horizon, ground = (np.array(c, float) for c in (self.zenith, self.horizon, self.ground))
        sky = horizon + (zenith - horizon) * np.clip(up, 0, 1) ** 0.6
        bank = 0.5 + 0.5 * np.tanh((up - 0.1 - 0.05 * np.sin(9 * direction[:, :1])) / 0.04)
        skyline = horizon * 0.42 + ground * 0.2
        above = skyline + (sky - skyline) * bank
        colour = np.where(up > 0, above, ground * (1 + 0.5 * np.clip(up, -1, 0)))
        if self.lamps:
            band = np.clip(np.sin(direction[:, :1] * 11) - 0.55, 0, 1) * (up > 0.35)
            colour = colour + 520 * self.lamps * band
        glint = np.clip(direction @ np.array(self.sun_direction), 0, 1)[:, None]
        bright = 2.2 * glint**160 + 0.25 * glint**14
        return np.asarray(colour + np.array(self.sun) * self.sun_strength * bright)

    def paint(self, base: Colour, metallic: float, normals: Points, to_eye: Points, centres: Points) -> Points:
        """Colour of (n,) painted facets: diffuse light, then a clear coat that mirrors more at grazing angles."""
        cosine = np.clip(np.einsum("ij,ij->i", normals, to_eye), 0, 1)[:, None]
        sun = np.clip(normals @ np.array(self.sun_direction), 0, 1)[:, None] * self.sun_strength
        sky = self.ambient * (0.62 + 0.38 * normals[:, 2:])
        tint = np.array(self.sun) / 255
        diffuse = np.array(base, float) * (
            sky * (0.5 + 0.5 * np.array(self.horizon) / max(self.horizon)) + sun * tint
        )
        reflected = 2 * cosine * normals - to_eye
        fresnel = 0.09 + 0.13 * metallic + (0.75 - 0.1 * metallic) * (1 - cosine) ** 4
        occlusion = np.clip(0.45 + (centres[:, 2:] - 0.1) * 1.1, 0.45, 1)
        return np.asarray((diffuse * (1 - 0.5 * fresnel) + self.mirror(reflected) * fresnel) * occlusion)


class Layer:
    """A transparent layer that is drawn larger than it will be, so that every edge comes out smooth."""

    def __init__(self, width: int, height: int) -> None:
        self.colour = np.zeros((height * SUPERSAMPLE, width * SUPERSAMPLE, 3), np.uint8)
        self.mask = np.zeros((height * SUPERSAMPLE, width * SUPERSAMPLE), np.uint8)

    def facets(self, corners: Points, colours: Points) -> None:
        """Fill (n, k, 2) convex polygons, in order, each with its colour of (n, 3)."""
        import cv2

        pixels = np.round(corners * SUPERSAMPLE).astype(np.int32)
        values = np.clip(colours, 0, 255).tolist()
        for polygon, value in zip(pixels, values, strict=True):
            cv2.fillConvexPoly(self.colour, polygon, value)
            cv2.fillConvexPoly(self.mask, polygon, 255)

    def soften(self, sigma: float) -> None:
        """Blend the colours of neighbouring facets without touching the outline."""
        import cv2

        box = self._box()
        if box is None:
            return
        rows, columns = box
        colour, cover = self.colour[rows, columns], self.mask[rows, columns]
        blurred = cv2.GaussianBlur(colour, (0, 0), sigma).astype(np.float32)  # transparent pixels are black
        share = cv2.GaussianBlur(cover, (0, 0), sigma).astype(np.float32)[..., None] / 255
        np.copyto(
            colour, np.clip(blurred / np.maximum(share, 0.05), 0, 255).astype(np.uint8), where=cover[..., None] > 0
        )

    def polygon(
        self,
        outline: Points,
        colour: Colour | Points,
        opacity: float = 1.0,
        within: bool = False,
        clip: Points | None = None,
    ) -> None:
        """Fill an outline (n, 2), any shape, with one colour, or from top to bottom with a (k, 3) gradient.

        `within` keeps to what is painted already, `clip` to a second outline.
        """
        import cv2

        pixels = np.round(np.asarray(outline) * SUPERSAMPLE).astype(np.int32)
        fill = np.clip(np.asarray(colour, dtype=np.float64), 0, 255)
        if fill.ndim == 1 and opacity == 1 and not within and clip is None:
            cv2.fillPoly(self.colour, [pixels], fill.tolist())
            cv2.fillPoly(self.mask, [pixels], 255)
            return
        height, width = self.mask.shape
        x0, y0 = np.maximum(pixels.min(axis=0), 0)
        x1, y1 = np.minimum(pixels.max(axis=0) + 1, (width, height))
        if x0 >= x1 or y0 >= y1:
            return
        corner = np.array([x0, y0], np.int32)
        stamp = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(stamp, [pixels - corner], 1)
        if clip is not None:
            other = np.zeros_like(stamp)
            cv2.fillPoly(other, [np.round(clip * SUPERSAMPLE).astype(np.int32) - corner], 1)
            stamp &= other
        under, cover = self.colour[y0:y1, x0:x1], self.mask[y0:y1, x0:x1]
        if within:
            stamp &= cover > 0
        if fill.ndim == 2:
            steps = np.linspace(0, len(fill) - 1, y1 - y0)
            fill = np.stack([np.interp(steps, np.arange(len(fill)), fill[:, c]) for c in range(3)], axis=1)[
                :, None
            ]
        paint = fill if opacity == 1 else under * (1 - opacity) + fill * opacity
        np.copyto(under, paint.astype(np.uint8), where=stamp.view(bool)[..., None])
        if not within:
            np.maximum(cover, stamp * np.uint8(round(255 * opacity)), out=cover)

    def line(self, points: Points, colour: Colour | Points, thickness: float) -> None:
        """A line through (n, 2), `thickness` in pixels, on what is painted already."""
        import cv2

        pixels = np.round(np.asarray(points) * SUPERSAMPLE * 16).astype(np.int32)
        width = max(1, round(thickness * SUPERSAMPLE))
        value = [float(c) for c in colour]
        cv2.polylines(self.colour, [pixels], False, value, width, cv2.LINE_AA, 4)

    def _box(self) -> tuple[slice, slice] | None:
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        if not len(rows):
            return None
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    def onto(self, painting: Painting) -> None:
        """Compose the layer over `painting`, in place."""
        import cv2

        size = (painting.shape[1], painting.shape[0])
        alpha = cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA)
        premultiplied = cv2.bitwise_and(self.colour, self.colour, mask=self.mask)
        if ((self.mask > 0) & (self.mask < 255)).any():
            premultiplied = cv2.multiply(premultiplied, cv2.merge([self.mask] * 3), scale=1 / 255)
        painting *= 1 - alpha[..., None].astype(np.float32) / 255
        painting += cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=4)
def noise(size: int, octaves: int = 6, seed: int = 7) -> NDArray[np.float32]:
    """A square of cloud-like noise in -1..1, (size, size), that tiles."""
    import cv2

    rng = np.random.default_rng(seed)
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = 4 * 2**octave
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        padded = np.pad(grid, 2, mode="wrap")
        step = size / cells
        large = cv2.resize(padded, (int(size + 4 * step), int(size + 4 * step)), interpolation=cv2.INTER_CUBIC)
        offset = int(2 * step)
        total += large[offset : offset + size, offset : offset + size] * 0.55**octave
    return np.asarray(np.tanh(total / total.std() * 0.6), dtype=np.float32)


def grain(rng: np.random.Generator, height: int, width: int, stretch: float = 1.0) -> NDArray[np.float32]:
    """A random window of `noise`, (height, width); `stretch` above 1 makes wide streaks."""
    import cv2

    field = noise(1024)
    rows = min(1024, max(8, height))
    columns = min(1024, max(8, int(width / stretch)))
    y, x = int(rng.integers(0, 1025 - rows)), int(rng.integers(0, 1025 - columns))
    window = field[y : y + rows, x : x + columns]
    if rng.random() < 0.5:
        window = window[:, ::-1]
    return np.asarray(cv2.resize(window, (width, height), interpolation=cv2.INTER_LINEAR))
