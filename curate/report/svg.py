"""Pieces of an inline SVG: safe markup, text is escaped here.

Colours are classes of the page's style sheet, so that a chart follows its light or dark scheme. Charts are drawn
360 units wide, to be read at that width or larger.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH = 360  # units of every viewBox


def number(value: float) -> str:
    """With one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def tag(name: str, body: str = "", **attributes: str | float) -> Markup:
    """An element; an underscore in the name of an attribute stands for `-`, or is left out at its end."""
    cells = []
    for key, value in attributes.items():
        text = value if isinstance(value, str) else number(value)
        cells.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    return Markup(f"<{name}{''.join(cells)}>{escape(body)}</{name}>")


def text(x: float, y: float, body: str, class_: str = "", anchor: str = "start") -> Markup:
    """Words at a place."""
    return tag("text", body, x=x, y=y, class_=class_, text_anchor=anchor)


def svg(height: float, label: str, parts: Sequence[Markup]) -> Markup:
    """The whole drawing, `label` for those who cannot see it."""
    body = Markup("").join([tag("title", label), *parts])
    return tag("svg", body, viewBox=f"0 0 {WIDTH} {number(height)}", role="img", aria_label=label)
