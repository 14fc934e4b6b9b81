"""What people decided in review.csv, and which pictures wait for it."""

import dataclasses
from pathlib import Path

from curate.decisions import contradicted, contradictory, decided, label_conflicts
from tests import painted_run
from tests.painted_run import key


def row(number: int, decision: str, class_name: str = "") -> dict[str, str]:
    return {"key": key(number), "decision": decision, "class_name": class_name}


def test_what_was_decided_and_what_contradicts() -> None:
    rows = [row(1, "keep", "swift"), row(1, "Keep", "swift"), row(2, "reject"), row(3, "keep"), row(3, "reject")]
    rows.append(row(4, "perhaps"))
    assert decided(rows) == {key(1): "keep swift", key(2): "reject"}
    assert contradictory(rows) == {key(3)}


def test_label_conflicts_come_with_their_classes_and_decision_the_undecided_first(tmp_path: Path) -> None:
    photos = {photo.key: photo for photo in painted_run.fetch_rows(tmp_path, "")}
    rows = {row.key: row for row in painted_run.dedup_rows(list(photos.values()))}
    rows |= {key(n): dataclasses.replace(rows[key(n)], label_conflict=True) for n in (2, 3)}

    def found() -> list[tuple[str, tuple[str, ...], str]]:
        conflicts = label_conflicts(tmp_path, rows.values(), photos)
        return [(name, one.classes, one.decision) for name, one in conflicts.items() if name == one.key]

    assert found() == [(key(2), ("wagonr",), ""), (key(4), ("swift", "wagonr"), "")]
    assert contradicted(tmp_path, rows) == {key(2), key(3), key(4), key(5)}
    (tmp_path / "review.csv").write_text(f"key,decision,class_name\n{key(2)},keep,wagonr\n")
    assert found() == [(key(4), ("swift", "wagonr"), ""), (key(2), ("wagonr",), "keep wagonr")]
    assert contradicted(tmp_path, rows) == {key(4), key(5)}
