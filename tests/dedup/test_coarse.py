"""The coarse comparison refuses no duplicate; what it cannot tell, it leaves to the close one."""

import io
import itertools
import random

import numpy as np
import pytest
from PIL import Image, ImageOps

from curate.core import executors
from curate.core.recipe import Dedup
from curate.dedup import alignment, candidates, coarse, find_duplicates, fingerprints, geometry
from curate.dedup.fingerprints import Fingerprints
from curate.photos import decode
from tests.benchmarks import seller_edits
from tests.benchmarks.edits import EDITS, apply
from tests.scenes import jpeg, scene

AS_IT_IS = np.eye(3)


def prints(*images: bytes) -> Fingerprints:
    """Of each image the whole."""
    return np.concatenate(
        [fingerprints.of_pixels(decode.decode(data, fingerprints.AT_LEAST).pixels)[:1] for data in images]
    )


def between(first: bytes, second: bytes, transform: geometry.Transform = AS_IT_IS) -> float:
    return float(coarse.similarities(prints(first, second), [(0, 1, transform)])[0])


@pytest.mark.parametrize("edit", [*EDITS, *seller_edits.EDITS])
def test_what_a_close_comparison_finds_is_worth_one(edit: str) -> None:
    found = 0
    for seed in range(12):
        image = scene(seed, 480, 330)
        data = apply(image, edit, str(seed)) if edit in EDITS else seller_edits.apply(image, edit, str(seed))
        views = np.concatenate(
            [
                fingerprints.of_pixels(decode.decode(one, fingerprints.AT_LEAST).pixels)
                for one in (jpeg(image), data)
            ]
        )
        near = candidates.find(views["grey"], fingerprints.owners(views), 12, thorough=True)
        poses = [geometry.of_pose(candidates.poses()[pose]) for pose in near.pose]
        matches = list(zip(near.first.tolist(), near.second.tolist(), poses, strict=True))
        if matches and alignment.compare_closely(views, matches)[0] >= find_duplicates.SIMILAR:
            found += 1
            assert coarse.similarities(views, matches).max() >= coarse.WORTH_COMPARING
    assert found or edit in ("screenshot", "crop 40%", "turn 15°", "turn 25°", "turn 45°")


def test_a_turned_stretched_and_moved_image_is_registered() -> None:
    for seed in range(8):
        image = scene(seed, 640, 440)
        draw = random.Random(seed)
        angle, wider, higher = np.radians(draw.uniform(-5, 5)), draw.uniform(0.92, 1.08), draw.uniform(0.92, 1.08)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [wider, higher]
        left, top = np.array([320, 220]) - turn @ [320, 220] + [draw.uniform(-9, 9), draw.uniform(-9, 9)]
        line = (*turn[0].tolist(), float(left), *turn[1].tolist(), float(top))
        other = image.transform(image.size, Image.Transform.AFFINE, line, Image.Resampling.BICUBIC)
        middle = 60, 45, 580, 395
        assert between(jpeg(image.crop(middle)), jpeg(other.crop(middle))) > 0.75


def test_other_things_and_other_greys_are_refused() -> None:
    images = [scene(seed) for seed in range(6)]
    for one, other in itertools.combinations(images, 2):
        assert between(jpeg(one), jpeg(other)) < coarse.WORTH_COMPARING
    slope = Image.linear_gradient("L").resize(images[0].size)
    darker = Image.composite(images[0], Image.eval(images[0], lambda level: level // 3), slope)
    assert between(jpeg(images[0]), jpeg(darker)) == 0  # the same detail, and other greys


def test_a_mirror_image_lies_on_its_image() -> None:
    image = scene(3)
    mirrored = jpeg(ImageOps.mirror(image))
    assert between(jpeg(image), mirrored, geometry.MIRROR) > 0.95
    assert between(jpeg(image), mirrored) < coarse.WORTH_COMPARING


def test_what_is_plain_or_has_lost_much_is_left_to_a_close_comparison() -> None:
    plain = jpeg(Image.new("RGB", (320, 220), (120, 130, 140)))
    assert between(plain, plain) == np.inf
    image = scene(5)
    burnt = image.copy()
    burnt.paste("white", (0, 0, 150, 220))
    assert between(jpeg(image), jpeg(burnt)) == np.inf
    black = jpeg(Image.new("RGB", (320, 220)))
    assert between(black, jpeg(image)) == np.inf


def test_steps_that_lead_nowhere_do_no_harm() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 64))
    views = np.zeros(20, fingerprints.FINGERPRINT)
    views["grey"], views["box"] = noise, (0, 1, 0, 1)
    stretched = np.array([[40.0, 0, -20], [0, 1e-3, 0.5], [0, 0, 1]])
    matches = [(k, k + 1, stretched if k % 2 else AS_IT_IS) for k in range(19)]
    assert not np.isnan(coarse.similarities(views, matches)).any()


def test_an_answer_depends_on_no_other_pair_of_the_job() -> None:
    images = [scene(seed) for seed in range(5)]
    views = prints(*(jpeg(image) for image in images), *(apply(image, "rotate 2°", "") for image in images))
    matches = [
        (a, b, turn) for a, b in itertools.permutations(range(10), 2) for turn in (AS_IT_IS, geometry.MIRROR)
    ]
    together = coarse.similarities(views, matches)
    alone = [coarse.similarities(views, [match])[0] for match in matches]
    assert together.tolist() == alone
    shuffled = np.random.default_rng(1).permutation(len(matches))
    assert coarse.similarities(views, [matches[k] for k in shuffled]).tolist() == together[shuffled].tolist()


def test_refused_pairs_have_the_coarse_answer_and_others_the_close_one() -> None:
    image = scene(2)
    views = prints(jpeg(image), jpeg(scene(7)), apply(image, "crop 4%", "x"))
    matches = [[(0, 1, AS_IT_IS), (0, 1, geometry.MIRROR)], [(0, 2, AS_IT_IS)]]
    refused, found = alignment.compare(alignment.Job(views, matches))
    rough = coarse.similarities(views, matches[0])
    assert refused[0] == round(float(rough.max()), 4) < find_duplicates.SIMILAR
    assert refused[1][0] == int(rough.argmax())
    value, (number, transform) = alignment.compare_closely(views, matches[1])
    assert (found[0], found[1][0]) == (value, number)
    assert np.array_equal(found[1][1], transform)
    assert value >= alignment.PROOF


def test_one_and_two_workers_find_the_same() -> None:
    images = [scene(seed) for seed in range(24)]
    edited = [apply(image, edit, "x") for image, edit in zip(images, itertools.cycle(EDITS), strict=False)]
    views = np.concatenate(
        [
            fingerprints.of_pixels(np.asarray(Image.open(io.BytesIO(data))))
            for data in [*map(jpeg, images), *edited]
        ]
    )
    alone = find_duplicates.find(views, Dedup())
    with executors.local(2) as map_fn:
        together = find_duplicates.find(views, Dedup(), map_fn)
    assert alone.keeper.tolist() == together.keeper.tolist() == [*range(24), *range(24)]
    assert (alone.similar_group.tolist(), alone.proof) == (together.similar_group.tolist(), together.proof)
