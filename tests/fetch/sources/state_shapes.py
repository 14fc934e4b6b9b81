"""Pages whose data and cards divide the work: parts of one list, addresses given elsewhere, galleries deep inside."""

from html import escape
from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import shape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page

LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}


def _photos(a: Advert) -> list[str]:
    return [f"https://img.example/pic/{p}/o.jpeg" for p in a.photos]


def _card(a: Advert, to: str = "") -> str:
    return f'<div class="feed-item"><a href="{to or link(a)}"><img src="{_photos(a)[0]}" alt="{a.title}"><h2>{a.title}</h2><span>{a.price:,} €</span></a></div>'  # fmt: skip


@shape(LISTS)
def one_list_whose_data_are_parts(adverts: list[Advert], others: list[Advert]) -> str:
    def item(a: Advert) -> dict[str, Any]:
        return {"token": str(a.number), "title": a.title, "price": a.price, "currency": "EUR", "address": {"city": a.city, "region": a.region},
                "vehicleDates": {"year": a.year}, "manufacturer": {"text": a.make}, "model": {"text": a.model}, "metaData": {"images": _photos(a)}}  # fmt: skip

    dealers = adverts[1::4]
    feed = {
        "commercial": [item(a) for a in dealers],
        "private": [item(a) for a in adverts if a not in dealers],
        "solo": [],
    }
    data = {"props": {"pageProps": {"queries": [{"state": {"data": feed | {"pagination": {"total": 900}}}}]}}}
    return page(
        f'<ul class="feed">{"".join(map(_card, adverts))}</ul>'
        + script(J(data), 'id="__NEXT_DATA__" type="application/json"')
    )


@shape(LISTS)
def items_called_advertisement(adverts: list[Advert], others: list[Advert]) -> str:
    rows = [{"advertisement": {"id": f"J{a.number}", "title": a.title, "photos": _photos(a), "location": {"name": a.city}, "price": {"value": a.price, "currency": "EUR"}}} for a in adverts]  # fmt: skip
    cards = "".join(_card(a, f"/detail/J{a.number}/{a.slug}") for a in adverts)
    flight = f'8:["$","$L3",null,{J({"results": rows})}]\n'
    return page(f"<main>{cards}</main>" + script(f"self.__next_f.push({J([1, flight])})"))


@shape(LISTS)
def addresses_in_another_list(adverts: list[Advert], others: list[Advert]) -> str:
    """Data for a script in an attribute, without links; JSON-LD has nothing but the links."""
    rows = [{"id": a.number, "title": a.title, "price": {"value": a.price, "currency": "EUR"}, "media": {"pictures": [{"smallUrl": url.replace("/o.", "/s."), "largeUrl": url} for url in _photos(a)]}} for a in adverts]  # fmt: skip
    items = [{"@type": "ListItem", "position": i, "url": f"{HOST}/ad/{a.slug}/{a.number}"} for i, a in enumerate(adverts, 1)]  # fmt: skip
    linked = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
    head = script(J(linked), 'type="application/ld+json"')
    return page(f'<main><search-page :results="{escape(J(rows))}"></search-page></main>', head)


@shape(LISTS)
def words_of_icons_in_titles(adverts: list[Advert], others: list[Advert]) -> str:
    """What is sold may be called pixel, star or icon; what no photo has is one file, named in many ways."""

    def card(a: Advert) -> str:
        at = f"https://img.example/image-200x150/phones/google-pixel-7a-{a.photos[0]}-252563675.jpg"
        none = ("/img/p.gif", "/img/p/en-default-home_default.jpg", "/app/nincskep_256x192.png")[a.number % 3]
        return f'<li><a href="{link(a)}"><img data-src="{at}"></a><img src="{none}"><a href="{link(a)}">{a.title}</a><b>{a.price:,} €</b></li>'  # fmt: skip

    return page(f"<ul>{''.join(map(card, adverts))}</ul>")


@shape(ADVERTS)
def gallery_deep_in_sections(a: Advert, others: list[Advert]) -> str:
    carousel = [{"image": {"url": url, "alt": a.title, "thumbnail_url": url.replace("/pic/", "/thumbnail/")}} for url in _photos(a)]  # fmt: skip
    sections = [
        {"section_name": "IMAGE", "widgets": [{"widget_type": "IMAGE_CAROUSEL", "data": {"items": carousel}}]},
        {
            "section_name": "SAFETY",
            "widgets": [{"widget_type": "ROW", "data": {"image_url": "https://img.example/icons/legend.png"}}],
        },
        {
            "section_name": "MAP",
            "widgets": [{"widget_type": "MAP", "data": {"image_url": "https://api.example/v8/mapimage/q.png"}}],
        },
    ]
    state = {
        "currentPost": {"post": {"token": str(a.number), "title": a.title, "price": a.price, "sections": sections}}
    }
    head = f'<meta property="og:image" content="{_photos(a)[0]}">'
    return page(
        f'<main><h1>{a.title}</h1><p>{a.price:,} €</p><div id="gallery"></div></main>'
        + script(f"window.__PRELOADED_STATE__ = {J(state)};"),
        head,
    )


@shape(ADVERTS)
def spans_for_a_script(a: Advert, others: list[Advert]) -> str:
    slides = "".join(f'<li class="slide"><div><span data-srcset="{url}"></span></div></li>' for url in _photos(a))
    thumbs = "".join(f'<li><a href="#"><div><span data-srcset="{url.replace("/pic/", "/thumb/")}"></span></div></a></li>' for url in _photos(a))  # fmt: skip
    product = {"@context": "https://schema.org", "@type": "Product", "name": a.title, "sku": str(a.number), "image": [_photos(a)[0]], "offers": {"@type": "Offer", "price": a.price, "priceCurrency": "EUR"}}  # fmt: skip
    body = f'<main><div class="gallery"><ul>{slides}</ul><ul class="switcher">{thumbs}</ul></div><h1>{a.title}</h1><b>{a.price:,} €</b></main>'  # fmt: skip
    return page(body, script(J(product), 'type="application/ld+json"'))
