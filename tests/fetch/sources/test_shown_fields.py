"""Fields of lists by how cards and data show them: sums of several kinds, lines, icons, lots, parts of titles."""

import json
from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_canoes import NUMBERS, URL, card, read


@pytest.mark.parametrize(
    "sums",
    [
        '<p class="box--price">45 zł/m<sup>2</sup></p><div class="price"><span>1 900 zł</span></div>',
        '<p class="original-vehicle-price">2 883 zł</p><p class="vehicle-price">1 900 zł</p>',
    ],
)
def test_a_sum_for_an_area_and_the_one_of_before_are_not_the_price(sums: str) -> None:
    assert {one.price for one in read(sums)} == {1900.0}


@pytest.mark.parametrize(
    "sums",
    [
        '<p class="original-price">2 883 zł</p>',
        '<p class="original-price">2 883 zł</p><p class="price-eur">680 €</p>',
        '<p class="original-currency-price">2 883 zł</p><p class="converted-price">680 €</p>',
        '<p class="original-price">2 883 zł</p><p class="deposit-price">1 200 zł</p>',
        '<p class="price">2 883 zł /m 2 rooms</p>',  # for a month
    ],
)
def test_an_original_price_without_a_lower_one_is_the_price(sums: str) -> None:
    assert {one.price for one in read(sums)} == {2883.0}


def test_a_pin_with_a_field_of_a_form_saves_the_advert() -> None:
    pin = '<figure><span>FEATURED</span><span class="card__pin"><input type="hidden" value="7"></span></figure>'
    assert {one.city for one in read(pin)} == {""}


@pytest.mark.parametrize(("of_dollars", "second"), [("US$", ""), ("$", "USD")])
def test_a_dollar_beside_us_dollars_is_another_one(of_dollars: str, second: str) -> None:
    found = read(f"<b>{of_dollars} 9.500</b>", "<b>$ 25.000.000</b>")
    assert {one.currency for one in found if one.price == 9500} == {"USD"}
    assert {one.currency for one in found if one.price != 9500} == {second}


def test_a_dollar_is_one_currency_where_sums_are_alike() -> None:
    found = read("<b>$9,500</b>", "<b>$9,700</b><small>US$ 9700</small>", "<b>$9,900</b>")
    assert {one.currency for one in found} == {"USD"}


@pytest.mark.parametrize(("land", "currency"), [("sn", "XOF"), ("cm", "XAF")])
def test_a_franc_cfa_is_that_of_the_country_and_the_name_of_an_icon_no_town(land: str, currency: str) -> None:
    place = '<p class="card-location"><i class="material-icons">location_on</i><span>Elmby, Sénégal</span></p>'
    found = read(f"<p><a>40 000<span>CFA</span></a></p>{place}", url=f"https://{land}.ads.example/all")
    assert {(one.currency, one.city, one.region) for one in found} == {(currency, "Elmby", "")}


@pytest.mark.parametrize(
    ("title", "land", "price", "currency"),
    [
        ("二手车", "com", "10.48万", "CNY"),
        ("Cars", "cn", "10.48万", "CNY"),
        ("中古車", "com", "10.48万", ""),  # Japan, Taiwan
        ("二手车", "my", "10.48万", ""),
        ("二手车", "com", "104,800", ""),
    ],
)
def test_a_sum_alone_is_of_china_in_its_signs(title: str, land: str, price: str, currency: str) -> None:
    found = read(f'<b class="price">{price}</b>', title=title, url=f"https://ads.example.{land}/all")
    assert {one.currency for one in found} == {currency}


def test_two_digits_before_the_word_for_a_model_year_are_the_year() -> None:
    assert {one.year for one in read("<span>15/05<br>(15년형)</span>")} == {2015}


def test_lines_tell_who_sells_and_where() -> None:
    found = read('<div class="who"><span>개인<br>부산</span></div>', "<div><span>서울<br>강남구</span></div>")
    assert {(one.seller, one.region, one.city) for one in found} == {
        ("private", "부산", ""),
        ("", "서울", "강남구"),
    }


def test_a_region_of_korea_at_the_beginning_of_lines_is_no_place_by_itself() -> None:
    assert {one.region for one in read("<p>서울<br>자전거</p>")} == {""}


def test_an_icon_of_a_font_is_a_pin() -> None:
    pins = [f'<p><i class="material-icons">{name}</i><span>Ulm</span></p>' for name in ("location_on", "place")]
    assert {one.city for one in read(*pins)} == {"Ulm"}


def test_wide_slashes_part_facts() -> None:
    found = read("<p>3.39万公里／2018-12／苏州／商家</p>", "<p>3.39万公里／2018-12／苏州／个人</p>")
    assert {one.seller for one in found} == {"dealer", "private"}


def homes(heading: str) -> list[str]:
    """The titles of a list of homes whose data have a street and no title, and whose cards have headings."""
    rows = [
        {
            "listing_id": str(n), "href": f"https://ads.example/canoe-{n}", "list_price": 900,
            "description": {"beds": 2},
            "location": {"address": {"line": f"{n % 100} Elm St", "city": "Ulm"}},
        }
        for n in NUMBERS
    ]  # fmt: skip
    cards = "".join(
        card(n, "").replace(f"<h3>Canoe {n}</h3>", f"<h3>{heading.replace('N', str(n % 100))}</h3>")
        for n in NUMBERS
    )
    script = f'<script type="application/json">{json.dumps({"results": rows})}</script>'
    return [one.title for one in extract(page(f"<ul>{cards}</ul>{script}"), URL, False).listings]


@pytest.mark.parametrize(
    ("heading", "title"), [("", "N Elm St"), ("N Elm St, Ulm, TX 37413", "N Elm St, Ulm, TX 37413")]
)
def test_a_home_without_a_title_is_called_by_its_street(heading: str, title: str) -> None:
    assert homes(heading) == [title.replace("N", str(n % 100)) for n in NUMBERS]


@pytest.mark.parametrize(
    ("title", "more"), [("2019 Elm Corolla", ", 45,000 km, Berlin"), ("500 Elm", ", blue, used")]
)
def test_a_title_with_a_number_takes_no_facts(title: str, more: str) -> None:
    rows = [{"id": n, "title": f"{title} {n}", "url": f"/canoe-{n}", "price": 900} for n in NUMBERS]
    cards = "".join(card(n, "", title).replace("</h3>", f"{more}</h3>") for n in NUMBERS)
    script = f'<script type="application/json">{json.dumps({"items": rows})}</script>'
    found = extract(page(f"<ul>{cards}</ul>{script}"), URL, False).listings
    assert [one.title for one in found] == [f"{title} {n}" for n in NUMBERS]


def test_a_street_is_no_title_of_what_is_no_home() -> None:
    place = {"address": {"line1": "12 Elm St", "city": "Ulm"}}
    rows = [{"id": n, "url": f"/canoe-{n}", "price": 900, "location": place} for n in NUMBERS]
    cards = "".join(card(n, "").replace(f"<h3>Canoe {n}</h3>", f"Canoe {n}") for n in NUMBERS)
    script = f'<script type="application/json">{json.dumps({"items": rows})}</script>'
    found = extract(page(f"<ul>{cards}</ul>{script}"), URL, False).listings
    assert [one.title for one in found] == [f"Canoe {n}" for n in NUMBERS]


def test_the_place_of_a_lot_counts_before_that_of_its_auction() -> None:
    def lot(number: int, place: dict[str, Any]) -> dict[str, Any]:
        auction = {"id": 785001, "desc": "Boats", "address": {"city": "Recife - PE"}}
        image = f"https://img.example/{number}/0f3a5c7e9b.jpg"
        product = {"thumbnailUrl": image, "inner": {"location": place}}
        return {"id": number, "price": 900, "linkURL": f"/lot-{number}", "auction": auction, "product": product}

    lots = [lot(n, {"city": "Betim - MG"} if n % 2 else {}) for n in NUMBERS]
    script = f'<script type="application/json">{json.dumps({"offers": lots})}</script>'
    found = extract(page(script), URL, False).listings
    assert [(one.city, one.region) for one in found] == [
        ("Betim", "MG") if n % 2 else ("Recife", "PE") for n in NUMBERS
    ]


@pytest.mark.parametrize(("before", "title"), [("Lot N | ", ""), ("Lote N: ", ""), ("Lot of N ", "Lot of N ")])
def test_the_number_of_a_lot_is_no_part_of_its_title(before: str, title: str) -> None:
    cards = "".join(card(n, "<b>900 €</b>", before.replace("N", str(n % 90)) + "Canoe") for n in NUMBERS)
    assert [one.title for one in extract(page(f"<ul>{cards}</ul>"), URL, False).listings] == [
        f"{title.replace('N', str(n % 90))}Canoe {n}" for n in NUMBERS
    ]


def test_the_lots_of_a_field_keep_their_numbers() -> None:
    cards = "".join(card(n, "").replace(f"Canoe {n}", f"Lot {n % 90} - Sunset Ridge") for n in NUMBERS)
    assert [one.title for one in extract(page(f"<ul>{cards}</ul>"), URL, False).listings] == [
        f"Lot {n % 90} - Sunset Ridge" for n in NUMBERS
    ]


def test_a_price_beside_an_hour_stays() -> None:
    rows = [{"id": n, "title": f"Canoe {n}", "url": f"/canoe-{n}", "price": "9500 until 10:30"} for n in NUMBERS]
    assert {one.price for one in read("", data={"items": rows})} == {9500.0}


def test_the_moment_of_an_auction_is_no_price() -> None:
    rows = [
        {"id": n, "title": f"Canoe {n}", "url": f"/canoe-{n}", "price": {"display": text}}
        for n, text in zip(NUMBERS, ["Auction Saturday 14 March at 10:30am", "$900"] * 6, strict=True)
    ]
    assert {one.price for one in read("", data={"items": rows})} == {None, 900}


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ('<b class="year-label">1393</b>، <b class="brand-label">Elm</b>، <b class="model-label">LX N</b>', ""),
        ('<b class="model-label">LX N</b> <b>5/2018</b> <b>167 km</b>', "LX N"),  # before other facts
        ('<i class="town">Berlin</i> <b class="model-label">LX N</b>', "LX N"),  # behind what is no make
    ],
)
def test_the_year_and_the_make_before_a_model_are_of_the_title(link: str, title: str) -> None:
    links = {n: f'<a href="/canoe-{n}">{link.replace("N", str(n))}</a>' for n in NUMBERS}
    cards = "".join(card(n, f"<p>{links[n]}</p>").replace(f"<h3>Canoe {n}</h3>", "") for n in NUMBERS)
    found = extract(page(f"<ul>{cards}</ul>"), URL, False).listings
    assert [one.title for one in found] == [(title or "1393، Elm، LX N").replace("N", str(n)) for n in NUMBERS]
