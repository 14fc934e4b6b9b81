"""How long to wait, and when to stop."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.core.errors import TryLaterError
from curate.fetch.http.rate_limit import BACKOFF_CAP_S, Host, backoff_s, retry_after_s

NOW = datetime(2025, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("2", 2.0, id="F16-seconds"),
        pytest.param(" 120 ", 120.0, id="F16-spaces"),
        pytest.param("9999999", 9999999.0, id="F16-huge"),
        pytest.param("Wed, 01 Jan 2025 12:00:30 GMT", 30.0, id="F16-date"),
        pytest.param("Wednesday, 01-Jan-25 12:00:30 GMT", 30.0, id="F16-rfc850"),
        pytest.param("Wed, 01 Jan 2025 11:59:30 GMT", None, id="F16-past"),
        pytest.param("soon", None, id="F16-word"),
        pytest.param("-5", None, id="F16-negative"),
        pytest.param("1.5", None, id="F16-fraction"),
        pytest.param("٢", None, id="F16-arabic-digit"),
        pytest.param("", None, id="F16-absent"),
        pytest.param("Wed, 99 Foo 2025 12:00:30 GMT", None, id="F16-no-date"),
        pytest.param("9" * 400, None, id="F16-400-digits"),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


@given(st.text())
def test_f16_never_an_exception(value: str) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or wait_s >= 0


def test_f17_window_doubles_up_to_a_cap() -> None:
    assert [backoff_s(tries, 1.0) for tries in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff_s(1000, 1.0) == BACKOFF_CAP_S
    assert backoff_s(3, 0.25) == 1.0


@pytest.mark.parametrize("interval_s", [0, 0.05])
def test_who_waits_for_a_turn_does_not_wait_out_an_hour_that_the_host_asks_for_meanwhile(
    interval_s: float,
) -> None:
    host, reached = Host("h.example", interval_s), threading.Event()
    host.hold(0.2)

    def closed() -> bool:
        reached.set()
        return False

    def ask() -> None:
        with host.turn(closed, 120):
            pytest.fail("the request left")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask)
        assert reached.wait(10)
        host.hold(3600)
        with pytest.raises(TryLaterError, match=r"h\.example asked us to stay away for 3[56]\d\d s more"):
            waiting.result(10)
