"""Addresses that a page writes for its scripts: backgrounds, second sources, links in base64, slugs."""

import base64
import json

import pytest

from curate.fetch.sources import javascript
from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)
COLOURS = ("red", "green", "blue")


def photo(number: int) -> str:
    """The address of the photo of a painted card."""
    return f"https://img.example/{number}/0f3a5c7e9b.jpg"


def card(number: int, image: str, link: str = "") -> str:
    """A card of a list."""
    link = link or f'href="/canoe-{number}"'
    return f"<li><a {link}>{image}<h3>Canoe no. {number}</h3></a><b>900 €</b></li>"


def read(body: str) -> list[Listing]:
    """The listings of a page of a list."""
    return list(extract(page(f"<main>{body}</main>"), URL, False).listings)


@pytest.mark.parametrize(
    "image",
    [
        '<img src="/blank.png"><span data-bg="url(PHOTO)"></span>',
        "<div data-background-image=\"url('PHOTO')\"></div>",
        '<img name="Lazyload" src="https://x.example/static/default.png" src2="PHOTO">',
    ],
)
def test_an_image_that_a_script_puts_in_is_the_photo_of_its_card(image: str) -> None:
    found = read(f"<ul>{''.join(card(n, image.replace('PHOTO', photo(n))) for n in NUMBERS)}</ul>")
    assert [[one.url for one in listing.photos] for listing in found] == [[photo(n)] for n in NUMBERS]


def test_an_image_that_others_show_where_theirs_fails_is_no_photo() -> None:
    instead = "https://img.example/new/opt1120.jpg"

    def image(number: int) -> str:
        own = instead if number == NUMBERS[4] else photo(number)
        fails = "" if number == NUMBERS[4] else f" onerror=\"this.src='{instead}'\""
        return f'<img src="{own}" alt="Canoe"{fails}>'

    found = read(f"<ul>{''.join(card(n, image(n)) for n in NUMBERS)}</ul>")
    assert [len(one.photos) for one in found] == [int(n != NUMBERS[4]) for n in NUMBERS]


def test_the_first_photo_of_a_listing_may_stand_in_for_its_others() -> None:
    folder = f"https://img.example/{NUMBERS[0]}"
    others = "".join(f'<img src="{folder}/{n}7.jpg" onerror="this.src=\'{folder}/a7.jpg\'">' for n in range(4))
    main = f'<h1>Canoe</h1><b class="price">900 €</b><img src="{folder}/a7.jpg">{others}'
    (one,) = extract(page(f"<main>{main}</main>"), f"https://ads.example/canoe-{NUMBERS[0]}", True).listings
    assert len(one.photos) == 5


def test_an_image_without_an_address_has_the_one_that_it_fails_into() -> None:
    cards = "".join(card(n, f'<img src="" onerror="this.src=\'{photo(n)}\'">') for n in NUMBERS)
    assert [len(one.photos) for one in read(f"<ul>{cards}</ul>")] == [1] * len(NUMBERS)


def test_an_image_that_fails_into_its_own_other_format_stays() -> None:
    cards = "".join(card(n, f'<img src="{photo(n)}" onerror="this.src=\'{photo(n)}.png\'">') for n in NUMBERS)
    assert [len(one.photos) for one in read(f"<ul>{cards}</ul>")] == [1] * len(NUMBERS)


@pytest.mark.parametrize(
    "portrait",
    [
        "https://img.example/80x80/profile/2469490.jpg",
        "https://ads.example/_next/image?url=https%3A%2F%2Fimg.example%2Fprofile%2F2469490.jpg&w=640",
        "https://img.example/2469490/0f3a.jpg?noimage=true",
    ],
)
def test_a_portrait_and_what_says_to_be_no_image_are_no_photo(portrait: str) -> None:
    cards = "".join(card(n, f'<img src="{portrait if n == NUMBERS[2] else photo(n)}">') for n in NUMBERS)
    assert [len(one.photos) for one in read(f"<ul>{cards}</ul>")] == [int(n != NUMBERS[2]) for n in NUMBERS]


def test_photos_stay_where_all_of_a_page_stand_in_a_folder_of_profiles() -> None:
    urls = {n: f"https://img.example/horses/profile/{n}.jpg" for n in NUMBERS}
    cards = "".join(card(n, f'<img src="{urls[n]}">') for n in NUMBERS)
    assert [[each.url for each in one.photos] for one in read(f"<ul>{cards}</ul>")] == [[urls[n]] for n in NUMBERS]


def test_a_link_that_a_page_hides_from_robots_leads_where_its_script_would() -> None:
    coded = {n: base64.b64encode(f"/boats/canoe-{n}.html".encode()).decode() for n in NUMBERS}
    cards = "".join(card(n, f'<img src="{photo(n)}">', f'data-url="{coded[n]}"') for n in NUMBERS)
    assert [one.page_url for one in read(f"<ul>{cards}</ul>")] == [
        f"https://ads.example/boats/canoe-{n}.html" for n in NUMBERS
    ]


def test_a_word_that_looks_like_base64_stays_a_link() -> None:
    cards = "".join(card(n, f'<img src="{photo(n)}">', f'href="L2canoes{n}xyz"') for n in NUMBERS)
    assert [one.page_url for one in read(f"<ul>{cards}</ul>")] == [
        f"https://ads.example/L2canoes{n}xyz" for n in NUMBERS
    ]


def listed(*, slug: str) -> list[str]:
    """The addresses of listings of which a third has a link, and all have a slug."""
    rows = [
        {
            "id": n,
            "name": f"Canoe of {n} boards",
            "price": 900,
            "image": photo(n),
            "seoUrl": f"{COLOURS[n % 3]}-{slug}-{n}",
        }
        for n in NUMBERS
    ]
    cards = "".join(card(n, f'<img src="{photo(n)}">', f'href="/{COLOURS[n % 3]}-canoe-{n}"') for n in NUMBERS[:4])
    data = f'<script type="application/json">{json.dumps({"items": rows})}</script>'
    return [one.page_url for one in read(f"<ul>{cards}</ul>{data}")]


def test_a_listing_without_a_link_has_the_address_that_its_slug_makes() -> None:
    assert listed(slug="canoe") == [f"https://ads.example/{COLOURS[n % 3]}-canoe-{n}" for n in NUMBERS]


def test_a_slug_that_the_links_do_not_hold_makes_no_address() -> None:
    assert listed(slug="boat")[4:] == [URL] * (len(NUMBERS) - 4)


OWN = "https://img.example/8100230/0f3a5c7e9b.jpg"
ADVERT = "<h1>Canoe, hardly used</h1><b>900 €</b><p>Three metres long.</p>"


def gallery(calls: str, shown: str = OWN) -> list[list[str]]:
    """The photos, with their addresses, of a page of one listing that shows one and whose script makes calls."""
    text = page(f"<main>{ADVERT}<img src='{shown}'></main><script>var g = new Gallery();{calls}g.init();</script>")
    (listing,) = extract(text, "https://ads.example/canoe-8100231", True).listings
    return [[one.url, *one.aliases] for one in listing.photos]


def test_calls_that_add_a_photo_each_are_read_without_the_banner_between_them() -> None:
    calls = "".join(
        f"g.addImage('https://img.example/4_{n}/canoe.jpg', 'image', 'https://img.example/1_{n}/canoe.jpg', 'A');"
        for n in NUMBERS
    )
    banner = "g.addImage('https://ads.example/static/insurance.jpg', 'banner', '', 'From 9 € a month');"
    added = gallery(calls + banner, "https://img.example/4_8100231/canoe.jpg")
    assert [photo[0] for photo in added] == [f"https://img.example/4_{n}/canoe.jpg" for n in NUMBERS]
    assert all(photo[1:] == [photo[0].replace("/4_", "/1_")] for photo in added)
    pushed = "".join(f'photos.push("{photo(n)}");' for n in NUMBERS)
    assert [each[0] for each in gallery(pushed, photo(NUMBERS[0]))] == [photo(n) for n in NUMBERS]


@pytest.mark.parametrize(
    "call", ["banners.push('PHOTO')", "preloadImages('PHOTO')", "g.addLogo('PHOTO')", "add('PHOTO')"]
)
def test_calls_that_add_something_else_are_no_photos(call: str) -> None:
    assert gallery("".join(f"{call.replace('PHOTO', photo(n))};" for n in NUMBERS)) == [[OWN]]


def test_many_calls_are_read_in_linear_time() -> None:
    for text in ("f('a'," * 100_000, "f('" + "a" * 1_000_000, "f(" + " " * 1_000_000, "a." * 300_000):
        assert javascript.calls(text) == {}
