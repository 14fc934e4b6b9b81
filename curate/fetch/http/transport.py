"""One HTTP exchange: vetted dial, deadline on every read, bounded and complete body. Only `client` uses it.

The connection below `requests` is ours in three points. It dials an IP address that was vetted, under the URL's
own Host and SNI. Each read of its socket is cut off at the deadline of the whole transfer, so a server that drips
bytes or headers cannot outlive it. And nothing is retried, redirected or decompressed behind our back.
"""

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

import certifi
import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from curate.core.errors import RejectedError
from curate.fetch.http.causes import root, why
from curate.fetch.http.gunzip import Gunzip
from curate.fetch.http.request import prepared

CHUNK = 65_536  # bytes per read

Lookup = Callable[[str, int, float], list[str]]  # host, port, seconds left -> vetted IP addresses


class _Transfer(threading.local):
    """The exchange that this thread is in."""

    ends_at: float  # monotonic seconds
    adapter: "Adapter"

    def remaining_s(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the transfer's deadline has passed")
        return left


_transfer = _Transfer()


class _DeadlineMixin:
    """A socket whose every read and write ends at the transfer's deadline."""

    def recv_into(self: Any, *args: Any) -> Any:
        self.settimeout(_transfer.remaining_s())
        return super().recv_into(*args)  # type: ignore[misc]

    def sendall(self: Any, *args: Any) -> Any:
        self.settimeout(_transfer.remaining_s())
        return super().sendall(*args)  # type: ignore[misc]


class _Socket(_DeadlineMixin, socket.socket):
    pass


class _TLSSocket(_DeadlineMixin, ssl.SSLSocket):
    pass


class _FinalResponse(http.client.HTTPResponse):
    """The final response: interim ones before it are passed over, whatever their number (RFC 9110, 15.2)."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, code, reason = super()._read_status()  # type: ignore[misc]
            if not 101 < code < 200:  # `begin` passes over 100; 101 is the answer to what nobody asked for
                return version, code, reason
            http.client.parse_headers(self.fp)


class _PinnedMixin:
    """A connection to a vetted address. `host` stays the URL's: so do Host header, SNI and certificate check."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            return _transfer.adapter.dial(self.host, self.port)
        except OSError as error:  # urllib3 takes a bare ECONNRESET for one that a request met, and goes on
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _transfer.adapter.connected(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)  # type: ignore[misc]
        _transfer.adapter.sent()


class _PlainConnection(_PinnedMixin, HTTPConnection):
    response_class = _FinalResponse


class _TLSConnection(_PinnedMixin, HTTPSConnection):
    response_class = _FinalResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class Adapter(HTTPAdapter):
    """`requests`' transport with our connections, used without a session: no netrc, redirects, proxies unasked.

    With `proxy`, http://host:port, all goes through it; it looks names up, so only addresses are vetted here.

    Connections are kept alive and shared by all threads.
    """

    def __init__(
        self,
        connections: int,
        connect_timeout_s: float,
        lookup: Lookup,
        proxy: str = "",
        proxy_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._proxy, self._proxy_headers = proxy, dict(proxy_headers)
        self._connect_timeout_s = connect_timeout_s
        self._lookup = lookup
        self._live: WeakSet[Any] = WeakSet()
        self._lock = threading.Lock()
        self.requests_sent = 0
        super().__init__(pool_connections=64, pool_maxsize=connections)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Called by the parent's constructor. The certificates are certifi's, whatever the environment says."""
        context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
        context.load_verify_locations(certifi.where())
        context.sslsocket_class = _TLSSocket
        options: dict[str, Any] = {"maxsize": maxsize, "block": block, "ssl_context": context}
        if self._proxy:
            headers = self._proxy_headers
            self.poolmanager = ProxyManager(self._proxy, connections, proxy_headers=headers, **options)
        else:
            self.poolmanager = PoolManager(connections, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        """The pool for the request's host; `verify`, `cert` and proxies have no say."""
        return self.poolmanager.connection_from_url(str(request.url))

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """What the request line names: the path, or to a proxy the whole address."""
        if self._proxy and str(request.url).startswith("http://"):
            return str(request.url)
        return request.path_url

    def cert_verify(self, *_: Any) -> None:
        """Nothing to add to the context of `init_poolmanager`."""

    def build_response(self, request: requests.PreparedRequest, answer: Any) -> requests.Response:
        """The answer with its body unread: what we read of it, and nothing that costs more than that."""
        response = requests.Response()
        response.status_code, response.headers = answer.status, answer.headers
        response.raw, response.url = answer, str(request.url)
        if "Set-Cookie" in answer.headers:
            extract_cookies_to_jar(response.cookies, request, answer)  # type: ignore[no-untyped-call]
        return response

    def dial(self, host: str, port: int) -> socket.socket:
        """Look `host` up and connect to the first of its addresses that answers. Raises RejectedError, OSError."""
        trouble: OSError = OSError(f"no address for {host}")
        for ip in self._lookup(host.strip("[]"), port, _transfer.remaining_s()):
            sock = _Socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(self._connect_timeout_s, _transfer.remaining_s()))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect((ip, port))
                return sock
            except OSError as error:
                sock.close()
                trouble = error
        raise trouble

    def connected(self, connection: Any) -> None:
        """Remember a connection, so that `close` can end the transfers under way."""
        with self._lock:
            self._live.add(connection)

    def sent(self) -> None:
        """Count a request that left."""
        with self._lock:
            self.requests_sent += 1

    def close(self) -> None:
        """End every connection, also those in use by other threads, which then fail at once."""
        with self._lock:
            for connection in self._live:
                if (sock := connection.sock) is not None:
                    with suppress(OSError):  # the peer, or the thread that uses it, may have been faster
                        socket.socket.shutdown(sock, socket.SHUT_RDWR)
        super().close()

    def answer(
        self, url: str, headers: Mapping[str, str], ends_at: float, body: bytes | None = None
    ) -> requests.Response:
        """Send one GET, or a POST of `body`, and return its answer unread. `ends_at`: monotonic seconds.

        Raises RejectedError: dns, private_address, connect_failed, tls, protocol, deadline, bad_url.
        """
        _transfer.ends_at, _transfer.adapter = ends_at, self
        try:
            plain = self._proxy_headers if url.startswith("http://") else {}  # of https the tunnel carries them
            request = prepared(url, {**headers, **plain}, body)
            return self.send(request, stream=True, timeout=max(ends_at - time.monotonic(), 0.001))
        except RejectedError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            late = time.monotonic() >= ends_at
            raise RejectedError("deadline" if late else why(error), f"{url}: {root(error)}") from error


def body(response: requests.Response, max_bytes: int, head_only: bool = False) -> bytes:
    """The whole body, decompressed. With `head_only`, a longer one is cut at `max_bytes` instead of refused.

    Raises RejectedError: too_large, bad_encoding, body_truncated, deadline.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        response.raw.close()
        raise RejectedError(
            "bad_encoding", f"{response.url}: Content-Encoding {encoding[:40]!r}, we asked for gzip"
        )
    gunzip = Gunzip() if encoding.endswith("gzip") else None
    received, data = 0, bytearray()
    try:
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared[:20]) > max_bytes and not head_only:
            raise RejectedError("too_large", f"{response.url}: {declared[:20]} bytes, the limit is {max_bytes}")
        while chunk := response.raw.read(CHUNK, decode_content=False):
            _transfer.remaining_s()
            received += len(chunk)
            data += gunzip.feed(chunk, max_bytes - len(data)) if gunzip else chunk
            if len(data) > max_bytes or received > max_bytes:
                if head_only:
                    response.raw.close()
                    return bytes(data[:max_bytes])
                raise RejectedError("too_large", f"{response.url}: more than {max_bytes} bytes")
            if response.raw.length_remaining == 0:  # all that was declared
                break
        if gunzip and received and not gunzip.complete:
            raise RejectedError("body_truncated", f"{response.url}: the gzip stream ends early")
    except zlib.error as error:
        response.raw.close()
        raise RejectedError("bad_encoding", f"{response.url}: {error}") from error
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        response.raw.close()
        late = time.monotonic() >= _transfer.ends_at
        raise RejectedError("deadline" if late else "body_truncated", f"{response.url}: {root(error)}") from error
    except RejectedError:
        response.raw.close()
        raise
    return bytes(data)


def discard(response: requests.Response) -> None:
    """Be done with an answer whose body is of no use; a short one is read, to keep the connection."""
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and len(declared) < 6:
        with suppress(urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError):
            response.raw.read(decode_content=False)
            return
    response.raw.close()


def is_framed(response: requests.Response) -> bool:
    """True when the server said where the body ends; else it ended when the connection did, complete or not."""
    return "Content-Length" in response.headers or bool(response.raw.chunked)
