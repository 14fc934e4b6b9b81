"""Adverts that the painted pages of `page_shapes` show, and what surrounds them on a real page."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Advert:
    """What an advert really is. Each photo has a word of its own in all its addresses."""

    number: int
    title: str
    make: str
    model: str
    year: int
    price: int
    km: int
    city: str
    region: str
    seller: str  # private, dealer
    posted: str  # a day
    photos: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Words of an address."""
        return f"{self.make}-{self.model}-{self.year}-{self.city}".lower().replace(" ", "-")


CARS = {
    "en": (("Maruti", "Swift"), ("Hyundai", "i20"), ("Honda", "City"), ("Tata", "Nexon")),
    "de": (("Volkswagen", "Golf"), ("Opel", "Corsa"), ("BMW", "320d"), ("Audi", "A4")),
}
PLACES = {
    "en": (("Pune", "Maharashtra"), ("Delhi", "Delhi"), ("Kochi", "Kerala")),
    "de": (("Köln", "Nordrhein-Westfalen"), ("Jena", "Thüringen"), ("Ulm", "Baden-Württemberg")),
}


def adverts(count: int, photos: int = 5, language: str = "en", seed: int = 1) -> list[Advert]:
    """`count` adverts with one to `photos` photos each."""
    rng = random.Random(seed)
    made = []
    for i in range(count):
        make, model = rng.choice(CARS[language])
        city, region = rng.choice(PLACES[language])
        year = rng.randint(2009, 2023)
        names = tuple(f"{rng.getrandbits(44):011x}z" for _ in range(photos if i % 3 else max(1, photos - 2)))
        made.append(
            Advert(
                number=rng.randint(10**8, 10**9),
                title=f"{make} {model} {rng.choice(('VXI', 'Sport', 'Comfort', 'TDI'))} {i}",
                make=make,
                model=model,
                year=year,
                price=rng.randint(30, 900) * 1000 + 500,
                km=rng.randint(10, 200) * 1000,
                city=city,
                region=region,
                seller=rng.choice(("private", "dealer")),
                posted=f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
                photos=names,
            )
        )
    return made


def page(body: str, head: str = "", language: str = "en", brand: str = "Wheels") -> str:
    """A whole page: header with logo and menu, footer with badges and social links, an avatar, a tracker."""
    menu = "".join(
        f'<li><a href="/{word}">{word.title()}</a></li>' for word in ("cars", "bikes", "vans", "sell", "login")
    )
    return f"""<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{brand}</title>
<link rel="icon" href="/favicon.png">{head}
<script>window.dataLayer=window.dataLayer||[];function gtag(){{dataLayer.push(arguments)}}gtag('js',new Date());
(function(w,d,s,l,i){{w[l]=w[l]||[];var f=d.getElementsByTagName(s)[0];j=d.createElement(s);j.src='https://t.example/x.js?id='+i+l}})(window,document,'script','dataLayer','GTM-1');</script>
<style>.a{{background:url(/static/bg.png)}}</style></head><body class="has-similar-items">
<header class="site-header"><a href="/"><img src="/static/logo.png" alt="{brand}"></a><nav><ul>{menu}</ul></nav>
<a href="/me"><img class="avatar" src="https://img.example/users/me-44.jpg"></a></header>
<div id="__app">{body}</div>
<footer><ul><li><a href="/about">About us</a></li><li><a href="/help">Help</a></li></ul>
<a href="https://apps.example/ios"><img src="/static/app-store.png" width="120" height="40"></a>
<a href="https://social.example/w"><img src="/static/social-f.svg"></a></footer>
<img src="https://t.example/pixel.gif" width="1" height="1"></body></html>"""


def similar_cards(others: list[Advert], photo: str, link: str, heading: str = "Similar cars") -> str:
    """A row of other adverts, as it stands below an advert. `photo` and `link` are templates."""
    cards = "".join(
        f'<div class="tile"><a href="{link.format(a=other)}"><img src="{photo.format(p=other.photos[0])}" alt="">'
        f"<h4>{other.title}</h4><b>€ {other.price}</b></a></div>"
        for other in others
    )
    return f'<section><h3>{heading}</h3><div class="row">{cards}</div></section>'
