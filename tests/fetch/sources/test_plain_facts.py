"""Sums, places and sellers as pages write them beside others: what is the price, the town, the region, a firm."""

import json
from typing import Any

import pytest

from curate.fetch.sources import seller_kinds
from curate.fetch.sources.auto import extract
from curate.fetch.sources.money import PRICE, money
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_facts import DATA_URL, NUMBERS, PHOTO, cards_of, data_of, fields_of, painted

TOP = '<h3><a href="/ads/{n}">Vase no. {n}</a></h3><img src="PHOTO">'
GALLERY = '<div class="photos">' + "".join(f'<img src="/p/{n}-0f3a5c7e9b.jpg">' for n in NUMBERS) + "</div>"
LOGO = '<img class="logo" src="https://logos.example/elm.jpg">'
CARDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a bid beside an estimate": (
        f'<li>{TOP}<div class="lot__estimate"><i>Estimate</i><b>4 000 SEK</b></div>'
        '<div class="lot__bid"><i>Bid</i><b>2 600 SEK</b></div></li>',
        {"price": 2600, "currency": "SEK"},
    ),
    "an old price in a language of its own": (
        f'<li>{TOP}<div class="TXT-StaraCena">22.990 €</div><div class="TXT-AkcijaCena">21.490 €</div></li>',
        {"price": 21490},
    ),
    "a price for an area": (
        f'<li>{TOP}<p class="price-m2">3.500 €/m²</p><p class="total">245.000 €</p></li>', {"price": 245000},
    ),
    "nothing but a price for an area": (
        f'<li>{TOP}<p class="price">3.500 €/m²</p></li>', {"price": None},
    ),
    "the code behind a sign": (f"<li>{TOP}<b>$4100 CAD</b></li>", {"price": 4100, "currency": "CAD"}),
    "dinars by two letters": (f"<li>{TOP}<b>1 200 <i>DT</i></b></li>", {"price": 1200, "currency": "TND"}),
    "no currency without a price": (f"<li>{TOP}<b>to be asked in EUR</b></li>", {"price": None, "currency": ""}),
    "the power of a motor": (f"<li>{TOP}<p>767 ccm, 18 kW / 25 KM</p></li>", {"price": None}),
    "a price behind the power of a motor": (f"<li>{TOP}<p>66 kW 9.900 €</p></li>", {"price": 9900}),
    "facts before a country": (f"<li>{TOP}<p>Sofa, brown, Italy</p><b>9 €</b></li>", {"city": "", "region": ""}),
    "doors before a country": (f"<li>{TOP}<p>Corsa, 5 Türen, Deutschland</p><b>9 €</b></li>", {"city": ""}),
    "hours before a country": (f"<li>{TOP}<p>Mo-Fr 9-18, Germany</p><b>9 €</b></li>", {"city": ""}),
    "a day in a box of a price": (
        f'<li>{TOP}<div class="price-holder">To be agreed 11 days ago</div></li>', {"price": None},
    ),
    "an amount between words": (f'<li>{TOP}<p class="price">Preis: 9.900 VB</p></li>', {"price": 9900}),
    "a date in a box of a price": (f'<li>{TOP}<p class="price">until 10.11.2026 only</p></li>', {"price": None}),
    "a mark in an element above the line": (
        f'<li>{TOP}<p class="new-price">249<sup><small>,</small>90</sup> <span>Lei</span></p></li>',
        {"price": 249.9, "currency": "RON"},
    ),
    "thousands before a mark above the line": (
        f'<li>{TOP}<p class="new-price">1.999<sup><small>,</small>00</sup> <span>Lei</span></p></li>',
        {"price": 1999},
    ),
    "a heading that is a price": (
        '<li><h4>$ {n}</h4><a href="/ads/{n}" title="Vase no. {n}"><img src="PHOTO"></a></li>',
        {"title": "Vase no. 8100231", "price": 8_100_231},
    ),
    "a town, a region and a country behind a flag": (
        f'<li>{TOP}<p><img src="/f/0.gif" class="flag" width="20"> Squamish, British Columbia, Canada</p></li>',
        {"city": "Squamish", "region": "British Columbia"},
    ),
    "a ward in a link": (f'<li>{TOP}<a href="/tokyo/a-638">世田谷区</a></li>', {"city": "世田谷区"}),
    "a storey": (f"<li>{TOP}<p class='place'>Elm, 9/12 этаж</p></li>", {"region": ""}),
    "a unit": (f"<li>{TOP}<p class='area'>m²</p></li>", {"city": ""}),
    "a link that asks": (
        '<li><img src="PHOTO"><a href="/ads/{n}">Vase no. {n}</a><b>9 €</b>'
        '<a href="/ads/{n}">Повече детайли и {n} снимки</a></li>',
        {"title": "Vase no. 8100231"},
    ),
    "a title that begins like a call": (
        '<li><a href="/ads/{n}"><img src="PHOTO" alt="cover"></a><b>9 €</b><a href="/ads/{n}">InFocus no. {n}</a>'
        '<a href="/ads/{n}">More information and photos</a></li>',
        {"title": "InFocus no. 8100231"},
    ),
    "a title in a language of its own": (
        '<li><a href="/ads/{n}"></a><div class="row-Naziv"><span>Vase no. {n}</span></div>'
        '<a href="/ads/{n}"><img src="PHOTO"></a><b>9 €</b></li>',
        {"title": "Vase no. 8100231"},
    ),
    "a logo that leads to a firm": (
        f'<li>{TOP}<p>{LOGO} <a href="/aziende/elm-rossi">Elm Rossi</a></p></li>',
        {"seller": "dealer"},
    ),
    "the logo of a club": (
        f'<li>{TOP}<p>{LOGO} <a href="/clubs/elm-rossi">Elm Rossi</a></p></li>',
        {"seller": ""},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("card", "fields"), CARDS.values(), ids=CARDS)
def test_what_a_card_tells(card: str, fields: dict[str, Any]) -> None:
    assert fields_of(cards_of(card)[0], fields) == fields


def items_of(data: list[dict[str, str]]) -> str:
    """A script with the list of adverts that the page has, and what `data` say of each."""
    items = [
        {"id": n, "title": f"Vase no. {n}", "url": f"/ads/{n}", "price": 9, **one}
        for n, one in zip(NUMBERS, data, strict=True)
    ]
    return f'<script type="application/json">{json.dumps({"items": items})}</script>'


def listed(where: list[str], data: list[dict[str, str]] | None = None) -> list[tuple[str, str]]:
    """(town, region) of the listings of a page that writes their places so."""
    cards = "".join(
        f'<li>{TOP}<div class="location">{place}</div><b>9 €</b></li>'.replace("PHOTO", PHOTO).replace(
            "{n}", str(n)
        )
        for n, place in zip(NUMBERS, where, strict=True)
    )
    found = extract(
        page(f"<ul>{cards}</ul>{items_of(data) if data else ''}"), "https://ads.example/all", False
    ).listings
    return [(one.city, one.region) for one in found]


def test_quarters_of_one_town_are_no_regions() -> None:
    written = ["Niš, Elm", "Niš, Oak", "Niš, Ash", "Brod, Fir", "Niš, Elm", "Novi Pazar"]
    assert listed(written) == [(one.partition(",")[0], "") for one in written]


def test_towns_of_one_region_keep_it() -> None:
    written = ["Pune, Goa", "Thane, Goa", "Pune, Goa", "Delhi, Delhi NCR", "Agra, Goa", "Agra, Goa"]
    assert listed(written) == [tuple(one.split(", ")) for one in written]


def test_what_data_call_a_region_of_a_town_is_one() -> None:
    data = [{"city": "Leipzig", "region": part} for part in ("Elm", "Oak", "Ash", "Fir", "Elm", "Oak")]
    assert listed(["Leipzig"] * 6, data) == [("Leipzig", one["region"]) for one in data]


def test_the_name_of_a_town_is_no_title() -> None:
    data = [{"title": "Ulm", "city": "Ulm", "region": "Bayern"}] * 6
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="{PHOTO}"><i data-mark="OfferTitle">Flat no. {n}</i></a><b>9 €</b></li>'
        for n in NUMBERS
    ).replace("{n}", "7")
    found = extract(page(f"<ul>{cards}</ul>{items_of(data)}"), "https://ads.example/all", False).listings
    assert [one.title for one in found] == [f"Flat no. {n}" for n in NUMBERS]


def test_a_country_is_no_region() -> None:
    data = [{"city": "Odense", "region": "Danmark"}] * 5 + [{"city": "Odense", "region": "Fyn"}]
    assert listed(["Odense"] * 6, data) == [("Odense", "")] * 5 + [("Odense", "Fyn")]


DATA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a bid with its text": (
        {"price": None, "current_bid": 88500, "current_bid_formatted": "NZD $88,500"},
        {"price": 88500, "currency": "NZD"},
    ),
    "an amount in cents beside its text": (
        {"price": {"amount": 6499, "currency": "EUR", "formatted": "64,99 €"}},
        {"price": 64.99, "currency": "EUR"},
    ),
    "an amount beside a hundredth of it that is a rate": (
        {"price": {"amount": 18900, "currency": "EUR", "monthlyRate": "189 €"}}, {"price": 18900},
    ),
    "a code of before": ({"price": {"amount": 6499, "currency": "RUR"}}, {"price": 6499, "currency": "RUB"}),
    "a title with entities": ({"subject": "Combi &#8220;Style&#8221;"}, {"title": "Combi “Style”"}),
    "a state that is a status": ({"state": "published"}, {"region": ""}),
    "a state": ({"state": "Bayern"}, {"region": "Bayern"}),
    "a governorate": (
        {"location": {"delegation": "Raoued", "governorate": "Ariana"}}, {"city": "Raoued", "region": "Ariana"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "fields"), DATA.values(), ids=DATA)
def test_what_data_tell(data: dict[str, Any], fields: dict[str, Any]) -> None:
    assert fields_of(data_of(data, body=""), fields) == fields


def test_a_sum_alone_is_in_the_money_of_a_country_that_writes_it_so() -> None:
    text = page(painted(f'<li>{TOP}<span class="price">390.-</span></li>'))
    for url, currency in (("https://ads.ch/all", "CHF"), ("https://ads.example/all", "")):
        assert [one.currency for one in extract(text, url, False).listings] == [currency] * len(NUMBERS)


def test_the_total_counts_before_the_price_of_a_square_metre() -> None:
    price = '<div class="price"><b>639</b><i>万</i><div>72244<i>元/平米</i></div></div>'
    (listing,) = extract(page(f"<h1>Flat of three rooms</h1>{price}{GALLERY}"), DATA_URL, True).listings
    assert listing.price == 6_390_000


@pytest.mark.parametrize(("text", "amount"), [("639万", 6_390_000), ("3.2万公里", None), ("3.2万 km", None)])
def test_ten_thousands_are_a_price_where_they_measure_nothing(text: str, amount: float | None) -> None:
    assert (money(text)[0] if PRICE.search(text) else None) == amount


def test_a_page_tells_its_place_by_a_region_that_calls_itself_one() -> None:
    body = (
        '<h1>Vase</h1><div class="price">9 €</div>'
        "<aside><div>Ann</div><div>Kragujevac, Šumadijski okrug</div></aside>"
    )
    (listing,) = extract(page(body + GALLERY), DATA_URL, True).listings
    assert (listing.city, listing.region) == ("Kragujevac", "Šumadijski okrug")


def test_an_agency_in_armenian() -> None:
    assert seller_kinds.alone("Գործակալություն") == "dealer"


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ('<p class="price">€ 1.950 per maand</p>', 1950),
        ('<p class="price">$1,950/mo</p>', 1950),
        ('<p class="price">189 € / Monat</p><p class="price">18.900 €</p>', 18_900),
        ('<p class="price">Leasing ab 189 € / Monat</p>', None),
        ('<p class="price monthly-rate">189 € / Monat</p>', None),
        ('<p class="price">3.500 €/m²</p>', None),
    ],
)
def test_a_page_tells_its_rent_where_it_tells_no_price(price: str, amount: float | None) -> None:
    (listing,) = extract(page(f"<h1>Flat of three rooms</h1>{price}{GALLERY}"), DATA_URL, True).listings
    assert listing.price == amount
