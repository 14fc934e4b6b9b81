"""Where the work runs. A stage is handed a `map_fn` and does not know.

A `map_fn` behaves like the built-in `map` with one iterable: lazy, in order, one result per item. The function
given to it must be a module-level function (or a `functools.partial` of one) so that it can travel to another
process, and must be pure, so that running it twice does no harm.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from typing import Protocol, TypeVar

from curate.core.errors import ResourceError

Item = TypeVar("Item")
Result = TypeVar("Result")


class MapFn(Protocol):
    """The type of `map` with one iterable."""

    def __call__(self, fn: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """Apply `fn` to each item, lazily and in order."""
        ...


def _run_chunk(fn: Callable[[Item], Result], chunk: list[Item]) -> list[Result]:
    return [fn(item) for item in chunk]


@contextmanager
def _children_deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that are started meanwhile do not hear of Ctrl-C, which a terminal tells to all of them: only this
    one is to answer. It does so at the end of the context. A process inherits which signals are blocked."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)  # to whoever handles it, which is nobody where it is ignored


def _begin_worker() -> None:
    """In a new process: leave Ctrl-C to the one that started it, and end with that one, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # late, but where signals cannot be blocked there is no other way
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_it() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_it, daemon=True).start()


@contextmanager
def local(workers: int, chunk_size: int = 16) -> Iterator[MapFn]:
    """Yield a `map_fn` over `workers` processes; with one worker, the built-in `map`.

    At most four chunks per worker are under way at once, so memory does not grow with the number of items.
    Leaving the context drops what has not begun. Raises ResourceError when a worker process is killed, usually for
    lack of memory.
    """
    if workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)

    def map_chunks(fn: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        if hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # when it starts, it unblocks the signal
        source = iter(items)
        pending: deque[Future[list[Result]]] = deque()
        try:
            while True:
                while len(pending) < 4 * workers and (chunk := list(islice(source, chunk_size))):
                    with _children_deaf_to_ctrl_c():  # it may start one
                        pending.append(pool.submit(_run_chunk, fn, chunk))
                if not pending:
                    return
                yield from pending.popleft().result()
        except BrokenProcessPool as error:
            raise ResourceError(
                "a worker process was killed, probably for lack of memory: try again with fewer --workers"
            ) from error

    try:
        yield map_chunks
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def threads(workers: int) -> Iterator[MapFn]:
    """Yield a `map_fn` over `workers` threads, for work that waits for a network.

    At most eight items per thread are under way at once. Leaving the context drops what has not begun, and waits
    for what has.
    """
    pool = ThreadPoolExecutor(workers)

    def map_items(fn: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        source = iter(items)
        pending: deque[Future[Result]] = deque(pool.submit(fn, item) for item in islice(source, 8 * workers))
        while pending:
            yield pending.popleft().result()
            pending.extend(pool.submit(fn, item) for item in islice(source, 8 * workers - len(pending)))

    try:
        yield map_items
    finally:
        pool.shutdown(cancel_futures=True)
