"""HTTP is spoken in one place: no other module may import a client (FAULTS rule 1)."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import layers

PACKAGE = Path(__file__).parents[1] / "curate"
SPEAKERS = PACKAGE / "fetch" / "http"
CLIENTS = (
    "requests",
    "urllib3",
    "urllib.request",
    "http.client",
    "httpx",
    "httpx2",
    "aiohttp",
    "ftplib",
    "torch.hub",
)
CALLS = {"urlopen", "urlretrieve", "download_url", "load_state_dict_from_url"}


def clients_used(nodes: Iterable[ast.AST]) -> list[str]:
    """Names of HTTP clients that a module imports, or of functions that fetch, each with its line."""
    found = []
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            names = [called] if called in CALLS else []
        for name in names:
            if name in CALLS or any(name == client or name.startswith(f"{client}.") for client in CLIENTS):
                found.append(f"line {node.lineno}: {name}")  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != SPEAKERS],
    ids=lambda path: path.stem,
)
def test_no_other_module_fetches(path: Path) -> None:
    assert clients_used(layers.nodes(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        *(
            "import requests",
            "from requests import Session",
            "from urllib import request",
            "import urllib.request",
        ),
        *("x.urlopen(u)", "from urllib3 import PoolManager", "import http.client"),
    ],
)
def test_the_rule_can_fail(line: str) -> None:
    assert clients_used(ast.walk(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["from urllib.parse import urljoin", "import requests_file", "from http.server import X"]
)
def test_the_rule_lets_others_be(line: str) -> None:
    assert not clients_used(ast.walk(ast.parse(line)))
