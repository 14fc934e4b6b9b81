"""Pages of one advert, in the shapes that real sites have; each a function of the advert and of similar ones beside."""

import base64
from collections.abc import Callable
from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, record, script, strings
from tests.fetch.sources.painted_adverts import Advert, page, similar_cards

Shape = Callable[[Advert, list[Advert]], str]
SHAPES: dict[str, Shape] = {}


def shape(paint: Shape) -> Shape:
    """Register a page by its name."""
    SHAPES[paint.__name__] = paint
    return paint


def head(a: Advert, image: str = "") -> str:
    """What the head declares."""
    text = f'<link rel="canonical" href="{HOST}{link(a)}"><meta property="og:title" content="{a.title} | Wheels">'
    return text + (f'<meta property="og:image" content="{image.format(p=a.photos[0])}">' if image else "")


def body(a: Advert, gallery: str = "", more: str = "") -> str:
    """Heading, gallery, price and facts, seller with picture."""
    return f"""<main><nav class="breadcrumb"><a href="/used">Used</a></nav><h1>{a.title}</h1>{gallery}
<div class="ad-price">€ {a.price:,}</div><dl><dt>Year</dt><dd>{a.year}</dd><dt>City</dt><dd class="location">{a.city}, {a.region}</dd></dl>
<div class="seller"><img class="seller-photo" src="https://img.example/users/u{a.number}.jpg" alt="Bob"><a href="/dealer/12"><img src="https://img.example/dealers/12/logo.png"></a>
<a href="/dealer/12">All adverts of this seller</a></div><p>Nice car.</p></main>{more}"""


def cards(others: list[Advert], photo: str, heading: str = "Similar cars") -> str:
    """Similar adverts in the shape of `photo`."""
    return similar_cards(others, photo, "/used/{a.slug}-{a.number}.html", heading)


@shape
def next_data_urls(a: Advert, others: list[Advert]) -> str:
    images = {"thumb_url": f"https://img.example/api/v1/{a.photos[0]}.jpg?rule=ad-thumb", "nb_images": len(a.photos),
              **{name: [f"https://img.example/api/v1/{p}.jpg?rule={rule}" for p in a.photos] for name, rule in (("urls_thumb", "ad-thumb"), ("urls", "ad-image"), ("urls_large", "ad-large"))}}  # fmt: skip
    ad = {"list_id": a.number, "subject": a.title, "body": "x", "price": [a.price], "url": HOST + link(a), "images": images, "first_publication_date": f"{a.posted} 10:00:00",
          "attributes": [{"key": "brand", "value": a.make}, {"key": "model", "value": a.model}, {"key": "regdate", "value": str(a.year)}, {"key": "mileage", "value": str(a.km)}],
          "location": {"city": a.city, "region_name": a.region}, "owner": {"type": "pro" if a.seller == "dealer" else "private", "name": "Z"}}  # fmt: skip
    data = {"props": {"pageProps": {"ad": ad, "similarAds": [record(b, strings(b)) for b in others]}}}
    return page(
        body(a) + script(J(data), 'id="__NEXT_DATA__" type="application/json"'),
        head(a, "https://img.example/api/v1/{p}.jpg?rule=ad-image"),
    )


@shape
def state_in_a_string(a: Advert, others: list[Advert]) -> str:
    ad = record(a, [f"https://ireland.example/v1/files/{p}/image;s=1000x700" for p in a.photos])
    state = {
        "ad": {"ad": ad},
        "recommended": {
            "ads": [
                record(b, [f"https://ireland.example/v1/files/{p}/image;s=1000x700" for p in b.photos])
                for b in others
            ]
        },
    }
    return page(
        body(a) + script(f"window.__PRERENDERED_STATE__= {J(J(state))};"),
        head(a, "https://ireland.example/v1/files/{p}/image"),
    )


@shape
def jsonld_complete(a: Advert, others: list[Advert]) -> str:
    car = {"@context": "https://schema.org", "@type": "Vehicle", "name": a.title, "url": HOST + link(a), "sku": str(a.number), "brand": a.make, "model": a.model, "vehicleModelDate": a.year,
           "image": [f"https://img.example/c/{p}.jpg" for p in a.photos], "offers": {"@type": "Offer", "price": a.price, "priceCurrency": "EUR"},
           "isSimilarTo": [{"@type": "Car", "name": b.title, "url": HOST + link(b), "image": f"https://img.example/c/{b.photos[0]}.jpg"} for b in others]}  # fmt: skip
    more = [
        {
            "@type": "Car",
            "name": b.title,
            "url": HOST + link(b),
            "image": [f"https://img.example/c/{b.photos[0]}.jpg"],
            "offers": {"@type": "Offer", "price": b.price},
        }
        for b in others
    ]
    return page(
        body(a, more=cards(others, "https://img.example/c/{p}.jpg"))
        + script(J([*more[:2], car, *more[2:]]), 'type="application/ld+json"'),
        head(a),
    )


@shape
def jsonld_one_photo_and_gallery(a: Advert, others: list[Advert]) -> str:
    car = {
        "@type": "Product",
        "name": a.title,
        "image": f"https://img.example/api/v1/prod-ads/images/{a.photos[0]}?rule=$_59.JPG",
        "offers": {"@type": "Offer", "price": a.price, "priceCurrency": "EUR"},
    }
    slides = "".join(
        f'<div class="galleryimage-element" data-ix="{i}"><img data-imgsrc="https://img.example/api/v1/prod-ads/images/{p}?rule=$_59.AUTO" alt="{a.title}" width="0"></div>'
        for i, p in enumerate(a.photos)
    )
    thumbs = "".join(
        f'<li><img src="https://img.example/api/v1/prod-ads/images/{p}?rule=$_2.AUTO" width="64" height="48"></li>'
        for p in a.photos
    )
    return page(body(a, f'<div id="viewad-product">{slides}</div><nav class="thumbs"><ul>{thumbs}</ul></nav>', cards(others, "https://img.example/api/v1/prod-ads/images/{p}?rule=$_2.AUTO", "Das könnte dich auch interessieren"))
                + script(J(car), 'type="application/ld+json"'), head(a), "de")  # fmt: skip


@shape
def array_of_a_script(a: Advert, others: list[Advert]) -> str:
    rows = [
        {
            "shortid": f"4:{p}",
            "url": f"https://images.example/{p}_600x450.jpg",
            "thumb": f"https://images.example/{p}_50x50c.jpg",
            "imgid": f"4:{p}",
        }
        for p in a.photos
    ]
    gallery = (
        f'<div class="gallery"><img src="https://images.example/{a.photos[0]}_600x450.jpg" title="{a.title}"></div><div id="thumbs">'
        + "".join(
            f'<a class="thumb" href="https://images.example/{p}_600x450.jpg"><img src="https://images.example/{p}_50x50c.jpg"></a>'
            for p in a.photos
        )
        + "</div>"
    )
    return page(
        body(a, gallery) + script(f"var imgList = {J(rows)};var x = 'a';"),
        head(a, "https://images.example/{p}_600x450.jpg"),
    )


@shape
def init_call_with_array(a: Advert, others: list[Advert]) -> str:
    images = ",".join(f"'//s.example/f/{p}.webp'" for p in a.photos)
    return page(
        body(a, f'<div id="p9"><img src="//s.example/f/{a.photos[0]}.webp"></div>')
        + script(f"$(function(){{ slider.init('#p9', {{img:[{images}], auto: true}}); }});"),
        head(a),
    )


@shape
def magento(a: Advert, others: list[Advert]) -> str:
    base = "https://shop.example/media/catalog/product/cache/{h}/a/b/{p}.jpg"
    data = [
        {
            "thumb": base.format(h="a" * 32, p=p),
            "img": base.format(h="b" * 32, p=p),
            "full": base.format(h="c" * 32, p=p),
            "caption": a.title,
            "position": i,
            "isMain": i == 0,
            "type": "image",
        }
        for i, p in enumerate(a.photos)
    ]
    init = {
        "[data-gallery-role=gallery-placeholder]": {
            "mage/gallery/gallery": {"mixins": ["magnifier"], "data": data, "options": {"nav": "thumbs"}}
        }
    }
    related = "".join(
        f'<li class="product-item"><a href="/{b.slug}.html"><img src="{base.format(h="d" * 32, p=b.photos[0])}"></a><strong class="product-name">{b.title}</strong></li>'
        for b in others
    )
    return page(
        body(
            a,
            f'<div class="gallery-placeholder"><img src="{data[0]["img"]}"></div>',
            f'<div class="block related"><ol>{related}</ol></div>',
        )
        + script(J(init), 'type="text/x-magento-init"'),
        head(a, base.replace("{h}", "e" * 32)),
    )


@shape
def woocommerce(a: Advert, others: list[Advert]) -> str:
    up = "https://shop.example/wp-content/uploads/2024/01/"
    figures = "".join(
        f'<div data-thumb="{up}{p}-100x100.jpg" class="woocommerce-product-gallery__image"><a href="{up}{p}.jpg"><img width="600" height="600" src="{up}{p}-600x600.jpg" data-large_image="{up}{p}.jpg" srcset="{up}{p}-600x600.jpg 600w, {up}{p}-300x300.jpg 300w"></a></div>'
        for p in a.photos
    )
    ld = {
        "@context": "https://schema.org/",
        "@graph": [
            {"@type": "BreadcrumbList", "itemListElement": []},
            {
                "@type": "Product",
                "@id": HOST + link(a) + "#product",
                "name": a.title,
                "url": HOST + link(a),
                "image": f"{up}{a.photos[0]}.jpg",
                "sku": a.number,
                "offers": [
                    {"@type": "Offer", "priceSpecification": [{"price": str(a.price), "priceCurrency": "EUR"}]}
                ],
            },
        ],
    }
    return page(
        body(
            a,
            f'<div class="woocommerce-product-gallery">{figures}</div>',
            cards(others, up + "{p}-300x300.jpg", "Related products"),
        )
        + script(J(ld), 'type="application/ld+json"'),
        head(a, up + "{p}.jpg"),
    )


@shape
def shopify(a: Advert, others: list[Advert]) -> str:
    cdn = "//shop.example/cdn/shop/files/"
    product = {"id": a.number, "title": a.title, "handle": a.slug, "price": a.price * 100, "vendor": a.make, "images": [f"{cdn}{p}.jpg?v=17" for p in a.photos], "featured_image": f"{cdn}{a.photos[0]}.jpg?v=17",
               "media": [{"alt": None, "id": i, "position": i, "preview_image": {"src": f"{cdn}{p}.jpg?v=17", "width": 1200}, "media_type": "image", "src": f"{cdn}{p}.jpg?v=17"} for i, p in enumerate(a.photos)]}  # fmt: skip
    ld = {
        "@type": "Product",
        "name": a.title,
        "url": HOST + link(a),
        "image": [f"https:{cdn}{a.photos[0]}.jpg?v=17&width=1920"],
        "offers": [{"@type": "Offer", "price": a.price, "priceCurrency": "EUR", "url": HOST + link(a)}],
    }
    return page(body(a, "".join(f'<div class="product__media"><img src="{cdn}{p}.jpg?v=17&width=640" srcset="{cdn}{p}.jpg?v=17&width=320 320w, {cdn}{p}.jpg?v=17&width=1100 1100w"></div>' for p in a.photos))
                + script(J(product), 'type="application/json" data-product-json') + script(J(ld), 'type="application/ld+json"'), head(a))  # fmt: skip


@shape
def microdata(a: Advert, others: list[Advert]) -> str:
    images = "".join(
        f'<a href="https://img.example/big/{p}.jpg" rel="g"><img itemprop="image" src="https://img.example/big/{p}.jpg"></a>'
        for p in a.photos
    )
    return page(f'<div itemscope itemtype="http://schema.org/Car"><h1 itemprop="name">{a.title}</h1><meta itemprop="sku" content="{a.number}"><span itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">{a.make}</b></span><i itemprop="model">{a.model}</i><time itemprop="vehicleModelDate" datetime="{a.year}">{a.year}</time>'
                f'<div class="pics">{images}</div><div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price" content="{a.price}">x</span><meta itemprop="priceCurrency" content="EUR"></div></div>' + cards(others, "https://img.example/big/{p}.jpg"), head(a))  # fmt: skip


@shape
def open_graph_only(a: Advert, others: list[Advert]) -> str:
    metas = "".join(f'<meta property="og:image" content="https://img.example/o/{p}.jpg">' for p in a.photos)
    return page(
        f"<div><h1>{a.title}</h1><p>€ {a.price:,}</p></div>",
        f'<meta property="og:type" content="product"><meta property="og:title" content="{a.title}"><meta property="product:price:amount" content="{a.price}"><meta property="product:price:currency" content="EUR">{metas}',
    )


@shape
def gallery_in_an_attribute(a: Advert, others: list[Advert]) -> str:
    rows = J(
        [
            {
                "src": f"https://img.example/auto/{p}/gen1200.jpg",
                "preview": f"https://img.example/auto/{p}/gen120.jpg",
            }
            for p in a.photos
        ]
    ).replace('"', "&quot;")
    return page(
        body(
            a,
            f'<div data-drom-module="bull-page" data-drom-module-data="{{&quot;bullId&quot;:{a.number},&quot;gallery&quot;:{{&quot;photos&quot;:{rows}}}}}"><img src="https://img.example/auto/{a.photos[0]}/gen1200.jpg"></div>',
            cards(others, "https://img.example/auto/{p}/gen120.jpg", "Похожие объявления"),
        ),
        head(a, "https://img.example/auto/{p}/gen600.jpg"),
    )


@shape
def links_to_whole_photos(a: Advert, others: list[Advert]) -> str:
    images = "".join(
        f'<a href="https://s.example/photo/v2/{p}/gen1200.jpg"><img src="https://s.example/photo/v2/{p}/gen272.jpg" alt=""></a>'
        for p in a.photos
    )
    return page(
        body(
            a,
            f'<div class="b-media-cont">{images}</div>',
            cards(others, "https://s.example/photo/v2/{p}/gen272.jpg", "Похожие объявления"),
        ),
        head(a),
    )


@shape
def flattened_model(a: Advert, others: list[Advert]) -> str:
    flat: list[Any] = []

    def add(value: Any) -> int:
        at = len(flat)
        flat.append(None)
        flat[at] = (
            {k: add(v) for k, v in value.items()}
            if isinstance(value, dict)
            else [add(v) for v in value]
            if isinstance(value, list)
            else value
        )
        return at

    add({"propertyData": {"id": str(a.number), "text": {"pageTitle": a.title}, "title": a.title, "prices": {"primaryPrice": f"€{a.price:,}"}, "images": [{"url": f"https://media.example/dir/{p}_IMG.jpeg", "caption": None, "resizedImageUrls": {"size135x100": f"https://media.example/dir/crop/10:9-16:9/{p}_IMG_max_135x100.jpeg"}} for p in a.photos]},
         "brandLogo": "https://media.example/brand/1.png"})  # fmt: skip
    return page(body(a) + script(f"window.PAGE_MODEL = {J({'data': J(flat), 'encoding': 'on'})}"), head(a))


@shape
def json_in_json(a: Advert, others: list[Advert]) -> str:
    home = {"zpid": a.number, "streetAddress": a.title, "price": a.price, "currency": "EUR", "hdpUrl": link(a), "homeStatus": "FOR_SALE",
            "responsivePhotos": [{"caption": "", "mixedSources": {kind: [{"url": f"https://photos.example/fp/{p}-cc_ft_{w}.{end}", "width": w} for w in (192, 960, 1536)] for kind, end in (("jpeg", "jpg"), ("webp", "webp"))}} for p in a.photos],
            "nearbyHomes": [{"zpid": b.number, "price": b.price, "hdpUrl": link(b), "miniCardPhotos": [{"url": f"https://photos.example/fp/{b.photos[0]}-p_c.jpg"}]} for b in others]}  # fmt: skip
    data = {
        "props": {
            "pageProps": {
                "componentProps": {"gdpClientCache": J({f'Query{{"zpid":{a.number}}}': {"property": home}})}
            }
        }
    }
    return page(
        body(a, cards(others, "https://photos.example/fp/{p}-p_c.jpg", "Similar homes"))
        + script(J(data), 'id="__NEXT_DATA__" type="application/json"'),
        head(a, "https://photos.example/fp/{p}-cc_ft_960.jpg"),
    )


@shape
def flight(a: Advert, others: list[Advert]) -> str:
    rows = (
        '1:"$Sreact.fragment"\n7:I[99,[],"Gallery"]\n'
        + "8:"
        + J(["$", "$L7", None, {"ad": record(a, "$9"), "similar": "$b"}])
        + "\n"
    )
    rows += (
        "9:"
        + J([{"id": i, "uri": f"img.example.net/api/v1/mo-prod/images/{p}"} for i, p in enumerate(a.photos)])
        + "\nb:"
        + J([record(b, strings(b)) for b in others])
        + "\n"
    )
    return page(
        body(a) + script(f"self.__next_f.push([1,{J(rows)}])"),
        head(a, "https://img.example.net/api/v1/mo-prod/images/{p}?rule=mo-640"),
    )


@shape
def named_sizes(a: Advert, others: list[Advert]) -> str:
    images = [
        {
            "name": p,
            "sizes": {
                size: f"//avatars.example/get-autoru-vos/1/{p}/{size}"
                for size in ("small", "thumb_m", "456x342", "1200x900n")
            },
        }
        for p in a.photos
    ]
    state = {"card": {"id": f"{a.number}-ab12", "vehicle_info": {"mark_info": {"name": a.make}, "model_info": {"name": a.model}}, "documents": {"year": a.year}, "price_info": {"price": a.price, "currency": "EUR"}, "seller_type": "COMMERCIAL" if a.seller == "dealer" else "PRIVATE", "state": {"image_urls": images, "mileage": a.km}},
             "relatedOffers": {"offers": [{"id": b.number, "state": {"image_urls": [{"sizes": {"small": f"//avatars.example/get-autoru-vos/1/{p}/small"}} for p in b.photos]}} for b in others]}}  # fmt: skip
    return page(
        body(a) + script(J(state), 'id="initial-state" type="application/json"'),
        head(a, "https://avatars.example/get-autoru-vos/1/{p}/1200x900"),
    )


@shape
def ids_and_a_template(a: Advert, others: list[Advert]) -> str:
    state = {
        "initialState": {
            "components": {
                "gallery": {
                    "pictures": [{"id": f"7{p}-MLA{a.number}_012024", "width": 1200} for p in a.photos],
                    "picture_config": {"template": "https://http2.example/D_NQ_NP_{id}-{sanitizedTitle}.webp"},
                }
            },
            "id": f"MLA{a.number}",
            "title": a.title,
            "price": {"value": a.price, "currency_id": "EUR"},
        }
    }
    images = "".join(
        f'<figure class="ui-pdp-gallery__figure"><img data-zoom="https://http2.example/D_NQ_NP_2X_7{p}-MLA{a.number}_012024-F.webp" src="https://http2.example/D_NQ_NP_7{p}-MLA{a.number}_012024-O.webp"></figure>'
        for p in a.photos
    )
    return page(
        body(
            a,
            f'<div class="ui-pdp-gallery">{images}</div>',
            cards(others, "https://http2.example/D_NQ_NP_7{p}-MLA1-R.webp", "También te puede interesar"),
        )
        + script(f"window.__PRELOADED_STATE__ = {J(state)};"),
        head(a, "https://http2.example/D_NQ_NP_7{p}-MLA-O.webp"),
    )


@shape
def slider_thumbs_and_similar(a: Advert, others: list[Advert]) -> str:
    slides = "".join(
        f'<li class="swiper-slide"><img src="/static/1x1.gif" data-src="https://cdn.example/{i // 2}/1024x768/{p}.jpg" alt="{a.title} photo {i}"></li>'
        for i, p in enumerate(a.photos)
    )
    thumbs = "".join(
        f'<li class="thumb" style="background-image:url(https://cdn.example/{i // 2}/120x90/{p}.jpg)"></li>'
        for i, p in enumerate(a.photos)
    )
    side = '<div class="dealer-box"><img class="dealer-logo" src="https://cdn.example/0/200x80/dealer77.jpg" alt="Dealer"></div><a href="/insurance"><img src="https://cdn.example/0/300x250/promo.jpg" alt="Insurance"></a>'
    return page(
        body(
            a,
            f'<div class="swiper"><ul>{slides}</ul></div><ul class="thumbs">{thumbs}</ul>',
            side + cards(others, "https://cdn.example/0/300x200/{p}.jpg", "Ähnliche Fahrzeuge"),
        ),
        f"<title>{a.title}</title>",
        "de",
    )


@shape
def hosts_and_paths(a: Advert, others: list[Advert]) -> str:
    state = {"detail": {"profileId": f"S{a.number}", "carName": a.title, "makeName": a.make, "modelName": a.model, "makeYear": a.year, "price": f"€ {a.price:,}", "cityName": a.city, "isDealer": a.seller == "dealer",
             "imagesList": [{"hostUrl": "https://imgd.example/", "originalImgPath": f"/vehicles/{p}.jpg?q=80", "isMain": i == 0} for i, p in enumerate(a.photos)]},
             "recommendedStocks": [{"profileId": "S1", "carName": "x", "price": 1, "imagesList": [{"hostUrl": "https://imgd.example/", "originalImgPath": f"/vehicles/{b.photos[0]}.jpg"}]} for b in others]}  # fmt: skip
    return page(
        body(a) + script(f"window.__INITIAL_STATE__ = {J(state)};(function(){{}})()"),
        head(a, "https://imgd.example/1056x660/vehicles/{p}.jpg?q=80"),
    )


@shape
def base64_of_json(a: Advert, others: list[Advert]) -> str:
    packed = base64.b64encode(
        J({"vehicle": record(a, [f"https://img.example/v/{p}.jpg" for p in a.photos])}).encode()
    ).decode()
    return page(body(a) + script(f'var VDP = JSON.parse(atob("{packed}"));'), head(a))
