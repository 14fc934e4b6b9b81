"""The plan of `layers` holds in the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests import layers
from tests.layers import ALLOWED, MODULES, ROOT, module_name, room


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    for other in layers.imported(module):
        allowed = {room(module), *ALLOWED[room(module)]}
        assert room(other) in allowed, f"{module} imports {other}: {room(module)} may not"


def test_no_room_is_allowed_what_it_does_not_use() -> None:
    unused = {(start, to) for start in ALLOWED for to in ALLOWED[start] if to} - layers.arrows()
    assert not {arrow for arrow in unused if "core" not in arrow}


def test_no_modules_import_each_other_in_a_ring() -> None:
    assert layers.cycle() == []


def test_the_plan_is_a_plan_of_the_rooms_that_are_there() -> None:
    assert set(ALLOWED) == {room(module) for module in MODULES}


def test_modules_stay_readable() -> None:
    long = {module_name(p): n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 300}
    assert not long


def test_help_does_not_load_heavy_packages() -> None:
    script = (
        "import sys; from curate.cli.app import app; from typer.testing import CliRunner;"
        "result = CliRunner().invoke(app, ['--help']); assert result.exit_code == 0, result.output;"
        "heavy = {'torch', 'onnxruntime', 'sklearn', 'matplotlib', 'cv2', 'numpy', 'pydantic'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def decoders_used(path: Path) -> list[str]:
    calls = [node.func for node in layers.nodes(path) if isinstance(node, ast.Call)]
    names = [f"{getattr(f.value, 'id', '')}.{f.attr}" for f in calls if isinstance(f, ast.Attribute)]
    names += [f.id for f in calls if isinstance(f, ast.Name)]
    decoders = {"Image.open", "imread", "cv2.imread", "cv2.imdecode", "simplejpeg.decode_jpeg", "decode_jpeg"}
    return sorted(decoders & set(names))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=module_name)
def test_photos_are_decoded_in_one_place(path: Path) -> None:
    if module_name(path) in ("curate.photos.decode", "curate.photos.jpeg"):
        assert decoders_used(path), "the test finds what it looks for"
    elif not module_name(path).startswith("curate.demo."):  # it opens the images that it painted itself
        assert decoders_used(path) == []
