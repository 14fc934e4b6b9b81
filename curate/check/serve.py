"""Run the service in this process until SIGTERM or SIGINT, which let it answer what it took. SIGHUP reloads."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from curate.check.api import api, is_loopback
from curate.check.batches import Batches, Opener, Reloader
from curate.check.limits import Limits
from curate.core.errors import Do, UsageError

SWITCH_S = 0.001  # between threads: an answer that needs no photo does not wait for those that do
KEEP_ALIVE_S = 15


def listen(host: str, port: int, keys: Sequence[bytes]) -> socket.socket:
    """A socket that listens. Raises UsageError for a port that is taken, and for an open door without a key."""
    if not keys and not is_loopback(host):
        raise UsageError(
            f"--host {host} is open to others: without API keys anybody may ask",
            Do("set CURATE_API_KEYS to one or more keys, separated by commas"),
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        said = f"--host {host} --port {port}: {os.strerror(error.errno or 0)}"
        raise UsageError(said, Do("name another one")) from error


def event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the quickest event loop here; None for the one of Python."""
    try:
        import uvloop
    except ImportError:  # it does not exist for Windows
        return None
    return uvloop.new_event_loop


def serve(
    listening: socket.socket,
    opener: Opener,
    folder: Path,
    recipe: Path,
    limits: Limits,
    keys: Sequence[bytes],
    say: Callable[[str], None],
) -> None:
    """Answer until a signal says stop. Raises what `opener` raises at first; later it is logged."""
    import cv2
    from threadpoolctl import threadpool_limits

    checker = opener()
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    cv2.setNumThreads(1)  # batches run side by side, and each has one core
    try:
        with threadpool_limits(1):
            batches = Batches(checker, limits)
            reloader = Reloader(batches, opener, folder, recipe, say)
            with asyncio.Runner(loop_factory=event_loop()) as runner:
                runner.run(_serve(listening, batches, reloader, limits, keys, say))
    finally:
        sys.setswitchinterval(before)


async def _serve(
    listening: socket.socket,
    batches: Batches,
    reloader: Reloader,
    limits: Limits,
    keys: Sequence[bytes],
    say: Callable[[str], None],
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """The signals are answered below: uvicorn would raise them again at the end."""
            yield

    stopping = asyncio.Event()
    app = api(batches, reloader, limits, keys, lambda: not stopping.is_set(), say)
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,  # a warning of it may tell of a request
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(limits.deadline_s) + 5,
    )
    server = Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, reloader.ask)
    work = [asyncio.create_task(each) for each in (batches.run(), reloader.run())]
    for task in work:
        task.add_done_callback(lambda _: stop())  # neither ends by itself: without one it must not go on
    host, port, *_ = listening.getsockname()
    say(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}, API at /docs")
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in work:
            task.cancel()
        ended = await asyncio.gather(*work, return_exceptions=True)
    if mistakes := [each for each in ended if isinstance(each, Exception)]:
        raise mistakes[0]
    say("stopped; every upload that was taken is answered")
