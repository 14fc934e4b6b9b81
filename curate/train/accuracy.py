"""How often a network is right, with its 95% interval."""

from collections.abc import Sequence
from typing import Any

from curate.core.intervals import percent, wilson
from curate.core.schemas import TrainBaselineRow


def accuracy(rows: Sequence[TrainBaselineRow], split: str, class_name: str = "") -> dict[str, Any]:
    """Accuracy on a split, or one class of it, with its number of photos and 95% interval; None without photos."""
    measured = [row for row in rows if row.split == split and class_name in ("", row.class_name)]
    right = sum(row.predicted == row.class_name for row in measured)
    if not measured:
        return {"photos": 0, "right": 0, "accuracy": None, "interval": None}
    low, high = wilson(right, len(measured))
    return {
        "photos": len(measured),
        "right": right,
        "accuracy": round(right / len(measured), 6),
        "interval": [round(low, 6), round(high, 6)],
    }


def in_words(name: str, measured: dict[str, Any]) -> str:
    """`test: accuracy 93.1%, 95% interval 91.2% to 94.7%, 745 of 800 photos`."""
    if measured["accuracy"] is None:
        return f"{name}: accuracy n/a, no photos"
    right, number = measured["right"], measured["photos"]
    low, high = wilson(right, number)
    return (
        f"{name}: accuracy {percent(right / number)}, 95% interval {percent(low)} to {percent(high)}, "
        f"{right} of {number} photos"
    )
