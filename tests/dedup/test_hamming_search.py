"""Exact search: equal to comparing all with all, whatever the hashes."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dedup import hamming_kernel, hamming_search
from curate.dedup.phash import Hashes


def clustered(seed: int, count: int) -> Hashes:
    """Hashes of which many are a few bits from each other, or equal."""
    random = np.random.default_rng(seed)
    centres = random.integers(0, 2**64, 1 + count // 8, dtype=np.uint64)
    hashes = random.choice(centres, count)
    for _ in range(int(random.integers(0, 9))):
        hashes ^= np.uint64(1) << random.integers(0, 64, count, dtype=np.uint64) * random.integers(
            0, 2, count, dtype=np.uint64
        )
    return hashes


def all_with_all(left: Hashes, right: Hashes, bits: int, same: bool) -> set[tuple[int, int, int]]:
    distance = np.bitwise_count(left[:, None] ^ right[None, :])
    return {(int(i), int(j), int(distance[i, j])) for i, j in np.argwhere(distance <= bits) if not same or i < j}


@given(
    st.integers(0, 2**32),
    st.integers(0, 300),
    st.integers(0, hamming_search.MAX_BITS),
    st.sampled_from([0, 1, 7, 13, hamming_search.WIDTH]),
)
@settings(max_examples=60, deadline=None)
def test_search_finds_every_pair_once(seed: int, count: int, bits: int, width: int) -> None:
    hashes, queries = clustered(seed, count), clustered(seed + 1, count // 3)
    queries[: count // 9] = hashes[: count // 9]
    method = partial(hamming_search._by_chunks, width=width) if width else hamming_search._one_by_one
    for left, same in ((hashes, True), (queries, False)):
        i, j, distance = hamming_search.gather(method(left, hashes, bits, same))
        found = list(zip(i.tolist(), j.tolist(), distance.tolist(), strict=True))
        assert len(found) == len(set(found))
        assert set(found) == all_with_all(left, hashes, bits, same)


@pytest.mark.parametrize("bits", range(hamming_search.MAX_BITS + 1))
def test_limits_satisfy_the_pigeonhole(bits: int) -> None:
    # Hashes whose every chunk differs in more than its limit differ in more than `bits` bits.
    assert sum(limit + 1 for limit in hamming_search.limits(bits)) > bits


def test_large_input_takes_the_compiled_way_and_agrees() -> None:
    hashes = clustered(5, 12_000)
    assert len(hashes) ** 2 > hamming_search._FEW
    way = hamming_search.gather(hamming_search.within(hashes, 10))
    plain = hamming_search.gather(hamming_search._one_by_one(hashes, hashes, 10, True))
    for fast, slow in zip(way, plain, strict=True):
        assert np.array_equal(np.asarray(fast), np.asarray(slow))


def test_where_nothing_can_be_cached_the_search_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(**options: bool) -> Callable[[str], tuple[str, dict[str, bool]]]:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function 'join': no locator available")
        return lambda function: (function, options)

    monkeypatch.setattr("numba.njit", njit)
    compiled = hamming_kernel._compiled("join")  # type: ignore[no-untyped-call]
    assert compiled == ("join", {"nogil": True})


@pytest.mark.parametrize("few", [0, hamming_search._FEW])
def test_upper_leaves_out_the_pairs_below(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hamming_search, "_FEW", few)  # compiled or not
    hashes, others = clustered(5, 900), clustered(6, 900)
    others[::3] = np.roll(hashes[::3], 1)
    i, j, distance = hamming_search.gather(hamming_search.across(others, hashes, 11, upper=True))
    found = set(zip(i.tolist(), j.tolist(), distance.tolist(), strict=True))
    assert found == all_with_all(others, hashes, 11, same=True) != set()


@pytest.mark.parametrize("room", [8, 32, 100, 1 << 16])
@pytest.mark.parametrize("width", [5, hamming_search.WIDTH])
def test_a_crowd_is_found_in_whatever_room_there_is(
    room: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hamming_search, "_ROOM", room)
    hashes = np.arange(300, dtype=np.uint64)  # all within 9 bits, in few buckets
    i, j, _ = hamming_search.gather(hamming_search._by_chunks(hashes, hashes, 9, True, width))
    assert np.array_equal(np.stack([i, j]), np.triu_indices(300, 1))


@given(
    st.integers(0, 2**32), st.integers(2, 300), st.integers(1, 40), st.sampled_from([0, 5, hamming_search.WIDTH])
)
@settings(max_examples=20, deadline=None)
def test_of_a_crowd_the_nearest_are_found(seed: int, count: int, most: int, width: int) -> None:
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**9, count, dtype=np.uint64)  # all within nine bits
    queries = hashes ^ random.integers(0, 8, count, dtype=np.uint64)
    for left in (hashes, queries):
        near = hamming_search.Near(np.full(count, 9, np.uint8), most)
        found = hamming_search.gather(
            hamming_search._by_chunks(left, hashes, 9, True, width, near)
            if width
            else hamming_search._one_by_one(left, hashes, 9, True, near)
        )
        several = set(zip(*(column.tolist() for column in found), strict=True))
        pairs = all_with_all(left, hashes, 9, same=True)
        assert len(several) == len(found[0])
        assert several <= pairs
        of_each: dict[int, list[tuple[int, int, int]]] = {}
        for pair in pairs:
            of_each.setdefault(pair[1], []).append(pair)
        for j, its in of_each.items():
            last = sorted(bits for _, _, bits in its)[most - 1] if len(its) >= most else 9
            assert last <= near.bits[j]
            assert {pair for pair in its if pair[2] <= last} <= several


@pytest.mark.parametrize("few", [0, hamming_search._FEW])
def test_of_a_large_crowd_most_pairs_are_left_out(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hamming_search, "_FEW", few)  # compiled or not
    hashes = np.random.default_rng(0).integers(0, 2**12, 3_000, dtype=np.uint64)
    near = hamming_search.Near(np.full(len(hashes), 12, np.uint8), 20)
    found = sum(len(block[0]) for block in hamming_search.within(hashes, 12, near))
    assert 20 * len(hashes) < found < 0.2 * len(hashes) ** 2 / 2


def test_more_bits_than_promised_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.\.12"):
        list(hamming_search.within(np.zeros(3, np.uint64), 13))
