"""compare: all networks of a folder side by side.

Reads the sidecar of train_baseline.csv: each network was chosen on val and read once on test when it was trained.
Networks of one variant that differ in their seed are one row.
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.core import manifest, plots
from curate.core.errors import Run, StateError
from curate.core.intervals import percent, wilson
from curate.train.variants import PUBLISHED


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant: means over its seeds."""

    variant: str
    network: str
    seeds: int
    val: float  # accuracy, 0..1
    test: float | None  # None without test photos
    low: float | None  # 95% interval of test
    high: float | None
    interval_over: str  # seeds (Student's t), or photos (Wilson) where there are fewer than 3 seeds
    seconds: float  # of training one network
    parameters: int
    megabytes: float  # of its weights on disk
    images_per_s: float  # while predicting
    published: tuple[float, float] | None  # accuracy that the dataset's author published: Keras, PyTorch
    chosen: bool  # the best on val


def compare(folder: Path) -> list[Compared]:
    """One row per variant, the best on val first. Raises StateError when nothing was trained."""
    if not manifest.csv_path(folder, "train_baseline").exists():
        raise StateError(f"{folder}: no network was trained yet", Run("train-baseline"))
    notes = manifest.read_sidecar(folder, "train_baseline")["notes"]
    by_variant: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for network in notes["networks"]:
        by_variant[network["variant"]].append(network)
    rows = [_row(each, notes["chosen"]["variant"]) for each in by_variant.values()]
    return sorted(rows, key=lambda row: (-row.val, row.parameters, row.variant))


def _row(networks: Sequence[dict[str, Any]], chosen: str) -> Compared:
    first = networks[0]
    tests = [each["test"]["accuracy"] for each in networks if each["test"]["accuracy"] is not None]
    low = high = None
    over = ""
    if len(tests) >= 3:
        low, high = _over_seeds(tests)
        over = "seeds"
    elif tests:
        low, high = wilson(round(statistics.fmean(tests) * first["test"]["photos"]), first["test"]["photos"])
        over = "photos"
    return Compared(
        variant=first["variant"],
        network=first["network"],
        seeds=len(networks),
        val=statistics.fmean(each["val"]["accuracy"] for each in networks),
        test=statistics.fmean(tests) if tests else None,
        low=low,
        high=high,
        interval_over=over,
        seconds=statistics.fmean(each["seconds"] for each in networks),
        parameters=first["parameters"],
        megabytes=round(first["bytes"] / 1e6, 3),
        images_per_s=round(statistics.median(each["images_per_s"] for each in networks), 1),
        published=PUBLISHED.get(first["variant"]),
        chosen=first["variant"] == chosen,
    )


def _over_seeds(values: Sequence[float]) -> tuple[float, float]:
    """95% interval of the mean over seeds, by Student's t; inside 0..1."""
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    mean = statistics.fmean(values)
    return max(0.0, mean - half), min(1.0, mean + half)


def lines(rows: Sequence[Compared]) -> list[str]:
    """The table for a terminal, and what to know of it."""
    header = f"{'variant':<11}{'seeds':>5}{'val':>8}{'test':>8}{'95% interval':>17}{'train':>9}{'images/s':>10}"
    shown = [header]
    for row in rows:
        interval = "" if row.low is None or row.high is None else f"{percent(row.low)} to {percent(row.high)}"
        test = "n/a" if row.test is None else percent(row.test)
        mark = "  best on val" if row.chosen else ""
        shown.append(
            f"{row.variant:<11}{row.seeds:>5}{percent(row.val):>8}{test:>8}{interval:>17}"
            f"{row.seconds:>7.0f} s{row.images_per_s:>10.0f}{mark}"
        )
    over = {row.interval_over for row in rows if row.interval_over}
    if "photos" in over:
        shown.append("Under 3 seeds the interval is that of the test photos: train with --seeds 3 for more.")
    if "seeds" in over:
        shown.append("From 3 seeds on the interval is that of the mean over seeds.")
    shown.append("Each network was chosen on val and read once on test.")
    if known := [row for row in rows if row.published]:
        said = "; ".join(
            f"{r.variant} {r.published[0]:.3f} and {r.published[1]:.3f}" for r in known if r.published
        )
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
    axes.set_yticks(range(len(measured)), [row.variant for row in reversed(measured)])
    axes.set(xlabel="accuracy on test, 95% interval; × published on val", ylim=(-0.6, len(measured) - 0.4))
    plots.plain(axes)
    axes.grid(visible=False, axis="y")
    return plots.png(figure)
