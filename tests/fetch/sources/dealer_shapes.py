"""Pages of dealers and old markets: addresses in clicks, data beside cards, prices in parts, tables of sizes."""

from html import escape
from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import BLANK, shape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page, similar_cards

LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}
SMALL = r"\$_14|/120x90|-350x205|/tn_|/small/|size=150"
PIXEL = "http://cdn.example/looks/images/pixel.gif"


@shape(LISTS)
def addresses_within_clicks(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        to = f"showBoat('{link(a)}')"
        return f'<div class="stock-card"><div class="one" onclick="{to}"><div class="one-image"><img src="https://boats.example/tag/{a.number}/{a.photos[0]}.jpg" class="w-100"></div><p class="one-name-price">{a.title}</p><div class="one-amount"><p class="one-name-price"><span>Price: </span> € {a.price:,}</p></div><ul><li><p>Hull</p><span>Wood</span></li></ul><a href="javascript:void(0);" onclick="{to}">View details</a></div></div>'  # fmt: skip

    return page(f'<div class="row">{"".join(map(card, adverts))}</div>')


@shape(LISTS)
def photos_without_scripts(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        to = f"""href="{link(a)}" onclick="window.open('{link(a)}?TRCD=2&LOAN=T', '_blank'); return false;\""""
        first, *rest = a.photos
        small = "".join(f'<div><a {to}><noscript><img src="//ml.example/ml/S{p}_1_001.jpg" width="80" height="60" alt="x"></noscript></a></div>' for p in rest)  # fmt: skip
        whole, part = f"{a.price / 10_000:.2f}".split(".")
        price = f'<p class="total-title">支払総額</p><p class="total-content"><span>{whole}</span><span>.{part}</span> <span>万円</span></p>'  # fmt: skip
        return f'<div class="cassette"><div><a {to}><noscript><img src="//ma.example/bk/{first}_001L.JPG" width="240" height="180" alt="x"></noscript></a></div><div>{small}</div><h3><a {to}>{a.title}</a></h3><div class="price-info">{price}</div><p><a href="/shop/7/"><img src="/loading.gif" data-original="//ma.example/shops/7.jpg"></a></p></div>'  # fmt: skip

    return page(f"<div>{''.join(map(card, adverts))}</div>")


@shape(LISTS)
def data_of_an_empty_script(adverts: list[Advert], others: list[Advert]) -> str:
    def ad(a: Advert) -> dict[str, Any]:
        images = [{"original": f"https://img.example/images/{p}.jpg", "thumbnail": f"https://img.example/thumbs/{p}.jpg"} for p in a.photos]  # fmt: skip
        cover = f"https://img.example/thumbs256x256/{a.photos[0]}.jpg"
        return {"subject": a.title, "price": f"€ {a.price:,}", "listId": a.number, "images": images, "url": f"https://region{a.number % 3}.wheels.example{link(a)}", "thumbnail": cover}  # fmt: skip

    data = {"ads": [ad(a) for a in adverts[:5]] + [{"advertisingId": "slot-1"}] + [ad(a) for a in adverts[5:]]}
    cards = "".join(f'<li><a href="https://region{a.number % 3}.wheels.example{link(a)}"><img src="https://img.example/thumbs256x256/{a.photos[0]}.jpg"><h2>{a.title}</h2><span>€ {a.price:,}</span></a></li>' for a in adverts)  # fmt: skip
    return page(f'<script id="data" type="text/plain" data-json="{escape(J(data))}"></script><ul>{cards}</ul>')


@shape(LISTS)
def logos_that_lead_to_the_listing(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        to = link(a) + ("?ursrc=hl&amp;orup=1" if a.number % 3 else "?orup=2")
        logo = f'<div class="dealerLogoContainer"><a class="dss" href="{to}"><img class="lazy" data-original="http://ph.example/8/photos/{a.number}.jpg?w=100" src="{PIXEL}" style="height:50px;width:100px"></a></div>'  # fmt: skip
        price = f'<div class="atPriceKmArea"><div class="atPrice">\n€{a.price:,}\n</div><div class="km">33,743 km</div></div>'  # fmt: skip
        return f"""<div class="result"><a href="{to}" style='background: url("http://cdn.example/no_photo96x72.gif"); no-repeat;'><img class="lazy" width="96" height="72" src="{PIXEL}" data-original="http://ph.example/5/photos/{a.photos[0]}.jpg?w=96&amp;h=72"></a>{price}<h2><a href="{to}">{a.title}</a></h2>{logo}<a href="{link(a)}?scp=True">Report</a></div>"""  # fmt: skip

    return page(f"<div>{''.join(map(card, adverts))}</div>")


@shape(LISTS)
def badges_called_headings(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        at = f"https://boats.example/wp-content/uploads/2025/01/{a.photos[0]}"
        badge = '<div class="badge-directory heading-font">Special</div>'
        return f'<div><a href="{link(a)}"><div class="image"><img data-src="{at}-350x205.jpg" srcset="{at}-350x205.jpg 1x, {at}-700x410.jpg 2x" src="https://boats.example/wp-content/themes/m/placeholders/250.png" class="lazy">{badge}</div><div class="meta-top heading-font"><div class="price"><div class="normal-price">€ {a.price:,}</div></div><div class="car-title">\n{a.title}  </div></div></a></div>'  # fmt: skip

    return page("".join(map(card, adverts)))


@shape(LISTS)
def galleries_as_attributes(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        at = "https://cache.example/ad_pictures/1234"
        gallery = J([{"src": f"{at}/{p}.jpg", "thumb": f"{at}/tn_{p}.jpg"} for p in a.photos])
        return f"""<li data-listing-id="{a.number}"><ul class="gallery" data-galleryinfo='{gallery}'><li><a href="{link(a)}"><img class="lazy" data-original="{at}/tn_{a.photos[0]}.jpg" src="/assets/pixel.gif"></a></li></ul><h3><a href="{link(a)}">{a.title}</a></h3><div class="price">€ {a.price:,}</div></li>"""  # fmt: skip

    return page(f"<ul>{''.join(map(card, adverts))}</ul>")


@shape(LISTS)
def names_in_languages(adverts: list[Advert], others: list[Advert]) -> str:
    def hit(a: Advert) -> dict[str, Any]:
        photos = [{"main": f"https://img.example/{p}.jpg?imwidth=400", "thumbnail": f"https://img.example/{p}.jpg?imwidth=100"} for p in a.photos]  # fmt: skip
        to = {"ar": f"{HOST}/ar{link(a)}", "en": HOST + link(a)}
        return {"id": a.number, "name": {"ar": "سيارة", "en": a.title}, "absolute_url": to, "price": a.price, "photos": photos}  # fmt: skip

    return page(script(J({"props": {"hits": list(map(hit, adverts))}}), 'type="application/json"'))


@shape(ADVERTS)
def table_of_sizes(advert: Advert, others: list[Advert]) -> str:
    at = [f"//images.example/api/v1/hz/images/{p}?rule=eps$_#.jpg" for p in advert.photos]
    media = {"imageSizes": {"XL": "84", "M": "82", "XXXL": "86", "XXS": "14"}, "images": [{"base": url} for url in at]}  # fmt: skip
    gallery = {"imageUrls": at, "media": media}
    data = {"listing": {"itemId": advert.number, "title": advert.title, "priceInfo": {"priceCents": advert.price * 100}, "gallery": gallery}}  # fmt: skip
    return page(script("window.__CONFIG__ = " + J(data)))


@shape(ADVERTS)
def seals_of_the_dealer(advert: Advert, others: list[Advert]) -> str:
    at = [f"https://prod.example/listing-images/{p}.jpg" for p in advert.photos]
    seals = [{"id": n, "info": f"https://wheels.example/seals/{n}.html", "thumbnail": f"https://wheels.example/seal-images/t/{n}.gif", "image": f"https://wheels.example/seal-images/{n}.png"} for n in (11, 258, 146)]  # fmt: skip
    details = {"id": str(advert.number), "images": [f"{url}/1280x960.webp" for url in at], "headerImage": f"{at[0]}/120x90.webp", "seals": seals, "price": {"priceRaw": advert.price}, "webPage": HOST + link(advert)}  # fmt: skip
    slides = "".join(f'<div><img src="{url}/720x540.jpg"></div>' for url in at[:2])
    body = f"<div class='slides'>{slides}</div><h1>{advert.title}</h1><b>€ {advert.price:,}</b>"
    beside = similar_cards(others, "https://prod.example/listing-images/{p}.jpg/250x188.webp", HOST + "/used/{a.number}.html")  # fmt: skip
    return page(body + beside + script(J({"props": {"listingDetails": details}}), 'type="application/json"'))


@shape(ADVERTS)
def slides_of_a_modal(advert: Advert, others: list[Advert]) -> str:
    slides = "".join(f'<img class="swipe image-{i}" {"src" if i < 2 else "modal-src"}="https://platform.example/xlarge/in/v2/{p}/1.jpg" alt="x">' for i, p in enumerate(advert.photos))  # fmt: skip
    small = "".join(f'<img src="https://platform.example/small/in/v2/{p}/1.jpg">' for p in advert.photos)
    activity = script(J({"vehicle": {"listing_id": str(advert.number), "make": advert.make, "price": str(advert.price)}}), 'type="application/json"')  # fmt: skip
    return page(f"<div class='media-gallery'>{slides}</div><div>{small}</div><h1>{advert.title}</h1><span class='primary-price'>€ {advert.price:,}</span>{activity}")  # fmt: skip


@shape(ADVERTS)
def parameters_of_a_vendor(advert: Advert, others: list[Advert]) -> str:
    at = [f"https://pics.example/bikes/private/{p}.jpg" for p in advert.photos]
    items = [{"type": "image", "src": f"{url}?pxc_method=fit&pxc_size=1795,1195", "thumb": f"{url}?pxc_method=crop&pxc_size=150,100"} for url in at]  # fmt: skip
    gallery = escape(J({"items": [*items, {"type": "video", "src": "https://video.example/embed/x"}]}))
    head = f'<meta property="og:image" content="{at[0]}?pxc_size=1200,628">'
    return page(f'<div id="gallery" data-gallery="{gallery}"><img src="{at[0]}?pxc_method=gravityfill&amp;pxc_bgtype=self&amp;pxc_size=720,480"></div><h1>{advert.title}</h1><div class="price"><span>€{advert.price:,}*</span></div>', head)  # fmt: skip


@shape(LISTS)
def sellers_beside_photos(adverts: list[Advert], others: list[Advert]) -> str:
    def card(number: int, a: Advert) -> str:
        at = [f"https://s{number}.example/photo/v2/{p}/gen250.jpg" for p in a.photos]
        at = ["https://c.example/m/stub/default_90001e90f773.jpg"] if number == 4 else at
        photos = "".join(f'<img src="{BLANK}" data-src="{url}" alt="">' for url in at)
        front = (f"//cdn.example/shops/{a.number}/front.jpg", f"//s{number}.example/v2/logo/{a.number}/320.png")[
            number % 2
        ]
        sells = f'<div class="sub"><p>{a.city}</p><p><a href="/m/{number}/">Cars {number}</a></p><img src="{front}" alt="Cars {number}"></div>'  # fmt: skip
        return f'<div class="bull"><div><a href="{link(a)}">{photos}</a></div><h3><a href="{link(a)}">{a.title}</a></h3><b>{a.price} €</b>{sells}</div>'  # fmt: skip

    return page(f"<div>{''.join(card(*one) for one in enumerate(adverts))}</div>")
