"""Ray started and ended: one of our own on this machine, or a cluster that is there."""

import logging
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from curate.core.errors import CurateError, Do, ResourceError

STARTS = 3  # of a local Ray, before it is given up
RETRIES = 20  # of work whose worker died
STORE_BYTES = 512 << 20  # of a local Ray, for items and results on their way; more of them go to disk
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "error"}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


def last_line(error: BaseException) -> str:
    """What an error of Ray comes down to."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


@contextmanager
def session(address: str, workers: int) -> Iterator[None]:
    """Ray, started and ended by a thread of its own.

    Where it is not the main thread that starts it, Ray leaves the handling of signals alone; and its processes end
    with the thread that started them, however that ends. On a busy machine Ray gives up after half a minute: then
    it is started once more. Raises ResourceError when it does not start, or no cluster is there.
    """
    tries = 1 if address else STARTS
    for left in reversed(range(tries)):
        ready, done, failed = threading.Event(), threading.Event(), list[Exception]()
        holder = threading.Thread(
            target=_hold, args=(address, workers, ready, done, failed), name="ray", daemon=True
        )
        holder.start()
        try:
            ready.wait()
            if not failed:
                yield
                return
        finally:
            done.set()
            holder.join()
        if not left:
            raise _not_there(address, failed[0]) from failed[0]


def _hold(
    address: str, workers: int, ready: threading.Event, done: threading.Event, failed: list[Exception]
) -> None:
    """Start Ray, say so by `ready`, and end it when it is `done`."""
    with _environment(local=not address), ExitStack() as folders:
        import ray

        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            _init(address, workers, folders)
        except Exception as error:  # Ray raises anything
            failed.append(error)
        ready.set()
        done.wait()
        ray.shutdown()


def _init(address: str, workers: int, folders: ExitStack) -> None:
    """Start Ray, or join the cluster."""
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    if address:
        ray.init(address, **quiet)
        return
    temporary = tempfile.mkdtemp(prefix="curate-ray-")
    folders.callback(shutil.rmtree, temporary, ignore_errors=True)
    ray.init(
        "local",
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        _temp_dir=temporary,
        _system_config={"task_oom_retries": RETRIES},
        **quiet,
    )


def _not_there(address: str, error: Exception) -> CurateError:
    if isinstance(error, ConnectionError):
        return ResourceError(
            f"executor ray: no Ray cluster answers at {address} ({last_line(error)})",
            Do("start one with `ray start --head` on this machine, or use `--executor ray`"),
        )
    return ResourceError(f"executor ray: Ray does not start: {last_line(error)}")


@cache
def _own() -> dict[str, str]:
    """What a Ray of our own reads when it is imported: loopback only, and a secret, which it never reads again.

    Nothing where the program that runs curate has imported Ray before, by settings of its own.
    """
    return {} if "ray" in sys.modules else {**_LOOPBACK, "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def _environment(local: bool) -> Iterator[None]:
    """What Ray reads from the environment."""
    wanted = {**_QUIET, **(_own() if local else {})}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
