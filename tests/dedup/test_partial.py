"""What sellers do to photos: found by keypoints, kept together, and the edited photo removed."""

import hashlib
import io
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from curate.core import manifest
from curate.core.recipe import Dedup
from curate.core.schemas import DedupRow
from curate.dedup import collages, fingerprints, keypoints, partial, phash
from curate.dedup import stage as dedup
from curate.dedup.alignment import PROOF
from tests.benchmarks import seller_edits
from tests.scenes import jpeg, scene, store

SELLERS = Dedup(method="sellers")
SIZE = 360, 250


def run(folder: Path, photos: list[bytes], config: Dedup = SELLERS) -> list[DedupRow]:
    """The rows of photos in their order."""
    store(folder, [(number, data, "hatch") for number, data in enumerate(photos)])
    return dedup.run(folder, config)


def edited(edit: str, count: int = 3) -> list[bytes]:
    """Scenes and then the same after that edit."""
    originals = [scene(seed, *SIZE) for seed in range(count)]
    return [
        *(jpeg(image, 85) for image in originals),
        *(seller_edits.apply(image, edit, str(seed)) for seed, image in enumerate(originals)),
    ]


@pytest.mark.parametrize("edit", [edit for edit in seller_edits.EDITS if edit != "upside down"])
def test_what_a_seller_edited_is_removed_and_the_original_stays(tmp_path: Path, edit: str) -> None:
    rows = run(tmp_path, edited(edit))
    assert [row.keep for row in rows] == [True] * 3 + [False] * 3
    assert [row.duplicate_of for row in rows[3:]] == [row.key for row in rows[:3]]
    word = {"screenshot": "screenshot", "banner": "banner", "text boxes": "marked"}.get(edit, "")
    assert all(word in row.confirmed_by for row in rows[3:])


def test_nobody_can_tell_which_is_upside_down(tmp_path: Path) -> None:
    rows = run(tmp_path, edited("upside down", 1))
    assert [row.keep for row in rows] == [True, True]
    assert rows[0].similar_group == rows[1].similar_group


def test_a_collage_is_rejected_as_one_and_ties_its_photos(tmp_path: Path) -> None:
    images = [scene(seed, *SIZE) for seed in range(8)]
    sheet = seller_edits.collage(images[:4], random.Random(1))
    rows = run(tmp_path, [jpeg(image) for image in images] + [jpeg(sheet.resize((720, 500)))])
    assert [row.keep for row in rows] == [True] * 8 + [False]
    assert rows[8].reason == "collage"
    assert "collage" in rows[8].confirmed_by
    assert sum(row.similar_group == rows[8].similar_group for row in rows[:4]) >= 2
    assert all(row.similar_group == row.key for row in rows[4:8])


def test_photos_that_a_collage_shows_small_and_cut_are_tied_too(tmp_path: Path) -> None:
    images = [scene(seed, *((200, 250) if seed % 4 else SIZE)) for seed in range(6)]
    sheet = jpeg(seller_edits.collage(images[:4], random.Random(1)))
    photos = [(number, jpeg(image), "hatch") for number, image in enumerate(images)]
    store(tmp_path, [*photos, (6, sheet, "sedan")])
    rows = dedup.run(tmp_path, SELLERS)
    assert [row.keep for row in rows] == [True] * 6 + [False]
    assert {row.similar_group for row in rows[:4]} == {rows[6].similar_group}
    assert all(row.similar_group == row.key for row in rows[4:6])
    assert not any(row.label_conflict for row in rows), "a collage shows photos of other listings too"


def test_a_grid_has_a_cell_beside_each_part_that_is_known() -> None:
    assert collages.unknown([(0, 0.5, 0, 0.5)]) == [(0, 0.5, 0.5, 1), (0.5, 1, 0, 0.5), (0.5, 1, 0.5, 1)]
    assert collages.unknown([(0, 1, 0, 0.4), (0, 1, 0.42, 1)]) == []
    assert len(collages.unknown([(0.33, 0.67, 0.33, 0.67)])) == 8


def test_screens_of_one_app_with_other_photos_are_no_duplicates(tmp_path: Path) -> None:
    screens = [seller_edits.apply(scene(seed, *SIZE), "screenshot", "same") for seed in range(4)]
    rows = run(tmp_path, screens)
    assert all(row.keep for row in rows)
    assert len({row.similar_group for row in rows}) == 4


def test_a_part_of_a_photo_with_a_straight_line_is_a_crop_and_no_collage(tmp_path: Path) -> None:
    image = scene(5, 640, 440)
    ImageDraw.Draw(image).rectangle((0, 0, 640, 90), fill=(170, 190, 210))  # a sky
    rows = run(tmp_path, [jpeg(image), jpeg(image.crop((130, 60, 510, 330)))])
    assert [row.keep for row in rows] == [True, False]
    assert rows[1].confirmed_by == "aligned crop"


def test_a_crop_along_the_lines_of_a_photo_does_not_make_that_a_collage(tmp_path: Path) -> None:
    image = scene(5, 640, 440)
    draw = ImageDraw.Draw(image)
    draw.rectangle((260, 0, 640, 130), fill=(250, 250, 250))  # a sky
    draw.rectangle((0, 190, 190, 440), fill=(5, 5, 5))  # a wall
    rows = run(tmp_path, [jpeg(image), jpeg(image.crop((191, 131, 640, 440)))])
    assert [row.keep for row in rows] == [True, False]
    assert rows[1].confirmed_by == "aligned crop"


@pytest.mark.parametrize("method", ["hash", "thorough"])
def test_of_equal_pixels_the_unmarked_photo_stays_whatever_its_bytes(tmp_path: Path, method: str) -> None:
    image = scene(3, *SIZE)
    marked = image.copy()
    draw = ImageDraw.Draw(marked)
    draw.rectangle((0, 215, 120, 250), fill="navy")
    draw.text((10, 220), "VERIFIED", "white", font_size=20)
    rows = run(tmp_path, [jpeg(marked, 95), jpeg(image, 70)], Dedup.model_validate({"method": method}))
    assert [row.keep for row in rows] == [False, True]
    assert rows[0].confirmed_by == "aligned marked"


def test_of_equal_pixels_the_photo_in_its_colours_stays(tmp_path: Path) -> None:
    image = scene(4, *SIZE)
    sepia = Image.open(io.BytesIO(seller_edits.apply(image, "sepia", "1"))).convert("RGB")
    dark = image.point(lambda value: value * 45 // 100)
    rows = run(tmp_path, [jpeg(sepia, 98), jpeg(dark, 98), jpeg(image, 60)])
    assert [row.keep for row in rows] == [False, False, True]


def test_the_upright_photo_stays(tmp_path: Path) -> None:
    image = scene(6, *SIZE)
    turned = image.rotate(20, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    rows = run(tmp_path, [jpeg(turned, 95), jpeg(image, 70)])
    assert [row.keep for row in rows] == [False, True]
    assert "turned" in rows[0].confirmed_by


def test_not_duplicates_in_review_brings_a_photo_back_and_taking_it_out_removes_it_again(tmp_path: Path) -> None:
    rows = run(tmp_path, edited("crop 30%", 2))
    assert not rows[2].keep
    (tmp_path / "review.csv").write_text(f"key,decision\n{rows[2].key},keep\n{rows[1].key},keep\n")
    again = dedup.run(tmp_path, SELLERS)
    assert [row.keep for row in again] == [True, True, True, False]
    assert again[2].similar_group == rows[0].similar_group, "kept together by the split all the same"
    assert manifest.read_sidecar(tmp_path, "dedup")["notes"]["brought_back"] == [rows[2].key]
    before = manifest.csv_path(tmp_path, "dedup").stat().st_mtime_ns
    assert dedup.run(tmp_path, SELLERS) == again
    assert manifest.csv_path(tmp_path, "dedup").stat().st_mtime_ns == before, "nothing changed: nothing is written"
    (tmp_path / "review.csv").unlink()
    assert dedup.run(tmp_path, SELLERS) == rows


def test_equal_files_are_not_brought_back(tmp_path: Path) -> None:
    data = jpeg(scene(1))
    rows = run(tmp_path, [data, data])
    (tmp_path / "review.csv").write_text(f"key,decision\n{rows[1].key},keep\n")
    assert dedup.run(tmp_path, SELLERS) == rows


def test_hash_searches_for_no_parts(tmp_path: Path) -> None:
    rows = run(tmp_path, edited("screenshot", 1), Dedup(method="hash"))
    assert all(row.keep for row in rows)
    assert not (tmp_path / "dedup.keypoints.cache").exists()


def detected(image: Image.Image) -> keypoints.Keypoints:
    return keypoints.detect(phash.luma(np.asarray(image)))


def test_a_match_gives_the_transform() -> None:
    image = scene(2, 480, 360)
    part = image.crop((120, 90, 480, 360))
    inliers, transform = keypoints.match(detected(image)[0], detected(part)[0])
    assert inliers >= 20
    assert transform == pytest.approx(np.array([[0.75, 0, 0.25], [0, 0.75, 0.25], [0, 0, 1]]), abs=0.02)


def test_of_one_photo_many_keypoints_agree_and_of_two_of_one_kind_few() -> None:
    image = scene(2, 480, 360)
    part = detected(image.crop((120, 90, 480, 360)))[0]
    beside = scene(3, 480, 360)  # another photo, in which the same thing is seen
    beside.paste(image.crop((60, 60, 300, 240)).rotate(12, Image.Resampling.BICUBIC), (90, 90))
    shares = []
    for other in (part, detected(beside)[0]):
        inliers, transform = keypoints.match(detected(image)[0], other)
        assert inliers >= keypoints.INLIERS
        shares.append(keypoints.agreeing(detected(image)[0], other, inliers, transform))
    assert shares[0] > partial.MANY > shares[1]
    assert run_examined(image, beside) < PROOF <= run_examined(image, image.rotate(12, Image.Resampling.BICUBIC))


def run_examined(first: Image.Image, second: Image.Image) -> float:
    """Similarity of two photos that share keypoints, 0 where they are refused."""
    with tempfile.TemporaryDirectory() as folder:
        photos = []
        for number, image in enumerate((first, second)):
            path = Path(folder) / f"{number}.jpg"
            data = jpeg(image, 90)
            path.write_bytes(data)
            view = fingerprints.of_pixels(np.asarray(image), hashlib.sha256(data).hexdigest())[0]
            photos.append(
                partial.PhotoKeypoints(number, path.name, view, detected(image)[0], image.width * image.height)
            )
        found = partial.examine(Path(folder), (photos[0], photos[1], None))
    return found.similarity if found else 0.0


def test_a_blank_image_has_no_keypoints_and_no_partner() -> None:
    blank = detected(Image.new("RGB", (300, 200), "white"))
    assert blank["count"][0] == 0
    assert keypoints.match(blank[0], detected(scene(1))[0])[0] == 0
    assert len(keypoints.candidates(np.concatenate([blank, blank, detected(scene(1))]))) == 0
    assert len(keypoints.candidates(np.empty(0, keypoints.KEYPOINTS))) == 0


def test_candidates_do_not_depend_on_the_order_of_the_images() -> None:
    images = [scene(seed) for seed in range(6)]
    records = np.concatenate(
        [detected(image) for image in (*images, *map(ImageOps.flip, images[:2]), *images[2:4])]
    )
    order = np.random.default_rng(1).permutation(len(records))
    pairs = {tuple(sorted(pair)) for pair in keypoints.candidates(records).tolist()}
    again = {tuple(sorted(order[pair].tolist())) for pair in keypoints.candidates(records[order])}
    assert pairs == again
    assert {(2, 8), (3, 9)} <= pairs
