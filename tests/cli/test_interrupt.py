import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUCK = """
import sys, time
from curate.cli import failures
from curate.core import executors
failures.GRACE_S = 0.5
failures.stop_cleanly()
def work(item):
    print("stuck", flush=True)
    time.sleep(60)
with executors.threads(2) as map_fn:
    list(map_fn(work, [1]))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_though_a_thread_is_stuck(number: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "stuck\n"
        began = time.monotonic()
        run.send_signal(number)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert said.endswith("curate: interrupted; run the same command again to go on\n")
    assert time.monotonic() - began < 20
