"""The cards of an index page out of its HTML: links of one pattern at one place of the tree, with what is around
each.

A card is the largest element around a link that holds no other link of its kind. Images that several cards share
are icons and badges, not photos.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace

from curate.fetch.sources import card_facts, json_fields, photo_sizes
from curate.fetch.sources.json_listings import Candidate, Group, worth
from curate.fetch.sources.page import Element, Page, resolved
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
        made.append(card_facts.candidate(url, card, anchors, own))
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
