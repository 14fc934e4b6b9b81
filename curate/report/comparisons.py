"""Charts that compare: measures with their intervals, shares beside each other, a measure that grows."""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from curate.core.intervals import percent
from curate.report.svg import WIDTH, svg, tag, text

SERIES = 4  # of bars, each with a colour of its own


def whiskers(name: str, rows: Sequence[tuple[str, float, float, float]], zero: bool = False) -> Markup:
    """One line per (label, low, value, high), each between 0 and 1: a dot on its interval.

    The scale ends at 1, or with `zero` begins at 0.
    """
    floor = 0.0 if zero else math.floor(min([low for _, low, _, _ in rows] + [0.9]) * 10) / 10
    ceiling = math.ceil(max(high for _, _, _, high in rows) * 20) / 20 if zero else 1.0
    left, right, step = 118.0, WIDTH - 48.0, 27.0
    base = 26 + step * len(rows)

    def across(value: float) -> float:
        return left + (value - floor) / (ceiling - floor) * (right - left)

    parts = [text(4, 12, name, "strong")]
    for tick in (floor, (floor + ceiling) / 2, ceiling):
        parts.append(tag("path", d=f"M{across(tick):.1f} 22V{base}", class_="grid"))
        parts.append(text(across(tick), base + 15, f"{tick:.0%}", "small", "middle"))
    for number, (label, low, value, high) in enumerate(rows):
        y = 26 + step * (number + 0.5)
        shown = label if len(label) <= 18 else label[:17] + "…"
        parts.append(text(4, y + 4, shown, "small"))
        parts.append(tag("path", d=f"M{across(low):.1f} {y}H{across(high):.1f}", class_="whisker"))
        parts.append(tag("circle", cx=across(value), cy=y, r=4.5, class_="good"))
        parts.append(text(right + 8, y + 4, percent(value), "small"))
    said = [(label, *map(percent, values)) for label, *values in rows]
    words = "; ".join(f"{label} {value}, between {low} and {high}" for label, low, value, high in said)
    return svg(base + 22, f"{name}: {words}", parts)


def bars(name: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Markup:
    """Shares, 0..1, of at most `SERIES` series beside each other, a group of bars per label."""
    top = max([value for values in series.values() for value in values] + [1e-9])
    left, right, thick, gap = 10 + 6.0 * min(22, max(18, *map(len, labels))), WIDTH - 44.0, 11.0, 9.0
    step = thick * len(series) + gap
    parts = [text(4, 12, name, "strong")]
    x = 4.0
    for number, title in enumerate(series):
        shown = title if len(title) <= 14 else title[:13] + "…"
        parts += [
            tag("rect", x=x, y=22, width=10, height=10, class_=f"hue{number}"),
            text(x + 14, 31, shown, "small"),
        ]
        x += 24 + 6.4 * len(shown)
    base = 42.0
    for place, label in enumerate(labels):
        y = base + step * place
        shown = label if len(label) <= 22 else label[:21] + "…"
        parts.append(text(4, y + (step - gap) / 2 + 4, shown, "small"))
        for number, values in enumerate(series.values()):
            wide = (right - left) * values[place] / top
            parts.append(
                tag(
                    "rect",
                    x=left,
                    y=y + thick * number,
                    width=max(wide, 0.8),
                    height=thick - 1.5,
                    class_=f"hue{number}",
                )
            )
            parts.append(text(left + wide + 5, y + thick * number + 9, percent(values[place]), "small"))
    words = "; ".join(
        f"{label}: {', '.join(f'{title} {percent(values[place])}' for title, values in series.items())}"
        for place, label in enumerate(labels)
    )
    return svg(base + step * len(labels), f"{name}. {words}", parts)


def growth(name: str, points: Sequence[tuple[int, float, float, float]]) -> Markup:
    """A line through (size, low, value, high) over sizes on a log scale; the last three are between 0 and 1."""
    sizes = [size for size, _, _, _ in points]
    floor = math.floor(min(low for _, low, _, _ in points) * 20) / 20
    ceiling = max(floor + 0.05, math.ceil(max(high for _, _, _, high in points) * 20) / 20)
    left, right, high, base = 44.0, WIDTH - 14.0, 26.0, 176.0
    wide = math.log(sizes[-1] / sizes[0]) or 1.0

    def across(size: int) -> float:
        return left + (right - left) * math.log(size / sizes[0]) / wide

    def down(value: float) -> float:
        return base - (value - floor) / (ceiling - floor) * (base - high)

    parts = [text(4, 12, name, "strong")]
    for step in range(5):
        value = floor + (ceiling - floor) * step / 4
        parts.append(tag("path", d=f"M{left} {down(value):.1f}H{right}", class_="grid" if step else "axis"))
        parts.append(text(left - 5, down(value) + 4, percent(value), "small", "end"))
    for place, size in enumerate(sizes):
        if place in (0, len(sizes) - 1) or place == len(sizes) // 2:
            anchor = "start" if not place else "end" if place == len(sizes) - 1 else "middle"
            parts.append(text(across(size), base + 15, f"{size:,}", "small", anchor))
    parts.append(text((left + right) / 2, base + 30, "training photos", "small", "middle"))
    parts += [
        tag("path", d=f"M{across(size):.1f} {down(low):.1f}V{down(top):.1f}", class_="whisker")
        for size, low, _, top in points
    ]
    line = "L".join(f"{across(size):.1f} {down(value):.1f}" for size, _, value, _ in points)
    parts.append(tag("path", d=f"M{line}", class_="line line1"))
    parts += [tag("circle", cx=across(size), cy=down(value), r=3.5, class_="good") for size, _, value, _ in points]
    words = ", ".join(f"{percent(value)} with {size:,}" for size, _, value, _ in points)
    return svg(base + 36, f"{name}: {words}", parts)
