"""The executor `ray`: a `map_fn` over tasks of Ray Core, on this machine or on a cluster.

Items travel in chunks, and results come back in the order of the items. A chunk whose worker dies, by SIGKILL or
for lack of memory, runs again elsewhere. What a worker computes must be what this process would: a worker that
runs other code of curate, or other packages, or does not see the folder of the run, is refused before its first
item. Workers read photos from that folder, or from an object store; only this process writes.
"""

import hashlib
import logging
import os
import platform
import secrets
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from curate import __version__
from curate.core import extras
from curate.core.elsewhere import Elsewhere, Reading
from curate.core.errors import Do, ResourceError
from curate.core.ray_session import RETRIES, last_line, session

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")
Chunk = list[bytes]  # items, each pickled

CHUNK = 100  # items: a task costs 1 to 1.5 ms, an item at least as much
CHUNK_BYTES = 8 << 20  # where items are large, fewer of them
AHEAD = 4  # chunks per worker that are under way at once, waiting or done
LOOK_S = 10.0  # between two counts of the workers of a cluster
PACKAGES = (  # what computes on workers
    "numpy",
    "pillow",
    "simplejpeg",
    "opencv-python-headless",
    "scipy",
    "onnx",
    "onnxruntime",
    "pillow-heif",
)


@cache
def versions() -> dict[str, str]:
    """What must be the same on every machine: the code of curate, and the packages that compute."""
    code = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        code.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    found = {"Python": platform.python_version(), "curate": f"{__version__}, code {code.hexdigest()[:12]}"}
    return found | installed(PACKAGES)


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package."""
    return {name: extras.version_of(name, "absent") for name in packages}


class Work(NamedTuple):
    """What a worker gets once: all of it but the items."""

    fn: Callable[[Any], Any]
    versions: dict[str, str]
    place: str  # where this process runs: relative paths start there
    token: Path  # a file in the folder of the run, for as long as that lasts
    reading: Reading | None  # the context that photos are read in; None: they are in the folder


class ChunkResult(NamedTuple):
    """Results of a chunk; where an item failed, those before it, and its error."""

    results: list[Any]
    error: BaseException | None


_admitted: set[Path] = set()  # on a worker: tokens of the runs that it may work for


def _admit(work: Work) -> None:
    """On a worker: raise ResourceError when it would not compute what the process that sent the work would."""
    here = versions()
    here = here | installed(work.versions.keys() - here.keys())
    if other := [
        f"{name} {here[name]}, not {wanted}" for name, wanted in work.versions.items() if here[name] != wanted
    ]:
        raise ResourceError(
            f"a Ray worker on {platform.node()} has {'; '.join(other)}",
            Do("install the same versions on every machine of the cluster"),
        )
    if not (work.reading or work.token.is_file()):
        raise ResourceError(
            f"a Ray worker on {platform.node()} does not see {work.token.parent}",
            Do("share that folder among all machines of the cluster, at the same path"),
            Do("name an object store with `--store`"),
        )
    if not work.reading or Path(work.place).is_dir():
        os.chdir(work.place)
    _admitted.add(work.token)


def _run(work: Work, chunk: Chunk) -> ChunkResult:
    """On a worker: the results of a chunk. An error of the function is a result too: it travels as it is."""
    from ray import cloudpickle

    results: list[Any] = []
    try:
        if work.token not in _admitted:
            _admit(work)
        with work.reading() if work.reading else nullcontext():
            for item in chunk:
                results.append(work.fn(cloudpickle.loads(item)))
    except Exception as error:
        error.add_note(f"on a Ray worker:\n{traceback.format_exc()}")
        return ChunkResult(results, error)
    return ChunkResult(results, None)


def chunks(items: Iterable[Any], workers: int) -> Iterator[Chunk]:
    """Chunks of `CHUNK` items, smaller where they reach `CHUNK_BYTES`; of few items, one chunk for each worker."""
    from ray import cloudpickle

    source: Iterator[bytes] = map(cloudpickle.dumps, items)
    first, room = [], workers * CHUNK_BYTES
    for item in source:
        first.append(item)
        room -= len(item)
        if len(first) == workers * CHUNK or room <= 0:
            break
    else:
        size = -(-len(first) // workers) or 1
        yield from (first[start : start + size] for start in range(0, len(first), size))
        return
    chunk, filled = [], 0
    for item in chain(first, source):
        chunk.append(item)
        filled += len(item)
        if len(chunk) == CHUNK or filled >= CHUNK_BYTES:
            yield chunk
            chunk, filled = [], 0
    if chunk:
        yield chunk


class RayMap:
    """A `map_fn` over the workers of Ray, which starts with the first item. `embeds`: see `executors.embeds`."""

    embeds = True

    def __init__(self, start: Callable[[], None], folder: Path, workers: int | None) -> None:
        """`start` starts Ray, or finds it started; without `workers` their number is that of a cluster's cores."""
        self.start, self.workers = start, workers
        self.reading: Reading | None = None  # of `Work`
        self.packages: tuple[str, ...] = ()  # that read photos, besides those that compute
        self.token = folder.absolute() / f".tmp-ray-{secrets.token_hex(8)}"
        self._counted, self._looked = 1, 0.0

    def _count(self) -> int:
        """Workers that there are now."""
        import ray

        if self.workers:
            return self.workers
        if not self._looked or time.monotonic() - self._looked > LOOK_S:
            self._counted = max(1, int(ray.cluster_resources().get("CPU", 1)))
            self._looked = time.monotonic()
        return self._counted

    def __call__(self, fn: Callable[[Item], Result], items: Iterable[Item], /) -> Generator[Result, None, None]:
        """Apply `fn` to each item, lazily and in order."""
        source = iter(items)
        for item in source:  # nothing to do starts nothing
            self.start()
            yield from self._map(fn, chain([item], source))

    def _map(self, fn: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        import ray

        self.token.parent.mkdir(parents=True, exist_ok=True)
        self.token.touch()
        work = ray.put(Work(fn, versions() | installed(self.packages), str(Path.cwd()), self.token, self.reading))
        task = ray.remote(max_retries=RETRIES, num_cpus=1)(_run)
        source, pending = chunks(items, self._count()), deque[Any]()
        try:
            while True:
                while len(pending) < AHEAD * self._count() and (chunk := next(source, None)):
                    pending.append(task.remote(work, chunk))
                if not pending:
                    return
                outcome: ChunkResult = _result(pending[0])
                pending.popleft()
                yield from outcome.results
                if outcome.error is not None:
                    raise outcome.error
        finally:
            for left in pending if ray.is_initialized() else ():  # Ray would start again to cancel what is gone
                ray.cancel(left)


def _result(task: Any) -> ChunkResult:
    """What a task gave. Raises ResourceError where Ray has nothing to give."""
    import ray
    from ray import exceptions

    try:
        outcome: ChunkResult = ray.get(task)
        return outcome
    except exceptions.OutOfMemoryError as error:
        raise ResourceError(
            "a Ray worker ran out of memory, again and again", Do("try again with fewer --workers")
        ) from error
    except exceptions.WorkerCrashedError as error:
        raise ResourceError(f"{RETRIES + 1} Ray workers died over the same photos") from error
    except exceptions.RayTaskError as error:
        raise ResourceError(
            f"a Ray worker cannot run curate: {last_line(error)}",
            Do(f"install {extras.DISTRIBUTION} {__version__} on every machine of the cluster"),
        ) from error
    except exceptions.RayError as error:
        raise ResourceError(f"Ray failed: {last_line(error)}") from error


@contextmanager
def connect(address: str, workers: int, folder: Path, elsewhere: Elsewhere | None = None) -> Iterator[RayMap]:
    """Yield a `map_fn` over a Ray of our own with `workers` processes, or over the cluster at `address`.

    `address` is empty, `auto` (the cluster that this machine is part of) or host:port. With the first item photos
    are brought `elsewhere`, and Ray starts. It ends with the context, and all its processes with it. Raises
    ResourceError when it is not installed, does not start, or is not there, and what `elsewhere` raises.
    """
    extras.require("ray", "executor ray")
    with ExitStack() as stack:
        lock, started = threading.Lock(), threading.Event()

        def start() -> None:
            with lock:
                if not started.is_set():
                    if elsewhere:
                        map_fn.reading, map_fn.packages = elsewhere.prepare(), elsewhere.packages
                    stack.enter_context(session(address, workers))
                    started.set()

        map_fn = RayMap(start, folder, None if address else workers)
        try:
            yield map_fn
        finally:
            map_fn.token.unlink(missing_ok=True)
