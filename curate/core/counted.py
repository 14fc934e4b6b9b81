"""Numbers of things and their names, in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from curate.core.schemas import Row


def counted(number: int, one: str, many: str = "") -> str:
    """`1 photo`, `2,400 photos`; with `many`, which else is `one` with an s, `1 photo is`, `2 photos are`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def some_of(names: Sequence[str], most: int) -> str:
    """`a, b, c`; of more than `most` names only the first, then `…`."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """`kept` and each reason with its number of rows, the largest first."""
    tally = Counter(row.reason for row in rows if not row.keep)
    kept = sum(1 for row in rows if row.keep)
    return {"kept": kept} | dict(sorted(tally.items(), key=lambda item: (-item[1], item[0])))


def funnel(stage: str, rows: int, counts: Mapping[str, int]) -> str:
    """`22 in, 18 kept, 4 near_duplicate`; of networks, which keep and reject nothing, `10 predictions`."""
    if stage == "train_baseline":
        return counted(rows, "prediction")
    return ", ".join([f"{rows} in", *(f"{number} {name}" for name, number in counts.items())])
