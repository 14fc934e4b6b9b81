"""Cards and data that say single facts of an advert, and what is read from them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

PHOTO = "https://img.example/{n}/0f3a5c7e9b.jpg"
NUMBERS = range(8100231, 8100237)
HEAD = '<a href="/ads/{n}"><img src="PHOTO" alt="Combi {n}"><h3>Combi {n}</h3></a><b>900 €</b>'
DATA_URL = "https://ads.example/ads/8100231.html"


def painted(card: str) -> str:
    """Six cards of one build."""
    return "".join(card.replace("PHOTO", PHOTO).replace("{n}", str(number)) for number in NUMBERS)


def cards_of(card: str, *, around: str = "<main>{}</main>", url: str = "https://ads.example/all") -> list[Listing]:
    """The listings of a page of six painted cards."""
    found = extract(page(around.format(painted(card))), url, None).listings
    assert [one.page_url.rpartition("/")[2] for one in found] == [str(number) for number in NUMBERS]
    return list(found)


def data_of(data: Mapping[str, Any], body: str = "<p>11 490 €</p>") -> Listing:
    """The listing at `DATA_URL` of a page with one object in a script: five photos and what `data` adds."""
    photos = [f"https://img.example/8100231/{k}c7e9b.jpg" for k in range(5)]
    own = {"id": 8100231, "subject": "Combi Style", "price": 9900, "images": photos} | dict(data)
    script = f'<script type="application/json">{json.dumps({"state": {"item": own}})}</script>'
    (listing,) = extract(page(f"<main><h1>Combi Style</h1>{body}</main>{script}"), DATA_URL, True).listings
    return listing


def fields_of(listing: Listing, names: Iterable[str]) -> dict[str, Any]:
    """Those fields of a listing that a test names."""
    return {name: getattr(listing, name) for name in names}
