"""The cards of an index page out of its HTML: links of one pattern at one place of the tree, with what is around
each.

A card is the largest element around a link that holds no other link of its kind. Images that several cards share
are icons and badges, not photos.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace

from curate.fetch.sources import json_fields, photo_sizes, values
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.json_listings import Candidate, Group, worth
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import PRICE, PRICE_NAME, money
from curate.fetch.sources.page import Element, Page, names, resolved, words
from curate.fetch.sources.page_images import Image, Layout

MAX_GROUPS = 40
MAX_LINKS = 10_000
_LINK_ATTRIBUTES = (
    "data-href",
    "data-url",
    "data-link",
    "data-permalink",
    "data-ad-url",
    "data-detail-url",
    "data-target-url",
)
_TRACKING = re.compile(r"^(?:utm_\w+|ref|referrer|source|src|from|pos|position|rank|searchid|search_id|sid|"
                       r"gclid|fbclid|clickid|"
                       r"tracking\w*|_\w+|listpos|ipc|origin|hash|query_id|reco_\w+|c_id|slot|"
                       r"sponsored)$", re.IGNORECASE)  # fmt: skip
_TITLE_NAME = re.compile(r"title|titel|titre|titul|name|heading|headline|subject|caption|model")
_PLACE_NAME = re.compile(
    r"location|locality|(?<![a-z])city|place|address|(?<![a-z])area(?![a-z])|region|ort(?![a-z])|lokal|ville"
)


@dataclass(slots=True)
class _Link:
    element: Element
    url: str
    place: int
    pattern: str


def bare(url: str) -> str:
    """An address without what only tells where it was clicked."""
    head, mark, query = url.partition("?")
    if not mark:
        return url
    kept = [part for part in query.split("&") if part and not _TRACKING.match(part.partition("=")[0])]
    return head + ("?" + "&".join(kept) if kept else "")


def pattern(url: str) -> str:
    """The kind of page that an address leads to: numbers and long words left out."""
    path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
    parts = [part for part in path.split("/") if part]
    kinds = []
    for number, part in enumerate(parts):
        stem, dot, extension = part.rpartition(".")
        kind = (
            "#"
            if re.search(r"\d{3,}", part)
            else "slug"
            if part.count("-") + part.count("_") > 1 or len(part) > 24
            else "word"
        )
        if number == 0 and kind == "word":
            kind = part
        kinds.append(
            kind + (dot + extension if stem and extension.lower() in ("html", "htm", "php", "aspx", "jsp") else "")
        )
    keys = sorted({part.partition("=")[0] for part in query.split("&")} - {""})[:4]
    return "/".join(kinds) + ("?" + "&".join(keys) if keys else "")


def _links(page: Page, layout: Layout) -> list[_Link]:
    here = bare(page.url).rstrip("/")
    found: list[_Link] = []
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        written = element.get("href", "") if element.tag == "a" else ""
        if not written or written[0] in "#" or written.lower().startswith("javascript:"):
            written = next((value for name in _LINK_ATTRIBUTES if (value := element.get(name))), "")
        if not written and element.tag != "a" and (click := element.get("onclick")):
            match = re.search(
                r"location(?:\.href)?\s*=\s*['\"]([^'\"]{2,1000})['\"]|window\.open\(\s*['\"]([^'\"]{2,1000})",
                click,
            )
            written = (match[1] or match[2]) if match else ""
        if not written or len(found) >= MAX_LINKS:
            continue
        url = resolved(written, page.base)
        if (
            not url
            or not json_fields.same_site(url, page.base)
            or re.search(r"\.(?:jpe?g|png|webp|gif|pdf|zip)(?:$|\?)", url, re.I)
        ):
            continue
        url = bare(url)
        if url.rstrip("/") != here and url.partition("://")[2].partition("/")[2]:
            found.append(_Link(element, url, layout.paths.get(element, 0), pattern(url)))
    return found


def _cards(links: list[_Link]) -> dict[str, Element]:
    """The card of each address: the largest element that holds no other address of these."""
    owner: dict[Element, str] = {}
    for link in links:
        for element in (link.element, *link.element.iterancestors()):
            before = owner.setdefault(element, link.url)
            if before == "":
                break
            if before != link.url:
                owner[element] = ""
    cards: dict[str, Element] = {}
    for link in links:
        card = link.element
        for parent in link.element.iterancestors():
            if owner.get(parent) != link.url:
                break
            card = parent
        if owner.get(card) == link.url:
            cards.setdefault(link.url, card)
    return cards


def _title(card: Element, url_links: list[Element], images: list[Image]) -> str:
    best = ""
    for element in card.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if len(text := words(element)) > 3:
            return text[:300]
    for element in card.iter():
        if (
            isinstance(element.tag, str)
            and element.tag not in ("img", "script")
            and _TITLE_NAME.search(names(element))
        ):
            text = words(element)
            if 3 < len(text) < 200 and not PRICE.fullmatch(text):
                return text
    for element in url_links:
        text = words(element)
        if PRICE.search(text):  # the whole card is a link: its title is the first text that is no price
            parts = (part for raw in element.itertext() if len(part := raw.strip()) > 3)
            text = next((part for part in parts if not PRICE.search(part)), "")
        if len(best) < len(text) < 160 and re.search(r"[^\W\d]{2}", text):
            best = text
    texts = [element.get("title") or element.get("aria-label") or "" for element in url_links] + [
        image.alt for image in images
    ]
    texts += [text for element in card.iter("b", "strong") if not PRICE.fullmatch(text := words(element)[:160])]
    return (best or next((text for text in texts if len(text) > 3), ""))[:300]


def price_alone(element: Element) -> tuple[float | None, str] | None:
    """The price that is all the text of a small element; None where it says anything else."""
    if not isinstance(element.tag, str) or len(element) > 4 or element.tag in ("script", "style"):
        return None
    text = words(element)[:41]
    return money(text) if PRICE.fullmatch(text) else None


def _price(card: Element, text: str) -> tuple[float | None, str]:
    for element in card.iter():
        if (
            isinstance(element.tag, str)
            and element.tag not in ("script", "img")
            and PRICE_NAME.search(names(element))
        ):
            inner = element.get("content") or words(element)[:80]
            match = PRICE.search(inner)
            amount, currency = money(match[0] if match else inner)
            if amount is not None:
                return amount, currency
    for element in card.iter():
        if (found := price_alone(element)) and found[0] is not None:
            return found
    texts = [part for raw in card.itertext() if 1 < len(part := raw.strip()) < 80]
    for part in [*texts[:200], text[:3_000]]:
        if match := PRICE.search(part):
            amount, currency = money(match[0])
            if amount is not None:
                return amount, currency
    return None, ""


def _facts(url: str, card: Element, links: list[Element], images: list[Image]) -> Candidate:
    text = words(card)[:4_000]
    short = (part for raw in card.itertext() if 3 < len(part := raw.strip()) < 40)
    title = _title(card, links, images)
    amount, currency = _price(card, text)
    city = region = posted = ""
    for element in card.iter():
        if not isinstance(element.tag, str):
            continue
        if not city and _PLACE_NAME.search(names(element)) and 2 < len(found := words(element)) < 80:
            city, region = values.place(found)
        if not posted and element.tag == "time":
            posted = values.moment(element.get("datetime") or words(element))
    ids = [
        value
        for element in (card, *links)
        for name, value in element.attrib.items()
        if str(name).startswith("data-")
        and re.fullmatch(r"[A-Za-z-]{0,12}\d{4,20}|[0-9a-f-]{20,40}", value)
        and value in url
    ]
    photos = tuple(of_variants(urls) for urls in photo_sizes.together(image.urls for image in images))
    listing = Listing(
        listing_id=ids[0] if ids else "", page_url=url, title=title, region=region, city=city,
        year=values.year(title) or next((year for part in short if (year := values.year(part))), None),
        price=amount, photos=photos, currency=currency, posted=posted,
    )  # fmt: skip
    return Candidate(listing, "HTML", "", tuple(ids))


def groups(page: Page, layout: Layout) -> list[Group]:
    """The lists of cards of a page, the best first."""
    by_key: dict[tuple[int, str], list[_Link]] = {}
    every: dict[str, list[Element]] = {}
    for link in _links(page, layout):
        by_key.setdefault((link.place, link.pattern), []).append(link)
        every.setdefault(link.url, []).append(link.element)
    counted = sorted(by_key.items(), key=lambda item: -len({link.url for link in item[1]}))
    found: list[tuple[float, Group]] = []
    held: dict[Element, list[Image]] = {}
    for image in layout.images:
        for parent in (image.element, *image.element.iterancestors()):
            held.setdefault(parent, []).append(image)
    for (_, kind), links in counted[:MAX_GROUPS]:
        page.check_time()
        group = _group(kind, links, every, held, layout)
        if group is not None:
            score = sum(worth(one.listing) for one in group.candidates)
            framed = sum(layout.is_frame(link.element) for link in links) * 2 > len(links)
            found.append((score * (0.1 if framed else 1) * (0.2 if group.beside else 1), group))
    found.sort(key=lambda item: -item[0])
    ordered = [group for _, group in found]
    for group in ordered[1:] if ordered else []:
        best = ordered[0]
        if group.place == best.place and group.beside == best.beside:  # cards of another build in the same list
            known = {one.listing.page_url for one in best.candidates}
            best.candidates += [one for one in group.candidates if one.listing.page_url not in known]
    return ordered


def _group(
    kind: str,
    links: list[_Link],
    every: dict[str, list[Element]],
    held: dict[Element, list[Image]],
    layout: Layout,
) -> Group | None:
    cards = _cards(links)
    if len(cards) < 2:
        return None
    shown = {url: held.get(card, []) for url, card in cards.items()}
    counts = Counter(
        stem for images in shown.values() for stem in {photo_sizes.stem(image.urls[0]) for image in images}
    )
    shared = {stem for stem, count in counts.items() if count > max(1, len(cards) // 4)}
    made = []
    for url, card in cards.items():
        inside = set(card.iter())
        own = [
            image
            for image in shown[url]
            if not image.unfit and not image.small and photo_sizes.stem(image.urls[0]) not in shared
            and (not image.leads_to or bare(image.leads_to) == url)
        ]  # fmt: skip
        anchors = [element for element in every.get(url, []) if element in inside]
        made.append(_facts(url, card, anchors, own))
    filled = [one for one in made if one.listing.photos or one.listing.price is not None]
    numbered = "#" in kind
    if len(filled) * 5 < len(made) * 2 and not (
        numbered and len(made) > 2 and all(len(one.listing.title) > 7 for one in made)
    ):
        return None
    titles = Counter(one.listing.title for one in made)
    made = [replace_title(one, titles) for one in made]
    beside = sum(layout.is_beside(card) for card in cards.values()) * 2 > len(cards)
    return Group("HTML", kind, made, beside)


def replace_title(one: Candidate, titles: Counter[str]) -> Candidate:
    """Without a title that most cards have, such as "Details"."""
    if titles[one.listing.title] > max(2, titles.total() // 2):
        one.listing = replace(one.listing, title="")
    return one
