"""Where the work runs. A stage is handed a `map_fn` and does not know.

A `map_fn` behaves like the built-in `map` with one iterable: lazy, in order, one result per item. The function
given to it must be a module-level function (or a `functools.partial` of one) so that it can travel to another
process, and must be pure, so that running it twice does no harm.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import resource_tracker
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Protocol, TypeVar

from curate.core.elsewhere import Elsewhere
from curate.core.errors import ResourceError, UsageError

log = logging.getLogger(__name__)

_THREADS_OF_MATRICES = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
Item = TypeVar("Item")
Result = TypeVar("Result")


class MapFn(Protocol):
    """The type of `map` with one iterable."""

    def __call__(self, fn: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """Apply `fn` to each item, lazily and in order."""
        ...


@contextmanager
def start(executor: str, workers: int, folder: Path, elsewhere: Elsewhere | None = None) -> Iterator[MapFn]:
    """Yield the `map_fn` of an executor, for work on the photos of `folder`.

    `local` is `workers` processes, which read the folder; `ray` as many of Ray, `ray:ADDRESS` all cores of a Ray
    cluster, and these read `elsewhere` where it is given.
    Raises what `local` does, and ResourceError when Ray is not installed or does not start.
    """
    name, _, address = executor.partition(":")
    if name == "local":
        with local(workers) as map_fn:
            yield map_fn
        return
    from curate.core import ray_executor

    with ray_executor.connect(address, workers, folder, elsewhere) as map_fn:
        yield map_fn


def embeds(map_fn: MapFn) -> bool:
    """Whether the workers of `map_fn` are many and far enough to embed photos too.

    Processes of this machine leave that to this one, which embeds on all cores with one network in memory.
    """
    return getattr(map_fn, "embeds", False)


def _run_chunk(fn: Callable[[Item], Result], chunk: list[Item]) -> list[Result]:
    return [fn(item) for item in chunk]


@contextmanager
def _signals_wait() -> Iterator[None]:
    """While processes start, Ctrl-C and SIGTERM wait: this process answers at the end of the context.

    The processes that are started do not hear of Ctrl-C, which a terminal tells to all of them: only this one is
    to answer. A process inherits which signals are blocked.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])  # to whoever handles it, which is nobody where it is ignored


def _begin_worker(begun: Event) -> None:
    """In a new process: leave Ctrl-C to the one that started it, and end with that one, however it ends.

    Products of matrices get one thread, before NumPy comes with the first piece of work: the processes share the
    cores as it is, and threads of all of them would wait for each other, spinning.
    """
    begun.set()
    for name in _THREADS_OF_MATRICES:
        os.environ.setdefault(name, "1")
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
    Leaving the context drops what has not begun. Where processes cannot share memory (no /dev/shm), one does
    all the work, and the log says so.
    Raises ResourceError when a worker process is killed, usually for lack of memory; UsageError when none can
    start, because the script that called has no `__main__` guard.
    """
    pool = _pool(workers) if workers > 1 else None
    if pool is None:
        yield map
        return
    executor, begun = pool

    def map_chunks(fn: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        if hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # when it starts, it unblocks the signal
        source = iter(items)
        first = list(islice(source, workers * chunk_size))
        few = len(first) < workers * chunk_size  # for all of the processes
        size = (-(-len(first) // workers) or 1) if few else chunk_size
        source = chain(first, source)
        pending: deque[Future[list[Result]]] = deque()
        try:
            while True:
                while len(pending) < 4 * workers and (chunk := list(islice(source, size))):
                    with _signals_wait():  # it may start one
                        pending.append(executor.submit(_run_chunk, fn, chunk))
                if not pending:
                    return
                yield from pending.popleft().result()
        except BrokenProcessPool as error:
            if not begun.is_set():
                raise UsageError(
                    "no worker process could start: a script that runs curate must do so under "
                    '`if __name__ == "__main__":`, because each worker imports the script; or use one worker'
                ) from error
            raise ResourceError(
                "a worker process was killed, probably for lack of memory: try again with fewer --workers"
            ) from error

    try:
        yield map_chunks
    finally:
        executor.shutdown(cancel_futures=True)


def _pool(workers: int) -> tuple[ProcessPoolExecutor, Event] | None:
    """Processes, and whether one of them ever began; None where the system has nothing that they could share."""
    context = multiprocessing.get_context("spawn")
    try:
        begun = context.Event()
        return ProcessPoolExecutor(workers, context, _begin_worker, (begun,)), begun
    except (OSError, ImportError, NotImplementedError) as error:
        log.warning(
            "processes cannot share memory here (%s): going on with one process instead of %d", error, workers
        )
        return None


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
