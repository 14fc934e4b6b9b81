"""A folder to review, and `curate review` at work on it: a process, asked over HTTP or by a real Chromium."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from curate.core import manifest
from curate.core.schemas import CleanRow
from tests import folders, painted_run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), "")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def build(folder: Path, n: int = 60) -> Path:
    """`n` kept photos that are all in the queue, in the order of their keys, and four that are rejected."""
    folders.build_folder(folder, n=n, rejected=4)
    rows = [
        replace(row, borderline=row.keep, review_rank=rank if row.keep else None)
        for rank, row in enumerate(manifest.read(folder, CleanRow), start=1)
    ]
    painted_run.rewrite(folder, "clean", list(rows))
    (folder / "recipe.yaml").write_text("name: painted\nclasses: [hatch, sedan]\nclean:\n  scorer: none\n")
    return folder


@dataclass
class Served:
    """A server that runs."""

    url: str  # with the token
    process: "subprocess.Popen[str]"
    http: requests.Session  # with the cookie

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.partition("/?")[0].rpartition(":")[2])

    def get(self, path: str, **options: Any) -> requests.Response:
        """Ask for a path."""
        return self.http.get(f"http://127.0.0.1:{self.port}{path}", timeout=30, **options)

    def decide(self, queue: str, *rows: dict[str, str], **headers: str) -> requests.Response:
        """Send decisions."""
        origin = {"origin": f"http://127.0.0.1:{self.port}", "content-type": "application/json"}
        body = json.dumps({"queue": queue, "rows": rows})
        url = f"http://127.0.0.1:{self.port}/api/decide"
        return self.http.post(url, data=body, headers=origin | headers, timeout=30)


@contextmanager
def served(
    folder: Path, reviewer: str = "amy", port: int = 0, kill: bool = False, recipe: str = ""
) -> Iterator[Served]:
    """`curate review` on `folder`; at the end it is interrupted, or killed."""
    pytest.importorskip("uvicorn", reason="the extra review is not installed")
    command = [sys.executable, "-m", "curate", "review", "--recipe", recipe or str(folder / "recipe.yaml")]
    command += ["--folder", str(folder), "--no-browser", "--json", "--port", str(port), "--reviewer", reviewer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        found = Served(json.loads(text)["url"], process, requests.Session())
        found.http.trust_env = False
        try:
            assert found.http.get(found.url, timeout=30).status_code == 200
            yield found
        finally:
            found.http.close()
            if kill:
                process.kill()
            else:
                process.terminate()
            process.communicate()
    assert process.returncode == (-9 if kill else 0)
