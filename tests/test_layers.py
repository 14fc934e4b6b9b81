"""Imports point down only, and heavy packages stay inside functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "curate"

# From the bottom up. A module may import from its own layer (but no stage another stage) and from those before.
LAYERS: list[set[str]] = [
    {"curate", "errors"},
    {"schemas", "files", "table", "executors", "recipe", "intervals", "progress"},
    {"manifest", "recipe_file", "headers", "images", "stored"},
    {"net"},
    {"fetching", "sources", "duplicates", "scorers", "cleaning", "splitting", "training"},
    {"stages"},
    {"decisions", "pipeline", "history", "status", "verify"},
    {"web", "demo"},
    {"console"},
    {"commands"},
    {"cli", "__main__"},
]


def module_name(path: Path) -> str:
    return ".".join(("curate", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def layer(module: str) -> int:
    part = module.split(".")[1] if "." in module else "curate"
    return next(number for number, names in enumerate(LAYERS) if part in names)


def imported(path: Path) -> set[str]:
    modules = set()
    known = {module_name(p) for p in ROOT.rglob("*.py")}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("curate"):
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                modules.add(name if name in known else node.module)
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names if alias.name.startswith("curate")}
    return modules


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=module_name)
def test_imports_point_down(path: Path) -> None:
    module = module_name(path)
    for other in imported(path):
        assert layer(other) <= layer(module), f"{module} imports {other}, which is above it"
        if module.startswith("curate.stages.") and other.startswith("curate.stages."):
            raise AssertionError(f"stage {module} imports stage {other}")


def test_modules_stay_readable() -> None:
    long = {module_name(p): n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 300}
    assert not long


def test_help_does_not_load_heavy_packages() -> None:
    script = (
        "import sys; from curate.cli import app; from typer.testing import CliRunner;"
        "result = CliRunner().invoke(app, ['--help']); assert result.exit_code == 0, result.output;"
        "heavy = {'torch', 'onnxruntime', 'sklearn', 'matplotlib', 'cv2', 'numpy', 'pydantic'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def decoders_used(source: str) -> list[str]:
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [f"{getattr(f.value, 'id', '')}.{f.attr}" for f in calls if isinstance(f, ast.Attribute)]
    names += [f.id for f in calls if isinstance(f, ast.Name)]
    decoders = {"Image.open", "imread", "cv2.imread", "cv2.imdecode", "simplejpeg.decode_jpeg", "decode_jpeg"}
    return sorted(decoders & set(names))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=module_name)
def test_photos_are_decoded_in_one_place(path: Path) -> None:
    if module_name(path) == "curate.images":
        assert decoders_used(path.read_text(encoding="utf-8")), "the test finds what it looks for"
    elif not module_name(path).startswith("curate.demo."):  # it opens the pictures that it painted itself
        assert decoders_used(path.read_text(encoding="utf-8")) == []
