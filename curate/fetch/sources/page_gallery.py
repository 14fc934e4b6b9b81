"""The gallery on a listing's own page, out of its HTML.

Photos are the images whose addresses have the pattern of the declared one (Open Graph, JSON-LD), in the part of
the
page that holds most of them. Where nothing is declared, the largest run of images of one pattern. Images that lead
to other pages, and those among similar listings, are not the listing's.
"""

import re
from collections import Counter
from itertools import islice

from curate.fetch.sources import photo_sizes, photo_variants, threads
from curate.fetch.sources.card_links import bare, pattern
from curate.fetch.sources.card_prices import amounts, is_other_sum, is_rate, lower_beside, price_alone, rent
from curate.fetch.sources.microdata import Declared
from curate.fetch.sources.money import PRICE, PRICE_NAME, money, of_the_country
from curate.fetch.sources.page import Element, Page, names, words
from curate.fetch.sources.page_images import Image, PageImages, shape

_GALLERY = re.compile(
    r"galler|slid|carousel|swiper|slick|fotorama|lightbox|fancybox|photo|picture|foto|image|thumb|zoom|media|splide|glide|"
    r"flickity|owl-|photoswipe|viewer|hero|galeri|bilder|immagin"
)


def _leads_away(image: Image, about: Declared) -> bool:
    """Does a click on the image, or on the card that it alone is in, open the page of something else?"""
    target = image.leads_to.partition("#")[0]
    if not target and image.near and pattern(bare(image.near)) == pattern(bare(about.urls[0])):
        target = image.near
    if not target:
        return False
    for url in about.urls:
        plain = url.partition("?")[0].rstrip("/")
        if target.partition("?")[0].rstrip("/") == plain or target.startswith(plain + "/"):
            return False
    alike = pattern(bare(target)) == pattern(bare(about.urls[0]))  # 8502741B300 and 8502741B301 of one shop
    token = r"[A-Za-z0-9]*\d{5,}[A-Za-z0-9]*" if alike else r"[A-Za-z]*\d{5,}|[0-9a-f-]{20,}"
    return not any(one in target for url in about.urls for one in re.findall(token, url))


def content(layout: PageImages, about: Declared) -> list[str]:
    """The addresses of all images that may be the listing's."""
    return [
        url
        for image in layout.images
        if not (image.unfit or image.small or _leads_away(image, about))
        and not layout.is_beside(image.element)
        and not layout.is_frame(image.element)
        for url in image.urls
    ]


def _common(elements: list[Element]) -> Element | None:
    """The smallest element that holds all the others."""
    if not elements:
        return None
    chains = [[element, *element.iterancestors()][::-1] for element in elements]
    depth = min(len(chain) for chain in chains)
    last = None
    for level in range(depth):
        if any(chain[level] is not chains[0][level] for chain in chains):
            break
        last = chains[0][level]
    return last


def _container(images: list[Image]) -> list[Image]:
    """The images of the part of the page that holds most of them, where it is one that is named a gallery."""
    for image in images:
        for parent in image.element.iterancestors():
            if parent.tag in ("body", "main", "html"):
                break
            if _GALLERY.search(names(parent)):
                inside = [
                    other for other in images if other.element is parent or parent in other.element.iterancestors()
                ]
                if len(inside) > 1 and len(inside) * 2 >= len(images):
                    return inside
    return images


def gallery(page: Page, layout: PageImages, about: Declared, structured: list[str]) -> list[list[str]]:
    """The photos of the page's own listing, each with its addresses. `structured` are those that its data
    names."""
    post = threads.first_post(page)
    if post is not None and (shown := threads.shown_in(post, page, layout)):
        return _photos(shown, shown, layout)
    wanted = list(dict.fromkeys([*structured, *about.images]))
    stems = {photo_sizes.stem(url) for url in wanted}
    own = [
        image
        for image in layout.images
        if not (image.unfit and not any(photo_sizes.stem(url) in stems for url in image.urls))
        and not _leads_away(image, about)
        and not layout.is_beside(image.element)
    ]
    if not own:
        return []
    known = [image for image in own if any(photo_sizes.stem(url) in stems for url in image.urls)]
    shapes = {shape(url) for url in wanted} | {shape(url) for image in known for url in image.urls}
    fitting = [image for image in own if any(shape(url) in shapes for url in image.urls)]
    if fitting and (known or len(fitting) > 1):
        return _photos(_without_strays(_container(fitting), layout, stems), own, layout)
    inside = [image for image in own if not layout.is_frame(image.element) and not image.small]
    counts = Counter(shape(image.urls[0]) for image in inside)
    weight = Counter[str]()
    for image in inside:
        named = any(_GALLERY.search(names(parent)) for parent in list(image.element.iterancestors())[:6])
        titled = bool(image.alt) and any(image.alt[:40].casefold() in title.casefold() for title in about.titles)
        weight[shape(image.urls[0])] += 3 if named or titled else 1
    if not counts:
        return []
    best, score = weight.most_common(1)[0]
    if score < 3 and counts[best] < 3 and not (counts.total() == 1 and price_near_heading(page, layout)[0]):
        return []
    same = [image for image in inside if shape(image.urls[0]) == best]
    same = _with_others_of_its_markup(same, inside, layout)
    return _photos(_without_strays(_container(same), layout, stems), own, layout)


def _with_others_of_its_markup(same: list[Image], inside: list[Image], layout: PageImages) -> list[Image]:
    """With the images of the page that stand beside two of these, or in the same element, with the same tags and
    the same class: photos of a post that lie on several sites."""

    def built(image: Image) -> tuple[int, str]:
        return layout.paths.get(image.element, 0), image.element.get("class", "")

    holders = Counter(
        (around, built(image)) for image in same for around in islice(image.element.iterancestors(), 2)
    )
    known = {id(image) for image in same}
    return [
        image
        for image in inside
        if id(image) in known
        or (
            image.element.get("class")
            and any(holders[around, built(image)] > 1 for around in islice(image.element.iterancestors(), 2))
        )
    ]


def _without_strays(images: list[Image], layout: PageImages, stems: set[str]) -> list[Image]:
    """Without single images far from the run of the others: a seller's portrait, a promotion."""
    paths = Counter(layout.paths.get(image.element, 0) for image in images)
    if paths.total() < 4:
        return images
    whole = {id(image) for image in images if paths[layout.paths.get(image.element, 0)] > 1}
    common = _common([image.element for image in images if id(image) in whole])
    return [
        image
        for image in images
        if id(image) in whole
        or any(photo_sizes.stem(url) in stems for url in image.urls)
        or (
            common is not None
            and common.tag not in ("body", "main", "html")
            and common in image.element.iterancestors()
        )
    ]


def _photos(images: list[Image], own: list[Image], layout: PageImages) -> list[list[str]]:
    """The photos of `images`, with the addresses that all of the listing's `own` images have for them."""
    return photo_variants.known_together(
        [image.urls for image in images], [image.urls for image in own], layout.sizes
    )


def price_near_heading(page: Page, layout: PageImages) -> tuple[float | None, str]:
    """The price that the page of a listing shows: the first that is called one and does not stand beside the
    content; the first rent where none is."""
    monthly: tuple[float | None, str] | None = None
    for element in page.root.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "img", "meta", "body", "html"):
            continue
        if (
            PRICE_NAME.search(names(element))
            and len(text := amounts(element, 200)) < 120
            and re.search(r"\d", text)
        ):
            if layout.is_beside(element) or layout.is_frame(element) or is_other_sum(element):
                continue
            match = next((one for one in PRICE.finditer(text) if not is_rate(text, one.end())), None)
            if match or element.get("content"):
                amount, currency = money(match[0] if match else element.get("content"))
                if amount:
                    return amount, of_the_country(currency, page.url, text)
            monthly = monthly or rent(element)
    if monthly:
        return monthly[0], of_the_country(monthly[1], page.url, "")
    return _price_after_heading(page, layout)


def _price_after_heading(page: Page, layout: PageImages) -> tuple[float | None, str]:
    """The first text after the heading that is a price and nothing else, whatever its element is called."""
    heading = next(page.root.iter("h1"), None)
    passed = heading is None
    for element in page.root.iter():
        passed = passed or element is heading
        if not passed or (found := price_alone(element)) is None:
            continue
        if not (layout.is_beside(element) or layout.is_frame(element) or is_other_sum(element)):
            amount, currency = lower_beside(element, found)
            return amount, of_the_country(currency, page.url, words(element))
    return None, ""
