"""`curate review` over HTTP: who may ask, what is served, and that a decision is on the disk before it is told."""

import hashlib
import io
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image, ImageOps

from curate.core import extras, manifest, record_store
from curate.core.errors import ResourceError, StateError
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from curate.pipeline import find_recipe
from curate.review import decisions
from curate.review.app import images, index
from curate.review.app.alike import most_alike
from curate.review.app.server import MAX_BODY, STATIC
from curate.review.app.session import Session
from tests import folders, painted_run
from tests.review.serving import Served, build, served


def key(number: int) -> str:
    return f"{number:016x}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build(tmp_path_factory.mktemp("app"), n=40)
    rows = manifest.read(folder, DedupRow)
    pair = {key(5): replace(rows[5], duplicate_of=key(4), keep=False, reason="near_duplicate", distance=3)}
    painted_run.rewrite(folder, "dedup", [pair.get(row.key, row) for row in rows])
    sidecar = (folder / "clean.json").read_text()
    digest = manifest.read_sidecar(folder, "clean")["inputs"]["dedup.csv"]
    (folder / "clean.json").write_text(sidecar.replace(digest, manifest.read_sidecar(folder, "dedup")["sha256"]))
    photo = Image.new("RGB", (400, 300), "teal")
    exif = photo.getexif()
    exif[0x010F] = "SECRET CAMERA"
    (folder / "secret.jpg").write_bytes(b"not of the manifest")
    first = manifest.read(folder, FetchRow)[0]
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", exif=exif)
    from curate.photos import store

    path, sha256 = store.put(folder, buffer.getvalue(), "jpeg")
    painted_run.rewrite(
        folder,
        "fetch",
        [replace(first, path=path, sha256=sha256), *manifest.read(folder, FetchRow)[1:]],
    )
    for stage in ("dedup", "clean"):
        text = (folder / f"{stage}.json").read_text()
        old = manifest.read_sidecar(folder, stage)["inputs"]["fetch.csv"]
        (folder / f"{stage}.json").write_text(text.replace(old, manifest.read_sidecar(folder, "fetch")["sha256"]))
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        yield found


def test_w03_who_may_ask(server: Served) -> None:
    base = f"http://127.0.0.1:{server.port}"
    assert requests.get(f"{base}/", timeout=9).status_code == 403
    assert requests.get(f"{base}/?token=guess", timeout=9).status_code == 403
    assert requests.get(f"{base}/api/state", timeout=9).status_code == 403
    assert server.get("/api/state", headers={"host": "evil.example"}).status_code == 421
    cookie = "; ".join(f"{each.name}={each.value}" for each in server.http.cookies)
    named = {"host": f"localhost:{server.port}", "cookie": cookie}
    assert requests.get(f"{base}/api/state", headers=named, timeout=9).status_code == 200
    row = {"key": key(3), "decision": "keep"}
    for headers in ({"origin": "http://evil.example"}, {"origin": ""}, {"content-type": "text/plain"}):
        assert server.decide("borderline", row, **headers).status_code == 403
    assert server.decide("borderline", row | {"note": "n" * MAX_BODY}).status_code == 413
    answer = server.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "HttpOnly" in requests.get(server.url, allow_redirects=False, timeout=9).headers["set-cookie"]


def test_no_script_and_no_style_is_inline_and_nothing_comes_from_elsewhere() -> None:
    text = (STATIC / "index.html").read_text()
    assert "<script>" not in text
    assert "style=" not in text
    assert " onclick" not in text
    for path in STATIC.iterdir():
        assert "http" not in path.read_text().replace("http://www.w3.org/2000/svg", "")


def test_w02_only_photos_of_the_manifests_are_served_without_exif(server: Served, folder: Path) -> None:
    stored = (folder / manifest.read(folder, FetchRow)[0].path).read_bytes()
    assert b"SECRET CAMERA" in stored
    for size, side in (("large", 400), ("small", 320)):
        answer = server.get(f"/photo/{size}/{key(0)}")
        assert b"SECRET" not in answer.content
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (image.format, max(image.size)) == ("WEBP" if size == "small" else "JPEG", side)
            assert not image.getexif()
    for path in ("secret.jpg", "..%2Fsecret.jpg", "ffff", "%2e%2e/%2e%2e/secret.jpg"):
        assert server.get(f"/photo/small/{path}").status_code == 404
    assert server.get("/static/..%2fserver.py").status_code == 404
    assert server.get(f"/difference/{key(4)}/{key(5)}").headers["content-type"] == "image/webp"
    assert server.get("/api/queue/nothing").status_code == 404
    assert server.get("/api/queue/kept?start=x").status_code == 400


def test_a_mirrored_duplicate_is_laid_the_right_way_round(tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8)).resize((320, 240))
    photos = []
    for name, drawn in (("plain", image), ("other", ImageOps.mirror(image))):
        drawn.save(tmp_path / f"{name}.png")
        sha256 = hashlib.sha256((tmp_path / f"{name}.png").read_bytes()).hexdigest()
        photos.append({"path": f"{name}.png", "sha256": sha256})
    red = []
    for proof in ("mirrored", ""):
        data = images.difference(tmp_path, photos[0], photos[1] | {"confirmed_by": proof})
        with Image.open(io.BytesIO(data)) as shown:
            channels = np.asarray(shown.convert("RGB"), float)
        red.append(float((channels[..., 0] - channels[..., 2] > 60).mean()))
    assert red[0] < 0.02 < 0.2 < red[1]


def test_a_thumbnail_is_made_once(server: Served, folder: Path) -> None:
    first = server.get(f"/photo/small/{key(9)}").content
    path = folder / manifest.read(folder, FetchRow)[9].path
    data = path.read_bytes()
    path.unlink()
    try:
        assert server.get(f"/photo/small/{key(9)}").content == first
        lost = server.get(f"/photo/large/{key(9)}")
        assert (lost.status_code, "unreadable" in lost.text) == (410, True)
    finally:
        path.write_bytes(data)


def test_a_title_that_a_spreadsheet_would_run_is_shown_as_it_is(tmp_path: Path) -> None:
    build(tmp_path, n=4)
    rows = [replace(row, title="=1+1 for sale") for row in manifest.read(tmp_path, FetchRow)]
    later = manifest.read(tmp_path, DedupRow), manifest.read(tmp_path, CleanRow)
    folders.publish(tmp_path, "fetch", rows)
    assert "'=1+1 for sale" in manifest.csv_path(tmp_path, "fetch").read_text()
    folders.publish(tmp_path, "dedup", later[0])
    folders.publish(tmp_path, "clean", later[1])
    with closing(index.open_index(tmp_path)) as found:
        photo = index.photo(found, rows[0].key)
    assert photo and photo["title"] == "=1+1 for sale"


def test_thumbnails_that_a_power_cut_damaged_are_made_anew(server: Served, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "images", tmp_path / "images")
    photos = [{"path": row.path, "sha256": row.sha256} for row in manifest.read(folder, FetchRow)]
    shown = server.get(f"/photo/small/{key(9)}").content
    file = tmp_path / images.NAME
    file.write_bytes(b"no database at all" * 1000)
    thumbnails = images.Thumbnails(tmp_path)
    assert thumbnails.get(photos[9]) == shown
    for each in photos[:30]:
        thumbnails.get(each)
    thumbnails.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\0" * (len(whole) - 4096))  # its header is sound, its pages are lost
    again = images.Thumbnails(tmp_path)
    assert again.get(photos[9]) == again.get(photos[9]) == shown
    again.close()
    with closing(sqlite3.connect(file)) as made:
        assert made.execute("SELECT count(*) FROM thumbnail").fetchone() == (1,)


def test_a_request_that_outlives_the_review_leaves_its_thumbnails(folder: Path, tmp_path: Path) -> None:
    (row, *_) = manifest.read(folder, FetchRow)
    shutil.copytree(folder / "images", tmp_path / "images")
    thumbnails = images.Thumbnails(tmp_path)
    shown = thumbnails.get({"path": row.path, "sha256": row.sha256})
    thumbnails.close()
    before = (tmp_path / images.NAME).read_bytes()
    assert thumbnails.get({"path": row.path, "sha256": row.sha256}) == shown
    assert (tmp_path / images.NAME).read_bytes() == before


def test_queues_and_their_items(server: Served) -> None:
    queues = {each["name"]: each["total"] for each in server.get("/api/state").json()["queues"]}
    assert queues["borderline"] == 40
    assert queues["rejected:not_car"] == 4
    assert queues["duplicates"] == 1
    page = server.get("/api/queue/borderline?start=10&limit=5").json()["items"]
    assert [item["place"] for item in page] == [10, 11, 12, 13, 14]
    assert page[0]["photos"][0]["seller_class"] == "hatch"
    (pair,) = server.get("/api/queue/duplicates").json()["items"]
    assert (pair["key"], [photo["key"] for photo in pair["photos"]]) == (f"{key(4)} {key(5)}", [key(4), key(5)])
    around = server.get(f"/api/around/{key(8)}").json()
    assert [photo["key"] for photo in around["listing"]] == [key(10)]
    blind = server.get("/api/queue/sample?limit=3").json()["items"][0]["photos"][0]
    assert set(blind) == {"key", "width", "height", "version"}


def test_a_decision_is_durable_and_a_repeated_one_is_no_second_row(server: Served, folder: Path) -> None:
    row = {"key": key(20), "decision": "reject", "reason": "closeup"}
    for _ in range(2):
        assert server.decide("borderline", row).status_code == 200
    text = (folder / "review.csv").read_text()
    assert text.count(key(20)) == 1
    assert f"{key(20)},reject,,closeup,,amy,20" in text
    done = {each["name"]: each["done"] for each in server.get("/api/state").json()["queues"]}
    before = done["borderline"]
    answer = server.decide("borderline", {"key": key(20), "decision": "undo"}).json()["before"]
    assert answer[0]["before"]["reason"] == "closeup"
    done = {each["name"]: each["done"] for each in server.get("/api/state").json()["queues"]}
    assert done["borderline"] == before - 1
    for bad in ({"key": "ffff", "decision": "keep"}, {"key": key(1), "decision": "keep", "class_name": "boat"}):
        assert server.decide("borderline", row, bad).status_code in (404, 409)
    assert key(20) not in decisions.load(folder / "review.csv", ("hatch", "sedan")).decisions


def test_w04_two_pages_and_a_hand_at_once_lose_nothing(server: Served, folder: Path) -> None:
    with served(folder, reviewer="bob") as other:
        both = [server, other]

        def work(which: int) -> None:
            for number in range(21, 36):
                row = {"key": key(number), "decision": "keep" if which or number % 5 else "reject"}
                assert both[which].decide("borderline", row).status_code == 200

        threads = [threading.Thread(target=work, args=(which,)) for which in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with (folder / "review.csv").open("a") as file:
            file.write(f"{key(38)},reject\n")
        found = decisions.load(folder / "review.csv", ("hatch", "sedan"))
        assert {key(number) for number in range(21, 36)} <= {*found.decisions, *found.conflicts}
        assert list(found.conflicts) == [key(25), key(30), key(35)]
        assert not found.decisions[key(38)].keep
        for each in both:
            items = each.get("/api/queue/disputed").json()["items"]
            assert [item["key"] for item in items] == [key(25), key(30), key(35)]
        for number in (25, 30, 35):
            other.decide("disputed", {"key": key(number), "decision": "reject"})
        assert server.get("/api/queue/disputed").json()["items"] == []


def test_labels_of_the_blind_sample_measure_and_decide_nothing(server: Served, folder: Path) -> None:
    before = (folder / "review.csv").read_bytes() if (folder / "review.csv").exists() else b""
    name = server.get("/api/queue/sample?limit=1").json()["items"][0]["key"]
    assert server.decide("sample", {"key": name, "decision": "reject"}).status_code == 200
    assert f"{name},reject" in (folder / "sample.csv").read_text()
    assert ((folder / "review.csv").read_bytes() if before else b"") == before
    assert server.get("/api/queue/sample?undecided=1").json()["start"] == 1


def test_a_review_csv_that_cannot_be_obeyed_is_told_and_not_written(tmp_path: Path) -> None:
    build(tmp_path, n=20)
    (tmp_path / "review.csv").write_text("key,decision\na,maybe\n")
    with served(tmp_path) as server:
        assert "decision 'maybe' is not one of" in server.get("/api/state").json()["problem"]
        answer = server.decide("borderline", {"key": key(1), "decision": "keep"})
        assert (answer.status_code, "maybe" in answer.json()["error"]) == (409, True)
        assert (tmp_path / "review.csv").read_text() == "key,decision\na,maybe\n"
        (tmp_path / "review.csv").write_text("key,decision\na,keep\n")
        assert server.decide("borderline", {"key": key(1), "decision": "keep"}).status_code == 200


def test_new_manifests_are_read_while_the_page_is_open(tmp_path: Path) -> None:
    build(tmp_path, n=20)
    recipe = find_recipe(tmp_path / "recipe.yaml")
    session = Session(tmp_path, recipe, "amy")
    made = (tmp_path / index.NAME).stat().st_mtime_ns
    Session(tmp_path, recipe, "amy")
    assert (tmp_path / index.NAME).stat().st_mtime_ns == made, "the index is made once"
    build(tmp_path, n=24)
    assert session.state()["queues"][0] == {"name": "borderline", "total": 24, "done": 0}
    (tmp_path / "clean.csv").write_text("key\n")
    (tmp_path / index.NAME).unlink()
    with pytest.raises(StateError, match=r"clean\.csv was changed after it was written"):
        Session(tmp_path, recipe, "amy")


def test_the_most_alike_photos_come_first(tmp_path: Path) -> None:
    build(tmp_path, n=20)
    names = [row.sha256 for row in manifest.read(tmp_path, FetchRow)[:4]]
    record = np.dtype([("sha256", "S64"), ("embedding", "<f4", (2,))])
    rows = [(name, vector) for name, vector in zip(names, ((1, 0), (0, 1), (1, 0.1), (1, 1)), strict=True)]
    records = np.array([(name.encode(), vector) for name, vector in rows], record)
    layout = record_store.layout(record, {"embeddings": 1})
    record_store.write(tmp_path / "clean.imagenet-0.cache", layout, [records])
    assert most_alike(tmp_path, names[0]) == [], "clean ran without a network"
    sidecar = (tmp_path / "clean.json").read_text()
    (tmp_path / "clean.json").write_text(
        sidecar.replace('"notes": {', '"notes": {"scorer": {"scorer": "imagenet"},')
    )
    assert most_alike(tmp_path, names[0]) == [names[2], names[3], names[1]]
    assert most_alike(tmp_path, "0" * 64) == []


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.MODULES, "review", ("no_such_package",))
    with pytest.raises(ResourceError, match="`curate review` needs no_such_package") as caught:
        extras.require("review", "`curate review`")
    assert "pip install 'curate-photos[review]'" in str(caught.value.remedies)
