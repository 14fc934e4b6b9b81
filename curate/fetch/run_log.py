"""`log.jsonl`: what each fetch did, a JSON object a line: when it began, each page and photo, how it ended.

For people and monitoring. Nothing reads it back, and it holds no signature, cookie or credential.
"""

import json
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TextIO

from curate.core.errors import CurateError
from curate.fetch.http.signed_url import unsigned, without_signatures

MAX_BYTES = 50 * 1024**2  # a larger one becomes log.1.jsonl when the next run begins


class RunLog:
    """The log of one run, added to the file in `folder`. Thread-safe; a context manager that notes the end."""

    def __init__(self, folder: Path, **about: Any) -> None:
        path = folder / "log.jsonl"
        with suppress(OSError):
            if path.stat().st_size > MAX_BYTES:
                path.replace(folder / "log.1.jsonl")
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        self.counts: dict[str, int] = {}
        self.add("begin", **about)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        said = {"error": type(error).__name__, "why": without_signatures(str(error))[:1000]} if error else {}
        code = error.exit_code if isinstance(error, CurateError) else 1 if error else 0
        self.add("end", exit_code=code, counts=dict(sorted(self.counts.items())), **said)
        with self._lock, suppress(OSError):
            if self._file:
                self._file.close()
            self._file = None

    def add(self, event: str, url: str = "", **facts: Any) -> None:
        """Add a line. A disk that refuses it stops nothing: the manifest is what counts."""
        line = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z", "event": event}
        line |= ({"url": unsigned(url)} if url else {}) | facts
        with self._lock, suppress(OSError, ValueError):
            kind = f"{event}: {facts.get('reason') or 'ok'}"
            if event in ("page", "photo"):
                self.counts[kind] = self.counts.get(kind, 0) + 1
            if self._file:
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if self._file and event in ("begin", "end"):
                self._file.flush()
