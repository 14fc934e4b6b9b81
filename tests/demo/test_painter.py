"""The painted marketplace: what it holds, and that it is the same every time."""

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.core import executors
from curate.core.errors import RejectedError
from curate.demo.canvas import Camera, Layer, smooth
from curate.demo.cars import SHAPES, Car, body
from curate.demo.pages import Catalogue
from curate.demo.painter import CLASSES, JUNK, Shot, paint, paint_catalogue, plan
from curate.photos.decode import decode

SEED = 7


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    paint_catalogue(folder, SEED, per_class=3)
    return folder


def photos_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "photos").iterdir()}


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(market: Path, tmp_path: Path) -> None:
    with executors.local(2, chunk_size=4) as map_fn:
        listings = paint_catalogue(tmp_path, SEED, per_class=3, map_fn=map_fn)
    assert photos_of(tmp_path) == photos_of(market)
    assert (tmp_path / "truth.csv").read_bytes() == (market / "truth.csv").read_bytes()
    assert sorted(photo.photo_id + ".jpg" for one in listings for photo in one.photos) == sorted(photos_of(market))
    assert {one.class_name for one in listings} == set(CLASSES)
    Catalogue(listings)  # ids are unique


def test_painted_photos_are_not_painted_again_until_one_is_missing(market: Path) -> None:
    def refuse(*args: object) -> list[object]:
        raise AssertionError("painted again")

    before = photos_of(market)
    listings = paint_catalogue(market, SEED, per_class=3, map_fn=refuse)  # type: ignore[arg-type]
    assert sum(len(one.photos) for one in listings) == len(before)
    lost = min(before)
    (market / "photos" / lost).unlink()
    paint_catalogue(market, SEED, per_class=3)
    assert photos_of(market) == before


def test_the_plan_has_the_share_of_junk_that_it_promises() -> None:
    shots = plan(seed=1, per_class=300)
    issues = Counter(shot.issue for shot in shots)
    paintings = [shot for shot in shots if shot.issue not in ("exact_duplicate", "near_duplicate", "corrupt")]
    assert issues["none"] == 600
    assert sum(issues[issue] for issue in JUNK) / len(paintings) == pytest.approx(sum(JUNK.values()), abs=0.005)
    assert issues["exact_duplicate"] > 5
    assert issues["near_duplicate"] > 20
    assert len({shot.photo_id for shot in shots}) == len(shots)
    good = Counter(shot.class_name for shot in shots if shot.issue == "none")
    assert good == dict.fromkeys(CLASSES, 300)
    with pytest.raises(ValueError, match="per_class"):
        plan(seed=1, per_class=0)


def test_duplicates_and_broken_files_are_what_truth_says(market: Path) -> None:
    with (market / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    digests = photos_of(market)
    for row in rows:
        name = row["photo_id"] + ".jpg"
        if row["issue"] == "exact_duplicate":
            assert digests[name] == digests[row["painting"] + ".jpg"]
        elif row["issue"] == "near_duplicate":
            assert digests[name] != digests[row["painting"] + ".jpg"]
        if row["issue"] == "corrupt":
            with pytest.raises(RejectedError):
                decode((market / "photos" / name).read_bytes())
        else:
            with Image.open(market / "photos" / name) as image:
                image.load()
                assert min(image.size) >= 150


def test_each_kind_of_junk_looks_different() -> None:
    shots = {issue: Shot("a", "1", CLASSES[0], "", issue, "a", "", 1, 5, "street", "day") for issue in JUNK}
    small = {
        issue: np.asarray(Image.open(io.BytesIO(paint(shot, SEED))).resize((32, 32)), dtype=float)
        for issue, shot in shots.items()
    }
    for issue, pixels in small.items():
        assert pixels.std() > 10, issue
        assert all(np.abs(pixels - other).mean() > 15 for name, other in small.items() if name != issue)


def drawn(class_name: str, yaw_deg: float) -> Layer:
    """A red car from `yaw_deg` (0 is its nose, 90 its left side), 5 m away."""
    from curate.demo.drawing import draw
    from curate.demo.scenes import daylight

    length = SHAPES[class_name].outline[-2][0]
    target, angle = np.array([length / 2, 0.0, 0.7]), np.deg2rad(yaw_deg)
    eye = target + 5 * np.array([-np.cos(angle), np.sin(angle), 0.1])
    layer = Layer(300, 200)
    car = Car(SHAPES[class_name], (200, 20, 20), 0.2, 5, False, 0.0)
    draw(layer, car, Camera(eye, target, 260.0, (150.0, 100.0)), daylight(np.random.default_rng(1), "day"))
    return layer


def test_the_two_shapes_differ_as_their_names_say() -> None:
    boxes = {}
    for name in CLASSES:
        rows, columns = np.nonzero(drawn(name, 90).mask)
        boxes[name] = np.ptp(rows) / np.ptp(columns)  # height by length
    assert boxes["hatchback"] == pytest.approx(1.5 / 3.86, abs=0.03)
    assert boxes["tallboy"] == pytest.approx(1.71 / 3.56, abs=0.04)


def test_a_car_is_red_all_round_and_its_left_mirrors_its_right() -> None:
    for yaw in (0, 40, 90, 140, 180):
        left, right = drawn("hatchback", yaw), drawn("hatchback", -yaw)
        red = left.colour[left.mask > 0].astype(float)
        assert (red[:, 0] > red[:, 1:].max(axis=1) + 20).mean() > 0.25, yaw
        overlap = (left.mask > 0) & (right.mask[:, ::-1] > 0)
        assert overlap.sum() / ((left.mask > 0) | (right.mask[:, ::-1] > 0)).sum() > 0.97, yaw


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_body_is_closed_and_its_normals_point_outwards(class_name: str) -> None:
    corners, normals = body(SHAPES[class_name])
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    centres = corners.mean(axis=1)
    assert (normals[centres[:, 2] > 1.3][:, 2] > 0).mean() > 0.95  # the roof looks up
    assert corners[..., 1].min() == pytest.approx(-corners[..., 1].max())


def test_smoothing_keeps_the_ends_of_an_open_line() -> None:
    line = smooth([(0, 0), (1, 2), (3, 0)], closed=False, count=50)
    assert line.shape == (50, 2)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [3, 0]
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    assert steps.max() < 1.05 * steps.min()
