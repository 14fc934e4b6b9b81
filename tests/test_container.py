"""What can be checked of the image without an engine: its context, its user, its ports, its packages."""

import inspect
import re
import tomllib
from urllib.parse import urlsplit

import pytest

from curate.cli.check import serve
from tests import container
from tests.container import ROOT, is_sent


def test_the_context_holds_what_is_copied_and_nothing_else() -> None:
    copied = container.copied()
    assert [path for path in copied if not (ROOT / path).exists()] == []
    files = [path for name in copied for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    names = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert len(names) > 100 and {name for name in names if not is_sent(name)} == set()
    assert {entry.name for entry in ROOT.iterdir() if is_sent(entry.name)} == set(copied)


@pytest.mark.parametrize(
    "path",
    [
        ".venv/bin/python",
        ".git/config",
        ".env",
        "manifests/cars/images/ab/photo.jpg",
        "tests/container.py",
        "curate/core/__pycache__/table.pyc",
        "backup/curate/core/table.py",
    ],
)
def test_no_environment_no_photo_and_no_history_is_sent(path: str) -> None:
    assert not is_sent(path)


def test_the_user_has_no_rights() -> None:
    """Some engines give a folder that WORKDIR makes to the user named before it."""
    names = [name for name, _ in container.instructions()]
    user, group = container.instruction("USER").split(":")  # numbers: a cluster can tell that it is not root
    assert user == group and int(user) > 0
    assert f"useradd --uid {user} --user-group " in container.instruction("RUN")
    assert names.index("WORKDIR") < names.index("USER") and max(
        number for number, name in enumerate(names) if name in ("COPY", "RUN")
    ) < names.index("USER")
    assert "chown" not in container.instruction("RUN")


def test_the_port_is_that_of_the_service() -> None:
    port = inspect.signature(serve).parameters["port"].default
    (asked,) = re.findall(r"http://[^']+", container.health_check()[-1])
    assert (urlsplit(asked).hostname, urlsplit(asked).port) == ("127.0.0.1", port)
    assert container.instruction("EXPOSE") == str(port)
    assert "--port" not in container.command()


def test_what_is_installed_can_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (named,) = re.findall(r"'/src\[(.+?)\]'", container.instruction("RUN"))
    assert {"serve"} <= set(named.split(",")) <= set(project["optional-dependencies"])
    (version,) = re.findall(r"^python:(3\.\d+)-slim$", container.instruction("FROM"))
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
