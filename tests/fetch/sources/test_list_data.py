"""Lists whose data and cards must be put together: sizes by key, stores by id, parts of one list, prices of 0."""

import json
from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.element_names import shows_nothing
from curate.fetch.sources.javascript import literal
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)
OTHERS = range(9200511, 9200515)


def photo(number: int, name: str = "0f3a5c7e9b") -> str:
    """The address of a photo of a painted listing."""
    return f"https://img.example/{number}/{name}.jpg"


def card(number: int, more: str = "", price: str = "900 €") -> str:
    """A card of a list."""
    image = f'<img src="{photo(number)}">'
    return f'<li><a href="/canoe-{number}">{image}{more}<h3>Canoe no. {number}</h3></a>{price}</li>'


def data(value: Any) -> str:
    """A script that holds data."""
    return f'<script type="application/json">{json.dumps(value)}</script>'


def read(body: str) -> dict[str, Listing]:
    """The listings of a page of a list, by their addresses."""
    return {one.page_url.rpartition("/")[2]: one for one in extract(page(body), URL, False).listings}


def cards(numbers: range = NUMBERS, price: str = "900 €") -> str:
    """The cards of a list."""
    return f"<ul>{''.join(card(n, price=price) for n in numbers)}</ul>"


def of_one(listing: Listing) -> list[list[str]]:
    """The names of the files of each photo, sorted."""
    return [sorted(url.rpartition("/")[2] for url in (one.url, *one.aliases)) for one in listing.photos]


def test_keys_that_differ_in_a_size_name_one_photo() -> None:
    """Each size has a number of its own, so that the keys alone tie them together."""
    rows = [
        {
            "id": n, "name": f"Canoe no. {n}", "price": 900, "url": f"https://ads.example/canoe-{n}",
            "thumbnailUrl": photo(1, f"{n}1"), "imageUrl": photo(1, f"{n}2"), "hdThumbnailUrl": photo(1, f"{n}3"),
            "originalImageUrl": photo(1, f"{n}4"), "originalImage": {"url": photo(1, f"{n}4"), "width": 2048},
            "galleryImages": [{"thumbnailUrl": photo(1, f"{n}5"), "originalImageUrl": photo(1, f"{n}6")}],
        }
        for n in NUMBERS
    ]  # fmt: skip
    found = read(data({"products": rows}))
    for n in NUMBERS:
        assert of_one(found[f"canoe-{n}"]) == [[f"{n}{k}.jpg" for k in (1, 2, 3, 4)], [f"{n}5.jpg", f"{n}6.jpg"]]
        assert found[f"canoe-{n}"].photos[0].url == photo(1, f"{n}4")


@pytest.mark.parametrize(
    "keys",
    [
        ("photo", "image"),
        ("photo_01", "photo_02", "thumb"),
        ("frontThumb", "backThumb"),
        ("photo_101", "photo_102", "photo_103"),
    ],
)
def test_keys_that_differ_in_more_than_a_size_are_several_photos(keys: tuple[str, ...]) -> None:
    rows = [
        {"id": n, "name": f"Canoe {n}", "url": f"/canoe-{n}"} | {key: photo(n, key) for key in keys}
        for n in NUMBERS
    ]
    assert {len(one.photos) for one in read(data({"products": rows})).values()} == {len(keys)}


@pytest.mark.parametrize("field", ["price", "extra"])
def test_a_price_of_0_is_none_where_another_one_is_told(field: str) -> None:
    """Data write 0 where a seller named the price elsewhere, or where what counts is the highest bid."""
    rows = [
        {"id": n, "title": f"Canoe no. {n}", "price": 0, "photos": [photo(n)]}
        | ({"extra": {"price": 900}} if field == "extra" else {})
        for n in NUMBERS
    ]
    found = read(cards(price="<b>900 €</b>" if field == "price" else "") + data({"hits": rows}))
    assert {one.price for one in found.values()} == {900}


def test_what_costs_nothing_has_a_price_of_0() -> None:
    rows = [{"id": n, "title": f"Canoe no. {n}", "price": 0, "photos": [photo(n)]} for n in NUMBERS]
    found = read(cards(price="") + data({"hits": rows}))
    assert {one.price for one in found.values()} == {0}


def test_what_it_costs_to_send_a_gift_is_not_its_price() -> None:
    sent = {"price": 4.5, "options": {"fast": {"cost": 6}}}
    rows = [
        {"id": n, "title": f"Canoe no. {n}", "price": 0, "photos": [photo(n)], "shipping": sent} for n in NUMBERS
    ]
    found = read(cards(price="") + data({"hits": rows}))
    assert {one.price for one in found.values()} == {0}


def test_a_list_within_what_is_called_a_gallery_is_read() -> None:
    """A grid of goods is called a gallery, as photos are."""
    rows = [
        {"id": f"g-{n}", "name": f"Canoe no. {n}", "price": 9, "media": [{"url": photo(n, k)} for k in "ab"]}
        for n in NUMBERS
    ]
    found = read(cards() + data({"gallery_3": {"catalog": {"list": rows}}}))
    assert {len(one.photos) for one in found.values()} == {2}


def test_what_a_gallery_holds_is_no_listing() -> None:
    """Photos have an id, a title, an address and a thumbnail, as goods do, but no price."""

    def images(number: int) -> list[dict[str, Any]]:
        ids = (10 * number + k for k in range(9))
        return [
            {"id": k, "title": f"Side {k}", "url": f"/view/{k}", "slug": f"side-{k}", "thumb": photo(k)}
            for k in ids
        ]

    rows = [{"id": n, "title": f"Canoe {n}", "url": f"/canoe-{n}", "gallery": images(n)} for n in NUMBERS]
    assert sorted(read(data({"items": rows}))) == [f"canoe-{n}" for n in NUMBERS]


def test_a_store_by_id_holds_what_the_page_shows_beside_its_list_too() -> None:
    store = {
        str(n): {"itemId": n, "title": f"Canoe no. {n}", "slug": f"canoe-{n}", "price": 900, "photos": [photo(n)],
                 "currency": "EUR", "year": 1999}
        for n in (*NUMBERS, *OTHERS)
    }  # fmt: skip
    beside = f"<section><h2>You may also like</h2>{cards(OTHERS)}</section>"
    found = read(f"<main>{cards()}</main>{beside}" + data({"items": {"byId": store}}))
    assert sorted(found) == [f"canoe-{n}" for n in NUMBERS]


@pytest.mark.parametrize(
    ("key", "count"), [("topDataList", 16), ("similarDataList", 12), ("soldDataList", 12), ("hot", 12)]
)
def test_a_list_named_as_another_one_with_a_word_before_is_a_part_of_it(key: str, count: int) -> None:
    """What stands on top is of the list, whatever its box is called; what its key calls similar or sold is not."""

    def rows(numbers: range) -> list[dict[str, Any]]:
        return [
            {"id": n, "title": f"Canoe {n}", "price": 9, "url": f"/canoe-{n}", "photos": [photo(n), photo(n, "b")]}
            for n in numbers
        ]

    box = f'<div class="recommend-box">{cards(OTHERS)}</div>'
    found = read(box + cards() + data({"state": {"total": 31, key: rows(OTHERS), "dataList": rows(NUMBERS)}}))
    assert len(found) == count
    assert {len(one.photos) for one in found.values()} == {2}


def test_signs_on_a_card_are_no_photos() -> None:
    """Few cards have a sign, so that no count tells it from photos."""
    signs = {NUMBERS[3]: "ic_kommande.png", NUMBERS[5]: "ic_sald.png"}
    some = "".join(card(n, f'<i><img src="/images/{signs[n]}"></i>' if n in signs else "") for n in NUMBERS)
    assert {len(one.photos) for one in read(f"<ul>{some}</ul>").values()} == {1}


@pytest.mark.parametrize(
    "name", ["bild_saknas.jpg", "foto-mangler.png", "image_missing.png", "photo_manquante.jpg"]
)
def test_the_picture_of_a_missing_photo_is_none(name: str) -> None:
    assert shows_nothing(f"/images/{name}")
    assert not shows_nothing("/images/the-missing-canoe.jpg")


@pytest.mark.parametrize(
    ("name", "nothing"),
    [
        ("smilies/grin.png", True), ("misc/paperclip.png", True), ("ic_kommande.png", True),
        ("goods/smiley-face-mug.jpg", False), ("goods/emoji-pillow.jpg", False), ("goods/IC-7300.webp", False),
        ("goods/paperclip-holder.jpg", False),
    ],
)  # fmt: skip
def test_goods_called_as_signs_are_shown(name: str, nothing: bool) -> None:
    assert shows_nothing(f"/images/{name}") is nothing


def test_a_page_is_not_beside_itself_where_it_says_that_it_is_not_promoted() -> None:
    """The page of a shop: its node says in a class that it is not promoted to the front page."""
    images = "".join(
        f'<li><a href="/files/bag_{k}.jpg"><img src="/files/styles/mini/bag_{k}.jpg"></a></li>' for k in "123"
    )
    body = (
        '<h1>Bag "Mendoza"</h1><article class="node node-published node-not-promoted">'
        f'<div class="images"><ul>{images}</ul></div><div class="price">$64.990</div></article>'
    )
    (one,) = extract(page(body), "https://shop.example/bags/mendoza", True).listings
    assert [photo.url for photo in one.photos] == [f"https://shop.example/files/bag_{k}.jpg" for k in "123"]


def test_a_price_of_0_of_one_form_gives_way_to_that_of_another() -> None:
    """The page of a listing whose JSON-LD has a price of 0, as its price is a bid."""
    url = "https://ads.example/canoe-8100231"
    linked = {"@context": "https://schema.org", "@type": "Product", "name": "Canoe", "url": url, "image": photo(1),
              "offers": {"@type": "Offer", "price": 0, "priceCurrency": "EUR"}}  # fmt: skip
    own = {"id": 8100231, "title": "Canoe", "url": url, "price": 900, "currency": "EUR", "photos": [photo(1)]}
    head = f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    (one,) = extract(page(f"<h1>Canoe</h1>{data({'product': own})}", head), url, True).listings
    assert (one.price, one.currency) == (900, "EUR")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a:null,b:true,c:false,d:undefined,e:void 0}", {"a": None, "b": True, "c": False, "d": None, "e": None}),
        (
            "{a:[null,!0,!1],b:'null,true',c:\"x:null,\"}",
            {"a": [None, True, False], "b": "null,true", "c": "x:null,"},
        ),
        ("{a:1, // don't\nb:'x,null,y',/* isn't */c:null,d:'z'}", {"a": 1, "b": "x,null,y", "c": None, "d": "z"}),
    ],
)
def test_constants_of_javascript_are_no_texts(text: str, value: Any) -> None:
    assert literal(text) == value
