"""Where one image lies in another."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup import candidates, geometry
from curate.dedup.candidates import Pose


@given(st.integers(0, len(candidates.poses()) - 1), st.sampled_from([16, 64]))
@settings(max_examples=50)
def test_places_and_pixels_say_the_same(number: int, side: int) -> None:
    pose = candidates.poses()[number]
    transform = geometry.of_pose(pose)
    assert geometry.mirrored(transform) == pose.mirrored
    assert geometry.quarters_turned(transform) == pose.quarters
    again = geometry.from_pixels(geometry.to_pixels(transform, side), side, pose.mirrored)
    assert np.allclose(again, transform, atol=1e-4)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_crop_lies_where_it_was_cut(mirrored: bool) -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    first = image[:, ::-1] if mirrored else image
    second = cv2.resize(first[16:48, 8:40], (64, 64), interpolation=cv2.INTER_LINEAR)
    transform = geometry.of_pose(Pose((0.25, 0.75, 0.125, 0.625), mirrored))
    warp = geometry.to_pixels(transform, 64)
    found = cv2.warpAffine(first, warp, (64, 64), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    assert np.abs(found.astype(int) - second)[2:-2, 2:-2].max() <= 4
    corner = transform @ (0, 0, 1)
    assert np.allclose(corner[:2], (0.875, 0.25) if mirrored else (0.125, 0.25))


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_image_lies_as_numpy_turns_it(mirrored: bool, quarters: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    transform = geometry.of_pose(Pose(candidates.WHOLE, mirrored, quarters))
    first = image[:, ::-1] if mirrored else image
    found = cv2.warpAffine(first, geometry.to_pixels(transform, 64), (64, 64), flags=cv2.WARP_INVERSE_MAP)
    assert np.array_equal(found, np.rot90(first, quarters))
    assert geometry.quarters_turned(transform) == quarters
    assert geometry.mirrored(transform) == mirrored
