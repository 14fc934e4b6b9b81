"""Copies are found and proved; look-alikes are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from curate.core.recipe import Dedup
from curate.dedup import alignment, candidates, find_duplicates, fingerprints
from curate.dedup.features import look
from curate.dedup.find_duplicates import Copies
from curate.photos import decode
from tests.benchmarks.edits import EDITS, apply
from tests.scenes import jpeg, scene

HASH = [edit for edit in EDITS if edit not in ("crop 10%", "crop 20%", "border")]


def find(pictures: list[bytes], method: str) -> Copies:
    records = [fingerprints.of_pixels(decode.decode(data, fingerprints.AT_LEAST).pixels) for data in pictures]
    return find_duplicates.find(
        np.concatenate([np.empty(0, fingerprints.RECORD), *records]), Dedup.model_validate({"method": method})
    )


@pytest.mark.parametrize(
    ("edit", "method"), [(edit, "hash") for edit in HASH] + [(edit, "thorough") for edit in EDITS]
)
def test_edits_are_copies(edit: str, method: str) -> None:
    originals = [scene(seed) for seed in range(8)]
    edited = [apply(picture, edit, str(seed)) for seed, picture in enumerate(originals)]
    found = find([jpeg(picture) for picture in originals] + edited, method)
    assert found.keeper.tolist() == [*range(8), *range(8)]
    assert all(word.startswith("aligned") for word in found.proof[8:])
    assert ("mirrored" in found.proof[8]) == (edit == "mirror")


@pytest.mark.parametrize("method", ["hash", "thorough"])
@pytest.mark.parametrize("edit", ["jpeg 40", "logo", "crop 4%"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_pictures_are_kept_together_and_none_is_removed(
    mirrored: bool, quarters: int, edit: str, method: str
) -> None:
    originals = [scene(seed) for seed in range(4)]
    edited = [Image.open(io.BytesIO(apply(picture, edit, str(n)))) for n, picture in enumerate(originals)]
    lying = [ImageOps.mirror(picture) if mirrored else picture for picture in edited]
    turned = [jpeg(picture.rotate(90 * quarters, expand=True)) for picture in lying]
    found = find([jpeg(picture) for picture in originals] + turned, method)
    assert found.keeper.tolist() == list(range(8))
    assert found.component.tolist() == [*range(4), *range(4)]


def studio(seed: int, x: int = 0) -> Image.Image:
    """Look-alikes: one outline in one place before one wall; only details differ from seed to seed."""
    picture = Image.linear_gradient("L").resize((320, 220)).point(lambda value: 140 + value // 4).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((50 + x, 90, 270 + x, 165), fill=(150, 30, 30))
    draw.polygon(((90 + x, 90), (120 + x, 50), (210 + x, 50), (240 + x, 90)), fill=(60, 60, 70))
    for wheel in (95, 225):
        draw.ellipse((wheel - 25 + x, 140, wheel + 25 + x, 190), fill="black")
    random = np.random.default_rng(seed)
    for _ in range(25):
        cx, cy = random.uniform((0, 0), (320, 220))
        draw.ellipse((cx, cy, cx + 14, cy + 10), fill=tuple(random.integers(0, 256, 3).tolist()))
    return picture


@pytest.mark.parametrize("method", ["hash", "thorough"])
def test_the_same_outline_is_no_proof(method: str) -> None:
    pictures = [jpeg(studio(seed)) for seed in range(12)]
    assert find(pictures, method).keeper.tolist() == list(range(12))
    assert find([*pictures, jpeg(studio(3), 60)], method).keeper.tolist() == [*range(12), 3]


def test_a_crowd_is_counted_from_round_to_round(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("curate.core.progress.EVERY_S", 0)
    find([jpeg(studio(seed)) for seed in range(6)], "hash")  # none is a copy: each waits for all before it
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"compare: {done} of 15 candidate pairs" for done in range(1, 15)]


def test_a_wall_taken_for_a_frame_hides_no_copy() -> None:
    picture = scene(6)
    ImageDraw.Draw(picture).rectangle((0, 170, 320, 220), fill=(200, 200, 200))
    cut = picture.crop((0, 0, 320, 160))  # as if the wall were a frame, seen in one copy only
    other = np.array(decode.decode(jpeg(cut)).pixels)
    records = np.concatenate([fingerprints.of_pixels(np.asarray(picture)), fingerprints.of_pixels(other)])
    assert records["inner"].tolist() == [False, True, False]
    assert find_duplicates.find(records, Dedup(method="hash")).keeper.tolist() == [0, 0]
    for field in ("grey", "colour", "box"):  # without what is inside
        records[field][1] = records[field][0]
    assert find_duplicates.find(records, Dedup(method="hash")).keeper.tolist() == [0, 1]


def test_links_are_no_chain() -> None:
    # Each picture is the one before with another corner exchanged. Two exchanged corners are too much for a proof,
    # and for a pair that a third picture leads to, three are.
    pictures = [scene(9)]
    for number, corner in enumerate(((0, 0), (213, 0), (0, 147), (213, 147))):
        pictures.append(pictures[-1].copy())
        pictures[-1].paste(scene(20 + number, 107, 73), corner)
    found = find([jpeg(picture, 95 - number) for number, picture in enumerate(pictures)], "hash")
    assert found.keeper.tolist() == [0, 0, 0, 3, 3]
    assert found.proof[2] == "aligned linked"


def test_what_a_link_has_removed_leads_nowhere() -> None:
    # 1 is a copy of 0, 2 of 1 and 3 of 2, each proved; a link joins 2 to 0. Nothing is a proved copy of 0 and 3.
    pictures = [scene(12)]
    for number, (corner, size) in enumerate((((0, 0), (107, 73)), ((213, 0), (107, 73)), ((0, 154), (88, 66)))):
        pictures.append(pictures[-1].copy())
        pictures[-1].paste(scene(20 + number, *size), corner)
    found = find([jpeg(picture, 95 - number) for number, picture in enumerate(pictures)], "hash")
    assert found.keeper.tolist() == [0, 0, 0, 3]
    assert found.proof == ["", "aligned", "aligned linked", ""]


def test_a_third_picture_shows_two_crops_to_be_copies() -> None:
    picture = scene(9)
    upper, lower = jpeg(picture.crop((0, 0, 306, 211))), jpeg(picture.crop((14, 9, 320, 220)))
    assert find([upper, lower], "hash").keeper.tolist() == [0, 1]  # too far apart for the search
    together = find([upper, jpeg(picture), lower], "hash")
    assert together.keeper.tolist() == [0, 0, 0]
    assert together.proof == ["", "aligned", "aligned linked"]


def test_copies_of_what_a_link_removes_follow_it() -> None:
    picture = scene(9)
    upper, lower = picture.crop((0, 0, 306, 211)), picture.crop((14, 9, 320, 220))
    copied = [jpeg(lower, 90 - 4 * number) for number in range(9)]
    assert find([jpeg(upper), *copied], "hash").keeper.tolist() == [0] + [1] * 9
    found = find([jpeg(upper), jpeg(picture), *copied], "hash")
    assert found.keeper.tolist() == [0] * 11
    assert found.proof[2:] == ["aligned linked"] * 9


def test_a_third_picture_shows_a_crop_and_a_framed_one_to_be_copies() -> None:
    picture = scene(9)
    upper = jpeg(picture.crop((0, 0, 306, 211)))
    framed = jpeg(ImageOps.expand(picture.crop((14, 9, 320, 220)), 30, "white"))
    assert find([upper, framed], "hash").keeper.tolist() == [0, 1]  # too far apart for the search
    for first, last, word in ((upper, framed, "framed"), (framed, upper, "crop")):
        together = find([first, jpeg(picture), last], "hash")
        assert together.keeper.tolist() == [0, 0, 0]
        assert together.proof[2] == f"aligned {word} linked"


def test_plain_pictures_are_copies_when_of_one_grey() -> None:
    greys = [200, 200, 90, 201, 0]
    found = find(
        [jpeg(Image.new("RGB", (120, 90), (grey,) * 3), 50 + 9 * n) for n, grey in enumerate(greys)], "hash"
    )
    assert found.keeper.tolist() == [0, 0, 2, 0, 4]
    assert found.proof == ["", "plain", "", "plain", ""]


def test_words_and_bits_say_how_a_copy_lies() -> None:
    picture = scene(6)
    part, mirrored = picture.crop((0, 0, 275, 189)), picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert find([jpeg(picture), jpeg(part)], "thorough").proof == ["", "aligned crop"]
    assert find([jpeg(part), jpeg(picture)], "thorough").proof == ["", "aligned larger"]
    framed = jpeg(ImageOps.expand(picture, 40, "white"))
    assert find([jpeg(picture), framed], "thorough").proof == ["", "aligned framed"]
    assert find([jpeg(part), framed], "thorough").proof == ["", "aligned larger"], "more than a frame"
    assert find([framed, jpeg(picture)], "thorough").proof == ["", "aligned crop"]
    found = find([jpeg(picture), jpeg(mirrored, 60)], "hash")
    assert found.proof == ["", "aligned mirrored"]
    assert found.distance[1] <= 4
    assert int(found.phash[0] ^ found.phash[1]).bit_count() > 16


@pytest.mark.parametrize("seed", range(3))
def test_max_distance_is_how_far_apart_a_removed_copy_may_be(seed: int) -> None:
    pictures = [jpeg(scene(seed)), apply(scene(seed), "rotate 2°", str(seed))]
    records = np.concatenate([fingerprints.of_pixels(decode.decode(data).pixels) for data in pictures])
    records = records[fingerprints.wholes(records)]
    bits = int(candidates.find(records["grey"], np.arange(2), 12, thorough=False).bits.min())
    assert bits > 0
    for most, keeper in ((bits, [0, 0]), (bits - 1, [0, 1])):
        found = find_duplicates.find(records, Dedup(method="hash", max_distance=most))
        assert found.keeper.tolist() == keeper
        assert found.component.tolist() == [0, 0], "kept together by the split all the same"


def test_a_crowd_has_its_nearest_as_candidates_however_they_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [decode.decode(jpeg(studio(seed))).pixels for seed in range(40)]
    greys = np.concatenate([fingerprints.of_pixels(pixels)[:1]["grey"] for pixels in pictures])

    def pairs_found() -> dict[tuple[int, int], int]:
        found = candidates.find(greys, np.arange(40), 12, thorough=True)
        bits: dict[tuple[int, int], int] = {}
        for a, b, distance in zip(found.first.tolist(), found.second.tolist(), found.bits.tolist(), strict=True):
            bits[min(a, b), max(a, b)] = min(bits.get((min(a, b), max(a, b)), 99), distance)
        return bits

    everything = pairs_found()
    assert len(everything) > 300
    monkeypatch.setattr(candidates, "PICTURES", 3)
    nearest: dict[tuple[int, int], int] = {}
    for worse in range(40):
        better = sorted((bits, low) for (low, high), bits in everything.items() if high == worse)
        nearest |= {(low, worse): bits for bits, low in better[:3]}
    for rows in (candidates.ROWS_AT_ONCE, 10):
        monkeypatch.setattr(candidates, "ROWS_AT_ONCE", rows)
        assert pairs_found() == nearest


def test_nothing_and_one() -> None:
    assert find([], "thorough").keeper.tolist() == []
    assert find([jpeg(scene(1))], "thorough").component.tolist() == [0]


@pytest.mark.parametrize(("degrees", "copies_found"), [(5, True), (7, False)])
def test_a_picture_that_is_turned_too_far_is_not_aligned(degrees: int, copies_found: bool) -> None:
    def turned(number: int, by: int) -> bytes:
        middle = 60, 45, 580, 395
        return jpeg(scene(number, 640, 440).rotate(by, Image.Resampling.BICUBIC).crop(middle))

    for number in range(4):
        found = find([turned(number, 0), turned(number, degrees)], "thorough")
        assert (found.keeper.tolist() == [0, 0]) == copies_found


@pytest.mark.parametrize(("taken", "aligned"), [(0.08, True), (0.10, False)])  # of the area 1/1.18 and 1/1.23 stay
def test_aligning_shrinks_a_picture_by_a_fifth_at_most(taken: float, aligned: bool) -> None:
    for seed in range(4):
        picture = scene(seed, 640, 440)
        x, y = round(320 * taken), round(220 * taken)
        crop = picture.crop((x, y, 640 - x, 440 - y))
        whole, part = (look(fingerprints.of_pixels(np.asarray(some))[0]) for some in (picture, crop))
        straight = np.eye(3)
        assert (alignment._aligned(whole, part, straight) is not straight) == aligned


@pytest.mark.parametrize(("levels", "searched"), [(1.5, False), (2.5, True)])
def test_what_is_nearly_plain_is_not_searched_for(levels: float, searched: bool) -> None:
    y, x = np.mgrid[:64, :64]
    wave = 2 * np.cos(np.pi * (x + 0.5) / 32) * np.cos(np.pi * (y + 0.5) / 32)  # root mean square 1
    grey = np.rint(128 + levels * wave).astype(np.uint8)
    found = candidates.find(np.stack([grey, grey]), np.arange(2), 12, thorough=True)
    assert (len(found.first) > 0) == searched
