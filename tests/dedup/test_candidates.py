"""Hashes of parts: each is that of its own part, however many images are hashed at once."""

import numpy as np
import pytest

from curate.dedup import candidates, matches, phash
from curate.dedup.candidates import AT_ONCE, TURNS


def test_each_part_of_each_image_is_hashed_by_itself() -> None:
    greys = np.random.default_rng(0).integers(0, 256, (AT_ONCE + 3, 64, 64), np.uint8)
    greys[1] = 90
    hashed = candidates.hash_parts(True, greys)
    for number, (top, bottom, left, right) in enumerate(candidates.parts(True)):
        down, across = (candidates._reading(*span, 64) for span in ((top, bottom), (left, right)))
        low = down @ greys.astype(np.float64) @ across.T
        assert np.array_equal(hashed.plain[number], phash.sign_bits(low))
        assert np.array_equal(hashed.mirrored[number], phash.sign_bits(phash.mirrored(low)))
        assert hashed.textured[number].tolist() == [image != 1 for image in range(len(greys))]
    for turn, (mirrored, quarters) in enumerate(TURNS):
        turned = np.rot90(greys[..., ::-1] if mirrored else greys, quarters, axes=(1, 2))
        assert np.array_equal(hashed.turned[turn], candidates.hash_parts(False, turned).plain[:2])


@pytest.mark.parametrize("thorough", [False, True])
def test_before_one_backdrop_the_nearest_are_found_without_the_others(
    thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matches, "MOST_BETTER", 8)
    random = np.random.default_rng(3)
    greys = np.full((300, 64, 64), random.integers(0, 256, (64, 64)), np.uint8)
    greys[:, 20:40, 20:40] = random.integers(0, 256, (300, 20, 20))
    owner = np.sort(np.append(np.arange(250), random.choice(250, 50, replace=False)))  # some have two views
    found = []
    for enough in (2 * (8 + 1), 10**9):
        monkeypatch.setattr(candidates, "ENOUGH", enough)
        found.append(candidates.find(greys, owner, 12, thorough))
    few, all_pairs = found
    for name, values in vars(few).items():
        assert np.array_equal(values, getattr(all_pairs, name))
    assert len(np.unique(np.stack([owner[few.first], owner[few.second]]), axis=1).T) > 8 * 200
