"""Executors: the same results, in the same order, from one process or two."""

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from curate.core import executors
from curate.core.errors import RejectedError, ResourceError


def square(number: int) -> int:
    return number * number


def reject_seven(number: int) -> int:
    if number == 7:
        raise RejectedError("blank", "seven")
    return number


def die(number: int) -> int:
    os._exit(9)


def threads_of_matrices(number: int) -> set[int]:
    import numpy  # noqa: F401  (brings the library whose threads are counted)
    from threadpoolctl import threadpool_info

    return {library["num_threads"] for library in threadpool_info()}


@pytest.mark.parametrize("workers", [1, 2])
def test_d02_results_come_in_order_from_any_number_of_workers(workers: int) -> None:
    with executors.local(workers, chunk_size=3) as map_fn:
        assert list(map_fn(square, range(50))) == [n * n for n in range(50)]
        assert list(map_fn(square, [])) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_travels_back_with_its_reason(workers: int) -> None:
    with executors.local(workers) as map_fn, pytest.raises(RejectedError) as caught:
        list(map_fn(reject_seven, range(9)))
    assert (caught.value.reason, caught.value.detail) == ("blank", "seven")


def test_a_worker_multiplies_matrices_with_one_thread() -> None:
    pytest.importorskip("threadpoolctl")
    with executors.local(2, chunk_size=1) as map_fn:
        assert list(map_fn(threads_of_matrices, range(2))) == [{1}, {1}]


def test_a_killed_worker_is_one_clear_error() -> None:
    with executors.local(2) as map_fn, pytest.raises(ResourceError, match="fewer --workers"):
        list(map_fn(die, range(2)))


def start_work_and_die(processes: Connection) -> None:
    with executors.local(2, chunk_size=1) as map_fn:
        for process in map_fn(own_number, range(8)):
            processes.send(process)
        os.kill(os.getpid(), signal.SIGKILL)


def own_number(number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_workers_end_when_their_parent_is_killed() -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    parent = spawn.Process(target=start_work_and_die, args=(there,))
    parent.start()
    workers = {here.recv() for _ in range(8)}
    parent.join()
    assert parent.exitcode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while workers and time.monotonic() < deadline:
        workers = {worker for worker in workers if lives(worker)}
        time.sleep(0.05)
    assert not workers


def lives(process: int) -> bool:
    """Whether a process has not ended: one that has may still be there, if nobody collects it."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no Linux, or gone since
        return not Path("/proc/self").exists()
    return state != "Z"


def test_items_are_taken_as_needed() -> None:
    taken = []

    def items() -> object:
        for number in range(1000):
            taken.append(number)
            yield number

    with executors.local(2, chunk_size=2) as map_fn:
        next(iter(map_fn(square, items())))  # type: ignore[arg-type]
        assert len(taken) <= 2 * 4 * 2


def test_threads_keep_order_and_bound_what_waits() -> None:
    begun: list[int] = []

    def note(number: int) -> int:
        begun.append(number)
        return square(number)

    with executors.threads(3) as map_fn:
        results = iter(map_fn(note, itertools.count()))
        assert [next(results) for _ in range(100)] == [n * n for n in range(100)]
        assert len(begun) <= 100 + 8 * 3
        assert list(map_fn(square, [])) == []


def test_threads_drop_what_has_not_begun_after_an_error() -> None:
    begun: list[int] = []

    def fail_first(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ResourceError("full")
        time.sleep(0.05)

    with pytest.raises(ResourceError, match="full"), executors.threads(1) as map_fn:
        list(map_fn(fail_first, range(8)))
    assert len(begun) < 4


def deaf_to_ctrl_c(number: int) -> tuple[bool, bool]:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return signal.SIGINT in blocked, signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="processes inherit no blocked signals there")
def test_ctrl_c_is_left_to_the_process_that_was_started() -> None:
    with executors.local(2) as map_fn:
        assert list(map_fn(deaf_to_ctrl_c, range(3))) == [(True, True)] * 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="processes inherit no blocked signals there")
def test_ctrl_c_that_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    submit = ProcessPoolExecutor.submit

    def submit_during_ctrl_c(*work: Any) -> Future[Any]:
        os.kill(os.getpid(), signal.SIGINT)
        return submit(*work)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit_during_ctrl_c)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what a script does with what it runs in the background
    try:
        with executors.local(2) as map_fn:
            assert list(map_fn(square, range(3))) == [0, 1, 4]
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_processes_start_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def submit_slowly(self: ProcessPoolExecutor, *work: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit_slowly)
    with executors.local(2) as map_fn, pytest.raises(KeyboardInterrupt):
        list(map_fn(square, range(3)))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_while_processes_start_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))

    def submit_meanwhile(self: ProcessPoolExecutor, *work: object) -> Future[Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended == [], "it waits until the process has started"
        done: Future[Any] = Future()
        done.set_result([])
        return done

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit_meanwhile)
    try:
        with executors.local(2) as map_fn:
            list(map_fn(square, range(1)))
        assert ended == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


UNGUARDED = """
from curate.core import executors
from curate.core.errors import UsageError
try:
    with executors.local(2) as map_fn:
        print(list(map_fn(abs, [-1])))
except UsageError as error:
    print(error)
"""


def test_a_script_without_a_main_guard_is_told_what_it_lacks(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True)
    assert '`if __name__ == "__main__":`' in run.stdout
    assert "memory" not in run.stdout


def test_where_processes_share_no_memory_one_does_the_work_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_semaphore(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")  # of sem_open, without /dev/shm

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", no_semaphore)
    with executors.local(2) as map_fn:
        assert list(map_fn(square, range(3))) == [0, 1, 4]
    assert "going on with one process instead of 2" in caplog.text
