"""Pages that a script finishes: addresses of photos in attributes of all names, lists half painted, sizes by codes."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.fetch.sources.index_shapes import HOST, J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page

Paint = TypeVar("Paint", bound=Callable[..., str])
LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}
BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
SMALL = (
    r"_14\.|_2\.|50x50c|272x204|_list\.|75x75|s-l50|thumbs?/"  # what the pages below name besides something larger
)
PICTURED_MENU = '<header><nav><ul>' + "".join(f'<li><a href="/c/{word}"><img src="/menu/{word}@2x.png" width="96" height="64"><span>{word.title()}</span></a></li>' for word in ("cars", "bikes", "vans", "parts", "boats")) + "</ul></nav></header>"  # fmt: skip


def shape(shapes: dict[str, Paint]) -> Callable[[Paint], Paint]:
    """Register a page by its name."""

    def register(paint: Paint) -> Paint:
        shapes[paint.__name__] = paint
        return paint

    return register


@shape(LISTS)
def ids_of_letters_and_digits(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        to = f"/vehicledetail/t{a.number:x}e/"
        images = "".join(f'<img class="vehicle-image" src="/images/placeholder_10x10.png" data-src="https://platform.example/in/v2/{p}/1.jpg" alt="{a.title}">' for p in a.photos)  # fmt: skip
        return f'<div class="vehicle-card"><film-strip><div class="wrap">{images}</div></film-strip><div class="details"><a href="{to}"><h2 class="title">{a.title}</h2></a><div class="monthly-payment">€ 197/mo</div><span class="primary-price">€{a.price:,}</span><span class="price-drop">€400 price drop</span><div class="dealer-info"><img src="https://platform.example/in/v2/dealer/9.jpg"></div><a href="{to}?attribution_type=ask#contact">Ask</a></div></div>'  # fmt: skip

    return page(PICTURED_MENU + f'<div class="vehicle-cards">{"".join(map(card, adverts))}</div>')


@shape(LISTS)
def alternatives_below(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        at = f"https://img.example/api/v1/ads/images/{a.photos[0]}?rule="
        return f'<li class="ad-listitem"><article data-adid="{a.number}"><a href="{link(a)}"><div class="imagebox" data-imgsrc="{at}$_2.JPG" data-imgsrcretina="{at}$_35.JPG 2x"><div class="counter">8</div></div></a><h2><a href="{link(a)}">{a.title}</a></h2><p class="price">{a.price} €</p></article></li>'  # fmt: skip

    below = f"<div><h2>Alternative Anzeigen in der Umgebung</h2><ul>{''.join(map(card, others))}</ul></div>"
    return page(f"<div><ul>{''.join(map(card, adverts))}</ul></div>{below}", language="de")


@shape(LISTS)
def addresses_within_markers(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        at = [f"https://20.img.example/image/1/{p}" for p in a.photos]
        slides = "".join(f'<li data-marker="slider-image/image-{url}">{"" if i else f"<img src={url} alt=x>"}</li>' for i, url in enumerate(at))  # fmt: skip
        return f'<div data-marker="item"><a href="{link(a)}" title="{a.title}"><ul>{slides}</ul></a><h3><a href="{link(a)}">{a.title}</a></h3><p class="price">{a.price} ₽</p><a href="/user/9"><img src="https://www.example/avatar/64x64/{a.number}.png"></a></div>'  # fmt: skip

    return page(f'<div class="serp">{"".join(map(card, adverts))}</div>', language="ru")


@shape(LISTS)
def lists_of_references(adverts: list[Advert], others: list[Advert]) -> str:
    def name(a: Advert) -> str:
        return f"AutosListing:{a.number}"

    state: dict[str, Any] = {"ROOT_QUERY": {"page": {"mainListings": [{"__ref": name(a)} for a in adverts], "topListings": [{"__ref": name(a)} for a in others]}}}  # fmt: skip
    for a in others + adverts:
        state[name(a)] = {"__typename": "AutosListing", "id": str(a.number), "title": a.title, "url": HOST + link(a), "imageUrls": [f"https://media.example/images/{p}?rule=k-640" for p in a.photos], "price": {"amount": a.price * 100}}  # fmt: skip
    rows = "".join(f'<li><img src="https://media.example/images/{a.photos[0]}?rule=k-640"><h3><a href="{link(a)}">{a.title}</a></h3><p class="price">€{a.price:,}.00</p></li>' for a in adverts)  # fmt: skip
    return page(f"<ul>{rows}</ul>" + script(J({"props": {"apollo": state}}), 'type="application/json"'))


@shape(LISTS)
def one_number_for_all(adverts: list[Advert], others: list[Advert]) -> str:
    def row(a: Advert) -> dict[str, Any]:
        said = {
            "HEADING": a.title,
            "PRICE/AMOUNT": str(a.price),
            "YEAR_MODEL": str(a.year),
            "SEO_URL": link(a)[1:],
        }
        images = [{"id": i, "name": f"1/{p}.jpg", "selfLink": "https://api.example/x", "similarImageSearchUrl": "https://api.example/img/2", "mainImageUrl": f"https://cache.example/mmo/1/{p}_list.jpg", "thumbnailImageUrl": f"https://cache.example/mmo/1/{p}_thumb.jpg", "referenceImageUrl": f"https://cache.example/mmo/1/{p}.jpg"} for i, p in enumerate(a.photos)]  # fmt: skip
        return {"id": str(a.number), "productId": 123, "adTypeId": 5, "attributes": {"attribute": [{"name": key, "values": [text]} for key, text in said.items()]}, "advertImageList": {"advertImage": images, "floorPlans": []}}  # fmt: skip

    cards = "".join(f'<div id="{a.number}"><a href="{link(a)}"></a></div>' for a in adverts)
    data = J({"pageProps": {"searchResult": {"advertSummaryList": {"advertSummary": [row(a) for a in adverts]}}}})
    return page(PICTURED_MENU + cards + script(data, 'id="__NEXT_DATA__" type="application/json"'), language="de")


@shape(LISTS)
def sellers_above_titles(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        return f'<div><a href="/u/s{a.number % 7}/"><img src="https://media.example/profiles/{a.number % 7}.jpg" width="32" height="32"><p data-testid="card-seller-name">seller{a.number % 7}</p></a><a href="{link(a)}?t=1"><img src="https://media.example/products/{a.photos[0]}.jpg"><p>{a.title}</p><p title="€{a.price:,}">€{a.price:,}</p></a></div>'  # fmt: skip

    return page(f"<main>{''.join(map(card, adverts))}</main>")


@shape(LISTS)
def prices_of_before_and_now(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        before = f'<s class="price-item--regular">€{a.price + 900:,}</s>' if a.number % 2 else f'<div class="regular-price">€{a.price + 900:,}</div>'  # fmt: skip
        return f'<li class="item"><a href="{link(a)}"><div style="background-image:url(\'https://shop.example/i/{a.photos[0]}.jpg\')"></div><h3>{a.title}</h3></a><div class="price discounted-price">{before}<div class="sale-price">€{a.price:,}</div></div></li>'  # fmt: skip

    return page(f"<ul>{''.join(map(card, adverts))}</ul>")


@shape(LISTS)
def pins_of_a_map(adverts: list[Advert], others: list[Advert]) -> str:
    def home(a: Advert) -> dict[str, Any]:
        return {"id": str(a.number), "imgSrc": f"https://photos.example/{a.photos[0]}.jpg", "detailUrl": link(a), "price": f"€{a.price:,}", "unformattedPrice": a.price, "address": a.title}  # fmt: skip

    pins = [{key: item for key, item in home(a).items() if key != "address"} for a in [*adverts, *others, *others]]
    full = [home(a) | {"carouselPhotos": [{"url": f"https://photos.example/{p}.jpg"} for p in a.photos]} for a in adverts]  # fmt: skip
    return page(script(J({"searchResults": {"listResults": full, "mapResults": pins}}), 'type="application/json"'))


@shape(LISTS)
def posts_of_which_some_are_shown(adverts: list[Advert], others: list[Advert]) -> str:
    def node(a: Advert) -> dict[str, Any]:
        listing = {"id": str(a.number), "primary_listing_photo": {"image": {"uri": f"https://content.example/v/{a.photos[0]}_n.jpg?oh=00_AYAbcdefgh"}, "id": "1"}, "listing_price": {"amount_with_offset_in_currency": str(a.price * 100), "amount": f"{a.price}.00"}, "marketplace_listing_title": a.title, "marketplace_listing_seller": {"name": "Bob", "id": "9"}}  # fmt: skip
        return {"node": {"id": f"s{a.number}", "story_type": "POST", "listing": listing}}

    cards = "".join(f'<div><a href="/marketplace/item/{a.number}/?ref=search"><img src="https://content.example/v/{a.photos[0]}_n.jpg?oh=00_AYAbcdefgh"><span>€{a.price:,}</span><span>{a.title}</span></a></div>' for a in adverts[:5])  # fmt: skip
    data = {"marketplace_search": {"feed_units": {"edges": [node(a) for a in adverts]}}}
    return page(cards + script(J({"require": [["Relay", [], [data]]]}), 'type="application/json"'))


def _content(a: Advert, gallery: str) -> str:
    return f'<main>{gallery}<h1>{a.title}</h1><h2 class="price">{a.price} €</h2><div class="seller_card"><a href="/user/1"><img src="https://img.example/u/{a.number}.jpg"></a></div></main>'  # fmt: skip


@shape(ADVERTS)
def sizes_by_codes(a: Advert, others: list[Advert]) -> str:
    at = "https://img.example/api/v1/ads/images/{}-0a?rule=$_{}.AUTO"
    large = "".join(f'<div class="galleryimage"><img {"data-imgsrc" if i else "src"}="{at.format(p, 59)}"></div>' for i, p in enumerate(a.photos))  # fmt: skip
    thumbs = "".join(f'<img src="{at.format(p, 14)}">' for p in a.photos)
    head = f'<meta property="og:image" content="{at.format(a.photos[0], 59)}">'
    return page(_content(a, f'<div class="gallery">{large}<div class="thumbs">{thumbs}</div></div>'), head)


@shape(ADVERTS)
def links_around_noscript(a: Advert, others: list[Advert]) -> str:
    thumbs = "".join(f'<a href="https://s.example/photo/v2/{p}/gen1200.jpg"><div><img src="{BLANK}"><noscript><img src="https://s.example/photo/v2/{p}/gen272x204.jpg"></noscript></div></a>' for p in a.photos)  # fmt: skip
    return page(_content(a, f'<div class="gallery">{thumbs}</div>'))


@shape(ADVERTS)
def cropped_thumbs_of_hexadecimal_names(a: Advert, others: list[Advert]) -> str:
    thumbs = "".join(f'<a class="thumb" href="https://images.example/00s_{p}_0CI0t2_600x450.jpg"><img src="https://images.example/00s_{p}_0CI0t2_50x50c.jpg"></a>' for p in a.photos)  # fmt: skip
    return page(_content(a, f'<figure><div id="thumbs">{thumbs}</div></figure>'))


@shape(ADVERTS)
def variants_of_a_shop(a: Advert, others: list[Advert]) -> str:
    at = "https://i.example/r/il/{0}/{1}.12345_{0}.jpg"
    product = {"@context": "https://schema.org", "@type": "Product", "name": a.title, "url": HOST + link(a), "image": [{"@type": "ImageObject", "contentURL": at.format(p, "il_fullxfull"), "thumbnail": at.format(p, "il_340x270")} for p in a.photos], "offers": {"@type": "AggregateOffer", "lowPrice": a.price, "highPrice": a.price + 300, "priceCurrency": "EUR"}}  # fmt: skip
    slides = "".join(f'<li><img {"data-src" if i else "src"}="{at.format(p, "il_794xN")}" data-src-zoom-image="{at.format(p, "il_fullxfull")}"></li>' for i, p in enumerate(a.photos))  # fmt: skip
    thumbs = "".join(f'<li><img src="{at.format(p, "il_75x75")}"></li>' for p in a.photos)
    more = "".join(f'<a href="{link(b)}"><img src="{at.format(b.photos[0], "il_340x270")}"><h3>{b.title}</h3></a>' for b in others)  # fmt: skip
    return page(
        _content(a, f"<ul>{slides}</ul><ul>{thumbs}</ul>")
        + f"<section><h2>More from this shop</h2>{more}</section>",
        script(J(product), 'type="application/ld+json"'),
    )


@shape(ADVERTS)
def one_empty_picture_for_all(a: Advert, others: list[Advert]) -> str:
    cells = "".join(f'<div class="cell"><img data-flickity-lazyload="https://www.example/img/{i}/777/{p}.jpg" src="https://www.example/obrazky/wait.gif"></div>' for i, p in enumerate(a.photos, 1))  # fmt: skip
    return page(_content(a, f'<div class="carousel">{cells}</div>'))


@shape(ADVERTS)
def sizes_before_names(a: Advert, others: list[Advert]) -> str:
    at = "https://res.example/image/private/t_$_{}/ads/{}.jpg"
    item = {"adId": str(a.number), "title": a.title, "images": [{"baseurl": at.format("{imageSize}", p)} for p in a.photos]}  # fmt: skip
    thumbs = "".join(f'<img src="{at.format("s-l50", p)}">' for p in a.photos)
    gallery = f'<div class="gallery"><img src="{at.format("s-l800", a.photos[0])}"><div class="row">{thumbs}</div></div>'  # fmt: skip
    body = _content(a, gallery).replace(f'<h2 class="price">{a.price} €', f"<h3>HK${a.price:,}</h3><h2>")
    return page(body + script(f"window.APP_STATE={J({'vip': {'item': item}})}"))
