"""What stands in or beside a list and is a listing of it, or none: cards of another address, queries, auctions."""

import json
from typing import Any

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)
OTHERS = range(9200511, 9200514)


def photo(number: int) -> str:
    """The address of the photo of a painted listing."""
    return f"https://img.example/{number}/0f3a5c7e9b.jpg"


def card(number: int, href: str = "", price: str = "<b>900 €</b>", tag: str = "h3") -> str:
    """A card of a list."""
    href = href or f"/canoe/{number}"
    image = f'<img src="{photo(number)}">'
    return (
        f'<li class="card"><a class="pic" href="{href}">{image}</a>'
        f'<{tag}><a href="{href}">Canoe no. {number}</a></{tag}><p class="sum">{price}</p></li>'
    )


def read(body: str, *data: Any) -> list[Listing]:
    """The listings of a page of a list."""
    scripts = "".join(f'<script type="application/json">{json.dumps(one)}</script>' for one in data)
    return list(extract(page(f"<main>{body}</main>{scripts}"), URL, False).listings)


def numbers(found: list[Listing]) -> list[int]:
    """The numbers of listings by their addresses."""
    return sorted(int(one.page_url.rstrip("/").rpartition("/")[2][:7]) for one in found)


@pytest.mark.parametrize("href", ["/plants_animals/N-firs.html", "/private/deep/N.html"])
def test_cards_without_a_price_are_of_the_list_where_they_are_built_as_its_others(href: str) -> None:
    cards = [card(n, f"/boat/{n}-canoe.html") for n in NUMBERS]
    cards[3:3] = [card(n, href.replace("N", str(n)), "") for n in OTHERS]
    assert numbers(read(f"<ul>{''.join(cards)}</ul>")) == [*NUMBERS, *OTHERS]


@pytest.mark.parametrize(
    ("href", "tag"),
    [
        ("/magazine/sea/N-how-to-row.html", "h3"),  # a story
        ("/dealer/N", "h3"),  # who sells
        ("/win/a/boat.html", "h3"),  # no number names it
        ("/win/a/N.html", "h4"),  # built in another way
        ("/contest/904N.html", "h3"),  # a number of another kind
        ("/contest/N", "h3"),  # another ending
    ],
)
def test_other_cards_without_a_price_among_those_of_a_list_are_none(href: str, tag: str) -> None:
    cards = [card(n, f"/boat/{n}-canoe.html") for n in NUMBERS]
    cards[3:3] = [card(n, href.replace("N", str(n)), "", tag) for n in OTHERS[:1]]
    assert numbers(read(f"<ul>{''.join(cards)}</ul>")) == [*NUMBERS]


def test_the_link_to_who_sells_makes_no_second_listing_of_a_card_without_a_photo() -> None:
    def one(number: int) -> str:
        urls = [] if number in NUMBERS[2:4] else [photo(number), photo(number + 900_000)]
        href = f"/sale/boats/canoe--{number}"
        return (
            f"<li><div><a href=\"{href}\" data-photos='{json.dumps(urls)}'></a>"
            f'<h3><a href="{href}">Canoe of {number % 3} boards</a></h3>'
            f'<b>900 €</b><p><a href="/trade/{number % 97}af83a7/">Boats Ltd</a></p></div></li>'
        )

    found = read(f"<ul>{''.join(map(one, NUMBERS))}</ul>")
    assert [one.page_url for one in found] == [f"https://ads.example/sale/boats/canoe--{n}" for n in NUMBERS]


@pytest.mark.parametrize("part", ["app-top-offers", "app-similar-boats"])
def test_an_element_of_the_sites_own_may_be_called_what_stands_beside_a_list(part: str) -> None:
    beside = "".join(
        f'<a href="/canoe/{n}"><img src="{photo(n)}"><span>Canoe no. {n}</span><b>900 €</b></a>' for n in OTHERS
    )
    cards = "".join(map(card, NUMBERS))
    assert numbers(read(f"<{part}>{beside}</{part}><app-list>{cards}</app-list>")) == [*NUMBERS]


@pytest.mark.parametrize("slot", ['ad-card class="sponsored"', "promoted-ad"])
def test_elements_of_the_sites_own_around_cards_are_of_the_list(slot: str) -> None:
    tags = [slot if at % 4 == 0 else "plain-ad" for at in range(len(NUMBERS))]
    cards = "".join(f"<{tag}>{card(n)}</{tag.split()[0]}>" for tag, n in zip(tags, NUMBERS, strict=True))
    assert numbers(read(cards)) == [*NUMBERS]


@pytest.mark.parametrize("mark", ["is-promoted", "card--sponsored", "promo"])
def test_a_promoted_card_is_of_the_list_where_it_stands_among_its_cards(mark: str) -> None:
    cards = [card(n).replace('"card"', f'"card {mark}"') if n % 5 == 0 else card(n) for n in NUMBERS]
    assert numbers(read(f"<ul>{''.join(cards)}</ul>")) == [*NUMBERS]


@pytest.mark.parametrize(
    "box",
    ['<ul class="top">{}</ul>', '<ul class="promoted">{}</ul>', '<section class="promo"><ul>{}</ul></section>'],
)
def test_promoted_cards_in_a_box_of_their_own_are_not_of_the_list(box: str) -> None:
    promoted = "".join(card(n).replace('"card"', '"card promoted"') for n in OTHERS)
    found = read(f"{box.format(promoted)}<ul>{''.join(map(card, NUMBERS))}</ul>")
    assert numbers(found) == [*NUMBERS]


def test_similar_cards_are_not_of_the_list_though_they_stand_in_it() -> None:
    similar = "".join(card(n).replace('"card"', '"card similar"') for n in OTHERS)
    assert numbers(read(f"<ul>{''.join(map(card, NUMBERS))}{similar}</ul>")) == [*NUMBERS]


def rows(numbers: range) -> dict[str, Any]:
    """The answer to a query."""
    items = [
        {"id": n, "title": f"Canoe no. {n}", "price": 900, "url": f"/canoe/{n}", "photo": photo(n)}
        for n in numbers
    ]
    return {"state": {"data": {"items": items}}}


@pytest.mark.parametrize(("key", "more"), [("lastSeen", 0), ("list", 3)])
def test_the_key_of_a_query_tells_what_its_answer_is(key: str, more: int) -> None:
    queries = [{**rows(NUMBERS), "queryKey": ["list", 1]}, {**rows(OTHERS), "queryKey": [key, 2]}]
    assert len(read("", {"queries": queries})) == len(NUMBERS) + more


def lot(number: int, photos: list[str], auction: dict[str, Any]) -> dict[str, Any]:
    """A lot, with the auction in which it is sold."""
    return {
        "id": number, "price": 900, "linkURL": f"/canoe/{number}", "auction": auction,
        "product": {"shortDesc": f"Canoe no. {number}", "galleryJson": [{"link": one} for one in photos]},
    }  # fmt: skip


def test_the_image_of_an_auction_is_no_photo_of_its_lots() -> None:
    auction = {"id": 785001, "desc": "Boats", "image": "https://img.example/auction-785001.jpg"}
    lots = [lot(n, [photo(n)] if n != NUMBERS[3] else [], auction) for n in NUMBERS]
    assert {one.page_url[-7:]: [each.url for each in one.photos] for one in read("", {"offers": lots})} == {
        str(n): [photo(n)] if n != NUMBERS[3] else [] for n in NUMBERS
    }


def test_a_gallery_in_the_data_of_a_sale_is_of_the_listing() -> None:
    urls = {n: [f"https://img.example/{n}/{at}a7c.jpg" for at in range(3)] for n in NUMBERS}
    items = [
        {
            "id": n,
            "title": f"Canoe no. {n}",
            "url": f"/canoe/{n}",
            "thumb": urls[n][0],
            "sale": {"photos": urls[n]},
        }
        for n in NUMBERS
    ]
    assert [[each.url for each in one.photos] for one in read("", {"items": items})] == [*urls.values()]


def test_an_auction_that_is_the_listing_itself_keeps_its_photos() -> None:
    items = [
        {"id": n, "auction": {"title": f"Canoe no. {n}", "url": f"/canoe/{n}", "photos": [photo(n)], "price": 900}}
        for n in NUMBERS
    ]
    assert [[each.url for each in one.photos] for one in read("", {"items": items})] == [
        [photo(n)] for n in NUMBERS
    ]
