"""What fails for a moment is had by the run itself or by the next fetch, which asks for nothing else."""

import itertools
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.errors import DeniedError, RejectedError, TryLaterError, UsageError
from curate.core.recipe import Politeness, Recipe
from curate.core.schemas import FetchRow
from curate.fetch import download, reader
from curate.fetch import stage as fetch
from curate.fetch.http.client import Client
from curate.fetch.http.robots import parse_rules
from curate.fetch.http.signed_url import unsigned, without_signatures
from curate.fetch.known import Only
from curate.fetch.sources import adapters
from curate.inspect import unfinished
from tests import faults
from tests.fetch.small_site import jpeg, politeness, source
from tests.fetch.test_refresh_faults import FAULTS, LISTINGS, quick, site
from tests.fetch.test_stage import car, html, photos
from tests.wording import worded

REFUSALS = {"400", "401", "403", "404", "410", "empty", "204", "bad-gzip", "garbage", "bad-header"}
OF_PHOTO = {"moved-to-maintenance", "cut-head", "cut-page"}  # what comes instead is a page, or nothing
PATHS = {"photo": "/2.jpg", "listing page": "/l/2", "index page": "/cars?p=2"}


@pytest.mark.parametrize("where", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_passing_fault_is_final(tmp_path: Path, fault: str, where: str) -> None:
    """A refusal of one photo or listing lasts for one request, all else for the whole of the first run.

    A next page that is gone ends the paging, as on many sites: a refresh looks again.
    """
    path = PATHS[where]
    routes: dict[str, Any] = site()
    sound = routes[path]
    moment = where != "index page" and (fault in REFUSALS or (where == "photo" and fault in OF_PHOTO))
    routes[path] = [FAULTS[fault], sound] if moment else FAULTS[fault]
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port, fault))
        with suppress(TryLaterError):
            fetch.run(tmp_path, config)
        routes[path] = sound
        with suppress(OSError):
            (tmp_path / "hosts.json").unlink()  # the hour has passed
        asked = len(server.seen)
        rows = fetch.run(tmp_path, config, refresh=where == "index page" and fault in ("404", "410"))
        again = [path for path in server.paths()[asked:] if path != "/robots.txt"]
        assert len(fetch.run(tmp_path, config)) == 6
    assert [(row.keep, row.gone_since) for row in rows] == [(True, None)] * 6
    assert again == [] if moment else path in again
    assert not (tmp_path / "fetch.journal").exists()


def test_the_next_fetch_asks_for_just_what_is_deferred(tmp_path: Path) -> None:
    routes: dict[str, Any] = site()
    sound = {path: routes[path] for path in ("/2.jpg", "/l/3")}
    routes |= {"/2.jpg": faults.status(503), "/l/3": faults.reset()}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port))
        rows = fetch.run(tmp_path, config)
        assert Counter(row.reason for row in rows) == {"": 3, "deferred": 2}
        notes = manifest.read_sidecar(tmp_path, "fetch")["notes"]
        assert [line.split(": ")[1] for line in notes["deferred"]] == ["connect_failed", "http_server_error"]
        (text,) = worded(unfinished.unfinished(tmp_path, Recipe(name="r", classes=("swift", "wagonr"))))
        assert text == "fetch: 1 photo and 1 page are deferred; to get them, run `curate fetch`"
        assert any(line.startswith("2 deferred") for line in notes["summary"])
        assert "2 deferred" in manifest.funnel_line(tmp_path, "fetch")
        before = (tmp_path / "fetch.csv").read_bytes(), (tmp_path / "fetch.json").read_bytes()
        assert fetch.run(tmp_path, config) == rows  # it is still so
        assert ((tmp_path / "fetch.csv").read_bytes(), (tmp_path / "fetch.json").read_bytes()) == before
        routes |= sound
        asked = len(server.seen)
        rows = fetch.run(tmp_path, config)
        assert sorted(server.paths()[asked:]) == ["/2.jpg", "/3.jpg", "/33.jpg", "/l/3", "/robots.txt"]
        assert unfinished.deferred(tmp_path) == []
        unbroken = fetch.run(tmp_path / "unbroken", config)
        assert rows == unbroken
    assert (tmp_path / "fetch.csv").read_bytes() == (tmp_path / "unbroken" / "fetch.csv").read_bytes()
    assert len(manifest.read_sidecar(tmp_path, "fetch")["notes"]["fetches"]) == 1


def test_an_outage_of_many_requests_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    """For longer than all tries of one URL, a paced run meets resets; what it defers, the next one has."""
    began: list[float] = []

    def through_an_outage(sound: faults.Fault, reset: faults.Fault) -> faults.Fault:
        def answer(*arguments: Any) -> Any:
            began.append(time.monotonic())
            out = 0.2 < began[-1] - began[0] < 1.0
            return (reset if out else sound)(*arguments)

        return answer

    routes = {path: through_an_outage(sound, faults.reset()) for path, sound in site().items()}
    with faults.serve(routes) as server:
        polite = politeness(server.host_port, max_tries=2, min_interval_s=0.05, workers=1)
        config = source(server.url(""), ["/cars"], politeness=polite)
        with suppress(TryLaterError):
            fetch.run(tmp_path, config)
        time.sleep(max(0.0, began[0] + 1.0 - time.monotonic()))
        rows = fetch.run(tmp_path, config)
        whole = fetch.run(tmp_path / "unbroken", config)
    assert rows == whole and sum(row.keep for row in rows) == 6
    assert len(began) > len(routes)


def test_f20_a_name_that_does_not_resolve_for_a_moment_defers_what_is_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second index page is on a host whose name the resolver cannot answer for: EAI_AGAIN."""
    trouble = [True]
    system = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **more: Any) -> Any:
        if host == "second.localhost" and trouble:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return system("127.0.0.1" if host == "second.localhost" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    routes: dict[str, Any] = site()
    with faults.serve(routes) as server:
        second = f"second.localhost:{server.port}"
        listed = {"@type": "ItemList", "itemListElement": LISTINGS[:2]}
        routes["/cars"] = html(listed, next_path=f"http://{second}/cars?p=2")
        polite = politeness(server.host_port, second, max_tries=1)
        config = source(server.url(""), ["/cars"], politeness=polite)
        with pytest.raises(TryLaterError, match=rf"1 page has to wait: .*http://{second}/.*dns") as caught:
            fetch.run(tmp_path, config)
        assert caught.value.exit_code == 75
        assert not (tmp_path / "fetch.csv").exists()
        assert len(list(tmp_path.glob("images/*/*"))) == 4
        trouble.clear()
        rows = fetch.run(tmp_path, config)
    assert [row.keep for row in rows] == [True] * 6


@pytest.mark.parametrize("is_refresh", [False, True], ids=["first", "refresh"])
@pytest.mark.parametrize("where", PATHS)
def test_accept_drop_publishes_and_defers_what_has_to_wait(tmp_path: Path, where: str, is_refresh: bool) -> None:
    """A photo or page is on another host, which asks to wait. No photo counts as gone whose page was not read."""
    path, routes, other = PATHS[where], site(), dict[str, Any]()
    with faults.serve(routes) as server, faults.serve(other) as host:
        there = host.url(path, "localhost")
        items = [{"@type": "ListItem", "url": server.url(f"/l/{n}")} for n in (1, 2, 3)]
        second = {"@type": "ItemList", "itemListElement": items[2:]}
        if where == "photo":
            routes["/l/2"], sound = html(car(2, [there, "/22.jpg"])), routes[path]
        elif where == "listing page":
            items[1]["url"], sound = there, html(car(2, [server.url("/2.jpg"), server.url("/22.jpg")]))
        else:
            sound = html(second)
        next_path = there if where == "index page" else "/cars?p=2"
        routes["/cars"] = html({"@type": "ItemList", "itemListElement": items[:2]}, next_path=next_path)
        config = source(
            server.url(""), ["/cars"], politeness=politeness(server.host_port, f"localhost:{host.port}")
        )
        other[path] = sound
        if is_refresh:
            fetch.run(tmp_path, config)
            for stored in tmp_path.glob("images/*/*") if where == "photo" else ():
                stored.unlink()
        other[path] = faults.status(503, {"Retry-After": "9999"})
        with pytest.raises(TryLaterError):
            fetch.run(tmp_path, config, refresh=True)
        (tmp_path / "hosts.json").unlink()
        fetch.run(tmp_path, config, refresh=True, accept_drop=True, prune=True)
        rows = fetch.prune(tmp_path)
        assert Counter(row.reason for row in rows)["deferred"] == 1
        assert sum(row.keep for row in rows) == (5 if where == "photo" else 6 if is_refresh else 4)
        (why,) = manifest.read_sidecar(tmp_path, "fetch")["notes"]["deferred"]
        assert why.startswith(there) and "asks us to wait" in why
        other[path] = sound
        (tmp_path / "hosts.json").unlink()  # the hours have passed
        assert [row.keep for row in fetch.run(tmp_path, config)] == [True] * 6


def test_the_photos_that_the_index_shows_of_a_page_that_fails_are_counted(tmp_path: Path) -> None:
    index = html([car(n, [f"/{n}.jpg", f"/{n}{n}.jpg"], url=f"/l/{n}") for n in (1, 2)])
    routes = {"/cars": index, "/l/1": html(car(1, ["/1.jpg"])), "/l/2": faults.status(404), **photos(1)}
    with faults.serve(routes) as server:
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"]))
    assert Counter((row.listing_id, row.reason) for row in rows) == {
        ("1", ""): 1,
        ("", "gone"): 1,
        ("2", "gone"): 2,
    }


def test_a_refresh_after_deferred_pages_reads_all_pages_anew(tmp_path: Path) -> None:
    routes: dict[str, Any] = site() | {"/l/3": faults.status(503)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port))
        fetch.run(tmp_path, config)
        asked = len(server.seen)
        fetch.run(tmp_path, config, refresh=True)
        assert {"/cars", "/cars?p=2", "/l/1", "/l/2", "/l/3"} <= set(server.paths()[asked:])


# --- refusals -----------------------------------------------------------------------------------------------


def test_dead_photos_in_a_row_are_theirs_not_the_hosts(tmp_path: Path) -> None:
    dead = {f"/d{n}.jpg": faults.status(403) for n in range(12)}
    routes: dict[str, Any] = {"/cars": html([car(1, list(dead)), car(2), car(3)]), **dead, **photos(2, 3)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=politeness(server.host_port, workers=1))
        rows = fetch.run(tmp_path, config)
        assert Counter(row.reason for row in rows) == {"forbidden": 12, "": 2}
        assert server.paths().count("/cars") <= 4  # asked for again, to see whether it is still given
        asked = len(server.seen)
        assert fetch.run(tmp_path, config) == rows
        assert len(server.seen) == asked
        routes |= {path: faults.ok(jpeg(40 + n)) for n, path in enumerate(dead)}
        rows = fetch.run(tmp_path, config, retry=["forbidden"])
        assert all(row.keep for row in rows)
        assert Counter(server.paths()[asked:]) == Counter(["/robots.txt", *dead])
    assert manifest.read(tmp_path, FetchRow) == rows


def test_a_host_that_refuses_what_it_gave_before_has_blocked_us_and_others_go_on(tmp_path: Path) -> None:
    many = {f"/d{n}.jpg": faults.status(403) for n in range(30)}
    with faults.serve({"/first.jpg": [faults.ok(jpeg(1)), faults.status(403)], **many}) as images:
        urls = [images.url(path, "localhost") for path in ("/first.jpg", *many)]
        with faults.serve({"/cars": html([car(1, urls), car(2)]), **photos(2)}) as server:
            polite = politeness(server.host_port, f"localhost:{images.port}", workers=1, min_interval_s=0)
            with pytest.raises(
                DeniedError, match=r"blocked us: .* even .*/first.jpg.*The other \d+ photos are safe"
            ):
                fetch.run(tmp_path, source(server.url(""), ["/cars"], politeness=polite))
            assert "/2.jpg" in server.paths()
        assert len(images.seen) <= 14
    assert len(list(tmp_path.glob("images/*/*"))) == 2


@pytest.mark.parametrize("more", [{}, {"refresh": True}, {"only": Only(since="2026-01-31")}], ids=str)
def test_retry_asks_again_also_where_the_index_is_read_again(tmp_path: Path, more: dict[str, Any]) -> None:
    """The page of listing 3 is gone too: its row makes `--retry gone` read the index."""
    routes: dict[str, Any] = site()
    routes |= {path: faults.status(404) for path in ("/l/3", "/2.jpg")}
    sound = site()
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        assert [row.reason for row in fetch.run(tmp_path, config)].count("gone") == 2
        routes |= {path: sound[path] for path in ("/l/3", "/2.jpg")}
        assert [row.keep for row in fetch.run(tmp_path, config, retry=["gone"], **more)] == [True] * 6


def test_retry_asks_for_what_is_refused_beside_what_is_deferred(tmp_path: Path) -> None:
    routes: dict[str, Any] = site() | {"/2.jpg": faults.status(403), "/l/3": faults.status(503)}
    sound = site()
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port))
        assert Counter(row.reason for row in fetch.run(tmp_path, config)) == {"": 3, "forbidden": 1, "deferred": 1}
        routes |= {path: sound[path] for path in ("/l/3", "/2.jpg")}
        assert [row.keep for row in fetch.run(tmp_path, config, retry=["forbidden"])] == [True] * 6


def test_a_retry_says_what_became_of_it_and_who_refuses(tmp_path: Path) -> None:
    many = {f"/d{n}.jpg": faults.status(404) for n in range(12)}
    routes: dict[str, Any] = {"/cars": html([car(1, ["/1.jpg", *many])]), **many, **photos(1)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port) | {"workers": 1})
        fetch.run(tmp_path, config)
        routes["/d0.jpg"] = faults.ok(jpeg(50))
        rows = fetch.run(tmp_path, config, retry=["gone"])
        assert Counter(row.reason for row in rows) == {"": 2, "gone": 11}
        notes = manifest.read_sidecar(tmp_path, "fetch")["notes"]
        assert notes["summary"] == ["12 photos of 1 listing asked for again, 1 kept now"]
        routes |= {path: faults.status(403) for path in routes if path.endswith(".jpg")}
        with pytest.raises(DeniedError, match=r"photos were refused: .*blocked us") as caught:
            fetch.run(tmp_path, config, retry=["gone"])
        assert caught.value.remedies


def test_retry_names_what_can_be_retried(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--retry not_gallery: .* those are .*gone"):
        fetch.run(tmp_path, source("http://127.0.0.1:9", ["/cars"]), retry=["not_gallery"])


# --- signed URLs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a/1.jpg?Expires=17&Signature=x~_&Key-Pair-Id=K", "http://a/1.jpg"),
        ("http://a/1.jpg?w=800&X-Amz-Date=2&X-Amz-Expires=60&X-Amz-Signature=ab", "http://a/1.jpg?w=800"),
        ("http://a/1?GoogleAccessId=g&Expires=1&Signature=s", "http://a/1"),
        ("http://a/1?sv=2020&se=2026-01-01&sr=b&sp=r&sig=x", "http://a/1"),
        ("http://a/1.jpg?stp=x&_nc_ht=h&oh=00_Af&oe=6A", "http://a/1.jpg?stp=x"),
        ("http://a/1.jpg?hdnts=exp=1~hmac=2", "http://a/1.jpg"),
        ("http://a/1.jpg?md5=ab&expires=99", "http://a/1.jpg"),
        ("http://a/1.jpg?token=abc", "http://a/1.jpg?token=abc"),  # it may be what names the photo
        ("http://a/1.jpg?e=f&id=3", "http://a/1.jpg?e=f&id=3"),
        ("http://a/photo?hash=deadbeef", "http://a/photo?hash=deadbeef"),
        ("http://[::1?", "http://[::1?"),
    ],
)
def test_what_names_a_photo_has_no_signature(url: str, name: str) -> None:
    assert unsigned(url) == name


def test_a_message_has_no_signature() -> None:
    url, name = "http://a/1.jpg?Expires=17&Signature=x~_&id=3", "http://a/1.jpg?id=3"
    assert without_signatures(f"dns: {url}: 503 ({url}), {url}.") == f"dns: {name}: 503 ({name}), {name}."


class SignedSite:
    """Two listings with two photos each, whose URLs hold for as long as `clock` stands still."""

    def __init__(self) -> None:
        self.clock = 1_000
        self.given = 0
        self.most = 100

    def page(self, number: int) -> faults.Fault:
        def answer(sock: socket.socket) -> bool:
            urls = [f"/{number}{n}.jpg?Expires={self.clock}&Signature=s{self.clock}" for n in (1, 2)]
            return html(car(number, urls))(sock)

        return answer

    def photo(self, number: int, signed: int) -> faults.Fault:
        def answer(sock: socket.socket) -> bool:
            if signed != self.clock:
                return faults.status(403)(sock)
            self.given += 1
            if self.given > self.most:
                return faults.status(503, {"Retry-After": "3600"})(sock)
            return faults.ok(jpeg(number))(sock)

        return answer

    def routes(self) -> dict[str, Any]:
        index = [{"@type": "ListItem", "url": f"/l/{n}"} for n in (1, 2)]
        return {
            "/cars": html({"@type": "ItemList", "itemListElement": index}),
            **{f"/l/{n}": self.page(n) for n in (1, 2)},
            **{
                f"/{n}.jpg?Expires={clock}&Signature=s{clock}": self.photo(n, clock)
                for n, clock in itertools.product((11, 12, 21, 22), (1_000, 2_000))
            },
        }


def test_a_run_goes_on_after_the_signatures_expired(tmp_path: Path) -> None:
    signed = SignedSite()
    signed.most = 1
    with faults.serve(signed.routes()) as server:
        config = source(server.url(""), ["/cars"], politeness=politeness(server.host_port, workers=1))
        with pytest.raises(TryLaterError):
            fetch.run(tmp_path, config)
        (tmp_path / "hosts.json").unlink()  # the hour has passed
        signed.clock, signed.most = 2_000, 100
        asked = len(server.seen)
        rows = fetch.run(tmp_path, config)
        seen = server.paths()[asked:]
    assert [row.keep for row in rows] == [True] * 4
    assert not any("Expires=1000" in path for path in seen)  # they are known to be old
    assert "/cars" not in seen


def test_photos_that_are_refused_in_the_middle_of_a_run_are_had_by_new_signatures(tmp_path: Path) -> None:
    signed = SignedSite()
    routes = signed.routes()

    def expire(sock: socket.socket) -> bool:
        signed.clock = 2_000
        return faults.status(403)(sock)

    routes["/11.jpg?Expires=1000&Signature=s1000"] = expire
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=politeness(server.host_port, workers=1))
        assert [row.keep for row in fetch.run(tmp_path, config)] == [True] * 4


def test_no_signature_is_in_the_notes_or_the_log(tmp_path: Path) -> None:
    """Of a photo that is deferred, of an index page that cannot be had, and of the error that says so."""
    secret = "X-Amz-Expires=60&X-Amz-Signature=abcdef12&X-Amz-Credential=AKIASECRET"
    routes: dict[str, Any] = {
        "/cars": html([car(1, [f"/1.jpg?{secret}", f"/11.jpg?{secret}"])], next_path=f"/cars?p=2&{secret}"),
        f"/cars?p=2&{secret}": faults.status(503),
        f"/1.jpg?{secret}": faults.ok(jpeg(1)), f"/11.jpg?{secret}": faults.status(503),
    }  # fmt: skip
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], politeness=quick(server.host_port))
        with pytest.raises(TryLaterError, match="p=2"):
            fetch.run(tmp_path, config)
        fetch.run(tmp_path, config, accept_drop=True)
    (why,) = manifest.read_sidecar(tmp_path, "fetch")["notes"]["deferred"]
    assert why == f"{server.url('/11.jpg')}: http_server_error: {server.url('/11.jpg')}: 503"
    assert "1 page has to wait" in (tmp_path / "log.jsonl").read_text()
    for name in ("fetch.json", "log.jsonl"):
        text = (tmp_path / name).read_text()
        assert "AKIASECRET" not in text and "abcdef12" not in text


def test_a_refresh_with_new_signatures_changes_nothing(tmp_path: Path) -> None:
    signed = SignedSite()
    with faults.serve(signed.routes()) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        assert {row.image_url.rpartition("/")[2] for row in rows} == {"11.jpg", "12.jpg", "21.jpg", "22.jpg"}
        signed.clock = 2_000
        asked = len(server.seen)
        assert fetch.run(tmp_path, config, refresh=True) == rows
        assert not any("jpg" in path for path in server.paths()[asked:])


# --- limits, and inputs that make the code raise ------------------------------------------------------------


def test_a_cut_by_max_pages_or_max_listings_is_told(tmp_path: Path) -> None:
    routes = {"/cars": html(car(1), next_path="/b"), "/b": html(car(2)), **photos(1, 2)}
    with faults.serve(routes) as server:
        for name, more, said in (
            (
                "pages",
                {"pagination": {"max_pages": 1}},
                r"limited by pagination.max_pages, 1: 1 index page has a next one",
            ),
            (
                "listings",
                {"max_listings": 1},
                "limited by source.max_listings, 1: there may be more listings of swift",
            ),
            ("none", {}, ""),
        ):
            fetch.run(tmp_path / name, source(server.url(""), ["/cars"], **more))
            summary = manifest.read_sidecar(tmp_path / name, "fetch")["notes"]["summary"]
            limits = [line for line in summary if line.startswith("limited by")]
            assert said in limits[0] if said else limits == []


def test_pages_counted_by_offset(tmp_path: Path) -> None:
    routes = {
        f"/cars{query}": html([car(n) for n in range(at, min(at + 2, 5))])
        for at, query in ((0, ""), (2, "?s=2"), (4, "?s=4"), (6, "?s=6"))
    }
    with faults.serve(routes | photos(*range(5))) as server:
        pagination = {"page_parameter": "s", "first_page": 0, "step": 2}
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"], pagination=pagination))
        assert [path for path in server.paths() if "cars" in path] == [
            "/cars",
            "/cars?s=2",
            "/cars?s=4",
            "/cars?s=6",
        ]
    assert len(rows) == 5


def broken(real: Callable[..., Any], mark: str) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        if any(mark in str(arg)[:60] or (isinstance(arg, bytes) and arg == jpeg(2)) for arg in args):
            raise RecursionError("too deep")
        return real(*args, **more)

    return call


def test_a_page_or_photo_that_makes_the_code_raise_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = [{"@type": "ListItem", "url": f"/l/{n}"} for n in (1, 2, 3)]
    routes: dict[str, Any] = {
        "/cars": html({"@type": "ItemList", "itemListElement": index}),
        **{f"/l/{n}": html(car(n)) for n in (1, 2, 3)}, **photos(1, 2, 3),
    }  # fmt: skip
    monkeypatch.setattr(reader, "extract", broken(adapters.extract, "/l/3"))
    monkeypatch.setattr(download, "check", broken(download.check, "/2.jpg"))
    with faults.serve(routes) as server:
        rows = fetch.run(tmp_path, source(server.url(""), ["/cars"]))
    assert Counter(row.reason for row in rows) == {"": 1, "internal_error": 2}
    (failed,) = manifest.read_sidecar(tmp_path, "fetch")["notes"]["failed_pages"]
    assert "RecursionError: too deep" in failed
    (failed,) = manifest.read_sidecar(tmp_path, "fetch")["notes"]["internal_errors"]
    assert failed == f"{server.url('/2.jpg')}: RecursionError: too deep"
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert '"reason": "internal_error", "bytes": 0, "why": "RecursionError: too deep"' in log


def test_f19_a_server_that_resets_on_accept(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        polite = Politeness.model_validate(politeness(f"127.0.0.1:{port}", obey_robots=False, max_tries=1))
        with Client(polite) as net:
            net._adapter.dial = lambda host, port: (_ for _ in ()).throw(  # type: ignore[method-assign]
                ConnectionResetError(104, "Connection reset by peer")
            )
            with pytest.raises(RejectedError) as caught:
                net.get(f"http://127.0.0.1:{port}/x", 10_000, "photo")
    assert caught.value.reason == "connect_failed"


@pytest.mark.parametrize("code", [100, 102, 103])
def test_f31_interim_responses_are_passed_over(code: int) -> None:
    interim = f"HTTP/1.1 {code} wait\r\nLink: </style.css>; rel=preload\r\n\r\n".encode() * 3
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    with faults.serve({"/x": faults.raw(interim + whole)}) as server:
        polite = Politeness.model_validate(politeness(server.host_port, obey_robots=False))
        with Client(polite) as net:
            assert net.get(server.url("/x"), 100, "photo").data == b"hello"


def test_f12_a_request_rate_of_hundreds_of_digits() -> None:
    with pytest.raises(DeniedError, match=r"rate that is no number"):
        parse_rules(f"User-agent: *\nRequest-rate: 1/{'9' * 400}", "200")
