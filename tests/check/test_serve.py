"""The service over real sockets, in a process of its own: verdicts, limits, keys, overload, reload, drain."""

import asyncio
import dataclasses
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from typer.testing import CliRunner

from curate.check import api, files, measure, openapi
from curate.check.batches import Batches, Reloader
from curate.check.check import Checker, Upload
from curate.check.limits import Limits, RefusedError, look
from curate.check.serve import listen
from curate.check.verdict import Verdict
from curate.cli.app import app
from curate.core import extras, manifest
from curate.core.errors import StateError, UsageError
from curate.core.recipe import QualityThresholds
from curate.core.schemas import CleanRow, FetchRow
from tests import container, folders
from tests.check.conftest import written
from tests.scenes import jpeg, scene

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("prometheus_client", reason="needs the extra serve")
KEY = "a-key-of-the-tests-0001"


@dataclasses.dataclass
class Service:
    """A running one."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = {}
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        try:
            connection.request(method, path, body or None, {"Authorization": f"Bearer {KEY}", **headers})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def check(self, photo: bytes, **parts: str | list[bytes]) -> tuple[int, dict[str, str], bytes]:
        return self.ask("POST", "/v1/check", *form(photo, **parts))


def form(photo: bytes, **parts: str | list[bytes]) -> tuple[bytes, dict[str, str]]:
    lines = [b'--x\r\nContent-Disposition: form-data; name="photo"; filename="me.jpg"\r\n\r\n' + photo]
    for name, value in parts.items():
        name = {"class_name": "class"}.get(name, name)
        start = f'--x\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, str):
            lines.append(f"{start}\r\n\r\n{value}".encode())
        else:
            lines += [f'{start}; filename="a.jpg"\r\n\r\n'.encode() + each for each in value]
    return b"\r\n".join(lines) + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


@contextmanager
def serving(folder: Path, tmp_path: Path, *options: str) -> Iterator[Service]:
    recipe = written(tmp_path)
    words = ["serve", "--recipe", str(recipe), "--folder", str(folder), "--precision", "0.6"]
    with started(*words, *options) as running:
        yield running


@contextmanager
def started(*words: str) -> Iterator[Service]:
    with subprocess.Popen(
        [sys.executable, "-m", "curate", *words, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"CURATE_API_KEYS": f"another-key-000001,{KEY}"},
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while not (found := re.search(r"listening on http://127.0.0.1:(\d+)", said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            yield Service(process, int(found[1]))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def service(folder: Path, checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(folder, tmp_path_factory.mktemp("serve"), "--max-mb", "1", "--max-megapixels", "2") as running:
        yield running


def test_clean_command_and_service_give_the_same_verdicts(
    folder: Path, checker: Checker, service: Service
) -> None:
    rows = {row.key: row for row in manifest.read(folder, CleanRow)}
    for photo in manifest.read(folder, FetchRow)[::5]:
        data = (folder / photo.path).read_bytes()
        status, _, body = service.check(data, listing_id=photo.listing_id)
        (own,) = checker.check([data], listing_id=photo.listing_id)
        assert (status, json.loads(body)) == (200, json.loads(json.dumps(own.as_json())))
        row = rows[photo.key]
        assert own.verdict == ("unsure" if row.borderline else "ok" if row.keep else "flag")
    beside = [folders.paint("sedan", 701)]
    for data in (folders.paint("hatch", 700), jpeg(scene(700)), folders.paint("hatch", 601)[:900]):
        _, _, body = service.check(data, class_name="hatch", listing_photos=beside)
        (own,) = checker.check([data], "hatch", listing_photos=beside)
        assert json.loads(body) == json.loads(json.dumps(own.as_json()))


def test_bytes_alone_are_taken_too(checker: Checker, service: Service) -> None:
    photo = folders.paint("sedan", 502)
    status, _, body = service.ask("POST", "/v1/check?class=sedan", photo, {"Content-Type": "image/jpeg"})
    assert status == 200
    assert json.loads(body) == json.loads(json.dumps(checker.check([photo], "sedan")[0].as_json()))


@pytest.mark.parametrize("data", [b"", b"<html>", b"just text", b"%PDF-1.7", bytes(100), b"II*\0"], ids=repr)
def test_what_is_no_photo_gets_the_verdict_of_the_command(service: Service, tmp_path: Path, data: bytes) -> None:
    found = files.look(_kept(tmp_path / "a.jpg", data)) or measure.measure(
        np.asarray, 0, QualityThresholds(), None, data
    )
    assert isinstance(found, files.Refused)
    own = json.loads(json.dumps(Verdict.refused(found).as_json()))
    parts: list[dict[str, str | list[bytes]]] = [{}, {"class_name": "sedan", "listing_photos": [data]}]
    for beside in parts:
        status, _, body = service.check(data, **beside)
        assert (status, json.loads(body)) == (200, own)


def _kept(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_photo_whose_reader_is_not_installed_gets_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag would say that each photo of an iPhone is no good."""
    monkeypatch.setitem(extras.MODULES, "heif", ("no_such_package",))
    with pytest.raises(RefusedError) as caught:
        look(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), Limits())
    assert (caught.value.status, caught.value.word) == (415, "heic")


def test_a_class_is_named_as_the_recipe_would_read_it(checker: Checker, service: Service) -> None:
    photo = folders.paint("hatch", 507)
    for name in ("hatch", "HATCH", "Hatch."):
        status, _, body = service.check(photo, class_name=name)
        assert (status, json.loads(body)) == (
            200,
            json.loads(json.dumps(checker.check([photo], "hatch")[0].as_json())),
        )
    assert service.ask("POST", "/v1/check?class=%20Hatch", photo, {"Content-Type": "image/jpeg"})[0] == 200


def test_a_field_that_would_be_passed_over_is_refused(service: Service) -> None:
    """A misspelt class would never be compared, and nobody would know."""
    photo = folders.paint("sedan", 508)
    everything = "known: photo, class, listing_id, listing_photos"
    alone = {"Content-Type": "image/jpeg"}

    def with_query(query: str) -> tuple[str, bytes, dict[str, str]]:
        return f"/v1/check?{query}", photo, alone

    def with_form(**parts: str | list[bytes]) -> tuple[str, bytes, dict[str, str]]:
        return "/v1/check", *form(photo, **parts)

    text, headers = form(photo, class_name="sedan")
    double = text.replace(b"--x--", b'--x\r\nContent-Disposition: form-data; name="class"\r\n\r\nhatch\r\n--x--')
    cases = [
        (with_query("klass=sedan"), "unknown_field", "unknown field klass; known: class, listing_id"),
        (with_query("class="), "form", "class is empty: leave it out where it is not known"),
        (with_query("class=sedan&class=hatch"), "form", "class is given twice"),
        (with_query("photo=1"), "unknown_field", "unknown field photo; known: class, listing_id"),
        (with_form(colour="red"), "unknown_field", f"unknown field colour; {everything}"),
        (with_form(colour="red", x="1", y="2", z="3"), "unknown_field", f"unknown field colour; {everything}"),
        (with_form(extra=[photo]), "unknown_field", f"unknown field extra; {everything}"),
        (with_form(**{"c" * 90: "1"}), "unknown_field", f"unknown field {'c' * 40}…; {everything}"),
        (with_form(listing_id=" "), "form", "listing_id is empty: leave it out where it is not known"),
        (with_form(class_name=[b"sedan"]), "form", "class is a file: send it as text"),
        (with_form(listing_photos="none"), "form", "listing_photos is text: send it as a file"),
        (("/v1/check", double, headers), "form", "class is given twice"),
        (("/v1/check?class=sedan", text, headers), "form", "class is in the query: in a form it is a part"),
    ]
    for (path, body, sent), word, sentence in cases:
        status, _, answer = service.ask("POST", path, body, sent)
        assert (status, json.loads(answer)) == (400, {"error": word, "detail": sentence})


def test_every_error_has_a_word_and_a_sentence(service: Service) -> None:
    for method, path, status, word in (
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/redoc", 404, "not_found"),  # it would ask other hosts
        ("GET", "/v1/check", 405, "method_not_allowed"),
    ):
        found, headers, body = service.ask(method, path)
        assert (found, json.loads(body).keys(), json.loads(body)["error"]) == (status, {"error", "detail"}, word)
        assert status != 405 or headers["allow"] == "POST"


def test_the_page_of_the_api_asks_no_other_host(service: Service) -> None:
    status, headers, body = service.ask("GET", "/docs")
    page = body.decode()
    assert status == 200 and "default-src 'none'" in headers["content-security-policy"]
    assert set(re.findall(r"https?://[^/\s\"<]+", page)) == {f"http://127.0.0.1:{service.port}"}
    assert "<script" not in page and "Authorization: Bearer $KEY" in page
    for word in (
        "/v1/check",
        "/healthz",
        "/readyz",
        "/metrics",
        "class=hatch",
        "&#34;sedan&#34;: 0.0298",
        "Retry-After",
    ):
        assert word in page, word


def bomb(side: int) -> bytes:
    """A PNG of a few kB that says it is `side` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_s01_s02_s04_s07_what_is_beyond_the_limits_is_refused_before_it_is_decoded(service: Service) -> None:
    photo, gif = folders.paint("sedan", 503), io.BytesIO()
    scene(503).save(gif, "GIF")
    cases: list[tuple[bytes, dict[str, str], int, str]] = [
        (*form(bomb(40_000)), 413, "too_many_pixels"),
        (*form(gif.getvalue()), 415, "format_not_allowed"),
        (*form(photo + bytes(1024**2)), 413, "too_large"),
        (b"{}", {"Content-Type": "application/json"}, 415, "media_type"),
        (b"--x", {"Content-Type": "multipart/form-data"}, 400, "form"),
        (form(photo)[0].replace(b"photo", b"image"), form(photo)[1], 400, "unknown_field"),
        (form(photo)[0].replace(b"photo", b"listing_photos"), form(photo)[1], 400, "form"),
        (*form(photo, class_name="boat"), 422, "unknown_class"),
        (*form(photo, class_name="x" * 300), 400, "form"),
        (*form(photo, listing_photos=[photo] * 9), 400, "form"),
        (*form(photo, listing_photos=[gif.getvalue()]), 415, "format_not_allowed"),
    ]
    for body, headers, status, word in cases:
        found = service.ask("POST", "/v1/check", body, headers)
        said = json.loads(found[2])
        assert (found[0], said["error"]) == (status, word) and said["detail"]
        if word == "too_many_pixels":
            assert said["detail"] == "40000x40000 pixels: at most 2,000,000 pixels are taken"
    unmeasured = http.client.HTTPConnection("127.0.0.1", service.port, timeout=100)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"}
    unmeasured.request("POST", "/v1/check", iter([bytes(400_000)] * 3), headers, encode_chunked=True)
    assert unmeasured.getresponse().status == 413
    unmeasured.close()
    assert service.ask("GET", "/healthz")[0] == 200


def test_s15_only_a_known_key_may_ask(service: Service) -> None:
    photo = form(folders.paint("sedan", 504))
    for given in ({"Authorization": "Bearer no"}, {"Authorization": ""}, {"X-API-Key": KEY + "1"}):
        for method, path in (("POST", "/v1/check"), ("GET", "/metrics")):
            status, headers, _ = service.ask(method, path, photo[0] if method == "POST" else b"", photo[1] | given)
            assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert service.ask("POST", "/v1/check", *photo)[0] == 200
    assert service.ask("GET", "/healthz", headers={"Authorization": ""})[0] == 200
    with pytest.raises(UsageError, match="is easily guessed"):
        api.keys_of("short")
    assert api.allowed("anything", ()) and not api.allowed("", api.keys_of(KEY))


def test_s15_without_keys_a_page_of_another_name_may_not_ask(folder: Path, checker: Checker) -> None:
    async def status(*headers: tuple[bytes, bytes]) -> int:
        batches = Batches(checker, Limits())
        reloader = Reloader(batches, lambda: checker, folder, folder / "none.yaml", print)
        app = api.api(batches, reloader, Limits(), (), lambda: True, print)
        answered: list[int] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            answered.extend([message["status"]] if "status" in message else [])

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "GET", "path": "/readyz", "query_string": b"", "headers": headers}
        await app(scope, receive, send)
        return answered[0]

    def asked(host: bytes) -> int:
        return asyncio.run(status((b"host", host)))

    assert [asked(b"evil.example:8080"), asked(b"127.0.0.1.evil.example"), asked(b"[")] == [421, 421, 421]
    assert [asked(b"127.0.0.1:8080"), asked(b"localhost:8080"), asked(b"[::1]:8080")] == [200, 200, 200]
    assert asyncio.run(status()) == 200  # a monitor of HTTP/1.0


def test_s14_nobody_listens_to_the_world_without_a_key() -> None:
    with pytest.raises(UsageError, match="is open to others"):
        listen("0.0.0.0", 0, ())
    with listen("127.0.0.1", 0, ()) as taken, pytest.raises(UsageError, match="in use"):
        listen("127.0.0.1", taken.getsockname()[1], ())


def test_the_image_asks_the_service_how_it_is(service: Service) -> None:
    program, option, script = container.health_check()
    assert (program, option) == ("python", "-c")
    here = re.sub(r"(127\.0\.0\.1):\d+", rf"\1:{service.port}", script)
    nowhere = here.replace("/readyz", "/nowhere")
    ends = [subprocess.run([sys.executable, "-c", each], capture_output=True) for each in (here, nowhere)]
    assert [each.returncode for each in ends] == [0, 1], ends


def test_the_command_of_the_image_runs_and_its_signal_ends_it(
    folder: Path, checker: Checker, tmp_path: Path
) -> None:
    recipe = written(tmp_path)
    there = {"/data/curate.yaml": str(recipe), "/data/manifests": str(folder)}
    program, *words = [there.get(word, word) for word in container.command()]
    assert program == "curate" and words[-2:] == ["--host", "0.0.0.0"]
    environment = {name: value for name, value in os.environ.items() if name != "CURATE_API_KEYS"}
    python = [sys.executable, "-m", "curate"]
    open_door = subprocess.run([*python, *words], env=environment, capture_output=True, text=True, timeout=60)
    assert open_door.returncode == 2 and "--host 0.0.0.0 is open to others" in open_door.stderr
    with started(*words[:-1], "127.0.0.1") as running:
        running.process.send_signal(getattr(signal, container.instruction("STOPSIGNAL")))
        assert running.process.wait(60) == 0


def test_operators_see_how_it_is(service: Service) -> None:
    service.check(folders.paint("sedan", 505))
    status, _, body = service.ask("GET", "/readyz")
    assert status == 200 and json.loads(body) == {"ready": True, "photos": 36, "classes": ["hatch", "sedan"]}
    answered = service.ask("GET", "/metrics")[2].decode()
    assert re.search(r'^curate_check_requests_total\{status="200"\} [1-9]', answered, re.M)
    assert re.search(r'^curate_check_verdicts_total\{verdict="\w+"\} [1-9]', answered, re.M)
    assert "curate_check_seconds_bucket" in answered and "me.jpg" not in answered
    page = json.loads(service.ask("GET", "/openapi.json")[2])
    posted = page["paths"]["/v1/check"]["post"]
    assert set(posted["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]) >= {
        "photo",
        "class",
    }
    example = page["components"]["schemas"]["Answer"]["examples"][0]
    assert (example["verdict"], list(example["classes"])) == ("flag", ["hatch", "sedan"])
    assert page["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert posted["security"] == page["paths"]["/metrics"]["get"]["security"] == [{"bearer": []}, {"key": []}]
    answer = openapi.Answer.model_validate_json(service.check(folders.paint("sedan", 505))[2])
    assert openapi.Answer.model_validate(example).model_fields_set == answer.model_fields_set
    assert {"413", "415", "429"} <= set(posted["responses"])


def test_s13_overload_slow_bodies_reload_and_drain(folder: Path, checker: Checker, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    with serving(own, tmp_path, "--waiting", "1", "--deadline", "60") as service:
        photo = folders.paint("sedan", 506)
        answers: list[tuple[int, float, dict[str, str]]] = []

        def send() -> None:
            began = time.monotonic()
            status, headers, _ = service.check(photo)
            answers.append((status, time.monotonic() - began, headers))

        threads = [threading.Thread(target=send) for _ in range(12)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert {status for status, *_ in answers} == {200, 429}
        assert all(headers["retry-after"] == "1" for status, _, headers in answers if status == 429)

        rows = manifest.read(own, CleanRow)
        assert json.loads(service.check((own / rows[0].path).read_bytes())[2])["reasons"] == ["duplicate"]
        folders.publish(own, "clean", [dataclasses.replace(rows[0], keep=False, reason="not_car"), *rows[1:]])
        service.process.send_signal(signal.SIGHUP)
        for _ in range(200):  # no request is lost meanwhile
            status, _, body = service.check((own / rows[0].path).read_bytes())
            assert status == 200
            if (reasons := json.loads(body)["reasons"]) == ["duplicate", "not_car"]:
                break
            time.sleep(0.2)
        assert reasons == ["duplicate", "not_car"]

        body, headers = form(photo)
        headers |= {"Host": "x", "Content-Length": str(len(body)), "Authorization": f"Bearer {KEY}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        begun = socket.create_connection(("127.0.0.1", service.port))
        begun.sendall(f"POST /v1/check HTTP/1.1\r\n{head}\r\n".encode())
        begun.sendall(body[:100])
        time.sleep(0.3)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        begun.sendall(body[100:])
        with begun.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n", answer.read()
        begun.close()
        assert service.process.wait(60) == 0
        assert service.process.stdout is not None
        rest = service.process.stdout.read()
        assert "reloaded in" in rest and "every upload that was taken is answered" in rest
        assert "me.jpg" not in rest and rows[0].key not in rest
    assert not [path for path in own.rglob("*") if path.is_file() and photo == path.read_bytes()]


def test_a_reload_that_fails_in_any_way_is_said_and_the_next_one_works(folder: Path, checker: Checker) -> None:
    failures: list[Exception] = [KeyError("no such row"), OSError("stale handle"), StateError("no fetch.csv")]
    said: list[str] = []

    def opened() -> Checker:
        if failures:
            raise failures.pop(0)
        return dataclasses.replace(checker)

    async def reload() -> None:
        batches = Batches(checker, Limits(), workers=1)
        reloader = Reloader(batches, opened, folder, folder / "none.yaml", said.append)
        running = asyncio.create_task(reloader.run())
        for number in range(1, 5):
            assert batches.checker is checker
            reloader.ask()
            while len(said) < number:
                await asyncio.sleep(0.01)
        assert batches.checker is not checker and reloader.counts == {"done": 1, "failed": 3}
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(reload(), 30))
    before = "not reloaded, the dataset of before still answers: "
    assert said[:3] == [
        f"{before}KeyError: 'no such row'",
        f"{before}OSError: stale handle",
        f"{before}no fetch.csv",
    ]


def test_s03_s09_a_full_queue_is_answered_before_the_body_is_read(folder: Path, checker: Checker) -> None:
    limits, said = Limits(waiting=0), list[dict[str, Any]]()  # nobody may wait: it is always full

    async def ask(key: str) -> None:
        batches = Batches(checker, limits, workers=1)
        reloader = Reloader(batches, lambda: checker, folder, folder / "none.yaml", print)
        app = api.api(batches, reloader, limits, api.keys_of(KEY), lambda: True, print)
        headers = [(b"content-type", b"image/jpeg"), (b"authorization", f"Bearer {key}".encode())]
        scope = {"type": "http", "method": "POST", "path": "/v1/check", "query_string": b"", "headers": headers}

        async def receive() -> NoReturn:
            raise AssertionError("the body was asked for")

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(dict(message))

        await app(scope, receive, send)

    for key in (KEY, "nobody knows this"):
        asyncio.run(ask(key))
    assert [message["status"] for message in said if "status" in message] == [429, 401]
    assert (b"retry-after", b"1") in said[0]["headers"] and b'"busy"' in said[1]["body"]


def test_what_its_header_refuses_does_not_wait(checker: Checker) -> None:
    refused: list[tuple[int, str]] = []
    said: list[tuple[str, ...]] = []

    async def ask() -> int:
        batches = Batches(checker, Limits())  # nothing empties its queue
        good = asyncio.create_task(batches.check(Upload(folders.paint("sedan", 504))))
        for upload in (
            Upload(bomb(60_000)),
            Upload(b"<html>"),
            Upload(jpeg(scene(505)), listing_photos=(bomb(60_000),)),
        ):
            try:
                said.append((await asyncio.wait_for(batches.check(upload), 10)).reasons)
            except RefusedError as error:
                refused.append((error.status, error.word))
        assert not good.done()
        good.cancel()
        return batches.photos

    assert asyncio.run(ask()) == 1
    assert refused == [(413, "too_many_pixels"), (413, "too_many_pixels")] and said == [("not_an_image",)]


def test_s05_a_slow_body_ends_at_the_deadline(folder: Path, checker: Checker, tmp_path: Path) -> None:
    with serving(folder, tmp_path, "--deadline", "0.5") as service:
        with socket.create_connection(("127.0.0.1", service.port)) as slow:
            slow.sendall(
                f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
                "Content-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nabc".encode()
            )
            slow.settimeout(30)
            answer = slow.makefile("rb").read()  # it is closed behind the answer
        assert answer.startswith(b"HTTP/1.1 408") and b'"slow"' in answer
        assert service.ask("GET", "/healthz")[0] == 200


def test_without_its_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.MODULES, "serve", ("no_such_package",))
    run = CliRunner().invoke(app, ["serve"])
    assert run.exit_code == 7 and run.output.count("\n") == 1
    assert "needs no_such_package" in run.output and "`pip install 'curate-photos[serve]'`" in run.output
