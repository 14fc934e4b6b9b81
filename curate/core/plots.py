"""What all plots share. matplotlib is an extra: who draws asks `extras.missing("plots")` first."""

import io
from typing import TYPE_CHECKING

from curate.core.cache import keep_matplotlib_there

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches, without a window."""
    keep_matplotlib_there()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plain(axes: "Axes") -> None:
    """A faint grid, and no lines above and to the right."""
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def png(drawn: "Figure", dpi: int = 100) -> bytes:
    """The figure as a PNG, without the release of matplotlib in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(drawn)
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()
