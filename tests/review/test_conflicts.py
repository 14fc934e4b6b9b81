"""Which images wait for a person, and what is told of them."""

import dataclasses
import json
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.schemas import CleanRow, DedupRow, FetchRow, SplitRow
from curate.review import conflicts, decisions
from curate.review.conflicts import how_to_decide, label_conflicts, to_do
from tests import painted_run
from tests.painted_run import CLASSES, key
from tests.wording import explained, status_lines, worded


def write(folder: Path, *rows: str) -> None:
    (folder / "review.csv").write_text("\n".join(["key,decision,class_name", *rows]), encoding="utf-8-sig")


def flag(folder: Path, *numbers: int) -> None:
    rows = manifest.read(folder, DedupRow)
    flagged = [dataclasses.replace(row, label_conflict=row.key in map(key, numbers)) for row in rows]
    painted_run.rewrite(folder, "dedup", list(flagged))


def reviewed_by_clean(folder: Path) -> None:
    """As the stage does, have clean's sidecar tell which review.csv it read: none."""
    sidecar = json.loads((folder / "clean.json").read_bytes())
    sidecar["inputs"]["review.csv"] = "absent"
    (folder / "clean.json").write_text(json.dumps(sidecar))


def test_label_conflicts_come_with_their_classes_and_what_was_decided(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "dedup")
    flag(tmp_path, 2, 3, 4, 5)

    def statuses() -> dict[str, tuple[str, ...]]:
        photos = {row.key: row for row in manifest.read(tmp_path, FetchRow)}
        written = decisions.load_or_problem(tmp_path / "review.csv", CLASSES)
        found = label_conflicts(tmp_path, manifest.read(tmp_path, DedupRow), photos, written)
        return {name: (*one.classes, one.status) for name, one in found.items()}

    waits = "a person must decide"
    assert statuses() == {key(2): ("wagonr", waits), key(4): ("swift", "wagonr", waits)}
    write(tmp_path, f"{key(2)}, Keep ,WagonR", f"{key(2)},keep,wagonr")
    assert statuses() == {key(2): ("wagonr", "a person decided keep wagonr"), key(4): ("swift", "wagonr", waits)}
    write(tmp_path, f"{key(2)},keep,alto")
    assert {one[-1] for one in statuses().values()} == {"review.csv cannot be obeyed"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"key,decision,class_name\n{key(4)},keep,Hatch-back\n", "class 'hatch_back'", id="class"),
        pytest.param(f'key,decision,class_name\n{key(4)},keep,"swift\n', "cannot be read", id="open quote"),
        pytest.param(
            f"key;decision;class_name\n{key(4)};keep;swift\n", "no column key and decision", id="semicolons"
        ),
        pytest.param(
            f"KEY,DECISION,CLASS_NAME\n{key(4)},keep,swift\n",
            "there is no column 'KEY'; write key",
            id="upper case",
        ),
        pytest.param(
            "key,decision,note\nk,keep," + "x" * 17 * 2**20, "field larger than field limit", id="long cell"
        ),
        pytest.param("", "Is a directory", id="folder"),
    ],
)
def test_what_clean_refuses_of_review_csv_is_told_and_nothing_is_guessed(
    tmp_path: Path, text: str, message: str
) -> None:
    painted_run.build(tmp_path, "dedup")
    path = tmp_path / "review.csv"
    path.write_text(text) if text else path.mkdir()
    (line,) = worded(to_do(tmp_path, CLASSES))
    assert line.startswith(f"{path}") and message in line


def test_a_folder_in_place_of_review_csv_stops_neither_status_nor_explain(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "clean")
    reviewed_by_clean(tmp_path)
    (tmp_path / "review.csv").mkdir()
    assert f"{tmp_path / 'review.csv'}: Is a directory" in status_lines(tmp_path, painted_run.RECIPE)
    assert f"review: {tmp_path / 'review.csv'}: Is a directory" in explained(tmp_path, key(4))


def test_conflicts_of_a_stale_dedup_are_not_told_of(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "dedup")
    assert to_do(tmp_path, CLASSES)
    painted_run.rewrite(tmp_path, "fetch", list(manifest.read(tmp_path, FetchRow)[:3]))
    assert to_do(tmp_path, CLASSES) == []


def test_a_conflict_need_not_be_decided_where_clean_rejects_the_photo_for_what_it_shows(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "clean")
    reviewed_by_clean(tmp_path)
    rows = manifest.read(tmp_path, CleanRow)
    for reason, waits in (("interior", False), ("wrong_class", True), ("reviewed", True), ("", True)):
        changed = [dataclasses.replace(r, keep=not reason, reason=reason) if r.key == key(4) else r for r in rows]
        painted_run.rewrite(tmp_path, "clean", list(changed))
        for text in ((), ("0123,keep,",)):  # a decision about another photo changes nothing
            write(tmp_path, *text)
            assert to_do(tmp_path, CLASSES)[0].text.endswith(
                f"name, 1 undecided, e.g. {key(4)}" if waits else ", clean rejects 1 of them, none undecided"
            )
    painted_run.rewrite(tmp_path, "clean", [dataclasses.replace(r, keep=False, reason="interior") for r in rows])
    flag(tmp_path, 4, 5, 6)
    assert to_do(tmp_path, CLASSES)[0].remedies, "that clean.csv was made from another dedup.csv"


def test_where_the_report_does_not_show_all_it_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted_run.build(tmp_path, "dedup")
    flag(tmp_path, 2, 3, 4, 5)
    assert "to see them, run `curate report`;" in worded(to_do(tmp_path, CLASSES))[0]
    monkeypatch.setattr(conflicts, "UNDECIDED_SHOWN", 1)
    said = "to see the first 1 (label_conflict in dedup.csv marks all), run `curate report`;"
    assert said in worded(to_do(tmp_path, CLASSES))[0]


def test_where_dedup_found_no_conflict_its_rows_are_not_read(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "fetch")
    rows = painted_run.dedup_rows(manifest.read(tmp_path, FetchRow))
    painted_run.publish(tmp_path, rows, {"label_conflicts": 0})
    assert any(row.label_conflict for row in rows), "which only reading them would tell"
    assert to_do(tmp_path, CLASSES) == []


def test_explain_asks_for_no_decision_where_none_is_needed(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "clean")
    rows = [dataclasses.replace(row, keep=False, reason="interior") for row in manifest.read(tmp_path, CleanRow)]
    painted_run.rewrite(tmp_path, "clean", list(rows))
    said = "  its duplicates are sold as swift, wagonr: nothing to decide: clean rejects the kept photo"
    assert said in explained(tmp_path, key(5))


def test_a_split_that_holds_photos_of_unsettled_class_says_how_many_and_how_to_decide(tmp_path: Path) -> None:
    painted_run.build(tmp_path, "clean")
    reviewed_by_clean(tmp_path)
    place = next(row for row in manifest.read(tmp_path, CleanRow) if row.key == key(4))
    rows = [
        dataclasses.replace(r, keep=True, reason="") if r.key == key(4) else r
        for r in manifest.read(tmp_path, CleanRow)
    ]
    painted_run.rewrite(tmp_path, "clean", list(rows))
    assert conflicts.in_split(tmp_path, CLASSES) == [], "split has not run"
    painted_run.publish(tmp_path, [SplitRow(key(4), place.path, "swift", key(4), "test", True, "")])
    (line,) = worded(conflicts.in_split(tmp_path, CLASSES))
    assert line.startswith("1 photo of unsettled class is in the split (1 test), under the class that")
    assert "run `curate review`" in line and how_to_decide(key(4), tmp_path / "review.csv") in line
    assert f"1 undecided (1 test in the split), e.g. {key(4)}" in to_do(tmp_path, CLASSES)[0].text
    painted_run.publish(tmp_path, [SplitRow(key(4), place.path, "swift", key(4), "", False, "surplus")])
    assert conflicts.in_split(tmp_path, CLASSES) == []
    painted_run.publish(tmp_path, [SplitRow(key(4), place.path, "swift", key(4), "test", True, "")])
    write(tmp_path, f"{key(4)},keep,swift")
    assert conflicts.in_split(tmp_path, CLASSES) == []
