"""Titles, places, currencies and sellers that other words of a card, or of its data, were taken for."""

import json
from typing import Any

import pytest

from curate.fetch.sources import seller_kinds
from curate.fetch.sources.auto import extract
from curate.fetch.sources.filling import fill
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_facts import DATA_URL, NUMBERS, cards_of, data_of, fields_of

IMAGE = '<a href="/ads/{n}"><img src="PHOTO"></a>'


@pytest.mark.parametrize(
    ("card", "fields"),
    [
        (  # the highest heading is the title
            '<h6>today, 9:14, first owner</h6><h6 class="t">900 EUR / 1,760 BGN</h6><h5>Combi {n}</h5>',
            {"title": "Combi 8100231"},
        ),
        (  # a heading called a price
            '<h2 class="e-price">POA</h2><span class="make-title">Combi {n}</span>',
            {"title": "Combi 8100231"},
        ),
        (  # a label within the title
            '<div class="car-title"><div class="labels">Used 2022</div>Combi {n}</div><b>900 €</b>',
            {"title": "Combi 8100231", "year": 2022},
        ),
        (  # a link called an address
            '<div class="ticket"><a class="address" href="/ads/{n}" title="Combi {n}">Combi {n}</a></div>'
            '<b>900 €</b><ul><li class="view-location">Ulm <span>( from )</span></li></ul>',
            {"city": "Ulm"},
        ),
        (  # who sells beside the town, and a code of a district for one
            "<h3>Combi {n}</h3><b>900 €</b>"
            '<div class="card_location"><span>69</span> <span>Professionnel</span></div>',
            {"city": ""},
        ),
        (
            "<h3>Combi {n}</h3><b>900 €</b><div>АВТОКЪЩА Мотив Ауто, Русе</div>",
            {"city": "Русе", "seller": "dealer"},
        ),
        ("<h3>Combi {n}</h3><b>900 €</b><div>Private seller, Ulm</div>", {"city": "Ulm", "seller": "private"}),
        ("<h3>Combi {n}</h3><b>900 €</b><b>Ubicación:</b> <a>Temuco</a>", {"city": "Temuco"}),
        (  # a day to come is no year of what is sold
            "<h3>Combi {n} (COE till 08/2031)</h3><b>900 €</b><p>3-Oct-2012</p>",
            {"year": 2012},
        ),
        ("<h3>Combi {n}</h3><h2>9.900 € VB</h2>", {"title": "Combi 8100231", "price": 9900}),
        ('<h3 class="title">Combi {n}</h3><h2 class="where">Elmby</h2><b>900 €</b>', {"title": "Combi 8100231"}),
        ("<h3>TOP</h3><h3>Combi {n}</h3><b>900 €</b>", {"title": "Combi 8100231"}),
        (  # a town that is called as a dealer is in Indonesia
            '<h3>Combi {n}</h3><b>900 €</b><div class="location"><span>47000</span> <span>Agen</span></div>',
            {"city": "Agen"},
        ),
        ("<h3>Combi {n}</h3><b>900 €</b><p>Pro, Silver</p>", {"city": ""}),
        (  # a price in two currencies, each in a line
            '<h3>Combi {n}</h3><div class="price"><p><b>$ 6 200</b><br>545 513 сом</p></div>',
            {"price": 6200, "currency": "USD"},
        ),
        (  # and side by side, the first with a sign that other countries have for cents
            '<h3>Combi {n}</h3><i class="precio">¢ 6,200,000</i> <i class="precio2">($ 12,863)*</i>',
            {"price": 6200000, "currency": "CRC"},
        ),
        (  # a code beside the sum that is printed with another sign
            '<h3>Combi {n}</h3><b class="price">B/.32,500</b><a data-price="32500" data-currency="USD">+</a>',
            {"price": 32500, "currency": "USD"},
        ),
        (  # but a sign of one currency alone counts, and the currency of a converter does not
            '<h3>Combi {n}</h3><b class="price">€32,500</b><a data-price="32500" data-currency="USD">+</a>',
            {"price": 32500, "currency": "EUR"},
        ),
        (
            '<h3>Combi {n}</h3><b class="price" data-currency="USD">$32,500</b>'
            '<a data-price="32500" data-to-currency="MXN">+</a>',
            {"price": 32500, "currency": "USD"},
        ),
        (  # kilometres in capitals, as marks of Bosnia are written
            "<h3>Combi {n}</h3><b>120.000 KM</b><b>18.500 €</b>",
            {"price": 18500, "currency": "EUR"},
        ),
        ('<h3>Combi {n}</h3><b>120.000 KM</b><b class="price">18.500</b>', {"price": 18500}),
        ("<h3>Combi {n}</h3><b>18.500 KM</b>", {"price": 18500}),
        ('<h3>Combi {n}</h3><b class="price">GH¢ 32,500</b>', {"price": 32500, "currency": "GHS"}),
        ('<h3>Combi {n}</h3><p class="city">Ош<br><i class="date">14 часов назад</i></p>', {"city": "Ош"}),
        (  # a label in the element of its value
            '<h3>Combi {n}</h3><b>900 €</b><div class="field-location"><span class="field-label">Vehicle Location'
            '</span> <span class="field-value">ELMBY</span></div>',
            {"city": "ELMBY"},
        ),
        (  # a class that says label, of the town itself
            '<h3>Combi {n}</h3><b>900 €</b><div class="location"><i></i><span class="pin-label">Ulm</span> '
            "<span>Söflingen</span></div>",
            {"city": "Ulm Söflingen"},
        ),
        (  # a title twice, once for screen readers
            '<h3>1971 Combi {n}<span class="hide">1971 Combi {n}</span></h3><b>900 €</b>',
            {"title": "1971 Combi 8100231"},
        ),
        (  # the make before the title, in an element of its own
            '<div class="car-make">VAN</div><div class="car-title">COMBI {n}</div><b>900 €</b>'
            '<a href="/ads/{n}"><img src="https://img.example/{n}/2.jpg" alt="VAN COMBI {n}"></a>',
            {"title": "VAN COMBI 8100231", "make": "VAN"},
        ),
        (  # a label or a state before the model
            '<p><span>Model</span> <span class="model">Combi</span></p><h3>Elm {n}</h3>',
            {"make": "", "model": "Combi"},
        ),
        ('<h3><span>Sold</span> <span class="model">Combi</span> {n}</h3>', {"make": "", "model": "Combi"}),
        (  # attributes of a site's own words
            '<h3>Combi {n}</h3><i data-t-listing_make="Van" data-t-listing_model="Combi"></i>',
            {"make": "Van", "model": "Combi"},
        ),
        ('<h3 data-price_model="fixed">Combi {n}</h3><b>900 €</b>', {"model": ""}),
        ("<h3>Combi {n}</h3><b>900 €</b><p>Private, Garden</p>", {"city": ""}),
        ('<h3 class="location">Ulm</h3><b>900 €</b><p>3 rooms</p>', {"city": "Ulm"}),
    ],
)
def test_what_a_card_says(card: str, fields: dict[str, Any]) -> None:
    assert fields_of(cards_of(f"<article>{IMAGE}{card}</article>")[0], fields) == fields


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"subject": "", "header": "Combi Style GT", "section": {"name": "cars"}}, {"title": "Combi Style GT"}),
        (
            {
                "places": {
                    "ADMIN_LEVEL_1_name": "Tamil Nadu",
                    "ADMIN_LEVEL_3_name": "Chennai",
                    "COUNTRY_name": "India",
                }
            },
            {"region": "Tamil Nadu", "city": "Chennai"},
        ),
        (
            {"parameters": [{"key": "make", "value": "royal-enfield", "value_name": "Royal Enfield"}]},
            {"make": "Royal Enfield"},
        ),
        (  # parameters in parts, and under a word before
            {
                "params": {
                    "primary": [{"key": "regdate", "name": "Année-Modèle", "value": "2021"}],
                    "more": [{"key": "brand", "value": "Van"}, {"key": "model", "value": "Combi"}],
                }
            },
            {"year": 2021, "make": "Van", "model": "Combi"},
        ),
        (  # parts of other things
            {
                "specs": {
                    "engine": [{"key": "make", "value": "Oak"}, {"key": "year", "value": "2001"}],
                    "trade_in": [{"key": "model", "value": "Truck"}],
                }
            },
            {"make": "", "model": "", "year": None},
        ),
        ({"special_labels": [{"value": 2016, "label": "Godište", "unit": None}]}, {"year": 2016}),
        ({"sellerType": "D"}, {"seller": "dealer"}),
        ({"sellerType": "P"}, {"seller": ""}),
        ({"user_type": "Regular"}, {"seller": "private"}),
        ({"user_type": "Franchise"}, {"seller": "dealer"}),
        (  # keys that end in the name of a field are of other listings
            {"similarProductId": 77, "relatedProductName": "Saw", "featuredVehiclePrice": 5},
            {"listing_id": "8100231", "title": "Combi Style", "price": 9900},
        ),
    ],
)
def test_what_data_say(data: dict[str, Any], fields: dict[str, Any]) -> None:
    body = "" if "header" in data else "<p>11 490 €</p>"
    assert fields_of(data_of(data, body), fields) == fields


def test_a_word_that_only_a_field_of_sellers_means_so() -> None:
    assert seller_kinds.called("Regular") == seller_kinds.called("own") == "private"
    assert seller_kinds.alone("Regular") == ""


def listed(head: str) -> list[Listing]:
    """The listings of a page of cards with prices in $, at a host of no country."""
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="https://img.example/{n}/a.jpg"><h3>Combi {n}</h3></a>$9,800</li>'
        for n in NUMBERS
    )
    text = page(f"<ul>{cards}</ul>", head=head).replace("<title>Wheels</title>", "")
    return list(extract(text, "https://www.wheels.com/all", False).listings)


@pytest.mark.parametrize(
    ("title", "currency"),
    [
        ("Used Cars for Sale in Singapore - Wheels", "SGD"), ("Cars in Canada", "CAD"),
        ("Cars in Canada and Australia", "USD"), ("Canada Goose parkas", "USD"), ("Made in Canada", "USD"),
    ],
)  # fmt: skip
def test_the_dollar_of_the_country_in_the_title(title: str, currency: str) -> None:
    assert {one.currency for one in listed(f"<title>{title}</title>")} == {currency}


@pytest.mark.parametrize(
    ("said", "seller"),
    [
        ({"@type": "AutoDealer", "name": "Gulf", "url": "https://www.wheels.com"}, "dealer"),
        ({"@type": "AutoDealer", "name": "Gulf", "url": "https://www.wheels.com/dealers/7"}, ""),
        ({"@type": "AutoDealer", "name": "Gulf", "url": "https://other.example"}, ""),
        ({"@type": "Organization", "name": "Gulf", "url": "https://www.wheels.com"}, ""),
        ({"dealershipName": "Gulf", "website": "http://www.wheels.com"}, "dealer"),
        ({"dealershipName": "Gulf", "website": "http://other.example"}, ""),
    ],
)
def test_the_site_of_a_dealer(said: dict[str, str], seller: str) -> None:
    head = f"<script>Data['us'] = {json.dumps(said)};</script>"
    if "@type" in said:
        head = f'<script type="application/ld+json">{json.dumps(said)}</script>'
    assert {one.seller for one in listed(head)} == {seller}


def test_several_dealers_at_one_address_are_on_a_market() -> None:
    said = [
        {"@type": "AutoDealer", "name": name, "url": "https://www.wheels.com/"}
        for name in ("Elm Cars", "Oak Cars")
    ]
    assert {one.seller for one in listed(f'<script type="application/ld+json">{json.dumps(said)}</script>')} == {
        ""
    }


def test_the_year_behind_the_title_in_the_heading() -> None:
    photos = "".join(f'<img src="https://img.example/8100231/{k}c7e9b.jpg">' for k in range(5))
    data = {"id": 8100231, "title": "Combi Style", "price": 9900}
    script = f'<script type="application/json">{json.dumps({"state": {"item": data}})}</script>'
    heading = '<h1><span>Combi</span> <span>Style</span> <span class="y">2017 г.</span></h1>'
    text = page(f'<main>{heading}<div class="gallery">{photos}</div></main>{script}')
    (listing,) = extract(text, DATA_URL, True).listings
    assert (listing.title, listing.year) == ("Combi Style", 2017)


@pytest.mark.parametrize(("model", "title"), [("Style", "2017 Combi Style GT"), ("", "Combi Style")])
def test_a_title_of_make_and_model_alone_takes_the_year_from_another_form(model: str, title: str) -> None:
    data = Listing("", "", title="Combi Style", make="Combi", model=model)
    assert fill(data, Listing("", "", title="2017 Combi Style GT"), {}).title == title


@pytest.mark.parametrize(
    ("before", "behind", "title"),
    [
        ("<h1>Elm Wheels</h1>", "", "1966 Combi Style - Elm Wheels"),
        ("<h1>Latest offers</h1>", "", "1966 Combi Style - Elm Wheels"),
        ("", "<h1>Elm Wheels</h1>", "Elm Wheels | 1966 Combi Style"),
        ("", "<h1>Elm Wheel</h1>", "Elm Wheelshop: 1966 Combi Style"),  # the beginning of a word
        ("", "<h1>Cars</h1>", "Cars for sale - 1966 Combi Style"),
        ("<h1>1966 Combi</h1>", "", "1966 Combi Style - Elm Wheels"),  # a crumb
    ],
)
def test_the_heading_of_the_listing_counts_before_others(before: str, behind: str, title: str) -> None:
    photos = "".join(f'<img src="https://img.example/8100231/{k}c7e9b.jpg">' for k in range(5))
    body = f'{before}<h1>1966 Combi Style</h1><div class="gallery">{photos}</div><footer>{behind}</footer>'
    html = page(body, head=f"<title>{title}</title>").replace("<title>Wheels</title>", "")
    (listing,) = extract(html, "https://www.elmwheels.com/cars/8100231", True).listings
    assert listing.title == "1966 Combi Style"


def test_a_make_in_the_address_of_a_title_that_begins_with_a_year() -> None:
    cards = "".join(
        f'<li><a href="/cars/{make}/combi/{n}"><img src="https://img.example/{n}/a.jpg">'
        f"<h3>1971 {make.upper()} COMBI</h3></a>$9,800</li>"
        for n, make in zip(NUMBERS, ("elm", "oak") * 3, strict=True)
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://www.wheels.com/all", False).listings
    assert [(one.make, one.model) for one in found] == [("ELM", "COMBI"), ("OAK", "COMBI")] * 3


@pytest.mark.parametrize(
    ("makes", "read"),
    [
        (("Van Elm", "Oak", "Ash"), ("Van Elm", "Oak", "Ash")),
        (("Sold", "Available", "Sold"), ("", "", "")),  # states
        (("Neuwagen", "Neuwagen", "Neuwagen"), ("", "", "")),
    ],
)
def test_makes_that_stand_before_the_models_of_a_list(makes: tuple[str, ...], read: tuple[str, ...]) -> None:
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="https://img.example/{n}/a.jpg"><h3><span>{make}</span> '
        f'<span class="model">Combi</span> <span>2.0 {n}</span></h3></a>900 €</li>'
        for n, make in zip(NUMBERS, makes * 2, strict=True)
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://ads.example/all", False).listings
    assert [one.make for one in found] == [*read, *read]


@pytest.mark.parametrize(
    ("brand", "model", "make"), [("wheels", "", ""), ("Combi", "", "Combi"), ("Wheels", "C1", "Wheels")]
)
def test_the_name_of_the_site_is_no_make_without_a_model(brand: str, model: str, make: str) -> None:
    rows = [
        {"id": n, "title": f"Combi {n}", "price": 900, "brand": brand, "model": model, "photos": [f"https://img.example/{n}/a.jpg"],
         "url": f"https://cars.wheels.com/lot/{n}"}
        for n in NUMBERS
    ]  # fmt: skip
    script = f'<script type="application/json">{json.dumps({"lots": rows})}</script>'
    found = extract(page(script), "https://cars.wheels.com/all", False).listings
    assert {one.make for one in found} == {make}
