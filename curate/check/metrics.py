"""What Prometheus reads: how many requests, which verdicts and reasons, how long, how full. Nothing of a photo."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from curate.check.batches import Batches, Reloader
from curate.check.verdict import Verdict

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5.0, 10.0)


@dataclass
class Noted:
    """What became of one request."""

    status: int = 200
    judged: Verdict | None = None

    def verdict(self, verdict: Verdict) -> None:
        """It was answered."""
        self.judged = verdict


class Metrics:
    """Counters of one service."""

    def __init__(self, batches: Batches, reloader: Reloader) -> None:
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram

        self.media_type = CONTENT_TYPE_LATEST
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "curate_check_requests", "Requests to /v1/check, by HTTP status.", ["status"], registry=registry
        )
        self._verdicts = Counter("curate_check_verdicts", "Verdicts given.", ["verdict"], registry=registry)
        self._reasons = Counter("curate_check_reasons", "Reasons in them.", ["reason"], registry=registry)
        self._seconds = Histogram(
            "curate_check_seconds",
            "From the headers of a request to its verdict.",
            buckets=_SECONDS,
            registry=registry,
        )
        waiting = Gauge("curate_check_waiting", "Photos that wait or are checked now.", registry=registry)
        waiting.set_function(lambda: batches.photos)
        photos = Gauge("curate_check_dataset_photos", "Photos of the dataset that answers.", registry=registry)
        photos.set_function(lambda: len(batches.checker.learnt.decided))
        for outcome in reloader.counts:
            gauge = Gauge(f"curate_check_reloads_{outcome}", f"Reloads that are {outcome}.", registry=registry)
            gauge.set_function(partial(reloader.counts.__getitem__, outcome))

    @contextmanager
    def timed(self) -> Iterator[Noted]:
        """Count a request when it ends, by what is noted of it."""
        noted, began = Noted(), time.perf_counter()
        yield noted
        self._requests.labels(str(noted.status)).inc()
        if noted.judged:
            self._seconds.observe(time.perf_counter() - began)
            self._verdicts.labels(noted.judged.verdict).inc()
            for reason in noted.judged.reasons:
                self._reasons.labels(reason).inc()

    def refused(self, status: int) -> None:
        """Count a request that ended before anything was noted of it."""
        self._requests.labels(str(status)).inc()

    def text(self) -> str:
        """All of them, in the text format of Prometheus."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry).decode()
