"""Which cards, objects and images of a page are its listings and photos, where other things look like them."""

import json
import time
from typing import Any

import pytest
from lxml import html

from curate.fetch.sources import after_pager, list_places, other_lists
from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.photo_addresses import is_address
from curate.fetch.sources.photo_sizes import stem
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100247)


def photo(number: int) -> str:
    """The address of the photo of a painted card."""
    return f"https://img.example/{number}/0f3a5c7e9b.jpg"


def card(number: int, href: str, price: str = "900 €") -> str:
    """A card of a list."""
    return f'<li><a href="{href}"><img src="{photo(number)}"><h3>Canoe no. {number}</h3></a><b>{price}</b></li>'


def read(body: str, url: str = URL) -> list[Any]:
    """The listings of a page of a list."""
    return list(extract(page(f"<main>{body}</main>"), url, False).listings)


def test_listings_whose_query_names_them_count_before_the_shops_beside_them() -> None:
    rows = "".join(
        f'<li><a href="details.asp?id={n}&amp;show=Canoe"></a><h3>Canoe no. {n}</h3>'
        f'<a href="details.asp?id={n}"><img src="{photo(n)}"></a><b>900 €</b>'
        f'<a href="results7_shops.asp?shop={n % 1000}&amp;all=1"><img src="/shops/{n}.gif"></a></li>'
        for n in NUMBERS
    )
    assert [one.page_url for one in read(f"<ul>{rows}</ul>")] == [
        f"https://ads.example/details.asp?id={n}" for n in NUMBERS
    ]


@pytest.mark.parametrize(
    "image",
    [
        '<img src="/lazy-preview.png" src-lazy="PHOTO" error-image-src="/no-image.png">',
        '<img class="product-avatar-img" src="PHOTO">',
    ],
)
def test_the_image_of_a_card_is_its_photo_whatever_its_attribute_and_class_are_called(image: str) -> None:
    cards = "".join(
        f'<li><a href="/ads/{n}">{image.replace("PHOTO", photo(n))}<h3>Canoe {n}</h3></a><b>900 €</b></li>'
        for n in NUMBERS
    )
    assert [[one.url for one in listing.photos] for listing in read(f"<ul>{cards}</ul>")] == [
        [photo(n)] for n in NUMBERS
    ]


def test_a_slide_is_a_size_of_a_photo() -> None:
    assert stem("https://img.example/17/Slide_canoe-81.webp") == stem("https://img.example/17/tn_canoe-81.webp")


def test_an_attachment_is_told_from_its_sisters_by_its_number() -> None:
    assert len({stem(f"https://ads.example/files/img_20{n}-jpeg.28123{n}/") for n in range(10, 15)}) == 5


def test_what_a_script_put_in_where_it_had_nothing_is_no_address() -> None:
    assert not is_address("https://img.exampleundefined", surely_photo=True)
    assert is_address("https://img.example/undefined/7", surely_photo=True)


def test_cards_of_several_sellers_need_no_price_where_their_addresses_are_alike() -> None:
    cards = [card(n, f"/shop-{n % 3}2800/detail/{n}-canoe-of-wood") for n in NUMBERS[:12]]
    cards[2:2] = [card(n, f"/a.kolar/detail/{n}-canoe-of-wood", price="ask") for n in NUMBERS[12:]]
    assert len(read(f"<ul>{''.join(cards)}</ul>")) == 16


def test_an_advertisement_of_another_kind_among_cards_of_one_is_none() -> None:
    cards = [card(n, f"/town{n % 2}/pets/article-{n}", price="for free") for n in NUMBERS[:12]]
    cards[2:2] = [card(n, f"/town0/jobs/alliance-{n}", price="1.350 €") for n in NUMBERS[12:15]]
    found = read(f"<ul>{''.join(cards)}</ul>")
    assert len(found) == 12
    assert all("article" in one.page_url for one in found)


def test_numbers_that_stand_among_the_cards_are_no_pager_that_ends_them() -> None:
    cards = [card(n, f"/ads/{n}") for n in NUMBERS]
    cards.insert(12, '<li><div>Rooms: <a href="/rooms/1">1</a> <a href="/rooms/2">2</a></div></li>')
    assert len(read(f"<ul>{''.join(cards)}</ul>")) == len(NUMBERS)


def test_a_few_of_another_make_are_of_the_list() -> None:
    cards = [card(n, f"/toyota/corolla-{n}").replace("Canoe", "Toyota Corolla") for n in NUMBERS[:12]]
    cards[2:2] = [card(n, f"/honda/civic-{n}").replace("Canoe", "Honda Civic") for n in NUMBERS[12:]]
    assert len(read(f"<ul>{''.join(cards)}</ul>")) == len(NUMBERS)


@pytest.mark.parametrize(
    ("heading", "count"), [("Prohlédli jste si", 12), ("Παλιές αγγελίες", 12), ("Yesterday", 15), ("", 15)]
)
@pytest.mark.parametrize("middle", [True, False])
def test_a_few_other_cards_behind_a_heading_of_their_own_are_none_of_the_list(
    heading: str, count: int, middle: bool
) -> None:
    cards = [f'<div class="card"><p>{card(n, f"/ads/{n}").replace("li>", "div>")}</p></div>' for n in NUMBERS[:12]]
    few = "".join(
        f'<a href="/ads/{n}"><img src="{photo(n)}"><i>Pot no. {n}</i> <b>9 €</b></a>' for n in NUMBERS[12:15]
    )
    cards.insert(6 if middle else 12, f'<section><div class="h">{heading}</div>{few}</section>')
    assert len(read("".join(cards))) == count


def test_things_of_another_kind_in_the_data_of_a_list_are_none_of_it() -> None:
    def thing(n: int, kind: str, folder: str) -> dict[str, Any]:
        inner = {"id": n, "title": f"No. {n}", "url": f"/{folder}/{n}", "images": [photo(n)], "price": 900}
        return {"listing_type": kind, kind: inner}

    things = [thing(n, "property", "homes/rent") for n in NUMBERS[:12]]
    things[3:3] = [thing(n, "project", "new-projects") for n in NUMBERS[12:14]]
    data = f'<script type="application/json">{json.dumps({"listings": things})}</script>'
    assert [one.page_url.split("/")[3] for one in read(data)] == ["homes"] * 12


def test_photos_of_data_that_a_card_does_not_show_are_on_the_host_of_those_it_shows() -> None:
    def path(n: int, k: int) -> str:
        return f"ds01/{n % 7}/{k}/{n}{k}-0f3a5c.jpg"

    ads = [
        {
            "id": n,
            "title": f"Canoe {n}",
            "url": f"/ads/{n}",
            "price": 900,
            "images": [path(n, k) for k in range(4)],
        }
        for n in NUMBERS
    ]
    state = {"config": {"cdn": "https://cdn.example/"}, "list": {"items": ads}}
    cards = "".join(
        f'<li><a href="/ads/{n}"><img src="https://cdn.example/crop/250/188/{path(n, 0)}"><h3>Canoe {n}</h3></a>'
        "<b>900 €</b></li>"
        for n in NUMBERS
    )
    found = read(f'<ul>{cards}</ul><script type="application/json">{json.dumps(state)}</script>')
    assert [one.photos[3].url for one in found] == [f"https://cdn.example/{path(n, 3)}" for n in NUMBERS]


def test_the_first_post_of_a_thread_is_a_listing_with_all_its_photos() -> None:
    attached = [f"/attachments/img_20{n}-jpeg.28123{n}/" for n in (34, 36, 37)]
    proxied = [f"/proxy.php?image=https%3A%2F%2Fpics.example%2F{n}%2Fwatch.jpg&amp;hash=0f" for n in (41, 42)]
    face = '<img class="avatar" src="/data/avatars/m/44/44120.jpg">'
    user = f'<div class="user"><a href="/members/ann.44120/">{face}</a></div>'
    first = "".join(f'<div><img class="shown" src="{src}"></div>' for src in (*attached, *proxied))
    files = "".join(
        f'<li><a href="{href}"><img src="/data/thumbs/28/{n}-95d32d.jpg"></a></li>'
        for n, href in enumerate((*attached, "/attachments/strap-jpg.2812308/"))
    )
    posts = "".join(
        f'<article>{user}<a href="/threads/old-watch.618204/post-912043{n}">#{n}</a><div>{text}</div></article>'
        for n, text in enumerate((f"{first}<b>Price: 690 €</b><ul>{files}</ul>", "Nice!", "Sold?"))
    )
    data = {"@type": "DiscussionForumPosting", "headline": "Old watch", "image": "/data/avatars/h/44/44120.jpg"}
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    text = page(f"<h1>Old watch</h1>{posts}{script}", head="<title>Old watch</title>")
    (listing,) = extract(text, "https://ads.example/threads/old-watch.618204/", True).listings
    urls = [one.url for one in listing.photos]
    assert listing.price == 690
    assert urls == [
        *(f"https://ads.example{path}" for path in attached),
        *(f"https://pics.example/{n}/watch.jpg" for n in (41, 42)),
        "https://ads.example/attachments/strap-jpg.2812308/",
    ]


def test_a_photo_in_the_head_and_a_price_are_a_listing_among_others_of_its_shop() -> None:
    own = "https://img.example/850/8502741/P/8502741B3026011800400.jpg"
    others = "".join(
        f'<li><a href="/spread/8502741B3025120200{n}/index.html"><img src="https://img.example/850/8502741/S/8502741B3025120200{n}.jpg">Bike</a></li>'
        for n in range(5)
    )
    body = f'<h1>Bike</h1><div class="price">1 598 000 €</div><img src="/cgi-bin/log.cgi?main"><ul>{others}</ul>'
    head = f'<meta property="og:title" content="Bike"><meta property="og:image" content="{own}">'
    url = "https://ads.example/spread/8502741B30260118004/index.html"
    (listing,) = extract(page(body, head=head), url, True).listings
    assert [one.url for one in listing.photos] == [own]


def test_many_numbers_in_one_large_element_are_looked_through_once() -> None:
    numbers = "".join(f'<a href="/p/{n}">{n}</a>' for n in range(2000))
    root = html.fromstring(f"<html><body><div>{'<p>a word </p>' * 20_000}{numbers}</div></body></html>")
    began = time.process_time()
    assert after_pager.behind(root, []) == []
    assert time.process_time() - began < 2


def test_many_parts_behind_a_list_are_each_compared_with_it_once() -> None:
    cards = "".join(f'<li><div class="own">{n}</div></li>' for n in range(4000))
    parts = "".join(f'<section><h3>Seen</h3><div class="other">{n}</div></section>' for n in range(2000))
    root = html.fromstring(f"<html><body><main><ul>{cards}</ul>{parts}</main></body></html>")
    own, other = (root.xpath(f"//div[@class='{name}']") for name in ("own", "other"))
    began = time.process_time()
    assert not any(other_lists.of_the_list(other, own))
    assert time.process_time() - began < 3


def test_many_places_are_not_all_sought_in_a_large_page() -> None:
    listings = [Listing("", f"/{n}", city=f"Town {n // 2}", region=f"Part {n}") for n in range(3000)]
    began = time.process_time()
    assert list_places.of_listings(listings, "x" * 2_000_000) == listings
    assert time.process_time() - began < 5
