"""Run a script in a process of its own with a library that reads exports, and take the JSON it prints."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def read(package: str, script: str, folder: Path) -> Any:
    """What `script` prints, run inside `folder`; a warning is a failure. Skips where `package` is absent."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install -e '.[dev]'")
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={
            "PATH": "",
            "HOME": str(folder.parent),
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "warn" not in run.stderr.lower(), run.stderr
    return json.loads(run.stdout.splitlines()[-1])
