"""Which photos a person should look at, the most useful first: those whose verdict is likeliest to be wrong."""

from collections.abc import Sequence
from math import ceil, exp, log

_FLOOR = 1e-6


def doubt(score: float, threshold: float, keep: bool) -> float:
    """How open the question "kept or rejected" is: 1/2 at the threshold, less the farther away in log odds.

    Nothing is open where the score did not decide: for a photo that is rejected although it is over the threshold.
    """
    if not keep and score >= threshold:
        return 0.0
    near, far = (log(p / (1 - p)) for p in (min(max(x, _FLOOR), 1 - _FLOOR) for x in (score, threshold)))
    return 0.5 * exp(-abs(near - far))


def usefulness(doubt: float, label_score: float | None, contradicted: bool, reviewed: bool) -> float:
    """Chance, 0..1, that looking at the photo changes what happens to it; above 1 where sources contradict.

    `label_score` is of kept photos: of others the class does not matter. Nobody is asked twice.
    """
    if contradicted:
        return 2.0
    if reviewed:
        return 0.0
    return max(0.0 if label_score is None else 1 - label_score, doubt)


def rank(keys: Sequence[str], usefulnesses: Sequence[float], fraction: float) -> dict[str, int]:
    """Key to place in the queue, from 1: the most useful `fraction` of the photos; ties go by key."""
    order = sorted((-use, key) for use, key in zip(usefulnesses, keys, strict=True) if use > 0)
    return {key: place for place, (_, key) in enumerate(order[: ceil(fraction * len(keys))], start=1)}
