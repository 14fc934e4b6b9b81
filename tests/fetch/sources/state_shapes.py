"""Pages whose data and cards divide the work: parts of one list, addresses given elsewhere, galleries deep inside."""

from html import escape
from typing import Any
from urllib.parse import quote

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


@shape(LISTS)
def promoted_ones_whole_in_data_beside(adverts: list[Advert], others: list[Advert]) -> str:
    """The last card is promoted: the data have its photos in a list of its own, the others in theirs."""

    def item(a: Advert) -> dict[str, Any]:
        return {"listingId": str(a.number), "title": a.title, "price": f"€ {a.price:,}", "detailUrl": link(a), "gallery": _photos(a)}  # fmt: skip

    data = {"props": {"featuredListings": [item(adverts[-1])], "regularListings": [item(a) for a in adverts[:-1]]}}
    cards = f"<ul>{''.join(map(_card, adverts))}</ul>"
    return page(cards + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))


@shape(LISTS)
def the_shop_beside_its_goods(adverts: list[Advert], others: list[Advert]) -> str:
    """Twice the card of the shop itself under a short number; logos of sellers in a folder of that name."""

    def card(to: str, image: str, title: str, price: str) -> str:
        return f'<li class="item"><a href="{to}"><img src="{image}"></a><div><a href="{to}"><span role="heading">{title}</span></a><b>{price}</b></div>'  # fmt: skip

    shop = "".join(f'{card(f"/itm/12345?meta=0{n}A", "https://static.example/rs/fxxj3.png", "Shop here", "€ 20")}</li>' for n in range(2))  # fmt: skip
    goods = "".join(f'{card(f"/itm/{a.number}000?meta=0{i}B", _photos(a)[0], a.title, f"€ {a.price:,}")}<div><img src="https://img.example/api/prod-bizlogos/images/{i}d/{a.number:x}?rule=$_20.PNG"></div></li>' for i, a in enumerate(adverts))  # fmt: skip
    return page(f"<ul>{shop}{goods}</ul>")


@shape(ADVERTS)
def watermarks_in_addresses(a: Advert, others: list[Advert]) -> str:
    """What scales the photos is told a policy, its values, and the address of a watermark."""
    at = "https://ci.example/carpicture/pic4087/{}.jpg"
    marked = (
        "?impolicy=heightRate&rh=696&cw=1160&ch=696&cg=Center&wtmk=https://ci.example/wt_mark/w_mark_04.png&t=2026"
    )
    slides = "".join(f'<div class="swiper-slide"><img {"data-src" if i else "src"}="{at.format(p)}{marked}"></div>' for i, p in enumerate(a.photos))  # fmt: skip
    thumbs = "".join(f'<button><img src="{at.format(p)}?impolicy=heightRate&rh=74&cw=124&ch=74&cg=Center"></button>' for p in a.photos)  # fmt: skip
    body = f"<main><div>{slides}</div><div>{thumbs}</div><h1>{a.title}</h1><b>{a.price:,} €</b></main>"
    return page(body)


@shape(ADVERTS)
def plans_among_photos(a: Advert, others: list[Advert]) -> str:
    media: list[dict[str, Any]] = [{"thumbnail": url.replace("/o.", "/s."), "images": {"tablet": {"url": url}}, "mediaType": "image"} for url in _photos(a)]  # fmt: skip
    media += [
        {"images": {"tablet": {"url": "https://img.example/pic/plan_17_3/o.jpeg"}}, "mediaType": "floorplan"}
    ]
    media += [{"isPlan": True, "images": {"tablet": {"url": "https://img.example/pic/plan_18_3/o.jpeg"}}}]
    data = {
        "props": {"listing": {"id": a.number, "title": a.title, "price": a.price, "gallery": {"slides": media}}}
    }
    body = f'<main><h1>{a.title}</h1><b>{a.price:,} €</b><img src="{_photos(a)[0]}"></main>'
    return page(body + script(J(data), 'id="__NEXT_DATA__" type="application/json"'))


@shape(ADVERTS)
def graph_of_the_page(a: Advert, others: list[Advert]) -> str:
    """The graph of a blog's extension names the page's main image and the logo; the gallery is HTML."""
    at = "https://www.example/wp-content/uploads/2026/09/{}.jpg"
    first = at.format(a.photos[0])
    graph = [
        {"@type": ["WebPage", "ItemPage"], "@id": HOST + link(a), "url": HOST + link(a), "name": f"{a.title} - Shop", "thumbnailUrl": first},
        {"@type": "ImageObject", "@id": HOST + link(a) + "#primaryimage", "url": first, "contentUrl": first},
        {"@type": "WebSite", "@id": HOST + "/#website", "url": HOST + "/", "name": "Shop"},
        {"@type": "Organization", "@id": HOST + "/#organization", "name": "Shop", "logo": {"@type": "ImageObject", "url": "https://www.example/wp-content/uploads/2024/shop-500x120.png"}},
    ]  # fmt: skip
    product = {"@type": "Product", "name": a.title, "url": HOST + link(a), "image": first, "sku": a.number, "offers": [{"@type": "Offer", "price": f"{a.price}.00", "priceCurrency": "EUR"}]}  # fmt: skip
    head = "".join(script(J({"@context": "https://schema.org", "@graph": one}), 'type="application/ld+json"') for one in (graph, [product]))  # fmt: skip
    slides = "".join(f'<div data-thumb="{at.format(p + "-100x100")}" class="woocommerce-product-gallery__image"><a href="{at.format(p)}"><img src="{at.format(p + "-600x600")}" data-large_image="{at.format(p)}"></a></div>' for p in a.photos)  # fmt: skip
    return page(f'<main><div class="gallery">{slides}</div><h1>{a.title}</h1><p class="price">{a.price:,} €</p></main>', head)  # fmt: skip


@shape(LISTS)
def lazy_sources_without_data(adverts: list[Advert], others: list[Advert]) -> str:
    """Addresses without a suffix in `lazy-src`, from the fourth card on."""

    def card(i: int, a: Advert) -> str:
        at = f"https://images.example/{a.photos[0]}/Crop600x400"
        image = f'<img src="{at}">' if i < 3 else f'<img lazy-src="{at}" src="/blank.gif">'
        return f'<div class="tile"><a href="{link(a)}">{image}</a><a href="{link(a)}"><b>R {a.price:,}</b><h2>{a.title}</h2></a><a href="/estate-agencies/acme/north/77"><img src="https://images.example/agents/77"></a></div>'  # fmt: skip

    return page("".join(card(i, a) for i, a in enumerate(adverts)))


@shape(LISTS)
def thumbs_that_lead_to_the_listing(adverts: list[Advert], others: list[Advert]) -> str:
    """One photo of usual size, the others 78 pixels wide and on another host; those beside under a heading."""

    def card(a: Advert) -> str:
        first, *rest = a.photos
        small = "".join(f'<a href="{link(a)}"><img src="https://ml.example/CS/ml/{p}_002M.JPG" width="78" height="58"></a>' for p in rest)  # fmt: skip
        return f'<div class="cassette"><a href="{link(a)}"><img src="https://ma.example/CS/bkkn/{first}_001M.JPG" width="240" height="180"></a>{small}<h3><a href="{link(a)}">{a.title}</a></h3><p>{a.price:,} €</p><img src="https://ma.example/broker_logo_2_2x/cf/{a.number:x}.png"></div>'  # fmt: skip

    beside = "".join(f'<li><a href="{link(a)}"><img src="https://ma.example/CS/bkkn/{a.photos[0]}_001S.JPG"><p>{a.title}</p></a></li>' for a in others)  # fmt: skip
    return page(
        f"<main>{''.join(map(card, adverts))}</main><h3>この条件を見た人はこんな車も見ています</h3><ul>{beside}</ul>",
        language="ja",
    )


@shape(LISTS)
def answers_by_their_questions(adverts: list[Advert], others: list[Advert]) -> str:
    """A cache whose keys are the questions themselves; most cards are empty until a script fills them."""

    def entry(a: Advert) -> tuple[str, dict[str, Any]]:
        media = [{"mediumMedia": {"uri": f"{url}?imwidth=400"}, "largeMedia": {"uri": f"{url}?imwidth=800"}} for url in _photos(a)]  # fmt: skip
        product = {"id": f"ern:product::{a.number}", "sku": str(a.number), "name": a.title, "uri": HOST + link(a),
                   "displayPrice": {"current": {"formatted": f"{a.price:,} €", "amount": a.price, "currency": "EUR"}}, "galleryMedia": media}  # fmt: skip
        return J({"id": "2c4e", "variables": {"id": a.number}}), {"data": {"product": product}}

    cards = "".join(map(_card, adverts[:3])) + '<article class="placeholder"></article>' * (len(adverts) - 3)
    return page(
        cards + script(J({"graphqlCache": dict(map(entry, adverts))}), 'type="application/json" class="re-1-13"')
    )


@shape(LISTS)
def a_state_for_each_widget(adverts: list[Advert], others: list[Advert]) -> str:
    """Attributes of one name hold the state of the list and of what is bought together with it."""

    def item(a: Advert) -> dict[str, Any]:
        images = [{"type": "image", "image": {"link": url, "contentMode": "FIT"}} for url in _photos(a)]
        return {"skuId": a.number, "action": {"link": link(a)}, "tileImage": {"items": images}, "name": a.title, "price": f"{a.price:,} €"}  # fmt: skip

    def widget(name: str, state: dict[str, Any]) -> str:
        return f'<div id="state-{name}" data-state="{escape(J(state))}"></div>'

    beside = widget("together", {"title": "Bought together", "items": [item(a) for a in others]})
    return page("".join(map(_card, adverts[:6])) + widget("tiles", {"items": [item(a) for a in adverts]}) + beside)


@shape(LISTS)
def addresses_that_count_clicks(adverts: list[Advert], others: list[Advert]) -> str:
    """Each third card leads through a page that counts; saving needs a login that leads back."""

    def card(i: int, a: Advert) -> str:
        to = (
            link(a)
            if i % 3
            else f"/events/clicks?type=OFFER&amp;redirect={quote(HOST + link(a), safe='')}&amp;n={i}"
        )
        return _card(a, to) + f'<a href="/login?redirect={quote(link(a), safe="")}">save</a>'

    return page("".join(card(i, a) for i, a in enumerate(adverts)))


@shape(LISTS)
def ids_in_queries_and_logos_of_dealers(adverts: list[Advert], others: list[Advert]) -> str:
    """The id stands in the query alone; the logo of each dealer leads to a page with digits in its name."""

    def card(i: int, a: Advert) -> str:
        to = f"../Ads/details.asp?id={a.number}"
        logo = f'<a href="results321_makes.asp?broker=1138{i}&amp;KAT=1010000000"><img src="/2004/logotipi/1138{i}.gif?koda=6.12.2025"></a>'
        photo = f'<a href="{to}"><img src="https://images.example/photo/{a.number}/{a.photos[0]}_160.jpg" alt="{a.title}"></a>'
        return f'<div class="row"><a class="stretched-link" href="{to}&amp;display={quote(a.make)}"></a><div><span>{a.title}</span></div>{photo}<div>{a.price:,} €</div>{logo}</div>'  # fmt: skip

    return page("".join(card(i, a) for i, a in enumerate(adverts)))


@shape(LISTS)
def covers_called_avatars(adverts: list[Advert], others: list[Advert]) -> str:
    """The cover of an advert is called its avatar, and stands in `src-lazy` until it is seen."""
    blank = "https://static.example/images/icons/lazy-preview.png"

    def card(a: Advert) -> str:
        at = f"https://file4.example/crop/350x232/2024/01/18/{a.photos[0]}_wm.jpg"
        avatar = f'<img class="product-avatar-img" error-image-src="https://static.example/images/no-image.png" src="{blank}" src-lazy="{at}" is-lazy-image="true">'
        return f'<div class="product-item"><a class="product-avatar" href="{link(a)}" title="{a.title}">{avatar}</a><h3><a href="{link(a)}">{a.title}</a></h3><span>€ {a.price:,}</span></div>'  # fmt: skip

    return page("".join(map(card, adverts)))


@shape(LISTS)
def paths_of_photos_without_their_host(adverts: list[Advert], others: list[Advert]) -> str:
    """The data name paths, of which a few stand on the page, on another host and scaled."""
    rows = [{"id": a.number, "detailUrl": link(a), "title": a.title, "price": a.price, "currency": "EUR", "images": [f"ds01/{p[0]}/{p[1]}/{p}.jpg" for p in a.photos]} for a in adverts]  # fmt: skip
    cards = "".join(f'<li><a href="{link(a)}"><img src="https://hecdn01.example/mncropresize/602/339/ds01/{a.photos[0][0]}/{a.photos[0][1]}/{a.photos[0]}.jpg"><b>{a.title}</b></a> {a.price:,} €</li>' for a in adverts[:2])  # fmt: skip
    return page(f"<ul>{cards}</ul>" + script(f"window.__STATE__={J({'list': rows})}"))


@shape(LISTS)
def what_was_seen_behind_the_pager(adverts: list[Advert], others: list[Advert]) -> str:
    """Cards of the same markup under a heading in a language that nothing knows, behind the numbers of the pages."""

    def card(a: Advert) -> str:
        return f'<a href="/item/{a.number}"><img src="https://s.example/r/222/{a.photos[0]}.webp" alt=""><div class="p">{a.price:,} €</div><div class="l">{a.title}</div></a>'  # fmt: skip

    pager = (
        '<div class="dlf"><span class="pp">1</span><a href="/used/2?n=1">2</a><a href="/used/3?n=1">3</a></div>'
    )
    seen = (
        f'<div id="rv"><div class="h">Vux plomk</div><div class="gl">{"".join(map(card, others[:3]))}</div></div>'
    )
    return page(f'<div id="contentr"><div class="gl">{"".join(map(card, adverts))}</div>{pager}</div>{seen}')
