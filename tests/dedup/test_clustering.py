"""Keepers and similar groups."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.dedup import clustering, runs


def keepers_of(count: int, confirmed: dict[tuple[int, int], float], refused: list[tuple[int, int]]) -> list[int]:
    """Keepers where the pairs of `confirmed` are duplicates at that distance and those of `refused` are not."""
    everything = [*confirmed, *refused]
    first, second = (np.array([pair[side] for pair in everything], np.int64) for side in (0, 1))
    distances = np.array([*confirmed.values(), *[np.inf] * len(refused)], float)
    asked_before: set[int] = set()

    def confirm(asked: runs.Indices) -> NDArray[np.float64]:
        assert not asked_before & set(asked.tolist()), "a pair is compared at most once"
        asked_before.update(asked.tolist())
        return distances[asked]

    bits = np.zeros(len(first), np.int64)
    return clustering.keepers(count, first, second, bits, confirm).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("confirmed", "expected"),
    [
        pytest.param({(0, 1): 0.1, (1, 2): 0.1}, [0, 0, 2], id="D01-best-is-an-end"),
        pytest.param({(0, 1): 0.1, (0, 2): 0.1}, [0, 0, 0], id="D01-best-is-the-middle"),
        pytest.param({(0, 2): 0.1, (1, 2): 0.05}, [0, 1, 1], id="D01-worst-is-the-middle-and-joins-the-nearest"),
    ],
)
def test_a_chain_removes_only_what_was_compared_with_its_keeper(
    confirmed: dict[tuple[int, int], float], expected: list[int]
) -> None:
    assert keepers_of(3, confirmed, []) == expected


def test_a_refused_candidate_stays() -> None:
    assert keepers_of(2, {}, [(0, 1)]) == [0, 1]


@pytest.mark.parametrize("bits", [(0, 1), (1, 0)])
def test_of_two_keepers_at_one_distance_the_better_one_counts(bits: tuple[int, int]) -> None:
    first, second = np.array([0, 1]), np.array([2, 2])
    keeper = clustering.keepers(3, first, second, np.array(bits), lambda asked: np.full(len(asked), 0.1))
    assert keeper.tolist() == [0, 1, 0]


def test_a_crowd_costs_one_comparison_each() -> None:
    count, asked = 300, []
    first, second = np.triu_indices(count, 1)

    def confirm(pairs: runs.Indices) -> NDArray[np.float64]:
        asked.extend(pairs.tolist())
        return np.zeros(len(pairs))

    assert set(clustering.keepers(count, first, second, np.zeros(len(first), np.int64), confirm)) == {0}
    assert len(asked) == count - 1


def test_look_alikes_are_compared_with_the_nearest_only() -> None:
    count = 4 * clustering.MOST
    first, second = np.triu_indices(count, 1)
    bits = (7 * first + 3 * second) % 13
    duplicate = bits == bits.min()  # of the nearest, which a third photo may be as near to
    asked: list[int] = []

    def confirm(pairs: runs.Indices) -> NDArray[np.float64]:
        asked.extend(pairs.tolist())
        return np.where(duplicate[pairs], 0.1, np.inf)

    keeper = clustering.keepers(count, first, second, bits, confirm)
    of_last = [pair for pair in asked if second[pair] == count - 1]
    candidates = [pair for pair in np.flatnonzero(second == count - 1) if keeper[first[pair]] == first[pair]]
    assert len(candidates) > clustering.MOST
    assert sorted(of_last) == sorted(sorted(candidates, key=lambda pair: (bits[pair], pair))[: clustering.MOST])
    assert len(asked) <= count * clustering.MOST


def test_of_few_candidates_all_are_nearest() -> None:
    pairs, photo, bits = np.array([4, 1, 3]), np.array([9, 5, 9, 5, 5]), np.array([0, 7, 0, 2, 2])
    assert clustering.nearest(pairs, photo, bits).tolist() == [3, 4, 1]
    assert clustering.nearest(pairs[:0], photo, bits).tolist() == []


@given(st.integers(2, 9), st.data())
def test_every_removed_photo_has_a_confirmed_keeper_and_no_two_keepers_are_duplicates(
    count: int, data: st.DataObject
) -> None:
    possible = list(itertools.combinations(range(count), 2))
    chosen = data.draw(st.lists(st.sampled_from(possible), unique=True))
    confirmed = {pair: data.draw(st.floats(0, 0.1), label=str(pair)) for pair in chosen}
    keeper = keepers_of(count, confirmed, [pair for pair in possible if pair not in chosen])
    for photo, kept in enumerate(keeper):
        assert keeper[kept] == kept
        if kept != photo:
            nearest = min(confirmed[a, b] for a, b in confirmed if b == photo and keeper[a] == a)
            assert confirmed[kept, photo] == nearest
    stays = [photo for photo in range(count) if keeper[photo] == photo]
    assert not [pair for pair in itertools.combinations(stays, 2) if pair in confirmed]


def test_similar_groups_are_joined_in_order_up_to_their_size() -> None:
    first, second = np.array([3, 0, 1, 4]), np.array([4, 1, 2, 5])
    assert clustering.components(6, first, second, most=3).tolist() == [0, 0, 0, 3, 3, 3]
    assert clustering.components(6, first, second, most=2).tolist() == [0, 0, 2, 3, 3, 5]
