"""compare: all networks of a folder side by side.

Reads the sidecar of train_baseline.csv: each network was chosen on val and read once on test when it was trained.
Networks of one variant that differ in their seed are one row; those of other settings have a row of their own.
"""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.core import manifest, plots
from curate.core.counted import counted
from curate.core.errors import Run, StateError
from curate.core.intervals import percent, proportion
from curate.train.variants import PUBLISHED, PUBLISHED_CLASSES


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant: means over its seeds."""

    variant: str
    epochs: int | None  # passes over train, at most; None where training has none
    settings: str  # the others in which rows of the variant differ: `image_size 320`; empty where there is one row
    network: str
    seeds: int
    distinct: int  # weights among them: a convex problem gives the same for every seed
    val: float  # accuracy, 0..1
    test: float | None  # None without test photos
    low: float | None  # 95% interval of test
    high: float | None
    interval_over: str  # seeds (Student's t); photos (see `accuracy`) where fewer than 3 differ, or all do alike
    seconds: float  # of training one network
    parameters: int
    megabytes: float  # of its weights on disk
    images_per_s: float  # while predicting
    published: tuple[float, float] | None  # accuracy that the author of a dataset of these classes published
    chosen: bool  # the best network on val is one of these
    best_seed: int  # of the best on val


def compare(folder: Path) -> list[Compared]:
    """One row per variant, the best on val first. Raises StateError when nothing was trained."""
    if not manifest.csv_path(folder, "train_baseline").exists():
        raise StateError(f"{folder}: no network was trained yet", Run("train-baseline"))
    notes = manifest.read_sidecar(folder, "train_baseline")["notes"]
    return rows_of(notes["networks"], (notes["chosen"]["variant"], notes["chosen"]["seed"]))


def rows_of(networks: Sequence[dict[str, Any]], chosen: tuple[str, int]) -> list[Compared]:
    """The rows of `networks`, as the sidecar notes them; `chosen` are variant and seed of the best on val."""
    by_settings: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for network in networks:
        by_settings[network["variant"], json.dumps(_settings(network), sort_keys=True)].append(network)
    rows = []
    for (variant, _), own in by_settings.items():
        others = [_settings(each) for each in networks if each["variant"] == variant]
        rows.append(_row(own, others, chosen))
    return sorted(rows, key=lambda row: (-row.val, row.parameters, row.variant, row.settings))


def _settings(network: dict[str, Any]) -> dict[str, Any]:
    return {"network": network["network"], "image_size": network["image_size"], **network.get("settings", {})}


def _name(row: Compared) -> str:
    epochs = counted(row.epochs, "epoch") if row.epochs else ""
    return ", ".join(filter(None, (row.variant, epochs, row.settings)))


def _row(
    networks: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]], chosen: tuple[str, int]
) -> Compared:
    first = networks[0]
    tests = [each["test"]["accuracy"] for each in networks if each["test"]["accuracy"] is not None]
    distinct = len({each["sha256"] for each in networks})
    low = high = None
    over = ""
    if len(tests) >= 3 and distinct >= 3 and len(set(tests)) > 1:
        low, high = _over_seeds(tests)
        over = "seeds"
    elif tests:
        number = statistics.fmean(each["test"].get("independent", each["test"]["photos"]) for each in networks)
        alike = all(each["test"] == first["test"] for each in networks)
        noted = first["test"].get("interval") if alike else None
        low, high = noted or proportion(statistics.fmean(tests), number)
        over = "photos"
    differ = {name for each in others for name, value in _settings(first).items() if each.get(name) != value}
    own = {name: value for name, value in _settings(first).items() if name in differ - {"epochs"}}
    return Compared(
        variant=first["variant"],
        epochs=_settings(first).get("epochs"),
        settings=", ".join(f"{name} {value}" for name, value in own.items()),
        network=first["network"],
        seeds=len(networks),
        distinct=distinct,
        val=statistics.fmean(each["val"]["accuracy"] for each in networks),
        test=statistics.fmean(tests) if tests else None,
        low=low,
        high=high,
        interval_over=over,
        seconds=statistics.fmean(each["seconds"] for each in networks),
        parameters=first["parameters"],
        megabytes=round(first["bytes"] / 1e6, 3),
        images_per_s=round(statistics.median(each["images_per_s"] for each in networks), 1),
        published=PUBLISHED.get(first["variant"]) if set(first["test_by_class"]) == PUBLISHED_CLASSES else None,
        chosen=chosen in {(each["variant"], each["seed"]) for each in networks},
        best_seed=max(networks, key=lambda each: (each["val"]["accuracy"], -each["seed"]))["seed"],
    )


def _over_seeds(values: Sequence[float]) -> tuple[float, float]:
    """95% interval of the mean over seeds, by Student's t; inside 0..1."""
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    mean = statistics.fmean(values)
    return max(0.0, mean - half), min(1.0, mean + half)


def lines(rows: Sequence[Compared]) -> list[str]:
    """The table for a terminal, and what to know of it."""
    names = f"{'variant':<11}{'seeds':>5}{'epochs':>8}"
    shown = [f"{names}{'val':>8}{'test':>8}{'95% interval':>17}{'train':>9}{'images/s':>10}"]
    for row in rows:
        interval = "" if row.low is None or row.high is None else f"{percent(row.low)} to {percent(row.high)}"
        test = "n/a" if row.test is None else percent(row.test)
        best = f"seed {row.best_seed} is best on val" if row.distinct > 1 else "best on val"
        remarks = ", ".join(filter(None, (row.settings, best if row.chosen else "")))
        shown.append(
            f"{row.variant:<11}{row.seeds:>5}{row.epochs or '':>8}{percent(row.val):>8}{test:>8}{interval:>17}"
            f"{row.seconds:>7.0f} s{row.images_per_s:>10.0f}  {remarks}".rstrip()
        )
    over = {row.interval_over for row in rows if row.interval_over}
    alike = [row for row in rows if row.seeds > row.distinct == 1]
    shown += [f"All {row.seeds} seeds of {row.variant} gave the same weights." for row in alike]
    if any(row.interval_over == "photos" and row not in alike for row in rows):
        shown.append("Under 3 seeds, or where all do alike, the interval is that of the test photos: see --seeds.")
    elif alike:
        shown.append("Their interval is that of the test photos.")
    if "seeds" in over:
        shown.append("From 3 seeds on the interval is that of the mean over seeds.")
    shown.append("Each network was chosen on val and tested once.")
    if known := {row.variant: row.published for row in rows if row.published}:
        said = "; ".join(f"{variant} {keras:.1%} and {torch:.1%}" for variant, (keras, torch) in known.items())
        shown.append(f"Published for the hand-made dataset, on its 800 val photos, Keras and PyTorch: {said}.")
    return shown


def draw(rows: Sequence[Compared]) -> bytes:
    """A PNG: test accuracy per variant with its interval; a cross is the published PyTorch figure."""
    measured = [row for row in rows if row.test is not None and row.low is not None and row.high is not None]
    figure = plots.figure(7, 0.9 + 0.45 * max(1, len(measured)))
    axes = figure.subplots()
    for place, row in enumerate(reversed(measured)):
        assert row.test is not None
        assert row.low is not None
        assert row.high is not None
        axes.plot([row.low, row.high], [place, place], color="#8a8f98", linewidth=3, solid_capstyle="round")
        axes.plot(row.test, place, "o", color="#1f5fbf", label="test" if place == 0 else None)
        if row.published:
            axes.plot(row.published[1], place, "x", color="#c0392b")
    axes.set_yticks(range(len(measured)), [_name(row) for row in reversed(measured)])
    published = "; × published on val" if any(row.published for row in measured) else ""
    axes.set(xlabel=f"accuracy on test, 95% interval{published}", ylim=(-0.6, len(measured) - 0.4))
    plots.plain(axes)
    axes.grid(visible=False, axis="y")
    return plots.png(figure)
