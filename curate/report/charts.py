"""Charts as inline SVG, drawn from numbers: no script, no font, no image.

Every function returns safe markup, see `svg`; `comparisons` has more of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from curate.report.svg import WIDTH, svg, tag, text

_TICKS = [factor * 10**power for power in range(9) for factor in (1, 3)]


@dataclass(frozen=True, slots=True)
class Flow:
    """One stage of the funnel."""

    name: str
    entered: int
    kept: int
    reasons: tuple[tuple[str, int], ...]  # the largest first


def flow(stages: Sequence[Flow], ends: Sequence[tuple[str, int]]) -> Markup:
    """The funnel from top to bottom: what is kept flows on, what is rejected turns off to the right.

    Widths are in proportion to photos; `ends` are the parts that come out below.
    """
    full = max([stage.entered for stage in stages] + [1])
    scale, left, turn, step, bar = 200 / full, 4.0, 222.0, 104.0, 9.0
    parts = []
    y = 24.0
    for stage in stages:
        wide, through = stage.entered * scale, stage.kept * scale
        lost = stage.entered - stage.kept
        parts.append(tag("rect", x=left, y=y + bar, width=through, height=step - bar, class_="stream"))
        if lost:
            a, b, top = left + through, left + max(wide, through + 1), y + bar
            thick = min(b - a, 48)
            over, under = top + 24, top + 24 + thick
            lower = f"M{a:.1f} {top} C{a:.1f} {under + 6:.1f} {a + 12:.1f} {under:.1f} {turn} {under:.1f}"
            upper = f"V{over} C{b + 6:.1f} {over} {b:.1f} {over - 4} {b:.1f} {top}Z"
            parts.append(tag("path", d=f"{lower} {upper}", class_="loss"))
            parts.append(text(turn + 8, top + 22, f"−{lost:,}", "strong bad"))
            shown = stage.reasons if len(stage.reasons) <= 4 else stage.reasons[:3]
            lines = [f"{number:,} {reason}" for reason, number in shown]
            if rest := sum(number for _, number in stage.reasons[len(shown) :]):
                lines.append(f"{rest:,} for other reasons")
            for number, line in enumerate(lines):
                parts.append(text(turn + 8, top + 36 + 13 * number, line, "small"))
        parts.append(tag("rect", x=left, y=y, width=max(wide, 1), height=bar, class_="good"))
        parts.append(text(left, y - 7, f"{stage.name}  {stage.entered:,}", "strong"))
        y += step
    x = left
    for place, (name, number) in enumerate(ends):
        wide = max(number * scale, 1)
        parts.append(tag("rect", x=x, y=y, width=max(wide - 1.5, 1), height=bar, class_="good"))
        parts.append(text(left, y + 28 + 15 * place, f"{number:,} {name}", "strong"))
        x += wide
    said = ", ".join(f"{stage.name} {stage.entered:,} in and {stage.kept:,} kept" for stage in stages)
    return svg(y + 24 + 15 * len(ends), f"Funnel: {said}", parts)


def histogram(name: str, kept: Sequence[float], rejected: Sequence[float], threshold: float | None) -> Markup:
    """Scores between 0 and 1 in 40 bins, heights on a square-root scale so that rare scores can be seen.

    The rejected share of each bar is coloured; the threshold is a dashed line.
    """
    bins = 40
    good, bad = [0] * bins, [0] * bins
    for values, tally in ((kept, good), (rejected, bad)):
        for value in values:
            if math.isfinite(value):
                tally[min(bins - 1, max(0, int(value * bins + 1e-9)))] += 1
    top = max([a + b for a, b in zip(good, bad, strict=True)] + [1])
    left, right, high, base = 34.0, WIDTH - 8.0, 26.0, 166.0
    wide = (right - left) / bins

    def up(count: float) -> float:
        return (base - high) * math.sqrt(count / top)

    parts = [text(left, 12, name, "strong")]
    for tick in [tick for tick in _TICKS if tick <= top][-4:]:
        y = base - up(tick)
        parts += [tag("path", d=f"M{left} {y:.1f}H{right}", class_="grid")]
        parts += [text(left - 5, y + 4, f"{tick:,}", "small", "end")]
    for number, (fine, poor) in enumerate(zip(good, bad, strict=True)):
        if not fine + poor:
            continue
        x, height = left + number * wide, max(up(fine + poor), 1.5)
        below = height * poor / (fine + poor)
        if poor:
            parts.append(tag("rect", x=x, y=base - below, width=wide - 1, height=below, class_="bad"))
        if fine:
            parts.append(tag("rect", x=x, y=base - height, width=wide - 1, height=height - below, class_="good"))
    parts.append(tag("path", d=f"M{left} {base}H{right}", class_="axis"))
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = "end" if tick == 1 else "start" if tick == 0 else "middle"
        parts.append(text(left + tick * (right - left), base + 15, f"{tick:g}", "small", anchor))
    parts.append(text((left + right) / 2, base + 31, "score", "small", "middle"))
    if threshold is not None:
        x = left + threshold * (right - left)
        parts.append(tag("path", d=f"M{x:.1f} {high - 6}V{base}", class_="mark"))
        beside, anchor = (x - 5, "end") if threshold > 0.6 else (x + 5, "start")
        parts.append(text(beside, high + 4, f"threshold {threshold:g}", "small halo", anchor))
    label = f"Scores of {name}: {sum(good):,} kept, {sum(bad):,} rejected"
    return svg(base + 36, label + ("" if threshold is None else f", threshold {threshold:g}"), parts)


def curves(name: str, series: Mapping[str, Sequence[float]], marked: int | None, top: float | None) -> Markup:
    """Lines over epochs 1, 2, ..., labelled at their ends; `marked` is the epoch that was chosen.

    `top` is the upper end of the scale; without it, the scale starts at 0 and ends above the largest value. Values
    that are not finite leave a gap.
    """
    finite = [value for values in series.values() for value in values if math.isfinite(value)]
    floor = 0.0 if top is None else min([0.5, *(math.floor(value * 10) / 10 for value in finite)])
    ceiling = max([*finite, floor + 1e-9]) * 1.05 if top is None else top
    epochs = max([len(values) for values in series.values()] + [1])
    left, right, high, base = 34.0, WIDTH - 42.0, 26.0, 176.0

    def across(epoch: int) -> float:
        return (left + right) / 2 if epochs == 1 else left + (epoch - 1) / (epochs - 1) * (right - left)

    def down(value: float) -> float:
        return base - (value - floor) / (ceiling - floor) * (base - high)

    parts = [text(left, 12, name, "strong")]
    for step in range(5):
        value = floor + (ceiling - floor) * step / 4
        parts.append(tag("path", d=f"M{left} {down(value):.1f}H{right}", class_="grid" if step else "axis"))
        parts.append(text(left - 5, down(value) + 4, f"{value:.2f}", "small", "end"))
    for epoch in sorted({1, (epochs + 1) // 2, epochs}):
        parts.append(text(across(epoch), base + 15, f"{epoch}", "small", "middle"))
    parts.append(text((left + right) / 2, base + 30, "epoch", "small", "middle"))
    if marked:
        parts.append(tag("path", d=f"M{across(marked):.1f} {high - 6}V{base}", class_="mark"))
        beside, anchor = (-5, "end") if marked > epochs / 2 else (5, "start")
        spot = across(marked) + beside
        parts.append(text(spot, high if top is None else base - 8, f"best, epoch {marked}", "small halo", anchor))
    last_y = -math.inf
    ends: list[tuple[float, str]] = []
    for place, (label, values) in enumerate(series.items()):
        path, pen = "", "M"
        for epoch, value in enumerate(values, start=1):
            if math.isfinite(value):
                path += f"{pen}{across(epoch):.1f} {down(value):.1f}"
                ends = [end for end in ends if end[1] != label] + [(down(value), label)]
            pen = "L" if math.isfinite(value) else "M"
        parts.append(tag("path", d=path or f"M{left} {base}", class_=f"line line{place % 2}"))
    for y, label in sorted(ends):
        last_y = max(y, last_y + 13)
        parts.append(text(right + 6, last_y + 4, label, "small"))
    said = "; ".join(f"{label} ends at {values[-1]:.3f}" for label, values in series.items() if len(values))
    return svg(base + 36, f"{name} by epoch: {said}", parts)
