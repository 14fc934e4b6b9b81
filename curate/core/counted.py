"""Numbers of things, in words."""

from collections.abc import Mapping


def counted(number: int, one: str, many: str = "") -> str:
    """`1 photo`, `2,400 photos`; with `many`, which else is `one` with an s, `1 photo is`, `2 photos are`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def funnel(stage: str, rows: int, counts: Mapping[str, int]) -> str:
    """`22 in, 18 kept, 4 near_duplicate`; of networks, which keep and reject nothing, `10 predictions`."""
    if stage == "train_baseline":
        return counted(rows, "prediction")
    return ", ".join([f"{rows} in", *(f"{number} {name}" for name, number in counts.items())])
