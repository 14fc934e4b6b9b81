"""What becomes of pairs that are compared."""

import io
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PIL import Image

from curate.core import scratch
from curate.core.recipe import Dedup
from curate.dedup import find_duplicates, fingerprints
from curate.dedup.pair_table import PairTable
from tests.folders import CLASSES, paint


def similar(count: int, similarity: dict[tuple[int, int], float]) -> list[int]:
    """The similar groups of `count` images of which none is a duplicate, when these pairs agree so well."""
    better, worse = np.array(list(similarity), np.int64).T
    pairs = SimpleNamespace(better=better, worse=worse, similarity=np.array(list(similarity.values())))
    return find_duplicates._similar_groups(np.arange(count), cast(PairTable, pairs)).tolist()  # type: ignore[no-any-return]


def test_images_that_agree_by_four_fifths_are_kept_together() -> None:
    assert similar(4, {(0, 1): 0.81, (0, 2): 0.79, (2, 3): np.nan}) == [0, 0, 2, 3]


def test_a_similar_group_has_at_most_64_images_the_most_similar_first() -> None:
    chain = {(number, number + 1): 0.95 - number / 1000 for number in range(99)}
    assert similar(100, chain) == [0] * 64 + [64] * 36
    assert similar(100, dict(reversed(chain.items()))) == [0] * 64 + [64] * 36


def test_cars_of_one_shape_in_other_colours_are_no_duplicates() -> None:
    images = [np.asarray(Image.open(io.BytesIO(paint(CLASSES[n % 2], n)))) for n in range(24)]
    prints = np.concatenate([fingerprints.of_pixels(image) for image in images])
    for method in ("hash", "thorough"):
        found = find_duplicates.find(prints, Dedup(method=method))
        assert found.keeper.tolist() == list(range(24))


def test_arrays_that_lie_in_files_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [np.asarray(Image.open(io.BytesIO(paint(CLASSES[n % 2], n)))) for n in range(8)]
    images += [image[:, ::-1] for image in images[:4]]
    prints = np.concatenate([fingerprints.of_pixels(np.ascontiguousarray(image)) for image in images])
    in_memory = find_duplicates.find(prints, Dedup())
    monkeypatch.setattr(scratch, "LARGE", 1)
    in_files = find_duplicates.find(prints, Dedup())
    assert in_files.keeper.tolist() == in_memory.keeper.tolist() == [*range(8), *range(4)]
    assert (in_files.proof, in_files.distance.tolist()) == (in_memory.proof, in_memory.distance.tolist())
