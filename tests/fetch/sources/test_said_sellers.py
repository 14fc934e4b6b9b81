"""Who sells, by words, names of elements and keys of the data."""

from typing import Any

import pytest

from curate.fetch.sources import seller_kinds
from tests.fetch.sources.painted_canoes import read
from tests.fetch.sources.painted_facts import data_of


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ('<div class="trader-location">Ulm</div>', ""),
        ('<div class="trader">Elm and Sons</div>', "dealer"),
        ("<div>Dealer autorizat</div>", "dealer"),
        ("<div>Authorised dealer</div>", "dealer"),
        ("<div>Authorised service</div>", ""),
        ("<div class='type-annonce'>Profesional</div>", "dealer"),
        ("<div class='type-annonce'>Venta</div>", ""),
        ("<div class='ad-type'>Commercial</div>", ""),
    ],
)
def test_words_and_names_of_who_sells(inner: str, kind: str) -> None:
    assert {one.seller for one in read(inner)} == {kind}


def test_a_firm_of_romania_is_one() -> None:
    assert seller_kinds.is_firm("Auto Best SRL")
    assert not seller_kinds.is_firm("SRLX Elm")


@pytest.mark.parametrize(
    ("seller", "kind"),
    [
        ({"type": "person", "name": None, "logo": "https://img.example/7.png"}, "private"),
        ({"@type": "Person", "name": "Elm Motors"}, "dealer"),
    ],
)
def test_a_seller_of_the_type_person_is_private(seller: dict[str, Any], kind: str) -> None:
    assert data_of({"seller": seller}).seller == kind


@pytest.mark.parametrize("party", ["agent", "listingAgent", "broker"])
def test_an_agent_is_not_private_though_he_is_a_person(party: str) -> None:
    assert data_of({party: {"type": "person", "name": "Ann Lee"}}).seller != "private"


def test_keys_that_end_with_value_name_fields() -> None:
    found = data_of({"brandValue": "Fiat", "carModelValue": "Uno", "yearValue": "2013"})
    assert (found.make, found.model, found.year) == ("Fiat", "Uno", 2013)
    assert data_of({"modelValue": "open"}).model == ""  # of an input


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ({"sellerIsPrivate": False}, "dealer"),
        ({"sellerIsPrivate": True}, "private"),
        ({"sellerIsPrivate": "unknown"}, ""),
        ({"sellerIsOnline": True}, ""),
    ],
)
def test_a_flag_of_the_seller_tells_the_kind(flag: dict[str, Any], kind: str) -> None:
    assert data_of(flag).seller == kind


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (  # a language behind the name of a field; names in English count first
            {"makeNameAr": "كيا", "makeNameEn": "Kia", "modelNameEn": "Cerato", "governorateNameAr": "القاهرة"},
            ("Kia", "Cerato", "", "القاهرة"),
        ),
        ({"storeCity": "Kent", "stateAbbreviation": "WA"}, ("", "", "Kent", "WA")),
        ({"city": "Elmby", "storeCity": "Kent", "stateAbbr": "WA"}, ("", "", "Elmby", "WA")),
        ({"makeOpen": "Kia", "cityGarden": "Kent"}, ("", "", "", "")),
    ],
)
def test_keys_with_a_language_or_a_store(data: dict[str, Any], fields: tuple[str, ...]) -> None:
    found = data_of(data)
    assert (found.make, found.model, found.city, found.region) == fields
