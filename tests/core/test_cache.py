"""The cache folder: where it is, and what happens where it cannot be."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curate.core.cache import cache_folder

SHOW = "import logging; logging.basicConfig(); from curate.core.cache import cache_folder; print(cache_folder())"


def test_the_folder_that_was_chosen_is_made_and_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "a" / "cache"))
    assert cache_folder() == tmp_path / "a" / "cache"
    assert cache_folder().stat().st_mode & 0o077 == 0
    assert list(cache_folder().iterdir()) == []


def test_a_cache_that_cannot_be_written_is_replaced_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "file" / "cache"))
    with caplog.at_level(logging.WARNING):
        folder = cache_folder()
        assert cache_folder() == folder, "one for the whole process"
    (folder / "x").write_bytes(b"x")
    assert folder.stat().st_mode & 0o077 == 0
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        f"the cache folder {tmp_path / 'file' / 'cache'} cannot be used"
    ]
    assert "CURATE_CACHE" in caplog.text


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_without_a_home_folder_or_a_user_a_run_goes_on() -> None:
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    script = f"import os, platformdirs.unix, pwd, random, curate.core.cache; os.setuid(54321); {SHOW}"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd="/", capture_output=True, text=True, check=True
    )
    folder = Path(run.stdout.strip())
    assert folder.is_absolute() and "curate-" in folder.name
    assert "no home folder" in run.stderr and "Traceback" not in run.stderr
    assert not folder.exists(), "it went away with the process"
