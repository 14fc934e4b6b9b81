"""Hashes of parts: each is that of its own part, however many images are hashed at once."""

import numpy as np

from curate.dedup import candidates, phash
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
