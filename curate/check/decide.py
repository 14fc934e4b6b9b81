"""From what is known of a photo to `ok`, `flag` or `unsure`, and the reasons. Pure."""

from collections.abc import Mapping

from curate.check.learnt import CleanDecision
from curate.check.thresholds import EVEN, Thresholds

DOUBTFUL = 2.0  # times as probable as the named class: from there on, another class is unsure


def decide(
    class_name: str,
    known: CleanDecision | None,
    is_duplicate: bool,
    poor: str,
    usable: float | None,
    reason: str,
    classes: Mapping[str, float],
    thresholds: Thresholds,
) -> tuple[str, tuple[str, ...]]:
    """The verdict on a photo that its seller says shows `class_name`, and its reasons: of a flag, what flags it.

    A photo of the collection is `known`. Any other is `poor` (a reason of image quality, or empty), or `usable`
    with this probability, and no good most probably for `reason`. Nothing that was not measured makes it `ok`.
    """
    flags, doubts = ["duplicate"] if is_duplicate else [], list[str]()
    other = bool(classes.get(class_name)) and max(classes.values()) >= DOUBTFUL * classes[class_name]
    if known:  # what clean decided, a person's review included
        flags += [known.reason] if known.reason else []
        doubts += [known.doubt] if known.doubt else []
        other = bool(class_name and not known.reason) and known.class_name != class_name
    elif poor:
        flags.append(poor)
    elif usable is None:
        doubts.append("nothing_learnt")
    elif (found := thresholds.judge(1 - usable, reason)) == "flag":
        flags.append(reason)
    elif found == "unsure":
        no_bound = not thresholds.ok_below and 1 - usable < EVEN
        doubts.append("no_threshold" if no_bound else reason)
    if other and "another_class" not in doubts:  # no flag: nobody knows how often sellers' classes are right
        doubts.append("another_class")
    verdict = "flag" if flags else "unsure" if doubts else "ok"
    return verdict, tuple(flags or doubts)
