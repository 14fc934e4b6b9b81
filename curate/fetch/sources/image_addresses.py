"""The addresses of images that the attributes of one element name.

They stand in `src`, `srcset`, what a script would put there (`data-src` and the like), links, backgrounds, lists.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

from curate.fetch.http.url import host_of
from curate.fetch.sources import photo_templates
from curate.fetch.sources.gallery import sized_srcset
from curate.fetch.sources.key_names import role, size_of
from curate.fetch.sources.page import Element, Page, photo_address
from curate.fetch.sources.photo_addresses import EXTENSION, is_address
from curate.fetch.sources.photo_sizes import SMALL, UNKNOWN, WHOLE, pixels

_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "data-original-set", "imagesrcset")
_PLAIN = re.compile(r"^(?:src|poster|value|data-(?!id$|index|alt|title|link|url$|page|user|avatar|logo|"
                    r"icon).{1,40}|lazy-?src|src-?lazy|src[2-9]|[a-z]{2,20}-src|"
                    r"src-(?:orig\w{0,5}|large|full|real)|"
                    r"original|file|_src|xlink:href|rel|ng-src|:src|v-lazy|content|image|img)$")  # fmt: skip
_IMAGE_KEY = re.compile(  # what a script puts into `src`: its value needs no extension
    r"lazy-?src|src-?lazy|src[2-9]$|src-(?:orig\w{0,5}|large|full|real)|ng-src|data-(?:[a-z]+-)?(?:src|lazy|echo|original|thumb|zoom|im(?:g|age)|photo|picture|foto)(?:-?(?:src|url|large|full|big|zoom|original))?$"
)
_WHOLE_KEY = re.compile(
    r"zoom|full|orig|large|big|href|hi-?res|high-?res|(?<![a-z])xx?l(?![a-z])|lightbox|fancybox|magnif"
)
_SMALL_KEY = re.compile(r"thumb|small|mini(?![a-z])|tiny|low-?(?:res|src)|lqip|blur")
_OTHER_KEY = re.compile(
    r"hover|rollover|second|flip|alternat|back-?(?:img|image|src)"
)  # another photo of the listing
_PAINTED = re.compile(  # the background that a script paints: data-bg="url(a.jpg)"
    r"style|data-(?:[a-z]+-)?(?:bg|background)(?:-?(?:image|img|src|url))?"
)
_SET = re.compile(r"\s*(?:https?:)?//\S{4,2000}\s+\d{1,5}(?:\.\d)?[wx]\s*(?:,|$)")
_WITHIN = re.compile(r"[^\s/:]{1,60}/[^\s/:]{1,40}?((?:https?:)//[^\s/]{3,100}/\S{3,500})")
_STYLE = re.compile(r"url\(\s*[\"']?([^\"')\s]{4,2000})[\"']?\s*\)")
_IN_SCRIPT = re.compile(r"['\"]([^'\"\s()]{4,500}\.(?:jpe?g|png|webp)(?:\?[^'\"\s]{0,300})?)['\"]", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:)?/|\.{0,2}/")
_ARRAY = re.compile(r"\[\s*+(?:(?:\"[^\"]{5,2000}\"|'[^']{5,2000}')\s*+,?+\s*+){2,500}\]")


def _size_of(key: str) -> int:
    """The size in pixels that the name of an attribute tells of its address; 0 where it tells none."""
    return SMALL if _SMALL_KEY.search(key) else WHOLE if _WHOLE_KEY.search(key) else 0


def addresses(element: Element) -> Iterator[tuple[str, int]]:
    """(address, size in pixels or 0) of the images in the attributes of one element."""
    for name, value in element.attrib.items():
        if name in _SETS or (_SET.match(value) and not str(name).startswith("alt")):
            yield from sized_srcset(value)
    for name, value in element.attrib.items():
        key = str(name).lower()
        if "url(" in value and _PAINTED.fullmatch(key):
            yield from ((match[1], 0) for match in _STYLE.finditer(value[:20_000]))
        elif key[:2] == "on":
            if "." in value and not (key == "onerror" and element.get("src")):
                yield from ((match[1], WHOLE) for match in _IN_SCRIPT.finditer(value[:3_000]))
        elif key == "href" and element.tag in ("a", "link"):
            if is_address(value, surely_photo=False):
                yield value, WHOLE if element.tag == "a" else 0
        elif key not in _SETS and len(value) < 3000 and _PLAIN.match(key) and value.lstrip()[:1] not in "{[":
            sure = (element.tag in ("img", "source", "amp-img") and key == "src") or bool(_IMAGE_KEY.match(key))
            if len(listed(value)) > 1:
                continue
            if key.endswith("set") and ("," in value or " " in value):
                yield from sized_srcset(value)
            elif is_address(value, surely_photo=sure) and not _OTHER_KEY.search(key):
                size = _size_of(key)
                yield value, 0 if size == WHOLE and pixels(f"x://x/{value.rpartition('/')[2]}") <= SMALL else size


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


def listed_in(element: Element, page: Page) -> list[str]:
    """The photos that an attribute of an element lists, such as data-images="a.jpg,b.jpg"."""
    lists = [
        listed(value)
        for name, value in element.attrib.items()
        if name not in ("class", "style", "content", *_SETS) and "set" not in str(name) and len(value) > 40
    ]
    lists.append([value for name, value in element.attrib.items() if _is_other(element, str(name), value)])
    longest: list[str] = max(lists, key=len, default=[])
    urls = [photo_address(photo_templates.filled(text.replace("\\/", "/")), page.base) for text in longest]
    return list(dict.fromkeys(url for url in urls if url))


def objects_in(element: Element, page: Page) -> list[list[str]]:
    """The photos that an attribute lists as objects, data-gallery='[{"src": …, "thumb": …}]', each with its
    addresses, the largest first."""
    for name, value in element.attrib.items():
        if name in ("class", "style") or value[:1] not in ("[", "{") or not 40 < len(value) < 20_000:
            continue
        if "{" not in value or not EXTENSION.search(value.replace('"', "?")):
            continue
        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            continue
        lists = list(data.values()) if isinstance(data, dict) else [data]
        found = [photos for items in lists if (photos := _objects(items, page))]
        if len(found) == 1:
            return found[0]
    return []


def _objects(items: object, page: Page) -> list[list[str]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return []
    if any(role(str(key))[0] == "price" for item in items for key in item):
        return []  # they are listings
    found = []
    for item in items:
        said = {key: text for key, text in item.items() if isinstance(text, str)}
        named = sorted(
            (-(size_of(key) or UNKNOWN), text)
            for key, text in said.items()
            if is_address(text, surely_photo=False)
        )
        if urls := [url for _, text in named if (url := photo_address(text, page.base))]:
            found.append(urls)
    return found


def _is_other(element: Element, name: str, value: str) -> bool:
    """Does an attribute of an image name another photo, shown while the mouse is over it?"""
    return element.tag == "img" and bool(_OTHER_KEY.search(name)) and is_address(value, surely_photo=False)


def within(element: Element, hosts: set[str]) -> list[str]:
    """An address of an image within another text, such as data-marker="slider-image/image-https://…"; known by its
    host, on which other images of the page are."""
    if element.tag not in ("li", "div", "span", "figure"):
        return []
    said = [
        match
        for name, text in element.attrib.items()
        if name[:5] == "data-" and (match := _WITHIN.fullmatch(text))
    ]
    return [match[1] for match in said if host_of(match[1]) in hosts]


def shown_instead(page: Page) -> set[str]:
    """The addresses that several images of a page name to be shown where their own cannot: onerror="this.src=…".
    They are no photos, unless they stand in the folder of these images, as the first photo of a listing does."""
    counts: Counter[str] = Counter()
    for one in page.root.iter("img"):
        if not (script := one.get("onerror", "")[:3_000]):
            continue
        own = photo_address(one.get("src", ""), page.base)
        for match in _IN_SCRIPT.finditer(script):
            url = photo_address(match[1], page.base)
            if url and own and (url == own or url.rpartition("/")[0] != own.rpartition("/")[0]):
                counts[url] += 1
    return {url for url, count in counts.items() if count > 2}


def paints(element: Element) -> bool:
    """Has an element an image as its background?"""
    tags = ("div", "li", "span", "figure", "a", "section", "i", "button")
    return element.tag in tags and any(
        "url(" in value and _PAINTED.fullmatch(str(name)) for name, value in element.attrib.items()
    )


def holds_address(element: Element) -> bool:
    """Has an element without an image the address of one, for a script to put in?"""
    if (
        element.tag not in ("a", "li", "div", "figure", "span")
        or next(element.iter("img", "amp-img"), None) is not None
    ):
        return False
    if any(_IMAGE_KEY.match(str(name)) and _ADDRESS.match(value) for name, value in element.attrib.items()):
        return True
    if len(element):
        return False
    said = [value for name, value in element.attrib.items() if str(name).startswith("data-") or name == "href"]
    return any(
        is_address(value, surely_photo=False) for value in said if len(value) < 2000 and value[:1] not in "{["
    )
