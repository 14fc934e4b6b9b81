"""Pages that scripts make: rendered by a real Chromium, every request through our own client."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import extras, manifest
from curate.core.errors import DeniedError, LayoutError, ResourceError
from curate.core.schemas import FetchRow
from curate.demo.site import serve
from curate.fetch import stage as fetch
from curate.fetch.http import browser
from tests import faults
from tests.fetch.small_site import jpeg, listings, source
from tests.fetch.test_stage import car, html

CHROMIUM = next((path for name in browser.CHROMIUM if (path := shutil.which(name))), "")
needs_browser = pytest.mark.skipif(
    not CHROMIUM or bool(extras.missing("browser")), reason="needs chromium and the extra browser"
)


def page(script: str, body: str = "") -> faults.Fault:
    text = f"<!doctype html><html><head></head><body>{body}<script>{script}</script></body></html>"
    return faults.ok(text.encode(), "text/html")


def photos(*numbers: int) -> dict[str, faults.Fault]:
    return {f"/{number}.jpg": faults.ok(jpeg(number)) for number in numbers}


@needs_browser
def test_a_site_made_by_scripts_gives_the_manifest_of_the_plain_one(tmp_path: Path) -> None:
    shown = listings(1, 2)
    with serve(shown) as plain:
        fetch.run(tmp_path / "plain", source(plain.url))
        port = int(plain.url.rpartition(":")[2])
    with serve(shown, port, by_script=True) as site:
        with pytest.raises(LayoutError, match=r"set source\.render: auto"):
            fetch.run(tmp_path / "never", source(site.url))
        rows = fetch.run(tmp_path / "js", source(site.url, render="auto"))
        assert {request.user_agent.partition("/")[0] for request in site.requests} == {"curate"}
        assert any(request.path.startswith("/api/parts") for request in site.requests)
    assert rows and all(row.keep or row.reason == "decode_truncated" for row in rows)
    assert (tmp_path / "js" / "fetch.csv").read_bytes() == (tmp_path / "plain" / "fetch.csv").read_bytes()


@needs_browser
def test_what_scripts_get_is_data_and_nothing_leaves_by_another_way(
    tmp_path: Path,
) -> None:
    script = """
      let n = 0;
      const more = () => fetch("/api?p=" + (++n)).then(a => a.json()).then(d => window.last = d);
      more(); more();
      fetch("http://TRAP/beacon").catch(() => 0);
      navigator.sendBeacon("/beacon", "x"); new WebSocket("ws://TRAP/socket"); new Image().src = "http://TRAP/i.gif";
    """
    answer = {n: {"hits": [{"id": 70 + n, "url": f"/l/{n}", "title": f"Swift {n}", "price": 100 + n,
                            "photos": [f"/{n}.jpg"]}]} for n in (1, 2, 3)}  # fmt: skip
    with faults.serve({}) as trap:
        button = "<button class=more onclick='more()'>More</button>"
        routes: dict[str, Any] = {"/cars": page(script.replace("TRAP", trap.host_port), button)} | photos(1, 2, 3)
        routes |= {
            f"/api?p={n}": faults.ok(json.dumps(one).encode(), "application/json") for n, one in answer.items()
        }
        with faults.serve(routes) as server:
            actions = [{"click": "button.more"}, {"click": "button.none"}, {"scroll": True}]
            rows = fetch.run(
                tmp_path, source(server.url(""), ["/cars"], render="always", actions=actions, follow=False)
            )
            agents = {seen.headers.get("user-agent", "").partition("/")[0] for seen in server.seen}
            assert "/api?p=3" in server.paths() and "/beacon" not in server.paths()
        assert agents == {"curate"}
        assert trap.connections == 0
    assert sorted((row.title, row.price) for row in rows if row.keep) == [
        (f"Swift {n}", 100.0 + n) for n in (1, 2, 3)
    ]  # fmt: skip
    assert manifest.read(tmp_path, FetchRow) == rows


@needs_browser
def test_preview_lets_scripts_run_as_the_recipe_says(tmp_path: Path) -> None:
    show = CliRunner().invoke
    with serve(listings(2, 2), by_script=True) as site:
        start = f"{site.url}/cars/swift"
        plain = show(app, ["preview", start])
        assert "no listing found" in plain.output and "set source.render to auto" in plain.output
        for options in (["--render"], ["--recipe", str(tmp_path / "mine.yaml")]):
            said = source(site.url, render="auto").model_dump(mode="json", exclude_unset=True)
            recipe = {"name": "mine", "classes": ["swift", "wagonr"], "source": said}
            (tmp_path / "mine.yaml").write_text(json.dumps(recipe), encoding="utf-8")
            shown = show(
                app, [*options, "preview", start] if "--recipe" in options else ["preview", start, *options]
            )
            assert shown.exit_code == 0, shown.output
            for line in ("a list of 2 listings", "after its scripts ran"):
                assert line in shown.output
            assert ("  render: auto" in shown.output) == (options == ["--render"])  # the recipe has it


@needs_browser
def test_a_page_is_rendered_again_for_new_signatures(tmp_path: Path) -> None:
    old, new = (f"/1.jpg?Expires={clock}&Signature=s{clock}" for clock in (1_000, 2_000))
    routes: dict[str, Any] = {
        "/cars": [html(car(1, [old])), html(car(1, [new]))], old: faults.status(403), new: faults.ok(jpeg(1)),
    }  # fmt: skip
    with faults.serve(routes) as server:
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"], render="always"))
    assert [(row.keep, row.image_url) for row in rows] == [(True, server.url("/1.jpg"))]


@needs_browser
def test_a_captcha_that_a_script_puts_up_ends_the_run(tmp_path: Path) -> None:
    gate = '<title>Just a moment...</title><div id="px-captcha">Prove it</div>'
    shown = page(f"document.documentElement.innerHTML = {json.dumps(gate)}")
    with faults.serve({"/cars": shown}) as server, pytest.raises(DeniedError, match="asks for a human") as error:
        fetch.run(tmp_path, source(server.url(""), ["/cars"], render="always"))
    assert error.value.exit_code == 4


def test_without_chromium_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(extras, "missing", lambda extra: "")
    with pytest.raises(ResourceError, match="needs Chromium, which is not installed") as error:
        fetch.run(tmp_path / "run", source("http://127.0.0.1:1", ["/cars"], render="auto"))
    assert "apt install chromium" in str(error.value.remedies)
