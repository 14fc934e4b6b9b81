"""Imports point down only: which room may import which, exactly; no cycles; heavy packages stay inside functions.

    python -m tests.layers --print      rooms, floors and arrows, counted from the code

A room is a folder (`dedup`, `fetch.http`) or a module at the top (`pipeline`). `ALLOWED` names for each room all
rooms that it may import. The stages never import each other: a stage reads another's manifest, not its code.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from curate.core.stages import STAGES

ROOT = Path(__file__).parents[1] / "curate"

_BASE = {"", "core"}  # "" is `curate` itself: its version
_STAGES = {"fetch", "dedup", "clean", "split", "train"}
ALLOWED: dict[str, set[str]] = {
    "": set(),
    "core": {""},
    "photos": _BASE,
    "review": _BASE,
    "review.app": {*_BASE, "photos", "review"},
    "fetch.http": _BASE,
    "fetch.sources": {*_BASE, "photos", "fetch.http"},
    "fetch": {*_BASE, "photos", "fetch.http", "fetch.sources"},
    "dedup": {*_BASE, "photos", "review"},  # "not duplicates" in review.csv
    "clean.scorers": _BASE,
    "clean": {*_BASE, "photos", "review", "clean.scorers"},
    "split": _BASE,
    "train": {*_BASE, "photos", "clean.scorers"},  # the networks that turn photos into embeddings
    "dataset": {"core"},
    "export": {*_BASE, "photos", "review", "dataset"},
    "audit": {*_BASE, "photos", "dataset", "dedup", "train", "fetch.sources"},  # sources: photos of others
    "check": {*_BASE, "photos", "review", "dataset", "dedup", "clean", "clean.scorers"},
    "inspect": {*_BASE, "photos", "review"},
    "report": {*_BASE, "photos", "review", "dedup", "split", "train", "inspect"},  # dedup: its search of hashes
    "pipeline": {*_BASE, "photos", "review", *_STAGES, "fetch.sources"},
    "demo": {*_BASE, "pipeline", "report"},
    "cli": {
        *_BASE,
        "fetch",
        "clean",
        "review",
        "review.app",
        "export",
        "check",
        "pipeline",
        "inspect",
        "report",
        "demo",
        "train",
        "audit",
    },
    "__main__": {"cli"},
}


def module_name(path: Path) -> str:
    """`curate.fetch.stage` of its file; a package goes by its own name."""
    return ".".join(("curate", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}


def room(module: str) -> str:
    """The room of a module: its folder below `curate`, or its own name at the top."""
    if module in PACKAGES:
        return module.removeprefix("curate").lstrip(".")
    package, _, name = module.rpartition(".")
    return name if package == "curate" else package.removeprefix("curate.")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """The syntax tree of a module, flat, the module first: parsed once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(module: str) -> frozenset[str]:
    """The modules of `curate` that a module imports, anywhere in it."""
    found = set()
    for node in nodes(MODULES[module]):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "curate":
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in MODULES}
    if module == "curate.pipeline":  # it imports each stage by the name that the registry has, when it is to run
        found |= {stage.run.partition(":")[0] for stage in STAGES.values()}
    return frozenset(found)


def arrows() -> set[tuple[str, str]]:
    """Each room with each other room that a module of it imports."""
    return {
        (room(module), room(other))
        for module in MODULES
        for other in imported(module)
        if room(module) != room(other) and room(other)
    }


def cycle() -> list[str]:
    """Modules that import each other in a ring, the first one again at the end; empty when there is none."""
    from graphlib import CycleError

    try:
        TopologicalSorter({module: imported(module) for module in MODULES}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors() -> list[list[str]]:
    """The rooms from the bottom up; a room stands above all that it imports."""
    above = {name: {to for start, to in arrows() if start == name} for name in sorted({room(m) for m in MODULES})}
    height: dict[str, int] = {}
    for name in TopologicalSorter(above).static_order():
        height[name] = 1 + max((height[other] for other in above[name]), default=-1)
    return [sorted(n for n in height if height[n] == level and n) for level in range(max(height.values()) + 1)]


def lines() -> Iterator[str]:
    """What `--print` says."""
    drawn = arrows()
    rooms = sorted({room(module) for module in MODULES} - {""})
    levels = [level for level in floors() if level]
    yield f"{len(rooms)} rooms on {len(levels)} floors, {len(drawn)} arrows"
    for number, level in reversed(list(enumerate(levels, 1))):
        yield f"  floor {number}: {', '.join(level)}"
    for name in rooms:
        count = sum(room(module) == name for module in MODULES)
        below = ", ".join(sorted(to for start, to in drawn if start == name))
        yield f"{name} ({count} modules) -> {below or 'nothing'}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--print"]:
        sys.exit(__doc__)
    print(*lines(), sep="\n")
