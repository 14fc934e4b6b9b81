"""The six questions that the first screen of the report answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.core import listings, manifest
from curate.core.counted import counted
from curate.core.intervals import percent, wilson
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.inspect.rows import Rows
from curate.report.thumbnails import Section
from curate.split.leakage import COVERAGE


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """An answer in a few words, what it rests on, and where the page says more."""

    question: str
    answer: str
    details: tuple[str, ...]
    tone: str  # good, bad, open
    section: str  # id of the section


def answers(
    stages: Sequence[str],
    sidecars: Mapping[str, Mapping[str, Any]],
    rows: Rows,
    kept: Mapping[str, str],
    parts: Mapping[str, Section | None],
) -> list[ShortAnswer]:
    """One per question, in order; `parts` are the sections by name, `kept` the class of each photo that is in."""
    return [
        _came_in(sidecars, rows),
        _is_left(stages, rows, kept),
        _rejected(sidecars),
        _split(parts.get("split")),
        _learns(parts.get("training")),
        _to_do(stages, rows, parts.get("duplicates")),
    ]


def photos(rows: Rows) -> list[FetchRow]:
    """The rows of fetch.csv that are photos; the others are pages that were not read."""
    return [row for row in rows.fetch.values() if row.image_url]


def _came_in(sidecars: Mapping[str, Mapping[str, Any]], rows: Rows) -> ShortAnswer:
    found = photos(rows)
    known = {listings.named(row) for row in found} - {""}
    of = f"of {len(known):,} listings" if known else "which of them are of one listing is not known"
    details = [of, _classes(Counter(row.class_name for row in found))]
    if pages := len(rows.fetch) - len(found):
        details.append(f"{counted(pages, 'page was', 'pages were')} not read")
    return ShortAnswer(
        "What came in?",
        f"{len(found):,} photos",
        tuple(details),
        "good" if sidecars["fetch"]["counts"]["kept"] else "bad",
        "funnel",
    )


def _is_left(stages: Sequence[str], rows: Rows, kept: Mapping[str, str]) -> ShortAnswer:
    by_split = Counter(row.split for row in rows.split.values() if row.keep)
    after = f"after {manifest.command(next(s for s in reversed(stages) if s != 'train_baseline'))}"
    placed = ", ".join(f"{number:,} {name}" for name, number in sorted(by_split.items(), key=lambda one: -one[1]))
    details = (placed or after, _classes(Counter(kept.values())))
    return ShortAnswer("What is left?", f"{len(kept):,} photos", details, "good" if kept else "bad", "kept")


def _rejected(sidecars: Mapping[str, Mapping[str, Any]]) -> ShortAnswer:
    question = "How much does clean reject?"
    if "clean" not in sidecars:
        return ShortAnswer(question, "not known", ("clean has not run",), "open", "funnel")
    number = sidecars["clean"]["rows"]
    lost = number - sidecars["clean"]["counts"]["kept"]
    low, high = wilson(lost, number) if number else (0.0, 1.0)
    rates = sidecars["clean"]["notes"].get("classes", [])
    most = max(rates, key=lambda rate: rate["rejected"] / rate["photos"], default=None)
    details = [f"95% interval {percent(low)} to {percent(high)}, {lost:,} of {number:,} distinct photos"]
    if most:
        details.append(f"most of {most['class_name']}: {percent(most['rejected'] / most['photos'])}")
    return ShortAnswer(question, percent(lost / max(1, number)), tuple(details), "good", "scores")


def _split(section: Section | None) -> ShortAnswer:
    question = "Is the split honest?"
    if section is None:
        return ShortAnswer(question, "not known", ("split has not run",), "open", "funnel")
    checked = ", ".join(f"{number:,} {what}" for what, number, _ in section["checks"] if number)
    leaks = sum(crossing for _, _, crossing in section["checks"])
    unseen = [what for what, number, _ in section["checks"] if not number]
    details = [f"checked: {checked}"]
    if section["method"] != "sellers":
        details.append(COVERAGE[section["method"]].split(". ")[0])
    details += [f"not checked: {what}" for what in unseen]
    if leaks:
        return ShortAnswer(question, f"no, {leaks:,} leaks", tuple(details), "bad", "split")
    tone = "open" if section["method"] == "hash" or unseen else "good"
    return ShortAnswer(question, "no leak found", tuple(details), tone, "split")


def _learns(section: Section | None) -> ShortAnswer:
    question = "How well does it learn?"
    if section is None or section["overall"] is None:
        return ShortAnswer(question, "not known", ("no network was trained",), "open", "funnel")
    _, number, right, low, high = section["overall"]
    name = "test" if section["measured"] == "test" else "validation"
    details = [
        f"of {number:,} {name} photos; 95% interval {percent(low)} to {percent(high)}",
        *(f"variant {each.variant}" for each in section["variants"] if each.chosen),
    ]
    return ShortAnswer(question, f"{percent(right / number)} right", tuple(details), "good", "training")


def _to_do(stages: Sequence[str], rows: Rows, duplicates: Section | None) -> ShortAnswer:
    queued = sum(row.borderline and row.key not in rows.review.decisions for row in rows.clean.values())
    details = []
    if rows.review.problem:
        details.append("review.csv cannot be obeyed")
    if duplicates and duplicates["undecided"]:
        number = duplicates["undecided"]
        placed = f", {duplicates['in_split']:,} of them in the split" if duplicates["in_split"] else ""
        details.append(f"{counted(number, 'photo is', 'photos are')} sold under several class names{placed}")
    if missing := [manifest.command(stage) for stage in STAGES if stage not in stages]:
        details.append(f"not run yet: {', '.join(missing)}")
    urgent = bool(details)
    if queued:
        details.append("in the order in which a review helps most")
    answer = f"{queued:,} photo{'s' * (queued != 1)} to review" if queued else "finish" if urgent else "nothing"
    return ShortAnswer(
        "What must a person still do?",
        answer,
        tuple(details),
        "open" if details else "good",
        "scores" if queued else "funnel",
    )


def _classes(tally: Mapping[str, int]) -> str:
    """`2,000 sedan, 2,000 suv`; of many classes the number."""
    if len(tally) > 4:
        return f"{len(tally):,} classes, {min(tally.values()):,} to {max(tally.values()):,} photos each"
    return ", ".join(f"{number:,} {name}" for name, number in sorted(tally.items()))
