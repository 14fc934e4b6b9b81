"""Any page without a recipe: every shape that real sites have, listings, addresses, photos and fields exact."""

import json
import re
import time
from html import escape
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.core.errors import RejectedError
from curate.fetch.sources.auto import extract
from curate.fetch.sources.element_names import BESIDE_WORDS
from curate.fetch.sources.listing import Listing
from tests.fetch.sources import (
    advert_shapes,
    dealer_shapes,
    dialect_shapes,
    index_shapes,
    lazy_shapes,
    listing_shapes,
    market_shapes,
    portal_shapes,
    shop_shapes,
    size_shapes,
    state_shapes,
)
from tests.fetch.sources.painted_adverts import Advert, adverts, page
from tests.fetch.sources.surroundings import SURROUNDINGS, Put

INDEX = "https://wheels.example/used/cars?page=1"
LISTS = index_shapes.SHAPES | market_shapes.SHAPES | lazy_shapes.LISTS | size_shapes.LISTS | dealer_shapes.LISTS
LISTS |= shop_shapes.LISTS | portal_shapes.LISTS | state_shapes.LISTS | dialect_shapes.LISTS
ADVERTS = (
    listing_shapes.SHAPES
    | advert_shapes.SHAPES
    | lazy_shapes.ADVERTS
    | size_shapes.ADVERTS
    | dealer_shapes.ADVERTS
    | shop_shapes.ADVERTS
    | portal_shapes.ADVERTS
    | state_shapes.ADVERTS
)
HIDDEN = {"base64_script", "encoded_state"}  # photos that no reader sees in the text of the page


def words_of(listing: Listing) -> list[str]:
    """The word of each photo, in order; one photo has one."""
    found: list[str] = []
    for photo in listing.photos:
        words = set(re.findall(r"[0-9a-f]{11}z", " ".join([photo.url, *photo.aliases])))
        assert len(words) == 1, photo
        found += words
    return found


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("hint", [False, None], ids=["index", "unknown"])
@pytest.mark.parametrize("name", LISTS)
def test_the_page_of_a_list(name: str, hint: bool | None, language: str) -> None:
    check_list(name, hint, language, 11)


@pytest.mark.parametrize("name", market_shapes.SHAPES)
def test_the_last_page_of_a_list_with_two_listings(name: str) -> None:
    check_list(name, None, "de", 2)


def around(shapes: dict[str, index_shapes.Shape] | dict[str, listing_shapes.Shape]) -> list[tuple[str, str]]:
    """Each shape with one of the surroundings, so that every one of these is around some."""
    unnamed = (
        "text_links",
        "sold_and_promoted",
        "regular_price_before_the_price",
        "photos_as_objects_of_an_attribute",
    )  # they need their names
    names = [name for name in shapes if name not in unnamed]
    return list(zip(names, list(SURROUNDINGS) * len(names), strict=False))


@pytest.mark.parametrize(("name", "surrounding"), around(LISTS))
def test_a_list_among_other_things(name: str, surrounding: str) -> None:
    check_list(name, None, "de", 11, SURROUNDINGS[surrounding])


def test_popular_searches_are_no_list_even_beside_links_alone() -> None:
    check_list("text_links", None, "de", 11, SURROUNDINGS["searches"])


@pytest.mark.parametrize("place", ['<div id="__app">', "<footer>"], ids=["before", "after"])
@pytest.mark.parametrize("name", ["title_links_and_templates", "parsed_string"])
def test_listings_that_a_visitor_has_seen_are_no_listings_of_the_page(name: str, place: str) -> None:
    seen = "".join(f'<li><a href="/used/mazda-mx5-20000{n}7.html"><img src="https://img.example/480/seen{n}.jpg">Mazda {n}</a></li>' for n in range(5))  # fmt: skip

    def put(text: str) -> str:
        box = f'<div class="css-3v"><div><h3>Zuletzt angesehen</h3><ul>{seen}</ul></div></div>'
        return text.replace(place, f'<div class="css-2v">{box}{place}', 1)

    check_list(name, None, "de", 11, put)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Ana, last seen today", False), ("Sist sett i dag", False), ("Zuletzt gesehen: heute", False),
        ("إعلانات أضيفت مؤخرا", False), ("إعلانات شوهدت مؤخرا", True), ("تمت مشاهدتها مؤخرا", True),
        ("Recently seen", True), ("Last viewed", True), ("Last seen items", True), ("Zuletzt gesehene Autos", True),
        ("Kürzlich gesehen", True), ("Sist sette annonser", True), ("Nylig sett", True), ("Senast sedda bilar", True),
    ],
)  # fmt: skip
def test_headings_of_what_a_visitor_has_seen(text: str, begins: bool) -> None:
    assert bool(BESIDE_WORDS.search(text)) == begins


def check_list(name: str, hint: bool | None, language: str, count: int, put: Put = str) -> None:
    shown, others = adverts(count, 4, language), adverts(5, 4, language, seed=9)
    text = put(LISTS[name](shown, others))
    url = "https://shop.example/shop/" if name == "shop_grid" else INDEX
    found = extract(text, url, hint)
    assert len(found.listings) == len(shown)
    for listing, advert in zip(found.listings, shown, strict=True):
        assert f"{advert.number}" in listing.page_url or f"t{advert.number:x}" in listing.page_url
        assert words_of(listing) == [word for word in advert.photos if word in text or name in HIDDEN]
        assert listing.title == advert.title
        if name != "text_links":
            assert listing.price == advert.price


@pytest.mark.parametrize("sold", [True, False], ids=["a listing", "a tariff"])
def test_a_listing_without_photo_and_address_counts_among_others_that_have_one(sold: bool) -> None:
    """Data name an id, a title and a price: among listings it is one, among its like it is none."""
    rows = [{"id": a.number, "title": a.title, "price": a.price, "currency": "EUR"} for a in adverts(6)]
    for row, a in zip(rows[1:], adverts(6)[1:], strict=True):
        row |= {"photos": [f"https://img.example/{p}.jpg" for p in a.photos]} if sold else {}
    text = page(f'<script type="application/json">{json.dumps({"tiles": rows})}</script>')
    assert len(extract(text, INDEX, False).listings) == (6 if sold else 0)


def test_a_list_beside_is_named_once_however_often_it_is_there() -> None:
    def cards(some: list[Advert], tag: str) -> str:
        return "".join(f'<{tag}><a href="{index_shapes.link(a)}"><img src="https://img.example/{a.photos[0]}.jpg">{a.title}</a><b>{a.price} €</b></{tag}>' for a in some)  # fmt: skip

    again = "".join(
        f"<section><h2>Similar cars</h2>{cards(adverts(4, seed=n), tag)}</section>"
        for n, tag in ((7, "article"), (8, "p"), (9, "li"))
    )
    notes = extract(page(f"<main>{cards(adverts(9), 'div')}</main>{again}"), INDEX, False).notes
    assert [note for note in notes if "beside the list" in note]
    assert len(notes) == len(set(notes))


def test_a_site_that_others_link_to_for_sharing_has_listings_of_its_own() -> None:
    home = "https://www.facebook.com/marketplace"
    rows = [
        {"listing": {"id": str(a.number), "custom_title": a.title, "listing_price": {"amount": f"{a.price}.00"},
         "primary_listing_photo": {"image": {"uri": f"https://cdn.example/v/{a.photos[0]}_n.jpg"}},
         "story": {"url": f"{home}/item/{a.number}/"}}} for a in adverts(5)
    ]  # fmt: skip
    text = page(
        f'<script type="application/json">{json.dumps({"edges": [{"node": row} for row in rows]})}</script>'
    )
    found = extract(text, f"{home}/pune/vehicles", False).listings
    assert [one.page_url for one in found] == [f"{home}/item/{a.number}/" for a in adverts(5)]


def answered(listing: Listing) -> dict[str, object]:
    """The fields of a listing that the painted data hold."""
    names = ("make", "model", "year", "city", "region", "seller", "currency")
    return {name: getattr(listing, name) for name in names}


def truth(advert: Advert) -> dict[str, object]:
    """What they should be."""
    return {
        "make": advert.make, "model": advert.model, "year": advert.year, "city": advert.city, "region": advert.region,
        "seller": advert.seller, "currency": "EUR",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["next_data", "json_string_in_next_data", "nuxt_data", "flight", "base64_script"])
def test_fields_of_a_list(name: str) -> None:
    shown = adverts(6, 3, "de")
    for listing, advert in zip(
        extract(index_shapes.SHAPES[name](shown, []), INDEX, False).listings, shown, strict=True
    ):
        assert answered(listing) == truth(advert)
        assert listing.listing_id == str(advert.number)
        assert listing.posted.startswith(advert.posted)


@pytest.mark.parametrize("hint", [True, None], ids=["listing", "unknown"])
@pytest.mark.parametrize("name", ADVERTS)
def test_the_page_of_a_listing(name: str, hint: bool | None) -> None:
    check_listing(name, hint)


@pytest.mark.parametrize(("name", "surrounding"), around(ADVERTS))
def test_a_listing_among_other_things(name: str, surrounding: str) -> None:
    check_listing(name, None, SURROUNDINGS[surrounding])


def check_listing(name: str, hint: bool | None, put: Put = str) -> None:
    advert, others = adverts(3, 7, "de", seed=3)[1], adverts(6, 4, "en", seed=9)
    text = put(ADVERTS[name](advert, others))
    (listing,) = extract(text, "https://wheels.example" + index_shapes.link(advert), hint).listings
    assert words_of(listing) == list(advert.photos)
    assert listing.price == advert.price
    assert listing.page_url == "https://wheels.example" + index_shapes.link(advert)
    if name != "named_sizes":  # data without a title of its own: make and model stand for it
        assert listing.title == advert.title


@pytest.mark.parametrize("shapes", [lazy_shapes, size_shapes, dealer_shapes, shop_shapes])
def test_the_largest_address_that_a_page_names_is_asked_for(shapes: ModuleType) -> None:
    shown, others = adverts(11, 4), adverts(5, 4, seed=9)
    pages = [(INDEX, paint(shown, others)) for paint in shapes.LISTS.values()]
    pages += [
        ("https://wheels.example" + index_shapes.link(shown[0]), paint(shown[0], others))
        for paint in shapes.ADVERTS.values()
    ]
    for url, text in pages:
        found = extract(text, url)
        assert found.listings
        assert not [p.url for one in found.listings for p in one.photos if re.search(shapes.SMALL, p.url)]


def test_paths_of_photos_are_on_the_host_of_those_that_the_page_shows() -> None:
    text = state_shapes.LISTS["paths_of_photos_without_their_host"](adverts(11, 4), [])
    photos = [photo.url for one in extract(text, INDEX).listings for photo in one.photos]
    assert len(photos) > 30 and all(url.startswith("https://hecdn01.example/ds01/") for url in photos)


def test_a_cover_that_its_list_leaves_out_is_a_photo_too() -> None:
    def boat(number: int) -> str:
        at = [
            f"//cdn.example/Thumb.aspx?img=//cdn.example/images/{number}/IMG_11{n}.jpg&mw=195"
            for n in (74, 71, 73)
        ]
        data = {"name": f"Lund {number}", "itemUrl": f"/boats/{number}i", "price": 9500, "thumbNailUrl": at[0], "images": at[1:]}  # fmt: skip
        return f'<div class="card"><h3><a href="/boats/{number}i">Lund {number}</a></h3><span class="hidden">{escape(json.dumps(data))}</span></div>'  # fmt: skip

    found = extract(page("".join(map(boat, range(70001, 70006)))), INDEX).listings
    assert [len(one.photos) for one in found] == [3] * 5
    assert all("IMG_1174" in one.photos[0].url for one in found)


def test_a_listing_without_photos_has_not_its_placeholder() -> None:
    rows = [{"url": f"/ads/{n}0001", "title": f"Onix {n}", "price": 45990, "images": [{"original": f"https://img.example/images/{n}0001.jpg"}]} for n in range(1, 6)]  # fmt: skip
    rows[2]["images"] = [{"original": "https://static.example/images/ic_no-photo-placeholder.png"}]
    found = extract(
        page(index_shapes.script(json.dumps({"ads": rows}), 'type="application/json"')), INDEX
    ).listings
    assert [len(one.photos) for one in found] == [1, 1, 0, 1, 1]


def test_one_photo_in_the_background_of_an_element_is_the_gallery() -> None:
    advert = adverts(3, 7, "de", seed=3)[1]
    photo = (
        f'<div style="background-image:url(https://dyimg.example/images/21/{advert.photos[0]}-small.jpg);"></div>'
    )
    text = page(f"<section><figure>{photo}</figure><h1>{advert.title}</h1><b>Rs {advert.price:,}</b></section>")
    (listing,) = extract(text, "https://wheels.example" + index_shapes.link(advert)).listings
    assert (words_of(listing), listing.price) == ([advert.photos[0]], advert.price)


@pytest.mark.parametrize(("declared", "count"), [("P/{}00.jpg", 1), ("shop/front.jpg", 0)], ids=["own", "shop's"])
def test_the_head_alone_names_the_photo_of_a_page_that_shows_others(declared: str, count: int) -> None:
    """The gallery is made by a script; the photos that the page shows are of other listings of the shop."""
    at = "https://picture.example/850/"
    head = f'<meta property="og:title" content="Z900RS"><meta property="og:image" content="{at}{declared.format("8502741B30260118004")}">'  # fmt: skip
    others = "".join(f'<td><a href="/spread/8502741B3025120{n}/index.html"><img src="{at}S/8502741B3025120{n}00.jpg">CB {n}</a> 59.8</td>' for n in range(1, 6))  # fmt: skip
    text = page(f"<h2>Z900RS</h2><table><tr>{others}</tr></table>", head)
    found = extract(text, "https://www.bikes.example/spread/8502741B30260118004/index.html", True).listings
    assert [photo.url for one in found for photo in one.photos] == [f"{at}P/8502741B3026011800400.jpg"] * count


@pytest.mark.parametrize("hint", [True, None])
def test_the_data_name_their_page_without_the_query_that_led_there(hint: bool | None) -> None:
    advert, others = adverts(3, 7, "de", seed=3)[1], adverts(6, 4, "en", seed=9)
    text = lazy_shapes.ADVERTS["variants_of_a_shop"](advert, others)
    (listing,) = extract(
        text, f"https://wheels.example{index_shapes.link(advert)}?hash=item5b&data=x", hint
    ).listings
    assert (listing.title, len(listing.photos)) == (advert.title, len(advert.photos))


@pytest.mark.parametrize("name", ["state_in_a_string", "flight", "base64_of_json"])
def test_fields_of_a_listing(name: str) -> None:
    advert = adverts(3, 7, "de", seed=3)[1]
    text = listing_shapes.SHAPES[name](advert, adverts(4, 2, seed=5))
    (listing,) = extract(text, "https://wheels.example" + index_shapes.link(advert), True).listings
    assert answered(listing) == truth(advert)
    assert '"mileageInKm":' in listing.attributes


def test_labels_and_values_of_the_page_fill_what_its_data_leave_empty() -> None:
    advert, others = adverts(3, 7, "de", seed=3)[1], adverts(6, 4, "en", seed=9)
    rows = (
        f"<table><tr><th>Marke:<td>{advert.make}<tr><td>Getriebe<td>Automatik<tr><td>Anbieter<td>Händler</table>"
    )
    beside = '<div class="similar"><dl><dt>Model</dt><dd>Other</dd></dl></div>'
    text = ADVERTS["swiper_and_recently_viewed"](advert, others).replace("</main>", f"{rows}</main>{beside}")
    (listing,) = extract(text, "https://wheels.example" + index_shapes.link(advert), True).listings
    said = {name: value for name, value in truth(advert).items() if name not in ("model", "seller")}
    assert said.items() <= answered(listing).items()
    assert (listing.model, listing.seller, listing.attributes) == ("", "dealer", '{"Getriebe":"Automatik"}')


@pytest.mark.parametrize("name", ["jsonld_complete", "summary_of_the_search", "lazy_cards", "next_data"])
def test_a_sold_advert_that_leads_to_a_list_is_no_listing(name: str) -> None:
    text = index_shapes.SHAPES[name](adverts(8, 3), adverts(3, 2, seed=4))
    assert extract(text, "https://wheels.example/all", True).listings == ()


def test_a_sold_advert_with_similar_ones_in_its_data_is_no_listing() -> None:
    others = adverts(4, 3)
    cars = [
        {
            "@type": "Car",
            "name": a.title,
            "url": index_shapes.link(a),
            "image": f"https://i.example/{a.photos[0]}.jpg",
        }
        for a in others
    ]
    text = page(
        "<h1>This car is sold</h1>" + index_shapes.script(index_shapes.J(cars), 'type="application/ld+json"')
    )
    for hint in (True, None):
        found = extract(text, "https://wheels.example/used/gone-123456789.html", hint)
        assert not any(listing.page_url.endswith("gone-123456789.html") for listing in found.listings)
    assert extract(text, "https://wheels.example/used/gone-123456789.html", True).listings == ()


@pytest.mark.parametrize("body", ["<p>Nothing here.</p>", "", "<h1>Please verify</h1><img src=/captcha.png>"])
def test_a_page_without_listings_holds_none(body: str) -> None:
    for hint in (True, False, None):
        assert extract(page(body), INDEX, hint).listings == ()


# --- hostile pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<div>" * 50_000 + "</div>" * 50_000, id="nested"),
        pytest.param("<a href='/x/1'>y</a>" * 20_000, id="links"),
        pytest.param("".join(f"<a href='/x/{n}00000'><img src='/i/{n}.jpg'>y €{n}</a>" for n in range(1_500)), id="cards"),
        pytest.param("<a " + "".join(f"x{n}= " for n in range(200_000)) + ">", id="attributes"),
        pytest.param("<script>" + "x={a:" * 100_000, id="open-literals"),
        pytest.param("<script>" + '"\\' * 300_000, id="open-strings"),
        pytest.param("<script>" + "/*" * 300_000, id="open-comments"),
        pytest.param("<script>" + "(function(a){" * 50_000, id="functions"),
        pytest.param("<script>var x=" + "[" * 100_000 + "</script>", id="brackets"),
        pytest.param("<script>x=" + '{"a":' * 3_000 + "1" + "}" * 3_000 + "</script>", id="deep"),
        pytest.param("<img style='" + "url(" * 5_000 + "'>", id="style"),
        pytest.param("<img srcset='" + "a, " * 50_000 + "'>", id="srcset"),
        pytest.param("<p>" + "€ 1 " * 100_000, id="prices"),
        pytest.param('<script type="application/json" id=__NUXT_DATA__>[[1],' + ",".join("[" + ",".join(["0,1,2"] * 20) + "]" for _ in range(3_000)) + "]</script>", id="references"),
        pytest.param('<script type="application/ld+json">[' + ",".join('{"@id":"#%d","a":{"@id":"#%d"},"image":[{"@id":"#%d"},{"@id":"#0"}]}' % (n, n + 1, n + 2) for n in range(2_000)) + "]</script>", id="named"),
    ],
)  # fmt: skip
def test_a_hostile_page_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    for hint in (True, False):
        try:
            extract(text, INDEX, hint)
        except RejectedError as error:
            assert error.reason == "page_too_complex"
    assert time.process_time() - started < 20


def test_a_page_of_more_tags_than_any_is_refused() -> None:
    with pytest.raises(RejectedError, match="page_too_complex"):
        extract("<i></i>" * 500_000, INDEX, False)


KEYS = [
    "id",
    "title",
    "price",
    "images",
    "url",
    "@type",
    "@id",
    "offers",
    "image",
    "similar",
    "seller",
    "__ref",
    "Image:1",
]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["/a.jpg", "//x/1.png", "http://[::1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
)


@settings(deadline=None)  # the time on a busy machine says nothing
@given(ANY_JSON)
def test_any_data_is_read_without_an_exception(data: object) -> None:
    text = f"<script>window.x = {index_shapes.J(data)}</script><script type='application/json'>{index_shapes.J([data])}</script>"
    for hint in (True, False, None):
        extract(text, INDEX, hint)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for hint in (True, False):
        extract(f'<a href="{text}">{text}</a><img src="{text}"><script>{text}</script><p {text}>', INDEX, hint)
