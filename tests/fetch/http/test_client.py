"""`net.Client` against a server that misbehaves, over real sockets."""

import gzip
import itertools
import random
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import pytest

from curate.core import schemas
from curate.core.errors import CurateError, DeniedError, RejectedError, TryLaterError, UsageError
from curate.core.recipe import Politeness
from curate.core.recipe_file import parse as parse_recipe
from curate.fetch.http.client import Client, Response
from curate.fetch.http.gunzip import Gunzip
from curate.fetch.http.response import PassingError
from tests.faults import (
    Fault,
    Server,
    after,
    chunked,
    drip,
    encoded,
    endless,
    ok,
    raw,
    redirect,
    reset,
    serve,
    short,
    silence,
    status,
    unframed,
)

PHOTO = bytes(range(256)) * 8  # 2,048 bytes; no test here looks at pixels
ROBOTS = ok(b"User-agent: *\nDisallow: /private/\n", "text/plain")
LIMIT = 64 * 1024  # bytes


def polite(server: Server, **values: Any) -> Politeness:
    settings: dict[str, Any] = {
        "min_interval_s": 0,
        "owns_host": True,
        "allow_hosts": (server.host_port,),
        "deadline_s": 1.0,
        "max_tries": 3,
    }
    return Politeness(**(settings | values))


def client(server: Server, state_file: Path | None = None, **values: Any) -> Client:
    return Client(polite(server, **values), state_file, jitter=lambda: 0.001)


def fetch(
    fault: Fault | list[Fault], expect: Literal["page", "photo"] = "photo", **values: Any
) -> tuple[Response | str, Server]:
    """Fetch one URL whose server has `fault`: the reply or the reason, and the server."""
    with serve({"/robots.txt": ROBOTS, "/x": fault}) as server, client(server, **values) as net:
        try:
            return net.get(server.url("/x"), LIMIT, expect), server
        except RejectedError as error:
            assert error.reason in schemas.REASONS["fetch"]
            return error.reason, server


def test_reply_is_complete_and_described() -> None:
    reply, server = fetch(ok(PHOTO, 'Image/JPEG; Charset="UTF-8"'))
    assert isinstance(reply, Response)
    assert (reply.url, reply.data, reply.tries) == (server.url("/x"), PHOTO, 1)
    assert (reply.content_type, reply.charset) == ("image/jpeg", "utf-8")
    assert reply.headers["content-length"] == "2048"


def test_says_who_it_is() -> None:
    with serve({"/x": ok()}) as server, client(server, contact="crawl@example.org") as net:
        net.get(server.url("/x"), LIMIT, "photo")
    for seen in server.seen:
        assert re.fullmatch(r"curate/\d+\.\d+\.\d+ \(\+crawl@example\.org\)", seen.headers["user-agent"])
        assert seen.headers["accept-encoding"] == "gzip"


def test_connections_are_kept_alive() -> None:
    with serve({f"/{n}": ok(PHOTO) for n in range(20)}) as server, client(server) as net:
        for number in range(20):
            net.get(server.url(f"/{number}"), LIMIT, "photo")
        assert net.requests_sent == 21
    assert server.connections == 1


def test_public_host_without_contact_is_a_usage_error() -> None:
    def resolve(host: str, port: int) -> list[Any]:
        raise AssertionError("nothing may be asked")

    with (
        Client(Politeness(), resolve=resolve) as net,
        pytest.raises(UsageError, match=r"contact: you@example\.org"),
    ):
        net.get("http://cars.example/", LIMIT, "page")


# --- transport ----------------------------------------------------------------------------------------------

GZ = gzip.compress(PHOTO)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"


@pytest.mark.parametrize(
    ("fault", "reason", "tries"),
    [
        pytest.param(reset(), "connect_failed", 3, id="F19-reset"),
        pytest.param(raw(b""), "connect_failed", 3, id="F19-fin"),
        pytest.param(short(PHOTO, 4096), "body_truncated", 3, id="F22"),
        pytest.param(chunked(b"800\r\n" + PHOTO[:100]), "body_truncated", 3, id="F23-cut"),
        pytest.param(chunked(b"800\r\n" + PHOTO), "body_truncated", 3, id="F23-no-end"),
        pytest.param(chunked(b"xyz\r\n" + PHOTO), "body_truncated", 3, id="F23-size"),
        pytest.param(unframed(b"<html><p>half a pa", "text/html"), "page_truncated", 3, id="F25"),
        pytest.param(encoded(GZ[:-20], "gzip"), "body_truncated", 3, id="F26"),
        pytest.param(encoded(GZ[:-4], "gzip"), "body_truncated", 3, id="F26-trailer"),
        pytest.param(encoded(b"not gzip at all", "gzip"), "bad_encoding", 1, id="F28-bogus"),
        pytest.param(encoded(PHOTO, "snappy"), "bad_encoding", 1, id="F28-unknown"),
        pytest.param(encoded(PHOTO, "br"), "bad_encoding", 1, id="F27-br"),
        pytest.param(encoded(PHOTO, "zstd"), "bad_encoding", 1, id="F27-zstd"),
        pytest.param(encoded(GZ, "gzip, gzip"), "bad_encoding", 1, id="F27-chain"),
        pytest.param(short(PHOTO, 10 * 1024**3), "too_large", 1, id="F30-declared"),
        pytest.param(raw(HEAD + b"\r\n" + b"x" * (LIMIT + 1)), "too_large", 1, id="F30-counted"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 150 + b"\r\n"), "protocol", 1, id="F31-150-headers"
        ),
        pytest.param(raw(HEAD + b"A: " + b"b" * 70_000 + b"\r\n\r\n"), "protocol", 1, id="F31-70-KB-header"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.7\r\n"), "protocol", 1, id="F31-status-line"),
        pytest.param(
            raw(HEAD + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello"), "protocol", 1, id="F31-lengths"
        ),
        pytest.param(status(204), "empty", 1, id="F32-204"),
        pytest.param(ok(b""), "empty", 1, id="F32-empty"),
        # The catalogue says `empty`; but it holds bytes, and to answer a request without Range with 206 is a
        # breach of the protocol (RFC 9110, 15.3.7), which the reason should say.
        pytest.param(status(206, {"Content-Range": "bytes 0-4/9"}, b"hello"), "protocol", 1, id="F32-206"),
        pytest.param(status(304), "protocol", 1, id="F40-304-unasked"),
        pytest.param(status(404), "gone", 1, id="404"),
        pytest.param(status(500), "http_server_error", 3, id="500"),
        pytest.param(redirect("/x"), "redirect_loop", 1, id="F33-loop"),
        pytest.param(status(302), "redirect_invalid", 1, id="F33-no-location"),
        pytest.param(redirect("file:///etc/passwd"), "redirect_invalid", 1, id="F33-file"),
        pytest.param(redirect("ftp://127.0.0.1/x"), "redirect_invalid", 1, id="F33-ftp"),
        pytest.param(redirect("data:image/png;base64,AAAA"), "redirect_invalid", 1, id="F33-data"),
        pytest.param(redirect("javascript:alert(1)"), "redirect_invalid", 1, id="F33-javascript"),
        pytest.param(redirect("http://elsewhere.example/x"), "offsite", 1, id="F34-offsite"),
        pytest.param(redirect("http://127.0.0.1:1/x"), "offsite", 1, id="F37-port"),
        pytest.param(ok(PHOTO, headers={"X-Robots-Tag": "noai"}), "noai", 1, id="F13-noai"),
        pytest.param(ok(PHOTO, headers={"X-Robots-Tag": "noindex, NoImageAI"}), "noai", 1, id="F13-noimageai"),
        pytest.param(ok(PHOTO, headers={"X-Robots-Tag": "curate: noai"}), "noai", 1, id="F13-by-name"),
        pytest.param(
            ok(PHOTO, headers={"X-Robots-Tag": "max-image-preview:large, noai"}), "noai", 1, id="F13-after-a-value"
        ),
        pytest.param(
            ok(PHOTO, headers={"X-Robots-Tag": "unavailable_after: Sun, 25-Jun-2028 15:00:00 PST, noai"}),
            "noai",
            1,
            id="F13-after-a-date",
        ),
    ],
)
def test_fault_is_a_reason(fault: Fault, reason: str, tries: int) -> None:
    found, server = fetch(fault, "page" if reason == "page_truncated" else "photo")
    assert found == reason
    hops = 6 if reason == "redirect_loop" else 1
    assert len(server.times("/x")) == tries * hops


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            chunked(b"7f8\r\n" + PHOTO[:2040] + b"\r\n8\r\n" + PHOTO[2040:] + b"\r\n0\r\n\r\n"), id="chunked"
        ),
        pytest.param(encoded(GZ, "gzip"), id="gzip"),
        pytest.param(
            encoded(gzip.compress(PHOTO[:1000]) + gzip.compress(PHOTO[1000:]), "x-gzip"), id="two-members"
        ),
        pytest.param(encoded(GZ + b"\0" * 512, "gzip"), id="padded"),
        pytest.param(unframed(PHOTO), id="unframed"),
        pytest.param(ok(PHOTO, headers={"X-Robots-Tag": "otherbot: noai"}), id="F13-for-another"),
        pytest.param(
            ok(PHOTO, headers={"X-Robots-Tag": "otherbot: max-snippet:0, unavailable_after: 25 Jun 2028, noai"}),
            id="F13-values-for-another",
        ),
        pytest.param([redirect("/y/../x"), redirect("?again"), ok(PHOTO)], id="F33-two-hops"),
    ],
)
def test_unusual_but_right(fault: Fault | list[Fault]) -> None:
    with serve({"/x": fault, "/x?again": ok(PHOTO)}) as server, client(server) as net:
        assert net.get(server.url("/x"), LIMIT, "photo").data == PHOTO


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(reset(), id="F19"),
        pytest.param(short(PHOTO[:9], 2048), id="F22"),
        pytest.param(encoded(GZ[:-9], "gzip"), id="F26"),
        pytest.param(status(503), id="F17"),
    ],
)
def test_what_was_wrong_for_a_moment_is_tried_again(fault: Fault) -> None:
    reply, _ = fetch([fault, fault, ok(PHOTO)])
    assert isinstance(reply, Response)
    assert (reply.data, reply.tries) == (PHOTO, 3)


def test_f19_connection_refused() -> None:
    """Between robots.txt and the photo the server goes away; in time, so does our patience."""
    with serve({"/robots.txt": ROBOTS, "/x": ok(PHOTO, headers={"Connection": "close"})}) as server:
        net = client(server)
        net.get(server.url("/x"), LIMIT, "photo")
    with net, pytest.raises(RejectedError) as caught:
        net.get(server.url("/x"), LIMIT, "photo")
    assert caught.value.reason == "connect_failed"


def test_f17_delays_grow_with_full_jitter() -> None:
    with serve({"/x": [status(503), status(503), status(503), ok()]}) as server:
        draws = iter([0.05, 0.05, 0.05])
        with Client(polite(server, max_tries=4), jitter=lambda: next(draws)) as net:
            assert net.get(server.url("/x"), LIMIT, "photo").tries == 4
    times = server.times("/x")
    delays = [b - a for a, b in itertools.pairwise(times)]
    assert delays[0] >= 0.05 and delays[1] >= 0.1 and delays[2] >= 0.2
    assert sum(delays) < 2  # and no more than that


def test_f24_content_check_is_part_of_the_try() -> None:
    def whole(reply: Response) -> None:
        if len(reply.data) < len(PHOTO):
            raise RejectedError("decode_truncated", "the image ends too early")

    cut = unframed(PHOTO[:700])
    with serve({"/x": [cut, cut, ok(PHOTO)], "/y": cut}) as server, client(server) as net:
        assert net.get(server.url("/x"), LIMIT, "photo", whole).tries == 3
        with pytest.raises(RejectedError, match="decode_truncated"):
            net.get(server.url("/y"), LIMIT, "photo", whole)
    assert len(server.times("/y")) == 3


def test_f24_other_content_faults_are_final() -> None:
    def refuse(reply: Response) -> None:
        raise RejectedError("not_an_image")

    with (
        serve({"/x": ok(PHOTO)}) as server,
        client(server) as net,
        pytest.raises(RejectedError, match="not_an_image"),
    ):
        net.get(server.url("/x"), LIMIT, "photo", refuse)
    assert len(server.times("/x")) == 1


def test_f25_page_that_is_framed_needs_no_end_tag() -> None:
    reply, _ = fetch(ok(b"<p>HTML5 lets the end tag go", "text/html"), "page")
    assert isinstance(reply, Response)


def test_f27_bombs_stop_at_the_cap() -> None:
    one = gzip.compress(bytes(50 * 1024**2))
    nested = gzip.compress(one)
    tracemalloc.start()
    with serve({"/a": encoded(one, "gzip"), "/b": encoded(nested, "gzip")}) as server, client(server) as net:
        with pytest.raises(RejectedError, match="too_large"):
            net.get(server.url("/a"), 25 * 1024**2, "photo")
        # Only one layer is ever opened: what is inside is content, and no image.
        assert net.get(server.url("/b"), 25 * 1024**2, "photo").data == one
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024**2


SLOW_HEAD = HEAD + b"Content-Length: 2048\r\n\r\n"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(drip(SLOW_HEAD + PHOTO, 0.05), id="F29-header-drip"),
        pytest.param(lambda sock: bool(sock.sendall(SLOW_HEAD)) or drip(PHOTO, 0.1)(sock), id="F29-body-drip"),
        pytest.param(endless(HEAD + b"\r\n", b"\0"), id="F29-livestream"),
        pytest.param(
            endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="F29-chunked-livestream"
        ),
        pytest.param(silence(), id="F29-silence"),
        # A flood of interim answers is legal HTTP without an upper limit, so the deadline ends it, not `protocol`.
        pytest.param(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="F31-1xx-flood"),
        pytest.param([after(0.4, redirect("/x")), after(0.4, redirect("/x")), silence()], id="F29-redirects"),
    ],
)
def test_f29_total_deadline(fault: Fault | list[Fault]) -> None:
    with serve({"/robots.txt": ROBOTS, "/x": fault}) as server, client(server, max_tries=1) as net:
        net.get(server.url("/robots.txt"), LIMIT, "page")
        started = time.monotonic()
        with pytest.raises(RejectedError) as caught:
            net.get(server.url("/x"), 10**9, "photo")
        took = time.monotonic() - started
    assert caught.value.reason == "deadline"
    assert 0.9 < took < 1.5


def test_f34_redirect_between_named_hosts() -> None:
    with serve({"/b": ok(PHOTO)}) as other, serve({"/a": redirect(other.url("/b"))}) as server:
        with client(server, allow_hosts=(server.host_port, other.host_port)) as net:
            assert net.get(server.url("/a"), LIMIT, "photo").url == other.url("/b")
        assert other.paths() == ["/robots.txt", "/b"]  # the other host's rules were read too


def test_f34_start_urls_bound_the_crawl() -> None:
    with serve({"/a": ok()}) as server, serve({"/b": ok()}) as other:
        settings = polite(server, contact="crawl@example.org")
        with Client(settings, start_urls=[server.url("/list")]) as net:
            net.get(server.url("/a"), LIMIT, "photo")
            with pytest.raises(RejectedError, match="offsite"):
                net.get(other.url("/b"), LIMIT, "photo")
    assert other.connections == 0


def test_f39_environment_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serve({}) as trap, serve({"/x": ok(headers={"Set-Cookie": "id=1"})}) as server:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret\n")
        netrc.chmod(0o600)
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, trap.url(""))
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with client(server) as net:
            for _ in range(2):
                net.get(server.url("/x"), LIMIT, "photo")
    assert trap.connections == 0
    for seen in server.seen:
        assert not {"authorization", "proxy-authorization", "referer"} & seen.headers.keys()


# --- names and addresses ------------------------------------------------------------------------------------


def answers(*ips: str) -> Callable[[str, int], list[Any]]:
    """A resolver that knows these addresses."""
    return lambda host, port: [(0, 0, 0, "", (ip, port)) for ip in ips]


def no_such_name(host: str, port: int) -> list[Any]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def unwell(host: str, port: int) -> list[Any]:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def public(**values: Any) -> Politeness:
    return Politeness(contact="crawl@example.org", deadline_s=0.5, max_tries=2, **values)


def test_f20_no_such_name() -> None:
    with Client(public(), resolve=no_such_name) as net:
        for _ in range(2):
            with pytest.raises(RejectedError) as caught:
                net.get("http://cars.example/a", LIMIT, "photo")
            assert caught.value.reason == "dns"
        assert net.requests_sent == 0


@pytest.mark.parametrize(("host", "least_s", "most_s"), [("cars.example", 0, 0.9), ("img.example", 1, 3)])
def test_f14_only_hosts_that_are_ours_are_asked_faster(host: str, least_s: float, most_s: float) -> None:
    asked_at: list[float] = []

    def absent(host: str, port: int) -> list[Any]:
        asked_at.append(time.monotonic())
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    settings = public(obey_robots=False, min_interval_s=0, owns_host=True, image_hosts=("img.example",))
    with (
        Client(settings, start_urls=["http://cars.example/"], resolve=absent, jitter=lambda: 0) as net,
        pytest.raises(RejectedError),
    ):
        net.get(f"http://{host}/a", LIMIT, "photo")
    assert least_s <= asked_at[1] - asked_at[0] <= most_s


def test_f20_resolver_that_hangs_ends_at_the_deadline() -> None:
    release = threading.Event()

    def hang(host: str, port: int) -> list[Any]:
        release.wait(10)
        return []

    settings = public(obey_robots=False, min_interval_s=0, owns_host=True)
    started = time.monotonic()
    urls = ["http://cars.example/"]
    with (
        Client(settings, start_urls=urls, resolve=hang, jitter=lambda: 0) as net,
        pytest.raises(RejectedError) as caught,
    ):
        net.get("http://cars.example/a", LIMIT, "photo")
    release.set()
    assert caught.value.reason == "dns"
    assert 0.9 < time.monotonic() - started < 1.5  # two tries of half a second


@pytest.mark.parametrize(
    "ips",
    [("93.184.216.34", "127.0.0.1"), ("127.0.0.1",), ("2606:4700::1111", "::ffff:7f00:1"), ("169.254.169.254",)],
)
def test_f36_one_private_answer_spoils_them_all(ips: tuple[str, ...]) -> None:
    with serve({}) as trap, Client(public(), resolve=answers(*ips)) as net:
        with pytest.raises(RejectedError) as caught:
            net.get(trap.url("/x", "cars.example"), LIMIT, "photo")
        assert caught.value.reason == "private_address"
        assert net.requests_sent == 0
    assert trap.connections == 0


def test_f36_name_is_resolved_once_per_connection_and_pinned() -> None:
    asked = []

    def rebinding(host: str, port: int) -> list[Any]:
        asked.append(host)
        return answers("127.0.0.1" if len(asked) == 1 else "192.0.2.1")(host, port)

    with serve({"/x": ok(PHOTO)}) as server:
        settings = polite(server, allow_hosts=(f"shop.test:{server.port}",))
        with Client(settings, resolve=rebinding) as net:
            assert net.get(server.url("/x", "shop.test"), LIMIT, "photo").data == PHOTO
    assert asked == ["shop.test"]
    assert {seen.headers["host"] for seen in server.seen} == {f"shop.test:{server.port}"}


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "①②⑦.0.0.1", "127.0.0.1."),
        *("[::1]", "[::]", "[::ffff:7f00:1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]"),
        *("[2002:7f00:1::]", "[fec0::1]", "169.254.169.254", "100.64.0.1", "224.0.0.1", "192.168.0.1"),
        *("user@127.0.0.1", "localhost"),
    ],
)
def test_f35_private_addresses_are_never_dialled(host: str) -> None:
    with serve({}) as trap, Client(public()) as net:
        for url in (trap.url("/x", host), f"http://{host}/x"):
            with pytest.raises(RejectedError) as caught:
                net.get(url, LIMIT, "photo")
            assert caught.value.reason in ("private_address", "bad_url")
        assert net.requests_sent == 0
    assert trap.connections == 0


@pytest.mark.parametrize("wrong", ["127.0.0.1:1", "localhost:{port}", "127.0.0.1.evil.test:{port}"])
def test_f35_allow_hosts_is_exact(wrong: str) -> None:
    with serve({"/x": ok()}) as server:
        settings = public(allow_hosts=(wrong.format(port=server.port),))
        with Client(settings) as net, pytest.raises(RejectedError, match="private_address"):
            net.get(server.url("/x"), LIMIT, "photo")
    assert server.connections == 0


def test_f35_redirect_to_a_private_address() -> None:
    with (
        serve({}) as trap,
        serve({"/x": redirect(trap.url("/secret"))}) as server,
        client(server, contact="crawl@example.org", image_hosts=(f"127.0.0.1:{trap.port}",)) as net,
        pytest.raises(RejectedError, match="private_address"),
    ):
        net.get(server.url("/x"), LIMIT, "photo")
    assert trap.connections == 0


# --- TLS ----------------------------------------------------------------------------------------------------

TLS = Path(__file__).parents[2] / "faults" / "tls"


def tls_context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / certificate)
    return context


def fetch_tls(context: ssl.SSLContext, host: str = "shop.test") -> tuple[bytes | str, Server]:
    with serve({"/x": ok(PHOTO)}, context) as server:
        settings = polite(server, allow_hosts=(f"{host}:{server.port}",))
        with Client(settings, resolve=answers("127.0.0.1"), jitter=lambda: 0) as net:
            try:
                return net.get(server.url("/x", host), LIMIT, "photo").data, server
            except RejectedError as error:
                return error.reason, server


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificates of the tests, as if they were in certifi."""
    bundle = TLS / "valid.pem"
    monkeypatch.setattr("certifi.where", lambda: str(bundle))


def test_f21_self_signed() -> None:
    found, server = fetch_tls(tls_context("valid.pem"))
    assert found == "tls"
    assert server.connections == 1  # no storm of tries


def test_f21_valid_certificate_by_name_and_sni(trusted: None) -> None:
    names = []
    context = tls_context("valid.pem")
    context.sni_callback = lambda sock, name, _: names.append(name)
    found, _ = fetch_tls(context)
    assert found == PHOTO
    assert names == ["shop.test"]


def test_f21_wrong_host(trusted: None) -> None:
    assert fetch_tls(tls_context("valid.pem"), "other.test")[0] == "tls"


def test_f21_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certifi.where", lambda: str(TLS / "expired.pem"))
    assert fetch_tls(tls_context("expired.pem"))[0] == "tls"


def test_f21_tls_1_0(trusted: None) -> None:
    context = tls_context("valid.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1
    assert fetch_tls(context)[0] == "tls"


def test_f29_tls_handshake_that_drips() -> None:
    """The server sends a TLS record header and then nothing: the deadline holds in the handshake as well."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings = Politeness(
            min_interval_s=0,
            owns_host=True,
            allow_hosts=(f"127.0.0.1:{port}",),
            deadline_s=0.5,
            obey_robots=False,
            max_tries=1,
        )
        started = time.monotonic()
        with Client(settings) as net, pytest.raises(RejectedError) as caught:
            net.get(f"https://127.0.0.1:{port}/x", LIMIT, "photo")
    assert caught.value.reason == "deadline"
    assert time.monotonic() - started < 1.0


# --- politeness ---------------------------------------------------------------------------------------------


def get_all(net: Client, urls: list[str], threads: int) -> list[bytes | type[Exception]]:
    def one(url: str) -> bytes | type[Exception]:
        try:
            return net.get(url, LIMIT, "photo").data
        except (RejectedError, CurateError) as error:
            return type(error)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, urls))


def test_f14_interval_holds_for_all_threads_together() -> None:
    paths = [f"/{number}" for number in range(12)]
    slow = after(0.02, ok(PHOTO))
    routes = {path: slow if number % 3 else ok(PHOTO) for number, path in enumerate(paths)}
    with serve(routes) as server, client(server, min_interval_s=0.05, deadline_s=5) as net:
        assert get_all(net, [server.url(path) for path in paths], 8) == [PHOTO] * 12
    times = sorted(seen.at_s for seen in server.seen)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert len(gaps) == 12
    assert min(gaps) >= 0.05  # seen by the server, not by us


def test_f14_redirects_keep_the_pace() -> None:
    with serve({"/a": redirect("/b"), "/b": ok()}) as server, client(server, min_interval_s=0.1) as net:
        net.get(server.url("/a"), LIMIT, "photo")
    times = [seen.at_s for seen in server.seen]
    assert all(b - a >= 0.1 for a, b in itertools.pairwise(times))


def test_f14_waiting_for_a_turn_is_not_a_slow_transfer() -> None:
    paths = [f"/{number}" for number in range(6)]
    with (
        serve({path: ok(PHOTO) for path in paths}) as server,
        client(server, min_interval_s=0.1, deadline_s=0.3) as net,
    ):
        assert get_all(net, [server.url(path) for path in paths], 6) == [PHOTO] * 6


def test_f15_retry_after_holds_the_whole_host() -> None:
    paths = [f"/{number}" for number in range(6)]
    routes: dict[str, Any] = {path: ok(PHOTO) for path in paths}
    routes["/busy"] = [status(429, {"Retry-After": "1"}), ok(PHOTO)]
    with (
        serve({"/robots.txt": ROBOTS} | routes) as server,
        client(server, deadline_s=5) as net,
        ThreadPoolExecutor(1) as pool,
    ):
        busy = pool.submit(net.get, server.url("/busy"), LIMIT, "photo")
        while not server.times("/busy"):
            time.sleep(0.01)
        time.sleep(0.1)
        assert get_all(net, [server.url(path) for path in paths], 6) == [PHOTO] * 6
        assert busy.result().tries == 2
    said, later = server.times("/busy")[0], [seen.at_s for seen in server.seen[2:]]
    assert len(later) == 7
    assert min(later) - said >= 1.0


def test_f16_too_long_a_wait_is_kept_for_the_next_run(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    fault = status(503, {"Retry-After": "9999999"})
    with serve({"/x": fault}) as server:
        for _ in range(2):  # the second time is another run
            started = time.monotonic()
            with client(server, state) as net, pytest.raises(TryLaterError, match=r"wait|stay away"):
                net.get(server.url("/x"), LIMIT, "photo")
            assert time.monotonic() - started < 1
    assert server.paths() == ["/robots.txt", "/x"]


@pytest.mark.parametrize(
    "value", ["soon", "-5", "1.5", "", "Wed, 21 Oct 2015 07:28:00 GMT", "\N{SUPERSCRIPT TWO}"]
)
def test_f16_junk_or_past_means_our_own_backoff(value: str) -> None:
    reply, _ = fetch([status(503, {"Retry-After": value}), ok(PHOTO)])
    assert isinstance(reply, Response) and reply.tries == 2


def test_f18_refusals_in_a_row_open_the_circuit() -> None:
    with serve({"/robots.txt": ROBOTS, "/x": status(403)}) as server, client(server) as net:
        found = get_all(net, [server.url("/x")] * 20, 1)
    assert found == [RejectedError] * 9 + [DeniedError] * 11
    assert len(server.times("/x")) == 10


def test_f18_throttling_ends_in_try_later_then_denied() -> None:
    """A 429 is obeyed; a URL that gets nothing else is deferred; a host that says nothing else has blocked us."""
    with serve({"/robots.txt": ROBOTS, "/x": status(429)}) as server, client(server) as net:
        found = get_all(net, [server.url("/x")] * 20, 1)
    assert found == [TryLaterError] * 3 + [DeniedError] * 17
    assert len(server.times("/x")) == 10


def test_f18_one_good_answer_closes_it() -> None:
    faults = [status(403)] * 9 + [ok(PHOTO)] + [status(403)] * 9 + [ok(PHOTO)]
    with serve({"/robots.txt": ROBOTS, "/x": faults}) as server, client(server) as net:
        assert get_all(net, [server.url("/x")] * 20, 1).count(PHOTO) == 2


def test_host_that_is_down_defers_instead_of_rejecting_everything() -> None:
    with serve({"/robots.txt": ROBOTS, "/x": status(500)}) as server, client(server, max_tries=1) as net:
        found = get_all(net, [server.url("/x")] * 25, 1)
    assert found == [PassingError] * 19 + [TryLaterError] * 6


GATE = b"<html><title>Just a moment...</title><script>window.cf = 'cf-chl-opt'</script><p>Checking</html>"
LISTING = (
    b'<html><script type="application/ld+json">{"@type": "Car"}</script><script src="g-recaptcha"></script></html>'
)


WEBSITE = b'<script type="application/ld+json">{"@type": ["WebSite", "Thing"], "name": "Cars"}</script><script>'


@pytest.mark.parametrize("page", [GATE, GATE.replace(b"<script>", WEBSITE)], ids=["plain", "with-json-ld"])
def test_f43_gate_page_stops_the_run(page: bytes) -> None:
    with (
        serve({"/x": ok(page, "text/html")}) as server,
        client(server) as net,
        pytest.raises(DeniedError, match="asks for a human"),
    ):
        net.get(server.url("/x"), LIMIT, "page")
    assert len(server.times("/x")) == 1


@pytest.mark.parametrize(
    "page",
    [
        LISTING,
        LISTING.replace(b'"Car"', b'["Thing", "Car"]'),
        GATE.replace(b"Checking", b"A Swift for sale. " * 200),
    ],
)
def test_f43_listing_with_a_captcha_in_its_form_is_no_gate(page: bytes) -> None:
    reply, _ = fetch(ok(page, "text/html"), "page")
    assert isinstance(reply, Response)


def test_f47_wall_clock_jumps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wall = time.time
    with serve({"/x": ok()}) as server, client(server, tmp_path / "state", min_interval_s=0.1) as net:
        for jump_s in (0, 3600, -3600, 0):
            monkeypatch.setattr(time, "time", lambda jump_s=jump_s: wall() + jump_s)
            net.get(server.url("/x"), LIMIT, "photo")
    times = [seen.at_s for seen in server.seen]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert all(0.1 <= gap < 0.9 for gap in gaps)


def test_f44_close_ends_what_other_threads_wait_for() -> None:
    """A transfer, a turn and a pause between tries: all end at once, with something the run can resume from."""
    with serve({"/robots.txt": ROBOTS, "/x": silence(), "/y": status(503, {"Retry-After": "60"})}) as server:
        net = client(server, deadline_s=60)
        with ThreadPoolExecutor(3) as pool:
            found = [pool.submit(net.get, server.url("/x"), LIMIT, "photo")]
            while not server.times("/x"):
                time.sleep(0.01)
            found += [pool.submit(net.get, server.url("/y"), LIMIT, "photo") for _ in range(2)]
            while not server.times("/y"):
                time.sleep(0.01)
            time.sleep(0.1)
            started = time.monotonic()
            net.close()
            assert [type(future.exception()) for future in found] == [TryLaterError] * 3
        assert time.monotonic() - started < 1


def test_same_bytes_with_many_threads() -> None:
    """No answer ends up with another thread's URL."""
    bodies = {f"/{number}": random.Random(number).randbytes(2000 + number) for number in range(200)}
    routes = {path: [reset(), ok(body)] if len(body) % 7 == 0 else ok(body) for path, body in bodies.items()}
    with serve(routes) as server, client(server, workers=16, deadline_s=10) as net:
        assert get_all(net, [server.url(path) for path in bodies], 16) == list(bodies.values())


def test_gunzip_is_bounded_at_every_step() -> None:
    packed = zlib.compress(bytes(10**7), 9, 31)
    assert len(Gunzip().feed(packed, 1000)) == 1001


# --- what sites need ----------------------------------------------------------------------------------------

SECRET = "s3cr3t-of-somebody"


def test_a_photo_is_asked_for_from_its_page(tmp_path: Path) -> None:
    with serve({"/1.jpg": ok()}) as server, serve({"/2.jpg": ok()}) as other:
        with client(server, allow_hosts=(server.host_port, other.host_port)) as net:
            page = server.url("/ad/7?q=1")
            net.get(server.url("/1.jpg"), 1000, "photo", more={"Referer": page})
            net.get(other.url("/2.jpg"), 1000, "photo", more={"Referer": page})
            net.get(server.url("/1.jpg"), 1000, "photo")
        said = [seen.headers.get("referer") for seen in (*server.seen, *other.seen) if "jpg" in seen.path]
    assert said == [page, None, f"http://{server.host_port}/"]


def test_cookies_are_sent_back_to_their_host_for_one_run() -> None:
    sets = ok(headers={"Set-Cookie": "session=abc; Path=/"})
    with serve({"/a": sets, "/b": ok()}) as server:
        for kept in (True, False):
            with client(server, cookies=kept) as net:
                net.get(server.url("/a"), 1000, "page")
                net.get(server.url("/b"), 1000, "page")
        said = [seen.headers.get("cookie") for seen in server.seen if seen.path in "/a/b"]
    assert said == [None, "session=abc", None, None]


def test_credentials_come_from_the_environment_and_go_to_the_site_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({"/a": redirect("/b"), "/b": ok()}) as server, serve({"/c": ok()}) as other:
        hosts = (server.host_port, other.host_port)
        settings = polite(server, auth="env:SITE_AUTH", allow_hosts=hosts)
        with pytest.raises(UsageError, match=r"politeness\.auth names SITE_AUTH, which is not set"):
            Client(settings)
        for value, header in (
            (f"bob:{SECRET}", "Basic " + b64encode(f"bob:{SECRET}".encode()).decode()),
            (f"Bearer {SECRET}", f"Bearer {SECRET}"),
        ):
            monkeypatch.setenv("SITE_AUTH", value)
            with Client(settings, start_urls=[server.url("/")]) as net:
                net.get(server.url("/a"), 1000, "page")
                net.get(other.url("/c"), 1000, "page")
            assert {seen.headers.get("authorization") for seen in server.seen} == {header}
            server.seen.clear()
        assert not [seen for seen in other.seen if "authorization" in seen.headers]


@pytest.mark.parametrize("key", ["auth", "proxy"])
def test_a_secret_in_a_recipe_is_refused_and_not_repeated(key: str) -> None:
    text = f"name: x\nclasses: [a, b]\nsource: {{id: x, politeness: {{{key}: 'bob:{SECRET}'}}}}\n"
    with pytest.raises(UsageError, match="write env:NAME") as error:
        parse_recipe(text, "x.yaml")
    assert SECRET not in str(error.value)


def test_all_goes_through_the_proxy_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    through = Politeness(
        contact="crawl@example.org", max_tries=1, proxy="env:MY_PROXY", image_hosts=("127.0.0.1",)
    )
    with serve({"http://cars.example/a": ok(), "http://cars.example/robots.txt": status(404)}) as proxy:
        monkeypatch.setenv("MY_PROXY", f"http://bob:{SECRET}@{proxy.host_port}")
        with Client(through, start_urls=["http://cars.example/"]) as net:
            assert net.get("http://cars.example/a", 1000, "page").data == b"hello"
            with pytest.raises(RejectedError, match="private_address"):
                net.get("http://127.0.0.1/a", 1000, "page")
        said = {seen.headers["proxy-authorization"] for seen in proxy.seen}
        assert said == {"Basic " + b64encode(f"bob:{SECRET}".encode()).decode()}
        assert proxy.paths() == ["http://cars.example/robots.txt", "http://cars.example/a"]
    with Client(through, start_urls=["http://cars.example/"]) as net:
        with pytest.raises(TryLaterError) as error:  # the proxy is gone
            net.get("http://cars.example/a", 1000, "page")
        assert SECRET not in str(error.value)
    monkeypatch.setenv("MY_PROXY", f"ftp://bob:{SECRET}@x")
    with pytest.raises(UsageError, match="MY_PROXY is no http://host:port") as wrong:
        Client(through)
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize("there", ["http://169.254.169.254/latest", "http://10.0.0.1/robots.txt"])
def test_f35_a_robots_txt_leads_to_no_private_address_behind_a_proxy(
    there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    through = Politeness(contact="crawl@example.org", max_tries=1, proxy="env:MY_PROXY")
    routes = {"http://cars.example/robots.txt": redirect(there), there: ok(), "http://cars.example/a": ok()}
    with serve(routes) as proxy:
        monkeypatch.setenv("MY_PROXY", f"http://{proxy.host_port}")
        with (
            Client(through, start_urls=["http://cars.example/"]) as net,
            pytest.raises(RejectedError, match="private_address"),
        ):
            net.get("http://cars.example/a", 1000, "page")
        assert proxy.paths() == ["http://cars.example/robots.txt"]


def test_an_answer_that_has_not_changed() -> None:
    with serve({"/a": status(304)}) as server, client(server) as net:
        assert net.get(server.url("/a"), 1000, "page", more={"If-None-Match": '"x"'}).unmodified
        with pytest.raises(RejectedError, match="protocol"):
            net.get(server.url("/a"), 1000, "page")
        assert [seen.headers.get("if-none-match") for seen in server.seen if seen.path == "/a"] == ['"x"', None]
