"""robots.txt: what may be fetched, decided by Protego, and what its absence means (RFC 9309).

answer                               meaning
2xx                                  its rules (a web page instead of rules: none, with a warning)
404, 410, other 4xx, > 5 redirects   no rules: everything is allowed
401, 403                             denied: stricter than the RFC, which would allow
429, 5xx, no answer                  everything is disallowed: one retry, then a copy of the last day, then later
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from curate.core.errors import Again, CurateError, DeniedError, RejectedError, TryLaterError
from curate.fetch.http.host_state import HostState
from curate.fetch.http.url import ParsedUrl, UnansweredError, parse

TOKEN = "curate"  # our name in robots.txt
MAX_BYTES = 512 * 1024  # what is read of a robots.txt; RFC 9309 asks for 500 KiB at least
MAX_CRAWL_DELAY_S = 300.0
OVERRIDE = "politeness.obey_robots: false overrides it, where you have the right to"

log = logging.getLogger(__name__)

Ask = Callable[[ParsedUrl], tuple[int, bytes]]  # fetch one URL: status and body; raises RejectedError


@dataclass(frozen=True)
class Rules:
    """What one origin allows us."""

    parsed: Protego | None  # None: everything
    decision: str  # for the sidecar: where the rules came from
    crawl_delay_s: float = 0.0

    def allows(self, url: str) -> bool:
        """May we fetch `url`?"""
        return self.parsed is None or bool(self.parsed.can_fetch(url, TOKEN))


def parse_rules(text: str, decision: str) -> Rules:
    """Rules out of the text of a robots.txt. Raises DeniedError for a crawl-delay beyond reason."""
    if text.lstrip().lower().startswith(("<!doctype", "<html")):
        return Rules(None, f"{decision}: a web page, not rules; everything is allowed")
    try:
        parsed = Protego.parse(text)
        rate = parsed.request_rate(TOKEN)
        delay = max(parsed.crawl_delay(TOKEN) or 0.0, rate.seconds / rate.requests if rate else 0.0)
    except (ValueError, ArithmeticError) as error:  # a number of hundreds of digits
        raise DeniedError(f"robots.txt asks for a rate that is no number ({error}); {OVERRIDE}") from error
    if delay > MAX_CRAWL_DELAY_S:
        raise DeniedError(
            f"robots.txt asks for {delay:g} s between requests, more than {MAX_CRAWL_DELAY_S:g}; {OVERRIDE}"
        )
    return Rules(parsed, decision, delay)


def decode(body: bytes) -> str:
    """Text of a robots.txt, whatever its bytes: every line that can be read is used."""
    return body.decode("utf-8-sig", "replace").replace("\0", "")


class Robots:
    """The rules of every origin met in a run, each asked for once. Thread-safe."""

    def __init__(self, ask: Ask, pause: Callable[[int], None], state: HostState) -> None:
        self._ask = ask
        self._pause = pause  # wait before another try, given the number of tries so far
        self._state = state
        self._known: dict[str, Rules | DeniedError | TryLaterError | RejectedError] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def rules(self, url: ParsedUrl) -> Rules:
        """The rules for `url`.

        Raises DeniedError (401, 403, crawl-delay), TryLaterError (unreachable), or RejectedError where the host
        can never be reached: no such name, a private address, an invalid certificate.
        """
        origin = url.origin
        found = self._known.get(origin)
        if found is None:
            with self._lock:
                lock = self._locks[origin]
            with lock:
                found = self._known.get(origin)
                if found is None:
                    try:
                        found = self._load(origin)
                    except (DeniedError, TryLaterError, RejectedError) as error:
                        found = error
                    self._known[origin] = found
        if isinstance(found, RejectedError):
            raise type(found)(found.reason, found.detail)
        if isinstance(found, CurateError):
            raise type(found)(*found.args, *found.remedies)
        return found

    def decisions(self) -> dict[str, str]:
        """Origin to where its rules came from, sorted; for the sidecar."""
        return {
            origin: found.decision if isinstance(found, Rules) else str(found)
            for origin, found in sorted(self._known.items())
        }

    def _load(self, origin: str) -> Rules:
        url = f"{origin}/robots.txt"
        problem = ""
        for tries in (1, 2):
            try:
                status, body = self._ask(parse(url))
            except RejectedError as error:
                if error.reason in ("redirect_loop", "redirect_invalid"):
                    return Rules(None, f"{error}: everything is allowed")
                if error.reason in ("private_address", "tls", "bad_url") or (
                    error.reason == "dns" and not isinstance(error, UnansweredError)
                ):
                    raise
                problem = str(error)
            else:
                if status in (401, 403):
                    raise DeniedError(f"{url} answers {status}: we take that as a no; {OVERRIDE}")
                if status < 400:
                    return self._read(origin, status, body)
                if status < 500 and status != 429:
                    log.info("%s answers %d: everything is allowed", url, status)
                    return Rules(None, f"{status}: everything is allowed")
                problem = f"it answers {status}"
            if tries == 1:
                self._pause(tries)
        cached = self._state.robots_text(origin)
        if cached is not None:
            log.warning("%s: %s; using our copy of the last 24 hours", url, problem)
            return parse_rules(cached, f"copy of the last 24 hours ({problem})")
        raise TryLaterError(
            f"cannot read {url} ({problem}), so nothing may be fetched from there; nothing is lost",
            Again(later=True),
        )

    def _read(self, origin: str, status: int, body: bytes) -> Rules:
        if len(body) >= MAX_BYTES:
            log.warning("%s/robots.txt: only its first %d bytes are used", origin, MAX_BYTES)
            body = body[:MAX_BYTES].rpartition(b"\n")[0]  # not half a line: `Disallow: /` would be all of it
        text = decode(body)
        rules = parse_rules(text, str(status))
        if rules.parsed is None:
            log.warning("%s/robots.txt is a web page: everything is allowed", origin)
        self._state.keep_robots(origin, text)
        return rules
