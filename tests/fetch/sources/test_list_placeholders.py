"""Images of a list that stand where a card has no photo, photos that a script gives, and links beside a list."""

import pytest

from curate.fetch.sources.auto import extract
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)
ODD = NUMBERS[5]


def cards(usual: str, odd: str, slug: str = "canoe") -> str:
    """A list of cards: `usual` is the address of a photo with N for the number, `odd` that of one card."""
    return "".join(
        f'<li><a href="/{slug}-{n}"><img src="{(odd if n == ODD else usual).replace("N", str(n))}">'
        f"<h3>Canoe no. {n}</h3></a><b>900 €</b></li>"
        for n in NUMBERS
    )


def photos(body: str) -> dict[int, list[str]]:
    """The addresses of the photos of each listing of a page, by its number."""
    found = extract(page(f"<main>{body}</main>"), URL, False).listings
    return {int(one.page_url[-7:]): [photo.url for photo in one.photos] for one in found}


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("https://img.example/N/0f3a5c7e9b.jpg", "/images/engin-mynd.png"),  # on the host of the page
        ("https://img.example/up/N/file.jpg", "https://img.example/static/ina_t.gif"),  # in another folder
        ("https://img.example/listing/N/main.png", "https://img.example/product/boat-14/main.png"),  # of the maker
        ("/CarImage.aspx?c=N&p=45N6&w=400", "/images/engin-mynd.png"),  # beside a script
    ],
)
def test_the_only_image_without_a_number_and_at_another_place_is_no_photo(usual: str, odd: str) -> None:
    found = photos(f"<ul>{cards(usual, odd)}</ul>")
    assert list(found) == list(NUMBERS)
    assert [n for n, urls in found.items() if not urls] == [ODD]


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("https://img.example/N/0f3a5c7e9b.jpg", "https://old.example/up/img_417.jpg"),  # it merely lies elsewhere
        ("https://img.example/N/0f3a5c7e9b.jpg", "https://img.example/N/front.jpg"),  # it lies with the others
        ("https://img.example/N/0f3a5c7e9b.jpg", "https://img.example/green-canoe/front.jpg"),  # it is called so
        ("https://img.example/N/0f3a5c7e9b.jpg", "https://i.other.com/kXbQwZe.jpg"),  # on a site for photos
        ("https://img.example/N/0f3a5c7e9b.jpg", "https://img.example/grün/cânoe.jpg"),  # with other accents
        ("https://img.example/red/hull.jpg?of=N", "https://old.example/green/hull.jpg?of=417"),  # by its query
    ],
)
def test_a_photo_that_lies_elsewhere_stays(usual: str, odd: str) -> None:
    assert all(photos(f"<ul>{cards(usual, odd)}</ul>").values())


def test_photos_that_a_script_gives_by_numbers_are_read_each_once() -> None:
    body = "".join(
        "<li>"
        + "".join(
            f'<a href="/canoe-{n}"><img src="/CarImage.aspx?c={n}&amp;p={n}{k}&amp;w={w}"></a>'
            for k, w in ((1, 400), (1, 1280), (2, 400))
        )
        + f'<a href="/canoe-{n}"><h3>Canoe no. {n}</h3></a><b>900 €</b></li>'
        for n in NUMBERS
    )
    found = photos(f"<ul>{body}</ul>")
    assert [len(urls) for urls in found.values()] == [2] * len(NUMBERS)
    assert all(f"p={n}{k}&" in url for n, urls in found.items() for k, url in zip((1, 2), urls, strict=True))


def test_filters_beside_a_list_are_no_listings_where_its_links_are_as_deep() -> None:
    chips = '<div><a href="/ar/used/elm">Elm</a><a href="/ar/used/oak">Oak</a></div>'
    body = "".join(
        f'<a href="/ar/boat/canoe-{n}"><img src="/{n}/0f3a5c7e9b.jpg"><h3>Canoe {n}</h3>900 €</a>' for n in NUMBERS
    )
    assert list(photos(f"{chips}<div>{body}</div>")) == list(NUMBERS)


def test_a_section_of_links_without_numbers_is_of_the_list_where_its_cards_have_prices() -> None:
    def section(slugs: list[str]) -> str:
        return "".join(
            f'<div><a href="/boat/{slug}"><img src="/{at}7/0f3a5c7e9b.jpg"><h3>Boat {slug}</h3></a>900 €</div>'
            for at, slug in enumerate(slugs)
        )

    slugs = [f"canoe-{n}" for n in NUMBERS]
    sections = [slugs[:4], slugs[4:8], slugs[8:], ["elm", "oak"]]
    body = "".join(f"<section><h2>Day {day}</h2>{section(some)}</section>" for day, some in enumerate(sections))
    found = extract(page(f"<main>{body}</main>"), URL, False).listings
    assert sorted(one.page_url.rpartition("/")[2] for one in found) == sorted([*slugs, "elm", "oak"])


@pytest.mark.parametrize(
    "script", ["LogoImage.aspx?dealer=", "CaptchaImage.aspx?n=", "userImage.php?id=", "QrImage.php?id="]
)
def test_a_script_that_gives_other_images_gives_no_photos(script: str) -> None:
    body = "".join(
        f'<li><a href="/canoe-{n}"><img src="/CarImage.aspx?c={n}&amp;p={n}1"><h3>Canoe no. {n}</h3></a>'
        f'<b>900 €</b><img src="/{script}{n}"></li>'
        for n in NUMBERS
    )
    assert [len(urls) for urls in photos(f"<ul>{body}</ul>").values()] == [1] * len(NUMBERS)


def sold(links: str) -> str:
    """A card of what is sold, which leads nowhere, with `links` in it."""
    return f'<tr><td><img src="/{ODD}/0f3a5c7e9b.jpg"></td><td><h3>Sold canoe</h3></td><td>{links}</td></tr>'


@pytest.mark.parametrize(
    ("card", "titles"),
    [
        (sold('<a href="/contact">ask</a>'), ["Canoe 8100235", "Sold canoe", "Canoe 8100237"]),
        (sold('<a href="https://ads.other/7">see</a>'), ["Canoe 8100235", "Canoe 8100237"]),  # an advertisement
        ("<tr><td>Sold canoe</td><td></td><td></td></tr>", ["Canoe 8100235", "Canoe 8100237"]),
        ("<!-- sold -->" + sold(""), ["Canoe 8100235", "Sold canoe", "Canoe 8100237"]),
        (sold("").replace("<tr", "<tr hidden"), ["Canoe 8100235", "Canoe 8100237"]),  # a template
        (sold("").replace("<tr", '<tr style="display: none"'), ["Canoe 8100235", "Canoe 8100237"]),
        (sold("").replace("<tr", '<tr data-link-url="/insurance"'), ["Canoe 8100235", "Canoe 8100237"]),
        (sold("").replace(f"/{ODD}/", f"/{ODD - 1}/"), ["Canoe 8100235", "Canoe 8100237"]),  # a photo more
    ],
)
def test_a_card_that_leads_nowhere_is_a_listing_if_it_is_built_as_others(card: str, titles: list[str]) -> None:
    rows = [
        f'<tr><td><a href="/canoe-{n}"><img src="/{n}/0f3a5c7e9b.jpg"></a></td>'
        f'<td><h3><a href="/canoe-{n}">Canoe {n}</a></h3></td>'
        '<td><a href="/contact">ask</a></td></tr><tr><td>&nbsp;</td></tr>'
        for n in NUMBERS
    ]
    rows[5] = card
    found = extract(page(f"<main><table>{''.join(rows)}</table></main>"), URL, False).listings
    assert [one.title for one in found][4 : 4 + len(titles)] == titles
    assert len(found) == len(NUMBERS) - 3 + len(titles)
