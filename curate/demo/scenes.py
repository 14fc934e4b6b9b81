"""Where and when a photo was taken: a place, under a sky, in a light that the car shares."""

from dataclasses import dataclass

import numpy as np

from curate.demo.canvas import Camera, Colour, Light, Painting, Points, grain
from curate.demo.places import PLACES, Rng


@dataclass(frozen=True)
class Scene:
    """A background, and the light in it."""

    painting: Painting  # (height, width, 3)
    light: Light
    shine: float  # 0..1, how much the floor mirrors
    shadow: float  # 0..1, how dark the shadow under a car is


def daylight(rng: Rng, hour: str) -> Light:
    """Light of the `hour`: day, overcast, dusk, night."""
    angle = rng.uniform(0, 2 * np.pi)
    height = {"day": rng.uniform(0.6, 0.9), "overcast": 0.9, "dusk": rng.uniform(0.12, 0.3), "night": 0.85}[hour]
    flat = np.sqrt(1 - height**2)
    sun = (float(flat * np.cos(angle)), float(flat * np.sin(angle)), float(height))
    if hour == "day":
        zenith: Colour = (rng.uniform(70, 130), rng.uniform(130, 170), rng.uniform(205, 240))
        return Light(zenith, (222, 232, 240), (104, 100, 94), (255, 244, 224), sun, 0.72, 0.66, 1.0)
    if hour == "overcast":
        grey = rng.uniform(165, 205)
        return Light(
            (grey, grey + 4, grey + 9), (218, 221, 224), (96, 96, 96), (235, 238, 242), sun, 0.22, 0.82, 0.92
        )
    if hour == "dusk":
        return Light(
            (82, 92, 142), (250, rng.uniform(160, 190), 122), (84, 72, 66), (255, 190, 120), sun, 0.6, 0.42, 0.7
        )
    return Light((24, 30, 56), (62, 62, 76), (52, 50, 52), (255, 224, 176), sun, 0.55, 0.46, 0.5)


def indoors(rng: Rng) -> Light:
    """The light of a showroom."""
    warm = rng.uniform(-8, 8)
    return Light(
        (196, 198, 202),
        (232 + warm, 232, 232 - warm),
        (148, 148, 150),
        (255, 250, 240),
        (-0.3, 0.3, 0.9),
        0.4,
        0.62,
        1.0,
        0.5,
    )


def sky(rng: Rng, height: int, width: int, light: Light) -> Painting:
    """A sky for the whole painting, brighter to the horizon, with clouds."""
    zenith, horizon = np.array(light.zenith, np.float32), np.array(light.horizon, np.float32)
    rise = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 0.8
    painting = np.broadcast_to(zenith + (horizon - zenith) * rise, (height, width, 3)).copy()
    cover = np.clip(grain(rng, height, width, rng.uniform(1.2, 3)) - rng.uniform(-0.3, 0.6), 0, 1)[..., None]
    white = (
        np.array((255, 253, 250), np.float32)
        * (0.35 + 0.65 * light.exposure)
        * (0.25 if light.exposure < 0.5 else 1)
    )
    return np.asarray(painting + (white - painting) * cover * 0.8, dtype=np.float32)


HOURS = ("day", "overcast", "dusk", "night")


def paint_scene(rng: Rng, width: int, height: int, horizon: float, place: str = "", hour: str = "") -> Scene:
    """A background of `width` x `height` pixels whose horizon is at row `horizon`."""
    place = place or str(rng.choice(list(PLACES), p=[0.3, 0.2, 0.2, 0.15, 0.15]))
    hour = hour or str(rng.choice(HOURS, p=[0.5, 0.25, 0.15, 0.1]))
    light = indoors(rng) if place == "showroom" else daylight(rng, hour)
    row = int(np.clip(horizon, 0.12 * height, 0.75 * height))
    painting = sky(rng, height, width, light) if place != "showroom" else np.zeros((height, width, 3), np.float32)
    if place != "showroom":  # all of the sky's colours above the horizon
        painting[:row] = painting[np.linspace(0, height - 1, row).astype(int)]
    PLACES[place](rng, painting, row, light)
    if hour == "night" and place != "showroom":
        _lamp_light(rng, painting, row)
    shine = 0.42 if place == "showroom" else 0.0
    shadow = {"day": 0.62, "overcast": 0.5, "dusk": 0.55, "night": 0.55}[hour]
    return Scene(np.clip(painting, 0, 255), light, shine, shadow)


def _lamp_light(rng: Rng, painting: Painting, horizon: int) -> None:
    height, width = painting.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, width), rng.uniform(0.05, 0.5) * horizon
        spot = np.exp(-(((xs - x) / 9) ** 2) - ((ys - y) / 9) ** 2) * 1.4
        spot += np.exp(-(((xs - x) / 90) ** 2) - ((ys - y) / 90) ** 2) * 0.3
        pool = np.exp(-(((xs - x) / (0.3 * width)) ** 2) - ((ys - height * 0.8) / (0.2 * height)) ** 2) * 0.3
        painting += ((spot + pool)[..., None] * np.array((255, 205, 130))).astype(np.float32)


def place_shadow(scene: Scene, camera: Camera, outline: Points, spread: float) -> None:
    """Darken the ground under an (n, 2) outline in metres, softly; `spread` is the blur in pixels."""
    import cv2

    height, width = scene.painting.shape[:2]
    dark = np.zeros((height, width), np.uint8)
    for grow, strength in ((1.1, 0.5), (0.92, 1.0)):
        middle = outline.mean(axis=0)
        ring = middle + (outline - middle) * grow
        pixels = camera.project(np.concatenate([ring, np.zeros((len(ring), 1))], axis=1))
        stamp = np.zeros_like(dark)
        cv2.fillPoly(stamp, [np.round(pixels).astype(np.int32)], round(255 * strength))
        dark = np.maximum(dark, stamp)
    soft = cv2.GaussianBlur(dark, (0, 0), spread).astype(np.float32)[..., None] / 255
    np.multiply(scene.painting, 1 - scene.shadow * soft, out=scene.painting)
