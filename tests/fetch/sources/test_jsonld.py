"""Listings out of schema.org data."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.fetch.sources.jsonld import MAX_DEPTH, extract, parse
from curate.fetch.sources.listing import Found, Listing, PhotoLink

PAGE = "https://cars.example/listing/7"
CAR = {
    "@type": "Car",
    "sku": "7",
    "name": "Swift VXI",
    "image": "https://cars.example/photos/7.jpg",
    "offers": {"price": 345000},
}
WANTED = Listing("7", PAGE, "Swift VXI", price=345000.0, photos=(PhotoLink("https://cars.example/photos/7.jpg"),))


KEYS = ["@type", "@id", "@graph", "item", "itemListElement", "image", "offers", "price", "sku", "name", "url"]
KEYS += ["address", "seller", "itemOffered"]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
)


def page(*blocks: object, head: str = "") -> str:
    scripts = "".join(
        f'<script type="application/ld+json">{block if isinstance(block, str) else json.dumps(block)}</script>'
        for block in blocks
    )
    return f"<!doctype html><html><head>{head}{scripts}</head><body></body></html>"


def listings(*blocks: object, is_listing_page: bool = True) -> tuple[Listing, ...]:
    return extract(page(*blocks), PAGE, is_listing_page).listings


def test_a_car_with_everything() -> None:
    car: dict[str, Any] = CAR | {
        "model": {"@type": "ProductModel", "name": "Swift"},
        "vehicleModelDate": "2016",
        "image": ["/photos/7.jpg", "/photos/8.jpg;s=780x0"],
        "offers": {
            "@type": "Offer",
            "price": "₹ 3,45,000",
            "availableAtOrFrom": {"@type": "Place", "address": {"addressLocality": "Pune", "addressRegion": "MH"}},
        },
    }
    photos = (
        PhotoLink("https://cars.example/photos/7.jpg"),
        PhotoLink("https://cars.example/photos/8.jpg", ("https://cars.example/photos/8.jpg;s=780x0",)),
    )
    assert listings(car) == (Listing("7", PAGE, "Swift VXI", "Swift", "MH", "Pune", 2016, 345000.0, photos),)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(CAR, id="P01-object"),
        pytest.param([CAR], id="P01-list"),
        pytest.param({"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, CAR]}, id="P01-graph"),
        pytest.param(
            {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": CAR}]}, id="P01-item"
        ),
        pytest.param({"@type": "ItemList", "itemListElement": [CAR]}, id="P01-item-without-ListItem"),
        pytest.param(CAR | {"@type": ["Product", "Car"]}, id="P01-type-list"),
        pytest.param(CAR | {"@type": "https://schema.org/Car"}, id="P01-type-url"),
        pytest.param(CAR | {"@type": "schema:Vehicle"}, id="P01-type-prefix"),
        pytest.param(CAR | {"@type": "Product"}, id="P01-product"),
        pytest.param(CAR | {"image": [CAR["image"]]}, id="P01-image-list"),
        pytest.param(CAR | {"image": {"@type": "ImageObject", "url": CAR["image"]}}, id="P01-image-object"),
        pytest.param(CAR | {"image": [{"@type": "ImageObject", "contentUrl": CAR["image"]}]}, id="P01-objects"),
        pytest.param(CAR | {"image": "/photos/7.jpg"}, id="P01-image-root-relative"),
        pytest.param(CAR | {"image": "../photos/7.jpg"}, id="P01-image-relative"),
        pytest.param(CAR | {"image": "//cars.example/photos/7.jpg"}, id="P01-image-scheme-relative"),
        pytest.param(CAR | {"offers": [{"price": "345000.00"}]}, id="P01-offer-list"),
        pytest.param(CAR | {"offers": {"lowPrice": 345000}}, id="P01-aggregate-offer"),
        pytest.param(CAR | {"offers": {"priceSpecification": {"price": 345000}}}, id="P01-price-specification"),
        pytest.param(
            {"@type": "Offer", "price": 345000, "itemOffered": {**CAR, "offers": None}}, id="P01-offered"
        ),
        pytest.param({"@type": "WebPage", "mainEntity": CAR}, id="P01-main-entity"),
        pytest.param(
            {
                "@graph": [
                    {"@id": "#i", "@type": "ImageObject", "url": CAR["image"]},
                    CAR | {"image": {"@id": "#i"}},
                ]
            },
            id="P01-image-by-id",
        ),
        pytest.param(
            [{"@type": "BreadcrumbList", "itemListElement": [{"item": "/x"}]}, CAR], id="P01-breadcrumbs"
        ),
    ],
)
def test_p01_every_shape_gives_the_same_listing(block: object) -> None:
    assert listings(block) == (WANTED,)


def test_p01_a_list_of_addresses_gives_the_pages_to_follow() -> None:
    elements = [
        {"@type": "ListItem", "position": 1, "url": "/listing/1"},
        {"@type": "ListItem", "item": "/listing/2"},
    ]
    found = extract(
        page({"@type": "ItemList", "itemListElement": elements}, head='<link href="?page=2" rel="nofollow next">'),
        "https://cars.example/cars",
        False,
    )
    assert found == Found(
        (Listing("", "https://cars.example/listing/1"), Listing("", "https://cars.example/listing/2")),
        ("https://cars.example/cars?page=2",),
        ("jsonld",),
    )


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(json.dumps(CAR) + ";", id="P02-semicolon"),
        pytest.param(json.dumps(CAR)[:-1] + ",}", id="P02-trailing-comma"),
        pytest.param("<!-- " + json.dumps(CAR) + " -->", id="P02-html-comment"),
        pytest.param("//<![CDATA[\n" + json.dumps(CAR) + "\n//]]>", id="P02-cdata"),
        pytest.param("/*<![CDATA[*/" + json.dumps(CAR) + "/*]]>*/", id="P02-cdata-in-comments"),
        pytest.param(json.dumps(CAR).replace('"', "&quot;"), id="P02-entities"),
    ],
)
def test_p02_a_broken_block_is_repaired_and_the_repair_noted(block: str) -> None:
    found = extract(page(block), PAGE, True)
    assert found.listings == (WANTED,)
    assert found.used == ("jsonld", "parse_repair")


def test_p02_control_characters_and_commas_inside_text_stay() -> None:
    data, repair = parse('{"name": "a\tb, ]",}')
    assert (data, repair) == ({"name": "a\tb, ]"}, "parse_repair")


def test_p03_one_broken_block_among_three_costs_only_itself() -> None:
    found = extract(page({"@type": "WebSite"}, '{"@type": "Car", "name": ', CAR), PAGE, True)
    assert found.listings == (WANTED,)


@pytest.mark.parametrize(
    ("block", "price"),
    [
        pytest.param("[" * 100_000, 345000.0, id="P04-deep-list"),
        pytest.param('{"a":' * 100_000, 345000.0, id="P04-deep-object"),
        pytest.param('{"@type": "Thing", "x": ' + "9" * 5000 + "}", 345000.0, id="P04-long-number"),
    ],
)
def test_p04_a_hostile_block_is_passed_over(block: str, price: float) -> None:
    (listing,) = listings(block, CAR)
    assert listing.price == price


@pytest.mark.parametrize(
    ("text", "price"),
    [
        pytest.param("NaN", None, id="P04-nan"),
        pytest.param("1e999", None, id="P04-infinite"),
        pytest.param("-5", None, id="P04-negative"),
        pytest.param("9" * 5000, None, id="P04-5000-digits"),
        pytest.param('1, "price": 2', 2.0, id="P04-key-twice"),
    ],
)
def test_p04_a_field_that_is_no_number_is_absent(text: str, price: float | None) -> None:
    (listing,) = listings(f'{{"@type": "Car", "sku": "7", "offers": {{"price": {text}}}}}')
    assert listing.price == price


def test_p04_nodes_that_name_each_other_end() -> None:
    loop = [
        {"@id": f"#{i}", "@type": "Thing", "about": {"@id": f"#{i + 1}"}, "mainEntity": {"@id": f"#{i + 1}"}}
        for i in range(200)
    ] + [{"@id": "#200", "about": {"@id": "#0"}}]
    assert listings(loop, CAR) == (WANTED,)


def test_p04_nesting_has_a_bound() -> None:
    node: object = CAR
    for _ in range(MAX_DEPTH + 5):
        node = {"about": node}
    assert listings(node) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<div>" * 50_000 + "</div>" * 50_000, id="P05-nested"),
        pytest.param("<i></i>" * 1_000_000, id="P05-a-million-tags"),
        pytest.param("<a href='x'>y</a>" * 200_000, id="P05-links"),
        pytest.param('<script type="application/ld+json">' * 200_000, id="P05-scripts-without-end"),
        pytest.param("<script " * 500_000, id="P05-tags-without-end"),
        pytest.param("<!-- " * 1_000_000, id="P05-comments-without-end"),
        pytest.param("<a " + "x= " * 1_000_000 + ">", id="P05-attributes"),
        pytest.param('<script type="application/ld+json">' + '{"' * 300_000, id="P05-quotes"),
        pytest.param('<script type="application/ld+json">"' + '\\"' * 1_000_000, id="P05-escapes"),
    ],
)
def test_p05_a_monstrous_page_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    found = extract(text + page(CAR), PAGE, True)
    assert time.process_time() - started < 5
    assert found.listings in ((), (WANTED,))


def test_p10_similar_cars_are_not_this_listing() -> None:
    similar = {"@type": "Car", "sku": "8", "url": "/listing/8", "name": "WagonR", "image": "/photos/8.jpg"}
    car = CAR | {"isSimilarTo": [similar], "url": "/listing/7", "logo": "/logo.png"}
    both = {"@type": "ItemList", "itemListElement": [similar]}
    assert listings(both, car) == (WANTED,)
    assert listings(similar, car) == (WANTED,)


def test_p10_a_block_in_a_comment_is_not_there() -> None:
    dead = page(CAR | {"sku": "old"}).replace("<html>", "<html><!--").replace("<body>", "--><body>")
    assert extract(dead + page(CAR), PAGE, True).listings == (WANTED,)


@pytest.mark.parametrize(
    ("extra", "wanted"),
    [
        ({"sku": "", "productID": 12}, "12"),
        ({"sku": None, "identifier": {"@type": "PropertyValue", "value": "A-1"}}, "A-1"),
        ({"sku": None, "identifier": [{"value": "A-1"}]}, "A-1"),
        ({"sku": None, "vehicleIdentificationNumber": "MA3"}, "MA3"),
        pytest.param({"sku": None}, "", id="P11"),
    ],
)
def test_ids(extra: dict[str, Any], wanted: str) -> None:
    (listing,) = listings(CAR | extra)
    assert listing.listing_id == wanted


def test_base_href_counts() -> None:
    found = extract(page(CAR | {"image": "photos/7.jpg"}, head='<base href="/">'), PAGE, True)
    assert found.listings == (WANTED,)


@given(ANY_JSON)
def test_any_json_is_read_without_an_exception(data: Any) -> None:
    extract(page(data, [{"@type": "Car"} | data if isinstance(data, dict) else data]), PAGE, False)


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    extract(f'<a href="{text}" rel=next><script type="application/ld+json">{text}</script>', PAGE, False)
