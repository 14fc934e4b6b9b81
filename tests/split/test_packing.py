"""Whole groups into splits of an exact size."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.core.schemas import SPLITS
from curate.split.packing import Group, Placement, Targets, cover, draw, pack, preferences


def singles(count: int, class_name: str = "a", prefix: str = "g") -> list[Group]:
    return [Group(f"{prefix}{number}", {class_name: 1}) for number in range(count)]


def filled(placed: dict[str, Placement]) -> Counter[tuple[str, str]]:
    tally = Counter[tuple[str, str]]()
    for place in placed.values():
        tally.update({(place.split, name): count for name, count in place.taken.items() if count})
    return tally


def per_class(train: int, val: int, test: int, *names: str) -> Targets:
    return {s: dict.fromkeys(names, c) for s, c in zip(SPLITS, (train, val, test), strict=True)}


def test_the_hash_is_sha256_of_seed_and_name() -> None:
    assert f"{draw(42, 'L1'):064x}" == "56863012c15863ed9d33997ca8dcd60d4c1fecfa266139db0273a0bbf1f62ce4"


@pytest.mark.parametrize(
    ("share", "order"),
    [(0.0, "train val test"), (0.59, "train val test"), (0.61, "val test train"), (0.99, "test train val")],
)
def test_a_group_asks_first_for_the_split_of_its_hash(share: float, order: str) -> None:
    assert preferences(int(share * 2**256), per_class(6, 2, 2, "a")) == order.split()


def test_a_split_without_photos_is_nobodys_own() -> None:
    shares = [preferences(int(k / 10 * 2**256), per_class(5, 0, 5, "a"))[0] for k in range(10)]
    assert shares == ["train"] * 5 + ["test"] * 5


def test_a_large_group_that_fits_nowhere_is_trimmed_or_kept_whole() -> None:
    groups = [Group("large", {"a": 9})]
    targets = per_class(6, 2, 2, "a")
    assert pack(groups, targets, 42, trim=True) == {"large": Placement("train", {"a": 6})}
    assert pack(groups, targets, 42, trim=False) == {"large": Placement("train", {"a": 9})}


def test_a_group_of_two_classes_stays_in_one_split() -> None:
    groups = [Group("both", {"a": 2, "b": 2}), *singles(10, "a"), *singles(10, "b", "h")]
    placed = pack(groups, per_class(6, 3, 3, "a", "b"), 42, trim=True)
    assert placed["both"].taken == {"a": 2, "b": 2}
    assert filled(placed) == {(s, c): n for s, n in zip(SPLITS, (6, 3, 3), strict=True) for c in "ab"}


def test_surplus_does_not_prefer_small_listings() -> None:
    groups = [Group(f"g{number}", {"a": 1 + number % 4}) for number in range(2000)]
    placed = pack(groups, per_class(600, 200, 200, "a"), 42, trim=True)
    used = Counter(group.sizes["a"] for group in groups if placed[group.name].split)
    assert all(75 < used[size] < 125 for size in (1, 2, 3, 4)), used


@pytest.mark.parametrize("seed", range(5))
def test_each_split_has_its_share_of_small_and_of_large_listings(seed: int) -> None:
    sizes = [1] * 300 + [2] * 300 + [5] * 600
    groups = [Group(f"g{number}", {"a": size}) for number, size in enumerate(sizes)]
    placed = pack(groups, per_class(2160, 720, 720, "a"), seed, trim=True)
    for size, count in Counter(sizes).items():
        tested = sum(placed[group.name].split == "test" for group in groups if group.sizes["a"] == size)
        assert 0.13 * count < tested < 0.27 * count, "a fifth, within three standard deviations"


group_lists = st.lists(
    st.dictionaries(st.sampled_from("ab"), st.integers(1, 6), min_size=1), min_size=1, max_size=60
).map(lambda sizes: [Group(f"g{number}", s) for number, s in enumerate(sizes)])
target_sizes = st.tuples(st.integers(1, 12), st.integers(0, 6), st.integers(0, 6))


@settings(deadline=None)
@given(group_lists, target_sizes, st.integers(0, 5))
def test_no_split_is_larger_than_asked_and_none_is_short_while_a_photo_is_left(
    groups: list[Group], sizes: tuple[int, int, int], seed: int
) -> None:
    targets = per_class(*sizes, "a", "b")
    placed = pack(groups, targets, seed, trim=True)
    tally = filled(placed)
    assert all(tally[s, c] <= targets[s][c] for s in SPLITS for c in "ab")
    assert all(place.taken.get(c, 0) <= g.sizes[c] for g in groups for place in [placed[g.name]] for c in g.sizes)
    for group in groups:
        if not placed[group.name].split:
            assert all(tally[s, c] == targets[s][c] for s in SPLITS for c in group.sizes)


@settings(deadline=None)
@given(group_lists, target_sizes, st.integers(0, 5))
def test_with_a_single_photo_to_spare_for_each_place_counts_are_exact(
    groups: list[Group], sizes: tuple[int, int, int], seed: int
) -> None:
    targets = per_class(*sizes, "a", "b")
    groups = groups + singles(sum(sizes), "a", "x") + singles(sum(sizes), "b", "y")
    tally = filled(pack(groups, targets, seed, trim=True))
    assert all(tally[s, c] == targets[s][c] for s in SPLITS for c in "ab")


@settings(deadline=None)
@given(group_lists, target_sizes, st.integers(0, 5))
def test_without_trimming_every_group_is_placed_whole(
    groups: list[Group], sizes: tuple[int, int, int], seed: int
) -> None:
    placed = pack(groups, per_class(*sizes, "a", "b"), seed, trim=False)
    assert all(placed[group.name].split for group in groups)
    assert all(dict(placed[group.name].taken) == dict(group.sizes) for group in groups)


@settings(deadline=None)
@given(group_lists, target_sizes, st.integers(0, 5), st.randoms())
def test_the_order_of_groups_does_not_matter(
    groups: list[Group], sizes: tuple[int, int, int], seed: int, random: object
) -> None:
    targets = per_class(*sizes, "a", "b")
    shuffled = sorted(groups, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert pack(groups, targets, seed, trim=True) == pack(shuffled, targets, seed, trim=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(100, 400), st.integers(0, 1000), st.booleans())
def test_d07_one_photo_more_moves_at_most_one_photo_per_boundary(count: int, seed: int, all_used: bool) -> None:
    whole = count if all_used else count * 2 // 3
    targets = per_class(whole - 2 * (whole // 5), whole // 5, whole // 5, "a")
    before = pack(singles(count), targets, seed, trim=True)
    after = pack([*singles(count), Group("new", {"a": 1})], targets, seed, trim=True)
    moved = Counter((before[name].split, after[name].split) for name in before)
    moved = Counter({pair: n for pair, n in moved.items() if pair[0] != pair[1]})
    assert sum(moved.values()) <= 3
    assert all(n == 1 for n in moved.values())


def test_d07_one_photo_more_in_ten_thousand_with_listings() -> None:
    groups = [Group(f"L{number}", {"a": 1 + number % 4}) for number in range(4000)]  # 10,000 photos
    targets = per_class(5700, 1900, 1900, "a")
    before = pack(groups, targets, 42, trim=True)
    for number in range(0, 4000, 199):
        grown = list(groups)
        grown[number] = Group(f"L{number}", {"a": groups[number].sizes["a"] + 1})
        after = pack(grown, targets, 42, trim=True)
        moved = [group for group in groups if before[group.name].split != after[group.name].split]
        assert len(moved) <= 6


def test_another_seed_gives_another_split() -> None:
    targets = per_class(60, 20, 20, "a")
    splits = [tuple(p.split for p in pack(singles(100), targets, seed, trim=True).values()) for seed in range(5)]
    assert len(set(splits)) == 5


def is_exact(placed: dict[str, Placement] | None, targets: Targets) -> bool:
    wanted = {(split, name): n for split, sizes in targets.items() for name, n in sizes.items() if n}
    return placed is not None and filled(placed) == wanted


def can_be_exact(groups: list[Group], targets: Targets, classes: str) -> bool:
    """By trying every placement: does each split get enough of each class?"""
    need = [targets[split][name] for split in SPLITS for name in classes]
    reached = {tuple(need)}
    for group in groups:
        sizes = [group.sizes.get(name, 0) for name in classes]
        own = [[0] * len(sizes) * place + sizes for place in range(len(SPLITS))]
        reached = {
            tuple(max(0, gap - size) for gap, size in itertools.zip_longest(gaps, each, fillvalue=0))
            for gaps in reached
            for each in own
        }
    return (0,) * len(need) in reached


def test_one_large_group_does_not_leave_test_empty() -> None:
    groups = [Group(f"g{size}", {"a": size}) for size in (4, 2, 1)]
    placed = pack(groups, per_class(3, 1, 1, "a"), 42, trim=True)
    assert {name: (place.split, place.taken["a"]) for name, place in placed.items()} == {
        "g4": ("train", 3),
        "g2": ("test", 1),
        "g1": ("val", 1),
    }


def test_every_small_collection_that_can_be_packed_is() -> None:
    possible = missed = 0
    for count in range(3, 6):
        for sizes in itertools.combinations_with_replacement(range(1, 5), count):
            groups = [Group(f"g{number}", {"a": size}) for number, size in enumerate(sizes)]
            for train, val, test in itertools.product(range(1, 5), range(1, 4), range(1, 4)):
                targets = per_class(train, val, test, "a")
                if train + val + test <= sum(sizes) and can_be_exact(groups, targets, "a"):
                    possible += 1
                    missed += not is_exact(pack(groups, targets, 42, trim=True), targets)
    assert (possible, missed) == (3425, 0)


@settings(max_examples=200, deadline=None)
@given(group_lists.map(lambda groups: groups[:6]), target_sizes, st.integers(0, 5))
def test_none_is_found_only_where_there_is_none(
    groups: list[Group], sizes: tuple[int, int, int], seed: int
) -> None:
    targets = per_class(*sizes, "a", "b")
    possible = can_be_exact(groups, targets, "ab")
    assert is_exact(pack(groups, targets, seed, trim=True), targets) == possible
    assert is_exact(cover(groups, targets, seed, {}), targets) == possible


def test_listings_of_5_to_12_photos_with_95_of_100_used() -> None:
    chance = random.Random(1)
    targets = per_class(57, 19, 19, "a", "b")
    for seed in range(40):
        groups = []
        for name in "ab":
            left = 100
            while left:
                size = min(left, chance.randint(5, 12))
                groups.append(Group(f"{name}{left}", {name: size}))
                left -= size
        assert is_exact(pack(groups, targets, seed, trim=True), targets)


def test_the_search_keeps_groups_where_they_were_if_it_can() -> None:
    groups = singles(30)
    targets = per_class(18, 6, 6, "a")
    first = {name: place.split for name, place in pack(groups, targets, 42, trim=True).items()}
    again = cover(groups, targets, 7, first)
    assert again is not None
    assert {name: place.split for name, place in again.items()} == first


def test_a_large_collection_is_searched_within_bounds() -> None:
    groups = [Group(f"s{n}", {"ab"[n % 2]: 1 + n % 4}) for n in range(1600)] + [
        Group("large", {"a": 300, "b": 300})
    ]
    assert is_exact(cover(groups, targets := per_class(1400, 200, 200, "a", "b"), 42, {}), targets)


def test_two_small_groups_do_not_leave_a_split_empty() -> None:
    groups = [Group("large", {"a": 8}), *singles(2)]
    for seed in range(20):
        placed = pack(groups, per_class(6, 2, 2, "a"), seed, trim=False)
        assert placed["large"].split == "train"
        assert {place.split for place in placed.values()} == set(SPLITS)


@settings(max_examples=200, deadline=None)
@given(group_lists.map(lambda groups: groups[:7]), st.tuples(*[st.integers(1, 9)] * 3), st.integers(0, 5))
def test_without_trimming_a_class_is_absent_from_a_split_only_where_it_has_to_be(
    groups: list[Group], sizes: tuple[int, int, int], seed: int
) -> None:
    tally = filled(pack(groups, per_class(*sizes, "a", "b"), seed, trim=False))
    possible = can_be_exact(groups, per_class(1, 1, 1, "a", "b"), "ab")
    assert all(tally[split, name] for split in SPLITS for name in "ab") == possible
