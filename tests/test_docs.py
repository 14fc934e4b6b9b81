"""The documentation builds without a warning, its reference is that of the code, and its commands exist."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from curate.cli.app import app
from tests import reference_docs

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", reference_docs.PAGES)
def test_the_reference_is_that_of_the_code(name: str) -> None:
    written = (reference_docs.REFERENCE / name).read_text(encoding="utf-8")
    assert written == reference_docs.PAGES[name](), "stale: run `python -m tests.reference_docs`"


def test_every_command_has_an_example_and_every_option_a_description() -> None:
    page = reference_docs.commands_page()
    sections = page.split("\n## ")[1:]
    assert len(sections) > 8
    assert [section.splitlines()[0] for section in sections if "Example: curate" not in section] == []
    assert re.findall(r"^\| `[^`]*` \|  \|$", page, re.MULTILINE) == []


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    run = subprocess.run(
        [*build, "--config-file", ROOT / ".mkdocs.yml", "--site-dir", tmp_path / "site"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "site" / "index.html").exists()


def test_every_page_is_in_the_navigation() -> None:
    config = (ROOT / ".mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]]
    assert [page for page in pages if f"- {page}" not in config and f": {page}" not in config] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    reference = reference_docs.commands_page()
    known = set(re.findall(r"^## `curate ([\w-]+)`", reference, re.MULTILINE))
    blocks = re.findall(r"```(?:bash|sh|console)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in "\n".join(blocks).splitlines():
        words = line.partition("#")[0].replace("$ ", "").split()
        if words[:1] == ["curate"]:
            named = [word for word in words[1:] if not word.startswith("-")]
            assert known.intersection(named) or "--help" in words or "--version" in words, line
    for line in re.findall(r"`(curate [^`]+)`", page.read_text(encoding="utf-8")) + "\n".join(blocks).splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["curate"]:
            options = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert options <= options_of(next((word for word in words[1:] if word in known), "")), line


def options_of(command: str) -> set[str]:
    """The options of a command, and those of every command."""
    group: Any = typer.main.get_command(app)
    found = [*group.params, *(group.commands[command].params if command else [])]
    return {option for parameter in found for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
