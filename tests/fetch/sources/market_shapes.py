"""More pages of lists, after the kinds of real sites: portals for cars, homes and goods, shops, old and new builds."""

import html
from typing import Any
from urllib.parse import quote

from tests.fetch.sources.index_shapes import HOST, J, link, plain_cards, record, script
from tests.fetch.sources.index_shapes import Shape as Shape
from tests.fetch.sources.painted_adverts import Advert, page, similar_cards

SHAPES: dict[str, Shape] = {}


def shape(paint: Shape) -> Shape:
    """Register a page by its name."""
    SHAPES[paint.__name__] = paint
    return paint


@shape
def photo_keys_and_a_base(adverts: list[Advert], others: list[Advert]) -> str:
    def home(a: Advert) -> dict[str, Any]:
        return {"zpid": str(a.number), "imgSrc": f"https://photos.example/fp/{a.photos[0]}-p_e.jpg", "detailUrl": link(a), "statusText": "House for sale", "price": f"€{a.price:,}", "unformattedPrice": a.price, "address": a.title,
                "carouselPhotosComposable": {"baseUrl": "https://photos.example/fp/{photoKey}-p_e.jpg", "communityBaseUrl": None, "photoData": [{"photoKey": p} for p in a.photos]}, "brokerName": "Broker AG"}  # fmt: skip

    results = [home(a) for a in adverts]
    state = {"cat1": {"searchResults": {"listResults": results, "mapResults": [{"zpid": r["zpid"], "imgSrc": r["imgSrc"], "detailUrl": r["detailUrl"]} for r in results]}}}  # fmt: skip
    return page(
        script(
            J({"props": {"pageProps": {"searchPageState": state}}}), 'id="__NEXT_DATA__" type="application/json"'
        )
    )


@shape
def parsed_string(adverts: list[Advert], others: list[Advert]) -> str:
    docs = [
        {"ad_id": a.number, "heading": a.title, "canonical_url": HOST + link(a), "image": {"url": f"https://images.example/dynamic/480w/2024/1/{a.photos[0]}.jpg", "path": f"2024/1/{a.photos[0]}.jpg"},
         "image_urls": [f"https://images.example/dynamic/default/2024/1/{p}.jpg" for p in a.photos], "price": {"amount": a.price, "currency_code": "EUR"}, "location": a.city, "timestamp": 1_710_000_000_000,
         "logo": {"url": "https://images.example/dynamic/220x106m/logo/9.png"}}
        for a in adverts
    ]  # fmt: skip
    data = J(
        {"loaderData": {"0-0": {"results": {"docs": docs, "metadata": {"num_results": 900}}}}, "errors": None}
    )
    return page(plain_cards(adverts) + script(f"window.__staticRouterHydrationData = JSON.parse({J(data)});"))


@shape
def numbered_stream(adverts: list[Advert], others: list[Advert]) -> str:
    flat: list[Any] = []

    def add(value: Any) -> int:
        at = len(flat)
        flat.append(None)
        if isinstance(value, dict):
            flat[at] = {f"_{add(k)}": add(v) for k, v in value.items()}
        elif isinstance(value, list):
            flat[at] = [add(v) for v in value]
        else:
            flat[at] = value
        return at

    cars = [record(a, [{"uri": f"https://cdn.example/w800/{p}.webp"} for p in a.photos]) for a in adverts]
    add({"loaderData": {"routes/search": {"cars": cars, "total": 900}}, "actionData": None})
    return page(
        plain_cards(adverts) + script(f"window.__reactRouterContext.streamController.enqueue({J(J(flat))});")
    )


@shape
def escaped_quotes(adverts: list[Advert], others: list[Advert]) -> str:
    rows = [{"ListingId": a.number, "Title": a.title, "CanonicalPath": link(a), "PriceDisplay": f"€{a.price:,}", "BuyNowPrice": a.price, "Region": a.region,
             "PictureHref": f"https://tm.example/photoserver/thumb/{a.photos[0]}.jpg", "PhotoUrls": [f"https://tm.example/photoserver/thumb/{p}.jpg" for p in a.photos]} for a in adverts]  # fmt: skip
    text = J(
        {"NGRX_STATE": {"listing": {"cachedSearchResults": {"entities": {"/search": {"item": {"list": rows}}}}}}}
    )
    for plain, name in (("&", "&a;"), ('"', "&q;"), ("'", "&s;"), ("<", "&l;"), (">", "&g;")):
        text = text.replace(plain, name)
    return page(plain_cards(adverts) + script(text, 'id="frontend-state" type="application/json"'))


@shape
def short_keys(adverts: list[Advert], others: list[Advert]) -> str:
    cars = [{"usedCarId": a.number, "dvn": a.title, "vlink": link(a), "pi": f"https://images.example/usedcar/{a.number}/{a.photos[0]}.jpg?imwidth=420", "p": f"₹ {a.price / 1e5:.3f} Lakh", "pu": f"{a.price:,}", "myear": a.year, "km": f"{a.km:,}", "ft": "Petrol", "city": a.city,
             "images": [{"img": f"https://images.example/usedcar/{a.number}/{p}.jpg?imwidth=420", "title": a.title} for p in a.photos], "utype": a.seller, "corporateLogo": "https://images.example/corp/1.png"} for a in adverts]  # fmt: skip
    similar = [{"usedCarId": b.number, "dvn": b.title, "vlink": link(b), "pi": f"https://images.example/usedcar/{b.number}/{b.photos[0]}.jpg"} for b in others]  # fmt: skip
    cards = "".join(f'<div class="NewUcExCard posR"><div class="imagebox"><img class="lazyimg" src="data:image/gif;base64,R0lG" data-gsll-src="{c["pi"]}"></div><h3 class="title"><a href="{c["vlink"]}">{c["dvn"]}</a></h3><div class="Price"><p>₹{a.price:,}</p></div></div>' for c, a in zip(cars, adverts, strict=True))  # fmt: skip
    return page(
        f"<h1>Used cars</h1>{cards}"
        + script(
            f"window.__INITIAL_STATE__ = {J({'cars': cars, 'recentlyViewed': {'cars': similar}})}; window.__CD__ = {{}};"
        )
    )


@shape
def agency_logos(adverts: list[Advert], others: list[Advert]) -> str:
    def item(a: Advert) -> str:
        slides = "".join(f'<div class="image-gallery-slide"><picture><source type="image/webp" srcset="https://img4.example/blur/480_360_mq/0/id.pro.es.image.master/aa/{p}.webp"><img alt="{a.title}" src="https://img4.example/blur/480_360_mq/0/id.pro.es.image.master/aa/{p}.jpg" loading="lazy"></picture></div>' for p in a.photos)  # fmt: skip
        return f'''<article class="item item-multimedia-container" data-element-id="{a.number}"><div class="item-multimedia"><div class="image-gallery">{slides}</div></div>
<div class="item-info-container"><picture class="logo-branding"><a href="/pro/agency-{a.number % 7}/"><img alt="Agency" src="https://st3.example/logos/agency-{a.number}.gif"></a></picture>
<a href="{link(a)}" class="item-link" title="{a.title}">{a.title}</a><div class="price-row"><span class="item-price h2-simulated">{f"{a.price:,}".replace(",", ".")}<span class="txt-big">€</span></span></div><span class="item-detail">90 m²</span></div></article>'''  # fmt: skip

    aside = similar_cards(
        others,
        "https://img4.example/blur/480_360_mq/0/id.pro.es.image.master/aa/{p}.jpg",
        "/obra-nueva/{a.number}/",
        "Promociones",
    )
    return page(
        f'<main><section class="items-container">{"".join(map(item, adverts))}</section></main><aside>{aside}</aside>',
        language="es",
    )


@shape
def relative_with_a_base(adverts: list[Advert], others: list[Advert]) -> str:
    rows = "".join(f'<tr bgcolor="#eeeeee"><td><a href="{link(a)[1:]}"><img border=0 src="fotos/t_{a.photos[0]}.jpg" width=120></a></td><td><b>{a.title}</b><br>{a.year}, {a.km} km</td><td align=right><font color=red>{a.price} &euro;</font></td><td><a href="mail.php?id={a.number}"><img src="gfx/mail.gif"></a></td></tr>' for a in adverts)  # fmt: skip
    return page(
        f"<table border=0 cellpadding=2><tr><th>Foto<th>Typ<th>Preis<th></tr>{rows}</table>",
        f'<base href="{HOST}/">',
        "de",
    )


@shape
def clickable_rows(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(f'<div class="vehicle" data-vehicle-id="{a.number}" role="link" tabindex="0" onclick="window.location.href=\'{link(a)}\'"><div class="media" data-bg="https://img.example/v/640x480/{a.photos[0]}.jpg"></div><div class="name">{a.title}</div><div class="amount">€{a.price:,}</div></div>' for a in adverts)  # fmt: skip
    return page(f'<h1>Stock</h1><div class="inventory">{cards}</div>')


@shape
def title_links_and_templates(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(f'<li class="result"><div class="thumb"><template><img src="https://img.example/480/{a.photos[0]}.jpg"></template><noscript><img src="https://img.example/480/{a.photos[0]}.jpg" alt="{a.title}"></noscript></div><h2><a href="{link(a)}">{a.title}</a></h2><p class="prix">{f"{a.price:,}".replace(",", " ")} €</p><p>{a.city}</p><ul class="tags"><li>Garantie</li><li>1ère main</li></ul></li>' for a in adverts)  # fmt: skip
    return page(f"<h1>Voitures</h1><ol>{cards}</ol>", language="fr")


@shape
def sold_and_promoted(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert, extra: str = "", mark: str = "") -> str:
        return f'<article class="listing-card {extra}">{mark}<a href="{link(a)}"><figure><img src="https://img.example/i/s-l300/{a.photos[0]}.jpg" srcset="https://img.example/i/s-l300/{a.photos[0]}.jpg 1x, https://img.example/i/s-l600/{a.photos[0]}.jpg 2x" alt="{a.title}"></figure><h3 class="card-title">{a.title}</h3></a><span class="card-price">{a.price:,} kr</span></article>'  # fmt: skip

    marks = (
        "",
        '<span class="ribbon"><img src="https://img.example/i/ribbons/sold.png" alt="Sold"></span>',
        '<span class="label">Reserverad</span>',
    )
    cards = "".join(card(a, ("", "is-sold", "is-reserved")[i % 3], marks[i % 3]) for i, a in enumerate(adverts))
    top = "".join(card(b, "promoted") for b in others[:2])
    return page(
        f'<section class="promoted-ads"><h2>Annonser</h2>{top}</section><div class="results">{cards}</div>',
        language="sv",
    )


@shape
def meta_tags_of_microdata(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(f'<div class="box" itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem"><meta itemprop="position" content="{i}"><div itemprop="item" itemscope itemtype="https://schema.org/Product"><meta itemprop="name" content="{a.title}"><link itemprop="url" href="{link(a)}"><link itemprop="image" href="https://img.example/orig/{a.photos[0]}.jpg"><div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="price" content="{a.price}"><meta itemprop="priceCurrency" content="EUR"></div><a href="{link(a)}">meer</a></div></div>' for i, a in enumerate(adverts))  # fmt: skip
    return page(f'<div itemscope itemtype="https://schema.org/ItemList">{cards}</div>', language="nl")


@shape
def picture_objects_twice(adverts: list[Advert], others: list[Advert]) -> str:
    def item(a: Advert, kind: str) -> dict[str, Any]:
        base = "//images.example/api/v1/listing-mp-p/images/{p}?rule=ecg_mp_eps$_{n}"
        return {"itemId": f"m{a.number}", "title": a.title, "vipUrl": link(a), "priceInfo": {"priceCents": a.price * 100, "priceType": "FIXED"}, "location": {"cityName": a.city}, "priorityProduct": kind,
                "imageUrls": [base.format(p=p, n=82) for p in a.photos], "pictures": [{"id": i, "mediaId": f"{p}", "extraSmallUrl": "https:" + base.format(p=p, n=14), "mediumUrl": "https:" + base.format(p=p, n=82), "extraExtraLargeUrl": "https:" + base.format(p=p, n=86), "aspectRatio": {"width": 4, "height": 3}} for i, p in enumerate(a.photos)],
                "sellerInformation": {"sellerId": 5, "sellerName": "Jan", "sellerLogoUrl": "https://images.example/logo/5.jpg"}, "categoryId": 91}  # fmt: skip

    data = {"searchRequestAndResponse": {"listings": [item(a, "NONE") for a in adverts], "topBlock": [item(b, "TOPADVERTISEMENT") for b in others[:2]]}}  # fmt: skip
    return page(
        plain_cards(adverts)
        + script(J({"props": {"pageProps": data}}), 'id="__NEXT_DATA__" type="application/json"'),
        language="nl",
    )


@shape
def relative_photos_of_a_server(adverts: list[Advert], others: list[Advert]) -> str:
    cars = [{"appointmentId": str(a.number), "carName": a.title, "cdpRelativeUrl": link(a)[1:], "listingPrice": a.price, "year": a.year, "make": a.make, "model": a.model, "city": a.city,
             "listingImage": {"uri": f"https://media.example/cdn/{a.photos[0]}.jpg"}, "galleryImages": [{"path": f"/cdn/{p}.jpg", "tag": "exterior"} for p in a.photos]} for a in adverts]  # fmt: skip
    return page(
        plain_cards(adverts, "https://media.example/cdn/{p}.jpg")
        + script(f"window.__PRELOADED_STATE__ = {J({'carList': {'content': cars}})}")
    )


@shape
def hidden_in_comments(adverts: list[Advert], others: list[Advert]) -> str:
    data = {"bootstrapData": {"results": [record(a, [{"picture": f"https://a0.example/im/pictures/{p}.jpg?im_w=720"} for p in a.photos]) for a in adverts]}}  # fmt: skip
    return page(
        plain_cards(adverts)
        + f'<script type="application/json" data-hypernova-key="search"><!--{J(data)}--></script>'
    )


@shape
def fetched_bodies(adverts: list[Advert], others: list[Advert]) -> str:
    body = J(
        {"items": [record(a, [{"url": f"https://cdn.example/{p}?w=640&q=75"} for p in a.photos]) for a in adverts]}
    )
    return page(
        plain_cards(adverts)
        + script(
            J({"status": 200, "statusText": "OK", "headers": {}, "body": body}),
            'type="application/json" data-sveltekit-fetched data-url="/api/search"',
        )
    )


@shape
def component_properties(adverts: list[Advert], others: list[Advert]) -> str:
    rows = html.escape(J([record(a, [f"https://cdn.example/large/{p}.jpg" for p in a.photos]) for a in adverts]))
    return page(
        f'<div id="app"><search-results :listings="{rows}" :total="900" locale="fr"></search-results></div>',
        language="fr",
    )


@shape
def alpine_literals(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        images = ", ".join(f"'https://cdn.example/m/{p}.jpg'" for p in a.photos)
        return f'<article x-data="{{ active: 0, images: [{images}], next() {{ this.active++ }} }}"><a href="{link(a)}"><img :src="images[active]" alt=""><h3>{a.title}</h3></a><p class="price">€ {a.price:,}</p></article>'  # fmt: skip

    return page(f"<h1>Occasions</h1><section>{''.join(map(card, adverts))}</section>")


@shape
def lists_in_attributes(adverts: list[Advert], others: list[Advert]) -> str:
    cards = "".join(f'<li class="srp" data-images="{",".join(f"https://img.example/pics/{p}-400.jpg" for p in a.photos)}"><a href="{link(a)}"><img src="https://img.example/pics/{a.photos[0]}-400.jpg"><b class="t">{a.title}</b></a> <span>{a.price} zł</span></li>' for a in adverts)  # fmt: skip
    return page(f"<h1>Ogłoszenia</h1><ul>{cards}</ul>", language="pl")


@shape
def yen_tables(adverts: list[Advert], others: list[Advert]) -> str:
    rows = "".join(f'<div class="box_item_detail"><div class="photo"><a href="{link(a)}"><img class="lazyload" src="/img/loading.gif" data-original="//picture.example/700/{p}.jpg" alt="{a.title}"></a></div><div class="heading_inner"><h3><a href="{link(a)}">{a.title}</a></h3></div><div class="price"><em>{a.price / 10_000:.2f}</em>万円</div><table><tr><th>年式</th><td>{a.year}(H27)年</td></tr></table><p class="shop"><a href="/shop/{a.number % 5}/"><img src="//picture.example/shop/{a.number}.jpg"></a></p></div>' for a in adverts for p in a.photos[:1])  # fmt: skip
    return page(f'<div id="result">{rows}</div>', language="ja")


@shape
def encoded_state(adverts: list[Advert], others: list[Advert]) -> str:
    state = J({"search": {"ads": [record(a, [{"large": f"https://cdn.example/l/{p}.jpg", "small": f"https://cdn.example/s/{p}.jpg"} for p in a.photos]) for a in adverts]}})  # fmt: skip
    return page(
        plain_cards(adverts)
        + script(f'window.__STATE__ = JSON.parse(decodeURIComponent("{quote(state, safe="")}"));')
    )
