"""More pages of one advert, after the kinds of real sites: lightboxes, builds of today, agents, maps, plans, videos."""

import html
from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, record, script
from tests.fetch.sources.listing_shapes import Shape as Shape
from tests.fetch.sources.listing_shapes import body, cards, head
from tests.fetch.sources.painted_adverts import Advert, page

SHAPES: dict[str, Shape] = {}


def shape(paint: Shape) -> Shape:
    """Register a page by its name."""
    SHAPES[paint.__name__] = paint
    return paint


@shape
def object_of_a_gallery_with_map(a: Advert, others: list[Advert]) -> str:
    pics = ",\n".join(f'{{ imageDataService: "https://img4.example/blur/WEB_DETAIL/0/id.pro.es.image.master/29/{p}.jpg", src: "https://img4.example/blur/WEB_DETAIL-L-L/0/id.pro.es.image.master/29/{p}.jpg", tag: "facade", isPlan: false }}' for p in a.photos)  # fmt: skip
    config = f'var config = {{ adId: {a.number}, multimediaCarrousel: {{"map":{{"src":"https://maps.example/api/staticmap?size=720x492&center=41.4%2C2.1&markers=a.png"}}}} }};\nvar adMultimediasInfo = {{ fullScreenGalleryPics: [{pics}], adFirstPhoto: 1 }};'  # fmt: skip
    first = f'<div class="main-image"><img src="https://img4.example/blur/WEB_DETAIL/0/id.pro.es.image.master/29/{a.photos[0]}.jpg"></div><div id="static-map"><img src="https://maps.example/api/staticmap?size=720x492&center=41.4%2C2.1"></div>'  # fmt: skip
    return page(
        body(a, first) + script(config),
        head(a, "https://img4.example/blur/WEB_DETAIL/0/id.pro.es.image.master/29/{p}.jpg"),
        "es",
    )


@shape
def floor_plans_beside_photos(a: Advert, others: list[Advert]) -> str:
    data = {"propertyData": {"id": a.number, "address": {"displayAddress": a.title}, "text": {"propertyPhrase": a.title, "pageTitle": a.title}, "prices": {"primaryPrice": f"€{a.price:,}"},
            "images": [{"url": f"https://media.example/24k/{a.number}_IMG_{i:02}_{p}.jpeg", "caption": "Reception", "resizedImageUrls": {"size135x100": f"https://media.example/24k/{a.number}_IMG_{i:02}_{p}_max_135x100.jpeg"}} for i, p in enumerate(a.photos)],
            "staticMapImgUrls": {"staticMapImgUrlMobile": "https://media.example/map/_generate?width=768&height=347&zoomLevel=15"},
            "customer": {"branchDisplayName": "Bob & Co", "logoPath": "https://media.example/brand_logo_11.png"}, "nearestStations": [{"name": "Ulm", "types": ["TRAM"]}]}}  # fmt: skip
    return page(
        body(
            a,
            "".join(
                f'<a itemprop="photo" href="/media?id={i}"><img src="https://media.example/24k/{a.number}_IMG_{i:02}_{p}_max_476x317.jpeg"></a>'
                for i, p in enumerate(a.photos[:3])
            ),
        )
        + script(f"window.jsonModel = {J(data)}"),
        head(a, "https://media.example/24k/" + str(a.number) + "_IMG_00_{p}_max_656x437.jpeg"),
    )


@shape
def lightbox_sizes_in_the_path(a: Advert, others: list[Advert]) -> str:
    thumbs = "".join(
        f'<li><img src="https://img.example/thumbs/160x120/{p}.jpg" alt="photo {i}" width="160" height="120"></li>'
        for i, p in enumerate(a.photos)
    )
    return page(
        body(
            a,
            f'<div class="carousel"><ul class="slides">{thumbs}</ul></div>',
            cards(others, "https://img.example/thumbs/160x120/{p}.jpg"),
        ),
        head(a, "https://img.example/thumbs/800x600/{p}.jpg"),
    )


@shape
def swiper_and_recently_viewed(a: Advert, others: list[Advert]) -> str:
    slides = "".join(
        f'<div class="swiper-slide"><img class="swiper-lazy" data-src="https://cdn.example/uploads/cars/{a.number}/{p}.jpg"></div>'
        for p in a.photos
    )
    seen = "".join(
        f'<div class="swiper-slide"><a href="{link(b)}"><img class="swiper-lazy" data-src="https://cdn.example/uploads/cars/{b.number}/{p}.jpg"><span>{b.title}</span></a></div>'
        for b in others
        for p in b.photos
    )
    return page(
        body(
            a,
            f'<div class="swiper main-swiper"><div class="swiper-wrapper">{slides}</div></div>',
            f'<section class="recent"><h2>Recently viewed</h2><div class="swiper"><div class="swiper-wrapper">{seen}</div></div></section>',
        ),
        head(a),
    )


@shape
def photoswipe_links(a: Advert, others: list[Advert]) -> str:
    links = "".join(
        f'<a href="https://cdn.example/full/{p}.webp" data-pswp-width="1600" data-pswp-height="1200" data-pswp-srcset="https://cdn.example/w400/{p}.webp 400w, https://cdn.example/full/{p}.webp 1600w" target="_blank"><img src="https://cdn.example/w400/{p}.webp" loading="lazy" alt=""></a>'
        for p in a.photos
    )
    video = '<a href="https://video.example/watch?v=abc" data-pswp-type="video"><img src="https://i.ytimg.example/vi/abc/hqdefault.jpg" alt="Video"></a>'
    return page(
        body(
            a,
            f'<div class="pswp-gallery" id="gallery">{links}{video}</div>',
            cards(others, "https://cdn.example/w400/{p}.webp"),
        ),
        head(a),
    )


@shape
def fancybox_backgrounds(a: Advert, others: list[Advert]) -> str:
    items = "".join(
        f'<div class="item" data-fancybox="gallery" data-src="/media/ads/big/{p}.jpg" style="background-image:url(/media/ads/small/{p}.jpg)"></div>'
        for p in a.photos
    )
    return page(
        body(a, f'<div class="owl-carousel">{items}</div>', cards(others, "/media/ads/small/{p}.jpg")), head(a)
    )


@shape
def component_with_photos(a: Advert, others: list[Advert]) -> str:
    rows = html.escape(
        J(
            [
                {"id": i, "original": f"https://cdn.example/o/{p}.jpg", "thumb": f"https://cdn.example/t/{p}.jpg"}
                for i, p in enumerate(a.photos)
            ]
        )
    )
    return page(
        body(
            a,
            f'<photo-gallery :photos="{rows}" v-cloak></photo-gallery>',
            cards(others, "https://cdn.example/t/{p}.jpg"),
        ),
        head(a, "https://cdn.example/o/{p}.jpg"),
    )


@shape
def alpine_gallery(a: Advert, others: list[Advert]) -> str:
    rows = ", ".join(f"{{ src: 'https://cdn.example/o/{p}.jpg', alt: '' }}" for p in a.photos)
    return page(
        body(
            a,
            f'<div x-data="{{ current: 0, slides: [{rows}], next() {{ this.current += 1 }} }}"><img :src="slides[current].src"></div>',
            cards(others, "https://cdn.example/t/{p}.jpg"),
        ),
        head(a),
    )


@shape
def addresses_in_an_attribute(a: Advert, others: list[Advert]) -> str:
    urls = "|".join(f"https://img.example/pics/{p}_b.jpg" for p in a.photos)
    return page(
        body(
            a,
            f'<div class="viewer" data-photos="{urls}"><img src="https://img.example/pics/{a.photos[0]}_m.jpg"></div>',
            cards(others, "https://img.example/pics/{p}_m.jpg"),
        ),
        head(a),
    )


@shape
def broken_json_ld(a: Advert, others: list[Advert]) -> str:
    images = ",\n".join(f'"https://img.example/c/{p}.jpg"' for p in a.photos)
    text = f'{{"@context": "https://schema.org", "@type": "Car", "name": "{a.title}", "description": "Nice.\nNew tyres,\tone owner", "url": "{HOST}{link(a)}",\n"image": [{images},],\n"offers": {{"@type": "Offer", "price": "{a.price}", "priceCurrency": "EUR",}},}}'
    return page(
        body(a, more=cards(others, "https://img.example/c/{p}.jpg"))
        + f'<script type="application/ld+json">\n//<![CDATA[\n{text}\n//]]>\n</script>',
        head(a),
    )


@shape
def dealer_stock_is_larger(a: Advert, others: list[Advert]) -> str:
    vehicle = {
        "id": a.number,
        "title": a.title,
        "price": a.price,
        "pictures": [
            {
                "url": f"https://static.example/images/forsale/2024/{p}-1024x768.jpg",
                "thumbnailUrl": f"https://static.example/images/forsale/2024/{p}-152x114.jpg",
            }
            for p in a.photos
        ],
    }
    stock = [
        record(b, [f"https://static.example/images/forsale/2024/{p}-1024x768.jpg" for p in b.photos * 3])
        for b in others
    ]
    data = {
        "listing": vehicle,
        "dealer": {"name": "Bob", "logo": "https://static.example/dealers/1.png", "inventory": stock},
    }
    return page(
        body(
            a,
            more=cards(
                others, "https://static.example/images/forsale/2024/{p}-152x114.jpg", "More from this dealer"
            ),
        )
        + script(f"window.__PREFLIGHT__ = {J(data)};"),
        head(a, "https://static.example/images/forsale/2024/{p}-1024x768.jpg"),
    )


@shape
def agent_and_photos_of_a_home(a: Advert, others: list[Advert]) -> str:
    graph = [{"@type": "RealEstateListing", "name": a.title, "url": HOST + link(a), "image": {"@type": "ImageObject", "url": f"https://cf.example/p/{a.photos[0]}-large.jpg"}, "offers": {"@type": "Offer", "price": a.price, "priceCurrency": "EUR"}},
             {"@type": "RealEstateAgent", "name": "Ann", "image": "https://cf.example/agents/ann-large.jpg", "url": HOST + "/agent/ann"}, {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "item": {"@id": HOST + "/used", "name": "Used"}}]}]  # fmt: skip
    grid = "".join(
        f'<button class="hero" data-idx="{i}"><picture><source media="(min-width: 900px)" srcset="https://cf.example/p/{p}-xlarge.jpg"><img src="https://cf.example/p/{p}-medium.jpg" alt="View {i}"></picture></button>'
        for i, p in enumerate(a.photos)
    )
    agent = '<div class="agent-card"><img src="https://cf.example/agents/ann-medium.jpg" alt="Ann"><img src="https://cf.example/agents/office-medium.jpg" alt="Office"></div>'
    return page(
        body(
            a,
            f'<div class="hero-gallery">{grid}</div>',
            agent + cards(others, "https://cf.example/p/{p}-medium.jpg", "Homes nearby"),
        )
        + script(J({"@context": "https://schema.org", "@graph": graph}), 'type="application/ld+json"'),
        head(a),
    )


@shape
def numbers_for_sizes(a: Advert, others: list[Advert]) -> str:
    listing = {
        "itemId": f"m{a.number}",
        "title": a.title,
        "priceInfo": {"priceCents": a.price * 100},
        "gallery": {
            "imageUrls": [
                f"//images.example/api/v1/listing-mp-p/images/{p}?rule=ecg_mp_eps$_#.jpg" for p in a.photos
            ],
            "imageSizes": {"L": {"width": 640}, "XL": {"width": 1024}},
            "altText": a.title,
        },
        "seller": {"name": "Jan"},
    }
    images = "".join(
        f'<img src="https://images.example/api/v1/listing-mp-p/images/{p}?rule=ecg_mp_eps$_84.jpg" alt="x">'
        for p in a.photos[:3]
    )
    return page(
        body(a, f'<div class="Gallery-root">{images}</div>')
        + script(f"window.__CONFIG__ = {J({'listing': listing})};"),
        head(a, "https://images.example/api/v1/listing-mp-p/images/{p}?rule=ecg_mp_eps$_86.jpg"),
        "nl",
    )


@shape
def keys_and_values(a: Advert, others: list[Advert]) -> str:
    item = {"ListingId": a.number, "Title": a.title, "PriceDisplay": f"€{a.price:,}", "BuyNowPrice": a.price, "Photos": [{"Key": i, "Value": {"Thumbnail": f"https://tm.example/photoserver/thumb/{p}.jpg", "List": f"https://tm.example/photoserver/lv2/{p}.jpg", "Gallery": f"https://tm.example/photoserver/gv/{p}.jpg", "FullSize": f"https://tm.example/photoserver/full/{p}.jpg", "PhotoId": i}} for i, p in enumerate(a.photos)], "Member": {"Nickname": "bob", "Photo": "https://tm.example/members/1.jpg"}}  # fmt: skip
    text = J({"state": {"item": item}})
    for plain, name in (("&", "&a;"), ('"', "&q;"), ("'", "&s;"), ("<", "&l;"), (">", "&g;")):
        text = text.replace(plain, name)
    return page(
        body(a, f'<img src="https://tm.example/photoserver/plus/{a.photos[0]}.jpg">')
        + script(text, 'id="app-state" type="application/json"'),
        head(a, "https://tm.example/photoserver/plus/{p}.jpg"),
    )


@shape
def noscript_and_hidden_slides(a: Advert, others: list[Advert]) -> str:
    slides = "".join(
        f'<div class="slide" {"" if not i else "hidden"}><noscript><img src="https://i.example/zoom/{p}.jpg"></noscript><img class="lazyload" data-sizes="auto" data-srcset="https://i.example/360/{p}.jpg 360w, https://i.example/zoom/{p}.jpg 1600w" src="/img/placeholder.svg"></div>'
        for i, p in enumerate(a.photos)
    )
    return page(
        body(
            a,
            f'<div class="image-viewer">{slides}</div>',
            cards(others, "https://i.example/360/{p}.jpg", "相似的车"),
        ),
        head(a),
        "zh",
    )


@shape
def photo_objects_with_type(a: Advert, others: list[Advert]) -> str:
    car = {"cars": {"base": {"vehicleId": a.number, "title": a.title, "advertisement": {"price": a.price, "status": "ADVERTISE"}, "category": {"manufacturerName": a.make, "modelName": a.model, "yearMonth": f"{a.year}03"},
           "photos": [{"code": f"{i:03}", "path": f"/carpicture08/pic38/{p}_{i:03}.jpg", "type": "OUTER", "updateDateTime": "2024-01-01"} for i, p in enumerate(a.photos)]}}}  # fmt: skip
    images = "".join(
        f'<img src="https://ci.example/carpicture08/pic38/{p}_{i:03}.jpg?impolicy=heightRate&rh=696&cw=1160" alt="">'
        for i, p in enumerate(a.photos[:3])
    )
    return page(
        body(a, f'<div class="DetailCarPhotoPc">{images}</div>') + script(f"__PRELOADED_STATE__ = {J(car)}"),
        head(a),
        "ko",
    )


@shape
def variants_of_a_shop(a: Advert, others: list[Advert]) -> str:
    cdn = "https://cdn.example/s/files/1/0001/products/"
    options = [
        {
            "id": 100 + i,
            "title": size,
            "price": a.price * 100,
            "featured_image": {"id": i, "src": f"{cdn}{a.photos[i % len(a.photos)]}.jpg?v=1"},
        }
        for i, size in enumerate(("S", "M", "L", "XL"))
    ]
    product: dict[str, Any] = {
        "product": {
            "id": a.number,
            "title": a.title,
            "handle": a.slug,
            "variants": options,
            "images": [{"id": i, "src": f"{cdn}{p}.jpg?v=1", "width": 1600} for i, p in enumerate(a.photos)],
        }
    }
    images = "".join(
        f'<div class="product-single__photo"><img data-src="{cdn}{p}_{{width}}x.jpg?v=1" data-widths="[180, 360, 1080]" class="lazyload" src="{cdn}{p}_300x300.jpg?v=1"></div>'
        for p in a.photos
    )
    related = "".join(
        f'<div class="grid-item"><a href="/collections/all/products/{b.slug}"><img src="{cdn}{b.photos[0]}_300x300.jpg?v=1"><span>{b.title}</span></a></div>'
        for b in others
    )
    return page(
        body(a, images, f'<div class="related"><h2>You may also like</h2>{related}</div>')
        + script(J(product), 'type="application/json" id="ProductJson-1"'),
        head(a, cdn + "{p}_1200x1200.jpg?v=1"),
    )
