"""A list of canoes whose cards hold given parts, and what is read of it."""

import json
from typing import Any

from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from tests.fetch.sources.painted_adverts import page

URL = "https://ads.example/all"
NUMBERS = range(8100231, 8100243)


def card(number: int, inner: str, heading: str = "Canoe") -> str:
    """A card of a list."""
    image = f'<img src="https://img.example/{number}/0f3a5c7e9b.jpg">'
    return f'<li><a href="/canoe-{number}">{image}<h3>{heading} {number}</h3></a>{inner}</li>'


def read(*inner: str, url: str = URL, title: str = "Canoes", data: Any = None) -> list[Listing]:
    """The listings of a page whose cards hold these parts in turn."""
    cards = "".join(card(n, inner[n % len(inner)]) for n in NUMBERS)
    script = f'<script type="application/json">{json.dumps(data)}</script>' if data else ""
    return list(
        extract(page(f"<ul>{cards}</ul>{script}").replace("<title>", f"<title>{title} "), url, False).listings
    )
