"""The wheel: built, installed and asked, as a stranger's pip does."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

import curate
from curate.core import extras
from tests import container

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def build(source: Path, built: Path) -> Path:
    """The wheel of the project in `source`."""
    pytest.importorskip("hatchling", reason="builds the wheel with hatchling")
    script = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    run = subprocess.run(
        [sys.executable, "-c", script, str(built)], cwd=source, capture_output=True, text=True, check=True
    )
    return built / run.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_what_the_code_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        said = BytesParser().parsebytes(archive.read(metadata))
    files = [path for path in (ROOT / "curate").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = {path.relative_to(ROOT).as_posix() for path in files} - names
    assert missing == set()
    assert "curate/py.typed" in names
    assert {f"curate/pipelines/{path.name}" for path in (ROOT / "pipelines").glob("*.yaml")} <= names
    assert not [name for name in names if not name.startswith(("curate/", "curate_photos-"))]
    assert (said["Name"], said["Version"]) == (extras.DISTRIBUTION, curate.__version__)


def test_the_files_that_the_image_copies_are_enough_for_the_wheel(wheel: Path, tmp_path: Path) -> None:
    source, built = tmp_path / "src", tmp_path / "built"
    source.mkdir()
    for name in container.copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    with zipfile.ZipFile(build(source, built)) as own, zipfile.ZipFile(wheel) as whole:
        assert own.namelist() == whole.namelist()


def test_an_installed_wheel_runs_away_from_the_source(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site)}

    def python(*words: str) -> str:
        return subprocess.run(
            [sys.executable, *words], cwd=elsewhere, env=environment, capture_output=True, text=True, check=True
        ).stdout

    script = (
        "import curate; from curate.pipeline import find_recipe; from pathlib import Path; "
        "print(curate.__file__, curate.__version__, find_recipe(Path('demo')).name)"
    )
    place, version, recipe = python("-c", script).split()
    assert Path(place).is_relative_to(site)
    assert (version, recipe) == (curate.__version__, "demo")
    assert "train-baseline" in python("-m", "curate", "--help")
    (launcher,) = (site / "bin").glob("curate*")
    assert "curate.cli.app" in launcher.read_text()


def test_every_extra_that_the_code_names_can_be_installed() -> None:
    offered = PROJECT["optional-dependencies"]
    assert set(extras.MODULES) <= set(offered)
    together = offered["all"][0]
    assert together.startswith(f"{extras.DISTRIBUTION}[")
    assert set(extras.MODULES) <= set(together.partition("[")[2].rstrip("]").split(","))
    assert PROJECT["name"] == extras.DISTRIBUTION


def test_the_base_installation_is_free_of_what_extras_bring() -> None:
    base = {words.split(">")[0].split("=")[0].split("<")[0].strip().lower() for words in PROJECT["dependencies"]}
    assert not base & {"torch", "torchvision", "open_clip_torch", "timm", "numba"}


def test_no_code_asks_for_a_distribution_that_the_installation_has_not() -> None:
    """Where the name of the import and of the distribution are taken for one, nothing runs but where both are."""
    asking = re.compile(r"\bversion\((?:\"|')curate|for name in \([^)]*\"curate\"")
    assert not [
        path for path in (ROOT / "curate").rglob("*.py") if asking.search(path.read_text(encoding="utf-8"))
    ]
