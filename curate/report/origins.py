"""Where the photos of each class come from: region, city, year and price of their listings.

A network can tell a class by its place, age or price, not by what it shows, where it comes from elsewhere.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from curate.core.schemas import FetchRow
from curate.report import comparisons
from curate.report.thumbnails import Section

PLACES = 8  # with a row of their own, the most frequent first
BANDS = 8  # of years or prices
OTHERS = "all others"
_YEARS = 3000  # a smaller number counts years: it is not rounded, and written without a comma


def origins(photos: Sequence[FetchRow], class_of: Mapping[str, str]) -> list[Section]:
    """A chart and its table for each fact that the listings of `photos` tell; `class_of` a key is its class."""
    found = []
    for name, places in (
        ("Region", [(class_of[photo.key], photo.region) for photo in photos if photo.region]),
        ("City", [(class_of[photo.key], photo.city) for photo in photos if photo.city]),
    ):
        tally = Counter(place for _, place in places)
        order = [place for place, _ in sorted(tally.items(), key=lambda one: (-one[1], one[0]))[:PLACES]]
        labels = order + [OTHERS] * (len(tally) > PLACES)
        if places:
            found.append(_section(name, [(c, place if place in order else OTHERS) for c, place in places], labels))
    for name, values in (
        ("Year", [(class_of[photo.key], float(photo.year)) for photo in photos if photo.year is not None]),
        ("Price", [(class_of[photo.key], photo.price) for photo in photos if photo.price is not None]),
    ):
        if values:
            edges = _edges([value for _, value in values])
            bands = _bands(edges)
            section = _section(name, [(c, bands[bisect_right(edges, value)]) for c, value in values], bands)
            section["medians"] = [_text(median(v for of, v in values if of == c)) for c in section["classes"]]
            found.append(section)
    for section in found:
        section["unknown"] = len(photos) - section["known"]
    return found


def _section(name: str, pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> Section:
    """Chart and table of (class, label) pairs; `labels` are all there are, in order."""
    total = Counter(class_name for class_name, _ in pairs)
    tally = Counter(pairs)
    classes = sorted(total)
    shares = {c: [tally[c, label] / total[c] for label in labels] for c in classes}
    largest = sorted(classes, key=lambda c: (-total[c], c))[: comparisons.SERIES]
    return {
        "name": name,
        "known": len(pairs),
        "classes": classes,
        "table": [(label, [(tally[c, label], shares[c][at]) for c in classes]) for at, label in enumerate(labels)],
        "medians": [],
        "drawn": len(largest),
        "chart": comparisons.bars(f"{name}, share of each class", labels, {c: shares[c] for c in sorted(largest)}),
    }


def _edges(values: Sequence[float]) -> list[float]:
    """Where bands begin that hold about equal numbers of the values, rounded; the first band has no beginning."""
    ordered = sorted(values)
    cuts = {_round(ordered[len(ordered) * step // BANDS]) for step in range(1, BANDS)}
    return sorted(cut for cut in cuts if cut > ordered[0])


def _round(value: float) -> float:
    """Two digits that count."""
    if value < _YEARS:
        return math.floor(value)
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(value / step) * step


def _bands(edges: Sequence[float]) -> list[str]:
    """The words of the bands between `edges`."""
    if not edges:
        return ["all"]
    inner = [
        _text(low) if high - low == 1 else f"{_text(low)} to {_text(high - 1 if high < _YEARS else high)}"
        for low, high in pairwise(edges)
    ]
    return [f"under {_text(edges[0])}", *inner, f"{_text(edges[-1])} and more"]


def _text(value: float) -> str:
    return f"{value:.0f}" if value < _YEARS else f"{value:,.0f}"
