"""Where two images differ, on scenes whose difference is known."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from curate.photos.difference import SIDE, difference_map
from tests.scenes import scene


def red(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels say that the images differ."""
    values = pixels.astype(int)
    return np.asarray(values[..., 0] - values[..., 2] > 60)


def test_a_plate_is_red_and_nothing_else() -> None:
    first = scene(1)
    second = first.copy()
    ImageDraw.Draw(second).rectangle((40, 60, 120, 110), fill=(250, 250, 250))
    found = red(difference_map(np.asarray(first), np.asarray(second)))
    assert found.shape == (round(220 * SIDE / 320), SIDE)
    scale = SIDE / 320
    plate = np.zeros_like(found)
    plate[round(55 * scale) : round(115 * scale), round(35 * scale) : round(125 * scale)] = True
    assert found[plate].mean() > 0.6 and found[~plate].mean() < 0.01


def test_a_cropped_turned_or_lighter_duplicate_does_not_differ_where_it_shows_the_same() -> None:
    first = scene(2)
    lighter = Image.fromarray((np.asarray(first) * 0.7 + 40).astype(np.uint8))
    cropped, turned = first.crop((30, 20, 300, 200)), first.rotate(8, expand=True)
    for second in (cropped, turned, first.resize((200, 140)), lighter):
        assert red(difference_map(np.asarray(first), np.asarray(second))).mean() < 0.06
    assert red(difference_map(np.asarray(first), np.asarray(scene(3)))).mean() > 0.5


def test_a_mirror_image_is_turned_round_first() -> None:
    first = np.asarray(scene(4))
    assert red(difference_map(first, first[:, ::-1])).mean() > 0.3
    assert not red(difference_map(first, first[:, ::-1], mirrored=True)).any()


def test_what_the_other_does_not_show_is_striped() -> None:
    first = np.asarray(scene(5))
    found = difference_map(first, first[:, :200])
    right = found[:, -40:].astype(int)
    assert (right == 150).all(axis=2).mean() > 0.2 and not red(found[:, -40:]).any()


def test_plain_images_have_no_keypoints_and_are_stretched_to_one_size() -> None:
    grey, white = np.full((60, 80, 3), 90, np.uint8), np.full((30, 50, 3), 90, np.uint8)
    assert difference_map(grey, white).shape == (38, 50, 3)
