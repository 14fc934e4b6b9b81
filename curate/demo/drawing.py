"""A car on a layer: tyres, body and details, from the far side to the near one."""

import numpy as np

from curate.demo.canvas import Camera, Layer, Light
from curate.demo.cars import Car, body
from curate.demo.details import draw_details, draw_mirror, draw_tyre, draw_wheel


def draw(layer: Layer, car: Car, camera: Camera, light: Light) -> None:
    """Draw the car on `layer`."""
    shape = car.shape
    wheels = [(x, side) for side in (1.0, -1.0) for x in shape.wheels]
    for x, side in wheels:
        draw_tyre(layer, car, camera, light, x, side)
    near = 1.0 if camera.eye[1] > 0 else -1.0
    draw_mirror(layer, car, camera, light, -near)
    corners, normals = body(shape)
    centres = corners.mean(axis=1)
    to_eye = camera.eye - centres
    distance = np.linalg.norm(to_eye, axis=1)
    to_eye /= distance[:, None]
    order = np.argsort(-distance, kind="stable")
    order = order[np.einsum("ij,ij->i", normals, to_eye)[order] > 0]
    corners, normals, centres, to_eye = corners[order], normals[order], centres[order], to_eye[order]
    colours = light.paint(car.paint, car.metallic, normals, to_eye, centres)
    if car.dirt:
        share = car.dirt * np.clip(1 - (centres[:, 2:] - 0.2) / 0.6, 0, 1) * 0.6
        colours = colours * (1 - share) + np.array((132, 112, 88.0)) * light.exposure * share
    if car.trim:
        low = centres[:, 2] < 0.33
        colours[low] = colours[low] * 0.25 + 14
    layer.facets(camera.project(corners), colours)
    layer.soften(1.6)
    draw_details(layer, car, camera, light)
    draw_mirror(layer, car, camera, light, near)
    for x, side in sorted(wheels, key=lambda wheel: -abs(wheel[0] - camera.eye[0])):
        draw_wheel(layer, car, camera, light, x, side)
