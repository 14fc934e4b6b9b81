"""The log of decisions: what counts of it, and that neither a crash nor a second process loses a row."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curate.core.errors import UsageError
from curate.review import conflicts, decisions, log
from curate.review.decisions import Decision, Review, Row

CLASSES = ("swift", "wagonr")


def said(path: Path) -> Review:
    return decisions.load(path, CLASSES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "review.csv"


def test_the_last_row_of_a_reviewer_counts_and_undo_is_a_row(path: Path) -> None:
    log.append(path, [Row("a", "keep", "swift", reviewer="amy", at="2026-01-01T00:00:00Z")])
    log.append(path, [Row("a", "reject", reason="closeup", note="a\nwheel", reviewer="amy"), Row("b", "keep")])
    assert said(path).decisions == {"a": Decision(False, ""), "b": Decision(True, "")}
    assert said(path).decisions["a"].reason == "closeup"
    assert said(path).decisions["a"].note == "a wheel"
    log.append(path, [Row("a", "undo", reviewer="amy")])
    assert said(path).decisions == {"b": Decision(True, "")}
    lines = path.read_text().splitlines()
    assert lines[0] == "key,decision,class_name,reason,note,reviewer,at"
    assert len(lines) == 5


def test_reviewers_who_disagree_are_not_obeyed_until_one_yields(path: Path) -> None:
    log.append(path, [Row("a", "keep", reviewer="amy"), Row("a", "reject", reviewer="bob")])
    assert (said(path).decisions, list(said(path).conflicts)) == ({}, ["a"])
    assert list(map(str, said(path).conflicts["a"])) == ["keep by amy", "reject by bob"]
    log.append(path, [Row("a", "keep", reviewer="bob")])
    assert said(path).decisions == {"a": Decision(True, "")}
    log.append(path, [Row("a", "undo", reviewer="amy"), Row("a", "reject", reviewer="bob")])
    assert said(path).decisions == {"a": Decision(False, "")}


def test_pairs(path: Path) -> None:
    log.append(path, [Row("a b", "not_duplicate", reviewer="amy")])
    path.write_text(path.read_text() + "d c,not_duplicate\n")
    assert said(path).not_duplicates == {("a", "b"), ("c", "d")}
    assert said(path).decisions == {}
    log.append(path, [Row("a b", "duplicate", reviewer="bob")])
    assert said(path).not_duplicates == {("c", "d")}
    assert said(path).disputed_pairs == {("a", "b"): ["not_duplicate by amy", "duplicate by bob"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,not_duplicate", "row 2: not_duplicate is about two photos: write both keys with a space"),
        ("a b,keep", "row 2: keep is about one photo"),
    ],
)
def test_keys_and_decisions_go_together(path: Path, row: str, message: str) -> None:
    path.write_text(f"key,decision\n{row}\n")
    with pytest.raises(UsageError, match=message):
        said(path)


@pytest.mark.parametrize(
    "text",
    [
        "key,decision\na,keep",
        "\ufeff\nkey,votes,decision,class_name\na,2,keep,\n\nb,1,Reject,,more\n",
        'key,decision,class_name,note\r\na,keep,wagonr,"two\nlines"\r\n',
        "key,decision,class_name,note\na,keep\na,reject",
    ],
)
def test_a_file_written_by_hand_keeps_its_meaning(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
    before = said(path)
    log.append(path, [Row("z", "keep", "swift", "", "x, y", "amy", "2026-01-01T00:00:00Z")])
    after = said(path)
    assert {**after.decisions} == {**before.decisions, "z": Decision(True, "swift")}
    assert (after.conflicts, after.torn) == (before.conflicts, "")


def test_what_is_no_log_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("a,keep\n")
    with pytest.raises(UsageError, match="its first row is no header"):
        log.append(path, [Row("a", "keep")])
    assert path.read_text() == "a,keep\n"


@pytest.mark.parametrize("note", ["", 'a, b, "c", d, e, f, g', "é" * 40])
def test_every_torn_last_row_is_ignored_with_a_word_and_removed(path: Path, note: str) -> None:
    log.append(path, [Row("a", "keep", reviewer="amy", at="2026-01-01T00:00:00Z")])
    whole = path.read_bytes()
    log.append(path, [Row("b", "reject", "", "closeup", note, "amy", "2026-01-01T00:00:01Z")])
    data = path.read_bytes()
    acknowledged = {"a": Decision(True, "")}
    for length in range(len(whole) + 1, len(data)):
        path.write_bytes(data[:length])
        found = said(path)
        if found.decisions != acknowledged:  # only the time is cut
            assert found.decisions == {**acknowledged, "b": Decision(False, "")}
            assert data[:length].rpartition(b",")[2] in b"2026-01-01T00:00:01Z"
        else:
            assert "the last row is incomplete" in found.torn
        log.append(path, [Row("c", "keep")])
        assert said(path).decisions == {**found.decisions, "c": Decision(True, "")}
        assert said(path).torn == ""


WRITER = """
import sys
from pathlib import Path
from curate.review import log
from curate.review.decisions import Row
name = sys.argv[2]
for number in range(int(sys.argv[3])):
    log.append(Path(sys.argv[1]), [Row(f"{name}{number}", "keep", reviewer=name, note="x" * (number % 50))])
    print(number, flush=True)
"""


def writer(path: Path, name: str, count: int, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def test_processes_that_append_at_once_lose_no_row(path: Path) -> None:
    path.write_text("key,decision\nhand,keep")  # whoever comes first gives it the other columns
    names = ("p", "q", "r")
    for process in [writer(path, name, 40) for name in names]:
        assert process.communicate()[1] is None
        assert process.returncode == 0
    expected = ["hand", *(f"{name}{number}" for name in names for number in range(40))]
    rows, torn = decisions.read(path, CLASSES)
    assert (sorted(row.key for row in rows), torn) == (sorted(expected), "")


def test_w05_a_killed_process_loses_nothing_it_acknowledged(path: Path) -> None:
    acknowledged: list[str] = []
    for turn in range(4):
        process = writer(path, f"t{turn}-", 10_000)
        assert process.stdout
        for _ in range(20):
            acknowledged.append(f"t{turn}-{process.stdout.readline().strip()}")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = writer(path, "torn", 1, CURATE_CRASH_AT="torn_row")
    assert process.communicate()[0] == ""
    assert "the last row is incomplete" in said(path).torn
    log.append(path, [Row("last", "keep")])
    keys = [row.key for row in decisions.read(path, CLASSES)[0]]
    assert len(keys) == len(set(keys))
    assert {*acknowledged, "last"} <= set(keys)


def test_status_tells_who_disagrees_and_of_a_torn_row(path: Path) -> None:
    log.append(path, [Row("a", "keep", reviewer="amy"), Row("a", "reject", reviewer="bob")])
    log.append(path, [Row("b c", "not_duplicate", reviewer="amy"), Row("b c", "duplicate", reviewer="bob")])
    path.write_text(path.read_text() + "d,ke")
    torn, answered = map(str, conflicts.to_do(path.parent, CLASSES))
    assert torn.endswith("the last row is incomplete and not obeyed: decide it again")
    assert "contradict each other about 2 photos, e.g. a: keep by amy, reject by bob; none is obeyed" in answered
