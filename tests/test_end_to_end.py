"""The README's commands, typed one after the other against a small marketplace served over real HTTP."""

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.recipe_file import load
from curate.core.schemas import SPLITS, FetchRow, SplitRow
from curate.core.stages import STAGES
from curate.demo.painter import paint_catalogue
from curate.demo.run import PORT, recipe_for
from curate.demo.site import Site, serve
from curate.pipeline import find_recipe

ROOT = Path(__file__).parents[1]
PER_CLASS = 18


@dataclass
class Run:
    """A folder, the recipe for it, the site it is fetched from, and what commands printed into it."""

    folder: Path
    recipe: Path
    site: Site
    printed: list[tuple[str, str]] = field(default_factory=list)  # command, output

    def curate(self, *arguments: str, expect: int = 0) -> str:
        words = ["--recipe", str(self.recipe), "--folder", str(self.folder), *arguments]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == expect, result.output
        return result.stdout

    def bytes(self) -> dict[str, bytes]:
        files = [path for path in self.folder.rglob("*") if path.is_file() and "cache" not in path.name]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


def readme_commands() -> list[list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("curate ")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """All commands of the README have run, in their order."""
    scratch = tmp_path_factory.mktemp("end_to_end")
    with serve(paint_catalogue(scratch / "site", seed=7, per_class=PER_CLASS)) as site:
        recipe = recipe_for(site, find_recipe(Path("demo"))).model_dump(mode="json", exclude_unset=True)
        recipe["split"]["counts"] = {"train": 12, "val": 4, "test": 4}
        recipe["train_baseline"] |= {"epochs": 1, "image_size": 50}
        path = scratch / "small.yaml"
        path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
        run = Run(scratch / "run", path, site)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(scratch)  # `sample` writes beside the reader
            for words in readme_commands():
                if words[0] == "explain":
                    words[1] = manifest.read(run.folder, FetchRow)[0].key[:12]
                if words[0] == "preview":
                    source = load(run.recipe).source
                    assert source
                    words[1] = source.listings["hatchback"][0]
                run.printed.append((words[0], run.curate(*words)))
        yield run


def test_the_readme_shows_the_commands_of_the_whole_path() -> None:
    shown = [words[0] for words in readme_commands()]
    assert [word for word in shown if word.replace("-", "_") in STAGES] == [manifest.command(s) for s in STAGES]


def test_every_command_of_the_readme_works(run: Run) -> None:
    assert [command for command, _ in run.printed] == [words[0] for words in readme_commands()]
    for command, out in run.printed:
        assert out.strip(), command
        if command.replace("-", "_") in STAGES:
            assert out.startswith(f"{command.replace('-', '_')}: ")
    assert (run.folder / "report.html").stat().st_size > 10_000


def test_m12_a_second_run_makes_no_request_and_changes_no_byte(run: Run) -> None:
    before, requests = run.bytes(), len(run.site.requests)
    out = run.curate("run")
    assert out.count("(unchanged)") == len(STAGES)
    assert len(run.site.requests) == requests
    assert run.bytes() == before


def test_a_release_makes_nothing_stale_and_asks_the_site_for_nothing(run: Run) -> None:
    before, requests = run.bytes(), len(run.site.requests)
    newer = "import curate; curate.__version__ = '99.0'; from curate.cli.app import main; main()"
    words = ["--recipe", str(run.recipe), "--folder", str(run.folder)]
    said = {}
    for command in ("--version", "status", "run"):
        argv = [sys.executable, "-c", newer, *(words if command != "--version" else ()), command]
        said[command] = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert said["--version"] == "curate 99.0\n"
    assert said["status"].count("[current]") == len(STAGES)
    assert said["run"].count("(unchanged)") == len(STAGES)
    assert len(run.site.requests) == requests
    assert run.bytes() == before


def test_what_depends_on_a_change_is_done_again_and_nothing_else(run: Run) -> None:
    clean = manifest.csv_path(run.folder, "clean").read_bytes()
    assert "split: " in run.curate("split", "--seed", "7")
    assert manifest.csv_path(run.folder, "clean").read_bytes() == clean
    assert "split.seed is 7 here, 42 in the recipe" in run.curate("status")
    out = run.curate("run")
    assert out.startswith("split runs again by the recipe: split.seed is 7 here, 42 in the recipe\n")
    done_again = [
        line for line in out.splitlines() if re.match(r"\w+: \d+ in", line) and "(unchanged)" not in line
    ]
    # The split of seed 42 has the bytes it had before, so the network trained on it still stands.
    assert [line.partition(":")[0] for line in done_again] == ["split"]


def test_import_of_the_fetched_photos_finds_the_same_photos(run: Run, tmp_path: Path) -> None:
    for row in manifest.read(run.folder, FetchRow):
        if row.keep:
            target = tmp_path / "photos" / row.class_name / f"{row.key}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((run.folder / row.path).read_bytes())
    imported = Run(tmp_path / "run", run.recipe, run.site)
    requests = len(run.site.requests)
    imported.curate("import", str(tmp_path / "photos"))
    out = imported.curate("run")
    assert len(run.site.requests) == requests, "imported photos are not fetched over"
    assert "dedup: " in out
    assert sorted(r.sha256 for r in manifest.read(imported.folder, FetchRow)) == sorted(
        r.sha256 for r in manifest.read(run.folder, FetchRow) if r.keep
    )


def test_the_minimal_recipe_of_the_guide_makes_a_dataset_of_two_folders(run: Run, tmp_path: Path) -> None:
    (text,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/guide/import.md").read_text(encoding="utf-8"), re.DOTALL
    )
    text = text.replace("path: photos", f"path: {tmp_path / 'photos'}")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    names = {"hatchback": "hatch", "tallboy": "sedan"}
    for row in manifest.read(run.folder, FetchRow):
        if row.keep:
            target = tmp_path / "photos" / names[row.class_name] / f"{row.key}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((run.folder / row.path).read_bytes())
    mine = Run(tmp_path / "run", tmp_path / "mine.yaml", run.site)
    mine.curate("fetch")
    (tmp_path / "photos" / "sedan" / "more.txt").write_text("no photo", encoding="utf-8")
    mine.curate("fetch")
    for stage in ("dedup", "clean", "split"):
        mine.curate(stage)
    rows = manifest.read(mine.folder, SplitRow)
    assert {(row.split, row.class_name) for row in rows} == set(itertools.product(SPLITS, ("hatch", "sedan")))


def test_the_first_recipe_of_the_fetch_guide_fetches_from_the_demo(run: Run, tmp_path: Path) -> None:
    guide = (ROOT / "docs/guide/fetch.md").read_text(encoding="utf-8")
    text = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)[0].replace(f"127.0.0.1:{PORT}", run.site.host)
    (tmp_path / "cars.yaml").write_text(text, encoding="utf-8")
    cars = Run(tmp_path / "run", tmp_path / "cars.yaml", run.site)
    cars.curate("fetch")
    assert {row.class_name for row in manifest.read(cars.folder, FetchRow) if row.keep} == {"hatchback", "tallboy"}


def test_too_few_photos_is_an_error_that_says_how_many_are_missing(run: Run) -> None:
    text = run.recipe.read_text(encoding="utf-8").replace("train: 12", "train: 2400")
    many = run.recipe.with_name("many.yaml")
    many.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["--recipe", str(many), "--folder", str(run.folder), "split"])
    assert result.exit_code == 3
    assert re.search(r"kept \d+, need \d+, missing \d+", result.stderr)
    assert "--proportional" in result.stderr
