"""A decision to keep a duplicate: status and explain say that it waits for the next dedup."""

from pathlib import Path

from curate.core.recipe import Dedup
from curate.dedup import stage as dedup
from curate.inspect.explain import explain
from curate.inspect.status import problems
from tests.scenes import jpeg, scene, store

HASH = Dedup(method="hash")


def test_a_decision_to_keep_a_duplicate_waits_for_the_next_dedup(tmp_path: Path) -> None:
    store(tmp_path, [(0, jpeg(scene(1), 90), "hatch"), (1, jpeg(scene(1), 60), "hatch")])
    kept, removed = dedup.run(tmp_path, HASH)
    assert (kept.keep, removed.reason) == (True, "near_duplicate")
    waits = "  it waits for the next dedup, which brings the photo back"

    def explained() -> list[str]:
        return [str(line) for line in explain(tmp_path, removed.key)]

    assert problems(tmp_path)["dedup"] == ""
    assert waits not in explained()
    (tmp_path / "review.csv").write_text(f"key,decision\n{removed.key},keep\n")
    assert problems(tmp_path)["dedup"] == "stale: review.csv keeps 1 duplicate that it removed"
    assert waits in explained()
    assert "review: a person decided keep" in explained()
    dedup.run(tmp_path, HASH)
    assert problems(tmp_path)["dedup"] == ""
    assert waits not in explained()
    (tmp_path / "review.csv").write_text("key,decision\n")
    assert problems(tmp_path)["dedup"] == "stale: review.csv no longer keeps 1 duplicate that it brought back"
    (tmp_path / "review.csv").write_text(f"key,decision\n{removed.key},reject\n")
    dedup.run(tmp_path, HASH)
    assert f"  of a duplicate, so it holds for {kept.key}, which was kept" in explained()


def test_a_review_that_cannot_be_read_makes_no_duplicate_wait(tmp_path: Path) -> None:
    store(tmp_path, [(0, jpeg(scene(1), 90), "hatch"), (1, jpeg(scene(1), 60), "hatch")])
    dedup.run(tmp_path, HASH)
    (tmp_path / "review.csv").write_text("key\nx\n")
    assert problems(tmp_path)["dedup"] == ""
