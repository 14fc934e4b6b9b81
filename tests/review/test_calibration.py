import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.errors import StateError, UsageError
from curate.core.recipe import Clean
from curate.core.schemas import CleanRow, DedupRow
from curate.review import calibration, sampling
from tests.folders import STARTED, build_folder, clean_row, fetch_row, publish
from tests.wording import refused, worded

CONFIG = Clean(class_names=("hatch", "sedan"), threshold=0.3)


class Scored(NamedTuple):
    """All of a row of clean.csv that `draw` goes by; 3,000 whole rows for each of 130 draws take 15 s."""

    key: str
    score: float


def rows(count: int) -> list[CleanRow]:
    """Photos with scores from 0 to 1."""
    return [replace(clean_row(fetch_row(n, "hatch")), score=n / count) for n in range(count)]


def collection(count: int = 3000) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Scores, which are in the queue, which are good: as often as the score says, in the queue half as often."""
    random = np.random.default_rng(1)
    scores = np.where(random.random(count) < 0.1, random.random(count) * 0.5, 1 - random.random(count) ** 3 * 0.5)
    queued = random.random(count) < 0.05
    return scores, queued, random.random(count) < scores * np.where(queued, 0.5, 1)


def drawn_from(scores: NDArray[np.float64], queued: NDArray[np.bool_], count: int, seed: int) -> NDArray[np.int64]:
    """Places of the photos that `draw` takes when the keys are those of `seed`."""
    table = [Scored(f"{seed} {place}", score) for place, score in enumerate(scores.tolist())]
    drawn = sampling.draw(cast(list[CleanRow], table), {table[n].key for n in np.flatnonzero(queued)}, count)
    return np.array([int(row.key.split()[1]) for row in drawn])


def calibrated(
    scores: NDArray[np.float64],
    queued: NDArray[np.bool_],
    labelled: NDArray[np.int64],
    good: NDArray[np.bool_],
    target: float = 0.9,
) -> calibration.Calibration:
    return calibration.estimate(scores, queued, labelled, good[labelled], sampling.EDGES, target, 0.3)


def holds(found: calibration.Calibration, scores: NDArray[np.float64], good: NDArray[np.bool_]) -> Counter[str]:
    """Which of the intervals at 0.3 hold the truth."""
    point = next(point for point in found.points if point.threshold == 0.3)
    kept = scores >= 0.3
    pairs = {
        "precision": (point.precision, good[kept].mean()),
        "recall": (point.recall, (good & kept).sum() / good.sum()),
        "bad": (found.bad, 1 - good.mean()),
    }
    return Counter({name: int(share.low <= truth <= share.high) for name, (share, truth) in pairs.items()})


def test_a_draw_covers_the_doubtful_and_repeats() -> None:
    table = [row if place % 10 == 0 else replace(row, score=0.99) for place, row in enumerate(rows(1000))]
    queued = {row.key for row in table[::25]}
    drawn = sampling.draw(table, queued, 200)
    assert len(drawn) == len({row.key for row in drawn}) == 200
    assert sampling.draw(table[::-1], queued, 200) == drawn
    doubtful = sum(row.score < 0.98 for row in drawn)
    assert doubtful > 2 * 200 * 0.1, "bands with few photos are drawn more often than their share"
    assert len(sampling.draw(table[:30], queued, 200)) == 30
    for count in (2, 10, 30):
        inside = {row.key in queued for row in sampling.draw(table, queued, count)}
        assert inside == {True, False}, "the queue and the rest each have a label"


@pytest.mark.parametrize("count", [30, 300])
def test_intervals_hold_the_truth_as_often_as_they_say(count: int) -> None:
    """50 samples: the 95% intervals hold the truth in at least 45 of them, and few proposals are too low."""
    scores, queued, good = collection()
    hits: Counter[str] = Counter({"precision": 0, "recall": 0, "bad": 0})
    wrong = 0
    for seed in range(50):
        found = calibrated(scores, queued, drawn_from(scores, queued, count, seed), good)
        hits.update(holds(found, scores, good))
        wrong += found.proposed is not None and good[scores >= found.proposed].mean() < 0.9
    assert min(hits.values()) >= 45, hits
    assert wrong <= 3


def test_a_queue_labelled_in_full_beside_a_sample_does_not_mislead() -> None:
    scores, queued, good = collection()
    hits: Counter[str] = Counter({"precision": 0, "recall": 0, "bad": 0})
    for seed in range(30):
        labelled = np.union1d(drawn_from(scores, queued, 100, seed), np.flatnonzero(queued))
        hits.update(holds(calibrated(scores, queued, labelled, good), scores, good))
    assert min(hits.values()) >= 27, hits


def test_a_stratum_without_labels_is_named() -> None:
    scores, queued, good = collection()
    with refused(UsageError, match=f"{(~queued).sum()} photos outside the review queue.*curate sample"):
        calibrated(scores, queued, np.flatnonzero(queued), good)
    with refused(UsageError, match=f"{queued.sum()} photos in the review queue.*curate sample"):
        calibrated(scores, queued, np.flatnonzero(~queued)[:100], good)
    everything = calibrated(scores, queued, np.arange(len(scores)), good)
    assert everything.bad.low == everything.bad.high == pytest.approx(1 - good.mean()), "nothing is left to guess"


def test_more_labels_make_narrower_intervals() -> None:
    scores, queued, good = collection()
    widths = []
    for count in (50, 300, 2000):
        found = calibrated(scores, queued, np.arange(count), good)
        widths.append(found.bad.high - found.bad.low)
    assert widths == sorted(widths, reverse=True)


def test_the_proposed_threshold_is_the_smallest_that_is_certain() -> None:
    scores, queued, good = collection()
    found = calibrated(scores, queued, np.arange(len(scores)), good, 0.95)
    assert found.proposed is not None
    for point in found.points:
        assert (point.precision.low >= 0.95) == (point.threshold >= found.proposed)
    assert f"--threshold {found.proposed:g}" in "\n".join(worded(found.lines()))
    hopeless = calibrated(scores, queued, np.arange(60), good, 0.9999)
    assert hopeless.proposed is None
    best = max(hopeless.points, key=lambda point: point.precision.low)
    assert f"the closest is {best.threshold:g} with {best.precision}; label more" in worded(hopeless.lines())[-1]
    for lines in (worded(found.lines()), worded(hopeless.lines())):
        assert any("only if the lower end of its interval does" in line for line in lines)


def test_only_a_dataset_that_was_made_by_hand_before_is_compared_with_it() -> None:
    scores, queued, good = collection()
    found = calibrated(scores, queued, np.arange(100), good)
    assert not any("original" in line for line in worded(found.lines()))
    again = replace(found, by_hand=0.1)
    assert any(line.endswith("of the original dataset about 10% were") for line in worded(again.lines()))


def test_a_threshold_is_proposed_only_if_all_higher_ones_do_but_too_few_labels_say_nothing() -> None:
    scores, nobody = np.repeat([0.55, 0.85, 0.99], [2000, 200, 30]), np.zeros(2230, bool)
    good = np.ones(2230, bool)
    many = np.r_[0:500, 2000:2200]
    sparse = calibrated(scores, nobody, np.r_[many, 2200:2205], good, 0.97)
    assert sparse.points[-1].precision.low < 0.97, "five good of five prove nothing, whatever they are"
    assert sparse.proposed == 0.0
    good[2000:2020] = False
    dip = calibrated(scores, nobody, np.r_[many, 2200:2230], good, 0.97)
    passing = [point.threshold for point in dip.points if point.precision.low >= 0.97]
    assert 0.5 in passing and dip.proposed == 0.9, "0.6 to 0.8 are known to be worse"


def test_thresholds_that_keep_nothing_are_left_out() -> None:
    scores = np.linspace(0, 0.49, 100)
    found = calibrated(scores, scores < 0.1, np.arange(100), scores < 0, 0.99)
    assert [point.threshold for point in found.points] == [edge for edge in sampling.EDGES if edge < 0.49]
    assert found.proposed is None


def test_sample_then_calibrate(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    out = tmp_path / "sample.csv"
    assert len(sampling.sample(folder, CONFIG, 50, out)) == 50
    with out.open(newline="") as file:
        drawn = list(csv.DictReader(file))
    assert list(drawn[0]) == ["key", "decision", "class_name", "note", "listed_class", "path", "score"]
    assert {row["listed_class"] for row in drawn} == {"hatch", "sedan"}
    with pytest.raises(UsageError, match="may hold labels"):
        sampling.sample(folder, CONFIG, 50, out)
    with pytest.raises(UsageError, match="no label yet; write keep or reject"):
        calibration.calibrate(folder, CONFIG, [out])
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(drawn[0]))
        writer.writeheader()
        for row in drawn:
            writer.writerow({**row, "decision": "keep" if float(row["score"]) > 0.5 else "reject"})
        writer.writerow({"key": "unknown", "decision": "keep"})
    plot = tmp_path / "plot.png"
    found = calibration.calibrate(folder, CONFIG, [out], 0.9, plot)
    assert (found.labelled, found.ignored) == (50, 1)
    point = next(point for point in found.points if point.threshold == 0.3)
    assert point.precision.value == point.recall.value == 1
    assert point.rejected.value == pytest.approx(20 / 60)
    assert found.bad.low < 20 / 60 < found.bad.high
    assert plot.read_bytes()[:4] == b"\x89PNG"
    first = plot.read_bytes()
    calibration.calibrate(folder, CONFIG, [out], 0.9, plot)
    assert plot.read_bytes() == first


def test_without_a_file_the_blind_sample_of_the_folder_is_read(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    command = ["calibrate", "--recipe", "demo", "--folder", str(folder), "--json"]
    missing = CliRunner().invoke(app, command)
    assert (missing.exit_code, f"{folder / 'sample.csv'} is not there" in missing.stderr) == (2, True)
    drawn = sampling.sample(folder, CONFIG, 50, folder / sampling.NAME)
    lines = ["key,decision", *(f"{photo.key},keep" for photo in drawn)]
    (folder / sampling.NAME).write_text("\n".join(lines) + "\n")
    found = CliRunner().invoke(app, command)
    assert json.loads(found.stdout)["labelled"] == 50


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with refused(StateError, match="curate clean"):
        sampling.sample(tmp_path, CONFIG, 10, tmp_path / "x.csv")
    with refused(UsageError, match="curate sample"):
        calibration.calibrate(tmp_path, CONFIG, [tmp_path / "x.csv"])


def relabelled(folder: Path, change: dict[int, dict[str, object]]) -> list[CleanRow]:
    """The rows of clean.csv with some fields of the photos at the given places changed, as published."""
    table = [replace(row, **change.get(place, {})) for place, row in enumerate(manifest.read(folder, CleanRow))]  # type: ignore[arg-type]
    publish(folder, "clean", table)
    return table


def write_labels(path: Path, lines: list[tuple[str, str, str]]) -> Path:
    path.write_text("\n".join(["key,decision,class_name", *(",".join(line) for line in lines)]))
    return path


def test_poor_image_quality_is_counted_in_both_rates(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    plain = {"keep": False, "reason": "blurred"}
    document = {"keep": False, "reason": "document"}
    table = relabelled(folder, {0: plain, 1: document, 2: document | {"score": 0.1}})
    photos = sampling.photos_in(folder, CONFIG)
    assert photos.plain == 2 and len(photos.scored) == 58, "a document under the threshold is judged by its score"
    labels = write_labels(
        tmp_path / "a.csv", [(row.key, "keep" if row.score > 0.5 else "reject", "") for row in table]
    )
    found = calibration.calibrate(folder, CONFIG, [labels])
    point = next(point for point in found.points if point.threshold == 0.3)
    assert point.rejected.value == found.bad.value == pytest.approx(23 / 60)
    assert point.precision.value == 1
    assert (found.labelled, found.ignored) == (58, 2)
    assert any("count the 2 photos that go whatever their score" in line for line in worded(found.lines()))


def test_contradictions_are_named_and_a_good_photo_of_another_class_is_good(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    keys = [row.key for row in manifest.read(folder, CleanRow)]
    first = write_labels(tmp_path / "a.csv", [(key, "keep", "sedan") for key in keys])
    second = write_labels(tmp_path / "b.csv", [(keys[0], "reject", ""), (keys[1], "keep", "")])
    found = calibration.calibrate(folder, CONFIG, [first, second])
    assert found.conflicts == (keys[0],) and found.labelled == 59
    assert f"contradictory decisions, none of them used, about {keys[0]}" in worded(found.lines())
    assert found.points[0].precision.value == 1, "kept under another class is no fault of the score"


def test_a_sample_is_drawn_whatever_was_reviewed_since_but_of_no_other_photos(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    review = folder / "review.csv"
    made_from = manifest.provenance(folder, "clean", CONFIG)
    notes = {"reasons": manifest.reasons(folder, "clean")}
    manifest.write(folder, manifest.read(folder, CleanRow), made_from, STARTED, notes)
    review.write_text("key,decision\n")
    assert len(sampling.sample(folder, CONFIG, 10, tmp_path / "a.csv")) == 10
    publish(folder, "dedup", manifest.read(folder, DedupRow)[1:])
    with pytest.raises(StateError, match=r"clean\.csv was made from another dedup\.csv"):
        sampling.sample(folder, CONFIG, 10, tmp_path / "b.csv")


def test_a_sample_has_label_conflicts_in_the_queue_only_of_what_the_score_keeps(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    rows = manifest.read(folder, DedupRow)
    publish(folder, "dedup", [replace(row, label_conflict=n in (3, 50)) for n, row in enumerate(rows)])
    config = CONFIG.model_copy(update={"borderline_fraction": 1 / 60})
    assert sampling.photos_in(folder, config).queued == {rows[3].key}
    config = CONFIG.model_copy(update={"borderline_fraction": 2 / 60})
    assert rows[50].key not in sampling.photos_in(folder, config).queued


def test_a_review_neither_moves_the_queue_nor_passes_for_a_sample(tmp_path: Path) -> None:
    """Reviewed photos leave the queue of clean.csv; here they stay in their stratum."""
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    config = CONFIG.model_copy(update={"borderline_fraction": 0.2})
    relabelled(folder, {place: {"label_score": 0.01} for place in range(12)})
    queued = sampling.photos_in(folder, config).queued
    assert len(queued) == 12
    table = relabelled(folder, {place: {"keep": False, "reason": "reviewed"} for place in range(12)})
    assert sampling.photos_in(folder, config).queued == queued == {row.key for row in table[:12]}
    review = write_labels(tmp_path / "review.csv", [(key, "reject", "") for key in sorted(queued)])
    with pytest.raises(UsageError, match="48 photos outside the review queue"):
        calibration.calibrate(folder, config, [review])
    sample = write_labels(tmp_path / "sample.csv", [(row.key, "keep", "") for row in table[20:30]])
    found = calibration.calibrate(folder, config, [sample, review])
    assert found.bad.value == pytest.approx(12 / 60)


def test_thresholds_are_printed_as_they_are(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", n=40, rejected=20)
    table = manifest.read(folder, CleanRow)
    labels = write_labels(tmp_path / "a.csv", [(row.key, "keep", "") for row in table])
    found = calibration.calibrate(folder, CONFIG.model_copy(update={"threshold": 0.305}), [labels])
    lines = worded(found.lines())
    assert [line.split()[0] for line in lines if line.endswith("<- the recipe's")] == ["0.305"]


def test_the_help_says_what_precision_is() -> None:
    result = CliRunner().invoke(app, ["calibrate", "--help"], env={"COLUMNS": "200"})
    assert "Share of the kept photos that must be good, at the lower end of its interval" in " ".join(
        result.output.split()
    )
