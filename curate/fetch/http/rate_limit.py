"""How fast one host may be asked, and when to stop asking: one `Host` per host name, shared by all threads.

All times here are monotonic seconds, so a wall clock that jumps changes nothing.
"""

import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from curate.core.errors import Again, DeniedError, Do, Run, To, TryLaterError

BLOCKED_IN_A_ROW = 10  # answers 401, 403 or 429 until we ask the host for what it gave before
FAILED_IN_A_ROW = 20  # URLs given up in a row until we believe that the host is down
BACKOFF_BASE_S = 1.0
BACKOFF_CAP_S = 60.0


def backoff_s(tries: int, jitter: float) -> float:
    """Seconds to wait after `tries` failures: full jitter, 0..1 of an exponentially growing window.

    M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return jitter * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** (tries - 1))


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3).

    None for what says nothing: absent, a date gone by, or not in the format.
    """
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    try:
        then = parsedate_to_datetime(text)
        wait = (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return wait if wait > 0 else None


class Host:
    """The budget of one host. Thread-safe."""

    def __init__(self, name: str, min_interval_s: float) -> None:
        self.name = name
        self.interval_s = min_interval_s  # robots.txt may raise it
        self._free_at = 0.0  # the next request may leave then
        self._held_until = 0.0  # the host itself asked us to wait
        self._busy = False  # a paced request is waiting for its answer
        self._blocked = 0
        self._blocked_at = 0.0
        self._doubt_from = BLOCKED_IN_A_ROW
        self._denied = False
        self.given = ""  # a URL that the host gave us whole
        self.asking_again = threading.Lock()  # held by the thread that asks for `given` once more
        self._failed = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, closed: Callable[[], bool], most_s: float = math.inf) -> Iterator[float]:
        """Wait until a request may leave, and yield the time; leave the block when the answer has begun.

        The interval counts from the answer, not from the sending, so whatever delays a request on its way, the
        host never sees two of them closer. With interval 0 requests go side by side.
        Raises TryLaterError when `closed()` becomes true, or when the host asks for a wait of more than `most_s`,
        be it while we wait; `wake` makes waiting threads look.
        """
        with self._changed:
            while not closed():
                if (held_s := self.held_s) > most_s:
                    said = f"{self.name} asked us to stay away for {held_s:.0f} s more; nothing is lost"
                    raise TryLaterError(said, Again(later=True))
                now = time.monotonic()
                wait = max(self._free_at if self.interval_s else 0, self._held_until) - now
                if wait <= 0 and not self._busy:
                    break
                self._changed.wait(wait if wait > 0 else None)
            else:
                raise TryLaterError(f"{self.name}: interrupted before the request was sent", To("go on", Again()))
            paced = self._busy = self.interval_s > 0
        try:
            yield time.monotonic()
        finally:
            if paced:
                with self._changed:
                    self._free_at = time.monotonic() + self.interval_s
                    self._busy = False
                    self._changed.notify_all()

    def wake(self) -> None:
        """Make every waiting thread look again."""
        with self._changed:
            self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Send nothing to this host for so long."""
        with self._changed:
            self._held_until = max(self._held_until, time.monotonic() + seconds)
            self._changed.notify_all()

    @property
    def held_s(self) -> float:
        """Seconds until the host may be asked again."""
        return max(0.0, self._held_until - time.monotonic())

    @property
    def refusals(self) -> int:
        """Answers 401, 403 or 429 in a row so far."""
        return self._blocked

    def refused(self, sent_at: float) -> None:
        """Note an answer 401, 403 or 429. Requests that were under way together count once."""
        with self._changed:
            if sent_at >= self._blocked_at:
                self._blocked += 1
                self._blocked_at = time.monotonic()

    @property
    def is_in_doubt(self) -> bool:
        """Did the host refuse so many requests in a row that it may have blocked us?"""
        return not self._denied and self._blocked >= self._doubt_from

    def cleared(self) -> None:
        """Note that the host still gives what it gave before: its refusals are about those URLs, not about us."""
        self._blocked = 0
        self._doubt_from *= 2

    def blocked_us(self) -> None:
        """Note that the host refuses even what it gave before, or never gave anything."""
        self._denied = True

    def answered(self) -> None:
        """Note an answer that refuses nothing."""
        self._blocked = 0

    def gave_up(self) -> None:
        """Note a URL that failed at every try for a reason that may be the host's."""
        with self._changed:
            self._failed += 1
        self.check()

    def delivered(self, url: str = "") -> None:
        """Note a complete transfer, of `url` where its content was of use."""
        self._failed = 0
        self.given = url or self.given

    def check(self) -> None:
        """Raise DeniedError when the host refuses us, TryLaterError when it is down."""
        if self._denied:
            also = f", even {self.given}, which it gave before" if self.given else " and gave nothing before"
            raise DeniedError(
                f"{self.name} blocked us: it refused {self._blocked} requests in a row (401, 403 or 429){also}",
                Do("ask its owner for permission"),
                To("use photos that you have", Run("import", ("PATH",))),
            )
        if self._failed >= FAILED_IN_A_ROW:
            raise TryLaterError(
                f"{self.name} is not well: {self._failed} addresses failed in a row at every try; "
                "progress is kept",
                Again(later=True),
            )
