"""What stands around the content of real pages: put into painted ones, none of it is a listing or its photo."""

import json
import re
import zlib
from collections.abc import Callable

Put = Callable[[str], str]
SURROUNDINGS: dict[str, Put] = {}


def around(put: Put) -> Put:
    """Register what is put in by its name."""
    SURROUNDINGS[put.__name__] = put
    return put


def _before(text: str, more: str) -> str:
    return text.replace('<div id="__app">', f'{more}<div id="__app">', 1)


def _after(text: str, more: str) -> str:
    return text.replace("<footer>", f"{more}<footer>", 1)


def _data(data: object, kind: str = "application/ld+json") -> str:
    return f'<script type="{kind}">{json.dumps(data)}</script>'


@around
def brands(text: str) -> str:
    links = "".join(
        f'<a href="/used/brand-{n}/"><img src="https://img.example/brands/b{n}.png" alt="Brand {n}"><span>Brand {n}</span></a>'
        for n in range(24)
    )
    return _before(text, f'<div class="css-1x2y3z">{links}</div>')


@around
def stories(text: str) -> str:
    items = "".join(
        f'<article><a href="/magazine/how-to-buy-a-car-{n}-2024/"><img src="https://img.example/magazine/640x360/story{n}.jpg" alt=""><h3>How to buy a car, part {n}</h3></a><time datetime="2024-0{n}-01">1.{n}.2024</time><p>Read it.</p></article>'
        for n in range(1, 7)
    )
    return _after(text, f'<section class="css-77aa"><h2>Magazine</h2>{items}</section>')


@around
def site_data(text: str) -> str:
    ask = [
        {"@type": "Question", "name": f"Why {n}?", "acceptedAnswer": {"@type": "Answer", "text": "So."}}
        for n in range(6)
    ]
    data = [{"@context": "https://schema.org", "@type": "Organization", "name": "Wheels", "url": "https://wheels.example", "logo": "https://img.example/logo.png", "image": ["https://img.example/office1.jpg", "https://img.example/office2.jpg"]},
            {"@type": "FAQPage", "mainEntity": ask}, {"@type": "WebSite", "url": "https://wheels.example", "potentialAction": {"@type": "SearchAction"}},
            {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": "Used", "item": "https://wheels.example/used"}]}]  # fmt: skip
    return _before(text, _data(data))


@around
def searches(text: str) -> str:
    links = "".join(
        f'<li><a href="/used/search-{n}-in-city-{n * 1013}">Used cars {n} in city from € {n}99</a></li>'
        for n in range(1, 40)
    )
    return _after(text, f"<section><h2>Popular searches</h2><ul>{links}</ul></section>")


@around
def dealers(text: str) -> str:
    items = "".join(
        f'<div class="css-9q"><a href="/dealer/auto-house-{n}00{n}"><img src="https://img.example/dealers/{n}/front.jpg"><b>Auto House {n}</b></a><span>4.{n} of 5</span></div>'
        for n in range(1, 9)
    )
    return _after(text, f'<div class="css-8h"><h2>Dealers in your city</h2>{items}</div>')


@around
def menus_in_data(text: str) -> str:
    data = {"menu": [{"id": n, "title": f"Menu {n}", "url": f"/category/{n}000", "image": f"https://img.example/menu/{n}.jpg"} for n in range(1, 30)], "locale": "en",
            "articles": [{"id": n, "title": f"Story {n}", "url": f"/magazine/story-{n}000", "cover": {"url": f"https://img.example/m/{n}.jpg"}} for n in range(1, 8)]}  # fmt: skip
    return _after(text, _data(data, "application/json"))


@around
def hashed_names(text: str) -> str:
    return re.sub(r'class="[^"]*"', lambda match: f'class="sc-{zlib.crc32(match[0].encode()):x} jX"', text)


@around
def general_head(text: str) -> str:
    more = '<meta property="og:site_name" content="Wheels"><meta name="twitter:image" content="https://img.example/share-default.png"><meta property="og:type" content="website">'
    return text.replace("<head>", f"<head>{more}", 1)


@around
def campaign(text: str) -> str:
    return _before(
        text,
        '<div class="css-5t"><a href="/finance/offer-2024"><img src="https://img.example/campaign/1200x300/autumn.jpg" alt="Finance from € 99"></a><p>Finance from € 99 a month</p></div>',
    )
