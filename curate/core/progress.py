"""How far a long piece of work is: a bar on a terminal; in a log or pipe a plain line now and then.

On a terminal there is never silence: between two bars `running` says which stage is at work, and for how long.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar

from tqdm import tqdm

EVERY_S = 20.0  # between two lines; what takes less says nothing
BEAT_S = 1.0  # from one check whether the terminal shows that something happens to the next
BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {unit}s, {remaining} left{postfix}"
Item = TypeVar("Item")

_bars: "list[tqdm[Any]]" = []  # those that are shown now, the innermost last
_silent = False


class Advance(Protocol):
    """Takes how many are done, and what else there is to say."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show it, if it is time to."""
        ...


def silence(wanted: bool) -> None:
    """Show no bar and no line from now on, or show them again."""
    global _silent
    _silent = wanted


def _on_terminal() -> bool:
    with suppress(AttributeError, ValueError):  # no stderr, or one that is closed
        return sys.stderr.isatty() and not _silent
    return False


def _has_size() -> bool:
    """Does the terminal say how large it is? Those of containers often say 0, and tqdm then shows nothing."""
    with suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    return False


@contextmanager
def counter(
    what: str, total: int, unit: str, done: int = 0, clock: Callable[[], float] = time.monotonic
) -> Iterator[Advance]:
    """Yield a function that takes how many of `total` are done; `done` were before. All goes to stderr."""
    options: dict[str, Any] = {
        "bar_format": BAR,
        "leave": False,
        "disable": not _on_terminal(),
        **({"dynamic_ncols": True} if _has_size() else {"ncols": 80, "nrows": 24}),
    }
    with tqdm(total=total, initial=done, desc=what, unit=unit, **options) as bar:
        last = clock()
        if not bar.disable:
            _bars.append(bar)

        def advance(done: int, note: str = "") -> None:
            nonlocal last
            if not bar.disable:
                bar.set_postfix_str(note, refresh=False)
                bar.update(done - bar.n)
            elif done < total and clock() - last >= EVERY_S and not _silent:
                last = clock()
                beside = f", {note}" if note else ""
                print(f"{what}: {done:,} of {total:,} {unit}s{beside}", file=sys.stderr, flush=True)

        try:
            yield advance
        finally:
            if not bar.disable:
                _bars.remove(bar)


def progress(items: Iterable[Item], what: str, total: int, unit: str = "photo", done: int = 0) -> Iterator[Item]:
    """`items` as they are, counted on the way; `done` of `total` were done before."""
    with counter(what, total, unit, done) as advance:
        for number, item in enumerate(items, start=done + 1):
            yield item
            advance(number)


def line(text: str) -> None:
    """Print a line to stderr, above the bar where there is one."""
    if not _silent:
        tqdm.write(text, file=sys.stderr)


@contextmanager
def running(what: str) -> Iterator[None]:
    """On a terminal, show `what` and its seconds while no bar is shown, and go on with the time of a bar."""
    if not _on_terminal():
        yield
        return
    ended = threading.Event()
    started = time.monotonic()

    def beat() -> None:
        while not ended.wait(BEAT_S):
            with tqdm.get_lock(), suppress(OSError, ValueError, IndexError):  # type: ignore[no-untyped-call]
                if _bars:
                    _bars[-1].refresh(nolock=True)
                else:
                    sys.stderr.write(f"\r\x1b[2K{what} … {time.monotonic() - started:.0f} s")
                    sys.stderr.flush()

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        with suppress(OSError, ValueError):
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
