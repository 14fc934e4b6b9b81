"""The inside of a car: instruments, a radio, air vents, and the road beyond the glass."""

import numpy as np

from curate.demo.canvas import SUPERSAMPLE, Layer, Painting, circle, grain, smooth
from curate.demo.photographs import tilt
from curate.demo.places import Rng
from curate.demo.scenes import paint_scene


def _dial(layer: Layer, x: float, y: float, radius: float, share: float, top: int = 220) -> None:
    """A round instrument with numbers up to `top` and its needle at `share` of the scale."""
    import cv2

    layer.polygon(circle(x, y, radius * 1.12), np.array([(168, 170, 176), (70, 72, 78)]))
    layer.polygon(circle(x, y, radius), np.array([(12, 13, 16), (26, 28, 32)]))
    steps = 8 if top < 20 else 11
    for k in range(2 * steps + 1):
        angle = np.pi * (0.75 + 1.5 * k / (2 * steps))
        inner = 0.8 if k % 2 == 0 else 0.88
        ends = [(x + radius * r * np.cos(angle), y + radius * r * np.sin(angle)) for r in (inner, 0.95)]
        layer.line(np.array(ends), (236, 238, 240), max(0.7, radius * (0.03 if k % 2 == 0 else 0.018)))
        if k % 2 == 0:
            text, scale = str(round(top * k / (2 * steps))), SUPERSAMPLE * radius / 260
            (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
            at = np.array((x + radius * 0.63 * np.cos(angle), y + radius * 0.63 * np.sin(angle))) * SUPERSAMPLE
            corner = (int(at[0] - wide / 2), int(at[1] + high / 2))
            thick = max(1, round(SUPERSAMPLE * radius / 90))
            cv2.putText(
                layer.colour, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, (240, 242, 244), thick, cv2.LINE_AA
            )
    angle = np.pi * (0.75 + 1.5 * share)
    tip = (x + radius * 0.82 * np.cos(angle), y + radius * 0.82 * np.sin(angle))
    layer.line(np.array([(x, y), tip]), (236, 52, 36), radius * 0.05)
    layer.polygon(circle(x, y, radius * 0.13), (46, 46, 50))


def instruments(rng: Rng, width: int, height: int) -> Painting:
    """The instruments behind the wheel, close: speed, revolutions, and the distance driven."""
    tone = np.array(((30, 31, 34), (44, 42, 40), (20, 24, 32))[int(rng.integers(3))])
    painting = (tone + grain(rng, height, width, 2)[..., None] * 5).astype(np.float32)
    layer = Layer(width, height)
    w, h = float(width), float(height)
    y = h * rng.uniform(0.46, 0.54)
    hood = [
        (-0.1 * w, 1.1 * h),
        (-0.05 * w, 0.12 * h),
        (0.3 * w, 0.02 * h),
        (0.7 * w, 0.02 * h),
        (1.05 * w, 0.12 * h),
        (1.1 * w, 1.1 * h),
    ]
    layer.polygon(smooth(hood), np.stack([tone * 0.5, tone * 0.8]))
    radius = min(0.225 * w, 0.36 * h) * rng.uniform(0.92, 1.05)
    apart = radius * rng.uniform(1.08, 1.16)
    _dial(layer, w / 2 - apart, y, radius, rng.uniform(0.0, 0.25), 8)
    _dial(layer, w / 2 + apart, y, radius, rng.uniform(0.0, 0.6), 220)
    for x in (w / 2 - apart, w / 2 + apart):
        window = np.array([(-0.36, 0.36), (0.36, 0.36), (0.36, 0.56), (-0.36, 0.56)]) * radius + (x, y)
        layer.polygon(window, (8, 8, 9))
        for k in range(6):
            place = x + (k - 2.5) * 0.115 * radius
            cell = np.array([(-0.05, 0.38), (0.05, 0.38), (0.05, 0.54), (-0.05, 0.54)]) * radius + (place, y)
            layer.polygon(cell, np.array([(60, 60, 62), (24, 24, 26)]))
            _digit(layer, str(rng.integers(10)), place, y + 0.46 * radius, radius * 0.14)
    layer.onto(painting)
    return tilt(rng, painting)


def _digit(layer: Layer, text: str, x: float, y: float, size: float) -> None:
    import cv2

    scale = SUPERSAMPLE * size / 22
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    corner = (int(x * SUPERSAMPLE - wide / 2), int(y * SUPERSAMPLE + high / 2))
    cv2.putText(
        layer.colour,
        text,
        corner,
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        (244, 244, 240),
        max(1, round(scale * 1.6)),
        cv2.LINE_AA,
    )


def interior(rng: Rng, width: int, height: int) -> Painting:
    """The driver's view: instruments behind a steering wheel, a radio, air vents, the road beyond the glass."""
    scene = paint_scene(rng, width, height, height * 0.3, str(rng.choice(["street", "field", "parking"])), "day")
    painting = scene.painting * 0.9 + 14
    layer = Layer(width, height)
    w, h = float(width), float(height)
    tone = np.array(((46, 47, 50), (58, 56, 54), (92, 84, 72))[int(rng.integers(3))])
    x = w * rng.uniform(0.3, 0.4) if rng.random() < 0.5 else w * rng.uniform(0.6, 0.7)
    middle = w - x
    y = h * rng.uniform(0.42, 0.5)
    line = y - 0.2 * h
    for side in (0.0, w):
        inward = 1 if side == 0 else -1
        post = [(side, 0), (side + inward * w * 0.05, 0), (side + inward * w * 0.13, line + 8), (side, line + 8)]
        layer.polygon(np.array(post), tone * 0.8)
    layer.polygon(np.array([(0, 0), (w, 0), (w, h * 0.045), (0, h * 0.045)]), tone * 1.2)
    mirror = smooth([(w * 0.4, h * 0.05), (w * 0.6, h * 0.05), (w * 0.59, h * 0.14), (w * 0.41, h * 0.14)])
    layer.polygon(mirror, (20, 20, 22))
    layer.polygon(
        mirror.mean(axis=0) + (mirror - mirror.mean(axis=0)) * 0.88, np.array([(170, 184, 196), (96, 104, 110)])
    )
    board = [
        (-20, line + 22),
        (w * 0.2, line),
        (w * 0.8, line),
        (w + 20, line + 22),
        (w + 20, h + 9),
        (-20, h + 9),
    ]
    layer.polygon(smooth(board), np.stack([tone * 1.55, tone * 0.9, tone * 0.55]))
    layer.polygon(smooth([(0, y + 0.12 * h), (w, y + 0.12 * h), (w, y + 0.15 * h), (0, y + 0.15 * h)]), tone * 1.5)
    hood = smooth(
        [
            (x - 0.28 * w, y + 0.1 * h),
            (x - 0.27 * w, y - 0.22 * h),
            (x + 0.27 * w, y - 0.22 * h),
            (x + 0.28 * w, y + 0.1 * h),
        ]
    )
    layer.polygon(hood, tone * 0.55)
    _dial(layer, x - 0.125 * w, y - 0.02 * h, 0.112 * w, rng.uniform(0.0, 0.3), 8)
    _dial(layer, x + 0.125 * w, y - 0.02 * h, 0.112 * w, rng.uniform(0.0, 0.6))
    stack = [
        (middle - 0.13 * w, y - 0.12 * h),
        (middle + 0.13 * w, y - 0.12 * h),
        (middle + 0.11 * w, h),
        (middle - 0.11 * w, h),
    ]
    layer.polygon(np.array(stack), np.stack([tone * 1.25, tone * 0.7]))
    for side in (-1, 1):
        vent = np.array([(middle + side * 0.06 * w, y - 0.06 * h)]) + smooth(
            [(-0.05 * w, -0.035 * h), (0.05 * w, -0.035 * h), (0.05 * w, 0.035 * h), (-0.05 * w, 0.035 * h)]
        )
        layer.polygon(vent, (12, 12, 13))
        for k in (-0.018, -0.004, 0.01, 0.024):
            slat = np.array([(-0.044 * w, k * h), (0.044 * w, k * h)]) + np.array(
                (middle + side * 0.06 * w, y - 0.06 * h)
            )
            layer.line(slat, tone * 1.6, 1.6)
    radio = np.array(
        [
            (middle - 0.1 * w, y + 0.01 * h),
            (middle + 0.1 * w, y + 0.01 * h),
            (middle + 0.1 * w, y + 0.13 * h),
            (middle - 0.1 * w, y + 0.13 * h),
        ]
    )
    layer.polygon(radio, np.array([(34, 35, 38), (18, 18, 20)]))
    layer.polygon(radio.mean(axis=0) + (radio - radio.mean(axis=0)) * (0.6, 0.4) - (0, 0.02 * h), (60, 190, 170))
    for k in range(5):
        layer.polygon(circle(middle + (k - 2) * 0.036 * w, y + 0.112 * h, 0.009 * w, 12), (170, 172, 176))
    for side in (-1, 1):
        layer.polygon(circle(middle + side * 0.08 * w, y + 0.05 * h, 0.016 * w, 18), (188, 190, 194))
        layer.polygon(
            circle(middle + side * 0.055 * w, y + 0.2 * h, 0.026 * w, 20),
            np.array([(120, 122, 126), (50, 51, 54)]),
        )
    radius, cy = 0.3 * w, y + 0.25 * h
    rim = [circle(x, cy, radius * r, 72) * (1, 0.94) + (0, 0.06 * cy) for r in (1.0, 0.86)]
    ring = np.concatenate([rim[0], rim[0][:1], rim[1][::-1], rim[1][-1:]])
    layer.polygon(ring, np.array([(74, 74, 78), (26, 26, 28), (14, 14, 15)]))
    layer.line(np.concatenate([rim[0][36:], rim[0][:1]]) * (1, 1) + (0, 2), (108, 108, 112), 1.2)
    hub_y = cy * 0.94 + 0.06 * cy
    for angle in (0.08, np.pi - 0.08, np.pi / 2):
        end = (x + radius * 0.9 * np.cos(angle), hub_y + radius * 0.85 * np.sin(angle))
        across = np.array((-np.sin(angle), np.cos(angle))) * radius * 0.09
        spoke = [
            np.array((x, hub_y)) - across * 1.6,
            np.array(end) - across,
            np.array(end) + across,
            np.array((x, hub_y)) + across * 1.6,
        ]
        layer.polygon(np.array(spoke), np.array([(58, 58, 62), (26, 26, 28)]))
    layer.polygon(
        smooth(np.array([(-0.36, -0.3), (0.36, -0.3), (0.3, 0.34), (-0.3, 0.34)]) * radius + (x, hub_y)),
        np.array([(72, 72, 76), (30, 30, 32)]),
    )
    layer.polygon(circle(x, hub_y, radius * 0.09, 20), (196, 198, 204))
    layer.onto(painting)
    return np.asarray(painting, dtype=np.float32)
