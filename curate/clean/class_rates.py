"""How many photos each class loses, with its interval, and whether that can be right.

A scorer that has no word for a class rejects its good photos. The total hides that, the classes beside each other
show it.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from curate.core.files import atomic_write
from curate.core.intervals import wilson
from curate.core.schemas import CleanRow

PAGE = "clean_rejected.html"
SIGNIFICANT = 0.001  # one-sided p of a class losing more than the others (Fisher's exact test)
FAR_MORE = 2.0  # times the expected share, or the share of the others
PER_CLASS = 60  # photos on the page
_NO_VERDICT = ("reviewed", "undecodable")


@dataclass(frozen=True, slots=True)
class ClassRate:
    """What a class lost."""

    class_name: str
    photos: int
    rejected: int
    low: float  # 95% interval of the share that is rejected
    high: float

    @property
    def share(self) -> float:
        """Rejected share of the photos, 0..1."""
        return self.rejected / self.photos

    def __str__(self) -> str:
        return f"{self.class_name} {self.share:.1%} of {self.photos} ({self.low:.1%} to {self.high:.1%})"


def class_rates(rows: Sequence[CleanRow], class_of: Mapping[str, str]) -> list[ClassRate]:
    """The rate of each class, by its name; `class_of` a photo's key is the class before review."""
    photos: dict[str, list[bool]] = {}
    for row in rows:
        if row.reason not in _NO_VERDICT:
            photos.setdefault(class_of[row.key], []).append(not row.keep)
    return [
        ClassRate(name, len(lost), sum(lost), *wilson(sum(lost), len(lost)))
        for name, lost in sorted(photos.items())
    ]


def notes(rates: Sequence[ClassRate]) -> list[dict[str, object]]:
    """The rates for the sidecar."""
    return [{**asdict(rate), "low": round(rate.low, 4), "high": round(rate.high, 4)} for rate in rates]


def problems(rates: Sequence[ClassRate], expected: float) -> Iterator[str]:
    """Classes that lose far more than `expected`, or significantly more than the others."""
    from scipy.stats import fisher_exact

    for rate in rates:
        photos = sum(other.photos for other in rates) - rate.photos
        lost = sum(other.rejected for other in rates) - rate.rejected
        if rate.low > FAR_MORE * expected:
            yield f"{rate}: far more than clean.expected_reject, {expected:.0%}"
        elif photos and rate.share > max(expected, FAR_MORE * lost / photos):
            table = [[rate.rejected, rate.photos - rate.rejected], [lost, photos - lost]]
            if fisher_exact(table, alternative="greater").pvalue < SIGNIFICANT:
                yield f"{rate}: the other classes lose {lost / photos:.1%} of {photos}"


def write_page(folder: Path, rows: Sequence[CleanRow], class_of: Mapping[str, str]) -> Path:
    """A page with the rejected photos of each class, the most typical first; returns its path."""
    parts = ["<!doctype html><meta charset=utf-8><title>Rejected by clean</title><h1>Rejected by clean</h1>"]
    for name in sorted(set(class_of.values())):
        lost = [row for row in rows if not row.keep and row.path and class_of[row.key] == name]
        lost.sort(key=lambda row: (-row.typicality, row.key))
        parts.append(f"<h2>{html.escape(name)}: {len(lost)} photos, the most typical of the class first</h2>")
        parts += [
            f'<figure style="display:inline-block;margin:4px"><img loading=lazy height=150 '
            f'src="{html.escape(row.path)}" alt="{row.key}"><figcaption>{html.escape(row.reason)}<br>score '
            f"{row.score:.2f}, typicality {row.typicality:.2f}<br>{row.key}</figcaption></figure>"
            for row in lost[:PER_CLASS]
        ]
    path = folder / PAGE
    atomic_write(path, "\n".join(parts).encode())
    return path
