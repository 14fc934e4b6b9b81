"""A photo of a car: choose the pose, paint the scene, put the car in it, and let the camera do its worst."""

import io

import numpy as np

from curate.demo.canvas import Camera, Colour, Layer, Painting, grain
from curate.demo.cars import SHAPES, Car
from curate.demo.drawing import draw
from curate.demo.places import Rng
from curate.demo.scenes import Scene, paint_scene, place_shadow

WHITE: Colour = (242, 242, 240)  # sells in every model
PAINTS: dict[str, tuple[Colour, ...]] = {
    "hatchback": ((176, 22, 30), (204, 30, 36), (36, 92, 206), (70, 146, 224), (224, 104, 24), (244, 200, 24)),
    "tallboy": ((186, 190, 196), (104, 108, 114), (46, 96, 74), (112, 84, 62), (196, 182, 152), (136, 150, 132)),
}
SIZES = ((400, 300), (440, 330), (440, 330), (480, 360), (480, 320), (380, 320))  # pixels


def choose_car(rng: Rng, class_name: str) -> Car:
    """A car of the class, as one seller owns it."""
    own = PAINTS[class_name]
    paint = WHITE if rng.random() < 0.06 else own[int(rng.integers(len(own)))]
    shade = rng.uniform(0.88, 1.08)
    return Car(
        shape=SHAPES[class_name],
        paint=(min(255, paint[0] * shade), min(255, paint[1] * shade), min(255, paint[2] * shade)),
        metallic=float(rng.uniform(0.1, 1.0)),
        rims=int(rng.choice([0, 5, 5, 6, 8, 10])),
        trim=bool(rng.random() < 0.3),
        dirt=float(rng.choice([0, 0, 0.4, 0.9])),
    )


def photograph(rng: Rng, car: Car, place: str, hour: str) -> Painting:
    """A photo of `car` from a random side, (height, width, 3); `place` and `hour` are those of `scenes`."""
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    length = car.shape.outline[-2][0]
    yaw = np.deg2rad(rng.choice([44, 132, 90], p=[0.6, 0.15, 0.25]) + rng.normal(0, 11))
    yaw *= rng.choice([-1, 1])
    tall = max(z for _, z in car.shape.outline)
    distance = rng.uniform(1.15, 2.4) * length
    target = np.array([length / 2, 0.0, 0.45 * tall])
    eye = target + distance * np.array([-np.cos(yaw), np.sin(yaw), 0])
    eye[2] = rng.uniform(0.8, 2.2)
    camera = Camera(eye, target, 1.0, (0.0, 0.0))
    around = np.array([(x, y, z) for x in (0, length) for y in (-1.05, 1.05) for z in (0, 1)])
    around *= (1.0, car.shape.half_width, tall)
    seen = camera.project(around)
    low, high = seen.min(axis=0), seen.max(axis=0)
    share = rng.uniform(0.76, 1.04)
    focal = min(width * share / (high[0] - low[0]), height * 0.86 / (high[1] - low[1]))
    middle = (low + high) / 2 * focal
    slack = (np.array([width, height]) - (high - low) * focal) / 2
    shift = rng.uniform(-0.75, 0.75, 2) * slack + (0, 0.25 * slack[1])
    centre = (float(width / 2 - middle[0] + shift[0]), float(height / 2 - middle[1] + shift[1]))
    camera = Camera(eye, target, float(focal), centre)
    scene = paint_scene(rng, width, height, camera.horizon, place, hour)
    defocus(scene, float(rng.uniform(0.0, 1.6)))
    put_car(scene, car, camera)
    return finish(rng, scene.painting, outdoors=place != "showroom")


def put_car(scene: Scene, car: Car, camera: Camera) -> None:
    """Draw the car into the scene with its shadow, and its reflection where the floor shines."""
    height, width = scene.painting.shape[:2]
    length, half = car.shape.outline[-2][0], car.shape.half_width
    corners = [
        (0.25, -half),
        (length - 0.2, -half),
        (length, -0.5),
        (length, 0.5),
        (length - 0.2, half),
        (0.25, half),
        (0.0, 0.5),
        (0.0, -0.5),
    ]
    place_shadow(scene, camera, np.array(corners), 0.07 * camera.focal / 6)
    layer = Layer(width, height)
    draw(layer, car, camera, scene.light)
    if scene.shine:
        _reflect(scene, layer, camera, length)
    layer.onto(scene.painting)


def _reflect(scene: Scene, layer: Layer, camera: Camera, length: float) -> None:
    """A floor mirror: the layer upside down about the line where the nearer wheels stand."""
    height = scene.painting.shape[0]
    feet = camera.project(np.array([(0.5, 0, 0), (length - 0.5, 0, 0)]))
    foot = int(np.clip(feet[:, 1].max(), 1, height - 1))
    deep = min(height - foot, foot)
    plain = scene.painting.copy()
    layer.onto(plain)
    mirrored = plain[foot - deep : foot][::-1]
    fade = np.linspace(scene.shine, 0, deep, dtype=np.float32)[:, None, None]
    scene.painting[foot : foot + deep] += (mirrored - scene.painting[foot : foot + deep]) * fade


def defocus(scene: Scene, sigma: float) -> None:
    """Blur the background by `sigma` pixels."""
    import cv2

    if sigma > 0.3:
        scene.painting[:] = cv2.GaussianBlur(scene.painting, (0, 0), sigma)


def tilt(rng: Rng, painting: Painting) -> Painting:
    """As from a hand that does not hold the camera straight: turned, askew, nearer, off centre."""
    import cv2

    height, width = painting.shape[:2]
    turn, near = np.deg2rad(rng.normal(0, 7)), rng.uniform(1.02, 1.35)
    squeeze = np.array([(near * rng.uniform(0.78, 1.0), 0), (rng.normal(0, 0.06), near)])
    turned = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))]) @ squeeze
    middle = np.array((width / 2, height / 2))
    shift = middle - turned @ middle + rng.uniform(-0.12, 0.12, 2) * (width, height)
    matrix = np.concatenate([turned, shift[:, None]], axis=1)
    return np.asarray(cv2.warpAffine(painting, matrix, (width, height), borderMode=cv2.BORDER_REFLECT))


def finish(rng: Rng, painting: Painting, outdoors: bool = False) -> Painting:
    """What a camera adds: vignette, colour cast, contrast, haze or rain, and sensor noise."""
    import cv2

    height, width = painting.shape[:2]
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None]
    corners = (1 - rng.uniform(0, 0.22) * (xs**2 + ys**2) / 2)[..., None]
    cast = np.array([rng.uniform(0.95, 1.05), 1.0, rng.uniform(0.95, 1.05)])
    contrast, shift = np.float32(rng.uniform(0.88, 1.12)), np.float32(rng.uniform(-10, 10))
    taken = np.asarray((painting * corners * cast - 118) * contrast + 118 + shift, dtype=np.float32)
    weather = rng.random() if outdoors else 1.0
    if weather < 0.04:
        fog = np.clip(0.26 + 0.18 * grain(rng, height, width, 2), 0, 0.5)[..., None]
        taken += (206 - taken) * fog
    elif weather < 0.07:
        drops = (rng.random((height, width)) > 0.9975).astype(np.float32)
        kernel = np.zeros((15, 15), np.float32)
        cv2.line(kernel, (5, 14), (9, 0), 1.0, 1)
        taken += cv2.filter2D(drops, -1, kernel)[..., None] * 46
    noise = rng.standard_normal((height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(taken + noise * rng.uniform(0.5, 4.5), 0, 255), dtype=np.float32)


def encode(painting: Painting, quality: int) -> bytes:
    """The painting as a JPEG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.clip(painting, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
