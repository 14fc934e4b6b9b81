"""Uploads that wait are checked together, a few at a time, by as many threads as there are cores.

What its header tells does not wait: a bomb hears so at once, however long the queue is. The queue is
bounded: who finds it full hears so at once, and what waited longer than its deadline is not checked any more. The
checker can be replaced at any time; what is under way keeps the one it began with.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from curate.check.check import Checker, Say, Upload
from curate.check.files import Refused
from curate.check.learnt import INPUTS
from curate.check.limits import Limits, RefusedError, look
from curate.check.verdict import Verdict
from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import CurateError

TOGETHER = 4  # uploads in one batch, at most
AT_ONCE = 1 << 18  # bytes of JPEGs whose headers are looked at in the event loop: a thread would cost more
LOOK_S = 2.0  # from one check whether the manifests changed to the next

NICENESS = 5  # of the threads that check, on Linux: a request that is refused, or asks for nothing, goes before
_JPEG = b"\xff\xd8\xff"
Opener = Callable[[], Checker]


def busy() -> RefusedError:
    """What is said to an upload that finds the queue full."""
    return RefusedError(429, "busy", "as many photos are waiting as may; try again in a second")


@dataclass(frozen=True, slots=True)
class _Waiting:
    upload: Upload
    answer: "asyncio.Future[Verdict]"


def _go_after() -> None:
    """Let the event loop go before this thread."""
    if sys.platform == "linux":  # elsewhere a priority is that of a process
        with suppress(OSError):
            os.setpriority(
                os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
            )


class Batches:
    """The queue and what empties it. All but the checking itself runs in one event loop."""

    def __init__(self, checker: Checker, limits: Limits, workers: int = 0) -> None:
        self.checker = checker
        self.limits = limits
        self.workers = workers or os.cpu_count() or 1
        self.photos = 0  # that wait or are checked now
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._pool = ThreadPoolExecutor(self.workers, "check", _go_after)
        self._looking = ThreadPoolExecutor(self.workers, "look")

    @property
    def full(self) -> bool:
        """Are as many photos waiting as may?"""
        return self.photos >= self.limits.waiting

    async def check(self, upload: Upload) -> Verdict:
        """The verdict, at once on a file that is no photo by its header.

        Raises RefusedError for what is not taken, or when the queue is full.
        """
        if self.full:
            raise busy()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Verdict] = loop.create_future()
        files = upload.data, *upload.listing_photos
        self.photos += len(files)
        try:
            if sum(map(len, files)) <= AT_ONCE and all(data.startswith(_JPEG) for data in files):
                refused = self._look(files)
            else:
                refused = await loop.run_in_executor(self._looking, self._look, files)
            if refused:
                return Verdict.refused(refused)
            self._queue.put_nowait(_Waiting(upload, answer))
            return await answer
        finally:
            self.photos -= len(files)

    def _look(self, files: Sequence[bytes]) -> Refused | None:
        """What is said at once of the first of `files`, the photo; the others may be refused too."""
        photo, *_ = [look(data, self.limits) for data in files]
        return photo

    async def run(self) -> None:
        """Answer until cancelled."""
        try:
            await asyncio.gather(*(self._work() for _ in range(self.workers)))
        finally:
            for pool in (self._pool, self._looking):
                pool.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            share = -(-(1 + self._queue.qsize()) // self.workers)  # the other threads get theirs
            while len(batch) < min(TOGETHER, share) and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            batch = [each for each in batch if not each.answer.done()]  # whoever asked has gone
            if not batch:
                continue
            answers = await loop.run_in_executor(self._pool, self._answers, [each.upload for each in batch])
            for each, answer in zip(batch, answers, strict=True):
                if each.answer.done():
                    continue
                if isinstance(answer, Verdict):
                    each.answer.set_result(answer)
                else:
                    each.answer.set_exception(answer)

    def _answers(self, uploads: list[Upload]) -> list[Verdict | Exception]:
        """A verdict or what went wrong for each; one that fails does not take the others with it."""
        checker = self.checker
        try:
            return list(checker.check_all(uploads))
        except Exception:
            return [self._alone(checker, upload) for upload in uploads]

    @staticmethod
    def _alone(checker: Checker, upload: Upload) -> Verdict | Exception:
        try:
            return checker.check_all([upload])[0]
        except Exception as error:
            return error


def stamp(folder: Path, recipe: Path) -> tuple[tuple[int, int], ...]:
    """Changes when a manifest or the recipe is written anew."""
    found = []
    for path in (recipe, *(manifest.sidecar_path(folder, stage) for stage in INPUTS)):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)


class Reloader:
    """Replaces the checker of `batches` when the manifests or the recipe changed, or when it is asked to."""

    def __init__(self, batches: Batches, opener: Opener, folder: Path, recipe: Path, say: Say) -> None:
        self.batches, self._opener, self._folder, self._recipe = batches, opener, folder, recipe
        self._say = say
        self._seen = stamp(folder, recipe)
        self._asked = asyncio.Event()
        self.counts = {"done": 0, "failed": 0}

    def ask(self) -> None:
        """Reload now, whether or not anything changed."""
        self._asked.set()

    async def run(self) -> None:
        """Look and reload until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_S)
            now = stamp(self._folder, self._recipe)
            if not self._asked.is_set() and now == self._seen:
                continue
            self._asked.clear()
            self._seen = now
            await self._reload()

    async def _reload(self) -> None:
        began = time.monotonic()
        try:
            self.batches.checker = await asyncio.to_thread(self._opener)
        except Exception as error:  # a run is writing them, or they do not fit: it changes again, or somebody asks
            self.counts["failed"] += 1
            why = str(error) if isinstance(error, CurateError) else f"{type(error).__name__}: {error}"
            self._say(f"not reloaded, the dataset of before still answers: {why}")
            return
        self.counts["done"] += 1
        photos = len(self.batches.checker.learnt.decided)
        self._say(f"reloaded in {time.monotonic() - began:.1f} s: {counted(photos, 'photo')}")
