"""How often a network is right, with its 95% interval.

Photos of a listing are right or wrong together. So the interval is that of fewer photos: of the independent ones
that say as much.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from curate.core.intervals import Accuracy, percent
from curate.core.schemas import TrainBaselineRow


def accuracy(
    rows: Sequence[TrainBaselineRow],
    split: str,
    class_name: str = "",
    groups: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Accuracy on a split, or one class of it, with its number of photos and 95% interval; None without photos.

    `groups` are those of the photos by key; a photo that has none is alone.
    """
    measured = [row for row in rows if row.split == split and class_name in ("", row.class_name)]
    right = [row.predicted == row.class_name for row in measured]
    if not measured:
        return {"photos": 0, "right": 0, "accuracy": None, "interval": None}
    found = Accuracy.of(right, [groups.get(row.key, row.key) for row in measured])
    low, high = found.interval
    return {
        "photos": found.photos,
        "right": found.right,
        "accuracy": round(found.share, 6),
        "interval": [round(low, 6), round(high, 6)],
        "independent": round(found.independent, 1),
    }


def in_words(name: str, measured: Mapping[str, Any]) -> str:
    """`test: accuracy 93.1%, 95% interval 91.2% to 94.7%, 745 of 800 photos`."""
    if measured["accuracy"] is None:
        return f"{name}: accuracy n/a, no photos"
    right, number = measured["right"], measured["photos"]
    low, high = measured["interval"]
    return (
        f"{name}: accuracy {percent(right / number)}, 95% interval {percent(low)} to {percent(high)}, "
        f"{right} of {number} photos"
    )
