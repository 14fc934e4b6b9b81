"""APIs that want a POST: what stands in the body, page after page, and what a page is called."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from curate.core import manifest
from curate.core.errors import UsageError
from curate.core.recipe import Politeness, Source
from curate.fetch import preview, preview_recipe
from curate.fetch import stage as fetch
from curate.fetch.http.client import Client
from tests import faults
from tests.fetch.small_site import politeness, source
from tests.fetch.test_paging import API, ad, answer, ids, photos

GRAPHQL = (
    "query($m: String, $n: Int, $c: String) { cars(m: $m, n: $n, after: $c) { page pageInfo { endCursor } } }"
)


def api(body: str, number: int, **more: Any) -> dict[str, faults.Fault]:
    return {f"/api#{body}": answer({"data": {"hits": [ad(number)] if number else []}} | more)}


def fetched(folder: Path, routes: dict[str, Any], start: str, **more: Any) -> tuple[list[str], list[faults.Seen]]:
    with faults.serve(routes) as server:
        config = source(server.url(""), (start,), adapter="json_api", selectors=API, follow=False, **more)
        rows = fetch.run(folder, config)
        asked = len(server.seen)
        assert fetch.run(folder, config) == rows and len(server.seen) == asked
        return ids(rows), [seen for seen in server.seen if seen.path.startswith("/api")]


def test_pages_are_counted_in_the_body_and_each_body_is_a_page(tmp_path: Path) -> None:
    routes = api('{"model":"swift","year":2015,"page":1}', 1) | api('{"model":"swift","year":2015,"page":2}', 2)
    routes |= api('{"model":"swift","year":2015,"page":3}', 0) | photos(1, 2)
    request = {"method": "POST", "body": {"model": "{model}", "year": "{year}", "page": "{page}"}}
    request["headers"] = {"X-Site": "in"}
    found, seen = fetched(tmp_path, routes, "/api#model=swift&year=2015", request=request)
    assert found == ["1", "2"] and len(seen) == 3
    assert {each.headers["content-type"] for each in seen} == {"application/json"}
    assert {each.headers["x-site"] for each in seen} == {"in"}
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    pages = [line["url"].partition("#")[2] for line in lines if line["event"] == "page"]
    assert [json.loads(page)["page"] for page in pages] == [1, 2, 3]


def test_an_offset_in_a_form(tmp_path: Path) -> None:
    routes = api("q=a+b&from=0", 1) | api("q=a+b&from=20", 2) | api("q=a+b&from=40", 0) | photos(1, 2)
    request = {"method": "POST", "encoding": "form", "body": {"q": "a b", "from": "{page}"}}
    pagination = {"first_page": 0, "step": 20}
    found, seen = fetched(tmp_path, routes, "/api", request=request, pagination=pagination)
    assert found == ["1", "2"]
    assert [parse_qs(each.body.decode())["from"] for each in seen] == [["0"], ["20"], ["40"]]
    assert {each.headers["content-type"] for each in seen} == {"application/x-www-form-urlencoded"}


def test_a_graphql_query_goes_on_by_its_cursor(tmp_path: Path) -> None:
    def body(**after: str) -> str:
        said = {"query": GRAPHQL, "variables": {"m": "swift", "n": 1} | after}
        return json.dumps(said, separators=(",", ":"))

    routes = api(body(), 1, info={"end": "c/2"}) | api(body(c="c/2"), 2, info={"end": None}) | photos(1, 2)
    variables = {"m": "{model}", "n": 1, "c": "{cursor}"}
    request = {"method": "POST", "body": {"query": GRAPHQL, "variables": variables}}
    pagination = {"cursor": "info.end"}
    found, seen = fetched(tmp_path, routes, "/api#model=swift", request=request, pagination=pagination)
    assert found == ["1", "2"] and len(seen) == 2


def test_a_page_of_the_body_within_a_longer_text(tmp_path: Path) -> None:
    routes = api('{"params":"q=swift&p=0"}', 1) | api('{"params":"q=swift&p=1"}', 0) | photos(1)
    request = {"method": "POST", "body": {"params": "q=swift&p={page}"}}
    found, _ = fetched(tmp_path, routes, "/api", request=request, pagination={"first_page": 0})
    assert found == ["1"]


def test_a_run_that_failed_asks_again_only_for_the_body_that_failed(tmp_path: Path) -> None:
    routes: dict[str, Any] = api('{"p":1}', 1) | api('{"p":3}', 0) | photos(1, 2)
    routes['/api#{"p":2}'] = [faults.status(503), faults.status(503), *api('{"p":2}', 2).values()]
    request = {"method": "POST", "body": {"p": "{page}"}}
    with faults.serve(routes) as server:
        config = source(
            server.url(""), ("/api",), adapter="json_api", selectors=API, follow=False, request=request
        )
        with pytest.raises(Exception, match="wait"):
            fetch.run(tmp_path, config)
        first = len(server.seen)
        assert ids(fetch.run(tmp_path, config)) == ["1", "2"]
        again = [seen.body for seen in server.seen[first:] if seen.path == "/api"]
    assert again == [b'{"p":2}', b'{"p":3}']
    assert manifest.read_sidecar(tmp_path, "fetch")["notes"]["failed_pages"] == []


@pytest.mark.parametrize(("code", "sent"), [(303, b""), (302, b""), (307, b"{}"), (308, b"{}")])
def test_a_redirect_sends_the_body_on_only_where_it_says_so(code: int, sent: bytes) -> None:
    routes = {"/a": faults.redirect("/b", code), "/b": answer({})}
    with faults.serve(routes) as server:
        with Client(Politeness(**politeness(server.host_port))) as client:
            assert client.get(server.url("/a"), 1000, "data", body=b"{}").data == b"{}"
        assert [seen.body for seen in server.seen if seen.path == "/b"] == [sent]


def test_preview_asks_as_the_recipe_says(tmp_path: Path) -> None:
    routes = api('{"model":"swift","page":1}', 1)
    request = {"method": "POST", "body": {"model": "{model}", "page": "{page}"}}
    with faults.serve(routes) as server:
        config = source(server.url(""), ("/api",), adapter="json_api", selectors=API, request=request)
        shown = preview.preview(preview.read(server.url("/api#model=swift"), None, config), config)
        assert server.paths()[-1] == "/api"
    assert [one.title for one in shown.found.listings] == ["Swift 1"]
    assert shown.start == server.url("/api#model=swift")
    assert preview_recipe.lacks(shown, config) == {}


@pytest.mark.parametrize(
    ("request_", "more", "said"),
    [
        ({"body": {"a": 1}}, {}, "add method: POST"),
        ({"method": "POST"}, {}, "needs a body"),
        ({"method": "POST", "encoding": "form", "body": {"a": [1]}}, {}, "one level of keys"),
        ({"method": "POST", "body": {"a": "{cursor}"}}, {}, "pagination.cursor"),
        ({"method": "POST", "body": {"a": 1}}, {"render": "auto"}, "render"),
        ({"method": "POST", "body": {"a": 1}}, {"adapter": "auto"}, "only for adapter: json_api"),
        ({"headers": {"Authorization": "x"}}, {}, "politeness.auth"),
        ({"headers": {"X-Api-Key": "x"}}, {}, "politeness.auth"),
        ({"headers": {"Cookie": "x"}}, {}, "set by curate itself"),
        ({"headers": {"X-A": "a\nb"}}, {}, "plain ASCII"),
        ({"headers": {"X A": "a"}}, {}, "not the name of a header"),
    ],
)
def test_a_mistake_is_named_before_anything_is_asked(
    request_: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        Source(id="x", request=request_, **({"adapter": "json_api"} | more))


def test_a_placeholder_that_nothing_fills_is_named(tmp_path: Path) -> None:
    request = {"method": "POST", "body": {"model": "{model}"}}
    config = source("http://127.0.0.1:9", ("/api",), adapter="json_api", request=request)
    with pytest.raises(UsageError, match=r"nothing fills \{model\}: write #model="):
        fetch.run(tmp_path, config)
