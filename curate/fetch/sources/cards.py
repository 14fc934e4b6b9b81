"""The cards of an index page out of its HTML: links of one pattern at one place of the tree, with what is around
each.

A card is the largest element around a link that holds no other link of its kind. Images that several cards share
are icons and badges, not photos.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import compress

from curate.fetch.http.url import path_of
from curate.fetch.sources import card_facts, json_fields, other_lists, photo_sizes
from curate.fetch.sources.json_listings import Candidate, CandidateList, worth
from curate.fetch.sources.money import PRICE
from curate.fetch.sources.page import Element, Page, resolved, words
from curate.fetch.sources.page_images import Image, PageImages, photo_places, place_of

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
_ON_CLICK = re.compile(  # location.href='…', window.open('…'), openDetails('/ad/7')
    r"(?:location(?:\.href)?\s*=|window\.open\(|^[^'\"]{0,60}?(?<!track)(?<!send)\((?=\s*['\"](?:/|https?:)))\s*['\"]([^'\"]{2,1000})"
)
_TRACKING = re.compile(r"^(?:utm_\w+|ref|referrer|source|src|from|pos|position|rank|searchid|search_id|sid|"
                       r"gclid|fbclid|clickid|"
                       r"tracking\w*|variant|_\w+|listpos|ipc|origin|hash|query_id|reco_\w+|c_id|slot|"
                       r"sponsored)$", re.IGNORECASE)  # fmt: skip


_ID = re.compile(  # letters among digits: 2e721a660b71a, ID14xYz
    r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{6,}(?![A-Za-z0-9])"
)


@dataclass(slots=True)
class Link:
    """A link of a page to another one of its site."""

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
    path, _, query = path_of(url).partition("?")
    parts = [part for part in path.split("/") if part]
    kinds = []
    for number, part in enumerate(parts):
        stem, dot, extension = part.rpartition(".")
        kind = (
            "#"
            if re.search(r"\d{3,}", part) or _ID.search(part)
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


def links(page: Page, layout: PageImages) -> list[Link]:
    """The links of a page to other pages of its site, in their order."""
    here = bare(page.url).rstrip("/")
    own = here.partition("?")[0] if re.search(r"\d{5,}", path_of(here)) else ""
    found: list[Link] = []
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        written = element.get("href", "") if element.tag == "a" else ""
        if not written or written[0] in "#" or written.lower().startswith("javascript:"):
            written = next((value for name in _LINK_ATTRIBUTES if (value := element.get(name))), "")
        if not written and (match := _ON_CLICK.search(element.get("onclick", ""))):
            written = match[1]
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
        if url.rstrip("/") != here and path_of(url) and not (own and _is_part(url, own)):
            found.append(Link(element, url, layout.paths.get(element, 0), pattern(url)))
    return found


def _is_part(url: str, own: str) -> bool:
    """Does an address lead to a part of a listing's page, such as one of its photos?"""
    return url.startswith(own + "/") and not re.search(r"\d{5,}", url[len(own) :])


def _cards(same: list[Link]) -> dict[str, Element]:
    """The card of each address: the largest element that holds no other address of these."""
    owner: dict[Element, str] = {}
    for link in same:
        for element in (link.element, *link.element.iterancestors()):
            before = owner.setdefault(element, link.url)
            if before == "":
                break
            if before != link.url:
                owner[element] = ""
    cards: dict[str, Element] = {}
    for link in same:
        card = link.element
        for parent in link.element.iterancestors():
            if owner.get(parent) != link.url:
                break
            card = parent
        if owner.get(card) == link.url:
            cards.setdefault(link.url, card)
    return cards


def _united(found_links: list[Link], layout: PageImages) -> list[tuple[str, list[Link]]]:
    """The links by their kind, in their order; kinds of one place of the tree that differ in numbers, words and
    parameters alone are one kind where their cards stand beside each other."""
    by_key: dict[tuple[int, str], list[Link]] = {}
    for link in found_links:
        by_key.setdefault((link.place, link.pattern), []).append(link)
    rough: dict[tuple[int, str], list[tuple[str, list[Link]]]] = {}
    order = {id(link): number for number, link in enumerate(found_links)}
    for (place, kind), same in by_key.items():
        rough.setdefault((place, re.sub(r"#|slug|word", "*", kind.partition("?")[0])), []).append((kind, same))
    out = []
    for kinds in rough.values():
        kinds.sort(key=lambda item: -len({link.url for link in item[1]}))
        kind, united = kinds[0]
        for other, more in kinds[1:]:
            before, both = _cards(united), _cards([*united, *more])
            paths = {layout.paths.get(card) for card in before.values()}
            whole = all(both.get(url) is card for url, card in before.items())
            fits = all(layout.paths.get(both.get(link.url)) in paths for link in more)
            if len(before) > 1 and whole and fits:
                united = [*united, *more]
            else:
                out.append((other, more))
        united.sort(key=lambda link: order[id(link)])
        out.append((kind, united))
    return _with_strange(out, layout, order)


def _with_strange(
    kinds: list[tuple[str, list[Link]]], layout: PageImages, order: dict[int, int]
) -> list[tuple[str, list[Link]]]:
    """The same kinds, a long one with the few cards of other kinds that stand among its own, each with an image
    and a price: a shop gives some of its products another address. `order` is the place of a link, by its id."""
    by_place: dict[int, list[tuple[str, list[Link]]]] = {}
    for kind, same in kinds:
        by_place.setdefault(same[0].place, []).append((kind, same))
    out = []
    for several in by_place.values():
        several.sort(key=lambda item: -len({link.url for link in item[1]}))
        kind, united = several[0]
        before = _cards(united) if len(several) > 1 else {}
        parents = {card.getparent() for card in before.values()}
        paths = {layout.paths.get(card) for card in before.values()}
        for other, more in several[1:]:
            few = len({link.url for link in more}) * 2 < len(before)
            both = _cards([*united, *more]) if few and len(parents) == 1 else {}
            own = [both.get(link.url) for link in more]
            fits = bool(both) and all(
                card is not None
                and card.getparent() in parents
                and layout.paths.get(card) in paths
                and next(card.iter("img"), None) is not None
                and PRICE.search(words(card)[:2_000])
                for card in own
            )
            if fits and all(both.get(url) is card for url, card in before.items()):
                united = sorted([*united, *more], key=lambda link: order[id(link)])
            else:
                out.append((other, more))
        out.append((kind, united))
    return out


def groups(page: Page, layout: PageImages, found_links: list[Link]) -> list[CandidateList]:
    """The lists of cards of a page, the best first."""
    every: dict[str, list[Element]] = {}
    for link in found_links:
        every.setdefault(link.url, []).append(link.element)
    counted = sorted(_united(found_links, layout), key=lambda item: -len({link.url for link in item[1]}))
    found: list[tuple[float, CandidateList]] = []
    held: dict[Element, list[Image]] = {}
    for image in layout.images:
        for parent in (image.element, *image.element.iterancestors()):
            held.setdefault(parent, []).append(image)
    for kind, same in counted[:MAX_GROUPS]:
        page.check_time()
        for group in _groups(kind, same, every, held, layout):
            score = sum(worth(one.listing) for one in group.candidates)
            framed = sum(layout.is_frame(link.element) for link in same) * 2 > len(same)
            if framed and all(one.listing.price is None for one in group.candidates):
                continue  # a menu
            found.append((score * (0.1 if framed else 1) * (0.2 if group.beside else 1), group))
    found.sort(key=lambda item: -item[0])
    ordered = [group for _, group in found]
    for group in ordered[1:] if ordered else []:
        best = ordered[0]
        if group.place == best.place and group.beside == best.beside:  # cards of another build in the same list
            known = {one.listing.page_url for one in best.candidates}
            best.candidates += [one for one in group.candidates if one.listing.page_url not in known]
    return ordered


def _groups(
    kind: str,
    same: list[Link],
    every: dict[str, list[Element]],
    held: dict[Element, list[Image]],
    layout: PageImages,
) -> list[CandidateList]:
    cards = other_lists.without_lone_host(_cards(same))
    if len(cards) < 2 or other_lists.are_stories(cards):
        return []
    shown = {url: held.get(card, []) for url, card in cards.items()}
    counts = Counter(
        stem for images in shown.values() for stem in {photo_sizes.stem(image.urls[0]) for image in images}
    )
    shared = {stem for stem, count in counts.items() if count > max(1, len(cards) // 4)}
    fit = {
        url: [
            image
            for image in images
            if not image.unfit and photo_sizes.stem(image.urls[0]) not in shared
            and (not image.leads_to or bare(image.leads_to) == url)
        ]
        for url, images in shown.items()
    }  # fmt: skip
    places = photo_places(fit.values())
    made, said = [], []
    for url, card in cards.items():
        inside = set(card.iter())
        own = [image for image in fit[url] if place_of(image.urls[0]) in places]
        anchors = [element for element in every.get(url, []) if element in inside]
        made.append(card_facts.candidate(url, card, anchors, own, layout.sizes))
        said.append(card_facts.spoken(card, anchors, own))
    filled = [one for one in made if one.listing.photos or one.listing.price is not None]
    numbered = "#" in kind
    if not (numbered or "slug" in kind) and other_lists.are_tiles(cards.values()):
        return []
    if len(filled) * 5 < len(made) * 2 and not (
        numbered and len(made) > 2 and all(len(one.listing.title) > 7 for one in made)
    ):
        return []
    titles = Counter(one.listing.title for one in made)
    made = [replace_title(one, titles, text) for one, text in zip(made, said, strict=True)]
    parts: dict[bool, list[Candidate]] = {}
    wanted = other_lists.without_placeholder([one.listing for one in made])
    for one, card in compress(zip(made, cards.values(), strict=True), wanted):
        parts.setdefault(layout.is_beside(card), []).append(one)
    return [CandidateList("HTML", kind, part, beside) for beside, part in parts.items()]


def replace_title(one: Candidate, titles: Counter[str], said: str) -> Candidate:
    """With what its links and images say instead of a title that most cards have, such as "Details"."""
    if titles[one.listing.title] > max(2, titles.total() // 2):
        one.listing = replace(one.listing, title="" if said == one.listing.title else said)
    return one
