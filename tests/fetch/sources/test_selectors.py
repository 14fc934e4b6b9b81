"""Listings by CSS selectors."""

from contextlib import suppress
from dataclasses import replace

import pytest

from curate.core.errors import RejectedError
from curate.core.recipe import Selectors
from curate.fetch.sources.listing import Found, Listing, PhotoLink
from curate.fetch.sources.selectors import extract

INDEX = "https://cars.example/cars"
CARD = Selectors(
    listing="li.ad", link="a@href", listing_id="@data-id", title="h3", price=".price", images="img@src"
)
DETAIL = Selectors(
    listing="li.ad", listing_id=".id", title="h1", year=".year", city=".city", region=".region",
    images=".gallery img@src",
)  # fmt: skip


def photos(*names: str) -> tuple[PhotoLink, ...]:
    return tuple(PhotoLink(f"https://cars.example/{name}") for name in names)


def test_an_index_page_with_whole_listings() -> None:
    page = """<ul><li class=ad data-id=7><a href="/l/7"><h3> Swift
      VXI</h3></a><b class=price>₹ 3,45,000</b><img src="/7.jpg"></li>
      <li class=ad data-id=8><a href="/l/8"><h3>WagonR</h3></a></li></ul><a class=more href="?p=2">More</a>"""
    found = extract(page, INDEX, False, CARD, "a.more")
    assert "selectors.price: matched in 1 of 2 listings" in found.notes
    assert replace(found, notes=(), used=()) == Found(
        (
            Listing("7", "https://cars.example/l/7", "Swift\n      VXI", price=345000.0, photos=photos("7.jpg")),
            Listing("8", "https://cars.example/l/8", "WagonR"),
        ),
        ("https://cars.example/cars?p=2",),
    )


def test_a_listings_own_page_is_one_listing() -> None:
    page = """<h1>Swift</h1><i class=id>7</i><i class=year>2016 model</i><i class=city>Pune</i>
      <i class=region>MH</i><div class=gallery><img src=/1.jpg><img src=/2.jpg></div>
      <ul><li class=ad><img src=/other.jpg></li></ul>"""
    (listing,) = extract(page, "https://cars.example/l/7", True, DETAIL, "").listings
    assert listing == Listing(
        "7", "https://cars.example/l/7", "Swift", "", "MH", "Pune", 2016, None, photos("1.jpg", "2.jpg")
    )


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        pytest.param('<img src="data:image/gif;base64,AA" data-src="/1.jpg">', photos("1.jpg"), id="P10-lazy"),
        pytest.param(
            '<img src="/s.jpg" srcset="/m.jpg 2x">',
            (PhotoLink("https://cars.example/m.jpg", ("https://cars.example/s.jpg",)),),
            id="P10-srcset",
        ),
        pytest.param(
            '<picture><source srcset="/l.webp 900w"><img src="/s.jpg"></picture>',
            (PhotoLink("https://cars.example/l.webp", ("https://cars.example/s.jpg",)),),
            id="P10-picture",
        ),
        pytest.param(
            '<img src="/dot.gif" width=1 height=1>',
            (PhotoLink("https://cars.example/dot.gif", reason="not_gallery"),),
            id="P10-tracker",
        ),
        pytest.param(
            "<aside><img src=/similar.jpg></aside>",
            (PhotoLink("https://cars.example/similar.jpg", reason="not_gallery"),),
            id="P10-similar",
        ),
        pytest.param("<img src='data:image/gif;base64,AA'>", (), id="P10-placeholder"),
        pytest.param("<img src=/1.jpg width=640px>", photos("1.jpg"), id="P10-large"),
    ],
)
def test_p10_only_gallery_images(image: str, wanted: tuple[PhotoLink, ...]) -> None:
    (listing,) = extract(f"<h1>Swift</h1>{image}", INDEX, True, Selectors(title="h1"), "").listings
    assert listing.photos == wanted


def test_p11_a_listing_without_an_id_has_none() -> None:
    (listing,) = extract("<li class=ad><img src=/1.jpg></li>", INDEX, False, CARD, "").listings
    assert (listing.listing_id, listing.page_url) == ("", INDEX)


def test_p07_a_page_that_matches_nothing_holds_nothing() -> None:
    assert extract("<p>New design</p>", INDEX, False, CARD, "").listings == ()
    assert extract("<p>Sold</p>", INDEX, True, CARD, "").listings == ()


def test_p05_a_million_tags_are_refused() -> None:
    with pytest.raises(RejectedError, match="page_too_complex"):
        extract("<i></i>" * 500_000, INDEX, False, CARD, "")


@pytest.mark.parametrize("tag", ["div", "b", "font", "p", "li", "table"])
def test_p05_tags_without_ends_are_read_or_refused_with_nothing_lost(tag: str) -> None:
    advert = "<ul><li class=ad data-id=7><h3>Swift</h3></ul>"
    (listing,) = extract(f"<{tag}>" * 600 + advert, INDEX, False, CARD, "").listings
    assert listing.listing_id == "7"
    with suppress(RejectedError):
        (listing,) = extract(f"<{tag}>" * 50_000 + advert, INDEX, False, CARD, "").listings
        assert listing.listing_id == "7"


def test_p05_nesting_that_the_parser_cannot_follow_is_refused() -> None:
    with pytest.raises(RejectedError, match="page_too_complex: tags are nested deeper"):
        extract("<div>" * 50_000 + "<li class=ad data-id=7><h3>Swift</h3>", INDEX, False, CARD, "")


@pytest.mark.parametrize("odd", ["<![x", "<![x]]>", "<![CDATA[", "<!x", "<?x", "</ x", "<![if !IE]>"])
def test_p02_a_broken_declaration_hides_nothing_but_what_it_opens(odd: str) -> None:
    page = f"<h1>Swift</h1><i class=id>7</i><div class=gallery><img src=/1.jpg></div><p>{odd}"
    (listing,) = extract(page, "https://cars.example/l/7", True, DETAIL, "").listings
    assert (listing.listing_id, listing.title, listing.photos) == ("7", "Swift", photos("1.jpg"))
