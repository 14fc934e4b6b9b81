"""The images that a page shows, each with all addresses that its markup gives for it, and what stands beside the
content.

An image's addresses stand in `src`, `srcset`, `<source>`, in what a script would put there (`data-src` and the
like),
in a link to the whole photo around it, in `background-image`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from curate.fetch.sources import photo_sizes
from curate.fetch.sources.element_names import BESIDE_NAMES, BESIDE_WORDS, NOT_SHOWN, NOT_SHOWN_NAMES, SELLER_NAMES
from curate.fetch.sources.gallery import srcset
from curate.fetch.sources.page import Element, Page, names, photo_address, resolved, words
from curate.fetch.sources.photo_addresses import is_address

MAX_IMAGES = 5_000
_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "data-original-set", "imagesrcset")
_PLAIN = re.compile(r"^(?:src|poster|value|data-(?!id$|index|alt|title|href$|link|url$|page|user|avatar|logo|"
                    r"icon).{1,40}|lazy-?src|"
                    r"original|file|_src|xlink:href|rel|ng-src|:src|v-lazy|content|image|img)$")  # fmt: skip
_IMAGE_KEY = re.compile(  # what a script puts into `src`: its value needs no extension
    r"data-(?:[a-z]+-)?(?:src|lazy|original|im(?:g|age)|photo|picture|foto)(?:-?(?:src|url|large|full|big|zoom|original))?$"
)
_SET = re.compile(r"\s*(?:https?:)?//\S{4,2000}\s+\d{1,5}(?:\.\d)?[wx]\s*(?:,|$)")
_WITHIN = re.compile(r"[^\s/:]{1,60}/[^\s/:]{1,40}?((?:https?:)//[^\s/]{3,100}/\S{3,500})")
_STYLE = re.compile(r"url\(\s*[\"']?([^\"')\s]{4,2000})[\"']?\s*\)")
_ADDRESS = re.compile(r"(?:https?:)?/|\.{0,2}/")
_ARRAY = re.compile(r"\[\s*+(?:(?:\"[^\"]{5,2000}\"|'[^']{5,2000}')\s*+,?+\s*+){2,500}\]")


@dataclass(slots=True)
class Image:
    """One image of a page."""

    urls: list[str]  # the largest first
    element: Element
    leads_to: str = ""  # the page that a click opens, where it opens one
    alt: str = ""
    small: bool = False  # declared smaller than a photo
    unfit: bool = False  # a logo, an icon, an avatar by its name


@dataclass(slots=True)
class Layout:
    """Images and what stands beside the content."""

    images: list[Image] = field(default_factory=list)
    beside: set[Element] = field(default_factory=set)  # roots of what is no content of this page
    frame: set[Element] = field(default_factory=set)  # header, footer and navigation
    paths: dict[Element, int] = field(default_factory=dict)

    def is_beside(self, element: Element) -> bool:
        """Does an element stand among similar listings, promotions and the like?"""
        return element in self.beside or any(parent in self.beside for parent in element.iterancestors())

    def is_frame(self, element: Element) -> bool:
        """Does an element belong to the header, footer or navigation of the site?"""
        return element in self.frame or any(parent in self.frame for parent in element.iterancestors())


def _addresses(element: Element, page: Page) -> Iterator[str]:
    """The addresses of images in the attributes of one element."""
    for name, value in element.attrib.items():
        if name in _SETS or (_SET.match(value) and not str(name).startswith("alt")):
            yield from srcset(value)
    for name, value in element.attrib.items():
        key = str(name).lower()
        if key == "style":
            if "url(" in value:
                yield from (match[1] for match in _STYLE.finditer(value[:20_000]))
        elif key == "href" and element.tag in ("a", "link"):
            if is_address(value, surely_photo=False):
                yield value
        elif key not in _SETS and len(value) < 3000 and _PLAIN.match(key) and value.lstrip()[:1] not in "{[":
            sure = (element.tag in ("img", "source", "amp-img") and key == "src") or bool(_IMAGE_KEY.match(key))
            if len(listed(value)) > 1:
                continue
            if key.endswith("set") and ("," in value or " " in value):
                yield from srcset(value)
            elif is_address(value, surely_photo=sure):
                yield value


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


def _one(element: Element, page: Page) -> Image | None:
    written = list(islice(_addresses(element, page), 100))
    around, leads_to = element, ""
    parent = element.getparent()
    if parent is not None and parent.tag == "picture":
        written += [url for source in parent.iter("source") for url in _addresses(source, page)]
        parent = parent.getparent()
    for _ in range(4):
        if parent is None or parent.tag in ("body", "html"):
            break
        others = (other for other in parent.iter("img", "amp-img") if not _is_empty(other))
        alone = sum(1 for _, _ in zip(others, range(2), strict=False)) < 2
        if alone:
            written += list(_addresses(parent, page))
        if parent.tag == "a" and (href := parent.get("href")):
            if not is_address(href, surely_photo=False):
                leads_to = leads_to or resolved(href, page.base)
            break
        around, parent = parent, parent.getparent()
        if not alone:
            break
    if not leads_to:
        link = next(element.iterancestors("a"), None)
        if link is not None and not is_address(link.get("href", ""), surely_photo=False):
            leads_to = resolved(link.get("href", ""), page.base)
    urls = [url for text in written if (url := photo_address(photo_sizes.filled(text), page.base))]
    if not urls:
        return None
    own = [url for url in dict.fromkeys(urls) if not NOT_SHOWN.search(_name(url))]
    label = f"{names(element)} {names(around) if around is not element else ''}"
    unfit = (
        not own
        or bool(NOT_SHOWN_NAMES.search(label))
        or bool(re.search(r"(?i)\blogo\b|avatar", element.get("alt", "")))
        or _is_sellers(element)
    )
    best = sorted(own or urls, key=lambda url: -photo_sizes.pixels(url))
    return Image(best, element, leads_to, element.get("alt", "").strip(), _is_small(element), unfit)


def _name(url: str) -> str:
    """The part of an address whose words tell a logo: its path, without the folders before the last two."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return "/".join(path.split("/")[-2:])


def layout(page: Page) -> Layout:
    """All images of a page in their order, and what of it is no content."""
    out = Layout()
    hosts = {_host(element.get("src", "")) for element in page.root.iter("img")} - {""}
    heading = next(page.root.iter("h1"), None)
    keep = set() if heading is None else {heading, *heading.iterancestors()}
    seen: set[Element] = set()
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        out.paths[element] = hash((out.paths.get(parent, 0) if parent is not None else 0, element.tag))
        if element.tag in ("footer", "nav", "header", "aside"):
            if element.tag != "aside" and element not in keep:
                out.frame.add(element)
            elif element.tag == "aside" and element not in keep:
                out.beside.add(element)
        elif element.tag in ("div", "section", "ul", "ol", "table", "article", "li", "dl") and element not in keep:
            if BESIDE_NAMES.search(names(element)):
                out.beside.add(element)
        elif element.tag in ("h2", "h3", "h4", "h5", "h6", "strong", "p", "span", "header", "legend"):
            text = words(element) if element.tag[0] == "h" else (element.text or "").strip()
            if 3 < len(text) < 90 and BESIDE_WORDS.search(text) and (element.tag[0] == "h" or _titles(element)):
                _mark_after(element, keep, out)
        for url in (*_listed_in(element, page), *_within(element, hosts)) if len(out.images) < MAX_IMAGES else ():
            out.images.append(Image([url], element))
        shows = element.tag in ("img", "amp-img") or _paints(element) or _holds_address(element)
        if shows and element not in seen and len(out.images) < MAX_IMAGES:
            seen.add(element)
            if image := _one(element, page):
                out.images.append(image)
    _without_placeholders(out.images)
    return out


def _without_placeholders(images: list[Image]) -> None:
    """Take out the addresses that several images have beside one of their own: what is shown until it is there."""
    several = [image for image in images if len(image.urls) > 1]
    counts = Counter(url for image in several for url in image.urls)
    least = max(3, min(8, len(several) // 2 + 1))  # a photo is shown twice or thrice, beside others
    for image in several:
        image.urls = [url for url in image.urls if counts[url] < least] or image.urls[:1]


def listed(text: str) -> list[str]:
    """The addresses of images that an attribute lists, with separators between them or as an array of strings."""
    if text.count(".") < 2 or not 20 < len(text) < 100_000:
        return []
    for separator in "|,;\n ":
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if len(parts) > 1 and all(_ADDRESS.match(part) and is_address(part, surely_photo=False) for part in parts):
            return parts
    lists = (re.findall(r"[\"']([^\"']{5,2000})[\"']", match[0]) for match in _ARRAY.finditer(text))
    return max(
        (found for found in lists if all(is_address(one, surely_photo=False) for one in found)),
        key=len,
        default=[],
    )


def _listed_in(element: Element, page: Page) -> list[str]:
    """The photos that an attribute of an element lists, such as data-images="a.jpg,b.jpg"."""
    lists = [
        listed(value)
        for name, value in element.attrib.items()
        if name not in ("class", "style", "content", *_SETS) and "set" not in str(name) and len(value) > 40
    ]
    longest: list[str] = max(lists, key=len, default=[])
    urls = [photo_address(photo_sizes.filled(text.replace("\\/", "/")), page.base) for text in longest]
    return list(dict.fromkeys(url for url in urls if url)) if len(longest) > 1 else []


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0]


def _within(element: Element, hosts: set[str]) -> list[str]:
    """An address of an image within another text, such as data-marker="slider-image/image-https://…"; told by its
    host, on which other images of the page are."""
    if element.tag not in ("li", "div", "span", "figure"):
        return []
    said = [
        match
        for name, text in element.attrib.items()
        if name[:5] == "data-" and (match := _WITHIN.fullmatch(text))
    ]
    return [match[1] for match in said if _host(match[1]) in hosts]


def _titles(element: Element) -> bool:
    return bool(re.search(r"title|head|caption", names(element)))


def _paints(element: Element) -> bool:
    """Has an element an image as its background?"""
    tags = ("div", "li", "span", "figure", "a", "section", "i", "button")
    return element.tag in tags and "url(" in element.get("style", "")


def _holds_address(element: Element) -> bool:
    """Has an element without an image the address of one, for a script to put in?"""
    if element.tag not in ("a", "li", "div", "figure") or next(element.iter("img", "amp-img"), None) is not None:
        return False
    if any(_IMAGE_KEY.match(str(name)) and _ADDRESS.match(value) for name, value in element.attrib.items()):
        return True
    if len(element):
        return False
    said = [value for name, value in element.attrib.items() if str(name).startswith("data-") or name == "href"]
    return any(
        is_address(value, surely_photo=False) for value in said if len(value) < 2000 and value[:1] not in "{["
    )


def _mark_after(heading: Element, keep: set[Element], out: Layout) -> None:
    """Mark the part of the page that a heading such as "Similar cars" begins."""
    part, parent = heading, heading.getparent()
    for _ in range(5):
        if parent is None or parent in keep or parent.tag in ("body", "main", "html"):
            break
        if next(part.itersiblings(preceding=True), None) is not None:
            tags = ("img", heading.tag) if heading.tag[0] == "h" else ("img",)
            if next(parent.iter(*tags), heading) is not heading:
                break  # pictures, or another part of the page, come before the heading: they are not what it names
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
    kept = ["#" if re.search(r"\d", part) or len(part) > 24 else part for part in parts[1:-1]]
    return "/".join([parts[0], *kept[:3]])
