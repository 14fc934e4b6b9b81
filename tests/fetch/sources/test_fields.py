"""Who sells, where, and what make a card, a row of a table and data say; places out of texts."""

import json
import time
from typing import Any

import pytest

from curate.fetch.sources import seller_kinds
from curate.fetch.sources.auto import extract
from curate.fetch.sources.money import PRICE, money
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_facts import HEAD, NUMBERS, PHOTO, cards_of, data_of, fields_of, painted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Private seller", "private"), ("Privat", "private"), ("Частно лице", "private"), ("Magánszemély", "private"),
        ("Sahibinden", "private"), ("Bireysel Satıcı", "private"), ("Yksityinen", "private"), ("Particulier", "private"),
        ("Korisnik nije trgovac", "private"), ("Korisnik je trgovac", "dealer"), ("Gewerblicher Anbieter", "dealer"),
        ("34123 Kassel, Händler", "dealer"), ("Firma • Elm", "dealer"), ("Prywatny sprzedawca • Jan", "private"),
        ("Автосалон «Elm»", "dealer"), ("Autohaus Elm", "dealer"), ("Dealer Used Car", "dealer"), ("PRO", "dealer"),
        ("Forhandler", "dealer"), ("Agencija", "dealer"), ("Avtosalon", "dealer"), ("Vendeur professionnel", "dealer"),
        ("Diesel", ""), ("A shop beside the road", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_word_for_who_sells(text: str, kind: str) -> None:
    assert seller_kinds.alone(text) == kind


@pytest.mark.parametrize(
    ("name", "firm"),
    [
        ("Marine Point Ab", True), ("(株)湾岸不動産", True), ("Мото Експрес ЕООД", True), ("Elm & Fia Bt.", True),
        ("Studio Elm S.r.l.", True), ("Elm s.r.o.", True), ("Elm sp. z o.o.", True), ("Elm Ltd. Şti.", True),
        ("AUTOMOTORES DEL SUR", True), ("Elm Realty", True),
        ("Jan Novák", False), ("Carsten", False), ("Abel", False), ("Oyelaran", False), ("Ana Maria", False),
    ],
)  # fmt: skip
def test_the_name_of_a_firm(name: str, firm: bool) -> None:
    assert seller_kinds.is_firm(name) is firm


CARDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a word for who sells": (f"<li>{HEAD}<i>Privat</i></li>", {"seller": "private"}),
    "a word that may be a room": (f"<li>{HEAD}<i>Salon</i></li>", {"seller": ""}),
    "a town beside a pin": (f'<li>{HEAD}<p><svg><use xlink:href="/sprite.svg#pin"></use></svg> Ulm, Bayern</p></li>', {"city": "Ulm", "region": "Bayern"}),
    "a link beside a pin": (f'<li>{HEAD}<p><i class="icon-pin"></i> Show on the map</p></li>', {"city": ""}),
    "a title of an icon": (f'<li>{HEAD}<i class="icon-store" title="Händler"></i></li>', {"seller": "dealer"}),
    "a label and a value in elements": (f"<li>{HEAD}<div><span>Marke</span><span>Opel</span></div></li>", {"make": "Opel"}),
    "classes that end with a field": (
        f'<li>{HEAD}<b class="card__make">Opel</b><i class="card__model-name">Combi</i><i class="card__town">Ulm</i><i class="card__county">Kent</i></li>',
        {"make": "Opel", "model": "Combi", "city": "Ulm", "region": "Kent"},
    ),
    "a region that is a town": (f'<li>{HEAD}<p class="ads_region">Bauska un raj.</p></li>', {"city": "Bauska un raj.", "region": ""}),
    "a short name in brackets": (f'<li>{HEAD}<i class="place">Tivoli</i> <i class="city">(RM)</i></li>', {"city": "Tivoli"}),
    "a word that is a desk": (f"<li>{HEAD}<i>مكتب</i></li>", {"seller": ""}),
    "a word that is a bookshelf": (f"<li>{HEAD}<i>Libreria</i></li>", {"seller": ""}),
    "an element named for tests": (f'<li>{HEAD}<i data-aut-id="itemLocation">Ulm</i></li>', {"city": "Ulm"}),
    "the same word of a seller": (f'<li>{HEAD}<div class="seller"><i>Salon</i></div></li>', {"seller": "dealer"}),
    "a firm": (f'<li>{HEAD}<div class="shop"><i>(株)湾岸不動産</i></div></li>', {"seller": "dealer"}),
    "a firm without a name for it": (f"<li>{HEAD}<i>Kaapo Oy</i></li>", {"seller": "dealer"}),
    "an element called dealer": (f'<li>{HEAD}<div class="card__dealer">Elm & Son</div></li>', {"seller": "dealer"}),
    "a person in an element called dealer": (
        f'<li>{HEAD}<div class="dealer-box"><i>Частно лице</i></div></li>', {"seller": "private"},
    ),
    "an avatar of a user": (
        f'<li>{HEAD}<div class="user"><img class="avatar" src="https://img.example/logo/3.png"><i>Ana</i></div></li>', {"seller": ""},
    ),
    "a sign that says it when asked": (
        f'<li>{HEAD}<button class="card-location" data-content="Questo venditore privato si trova in Italia, Roma." '
        'data-title="Italia, Roma">IT</button></li>',
        {"seller": "private", "city": "Roma"},
    ),
    "a label and what follows it": (
        f'<li>{HEAD}<p><span class="caption">Lokacija: </span>Rijeka, Zamet<br></p></li>', {"city": "Rijeka"},
    ),
    "a postal code of letters": (f'<li>{HEAD}<p class="sub">1056 JM Amsterdam (Noord)</p></li>', {"city": "Amsterdam"}),
    "a region that says so": (f"<li>{HEAD}<p>Nitra, Nitriansky kraj</p></li>", {"city": "Nitra", "region": "Nitriansky kraj"}),
    "an area that is a surface": (f'<li>{HEAD}<p class="surface-area">58 m²</p></li>', {"city": ""}),
    "a state, and how far": (f"<li>{HEAD}<p>Scranton, PA (8 mi)</p></li>", {"city": "Scranton", "region": "PA"}),
    "a town beside a kind of seller": (
        f'<li>{HEAD}<div class="seller-info"><p>DE-34123 Kassel, Händler</p></div></li>', {"city": "Kassel", "seller": "dealer"},
    ),
    "a kind of seller with more words": (f'<li>{HEAD}<p class="seller-type">Dealer used and demo cars</p></li>', {"seller": "dealer"}),
    "attributes with a word of the site's own": (
        '<li data-webm-make="Mazda" data-webm-state="New South Wales"><a href="/ads/{n}"><img src="PHOTO"><h3>2021 Mazda {n}</h3></a>'
        '<p class="seller-location">New South Wales</p></li>',
        {"make": "Mazda", "region": "New South Wales", "city": ""},
    ),
    "a caption before the title": (
        '<li><a href="/ads/{n}"><img src="PHOTO"></a><p class="card__caption">Sold Nov 21, 2026</p><a href="/ads/{n}">'
        '<p class="card__title"><span class="new-listing">New Listing</span> <span>Tessar {n}mm</span></p></a></li>',
        {"title": "Tessar {n}mm"},
    ),
    "an action beside the title": (
        '<li><a href="/ads/{n}"><img src="PHOTO"></a><div class="titleValue"><a href="javascript:;">To favourites</a>'
        '<a href="/ads/{n}">Clio {n}, unfallfrei</a></div></li>',
        {"title": "Clio {n}, unfallfrei"},
    ),
    "a year by its label": (
        f'<li>{HEAD}<i>28.11.2026</i><b>TÜV 2031</b><span>EZ 11/2009</span></li>', {"year": 2009},
    ),
    "the day of the advert": (f"<li>{HEAD}<i>28.11.2026</i><span>03/2016</span></li>", {"year": 2016}),
    "a town in Hungarian": (f'<li>{HEAD}<p class="telepules">Érd</p></li>', {"city": "Érd"}),
    "a make in an attribute": (
        '<li><a data-manufacturer="Omega" data-state="open" href="/ads/{n}"><img src="PHOTO"><h3>Sea {n}</h3></a></li>',
        {"make": "Omega", "region": ""},
    ),
    "a make in what a photo is called": (
        '<li><a href="/ads/{n}"><img src="PHOTO" alt="Coat {n}, brand: H&amp;M, 12,50 €"></a><b>12,50 €</b></li>', {"make": "H&M"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_what_a_card_names(name: str) -> None:
    card, fields = CARDS[name]
    for listing, number in zip(cards_of(card), NUMBERS, strict=True):
        meant = {
            field: value.replace("{n}", str(number)) if isinstance(value, str) else value
            for field, value in fields.items()
        }
        assert fields_of(listing, fields) == meant


def test_the_columns_of_a_table_are_named_in_its_head() -> None:
    head = '<tr><td colspan="2">Adverts</td><td>Marka</td><td>Modelis</td><td>Vieta</td><td>Cena</td></tr>'
    row = '<tr><td><a href="/ads/{n}"><img src="PHOTO"></a></td><td><a href="/ads/{n}">For sale, runs well {n}</a></td><td>John Deere</td><td>6155R</td><td>Rīga</td><td>79,900 €</td></tr>'
    for one in cards_of(row, around=f"<table>{head}{{}}</table>"):
        assert (one.make, one.model, one.city) == ("John Deere", "6155R", "Rīga")


def test_a_column_of_two_places_has_the_larger_one_first() -> None:
    head = "<thead><tr><td></td><td>Marka</td><td>Fiyat</td><td>İl / İlçe</td></tr></thead>"
    row = '<tr><td><a href="/ads/{n}"><img src="PHOTO" alt="Clio {n}">Clio {n}</a></td><td>Renault</td><td>900 TL</td><td class="location">İzmir<br>Bornova</td></tr>'
    for one in cards_of(row, around=f"<table>{head}<tbody>{{}}</tbody></table>"):
        assert (one.make, one.city, one.region) == ("Renault", "Bornova", "İzmir")


DATA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an advert of a firm": ({"company_ad": True}, {"seller": "dealer"}),
    "an advert of none": ({"company_ad": False}, {"seller": "private"}),
    "a shop among other flags": ({"is_agent": False, "is_shop": True}, {"seller": "dealer"}),
    "a home that is no office": ({"commercial": False}, {"seller": ""}),
    "a kind of advert": ({"adType": "commercial"}, {"seller": "dealer"}),
    "a kind of advert that is none": ({"adType": "sale"}, {"seller": ""}),
    "a firm in another language": ({"seller_type": "Forhandler"}, {"seller": "dealer"}),
    "an agency within": ({"advertiser": {"agency": {"type": "agency", "displayName": "Elm"}}}, {"seller": "dealer"}),
    "the name of an agency": ({"customer": {"id": 7, "agencyName": "Elm"}}, {"seller": "dealer"}),
    "a seller by name": ({"item_seller": "Yksityinen"}, {"seller": "private"}),
    "a firm by name": ({"seller": {"name": "Elm GmbH"}}, {"seller": "dealer"}),
    "a person by name": ({"seller": {"name": "Ana"}}, {"seller": ""}),
    "a seller with a logo": ({"customerName": "Elm", "customerLogoUrl": "https://img.example/c/7.jpg"}, {"seller": "dealer"}),
    "numbers before names": (
        {"region": 13000, "region_name": "Hà Nội", "area_name": "Quận 7", "motorbikebrand": 1, "motorbikebrand_name": "Honda"},
        {"region": "Hà Nội", "city": "Quận 7", "make": "Honda"},
    ),
    "texts in objects": (
        {"address": {"area": {"id": 3, "text": "Haifa area"}, "city": {"text": "Haifa"}}, "manufacturer": {"id": 5, "text": "Mazda"}},
        {"region": "Haifa area", "city": "Haifa", "make": "Mazda"},
    ),
    "an area without a town": ({"address": {"area": {"text": "Haifa area"}, "city": None}}, {"region": "Haifa area", "city": ""}),
    "keys of a search index": ({"fields": {"grad_s": "Novi Sad", "oglasivac_stana_s": "Agencija"}}, {"city": "Novi Sad", "seller": "dealer"}),
    "a seller that is not private": ({"sellerData": {"displayName": "Ana", "isPrivate": False}}, {"seller": "dealer"}),
    "values beside their labels": (
        {"geo": {"region": {"value": "Lazio", "label": "Regione"}, "city": {"value": "Roma"}, "town": {"value": "Tivoli"}}},
        {"city": "Tivoli", "region": "Lazio"},
    ),
    "places from the large to the small": (
        {"location": [{"name": "Egypt", "level": 0}, {"name": "Cairo", "level": 1}, {"name": "Nasr City", "level": 2}]},
        {"city": "Nasr City", "region": "Cairo"},
    ),
    "a canton": ({"postcodeInformation": {"canton": {"name": "Bern"}, "locationName": "Thun"}}, {"city": "Thun", "region": "Bern"}),
    "a place among attributes": (
        {"attributes": {"attribute": [{"name": "LOCATION", "values": ["Wien"]}, {"name": "ISPRIVATE", "values": ["0"]}]}},
        {"city": "Wien", "seller": "dealer"},
    ),
    "for sale by": ({"attributes": [{"canonicalName": "forsaleby", "name": "forsaleby", "value": "ownr"}]}, {"seller": "private"}),
    "a town of a city": ({"location": {"cityName": "Samsun", "townName": "Atakum"}}, {"city": "Atakum", "region": "Samsun"}),
    "the state that goods are in": ({"estado": "Como nuevo"}, {"region": ""}),
    "prices of which one is struck out": (
        {"price": None, "pricing": {"prices": [{"value": 16999, "strikeOff": True}, {"value": 12999}], "mrp": {"value": 16999}}},
        {"price": 12999},
    ),
    "a final price beside others": ({"price": None, "pricing": {"listPrice": {"value": 16999}, "finalPrice": {"value": 12999}}}, {"price": 12999}),
    "a year called model": ({"attributes": [{"name": "YEAR_MODEL", "values": ["2017"]}, {"name": "CAR/MODEL", "values": ["Multivan"]}]}, {"model": "Multivan", "year": 2017}),
    "a title in an object": (
        {"subject": None, "title": {"original": "Combi Style S"}, "shipping": {"title": "Shipping"}}, {"title": "Combi Style S"},
    ),
    "a version under a name of the site's own": (
        {"subject": None, "oem": "Combi", "model": "Style", "dvn": "2015 Combi Style i CVT"}, {"title": "2015 Combi Style i CVT"},
    ),
    "a street in an address": (
        {"subject": None, "streetAddress": "12 Combi St", "address": "12 Combi St, Austin, TX 78757"}, {"title": "12 Combi St, Austin, TX 78757"},
    ),
    "a value that is no price": ({"price": None, "floor": {"value": "3"}}, {"price": 11490}),
}  # fmt: skip


@pytest.mark.parametrize(("data", "fields"), DATA.values(), ids=DATA)
def test_what_data_name(data: dict[str, Any], fields: dict[str, Any]) -> None:
    assert fields_of(data_of(data), fields) == fields


def test_data_of_an_element_beside_the_list_are_beside_it() -> None:
    def card(n: int) -> str:
        data = json.dumps({"item_id": n, "item_name": f"Combi {n}", "price": 900, "url": f"/ads/{n}"})
        return f"<div class='card' data-layer='{data}'><a href='/ads/{n}'><img src='{PHOTO.format(n=n)}'><h3>Combi {n}</h3></a><b>900 €</b></div>"

    beside = "".join(map(card, range(8100300, 8100304)))
    text = page(
        f"<main>{''.join(map(card, NUMBERS))}</main><section class='recommended'><h2>Recommended</h2>{beside}</section>"
    )
    found = extract(text, "https://ads.example/all").listings
    assert [one.title for one in found] == [f"Combi {n}" for n in NUMBERS]


CURRENCIES: dict[str, tuple[str, str, str, str, str]] = {  # head, language, url, price, currency
    "dollars of the page's country": ("", "en-NZ", "https://ads.example/all", "$4,500", "NZD"),
    "dollars of a locale": ('<meta property="og:locale" content="fr_CA">', "fr", "https://ads.example/all", "4 500 $", "CAD"),
    "dollars of a host": ("", "es", "https://ads.com.mx/all", "$ 4,500", "MXN"),
    "dollars on a page that names them": ('<script>var a={currency:"USD"}</script>', "en-NZ", "https://ads.example/all", "$4,500", "USD"),
    "dollars that the page names otherwise": (
        '<meta itemprop="priceCurrency" content="AUD">', "en-US", "https://ads.example/all", "$4,500", "AUD",
    ),
    "dollars that say whose they are": ("", "es-AR", "https://ads.example/all", "US$ 4.500", "USD"),
    "dollars of a template": ("", "en-US", "https://ads.example.nz/all", "$4,500", "NZD"),
    "dollars of an ending that all take": ("", "en", "https://ads.example.co/all", "$4,500", "USD"),
    "crowns of a language": ("", "da", "https://ads.example/all", "4.500 kr", "DKK"),
    "crowns that nothing tells": ("", "en", "https://ads.example/all", "4.500 kr", "SEK"),
    "dinars of a country before the host": ("", "ar", "https://kw.ads.example/all", "450 دينار", "KWD"),
    "dong": ("", "vi", "https://ads.example/all", "41.000.000 đ", "VND"),
    "toman in Persian digits": ("", "fa", "https://ads.example/all", "۲۸٬۵۰۰٬۰۰۰ تومان", "IRT"),
}  # fmt: skip


@pytest.mark.parametrize("name", CURRENCIES)
def test_the_currency_that_a_page_means(name: str) -> None:
    head, language, url, price, currency = CURRENCIES[name]
    card = f'<li><a href="/ads/{{n}}"><img src="PHOTO"><h3>Combi {{n}}</h3></a><b>{price}</b></li>'
    found = extract(page(f"<ul>{painted(card)}</ul>", head, language), url).listings
    assert [one.currency for one in found] == [currency] * len(NUMBERS)
    digits = "".join(str(int(sign)) for sign in price if sign.isdigit())
    assert [one.price for one in found] == [float(digits)] * len(NUMBERS)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("U$S 15.000", (15000, "USD")), ("12 000 у.е.", (12000, "USD")), ("85 000 DH", (85000, "AED")), ("2.0 DH", None),
        ("Fr. 29'900.–", (29900, "CHF")), ("Fr. 28.11.", None), ("Rs 4,50,000", (450000, "INR")), ("450 din", (450, "RSD")),
        ("Rp 150 Juta", (150e6, "IDR")), ("1,2 tỷ", (1.2e9, "VND")), ("4 500 000 FCFA", (4.5e6, "XOF")), ("đường 5", None),
        ("25 د.أ", (25, "JOD")), ("RD$ 450,000", (450000, "DOP")),
    ],
)  # fmt: skip
def test_prices_as_countries_write_them(text: str, price: tuple[float, str] | None) -> None:
    match = PRICE.search(text)
    assert (money(match[0]) if match else None) == price


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"price": None, "currentBidAmount": {"EUR": 2600, "USD": 2810}}, {"price": 2600, "currency": "EUR"}),
        ({"price_amount": "25 د.أ", "price_currency_iso": "JOD", "price": None}, {"price": 25, "currency": "JOD"}),
    ],
)
def test_amounts_of_several_currencies(data: dict[str, Any], fields: dict[str, Any]) -> None:
    own = {"id": 8100231, "subject": "Combi", "images": [PHOTO.format(n=n) for n in NUMBERS]} | data
    script = f'<script type="application/json">{json.dumps({"item": own})}</script>'
    (listing,) = extract(page(f"<h1>Combi</h1>{script}"), "https://ads.example/ads/8100231.html", True).listings
    assert fields_of(listing, fields) == fields


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ('<span class="price-main">€ 1.950 per maand</span>', 1950),
        ('<span class="price-main">from € 195 per month</span>', None),
        ('<span class="price-main">€ 9.900</span><i>€ 195 per month</i>', 9900),
        ('<span class="price-finance">€ 195 per month</span>', None),
    ],
)
def test_a_price_a_month_is_one_where_there_is_no_other(said: str, price: float | None) -> None:
    card = '<li><a href="/ads/{n}"><img src="PHOTO"><h3>Flat {n} by the sea</h3></a>' + said + "</li>"
    assert [one.price for one in cards_of(card)] == [price] * len(NUMBERS)


def listed(adverts: list[tuple[str, str]], before: str = "") -> list[Any]:
    """The listings of a page that shows adverts of (address, title)."""
    cards = "".join(
        f'<li><a href="{at}"><img src="{PHOTO.format(n=81000 + n)}"><h3>{title}</h3></a><b>{900 + n} €</b></li>'
        for n, (at, title) in enumerate(adverts)
    )
    found = extract(page(f"{before}<ul>{cards}</ul>"), "https://ads.example/all").listings
    assert [one.title for one in found] == [title for _, title in adverts]
    return list(found)


TRUCKS = [
    ("/used/man/tgx_18_440/advert-8100231", 'MAN TGX 18.440 "XLX"'),
    ("/used/mercedes-benz/actros-1845/advert-8100232", "MERCEDES-BENZ ACTROS 1845 Stream"),
    ("/used/john-deere-514/6155r/advert-8100233", "John Deere 6155R"),
    ("/used/skoda/105/advert-8100234", "Škoda 105 L"),
    ("/used/other/advert-8100235", "Ladder"),
]


def test_the_make_and_the_model_are_parts_of_the_address_that_titles_begin_with() -> None:
    assert [(one.make, one.model) for one in listed(TRUCKS)] == [
        ("MAN", "TGX 18.440"), ("MERCEDES-BENZ", "ACTROS 1845"), ("John Deere", "6155R"), ("Škoda", ""), ("", ""),
    ]  # fmt: skip


def test_a_category_that_titles_begin_with_is_no_make() -> None:
    homes = [
        (f"/{kind}/jena/advert-810023{n}", f"{kind.title()} Elm Street {n}")
        for n, kind in enumerate(("house", "flat") * 3)
    ]
    same = [(f"/sofa/blue/advert-810023{n}", f"Sofa blue, as new {n}") for n in range(6)]
    assert [one.make for one in listed(homes)] == [one.make for one in listed(same)] == [""] * 6


def test_the_make_is_one_that_the_filter_offers() -> None:
    select = '<select name="marka"><option value="">All</option><option>BMW</option><option>Land Rover (12)</option></select>'
    adverts = [
        (f"/advert-810023{n}", title)
        for n, title in enumerate(("BMW R 1250", "Land Rover 90", "All sizes", "BMWs"))
    ]
    assert [one.make for one in listed(adverts, select)] == ["BMW", "Land Rover", "", ""]
    other = select.replace("marka", "colour")
    assert {one.make for one in listed(adverts, other)} == {""}


@pytest.mark.parametrize(
    ("crumbs", "make", "model"),
    [
        (("Cars", "Opel", "Combi"), "Opel", "Combi"),
        (("オペル", "Opel", "Combi", "詳細"), "Opel", "Combi"),
        (("Cars", "Opel"), "", ""),
        (("Opel", "Astra"), "", ""),
    ],
)
def test_make_and_model_one_after_the_other_in_a_breadcrumb(
    crumbs: tuple[str, ...], make: str, model: str
) -> None:
    links = "".join(f'<a href="/{crumb}">{crumb}</a>' for crumb in crumbs)
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    text = page(
        f'<nav class="breadcrumb">{links}</nav><main><h1>Opel Combi 1.6</h1><div class="gallery">{photos}</div><p>900 €</p></main>'
    )
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert (listing.make, listing.model) == (make, model)


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a place below the data's": (
        '<p class="location">Yenimahalle Mh. Atakum, Samsun</p>', {"city": "Atakum", "region": "Samsun"},
    ),
    "a place of who reads": ('<p class="location">Set your location</p>', {"city": "Samsun"}),
    "a box about the seller": ('<aside><div class="shop-box"><b>Elit</b><i>Avtosalon</i></div></aside>', {"seller": "dealer"}),
    "a box about another seller": (
        '<aside class="similar-ads"><div class="shop-box"><i>Avtosalon</i></div></aside>', {"seller": ""},
    ),
    "a box with a firm's name": ('<div class="shopInfo"><p class="shopName">(株)Elm</p></div>', {"seller": "dealer"}),
    "a label": ("<div><label>Kimden</label><span>Sahibinden</span></div>", {"seller": "private"}),
    "a title that heading and head agree on": ("", {"title": 'Teacher\'s "spotless" Passat'}),
    "a model that is a title": ("", {"make": "VW", "model": "Passat"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_of_a_listing_names(name: str) -> None:
    body, fields = PAGES[name]
    photos = [f"https://img.example/8100231/{k}c7e9b.jpg" for k in range(5)]
    own = {
        "advertId": 8100231,
        "modelName": "VW Passat 1.6",
        "price": 900,
        "location": {"cityName": "Samsun"},
        "photos": photos,
    }
    title = "Teacher's &quot;spotless&quot; Passat"
    linked = {
        "@type": "Car",
        "name": title.replace("&quot;", '"'),
        "brand": {"@type": "Brand", "name": "VW"},
        "model": "Passat",
        "image": photos[0],
        "url": "https://ads.example/ads/8100231.html",
    }
    head = f'<meta property="og:title" content="{title}"><script type="application/ld+json">{json.dumps(linked)}</script>'
    script = f'<script type="application/json">{json.dumps({"advert": own})}</script>'
    text = page(f"<main><h1>{title}</h1>{body}<p>900 €</p></main>{script}", head)
    (listing,) = extract(text, "https://ads.example/ads/8100231.html", True).listings
    assert fields_of(listing, fields) == fields


def test_the_title_of_a_card_has_no_year_behind_it() -> None:
    adverts = [
        {
            "@type": "Product",
            "name": f"Buster {n} (2019)",
            "vehicleModelDate": "2019",
            "url": f"https://ads.example/ads/{n}",
            "image": PHOTO.format(n=n),
            "offers": {"price": 900, "priceCurrency": "EUR"},
        }
        for n in NUMBERS
    ]
    linked = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": one} for one in adverts]}
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="{PHOTO.format(n=n)}"><h3>Buster {n}</h3></a><b>900 €</b></li>'
        for n in NUMBERS
    )
    text = page(f'<ul>{cards}</ul><script type="application/ld+json">{json.dumps(linked)}</script>')
    found = extract(text, "https://ads.example/all").listings
    assert [(one.title, one.year) for one in found] == [(f"Buster {n}", 2019) for n in NUMBERS]


@pytest.mark.parametrize(
    ("heading", "below", "declared", "data", "title"),
    [
        ("Volvo V90", "B4 AWD", "Volvo V90 B4 AWD", "Volvo V90", "Volvo V90 B4 AWD"),
        ("Volvo V90", "149 000 kr", "Volvo V90 B4 AWD", "Volvo V90", "Volvo V90"),
        ("Gravel bike M", "", "Gravel bike M", "Shipping", "Gravel bike M"),
        ("Gravel bike M", "", "Gravel bike M", "Gravel bike M, as new", "Gravel bike M"),
        ("Ads", "", "Ads", "Gravel bike M", "Gravel bike M"),
        ("Gravel bike", "", "Buy gravel bikes", "Gravel bike M", "Gravel bike M"),
    ],
)
def test_the_title_of_a_page(heading: str, below: str, declared: str, data: str, title: str) -> None:
    own = {"id": 8100231, "subject": data, "price": 900, "images": [PHOTO.format(n=n) for n in NUMBERS]}
    script = f'<script type="application/json">{json.dumps({"item": own})}</script>'
    text = page(f"<h1>{heading}</h1><p>{below}</p>{script}", f'<meta property="og:title" content="{declared}">')
    (listing,) = extract(text, "https://ads.example/ads/8100231.html", True).listings
    assert listing.title == title


@pytest.mark.parametrize(("shown", "price"), [("3,990만원", 39_900_000), ("3,990원", 3_990)])
def test_data_in_ten_thousands_of_what_the_page_prints(shown: str, price: float) -> None:
    own = {"id": 8100231, "subject": "Combi", "price": 3990, "images": [PHOTO.format(n=n) for n in NUMBERS]}
    script = f'<script type="application/json">{json.dumps({"item": own})}</script>'
    text = page(f"<h1>Combi</h1><p>{shown}</p>{script}", language="ko")
    (listing,) = extract(text, "https://ads.example/ads/8100231.html", True).listings
    assert (listing.price, listing.currency) == (price, "KRW")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (
            "<table><tr><th>ハンドル</th><td>右</td><th>年式(初度登録)</th><td>2014(平成26)年</td></tr></table>",
            {"year": 2014},
        ),
        (
            "<dl><dt>Modellår</dt><dd>2021</dd><dt>Estado</dt><dd>Como nuevo</dd></dl>",
            {"year": 2021, "region": ""},
        ),
        ('<a href="https://www.google.com/maps/search/?query=x">Hisings Backa</a>', {"city": "Hisings Backa"}),
    ],
)
def test_labels_and_links_of_a_page(body: str, fields: dict[str, Any]) -> None:
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    text = page(f'<main><h1>Combi</h1><div class="gallery">{photos}</div><p>900 €</p>{body}</main>')
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert fields_of(listing, fields) == fields


def test_the_whole_of_an_address_is_no_make() -> None:
    adverts = [(f"/cars/2021-mazda-cx-{n}-akera/AD-810023{n}", f"2021 Mazda CX-{n} Akera") for n in range(6)]
    assert {one.make for one in listed(adverts)} == {""}


@pytest.mark.parametrize(
    ("layer", "fields"),
    [
        ({"ad_id": "8100231", "vehicle_make": "Opel", "carModel": "Combi", "ad_city": "Ulm", "seller_type": "dealer"},
         {"make": "Opel", "model": "Combi", "city": "Ulm", "seller": "dealer"}),
        ({"price": 12900, "vehicle_make": "Opel", "region": "Bayern"}, {"make": "Opel", "region": "Bayern"}),
        ({"price": 900, "vehicle_make": "Opel", "region": "Bayern"}, {"make": "", "region": ""}),
        ({"country": "DE", "city": "Frankfurt", "region": "Hessen"}, {"city": "", "region": ""}),
    ],
)  # fmt: skip
def test_what_a_page_tells_its_counters(layer: dict[str, Any], fields: dict[str, str]) -> None:
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    script = f"<script>window.dataLayer = window.dataLayer || []; dataLayer.push({json.dumps(layer)});</script>"
    text = page(f'{script}<main><h1>Runs well</h1><div class="gallery">{photos}</div><p>12.900 €</p></main>')
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert fields_of(listing, fields) == fields


def test_the_fields_of_a_head() -> None:
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    head = '<meta property="product:brand" content="Opel"><meta name="twitter:label1" content="Location"><meta name="geo.placename" content="Ulm"><meta name="twitter:label2" content="Region"><meta name="twitter:data2" content="Bayern">'
    text = page(f'<main><h1>Runs well</h1><div class="gallery">{photos}</div><p>12.900 €</p></main>', head)
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert (listing.make, listing.city, listing.region) == ("Opel", "Ulm", "Bayern")


@pytest.mark.parametrize(
    ("label", "value", "seller"),
    [("Anbieter", "Hans Müller", ""), ("Anbietertyp", "Verein", "Verein"), ("Anbieter", "Privat", "private")],
)
def test_the_name_of_a_seller_is_no_kind(label: str, value: str, seller: str) -> None:
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    text = page(
        f'<main><h1>Combi</h1><div class="gallery">{photos}</div><p>900 €</p><dl><dt>{label}</dt><dd>{value}</dd></dl></main>'
    )
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert listing.seller == seller


def test_boxes_of_sellers_in_one_another_are_read_once() -> None:
    def seconds(name: str) -> float:
        boxes = f'<div class="{name}">' * 1_500 + "a" + "</div>" * 1_500
        photos = "".join(
            f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
        )
        text = page(f'<main><h1>Combi</h1><div class="gallery">{photos}</div><p>900 €</p>{boxes}</main>')
        began = time.process_time()
        extract(text, "https://ads.example/ads/8100231.html")
        return time.process_time() - began

    plain = min(seconds("x") for _ in range(2))
    assert min(seconds("seller-box") for _ in range(2)) < 4 * plain
