"""What a stage has done that is running, was interrupted, or left something for the next run. Reads only."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import Note, Run, StateError, To
from curate.core.recipe import Recipe, TrainBaseline
from curate.core.schemas import FetchRow


def at_work(folder: Path) -> int:
    """The process that is at work in `folder`, on this machine; 0 where none is."""
    with suppress(OSError, ValueError):
        process = int((folder / ".lock.pid").read_text(encoding="utf-8"))
        os.kill(process, 0)
        return process
    return 0


def photos_safe(folder: Path) -> int | None:
    """Photos that a fetch or import stored and has not published yet; None where none is unfinished."""
    try:
        lines = (folder / "fetch.journal").read_bytes().split(b"\n")
    except OSError:
        return None
    done = set()
    for line in lines:
        with suppress(ValueError, RecursionError):  # the last line may be cut
            match json.loads(line):
                case ["photo", str(name), {"path": str(path)}] if path:
                    done.add(name)
    return len(done)


def deferred(folder: Path) -> list[Note]:
    """How many photos and pages a published fetch could not have this time, and how to get them."""
    try:
        if not manifest.read_sidecar(folder, "fetch")["counts"].get("deferred"):
            return []
        rows = [row for row in manifest.read(folder, FetchRow) if row.reason == "deferred"]
    except StateError:  # its stage's line says so
        return []
    photos = sum(1 for row in rows if row.image_url)
    counts = {"photo": photos, "page": len(rows) - photos}
    some = [counted(count, word) for word, count in counts.items() if count]
    what = "is" if len(rows) == 1 else "are"
    return [
        Note(
            f"fetch: {' and '.join(some)} {what} deferred",
            To(f"get {'it' if len(rows) == 1 else 'them'}", Run("fetch")),
        )
    ]


def read_checkpoint(checkpoint: Path) -> tuple[int, dict[str, Any]]:
    """The epochs in a checkpoint, and the options that its training had; 0 and none where it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError), checkpoint.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(size, 100_000_000)))["__metadata__"]
        return len(json.loads(header["history"])), dict(json.loads(header.get("options", "{}")))
    return 0, {}


def in_training(checkpoint: Path, asked: TrainBaseline, running: bool) -> Note:
    """How far the training of `models/<variant>/seed-<n>/checkpoint.safetensors` is, and the command to go on.

    The command has what the recipe's section, `asked`, says otherwise.
    """
    variant, seed = checkpoint.parts[-3], int(checkpoint.parts[-2].removeprefix("seed-"))
    done, options = read_checkpoint(checkpoint)
    of_recipe = asked.model_dump() | ({"epochs": asked.finetune.epochs} if variant == "finetune" else {})
    epochs = options.get("epochs", of_recipe["epochs"])
    seeds = range(asked.seed, asked.seed + asked.seeds)
    parts = {part for one in seeds for part in asked.ensemble.seeds(one)} if asked.variant == "ensemble" else ()
    if variant != "finetune" or seed not in parts:  # one of the ensemble's is trained by the command for that
        options["variant"] = variant
        if variant != asked.variant or seed not in seeds:
            options["seed"] = seed
    others = {name: value for name, value in sorted(options.items()) if value != of_recipe.get(name)}
    arguments = tuple(word for name, value in others.items() for word in _option(name, value))
    how = f"{'running' if running else 'interrupted'}, {done} of {counted(epochs, 'epoch')} done"
    again = [] if running else [To("go on", Run("train-baseline", arguments))]
    return Note(f"train_baseline: {how} ({variant}, seed {seed})", *again)


def _option(name: str, value: Any) -> list[str]:
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", str(value)]


def unfinished(folder: Path, recipe: Recipe) -> list[Note]:
    """What running or interrupted stages have done, and how they go on."""
    running = bool(at_work(folder))
    how, notes = "running" if running else "interrupted", []
    later = [] if running else deferred(folder)  # their journal waits for the next fetch
    if later:
        notes += later
    elif (safe := photos_safe(folder)) is not None:
        again = [] if running else [To("go on", manifest.remedy(folder, "fetch"))]
        notes.append(Note(f"fetch: {how}, {counted(safe, 'photo is', 'photos are')} safe", *again))
    checkpoints = sorted(folder.glob("models/*/seed-*/checkpoint.safetensors"))
    named = [each for each in checkpoints if each.parent.name.removeprefix("seed-").isdecimal()]
    return notes + [in_training(each, recipe.train_baseline, running) for each in named]
