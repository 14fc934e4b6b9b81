"""The review queue: photos to review, first those whose verdict is most probably wrong (uncertainty sampling)."""

from collections.abc import Sequence
from math import ceil, exp, log

from curate.core.schemas import CleanRow
from curate.review.decisions import Review

SURE_CLASS = 0.9  # probability of the own class
TYPICAL = 0.5  # share of the class that is less typical
_FLOOR = 1e-6


def doubt(score: float, threshold: float, keep: bool) -> float:
    """How open the question "kept or rejected" is: 1/2 at the threshold, less the farther away in log odds.

    Nothing is open where the score did not decide: for a photo that is rejected although it is over the threshold.
    """
    if not keep and score >= threshold:
        return 0.0
    near, far = (log(p / (1 - p)) for p in (min(max(x, _FLOOR), 1 - _FLOOR) for x in (score, threshold)))
    return 0.5 * exp(-abs(near - far))


def usefulness(
    doubt: float, label_score: float | None, contradicted: bool, reviewed: bool, typical_reject: bool = False
) -> float:
    """Chance, 0..1, that a review changes what happens to the photo; above 1 where sources contradict,
    and where a photo is rejected that is typical of its class.

    `label_score` is of kept photos: of others the class does not matter. A reviewed photo is not asked again.
    """
    if contradicted:
        return 2.0
    if reviewed:
        return 0.0
    if typical_reject:
        return 1.5
    return max(0.0 if label_score is None else 1 - label_score, doubt)


def typical_reject(row: CleanRow, threshold: float) -> bool:
    """Is the photo rejected by its score, yet typical of its class?"""
    sure = row.label_score is not None and row.label_score >= SURE_CLASS and row.typicality >= TYPICAL
    return sure and not row.keep and row.score < threshold


def contradicted(row: CleanRow, label_conflict: bool, decisions: Review) -> bool:
    """Must a person decide, because duplicates differ in class or earlier decisions contradict each other?"""
    if row.key in decisions.conflicts:
        return True
    return label_conflict and row.key not in decisions.decisions and class_applies(row)


def class_applies(row: CleanRow) -> bool:
    """Does the class matter? Not where the photo is rejected for what it shows."""
    return row.keep or row.reason in ("wrong_class", "reviewed")


def why(row: CleanRow, threshold: float, contradicted: bool) -> str:
    """Why a photo is in the queue, in a few words: the larger of its two doubts."""
    if contradicted:
        return "duplicates or decisions contradict each other"
    if row.reason == "score_nan":
        return "it has no score"
    if typical_reject(row, threshold):
        return f"it is rejected, yet typical of {row.class_name}"
    if class_is_doubted(row, threshold):
        return f"{row.likely_class} is likelier" if other_is_likelier(row) else "its class is among the least sure"
    return "its score is among the nearest to the threshold"


def class_is_doubted(row: CleanRow, threshold: float) -> bool:
    """Is it less sure that the photo shows its class than that it is usable?"""
    return (
        row.keep and row.label_score is not None and 1 - row.label_score >= doubt(row.score, threshold, row.keep)
    )


def other_is_likelier(row: CleanRow) -> bool:
    """Is another class more probable than that of the photo?"""
    return row.likely_class not in ("", row.class_name)


def rank(keys: Sequence[str], usefulnesses: Sequence[float], fraction: float) -> dict[str, int]:
    """Key to place in the queue, from 1: the most useful `fraction` of the photos; ties go by key."""
    order = sorted((-use, key) for use, key in zip(usefulnesses, keys, strict=True) if use > 0)
    return {key: place for place, (_, key) in enumerate(order[: ceil(fraction * len(keys))], start=1)}
