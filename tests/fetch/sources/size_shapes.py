"""Pages that name each photo in several sizes, and tell which is the largest in all the ways that sites do."""

from typing import Any

from tests.fetch.sources.index_shapes import J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import BLANK, shape
from tests.fetch.sources.listing_shapes import Shape as AdvertShape
from tests.fetch.sources.painted_adverts import Advert, page

LISTS: dict[str, ListShape] = {}
ADVERTS: dict[str, AdvertShape] = {}
# what the pages below name besides something larger
SMALL = r"800x600|120x90|-4\.|/large/|/thumb/|/thumbnail/|csm_|/s4_|,96,72|,480,360|72k52|300k200|w=520|_t\.|/160/|/80x60/|s\.jpg|f\.jpg|fx\.webp|impolicy=lpv|/petit/|/thumbs/|/w100/|-120x90|-750x470|P[128]\.|w=130|/ec/|_300x"


def _content(a: Advert, gallery: str) -> str:
    return f'<main><h1>{a.title}</h1>{gallery}<h2 class="price">{a.price} €</h2></main>'


@shape(ADVERTS)
def carousel_that_goes_round(a: Advert, others: list[Advert]) -> str:
    def slide(i: int, cloned: str = "") -> str:
        at = f"https://cdn.example/user-images/2345/{a.number}/{a.photos[i]}"
        return f'<li class="slick-slide {cloned}"><a href="{at}-1920x1080.jpg"><img src="/img/blank.png" data-src="{at}-800x600.jpg"></a></li>'  # fmt: skip

    last = len(a.photos) - 1
    slides = [slide(last, "slick-cloned"), *map(slide, range(len(a.photos))), slide(0, "slick-cloned")]
    thumbs = "".join(f'<li><img data-lazy="https://cdn.example/user-images/2345/{a.number}/{p}-120x90.jpg"></li>' for p in a.photos)  # fmt: skip
    return page(_content(a, f'<ul class="slick-track">{"".join(slides)}</ul><ul class="thumbs">{thumbs}</ul>'))


@shape(ADVERTS)
def sizes_by_last_numbers_that_data_pair(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: int) -> str:
        return f"https://images.example/flat-{p}-{size}.jpg"

    photos = [{"id": i, "fullUrl": at(p, 1), "thumbnailUrl": at(p, 4)} for i, p in enumerate(a.photos)]
    data = {"offerData": {"offer": {"id": a.number, "title": a.title, "price": a.price, "photos": photos}}}
    shown = "".join(f'<li><img src="{at(p, 1)}"></li>' for p in a.photos[:2])
    thumbs = "".join(f'<div><img src="{at(p, 4)}"></div>' for p in a.photos)
    return page(
        _content(a, f'<div class="gallery"><ul>{shown}</ul>{thumbs}</div>') + script(f"window.s={J(data)};")
    )


@shape(ADVERTS)
def links_to_what_no_word_calls_large(a: Advert, others: list[Advert]) -> str:
    def at(p: str, style: str) -> str:
        return f"/sites/files/styles/{style}/public/2024-01/K%C3%BCche%20{p}.jpg?itok={p[:6]}{len(style)}"

    slides = "".join(f'<li data-thumb="{at(p, "thumbnail")}"><a href="{at(p, "wide")}"><img src="{at(p, "large")}"></a></li>' for p in a.photos)  # fmt: skip
    return page(_content(a, f'<ul class="slides">{slides}</ul>'), language="de")


@shape(ADVERTS)
def small_ones_of_other_names(a: Advert, others: list[Advert]) -> str:
    def figure(p: str) -> str:
        return f'<figure><a href="/files/upload/{a.number}/IMG_{p}.jpg"><img src="/files/_processed_/{p[0]}/{p[1]}/csm_IMG_{p}_0a{p[3:9]}.jpg" width="280"></a></figure>'  # fmt: skip

    adviser = '<div class="berater"><img src="/files/_processed_/c/d/csm_Anna_0123456789.jpg" width="150"></div>'
    return page(
        _content(a, f'<div class="gallery">{"".join(map(figure, a.photos))}</div>') + adviser, language="de"
    )


@shape(ADVERTS)
def size_and_id_in_one_folder(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: int) -> str:
        return f"https://img.example/s{size}_1234567{p}/{a.slug}.jpg"

    thumbs = "".join(f'<div class="thumb" style="background-image: url(\'{at(p, 4)}\')" data-big="{at(p, 25)}"></div>' for p in a.photos)  # fmt: skip
    return page(_content(a, f'<div class="gallery">{thumbs}<img src="{at(a.photos[0], 25)}"></div>'))


@shape(ADVERTS)
def sizes_within_a_value(a: Advert, others: list[Advert]) -> str:
    def at(p: str, size: str) -> str:
        return f"//d.example/c_img_QK/{p}.jpeg?fl=exf|res,{size},1|wrm,/watermark/x.png,10,10|jpg,80,,1"

    slides = "".join(f'<li><img src="{at(p, "480,360")}" data-zoom="{at(p, "1920,1080")}"></li>' for p in a.photos)
    thumbs = "".join(f'<img src="{at(p, "96,72")}">' for p in a.photos)
    return page(_content(a, f'<ul class="gallery">{slides}</ul><div class="thumbs">{thumbs}</div>'), language="cs")


@shape(ADVERTS)
def frames_of_a_turning_car(a: Advert, others: list[Advert]) -> str:
    def at(p: str) -> str:
        return f"https://pictures.example/c/{p}x.jpg"

    images = [{"src": at(p), "thumbnail": {"src": at(p) + "?impolicy=resize&w=130"}} for p in a.photos]
    frames = [f"https://spin.example/{a.number}/ec/0-{n}.jpg" for n in range(24)]
    data = {"media": {"images": images, "spin": {"exterior": frames}}, "vehicle": {"uuid": "u", "title": a.title}}
    slides = "".join(f'<li><img src="{at(p)}?impolicy=resize&w=520"></li>' for p in a.photos)
    return page(_content(a, f"<ul class='slider'>{slides}</ul>") + script(f"D.layer={J(data)};"))


@shape(ADVERTS)
def photos_that_a_script_shows(a: Advert, others: list[Advert]) -> str:
    thumbs = "".join(f'<a href="#" onclick="show(\'/img/{p}_b.jpg\', {i}); return false;"><img src="/img/{p}_t.jpg"></a>' for i, p in enumerate(a.photos))  # fmt: skip
    return page(_content(a, f'<div id="thumbs">{thumbs}</div>'))


@shape(ADVERTS)
def renditions_of_other_names(a: Advert, others: list[Advert]) -> str:
    def photo(p: str) -> dict[str, Any]:
        sizes = [{"width": width, "height": width // 2, "href": f"https://media.example/{width}/{p[:4]}{width}/{p}.webp"} for width in (160, 1600)]  # fmt: skip
        return {"id": p[:5], "renditions": sizes}

    data = {"ad": {"id": a.number, "title": a.title, "price": a.price, "images": [photo(p) for p in a.photos]}}
    thumbs = "".join(f'<img src="https://media.example/160/{p[:4]}160/{p}.webp">' for p in a.photos)
    return page(_content(a, f"<div>{thumbs}</div>") + script(J(data), 'type="application/json"'))


@shape(ADVERTS)
def ids_beside_a_template(a: Advert, others: list[Advert]) -> str:
    at = "https://cdn.example/foto/{size}/{id}.jpg"
    data = {"listing": {"id": a.number, "title": a.title, "price": a.price, "photoIds": list(a.photos), "photoTemplate": at}}  # fmt: skip
    shown = f'<img src="https://cdn.example/foto/1280x960/{a.photos[0]}.jpg">'
    thumbs = "".join(f'<img src="https://cdn.example/foto/80x60/{p}.jpg">' for p in a.photos)
    return page(_content(a, f'<div>{shown}</div><div class="row">{thumbs}</div>') + script(f"var ad={J(data)};"))


@shape(ADVERTS)
def whole_ones_behind_small_ones_in_another_place(a: Advert, others: list[Advert]) -> str:
    at = "https://cdn.example/photo/golf__{}1234567{}"
    slides = "".join(f'<div><picture><source srcset="{at.format(p, "fx.webp")}"><img src="{at.format(p, "f.jpg")}"></picture></div>' for p in a.photos)  # fmt: skip
    small = "".join(
        f'<a href="{at.format(p, "hd.webp")}"><img src="{at.format(p, "s.jpg")}"></a>' for p in a.photos
    )
    return page(_content(a, f'<div class="carousel">{slides}</div><div class="preview">{small}</div>'))


@shape(ADVERTS)
def lists_of_widths(a: Advert, others: list[Advert]) -> str:
    sizes = {1: 150, 2: 320, 8: 640, 0: 1280}
    photos = [[{"id": i, "width": width, "height": width, "url": f"https://media.example/{p}/P{n}.jpg"} for n, width in sizes.items()] for i, p in enumerate(a.photos)]  # fmt: skip
    data = {"product": {"id": a.number, "title": a.title, "price": a.price, "pictures": photos}}
    return page(_content(a, "") + script(J(data), 'type="application/json"'))


@shape(ADVERTS)
def whole_ones_by_buttons(a: Advert, others: list[Advert]) -> str:
    def at(i: int) -> str:
        return f"https://photos.example/webp/{a.photos[i]}/{i}"

    first = f'<a href="{at(0)}-full.jpg"><picture><source srcset="{at(0)}-750x470.webp"><img src="{at(0)}-750x470.jpg"></picture></a>'  # fmt: skip
    thumbs = "".join(f'<li><button data-href="{at(i)}-full.jpg" style="background-image:url({at(i)}-120x90.jpg)"></button></li>' for i in range(len(a.photos)))  # fmt: skip
    return page(_content(a, f'<div class="gallery">{first}<ul>{thumbs}</ul></div>'))


@shape(ADVERTS)
def scaled_by_a_script_of_the_site(a: Advert, others: list[Advert]) -> str:
    slides = "".join(f'<li><img src="/themes/x/timthumb.php?src=https://wheels.example/uploads/{p}.jpg&amp;w=600"></li>' for p in a.photos)  # fmt: skip
    body = _content(a, f'<ul class="galerie">{slides}</ul>').replace(f"{a.price} €", f"{a.price},- €")
    return page(body, language="fr")


@shape(ADVERTS)
def prices_in_cents_and_hashed_folders(a: Advert, others: list[Advert]) -> str:
    def at(p: str) -> str:
        return f"https://cloud.example/groot/{p[:3]}/{p[3:5]}/{p}.jpg"

    data = {"product": {"id": a.number, "title": a.title, "price": a.price * 100}}
    slides = "".join(f'<div class="media"><div style="background-image:url(&quot;{at(p)}&quot;)"></div></div>' for p in a.photos)  # fmt: skip
    head = f'<meta property="og:image" content="{at(a.photos[0])}">'
    return page(
        _content(a, f"<section>{slides}</section>") + script(f"var product={J(data)};"), head, language="nl"
    )


@shape(LISTS)
def size_words_of_other_languages(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        large = J([f"/uploads/grand/{p}.webp" for p in a.photos])
        return f'<div class="vignette"><a href="{link(a)}" class="photo" data-images=\'{large}\'><img src="/uploads/petit/{a.photos[0]}.webp"></a><a href="{link(a)}"><b>{a.title}</b></a><em>{a.price} €</em></div>'  # fmt: skip

    return page("".join(map(card, adverts)), language="fr")


@shape(LISTS)
def folders_that_name_no_photo(adverts: list[Advert], others: list[Advert]) -> str:
    def ad(a: Advert) -> dict[str, Any]:
        scales = [{"scale": [{"uri": f"https://pic.example/{folder}/{p[:2]}/{p}.jpg", "size": size} for folder, size in (("images", "xlarge"), ("thumbs", "small"))]} for p in a.photos]  # fmt: skip
        return {"id": a.number, "subject": a.title, "price": a.price, "url": link(a), "images": scales}

    return page(script(J({"ads": list(map(ad, adverts))}), 'type="application/json"'))


@shape(LISTS)
def lazy_addresses_without_a_suffix(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        images = "".join(f'<img src="{BLANK}" data-echo="https://th.example/w800/{p}" data-thumb="https://th.example/w100/{p}">' for p in a.photos)  # fmt: skip
        return f'<tr class="item"><td><a href="{link(a)}">{images}</a></td><td><a href="{link(a)}">{a.title}</a></td><td>{a.price} €</td></tr>'  # fmt: skip

    return page(f"<table>{''.join(map(card, adverts))}</table>", language="tr")


@shape(LISTS)
def sizes_by_keys(adverts: list[Advert], others: list[Advert]) -> str:
    sizes = ("720x480", "300x200", "72x52")

    def home(a: Advert) -> dict[str, Any]:
        images = [{f"size{size}": f"https://photos.example/{size[0]}{p[:9]}/{p}{size.replace('x', 'k')}.jpg" for size in sizes[::-1]} for p in a.photos]  # fmt: skip
        return {"id": a.number, "title": a.title, "path": link(a), "price": f"€{a.price:,}", "media": {"images": images}}  # fmt: skip

    cards = "".join(f'<li><a href="{link(a)}"><p>{a.title}</p></a><span>€{a.price:,}</span></li>' for a in adverts)
    data = J({"props": {"listings": [{"listing": home(a)} for a in adverts]}})
    return page(f"<ul>{cards}</ul>" + script(data, 'type="application/json"'))


@shape(LISTS)
def another_photo_under_the_mouse(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        first, *rest = [f"https://shop.example/s/files/0012/3456/{p}" for p in a.photos]
        other = f'data-hover="{rest[0]}_1024x.jpg?v=1700"' if rest else ""
        return f'<div class="grid__item"><a href="{link(a)}"><img src="{first}_300x300.jpg?v=1700" data-src="{first}_{{width}}x.jpg?v=1700" {other}></a><a href="{link(a)}">{a.title}</a><p class="price">{a.price} €</p></div>'  # fmt: skip

    return page("".join(map(card, adverts)))


@shape(LISTS)
def names_within_parameters(adverts: list[Advert], others: list[Advert]) -> str:
    def card(a: Advert) -> str:
        images = "".join(f'<div><img rel="https://img.example/jj/resizeImage?src=gazo%2Fbukken%2F030%2F{p}_0001.jpg&amp;w=452&amp;h=339" src="{BLANK}"></div>' for p in a.photos)  # fmt: skip
        return f'<div class="unit"><h2><a href="{link(a)}">{a.title}</a></h2>{images}<dd>{a.price} €</dd></div>'

    return page("".join(map(card, adverts)))


@shape(LISTS)
def lists_of_each_size(adverts: list[Advert], others: list[Advert]) -> str:
    def hit(a: Advert) -> dict[str, Any]:
        small = [f"https://images.example/{p[:5]}1/{p}-.jpeg?impolicy=lpv" for p in a.photos]
        large = [f"https://images.example/{p[:5]}2/{p}-.jpeg?impolicy=dpv" for p in a.photos]
        return {"id": a.number, "name": a.title, "price": a.price, "url": link(a), "photo_thumbnails": small, "photo_mains": large}  # fmt: skip

    return page(
        script(J({"props": {"currency": "EUR", "hits": list(map(hit, adverts))}}), 'type="application/json"')
    )
