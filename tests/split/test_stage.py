"""The split stage: groups that stay together, exact counts, gates."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from curate.core import manifest
from curate.core.errors import Do, Edit, GateError, To, UsageError
from curate.core.recipe import Dedup, Split, SplitCounts
from curate.core.schemas import SPLITS, CleanRow, DedupRow, FetchRow, SplitRow
from curate.split import stage as split
from curate.split import uneven
from curate.split.leakage import check_leakage
from curate.split.packing import Targets
from tests.folders import CLASSES, build_folder, clean_row, dedup_row, fetch_row, publish
from tests.wording import refused

TEN_EACH = Split(class_names=("a", "b"), counts=SplitCounts(train=12, val=4, test=4))


def groups_of(photos: list[FetchRow], dedup: list[DedupRow]) -> list[list[str]]:
    removed = {row.key for row in dedup if not row.keep}
    kept = [clean_row(photo) for photo in photos if photo.key not in removed]
    return [[row.key[-1] for row in group] for group in split.group_photos(kept, photos, dedup)]


def test_photos_of_one_listing_stay_together() -> None:
    photos = [fetch_row(n, "a", listing_id=listing) for n, listing in enumerate("xyxzy")]
    assert groups_of(photos, [dedup_row(p) for p in photos]) == [["0", "2"], ["1", "4"], ["3"]]


def test_similar_photos_join_their_listings() -> None:
    photos = [fetch_row(n, "a", listing_id=listing) for n, listing in enumerate("xxyyz")]
    dedup = [dedup_row(p, similar_to=photos[1].key if n in (1, 2) else "") for n, p in enumerate(photos)]
    assert groups_of(photos, dedup) == [["0", "1", "2", "3"], ["4"]]


def test_a_removed_duplicate_joins_its_listing_to_the_photo_that_was_kept() -> None:
    photos = [fetch_row(n, "a", listing_id=listing) for n, listing in enumerate("xyy")]
    dedup = [dedup_row(photos[0]), dedup_row(photos[1], copy_of=photos[0].key), dedup_row(photos[2])]
    assert groups_of(photos, dedup) == [["0", "2"]]


def test_a_duplicate_of_a_photo_that_clean_rejected_joins_nothing() -> None:
    photos = [fetch_row(n, "a", listing_id=listing) for n, listing in enumerate("xyxy")]
    advert = photos[0].key
    dedup = [dedup_row(photos[0]), dedup_row(photos[1], copy_of=advert), *map(dedup_row, photos[2:])]
    kept = [clean_row(photo) for photo in photos[2:]]
    assert [[row.key[-1] for row in g] for g in split.group_photos(kept, photos, dedup)] == [["2"], ["3"]]


def test_photos_without_a_listing_stand_alone() -> None:
    photos = [replace(fetch_row(n, "a"), listing_id="") for n in range(3)]
    assert groups_of(photos, [dedup_row(p) for p in photos]) == [["0"], ["1"], ["2"]]


def decided(photos: list[FetchRow], dedup: list[DedupRow], targets: Targets, config: Split) -> list[SplitRow]:
    removed = {row.key for row in dedup if not row.keep}
    kept = [clean_row(photo) for photo in photos if photo.key not in removed]
    names = {photo.key: photo.listing_id for photo in photos}
    return split.decide(split.group_photos(kept, photos, dedup), names, targets, config)


@st.composite
def collections(draw: st.DrawFn) -> tuple[list[FetchRow], list[DedupRow]]:
    count = draw(st.integers(1, 60))
    listings = draw(st.lists(st.integers(0, 30), min_size=count, max_size=count))
    looser = draw(st.lists(st.integers(0, 40), min_size=count, max_size=count))
    copies = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    photos: list[FetchRow] = []
    dedup: list[DedupRow] = []
    for n in range(count):
        photos.append(fetch_row(n, "ab"[n % 2], listing_id=f"L{listings[n]}"))
        original = next((m for m in range(n) if copies[n] == 0 and dedup[m].keep), None)
        if original is None:
            first = next((m for m in range(n) if looser[m] == looser[n] and dedup[m].keep), n)
            dedup.append(dedup_row(photos[n], similar_to=dedup[first].similar_group if first < n else ""))
        else:
            same = dedup[original]
            dedup.append(dedup_row(photos[n], similar_to=same.similar_group, copy_of=same.key))
    return photos, dedup


@settings(deadline=None)
@given(collections(), st.tuples(st.integers(1, 9), st.integers(1, 5), st.integers(1, 5)), st.integers(0, 99))
def test_d05_no_collection_leaks(
    collection: tuple[list[FetchRow], list[DedupRow]], sizes: tuple[int, int, int], seed: int
) -> None:
    photos, dedup = collection
    targets: Targets = {s: {"a": count, "b": count} for s, count in zip(SPLITS, sizes, strict=True)}
    for proportional in (False, True):
        rows = decided(photos, dedup, targets, TEN_EACH.override(seed=seed, proportional=proportional))
        assert check_leakage(rows, photos, dedup).passed
        assert len(rows) == sum(row.keep for row in dedup)
        assert not proportional or all(row.keep for row in rows)


@settings(max_examples=40, deadline=None)
@given(collections(), st.randoms())
def test_d02_the_order_of_rows_does_not_matter(
    collection: tuple[list[FetchRow], list[DedupRow]], random: object
) -> None:
    photos, dedup = collection
    targets: Targets = {s: {"a": 3, "b": 3} for s in SPLITS}
    expected = decided(photos, dedup, targets, TEN_EACH)
    for _ in range(2):
        random.shuffle(photos)  # type: ignore[attr-defined]
        random.shuffle(dedup)  # type: ignore[attr-defined]
        assert decided(photos, dedup, targets, TEN_EACH) == expected


def run(tmp_path: Path, photos: list[FetchRow], clean: list[CleanRow], config: Split) -> list[SplitRow]:
    publish(tmp_path, "fetch", photos)
    publish(tmp_path, "dedup", [dedup_row(photo) for photo in photos])
    publish(tmp_path, "clean", clean)
    return split.run(tmp_path, config)


def counted(rows: list[SplitRow]) -> dict[tuple[str, str], int]:
    return dict(Counter((row.split, row.class_name) for row in rows))


def test_counts_are_exact_and_the_rest_is_surplus(tmp_path: Path) -> None:
    photos = [fetch_row(n, "ab"[n % 2]) for n in range(24)]
    rows = run(tmp_path, photos, [clean_row(photo) for photo in photos], TEN_EACH)
    assert counted(rows) == {
        ("train", "a"): 6,
        ("val", "a"): 2,
        ("test", "a"): 2,
        ("", "a"): 2,
        ("train", "b"): 6,
        ("val", "b"): 2,
        ("test", "b"): 2,
        ("", "b"): 2,
    }
    assert manifest.read(tmp_path, SplitRow) == rows
    notes = manifest.read_sidecar(tmp_path, "split")["notes"]
    assert notes["seed"] == 42
    assert notes["summary"] == notes["leakage"]["lines"]
    assert "no leak: each of the 10 listings is in one split only" in notes["summary"]
    assert manifest.funnel_line(tmp_path, "split") == "split: 24 in, 20 kept, 4 surplus"


def test_a_second_run_changes_nothing_and_another_seed_does(tmp_path: Path) -> None:
    build_folder(tmp_path, "clean", n=40)
    config = Split(class_names=CLASSES, proportional=True)
    rows = split.run(tmp_path, config)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("split.*")}
    assert split.run(tmp_path, config) == rows
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("split.*")} == before
    assert split.run(tmp_path, config.override(seed=43)) != rows


def test_too_few_photos_say_how_many_of_which_class_are_missing(tmp_path: Path) -> None:
    photos = [fetch_row(n, "a" if n < 9 else "b") for n in range(20)]
    with refused(GateError, match="curate split --proportional") as caught:
        run(tmp_path, photos, [clean_row(photo) for photo in photos], TEN_EACH)
    message = str(caught.value)
    assert "a: kept 9, need 10, missing 1; b: kept 11, need 10, missing 0" in message
    assert not manifest.csv_path(tmp_path, "split").exists()


def test_too_large_groups_are_a_gate_and_not_a_leak(tmp_path: Path) -> None:
    photos = [fetch_row(n, "ab"[n % 2], listing_id="ab"[n % 2]) for n in range(24)]
    with pytest.raises(GateError) as caught:
        run(tmp_path, photos, [clean_row(photo) for photo in photos], TEN_EACH)
    assert str(caught.value) == (
        "there are enough photos, but no split was found in which those that belong together stay together: "
        "a (val has 0 of 2, test has 0 of 2): 12 of its 12 photos are of one listing, a; "
        "b (val has 0 of 2, test has 0 of 2): 12 of its 12 photos are of one listing, b"
    )
    more, lower, _ = caught.value.remedies
    assert (more, lower) == (Do("collect more listings of a and b"), Do("lower split.counts in the recipe"))


def alike(tmp_path: Path, number: int) -> list[DedupRow]:
    """22 photos of each of two classes with a listing each, of which the first `number` of a count as similar."""
    photos = [fetch_row(n, "ab"[n % 2], listing_id=f"L{n}") for n in range(44)]
    rows = [
        dedup_row(photo, similar_to=photos[0].key if n < 2 * number and n % 2 == 0 else "")
        for n, photo in enumerate(photos)
    ]
    publish(tmp_path, "fetch", photos)
    publish(tmp_path, "dedup", rows)
    publish(tmp_path, "clean", [clean_row(photo) for photo in photos])
    return rows


def test_a_split_that_similar_photos_make_impossible_names_them_and_what_to_set(tmp_path: Path) -> None:
    alike(tmp_path, 22)
    with refused(GateError, match="dedup.max_distance to 6 .*dedup.similar_distance to 6") as caught:
        split.run(tmp_path, Split(class_names=("a", "b")))
    said = (
        "stay together: a (val has 0 of 4, test has 0 of 4): 22 of its 22 photos count as similar (similar_group "
    )
    assert said in str(caught.value)
    assert "b (" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "edits"),
    [
        ({"max_distance": 12, "similar_distance": 12}, {"dedup.max_distance": "6", "dedup.similar_distance": "6"}),
        ({"max_distance": 3, "similar_distance": 8}, {"dedup.similar_distance": "4"}),
        ({"max_distance": 1, "similar_distance": 1}, {}),
    ],
)
def test_the_distances_that_are_advised_are_smaller_and_go_together(
    settings: dict[str, int], edits: dict[str, str]
) -> None:
    photos = [fetch_row(n, "a", listing_id=f"L{n}") for n in range(6)]
    rows = [dedup_row(photo, similar_to=photos[0].key) for photo in photos]
    group = [clean_row(photo) for photo in photos]
    _, remedies = uneven.why({"a": "val has 0 of 1"}, [group], photos, rows, settings)
    steps = [step for remedy in remedies if isinstance(remedy, To) for step in remedy.steps]
    assert {step.key: step.value for step in steps if isinstance(step, Edit)} == edits
    assert Dedup.model_validate(settings | {name.partition(".")[2]: int(value) for name, value in edits.items()})


def test_a_class_that_gets_less_than_half_its_share_is_named_with_its_largest_group(tmp_path: Path) -> None:
    alike(tmp_path, 19)
    split.run(tmp_path, Split(class_names=("a", "b")))
    notes = manifest.read_sidecar(tmp_path, "split")["notes"]
    (line,) = notes["shares"]
    assert line.startswith(
        "less than half of its share, because photos that belong together stay in one split: a ("
    )
    assert "): 19 of its 22 photos count as similar (similar_group 0000000000000000 in dedup.csv)" in line
    assert notes["summary"][-1] == line
    alike(tmp_path, 1)
    split.run(tmp_path, Split(class_names=("a", "b")))
    assert manifest.read_sidecar(tmp_path, "split")["notes"]["shares"] == []


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"a": 10, "b": 100}, {"a": (6, 2, 2), "b": (60, 20, 20)}),
        ({"a": 3, "b": 9}, {"a": (1, 1, 1), "b": (5, 2, 2)}),
        pytest.param({"a": 5, "b": 500}, {"a": (3, 1, 1), "b": (300, 100, 100)}, id="D06-imbalance"),
    ],
)
def test_proportional_is_60_20_20_of_what_there_is(
    kept: dict[str, int], expected: dict[str, tuple[int, int, int]]
) -> None:
    targets = split.targets_of(kept, TEN_EACH.override(proportional=True))
    assert {name: tuple(targets[s][name] for s in SPLITS) for name in kept} == expected


@pytest.mark.parametrize("count", [pytest.param(n, id=f"D06-{n}-photos") for n in (0, 1, 2)])
@pytest.mark.parametrize("proportional", [False, True])
def test_a_class_with_hardly_any_photo_is_a_gate(tmp_path: Path, count: int, proportional: bool) -> None:
    photos = [fetch_row(n, "a" if n < count else "b") for n in range(20)]
    clean = [clean_row(photo) for photo in photos]
    with pytest.raises(GateError, match=rf"a(:| has| kept)( kept)? {count}"):
        run(tmp_path, photos, clean, TEN_EACH.override(proportional=proportional))


def test_d06_proportional_never_leaves_a_class_out_of_a_split(tmp_path: Path) -> None:
    photos = [fetch_row(n, "ab"[n % 2], listing_id=f"{n % 4}") for n in range(24)]  # two listings per class
    with refused(GateError, match=r"has 0 of .*collect more listings"):
        run(tmp_path, photos, [clean_row(photo) for photo in photos], TEN_EACH.override(proportional=True))


def test_an_unknown_class_is_named(tmp_path: Path) -> None:
    photos = [fetch_row(n, "abc"[n % 3]) for n in range(30)]
    with pytest.raises(GateError, match="classes that the recipe does not name: c"):
        run(tmp_path, photos, [clean_row(photo) for photo in photos], TEN_EACH)


def test_counts_must_divide_among_the_classes() -> None:
    with pytest.raises(UsageError, match=r"split.counts.train=12 does not divide among 5 classes"):
        split.targets_of(dict.fromkeys("abcde", 100), Split(counts=SplitCounts(train=12, val=5, test=5)))


@pytest.mark.parametrize("seed", [pytest.param(-1, id="D12-negative"), pytest.param(2**40, id="D12-too-large")])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValidationError):
        Split(seed=seed)


def test_a_leaking_split_is_not_written() -> None:
    photos = [fetch_row(n, "a", listing_id="same") for n in range(3)]
    rows = [SplitRow(p.key, p.path, "a", p.key, s, True, "") for p, s in zip(photos, SPLITS, strict=True)]
    leakage = check_leakage(rows, photos, [dedup_row(photo) for photo in photos])
    with pytest.raises(GateError, match=r"the split leaks, so .*: 1 of 1 listings in more than one split: same"):
        split.check(leakage, {str(s): {"a": 1} for s in SPLITS}, TEN_EACH, lambda short: ("", []))
