"""What the client remembers between runs: robots.txt of the last day, and hosts that asked us to come back later.

Times in the file are wall clock (Unix seconds), since a monotonic clock does not outlive the machine's uptime.
"""

import json
import threading
import time
from pathlib import Path
from typing import Any

from curate.core.files import atomic_write

DAY_S = 24 * 3600.0  # the age up to which a robots.txt may be used (RFC 9309, 2.4)
LONGEST_WAIT_S = 7 * DAY_S  # no host is believed when it asks for more


class HostState:
    """A small JSON file, or only memory where `path` is None. Thread-safe; each change is written atomically."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._robots: dict[str, dict[str, Any]] = {}  # origin -> time_s, text
        self._not_before: dict[str, float] = {}  # host -> Unix seconds
        if path is None:
            return
        try:
            data = json.loads(path.read_bytes())
            self._robots = {
                str(origin): {"time_s": float(entry["time_s"]), "text": str(entry["text"])}
                for origin, entry in data["robots"].items()
            }
            self._not_before = {str(host): float(then) for host, then in data["not_before"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._robots, self._not_before = {}, {}  # only a cache: what is lost is asked for again

    def robots_text(self, origin: str) -> str | None:
        """The robots.txt of `origin`, when it is younger than a day."""
        entry = self._robots.get(origin)
        if entry and 0 <= time.time() - entry["time_s"] < DAY_S:
            return str(entry["text"])
        return None

    def keep_robots(self, origin: str, text: str) -> None:
        """Remember a robots.txt that was read just now."""
        with self._lock:
            self._robots[origin] = {"time_s": time.time(), "text": text}
            self._write()

    def wait_s(self, host: str) -> float:
        """Seconds that `host` asked us, in an earlier run, to stay away from now on."""
        return min(max(0.0, self._not_before.get(host, 0.0) - time.time()), LONGEST_WAIT_S)

    def keep_wait(self, host: str, seconds: float) -> None:
        """Remember that `host` asked us to stay away for so long."""
        with self._lock:
            self._not_before[host] = time.time() + min(seconds, LONGEST_WAIT_S)
            self._write()

    def _write(self) -> None:
        if self._path is not None:
            now = time.time()
            self._robots = {o: e for o, e in self._robots.items() if now - e["time_s"] < DAY_S}
            self._not_before = {host: then for host, then in self._not_before.items() if then > now}
            data = {"robots": self._robots, "not_before": self._not_before}
            atomic_write(self._path, json.dumps(data, indent=1, sort_keys=True).encode() + b"\n")
