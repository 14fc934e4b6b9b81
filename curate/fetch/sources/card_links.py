"""The links of a page to listings: which of them are of one kind, and the card that is around each."""

import base64
import binascii
import re
from dataclasses import dataclass

from curate.core.most import most
from curate.fetch.http.url import path_of, same_site
from curate.fetch.sources.address_kinds import is_of_people, may_be_story
from curate.fetch.sources.money import PRICE
from curate.fetch.sources.page import Element, Page, resolved, words
from curate.fetch.sources.page_images import PageImages

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
_FILE = re.compile(  # 7-jpg.2812300/ is an attachment to a post
    r"(?:\.(?:jpe?g|png|webp|gif|pdf|zip)|-(?:jpe?g|png|webp|heic|pdf)\.\d{3,}/?)(?:$|\?)", re.IGNORECASE
)
_BASE64 = re.compile(r"(?:L[yz0-3]|aHR0c)[A-Za-z0-9+/]{10,1000}={0,2}")  # of what begins with / or http
_NAMES_ONE = re.compile(r"#|slug")  # in a pattern of addresses
_POST = re.compile(r"/(?:posts?|comments?|replies|reply|answers?)[-_/]?\d+/?(?:\?.*)?")


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


def has_id(path: str) -> bool:
    """Does a path name what it leads to by a long number, or by letters among digits?"""
    return bool(re.search(r"\d{5}", path) or _ID.search(path))


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


def names_one(url: str) -> bool:
    """Does an address name one thing, by a number or many words in its path, or a long number in its query?"""
    kind = pattern(url)
    return "#" in kind or "slug" in kind or bool(re.search(r"=\d{5,}(?:&|$)", path_of(url).partition("?")[2]))


def links(page: Page, layout: PageImages) -> list[Link]:
    """The links of a page to other pages of its site, in their order."""
    here = bare(page.url).rstrip("/")
    own = here.partition("?")[0].rstrip("/") if re.search(r"\d{5,}", path_of(here)) else ""
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
        url = resolved(_plain(written), page.base)
        if not url or not same_site(url, page.base) or _FILE.search(url):
            continue
        url = bare(url)
        if url.rstrip("/") != here and path_of(url) and not (own and _is_part(url, own)):
            found.append(Link(element, url, layout.paths.get(element, 0), pattern(url)))
    return found


def _plain(written: str) -> str:
    """An address that a page hides from robots as base64, L2NhcnMvNy5odG1s for /cars/7.html, as it is."""
    if not _BASE64.fullmatch(written):
        return written
    try:
        text = base64.b64decode(written + "=" * (-len(written) % 4), validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        return written
    return text if re.fullmatch(r"(?:/|https?://)[!-~]+", text) else written


def _is_part(url: str, own: str) -> bool:
    """Does an address lead to a part of a listing's page, such as one of its photos or a post of its thread?"""
    rest = url[len(own) :]
    return url.startswith(own + "/") and (not re.search(r"\d{5,}", rest) or bool(_POST.fullmatch(rest)))


def cards_of(same: list[Link]) -> dict[str, Element]:
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


def united_kinds(found_links: list[Link], layout: PageImages) -> list[tuple[str, list[Link]]]:
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
            before, both = cards_of(united), cards_of([*united, *more])
            paths = {layout.paths.get(card) for card in before.values()}
            parents = {card.getparent() for card in before.values()}
            whole = all(both.get(url) is card for url, card in before.items())
            own = [both.get(link.url) for link in more]
            fits = all(layout.paths.get(card) in paths for card in own)
            if _NAMES_ONE.search(kind) and not _NAMES_ONE.search(other):  # filters beside the list
                fits = fits and all(
                    card is not None and (card.getparent() in parents or _sells(card)) for card in own
                )
            if len(before) > 1 and whole and fits:
                united = [*united, *more]
            else:
                out.append((other, more))
        united.sort(key=lambda link: order[id(link)])
        out.append((kind, united))
    return _with_strange(out, layout, order)


def _sells(card: Element) -> bool:
    """Has a card both an image and a price? A filter has no price."""
    return _has_image(card) and PRICE.search(words(card)[:600]) is not None


def _has_image(card: Element) -> bool:
    return next(card.iter("img"), None) is not None


def _same_but_first(kind: str, other: str) -> bool:
    """Do the addresses of two kinds that name one thing each differ in their first part alone: /ann/detail/17 and
    /bob/detail/18 of two sellers?"""
    parts, others = ([re.sub(r"#|slug|word", "*", part) for part in one.split("/")] for one in (kind, other))
    return len(parts) > 2 and parts[1:] == others[1:] and ("#" in kind or "slug" in kind)


def _numbered(link: Link) -> tuple[int, str]:
    """(digits of the number that names what a link leads to, the ending of the address): those of one site are
    alike. (0, "") where no number names it, and where it is a story or the page of who sells."""
    url = link.url.partition("?")[0].rstrip("/")
    if may_be_story(url) or is_of_people(url):
        return 0, ""
    path = path_of(url)
    ending = re.search(r"(?:\.\w{2,5})?$", path)
    return max(map(len, re.findall(r"\d{5,}", path)), default=0), ending[0] if ending else ""


def _build(card: Element) -> tuple[str, ...]:
    """The tag of a card, and the tags and classes of its parts; where an element has one part alone, of what is
    in that."""
    around = card
    while len(around) == 1:
        around = around[0]
    parts = (part for part in around if isinstance(part.tag, str))
    return card.tag, *(f"{part.tag} {part.get('class', '')}" for part in parts)


def _with_strange(
    kinds: list[tuple[str, list[Link]]], layout: PageImages, order: dict[int, int]
) -> list[tuple[str, list[Link]]]:
    """The same kinds, the longest one with the cards of other kinds that stand among its own: most of them with a
    price, or an address that differs in its first part alone, or all built and numbered as these, and with an
    image where its own have one. A shop gives some of its products another address, a site of several districts
    those of each its own. `order` is the place of a link, by its id."""
    by_place: dict[int, list[tuple[str, list[Link]]]] = {}
    for kind, same in kinds:
        by_place.setdefault(same[0].place, []).append((kind, same))
    out = []
    for several in by_place.values():
        several.sort(key=lambda item: -len({link.url for link in item[1]}))
        kind, united = several[0]
        before = cards_of(united) if len(several) > 1 else {}
        parents = {card.getparent() for card in before.values()}
        paths = {layout.paths.get(card) for card in before.values()}
        builds = {build for card in before.values() if len(build := _build(card)) > 2}
        numbered = set(map(_numbered, united)) - {(0, "")}
        shown = most(map(_has_image, before.values()))
        for other, more in several[1:]:
            both = cards_of([*united, *more]) if before else {}
            own = [card for link in more if (card := both.get(link.url)) is not None]
            fits = len(own) == len(more) and all(
                card.getparent() in parents and layout.paths.get(card) in paths for card in own
            )
            alike = numbered.issuperset(map(_numbered, more)) and all(_build(card) in builds for card in own)
            named = alike or _same_but_first(kind, other)
            fits = (
                fits
                and (alike or len(parents) == 1)
                and most(
                    (named or bool(PRICE.search(words(card)[:2_000]))) and (not shown or _has_image(card))
                    for card in own
                )
            )
            if fits and all(both.get(url) is card for url, card in before.items()):
                united = sorted([*united, *more], key=lambda link: order[id(link)])
            else:
                out.append((other, more))
        out.append((kind, united))
    return out
