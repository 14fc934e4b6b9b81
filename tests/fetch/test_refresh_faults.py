"""Whatever goes wrong for a moment, on whichever page: a fetch loses nothing, and the next one has it all."""

import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.errors import CurateError, StateError
from curate.core.schemas import FetchRow
from curate.fetch import stage as fetch
from tests import faults
from tests.fetch.small_site import jpeg, politeness, source
from tests.fetch.test_stage import car, html, photos

WHOLE = html(car(9), body="x" * 4000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
FAULTS = {
    "500": faults.status(500),
    "502": faults.status(502),
    "503": faults.status(503),
    "504": faults.status(504),
    "408": faults.status(408),
    "429": faults.status(429, {"Retry-After": "0"}),
    "503-for-an-hour": faults.status(503, {"Retry-After": "3600"}),
    "400": faults.status(400),
    "401": faults.status(401),
    "403": faults.status(403),
    "404": faults.status(404),
    "410": faults.status(410),
    "slow": faults.drip(HEAD + b"\r\n" + b"x" * 4000, 0.01),
    "silent": faults.silence(2),
    "reset": faults.reset(),
    "closed": faults.raw(b""),
    "cut-head": faults.raw(HEAD),
    "cut-body": faults.short(b"<html>" + b"x" * 50, 9000),
    "cut-chunk": faults.chunked(b"5\r\nhello\r\n50\r\nx"),
    "bad-chunk": faults.chunked(b"zz\r\nhello\r\n"),
    "cut-page": faults.unframed(b"<!doctype html><html><body>cut", "text/html"),
    "empty": faults.ok(b"", "text/html"),
    "204": faults.status(204),
    "bad-gzip": faults.encoded(b"no gzip", "gzip", "text/html"),
    "cut-gzip": faults.encoded(gzip.compress(b"<html>" + b"x" * 500)[:-9], "gzip", "text/html"),
    "garbage": faults.raw(b"\x00\x01\x02 nothing of HTTP\r\n\r\n"),
    "bad-header": faults.raw(b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000 + b"\r\n\r\n"),
    "moved-to-maintenance": faults.redirect("/maintenance"),
}
LISTINGS = [{"@type": "ListItem", "url": f"/l/{n}"} for n in (1, 2, 3)]


def site() -> dict[str, faults.Fault]:
    """Two index pages; 1 and 2 are on the first, 3 on the second."""
    return {
        "/cars": html({"@type": "ItemList", "itemListElement": LISTINGS[:2]}, next_path="/cars?p=2"),
        "/cars?p=2": html({"@type": "ItemList", "itemListElement": LISTINGS[2:]}),
        **{f"/l/{n}": html(car(n, [f"/{n}.jpg", f"/{n}{n}.jpg"])) for n in (1, 2, 3)},
        **photos(1, 2, 3, 11, 22, 33),
        "/maintenance": html(body="<h1>Back soon</h1>"),
    }


def quick(host: str, fault: str = "") -> dict[str, Any]:
    """One try each; a short deadline only where it is to be met."""
    deadline_s = 0.8 if fault in ("slow", "silent") else 20
    return politeness(host, deadline_s=deadline_s, connect_timeout_s=deadline_s, max_tries=1)


@pytest.mark.parametrize("path", ["/cars?p=2", "/l/2"], ids=["index page", "listing page"])
@pytest.mark.parametrize("fault", FAULTS)
def test_f47_a_refresh_that_meets_a_fault_deletes_nothing(tmp_path: Path, fault: str, path: str) -> None:
    routes: dict[str, Any] = site()
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port, fault))
        rows = fetch.run(tmp_path, config)
        assert sum(row.keep for row in rows) == 6
        stored = sorted(tmp_path.glob("images/*/*"))
        sound, routes[path] = routes[path], FAULTS[fault]
        with suppress(CurateError):
            fetch.run(tmp_path, config, refresh=True)
        assert sorted(tmp_path.glob("images/*/*")) == stored
        kept = [row for row in manifest.read(tmp_path, FetchRow) if row.keep]
        assert {row.key for row in kept} == {row.key for row in rows}
        assert all(row.gone_since is None or (fault in ("404", "410") and path == "/l/2") for row in kept)
        routes[path] = sound
        with suppress(OSError):
            (tmp_path / "hosts.json").unlink()  # the hour has passed
        assert fetch.run(tmp_path, config, refresh=True) == rows
    assert sorted(tmp_path.glob("images/*/*")) == stored


def test_a_photo_that_is_offered_again_is_no_longer_marked(tmp_path: Path) -> None:
    two, one = html([car(1), car(2)]), html([car(1)])
    with faults.serve({"/cars": [two, one, one, two], **photos(1, 2)}) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        marks = []
        for _ in range(3):
            marks.append({row.listing_id: row.gone_since for row in fetch.run(tmp_path, config, refresh=True)})
            if marks[-1]["2"]:
                (line,) = fetch.gone_lines(manifest.read(tmp_path, FetchRow))
                assert line.startswith("no longer offered: 1 photo of 1 listing, kept")
        assert marks == [{"1": None, "2": 2}, {"1": None, "2": 2}, {"1": None, "2": None}]
        assert manifest.read(tmp_path, FetchRow) == rows
        assert len(manifest.read_sidecar(tmp_path, "fetch")["notes"]["fetches"]) == 4
        assert server.paths().count("/2.jpg") == 1


def test_a_site_that_stops_to_name_a_price_loses_no_photo(tmp_path: Path) -> None:
    priced, bare = car(1, offers={"price": 5}), car(1)
    other = car(2, offers={"price": 5})
    with faults.serve({"/cars": [html([priced, other]), html([bare, other])], **photos(1, 2)}) as server:
        config = source(server.url(""), ["/cars"], required_fields=["price"])
        fetch.run(tmp_path, config)
        rows = fetch.run(tmp_path, config, refresh=True)
    assert {(row.listing_id, row.keep, row.gone_since) for row in rows} == {("1", True, 2), ("2", True, None)}
    assert len(list(tmp_path.glob("images/*/*"))) == 2


def test_prune_refuses_to_empty_a_class(tmp_path: Path) -> None:
    with faults.serve({"/s": [html(car(1)), html(car(3))], "/w": html(car(2)), **photos(1, 2, 3)}) as server:
        starts = {"swift": [server.url("/s")], "wagonr": [server.url("/w")]}
        config = source(server.url("")).override(listings=starts)
        fetch.run(tmp_path, config)
        assert len(fetch.run(tmp_path, config, refresh=True)) == 3
    assert len(fetch.prune(tmp_path)) == 2
    assert fetch.prune(tmp_path) == manifest.read(tmp_path, FetchRow)
    (tmp_path / "fetch.json").unlink()
    with pytest.raises(StateError):
        fetch.prune(tmp_path)


def test_a_manifest_of_an_earlier_version_has_no_such_column(tmp_path: Path) -> None:
    with faults.serve({"/cars": html(car(1)), "/1.jpg": faults.ok(jpeg(1))}) as server:
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"]))
    text = (tmp_path / "fetch.csv").read_text()
    old = text.replace(",gone_since\n", "\n").replace("true,,\n", "true,\n")
    assert manifest.parse_rows(old.encode(), FetchRow, "fetch.csv") == rows
