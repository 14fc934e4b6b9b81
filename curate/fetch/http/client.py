"""The one place that talks HTTP: polite, bounded in time and bytes, and either complete or an error.

`Client.get` is a loop of tries around a whole transfer: robots.txt, rate limit, vetted connection, redirects,
body to its very end, decompression, and the caller's own check of the content. What may be wrong for a moment is
tried again with full jitter; what is wrong for good is a `RejectedError` with its reason; a host that says no or
later is a `DeniedError` or `TryLaterError`, which end the run.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

import requests

from curate.core.errors import Again, CurateError, RejectedError, To, TryLaterError, UsageError
from curate.core.recipe import Politeness
from curate.fetch.http import transport
from curate.fetch.http.host_state import HostState
from curate.fetch.http.rate_limit import Host, backoff_s, retry_after_s
from curate.fetch.http.request import NOTHING, Headers, proxy_of
from curate.fetch.http.response import (
    HOST_TROUBLE,
    PASSING,
    SLOW_TRIES,
    PassingError,
    Response,
    ThrottledError,
    location,
    whole,
)
from curate.fetch.http.robots import MAX_BYTES, Robots
from curate.fetch.http.signed_url import is_signed
from curate.fetch.http.url import (
    DEFAULT_PORTS,
    ParsedUrl,
    Resolver,
    UnansweredError,
    addresses,
    host_allowed,
    literal,
    parse,
    refuse_private,
    system_resolver,
)

__all__ = ["Client", "Response"]

MAX_REDIRECTS = 5
Wanted = Literal["page", "photo", "data", "part"]


class Client:
    """Fetches with one politeness. Thread-safe; leave the context before joining the threads that use it.

    `state_file` keeps robots.txt files and the times at which hosts want us back. With `start_urls`, only
    their hosts and those that the politeness names are asked; without, only redirects are held to that. Leaving
    the context ends the transfers that other threads are in.
    """

    def __init__(
        self,
        politeness: Politeness,
        state_file: Path | None = None,
        *,
        start_urls: Iterable[str] | None = None,
        resolve: Resolver = system_resolver,
        jitter: Callable[[], float] = random.random,
        note: Callable[..., object] = lambda *_, **__: None,
    ) -> None:
        self.note = note  # called with each page and photo, for a log
        self._politeness = politeness
        self._allowed = {name.lower() for name in politeness.allow_hosts}
        starts = [parse(url) for url in start_urls or ()]
        self._starts = None if start_urls is None else {start.host_port for start in starts}
        named = {parse(f"http://{name}").host for name in self._allowed}
        self._own = named | {start.host for start in starts}
        self._resolve = resolve
        self._jitter = jitter
        self._state = HostState(state_file)
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        proxy, proxy_headers = proxy_of(politeness)
        self._private = self._allowed | {proxy.partition("://")[2]}
        self._headers = Headers(politeness, {start.host_port for start in starts})
        self._adapter = transport.Adapter(
            politeness.workers, politeness.connect_timeout_s, self._lookup, proxy, proxy_headers
        )
        self._robots = Robots(self._ask_robots, self._pause, self._state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make every call under way, in whatever thread, end soon with TryLaterError."""
        self._closed.set()
        for host in list(self._hosts.values()):
            host.wake()
        self._adapter.close()

    @property
    def requests_sent(self) -> int:
        """Requests that left, those for robots.txt and after redirects included."""
        return self._adapter.requests_sent

    def robots_decisions(self) -> dict[str, str]:
        """Origin to where its robots rules came from, for the sidecar."""
        return self._robots.decisions()

    def get(
        self,
        url: str,
        max_bytes: int,
        expect: Wanted,
        check: Callable[[Response], None] | None = None,
        more: Mapping[str, str] = NOTHING,
        body: bytes | None = None,
    ) -> Response:
        """Fetch `url` whole, at most `max_bytes` of it after decompression.

        `more` are further headers: Referer, the page that named it; If-None-Match, If-Modified-Since, with which
        the answer may be `unmodified`, without data. A `body` is sent by POST, as searches of APIs want it.

        `check` may refuse the content with a RejectedError; the reasons in `PASSING` are tried again.
        Raises RejectedError (this URL cannot be used; PassingError: not now), DeniedError (the host refuses us,
        that is, it also refuses what it gave before or gave nothing), TryLaterError (the host
        is unwell or asked us to wait; also after `close`), UsageError (the recipe lacks a contact).
        """
        asked = replace(parse(url), body=body)
        host = self._host(asked.host)
        tries = 1
        while True:
            host.check()
            try:
                response, final = self._follow(asked, expect, more)
                obey, known = self._politeness.obey_robots, any(name.startswith("If-") for name in more)
                reply = whole(response, final.url, max_bytes, expect, obey, tries, known)
                if check is not None and not reply.unmodified:
                    check(reply)
            except RejectedError as error:
                if self._closed.is_set():
                    raise TryLaterError(f"{url}: interrupted", To("go on", Again())) from error
                self._ask_again(host)
                throttled = isinstance(error, ThrottledError)
                passing = throttled or isinstance(error, UnansweredError) or error.reason in PASSING
                most = self._politeness.max_tries
                most = min(most, SLOW_TRIES) if error.reason == "deadline" else most
                if not passing or tries >= most:
                    if throttled:
                        raise TryLaterError(
                            f"{host.name} keeps answering 429: too many requests", Again(later=True)
                        ) from error
                    host.gave_up() if error.reason in HOST_TROUBLE else host.delivered()
                    if passing and error.reason != "decode_truncated":  # which is then the file itself
                        raise PassingError(error.reason, error.detail, error.size) from error
                    raise
                self._pause(tries)
                tries += 1
            else:
                host.delivered("" if body is not None or is_signed(url) else url)
                return reply

    def gave(self, url: str) -> None:
        """Note what a host gave in an earlier run: should it refuse much, it is asked for this before we stop."""
        if url and not is_signed(url):
            self._host(parse(url).host).delivered(url)

    def _ask_again(self, host: Host) -> None:
        """Where a host refused many requests in a row, ask it for what it gave before. Raises DeniedError."""
        with host.asking_again:
            if not host.is_in_doubt:
                return
            refused = not host.given
            with suppress(RejectedError):
                response, _ = self._follow(parse(host.given), "page")
                refused = response.status_code in (401, 403, 429)
                transport.discard(response)
            host.blocked_us() if refused else host.cleared()
        host.check()

    # --- one try ---

    def _follow(
        self, asked: ParsedUrl, expect: Wanted | Literal["robots"], more: Mapping[str, str] = NOTHING
    ) -> tuple[requests.Response, ParsedUrl]:
        """Ask for `asked` and follow redirects by hand. All hops share the deadline; our own waiting is free."""
        start, left_s = asked, self._politeness.deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            if expect != "robots":
                self._enter(asked, start)
            elif asked.host_port not in self._allowed:
                refuse_private(asked.host, asked.port, literal(asked.host))
            headers = self._headers.of(asked, expect, more)
            response, spent_s = self._exchange(asked, headers, left_s)
            if response.status_code not in (301, 302, 303, 307, 308):
                return response, asked
            left_s -= spent_s
            target = location(response, asked)
            if expect != "robots" and (asked.scheme, target.scheme) == ("https", "http"):
                raise RejectedError("redirect_downgrade", f"{asked.url} leads to {target.url}")
            asked = target
        raise RejectedError("redirect_loop", f"{start.url}: more than {MAX_REDIRECTS} redirects")

    def _enter(self, asked: ParsedUrl, start: ParsedUrl) -> None:
        """Raise unless the recipe and the host's robots.txt let us ask for `asked`."""
        known = {start.host_port} if self._starts is None else self._starts
        same = asked.host == start.host and asked.port in (start.port, DEFAULT_PORTS[asked.scheme])
        by_name = asked.host_port in self._allowed
        if not (by_name or asked.host_port in known or (same and start.host_port in known)) and (
            not host_allowed(asked, self._politeness.image_hosts)
        ):
            raise RejectedError("offsite", f"{asked.url}: add {asked.host} to politeness.image_hosts to permit it")
        if not by_name:
            refuse_private(asked.host, asked.port, literal(asked.host))
            if not self._politeness.contact:
                raise UsageError(
                    "add `contact: you@example.org` (or a URL) under source.politeness in the recipe: "
                    f"{asked.host} is a public host, and its owner must be able to reach you"
                )
        if self._politeness.obey_robots:
            rules = self._robots.rules(asked)
            host = self._host(asked.host)
            host.interval_s = max(host.interval_s, rules.crawl_delay_s)
            if not rules.allows(asked.url):
                raise RejectedError("robots", f"{asked.url}: disallowed by {asked.origin}/robots.txt")

    def _exchange(
        self, asked: ParsedUrl, headers: Mapping[str, str], left_s: float
    ) -> tuple[requests.Response, float]:
        """Send one request in its turn; its answer, and the seconds that took."""
        host = self._host(asked.host)
        host.check()
        with host.turn(self._closed.is_set, self._politeness.max_wait_s) as sent_at:
            response = self._adapter.answer(asked.url, headers, sent_at + left_s, asked.body)
        self._headers.keep(response)
        try:
            self._heed(host, response, sent_at, asked.url)
        except CurateError:
            response.raw.close()
            raise
        return response, time.monotonic() - sent_at

    def _heed(self, host: Host, response: requests.Response, sent_at: float, url: str) -> None:
        """Draw the conclusions of a status for the whole host."""
        status = response.status_code
        if status in (401, 403) and is_signed(url):
            pass  # the signature has expired: no word about us
        elif status in (401, 403, 429):
            host.refused(sent_at)
        else:
            host.answered()
        if status == 429 or status >= 500:
            asked_s = retry_after_s(response.headers.get("Retry-After", ""), datetime.now(UTC))
            if asked_s is None:
                asked_s = backoff_s(host.refusals, self._jitter()) if status == 429 else 0.0
            host.hold(asked_s)
            if asked_s > self._politeness.max_wait_s:
                self._state.keep_wait(host.name, asked_s)
                most = f"max_wait_s: {self._politeness.max_wait_s:g}; nothing is lost"
                raise TryLaterError(
                    f"{host.name} asks us to wait {asked_s:.0f} s, longer than {most}", Again(later=True)
                )

    # --- parts handed to others ---

    def _ask_robots(self, asked: ParsedUrl) -> tuple[int, bytes]:
        response, _ = self._follow(asked, "robots")
        if response.status_code >= 300:
            transport.discard(response)
            return response.status_code, b""
        return response.status_code, transport.body(response, MAX_BYTES, head_only=True)

    def _lookup(self, host: str, port: int, left_s: float) -> list[str]:
        named = f"{f'[{host}]' if ':' in host else host}:{port}".lower() in self._private
        return addresses(host, port, named, min(left_s, self._politeness.connect_timeout_s), self._resolve)

    def _pause(self, tries: int) -> None:
        """Wait between two tries of one URL, unless the client is closed."""
        self._closed.wait(backoff_s(tries, self._jitter()))

    def _host(self, name: str) -> Host:
        with self._lock:
            if name not in self._hosts:
                least_s = 0.0 if name in self._own else 1.0  # whoever runs one host does not run them all
                self._hosts[name] = Host(name, max(least_s, self._politeness.min_interval_s))
                self._hosts[name].hold(self._state.wait_s(name))
            return self._hosts[name]
