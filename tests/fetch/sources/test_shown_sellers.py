"""Who sells, by how cards, data and the page of a listing show it."""

from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_canoes import NUMBERS, URL, read


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ('<a class="branding-company-name" href="/trade/7a/">Kleyn Boats BV</a>', "dealer"),
        ('<a class="branding-company-name" href="/trade/7a/">Kleyn and Sons</a>', ""),
        ("<span>Builder</span>", ""),  # who built it
        ("<p>Agent<br>Provocateur</p>", ""),
        ("<p>Dealer<br>warranty</p>", ""),
    ],
)
def test_the_name_of_a_firm_tells_a_dealer(inner: str, kind: str) -> None:
    assert {one.seller for one in read(inner)} == {kind}


def test_a_builder_sells_as_a_dealer_does() -> None:
    rows = [
        {"id": n, "title": f"Canoe {n}", "url": f"/canoe-{n}", "price": 900, "userType": "Builder"}
        for n in NUMBERS
    ]
    assert {one.seller for one in read("", data={"items": rows})} == {"dealer"}


def test_the_company_of_a_listing_is_no_title() -> None:
    rows = [
        {"listing": {"id": str(n), "url": f"/canoe-{n}", "price": 900, "listingCompany": {"name": "Elm - Ulm"}}}
        for n in NUMBERS
    ]
    assert [one.title for one in read("", data={"items": rows})] == [f"Canoe {n}" for n in NUMBERS]


@pytest.mark.parametrize(("heading", "kind"), [("Private Seller", "private"), ("Owner", ""), ("Company", "")])
def test_the_heading_of_a_box_about_who_sells_tells_the_kind(heading: str, kind: str) -> None:
    box = f'<div class="seller-info"><h3>{heading}</h3><a href="#contact">Contact Seller</a></div>'
    main = '<h1>Red canoe</h1><img src="https://img.example/8100231/1.jpg"><b class="price">900 €</b>'
    (one,) = extract(page(f"<main>{main}{box}</main>"), f"{URL}/canoe-8100231", True).listings
    assert one.seller == kind


@pytest.mark.parametrize(
    ("party", "kind"),
    [
        ({"sellerLink": {"id": "217822", "name": "Elm", "logo": {"x1": "https://img.example/elm.png"}}}, "dealer"),
        ({"sellerLink": {"id": "217822", "name": "Ann Elm", "logo": None}}, ""),
        ({"sellerLink": "https://ads.example/elm-motors"}, ""),
        ({"advertisers": [{"office": {"name": "Elm Williams", "photo": None}}]}, "dealer"),
        ({"advertisers": [{"name": "Ann Elm"}]}, ""),
    ],
)
def test_data_tell_who_sells_by_a_link_or_a_list_of_one(party: dict[str, Any], kind: str) -> None:
    rows = [{"id": n, "title": f"Canoe {n}", "url": f"/canoe-{n}", "price": 900, **party} for n in NUMBERS]
    assert {one.seller for one in read("", data={"items": rows})} == {kind}
