"""What makes two images duplicates, and what does not."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from curate.core.recipe import Dedup
from curate.dedup import find_duplicates, fingerprints, geometry, similarity
from curate.dedup.alignment import PROOF, WORTH_ALIGNING
from curate.dedup.features import compute_features, details, usable
from curate.photos import decode
from tests.benchmarks.edits import apply
from tests.scenes import jpeg, scene

Paint = tuple[int, int, int]


def kept(images: list[bytes], method: str = "thorough") -> list[int]:
    prints = [fingerprints.of_pixels(decode.decode(data, fingerprints.AT_LEAST).pixels) for data in images]
    found = find_duplicates.find(
        np.concatenate([np.empty(0, fingerprints.FINGERPRINT), *prints]), Dedup.model_validate({"method": method})
    )
    return found.keeper.tolist()  # type: ignore[no-any-return]


def car(paint: Paint) -> Image.Image:
    """A car before a busy grey wall: another paint, and nothing else."""
    random = np.random.default_rng(3)
    image = Image.new("RGB", (320, 220), (190, 190, 190))
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y, w, h = random.uniform((0, 0, 5, 5), (320, 220, 40, 30))
        level = int(random.integers(90, 240))
        draw.rectangle((x, y, x + w, y + h), fill=(level, level, level))
    draw.rectangle((0, 170, 320, 220), fill=(70, 70, 70))
    draw.rectangle((40, 80, 280, 180), fill=paint)
    for _ in range(60):  # reflections
        x, y, w, h = random.uniform((45, 85, 4, 3), (265, 172, 30, 14))
        shade = float(random.uniform(0.5, 1.3))
        draw.ellipse((x, y, x + w, y + h), fill=tuple(min(250, int(level * shade)) for level in paint))
    return image


BLUE, BROWN, DARK, LIGHT = (60, 90, 200), (130, 90, 20), (24, 24, 24), (235, 235, 235)


def test_other_paint_is_no_duplicate() -> None:
    grey = [np.asarray(car(paint).convert("L"), float).mean() for paint in (BLUE, BROWN)]
    assert abs(grey[0] - grey[1]) < 4  # so that grey alone could not tell them apart
    assert kept([jpeg(car(BLUE)), jpeg(car(BROWN))]) == [0, 1]
    assert kept([jpeg(car(BLUE)), jpeg(car(LIGHT))]) == [0, 1]


def test_other_paint_may_be_in_another_split() -> None:
    prints = np.concatenate([fingerprints.of_pixels(np.asarray(car(paint))) for paint in (BLUE, BROWN)])
    assert find_duplicates.find(prints, Dedup(method="thorough")).similar_group.tolist() == [0, 1]


@pytest.mark.parametrize(("seed", "shade"), [(4, 0.5), (0, 0.6)])  # the details of the latter agree by .95
def test_the_same_outlines_in_another_grey_are_no_duplicate(seed: int, shade: float) -> None:
    grey = scene(seed).convert("L")
    dark = grey.copy()
    part = grey.crop((80, 60, 240, 170))  # a quarter of the image
    dark.paste(part.point(lambda level: int(level * shade)), (80, 60))
    assert kept([jpeg(image.convert("RGB")) for image in (grey, dark)]) == [0, 1]


def test_a_lawn_does_not_hide_other_paint() -> None:
    def on_lawn(paint: Paint) -> bytes:
        image = car(paint)
        green = Image.blend(image, Image.new("RGB", image.size, (20, 200, 0)), 0.5)
        green.paste(image.crop((70, 80, 250, 180)), (70, 80))  # a quarter of the image
        return jpeg(green)

    assert kept([on_lawn((60, 110, 90)), on_lawn((120, 90, 60))]) == [0, 1]


@pytest.mark.parametrize("edit", ["grey", "+35% light", "logo", "crop 4%", "mirror", "rotate 2°"])
@pytest.mark.parametrize("paint", [BLUE, BROWN, DARK])
def test_an_edit_is_no_other_paint(paint: Paint, edit: str) -> None:
    assert kept([jpeg(car(paint)), apply(car(paint), edit, "1")]) == [0, 0]


def test_a_cast_is_no_other_paint() -> None:
    pixels = np.asarray(car(BLUE), np.int16) + np.array([18, 4, -14])
    assert kept([jpeg(car(BLUE)), jpeg(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))]) == [0, 0]


@pytest.mark.parametrize(("tint", "one_thing"), [(3, True), (8, False), (30, False)])
def test_opposite_colours_are_those_of_one_thing_only_where_they_are_faint(tint: float, one_thing: bool) -> None:
    cast = tint * np.array([1, -1, 0]) * np.linspace(0.8, 1, 256).reshape(16, 16, 1)
    first, second = ((120 + sign * cast).astype(np.float32) for sign in (1, -1))
    assert (similarity.compare_colours(first, second, np.eye(3))[1] >= similarity.SAME_HUE) == one_thing


@pytest.mark.parametrize("seed", [7, 9])
def test_what_covers_a_part_must_leave_the_rest_as_it_was(seed: int) -> None:
    image = scene(seed)
    marked = image.copy()
    marked.paste(scene(20, 107, 73), (0, 0))
    y, x = np.mgrid[: image.height, : image.width]
    patches = 6 * np.sign(np.sin(x / 50) * np.sin(y / 50))[..., None]

    def shaded(photo: Image.Image) -> bytes:
        return jpeg(Image.fromarray((np.asarray(photo, float) + patches).clip(0, 255).astype(np.uint8)))

    assert kept([jpeg(image), jpeg(marked)]) == [0, 0]
    assert kept([jpeg(image), shaded(image)]) == [0, 0]
    assert kept([jpeg(image), shaded(marked)]) == [0, 1]


def haze(seed: int) -> Image.Image:
    """A sky: one grey turning into another, and nothing else."""
    return scene(seed).convert("L").filter(ImageFilter.GaussianBlur(32)).convert("RGB")


def test_turned_corners_and_frames_prove_nothing() -> None:
    turned = [haze(n).rotate(2, Image.Resampling.BICUBIC, fillcolor="black") for n in range(6)]
    framed = [ImageOps.expand(haze(n), 22, fill="white") for n in range(6, 12)]
    assert kept([jpeg(image, 95) for image in turned + framed]) == list(range(12))


@pytest.mark.parametrize("edit", ["jpeg 40", "half size", "grey", "border", "mirror"])
def test_smooth_images_are_duplicates_when_their_greys_agree(edit: str) -> None:
    originals = [haze(n) for n in range(6)]
    images = [jpeg(image, 95) for image in originals]
    images += [apply(image, edit, str(n)) for n, image in enumerate(originals)]
    assert kept(images) == [*range(6), *range(6)]


def sky(seed: int, light: float = 1) -> Image.Image:
    """A slope from one blue into another with clouds of half a grey level, which nobody sees."""
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (22, 32)).astype(np.float32)
    clouds = np.asarray(Image.fromarray(noise).resize((320, 220), Image.Resampling.BICUBIC))
    grey = 60 + 40 * np.linspace(0, 1, 220)[:, None] + clouds
    return Image.fromarray((light * grey[..., None] * (1, 1.6, 2)).astype(np.uint8))


def test_a_plain_image_made_brighter_is_a_duplicate_where_its_faint_contrast_agrees() -> None:
    images = [jpeg(sky(seed), 95) for seed in range(4)] + [jpeg(sky(seed, 1.25), 95) for seed in range(4)]
    assert kept(images) == [0, 1, 2, 3, 0, 1, 2, 3]
    features = [
        compute_features(fingerprints.of_pixels(decode.decode(data, fingerprints.AT_LEAST).pixels)[0])
        for data in images
    ]
    alike = [[similarity.measure(a, b, np.eye(3)) >= PROOF for b in features[4:]] for a in features[:4]]
    assert (np.array(alike) == np.eye(4)).all()


@pytest.mark.parametrize(("shared", "expected"), [(0.47, 1.0), (0.43, 0.0)])
def test_two_views_that_share_less_than_045_prove_nothing(shared: float, expected: float) -> None:
    panorama, offset = scene(3, 640), round(320 * (1 - shared))
    left, right = (panorama.crop((x, 0, x + 320, 220)) for x in (0, offset))
    first, second = (compute_features(fingerprints.of_pixels(np.asarray(image))[0]) for image in (left, right))
    transform = np.array([[1, 0, offset / 320], [0, 1, 0], [0, 0, 1]])
    assert similarity.measure(first, second, transform) == pytest.approx(expected, abs=0.02)


def test_a_plate_in_one_corner_makes_no_duplicates_of_plain_images() -> None:
    def with_plate(right: float, down: float) -> Image.Image:
        grey = 110 + right * np.linspace(0, 1, 320) + down * np.linspace(0, 1, 220)[:, None]
        image = Image.fromarray(grey.astype(np.uint8)).convert("RGB")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 180, 106, 207), fill="goldenrod")
        draw.text((12, 184), "VERIFIED", "red", font_size=18)
        return image

    plain = [with_plate(30, 7), with_plate(-30, 21), with_plate(60, 0), with_plate(12, 11)]
    assert kept([jpeg(image, 95) for image in plain]) == list(range(4))


def form(number: int) -> Image.Image:
    """A printed form, filled in otherwise each time."""
    image, random = Image.new("RGB", (640, 440), "white"), np.random.default_rng(number)
    draw = ImageDraw.Draw(image)
    for line, label in enumerate(("NAME", "CLASS", "FUEL", "MODEL", "COLOUR", "OWNER", "DATE", "REG NO")):
        draw.text((30, 20 + 50 * line), label, "black", font_size=30)
        value = "".join(random.choice(list("ABCDEFGHJKLMN0123456789"), 12))
        draw.text((250, 20 + 50 * line), value, (20, 20, 120), font_size=30)
    return image


def card(number: int) -> Image.Image:
    """A dealer's card: the same words, another number."""
    image = Image.new("RGB", (640, 440), "white")
    draw = ImageDraw.Draw(image)
    draw.text((80, 80), "SOLD BY", "black", font_size=100)
    draw.text((80, 260), str(np.random.default_rng(number).integers(10_000, 99_999)), "black", font_size=80)
    return image


@pytest.mark.parametrize("paper", [form, card])
def test_papers_that_say_something_else_are_no_duplicates(paper: Callable[[int], Image.Image]) -> None:
    assert kept([jpeg(paper(number)) for number in range(12)]) == list(range(12))


def test_another_outline_is_no_duplicate() -> None:
    def outline(seed: int) -> Image.Image:
        image = Image.new("RGB", (320, 220), "white")
        angles, sizes = np.linspace(0, 2 * np.pi, 9)[:-1], np.random.default_rng(seed).uniform(60, 100, 8)
        corners = np.stack([160 + 1.3 * sizes * np.cos(angles), 110 + sizes * np.sin(angles)], axis=1)
        ImageDraw.Draw(image).polygon(corners.ravel().tolist(), fill="black")
        return image

    assert kept([jpeg(outline(seed), 95) for seed in range(20)]) == list(range(20))


def test_what_is_burnt_out_counts_for_nothing() -> None:
    image, burnt = scene(4), scene(4)
    ImageDraw.Draw(burnt).rectangle((0, 0, 320, 110), fill="white")  # half of it
    features = [compute_features(fingerprints.of_pixels(np.asarray(one))[0]) for one in (image, burnt)]
    assert similarity.measure(features[0], features[1], np.eye(3)) > 0.97
    everywhere = [replace(a, mask=np.ones_like(a.mask)) for a in features]
    assert similarity.measure(everywhere[0], everywhere[1], np.eye(3)) < 0.92


@pytest.mark.parametrize("seed", range(6))
def test_an_estimate_is_not_misled_by_what_is_burnt_out(seed: int) -> None:
    bright = scene(seed).point(lambda value: 160 + value * 90 // 255)
    burnt = bright.point(lambda value: min(255, round(value * 1.35)))  # over half of it
    first, second = (compute_features(fingerprints.of_pixels(np.asarray(one))[0]) for one in (bright, burnt))
    assert similarity.estimate(first, second, geometry.to_pixels(np.eye(3), fingerprints.SIDE)) > WORTH_ALIGNING


def with_thing(area: float, thing: int) -> Image.Image:
    """One place, and in the middle of it, over that share of the image, one of many things."""
    place = scene(4)
    size = tuple(round(side * (area * 4 / np.pi) ** 0.5) for side in place.size)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((0, 0, *size), fill=255)
    corner = tuple((whole - part) // 2 for whole, part in zip(place.size, size, strict=True))
    place.paste(scene(thing).resize(size), corner, mask)
    return place


def test_another_thing_on_the_same_spot_is_no_duplicate() -> None:
    things = [jpeg(with_thing(0.2, thing)) for thing in range(10, 18)]
    assert kept(things) == list(range(8))


def test_a_cover_in_the_middle_is_an_edit() -> None:
    for number in range(6):
        covered = scene(number)
        ImageDraw.Draw(covered).rectangle((130, 140, 210, 165), fill="white")  # a number plate: 3% of the image
        assert kept([jpeg(scene(number)), jpeg(covered)]) == [0, 0]


@pytest.mark.parametrize("transform", [np.eye(3), geometry.MIRROR])
def test_an_image_that_does_not_move_is_as_warping_would_leave_it(transform: geometry.Transform) -> None:
    warp = geometry.to_pixels(transform, fingerprints.SIDE)
    random = np.random.default_rng(0)
    layers = [random.normal(size=[fingerprints.SIDE] * 2).astype(np.float32) for _ in range(2)]
    moved = [cv2.warpAffine(layer, warp, layer.shape, flags=cv2.WARP_INVERSE_MAP) for layer in layers]
    assert np.array_equal(similarity._warped(layers, warp), moved)
    assert similarity._warped(layers, warp) is layers  # it costs nothing


def test_details_of_images_with_one_mask_are_those_of_each_alone() -> None:
    view = fingerprints.of_pixels(np.asarray(car(BLUE)))[0]
    grey, mask = view["grey"].astype(np.float32), usable(view)
    both = details((grey, grey[::-1]), mask)
    alone = [details((grey,), mask)[0], details((grey[::-1],), mask)[0]]
    assert np.array_equal(both, alone)
    assert both[0].std() > 0.3
    assert not both[0][mask == 0].any()
