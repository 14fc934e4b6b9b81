"""Many things, a list of some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """`items` in lists of `size`, the last one shorter; no more are taken than the list that is asked for."""
    source = iter(items)
    while some := list(islice(source, size)):
        yield some
