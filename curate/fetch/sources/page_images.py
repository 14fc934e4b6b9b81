"""The images that a page shows, each with all addresses that its markup gives for it, and what stands beside the
content.

An image's addresses stand in its own attributes (`image_addresses`), in those of `<source>`, and in a link to the
whole photo around it.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice

from curate.fetch.http.url import host_of, path_of
from curate.fetch.sources import after_pager, image_addresses, photo_sizes, photo_templates, photo_variants
from curate.fetch.sources.element_names import (
    BESIDE_NAMES,
    BESIDE_WORDS,
    NOT_SHOWN_NAMES,
    SELLER_NAMES,
    shows_nothing,
)
from curate.fetch.sources.page import Element, Page, names, photo_address, resolved, words
from curate.fetch.sources.photo_addresses import is_address, of_one_file

MAX_IMAGES = 5_000
_PARTS = ("div", "section", "ul", "ol", "table", "article", "li", "dl")
_PORTRAIT = re.compile(
    r"(?:^|/)(?:(?:user|agent|seller|member|broker)s?[-_]?)?profiles?(?:[-_]?(?:pic|photo|image|picture)s?)?/[^/]*$"
)
_SAVED = re.compile(
    r"(?:\./)?[^/:]{1,200}(?:_files|_fichiers|_archivos|_bestanden|_pliki|_soubory|-Dateien|-filer)/"
)
_LOGOS = re.compile(
    r"(?i)(?:[a-z0-9]+[-_])*(?:biz|brand|broker|company|dealer|partner|seller|shop)?(?:logo|avatar)s?(?:[-_]\w+)?"
)
_CLONE = re.compile(r"(?<![a-z])(?:cloned?|duplicate)(?:\s|$)")  # of a carousel that goes round


@dataclass(slots=True)
class Image:
    """One image of a page."""

    urls: list[str]  # the largest first
    element: Element
    leads_to: str = ""  # the page that a click opens, where it opens one
    near: str = ""  # else the one page to which the links beside it lead, in a part that shows no other image
    alt: str = ""
    small: bool = False  # declared smaller than a photo
    unfit: bool = False  # a logo, an icon, an avatar by its name


@dataclass(slots=True)
class PageImages:
    """Images and what stands beside the content."""

    images: list[Image] = field(default_factory=list)
    beside: set[Element] = field(default_factory=set)  # roots of what is no content of this page
    frame: set[Element] = field(default_factory=set)  # header, footer and navigation
    paths: dict[Element, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)  # in pixels, of addresses, as far as the page tells

    def is_beside(self, element: Element) -> bool:
        """Does an element stand among similar listings, promotions and the like?"""
        return element in self.beside or any(parent in self.beside for parent in element.iterancestors())

    def is_frame(self, element: Element) -> bool:
        """Does an element belong to the header, footer or navigation of the site?"""
        return element in self.frame or any(parent in self.frame for parent in element.iterancestors())


def _is_empty(element: Element) -> bool:
    """Has an image nothing but a placeholder, such as the one before that of its noscript?"""
    return element.get("src", "data:")[:5] == "data:" and len(element.attrib) < 4 and not element.get("srcset")


def _is_sellers(element: Element) -> bool:
    """Does an image stand in the box of a seller, by itself?"""
    for parent in islice(element.iterancestors(), 3):
        if len(list(islice(parent.iter("img"), 3))) > 2:
            return False
        if SELLER_NAMES.search(names(parent)):
            return True
    return False


def _is_small(element: Element) -> bool:
    sides = []
    for name in ("width", "height"):
        text = (element.get(name) or "").strip().removesuffix("px")
        if text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0:
            sides.append(int(text))
    return bool(sides) and max(sides) < 80


def _one(element: Element, page: Page, sizes: dict[str, int]) -> Image | None:
    written = list(islice(image_addresses.addresses(element), 100))
    around, leads_to, near = element, "", ""
    parent = element.getparent()
    if parent is not None and parent.tag == "picture":
        written += [one for source in parent.iter("source") for one in image_addresses.addresses(source)]
        parent = parent.getparent()
    for _ in range(4):
        if parent is None or parent.tag in ("body", "html"):
            break
        others = (other for other in parent.iter("img", "amp-img") if not _is_empty(other))
        alone = sum(1 for _, _ in zip(others, range(2), strict=False)) < 2
        if alone:
            written += list(image_addresses.addresses(parent))
        if parent.tag == "a" and (href := parent.get("href")):
            if of_one_file(href, written):
                written.append((href, photo_sizes.WHOLE))
            elif not is_address(href, surely_photo=False):
                leads_to = leads_to or resolved(href, page.base)
            break
        if alone:
            near = _near(parent, page) or near
        around, parent = parent, parent.getparent()
        if not alone:
            break
    if not leads_to:
        link = next(element.iterancestors("a"), None)
        href = "" if link is None else link.get("href", "")
        if href and not (is_address(href, surely_photo=False) or of_one_file(href, written)):
            leads_to = resolved(href, page.base)
    urls = []
    width = max(re.findall(r"\d{2,5}", element.get("data-widths", "")), key=int, default="")
    for text, size in _not_saved(written):
        if url := photo_address(photo_templates.filled(text, width=width), page.base):
            urls.append(url)
            if size:
                sizes[url] = max(size, sizes.get(url, 0))
    if not urls:
        return None
    own = [url for url in dict.fromkeys(urls) if not shows_nothing(_name(url))]
    label = f"{names(element)} {names(around) if around is not element else ''}"
    unfit = (
        not own
        or bool(NOT_SHOWN_NAMES.search(label))
        or bool(re.search(r"(?i)\blogo\b|avatar", element.get("alt", "")))
        or _is_sellers(element)
    )
    return Image(
        photo_variants.by_size(own or urls, sizes),
        element,
        leads_to,
        "" if leads_to else near,
        element.get("alt", "").strip(),
        _is_small(element),
        unfit,
    )


def _near(part: Element, page: Page) -> str:
    """The one page to which the links of a part lead; empty where they lead to several, or there are none."""
    written = {link.get("href", "") for link in islice(part.iter("a"), 5)}
    return resolved(written.pop(), page.base) if len(written) == 1 else ""


def _not_saved(written: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Without the files that a browser saved beside the page, where an image names another address."""
    return [one for one in written if not _SAVED.match(one[0])] or written


def _name(url: str) -> str:
    """The part of an address whose words tell a logo: its last folder and file, and the folders called logo."""
    *folders, folder, name = ["", *path_of(photo_sizes.inner(url)).partition("?")[0].split("/")]
    return "/".join([*(one for one in folders if _LOGOS.fullmatch(one)), folder, name])


def layout(page: Page) -> PageImages:
    """All images of a page in their order, and what of it is no content."""
    out = PageImages()
    hosts = {host_of(element.get("src", "")) for element in page.root.iter("img")} - {""}
    heading = next(page.root.iter("h1"), None)
    keep = set() if heading is None else {heading, *heading.iterancestors()}
    of_site: list[Element] = []  # elements of the site's own that are called beside: <app-similar-cars>
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        out.paths[element] = hash((out.paths.get(parent, 0) if parent is not None else 0, element.tag))
        if element.tag in ("footer", "nav", "header", "aside"):
            if element not in keep:
                (out.beside if element.tag == "aside" else out.frame).add(element)
        elif element.tag in _PARTS and element not in keep:
            if BESIDE_NAMES.search(names(element)):
                out.beside.add(element)
        elif "-" in element.tag and element not in keep and BESIDE_NAMES.search(element.tag):
            of_site.append(element)
        elif element.tag in ("h2", "h3", "h4", "h5", "h6", "strong", "p", "span", "header", "legend"):
            text = words(element) if element.tag[0] == "h" else (element.text or "").strip()
            if 3 < len(text) < 90 and BESIDE_WORDS.search(text) and (element.tag[0] == "h" or _titles(element)):
                _mark_after(element, keep, out)
        if len(out.images) >= MAX_IMAGES:
            continue
        shows = image_addresses.paints(element) or image_addresses.holds_address(element)
        if (shows or element.tag in ("img", "amp-img")) and (image := _one(element, page, out.sizes)):
            out.images.append(image)
        several = [*image_addresses.listed_in(element, page), *image_addresses.within(element, hosts)]
        out.images += [Image([url], element) for url in several]
        out.images += [Image(urls, element) for urls in image_addresses.objects_in(element, page)]
    tags = Counter(element.tag for element in of_site)
    out.beside.update(element for element in of_site if tags[element.tag] == 1)  # several are cards
    _without_placeholders(out.images)
    _without_portraits(out.images)
    instead = image_addresses.shown_instead(page)
    out.images = [one for one in out.images if not instead.issuperset(one.urls)] if instead else out.images
    out.images = _without_clones(out.images)
    out.beside |= set(after_pager.behind(page.root, [one.element for one in out.images if one.leads_to])) - keep
    return out


def _without_clones(images: list[Image]) -> list[Image]:
    """Without the second elements of photos that a carousel repeats before its first and behind its last one."""
    cloned = {id(image) for image in images if _is_clone(image.element)}
    if not cloned:
        return images
    shown = {url for image in images if id(image) not in cloned for url in image.urls}
    return [image for image in images if id(image) not in cloned or not shown.intersection(image.urls)]


def _is_clone(element: Element) -> bool:
    around = (element, *islice(element.iterancestors(), 4))
    return any(_CLONE.search(one.get("class", "")) for one in around if one.tag not in ("body", "html"))


def _without_placeholders(images: list[Image]) -> None:
    """Take out the addresses that several images have beside one of their own: what is shown until it is there."""
    several = [image for image in images if len(image.urls) > 1]
    counts = Counter(url for image in several for url in image.urls)
    least = max(3, min(8, len(several) // 2 + 1))  # a photo is shown twice or thrice, beside others
    for image in several:
        image.urls = [url for url in image.urls if counts[url] < least] or image.urls[:1]


def _without_portraits(images: list[Image]) -> None:
    """Make the images in a folder of profiles unfit where most images of the page stand in other folders."""
    paths = (path_of(photo_sizes.inner(one.urls[0])).partition("?")[0] for one in images)
    portraits = [one for one, path in zip(images, paths, strict=True) if _PORTRAIT.search(path)]
    if len(portraits) * 2 < len(images):
        for one in portraits:
            one.unfit = True


def _titles(element: Element) -> bool:
    return bool(re.search(r"title|head|caption", names(element)))


def _mark_after(heading: Element, keep: set[Element], out: PageImages) -> None:
    """Mark the part of the page that a heading such as "Similar cars" begins."""
    part, parent = heading, heading.getparent()
    for _ in range(5):
        if parent is None or parent in keep or parent.tag in ("body", "main", "html"):
            break
        if next(part.iter("img"), None) is not None and next(part.iter("a"), None) is not None:
            break  # it holds what the heading names
        if next(part.itersiblings(preceding=True), None) is not None:
            tags = ("img", heading.tag) if heading.tag[0] == "h" else ("img",)
            if next(parent.iter(*tags), heading) is not heading:
                break  # images, or another part of the page, come before the heading: they are not what it names
        part, parent = parent, parent.getparent()
    out.beside.add(part)
    if part is heading or next(part.iter("img", "a"), None) is None:
        for sibling in part.itersiblings():
            if isinstance(sibling.tag, str):
                if sibling in keep or (sibling.tag in ("h1", "h2") and sibling is not heading):
                    break
                out.beside.add(sibling)


def shape(url: str) -> str:
    """The pattern of a photo's address: ids, numbers and sizes left out."""
    parts = photo_sizes.stem(url).partition("?")[0].split("/")
    kept = [
        "#" if re.search(r"\d", part) or len(part) > 24 or re.fullmatch(r"[0-9a-f]{1,3}", part) else part
        for part in parts[1:-1]
    ]
    return "/".join([parts[0], *kept[:3]])


def photo_places(cards: Collection[list[Image]]) -> set[tuple[str, int]]:
    """Where the photos of cards stand, each card given by its images.

    Small images tell nothing, unless they stand in the links of most cards; where most cards have images within
    their link, those beside it are of who sells.
    """
    large = [[image for image in images if not image.small] for images in cards]
    linked = [[image for image in images if image.leads_to] for images in large]
    sure = linked if sum(map(bool, linked)) * 2 > sum(map(bool, large)) else large
    small = Counter(
        place for images in cards for place in {place_of(one.urls[0]) for one in images if one.leads_to}
    )
    thumbs = {place for place, count in small.items() if count * 2 > sum(map(bool, cards))}
    return thumbs | {place_of(url) for images in sure for image in images for url in image.urls}


def place_of(url: str) -> tuple[str, int]:
    """The host of a photo without its number, and how deep it stands there: those of a list share them."""
    return re.sub(r"\d+", "", host_of(url)), url.count("/")
