"""What `curate preview` says of one page."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core.recipe_file import parse
from curate.fetch import preview
from curate.fetch.sources import card_links, json_listings
from tests import faults
from tests.fetch.sources import index_shapes
from tests.fetch.sources.painted_adverts import adverts

URL = "https://wheels.example/used/cars"
SHELL = "<html><body><div id=app></div><script src=/app.js></script></body></html>"
CAPTCHA = "<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/a.js></script></html>"
LOGIN = "<html><form><input name=user><input type='password' name=secret></form><script>go()</script></html>"


def show(*words: str) -> Any:
    """`curate preview` with these words."""
    return CliRunner().invoke(app, ["preview", *words])


def page_of(folder: Path, text: str = "") -> str:
    """A saved page: of four listings, where no text is given."""
    page = folder / "page.html"
    page.write_text(text or index_shapes.SHAPES["next_data"](adverts(4, 3), []), encoding="utf-8")
    return str(page)


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
    said = show(URL, "--page", str(page))
    assert said.exit_code == 5
    assert "no listing found: its data and HTML show none" in said.stderr and "source:" not in said.stdout
    data = json.loads(show(URL, "--page", str(page), "--json").stdout)
    assert data["recipe"] == "" and data["notes"] == ["no listing found: its data and HTML show none"]


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
    section = re.sub("(CLASS|cars): #", "swift: #", data["recipe"])
    recipe = parse(f"name: mine\nclasses: [swift, baleno]\n{section}\n", "mine.yaml")
    assert recipe.source is not None
    assert recipe.source.listings == {"swift": (url,)}
    assert "    page_parameter: page # the page names no next one: see how its address counts" in section
    assert recipe.source.politeness.contact == ""
    allowed = ("127.0.0.1:8000",) if "127" in url else ()
    assert recipe.source.politeness.allow_hosts == allowed


@pytest.mark.parametrize(
    ("address", "title", "named"),
    [
        ("https://a.example/cars/sedan", "Used sedans in Delhi", "sedan"),
        ("https://a.example/maruti-suzuki-swift/?page=1", "Maruti Suzuki <b>Swift</b>", ""),  # half a title
        (
            "https://a.example/maruti-suzuki-swift.html",
            "Buy a Maruti Suzuki Swift &ndash; 12 ads",
            "maruti_suzuki_swift",
        ),
        ("https://a.example/sedan", "Used cars", ""),
        ("https://a.example/4711", "4711 ads", ""),
        ("https://a.example/", "Sedans", ""),
    ],
)
def test_the_class_is_what_address_and_title_call_the_page(
    tmp_path: Path, address: str, title: str, named: str
) -> None:
    page = tmp_path / "page.html"
    text = index_shapes.SHAPES["next_data"](adverts(4, 3), adverts(2, 2, seed=5))
    page.write_text(f"<!doctype html><title>{title}</title>" + text, encoding="utf-8")
    given = ["preview", address, "--page", str(page), "--json"]
    section = json.loads(CliRunner().invoke(app, given).stdout)["recipe"]
    line = f"    {named or 'CLASS'}: # the class that the page lists: one of the recipe's classes"
    assert line in section.splitlines()


def test_titles_that_do_not_end_take_no_time() -> None:
    began = time.process_time()
    assert not preview._TITLE.findall("<title" * 30_000)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"), (b" \n", "it is empty"), (bytes(range(256)) * 9, "it is no HTML"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "it is no HTML"), (b"Shopping: milk, bread", "it is no HTML"),
        (b"https://a.example/1\nhttps://a.example/2\n", "it is a list of addresses"),
        (b'{"error": "no such page"}', "none of its JSON is a listing"), (SHELL.encode(), "scripts make the page"),
        (CAPTCHA.encode(), "it asks for a human"), (LOGIN.encode(), "it asks for a login"),
        (b"<p>x" * 410_000, "page_too_complex: more than 200000 tags"),
    ],
)  # fmt: skip
def test_what_is_the_matter_with_a_page_without_listings_is_said(tmp_path: Path, data: bytes, why: str) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(data)
    for place in ([str(page)], [URL, "--page", str(page)]):
        said = show(*place)
        assert said.exit_code == 5, said.output
        assert f"no listing found: {why}" in said.stderr and "mistake in curate" not in said.stderr
    if shown := show(str(page), "--json").stdout:
        assert json.loads(shown)["notes"][-1].startswith(f"no listing found: {why}")


def test_a_page_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = index_shapes.SHAPES["next_data"](adverts(9, 2), [])
    assert "cut off" not in show(URL, "--page", page_of(tmp_path, whole)).stdout
    assert "cut off" in show(URL, "--page", page_of(tmp_path, whole.replace("</html>", ""))).stdout


def test_a_saved_page_without_an_address_gets_none(tmp_path: Path) -> None:
    body = "".join(
        f'<li><a href="/ad/{n}00{n}"><img src="/photo/{n}.jpg"><h3>Sofa number {n}</h3></a><b>€ {n}50</b></li>'
        for n in range(1, 6)
    )
    page = f"<html><body><ul>{body}</ul></body></html>"
    file = page_of(tmp_path, page)
    said = show(file)
    assert said.exit_code == 0, said.output
    assert "page.invalid" not in said.output and "/ad/1001" in said.stdout and "source:" not in said.stdout
    assert "note: the page does not say its address: give its URL, and the file with --page" in said.stdout
    assert "page.invalid" not in show(file, "--json").stdout
    saved = page_of(tmp_path, f"<!-- saved from url=(0027)https://sofas.example/list -->{page}")
    assert "https://sofas.example/ad/1001" in show(saved).stdout


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (faults.ok(LOGIN.encode(), "text/html"), 4, "no listing found: it asks for a login"),
        (faults.status(403), 4, "the site does not let us in: "), (faults.status(404), 5, "no page came: gone: "),
        (faults.status(503), 75, "the site cannot be reached: "),
    ],
)  # fmt: skip
def test_a_page_that_does_not_come_ends_as_a_fetch_of_it(
    tmp_path: Path, answer: faults.Fault, code: int, says: str
) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("name: mine\nclasses: [a, b]\nsource: {id: x, politeness: {max_tries: 1}}", encoding="utf-8")
    with faults.serve({"/cars": answer}) as server:
        said = show(server.url("/cars"), "--recipe", str(recipe))
    assert (said.exit_code, said.stdout) == (code, "")
    assert says in said.stderr and "/cars" in said.stderr


def test_a_public_site_needs_a_contact_and_two_ways_to_give_one_are_named() -> None:
    said = show(URL)
    assert said.exit_code == 2
    assert "--contact" in said.stderr
    assert f"curate init mine.yaml --classes CLASS,OTHER --site {URL}" in said.stderr
    assert "--contact: " in show(URL, "--contact", "two\nlines").stderr


def test_a_contact_of_the_command_line_is_sent_and_stands_in_the_section() -> None:
    page = index_shapes.SHAPES["next_data"](adverts(4, 3), []).encode()
    with faults.serve({"/cars": faults.ok(page, "text/html")}) as server:
        said = show(server.url("/cars"), "--contact", "me@example.org")
        assert "me@example.org" in server.seen[-1].headers["user-agent"]
    assert said.exit_code == 0, said.output
    assert "contact: me@example.org" in said.stdout


def test_a_recipe_is_told_what_it_lacks_and_nothing_else(tmp_path: Path) -> None:
    file, recipe = page_of(tmp_path), tmp_path / "mine.yaml"
    text = (
        f"name: mine\nclasses: [sofa, chair]\nsource:\n  id: wheels_example\n  listings: {{sofa: ['{URL}']}}\n"
        "  pagination: {page_parameter: p}\n"
    )
    recipe.write_text(text, encoding="utf-8")
    said = show(URL, "--page", file, "--recipe", str(recipe)).stdout.splitlines()
    assert [line for line in said if line.startswith("recipe: ")] == [
        f"recipe: set source.politeness.image_hosts to [pics.example] in {recipe}"
    ]
    assert "source:" not in said and not any("CLASS" in line for line in said)
    recipe.write_text(f"{text}  politeness: {{image_hosts: ['*.example']}}\n", encoding="utf-8")
    assert "recipe: nothing is lacking for this page" in show(URL, "--page", file, "--recipe", str(recipe)).stdout
    other = show(f"{URL}/chairs", "--page", file, "--recipe", str(recipe)).stdout
    assert f"recipe: add {URL}/chairs to source.listings, below the class that it lists: sofa" in other


def test_the_id_of_a_site_is_its_whole_host_as_init_writes_it(tmp_path: Path) -> None:
    url = "https://es.wallapop.example/search"
    section = json.loads(show(url, "--page", page_of(tmp_path), "--json").stdout)["recipe"]
    assert "id: es_wallapop_example\n" in section
    made = tmp_path / "made.yaml"
    assert CliRunner().invoke(app, ["init", str(made), "--classes", "a,b", "--site", url]).exit_code == 0
    assert "id: es_wallapop_example\n" in made.read_text(encoding="utf-8")


def test_options_that_do_nothing_are_refused(tmp_path: Path) -> None:
    file = page_of(tmp_path)
    for options in ([file, "--render"], [URL, "--page", file, "--render"]):
        said = show(*options)
        assert said.exit_code == 2 and "--render: scripts run in a page on the web only" in said.stderr
    assert "do not go together" in show(file, "--as-list", "--as-listing").stderr
    assert "is no URL" in show(file, "--page", file).stderr
    assert "ftp://x.y/z: only http:// and https:// are read" in show("ftp://x.y/z").stderr


def test_one_listing_read_as_a_list_is_said(tmp_path: Path) -> None:
    node = {"@type": "Car", "name": "Swift", "image": ["https://i.example/1.jpg"], "offers": {"price": 5}}
    page = f"<html><script type='application/ld+json'>{json.dumps(node)}</script></html>"
    said = show(f"{URL}/1", "--page", page_of(tmp_path, page), "--as-list").stdout
    assert "note: read as a list, the page shows one listing, and no link to its own page" in said


def test_the_page_of_photos_is_one_file_and_tells_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, shown = tmp_path / "cache", adverts(4, 3)
    monkeypatch.setenv("CURATE_CACHE", str(cache))
    monkeypatch.setattr("webbrowser._tryorder", [])  # as on a machine without a browser
    for _ in range(2):
        said = show(URL, "--page", page_of(tmp_path), "--open")
        assert f"photos: {cache / 'preview.html'}" in said.stdout
        assert "no browser was found here" in said.stderr
    assert [path.name for path in cache.iterdir()] == ["preview.html"]
    html = (cache / "preview.html").read_text(encoding="utf-8")
    assert f"{shown[0].price:,.0f}" in html
    assert html.count("<figcaption>") == sum(len(one.photos) for one in shown)


@pytest.mark.parametrize(
    ("most", "shape", "says"),
    [
        ((card_links, "MAX_LINKS"), "cards", "the page has more than 4 links: its listings are cut off there"),
        ((json_listings, "MAX_LISTINGS"), "next_data", "has 9 objects: the first 4 were read"),
        ((json_listings, "MAX_NODES"), "next_data", "the page's data has more than 4 objects"),
    ],
)
def test_a_page_of_which_not_all_was_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: tuple[Any, str], shape: str, says: str
) -> None:
    cards = "".join(f'<li><a href="/ad/{n}00{n}"><h3>Sofa {n}</h3></a><b>€ {n}50</b></li>' for n in range(1, 10))
    page = {"cards": f"<ul>{cards}</ul>", "next_data": index_shapes.SHAPES["next_data"](adverts(9, 2), [])}[shape]
    file = page_of(tmp_path, page)
    assert says not in show(URL, "--page", file).stdout
    monkeypatch.setattr(*most, 4)
    assert says in show(URL, "--page", file).stdout


def test_a_sitemap_shows_the_addresses_that_fetch_would_take(tmp_path: Path) -> None:
    url = "https://wheels.example/sitemap.xml"
    places = "".join(f"<url><loc>https://wheels.example/{name}</loc></url>" for name in ("ad/1", "ad/2", "about"))
    file = page_of(tmp_path, f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{places}</urlset>")
    recipe, source = tmp_path / "mine.yaml", f"{{id: x, listings: {{a: ['{url}']}}, listing_url: {{a: /ad/}}}}"
    recipe.write_text(f"name: mine\nclasses: [a, b]\nsource: {source}\n", encoding="utf-8")
    said = show(url, "--page", file, "--recipe", str(recipe)).stdout
    assert "a list of 2 listings" in said and "/about" not in said
    assert "note: listing_url: matched 2 of 3 addresses; fetch leaves out the others" in said
