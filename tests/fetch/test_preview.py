"""What `curate preview` says of one page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core.recipe_file import parse
from tests import faults
from tests.fetch.sources import index_shapes
from tests.fetch.sources.painted_adverts import adverts

URL = "https://wheels.example/used/cars"


def test_a_saved_page_gives_listings_what_was_left_out_and_a_recipe(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shown = adverts(4, 3)
    page.write_text(index_shapes.SHAPES["next_data"](shown, adverts(2, 2, seed=5)), encoding="utf-8")
    said = CliRunner().invoke(app, ["preview", URL, "--page", str(page)])
    assert said.exit_code == 0, said.output
    for line in ("a list of 4 listings", "2 listings beside the list were left out", "adapter: auto", "photos 4"):
        assert line in said.output
    data = json.loads(CliRunner().invoke(app, ["preview", URL, "--page", str(page), "--json"]).stdout)
    assert [one["title"] for one in data["listings"]] == [advert.title for advert in shown]
    assert [len(one["photos"]) for one in data["listings"]] == [len(advert.photos) for advert in shown]
    assert (data["kind"], data["filled"]["price"]) == ("list", 4)


def test_a_page_without_listings_gives_no_recipe(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>About us</h1><p>We sell cars.</p>", encoding="utf-8")
    said = CliRunner().invoke(app, ["preview", URL, "--page", str(page)])
    assert "no listing found" in said.output and "source:" not in said.output
    assert (
        json.loads(CliRunner().invoke(app, ["preview", URL, "--page", str(page), "--json"]).stdout)["recipe"] == ""
    )


def test_a_page_that_robots_txt_denies_ends_with_4_and_names_it_once() -> None:
    with faults.serve({"/robots.txt": faults.ok(b"User-agent: *\nDisallow: /", "text/plain")}) as server:
        said = CliRunner().invoke(app, ["preview", server.url("/login")])
    assert said.exit_code == 4
    assert said.stderr.count("/login") == 1 and "disallowed by" in said.stderr


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}?a=b",
        f"{URL}?page=1&sort=price,desc",
        "http://127.0.0.1:8000/{a}[0]?q=x#y",
        "https://on.example/l: 1 #2",
    ],
)
def test_the_section_to_paste_loads_as_it_is(tmp_path: Path, url: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(index_shapes.SHAPES["next_data"](adverts(4, 3), adverts(2, 2, seed=5)), encoding="utf-8")
    data = json.loads(CliRunner().invoke(app, ["preview", url, "--page", str(page), "--json"]).stdout)
    section = data["recipe"].replace("CLASS:", "swift:")
    recipe = parse(f"name: mine\nclasses: [swift, baleno]\n{section}\n", "mine.yaml")
    assert recipe.source is not None
    assert recipe.source.listings == {"swift": (url,)}
    assert section.splitlines()[-1].endswith("page # the page names no next one: see how its address counts")
