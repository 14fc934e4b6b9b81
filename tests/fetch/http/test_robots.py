"""robots.txt, read and obeyed: what the server sees is what counts."""

import json
import logging
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from curate.core.errors import Again, DeniedError, RejectedError, TryLaterError
from curate.core.recipe import Politeness
from curate.fetch.http.client import Client
from curate.fetch.http.robots import MAX_BYTES, decode, parse_rules
from tests.faults import Fault, Server, chunked, ok, redirect, reset, serve, silence, status

LIMIT = 64 * 1024


def client(server: Server, state_file: Path | None = None, **values: Any) -> Client:
    settings: dict[str, Any] = {
        "min_interval_s": 0,
        "owns_host": True,
        "allow_hosts": (server.host_port,),
        "deadline_s": 0.5,
    }
    return Client(Politeness(**(settings | values)), state_file, jitter=lambda: 0.001)


def rules_of(text: str, **values: Any) -> Fault:
    return ok(text.encode(), "text/plain", **values)


def paths_asked(robots: Fault | Sequence[Fault], *paths: str, state_file: Path | None = None) -> list[str]:
    """Ask for `paths` of a site with this robots.txt; the paths that the server saw, robots.txt included."""
    with (
        serve({"/robots.txt": robots} | dict.fromkeys(paths, ok())) as server,
        client(server, state_file) as net,
    ):
        for path in paths:
            try:
                net.get(server.url(path), LIMIT, "photo")
            except RejectedError as error:
                assert error.reason == "robots"
        return server.paths()


@pytest.mark.parametrize("code", [404, 410, 400, 451])
def test_f01_absent_means_allowed_and_is_asked_once(code: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert paths_asked(status(code), "/a", "/b") == ["/robots.txt", "/a", "/b"]
    assert len([record for record in caplog.records if "everything is allowed" in record.message]) == 1


@pytest.mark.parametrize("code", [401, 403])
def test_f02_forbidden_means_denied(code: int) -> None:
    with serve({"/robots.txt": status(code), "/a": ok()}) as server:
        with client(server) as net:
            for _ in range(2):
                with pytest.raises(DeniedError, match="obey_robots: false"):
                    net.get(server.url("/a"), LIMIT, "page")
        assert server.paths() == ["/robots.txt"]
        with client(server, obey_robots=False) as net:
            assert net.get(server.url("/a"), LIMIT, "page").data == b"hello"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(status(500), id="F03-500"),
        pytest.param(status(503), id="F03-503"),
        pytest.param(reset(), id="F03-reset"),
        pytest.param(silence(), id="F03-timeout"),
        pytest.param(chunked(b"zz"), id="F03-broken"),
        pytest.param(status(429), id="F04"),
    ],
)
def test_unreachable_means_disallowed_and_later(fault: Fault) -> None:
    with serve({"/robots.txt": fault, "/a": ok()}) as server, client(server) as net:
        for _ in range(2):
            with pytest.raises(TryLaterError, match=r"cannot read .*robots\.txt") as raised:
                net.get(server.url("/a"), LIMIT, "page")
            assert raised.value.remedies == (Again(later=True),)  # the second time from memory
    assert server.paths() == ["/robots.txt"] * 2  # one retry, no page


def test_f03_name_server_unwell_is_later_but_no_such_name_is_the_urls_own_fault() -> None:
    def resolver(code: int) -> Any:
        def resolve(host: str, port: int) -> list[Any]:
            raise socket.gaierror(code, "simulated")

        return resolve

    settings = Politeness(contact="crawl@example.org", deadline_s=0.5, min_interval_s=0, owns_host=True)
    with Client(settings, resolve=resolver(socket.EAI_AGAIN), jitter=lambda: 0) as net:
        with pytest.raises(TryLaterError):
            net.get("http://cars.example/a", LIMIT, "page")
        assert net.requests_sent == 0
    with (
        Client(settings, resolve=resolver(socket.EAI_NONAME), jitter=lambda: 0) as net,
        pytest.raises(RejectedError, match="dns"),
    ):
        net.get("http://cars.example/a", LIMIT, "page")


def test_f03_one_bad_moment_is_forgiven() -> None:
    robots = [status(503), rules_of("User-agent: *\nDisallow: /b")]
    assert paths_asked(robots, "/a", "/b") == ["/robots.txt", "/robots.txt", "/a"]


def test_f05_copy_of_the_last_day_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = tmp_path / "state.json"
    robots = [rules_of("User-agent: *\nDisallow: /b"), status(503)]
    with serve({"/robots.txt": robots, "/a": ok(), "/b": ok()}) as server:
        with client(server, state) as net:
            net.get(server.url("/a"), LIMIT, "photo")
        with client(server, state) as net:
            net.get(server.url("/a"), LIMIT, "photo")
            with pytest.raises(RejectedError, match="robots"):
                net.get(server.url("/b"), LIMIT, "photo")
            assert net.robots_decisions() == {server.url(""): "copy of the last 24 hours (it answers 503)"}
        assert "our copy" in caplog.text
        saved = json.loads(state.read_text())
        saved["robots"][server.url("")]["time_s"] -= 24 * 3600 + 1
        state.write_text(json.dumps(saved))
        with client(server, state) as net, pytest.raises(TryLaterError):
            net.get(server.url("/a"), LIMIT, "photo")
    assert server.paths().count("/b") == 0


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"robots": 1, "not_before": {}}', "\0" * 9])
def test_f05_damaged_state_is_only_a_lost_cache(damage: str, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(damage)
    assert paths_asked(rules_of("User-agent: *\nDisallow: /b"), "/a", state_file=state) == ["/robots.txt", "/a"]
    assert json.loads(state.read_text())["robots"]


def test_f06_five_redirects_across_hosts_govern_the_first_host() -> None:
    rules = rules_of("User-agent: *\nDisallow: /b")
    hops: dict[str, Fault] = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 4)}
    with (
        serve({**hops, "/4": rules}) as other,
        serve({"/robots.txt": redirect(other.url("/1")), "/a": ok()}) as server,
    ):
        with client(server, allow_hosts=(server.host_port, other.host_port)) as net:
            net.get(server.url("/a"), LIMIT, "photo")
            with pytest.raises(RejectedError, match="robots"):
                net.get(server.url("/b"), LIMIT, "photo")
        assert other.paths() == ["/1", "/2", "/3", "/4"]


def test_f06_sixth_redirect_means_unavailable() -> None:
    assert paths_asked(redirect("/robots.txt"), "/a") == ["/robots.txt"] * 6 + ["/a"]


def test_f07_two_megabytes(caplog: pytest.LogCaptureFixture) -> None:
    head = "User-agent: *\nDisallow: /b\n"
    line = "Disallow: /long/long/path\n"
    text = head + line * (2 * 1024**2 // len(line)) + "Disallow: /a\n"
    assert len(text) > 2_000_000
    started = time.monotonic()
    assert paths_asked(rules_of(text), "/a", "/b") == ["/robots.txt", "/a"]
    assert time.monotonic() - started < 5
    assert f"first {MAX_BYTES} bytes" in caplog.text


def test_f07_cut_is_not_in_the_middle_of_a_line() -> None:
    text = "User-agent: *\n" + "#" * (MAX_BYTES - 14 - 12) + "\nDisallow: /nothing-here\n" * 3
    assert paths_asked(rules_of(text), "/a") == ["/robots.txt", "/a"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xef\xbb\xbfUser-agent: *\nDisallow: /b\n", id="F08-bom"),
        pytest.param(b"User-agent: *\rDisallow: /b\r", id="F08-cr"),
        pytest.param(b"User-agent: *\r\nDisa\0llow: /b\r\n", id="F08-nul"),
        pytest.param(b"User-agent: *\nDisallow: /\xff\xfe\nDisallow: /b", id="F08-not-utf-8"),
        pytest.param(b"?!\n::::\nUser-agent: *\n\x01\x02\nfoo bar\nDisallow: /b\n<<<", id="F08-junk"),
    ],
)
def test_f08_every_readable_line_counts(body: bytes) -> None:
    rules = parse_rules(decode(body), "200")
    assert not rules.allows("http://h/b")
    assert rules.allows("http://h/a")


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>Disallow: /", "\n <html>User-agent: *\nDisallow: /\n"])
def test_f09_web_page_instead_of_rules(page: str, caplog: pytest.LogCaptureFixture) -> None:
    assert paths_asked(ok(page.encode(), "text/html"), "/a") == ["/robots.txt", "/a"]
    assert "is a web page" in caplog.text


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        pytest.param("Disallow: /*.jpg$", "/x/a.jpg", False, id="F10-wildcard"),
        pytest.param("Disallow: /*.jpg$", "/x/a.jpg?v=1", True, id="F10-end"),
        pytest.param("Disallow: /cars\nAllow: /cars/swift", "/cars/swift/1", True, id="F10-longest-allow"),
        pytest.param("Allow: /cars\nDisallow: /cars/swift", "/cars/swift/1", False, id="F10-longest-disallow"),
        pytest.param("Disallow: /cars\nAllow: /cars", "/cars/1", True, id="F10-tie"),
        pytest.param("Disallow:", "/anything", True, id="F10-empty"),
        pytest.param("Disallow: /\n\nUser-agent: curate\nAllow: /", "/x", True, id="F10-our-group"),
        pytest.param("Allow: /\n\nUser-agent: Curate\nDisallow: /", "/x", False, id="F10-our-name"),
    ],
)
def test_f10_longest_match(text: str, path: str, allowed: bool) -> None:
    assert parse_rules(f"User-agent: *\n{text}\n", "200").allows(f"http://h{path}") is allowed


def test_f11_hostile_pattern_is_fast() -> None:
    rules = parse_rules("User-agent: *\nDisallow: /" + "a*" * 4000 + "b$\n", "200")
    started = time.perf_counter()
    assert rules.allows("http://h/" + "a" * 8000)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(
    ("line", "delay_s"),
    [
        pytest.param("Crawl-delay: 2", 2.0, id="F12-2"),
        pytest.param("Crawl-delay: 0.5", 0.5, id="F12-0.5"),
        pytest.param("Crawl-delay: abc", 0.0, id="F12-abc"),
        pytest.param("Crawl-delay: -1", 0.0, id="F12-negative"),
        pytest.param("Crawl-delay: inf", 0.0, id="F12-inf"),
        pytest.param("Request-rate: 1/5", 5.0, id="F12-rate"),
    ],
)
def test_f12_crawl_delay(line: str, delay_s: float) -> None:
    assert parse_rules(f"User-agent: *\n{line}\n", "200").crawl_delay_s == delay_s


def test_f12_crawl_delay_beyond_reason() -> None:
    robots = rules_of("User-agent: *\nCrawl-delay: 3600")
    with (
        serve({"/robots.txt": robots, "/a": ok()}) as server,
        client(server) as net,
        pytest.raises(DeniedError, match="3600 s between requests"),
    ):
        net.get(server.url("/a"), LIMIT, "page")
    assert server.paths() == ["/robots.txt"]


def test_f12_crawl_delay_is_kept_and_ours_when_longer() -> None:
    robots = rules_of("User-agent: *\nCrawl-delay: 0.2")
    for ours, expected in ((0.0, 0.2), (0.3, 0.3)):
        with serve({"/robots.txt": robots, "/a": ok()}) as server, client(server, min_interval_s=ours) as net:
            for _ in range(3):
                net.get(server.url("/a"), LIMIT, "photo")
        a, b, c = server.times("/a")
        assert min(b - a, c - b) >= expected


def test_redirect_into_a_disallowed_path_is_not_followed() -> None:
    robots = rules_of("User-agent: *\nDisallow: /b")
    with (
        serve({"/robots.txt": robots, "/a": redirect("/b"), "/b": ok()}) as server,
        client(server) as net,
        pytest.raises(RejectedError, match="robots"),
    ):
        net.get(server.url("/a"), LIMIT, "photo")
    assert server.paths() == ["/robots.txt", "/a"]
