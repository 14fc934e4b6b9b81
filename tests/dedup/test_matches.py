"""Matches as numbers: what is kept of them is what a plain reading of the rules keeps."""

from itertools import groupby

import numpy as np
import pytest

from curate.core.errors import ResourceError
from curate.dedup import matches

Row = tuple[int, int, int, int]  # first view, second view, pose, bits


def by_the_rules(rows: list[Row], owner: list[int], most_better: int) -> list[Row]:
    """Six matches of each pair of images, the nearest; the nearest pairs of each worse image, and of an image with
    more no match that is farther than the last of them; each way once."""

    def pair(row: Row) -> tuple[int, int]:
        a, b = owner[row[0]], owner[row[1]]
        return min(a, b), max(a, b)

    apart = [row for row in rows if owner[row[0]] != owner[row[1]]]
    ordered = sorted(apart, key=lambda row: (*pair(row), row[3], row[2], row[0], row[1]))
    pairs = [(ends, list(several)) for ends, several in groupby(ordered, pair)]
    ranked = sorted(pairs, key=lambda each: (each[0][1], each[1][0][3], each[0][0]))
    near: dict[tuple[int, int], int] = {}  # to the bits of the last
    for _, crowd in groupby(ranked, lambda each: each[0][1]):
        several_pairs = list(crowd)
        last = several_pairs[most_better - 1][1][0][3] if len(several_pairs) > most_better else 12
        near |= {ends: last for ends, _ in several_pairs[:most_better]}
    kept: list[Row] = []
    for ends, several in pairs:
        if ends in near:
            ways: dict[tuple[int, ...], Row] = {}
            for row in several[: matches.POSES]:
                if row[3] <= near[ends]:
                    ways.setdefault(row[:3], row)
            kept += ways.values()
    return kept


@pytest.mark.parametrize("most_better", [2, 256])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_keep_what_the_rules_keep(seed: int, most_better: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "MOST_BETTER", most_better)
    monkeypatch.setattr(matches, "_BLOCK", 100)
    monkeypatch.setattr(matches, "_SORTED", 20)
    random = np.random.default_rng(seed)
    owner = np.sort(np.append(np.arange(12), random.choice(12, 5, replace=False)))  # some have two views
    first, second = random.integers(0, len(owner), (2, 900))
    pose, bits = random.choice([0, 3, 397, 799], 900), random.integers(0, 13, 900)
    coded = matches.encode(first, second, pose, bits, owner)
    found = matches.decode(matches.distinct(matches.nearest(coded)), owner)
    rows = list(zip(first.tolist(), second.tolist(), pose.tolist(), bits.tolist(), strict=True))
    expected = by_the_rules(rows, owner.tolist(), most_better)
    columns = (found.first, found.second, found.pose, found.bits)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected


def test_the_largest_image_keeps_its_number_and_a_larger_one_is_refused() -> None:
    last = matches.MOST - 1
    owner = np.arange(last - 2, last + 1)
    (code,) = matches.encode(np.array([2]), np.array([0]), np.array([799]), np.array([12]), owner)
    assert code >= 0
    assert code >> 40 == last - 2
    with pytest.raises(ResourceError, match=r"dedup compares 8,388,608 photos at most, not 8,388,609"):
        matches.check_number(matches.MOST + 1)
