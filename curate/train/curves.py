"""Training curves as a plot."""

from collections.abc import Mapping, Sequence

from curate.core import plots


def draw(history: Sequence[Mapping[str, float]], best_epoch: int) -> bytes:
    """A PNG: loss and accuracy per epoch on train and val, the best epoch marked.

    Entries with a `penalty` are of a classifier that was fitted once for each.
    """
    figure = plots.figure(9, 3.6)
    from matplotlib.ticker import MaxNLocator

    epochs = [entry["epoch"] for entry in history]
    step = "penalty" if history and "penalty" in history[0] else "epoch"
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for part, colour in (("train", "#8a8f98"), ("val", "#1f5fbf")):
            axes.plot(epochs, [entry[f"{part}_{name}"] for entry in history], ".-", color=colour, label=part)
        axes.axvline(best_epoch, color="#c0392b", linewidth=1, linestyle=":", label=f"best {step}, {best_epoch}")
        axes.set(xlabel=step, title=name.capitalize())
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plots.plain(axes)
        axes.legend(frameon=False)
    return plots.png(figure)
