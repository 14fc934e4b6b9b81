"""The proof that a split does not leak."""

from typing import get_args

import pytest

from curate.core.recipe import Dedup
from curate.core.schemas import DedupRow, FetchRow
from curate.split.leakage import COVERAGE, check_leakage
from tests.folders import dedup_row, fetch_row, split_row

PHOTOS = [fetch_row(n, "ab"[n % 2], listing_id=f"L{n}") for n in range(6)]
ROWS = [
    split_row(photo, split)
    for photo, split in zip(PHOTOS, ["train"] * 2 + ["val"] * 2 + ["test"] * 2, strict=True)
]


def test_a_clean_split_is_proved_with_its_counts() -> None:
    leakage = check_leakage(ROWS, PHOTOS, [dedup_row(photo) for photo in PHOTOS])
    assert leakage.passed
    assert leakage.lines() == [
        "train: 2 photos (1 a, 1 b)",
        "val: 2 photos (1 a, 1 b)",
        "test: 2 photos (1 a, 1 b)",
        "checked again from the manifests, removed duplicates included:",
        "no leak: each of the 6 listings is in one split only",
        "no leak: each of the 6 groups of similar photos that dedup found is in one split only",
        "no leak: each of the 6 different files (sha256) is in one split only",
        COVERAGE["thorough"],
    ]
    assert leakage.notes()["counts"]["val"] == {"a": 1, "b": 1}


def test_many_classes_fit_in_a_line() -> None:
    photos = [fetch_row(n, f"breed{n % 9}") for n in range(28)]
    check = check_leakage([split_row(photo, "train") for photo in photos], photos, [dedup_row(p) for p in photos])
    assert check.lines()[0] == "train: 28 photos (3 to 4 in each of 9 classes)"


@pytest.mark.parametrize("method", get_args(Dedup.model_fields["method"].annotation))
def test_the_proof_says_what_no_method_of_dedup_looked_for(method: str) -> None:
    lines = check_leakage(ROWS, PHOTOS, [dedup_row(photo) for photo in PHOTOS], method).lines()
    assert "no leak: each of the 6 groups of similar photos that dedup found is in one split only" in lines
    assert lines[-1] == COVERAGE[method]
    assert f"the method {method}" in lines[-1]
    assert ("not looked for" in lines[-1]) == (method != "sellers")


def photos_with(number: int, listing_id: str = "", sha256: str = "") -> list[FetchRow]:
    changed = fetch_row(number, PHOTOS[number].class_name, listing_id or f"L{number}", sha256=sha256)
    return [*PHOTOS[:number], changed, *PHOTOS[number + 1 :]]


COPY = fetch_row(9, "a", listing_id="L5")


@pytest.mark.parametrize(
    ("photos", "dedup", "what"),
    [
        pytest.param(
            photos_with(0, listing_id="L5"), [dedup_row(p) for p in PHOTOS], ["listings"], id="D05-one-listing"
        ),
        pytest.param(
            PHOTOS,
            [dedup_row(p, similar_to=PHOTOS[0].key if n in (0, 4) else "") for n, p in enumerate(PHOTOS)],
            ["groups of similar photos"],
            id="D05-similar",
        ),
        pytest.param(
            photos_with(0, sha256=PHOTOS[4].sha256),
            [dedup_row(p) for p in PHOTOS],
            ["different files (sha256)"],
            id="D05-same-file",
        ),
        pytest.param(
            [*PHOTOS, COPY],
            [*(dedup_row(p) for p in PHOTOS), dedup_row(COPY, copy_of=PHOTOS[0].key)],
            ["listings"],
            id="D05-listing-of-a-removed-copy",
        ),
    ],
)
def test_a_leak_is_found_and_named(photos: list[FetchRow], dedup: list[DedupRow], what: list[str]) -> None:
    leakage = check_leakage(ROWS, photos, dedup)
    assert not leakage.passed
    assert [kind for kind, leaks in leakage.leaks.items() if leaks] == what
    assert any(line.startswith(f"leak: 1 of {leakage.checked[what[0]]} {what[0]}") for line in leakage.lines())


def test_a_listing_that_only_a_removed_duplicate_has_in_another_split_is_said_to_be_one() -> None:
    rows = [*(dedup_row(p) for p in PHOTOS), dedup_row(COPY, copy_of=PHOTOS[0].key)]
    (line,) = check_leakage(ROWS, [*PHOTOS, COPY], rows).found()
    assert line == "leak: 1 of 6 listings in more than one split, 1 of them only by a removed duplicate: L5"
    (line,) = check_leakage(ROWS, photos_with(0, listing_id="L5"), [dedup_row(p) for p in PHOTOS]).found()
    assert line == "leak: 1 of 5 listings in more than one split: L5"


def test_photos_without_a_listing_have_nothing_in_common() -> None:
    photos = [fetch_row(n, "ab"[n % 2], listing_id=" ") for n in range(6)]
    from dataclasses import replace

    photos = [replace(photo, listing_id="") for photo in photos]
    assert check_leakage(ROWS, photos, [dedup_row(photo) for photo in photos]).checked["listings"] == 0
