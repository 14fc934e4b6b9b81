"""What the addresses of images, and the kinds of media, say: which are photos, and which show none."""

import pytest

from curate.fetch.sources import json_media
from curate.fetch.sources.element_names import shows_nothing


@pytest.mark.parametrize(
    "name",
    [
        "img/logo.png",
        "img/p.gif",
        "img/a_lv.gif",
        "static/nincskep_256x192.png",
        "images/unavailable_stockphoto.png",
        "prod-bizlogos/0d",
        "p/en-default-home_default.jpg",
        "phones/google-pixel-placeholder-252563675.png",
        "banners/12345-summer-sale-week.jpg",
        "img/net-foto.png",
        "cars/no-cars.jpg",
    ],
)
def test_addresses_that_show_nothing(name: str) -> None:
    assert shows_nothing(name)


@pytest.mark.parametrize(
    "name",
    [
        "phones/google-pixel-7a-slika-252563675.jpg",
        "bikes/ducati-scrambler-icon-3141592.jpg",
        "8100231/1.gif",
        "8100231/front.gif",
        "net_photos/8100231.jpg",
        "photos/17.jpg",
    ],
)
def test_addresses_that_may_show_what_is_sold(name: str) -> None:
    assert not shows_nothing(name)


@pytest.mark.parametrize(
    ("item", "other"),
    [
        ({"type": "VideoObject"}, True),
        ({"mediaType": "floorplan"}, True),
        ({"kind": "SITE_PLAN"}, True),
        ({"isPlan": True}, True),
        ({"isPlan": False}, False),
        ({"tag": "plan"}, True),
        ({"tag": "first floor"}, False),
        ({"category": "garden plants"}, False),
        ({"category": "Audio", "items": ["1.jpg"]}, False),
        ({"type": "VirtualTour"}, True),
        ({"type": "image"}, False),
    ],
)
def test_kinds_of_media_that_are_no_photos(item: dict[str, object], other: bool) -> None:
    assert json_media.is_other(item) == other
