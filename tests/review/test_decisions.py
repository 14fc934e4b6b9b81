from dataclasses import replace
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.errors import UsageError
from curate.core.schemas import DedupRow, FetchRow
from curate.review import decisions
from curate.review.decisions import Decision
from tests import painted_run
from tests.folders import dedup_row, fetch_row

CLASSES = ("swift", "wagonr")


def load(folder: Path, text: str, blank: bool = False) -> decisions.Review:
    path = folder / "review.csv"
    path.write_text(text, encoding="utf-8")
    return decisions.load(path, CLASSES, blank)


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    assert decisions.load(tmp_path / "review.csv", CLASSES) == decisions.Review({}, {})


def test_decisions_are_read(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '\ufeffkey,decision,class_name,note\na,keep,,ok\nb,Reject,,"x,\ny"\nc,keep,WagonR,\nc,keep,wagonr,\n',
    )
    assert found.decisions == {"a": Decision(True, ""), "b": Decision(False, ""), "c": Decision(True, "wagonr")}
    assert found.conflicts == {}


def test_contradictions_are_reported_and_not_obeyed(tmp_path: Path) -> None:
    found = load(tmp_path, "key,decision,class_name\nb,keep,\na,keep,\nb,reject,\nc,keep,swift\nc,keep,wagonr\n")
    assert found.decisions == {"a": Decision(True, "")}
    assert list(found.conflicts) == ["b", "c"]


def test_rows_without_a_decision(tmp_path: Path) -> None:
    text = "key,decision,class_name,note\na,,,\nb,keep,,\n"
    assert list(load(tmp_path, text, blank=True).decisions) == ["b"]
    with pytest.raises(UsageError, match=r"review\.csv row 2: decision '' is not one of keep, reject"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",keep,,", "row 2: no key; the columns are key, decision, class_name, note"),
        ("a,maybe,,", "row 2: decision 'maybe' is not one of keep, reject"),
        ("a,keep,alto,", "row 2: class 'alto' is not in the recipe; its classes are swift, wagonr"),
        ("a,keep,!!,", "row 2: class name '!!' has no letter or digit in it"),
    ],
)
def test_mistakes_name_the_row(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(tmp_path, f"key,decision,class_name,note\n{row}\n")


def test_a_decision_about_a_removed_duplicate_holds_for_the_photo_that_was_kept(tmp_path: Path) -> None:
    text = "a1,reject,\nb1,keep,swift\nb2,keep,wagonr\nc1,reject,\nc,keep,swift\nd1,keep,\ne1,keep,\nx,reject,\n"
    text += "f1,reject,\nf2,reject,swift\n"
    written = load(tmp_path, f"key,decision,class_name\n{text}")
    rows = [*map(duplicate, ("a1", "b1", "b2", "c1", "e1", "f1", "f2")), duplicate("d1", label_conflict=True)]
    found = decisions.of_keepers(written, [*rows, duplicate("a", of="")])
    reject, swift, keep = Decision(False, ""), Decision(True, "swift"), Decision(True, "")
    alone = {"c": swift, "c1": reject, "d1": keep, "x": reject}
    assert found.decisions == alone | {"a": reject, "e": keep, "f": reject}
    assert found.conflicts == {"b": [swift, Decision(True, "wagonr")]}


def duplicate(key: str, label_conflict: bool = False, of: str | None = None) -> DedupRow:
    """The row of a duplicate of the photo with its first letter."""
    row = dedup_row(fetch_row(1, "swift"))
    kept = key[0] if of is None else of
    return replace(row, key=key, duplicate_of=kept, keep=not kept, label_conflict=label_conflict)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,keep,swift\n", "row 1: this is a decision; write the header above it: key,decision,class_name,note"),
        ("a,Reject,\nb,keep,\n", "row 1: this is a decision"),
        ("key,decision,class\na,keep,swift\n", "row 1: there is no column 'class'; write class_name"),
        ("key,decison,class_name\na,keep,\n", "row 1: there is no column 'decison'; write decision"),
        ("Key,decision\na,keep\n", "row 1: there is no column 'Key'; write key"),
        (
            "key;decision;class_name;note\na;keep;;\n",
            "row 1: no column key and decision; write .* with commas between",
        ),
        ("photo,verdict\na,keep\n", "row 1: no column key and decision; write key,decision,class_name,note"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=rf"review\.csv {message}"):
        load(tmp_path, text)


def test_further_columns_and_empty_rows_say_nothing(tmp_path: Path) -> None:
    found = load(tmp_path, "\nkey,keep,reason,votes,decision\n,,,,,\na,true,,2,keep,more\n  ,,,,\n\nb,,,,reject\n")
    assert found.decisions == {"a": Decision(True, ""), "b": Decision(False, "")}
    with pytest.raises(UsageError, match="row 4: decision 'no'"):
        load(tmp_path, "\nkey,decision\n,\na,no\n")
    assert load(tmp_path, "") == load(tmp_path, "key,decision,class_name,note\n") == decisions.Review({}, {})


def test_not_text(tmp_path: Path) -> None:
    (tmp_path / "review.csv").write_bytes(b"key,decision\n\xff\xfe,keep\n")
    with pytest.raises(UsageError, match="UTF-8 CSV"):
        decisions.load(tmp_path / "review.csv", CLASSES)


def test_a_photo_goes_by_the_start_of_its_key_its_file_or_its_address(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "fetch")
    photos = {row.key: row for row in manifest.read(tmp_path, FetchRow)}
    names = {
        0: painted_run.key(0)[:6],
        2: painted_run.key(2).upper(),
        4: photos[painted_run.key(4)].path,
        6: "6.jpg",
        8: photos[painted_run.key(8)].image_url,
        10: photos[painted_run.key(10)].sha256,
        23: "nobody's.jpg",
    }
    lines = [f"{name},reject" for name in names.values()]
    lines.append(f"{painted_run.key(12)[:5]} 14.jpg,not_duplicate")
    (tmp_path / "review.csv").write_text("\n".join(["key,decision", *lines, ""]))
    found = decisions.load(tmp_path / "review.csv", CLASSES)
    assert set(found.decisions) == {*map(painted_run.key, (0, 2, 4, 6, 8, 10)), "nobody's.jpg"}
    assert found.not_duplicates == {(painted_run.key(12), painted_run.key(14))}


def test_a_name_of_several_photos_is_refused(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "fetch")
    (tmp_path / "review.csv").write_text("key,decision\nL1,reject\n")
    with pytest.raises(UsageError, match=rf"row 2: L1 means 2 photos: {painted_run.key(2)}, {painted_run.key(3)}"):
        decisions.load(tmp_path / "review.csv", CLASSES)
