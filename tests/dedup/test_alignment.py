"""Duplicates are found and proved; look-alikes are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from curate.core.recipe import Dedup
from curate.dedup import alignment, candidates, find_duplicates, fingerprints, matches
from curate.dedup.features import compute_features
from curate.dedup.find_duplicates import Duplicates
from curate.photos import decode
from tests.benchmarks.edits import EDITS, apply
from tests.scenes import jpeg, scene

HASH = [edit for edit in EDITS if edit not in ("crop 10%", "crop 20%", "border")]


def find(images: list[bytes], method: str) -> Duplicates:
    prints = [fingerprints.of_pixels(decode.decode(data, fingerprints.AT_LEAST).pixels) for data in images]
    return find_duplicates.find(
        np.concatenate([np.empty(0, fingerprints.FINGERPRINT), *prints]), Dedup.model_validate({"method": method})
    )


@pytest.mark.parametrize(
    ("edit", "method"), [(edit, "hash") for edit in HASH] + [(edit, "thorough") for edit in EDITS]
)
def test_edits_are_duplicates(edit: str, method: str) -> None:
    originals = [scene(seed) for seed in range(8)]
    edited = [apply(image, edit, str(seed)) for seed, image in enumerate(originals)]
    found = find([jpeg(image) for image in originals] + edited, method)
    assert found.keeper.tolist() == [*range(8), *range(8)]
    assert all(word.startswith("aligned") for word in found.proof[8:])
    assert ("mirrored" in found.proof[8]) == (edit == "mirror")


@pytest.mark.parametrize("method", ["hash", "thorough"])
@pytest.mark.parametrize("edit", ["jpeg 40", "logo", "crop 4%"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_images_are_kept_together_and_none_is_removed(
    mirrored: bool, quarters: int, edit: str, method: str
) -> None:
    originals = [scene(seed) for seed in range(4)]
    edited = [Image.open(io.BytesIO(apply(image, edit, str(n)))) for n, image in enumerate(originals)]
    lying = [ImageOps.mirror(image) if mirrored else image for image in edited]
    turned = [jpeg(image.rotate(90 * quarters, expand=True)) for image in lying]
    found = find([jpeg(image) for image in originals] + turned, method)
    assert found.keeper.tolist() == list(range(8))
    assert found.similar_group.tolist() == [*range(4), *range(4)]


def studio(seed: int, x: int = 0) -> Image.Image:
    """Look-alikes: one outline in one place before one wall; only details differ from seed to seed."""
    image = Image.linear_gradient("L").resize((320, 220)).point(lambda value: 140 + value // 4).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((50 + x, 90, 270 + x, 165), fill=(150, 30, 30))
    draw.polygon(((90 + x, 90), (120 + x, 50), (210 + x, 50), (240 + x, 90)), fill=(60, 60, 70))
    for wheel in (95, 225):
        draw.ellipse((wheel - 25 + x, 140, wheel + 25 + x, 190), fill="black")
    random = np.random.default_rng(seed)
    for _ in range(25):
        cx, cy = random.uniform((0, 0), (320, 220))
        draw.ellipse((cx, cy, cx + 14, cy + 10), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


@pytest.mark.parametrize("method", ["hash", "thorough"])
def test_the_same_outline_is_no_proof(method: str) -> None:
    images = [jpeg(studio(seed)) for seed in range(12)]
    assert find(images, method).keeper.tolist() == list(range(12))
    assert find([*images, jpeg(studio(3), 60)], method).keeper.tolist() == [*range(12), 3]


def test_a_crowd_is_counted_from_round_to_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("curate.core.progress.EVERY_S", 0)
    find([jpeg(studio(seed)) for seed in range(6)], "hash")  # none is a duplicate: each waits for all before it
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"compare: {done} of 15 candidate pairs" for done in range(1, 15)]


def test_a_wall_taken_for_a_frame_hides_no_duplicate() -> None:
    image = scene(6)
    ImageDraw.Draw(image).rectangle((0, 170, 320, 220), fill=(200, 200, 200))
    cut = image.crop((0, 0, 320, 160))  # as if the wall were a frame, seen in one duplicate only
    other = np.array(decode.decode(jpeg(cut)).pixels)
    prints = np.concatenate([fingerprints.of_pixels(np.asarray(image)), fingerprints.of_pixels(other)])
    assert prints["inner"].tolist() == [False, True, False]
    assert find_duplicates.find(prints, Dedup(method="hash")).keeper.tolist() == [0, 0]
    for field in ("grey", "colour", "box"):  # without what is inside
        prints[field][1] = prints[field][0]
    assert find_duplicates.find(prints, Dedup(method="hash")).keeper.tolist() == [0, 1]


def test_links_are_no_chain() -> None:
    # Each image is the one before with another corner exchanged. Two exchanged corners are too much for a proof,
    # and for a pair that a third image leads to, three are.
    images = [scene(9)]
    for number, corner in enumerate(((0, 0), (213, 0), (0, 147), (213, 147))):
        images.append(images[-1].copy())
        images[-1].paste(scene(20 + number, 107, 73), corner)
    found = find([jpeg(image, 95 - number) for number, image in enumerate(images)], "hash")
    assert found.keeper.tolist() == [0, 0, 0, 3, 3]
    assert found.proof[2] == "aligned linked"


def test_what_a_link_has_removed_leads_nowhere() -> None:
    # 1 is a duplicate of 0, 2 of 1 and 3 of 2, each proved; a link joins 2 to 0. Nothing is a proved duplicate of
    # 0 and 3.
    images = [scene(12)]
    for number, (corner, size) in enumerate((((0, 0), (107, 73)), ((213, 0), (107, 73)), ((0, 154), (88, 66)))):
        images.append(images[-1].copy())
        images[-1].paste(scene(20 + number, *size), corner)
    found = find([jpeg(image, 95 - number) for number, image in enumerate(images)], "hash")
    assert found.keeper.tolist() == [0, 0, 0, 3]
    assert found.proof == ["", "aligned", "aligned linked", ""]


def test_a_third_image_shows_two_crops_to_be_duplicates() -> None:
    image = scene(9)
    upper, lower = jpeg(image.crop((0, 0, 306, 211))), jpeg(image.crop((14, 9, 320, 220)))
    assert find([upper, lower], "hash").keeper.tolist() == [0, 1]  # too far apart for the search
    together = find([upper, jpeg(image), lower], "hash")
    assert together.keeper.tolist() == [0, 0, 0]
    assert together.proof == ["", "aligned", "aligned linked"]


def test_duplicates_of_what_a_link_removes_follow_it() -> None:
    image = scene(9)
    upper, lower = image.crop((0, 0, 306, 211)), image.crop((14, 9, 320, 220))
    repeated = [jpeg(lower, 90 - 4 * number) for number in range(9)]
    assert find([jpeg(upper), *repeated], "hash").keeper.tolist() == [0] + [1] * 9
    found = find([jpeg(upper), jpeg(image), *repeated], "hash")
    assert found.keeper.tolist() == [0] * 11
    assert found.proof[2:] == ["aligned linked"] * 9


def test_a_third_image_shows_a_crop_and_a_framed_one_to_be_duplicates() -> None:
    image = scene(9)
    upper = jpeg(image.crop((0, 0, 306, 211)))
    framed = jpeg(ImageOps.expand(image.crop((14, 9, 320, 220)), 30, "white"))
    assert find([upper, framed], "hash").keeper.tolist() == [0, 1]  # too far apart for the search
    for first, last, word in ((upper, framed, "framed"), (framed, upper, "crop")):
        together = find([first, jpeg(image), last], "hash")
        assert together.keeper.tolist() == [0, 0, 0]
        assert together.proof[2] == f"aligned {word} linked"


def test_plain_images_are_duplicates_when_of_one_grey() -> None:
    greys = [200, 200, 90, 201, 0]
    found = find(
        [jpeg(Image.new("RGB", (120, 90), (grey,) * 3), 50 + 9 * n) for n, grey in enumerate(greys)], "hash"
    )
    assert found.keeper.tolist() == [0, 0, 2, 0, 4]
    assert found.proof == ["", "plain", "", "plain", ""]


def test_words_and_bits_say_how_a_duplicate_lies() -> None:
    image = scene(6)
    part, mirrored = image.crop((0, 0, 275, 189)), image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert find([jpeg(image), jpeg(part)], "thorough").proof == ["", "aligned crop"]
    assert find([jpeg(part), jpeg(image)], "thorough").proof == ["", "aligned larger"]
    framed = jpeg(ImageOps.expand(image, 40, "white"))
    assert find([jpeg(image), framed], "thorough").proof == ["", "aligned framed"]
    assert find([jpeg(part), framed], "thorough").proof == ["", "aligned larger"], "more than a frame"
    assert find([framed, jpeg(image)], "thorough").proof == ["", "aligned crop"]
    found = find([jpeg(image), jpeg(mirrored, 60)], "hash")
    assert found.proof == ["", "aligned mirrored"]
    assert found.distance[1] <= 4
    assert int(found.phash[0] ^ found.phash[1]).bit_count() > 16


@pytest.mark.parametrize("seed", range(3))
def test_max_distance_is_how_far_apart_a_removed_duplicate_may_be(seed: int) -> None:
    images = [jpeg(scene(seed)), apply(scene(seed), "rotate 2°", str(seed))]
    prints = np.concatenate([fingerprints.of_pixels(decode.decode(data).pixels) for data in images])
    prints = prints[fingerprints.wholes(prints)]
    bits = int(candidates.find(prints["grey"], np.arange(2), 12, thorough=False).bits.min())
    assert bits > 0
    for most, keeper in ((bits, [0, 0]), (bits - 1, [0, 1])):
        found = find_duplicates.find(prints, Dedup(method="hash", max_distance=most))
        assert found.keeper.tolist() == keeper
        assert found.similar_group.tolist() == [0, 0], "kept together by the split all the same"


def test_a_crowd_has_its_nearest_as_candidates_however_they_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [decode.decode(jpeg(studio(seed))).pixels for seed in range(40)]
    greys = np.concatenate([fingerprints.of_pixels(pixels)[:1]["grey"] for pixels in images])

    def pairs_found() -> dict[tuple[int, int], int]:
        found = candidates.find(greys, np.arange(40), 12, thorough=True)
        bits: dict[tuple[int, int], int] = {}
        for a, b, distance in zip(found.first.tolist(), found.second.tolist(), found.bits.tolist(), strict=True):
            bits[min(a, b), max(a, b)] = min(bits.get((min(a, b), max(a, b)), 99), distance)
        return bits

    everything = pairs_found()
    assert len(everything) > 300
    monkeypatch.setattr(matches, "MOST_BETTER", 3)
    nearest: dict[tuple[int, int], int] = {}
    for worse in range(40):
        better = sorted((bits, low) for (low, high), bits in everything.items() if high == worse)
        nearest |= {(low, worse): bits for bits, low in better[:3]}
    for rows in (candidates.ROWS_AT_ONCE, 10):
        monkeypatch.setattr(candidates, "ROWS_AT_ONCE", rows)
        assert pairs_found() == nearest


def test_nothing_and_one() -> None:
    assert find([], "thorough").keeper.tolist() == []
    assert find([jpeg(scene(1))], "thorough").similar_group.tolist() == [0]


@pytest.mark.parametrize(("degrees", "duplicates_found"), [(5, True), (7, False)])
def test_an_image_that_is_turned_too_far_is_not_aligned(degrees: int, duplicates_found: bool) -> None:
    def turned(number: int, by: int) -> bytes:
        middle = 60, 45, 580, 395
        return jpeg(scene(number, 640, 440).rotate(by, Image.Resampling.BICUBIC).crop(middle))

    for number in range(4):
        found = find([turned(number, 0), turned(number, degrees)], "thorough")
        assert (found.keeper.tolist() == [0, 0]) == duplicates_found


@pytest.mark.parametrize(("taken", "aligned"), [(0.08, True), (0.10, False)])  # of the area 1/1.18 and 1/1.23 stay
def test_aligning_shrinks_an_image_by_a_fifth_at_most(taken: float, aligned: bool) -> None:
    for seed in range(4):
        image = scene(seed, 640, 440)
        x, y = round(320 * taken), round(220 * taken)
        crop = image.crop((x, y, 640 - x, 440 - y))
        whole, part = (compute_features(fingerprints.of_pixels(np.asarray(some))[0]) for some in (image, crop))
        straight = np.eye(3)
        assert (alignment._aligned(whole, part, straight) is not straight) == aligned


@pytest.mark.parametrize(("levels", "searched"), [(1.5, False), (2.5, True)])
def test_what_is_nearly_plain_is_not_searched_for(levels: float, searched: bool) -> None:
    y, x = np.mgrid[:64, :64]
    wave = 2 * np.cos(np.pi * (x + 0.5) / 32) * np.cos(np.pi * (y + 0.5) / 32)  # root mean square 1
    grey = np.rint(128 + levels * wave).astype(np.uint8)
    found = candidates.find(np.stack([grey, grey]), np.arange(2), 12, thorough=True)
    assert (len(found.first) > 0) == searched
