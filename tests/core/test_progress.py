"""progress: a bar for people, lines for logs."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import suppress

import pytest

from curate.core import progress
from curate.core.progress import counter


def test_a_log_gets_a_plain_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 5.0, 20.0, 20.0, 25.0, 45.0, 45.0])
    with counter("paint", 2000, "photo", clock=lambda: next(times)) as advance:
        advance(400)
        advance(1200)
        advance(1300)
        advance(1999, "nearly there")
        advance(2000)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "paint: 1,200 of 2,000 photos\npaint: 1,999 of 2,000 photos, nearly there\n"


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.progress(iter("abc"), "look", 5, done=2)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_items_are_counted_on_from_what_was_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    assert list(progress.progress("ab", "fetch", 5, "listing", done=3)) == ["a", "b"]
    assert capsys.readouterr().err == "fetch: 4 of 5 listings\n"


def test_a_terminal_gets_a_bar_and_no_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with counter("train", 3, "epoch") as advance:
        advance(1, "loss 0.500")
        advance(2, "loss 0.400")
    err = capsys.readouterr().err
    assert "\r" in err and "train" in err and "\n" not in err.strip()


@pytest.mark.parametrize("columns", [0, 80])
def test_a_terminal_of_any_size_shows_the_bar(columns: int) -> None:
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", columns // 3, columns, 0, 0))
    script = "from curate.core.progress import counter\nwith counter('decode', 9, 'photo') as advance: advance(9)"
    subprocess.run([sys.executable, "-c", script], stderr=there, check=True, timeout=60)
    os.close(there)
    shown = b""
    with suppress(OSError):  # Linux says so where the other side was closed
        while block := os.read(here, 4096):
            shown += block
    os.close(here)
    assert b"decode" in shown
