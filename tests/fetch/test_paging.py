"""How fetch gets from page to page: numbers, cursors, sitemaps, files of addresses, links that lead nowhere."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.errors import LayoutError, UsageError
from curate.core.recipe import Selectors
from curate.core.schemas import FetchRow
from curate.fetch import gates
from curate.fetch import stage as fetch
from curate.fetch.sources import adapters, auto, json_api
from tests import faults
from tests.fetch.small_site import jpeg, source
from tests.fetch.test_stage import car, html

XML = '<?xml version="1.0"?><{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{1}</{0}>'

REFUSED = faults.status(400)
NOTHING = html(body="<p>sold out</p>")


def photos(*numbers: int) -> dict[str, faults.Fault]:
    return {f"/{number}.jpg": faults.ok(jpeg(number)) for number in numbers}


def run(
    folder: Path, routes: dict[str, Any], start: str = "/cars", **more: Any
) -> tuple[list[FetchRow], list[str], dict[str, Any]]:
    with faults.serve(routes) as server:
        rows = fetch.run(folder, source(server.url(""), (start,), **more))
        return rows, server.paths(), manifest.read_sidecar(folder, "fetch")["notes"]


def ids(rows: list[FetchRow]) -> list[str]:
    return sorted(row.listing_id for row in rows if row.keep)


@pytest.mark.parametrize(
    ("start", "pagination", "asked"),
    [
        ("/cars", {"page_parameter": "p"}, ["/cars", "/cars?p=2", "/cars?p=3"]),
        ("/cars/p/{page}", {}, ["/cars/p/1", "/cars/p/2", "/cars/p/3"]),
        ("/cars?from={page}", {"first_page": 0, "step": 2}, ["/cars?from=0", "/cars?from=2", "/cars?from=4"]),
    ],
)
def test_pages_are_counted_until_one_holds_no_listing(
    tmp_path: Path, start: str, pagination: dict[str, Any], asked: list[str]
) -> None:
    pages = [html(car(1), car(2)), html(car(3)), html(body="<p>nothing here</p>")]
    routes = dict(zip(asked, pages, strict=True)) | photos(1, 2, 3)
    rows, paths, notes = run(tmp_path, routes, start, follow=False, pagination=pagination)
    assert ids(rows) == ["1", "2", "3"]
    assert [path for path in paths if "cars" in path] == asked
    assert notes["paging_ended"] == []


def test_pages_that_count_listings_are_said_with_the_step_that_saves_requests(tmp_path: Path) -> None:
    asked = [f"/cars?from={number}" for number in range(4)]
    pages = [html(car(1), car(2), car(3)), html(car(2), car(3), car(4)), html(car(3), car(4), car(5)), NOTHING]
    routes = dict(zip(asked, pages, strict=True)) | photos(1, 2, 3, 4, 5)
    rows, _, notes = run(tmp_path, routes, "/cars?from={page}", follow=False, pagination={"first_page": 0})
    assert ids(rows) == ["1", "2", "3", "4", "5"]
    said = [line for line in notes["summary"] if "listings of the pages before" in line]
    assert said == [
        "2 index pages show mostly listings of the pages before: if the address counts listings, "
        "pagination.step: 3 asks for fewer pages"
    ]


@pytest.mark.parametrize("second", [faults.status(404), faults.status(410), REFUSED, NOTHING])
def test_a_next_link_that_leads_nowhere_ends_the_paging_and_not_the_run(
    tmp_path: Path, second: faults.Fault
) -> None:
    routes = {"/cars": html(car(1), next_path="/cars2"), "/cars2": second} | photos(1)
    with faults.serve(routes) as server:
        config = source(server.url(""), ("/cars",), follow=False)
        once = fetch.run(tmp_path, config)
        refused = second is REFUSED  # which may be so for a moment: the next fetch looks again
        assert [row.reason for row in once if not row.keep] == (["deferred"] if refused else [])
        twice = fetch.run(tmp_path, config)
        assert server.paths().count("/cars2") == 1 + refused
        assert fetch.run(tmp_path, config) == twice
        assert server.paths().count("/cars2") == 1 + refused
    assert [(row.listing_id, row.reason) for row in twice] == [("1", "")]
    (ended,) = manifest.read_sidecar(tmp_path, "fetch")["notes"]["paging_ended"]
    assert "/cars2" in ended


BY_CSS = {"listing": "li", "listing_id": "b@id", "title": "b", "images": "img@src"}


@pytest.mark.parametrize("adapter", [{"adapter": "jsonld"}, {"adapter": "selectors", "selectors": BY_CSS}])
@pytest.mark.parametrize(("named", "wanted"), [(False, ["1", "2"]), (True, ["1"])])
def test_a_link_that_is_called_next_leads_on_unless_a_selector_names_another(
    tmp_path: Path, adapter: dict[str, Any], named: bool, wanted: list[str]
) -> None:
    def page(number: int, more: str) -> faults.Fault:
        item = f'<li><b id="{number}">Swift {number}</b><img src="/{number}.jpg"></li>'
        return html(car(number), body=f"<ul>{item}</ul>{more}")

    routes = {"/cars": page(1, '<a href="/cars?seite=2">weiter »</a>'), "/cars?seite=2": page(2, "")}
    pagination = {"next_selector": "a.on"} if named else {}
    rows, _, _ = run(tmp_path, routes | photos(1, 2), follow=False, pagination=pagination, **adapter)
    assert ids(rows) == wanted


def test_a_first_page_without_listings_is_no_end_of_paging(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no listing found"):
        run(tmp_path, {"/cars": html(body="<p>sold out</p>")})


@pytest.mark.parametrize(
    ("start", "pagination", "asked"),
    [
        ("/cars", {"cursor": "json:meta.next", "cursor_parameter": "after"}, "/cars?after=c%2F2"),
        ("/cars?n=5&after={cursor}", {"cursor": "json:meta.next"}, "/cars?n=5&after=c%2F2"),
        ("/cars", {"cursor": "json:meta.link"}, "/more"),
        ("/cars", {"cursor": "b.next@data-at", "cursor_parameter": "after"}, "/cars?after=c%2F2"),
    ],
)
def test_a_cursor_leads_on_until_a_page_has_none(
    tmp_path: Path, start: str, pagination: dict[str, Any], asked: str
) -> None:
    first = start.replace("&after={cursor}", "")
    body = '<b class="next" data-at="c/2"></b><script type="application/json">%s</script>'
    meta = json.dumps({"meta": {"next": "c/2", "link": "/more"}})
    routes = {first: html(car(1), body=body % meta), asked: html(car(2))} | photos(1, 2)
    rows, paths, _ = run(tmp_path, routes, start, follow=False, pagination=pagination)
    assert ids(rows) == ["1", "2"]
    assert [path for path in paths if path in (first, asked)] == [first, asked]


def test_sitemaps_and_the_sitemaps_they_name(tmp_path: Path) -> None:
    def places(*paths: str) -> str:
        return "".join(f"<url><loc>{path}</loc><lastmod>2026-01-01</lastmod></url>" for path in paths)

    maps = "".join(f"<sitemap><loc>/map{n}.xml</loc></sitemap>" for n in (1, 2))
    packed = gzip.compress(XML.format("urlset", places("/ad/2", "/help")).encode())
    routes = {
        "/sitemap.xml": faults.ok(XML.format("sitemapindex", maps).encode(), "application/xml"),
        "/map1.xml": faults.ok(XML.format("urlset", places("/about", "/ad/1")).encode(), "text/xml"),
        "/map2.xml": faults.ok(packed, "application/gzip"),
        "/ad/1": html(car(1)), "/ad/2": html(car(2)), **photos(1, 2),
    }  # fmt: skip
    rows, paths, notes = run(tmp_path, routes, "/sitemap.xml", listing_url={"swift": r"/ad/\d"})
    assert ids(rows) == ["1", "2"]
    assert not {"/about", "/help"} & {*paths}
    assert "2 addresses do not match source.listing_url and were left out" in notes["summary"]


def test_a_pattern_that_no_address_matches_is_named(tmp_path: Path) -> None:
    links = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "url": f"/l/{n}"} for n in (1, 2, 3)]}
    with faults.serve({"/cars": html(links), "/vans": html(car(2)), **photos(2)}) as server:
        starts = {"swift": [server.url("/cars")], "wagonr": [server.url("/vans")]}
        more: dict[str, Any] = {"listings": starts, "listing_url": {"swift": "/nosuch/"}}
        with pytest.raises(LayoutError, match="no listing of swift") as caught:
            fetch.run(tmp_path, source(server.url(""), (), **more))
    said = str(caught.value)
    assert "3 addresses do not match source.listing_url of swift, /nosuch/, e.g. " in said and "/l/1" in said
    assert "under another class" not in said


def test_too_many_sitemaps_are_said(tmp_path: Path) -> None:
    maps = "".join(f"<sitemap><loc>/map{n}.xml</loc></sitemap>" for n in (1, 2, 3))
    one = faults.ok(XML.format("urlset", "<url><loc>/ad/1</loc></url>").encode(), "text/xml")
    routes = {"/sitemap.xml": faults.ok(XML.format("sitemapindex", maps).encode(), "text/xml"), "/map1.xml": one}
    routes |= {"/ad/1": html(car(1))} | photos(1)
    _, paths, notes = run(tmp_path, routes, "/sitemap.xml", pagination={"max_pages": 2})
    assert "/map2.xml" not in paths
    assert any(line.startswith("limited by pagination.max_pages, 2") for line in notes["summary"])


def test_a_file_of_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    routes = {"/ad/1": html(car(1)), "/ad/2": html(car(2))} | photos(1, 2)
    with faults.serve(routes) as server:
        lines = ["# mine", server.url("/ad/1"), "", server.url("/ad/2"), server.url("/ad/1")]
        Path("swift.txt").write_text("\n".join(lines), encoding="utf-8")
        config = source(server.url("")).override(listings={"swift": ["swift.txt"]})
        rows = fetch.run(tmp_path / "run", config)
        assert ids(rows) == ["1", "2"]
        lines.reverse()
        Path("swift.txt").write_text("\n".join(lines), encoding="utf-8")
        asked = len(server.seen)
        assert fetch.run(tmp_path / "run", config) == rows and len(server.seen) == asked  # the same addresses
        routes |= {"/ad/3": html(car(3)), **photos(3)}
        Path("swift.txt").write_text("\n".join([*lines, server.url("/ad/3")]), encoding="utf-8")
        config = config.override(revisit_after="never")
        assert ids(fetch.run(tmp_path / "run", config)) == ["1", "2", "3"]
        assert server.paths()[asked:] == ["/robots.txt", "/ad/3", "/3.jpg"]
        Path("swift.txt").unlink()
        assert len(fetch.run(tmp_path / "run", config)) == 3  # what was read is there
    Path("swift.txt").write_text("https://x.example/1\nftp://x.example/2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"swift\.txt:2: .*not an http"):
        gates.check_source(config)
    with pytest.raises(UsageError, match=r"absent\.txt is no URL .*no file"):
        gates.check_source(config.override(listings={"swift": ["absent.txt"]}))


# --- APIs ---------------------------------------------------------------------------------------------------


def answer(data: object) -> faults.Fault:
    return faults.ok(json.dumps(data).encode(), "application/json")


def ad(number: int) -> dict[str, Any]:
    return {
        "ref": number, "name": f"Swift {number}", "cost": {"now": 100 + number}, "built": "2015-03",
        "shots": [{"file": f"/{number}.jpg"}], "price": 1,
    }  # fmt: skip


API = {
    "listing": "data.hits", "listing_id": "ref", "title": "name", "price": "cost.now", "year": "built",
    "images": "shots[*].file",
}  # fmt: skip


def test_an_api_by_its_paths_page_by_page(tmp_path: Path) -> None:
    routes = {
        f"/api?p={n}": answer({"data": {"hits": [ad(n)] if n < 3 else []}, "more": [ad(9)]}) for n in (1, 2, 3)
    } | photos(1, 2)
    rows, paths, notes = run(tmp_path, routes, "/api?p={page}", adapter="json_api", selectors=API, follow=False)
    assert {(row.listing_id, row.title, row.price, row.year) for row in rows} == {
        ("1", "Swift 1", 101.0, 2015), ("2", "Swift 2", 102.0, 2015),
    }  # fmt: skip
    assert "/api?p=3" in paths
    assert [name for name in notes["extractors"] if not name.startswith("selectors.")] == ["json_api"]


def test_an_api_whose_listings_have_answers_of_their_own(tmp_path: Path) -> None:
    routes = {
        "/api": answer({"data": {"hits": [{"ref": 1}, {"ref": 2}]}, "next": "b"}),
        "/api?after=b": answer({"data": {"hits": [{"ref": 3}]}}),
        **{f"/api/ad/{n}": answer(ad(n)) for n in (1, 2, 3)},
    } | photos(1, 2, 3)
    with faults.serve(routes) as server:
        selectors = API | {"link": server.url("/api/ad/{listing_id}")}
        more = {"selectors": selectors, "pagination": {"cursor": "next", "cursor_parameter": "after"}}
        rows = fetch.run(tmp_path, source(server.url(""), ("/api",), adapter="json_api", **more))
        accepted = {seen.headers["accept"] for seen in server.seen if seen.path.startswith("/api")}
    assert [(row.listing_id, row.price) for row in sorted(rows, key=lambda r: r.listing_id)] == [
        ("1", 101.0), ("2", 102.0), ("3", 103.0),
    ]  # fmt: skip
    assert accepted == {"application/json,*/*;q=0.5"}


def test_an_api_without_paths_is_read_by_the_names_of_its_keys(tmp_path: Path) -> None:
    hits = [
        {"id": 70 + n, "title": f"Swift {n}", "price": 100 + n, "url": f"/ad/{n}", "photos": [f"/{n}.jpg"]}
        for n in (1, 2, 3)
    ]
    rows, _, _ = run(
        tmp_path, {"/api": answer({"hits": hits})} | photos(1, 2, 3), "/api", adapter="json_api", follow=False
    )
    assert [(row.listing_id, row.price) for row in sorted(rows, key=lambda r: r.listing_id)] == [
        ("71", 101.0), ("72", 102.0), ("73", 103.0),
    ]  # fmt: skip


def test_an_answer_says_what_beside_the_list_is_left_out() -> None:
    similar = [ad(number) | {"url": f"/ad/{number}"} for number in (7, 8, 9)]
    hits = [ad(number) | {"url": f"/ad/{number}"} for number in (1, 2, 3, 4)]
    text = json.dumps({"hits": hits, "similar": similar})
    found = json_api.extract(text, "http://127.0.0.1:9/api", False, Selectors())
    assert [listing.title for listing in found.listings] == [f"Swift {n}" for n in (1, 2, 3, 4)]
    assert found.notes == auto.extract(text, "http://127.0.0.1:9/api", False).notes
    assert "3 listings beside the list were left out" in found.notes[0]


@pytest.mark.parametrize("adapter", ["auto", "json_api", "jsonld"])
def test_an_id_of_19_digits_is_whole_with_every_adapter(adapter: str) -> None:
    number = 1234567890123456789
    ads = [{"@type": "Car", "sku": number + n, "name": f"Swift {n}", "image": f"/{n}.jpg"} for n in (1, 2, 3)]
    text = json.dumps(ads)
    if adapter == "jsonld":
        text = f'<script type="application/ld+json">{text}</script>'
    config = source("http://127.0.0.1:9", ("/api",), adapter=adapter)
    found = adapters.extract(text.encode(), "utf-8", "http://127.0.0.1:9/api", False, config)
    assert [listing.listing_id for listing in found.listings] == [str(number + n) for n in (1, 2, 3)]
