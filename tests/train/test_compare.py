"""compare: one row per variant, with an interval that says what it is over."""

from pathlib import Path
from typing import Any

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
    assert rows["base"].seeds == 3
    assert (rows["transfer"].seeds, rows["transfer"].interval_over) == (1, "photos")
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


def network(seed: int, val: float, test: float, sha256: str = "", **settings: object) -> dict[str, Any]:
    """What the sidecar notes of one network."""
    return {
        "variant": "base", "seed": seed, "network": "reference_cnn", "image_size": 46, "parameters": 9, "bytes": 9,
        "images_per_s": 9.0, "seconds": 1.0, "sha256": sha256 or str(seed), "settings": settings,
        "val": {"accuracy": val, "photos": 100}, "test": {"accuracy": test, "photos": 100},
        "test_by_class": {"car": {}, "bird": {}},
    }  # fmt: skip


def test_seeds_that_give_the_same_weights_are_one_network() -> None:
    """`transfer` is a convex problem: three seeds have no spread, and their interval would have no width."""
    (row,) = compare.rows_of([network(seed, 0.9, 0.8, "same") for seed in (1, 2, 3)], ("base", 1))
    assert (row.seeds, row.interval_over) == (3, "photos")
    assert row.low == pytest.approx(0.711, abs=1e-3)
    assert "All 3 seeds of base gave the same weights. Their interval is that of the test photos." in " ".join(
        compare.lines([row])
    )


def test_seeds_that_do_alike_have_the_interval_of_the_photos() -> None:
    (row,) = compare.rows_of([network(seed, 1.0, 1.0) for seed in (1, 2, 3)], ("base", 1))
    assert row.interval_over == "photos"
    assert row.low == pytest.approx(0.963, abs=1e-3)


def test_seeds_that_differ_have_an_interval_over_seeds() -> None:
    (row,) = compare.rows_of([network(seed, 0.8, 0.8 + seed / 100) for seed in (1, 2, 3)], ("base", 1))
    assert row.interval_over == "seeds"
    assert row.low == pytest.approx(0.82 - 4.3027 * 0.01 / 3**0.5, abs=1e-4)


def test_networks_of_other_settings_are_not_averaged() -> None:
    found = [network(1, 0.9, 0.8, epochs=50), network(1, 0.5, 0.4, epochs=2), network(2, 0.5, 0.5, epochs=2)]
    rows = compare.rows_of([found[0], *found[2:], found[1] | {"seed": 3}], ("base", 1))
    assert [(row.seeds, row.val, row.epochs, row.settings) for row in rows] == [(1, 0.9, 50, ""), (2, 0.5, 2, "")]
    assert [row.chosen for row in rows] == [True, False]
    text = compare.lines(rows)
    assert [line.split()[:3] for line in text[:3]] == [
        ["variant", "seeds", "epochs"],
        ["base", "1", "50"],
        ["base", "2", "2"],
    ]
    assert text[1].endswith("best on val")
    assert compare.draw(rows).startswith(b"\x89PNG")


def test_rows_of_other_settings_name_them() -> None:
    rows = compare.rows_of([network(1, 0.9, 0.8, dropout=0.5), network(2, 0.5, 0.4, dropout=0.2)], ("base", 1))
    assert [row.settings for row in rows] == ["dropout 0.5", "dropout 0.2"]


def test_published_figures_stand_beside_networks_of_the_same_classes_alone() -> None:
    other = network(1, 0.9, 0.8)
    same = other | {"test_by_class": {"wagonr": {}, "swift": {}}}
    (strange,), (row,) = (compare.rows_of([each], ("base", 1)) for each in (other, same))
    assert (strange.published, row.published) == (None, (0.881, 0.896))
    assert not [line for line in compare.lines([strange]) if "Published" in line]
    assert compare.lines([row])[-1].endswith("Keras and PyTorch: base 88.1% and 89.6%.")


def test_the_best_seed_is_named_where_a_row_is_a_mean() -> None:
    rows = compare.rows_of([network(1, 0.7, 0.7), network(2, 0.9, 0.8)], ("base", 2))
    assert compare.lines(rows)[1].endswith("seed 2 is best on val")


def test_the_interval_over_seeds_is_students() -> None:
    low, high = compare._over_seeds([0.80, 0.84, 0.88])
    assert (low, high) == pytest.approx((0.84 - 4.3027 * 0.04 / 3**0.5, 0.84 + 4.3027 * 0.04 / 3**0.5), abs=1e-4)
