"""Apply the decisions: run the stages that obey them, as commands, and count what changed sides."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.review.app.session import Session

Sides = dict[str, tuple[str, str]]  # key to (kept, rejected or duplicate; class)


class Apply:
    """One run at a time of dedup, clean and, where it has run before, split; each in a process of its own.

    They run by the recipe. `apart` says in which settings that differs from how they ran before: by these too
    photos change sides.
    """

    def __init__(self, session: Session, options: Sequence[str], apart: Callable[[], list[str]]) -> None:
        self.session, self.options, self.apart = session, options, apart
        self.lines: list[str] = []
        self.running, self.failed = False, False
        self.changes: dict[str, int] | None = None
        self.lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begin, unless it runs already."""
        with self.lock:
            if self.running:
                return
            self.running, self.failed, self.lines, self.changes = True, False, [], None
        threading.Thread(target=self._run, daemon=True).start()

    def state(self) -> dict[str, Any]:
        """How far it is, for the page."""
        return {
            "apart": [] if self.running else self.apart(),
            "waiting": 0 if self.running else manifest.decided_since(self.session.folder, "clean"),
            "running": self.running,
            "failed": self.failed,
            "lines": self.lines[-12:],
            "changes": self.changes,
        }

    def stop(self) -> None:
        """End the stage that runs; its manifest stays as it was."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def _run(self) -> None:
        try:
            before = sides(self.session)
            stages = [
                "dedup",
                "clean",
                *(["split"] if manifest.csv_path(self.session.folder, "split").exists() else []),
            ]
            for stage in stages:
                if not self._stage(stage):
                    self.failed = True
                    return
            self.session.refresh()
            self.changes = compare(before, sides(self.session))
        except Exception as error:
            self.failed = True
            self.lines.append(str(error))
        finally:
            self.running = False

    def _stage(self, stage: str) -> bool:
        self.lines.append(f"{stage} …")
        with subprocess.Popen(
            [sys.executable, "-m", "curate", stage, *self.options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as self.process:
            assert self.process.stdout
            self.lines += [line.rstrip() for line in self.process.stdout if line.strip()]
        return self.process.returncode == 0


def options(recipe: Path, folder: Path) -> list[str]:
    """The options that each of the commands gets."""
    return ["--recipe", str(recipe), "--folder", str(folder)]


def sides(session: Session) -> Sides:
    """Where each photo is."""
    query = "SELECT key, keep, duplicate_of, class_name FROM photo"
    with session.lock:
        return {
            key: ("duplicate" if duplicate_of else "kept" if keep == "true" else "rejected", class_name)
            for key, keep, duplicate_of, class_name in session.index.execute(query)
        }


def compare(before: Sides, after: Sides) -> dict[str, int]:
    """How many photos changed side: from what to what, and the class of those that stayed kept."""
    changed: Counter[str] = Counter()
    for key, (side, class_name) in after.items():
        was, class_before = before.get(key, ("", ""))
        if was and was != side:
            changed[f"{was} to {side}"] += 1
        elif side == was == "kept" and class_name != class_before:
            changed["class changed"] += 1
    return dict(sorted(changed.items()))
