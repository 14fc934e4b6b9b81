"""Photos of the listing, each once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.fetch.sources.gallery import gallery, photo, srcset
from curate.fetch.sources.listing import PhotoLink

BASE = "https://cars.example/listing/7"
URL = "https://cars.example/photos/1lifg37rh4oq1/image"


def one(url: str) -> PhotoLink:
    found = photo([url], BASE)
    assert found is not None
    return found


def test_f41_six_ways_to_write_one_photo_are_one_photo_with_aliases() -> None:
    written = [
        URL,
        f"{URL};s=780x0",
        "https://cars.example:443/photos/1lifg37rh4oq1/image;s=300x600;q=60",
        "HTTPS://Cars.Example/photos/1lifg37rh4oq1/image#2",
        "https://cars.example/photos/1lifg37rh4oq1-IN/image",
        "/photos/1lifg37rh4oq1/image",
    ]
    (found,) = gallery(one(url) for url in written)
    assert found == PhotoLink(URL, (written[1], written[2], written[3], written[4]))
    (turned,) = gallery(one(url) for url in reversed(written))
    assert set(turned.aliases) | {turned.url} == set(found.aliases) | {found.url}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("/photos/front-IN.jpg", "/photos/front.jpg", id="F41-a-word-is-no-id"),
        pytest.param("/photos/1lifg37rh4oq1-IN.jpg", "/photos/1lifg37rh4oq1-XX1.jpg", id="F41-no-country"),
        pytest.param("/photos/1.jpg?w=1", "/photos/1.jpg?w=2", id="F41-a-query-may-mean-anything"),
    ],
)
def test_f41_what_may_be_two_photos_stays_two(first: str, second: str) -> None:
    assert len(gallery([one(first), one(second)])) == 2


def test_p10_data_urls_are_passed_over_for_what_comes_after_them() -> None:
    assert photo(["data:image/gif;base64,R0lG", "/photos/1.jpg"], BASE) == PhotoLink(
        "https://cars.example/photos/1.jpg"
    )
    assert photo(["", "data:image/gif;base64,R0lG"], BASE) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("/tracker.gif", "not_gallery", id="P10-tracker"),
        pytest.param("/img/1x1.gif?u=7", "not_gallery", id="P10-1x1"),
        pytest.param("/avatars/77.jpg", "not_gallery", id="P10-avatar"),
        pytest.param("/dealers/logo-big.png", "not_gallery", id="P10-logo"),
        pytest.param("/i/placeholder.jpg", "not_gallery", id="P10-placeholder"),
        pytest.param("/i/arrow.svg", "not_gallery", id="P10-svg"),
        pytest.param("https://logo.example/photos/1.jpg", "", id="P10-a-host-is-no-word"),
        pytest.param("/photos/semiconductor-iconic.jpg", "", id="P10-whole-words-only"),
        pytest.param("http://[::1", "bad_url", id="F38"),
        pytest.param("javascript:alert(1)", "bad_url", id="F38-scheme"),
        pytest.param("http://a@b/x.jpg", "bad_url", id="F37"),
    ],
)
def test_p10_what_is_no_photo_is_named(url: str, reason: str) -> None:
    assert one(url).reason == reason


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param("/s.jpg 320w, /m.jpg 640w, /l.jpg 1280w", ["/l.jpg", "/m.jpg", "/s.jpg"], id="P10-widths"),
        pytest.param("/s.jpg, /l.jpg 2x", ["/l.jpg", "/s.jpg"], id="P10-density"),
        pytest.param("/a,b.jpg 1x,/c.jpg 1.5x", ["/c.jpg", "/a,b.jpg"], id="P10-comma-in-url"),
        pytest.param("data:image/gif;base64,AA 1w, /m.jpg 640w", ["/m.jpg"], id="P10-placeholder-in-srcset"),
        pytest.param("/s.jpg 1.2.3w, /m.jpg 1w", ["/m.jpg"], id="P10-bad-width"),
        pytest.param("", [], id="P10-empty"),
    ],
)
def test_p10_srcset_gives_the_largest_first(value: str, wanted: list[str]) -> None:
    assert srcset(value) == wanted


@pytest.mark.parametrize("unit", [",", " ", "a ", "a,", "1w,", "data:", "\t\n"])
def test_p13_a_hostile_srcset_takes_no_time(unit: str) -> None:
    started = time.process_time()
    srcset(unit * (100_000 // len(unit)))
    assert time.process_time() - started < 0.05


@given(st.lists(st.text(max_size=30)))
def test_every_url_is_a_photo_an_alias_or_a_placeholder(urls: list[str]) -> None:
    offered = [found for url in urls if (found := photo([url], BASE))]
    kept = gallery(offered)
    names = {name for found in kept for name in (found.url, *found.aliases)}
    assert names >= {found.url for found in offered}
    assert len({found.url for found in kept}) == len(kept)
    assert all(" " not in name for found in kept for name in found.aliases)
