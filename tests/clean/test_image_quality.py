"""Defect scores: pinned against cleanvision, and what each of them is for."""

import os
import time
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from curate.clean import image_quality
from curate.core.errors import RejectedError
from curate.core.recipe import QualityThresholds
from curate.photos import decode

Pixels = NDArray[np.uint8]
THRESHOLDS = QualityThresholds()
MARKET = Path(os.environ.get("CURATE_MARKET") or Path(__file__).parents[3] / "shared" / "market")


def ramp() -> Pixels:
    y, x = np.mgrid[0:96, 0:128]
    return np.stack([x * 2, y * 2, x + y], axis=2).astype(np.uint8)


def stripes() -> Pixels:
    across = np.arange(128) // 8 % 2 * 180 + 30
    return np.broadcast_to(across[None, :, None], (96, 128, 3)).astype(np.uint8)


def photo(width: int = 256, height: int = 192) -> Pixels:
    """Something with the statistics of a photo: shapes of all sizes in front of each other."""
    random = np.random.default_rng(5)
    canvas = Image.new("RGB", (width * 2, height * 2), (90, 120, 160))
    draw = ImageDraw.Draw(canvas)
    for size in (0.9 ** np.arange(60) * width).astype(int) + 6:
        x, y = random.integers(-size, width * 2), random.integers(-size, height * 2)
        draw.ellipse((x, y, x + size, y + size * 0.7), tuple(random.integers(0, 256, 3).tolist()))
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def printed(size: tuple[int, int] = (210, 297), paper: int = 250, ink: int = 25, pt: int = 9) -> Pixels:
    page = Image.new("RGB", (size[0] * 3, size[1] * 3), (paper, paper, paper))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(pt * 3)
    for y in range(40, size[1] * 3 - 60, pt * 5):
        draw.text(
            (40, y), "certificate of registration owner engine fuel tax"[: 20 + y % 29], (ink, ink, ink), font
        )
    return np.asarray(page.resize(size, Image.Resampling.BOX))


def why(pixels: Pixels, width: int = 640, height: int = 480) -> str:
    return image_quality.reason(image_quality.measure(pixels, width, height), THRESHOLDS)


# Computed with cleanvision 0.3.7: dark, light, low_information, odd_aspect_ratio.
@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        pytest.param(ramp(), (0.7683, 0.8582, 0.8627, 0.75), id="ramp"),
        pytest.param(ramp() // 6, (0.1270, 0.9775, 0.6712, 0.75), id="night"),
        pytest.param(255 - ramp() // 8, (0.9949, 0.0851, 0.6295, 0.75), id="snow"),
        pytest.param(stripes(), (0.8235, 0.8824, 0.2585, 0.75), id="stripes"),
    ],
)
def test_shared_definitions_give_the_scores_of_cleanvision(
    pixels: Pixels, expected: tuple[float, float, float, float]
) -> None:
    scores = image_quality.measure(pixels, 128, 96)
    measured = (scores.dark, scores.light, scores.low_information, scores.odd_aspect_ratio)
    assert measured == pytest.approx(expected, abs=0.005)


def blurred(radius: float) -> Pixels:
    return np.asarray(Image.fromarray(photo()).filter(ImageFilter.GaussianBlur(radius)))


def test_what_each_defect_is_called() -> None:
    assert why(photo()) == ""
    assert why(photo() // 6) == "dark"
    assert why(255 - (255 - photo()) // 64) == "blank"
    assert why(np.full((96, 128, 3), 70, np.uint8)) == "blank"
    assert why(blurred(8)) == "blurred"
    assert why(photo(), 640, 120) == "odd_shape"
    assert why(photo(), 120, 640) == "odd_shape"
    assert why(photo(), 78, 60) == "too_small"
    assert why(photo(), 80, 60) == ""
    assert why(printed()) == "document"
    assert why(printed(paper=20, ink=235)) == "document"


@pytest.mark.parametrize("lines", [12, 15, 30])
def test_a_page_with_a_few_lines_of_text_is_a_document(lines: int) -> None:
    page = Image.new("RGB", (800, 1100), "white")
    for line in range(lines):
        text = "The quick brown fox jumps over the lazy dog and"
        ImageDraw.Draw(page).text((60, 60 + 30 * line), text, "black", ImageFont.load_default(18))
    assert why(np.asarray(page), *page.size) == "document"
    scores = image_quality.measure(np.asarray(page), *page.size)
    if lines < 30:
        assert image_quality.reason(scores, THRESHOLDS.override(document=0)) == "blank", "print is not asked for"


def test_a_placeholder_is_blank() -> None:
    sign = Image.new("RGB", (400, 300), (240, 240, 240))
    ImageDraw.Draw(sign).text((90, 140), "IMAGE REMOVED", (150, 150, 150), ImageFont.load_default(24))
    assert why(np.asarray(sign)) == "blank"


def test_thresholds_decide() -> None:
    scores = image_quality.measure(photo(), 640, 480)
    assert image_quality.reason(scores, QualityThresholds(blurry=1.0)) == "blurred"
    nothing = QualityThresholds(
        dark=0, light=0, blurry=0, low_information=0, odd_aspect_ratio=0, odd_size=0, document=0
    )
    assert image_quality.reason(image_quality.measure(np.zeros((8, 8, 3), np.uint8), 8, 8), nothing) == ""


def blur(pixels: Pixels) -> float:
    return image_quality.blur_effect(np.asarray(Image.fromarray(pixels).convert("F").reduce(2)))


def test_blur_grows_with_the_radius_and_not_with_the_contrast() -> None:
    effects = [blur(blurred(radius)) for radius in (0, 1, 2, 4, 8)]
    assert effects == sorted(effects) and effects[0] < 0.5 < effects[-1]
    assert blur(photo() // 4 + 90) == pytest.approx(blur(photo()), abs=0.05)


def test_blur_in_one_direction_counts() -> None:
    moved = np.stack([np.roll(photo(), shift, axis=1) for shift in range(20)]).mean(axis=0).astype(np.uint8)
    assert blur(moved) > blur(photo()) + 0.2
    assert blur(np.ascontiguousarray(moved.transpose(1, 0, 2))) == pytest.approx(blur(moved))


def test_a_plain_background_is_no_page() -> None:
    studio = np.full((192, 256, 3), 250, np.uint8)
    studio[48:144, 40:216] = photo(176, 96)
    plate = np.full((192, 256, 3), 250, np.uint8)
    plate[100:150, 60:200] = printed((140, 50))
    assert why(studio) == "" and why(plate) != "document"


@pytest.mark.parametrize("factor", [2, 4])
def test_the_size_of_the_pixels_hardly_matters(factor: int) -> None:
    large = photo(1024, 768)
    small = np.asarray(Image.fromarray(large).reduce(factor))
    for one, other in zip(
        astuple(image_quality.measure(large, 1024, 768)),
        astuple(image_quality.measure(small, 1024, 768)),
        strict=True,
    ):
        assert one == pytest.approx(other, abs=0.06)


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from(["noise", "black", "white", "grey", "half"]))
@settings(deadline=None, max_examples=150)
def test_any_image_has_scores(width: int, height: int, kind: str) -> None:
    noise = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    level = {"noise": 1.0, "black": 0.0, "white": 0.0, "grey": 0.0, "half": 0.01}[kind]
    pixels = (noise * level + {"white": 255, "grey": 128}.get(kind, 0)).astype(np.uint8)
    scores = image_quality.measure(pixels, width, height)
    assert all(0 <= score <= 1 for score in astuple(scores))


def test_fast_enough_to_run_on_everything() -> None:
    pixels = photo()
    image_quality.measure(pixels, 640, 480)
    began = time.process_time()
    for _ in range(50):
        image_quality.measure(pixels, 640, 480)
    assert (time.process_time() - began) / 50 < 0.005  # about 0.001 s; slow machines run tests too


@pytest.mark.market
@pytest.mark.skipif(not MARKET.is_dir(), reason=f"no corpus at {MARKET}; set CURATE_MARKET")
def test_market_loses_next_to_nothing() -> None:
    counted, lost = 0, []
    for path in sorted((MARKET / "images").iterdir())[::10]:
        try:
            image = decode.decode(path.read_bytes(), at_least=128)
        except RejectedError:
            continue
        counted += 1
        if reason := image_quality.reason(
            image_quality.measure(image.pixels, image.width, image.height), THRESHOLDS
        ):
            lost.append(f"{path.name}: {reason}")
    assert counted > 0
    assert len(lost) <= 0.005 * counted, lost
