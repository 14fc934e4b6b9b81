import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from curate.dedup import phash


def scene(seed: int, height: int = 90, width: int = 120) -> NDArray[np.uint8]:
    """A smooth random image, (height, width, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def frequencies(squares: NDArray[np.uint8]) -> phash.Frequencies:
    """(n, 32, 32) grey to the lowest frequencies, (n, 8, 8)."""
    return np.asarray(phash.COSINES @ squares.astype(np.float64) @ phash.COSINES.T)


def hashes(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(phash.to_hex(value) for value in phash.phash(phash.luma(pixels)))


@given(st.integers(0, 2**32 - 1), st.integers(33, 300), st.integers(33, 300))
@settings(max_examples=60, deadline=None)
def test_phash_is_that_of_imagehash_but_for_its_rounding(seed: int, height: int, width: int) -> None:
    pixels = scene(seed, height, width)
    for ours, seen in zip(hashes(pixels), (pixels, pixels[:, ::-1]), strict=True):
        theirs = imagehash.phash(Image.fromarray(seen))
        assert imagehash.hex_to_hash(ours) - theirs <= 4  # bits; two on photos, 0.14 on average


def test_phash_golden() -> None:
    assert [hashes(scene(seed))[0] for seed in (1, 2)] == ["8bb89da0c4b67e98", "e00f4be69332a37c"]


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_one_colour_has_no_noise_bits(grey: int) -> None:
    pixels = np.full((50, 60, 3), grey, np.uint8)
    assert hashes(pixels)[0] == ("0" * 16 if grey == 0 else "8" + "0" * 15)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_mirrored_frequencies_are_those_of_the_mirrored_image(seed: int) -> None:
    squares = np.random.default_rng(seed).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    low = frequencies(squares)
    assert np.array_equal(phash.mirrored(low), frequencies(squares[:, :, ::-1]))
    assert np.array_equal(phash.mirrored(phash.mirrored(low)), low)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_turned_frequencies_are_those_of_the_turned_image(seed: int) -> None:
    squares = np.random.default_rng(seed).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    low = frequencies(squares)
    assert np.array_equal(phash.turned(low), frequencies(np.rot90(squares, axes=(1, 2))))


def test_distance_counts_bits() -> None:
    a = np.array([0, 0b1011, 2**64 - 1], np.uint64)
    assert phash.distance(a, np.zeros(3, np.uint64)).tolist() == [0, 3, 64]
