"""For all tests: the order of files, the threads and signals of processes, and snapshots.

Snapshots are exact screens, one file each in tests/snapshots. `pytest --update-snapshots` writes them anew.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # each core has a process of tests: more threads wait for each other
TESTS = Path(__file__).parent
SNAPSHOTS = TESTS / "snapshots"
LONG = (  # files of more than 15 s: begun last, one of them would leave the other processes idle
    "core/test_ray_executor.py",
    "fetch/test_resume.py",
    "test_notebooks.py",
    "test_end_to_end.py",
    "cli/test_training.py",
    "review/test_browser.py",
    "clean/scorers/test_clip.py",
    "cli/test_cli.py",
    "review/test_calibration.py",
    "train/test_trainer.py",
    "test_privacy.py",
    "train/test_stage.py",
    "demo/test_run.py",
    "export/test_formats.py",
    "clean/test_stage.py",
    "check/test_check.py",
    "cli/test_manners.py",
    "fetch/test_refresh_faults.py",
    "report/test_report.py",
    "fetch/sources/test_auto.py",
    "fetch/test_deferred.py",
    "fetch/test_stage.py",
)


def pytest_configure() -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell has it for what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {TESTS / name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session", autouse=True)
def one_process() -> Iterator[None]:
    """A command in the process of a test starts no other unless it says --workers: a few photos take less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curate.pipeline.default_workers", lambda: 1)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write tests/snapshots as it is now")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of this name in tests/snapshots."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / f"{name}.txt"
        if request.config.getoption("--update-snapshots"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, "pytest --update-snapshots writes it anew"

    return compare
