"""What a card and the page of a listing say in plain texts: titles, prices among other sums, places, dates."""

import json
from html import escape
from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.dates import moment, posted_in
from curate.fetch.sources.money import of_the_country
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_facts import NUMBERS, PHOTO, data_of, fields_of, painted

CARDS: dict[str, tuple[str, dict[str, Any]]] = {
    "the title has a price": (
        '<a class="flex" aria-label="Scooter {n} ($90 OFF)" href="/ads/{n}"><img src="PHOTO" alt="">'
        "<div><div>Scooter {n} ($90 OFF)</div><div><span>Sandy<!-- -->, <!-- -->UT</span></div><b>$1,599.00</b></div></a>",
        {"title": "Scooter {n} ($90 OFF)", "price": 1599, "currency": "USD", "city": "Sandy", "region": "UT"},
    ),
    "a town and a state": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Canoe {n}</h3><p>Sandy, UT 84070</p><b>$200</b></a>',
        {"title": "Canoe {n}", "city": "Sandy", "price": 200},
    ),
    "two prices without names": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Combi {n}</h3><div class="c-p8"><span class="c-1o">CHF 29\'900.–</span>'
        '<span class="c-8n">CHF 24\'500.–</span><span class="c-mm">ab CHF 249.–/Mt.</span></div><i>Inseriert: 10.11.2026</i></a>',
        {"price": 24500, "currency": "CHF", "posted": "2026-11-10"},
    ),
    "a comma after a bold word": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><div class="h2"><a href="/ads/{n}"><strong>Elm St {n}</strong>, Jena</a></div>'
        "<p>293 980 €</p></div>",
        {"title": "Elm St {n}, Jena", "price": 293980},
    ),
    "cents in an element of their own": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price-now"><span>R$</span><span>285</span><span class="amount-cents">99</span></div><p>6x R$ 47,67</p></a>',
        {"price": 285.99, "currency": "BRL"},
    ),
    "a comma in an element of its own": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price"><span>R$</span><span>215</span><span>,</span><sup>90</sup></div></a>',
        {"price": 215.9, "currency": "BRL"},
    ),
    "instalments after the price": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price">€ 9,900, 12 months</div></a>', {"price": 9900},
    ),
    "instalments after a price with cents": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price">R$ 1.299, 10x de R$ 129,90</div></a>', {"price": 1299},
    ),
    "a number left after a comma": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price">$ 285 , 2 left</div></a>', {"price": 285},
    ),
    "a comma before cents above the line": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price"><b>R$ 215,</b><sup>90</sup></div></a>', {"price": 215.9},
    ),
    "parts before a unit": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Note {n}</h3><div class="price"><b>323</b><i>.9</i>万円</div></a>', {"price": 3_239_000},
    ),
    "a percentage beside the price": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Pot {n}</h3><div class="price">$ 285 <span class="discount-percent">15</span> %</div></a>',
        {"price": 285},
    ),
    "a price in naira": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Phone {n}</h3><b>₦ 244,000</b></a>',
        {"price": 244_000, "currency": "NGN"},
    ),
    "a price in tenge": (
        '<div><a href="/ads/{n}"><img src="PHOTO"><h3>Flat {n}</h3></a><div class="price">25&nbsp;000&nbsp;000 <span>〒</span></div></div>',
        {"price": 25_000_000, "currency": "KZT"},
    ),
    "drams a month, and a date by itself": (
        '<a href="/ads/{n}"><img src="PHOTO"><div class="p">250,000 ֏ в месяц</div><div class="l">Flat in Arabkir {n}</div><div class="datum">18.11.2021</div></a>',
        {"title": "Flat in Arabkir {n}", "price": 250_000, "currency": "AMD", "posted": "2021-11-18"},
    ),
    "facts between bullets": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Vespa {n}</h3><b>9.900 €</b><i>Inserat online seit 3.9.2026, 19:09</i>'
        "<p>Unfallfrei • EZ 02/2021 • 20.372 km • 51 kW (69 PS)</p><span>Haus Lindner</span><span>28195 Bremen</span></a>",
        {"year": 2021, "posted": "2026-09-03", "city": "Bremen"},
    ),
    "a day of registration": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Vespa {n}</h3><b>CHF 9\'900</b><i>Inserat vom 3.9.2026</i><p>1. Inv. 15.03.2018</p></a>',
        {"year": 2018, "posted": "2026-09-03"},
    ),
    "a sum is no town": (
        '<a href="/ads/{n}"><img src="PHOTO"><h3>Vespa {n}</h3><b>9.900 €</b><span>20372 Kilometer</span></a>', {"city": ""},
    ),
    "a town above its part": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><h3>Yaris {n}</h3><b>9.900 TL</b><p class="location">İstanbul<br>Kadıköy</p></div>',
        {"city": "İstanbul", "region": "Kadıköy"},
    ),
    "a town above its number": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><h3>Kolo {n}</h3><b>900 Kč</b><div class="inzeratylok">Plzeň<br>301 00</div></div>',
        {"city": "Plzeň", "region": ""},
    ),
    "a box is no place": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><div class="oferta-blok"><span>Kolo</span></div><h3>Kolo {n}</h3><b>900 Kč</b></div>',
        {"city": ""},
    ),
    "what is short, and a marketplace, are no places": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><p class="text-short">Wie neu</p><div class="marketplace-card"><span>Kolo</span></div>'
        '<h3>Kolo {n}</h3><b>900 €</b><i class="standort">Ulm</i></div>',
        {"city": "Ulm"},
    ),
    "a region above its town": (
        '<div><a href="/ads/{n}"><img src="PHOTO"></a><h3>Note {n}</h3><b>99万円</b><div class="area"><p>愛知県</p><p>名古屋市</p></div></div>',
        {"city": "名古屋市", "region": "愛知県"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_what_a_card_says(name: str) -> None:
    card, fields = CARDS[name]
    found = extract(page(f"<main>{painted(card)}</main>"), "https://ads.example/all", None).listings
    assert len(found) == len(NUMBERS)
    for listing, number in zip(found, NUMBERS, strict=True):
        for field, value in fields.items():
            assert getattr(listing, field) == (value.format(n=number) if isinstance(value, str) else value), field


@pytest.mark.parametrize(
    ("part", "city"),
    [
        *[
            ("28195 Bremen", "Bremen"),
            ("CH-8001 Zürich", "Zürich"),
            ("89073 Ulm", "Ulm"),
            ("75001 PARIS", "PARIS"),
        ],
        *[
            (f"25000 {unit}", "")
            for unit in ("AED", "SEK", "Lei", "BHP", "Dirham", "Views", "Aufrufe", "просмотров")
        ],
    ],
)
def test_a_number_and_a_unit_are_no_town(part: str, city: str) -> None:
    cards = "".join(f'<li><a href="/ads/{n}"><img src="{PHOTO.format(n=n)}"><h3>Vespa {n}</h3><span>{part}</span></a></li>' for n in range(8100231, 8100235))  # fmt: skip
    found = extract(page(f"<ul>{cards}</ul>"), "https://ads.example/all").listings
    assert [one.city for one in found] == [city] * 4


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a deposit before the rent": (
        "<table><tr><td>Deposit</td><td>£2,950.00</td></tr><tr><td>Rent</td><td>£2,850.00</td></tr></table>",
        {"price": 2850, "currency": "GBP"},
    ),
    "a unit of account and a fee": (
        '<div class="second"><span class="a-price"><i>UF</i><b>8.500</b></span></div><p class="price">$ 120.000 gastos comunes</p>',
        {"price": 8500, "currency": "CLF"},
    ),
    "a rent with its charges": ('<p class="price">850 € charges comprises</p>', {"price": 850}),
    "a delivery that is free": ("<div><span>Free delivery</span><span>£12,995</span></div>", {"price": 12995}),
    "a delivery that is none": (
        "<div><span>Home delivery</span><span>£249</span></div><div><span>£12,995</span></div>", {"price": 12995},
    ),
    "a delivery in the price": ('<p class="price">£12,995 <small>+ £99 delivery</small></p>', {"price": 12995}),
    "net beside gross": (
        "<div><span class=c-1>23.800 €</span><span class=c-2>20.000 €</span></div>",
        {"price": 23800, "currency": "EUR"},
    ),
    "a deposit beside the price": (
        "<div><b>8.000 €</b><span>Kaution</span><b>3.000 €</b></div>",
        {"price": 8000, "currency": "EUR"},
    ),
    "two prices without names": (
        "<div><span class=c-1>CHF 29'900.–</span><span class=c-2>CHF 24'500.–</span></div>",
        {"price": 24500, "currency": "CHF"},
    ),
    "labels in a list": (
        "<p>€ 9.900</p><ul><li><span>Year:</span> 2019</li><li>Engine size: 1,2 l</li><li><span>Posted:</span> 19.06.2026 09:56</li></ul>",
        {"year": 2019, "posted": "2026-06-19", "price": 9900},
    ),
    "cents behind a point in spans": (
        '<div class="price priceToPay"><span class="offscreen"> </span><span><span>$</span><span class="whole">33<span>.</span></span><span class="fraction">75</span></span></div>',
        {"price": 33.75},
    ),
    "labels and values without a list": (
        "<p>9.900 €</p><div><div>1. Inverkehrsetzung</div><div>03.2020</div></div><div><div>Marke</div><div>Opel</div></div>",
        {"year": 2020, "make": "Opel", "posted": ""},
    ),
    "a day without a name": ("<p>9.900 €</p><span>Top - [22.11. 2026]</span><p>seen 14/03/2025 here</p>", {"year": None}),
    "a date in a text": ("<p>9.900 €</p><p>Elan yaradıldı: 3 mart 2026</p><p>Yeniləndi: 12 sentyabr 2026</p>", {"posted": "2026-03-03"}),
    "a date that is marked up": (
        '<p>9.900 €</p><div class="footer"><span itemprop="datePosted" content="2023-12-10T05:05:04+00:00">10.12.</span></div>',
        {"posted": "2023-12-10T05:05:04"},
    ),
    "a date beside": ('<p>9.900 €</p><div class="similar"><p>Posted: 19.06.2026</p></div>', {"posted": ""}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_of_a_listing_says(name: str) -> None:
    body, fields = PAGES[name]
    photos = "".join(
        f'<div class="slide"><img src="https://img.example/8100231/{k}c7e9b.jpg"></div>' for k in range(5)
    )
    text = page(f'<main><h1>Combi Style</h1><div class="gallery">{photos}</div>{body}</main>')
    (listing,) = extract(text, "https://ads.example/ads/8100231.html").listings
    assert fields_of(listing, fields) == fields
    assert len(listing.photos) == 5


DATA: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "names within objects": (
        {"make": {"localized": "Škoda"}, "model": {"localized": "Octavia"}, "contact": {"enumType": "DEALER"}},
        {"make": "Škoda", "model": "Octavia", "seller": "dealer"},
    ),
    "the site is no make": (
        {"brand": "wheels", "attributes": [{"key": "u_moto_brand", "value": "YAMAHA", "value_label": "Yamaha"}, {"key": "u_moto_model", "value_label": "MT-07"}]},
        {"make": "Yamaha", "model": "MT-07"},
    ),
    "several values of one feature": (
        {"id": None, "category": {"id": "2", "label": "Auto"}, "features": {"/car": {"label": "Auto", "values": [{"key": "40", "value": "Renault", "label": "Marca"}, {"key": "1", "value": "Captur", "label": "Modello"}]}}},
        {"make": "Renault", "model": "Captur", "listing_id": ""},
    ),
    "the year of the model and of the car": ({"modelDate": 2014, "productionDate": 2016}, {"year": 2016}),
    "a number for a title": ({"subject": None, "title": "1.5"}, {"title": "Combi Style"}),
    "an amount alone": ({"price": 11490}, {"price": 11490, "currency": "EUR"}),
    "a seller that is no firm": ({"advertiser": {"name": "Ana", "company": False}}, {"seller": "private"}),
    "the sign beside the amount": ({"price": {"value": 2440, "view": "₦ 2,440"}}, {"price": 2440, "currency": "NGN"}),
    "what kind of seller that is no kind": ({"posterInfo": {"__typename": "PosterInfoV2"}}, {"seller": ""}),
}  # fmt: skip


@pytest.mark.parametrize(("data", "fields"), DATA.values(), ids=DATA)
def test_what_data_say(data: dict[str, Any], fields: dict[str, Any]) -> None:
    listing = data_of(data)
    assert fields_of(listing, fields) == fields
    assert len(listing.photos) == 5


@pytest.mark.parametrize(("unit", "shown", "meant"), [({}, "€", "EUR"), ({"currency_code": "NOK"}, "kr", "NOK")])
def test_the_currency_of_a_list(unit: dict[str, str], shown: str, meant: str) -> None:
    """Data without one take that of the cards shown; a sign of several currencies is the one that the data name."""
    numbers = range(8100231, 8100239)
    ads = [{"id": n, "heading": f"Combi {n}", "price": {"amount": n % 900} | unit, "url": f"/ads/{n}", "image": PHOTO.format(n=n)} for n in numbers]  # fmt: skip
    cards = "".join(f'<li><a href="/ads/{n}"><img src="{PHOTO.format(n=n)}"><h3>Combi {n}</h3></a><b>{n % 900} {shown}</b></li>' for n in numbers[: 3 if not unit else 8])  # fmt: skip
    script = f'<script type="application/json">{json.dumps({"state": {"ads": ads}})}</script>'
    found = extract(page(f"<ul>{cards}</ul>{script}"), "https://ads.example/all").listings
    assert [one.currency for one in found] == [meant] * len(numbers)


def test_a_listing_that_stands_in_a_list_several_times_is_filled_from_the_data() -> None:
    def card(n: int, at: int) -> str:
        return f'<li><a href="/ads/combi-{n}?ad={at}"><h3>Combi {n}</h3><b>{n % 900} €</b><img src="{PHOTO.format(n=n)}"></a></li>'

    numbers = [8100231, *range(8100231, 8100239), 8100231]
    ads = [{"id": n, "title": f"Combi {n}", "url": f"/ads/combi-{n}", "images": [f"https://img.example/{n}/{k}f3a5c.jpg" for k in range(3)]} for n in range(8100231, 8100239)]  # fmt: skip
    script = f'<script type="application/json">{json.dumps({"state": {"ads": ads}})}</script>'
    cards = "".join(card(n, at) for at, n in enumerate(numbers))
    found = extract(page(f"<ul>{cards}</ul>{script}"), "https://ads.example/all").listings
    assert [one.title for one in found] == [f"Combi {n}" for n in numbers]
    assert len(found[0].photos) == 3


def test_photos_of_the_building_are_none_of_the_flat() -> None:
    def photos(folder: str, count: int) -> str:
        return ",".join(
            f'{{"src":"https://p.example/webp/{folder}/4871f9ea-e996/{k}-full.webp"}}' for k in range(count)
        )

    data = f'{{"advert":{{"id":1000001,"title":"Flat","price":25000000,"photos":[{photos("ab", 4)}]}},"complex":{{"photos":[{photos("cd", 9)}]}}}}'
    text = page(f"<h1>Flat</h1><script>window.data = {data};</script>")
    (listing,) = extract(text, "https://ads.example/a/show/1000001").listings
    assert [("/ab/" in photo.url) for photo in listing.photos] == [True] * 4


def test_folders_of_two_digits_are_no_size() -> None:
    folders = ("74/53", "10/98", "32/c4", "5d/68", "77/5e")
    photos = "".join(f'<div class="slide"><img src="https://cdn1.example/media/cache1/{at}/abb3266e7a68e979d134d6bda6bda4{at[:2]}.webp"></div>' for at in folders)  # fmt: skip
    text = page(f'<main><h1>Combi</h1><div class="slider">{photos}</div><p>9.900 €</p></main>')
    (listing,) = extract(text, "https://ads.example/adv/6030738").listings
    assert len(listing.photos) == len(folders)


def test_photos_of_one_name_in_folders_of_hashes_are_several() -> None:
    def card(n: int) -> str:
        photos = "".join(
            f'<div><img src="https://r.example/img/vr-listing/{k * 17 + n:032x}/flat.webp?dimension=614x297"></div>'
            for k in (1, 2, 3)
        )
        return f'<li><a href="/flat-id-{n}/"><div>{photos}</div><h2>Flat {n}</h2><p>R$ 440.000</p></a></li>'

    found = extract(
        page(f"<ul>{''.join(map(card, range(2819539, 2819545)))}</ul>"), "https://ads.example/all"
    ).listings
    assert [len(one.photos) for one in found] == [3] * 6


def test_the_sizes_of_one_photo_in_a_cache_are_one() -> None:
    at = "https://s.example/media/catalog/product/cache"
    photos = "".join(
        f'<div class="slide"><img data-large="{at}/1/image/{k:032x}/a/b/lamp-{k}.jpg" src="{at}/{k + 9:032x}/a/b/lamp-{k}.jpg"></div>'
        for k in range(4)
    )
    (listing,) = extract(
        page(f"<h1>Lamp</h1><div class=gallery>{photos}</div><p>9 €</p>"), "https://s.example/lamp-4711.html"
    ).listings
    assert len(listing.photos) == 4


def test_cards_with_a_link_laid_over_them_show_other_listings() -> None:
    def photo(n: int) -> str:
        return f'<img src="https://i.example/t/0{n}_00845/f800/178508{n}.webp" alt="x">'

    own = "".join(f"<figure><button>{photo(n)}</button></figure>" for n in range(4))
    cards = "".join(
        f'<div class="box"><div class="pic">{photo(n)}</div><a class="overlay" href="/items/94975{n}111-b?referrer=item" title="b"></a></div>'
        for n in range(4, 9)
    )
    text = page(
        f"<main><div>{own}</div><h1>Pour Ada</h1><p>1,00 €</p><div><h2>Dressing</h2><div>{cards}</div></div></main>"
    )
    (listing,) = extract(text, "https://ads.example/items/9497504182-pour-ada").listings
    assert len(listing.photos) == 4


def test_stories_are_no_listings() -> None:
    posts = "".join(
        f'<article><a href="/blog/{n}-how-to-buy-a-car"><img src="/uploads/{n}.jpg"><h3>How to buy, part {n}</h3></a><p>From £{n},000.</p></article>'
        for n in range(1, 7)
    )
    tiles = "".join(
        f'<a href="/{body}/"><img src="/img/{body}.jpg"><span>{body}</span></a>'
        for body in ("suv", "sedan", "coupe", "van")
    )
    assert (
        extract(page(f"<main>{tiles}<h2>From our blog</h2>{posts}</main>"), "https://ads.example/").listings == ()
    )


def test_articles_with_prices_are_listings() -> None:
    goods = "".join(
        f'<li><a href="/article/{n}-lamp"><img src="https://i.example/{n}/a.jpg"><h3>Lamp {n}</h3></a><b>{n % 90} €</b></li>'
        for n in range(8100231, 8100237)
    )
    assert len(extract(page(f"<main><ul>{goods}</ul></main>"), "https://ads.example/lamps").listings) == 6


def test_a_template_that_cannot_be_filled_is_no_address() -> None:
    def image(n: int) -> dict[str, str]:
        return {
            "src": f"https://a.example/h_($height),w_($width)/v1/images/{n}/tee.jpg",
            "imageURL": f"https://a.example/images/{n}/0f3a5c7e{n}.jpg",
        }

    data = json.dumps(
        {
            "pdp": {
                "id": 1700944,
                "name": "Tee",
                "price": 399,
                "media": {"albums": [{"images": [image(n) for n in range(5)]}]},
            }
        }
    )
    (listing,) = extract(
        page(f"<h1>Tee</h1><script>window.x = {data}</script>"), "https://ads.example/tee/1700944/buy"
    ).listings
    assert len(listing.photos) == 5
    assert not [photo for photo in listing.photos if "$" in photo.url + " ".join(photo.aliases)]


def test_a_placeholder_and_what_a_screen_reader_says_are_left_out() -> None:
    def card(host: str, n: int, title: str) -> str:
        to = f"https://{host}/itm/{n}"
        return f'<li><a href="{to}"><img src="https://i.example/{n}/s-l500.webp"></a><a href="{to}"><div role="heading" class="card__title"><span>{title}</span><span class="clipped">Opens in a new window</span></div></a><b>$20.50</b></li>'

    cards = card("ads.dev", 123456, "Shop here") + "".join(
        card("www.ads.dev", n, f"Lamp {n}") for n in range(8100231, 8100238)
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://www.ads.dev/sch?q=lamp").listings
    assert [one.title for one in found] == [f"Lamp {n}" for n in range(8100231, 8100238)]


def test_a_placeholder_of_the_same_host_has_a_short_number_and_an_image_of_its_own() -> None:
    def card(n: int, photo: str) -> str:
        return f'<li><a href="/itm/{n}"><img src="{photo}"><h3>Lamp {n}</h3></a><b>$20.50</b></li>'

    cards = card(123456, "https://static.example/f.png") + "".join(
        card(n, f"https://i.example/{n}.jpg") for n in range(335251351450, 335251351456)
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://www.ads.dev/sch?q=lamp").listings
    assert [one.title for one in found] == [f"Lamp {n}" for n in range(335251351450, 335251351456)]


def test_who_sells_and_tiles_of_lists_are_no_listings() -> None:
    agents = "".join(
        f'<div><a href="/agents/ann-{n}"><img src="https://i.example/agents/{n}/p.jpg"><h3>Ann {n}</h3></a><p>average $5{n}0,000</p></div>'
        for n in range(8)
    )
    assert extract(page(f"<main><h1>Agents</h1>{agents}</main>"), "https://ads.example/agents/jena").listings == ()
    makes = "".join(
        f'<li><a href="/used-cars/{m}"><img src="https://i.example/makes/{m}.jpg"><b>{m}</b><i>1,210 cars</i><i>from £3,495</i></a></li>'
        for m in ("audi", "bmw", "ford", "kia", "mini", "seat")
    )
    assert (
        extract(page(f"<main><h1>Makes</h1><ul>{makes}</ul></main>"), "https://ads.example/used-cars").listings
        == ()
    )


def test_links_to_variants_lead_to_the_product() -> None:
    def card(n: int) -> str:
        at = f"//shop.example/cdn/shop/files/dress-{n}-0.jpg?v=17"
        return f'<li><div><img src="{at}&amp;width=533"></div><div><h3><a href="/collections/all/products/dress-{n}">Dress {n}</a></h3><b>$69.00</b><a href="/products/dress-{n}?variant=11{n}"><img src="//shop.example/cdn/shop/files/red_30x30.jpg" width="20" height="20"></a></div></li>'

    found = extract(
        page(f"<ul>{''.join(map(card, range(1, 8)))}</ul>"), "https://shop.example/collections/all"
    ).listings
    assert [one.page_url.rpartition("/")[2] for one in found] == [f"dress-{n}" for n in range(1, 8)]


def test_a_product_of_several_prices_shows_its_gallery_and_not_its_variants() -> None:
    def at(n: int) -> str:
        return f"https://shop.example/wp-content/uploads/2026/0{n + 1}/chair-{n}"

    gallery = "".join(
        f'<div class="gallery__image"><a href="{at(n)}.jpg"><img src="{at(n)}-600x600.jpg"></a></div>'
        for n in range(4)
    )
    variants = escape(
        json.dumps(
            [
                {"display_price": 129, "image": {"src": f"{at(n)}-600x600.jpg", "full_src": f"{at(n)}.jpg"}}
                for n in (4, 5)
            ]
        )
    )
    product = {
        "@type": "Product",
        "name": "Oak chair",
        "url": "https://shop.example/product/oak-chair/",
        "image": f"{at(0)}.jpg",
        "offers": {"@type": "AggregateOffer", "lowPrice": 129, "highPrice": 149, "priceCurrency": "EUR"},
    }
    head = f'<meta property="og:type" content="product"><script type="application/ld+json">{json.dumps(product)}</script>'
    body = f'<figure>{gallery}</figure><h1>Oak chair</h1><p class="price">129 € – 149 €</p><form data-product_variations="{variants}"></form>'
    (listing,) = extract(page(body, head), "https://shop.example/product/oak-chair/").listings
    assert (listing.title, listing.price, len(listing.photos)) == ("Oak chair", 129, 4)


def test_frames_of_a_turning_car_are_no_photos() -> None:
    photos = [{"large": f"https://i.example/E1179{n}/E1179{n}.1200.jpg"} for n in range(5)]
    car = {
        "reference": "E117912345",
        "title": "Combi",
        "price": 12990,
        "photos": photos,
        "photos360": [f"https://spin.example/E1179/{n}.jpg" for n in range(36)],
    }
    text = page(f"<h1>Combi</h1><script>window.s={json.dumps({'vehicle': car})}</script>")
    (listing,) = extract(text, "https://ads.example/ad-E117912345.html").listings
    assert len(listing.photos) == 5


def test_an_address_without_a_host_is_on_that_of_the_small_photo_beside_it() -> None:
    def home(n: int) -> dict[str, object]:
        at = [f"93k/92571/{n}/IMG_0{k}_0000" for k in range(3)]
        images = [
            {"srcUrl": f"https://media.example/dir/{one}_max_476x317.jpeg", "url": f"{one}.jpeg"} for one in at
        ]
        return {"id": n, "title": f"Flat {n}", "price": 1750, "images": images, "url": f"/homes/{n}"}

    data = json.dumps({"homes": [home(n) for n in range(8100231, 8100236)]})
    found = extract(
        page(f'<script type="application/json">{data}</script>'), "https://www.homes.dev/find"
    ).listings
    assert {photo.url[:33] for one in found for photo in one.photos} == {"https://media.example/93k/92571/8"}


@pytest.mark.parametrize(
    ("url", "currency"),
    [
        ("https://a.no/x/1", "NOK"),
        ("https://a.dk/x/1", "DKK"),
        ("https://a.se/x/1", "SEK"),
        ("https://a.test/x/1", "SEK"),
    ],
)
def test_crowns_are_those_of_the_country(url: str, currency: str) -> None:
    assert of_the_country("SEK", url, "5 000 kr") == currency
    assert of_the_country("SEK", url, "SEK 5000") == "SEK"
    assert of_the_country("USD", "https://a.ca/x/1", "US$ 500") == "USD"
    assert of_the_country("EUR", url, "5 000 €") == "EUR"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("5. Oktober 2026", "2026-10-05"), ("10 de noviembre de 2026", "2026-11-10"), ("Nov 10, 2026", "2026-11-10"),
        ("10 listopada 2026", "2026-11-10"), ("3 juillet 2026", "2026-07-03"), ("3. srpnja 2026.", "2026-07-03"), ("8. lipnja 2026.", "2026-06-08"),
        ("٣ июля ٢٠٢٦", "2026-07-03"), ("8 červenec 2026", "2026-07-08"),
        ("14 апреля 2026", "2026-04-14"), ("2026年3月4日", "2026-03-04"), ("24/05/2026", "2026-05-24"),
        ("04/05/2026", "04/05/2026"), ("yesterday", "yesterday"), ("31 foos 2026", "31 foos 2026"),
    ],
)  # fmt: skip
def test_dates_in_many_languages(written: str, date: str) -> None:
    assert moment(written) == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Publié le 3 juillet 2026 à 10:00", "2026-07-03"), ("Online seit 10.11.2026", "2026-11-10"),
        ("Размещено 10.12.2023, обновлено 23.08.2026", "2023-12-10"), ("Listed on Nov 10, 2026", "2026-11-10"),
        ("Geplaatst: 2026-11-10", "2026-11-10"), ("掲載日：2026年3月4日", "2026-03-04"),
        ("Aktualisiert am 10.11.2026", ""), ("Erstzulassung 01.02.2020", ""), ("Posted 04/05/2026", ""),
    ],
)  # fmt: skip
def test_the_date_that_a_text_says_an_advert_was_put_in(text: str, date: str) -> None:
    assert posted_in(text) == date
