"""The pages of a classifieds site, as pure functions: a catalogue and a path in, a reply out.

/                            a few listings of each class
/cars/<class>?page=N         20 listings, schema.org ItemList, rel=next
/listing/<id>                one listing: schema.org Car, gallery, similar cars of the other classes
/photos/<id>.jpg             the photo as uploaded
/photos/<id>.jpg;s=300x225   the same, scaled to fit
/robots.txt                  everything but /admin
"""

import io
import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import jinja2
from PIL import Image

PAGE_SIZE = 20  # listings per index page
SIMILAR = 4  # listings of other classes shown beside a listing
MAX_THUMBNAIL = 1600  # pixels
ROBOTS = "User-agent: *\nDisallow: /admin\nAllow: /\n"
TRACKER = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@dataclass(frozen=True, slots=True)
class PaintedPhoto:
    """A photo as a seller uploaded it: a file, or its bytes. It need not be a readable image."""

    photo_id: str
    source: Path | bytes

    def read(self) -> bytes:
        """The photo's bytes."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(frozen=True, slots=True)
class PaintedListing:
    """One advert."""

    listing_id: str
    class_name: str  # what the seller picked
    title: str
    price: int  # rupees
    year: int
    km: int
    region: str  # state
    city: str
    photos: tuple[PaintedPhoto, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the client."""

    status: int
    content_type: str
    body: bytes


class Catalogue:
    """Listings, found by id, by class and by photo. Raises ValueError when an id is there twice."""

    def __init__(
        self, listings: tuple[PaintedListing, ...] | list[PaintedListing], name: str = "Paint & Motor"
    ) -> None:
        self.name = name
        self.listings = {listing.listing_id: listing for listing in listings}
        self.photos = {photo.photo_id: photo for listing in listings for photo in listing.photos}
        self.classes: dict[str, list[PaintedListing]] = {}
        for listing in listings:
            self.classes.setdefault(listing.class_name, []).append(listing)
        if len(self.listings) < len(listings):
            raise ValueError("two listings have the same listing_id")
        if len(self.photos) < sum(len(listing.photos) for listing in listings):
            raise ValueError("two photos have the same photo_id")


def class_path(class_name: str, page: int = 1) -> str:
    """Path of an index page."""
    path = f"/cars/{quote(class_name, safe='')}"
    return path if page == 1 else f"{path}?page={page}"


def listing_path(listing: PaintedListing) -> str:
    """Path of a listing's page."""
    return f"/listing/{quote(listing.listing_id, safe='')}"


def photo_path(photo: PaintedPhoto, size: str = "") -> str:
    """Path of a photo; with `size` such as `300x225`, of its thumbnail."""
    path = f"/photos/{quote(photo.photo_id, safe='')}.jpg"
    return f"{path};s={size}" if size else path


def respond(catalogue: Catalogue, target: str, base_url: str) -> Reply:
    """Answer a GET of `target`, a path with its query; absolute links begin with `base_url`."""
    parts = urlsplit(target)
    folder, _, name = parts.path.strip("/").partition("/")
    name = unquote(name)
    if parts.path == "/":
        return _html("home.html", catalogue, **_home(catalogue))
    if folder == "cars" and name in catalogue.classes:
        wanted = parse_qs(parts.query).get("page", ["1"])[0]
        listings = catalogue.classes[name]
        pages = -(-len(listings) // PAGE_SIZE)
        if re.fullmatch(r"[0-9]{1,6}", wanted) and 1 <= int(wanted) <= pages:
            return _html("index.html", catalogue, **_index(listings, int(wanted), pages, base_url))
    elif folder == "listing" and name in catalogue.listings:
        return _html("listing.html", catalogue, **_listing(catalogue, catalogue.listings[name], base_url))
    elif folder == "photos" and (match := re.fullmatch(r"(.+)\.jpg(?:;s=(\d{1,4})x(\d{1,4}))?", name)):
        if photo := catalogue.photos.get(match[1]):
            body = photo.read() if match[2] is None else thumbnail(photo, int(match[2]), int(match[3]))
            return Reply(200, "image/jpeg", body)
    elif parts.path == "/robots.txt":
        return Reply(200, "text/plain; charset=utf-8", ROBOTS.encode())
    elif parts.path == "/tracker.gif":
        return Reply(200, "image/gif", TRACKER)
    elif parts.path in ("/logo.png", "/favicon.png"):
        return Reply(200, "image/png", _logo())
    return Reply(404, "text/plain; charset=utf-8", b"There is no such page.\n")


def _home(catalogue: Catalogue) -> dict[str, Any]:
    newest = [(name, listings[:4]) for name, listings in catalogue.classes.items()]
    return {"newest": newest, "count": len(catalogue.listings)}


def _index(listings: list[PaintedListing], page: int, pages: int, base_url: str) -> dict[str, Any]:
    shown = listings[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    data = {
        "@context": "https://schema.org",
        "@type": "ItemList",
        "numberOfItems": len(shown),
        "itemListElement": [
            {"@type": "ListItem", "position": position, "url": base_url + listing_path(listing)}
            for position, listing in enumerate(shown, start=1)
        ],
    }
    found = {"class_name": listings[0].class_name, "listings": shown, "count": len(listings)}
    return found | {"page": page, "pages": pages, "data": data}


def _listing(catalogue: Catalogue, listing: PaintedListing, base_url: str) -> dict[str, Any]:
    others = [group for name, group in catalogue.classes.items() if name != listing.class_name]
    place = catalogue.classes[listing.class_name].index(listing)
    similar = [group[(place + i // len(others)) % len(group)] for i, group in enumerate(others * SIMILAR)][
        :SIMILAR
    ]
    return {"listing": listing, "similar": similar, "data": car_data(listing, base_url)}


def car_data(listing: PaintedListing, base_url: str) -> dict[str, Any]:
    """The listing in the words of schema.org. Photos alternate between absolute and relative URLs, as they may."""
    images = [
        photo_path(photo, "1280x960") if position % 2 else base_url + photo_path(photo)
        for position, photo in enumerate(listing.photos)
    ]
    address = {
        "@type": "PostalAddress",
        "addressLocality": listing.city,
        "addressRegion": listing.region,
        "addressCountry": "IN",
    }
    return {
        "@context": "https://schema.org",
        "@type": "Car",
        "@id": base_url + listing_path(listing),
        "url": base_url + listing_path(listing),
        "sku": listing.listing_id,
        "name": listing.title,
        "model": listing.class_name,
        "itemCondition": "https://schema.org/UsedCondition",
        "vehicleModelDate": str(listing.year),
        "mileageFromOdometer": {"@type": "QuantitativeValue", "value": listing.km, "unitCode": "KMT"},
        "image": images,
        "offers": {
            "@type": "Offer",
            "price": listing.price,
            "priceCurrency": "INR",
            "availability": "https://schema.org/InStock",
            "availableAtOrFrom": {"@type": "Place", "address": address},
        },
    }


@lru_cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("curate.demo"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals.update(
        class_path=class_path, listing_path=listing_path, photo_path=photo_path, placeholder=PLACEHOLDER
    )
    return environment


def _html(template: str, catalogue: Catalogue, **values: object) -> Reply:
    page = _templates().get_template(template)
    text = page.render(name=catalogue.name, class_names=list(catalogue.classes), **values)
    return Reply(200, "text/html; charset=utf-8", text.encode("utf-8", "replace"))


@lru_cache(maxsize=512)
def thumbnail(photo: PaintedPhoto, width: int, height: int) -> bytes:
    """JPEG of the photo scaled down to fit `width` x `height` pixels; unreadable uploads come back as they are."""
    data = photo.read()
    box = (min(max(width, 1), MAX_THUMBNAIL), min(max(height, 1), MAX_THUMBNAIL))
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            opened.draft("RGB", box)
            small = opened.convert("RGB")
        small.thumbnail(box, Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=80)
        return buffer.getvalue()
    except Exception:  # Pillow raises many kinds; the site is no judge of what sellers upload
        return data


@lru_cache
def _logo() -> bytes:
    """A 32 x 32 PNG: a wheel in the brand's colour."""
    rows = b""
    for y in range(32):
        rows += b"\0"
        for x in range(32):
            r2 = (x - 15.5) ** 2 + (y - 15.5) ** 2
            rows += bytes((13, 122, 111, 255)) if r2 < 30 or 110 < r2 < 240 else bytes((0, 0, 0, 0))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 32, 32, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
