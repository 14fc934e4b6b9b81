"""What clean says of class names and of review.csv at the end of its run."""

from collections.abc import Collection, Mapping, Sequence

from curate.clean import label_errors
from curate.clean.signals import PhotoRecord
from curate.core.counted import counted
from curate.core.schemas import CleanRow
from curate.review import decisions
from curate.review.decisions import Review


def learnt(rows: Sequence[CleanRow], before: Sequence[CleanRow], decided: Collection[str]) -> str:
    """What the decisions changed about the other photos; `before` are the rows without decisions."""
    others = [pair for pair in zip(rows, before, strict=True) if pair[0].key not in decided]
    kept = sum(new.keep and not old.keep for new, old in others)
    rejected = sum(old.keep and not new.keep for new, old in others)
    judged = sum(new.likely_class != old.likely_class for new, old in others if new.keep and old.keep)
    return (
        f"{decisions.NAME}: {len(decided)} decided photo{'s' * (len(decided) != 1)} taught the classifiers; "
        f"{kept + rejected} other photos changed side ({kept} kept now, {rejected} rejected now), "
        f"{judged} more {'is' if judged == 1 else 'are'} judged to be of another class"
    )


def unasked(classes: Collection[str]) -> list[str]:
    """What was not asked of classes of which print is typical."""
    if not classes:
        return []
    names = ", ".join(sorted(classes))
    return [f"class {names}: its photos look like print on a page, so none is rejected as a document for that"]


def unjudged(rows: Sequence[CleanRow], scorer: str) -> list[str]:
    """What was not said about class names, and why."""
    classes = {row.class_name for row in rows}
    without = classes - {row.class_name for row in rows if row.label_score is not None}
    least = label_errors.MIN_PER_CLASS
    if scorer == "none":
        return ["class names were not judged: `scorer: none` compares no photos"]
    if len(classes) < 2:
        return ["class names were not judged: there is one class only"]
    if without == classes:
        return [
            f"class names were not judged: that takes {2 * label_errors.FULL_CLASS} usable photos, "
            f"{least} of each of two classes"
        ]
    if without:
        return [f"class {', '.join(sorted(without))} was not judged: it has fewer than {least} usable photos"]
    return []


def lines(photos: Sequence[PhotoRecord], review: Review, refused: Mapping[str, str]) -> list[str]:
    """Lines about review.csv."""
    found = []
    keys = {photo.key for photo in photos if photo.sha256 not in refused}
    if obeyed := sum(key in keys for key in review.decisions):
        found.append(f"{decisions.NAME}: {obeyed} decision{'s' if obeyed > 1 else ''} obeyed")
    if ignored := sorted(key for key in review.decisions if key not in keys):
        number = counted(len(ignored), "decision is", "decisions are")
        why = "the photo is not here, is unreadable, or is a duplicate kept without a class"
        found.append(f"{decisions.NAME}: {number} not obeyed, e.g. {ignored[0]}: {why}")
    if review.conflicts:
        some = ", ".join(list(review.conflicts)[:5])
        found.append(f"{decisions.NAME}: contradictory decisions, none of them obeyed, about {some}")
    return found
