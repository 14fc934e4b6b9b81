"""What becomes of pairs that are compared."""

from types import SimpleNamespace
from typing import cast

import numpy as np

from curate.dedup import find_duplicates
from curate.dedup.pair_table import Pairs


def similar(count: int, agreement: dict[tuple[int, int], float]) -> list[int]:
    """The looser groups of `count` pictures of which none is a copy, when these pairs agree so well."""
    better, worse = np.array(list(agreement), np.int64).T
    pairs = SimpleNamespace(better=better, worse=worse, agreement=np.array(list(agreement.values())))
    return find_duplicates._components(np.arange(count), cast(Pairs, pairs)).tolist()  # type: ignore[no-any-return]


def test_pictures_that_agree_by_four_fifths_are_kept_together() -> None:
    assert similar(4, {(0, 1): 0.81, (0, 2): 0.79, (2, 3): np.nan}) == [0, 0, 2, 3]


def test_a_looser_group_has_at_most_64_pictures_the_most_alike_first() -> None:
    chain = {(number, number + 1): 0.95 - number / 1000 for number in range(99)}
    assert similar(100, chain) == [0] * 64 + [64] * 36
    assert similar(100, dict(reversed(chain.items()))) == [0] * 64 + [64] * 36
