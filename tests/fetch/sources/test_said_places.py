"""Places on cards: labels, departments, breadcrumbs."""

import pytest

from curate.fetch.sources.auto import extract
from tests.fetch.sources.painted_adverts import page
from tests.fetch.sources.painted_canoes import NUMBERS, read
from tests.fetch.sources.painted_facts import data_of


@pytest.mark.parametrize(
    ("text", "lang", "place"),
    [
        ("Nantes (44)", "fr", ("Nantes", "44")),
        ("Nantes (44) · Garage Nantes", "fr-FR", ("Nantes", "44")),
        ("Ajaccio (2A)", "fr", ("Ajaccio", "2A")),
        ("Photos (12)", "fr", ("", "")),
        ("Brive (99)", "fr", ("", "")),
        ("Nantes (44)", "en", ("", "")),
        ("Nantes (44)</p><p>Lyon (69)", "fr", ("", "")),
        ("Combi de Renault (05)", "fr", ("", "")),
        ("L'Isle-sur-la-Sorgue (84)", "fr", ("L'Isle-sur-la-Sorgue", "84")),
        ("Voir les photos (12)", "fr", ("", "")),
        ("Avis clients (24)", "fr", ("", "")),
        ("Photos HD (12)", "fr", ("", "")),
    ],
)
def test_a_town_before_the_number_of_its_department(text: str, lang: str, place: tuple[str, str]) -> None:
    title = text if text.startswith("Combi") else "Combi {n}"
    card = f'<li><a href="/ads/{{n}}"><img src="PHOTO"><h3>{title}</h3></a><b>900 €</b><p>{text}</p></li>'
    cards = "".join(
        card.replace("{n}", str(n)).replace("PHOTO", f"https://img.example/{n}/0f3a5c7e9b.jpg") for n in NUMBERS
    )
    text = f'<html lang="{lang}"><head><title>All</title></head><body><main>{cards}</main></body></html>'
    found = extract(text, "https://ads.example/all", False).listings
    assert {(one.city, one.region) for one in found} == {place}


@pytest.mark.parametrize("name", ["title", "label", "caption"])
def test_the_label_of_a_place_is_no_part_of_it(name: str) -> None:
    def inner(town: str) -> str:
        return (
            f'<p class="card__location"><span class="card__location-{name}">Inventory Location</span> '
            f'<span class="card__location-value">{town}</span></p>'
        )

    assert {one.city for one in read(inner("KOBE"))} == {"KOBE"}
    assert {one.city for one in read(inner("THAILAND"))} == {""}


def test_a_town_in_what_is_called_the_title_of_a_place_is_one() -> None:
    assert {one.city for one in read('<p class="location-title">Kansas City</p>')} == {"Kansas City"}


@pytest.mark.parametrize(("state", "place"), [("TX", ("", "TX")), ("IL", ("Chicago", "IL"))])
def test_the_town_of_a_store_in_another_state_is_not_that_of_the_listing(
    state: str, place: tuple[str, str]
) -> None:
    found = data_of({"state": state, "storeCity": "Chicago", "storeState": "IL"})
    assert (found.city, found.region) == place


def test_a_breadcrumb_is_no_place() -> None:
    crumbs = '<div class="crumbs-area"><a href="/">Used boats in Ulm</a></div>'
    main = '<h1>Red canoe</h1><img src="https://img.example/8100231/1.jpg"><b class="price">900 €</b>'
    (one,) = extract(page(crumbs + main), "https://ads.example/canoe-8100231", True).listings
    assert one.city == ""
