"""Faults as fixtures: an HTTP server that misbehaves on purpose, over real sockets on loopback.

    with serve({"/a.jpg": [reset(), ok(PHOTO)]}) as server:
        ...
        assert [seen.path for seen in server.seen] == ["/robots.txt", "/a.jpg", "/a.jpg"]

A fault is a function that is given the socket after a request was read; when it returns True the connection stays
open. A list of faults is used one after another, its last one for good. A path that is not in the table is a 404.
The path of a POST may have `#` and the body behind it.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Fault = Callable[[socket.socket], bool]


@dataclass(frozen=True)
class Seen:
    """One request, as the server saw it."""

    at_s: float  # monotonic
    path: str
    headers: Mapping[str, str]  # lower-case names
    connection: int  # number of the connection it came on
    body: bytes = b""


@dataclass
class Server:
    """A running server and what happened to it."""

    port: int
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    @property
    def host_port(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def times(self, path: str) -> list[float]:
        return [seen.at_s for seen in self.seen if seen.path == path]


@contextmanager
def serve(routes: Mapping[str, Fault | Sequence[Fault]], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve `routes` until the block ends; then every connection is closed and every thread has ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = Server(listener.getsockname()[1], "https" if tls else "http")
    used: dict[str, int] = {}
    lock = threading.Lock()
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def fault_for(path: str) -> Fault:
        found = routes.get(path, status(404))
        if callable(found):
            return found
        with lock:
            turn = used[path] = used.get(path, -1) + 1
        return found[min(turn, len(found) - 1)]

    def converse(sock: socket.socket, number: int) -> None:
        with suppress(OSError):
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True)
                sockets.append(sock)
            with sock, sock.makefile("rb") as stream:
                while (line := stream.readline()) not in (b"", b"\r\n"):
                    headers = {}
                    while (header := stream.readline().strip()) != b"":
                        name, _, value = header.decode("latin-1").partition(":")
                        headers[name.lower()] = value.strip()
                    path = line.split()[1].decode("latin-1")
                    body = stream.read(int(headers.get("content-length", "0")))
                    server.seen.append(Seen(time.monotonic(), path, headers, number, body))
                    named = f"{path}#{body.decode()}"
                    if not fault_for(named if body and named in routes else path)(sock):
                        return

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server.connections += 1
                sockets.append(sock)
                thread = threading.Thread(target=converse, args=(sock, server.connections))
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(10)
        for sock in sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        for sock in sockets:
            sock.close()


# --- answers ------------------------------------------------------------------------------------------------


def _head(code: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {code} whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Fault:
    """A correct answer of any status; the connection stays open."""

    def answer(sock: socket.socket) -> bool:
        sock.sendall(_head(code, {"Content-Length": str(len(body))} | dict(headers or {})) + body)
        return True

    return answer


def ok(
    body: bytes = b"hello", content_type: str = "image/jpeg", headers: Mapping[str, str] | None = None
) -> Fault:
    """A correct 200."""
    return status(200, {"Content-Type": content_type} | dict(headers or {}), body)


def redirect(location: str, code: int = 302) -> Fault:
    """To `location`."""
    return status(code, {"Location": location})


def after(seconds: float, fault: Fault) -> Fault:
    """Latency: `fault`, later."""

    def wait(sock: socket.socket) -> bool:
        time.sleep(seconds)
        return fault(sock)

    return wait


# --- faults -------------------------------------------------------------------------------------------------


def raw(data: bytes) -> Fault:
    """Exactly these bytes, then the connection ends (FIN)."""

    def answer(sock: socket.socket) -> bool:
        sock.sendall(data)
        return False

    return answer


def unframed(body: bytes, content_type: str = "image/jpeg") -> Fault:
    """No Content-Length: the body ends where the connection does."""
    return raw(_head(200, {"Content-Type": content_type, "Connection": "close"}) + body)


def short(body: bytes, declared: int) -> Fault:
    """Declares more (or fewer) bytes than it sends."""
    return raw(_head(200, {"Content-Type": "image/jpeg", "Content-Length": str(declared)}) + body)


def chunked(data: bytes) -> Fault:
    """A chunked body, sent as given, chunk sizes included."""
    return raw(_head(200, {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"}) + data)


def encoded(body: bytes, encoding: str, content_type: str = "image/jpeg") -> Fault:
    """A body that claims a Content-Encoding."""
    return ok(body, content_type, {"Content-Encoding": encoding})


def drip(data: bytes, every_s: float) -> Fault:
    """One byte at a time."""

    def answer(sock: socket.socket) -> bool:
        for number in range(len(data)):
            sock.sendall(data[number : number + 1])
            time.sleep(every_s)
        return False

    return answer


def endless(head: bytes, piece: bytes) -> Fault:
    """`head`, then `piece` for ever, as fast as it is taken."""

    def answer(sock: socket.socket) -> bool:
        sock.sendall(head)
        while True:
            sock.sendall(piece)

    return answer


def reset() -> Fault:
    """RST instead of an answer."""

    def answer(sock: socket.socket) -> bool:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return answer


def silence(seconds: float = 30) -> Fault:
    """No answer at all, until the other side leaves."""

    def answer(sock: socket.socket) -> bool:
        sock.settimeout(seconds)
        with suppress(OSError):
            sock.recv(1)
        return False

    return answer
