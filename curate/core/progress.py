"""How far a long piece of work is: a bar on a terminal; in a log or pipe a plain line now and then."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from tqdm import tqdm

EVERY_S = 20.0  # between two lines; what takes less says nothing
Item = TypeVar("Item")


class Advance(Protocol):
    """Takes how many are done, and what else there is to say."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show it, if it is time to."""
        ...


@contextmanager
def counter(
    what: str, total: int, unit: str, done: int = 0, clock: Callable[[], float] = time.monotonic
) -> Iterator[Advance]:
    """Yield a function that is told how many of `total` are done; `done` were before. All goes to stderr."""
    with tqdm(total=total, initial=done, desc=what, unit=unit, disable=None, leave=False) as bar:
        told = clock()

        def advance(done: int, note: str = "") -> None:
            nonlocal told
            if not bar.disable:
                bar.set_postfix_str(note, refresh=False)
                bar.update(done - bar.n)
            elif done < total and clock() - told >= EVERY_S:
                told = clock()
                beside = f", {note}" if note else ""
                print(f"{what}: {done:,} of {total:,} {unit}s{beside}", file=sys.stderr, flush=True)

        yield advance


def progress(items: Iterable[Item], what: str, total: int, unit: str = "photo", done: int = 0) -> Iterator[Item]:
    """`items` as they are, counted on the way; `done` of `total` were done before."""
    with counter(what, total, unit, done) as advance:
        for number, item in enumerate(items, start=done + 1):
            yield item
            advance(number)
