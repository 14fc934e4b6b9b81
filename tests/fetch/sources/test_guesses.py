"""What tells nothing of a seller, a place, a currency, a make or a title: no value is better than a wrong one."""

import json
import time
from typing import Any

import pytest

from curate.fetch.sources import seller_kinds
from curate.fetch.sources.auto import extract
from curate.fetch.sources.money import money
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_facts import HEAD, NUMBERS, PHOTO, cards_of, data_of, fields_of, painted

CARDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a state in a box of a seller": (
        f'<li>{HEAD}<div class="seller-info"><span>Ann</span><span>Las Vegas, NV</span></div></li>',
        {"seller": ""},
    ),
    "a province in an address": (
        f'<li>{HEAD}<div class="seller-info"><span class="address">1 Elm St Calgary AB</span></div></li>',
        {"seller": ""},
    ),
    "a wrapper called an item of a shop": (
        f'<li><div class="shop-item">{HEAD}<i>Elm Trading Post</i></div></li>', {"seller": ""},
    ),
    "a toy that is called as a dealer is": (
        '<li><h3><a href="/ads/{n}">Autohaus Playmobil {n}</a></h3><img src="PHOTO"><b>900 €</b></li>',
        {"seller": ""},
    ),
    "a category of homes": (f"<li>{HEAD}<i>Immobilien Mieten</i></li>", {"seller": ""}),
    "a title of a link that names no dealer": (
        '<li><a href="/ads/{n}" title="VW Golf von privat, kein Händler"><img src="PHOTO"><h3>VW Golf {n}</h3></a><b>900 €</b></li>',
        {"seller": ""},
    ),
    "no fees of a dealer": (f'<li>{HEAD}<i data-title="No dealer fees">i</i></li>', {"seller": ""}),
    "a dealer to be asked": (f'<li>{HEAD}<button data-title="Contact dealer">ask</button></li>', {"seller": ""}),
    "a private pool": (f'<li>{HEAD}<i class="tag-private-pool">Pool</i></li>', {"seller": ""}),
    "no fee of an agent": (f'<li>{HEAD}<i class="no-agent-fee">No agent fee</i></li>', {"seller": ""}),
    "the logo of a maker": (
        f'<li>{HEAD}<div class="logo"><img src="https://img.example/makes/bmw.png"></div></li>', {"seller": ""},
    ),
    "the logo of a company": (
        f'<li>{HEAD}<div><img class="css-logo" src="https://img.example/company/7.png">Elm</div></li>',
        {"seller": "dealer"},
    ),
    "a place of no text before a region": (
        f"<li>{HEAD}<p>Location: Ulm</p><p>Region: Bayern</p></li>", {"city": "Ulm", "region": "Bayern"},
    ),
    "a country before a town": (f"<li>{HEAD}<p>Location: Germany</p><p>City: Ulm</p></li>", {"city": "Ulm"}),
    "a badge that is a letter of the title": (
        '<li><a href="/ads/{n}"><img src="PHOTO"><h3>Audi A4 {n} <span class="badge">A</span></h3></a><b>900 €</b></li>',
        {"title": "Audi A4 8100231"},
    ),
    "a ribbon that is a word of the title": (
        '<li><a href="/ads/{n}"><img src="PHOTO"><h3>New Holland T6 {n} <span class="ribbon"><i>New</i></span></h3></a><b>900 €</b></li>',
        {"title": "New Holland T6 8100231"},
    ),
    "a colour of the site": (
        f'<li>{HEAD}<span class="text-brand">Sold</span><a class="btn btn-brand" href="/c">Contact</a></li>',
        {"make": ""},
    ),
    "a pin that saves": (f'<li>{HEAD}<p><a><i class="icon-pin"></i> Behalten</a></p></li>', {"city": ""}),
    "a pin beside a word for saving": (f'<li>{HEAD}<p><i class="icon-pin"></i> Merken</p></li>', {"city": ""}),
}  # fmt: skip


@pytest.mark.parametrize(("card", "fields"), CARDS.values(), ids=CARDS)
def test_what_a_card_does_not_tell(card: str, fields: dict[str, Any]) -> None:
    assert fields_of(cards_of(card)[0], fields) == fields


@pytest.mark.parametrize(
    ("name", "firm"),
    [
        ("Las Vegas, NV", False), ("Calgary, AB", False), ("Ab sofort frei", False), ("PT Cruiser", False),
        ("64 MB", False), ("90 CV", False), ("Ford Focus Estate", False), ("Ulm Zentrum", False),
        ("Volvo AB", True), ("Elm AG", True), ("PT. Elm Jaya", True), ("Elm Real Estate", True),
    ],
)  # fmt: skip
def test_states_units_and_cars_are_no_firms(name: str, firm: bool) -> None:
    assert seller_kinds.is_firm(name) is firm


DATA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an address of a seller": ({"sellerAddress": "1 Elm St, Calgary, Elm Motors"}, {"seller": ""}),
    "an insurance": ({"insurance": {"name": "Allianz AG"}}, {"seller": ""}),
    "a bank with a logo": ({"bank": {"name": "Elm", "logo": "https://img.example/elm.png"}}, {"seller": ""}),
    "a text of who finances": ({"financing": "Elm Bank GmbH"}, {"seller": ""}),
    "a bank of a seller": ({"seller": {"name": "Ann", "bank": {"name": "Elm Bank GmbH"}}}, {"seller": ""}),
    "a firm that sells": ({"seller": {"name": "Elm GmbH"}}, {"seller": "dealer"}),
    "a commercial property": ({"commercial": True, "store": True, "business": True, "pro": True}, {"seller": ""}),
    "a commercial advert": ({"commercial_ad": True}, {"seller": "dealer"}),
    "the first owner": ({"ownerType": 1}, {"seller": ""}),
    "towns beside each other": ({"location": [{"name": "Ulm"}, {"name": "Neu-Ulm"}]}, {"city": "Ulm", "region": ""}),
    "a town and its state": ({"location": [{"name": "Ulm"}, {"name": "Bayern"}]}, {"city": "Ulm"}),
    "places below a country": (
        {"location": [{"name": "Germany"}, {"name": "Bayern"}, {"name": "Ulm"}]}, {"city": "Ulm", "region": "Bayern"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "fields"), DATA.values(), ids=DATA)
def test_what_data_do_not_tell(data: dict[str, Any], fields: dict[str, Any]) -> None:
    assert fields_of(data_of(data), fields) == fields


@pytest.mark.parametrize("amounts", [{"NET": 8000, "VAT": 1520}, {"MIN": 1, "MAX": 9}])
def test_three_capitals_that_are_no_currency(amounts: dict[str, int]) -> None:
    assert money(amounts)[1] == ""


PRICES: dict[str, tuple[str, str, str]] = {  # a page's head, a price, its currency
    "its own sign on a page of another currency": ("<script>var a={currency:'ARS'}</script>", "U$S 15.000", "USD"),
    "a sign of several beside such prices": (
        "<script>var a={currency:'ARS'}</script><p>U$S 15.000</p>", "$ 9.500.000", "",
    ),
    "a sign of several where the page names one": ("<script>var a={currency:'ARS'}</script>", "$ 9.500.000", "ARS"),
    "US$ on a page of a Canadian": ('<script>var a={"priceCurrency":"CAD"}</script>', "US$ 4,500", "USD"),
}  # fmt: skip


@pytest.mark.parametrize("name", PRICES)
def test_a_price_that_names_its_currency_keeps_it(name: str) -> None:
    head, price, currency = PRICES[name]
    cards = painted(f"<li>{HEAD}</li>")
    text = page(f"{head}<main>{cards.replace('900 €', price)}</main>")
    found = extract(text, "https://ads.example/all", None).listings
    assert [one.currency for one in found] == [currency] * len(NUMBERS)


def test_data_whose_own_currency_the_page_names_another_beside() -> None:
    items = [
        {"id": n, "title": f"Combi {n}", "url": f"/ads/{n}", "price": {"USD": 900 + n},
         "images": [PHOTO.replace("{n}", str(n))]}
        for n in NUMBERS
    ]  # fmt: skip
    script = f'<script type="application/json">{json.dumps({"currency": "CAD", "results": items})}</script>'
    found = extract(page(script), "https://ads.example/all", None).listings
    assert [(one.price, one.currency) for one in found] == [(900 + n, "USD") for n in NUMBERS]


@pytest.mark.parametrize("data", ["MG ZS", "VW Up"])
def test_a_title_of_short_words_stays(data: str) -> None:
    photos = [f"https://img.example/8100231/{k}c7e9b.jpg" for k in range(5)]
    own = {"id": 8100231, "title": data, "price": 9900, "images": photos}
    script = f'<script type="application/json">{json.dumps({"state": {"item": own}})}</script>'
    text = page(f"<title>Buy used cars in Ulm</title><main><p>9 900 €</p></main>{script}")
    (listing,) = extract(text, "https://ads.example/ads/8100231.html", True).listings
    assert listing.title == data


def test_a_title_of_the_page_is_noted_as_of_the_page() -> None:
    photos = [f"https://img.example/8100231/{k}c7e9b.jpg" for k in range(5)]
    own = {"id": 8100231, "title": "Elm and Daughters", "price": 9900, "images": photos}
    script = f'<script type="application/json">{json.dumps({"state": {"item": own}})}</script>'
    head = '<title>Opel Combi Style</title><meta property="og:title" content="Opel Combi Style">'
    text = page(f"{head}<main><h1>Opel Combi Style</h1></main>{script}")
    found = extract(text, "https://ads.example/ads/8100231.html", True)
    assert found.listings[0].title == "Opel Combi Style"
    assert "html" in found.used


def test_a_label_that_tells_no_town_keeps_none_from_the_next() -> None:
    body = "<h1>Combi Style</h1><p>9 900 €</p><dl><dt>Location</dt><dd>Germany</dd><dt>City</dt><dd>Ulm</dd></dl>"
    photos = "".join(f'<img src="https://img.example/8100231/{k}c7e9b.jpg" width="800">' for k in range(5))
    text = page(f"<main>{body}{photos}</main>")
    (listing,) = extract(text, "https://ads.example/ads/8100231.html", True).listings
    assert listing.city == "Ulm"


def seconds(text: str) -> float:
    began = time.process_time()
    extract(text, "https://ads.example/all", None)
    return time.process_time() - began


def test_a_filter_of_many_makes_takes_little_time() -> None:
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="{PHOTO.replace("{n}", str(n))}"><h3>Combi {n}</h3></a></li>'
        for n in range(8100000, 8100400)
    )
    makes = "".join(f"<option>Make {n}</option>" for n in range(30_000))
    without = seconds(page(f"<main>{cards}</main>"))
    assert seconds(page(f'<select name="make">{makes}</select><main>{cards}</main>')) < 2 * without + 2


def test_a_filter_with_a_long_name_takes_little_time() -> None:
    cards = painted(f"<li>{HEAD}</li>")
    assert seconds(page(f'<select id="{"1" * 50_000}x"></select><main>{cards}</main>')) < 2


def test_prices_of_many_listings_are_looked_up_once() -> None:
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="{PHOTO.replace("{n}", str(n))}"><h3>Combi {n}</h3></a><b>$ {n}</b></li>'
        for n in range(8100000, 8100400)
    )
    filling = f"<!--{'a' * 2_900_000}-->"
    without = seconds(page(f"<main>{cards}</main>"))
    assert seconds(page(f"<main>{cards}</main>{filling}")) < 2 * without + 2


def test_what_a_long_attribute_says_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def alone(text: str) -> str:
        asked.append(len(text))
        return ""

    monkeypatch.setattr(seller_kinds, "alone", alone)
    card = f"<li>{HEAD}</li>".replace("<b>", f'<b data-content="{"Dealer of the town, " * 5_000}">')
    cards_of(card)
    assert 0 < max(asked) <= 200
