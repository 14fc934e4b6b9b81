"""Pages of large portals and shops: data without addresses, cards of several kinds in one list, a promoted listing
twice, a cover beside a list of one photo, data of other things."""

from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import BLANK, shape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page

LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}


@shape(LISTS)
def districts_and_data_without_addresses(adverts: list[Advert], others: list[Advert]) -> str:
    def card(at: int, a: Advert) -> str:
        return f'<li class="result" title="{a.title}"><a href="/{("north", "south")[at % 2]}/cto/d/{a.slug}/{a.number}.html"><div class="title">{a.title}</div><div class="details"><div class="price">€{a.price:,}</div><div class="location">{a.city}</div></div></a></li>'  # fmt: skip

    def item(a: Advert) -> dict[str, Any]:
        return {"@type": "ListItem", "item": {"@type": "Product", "name": a.title, "image": [f"https://images.example/{p}_600x450.jpg" for p in a.photos],
                "offers": {"@type": "Offer", "priceCurrency": "EUR", "price": f"{a.price}.00"}}}  # fmt: skip

    cards = "".join(card(at, a) for at, a in enumerate(adverts))
    data = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": [item(a) for a in adverts]}
    return page(
        f'<h1>Cars</h1><ol class="results"><li class="see-also"><div><a href="/search/cto?by=owner">by owner</a></div></li>{cards}</ol>',
        script(J(data), 'type="application/ld+json"'),
    )


@shape(LISTS)
def promoted_beside_itself(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert, reason: str = "") -> str:
        return f'<div class="l-card"><a href="{link(a)}{reason}"><img src="/static/no_thumbnail.svg" alt="{a.title}" loading="lazy"></a><div><a href="{link(a)}{reason}"><h4>{a.title}</h4></a><p class="price">{a.price} €</p></div></div>'  # fmt: skip

    cards = [card(a, "?search_reason=search%7Cpromoted" if at in (1, 4) else "") for at, a in enumerate(adverts)]
    data = {"listing": {"ads": [{"id": a.number, "title": a.title, "url": HOST + link(a), "price": {"value": a.price, "currency": "EUR"}, "photos": [f"https://apollo.example:443/v1/files/{p}-RO/image;s=1000x750" for p in a.photos]} for a in adverts]}}  # fmt: skip
    return page(f"<main>{''.join(cards)}</main>" + script(f"window.__PRERENDERED_STATE__ = {J(J(data))};"))


@shape(LISTS)
def cover_and_a_list_of_one(adverts: list[Advert], others: list[Advert]) -> str:
    def at(p: str, kind: str) -> str:
        return f"https://static.example/{kind}/{p[::-1]}/{p}.webp" if kind == "card" else f"https://static.example/{p}.webp"  # fmt: skip

    rows = [{"guid": f"{a.number}", "title": a.title, "url": link(a), "price": {"value": a.price}, "images_count": 1, "image_obj": {"url": at(a.photos[0], "card"), "is_main": True}, "images": [{"url": at(a.photos[0], "full")}]} for a in adverts]  # fmt: skip
    cards = "".join(f'<div class="tile"><a href="{link(a)}"><picture><source srcset="{at(a.photos[0], "card")}"><img src="{at(a.photos[0], "card")}"></picture><div class="price">€ {a.price:,}</div><div class="tile-title">{a.title}</div></a></div>' for a in adverts)  # fmt: skip
    return page(cards + script(f"window.state={J({'adverts': rows})};"))


@shape(LISTS)
def page_of_a_collection(adverts: list[Advert], others: list[Advert]) -> str:
    at = f"{HOST}/used/cars?page=1"
    graph = [
        {"@type": "CollectionPage", "@id": at, "url": at, "name": "Cars - Wheels", "primaryImageOfPage": {"@id": f"{at}#image"}},
        {"@type": "ImageObject", "@id": f"{at}#image", "url": f"{HOST}/wp-content/uploads/2025/09/cars.jpg", "contentUrl": f"{HOST}/wp-content/uploads/2025/09/cars.jpg"},
        {"@type": "WebSite", "url": HOST, "name": "Wheels"},
    ]  # fmt: skip
    cards = "".join(f'<li class="product"><a href="{link(a)}"><img src="{BLANK}" data-lazy-src="{HOST}/wp-content/uploads/2025/10/{a.photos[0]}-600x600.jpg"><h2 class="product__title">{a.title}</h2><span class="price">{a.price} €</span></a></li>' for a in adverts)  # fmt: skip
    return page(
        f'<h1>Cars</h1><ul class="products">{cards}</ul>',
        script(J({"@context": "https://schema.org", "@graph": graph}), 'type="application/ld+json"'),
    )


@shape(ADVERTS)
def items_of_other_products(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: str) -> str:
        return f"{HOST}/{int(p[:4], 16)}-{size}_default/{p}.jpg"

    photos = "".join(f'<li><img class="thumb" data-image-large-src="{at(p, "large")}" src="{at(p, "small")}" itemprop="image"></li>' for p in a.photos)  # fmt: skip
    more = "".join(f'<article class="miniature" itemscope itemtype="http://schema.org/Product"><a href="{link(o)}"><img src="{at(o.photos[0], "home")}" itemprop="image"></a><h3 itemprop="name">{o.title}</h3><span>{o.price} €</span></article>' for o in others)  # fmt: skip
    return page(
        f'<div itemscope itemtype="http://schema.org/WebSite"><link itemprop="url" href="{HOST}/"></div><main itemscope itemtype="http://schema.org/Product"><ul class="product-images">{photos}</ul><h1 itemprop="name">{a.title}</h1><div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price" content="{a.price}">{a.price} €</span></div></main><section class="accessories"><p class="h5">También podría interesarle</p>{more}</section>',
        language="es",
    )
