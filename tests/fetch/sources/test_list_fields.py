"""Fields that cards and data of a list divide: a town in the data, rows of one thing, a street below its town."""

import json
from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.key_names import role
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)


def card(number: int, before: str = "", after: str = "") -> str:
    """A card of a list: what is said before and after its price."""
    image = f'<img src="https://img.example/{number}/0f3a5c7e9b.jpg" alt="Home {number}">'
    return f'<li><a href="/homes/flat-{number}">{image}{before}</a><b>€ 90,000</b>{after}</li>'


def read(body: str) -> list[Listing]:
    """The listings of a page of a list."""
    return list(extract(page(f"<main>{body}</main>"), URL, False).listings)


def data(rows: list[dict[str, Any]]) -> str:
    """A script that holds a list."""
    return f'<script type="application/json">{json.dumps({"items": rows})}</script>'


def test_the_town_of_the_data_counts_before_a_street_and_a_quarter_on_the_card() -> None:
    cards = "".join(
        card(n, f"<h3>Flat {n}</h3>", f'<p class="address">Ring {n % 90}, Old Town {n % 4}</p>') for n in NUMBERS
    )
    rows = [
        {"id": n, "title": f"Flat {n}", "detailUrl": f"/homes/flat-{n}", "address": {"cityTitle": "Elmstadt"}}
        for n in NUMBERS
    ]  # fmt: skip
    found = read(f"<ul>{cards}</ul>" + data(rows))
    assert len(found) == len(NUMBERS)
    assert {(one.city, one.region) for one in found} == {("Elmstadt", "")}


@pytest.mark.parametrize("town", ["Elmstadt", "Elmstadt (Mitte)"])
def test_the_region_on_a_card_stays_where_the_data_name_the_same_town(town: str) -> None:
    cards = "".join(
        card(n, f"<h3>Flat {n}</h3>", f'<p class="address">{town}, Landkreis Ulm</p>') for n in NUMBERS
    )
    rows = [{"id": n, "title": f"Flat {n}", "detailUrl": f"/homes/flat-{n}", "city": "Elmstadt"} for n in NUMBERS]
    assert {one.region for one in read(f"<ul>{cards}</ul>" + data(rows))} == {"Landkreis Ulm"}


def test_keys_with_the_place_of_who_sells_tell_that_of_the_listing() -> None:
    rows = [
        {"id": n, "title": f"Chest {n}", "price": 90, "url": f"/homes/flat-{n}", "photos": [f"https://img.example/{n}.jpg"],
         "sellerName": "Elm Auctions", "sellerCity": "Hudson", "sellerStateCode": "NY", "sellerId": 7226}
        for n in NUMBERS
    ]  # fmt: skip
    assert {(one.city, one.region) for one in read(data(rows))} == {("Hudson", "NY")}


def test_the_arguments_of_a_query_are_no_part_of_a_key() -> None:
    assert role('city({"locale":"CS"})') == role("city")
    assert role("price(from)") == ("", 0)


def test_rows_beside_one_image_are_of_one_listing() -> None:
    """A table of cards: an image spans two rows, of which the second has year and seller."""

    def rows(number: int) -> str:
        to = f'<a href="/boats/yawl-{number}">'
        seller = '<img src="/logos/12.gif" alt="Broker">' if number % 3 else "<font>Private</font>"
        image = f'<img src="https://img.example/{number}_t.jpg">'
        return (
            f'<tr><td rowspan="2">{to}{image}</a></td><td>{to}<b>Yawl {number}</b></a></td><td>£4,950</td></tr>'
            f"<tr><td><font>2019, Hypalon, 21ft</font></td><td>{seller}</td></tr>"
            '<tr><td colspan="3"><img src="/px.gif"></td></tr>'
        )

    found = read(f"<table>{''.join(map(rows, NUMBERS))}</table>")
    assert [one.year for one in found] == [2019] * len(NUMBERS)
    assert [one.seller for one in found] == ["dealer" if n % 3 else "private" for n in NUMBERS]


def test_a_word_of_several_meanings_is_no_seller_where_no_card_names_one() -> None:
    cards = "".join(card(n, f"<h3>Flat {n}</h3>", "<p>Private</p>" if n % 3 else "") for n in NUMBERS)
    assert {one.seller for one in read(f"<ul>{cards}</ul>")} == {""}


@pytest.mark.parametrize(("feature", "seller"), [("Private", ""), ("Garden", "private")])
def test_a_word_on_the_cards_of_dealers_says_nothing_of_who_sells_elsewhere(feature: str, seller: str) -> None:
    def after(number: int) -> str:
        logo = '<img src="/logos/12.gif" alt="Broker">'
        return f"<p>{feature}</p>{logo}" if number % 3 else "<p>Private</p>"

    found = read(f"<ul>{''.join(card(n, f'<h3>Flat {n}</h3>', after(n)) for n in NUMBERS)}</ul>")
    assert [one.seller for one in found] == ["dealer" if n % 3 else seller for n in NUMBERS]


@pytest.mark.parametrize("town", ["Kalmar", "Kalmar - Berga"])
def test_the_street_below_the_heading_of_a_town_is_the_title(town: str) -> None:
    cards = "".join(
        card(
            n, f'<div class="hit__address"><h2>{town}</h2><div class="hit__street">Lindgatan {n % 90}B</div></div>'
        )
        for n in NUMBERS
    )
    found = read(f"<ul>{cards}</ul>")
    assert [(one.title, one.city) for one in found] == [(f"Lindgatan {n % 90}B", "Kalmar") for n in NUMBERS]


def test_a_subtitle_is_no_title_where_another_heading_is_one() -> None:
    cards = "".join(
        card(n, f'<h2 class="oc-sub-title">Elmby</h2><h3 class="oc-title">Lind {n}</h3>') for n in NUMBERS
    )
    assert [one.title for one in read(f"<ul>{cards}</ul>")] == [f"Lind {n}" for n in NUMBERS]


def test_a_heading_of_three_letters_is_a_title() -> None:
    names = ("Ivy", "Moo", "Rex")
    cards = "".join(card(n, f"<h3>{names[n % 3]}</h3><p>Female, small</p>") for n in NUMBERS)
    assert [one.title for one in read(f"<ul>{cards}</ul>")] == [names[n % 3] for n in NUMBERS]
