"""compare: one row per variant, with an interval that says what it is over."""

from pathlib import Path

import pytest

from curate.core.errors import StateError
from curate.core.recipe import TrainBaseline
from curate.train import compare, stage
from tests.folders import CLASSES, build_folder

TRANSFER = TrainBaseline(class_names=CLASSES, variant="transfer", transfer={"image_size": 64})
BASE = TrainBaseline(class_names=CLASSES, epochs=1, batch_size=6, image_size=46)


def test_variants_side_by_side(tmp_path: Path) -> None:
    folder = build_folder(tmp_path, "split", n=40)
    with pytest.raises(StateError, match="no network was trained yet"):
        compare.compare(folder)
    stage.run(folder, BASE.override(seeds=3))
    stage.run(folder, TRANSFER)
    rows = {row.variant: row for row in compare.compare(folder)}
    assert set(rows) == {"base", "transfer"}
    assert (rows["base"].seeds, rows["base"].interval_over) == (3, "seeds")
    assert (rows["transfer"].seeds, rows["transfer"].interval_over) == (1, "photos")
    assert rows["base"].published == (0.881, 0.896)
    assert rows["transfer"].published is None
    for row in rows.values():
        assert row.low is not None
        assert row.test is not None
        assert row.high is not None
        assert 0 <= row.low <= row.test <= row.high <= 1
        assert row.images_per_s > 0
        assert row.megabytes > 0
    assert [row.variant for row in rows.values() if row.chosen] == [next(iter(rows))]
    text = compare.lines(list(rows.values()))
    assert any("best on val" in line for line in text)
    assert compare.draw(list(rows.values())).startswith(b"\x89PNG")


def test_the_interval_over_seeds_is_students() -> None:
    low, high = compare._over_seeds([0.80, 0.84, 0.88])
    assert (low, high) == pytest.approx((0.84 - 4.3027 * 0.04 / 3**0.5, 0.84 + 4.3027 * 0.04 / 3**0.5), abs=1e-4)
