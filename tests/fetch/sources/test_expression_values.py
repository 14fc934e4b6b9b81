"""Expressions of a recipe, and fields that a recipe names over what `auto` found."""

import json
from dataclasses import replace
from typing import Any

import pytest

from curate.core.errors import UsageError
from curate.core.expressions import css_and_attribute
from curate.core.recipe import Source
from curate.core.recipe_file import parse as parse_recipe
from curate.fetch.sources.adapters import extract
from curate.fetch.sources.expression_values import check, values
from curate.fetch.sources.listing import Found, empty_fields

URL = "https://cars.example/used"
ADS: list[dict[str, Any]] = [
    {"id": 7001 + n, "url": f"/ad/{7001 + n}", "title": f"Swift {n}",
     "price": {"value": 100 + n}, "offer": {"net": 90 + n},
     "images": [f"https://img.example/p/{n}a.jpg", f"https://img.example/p/{n}b.jpg"], "place": {"town": f"T{n}"}}
    for n in range(4)
]  # fmt: skip


def source(**more: Any) -> Source:
    return Source.model_validate({"id": "cars", "listings": {"swift": [URL]}} | more)


def read(page: str, is_listing_page: bool | None = False, url: str = URL, **more: Any) -> Found:
    return extract(page.encode(), "", url, is_listing_page, source(**more))


def index_page() -> str:
    cards = "".join(
        f'<li class=ad><a href="{ad["url"]}"><img src="{ad["images"][0]}"><h3>{ad["title"]}</h3></a>'
        f"<i class=hood>Quarter {ad['id']}</i><p>Built {2010 + ad['id'] % 10}, net €{ad['offer']['net']}</p></li>"
        for ad in ADS
    )
    data = json.dumps({"page": {"results": ADS}})
    return f"<html><body><ul>{cards}</ul><script type='application/json'>{data}</script></body></html>"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("json:a.b[0].c", [1]), ("json:$.a.b[*].c", [1, 2]), ("json:..c", [1, 2]), ("json:a['b'][1]", [{"c": 2}]),
        ("json:a.x", []), ("json:a.*", [[{"c": 1}, {"c": 2}]]), ("json:a.b[7]", []),
    ],
)  # fmt: skip
def test_json_paths(path: str, wanted: list[Any]) -> None:
    assert values({"a": {"b": [{"c": 1}, {"c": 2}]}}, path) == wanted


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a.card::attr(href)", ("a.card", "href")), ("a.card@href", ("a.card", "href")), ("h1::text", ("h1", "")),
        ("a[href*='@']", ("a[href*='@']", "")), ("@data-id", ("", "data-id")),
        ("img::attr('data-src')", ("img", "data-src")),
    ],
)  # fmt: skip
def test_the_attribute_of_a_selector_also_in_the_words_of_scrapy(expression: str, wanted: tuple[str, str]) -> None:
    assert css_and_attribute(expression) == wanted


@pytest.mark.parametrize(
    ("field", "expression", "says"),
    [
        ("title", "h1[", "is not a CSS selector"), ("title", "//h1/text()", "is XPath; write CSS"),
        ("price", "json:a[b", "not a JSON path"), ("price", "re:(", "is not a regular expression"),
    ],
)  # fmt: skip
def test_an_expression_that_is_none_is_named(field: str, expression: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        check(source(selectors={field: expression}))
    assert f"source.selectors.{field}: {expression!r}" in str(error.value) and says in str(error.value)
    with pytest.raises(UsageError, match=r"source\.pagination\.next_selector"):
        check(source(pagination={"next_selector": ">>"}))


def test_a_recipe_names_the_line_of_each_expression_that_is_none() -> None:
    text = "name: x\nclasses: [a, b]\nsource:\n  id: x\n  selectors:\n    price: 'div[[['\n    city: 'xpath://b'\n"
    with pytest.raises(UsageError) as error:
        parse_recipe(text, "x.yaml")
    first, second = str(error.value).splitlines()
    assert first.startswith("x.yaml:6: source.selectors.price: 'div[[[' is not a CSS selector")
    assert second.startswith("x.yaml:7: source.selectors.city: 'xpath://b' is XPath")


def test_selectors_alone_need_selectors() -> None:
    with pytest.raises(UsageError, match=r"x\.yaml:5: source\.adapter: selectors reads only what"):
        parse_recipe("name: x\nclasses: [a, b]\nsource:\n  id: x\n  adapter: selectors\n", "x.yaml")


def test_the_cursor_of_an_api_is_a_path_with_or_without_its_prefix() -> None:
    check(source(adapter="json_api", pagination={"cursor": "pages[0].next"}))


@pytest.mark.parametrize("link", ["a", "li > a", "a::attr(href)", "a@href"])
def test_a_link_without_an_attribute_is_the_address_it_leads_to(link: str) -> None:
    found = read(index_page(), adapter="selectors", selectors={"listing": "li.ad", "link": link, "title": "h3"})
    assert [one.page_url for one in found.listings] == [f"https://cars.example/ad/{ad['id']}" for ad in ADS]


def test_on_a_list_each_field_is_named_within_its_listing() -> None:
    plain = read(index_page())
    assert [(one.price, one.city) for one in plain.listings] == [(100.0 + n, f"T{n}") for n in range(4)]
    found = read(
        index_page(),
        selectors={"city": "i.hood", "price": "json:offer.net", "year": r"re:Built (\d+)", "seller": ".none"},
    )
    assert [(one.price, one.city, one.year, one.seller) for one in found.listings] == [
        (90.0 + n, f"Quarter {7001 + n}", 2011 + n, "") for n in range(4)
    ]
    assert [one.photos for one in found.listings] == [one.photos for one in plain.listings]
    assert {"selectors.city", "selectors.price", "selectors.year"} < {*found.used}
    assert "selectors.city: matched in 4 of 4 listings" in found.notes
    assert "selectors.seller: matched in 0 of 4 listings; auto was used" in found.notes


@pytest.mark.parametrize(
    ("selectors", "says"),
    [
        (
            {"price": "em"},
            "selectors.price: matched in 4 of 4 listings, of which none can be read: found 'ask us'",
        ),
        ({"price": "json:offer.nosuch"}, "selectors.price: matched in 0 of 4 listings"),
        ({"listing": "div.nosuch"}, "selectors.listing: matched in 0 of 4 listings"),
        ({"listing": "json:props.nosuch"}, "selectors.listing: matched in 0 of 4 listings"),
        ({"listing": "json:page.results"}, "selectors.listing: matched in 4 of 4 listings"),
        ({"listing": "li.ad, li.other"}, "selectors.listing: matched in 4 of 4 listings"),
        ({"link": "b.nosuch"}, "selectors.link: matched in 0 of 4 listings"),
        ({"images": "b.nosuch"}, "selectors.images: matched in 0 of 4 listings"),
    ],
)
def test_a_page_says_what_each_selector_matched(selectors: dict[str, str], says: str) -> None:
    page = (
        index_page().replace("</ul>", "<li class=other>Your advert here</ul>").replace("<p>", "<em>ask us</em><p>")
    )
    plain, found = read(page), read(page, selectors=selectors)
    assert any(note.startswith(says) for note in found.notes), found.notes
    assert [one.price for one in found.listings] == [one.price for one in plain.listings]


def test_a_photo_url_that_matches_no_address_is_said() -> None:
    found = read(index_page(), photo_url={"match": "/nosuch/", "replace": "/"})
    assert "photo_url.match: matched the address of 0 of 8 photos" in found.notes


@pytest.mark.parametrize(
    "images",
    ["json:ad.pictures[*].file", "json:pictures", "div.shots img", r're:data-big="([^"]+)"', "div.shots a@href"],
)
def test_on_a_listings_page_photos_are_those_that_the_recipe_names(images: str) -> None:
    files = [f"https://img.example/own/{n}.jpg" for n in range(3)]
    shots = "".join(f'<a href="{one}"><img src="{one}" data-big="{one}"></a>' for one in files)
    data = json.dumps({"ad": {"pictures": [{"file": one} for one in files]}})
    page = f"<html><head><title>x</title></head><body><h1>Swift</h1><div class=shots>{shots}</div><script type='application/json'>{data}</script></body></html>"  # noqa: E501
    (listing,) = read(page, True, f"{URL}/1", selectors={"images": images, "title": "h1"}).listings
    assert [photo.url for photo in listing.photos] == files


def test_the_address_of_the_whole_photo_is_made_and_the_one_given_comes_next() -> None:
    found = read(index_page(), photo_url={"match": r"/p/(\d)", "replace": r"/full/\1"})
    first = found.listings[0].photos[0]
    assert (first.url, first.aliases) == ("https://img.example/full/0a.jpg", ("https://img.example/p/0a.jpg",))


@pytest.mark.parametrize(
    ("rule", "says"),
    [("{match: '(', replace: x}", "is not a regular expression"), (r"{match: x, replace: '\2'}", "does not go")],
)
def test_a_photo_url_that_cannot_work_is_a_mistake_of_the_recipe(rule: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_recipe(f"name: x\nclasses: [a, b]\nsource: {{id: x, photo_url: {rule}}}\n", "x.yaml")


def test_fields_that_most_listings_lack_are_said() -> None:
    listings = [replace(one, price=None, city="") for one in read(index_page()).listings]
    listings[0] = replace(listings[0], city="Delhi")
    assert list(empty_fields(listings)) == ["price: 0 of 4 listings", "city: 1 of 4 listings"]
