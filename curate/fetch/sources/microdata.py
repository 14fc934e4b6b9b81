"""What a page says of itself in its markup: microdata and RDFa Lite as JSON-LD would say it, and what its head
declares
(Open Graph, canonical address, title)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from curate.fetch.sources.embedded_json import Block
from curate.fetch.sources.page import Element, Page, photo_address, resolved, words
from curate.fetch.sources.page_title import heading_of

MAX_ITEMS = 5_000
_URLS = {"a": "href", "area": "href", "link": "href", "img": "src", "source": "src", "embed": "src",
"iframe": "src",
         "object": "data", "audio": "src", "video": "src"}  # fmt: skip
_OF_THE_SITE = re.compile(
    r"(?i)(?:share|social|default|placeholder|logo|og)[-_.]?(?:image|img|default|card)?\.(?:jpe?g|png|webp)$"
)


@dataclass(slots=True)
class Declared:
    """What the head of a page says."""

    urls: list[str] = field(default_factory=list)  # of the page itself: as it was read, canonical, og:url
    titles: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    kind: str = ""  # og:type
    price: str = ""
    currency: str = ""
    description: str = ""


def declared(page: Page) -> Declared:
    """What the head declares; the heading of the page is its first title."""
    out = Declared(urls=[page.url])
    if (heading := heading_of(page)) is not None:
        out.titles.append(words(heading)[:300])
    last = []  # what a browser shows, often with the site's name; Open Graph's has none
    for element in page.root.iter("meta", "link", "title"):
        if element.tag == "title":
            if element.text and (parent := element.getparent()) is not None and parent.tag != "svg":
                last.append(element.text.strip()[:300])
            continue
        if element.tag == "link":
            rel = element.get("rel", "").lower().split()
            url = resolved(element.get("href", ""), page.base)
            if "canonical" in rel and url:
                out.urls.append(url)
            elif "image_src" in rel and url:
                out.images.append(photo_address(element.get("href", ""), page.base))
            continue
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower()
        content = (element.get("content") or "").strip()
        if not content:
            continue
        if name in (
            "og:image",
            "og:image:url",
            "og:image:secure_url",
            "twitter:image",
            "twitter:image:src",
            "image",
        ):
            if (url := photo_address(content, page.base)) and not _OF_THE_SITE.search(url):
                out.images.append(url)
        elif name == "og:url":
            if url := resolved(content, page.base):
                out.urls.append(url)
        elif name in ("og:title", "twitter:title"):
            out.titles.append(content[:300])
        elif name == "og:type":
            out.kind = content.lower()
        elif name in ("product:price:amount", "og:price:amount", "price"):
            out.price = content
        elif name in ("product:price:currency", "og:price:currency", "pricecurrency"):
            out.currency = content
        elif name in ("og:description", "description"):
            out.description = out.description or content[:300]
    out.titles += last
    out.images = list(dict.fromkeys(out.images))
    out.urls = list(dict.fromkeys(out.urls))
    return out


def _value(element: Element, page: Page, rdfa: bool) -> Any:
    if rdfa and element.get("content") is None and element.get("resource"):
        return element.get("resource")
    if (content := element.get("content")) is not None:
        return content
    tag = str(element.tag)
    if tag in _URLS:
        written = element.get("data-src") or element.get(_URLS[tag]) or ""
        plain = element.get(_URLS[tag]) or ""
        written = plain if plain and not plain.startswith("data:") else written
        return photo_address(written, page.base) or written
    if tag in ("data", "meter"):
        return element.get("value") or words(element)
    if tag == "time":
        return element.get("datetime") or words(element)
    return words(element)[:2_000]


def blocks(page: Page) -> Iterator[Block]:
    """The items of microdata, and those of RDFa Lite, each item that is in no other as one block."""
    for form, scope, prop, kind in (
        ("microdata", "itemscope", "itemprop", "itemtype"),
        ("RDFa", "typeof", "property", "typeof"),
    ):
        roots: list[dict[str, Any]] = []
        made: dict[Element, dict[str, Any]] = {}
        owner: dict[Element, dict[str, Any]] = {}
        for element in page.root.iter():
            if not isinstance(element.tag, str):
                continue
            parent = element.getparent()
            above = owner.get(parent) if parent is not None else None
            item = None
            if element.get(scope) is not None and len(made) < MAX_ITEMS:
                item = {"@type": [re.split(r"[/#:]", name)[-1] for name in (element.get(kind) or "").split()]}
                if identifier := element.get("itemid") or (element.get("resource") if form == "RDFa" else None):
                    item["@id"] = identifier
                made[element] = item
            names = (
                (element.get(prop) or "").split()
                if not (form == "RDFa" and element.tag == "meta" and above is None)
                else []
            )
            if names and above is not None:
                value = item if item is not None else _value(element, page, form == "RDFa")
                for name in names:
                    key = name.rpartition(":")[2]
                    before = above.get(key)
                    above[key] = (
                        value
                        if before in (None, "")
                        else [*(before if isinstance(before, list) else [before]), value]
                    )
            elif item is not None:
                roots.append(item)
            mine = item if item is not None else above
            if mine is not None:
                owner[element] = mine
        if roots:
            yield Block(form, form, roots)
