"""What makes a painted body a car: glass, lamps, grille, doors, plate, mirrors and wheels."""

from collections.abc import Callable

import numpy as np

from curate.demo.canvas import Camera, Colour, Layer, Light, Points, circle, smooth
from curate.demo.cars import DARK, Car, Shape, arc_at, half_width, on_side, on_strip, patch

CHROME: Colour = (196, 200, 206)


def _faces(points: Points, camera: Camera, outward: Points) -> bool:
    """Is this patch of the body turned to the camera?"""
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    normal = normal if normal @ outward > 0 else -normal
    return float(normal @ (camera.eye - points.mean(axis=0))) > 0


def _lit(colour: Colour, light: Light) -> Colour:
    level = min(1.15, 0.25 + 0.8 * light.exposure)
    return (colour[0] * level, colour[1] * level, colour[2] * level)


def _glass(layer: Layer, light: Light, outline: Points, slope: float) -> None:
    """Tinted glass that mirrors the sky above and shows a dark cabin below."""
    sky = np.array(light.zenith) * 0.4 + np.array(light.horizon) * 0.6
    dark = np.array((20, 25, 29)) * (0.5 + 0.5 * light.exposure)
    stops = np.stack([dark + (sky - dark) * slope * w for w in (0.95, 0.7, 0.34, 0.2, 0.14)])
    layer.polygon(outline, stops, within=True)
    low, high = outline.min(axis=0), outline.max(axis=0)
    width = high[0] - low[0]
    shine = np.array(light.horizon) * 0.5 + 30
    for at, wide in ((0.2, 0.1), (0.36, 0.04)):
        x = low[0] + width * at
        lean = width * 0.16
        streak = np.array(
            [(x, low[1]), (x + width * wide, low[1]), (x + width * wide - lean, high[1]), (x - lean, high[1])]
        )
        layer.polygon(streak, shine, opacity=0.16 * min(1, light.exposure), within=True, clip=outline)


def _flank(layer: Layer, car: Car, camera: Camera, light: Light, side: float) -> None:
    shape = car.shape

    def put(outline: Points) -> Points:
        return camera.project(on_side(shape, outline, side))

    def rect(x0: float, x1: float, z0: float, z1: float) -> Points:
        return put(smooth([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], count=24))

    scale = camera.focal / float(np.linalg.norm(camera.eye - camera.target))  # pixels per metre
    for x in shape.wheels:
        arch = circle(x, shape.wheel_radius, shape.wheel_radius * 1.2, 40, -0.35, np.pi + 0.35)
        if car.trim:
            layer.polygon(put(circle(x, shape.wheel_radius, shape.wheel_radius * 1.34, 40, -0.3, np.pi + 0.3)),
                          (34, 35, 37), within=True)  # fmt: skip
        layer.polygon(put(arch), (9, 9, 10), within=True)
    glass = smooth(shape.glass, count=70, rounds=2)
    frame = glass.mean(axis=0) + (glass - glass.mean(axis=0)) * (1.035, 1.1)
    layer.polygon(put(frame), (12, 13, 14), within=True)
    _glass(layer, light, put(glass), 0.62)
    for i, x in enumerate(shape.pillars):
        wide = 0.035 if i else 0.02
        high = float(glass[:, 1].max()) + 0.03
        pillar = np.array([(x - wide, shape.belt - 0.02), (x + wide, shape.belt - 0.02),
                           (x + wide - 0.03, high), (x - wide - 0.03, high)])  # fmt: skip
        layer.polygon(put(pillar), (18, 19, 21), within=True)
    seam: Colour = tuple(c * 0.35 * min(1, light.exposure) for c in car.paint)  # type: ignore[assignment]
    thin = max(0.6, 0.012 * scale)
    for i, x in enumerate(shape.doors):
        foot = 0.34 if i < len(shape.doors) - 1 else 0.62
        bow = 0.03 if i == 0 else -0.02
        line = np.array([(x, shape.belt), (x + bow, 0.72), (x + bow * 1.2, foot)])
        layer.line(put(smooth(line, closed=False, count=16)), seam, thin)
    layer.line(put(np.array([(shape.doors[0] + 0.03, 0.34), (shape.doors[-1] - 0.5, 0.34)])), seam, thin)
    for x in shape.doors[1:]:
        handle = rect(x - 0.24, x - 0.06, shape.belt - 0.13, shape.belt - 0.095)
        layer.polygon(handle + np.array((0, 0.012 * scale)), seam, within=True)
        layer.polygon(handle, CHROME if car.metallic > 0.6 else _lit(car.paint, light), within=True)
    if car.trim:
        layer.polygon(rect(shape.doors[0] + 0.05, shape.doors[-1] - 0.1, 0.5, 0.555), (30, 31, 33), within=True)
    low, high, depth = shape.lamp
    lamp = smooth(
        [(0.02, low + 0.02), (depth * 0.7, low + 0.07), (depth, high - 0.02), (0.1, high + 0.02)], count=24
    )
    _lamp(layer, put(lamp), light)
    length = shape.outline[-2][0]
    low, high, _, depth = shape.tail
    tail = smooth(
        [(length - depth, low + 0.05), (length, low), (length, high), (length - depth * 0.6, high)], count=24
    )
    layer.polygon(
        put(tail), np.array([(176, 24, 26), (120, 8, 12)]) * min(1.1, 0.4 + 0.7 * light.exposure), within=True
    )


def _lamp(layer: Layer, outline: Points, light: Light) -> None:
    on = light.exposure < 0.45
    layer.polygon(outline, (26, 28, 30), within=True)
    centre = outline.mean(axis=0)
    inner = centre + (outline - centre) * 0.86
    level = 0.35 + 0.65 * min(1, light.exposure)
    shell = np.array([(232, 238, 242), (150, 158, 166), (214, 220, 226)]) * level
    layer.polygon(inner, np.array([(255, 250, 225), (255, 240, 190)]) if on else shell, within=True)
    bulb = centre + (outline - centre) * 0.4
    layer.polygon(bulb, (255, 255, 240) if on else (250, 252, 255), within=True)


def _nose(layer: Layer, car: Car, camera: Camera, light: Light) -> None:
    shape = car.shape

    def put(outline: Points) -> Points:
        return camera.project(on_strip(shape, outline))

    low, high, _ = shape.lamp
    s_low, s_high = arc_at(shape, "nose", low), arc_at(shape, "nose", high)
    for side in (1.0, -1.0):
        rise = s_high - s_low
        lamp = [(s_low + 0.1 * rise, 0.56), (s_low + 0.12 * rise, 0.8), (s_low + 0.45 * rise, 1.0),
                (s_high + 0.5 * rise, 1.0), (s_high + 0.1 * rise, 0.8), (s_low + 0.6 * rise, 0.52)]  # fmt: skip
        _lamp(layer, put(smooth(np.array(lamp) * (1, side), count=30, rounds=2)), light)
        fog = circle(arc_at(shape, "nose", 0.36), side * 0.74, 0.055, 20) * (1, 1)
        layer.polygon(put(fog), DARK, within=True)
    grille = put(smooth(patch(s_low + 0.05, s_high - 0.02, -0.5, 0.5), rounds=2))
    layer.polygon(grille, (14, 15, 16), within=True)
    for share in (0.3, 0.6):
        s = s_low + 0.05 + (s_high - s_low - 0.07) * share
        bar = np.stack([np.full(20, s), np.linspace(-0.46, 0.46, 20)], axis=1)
        layer.line(put(bar), _lit(CHROME, light), max(0.6, 0.012 * camera.focal / 6))
    badge = circle((s_low + s_high) / 2 + 0.02, 0.0, 0.055, 24) * (1, 1)
    layer.polygon(put(badge), _lit((225, 228, 232), light), within=True)
    intake = patch(arc_at(shape, "nose", 0.27), arc_at(shape, "nose", 0.42), -0.62, 0.62, taper=0.1)
    layer.polygon(put(smooth(intake, rounds=2)), (13, 14, 15), within=True)
    _plate(layer, put(patch(arc_at(shape, "nose", 0.45), arc_at(shape, "nose", 0.56), -0.32, 0.32)), light)


def _plate(layer: Layer, outline: Points, light: Light) -> None:
    layer.polygon(outline, _lit((240, 240, 232), light), within=True)
    centre = outline.mean(axis=0)
    for at in (-0.55, -0.2, 0.15, 0.5):
        word = centre + (outline - centre) * (0.13, 0.5) + (outline.max(axis=0) - centre) * (at, 0)
        layer.polygon(word, (28, 28, 32), within=True)


def _tail(layer: Layer, car: Car, camera: Camera, light: Light) -> None:
    shape = car.shape

    def put(outline: Points) -> Points:
        return camera.project(on_strip(shape, outline))

    low, high, inner, _ = shape.tail
    thin = max(0.6, 0.012 * camera.focal / float(np.linalg.norm(camera.eye - camera.target)))
    seam: Colour = (24, 24, 26)

    def rect(z0: float, z1: float, f0: float, f1: float) -> Points:
        return put(smooth(patch(arc_at(shape, "tail", z0), arc_at(shape, "tail", z1), f0, f1), rounds=2))

    level = min(1.1, 0.4 + 0.7 * light.exposure)
    for side in (1.0, -1.0):
        layer.polygon(rect(high, low, side * inner, side), np.array((70, 6, 8)) * level, within=True)
        span = 1 - inner
        shell = rect(high - 0.02, low + 0.02, side * (inner + 0.1 * span), side * (1 - 0.06 * span))
        layer.polygon(shell, np.array([(206, 32, 32), (150, 12, 16)]) * level, within=True)
        middle = low + 0.32 * (high - low)
        white = rect(middle + 0.05, middle - 0.03, side * (inner + 0.2 * span), side * (1 - 0.12 * span))
        layer.polygon(white, _lit((236, 228, 220), light), within=True)
        layer.polygon(rect(0.4, 0.36, side * 0.62, side * 0.9), np.array((150, 16, 18)) * level, within=True)
    layer.polygon(rect(0.34, 0.22, -0.86, 0.86), (26, 27, 29), within=True)
    for f in (-inner + 0.03, inner - 0.03):
        edge = np.array([(arc_at(shape, "tail", z), f) for z in (shape.rear_glass[0], 0.8, 0.56)])
        layer.line(put(edge), seam, thin)
    for z in (0.55, 0.46):
        across = np.linspace(-0.94 if z < 0.5 else -inner + 0.03, 0.94 if z < 0.5 else inner - 0.03, 24)
        layer.line(put(np.stack([np.full(24, arc_at(shape, "tail", z)), across], axis=1)), seam, thin)
    layer.polygon(rect(0.86, 0.83, -0.3, 0.3), _lit(CHROME, light), within=True)
    layer.polygon(
        put(circle(arc_at(shape, "tail", 0.93), 0.0, 0.045, 20)), _lit((226, 229, 233), light), within=True
    )
    wiper = [(shape.rear_glass[0] + 0.02, 0.0), (shape.rear_glass[0] + 0.09, 0.42)]
    layer.line(put(np.array([(arc_at(shape, "tail", z), f) for z, f in wiper])), (10, 10, 11), thin * 1.4)
    _plate(layer, put(patch(arc_at(shape, "tail", 0.79), arc_at(shape, "tail", 0.68), -0.3, 0.3)), light)


def _window(layer: Layer, shape: Shape, camera: Camera, light: Light, s0: float, s1: float, slope: float) -> None:
    outline = smooth(patch(s0, s1, -0.93, 0.93), rounds=2)
    frame = smooth(patch(s0 - 0.03, s1 + 0.03, -0.97, 0.97), rounds=2)
    layer.polygon(camera.project(on_strip(shape, frame)), (14, 15, 16), within=True)
    _glass(layer, light, camera.project(on_strip(shape, outline)), slope)


def draw_mirror(layer: Layer, car: Car, camera: Camera, light: Light, side: float) -> None:
    """The mirror on the left (side 1) or right (-1)."""
    shape = car.shape
    x, z = shape.screen[0] + 0.2, shape.belt + 0.06
    y = side * (float(half_width(shape, np.array(x), np.array(z))) + 0.11)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    shell = np.stack([x + 0.075 * np.cos(angle), np.full(24, y), z + 0.07 * np.sin(angle)], axis=1)
    wide = np.stack([np.full(24, x), y + 0.105 * np.cos(angle), z + 0.07 * np.sin(angle)], axis=1)
    level = light.ambient * 0.8 + light.sun_strength * 0.3
    colour = np.clip(np.array(car.paint) * level + np.array(light.horizon) * 0.08, 0, 255)
    for outline in (shell, wide):
        layer.polygon(camera.project(outline), np.stack([colour * 1.1, colour * 0.7]))


def draw_details(layer: Layer, car: Car, camera: Camera, light: Light) -> None:
    """Everything on the body that the camera can see."""
    shape = car.shape
    s_screen = (arc_at(shape, "top", shape.screen[0]), arc_at(shape, "top", shape.screen[1]))
    s_rear = (arc_at(shape, "tail", shape.rear_glass[1]), arc_at(shape, "tail", shape.rear_glass[0]))
    near = 1.0 if camera.eye[1] > 0 else -1.0
    for (s0, s1), slope, outward in ((s_screen, 0.8, (-1.0, 0.0, 0.8)), (s_rear, 0.7, (1.0, 0.0, 0.6))):
        where = on_strip(shape, patch(s0, s1, -0.9, 0.9))
        if _faces(where, camera, np.array(outward)):
            _window(layer, shape, camera, light, s0, s1, slope)
    flank = on_side(shape, np.array([(1.0, 0.4), (2.5, 0.4), (2.5, 0.9), (1.0, 0.9)]), near)
    if _faces(flank, camera, np.array((0.0, near, 0.0))):
        _flank(layer, car, camera, light, near)
    if _faces(on_strip(shape, patch(0.2, 0.5, -0.6, 0.6)), camera, np.array((-1.0, 0, 0))):
        _nose(layer, car, camera, light)
    s = arc_at(shape, "tail", 0.6)
    if _faces(on_strip(shape, patch(s - 0.15, s, -0.6, 0.6)), camera, np.array((1.0, 0, 0))):
        _tail(layer, car, camera, light)


def _wheel_plane(
    car: Car, camera: Camera, x: float, side: float, inset: float = 0.0
) -> tuple[float, Callable[[Points], Points]]:
    """The y of a wheel's outer face, and how its (x, z) outlines are projected."""
    y = side * (float(half_width(car.shape, np.array(x), np.array(0.5))) - 0.03 - inset)

    def put(outline: Points) -> Points:
        return camera.project(np.stack([outline[:, 0], np.full(len(outline), y), outline[:, 1]], axis=1))

    return y, put


def draw_tyre(layer: Layer, car: Car, camera: Camera, light: Light, x: float, side: float) -> None:
    """The tread of a tyre, to be painted before the body; left is side 1, right is -1."""
    import cv2

    ring = circle(x, car.shape.wheel_radius, car.shape.wheel_radius)
    both = [_wheel_plane(car, camera, x, side, inset)[1](ring) for inset in (0.0, 0.19)]
    hull = cv2.convexHull(np.concatenate(both).astype(np.float32))[:, 0].astype(np.float64)
    layer.polygon(hull, np.array((17, 17, 18)) * (0.35 + 0.65 * min(1, light.exposure)))


def draw_wheel(layer: Layer, car: Car, camera: Camera, light: Light, x: float, side: float) -> None:
    """The outer face of a wheel, where the camera sees it."""
    y, put = _wheel_plane(car, camera, x, side)
    if side * camera.eye[1] <= abs(y) + 0.1:
        return
    radius = car.shape.wheel_radius
    level = 0.35 + 0.65 * min(1, light.exposure)
    layer.polygon(put(circle(x, radius, radius)), np.array([(52, 52, 54), (30, 30, 31)]) * level)
    layer.polygon(put(circle(x, radius, radius * 0.72)), np.array((22, 22, 23)) * level)
    rim = np.array([(222, 225, 229), (150, 154, 160)]) * level
    rim_radius = radius * 0.68
    layer.polygon(put(circle(x, radius, rim_radius)), rim)
    if car.rims:
        layer.polygon(put(circle(x, radius, rim_radius * 0.88)), np.array((34, 35, 37)) * level)
        half = 0.42 * np.pi / car.rims
        for k in range(car.rims):
            angle = 2 * np.pi * k / car.rims + 0.3
            spoke = [(0.1, angle - half * 1.6), (0.92, angle - half * 0.62),
                     (0.92, angle + half * 0.62), (0.1, angle + half * 1.6)]  # fmt: skip
            corners = [(x + rim_radius * r * np.cos(a), radius + rim_radius * r * np.sin(a)) for r, a in spoke]
            layer.polygon(put(np.array(corners)), rim * 0.96)
    else:
        for angle in np.arange(9) * 2 * np.pi / 9:
            at = (x + rim_radius * 0.72 * np.cos(angle), radius + rim_radius * 0.72 * np.sin(angle))
            layer.polygon(put(circle(*at, rim_radius * 0.13, 12)), np.array((44, 45, 47)) * level)
    layer.polygon(put(circle(x, radius, rim_radius * 0.22)), np.array([(205, 208, 212), (120, 124, 130)]) * level)
    layer.polygon(put(circle(x, radius, rim_radius * 0.1)), np.array((70, 72, 76)) * level)
