"""Serve a catalogue as a classifieds site on loopback, over real HTTP/1.1 with connections kept alive.

The pages are those of `pages.py`. Every request is logged, so that a test can say what a client did and when.
"""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from curate.core.errors import UsageError
from curate.demo.pages import Catalogue, PaintedListing, Reply, respond
from curate.demo.scripted import respond_by_script


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the site answered."""

    at_s: float  # time.monotonic()
    path: str  # with its query
    status: int
    user_agent: str


@dataclass(frozen=True, slots=True)
class Site:
    """A running site."""

    url: str  # http://127.0.0.1:PORT
    requests: list[Request] = field(default_factory=list)  # grows while the site runs

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, as a recipe's allow_hosts wants it."""
        return self.url.removeprefix("http://")


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False  # closing waits for every connection's thread

    def __init__(self, address: tuple[str, int], catalogue: Catalogue, by_script: bool) -> None:
        self.by_script = by_script
        super().__init__(address, _Handler)
        self.catalogue = catalogue
        self.site = Site(f"http://{address[0]}:{self.server_address[1]}")
        self.open_sockets: set[socket.socket] = set()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "curate-demo"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # bytes: headers and small bodies leave in one packet
    timeout = 60  # seconds a connection may be idle

    def setup(self) -> None:
        super().setup()
        self.server.open_sockets.add(self.connection)

    def finish(self) -> None:
        self.server.open_sockets.discard(self.connection)
        with suppress(OSError):  # the client went away
            super().finish()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        site = self.server.site
        try:
            answer = respond_by_script if self.server.by_script else respond
            reply = answer(self.server.catalogue, self.path, site.url)
        except OSError as error:
            reply = Reply(500, "text/plain; charset=utf-8", f"{error.strerror}\n".encode())
        agent = self.headers.get("User-Agent", "")
        site.requests.append(Request(time.monotonic(), self.path, reply.status, agent))
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: `Site.requests` is the log."""


@contextmanager
def serve(
    listings: Sequence[PaintedListing],
    port: int = 0,
    name: str = "Paint & Motor",
    host: str = "127.0.0.1",
    by_script: bool = False,
) -> Iterator[Site]:
    """Serve `listings` while the context lasts; port 0 takes a free one. `by_script`: scripts make the pages.

    Raises UsageError when the port is taken.
    """
    try:
        server = _Server((host, port), Catalogue(tuple(listings), name), by_script)
    except OSError as error:
        raise UsageError(
            f"port {port} of {host} cannot be used ({error.strerror}); choose another port"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        thread.join()
        for connection in list(server.open_sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
