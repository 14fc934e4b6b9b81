"""What must hold before clean.csv is published: not too much is rejected, neither in all nor of a class."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from curate.clean import class_rates
from curate.clean.class_rates import ClassRate
from curate.clean.signals import PhotoRecord
from curate.core.errors import Do, GateError, Run, To
from curate.core.recipe import Clean
from curate.core.schemas import CleanRow


def check_gate(rows: Sequence[CleanRow], config: Clean) -> None:
    """Raises GateError when more photos are rejected than the recipe allows, or a class loses all of its own."""
    tally = Counter(row.reason for row in rows if not row.keep)
    rejected = sum(tally.values())
    reasons = ", ".join(f"{number} {reason}" for reason, number in tally.most_common(4))
    judged_by = "the recipe's concepts" if config.concepts else "clean.subject"
    if rejected > config.max_reject_fraction * len(rows):
        raise GateError(
            f"clean: {rejected} of {len(rows)} photos would be rejected ({reasons}), more than "
            f"max_reject_fraction {config.max_reject_fraction:g}: nothing was written; "
            f"check {judged_by} and threshold, or raise that limit"
        )
    left = {row.class_name for row in rows if row.keep}
    if gone := sorted({*config.class_names, *(row.class_name for row in rows)} - left):
        raise GateError(
            f"clean: no photo of class {', '.join(gone)} would be left ({reasons}): nothing was written; "
            f"check {judged_by} and threshold"
        )


def check_classes(
    folder: Path, rows: Sequence[CleanRow], photos: Sequence[PhotoRecord], config: Clean
) -> list[ClassRate]:
    """What each class loses. Raises GateError where that cannot be right, unless the loss was accepted."""
    class_of = {photo.key: photo.class_name for photo in photos}
    rates = class_rates.class_rates(rows, class_of)
    found = [] if config.accept_rejects else list(class_rates.problems(rates, config.expected_reject))
    if found:
        page = class_rates.write_page(folder, rows, class_of)
        raise GateError(
            f"clean: good photos may be lost, rejected are of {'; '.join(found)}: nothing was written",
            To("see them", Do(f"open {page}")),
            To("see what the scorer sees", Run("concepts", ("PHOTOS",))),
            To("go on", Run("clean", ("--accept-rejects",))),
        )
    (folder / class_rates.PAGE).unlink(missing_ok=True)
    return rates
