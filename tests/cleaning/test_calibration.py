import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.cleaning import calibration
from curate.errors import StateError, UsageError
from curate.recipe import Clean
from curate.schemas import CleanRow
from tests.folders import build_folder, clean_row, fetch_row

CONFIG = Clean(class_names=("hatch", "sedan"), threshold=0.3)


def rows(count: int) -> list[CleanRow]:
    """Photos with scores from 0 to 1."""
    return [replace(clean_row(fetch_row(n, "hatch")), score=n / count) for n in range(count)]


def collection(count: int = 20_000) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and truth: a photo is good with the probability that its score says, most scores are high."""
    random = np.random.default_rng(1)
    scores = np.where(random.random(count) < 0.1, random.random(count) * 0.5, 1 - random.random(count) ** 3 * 0.5)
    return scores, random.random(count) < scores


def truth_at(scores: NDArray[np.float64], good: NDArray[np.bool_], threshold: float) -> tuple[float, float]:
    kept = scores >= threshold
    return float(good[kept].mean()), float(good[kept].sum() / good.sum())


def test_a_draw_covers_the_doubtful_and_repeats() -> None:
    table = [row if place % 10 == 0 else replace(row, score=0.99) for place, row in enumerate(rows(1000))]
    drawn = calibration.draw(table, 200)
    assert len(drawn) == len({row.key for row in drawn}) == 200
    assert calibration.draw(table[::-1], 200) == drawn
    doubtful = sum(row.score < 0.98 for row in drawn)
    assert doubtful > 4 * 200 * 0.1, "bands with few photos are drawn more often than their share"
    assert len(calibration.draw(table[:30], 200)) == 30


def test_photos_judged_by_plain_defects_are_not_drawn() -> None:
    table = [replace(row, keep=False, reason="blurred") for row in rows(10)]
    assert calibration.draw(table, 5) == []


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """100 samples of 300 labels: the 95% intervals hold the truth in at least 90 of them."""
    scores, good = collection()
    truth = truth_at(scores, good, 0.3)
    hits: Counter[str] = Counter()
    for seed in range(100):
        random = np.random.default_rng(seed)
        bands = np.searchsorted(calibration.EDGES, scores, side="right")
        labelled = np.concatenate(
            [
                *(random.permutation(np.flatnonzero(bands == band))[:11] for band in np.unique(bands)),
                random.permutation(len(scores))[:150],
            ]
        )
        found = calibration.estimate(scores, scores[labelled], good[labelled], calibration.EDGES, 0.9, 0.3)
        point = next(point for point in found.points if point.threshold == 0.3)
        hits["precision"] += point.precision.low <= truth[0] <= point.precision.high
        hits["recall"] += point.recall.low <= truth[1] <= point.recall.high
        hits["bad"] += found.bad.low <= 1 - good.mean() <= found.bad.high
    assert min(hits.values()) >= 90, hits


def test_more_labels_make_narrower_intervals() -> None:
    scores, good = collection()
    widths = []
    for count in (100, 1000, 10_000):
        found = calibration.estimate(scores, scores[:count], good[:count], calibration.EDGES, 0.9, 0.3)
        widths.append(found.bad.high - found.bad.low)
    assert widths == sorted(widths, reverse=True)


def test_the_proposed_threshold_is_the_smallest_that_is_certain() -> None:
    scores, good = collection()
    found = calibration.estimate(scores, scores, good, calibration.EDGES, 0.95, 0.3)
    assert found.proposed is not None
    for point in found.points:
        assert (point.precision.low >= 0.95) == (point.threshold >= found.proposed)
    assert f"--threshold {found.proposed:g}" in "\n".join(found.lines())
    hopeless = calibration.estimate(scores, scores[:20], good[:20], calibration.EDGES, 0.9999, 0.3)
    assert hopeless.proposed is None
    best = max(hopeless.points, key=lambda point: point.precision.low)
    assert f"the closest is {best.threshold:g} with {best.precision}: label more" in hopeless.lines()[-1]


def test_wilson() -> None:
    """Figures of Brown, Cai and DasGupta 2001 (Statistical Science 16) for 0 and 5 of 10."""
    assert calibration.wilson(0, 10).high == pytest.approx(0.2775, abs=1e-3)
    assert (calibration.wilson(5, 10).low, calibration.wilson(5, 10).high) == pytest.approx(
        (0.2366, 0.7634), abs=1e-3
    )


def test_sample_then_calibrate(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    out = tmp_path / "sample.csv"
    assert calibration.sample(folder, CONFIG, 50, out) == 50
    with out.open(newline="") as file:
        drawn = list(csv.DictReader(file))
    assert list(drawn[0]) == ["key", "decision", "class_name", "note", "path", "score"]
    with pytest.raises(UsageError, match="may hold labels"):
        calibration.sample(folder, CONFIG, 50, out)
    with pytest.raises(UsageError, match="only 0 labels"):
        calibration.calibrate(folder, CONFIG, out)
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(drawn[0]))
        writer.writeheader()
        for row in drawn:
            writer.writerow({**row, "decision": "keep" if float(row["score"]) > 0.5 else "reject"})
        writer.writerow({"key": "unknown", "decision": "keep"})
    plot = tmp_path / "plot.png"
    found = calibration.calibrate(folder, CONFIG, out, 0.9, plot)
    assert (found.labelled, found.ignored) == (50, 1)
    point = next(point for point in found.points if point.threshold == 0.3)
    assert point.precision.value == point.recall.value == 1
    assert point.rejected.value == pytest.approx(20 / 60)
    assert found.bad.low < 20 / 60 < found.bad.high
    assert plot.read_bytes()[:4] == b"\x89PNG"
    first = plot.read_bytes()
    calibration.calibrate(folder, CONFIG, out, 0.9, plot)
    assert plot.read_bytes() == first


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="curate clean"):
        calibration.sample(tmp_path, CONFIG, 10, tmp_path / "x.csv")
    with pytest.raises(UsageError, match="curate sample"):
        calibration.calibrate(tmp_path, CONFIG, tmp_path / "x.csv")
