"""Where the title of a listing ends, and the make and model that its list names."""

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.filling import fill
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_canoes import NUMBERS
from tests.fetch.sources.painted_facts import cards_of


def cars(*titles: str, url: str, around: str = "{}", year: str = "2019") -> list[Listing]:
    """The listings of a page at an address, with these titles in turn."""
    cards = "".join(
        f'<li><a href="/ad/{n}"><img src="https://img.example/{n}/0f3a5c7e9b.jpg">'
        f"<h3>{titles[n % len(titles)]}</h3></a><b>{n % 9 + 2}.900 €</b><i>{year}</i></li>"
        for n in NUMBERS
    )
    return list(extract(page(around.format(f"<ul>{cards}</ul>")), url, False).listings)


@pytest.mark.parametrize(
    ("titles", "url", "around", "fields"),
    [
        (("Honda Civic 1.8 LX", "Honda Civic EX"), "/used/honda/civic/", "{}", {("Honda", "Civic")}),
        (("2019 Honda Civic LX", "2018 Honda Jazz S"), "/honda/civic", "{}", {("Honda", "Civic"), ("Honda", "")}),
        (  # the breadcrumb
            ("Škoda Octavia Style", "Škoda Octavia RS"),
            "/ojete/skoda-octavia",
            '<ol class="breadcrumb"><li>Auta</li><li>Škoda</li><li>Octavia</li></ol>{}',
            {("Škoda", "Octavia")},
        ),
        (("Tractor Deutz D30 x", "Tractor Deutz D40 y"), "/tractor/deutz", "{}", {("", "")}),  # a kind of machine
        (("Honda Civic LX", "Fiat Panda"), "/used/honda/civic/", "{}", {("", "")}),  # not all are of the make
        (("Road bike M", "Road bike L"), "/road/bike", "{}", {("", "")}),  # a kind
        (("Honda HR-V LX", "Honda Jazz S"), "/used/honda/elmby/", "{}", {("", "")}),  # a town
    ],
)
def test_the_address_of_a_list_names_make_and_model(
    titles: tuple[str, ...], url: str, around: str, fields: set[tuple[str, str]]
) -> None:
    found = cars(*titles, url=f"https://ads.example{url}", around=around)
    assert {(one.make, one.model) for one in found} == fields


def test_goods_without_a_year_have_no_make_by_the_address_of_their_list() -> None:
    found = cars("Laptop Dell XPS", "Laptop Dell G5", url="https://ads.example/laptop/dell", year="")
    assert {one.make for one in found} == {""}


def test_a_town_in_the_address_of_a_list_is_no_make() -> None:
    cards = "".join(
        f'<li><a href="/ad/{n}"><img src="https://img.example/{n}/0f3a5c7e9b.jpg"><h3>Ulm Mitte, 3 rooms</h3></a>'
        '<b>299.000 €</b><i>built 1984</i><p class="location">Ulm</p></li>'
        for n in NUMBERS
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://ads.example/ulm/mitte", False).listings
    assert {(one.make, one.model, one.city) for one in found} == {("", "", "Ulm")}


def test_the_address_of_a_listing_names_a_longer_model_than_that_of_the_list() -> None:
    cards = "".join(
        f'<li><a href="/ad/volkswagen/{slug}/{n}"><img src="https://img.example/{n}/0f3a5c7e9b.jpg">'
        f"<h3>Volkswagen {name} 1.4</h3></a><b>9.900 €</b><i>2019</i></li>"
        for n, (slug, name) in zip(NUMBERS, [("polo", "Polo"), ("polo-vivo", "Polo Vivo")] * 6, strict=True)
    )
    found = extract(page(f"<ul>{cards}</ul>"), "https://ads.example/volkswagen/polo", False).listings
    assert [one.model for one in found] == ["Polo", "Polo Vivo"] * 6


def test_a_title_that_heads_the_page_stays_on_its_cards() -> None:
    found = cars("BMW X5", url="https://ads.example/all", around="<h1>BMW X5 ads (1 204)</h1>{}")
    assert {one.title for one in found} == {"BMW X5"}


@pytest.mark.parametrize(
    ("rest", "title", "city"),
    [
        ("for sale in Lahore", "Honda Civic 2019", "Lahore"),
        ("à vendre", "Honda Civic 2019", ""),
        ("for sale in good condition", "Honda Civic 2019 for sale in good condition", ""),
        ("for sale in Top Condition", "Honda Civic 2019 for sale in Top Condition", ""),
        ("for parts", "Honda Civic 2019 for parts", ""),
    ],
)
def test_a_title_ends_before_the_words_that_it_is_for_sale(rest: str, title: str, city: str) -> None:
    long, short = Listing("1", "", title=f"Honda Civic 2019 {rest}"), Listing("1", "", title="Honda Civic 2019")
    for first, other in ((long, short), (short, long)):
        found = fill(first, other, {})
        assert (found.title, found.city) == (title, city)


def test_what_is_for_sale_in_a_place_keeps_the_town_that_is_known() -> None:
    short = Listing("1", "", title="Honda Civic", city="Ulm")
    assert fill(Listing("1", "", title="Honda Civic for sale in Pune"), short, {}).city == "Ulm"


@pytest.mark.parametrize(
    "box",
    [
        '<div class="ad-title-container"><div class="ad-title">Combi {n}</div><div>2016-04 Estate</div></div>',
        '<div class="ad-title-wrapper">Combi {n}</div>',
        '<div class="ad-title-box">Combi {n}<small class="sub-title"></small></div>',
    ],
)
def test_the_title_in_a_box_of_titles_is_the_title(box: str) -> None:
    found = cards_of(f'<li><a href="/ads/{{n}}"><img src="PHOTO"></a>{box}<b>900 €</b></li>')
    assert {one.title.rpartition(" ")[0] for one in found} == {"Combi"}
