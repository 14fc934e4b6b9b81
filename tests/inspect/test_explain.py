"""explain and verify: M01, M02, M06, M07, M08, M13, P12."""

import dataclasses
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.errors import StateError, UsageError
from curate.core.schemas import (
    REASONS,
    CleanRow,
    DedupRow,
    FetchRow,
    SplitRow,
    TrainBaselineRow,
)
from curate.core.stages import STAGES
from curate.inspect import explain
from curate.review.conflicts import how_to_decide
from curate.review.find import find
from tests import painted_run
from tests.painted_run import key
from tests.wording import explained, verified

AGAIN = "to fetch again what the site still has, run `curate fetch --refresh`"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted_run.build(tmp_path)


# --- explain ------------------------------------------------------------------------------------------------


def test_explain_a_kept_photo_tells_every_stage(folder: Path) -> None:
    lines = explained(folder, key(13))
    path = manifest.read(folder, FetchRow)[13].path
    size = (folder / path).stat().st_size
    assert lines == [
        "0d0d0d0d0d0d0d0d: photo 2 of listing L6, swift",
        "  title    Swift VXi",
        "  from     New Delhi, Delhi, 2014",
        "  page     https://cars.example/6",
        "  address  https://cars.example/13.jpg",
        f"  file     {path}, 160×120 px, {size:,} bytes",
        "fetch: kept",
        "dedup: kept",
        "clean: kept",
        "  score 0.760 (threshold 0.3); most probable: car 0.750",
        "  typicality 0.50, sharpness 0.80, brightness 0.60",
        "  class swift has probability 0.900, likeliest is swift",
        "split: kept",
        "  test, class swift",
        "train_baseline: one of its val and test photos",
        "  base predicted wagonr with probability 0.970, wrong: it is in class swift",
    ]


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        pytest.param(
            22, ["fetch: rejected, not_an_image: the bytes are not an image (often an HTML page)"], id="fetch"
        ),
        pytest.param(
            5,
            [
                f"dedup: rejected, near_duplicate: {REASONS['dedup']['near_duplicate']}",
                "  duplicate of 0404040404040404, 7 bits apart as a whole, proved by aligned",
                "    aligned: laid on each other they agree in detail and colour",
                "  its duplicates are sold as swift, wagonr: a person must decide",
                f"    {how_to_decide(key(4), '…/review.csv')}",
                "  its duplicate group has 1 other photo:",
                "    0404040404040404  kept in its place; swift, listing L2",
            ],
            id="dedup",
        ),
        pytest.param(
            6,
            [
                "clean: rejected, not_car: nothing in it looks like the wanted object",
                "  score 0.120 (threshold 0.3); most probable: not_car 0.750",
                "  typicality 0.50, sharpness 0.80, brightness 0.60",
            ],
            id="clean",
        ),
        pytest.param(
            20,
            [
                "split: rejected, surplus: more photos of this class than the split asked for",
                "  no split, class swift",
            ],
            id="split",
        ),
        pytest.param(2, ["train_baseline: it was trained on, so there is no prediction for it"], id="train"),
    ],
)
def test_explain_ends_where_the_photo_ended(folder: Path, number: int, tail: list[str]) -> None:
    lines = [line.replace(str(folder), "…") for line in explained(folder, key(number))]
    assert lines[-len(tail) :] == tail


def test_explain_shows_the_duplicates_of_a_keeper(folder: Path) -> None:
    assert explained(folder, key(0))[8:10] == [
        "  it stands for 1 duplicate:",
        "    0101010101010101  exact_duplicate, 0 bits, sha256; swift, listing L0",
    ]


def test_explain_says_what_has_not_run(tmp_path: Path) -> None:
    painted_run.build(tmp_path, last="dedup")
    assert explained(tmp_path, key(0))[-1] == "clean: has not run yet; run `curate clean`"


def test_explain_shows_machine_and_person(folder: Path) -> None:
    review = "key,decision,class_name,note\n" + f'{key(9)},reject,,"sold, not shown"\n{key(8)},keep,wagonr,\n'
    (folder / "review.csv").write_text(review, encoding="utf-8")
    lines = explained(folder, key(9))
    assert lines[-5].startswith("clean: rejected, reviewed: a person rejected it in review.csv [stale: ")
    assert lines[-1] == "review: a person decided reject (sold, not shown)"
    assert explained(folder, key(8))[-1] == "review: a person decided keep wagonr"


def test_explain_shows_decisions_that_contradict(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key,decision\n{key(9)},reject\n{key(9)},keep\n", encoding="utf-8")
    assert explained(folder, key(9))[-3:] == [
        "review: a person decided reject",
        "review: a person decided keep",
        "  these decisions contradict each other, so none is obeyed",
    ]


def test_explain_shows_decisions_as_clean_reads_them(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key,decision,class_name\n{key(9)},Keep,WagonR\n{key(9)},keep,wagonr\n")
    assert explained(folder, key(9))[-1] == "review: a person decided keep wagonr"
    (folder / "review.csv").write_text(f"key,decision,class_name\n{key(4)},keep,alto\n")
    lines = explained(folder, key(5))
    said = (
        f"review: {folder / 'review.csv'} row 2: class 'alto' is not in the recipe; its classes are swift, wagonr"
    )
    assert lines.count(said) == 1
    assert "  its duplicates are sold as swift, wagonr: review.csv cannot be obeyed" in lines
    assert not any("must decide" in line or "to decide" in line for line in lines)


def test_explain_shows_a_class_that_review_changed(folder: Path) -> None:
    rows = [dataclasses.replace(row, class_name="wagonr") for row in manifest.read(folder, CleanRow)]
    painted_run.rewrite(folder, "clean", list(rows))
    assert "  the seller says swift, review says wagonr" in explained(folder, key(12))


def test_explain_marks_the_borderline(folder: Path) -> None:
    line = "  borderline: a person should look at it, number 1 in the queue: its class is among the least sure"
    assert line in explained(folder, key(10))


def test_explain_says_that_a_judged_class_does_not_apply_to_what_is_no_car(folder: Path) -> None:
    lines = explained(folder, key(7))
    assert lines[-1] == "  its class was judged too, but that does not apply: it was rejected as closeup"
    assert "  class swift has probability 0.900, likeliest is wagonr" in explained(folder, key(8))


def test_explain_takes_the_start_of_a_key(folder: Path) -> None:
    assert explained(folder, "0d0") == explained(folder, key(13)) == explained(folder, "0D0")


def test_explain_a_listing_lists_its_photos(folder: Path) -> None:
    assert explained(folder, "L3") == [
        "L3 “Swift VXi”: 2 photos",
        "  0606060606060606  wagonr, rejected by clean: not_car",
        "  0707070707070707  wagonr, rejected by clean: closeup",
    ]
    assert explained(folder, "L7")[1:] == [
        "  0e0e0e0e0e0e0e0e  wagonr, in val",
        "  0f0f0f0f0f0f0f0f  wagonr, in test",
    ]


def test_explain_a_file_lists_the_photos_that_share_it(folder: Path) -> None:
    row = manifest.read(folder, FetchRow)[0]
    for name in (row.sha256, row.path):
        assert explained(folder, name) == [
            f"{name}: 2 photos",
            "  0000000000000000  swift, in train",
            "  0101010101010101  swift, rejected by dedup: exact_duplicate",
        ]


@pytest.mark.parametrize(
    "name", ["13.jpg", "cars.example/13.jpg", "https://cars.example/13.jpg", "./13.jpg", "/13.jpg", "from {path}"]
)
def test_explain_takes_a_file_name_that_one_photo_has(folder: Path, name: str) -> None:
    path = str(folder / manifest.read(folder, FetchRow)[13].path)
    assert explained(folder, name.replace("from {path}", path)) == explained(folder, key(13))


def test_explain_takes_the_name_of_an_imported_file_with_or_without_folders(folder: Path) -> None:
    rows = manifest.read(folder, FetchRow)
    names = {2: "swift/IMG_1.jpg", 4: "wagonr/IMG_1.jpg", 6: "wagonr/MY_IMG_2.jpg"}
    changed = [dataclasses.replace(row, image_url=names.get(n, row.image_url)) for n, row in enumerate(rows)]
    changed[9] = dataclasses.replace(changed[9], aliases="a/x.jpg b/IMG_3.jpg")
    painted_run.rewrite(folder, "fetch", list(changed))
    for name, number in {
        "swift/IMG_1.jpg": 2,
        "/home/me/photos/wagonr/IMG_1.jpg": 4,
        "MY_IMG_2.jpg": 6,
        "IMG_3.jpg": 9,
    }.items():
        assert explained(folder, name) == explained(folder, key(number))
    assert [line.split()[0] for line in explained(folder, "IMG_1.jpg")[:3]] == ["IMG_1.jpg:", key(2), key(4)]
    with pytest.raises(UsageError, match=r"no photo or listing 'IMG_2\.jpg'"):
        explained(folder, "IMG_2.jpg")


def test_explain_takes_the_end_of_a_listings_id(folder: Path) -> None:
    rows = [
        dataclasses.replace(row, listing_id=f"used/{row.listing_id}") for row in manifest.read(folder, FetchRow)
    ]
    painted_run.rewrite(folder, "fetch", [*rows])
    assert key(13) in "\n".join(explained(folder, "L6"))
    with pytest.raises(UsageError, match="no photo or listing '6'"):
        explained(folder, "6")


def rename(folder: Path, names: dict[int, str]) -> None:
    rows = manifest.read(folder, FetchRow)
    painted_run.rewrite(
        folder, "fetch", [dataclasses.replace(r, image_url=names.get(n, r.image_url)) for n, r in enumerate(rows)]
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("222843603", 2),  # a number in the middle of the id
        ("kreslo-222843603.php", 2),
        ("https://cars.example/6", 2),  # the page
        ("7788", 2),  # a number in the address of the page
        ("php", 0),
        ("22284360", 0),
    ],
)
def test_explain_takes_the_number_and_the_page_of_a_listing(folder: Path, name: str, found: int) -> None:
    rows = manifest.read(folder, FetchRow)
    changed = [
        dataclasses.replace(row, listing_id="ad/222843603/kreslo-222843603.php")
        if row.listing_id == "L6"
        else dataclasses.replace(row, page_url="https://cars.example/car-7788.html")
        if row.listing_id == "L5"
        else row
        for row in rows
    ]
    photos = {row.key: row for row in changed}
    if found:
        assert len(find(photos, name).named) == found
    else:
        with pytest.raises(UsageError, match="no photo or listing"):
            find(photos, name)


def test_explain_prefers_a_whole_name_and_then_the_longest(folder: Path) -> None:
    rename(folder, {2: "1.jpg", 4: "swift/1.jpg", 6: "swift/2.jpg", 7: "2.jpg", 8: "a/swift/3.jpg", 9: "3.jpg"})
    for name, number in {"1.jpg": 2, "swift/1.jpg": 4, "/home/me/swift/2.jpg": 6, "swift/3.jpg": 8}.items():
        assert explained(folder, name) == explained(folder, key(number))


def test_explain_lists_what_is_both_a_name_and_the_start_of_a_key(folder: Path) -> None:
    rename(folder, {4: "0E"})
    lines = explained(folder, "0E")
    assert [line.split(", ")[0] for line in lines[:3]] == [
        "0E: 1 photo",
        f"  {key(4)}  swift",
        "  also the start of 1 key: " + key(14),
    ]
    rename(folder, {4: "0"})
    keys = ", ".join(key(number) for number in (0, 1, 2, 3, 5))
    assert f"  also the start of 15 keys: {keys}, …" in explained(folder, "0")
    rename(folder, {14: "0e0e"})
    assert explained(folder, "0e0e") == explained(folder, key(14)), "one photo by both"


@pytest.mark.parametrize("name", ["", "/", "./", ".", "..", "//"])
def test_explain_takes_no_name_without_letters(folder: Path, name: str) -> None:
    rename(folder, {4: "https://cars.example/photos/"})
    with pytest.raises(UsageError, match="no photo or listing"):
        explained(folder, name)


def test_explain_tells_a_listings_title_only_of_a_listing(folder: Path) -> None:
    rename(folder, {0: "L3"})
    assert explained(folder, "L3")[0] == "L3 “Swift VXi”: 3 photos"
    rename(folder, {0: "x/L0.jpg", 9: "y/L0.jpg"})
    assert explained(folder, "L0.jpg")[0] == "L0.jpg: 2 photos"


def test_explain_finds_a_name_however_it_is_composed(folder: Path) -> None:
    names = {4: "caf\u00e9.jpg", 6: "cafe\u0301s.jpg"}
    rename(folder, names)
    for form in ("NFC", "NFD"):
        for number, name in names.items():
            assert explained(folder, unicodedata.normalize(form, name)) == explained(folder, key(number))


def test_explain_takes_the_separator_of_the_system(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename(folder, {4: "swift/1.jpg", 6: "wagonr/1.jpg"})
    monkeypatch.setattr("os.sep", "\\")
    assert explained(folder, "swift\\1.jpg")[0].startswith(key(4))


def test_explain_lists_no_more_photos_of_one_name_than_can_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        dataclasses.replace(row, image_url=f"{row.listing_id}/1.jpg") for row in manifest.read(folder, FetchRow)
    ]
    painted_run.rewrite(folder, "fetch", list(rows))
    monkeypatch.setattr(explain, "MOST_LISTED", 3)
    assert explained(folder, "1.jpg")[4] == "  and 21 more; write more of the name"


def test_explain_marks_what_is_out_of_date(folder: Path) -> None:
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    stages = [line for line in explained(folder, key(13)) if not line.startswith(" ")][1:]
    assert stages == [
        "fetch: kept",
        "dedup: kept",
        "clean: kept [stale: dedup.csv changed]",
        "split: kept [stale: dedup.csv changed; clean comes first]",
        "train_baseline: one of its val and test photos [stale: clean comes first]",
    ]
    assert explained(folder, "L7")[-1] == (
        "  out of date: clean, split, train_baseline; to see why, run `curate status`"
    )


@pytest.mark.parametrize(
    ("stage", "reason", "said"),
    [
        ("clean", "interior", "kept in its place, then rejected by clean as interior; swift"),
        ("clean", "reviewed", "kept in its place, then rejected by a person; swift"),
        ("split", "surplus", "kept in its place, then rejected by split as surplus; swift"),
    ],
)
def test_explain_a_duplicate_tells_what_became_of_its_keeper(
    folder: Path, stage: str, reason: str, said: str
) -> None:
    rows: list[Any] = manifest.read(folder, STAGES[stage].row_type)
    rows = [dataclasses.replace(r, keep=False, reason=reason) if r.key == key(4) else r for r in rows]
    painted_run.rewrite(folder, stage, rows)
    assert f"    0404040404040404  {said}, listing L2" in explained(folder, key(5))


def test_explain_lists_a_handful_of_duplicates_the_kept_one_first(folder: Path) -> None:
    copy = {"group": key(9), "duplicate_of": key(9), "keep": False, "reason": "near_duplicate", "distance": 1}
    rows = [
        dataclasses.replace(row, **copy) if row.key < key(8) else row  # type: ignore[arg-type]
        for row in manifest.read(folder, DedupRow)
    ]
    painted_run.rewrite(folder, "dedup", list(rows))
    lines = explained(folder, key(9))
    first = lines.index("  it stands for 8 duplicates:")
    shown = [key(number) for number in (2, 3, 5, 6, 7)]  # a swift's copies that are sold as wagonr come first
    assert [line.split()[0] for line in lines[first + 1 : first + 6]] == shown
    assert lines[first + 6] == "    and 3 more, in dedup.csv as group 0909090909090909"
    lines = explained(folder, key(7))
    first = lines.index("  its duplicate group has 8 other photos:")
    assert [line.split()[0] for line in lines[first + 1 : first + 4]] == [key(9), key(0), key(1)]  # of a wagonr


def test_explain_says_what_was_decided_of_duplicates_under_two_classes(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key,decision,class_name\n{key(4)},keep,wagonr\n{key(5)},reject,\n")
    for number in (4, 5):
        lines = explained(folder, key(number))
        assert "  its duplicates are sold as swift, wagonr: a person decided keep wagonr" in lines
        assert not any("must decide" in line or "to decide" in line for line in lines)
    assert lines[-2:] == [
        "review: a person decided reject",
        "  of a duplicate, so not obeyed: decide of 0404040404040404, which was kept",
    ]


def test_explain_an_unknown_key_names_the_nearest(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"no photo or listing '0d0d0d0d0d0d0dff' .*nearest are 0d0d0d0d0d0d0d0d"):
        explained(folder, "0d0d0d0d0d0d0dff")


@pytest.mark.parametrize("unlike", ["zzzzzzzz", ""])
def test_explain_an_unlike_key_names_none(folder: Path, unlike: str) -> None:
    with pytest.raises(UsageError, match=r"no photo or listing .*fetch\.csv$"):
        explained(folder, unlike)


def test_explain_an_ambiguous_start_asks_for_more(folder: Path) -> None:
    with pytest.raises(
        UsageError, match=r"16 keys start with 0: 0000000000000000, 0101010101010101, .*write more of it"
    ):
        explained(folder, "0")


def test_explain_before_fetch_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="is not there"):
        explained(tmp_path, "aa")


def test_p12_a_hostile_title_cannot_steer_the_terminal(tmp_path: Path) -> None:
    painted_run.build(tmp_path, last="fetch", title="\x1b[2Jgone\nfetch: kept\u202e मारुति")
    title = next(line for line in explained(tmp_path, key(0)) if "title" in line)
    assert title == "  title    �[2Jgone�fetch: kept� मारुति"


# --- verify -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", STAGES)
def test_verify_finds_nothing_wrong_in_a_sound_run(tmp_path: Path, last: str) -> None:
    assert verified(painted_run.build(tmp_path, last)) == []


def test_verify_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="holds no manifest"):
        verified(tmp_path)


def cut(data: bytes) -> bytes:
    return data[: len(data) - 30]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(cut, ["its sha256 is not the sidecar's", "cells, expected"], id="M01-mid-row"),
        pytest.param(
            lambda data: b"",
            ["its sha256 is not the sidecar's", "wrong columns: missing class_name"],
            id="M01-empty",
        ),
        pytest.param(
            lambda data: data.replace(b"keep,reason", b"keep,why"),
            ["its sha256 is not the sidecar's", "wrong columns: missing reason; unknown why"],
            id="M02-column",
        ),
        pytest.param(
            lambda data: data.replace(b"true", b"yes", 1),
            ["its sha256 is not the sidecar's", "split.csv row 2, column keep: 'yes' is not bool"],
            id="M02-cell",
        ),
    ],
)
def test_verify_a_damaged_manifest(folder: Path, change: Callable[[bytes], bytes], expected: list[str]) -> None:
    path = folder / "split.csv"
    path.write_bytes(change(path.read_bytes()))
    problems = verified(folder)
    assert len(problems) == len(expected)
    for problem, part in zip(problems, expected, strict=True):
        assert problem.startswith("split.csv") and part in problem


def test_m06_duplicate_keys_and_broken_order(folder: Path) -> None:
    rows = manifest.read(folder, SplitRow)
    painted_run.rewrite(folder, "split", [rows[1], rows[0], rows[1], *rows[2:]])
    problems = verified(folder)
    assert f"split.csv: key {rows[1].key} is there more than once" in problems
    assert "split.csv: rows are not sorted by key" in problems


def test_m06_missing_file_and_file_without_a_row(folder: Path) -> None:
    row = manifest.read(folder, FetchRow)[4]
    (folder / row.path).unlink()
    stray = folder / "images" / "zz" / "stray.jpg"
    stray.parent.mkdir()
    stray.write_bytes(b"x")
    assert verified(folder) == [
        f"fetch.csv: row {key(4)}: {row.path}: the file is missing; {AGAIN}",
        "images/zz/stray.jpg: a file without a row in fetch.csv; no stage reads it, you may delete it",
    ]


def test_m06_each_row_of_a_shared_file_is_named(folder: Path) -> None:
    row = manifest.read(folder, FetchRow)[0]
    (folder / row.path).unlink()
    assert [problem.split(":")[1] for problem in verified(folder)] == [f" row {key(0)}", f" row {key(1)}"]


def test_m07_an_edited_picture(folder: Path) -> None:
    longer, same_size = (manifest.read(folder, FetchRow)[number] for number in (2, 4))
    (folder / longer.path).write_bytes(painted_run.paint(2) + b"more")
    data = bytearray((folder / same_size.path).read_bytes())
    data[-20] ^= 1
    (folder / same_size.path).write_bytes(data)
    assert verified(folder) == [
        f"fetch.csv: row {key(2)}: {longer.path}: {longer.bytes + 4} bytes, the manifest says {longer.bytes}; "
        f"{AGAIN}",
        f"fetch.csv: row {key(4)}: {same_size.path}: its sha256 is not the manifest's, it was changed; {AGAIN}",
    ]


def test_m07_a_row_that_names_another_file(folder: Path) -> None:
    rows = manifest.read(folder, FetchRow)
    other = dataclasses.replace(rows[2], path=rows[4].path, bytes=rows[4].bytes, sha256=rows[2].sha256)
    painted_run.rewrite(folder, "fetch", [*rows[:2], other, *rows[3:]])
    problems = verified(folder)
    assert any(f"row {key(2)}: {rows[4].path}: its sha256 is not the manifest's" in line for line in problems)
    assert any(line.startswith("dedup.csv: stale, made from another fetch.csv") for line in problems)
    assert not any(line.startswith("dedup.csv: row") for line in problems), "one line says that it is stale"


@pytest.mark.parametrize("path", ["../outside.jpg", "/etc/hostname", "images/../fetch.csv", "images/a\0.jpg"])
def test_m13_a_path_that_leads_out(folder: Path, path: str) -> None:
    (folder.parent / "outside.jpg").write_bytes(b"x")
    rows = manifest.read(folder, FetchRow)
    painted_run.rewrite(folder, "fetch", [dataclasses.replace(rows[0], path=path), *rows[1:]])
    problem = next(line for line in verified(folder) if line.startswith(f"fetch.csv: row {key(0)}:"))
    assert "out of" in problem or "null" in problem


def test_m13_a_link_that_leads_out(folder: Path) -> None:
    row = manifest.read(folder, FetchRow)[2]
    (folder / row.path).unlink()
    (folder / row.path).symlink_to("/etc/hostname")
    (problem,) = verified(folder)
    assert problem.startswith(f"fetch.csv: row {key(2)}:") and "leads out of" in problem


def test_m08_a_stale_stage(folder: Path) -> None:
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    problems = verified(folder)
    assert f"dedup.csv: no row for {key(21)}, kept by fetch" in problems
    assert [problem for problem in problems if "stale" in problem] == [
        "clean.csv: stale, made from another dedup.csv; run `curate clean`",
        "split.csv: stale, made from another dedup.csv; run `curate split`",
    ]


def test_verify_rows_that_the_stage_before_did_not_keep(folder: Path) -> None:
    rows = manifest.read(folder, TrainBaselineRow)
    painted_run.rewrite(folder, "train_baseline", [dataclasses.replace(rows[0], key=key(2)), *rows[1:]])
    assert verified(folder) == [
        f"train_baseline.csv: no row for {key(12)}, kept by split",
        f"train_baseline.csv: a row for {key(2)}, not handed on by split",
    ]


def test_verify_a_reason_outside_the_closed_set(folder: Path) -> None:
    rows = manifest.read(folder, CleanRow)
    odd = [dataclasses.replace(rows[0], reason="ugly", keep=False), dataclasses.replace(rows[1], keep=False)]
    painted_run.rewrite(folder, "clean", [*odd, *rows[2:]])
    problems = [problem for problem in verified(folder) if "reason" in problem]
    assert problems == [
        f"clean.csv: row {rows[0].key} has keep=false with reason 'ugly'",
        f"clean.csv: row {rows[1].key} has keep=false with reason ''",
    ]


def test_verify_a_sidecar_that_counts_otherwise(folder: Path) -> None:
    sidecar = manifest.read_sidecar(folder, "clean") | {"rows": 17, "counts": {"kept": 17}}
    manifest.sidecar_path(folder, "clean").write_text(json.dumps(sidecar), encoding="utf-8")
    assert verified(folder) == [
        "clean.csv: 18 rows, its sidecar says 17",
        "clean.csv: its rows do not add up to the sidecar's counts by reason",
    ]


def test_verify_half_a_pair(folder: Path) -> None:
    (folder / "train_baseline.csv").unlink()
    (folder / "split.json").unlink()
    problems = verified(folder)
    assert any("split.csv" in line and "missing or damaged" in line for line in problems)
    assert any(line.startswith("train_baseline.csv: missing, but its sidecar is there") for line in problems)


def test_verify_the_weights_of_each_network(folder: Path) -> None:
    places = [folder / "models" / "reference" / f"seed-{seed}" / "model.safetensors" for seed in (1, 2, 3)]
    for path in places:
        path.parent.mkdir(parents=True)
        path.write_bytes(path.parent.name.encode())
    path = manifest.sidecar_path(folder, "train_baseline")
    sidecar = json.loads(path.read_bytes())
    sidecar["notes"]["networks"] = [
        {"variant": "reference", "seed": int(place.parent.name[-1]), "sha256": manifest.file_sha256(place)}
        for place in places
    ]
    path.write_text(json.dumps(sidecar), encoding="utf-8")
    assert verified(folder) == []
    places[0].write_bytes(b"seed-9")
    places[1].unlink()
    assert [line.partition(";")[0] for line in verified(folder)] == [
        "models/reference/seed-1/model.safetensors: its sha256 is not the sidecar's, it was changed",
        "models/reference/seed-2: model.safetensors is missing",
    ]


def test_verify_a_gap_in_the_chain(folder: Path) -> None:
    (folder / "clean.csv").unlink()
    (folder / "clean.json").unlink()
    assert "clean.csv: missing, but split.csv was made from it" in verified(folder)
