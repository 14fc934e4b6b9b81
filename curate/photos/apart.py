"""How much is decoded at once, and in a process of its own, which can be ended, what may take long."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from curate.core.errors import RejectedError, ResourceError

PIXELS_AT_ONCE = 64_000_000  # at one time, here and in processes apart; 20 bytes each at worst, so 1.3 GB
LIMIT_S = 60.0  # for a decode in a process of its own
_CRASHES = {  # exit codes of a decoder that a damaged photo leads astray; want of memory ends it in other ways
    -getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL") if hasattr(signal, name)
}
_HEAP = re.compile(r"invalid (?:pointer|size|next size)|corrupt|double free")  # in what glibc says before SIGABRT

_turn = threading.Condition()
_under_way = 0


@contextmanager
def budget(pixels: int) -> Iterator[None]:
    """Wait until so many more pixels may be decoded; more than all of them, alone."""
    global _under_way
    with _turn:
        _turn.wait_for(lambda: _under_way == 0 or _under_way + pixels <= PIXELS_AT_ONCE)
        _under_way += pixels
    try:
        yield
    finally:
        with _turn:
            _under_way -= pixels
            _turn.notify_all()


def call(code: str, words: list[str], data: bytes, limit_s: float) -> bytes:
    """What `code`, run by a new interpreter with `words` as its arguments and `data` as its input, writes.

    Raises RejectedError: decode_timeout after `limit_s`, decode_failed where the decoder crashes. Raises
    ResourceError when the process ends otherwise.
    """
    command = [sys.executable, "-P", "-c", code, *words]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise RejectedError("decode_timeout", f"not decoded after {limit_s:g} s") from error
    except OSError as error:
        raise ResourceError(f"cannot start a process that decodes a large photo: {error.strerror}") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
        if done.returncode in _CRASHES or (done.returncode == -signal.SIGABRT and _HEAP.search(last)):
            raise RejectedError(
                "decode_failed", f"the decoder crashed on it: {signal.Signals(-done.returncode).name}"
            )
        why = "was ended, probably for lack of memory" if done.returncode < 0 else "failed"
        raise ResourceError(f"the process that decoded a large photo {why}{last and ': '}{last}")
    return done.stdout
