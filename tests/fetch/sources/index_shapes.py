"""Pages of lists, in the shapes that real sites have; each a function of adverts and of other adverts beside."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.fetch.sources.painted_adverts import Advert, page, similar_cards

J = json.dumps
HOST = "https://wheels.example"
Shape = Callable[[list[Advert], list[Advert]], str]
SHAPES: dict[str, Shape] = {}


def shape(paint: Shape) -> Shape:
    """Register a page by its name."""
    SHAPES[paint.__name__] = paint
    return paint


def link(advert: Advert) -> str:
    """The address of an advert's page, from the root."""
    return f"/used/{advert.slug}-{advert.number}.html"


def script(text: str, attributes: str = "") -> str:
    """A script tag, its text safe inside."""
    safe = text.replace("</", "<\\/")
    return f"<script {attributes}>{safe}</script>"


def plain_cards(adverts: list[Advert], photo: str = "") -> str:
    """Cards with link, title and price, and a photo where a template is given."""
    cards = "".join(
        f'<li class="card"><a href="{link(a)}">{f"<img loading=lazy src={photo.format(p=a.photos[0])} alt=x>" if photo else ""}'
        f'<h3>{a.title}</h3></a><span class="price">€ {a.price:,}</span><img class="badge" src="/static/badge-new.png">'
        f'<a href="/dealer/77"><img src="https://img.example/dealers/77.jpg" alt="dealer"></a></li>'
        for a in adverts
    )
    return f'<h1>Used cars</h1><ul class="results">{cards}</ul>'


def record(a: Advert, photos: Any) -> dict[str, Any]:
    """An advert as an API of today gives it."""
    return {
        "id": a.number, "title": a.title, "url": link(a), "price": {"value": a.price, "currency": "EUR", "formatted": f"€ {a.price:,}"},
        "vehicle": {"make": a.make, "model": a.model, "firstRegistration": f"03/{a.year}", "mileageInKm": f"{a.km:,} km"},
        "location": {"city": a.city, "region": a.region, "countryCode": "XX"}, "images": photos, "isPromoted": False,
        "seller": {"id": 7, "type": "Dealer" if a.seller == "dealer" else "Private", "name": "Bob", "logo": {"url": "https://img.example/dealers/7.jpg"},
                   "avatar": "https://img.example/users/u7.jpg"},
        "createdAt": f"{a.posted}T09:00:00Z", "tracking": {"position": 1},
    }  # fmt: skip


def strings(a: Advert, size: str = "250x188.webp") -> list[str]:
    """Photos as addresses with their size behind the name."""
    return [f"https://pics.example/listing-images/{p}.jpg/{size}" for p in a.photos]


@shape
def next_data(adverts: list[Advert], others: list[Advert]) -> str:
    data = {"props": {"pageProps": {"listings": [record(a, strings(a)) for a in adverts], "numberOfResults": 900,
            "recommendations": [record(a, strings(a)) for a in others], "makes": [{"id": i, "name": "M", "logo": f"/l/{i}.png"} for i in range(30)]}}}  # fmt: skip
    return page(plain_cards(adverts) + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))


@shape
def json_string_in_next_data(adverts: list[Advert], others: list[Advert]) -> str:
    def node(a: Advert) -> dict[str, Any]:
        pairs = (("make", a.make), ("model", a.model), ("year", str(a.year)), ("mileage", str(a.km)))
        return {"node": {"__typename": "Advert", "id": str(a.number), "title": a.title, "createdAt": f"{a.posted}T09:00:00Z", "url": HOST + link(a),
                "parameters": [{"key": k, "displayValue": v, "value": v.lower()} for k, v in pairs],
                "location": {"city": {"name": a.city}, "region": {"name": a.region}}, "price": {"amount": {"units": a.price, "currencyCode": "EUR"}},
                "photos": [{"x1": f"https://ir.example/v1/files/{p}-PL/image;s=320x240", "x2": f"https://ir.example/v1/files/{p}-PL/image;s=640x480"} for p in a.photos],
                "seller": {"__typename": "PrivateSeller" if a.seller == "private" else "ProfessionalSeller"}}}  # fmt: skip

    inner = J({"advertSearch": {"totalCount": 150, "edges": [node(a) for a in adverts]}})
    data = {
        "props": {
            "pageProps": {
                "urqlState": {
                    "-123": {"data": inner},
                    "-9": {"data": J({"promoted": {"edges": [node(a) for a in others]}})},
                }
            }
        }
    }
    return page(plain_cards(adverts) + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))


@shape
def state_in_a_string(adverts: list[Advert], others: list[Advert]) -> str:
    ads = [
        record(a, [f"https://ireland.example/v1/files/{p}/image;s={{width}}x{{height}}" for p in a.photos])
        for a in adverts
    ]
    state = {
        "listing": {"listing": {"ads": ads, "totalPages": 9}},
        "similarAds": {"ads": [record(a, strings(a)) for a in others]},
    }
    return page(plain_cards(adverts) + script(f"window.__PRERENDERED_STATE__= {J(J(state))};window.__Y=1;"))


@shape
def percent_encoded(adverts: list[Advert], others: list[Advert]) -> str:
    def item(a: Advert) -> dict[str, Any]:
        images = [
            {
                f"{w}x{h}": f"https://0{i % 7}.img.example/image/{w}x{h}/{p}.jpg"
                for w, h in ((208, 156), (1280, 960))
            }
            for i, p in enumerate(a.photos)
        ]
        return {"id": a.number, "urlPath": link(a), "title": a.title, "priceDetailed": {"value": a.price, "string": f"{a.price} €"}, "images": images,
                "location": {"name": a.city}, "sortTimeStamp": 1710000000000}  # fmt: skip

    state = {"data": {"catalog": {"items": [item(a) for a in adverts]}, "viewed": []}}
    return page(plain_cards(adverts) + script(f'window.__initialData__ = "{quote(J(state), safe="")}";'))


@shape
def apollo_references(adverts: list[Advert], others: list[Advert]) -> str:
    state: dict[str, Any] = {"ROOT_QUERY": {"__typename": "Query"}}
    for a in adverts:
        for p in a.photos:
            state[f"Image:{p}"] = {
                "__typename": "Image",
                "url": f"https://media.example/api/v1/{p}?rule=kijijica-200-jpg",
            }
        state[f"AutosListing:{a.number}"] = {"__typename": "AutosListing", "id": str(a.number), "title": a.title, "url": HOST + link(a),
            "price": {"__typename": "Price", "priceCents": a.price * 100}, "activationDate": f"{a.posted}T09:00:00Z",
            "location": {"__ref": f"Location:{a.city}"}, "images": [{"__ref": f"Image:{p}"} for p in a.photos]}  # fmt: skip
        state[f"Location:{a.city}"] = {"__typename": "Location", "name": a.city}
    for b in others:
        state[f"Dealer:{b.number}"] = {
            "__typename": "Dealer",
            "name": "D",
            "logo": "https://media.example/logo/1.png",
        }
    data = {"props": {"pageProps": {"__APOLLO_STATE__": state}}}
    return page(plain_cards(adverts) + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))


@shape
def object_literal(adverts: list[Advert], others: list[Advert]) -> str:
    rows = ",\n".join(
        f"{{adId: {a.number}, subject: '{a.title}', link: '{link(a)}', preis: '{a.price:,} EUR'.trim(), ort: \"{a.city}\", baujahr: {a.year},"
        f" fotos: [{', '.join(f'''{{small: '//img.example/s/{p}.jpg', big: '//img.example/b/{p}.jpg'}}''' for p in a.photos)}],}}".replace(
            ".trim()", ""
        )
        for a in adverts
    )
    return page(
        plain_cards(adverts)
        + script(
            f"var app = app || {{}};\napp.init({{debug: false, onReady: function (x) {{ return x ? 1 : 2 }}, results: [\n{rows}\n], page: 1}});"
        )
    )


@shape
def nuxt_function(adverts: list[Advert], others: list[Advert]) -> str:
    def photos(a: Advert) -> str:
        return ",".join(
            f'{{kind:b,path:"https:\\u002F\\u002Fcdn.example\\u002Fu\\u002F{p}_600x450.jpg"}}' for p in a.photos
        )

    rows = ",".join(
        f'{{id:{a.number},name:"{a.title}",detailUrl:"{link(a)}",price:{a.price},currency:a,year:{a.year},cityName:"{a.city}",images:[{photos(a)}],sold:d}}'
        for a in adverts
    )
    return page(
        plain_cards(adverts)
        + script(
            f'window.__NUXT__=(function(a,b,c,d){{return {{layout:"default",data:[{{cars:{{list:[{rows}]}}}}],error:c}}}}("EUR","x",null,false));'
        )
    )


@shape
def nuxt_data(adverts: list[Advert], others: list[Advert]) -> str:
    flat: list[Any] = []

    def add(value: Any) -> int:
        at = len(flat)
        flat.append(None)
        if isinstance(value, dict):
            flat[at] = {k: add(v) for k, v in value.items()}
        elif isinstance(value, list):
            flat[at] = [add(v) for v in value]
        else:
            flat[at] = value
        return at

    add(
        {
            "data": {
                "search-1": {
                    "hits": [
                        record(
                            a,
                            [
                                {"id": i, "src": f"https://cdn.example/{p}/original.jpg"}
                                for i, p in enumerate(a.photos)
                            ],
                        )
                        for a in adverts
                    ]
                }
            },
            "state": {},
            "once": [1],
        }
    )
    return page(plain_cards(adverts) + script(J(flat), 'id="__NUXT_DATA__" type="application/json"'))


@shape
def flight(adverts: list[Advert], others: list[Advert]) -> str:
    rows = '0:{"P":null,"b":"x"}\n1:"$Sreact.fragment"\n2:I[1234,["55","static/chunks/a.js"],"Card"]\n'
    rows += "3:T7,Größe\n"
    cards = [["$", "$L2", str(a.number), {"listing": record(a, f"$a{i}")}] for i, a in enumerate(adverts)]
    rows += "5:" + J(["$", "div", None, {"className": "grid", "children": cards}], ensure_ascii=False) + "\n"
    for i, a in enumerate(adverts):
        rows += (
            f"a{i}:"
            + J(
                [
                    {"full": f"https://cdn.example/full/{p}.webp", "thumb": f"https://cdn.example/thumb/{p}.webp"}
                    for p in a.photos
                ]
            )
            + "\n"
        )
    half = len(rows) // 2
    pushes = "".join(script(f"self.__next_f.push([1,{J(part)}])") for part in (rows[:half], rows[half:]))
    return page(plain_cards(adverts) + script("(self.__next_f=self.__next_f||[]).push([0])") + pushes)


@shape
def data_attributes(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(
        "<div class='vehicle-card' data-vehicle-details='"
        + J(
            {
                "listingId": f"{a.number}",
                "make": a.make,
                "model": a.model,
                "year": str(a.year),
                "price": str(a.price),
                "mileage": str(a.km),
                "photoUrls": [f"https://platform.example/large/in/v2/{p}.jpg" for p in a.photos],
            }
        ).replace("'", "&#39;")
        + f"'><a class='vehicle-card-link' href='/vehicledetail/{a.number}/'><h2>{a.title}</h2></a><span class='primary-price'>€{a.price:,}</span>"
        + f"<img src='https://platform.example/small/in/v2/{a.photos[0]}.jpg'></div>"
        for a in adverts
    )
    return page(f"<h1>Cars</h1><div>{cards}</div>")


@shape
def base64_script(adverts: list[Advert], others: list[Advert]) -> str:
    data = base64.b64encode(
        J(
            {
                "results": [
                    record(a, [{"src": f"https://cdn.example/640/{p}.jpg"} for p in a.photos]) for a in adverts
                ]
            }
        ).encode()
    ).decode()
    return page(
        plain_cards(adverts)
        + script(data, 'id="payload" type="text/plain"')
        + script("app.start(atob(document.getElementById('payload').textContent))")
    )


@shape
def jsonld_complete(adverts: list[Advert], others: list[Advert]) -> str:
    items = [
        {"@type": "ListItem", "position": i, "item": {"@type": ["Product", "Car"], "name": a.title, "url": HOST + link(a), "sku": str(a.number),
         "brand": {"@type": "Brand", "name": a.make}, "model": a.model, "vehicleModelDate": str(a.year),
         "image": [{"@type": "ImageObject", "contentUrl": f"https://img.example/{p}/pic.jpg"} for p in a.photos],
         "offers": {"@type": "Offer", "price": a.price, "priceCurrency": "EUR"}}}
        for i, a in enumerate(adverts)
    ]  # fmt: skip
    return page(
        plain_cards(adverts)
        + script(
            J({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}),
            'type="application/ld+json"',
        )
    )


@shape
def jsonld_addresses_only(adverts: list[Advert], others: list[Advert]) -> str:
    items = [{"@type": "ListItem", "position": i, "url": HOST + link(a)} for i, a in enumerate(adverts)]
    ld = script(J({"@type": "ItemList", "itemListElement": items}), 'type="application/ld+json"')
    return page(plain_cards(adverts, "https://img.example/{p}_300x225.jpg") + ld)


@shape
def jsonld_without_addresses(adverts: list[Advert], others: list[Advert]) -> str:
    items = [
        {"@type": "ListItem", "position": str(i), "item": {"@type": "Product", "name": a.title, "image": [f"https://images.example/{p}_600x450.jpg" for p in a.photos],
         "offers": {"@type": "Offer", "price": f"{a.price}.00", "priceCurrency": "EUR", "availableAtOrFrom": {"@type": "Place",
         "address": {"@type": "PostalAddress", "addressLocality": a.city, "addressRegion": a.region}}}}}
        for i, a in enumerate(adverts)
    ]  # fmt: skip
    ld = script(
        J({"@type": "ItemList", "itemListElement": items}), 'type="application/ld+json" id="ld_searchpage_results"'
    )
    cards = "".join(
        f'<li class="cl-static-search-result" title="{a.title}"><a href="{HOST}{link(a)}"><div class="title">{a.title}</div><div class="price">€{a.price}</div><div class="location">{a.city}</div></a></li>'
        for a in adverts
    )
    return page(f"<ol>{cards}</ol>", head=ld)


@shape
def jsonld_in_offers(adverts: list[Advert], others: list[Advert]) -> str:
    offers = [
        {
            "@type": "Offer",
            "name": a.title,
            "url": HOST + link(a),
            "price": a.price,
            "priceCurrency": "EUR",
            "image": f"https://img.example/w1200/{a.photos[0]}.jpg",
        }
        for a in adverts
    ]
    data = {"@type": "Product", "name": "Used cars", "offers": {"@type": "AggregateOffer", "offerCount": 4000, "lowPrice": 500, "highPrice": 90000, "priceCurrency": "EUR", "offers": offers},
            "image": [f"https://img.example/w300/{a.photos[0]}.jpg" for a in adverts]}  # fmt: skip
    return page(plain_cards(adverts) + script(J(data), 'type="application/ld+json"'))


@shape
def summary_of_the_search(adverts: list[Advert], others: list[Advert]) -> str:
    data = {"@context": "https://schema.org", "@type": "Car", "name": "Used cars in Pune", "url": f"{HOST}/used/cars",
            "image": [f"https://img.example/w300/{a.photos[0]}.jpg" for a in [*adverts, *others]],
            "offers": {"@type": "AggregateOffer", "offerCount": 812, "lowPrice": "500", "highPrice": "90000", "priceCurrency": "EUR"}}  # fmt: skip
    return page(
        plain_cards(adverts, "https://img.example/w300/{p}.jpg") + script(J(data), 'type="application/ld+json"')
    )


@shape
def microdata(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(
        f'<div itemprop="itemListElement" itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="{link(a)}"><span itemprop="name">{a.title}</span></a>'
        + "".join(f'<img itemprop="image" src="https://img.example/i/{p}.jpg">' for p in a.photos)
        + f'<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="priceCurrency" content="EUR"><span itemprop="price" content="{a.price}">{a.price} €</span></div></div>'
        for a in adverts
    )
    return page(
        f'<h1>Angebote</h1><div itemscope itemtype="https://schema.org/ItemList">{cards}</div>', language="de"
    )


@shape
def lazy_cards(adverts: list[Advert], others: list[Advert]) -> str:
    gif = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

    def pictures(a: Advert) -> str:
        forms = (
            '<img class="lazy" src="{g}" data-src="https://i{n}.example/{p}.jpg?w=300&h=200">',
            '<picture><source srcset="https://i{n}.example/{p}.webp?w=300 300w, https://i{n}.example/{p}.webp?w=900 900w"><img src="{g}"></picture>',
            '<div class="slide" style="background-image: url(\'https://i{n}.example/{p}.jpg?w=300\')"></div>',
            '<noscript><img src="https://i{n}.example/{p}.jpg?w=300"></noscript>',
            '<img src="/static/blank.gif" data-lazy-srcset="https://i{n}.example/{p}.jpg?w=300 1x, https://i{n}.example/{p}.jpg?w=600 2x">',
        )  # fmt: skip
        return "".join(forms[k % 5].format(g=gif, n=k % 3, p=p) for k, p in enumerate(a.photos))

    cards = "".join(
        f'<article class="ad"><a class="gallery" href="{link(a)}?ref=list&pos={i}">{pictures(a)}</a><div><a href="{link(a)}">{a.title}</a><p>{a.year} · {a.km:,} km · {a.city}</p><p class="preis">{a.price:,} €</p></div><img class="icon" src="/static/heart.svg"></article>'
        for i, a in enumerate(adverts)
    )
    return page(
        f'<h1>Gebrauchtwagen</h1><div class="list">{cards}</div><aside class="sidebar">{similar_cards(others, "https://i1.example/{p}.jpg?w=300", "/used/x-{a.number}.html", "Anzeigen")}</aside>',
        language="de",
    )


@shape
def old_table(adverts: list[Advert], others: list[Advert]) -> str:
    rows = "".join(
        f"<tr id=tr_{a.number} class=row><td><input type=checkbox><td class=pic><a href=/msg/en/transport/cars/{a.number}.html><img src=https://i.example/gallery/7/{p}.th2.jpg class=isfoto></a><td class=txt><a class=am href=/msg/en/transport/cars/{a.number}.html>{a.title}</a><td>{a.year}<td>{a.km}<td>{a.price} €"
        for a in adverts
        for p in a.photos[:1]
    )
    return page(f"<form><table class=main>{'<tr><td>Photo<td>Text<td>Year<td>Run<td>Price'}{rows}</table></form>")


@shape
def text_links(adverts: list[Advert], others: list[Advert]) -> str:
    return page(
        "<h1>Results</h1><ul>" + "".join(f'<li><a href="/ad/{a.number}">{a.title}</a>' for a in adverts) + "</ul>"
    )


@shape
def cards_without_links(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(
        f'<article class="aditem" data-adid="{a.number}" data-href="/s-anzeige/{a.slug}/{a.number}-216"><div class="imagebox" data-imgsrc="https://img.example/api/v1/{p}?rule=$_2.JPG"></div><h2>{a.title}</h2><p class="aditem-price">{a.price} €</p></article>'
        for a in adverts
        for p in a.photos[:1]
    )
    return page(f"<h1>Autos</h1><div id=srchrslt>{cards}</div>", language="de")


@shape
def nested_lists(adverts: list[Advert], others: list[Advert]) -> str:
    def item(a: Advert) -> dict[str, Any]:
        return {"type": "AD", "data": {"ad": {"ad_id": a.number, "headline": a.title, "canonical_url": HOST + link(a), "price": [a.price],
                "image_urls": [f"https://images.example/dynamic/{{size}}/item/{p}.jpg" for p in a.photos], "brand": a.make}}}  # fmt: skip

    rows = [[item(a) for a in adverts[i : i + 3]] for i in range(0, len(adverts), 3)]
    rows[0].insert(
        1,
        {
            "type": "BANNER",
            "data": {
                "banner": {"title": "Insurance", "image": "https://ads.example/b.jpg", "url": f"{HOST}/insurance"}
            },
        },
    )
    return page(
        plain_cards(adverts)
        + script(f"window.__INITIAL_STATE__ = {J({'page': {'sections': [{'rows': rows}]}})}; window.done = true")
    )


@shape
def shop_grid(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(
        f'<li class="product type-product"><a href="/product/{a.slug}-{a.number}/" class="woocommerce-LoopProduct-link"><img width="300" height="300" src="https://shop.example/wp-content/uploads/2024/01/{p}-300x300.jpg" '
        f'srcset="https://shop.example/wp-content/uploads/2024/01/{p}-300x300.jpg 300w, https://shop.example/wp-content/uploads/2024/01/{p}-1024x768.jpg 1024w" data-large_image="https://shop.example/wp-content/uploads/2024/01/{p}.jpg">'
        f'<h2 class="woocommerce-loop-product__title">{a.title}</h2><span class="price"><bdi>€{a.price}.00</bdi></span></a><a href="?add-to-cart={a.number}" class="button">Add</a></li>'
        for a in adverts
        for p in a.photos[:1]
    )
    return page(f'<h1>Shop</h1><ul class="products columns-3">{cards}</ul>', brand="Shop").replace(
        "wheels.example", "shop.example"
    )


@shape
def tokens_instead_of_addresses(adverts: list[Advert], others: list[Advert]) -> str:
    feed = [
        {
            "token": f"t{a.number:x}",
            "address": {"city": {"text": a.city}},
            "price": a.price,
            "title": a.title,
            "metaData": {
                "coverImage": f"https://img.example/Pic/{a.photos[0]}.jpeg",
                "images": [f"https://img.example/Pic/{p}.jpeg" for p in a.photos],
            },
        }
        for a in adverts
    ]
    data = {"props": {"pageProps": {"dehydratedState": {"queries": [{"state": {"data": {"feed": feed}}}]}}}}
    cards = "".join(
        f'<li data-nagish="feed-item"><a href="/item/t{a.number:x}?opened-from=feed"><h2>{a.title}</h2><span data-testid="price">{a.price} €</span></a></li>'
        for a in adverts
    )
    return page(f"<ul>{cards}</ul>" + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))
