"""The fetch stage against a real site, and against one that misbehaves."""

import errno
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curate.core import files, manifest
from curate.core.errors import (
    CurateError,
    DeniedError,
    GateError,
    LayoutError,
    ResourceError,
    StateError,
    TryLaterError,
    UsageError,
)
from curate.core.recipe import Source
from curate.core.schemas import FetchRow, photo_key
from curate.core.stages import STAGES
from curate.demo.site import serve
from curate.fetch import gates
from curate.fetch import stage as fetch
from curate.fetch.crawled import Crawled, Failure
from curate.fetch.download import Outcome
from curate.fetch.rows import decide
from curate.fetch.sources.listing import Listing, PhotoLink
from curate.photos import store
from tests import faults, wording
from tests.fetch.small_site import jpeg, listings, politeness, source
from tests.wording import refused


def html(*nodes: object, next_path: str = "", body: str = "") -> faults.Fault:
    link = f'<link rel="next" href="{next_path}">' if next_path else ""
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)
    page = f"<!doctype html><html><head>{link}{scripts}</head><body>{body}</body></html>"
    return faults.ok(page.encode(), "text/html; charset=utf-8")


def car(number: int, images: object = None, **more: object) -> dict[str, Any]:
    images = images if images is not None else [f"/{number}.jpg"]
    return {"@type": "Car", "sku": str(number), "name": f"Swift {number}", "image": images} | more


def photos(*numbers: int) -> dict[str, faults.Fault]:
    return {f"/{number}.jpg": faults.ok(jpeg(number)) for number in numbers}


def fetched(
    folder: Path, routes: Mapping[str, faults.Fault], paths: tuple[str, ...] = ("/cars",), **more: Any
) -> tuple[list[FetchRow], list[str]]:
    with faults.serve(routes) as server:
        rows = fetch.run(folder, source(server.url(""), paths, **more))
        return rows, server.paths()


# --- a whole site -------------------------------------------------------------------------------------------


def test_p10_words_in_an_address_do_not_hide_what_the_page_declares_as_a_photo(tmp_path: Path) -> None:
    names = ["honda-logo-front", "icon/1", "black-badge", "red-avatar-2", "sprite-red", "banner/3"]
    paths = [f"/{name}.jpg" for name in names]
    icons = ["/logo.png", "/icons/favicon.ico"]
    shown = "".join(f'<img src="{path}">' for path in icons)
    routes = {
        "/cars": html(car(1, paths), body=shown),
        **{path: faults.ok(jpeg(n)) for n, path in enumerate(paths)},
        **{path: faults.ok(jpeg(90)) for path in icons},
    }
    rows, asked = fetched(tmp_path, routes)
    assert sorted(row.image_url.partition("//")[2].partition("/")[2] for row in rows if row.keep) == sorted(
        path[1:] for path in paths
    )
    assert len(rows) == len(paths) and not set(icons) & set(asked)


@pytest.mark.parametrize("adapter", ["jsonld", "selectors"])
def test_a_whole_site(tmp_path: Path, adapter: str) -> None:
    selectors = {
        "listing": "li.listing", "link": "a.card@href", "listing_id": ".listing-id", "title": "h1",
        "price": ".price", "year": "dd.year", "region": "dd.region", "city": "dd.city",
        "images": ".gallery a@href",
    }  # fmt: skip
    with serve(listings(25, 1)) as site:  # two index pages per class
        config = source(site.url, adapter=adapter, selectors=selectors)
        rows = fetch.run(tmp_path, config)
        asked = Counter(request.path for request in site.requests)
    assert manifest.funnel_line(tmp_path, "fetch") == "fetch: 50 in, 48 kept, 2 decode_truncated"
    assert manifest.read(tmp_path, FetchRow) == rows
    assert Counter(row.class_name for row in rows) == {"swift": 25, "wagonr": 25}
    row = next(row for row in rows if row.listing_id == "w3")
    assert (row.title, row.region, row.city, row.year, row.price) == (
        "Used wagonr 3, =SUM(1,2)", "Delhi", "Delhi", 2013, 100_003.0,
    )  # fmt: skip
    assert row.image_url == f"{site.url}/photos/wagonr-3-28.jpg"
    assert row.key == photo_key("small", "w3", "/photos/wagonr-3-28.jpg")  # the site's address is not in it
    assert (tmp_path / row.path).read_bytes() == jpeg(28)
    assert asked["/robots.txt"] == 1
    assert {path: n for path, n in asked.items() if n > 1} == {  # a photo cut short is asked for again
        "/photos/swift-0-0.jpg": 2, "/photos/wagonr-0-25.jpg": 2,
    }  # fmt: skip


def test_m12_the_second_run_asks_for_nothing_and_changes_nothing(tmp_path: Path) -> None:
    with serve(listings()) as site:
        config = source(site.url)
        rows = fetch.run(tmp_path, config)
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        requests = len(site.requests)
        slower = config.override(politeness=politeness(site.host, workers=1, contact="a@b.example"))
        assert fetch.run(tmp_path, config) == rows
        assert fetch.run(tmp_path, slower) == rows  # the pace is no part of the result
        assert len(site.requests) == requests
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_another_recipe_reads_the_pages_again_but_no_photo_twice(tmp_path: Path) -> None:
    with serve(listings()) as site:
        fetch.run(tmp_path, source(site.url))
        since = len(site.requests)
        rows = fetch.run(tmp_path, source(site.url, max_listings=2))
        asked = [request.path for request in site.requests[since:]]
    assert Counter((row.keep, row.gone_since) for row in rows) == {
        (True, None): 10,
        (False, None): 2,
        (True, 2): 12,
    }
    assert Counter(path for path in asked if "photos" in path) == {  # the cut ones get another chance
        "/photos/swift-0-0.jpg": 2, "/photos/wagonr-0-12.jpg": 2,
    }  # fmt: skip
    assert len(list(tmp_path.glob("images/*/*"))) == 22


@pytest.mark.parametrize("name", ["fetch.csv", "fetch.json"])
def test_m01_a_damaged_manifest_is_made_anew(tmp_path: Path, name: str) -> None:
    with serve(listings(1, 2)) as site:
        config = source(site.url)
        fetch.run(tmp_path, config)
        whole = (tmp_path / "fetch.csv").read_bytes()
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-20])
        fetch.run(tmp_path, config)
    assert (tmp_path / "fetch.csv").read_bytes() == whole
    assert manifest.read(tmp_path, FetchRow)


def test_the_number_of_threads_changes_no_byte(tmp_path: Path) -> None:
    manifests = set()
    with serve(listings()) as site:
        for workers in (1, 8):
            config = source(site.url, politeness=politeness(site.host, workers=workers))
            fetch.run(tmp_path / str(workers), config)
            manifests.add((tmp_path / str(workers) / "fetch.csv").read_bytes())
    assert len(manifests) == 1


# --- index pages --------------------------------------------------------------------------------------------


def test_listings_on_the_index_page_alone(tmp_path: Path) -> None:
    rows, asked = fetched(tmp_path, {"/cars": html([car(1), car(2, ["/2.jpg", "/3.jpg"])]), **photos(1, 2, 3)})
    assert [(row.listing_id, row.position, row.keep) for row in sorted(rows, key=lambda r: r.image_url)] == [
        ("1", 0, True), ("2", 0, True), ("2", 1, True),
    ]  # fmt: skip
    assert sorted(asked) == ["/1.jpg", "/2.jpg", "/3.jpg", "/cars", "/robots.txt"]


def test_without_follow_the_index_is_enough(tmp_path: Path) -> None:
    routes = {"/cars": html([car(1, url="/l/1")]), **photos(1)}
    rows, asked = fetched(tmp_path, routes, follow=False)
    assert rows[0].keep
    assert "/l/1" not in asked


def test_a_listings_page_fills_the_index(tmp_path: Path) -> None:
    routes = {
        "/cars": html([car(1, ["/thumbnail.jpg"], url="/l/1", offers={"price": 5})]),
        "/l/1": html({"@type": "Car", "name": "Whole", "image": ["/1.jpg", "/2.jpg"]}),
        **photos(1, 2),
    }
    rows, _ = fetched(tmp_path, routes)
    assert {(row.listing_id, row.title, row.price, row.position) for row in rows} == {
        ("1", "Whole", 5.0, 0), ("1", "Whole", 5.0, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("routes", "pagination", "asked"),
    [
        pytest.param(
            {"/cars": html(car(1), next_path="/cars"), **photos(1)}, {}, ["/cars"], id="P09-next-is-itself"
        ),
        pytest.param(
            {
                "/cars": html(car(1), next_path="/b"), "/b": html(car(2), next_path="/cars"), **photos(1, 2),
            },
            {}, ["/b", "/cars"], id="P09-cycle",
        ),
        pytest.param(
            {
                "/cars": html(car(1), next_path="/b"), "/b": html(car(1), next_path="/c"), **photos(1),
            },
            {}, ["/b", "/cars"], id="P09-last-page-repeats",
        ),
        pytest.param(
            {"/cars": html(car(1)), "/cars?p=2": html(car(1)), **photos(1)},
            {"page_parameter": "p"}, ["/cars", "/cars?p=2"], id="P09-parameter-ignored",
        ),
        pytest.param(
            {"/cars": html(car(1)), **photos(1)},
            {"page_parameter": "p"}, ["/cars", "/cars?p=2", "/cars?p=3"], id="P09-counted-past-the-end",
        ),
        pytest.param(
            {"/cars": html(car(1)), "/cars?p=2": html(), **photos(1)},
            {"page_parameter": "p"}, ["/cars", "/cars?p=2"], id="P09-last-page-empty",
        ),
        pytest.param(
            {"/cars": html(car(1), next_path="/b"), "/b": html(car(2)), **photos(1)},
            {"max_pages": 1}, ["/cars"], id="P09-max-pages",
        ),
    ],
)  # fmt: skip
def test_p09_pagination_ends(
    tmp_path: Path, routes: dict[str, faults.Fault], pagination: dict[str, Any], asked: list[str]
) -> None:
    rows, paths = fetched(tmp_path, routes, pagination=pagination)
    assert all(row.keep for row in rows)
    assert not (tmp_path / "layout").exists()  # a last page without listings is nothing to look at
    assert manifest.read_sidecar(tmp_path, "fetch")["notes"]["extractors"] == ["jsonld"]
    assert sorted(path for path in paths if "jpg" not in path and "robots" not in path) == asked


@pytest.mark.parametrize("status", [404, 410])
def test_p09_counting_ends_where_the_server_says_gone(tmp_path: Path, status: int) -> None:
    routes = {"/cars": html(car(1)), "/cars?p=2": faults.status(status), **photos(1)}
    rows, _ = fetched(tmp_path, routes, pagination={"page_parameter": "p"})
    assert [row.reason for row in rows] == [""]


@pytest.mark.parametrize(("status", "reason"), [(403, "forbidden"), (400, "http_client_error")])
def test_p09_a_page_that_is_refused_is_not_the_end(tmp_path: Path, status: int, reason: str) -> None:
    routes: dict[str, faults.Fault | list[faults.Fault]]
    routes = {"/cars": html(car(1)), "/cars?p=2": [faults.status(status), html(car(2))], **photos(1, 2)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], pagination={"page_parameter": "p"})
        with pytest.raises(TryLaterError, match=rf"1 page has to wait: .*p=2: {reason}"):
            fetch.run(tmp_path, config)
        assert not (tmp_path / "fetch.csv").exists()
        assert [row.reason for row in fetch.run(tmp_path, config)] == ["", ""]


def test_p09_an_index_page_that_is_refused_for_good_can_be_accepted(tmp_path: Path) -> None:
    routes = {"/cars": html(car(1)), "/cars?p=2": faults.status(403), **photos(1)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], pagination={"page_parameter": "p"})
        rows = fetch.run(tmp_path, config, accept_drop=True)
        assert fetch.run(tmp_path, config) == rows
    assert sorted(row.reason for row in rows) == ["", "forbidden"]


def test_p09_a_counted_page_that_is_gone_in_the_middle_is_not_the_end(tmp_path: Path) -> None:
    routes: dict[str, faults.Fault | list[faults.Fault]]
    routes = {
        "/cars": html(car(1)), "/cars?p=2": [faults.status(404), html(car(2))], "/cars?p=3": html(car(3)),
        **photos(1, 2, 3),
    }  # fmt: skip
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], pagination={"page_parameter": "p"})
        with pytest.raises(TryLaterError, match=r"1 page has to wait: .*p=2: gone"):
            fetch.run(tmp_path, config)
        assert [row.reason for row in fetch.run(tmp_path, config)] == ["", "", ""]


@pytest.mark.parametrize("counted", [True, False])
def test_p09_an_index_page_out_of_order_is_waited_for(tmp_path: Path, counted: bool) -> None:
    pagination = {"page_parameter": "p"} if counted else {}
    second = [faults.status(500), faults.status(500), html(car(2))]  # two tries each
    routes: dict[str, faults.Fault | list[faults.Fault]]
    routes = {"/cars": html(car(1), next_path="/cars?p=2"), "/cars?p=2": second, **photos(1, 2)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], pagination=pagination)
        with pytest.raises(TryLaterError, match=r"1 page has to wait: .*p=2: http_server_error.*1 photo is"):
            fetch.run(tmp_path, config)
        assert not (tmp_path / "fetch.csv").exists()
        assert [row.keep for row in fetch.run(tmp_path, config)] == [True, True]
        assert (server.paths().count("/cars"), server.paths().count("/1.jpg")) == (1, 1)


def test_a_selector_that_matches_on_no_page_is_said_in_the_end(tmp_path: Path) -> None:
    named = {"title": "h1", "price": ".nosuch", "city": "json:props.nosuch"}
    with serve(listings(2, 1)) as site:
        fetch.run(tmp_path, source(site.url, selectors=named))
    said = manifest.read_sidecar(tmp_path, "fetch")["notes"]["summary"]
    assert any(
        line.startswith("gave nothing on any page: source.selectors.price, source.selectors.city;")
        for line in said
    )


def test_max_listings_per_class(tmp_path: Path) -> None:
    with serve(listings(25, 1)) as site:
        rows = fetch.run(tmp_path, source(site.url, max_listings=3))
        assert not any("page=2" in request.path for request in site.requests)
    assert Counter(row.class_name for row in rows) == {"swift": 3, "wagonr": 3}


# --- pages that disappoint ----------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", ["jsonld", "selectors"])
def test_p07_a_page_without_listings_stops_the_run_and_is_kept(tmp_path: Path, adapter: str) -> None:
    body = "<p>A new design.</p>" * 4000
    tried = "JSON-LD" if adapter == "jsonld" else r"source\.selectors"
    with pytest.raises(LayoutError, match=rf"/cars: no listing found; tried .*{tried}.*layout/\w+\.html"):
        fetched(
            tmp_path, {"/cars": html(body=body)}, adapter=adapter, selectors={"listing": "li.ad", "title": "h3"}
        )
    (saved,) = (tmp_path / "layout").iterdir()
    assert body.encode() in saved.read_bytes()
    assert not (tmp_path / "fetch.csv").exists()


def test_p07_a_repaired_page_is_read_again(tmp_path: Path) -> None:
    with faults.serve({"/cars": [html(), html(car(1))], **photos(1)}) as server:
        config = source(server.url(""), ["/cars"])
        with pytest.raises(LayoutError):
            fetch.run(tmp_path, config)
        assert [row.keep for row in fetch.run(tmp_path, config)] == [True]


def test_p07_most_listing_pages_empty_stops_the_run(tmp_path: Path) -> None:
    index = [{"@type": "ListItem", "url": f"/l/{n}"} for n in range(3)]
    routes = {
        "/cars": html({"@type": "ItemList", "itemListElement": index}),
        "/l/0": html(car(0)), "/l/1": html(body="first"), "/l/2": html(body="second"), **photos(0),
    }  # fmt: skip
    with pytest.raises(LayoutError, match="/l/1"):
        fetched(tmp_path, routes)
    (saved,) = (tmp_path / "layout").iterdir()
    assert b"first" in saved.read_bytes()


def test_listing_pages_that_are_gone_become_rows(tmp_path: Path) -> None:
    index = [{"@type": "ListItem", "url": f"/l/{n}"} for n in range(4)]
    routes = {
        "/cars": html({"@type": "ItemList", "itemListElement": index}),
        "/l/0": html(car(0)), "/l/1": html(), "/l/2": faults.status(404), "/l/3": html(car(3)), **photos(0, 3),
    }  # fmt: skip
    rows, _ = fetched(tmp_path, routes)
    assert {(row.page_url.rpartition("/")[2], row.reason) for row in rows} == {
        ("0", ""), ("1", "missing_field"), ("2", "gone"), ("3", ""),
    }  # fmt: skip
    assert "2 pages could not be used" in manifest.read_sidecar(tmp_path, "fetch")["notes"]["summary"][1]


@pytest.mark.parametrize("adapter", ["jsonld", "auto"])
def test_an_advert_that_was_sold_is_gone_and_no_other_is_taken_for_it(tmp_path: Path, adapter: str) -> None:
    index = [{"@type": "ListItem", "url": f"/l/{n}"} for n in range(6)]
    others = [
        {"@type": "ListItem", "url": f"/l/{n}", "item": car(n, [f"/{n}.jpg"], url=f"/l/{n}")} for n in (7, 8, 9)
    ]
    listed = {"@type": "ItemList", "itemListElement": others}
    similar = html(listed, body="<h1>This car is sold</h1><h2>Similar cars</h2>")
    routes: dict[str, Any] = {
        "/cars": html({"@type": "ItemList", "itemListElement": index}), "/l/1": similar, "/all": similar,
        "/l/2": faults.redirect("/all"), **photos(*range(10)),
        **{f"/l/{n}": html(car(n, url=f"/l/{n}", offers={"price": 5})) for n in (0, 3, 4, 5)},
    }  # fmt: skip
    rows, paths = fetched(tmp_path, routes, adapter=adapter)
    assert {(row.page_url.rpartition("/")[2], row.reason) for row in rows} == {
        ("0", ""), ("1", "gone"), ("2", "gone"), ("3", ""), ("4", ""), ("5", ""),
    }  # fmt: skip
    assert not {"/7.jpg", "/8.jpg", "/9.jpg"} & set(paths)


LOGIN = '<h1>Welcome back</h1><form><input name="user"><input type="password" name="word"></form>'


def test_a_login_page_in_place_of_a_list_ends_the_run_as_denied(tmp_path: Path) -> None:
    with pytest.raises(DeniedError, match="/cars asks for a login"):
        fetched(tmp_path, {"/cars": html(body=LOGIN)})
    assert not (tmp_path / "layout").exists()
    header = f"<header>{LOGIN}</header>"
    rows, _ = fetched(tmp_path, {"/cars": html(car(1), body=header), **photos(1)})
    assert [row.keep for row in rows] == [True]
    with pytest.raises(LayoutError):  # much text beside the form: the page is one of another layout
        fetched(tmp_path / "other", {"/cars": html(body=header + "<p>Swift, one owner, sold in Delhi</p>" * 60)})


def test_a_class_without_any_listing_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"no listing of swift was found: .*/cars: gone"):
        fetched(tmp_path, {})


@pytest.mark.parametrize(
    "routes",
    [
        pytest.param({"/robots.txt": faults.ok(b"User-agent: *\nDisallow: /cars", "text/plain")}, id="robots"),
        pytest.param({"/cars": faults.status(401)}, id="401"),
        pytest.param({"/cars": faults.status(403)}, id="403"),
    ],
)
def test_a_site_that_does_not_let_us_in(tmp_path: Path, routes: dict[str, faults.Fault]) -> None:
    with refused(DeniedError, match=r"does not let us in: .*/cars.*`curate import"):
        fetched(tmp_path, {"/cars": html(car(1)), **routes})


def test_f43_a_challenge_page_ends_the_run_as_denied(tmp_path: Path) -> None:
    gate = faults.ok(
        b"<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>", "text/html"
    )
    with pytest.raises(DeniedError, match="captcha"):
        fetched(tmp_path, {"/cars": gate})


def test_f03_robots_out_of_order_sends_nothing_else(tmp_path: Path) -> None:
    with faults.serve({"/robots.txt": faults.status(503), "/cars": html(car(1))}) as server:
        with pytest.raises(CurateError) as failed:
            fetch.run(tmp_path, source(server.url(""), ["/cars"]))
        assert failed.value.exit_code in (4, 75)
        assert set(server.paths()) == {"/robots.txt"}


# --- photos -------------------------------------------------------------------------------------------------


def test_f41_one_photo_in_six_spellings_is_one_request_and_one_row(tmp_path: Path) -> None:
    name = "/photos/1lifg37rh4oq1"
    written = [
        f"{name}.jpg",
        f"..{name}.jpg",
        f"{name}.jpg;s=780x0",
        f"{name}.jpg#1",
        f"{name}-IN.jpg",
        f" {name}.jpg",
    ]
    (row,), asked = fetched(tmp_path, {"/cars": html(car(1, written)), f"{name}.jpg": faults.ok(jpeg(1))})
    assert [path for path in asked if "photos" in path] == [f"{name}.jpg"]
    assert row.keep
    assert sorted(alias.rpartition("/")[2] for alias in row.aliases.split()) == [
        "1lifg37rh4oq1-IN.jpg", "1lifg37rh4oq1.jpg;s=780x0",
    ]  # fmt: skip


def test_an_alias_is_tried_where_the_site_has_no_original(tmp_path: Path) -> None:
    routes = {"/cars": html(car(1, ["/p/1.jpg;s=780x0"])), "/p/1.jpg;s=780x0": faults.ok(jpeg(1))}
    (row,), asked = fetched(tmp_path, routes)
    assert (row.keep, row.image_url.rpartition("/")[2]) == (True, "1.jpg")
    assert asked[-2:] == ["/p/1.jpg", "/p/1.jpg;s=780x0"]


def test_of_a_photo_that_is_at_none_of_its_addresses_the_first_refusal_is_told(tmp_path: Path) -> None:
    shown = "/p/2.jpg;s=780x0"
    routes = {"/cars": html(car(1, ["/1.jpg", shown])), "/p/2.jpg": faults.status(410), **photos(1)}
    rows, asked = fetched(tmp_path, routes | {shown: faults.status(403)})
    assert [row.reason for row in rows if row.image_url.endswith("2.jpg")] == ["gone"]
    assert asked.index("/p/2.jpg") < asked.index(shown)


@pytest.mark.parametrize(
    ("answer", "extension", "reason"),
    [
        pytest.param(faults.ok(b"<html>gone</html>", "text/html"), "", "not_an_image", id="F42-html"),
        pytest.param(
            faults.ok(b"<!doctype html><p>gone", "image/jpeg"), "", "not_an_image", id="F42-html-as-jpeg"
        ),
        pytest.param(faults.ok(jpeg(1), "application/octet-stream"), ".jpg", "", id="F42-octet-stream"),
        pytest.param(faults.ok(b"", "image/jpeg"), "", "empty", id="F32"),
        pytest.param(faults.status(404), "", "gone", id="404"),
        pytest.param(faults.unframed(jpeg(1)[:-200]), "", "decode_truncated", id="F24"),
        pytest.param(faults.short(jpeg(1), 90_000), "", "deferred", id="F22"),
        pytest.param(faults.ok(jpeg(1, 24)), "", "too_small", id="I16"),
        pytest.param(faults.ok(jpeg(1), headers={"X-Robots-Tag": "noimageai"}), "", "noai", id="F13"),
        pytest.param(faults.redirect("http://127.0.0.1:1/x"), "", "offsite", id="F34"),
    ],
)
def test_every_photo_ends_as_a_row(tmp_path: Path, answer: faults.Fault, extension: str, reason: str) -> None:
    rows, _ = fetched(tmp_path, {"/cars": html(car(1, ["/1.jpg", "/2.jpg"])), "/1.jpg": answer, **photos(2)})
    (row,) = (row for row in rows if row.image_url.endswith("/1.jpg"))
    assert (row.keep, row.reason, Path(row.path).suffix) == (not reason, reason, extension)
    assert (row.width, row.height) == {"": (128, 96), "too_small": (32, 24)}.get(reason, (0, 0))
    assert len(list(tmp_path.glob("images/*/*"))) == 1 + bool(row.path)


def test_f42_a_png_called_jpg_is_stored_as_png(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(jpeg(1))).save(buffer, "PNG")
    (row,), _ = fetched(tmp_path, {"/cars": html(car(1)), "/1.jpg": faults.ok(buffer.getvalue())})
    assert row.path.endswith(".png")


def test_a_truncated_photo_is_asked_for_again(tmp_path: Path) -> None:
    with faults.serve(
        {"/cars": html(car(1)), "/1.jpg": [faults.unframed(jpeg(1)[:-200]), faults.ok(jpeg(1))]}
    ) as server:
        (row,) = fetch.run(tmp_path, source(server.url(""), ["/cars"]))
        assert server.paths().count("/1.jpg") == 2
    assert row.keep


def test_p10_p11_rows_of_photos_that_are_not_fetched(tmp_path: Path) -> None:
    routes = {
        "/cars": html(
            [
                car(1, ["/1.jpg", "/dealer/logo.png", "http://[::1", "https://elsewhere.example/2.jpg"]),
                car(3, name=""),
                car(4, sku=None),
            ]
        ),
        **photos(1, 3, 4),
    }
    rows, asked = fetched(tmp_path, routes, required_fields=["title"])
    assert {row.image_url.rpartition("/")[2]: row.reason for row in rows} == {
        "1.jpg": "", "logo.png": "not_gallery", "[::1": "bad_url", "2.jpg": "offsite", "3.jpg": "missing_field",
        "4.jpg": "missing_field",
    }  # fmt: skip
    assert [path for path in asked if path.endswith((".jpg", ".png"))] == ["/1.jpg"]


def test_one_picture_in_two_listings_is_two_rows_and_one_request(tmp_path: Path) -> None:
    rows, asked = fetched(tmp_path, {"/cars": html([car(1), car(2, ["/1.jpg"])]), **photos(1)})
    assert len({row.key for row in rows}) == 2 and len({row.path for row in rows}) == 1
    assert asked.count("/1.jpg") == 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        pytest.param(
            ["http://127.0.0.1:1/1.jpg"],
            r"1 of 1 photo was refused as offsite \(.*e\.g\. http://127.0.0.1:1/1.jpg",
            id="offsite",
        ),
        pytest.param(["/3.jpg", "/4.jpg", "/5.txt"], r"2 of 3 photos were refused as gone \(.*404", id="gone"),
        pytest.param([], "its listings offered none", id="no-photos"),
    ],
)
def test_a_class_that_keeps_no_photo_is_not_published(tmp_path: Path, images: list[str], message: str) -> None:
    routes = {
        "/s": html(car(1, images)), "/5.txt": faults.ok(b"text"),
        "/w": html(car(2)), **photos(2),
    }  # fmt: skip
    with faults.serve(routes) as server:
        starts = {"swift": [server.url("/s")], "wagonr": [server.url("/w")]}
        config = source(server.url("")).override(listings=starts)
        with pytest.raises(GateError, match=f"no photo of swift was kept: {message}"):
            fetch.run(tmp_path, config)
        assert not (tmp_path / "fetch.csv").exists()
        with pytest.raises(GateError):
            fetch.run(tmp_path, config)
        assert server.paths().count("/2.jpg") == 1  # the journal is kept


# --- hosts that ask for time, disks that are full -----------------------------------------------------------


def test_f16_work_that_must_wait_is_kept_and_done_later(tmp_path: Path) -> None:
    later = faults.status(503, {"Retry-After": "9999"})
    with (
        faults.serve({"/2.jpg": later}) as slow,
        faults.serve({"/cars": html([car(1), car(2, [slow.url("/2.jpg")])]), **photos(1)}) as server,
    ):
        hosts = politeness(server.host_port, slow.host_port)
        config = source(server.url(""), ["/cars"], politeness=hosts)
        with pytest.raises(TryLaterError, match=r"1 photo has to wait: .*1 photo is safe"):
            fetch.run(tmp_path, config)
        assert (tmp_path / "fetch.journal").exists() and not (tmp_path / "fetch.csv").exists()
        (tmp_path / "hosts.json").unlink()  # time passes
        slow_asked, asked = len(slow.seen), len(server.seen)
    with (
        faults.serve({"/2.jpg": faults.ok(jpeg(2))}) as slow,
        faults.serve({"/cars": html([car(1), car(2, [slow.url("/2.jpg")])]), **photos(1)}) as server,
    ):
        hosts = politeness(server.host_port, slow.host_port)
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"], politeness=hosts))
    assert (slow_asked, asked) == (2, 3)
    assert [row.keep for row in rows] == [True, True]


def test_a_site_out_of_reach_points_to_demo_and_import(tmp_path: Path) -> None:
    with faults.serve({}) as server:
        url = server.url("")
    config = source(url, ["/cars"], politeness=politeness(url.partition("://")[2], obey_robots=False, max_tries=1))
    with refused(TryLaterError, match=r"cannot be reached.*`curate demo`.*`curate import"):
        fetch.run(tmp_path, config)


def test_a_page_that_failed_is_asked_for_again(tmp_path: Path) -> None:
    with faults.serve({"/cars": [faults.status(404), html(car(1))], **photos(1)}) as server:
        config = source(server.url(""), ["/cars"])
        with pytest.raises(LayoutError):
            fetch.run(tmp_path, config)
        assert [row.keep for row in fetch.run(tmp_path, config)] == [True]


def test_a_host_that_the_recipe_permits_later_is_asked_then(tmp_path: Path) -> None:
    with (
        faults.serve({"/2.jpg": faults.ok(jpeg(2))}) as other,
        faults.serve({"/cars": html(car(1, ["/1.jpg", other.url("/2.jpg")])), **photos(1)}) as server,
    ):
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"]))
        assert Counter(row.reason for row in rows) == {"": 1, "offsite": 1}
        hosts = politeness(server.host_port, other.host_port)
        assert all(row.keep for row in fetch.run(tmp_path, source(server.url(""), ["/cars"], politeness=hosts)))
        assert server.paths().count("/1.jpg") == 1


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ({}, r"names no URL.*`curate demo`.*`curate import"),
        ({"swift": []}, "names no URL"),
        ({"swift": ["https://cars.example/swift"]}, r"placeholder cars\.example.*`curate demo`.*`curate import"),
        ({"swift": ["https://www.example.com/"]}, "placeholder"),
        ({"swift": ["file:///etc/passwd"]}, "source.listings"),
    ],
)
def test_no_site_configured(tmp_path: Path, starts: dict[str, list[str]], message: str) -> None:
    with refused(UsageError, match=message):
        fetch.run(tmp_path, Source.model_validate({"id": "x", "listings": starts}))
    assert list(tmp_path.iterdir()) == []


def test_two_classes_with_one_start_page_are_refused_unless_addresses_tell_them_apart() -> None:
    both = {"swift": ["https://wheels.dev/cars?b=1"], "wagonr": ["https://wheels.dev/cars?b=1#all"]}
    one = Source.model_validate({"id": "x", "listings": both})
    with refused(UsageError, match=r"swift and wagonr both start at https://wheels\.dev/cars\?b=1"):
        gates.check_source(one)
    gates.check_source(one.model_copy(update={"listing_url": {"swift": "/swift-", "wagonr": "/wagonr-"}}))


def test_what_robots_txt_refuses_is_said_with_its_address_once(tmp_path: Path) -> None:
    robots = faults.ok(b"User-agent: *\nDisallow: /cars", "text/plain")
    with faults.serve({"/robots.txt": robots, "/cars": html(car(1))}) as server:
        with pytest.raises(DeniedError) as caught:
            fetch.run(tmp_path, source(server.url(""), ["/cars"]))
        assert str(caught.value).count(server.url("/cars")) == 1
        assert f"disallowed by {server.url('/robots.txt')}" in str(caught.value)


def test_hosts_that_the_recipe_does_not_allow_are_named_with_what_permits_them(tmp_path: Path) -> None:
    hosts = ["img.cdn.invalid", "img2.cdn.invalid:8443"]
    away = [f"http://{host}/{n}.jpg" for n, host in enumerate(hosts)]
    cure = "add img.cdn.invalid and img2.cdn.invalid to source.politeness.image_hosts"
    routes = {"/cars": html(car(1, away)), **photos(1)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"])
        with refused(GateError, match=f"2 of 2 photos were refused as offsite .*{cure}"):
            fetch.run(tmp_path, config)
        assert "add img.cdn.invalid to politeness.image_hosts" in (tmp_path / "log.jsonl").read_text()
        routes["/cars"] = html(car(1, ["/1.jpg", *away]))
        fetch.run(tmp_path / "other", config)
    (said,) = (
        s for s in manifest.read_sidecar(tmp_path / "other", "fetch")["notes"]["summary"] if "image_hosts" in s
    )
    assert said == f"2 photos are on a host that the recipe does not allow: {cure}"


def test_what_is_the_matter_with_a_host_is_said_once() -> None:
    config = source("http://10.0.0.1:8000")
    urls = {name: f"http://10.0.0.1:8000/cars/{name}" for name in ("swift", "wagonr")}
    failures = [Failure(name, url, "private_address", "10.0.0.1") for name, url in urls.items()]
    with pytest.raises(LayoutError) as error:
        gates.check_found(Crawled(failures=failures), config)
    assert str(error.value).count("private_address") == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_f46_a_full_disk_stops_the_run_and_a_rerun_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with serve(listings()) as site:
        config = source(site.url)
        unbroken = fetch.run(tmp_path / "unbroken", config)
        broken = tmp_path / "broken"
        with monkeypatch.context() as patch:
            stored = 0
            true_fsync = os.fsync

            def fsync(descriptor: int) -> None:
                nonlocal stored
                stored += 1
                if stored > 25:
                    raise OSError(number, "disk trouble")
                true_fsync(descriptor)

            patch.setattr(os, "fsync", fsync)
            patch.setattr(files, "_syncfs", lambda folder: False)  # photo by photo, as where there is no such call
            with refused(
                ResourceError, match=r"disk trouble.*free space or fix it and run the same command again"
            ):
                fetch.run(broken, config)
        assert not (broken / "fetch.csv").exists()
        assert not list(broken.rglob(".tmp-*"))
        assert fetch.run(broken, config) == unbroken
    assert (broken / "fetch.csv").read_bytes() == (tmp_path / "unbroken" / "fetch.csv").read_bytes()


def test_f46_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("in the way")
    with serve(listings(1, 2)) as site, pytest.raises(ResourceError, match="images"):
        fetch.run(tmp_path, source(site.url))


def test_f45_two_runs_on_one_folder(tmp_path: Path) -> None:
    with files.lock(tmp_path), pytest.raises(StateError, match="in use by process"), files.lock(tmp_path):
        pass


# --- refresh ------------------------------------------------------------------------------------------------


def test_p08_refresh_looks_again_and_refuses_a_drop(tmp_path: Path) -> None:
    many = html([car(n) for n in range(5)])
    with faults.serve({"/cars": [many, many, html([car(0), car(1)])], **photos(*range(5))}) as server:
        config = source(server.url(""), ["/cars"])
        assert len(fetch.run(tmp_path, config)) == 5
        assert len(fetch.run(tmp_path, config, refresh=True)) == 5
        before = (tmp_path / "fetch.csv").read_bytes()
        with wording.refused(GateError, match=r"2 listings, 5 the last time.*--accept-drop"):
            fetch.run(tmp_path, config, refresh=True)
        assert (tmp_path / "fetch.csv").read_bytes() == before
        assert len(fetch.run(tmp_path, config)) == 5  # without refresh the manifest is complete
        asked = len(server.seen)
        rows = fetch.run(tmp_path, config, refresh=True, accept_drop=True)
        assert len(server.seen) == asked  # what was seen is accepted, not asked for again
    assert {row.listing_id: row.gone_since for row in rows} == {"0": None, "1": None, "2": 3, "3": 3, "4": 3}
    assert len(list(tmp_path.glob("images/*/*"))) == 5
    assert fetch.prune(tmp_path) == [row for row in rows if row.gone_since is None]
    assert len(list(tmp_path.glob("images/*/*"))) == 2
    assert not (tmp_path / "fetch.journal").exists()


def test_p08_a_recipe_that_drops_most_listings_asks_too(tmp_path: Path) -> None:
    with serve(listings()) as site:
        rows = fetch.run(tmp_path, source(site.url))
        with wording.refused(
            GateError, match=r"2 listings, 8 the last time.*or the recipe may.*fetch --accept-drop`"
        ):
            fetch.run(tmp_path, source(site.url, max_listings=1))
        assert manifest.read(tmp_path, FetchRow) == rows
        assert fetch.run(tmp_path, source(site.url)) == rows
        some = fetch.run(tmp_path, source(site.url, max_listings=1), accept_drop=True)
        assert Counter(row.gone_since for row in some) == {None: 6, 2: 18}
        assert [replace(row, gone_since=None) for row in some] == rows
        assert fetch.run(tmp_path, source(site.url)) == rows  # offered again


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(
            lambda folder: (folder / "fetch.json").unlink(), "2 listings, 5 .*--accept-drop", id="no sidecar"
        ),
        pytest.param(
            lambda folder: (folder / "fetch.csv").unlink(), "3 of 5 photos in .* fetch.csv.*--prune", id="no csv"
        ),
        pytest.param(
            lambda folder: (folder / "fetch.csv").write_text("x"), "3 of 5 photos in .*--prune", id="csv cut"
        ),
    ],
)
def test_p08_a_drop_asks_too_where_the_manifest_is_damaged(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    many, few = html([car(n) for n in range(5)]), html([car(0), car(1)])
    with faults.serve({"/cars": [many, few], **photos(*range(5))}) as server:
        config = source(server.url(""), ["/cars"])
        fetch.run(tmp_path, config)
        damage(tmp_path)
        with wording.refused(GateError, match=message):
            fetch.run(tmp_path, config)
        assert len(list(tmp_path.glob("images/*/*"))) == 5
        fetch.run(tmp_path, config, accept_drop=True, prune=True)
        assert len(fetch.prune(tmp_path)) == 2
    assert len(list(tmp_path.glob("images/*/*"))) == 2


def test_p08_refresh_fetches_no_photo_twice(tmp_path: Path) -> None:
    with faults.serve({"/cars": [html(car(1)), html([car(1), car(2)])], **photos(1, 2)}) as server:
        config = source(server.url(""), ["/cars"])
        fetch.run(tmp_path, config)
        assert [row.keep for row in fetch.run(tmp_path, config, refresh=True)] == [True, True]
        assert Counter(path for path in server.paths() if "jpg" in path) == {"/1.jpg": 1, "/2.jpg": 1}


def test_refresh_mends_a_missing_a_cut_and_a_changed_photo_and_nothing_else(tmp_path: Path) -> None:
    with faults.serve({"/cars": html([car(n) for n in range(4)]), **photos(*range(4))}) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        manifest_then = (tmp_path / "fetch.csv").read_bytes()
        missing, cut, changed, _ = (tmp_path / row.path for row in rows)
        stored = [path.read_bytes() for path in (missing, cut, changed)]
        missing.unlink()
        cut.write_bytes(stored[1][:-1])
        changed.write_bytes(stored[2][:-1] + b"x")
        fetch.run(tmp_path, config, refresh=True)
        assert [path.read_bytes() for path in (missing, cut, changed)] == stored
        assert (tmp_path / "fetch.csv").read_bytes() == manifest_then
        assert sum("jpg" in path for path in server.paths()) == 4 + 3


def test_p08_a_new_library_or_release_asks_for_nothing_and_a_new_stage_passes_no_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = html([car(n) for n in range(5)])
    with faults.serve({"/cars": [many, html(car(0))], **photos(*range(5))}) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        asked = len(server.seen)
        monkeypatch.setattr(manifest, "version", lambda name: "99")
        assert fetch.run(tmp_path, config) == rows
        assert len(server.seen) == asked
        monkeypatch.setattr(manifest, "__version__", "99")
        assert fetch.run(tmp_path, config) == rows
        assert len(server.seen) == asked
        newer = replace(STAGES["fetch"], version=STAGES["fetch"].version + 1)
        monkeypatch.setattr(manifest, "STAGES", {**STAGES, "fetch": newer})
        with pytest.raises(GateError, match="1 listings, 5 the last time"):
            fetch.run(tmp_path, config)
    assert manifest.read(tmp_path, FetchRow) == rows
    assert len(list(tmp_path.glob("images/*/*"))) == 5


def test_p08_a_field_that_vanished_is_a_drop() -> None:
    row = FetchRow(
        "k", "1", "swift", 0, "Swift", "MH", "Pune", 2016, 1.0, "", "", "", "", "", 0, 0, 0, False, "bad_url"
    )
    rows = [replace(row, listing_id=str(n)) for n in range(4)]
    gates.check_drop(rows, rows)
    gates.check_drop(rows, rows[:2])
    with pytest.raises(GateError, match="1 listings with a price, 4 the last time"):
        gates.check_drop(rows, [replace(r, price=None) if n else r for n, r in enumerate(rows)])
    with pytest.raises(GateError, match="listings with a city"):
        gates.check_drop(rows, [replace(r, city="") for r in rows])


# --- pure parts ---------------------------------------------------------------------------------------------


def test_decide_with_literals() -> None:
    config = Source(id="small", listings={"swift": ("http://cars.test/cars",)})
    listing = Listing("7", "http://cars.test/l/7", "Swift", "", "MH", "Pune", 2016, 5.0, (
        PhotoLink("http://cars.test/1.jpg", ("http://cars.test/1.jpg;s=9",)), PhotoLink("x:y", reason="bad_url"),
    ))  # fmt: skip
    failure = Failure("swift", "http://cars.test/l/8", "tls", "")
    crawled = Crawled([("swift", listing)], [failure], own_hosts={"cars.test"})
    outcome = Outcome("images/ab/ab.jpg", "ab", 10, 20, 30)
    rows = decide(crawled, {"http://cars.test/1.jpg": outcome}, config)
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    by_reason = {row.reason: row for row in rows}
    assert by_reason.keys() == {"", "bad_url", "tls"}
    assert by_reason[""] == FetchRow(
        photo_key("small", "7", "/1.jpg"), "7", "swift", 0, "Swift", "MH", "Pune", 2016, 5.0, "http://cars.test/l/7",
        "http://cars.test/1.jpg", "http://cars.test/1.jpg;s=9", "images/ab/ab.jpg", "ab", 10, 20, 30, True, "",
    )  # fmt: skip
    assert by_reason["tls"].page_url == "http://cars.test/l/8"


def test_p12_titles_come_back_as_they_were(tmp_path: Path) -> None:
    title = "=HYPERLINK(1)\n\0<script>\u202e🚗 \ud800"
    rows, _ = fetched(tmp_path, {"/cars": html(car(1, name=title)), **photos(1)})
    assert rows[0].title == title.replace("\ud800", "?")
    assert manifest.read(tmp_path, FetchRow) == rows


def test_orphans_are_only_files_named_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "images/ab").mkdir(parents=True)
    kept, orphan, own = (
        tmp_path / f"images/ab/{name}" for name in ("a" * 64 + ".jpg", "b" * 64 + ".jpg", "mine.jpg")
    )
    for file in (kept, orphan, own):
        file.write_bytes(b"x")
    row = FetchRow(
        "k", "", "", 0, "", "", "", None, None, "", "", "", f"images/ab/{kept.name}", "", 0, 0, 0, True, ""
    )
    assert store.remove_orphans(tmp_path, {row.path}) == 1
    assert sorted(tmp_path.glob("images/ab/*")) == sorted([kept, own])


def test_fields_that_most_listings_lack_are_said(tmp_path: Path) -> None:
    nodes = [car(n, offers={"price": 5} if n == 1 else None) for n in (1, 2, 3)]
    fetched(tmp_path, {"/cars": html(*nodes)} | photos(1, 2, 3), adapter="jsonld", follow=False)
    said = manifest.read_sidecar(tmp_path, "fetch")["notes"]["summary"]
    assert {"price: 1 of 3 listings", "year: 0 of 3 listings"} <= {*said}
    assert not any("title" in line for line in said)


def test_a_photo_that_is_refused_whole_is_taken_as_the_page_gives_it(tmp_path: Path) -> None:
    routes = {"/cars": html(car(1, ["/t/1.jpg", "/t/2.jpg"]))}
    routes |= {"/full/1.jpg": faults.ok(jpeg(1)), "/t/1.jpg": faults.ok(jpeg(3)), "/t/2.jpg": faults.ok(jpeg(2))}
    rows, asked = fetched(tmp_path, routes, photo_url={"match": "/t/", "replace": "/full/"}, follow=False)
    kept = sorted(row.path for row in rows if row.keep)
    assert kept == sorted(store.put(tmp_path, jpeg(n), "jpeg")[0] for n in (1, 2))
    assert "/t/1.jpg" not in asked and {"/full/2.jpg", "/t/2.jpg"} <= {*asked}
