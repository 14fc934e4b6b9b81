"""A fetch that lacks an index page publishes what it has, says what may be missing, and ends with code 75."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.schemas import FetchRow
from tests import faults
from tests.fetch import test_refresh_faults
from tests.fetch.small_site import source
from tests.fetch.test_refresh_faults import FAULTS, quick
from tests.fetch.test_stage import car, html, photos


def site() -> dict[str, Any]:
    return test_refresh_faults.site() | {"/vans": html(car(9)), **photos(9)}


def fetch(folder: Path, recipe: Path, *more: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["--recipe", str(recipe), "--folder", str(folder), "fetch", *more])
    return result.exit_code, result.stdout, result.stderr


def recipe_for(folder: Path, server: Any, fault: str) -> Path:
    config = source(server.url(""), ["/cars"], politeness=quick(server.host_port, fault))
    path = folder / "mine.yaml"
    section = config.model_dump(mode="json", exclude_unset=True)
    section.pop("class_names", None)
    section["listings"]["wagonr"] = [server.url("/vans")]
    path.write_text(yaml.safe_dump({"name": "mine", "classes": ["swift", "wagonr"], "source": section}))
    return path


@pytest.mark.parametrize("fault", ["400", "empty"])
def test_a_refused_index_page_is_asked_for_again(tmp_path: Path, fault: str) -> None:
    routes: dict[str, Any] = site()
    sound, routes["/cars?p=2"] = routes["/cars?p=2"], FAULTS[fault]
    with faults.serve(routes) as server:
        recipe = recipe_for(tmp_path, server, fault)
        code, out, said = fetch(tmp_path / "run", recipe)
        assert code == 75
        assert "an index page was refused: " in said and "/cars?p=2: " in said
        assert "1 deferred" in out
        assert sum(row.keep for row in manifest.read(tmp_path / "run", FetchRow)) == 5
        routes["/cars?p=2"] = sound
        code, _, said = fetch(tmp_path / "run", recipe)
        assert (code, said) == (0, "")
        assert sum(row.keep for row in manifest.read(tmp_path / "run", FetchRow)) == 7


def test_an_index_page_that_is_refused_again_ends_the_paging(tmp_path: Path) -> None:
    routes: dict[str, Any] = site() | {"/cars?p=2": FAULTS["400"]}
    with faults.serve(routes) as server:
        recipe = recipe_for(tmp_path, server, "400")
        assert fetch(tmp_path / "run", recipe)[0] == 75
        code, out, _ = fetch(tmp_path / "run", recipe)
        assert code == 0
        assert "1 next page held no listing, which ended the paging" in out
        assert fetch(tmp_path / "run", recipe, "--refresh")[0] == 0


def test_who_accepts_a_drop_is_not_asked_again(tmp_path: Path) -> None:
    with faults.serve(site() | {"/cars?p=2": FAULTS["400"]}) as server:
        assert fetch(tmp_path / "run", recipe_for(tmp_path, server, "400"), "--accept-drop")[0] == 0


@pytest.mark.parametrize("fault", ["404", "410"])
def test_a_next_page_that_is_gone_is_the_end_of_the_paging(tmp_path: Path, fault: str) -> None:
    routes: dict[str, Any] = site()
    sound, routes["/cars?p=2"] = routes["/cars?p=2"], FAULTS[fault]
    with faults.serve(routes) as server:
        recipe = recipe_for(tmp_path, server, fault)
        code, out, said = fetch(tmp_path / "run", recipe)
        assert (code, said) == (0, "")
        assert (
            "1 next page held no listing, which ended the paging, e.g. " in out
            and "/cars?p=2, which is gone" in out
        )
        assert "deferred" not in out
        asked = len(server.seen)
        assert fetch(tmp_path / "run", recipe)[0] == 0 and len(server.seen) == asked
        routes["/cars?p=2"] = sound
        assert fetch(tmp_path / "run", recipe, "--refresh")[0] == 0
        assert sum(row.keep for row in manifest.read(tmp_path / "run", FetchRow)) == 7
        routes["/cars?p=2"] = FAULTS[fault]  # it held listings: one night without it marks nothing
        fetch(tmp_path / "run", recipe, "--refresh", "--accept-drop")
        assert all(row.gone_since is None for row in manifest.read(tmp_path / "run", FetchRow))


def test_a_class_without_a_page_is_named_before_the_first_request(tmp_path: Path) -> None:
    with faults.serve(site()) as server:
        recipe = recipe_for(tmp_path, server, "")
        for empty in ("", "    wagonr: []\n"):
            lines = [line for line in recipe.read_text().splitlines(True) if "/vans" not in line]
            recipe.write_text("".join(lines).replace("    wagonr:\n", empty))
            code, _, said = fetch(tmp_path / "run", recipe)
            assert code == 2 and "source.listings: has no address for wagonr" in said
        assert not server.seen and not (tmp_path / "run").exists()
