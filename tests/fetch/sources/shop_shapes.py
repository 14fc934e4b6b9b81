"""Pages of homes and shops: addresses of all kinds in one list, sizes beside their photo, links to parts of a page."""

from typing import Any

from tests.fetch.sources.index_shapes import HOST, J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import BLANK, shape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page

LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}
# what the pages below name besides something larger, or what is not on the web at all
SMALL = r"/480/360/|/354/255/|home_default|_720\.|thumb\d|/f800/|-M-L/|_TOP-L-L/|/galleryfull/|_files/|_\d{3}x\.|\{width\}"


def _content(a: Advert, gallery: str, below: str = "") -> str:
    return f'<main>{gallery}<h1>{a.title}</h1><div class="price">{a.price} €</div>{below}</main>'


@shape(LISTS)
def addresses_of_two_kinds(adverts: list[Advert], others: list[Advert]) -> str:
    def card(i: int, a: Advert) -> str:
        to = f"{HOST}/catalog/product/view/id/{a.number}/s/item/category/2/" if i == 4 else HOST + link(a)
        at = f"{HOST}/media/{a.photos[0]}.jpg"
        return f'<li class="item"><div><a class="photo" href="{to}" tabindex="-1"><span><img alt="{a.title}" data-original="{at}" src="/static/version16/images/pixel.jpg"><noscript><img alt="{a.title}" src="{at}"></noscript></span></a><a title="Add to Cart" data-post=\'{{"action":"/cart/{i}"}}\'>Add</a></div><div class="details"><a class="item-link" href="{to}">{a.title}</a><span data-price-type="finalPrice"><span class="price">£{a.price}</span></span></div></li>'  # fmt: skip

    promotion = '<li class="item"><div><a class="photo" href="/sale"><span><img src="/media/banner/sale.jpg"></span></a></div></li>'  # fmt: skip
    cards = [card(i, a) for i, a in enumerate(adverts)]
    return page(f"<main><h1>Results</h1><ol>{''.join(cards[:3])}{promotion}{''.join(cards[3:])}</ol></main>")


@shape(LISTS)
def sizes_in_two_folders(adverts: list[Advert], others: list[Advert]) -> str:
    def at(p: str, width: int, height: int) -> str:
        return f"https://lid.cdn.example/{width}/{height}/0f3a5c7e9b1d2f4a{p}.jpg"

    rows = [
        {
            "listingId": str(a.number), "title": a.title, "price": f"€{a.price:,}", "listingUris": {"detail": link(a)},
            "image": {"src": at(a.photos[0], 354, 255), "responsiveImgList": [{"width": w, "src": at(a.photos[0], w, h)} for w, h in ((480, 360), (768, 576))]},
            "gallery": [at(p, 768, 576) for p in a.photos],
            "branch": {"name": "Agent", "logoUrl": "https://st.cdn.example/static_agent_logo_(7).png"},
        }
        for a in adverts
    ]  # fmt: skip
    cards = "".join(f'<div id="listing_{a.number}"><a href="{link(a)}"><picture><source srcset="{at(a.photos[0], 480, 360)} 480w"><img src="{at(a.photos[0], 480, 360)}"></picture><p class="price">€{a.price:,}</p><h2>{a.title}</h2></a></div>' for a in adverts)  # fmt: skip
    return page(f"<main>{cards}</main>" + script(J({"props": {"pageProps": {"regularListings": rows}}}), 'id="__NEXT_DATA__" type="application/json"'))  # fmt: skip


@shape(LISTS)
def owners_above_the_goods(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        return f'<div class="grid-item"><div class="box"><div class="box-owner"><a href="/member/{a.number}"><img alt="" src="https://images.example/t/member{a.number}/50x50/1.jpeg?s=0a1b2c3d4e5f"></a></div><div class="rel"><div class="pic"><img alt="{a.title}" src="https://images.example/t/{a.photos[0]}/310x430/170.jpeg?s=9a8b7c6d5e4f" loading="lazy"></div><a class="overlay" href="{link(a)}?referrer=catalog" title="{a.title}"></a></div><div class="summary"><p data-testid="description-title">Zara</p><p data-testid="price-text">{a.price} €</p></div></div></div>'  # fmt: skip

    return page(f'<main><div class="grid">{"".join(map(card, adverts))}</div></main>')


@shape(LISTS)
def photos_as_objects_of_an_attribute(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        at = [f"{HOST}/uploads/2024/02/{p}-592x444.jpg" for p in a.photos]
        images = J([{"image": url, "alt": ""} for url in at]).replace('"', "&quot;")
        return f'<div class="card" data-hz-id="{a.number}" data-images="{images}"><a class="thumb" href="{link(a)}"><img src="{at[0]}"></a><h2><a href="{link(a)}">{a.title}</a></h2><div class="price"><div class="price__regular"><span class="price-item price-item--regular">€{a.price + 400}</span></div><div class="price__sale"><s class="price-item price-item--regular">€{a.price + 400}</s><span class="price-item price-item--sale">€{a.price}</span></div></div><a href="/agent/ana/">Ana</a></div>'  # fmt: skip

    return page(f'<div class="grid-view">{"".join(map(card, adverts))}</div>')


@shape(LISTS)
def regular_price_before_the_price(adverts: list[Advert], others: list[Advert]) -> str:
    def card(i: int, a: Advert) -> str:
        at = f"{HOST}/{i}-{{}}_default/{a.photos[0]}.jpg"
        return f'<article class="miniature" data-id-product="{i}"><a href="{link(a)}#/1-size-s" class="thumbnail"><img class="lazyload" data-src = "{at.format("home")}" src="{BLANK}" data-full-size-image-url = "{at.format("large")}"></a><h2 class="product-title"><a href="{link(a)}#/1-size-s">{a.title}</a></h2><span class="regular-price">{a.price + 900} €</span><span class="price">{a.price} €</span></article>'  # fmt: skip

    return page(f"<section>{''.join(card(i, a) for i, a in enumerate(adverts))}</section>", language="fr")


@shape(ADVERTS)
def links_to_parts_of_its_page(a: Advert, others: list[Advert]) -> str:
    def at(p: str, width: int) -> str:
        return f"https://cloud.example/media/217/{p}_{width}.jpg"

    def photo(i: int, p: str) -> str:
        sizes = ", ".join(f"{at(p, width)} {width}w" for width in (180, 720, 1440))
        return f'<div><a href="{link(a)}/media/foto/{i}"><img alt="Foto {i}" srcset="{sizes}" src="{at(p, 720)}"></a></div>'  # fmt: skip

    alike = "".join(f'<div><a href="{link(o)}"><img src="{at(o.photos[0], 720)}"><h3>{o.title}</h3><p>{o.price} €</p></a></div>' for o in others)  # fmt: skip
    gallery = f'<section id="media">{"".join(photo(i, p) for i, p in enumerate(a.photos))}</section>'
    return page(_content(a, gallery, f"<section><h2>Vergelijkbare</h2>{alike}</section>"), language="nl")


@shape(ADVERTS)
def thumbnails_beside_each_photo(a: Advert, others: list[Advert]) -> str:
    def photo(i: int, p: str) -> dict[str, Any]:
        def at(folder: str, size: str) -> str:
            return f"https://images.example/{folder}/01_{p}/{size}{p}.jpeg?s={p[:8]}{len(size):08x}"

        small = [{"type": f"thumb{w}x{h}", "url": at("t", f"thumb{w}x{h}/"), "width": w, "height": h} for w, h in ((70, 100), (150, 210), (624, 428))]  # fmt: skip
        return {"id": i, "width": 600, "height": 800, "url": at("t", "f800/"), "full_size_url": at("tc", ""), "thumbnails": small}  # fmt: skip

    photos = [photo(i, p) for i, p in enumerate(a.photos)]
    item = {"item": {"id": a.number, "title": a.title, "price": {"amount": str(a.price), "currency_code": "EUR"}, "photos": photos, "user": {"login": "b", "photo": {"url": "https://images.example/t/u/f800/1.jpeg?s=0a0b0c0d0e"}}}}  # fmt: skip
    shown = "".join(f'<figure><img alt="{a.title}" src="{one["url"]}"></figure>' for one in photos)
    return page(_content(a, f'<section class="item-photos">{shown}</section>') + script(f"window.s={J(item)};"))


@shape(ADVERTS)
def saved_by_a_browser(a: Advert, others: list[Advert]) -> str:
    def photo(p: str) -> str:
        at = f"https://cdn.example/p/2680/web/{p}"
        return f'<div><picture><source srcset="{at}fullhd.webp" type="image/webp"><source srcset="{at}fullhd.jpg" type="image/jpg"><img alt="{a.title}" src="./page_files/{p}.jpg"></picture></div>'  # fmt: skip

    return page(_content(a, f'<div class="gallery">{"".join(map(photo, a.photos))}</div>'), language="ru")


@shape(ADVERTS)
def widths_of_a_template(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: str = "") -> str:
        return f"//cdn.example/s/files/1/26/products/{p}{size}.jpg?v=1670"

    photos = "".join(f'<div><img class="lazyload" src="{at(p, "_300x")}" data-src="{at(p, "_{width}x")}" data-widths="[180, 360, 2048]" alt="{a.title}"></div>' for p in a.photos)  # fmt: skip
    data = {"id": a.number, "title": a.title, "price": a.price * 100, "images": [at(p) for p in a.photos]}
    return page(_content(a, f'<div class="product-media">{photos}</div>') + script(J(data), 'type="application/json" data-product-json'))  # fmt: skip


@shape(ADVERTS)
def extra_large_is_no_large(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: str) -> str:
        return f"https://img4.example/blur/{size}/0/id.image.master/ab/cd/{p}.jpg"

    pics = ", ".join(f'{{ imageUrl: "/galleryfull/{i}", imageDataService: "{at(p, "DETAIL-XL-L")}", width: 1500, height: 1000, isPlan: false }}' for i, p in enumerate(a.photos))  # fmt: skip
    shown = "".join(f'<div><img data-service="{at(p, "DETAIL")}" data-ondemand-img="{at(p, "DETAIL_TOP-L-L")}" src="{at(p, "DETAIL-M-L")}" alt="{a.title}"></div>' for p in a.photos[:4])  # fmt: skip
    said = f"var info = {{ title: '{a.title}', price: {a.price}, fullGalleryPics : [{pics}], tour: false }};"
    return page(_content(a, f'<div class="multimedia">{shown}</div>') + script(said), language="es")
