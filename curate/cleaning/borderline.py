"""Which photos a person should look at, the most useful first: those whose verdict is likeliest to be wrong."""

from collections.abc import Sequence
from math import ceil, exp, isfinite, log

_FLOOR = 1e-6


def doubt(score: float, threshold: float) -> float:
    """How open the question "kept or rejected" is: 1/2 at the threshold, less the farther away in log odds."""
    if not isfinite(score):
        return 0.5
    near, far = (log(p / (1 - p)) for p in (min(max(x, _FLOOR), 1 - _FLOOR) for x in (score, threshold)))
    return 0.5 * exp(-abs(near - far))


def usefulness(
    score: float, threshold: float, keep: bool, label_score: float | None, contradicted: bool, reviewed: bool
) -> float:
    """Chance, 0..1, that looking at the photo changes what happens to it; above 1 where sources contradict.

    A wrong class matters for kept photos only. Nobody is asked twice.
    """
    if contradicted:
        return 2.0
    if reviewed:
        return 0.0
    wrong_class = 1 - label_score if keep and label_score is not None else 0.0
    return max(wrong_class, doubt(score, threshold))


def rank(keys: Sequence[str], usefulnesses: Sequence[float], fraction: float) -> dict[str, int]:
    """Key to place in the queue, from 1: the most useful `fraction` of the photos; ties go by key."""
    order = sorted((-use, key) for use, key in zip(usefulnesses, keys, strict=True) if use > 0)
    return {key: place for place, (_, key) in enumerate(order[: ceil(fraction * len(keys))], start=1)}
