"""The marketplace's pages and server."""

import io
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
import requests
from bs4 import BeautifulSoup
from PIL import Image
from protego import Protego

from curate.core.errors import UsageError
from curate.demo.pages import Catalogue, PaintedListing, PaintedPhoto, respond
from curate.demo.site import serve

BASE = "http://127.0.0.1:1"


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


def listing(
    number: int, class_name: str = "hatchback", title: str = "Tidy car", photos: int = 2
) -> PaintedListing:
    return PaintedListing(
        listing_id=f"17{number:04}",
        class_name=class_name,
        title=title,
        price=250_000,
        year=2015,
        km=42_000,
        region="Delhi",
        city="Rohini",
        photos=tuple(PaintedPhoto(f"p{number}x{i}-IN", jpeg(400 + i, 300)) for i in range(photos)),
    )


CATALOGUE = Catalogue(
    [listing(i) for i in range(45)]
    + [listing(100 + i, "tallboy") for i in range(5)]
    + [listing(200, "tallboy", title='=SUM(1,2) <script>alert("x")</script> & more', photos=0)]
)


def page(path: str) -> BeautifulSoup:
    reply = respond(CATALOGUE, path, BASE)
    assert reply.status == 200
    assert reply.content_type == "text/html; charset=utf-8"
    return BeautifulSoup(reply.body, "html.parser")


def json_ld(soup: BeautifulSoup) -> dict[str, object]:
    (script,) = soup.select('script[type="application/ld+json"]')
    data = json.loads(script.get_text())
    assert isinstance(data, dict)
    return data


def test_pagination_by_next_link_reaches_every_listing_once() -> None:
    path, found, pages = "/cars/hatchback", [], 0
    while path:
        soup = page(path)
        data = json_ld(soup)
        assert data["@type"] == "ItemList"
        items = data["itemListElement"]
        assert isinstance(items, list)
        found += [item["url"] for item in items]
        assert [urljoin(BASE, str(a["href"])) for a in soup.select("li.listing a.card")] == [
            i["url"] for i in items
        ]
        link = soup.select_one("link[rel=next]")
        path = str(link["href"]) if link else ""
        pages += 1
    assert pages == 3
    assert found == [f"{BASE}/listing/17{i:04}" for i in range(45)]


def test_a_listing_says_the_same_in_json_ld_and_in_html() -> None:
    soup = page("/listing/170003")
    data = json_ld(soup)
    assert (data["@type"], data["sku"], data["model"]) == ("Car", "170003", "hatchback")
    assert data["name"] == soup.select_one("h1").get_text() == "Tidy car"  # type: ignore[union-attr]
    assert data["vehicleModelDate"] == soup.select_one(".year").get_text() == "2015"  # type: ignore[union-attr]
    offers = data["offers"]
    assert isinstance(offers, dict)
    assert offers["price"] == 250_000
    address = offers["availableAtOrFrom"]["address"]
    assert (address["addressRegion"], address["addressLocality"]) == ("Delhi", "Rohini")
    images = data["image"]
    assert images == [f"{BASE}/photos/p3x0-IN.jpg", "/photos/p3x1-IN.jpg;s=1280x960"]
    gallery = [str(a["href"]) for a in soup.select(".gallery a")]
    assert gallery == ["/photos/p3x0-IN.jpg", "/photos/p3x1-IN.jpg"]


def test_p10_similar_cars_are_of_other_classes_and_outside_the_gallery() -> None:
    soup = page("/listing/170003")
    similar = [str(a["data-listing"]) for a in soup.select(".similar a.card")]
    assert similar == ["170103", "170104", "170200", "170100"]
    assert all(str(i["src"]).startswith("data:") for i in soup.select(".similar img"))
    assert soup.select_one("img.tracker[width='1']")


def test_p12_hostile_titles_are_escaped() -> None:
    soup = page("/listing/170200")
    assert json_ld(soup)["name"] == '=SUM(1,2) <script>alert("x")</script> & more'
    assert not [script for script in soup.select("script") if script.get_text().startswith("alert")]


@pytest.mark.parametrize(
    "path",
    ["/cars/hatchback?page=4", "/cars/hatchback?page=0", "/cars/hatchback?page=x", "/cars/boat", "/listing/1",
     "/photos/none.jpg", "/photos/p3x0-IN.jpg;s=big", "/admin/login", "/listing/../etc/passwd"],
)  # fmt: skip
def test_unknown_paths_are_404(path: str) -> None:
    assert respond(CATALOGUE, path, BASE).status == 404


def test_pages_are_the_same_every_time() -> None:
    again = Catalogue(list(CATALOGUE.listings.values()))
    for path in ("/", "/cars/tallboy", "/listing/170100", "/photos/p3x0-IN.jpg;s=100x100"):
        assert respond(again, path, BASE) == respond(CATALOGUE, path, BASE)


def test_photos_come_as_uploaded_and_scaled() -> None:
    assert respond(CATALOGUE, "/photos/p3x1-IN.jpg", BASE).body == jpeg(401, 300)
    small = Image.open(io.BytesIO(respond(CATALOGUE, "/photos/p3x1-IN.jpg;s=200x200", BASE).body))
    assert small.size == (200, 150)
    broken = Catalogue([PaintedListing("1", "a", "t", 1, 2000, 1, "r", "c", (PaintedPhoto("x", b"<html>"),))])
    assert respond(broken, "/photos/x.jpg;s=9x9", BASE).body == b"<html>"


def test_ids_must_be_unique() -> None:
    with pytest.raises(ValueError, match="listing_id"):
        Catalogue([listing(1), listing(1)])
    with pytest.raises(ValueError, match="photo_id"):
        Catalogue(
            [PaintedListing(str(i), "a", "t", 1, 2000, 1, "r", "c", (PaintedPhoto("x", b""),)) for i in range(2)]
        )


def test_robots_allows_listings_and_not_the_admin_pages() -> None:
    rules = Protego.parse(respond(CATALOGUE, "/robots.txt", BASE).body.decode())
    for path in ("/", "/cars/hatchback?page=2", "/listing/170001", "/photos/p3x0-IN.jpg"):
        assert rules.can_fetch(BASE + path, "curate")
    assert not rules.can_fetch(BASE + "/admin/login", "curate")


def test_the_server_keeps_connections_and_logs_requests() -> None:
    listings = list(CATALOGUE.listings.values())
    paths = [f"/photos/{photo.photo_id}.jpg" for one in listings for photo in one.photos]
    with serve(listings) as site, requests.Session() as session:
        session.headers["User-Agent"] = "tester"
        first = session.get(site.url + "/listing/170001", timeout=5)
        assert first.status_code == 200
        assert site.url in first.text
        assert session.head(site.url + paths[0], timeout=5).headers["Content-Length"] == str(len(jpeg(400, 300)))
        with ThreadPoolExecutor(8) as pool:
            bodies = list(pool.map(lambda path: session.get(site.url + path, timeout=5).content, paths))
        assert bodies == [photo.read() for one in listings for photo in one.photos]
        assert site.requests[0].path == "/listing/170001"
        assert site.requests[0].user_agent == "tester"
        assert sorted(request.path for request in site.requests[2:]) == sorted(paths)
        times = [request.at_s for request in site.requests[:3]]
        assert times == sorted(times)
        host, port = site.host.split(":")
        with pytest.raises(UsageError, match=f"port {port}"), serve(listings, port=int(port)):
            pass
    with pytest.raises(OSError), socket.create_connection((host, int(port)), timeout=1):
        pass
