"""Lists of cards that are no listings: stories of a blog, people and firms, tiles that lead to lists,
placeholders."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from curate.core.most import most
from curate.fetch.http.url import host_of, path_of
from curate.fetch.sources.address_kinds import is_of_people, is_story, may_be_story
from curate.fetch.sources.card_links import pattern
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import PRICE
from curate.fetch.sources.page import Element, words

_HIDDEN = re.compile(r"display\s?:\s?none")
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_DAY = re.compile(
    r"(?i)\d|(?<![^\W\d_])(?:today|yesterday|heute|gestern|aujourd'hui|hier|hoy|ayer|oggi|ieri|hoje|ontem|vandaag|gisteren|"
    r"dzi[sś]|wczoraj|dnes|včera|bugün|dün|tänään|eilen|i ?dag|i ?går|azi|ieri|danas|jučer|сегодня|вчера|сьогодні|"
    r"вчора|днес|σήμερα|χθες|اليوم|أمس|今日|昨日|今天|昨天|오늘|어제)(?![^\W\d_])"
)
_COUNTED = re.compile(  # 1,210 cars
    r"(?i)(?<![\d.,])\d{1,3}(?:[.,\s]\d{3})*\s(?:used\s)?(?:cars|vehicles|ads|adverts|listings|results|offers|items|products|homes|"
    r"properties|anzeigen|angebote|fahrzeuge|inserate|artikel|annonces|véhicules|anuncios|coches|vehículos|ofertas|annunci|auto|"
    r"ogłosze\w+|ofert|advertenties|bilar|annonser|объявлени\w|inzerát\w*|hirdetés)(?![\w-])"
)


def are_stories(cards: Mapping[str, Element]) -> bool:
    """Do all addresses of cards lead to stories? Where others use the same word, cards with prices are none."""
    perhaps = [card for url, card in cards.items() if not is_story(url)]
    return all(map(may_be_story, cards)) and not any(PRICE.search(words(card)[:600]) for card in perhaps)


def as_goods(listings: Collection[Listing]) -> float:
    """How far a list is of goods rather than of those who sell, by the addresses: 0..1. Numbered and with prices
    people may be goods."""
    if not most(is_of_people(one.page_url) for one in listings):
        return 1.0
    paths = (path_of(one.page_url).rstrip("/") for one in listings)
    numbered = most(bool(re.search(r"\d{5}", path.rpartition("/")[2])) for path in paths)
    priced = most(one.price is not None for one in listings)
    return 0.3 if numbered and priced else 0.0


def without_lone_host(cards: Mapping[str, Element]) -> dict[str, Element]:
    """Without the placeholder among cards: the only one that leads to site.com, among others to www.site.com."""
    hosts = Counter(map(host_of, cards))
    lone = {host for host, count in hosts.items() if count == 1 and hosts[f"www.{host}"] > 4}
    return {url: card for url, card in cards.items() if host_of(url) not in lone}


def without_other_kinds(cards: Mapping[str, Element]) -> dict[str, Element]:
    """Without those whose address names another kind of thing, in another folder, where most name one and the
    same: /jobs/alliance-985546 among /pets/article-1su1zx. What a card says itself is no kind but a name: a Civic
    in /honda/civic-345678 stays among /toyota/corolla-123456."""
    said = {}
    for url in cards:
        *_, folder, name = ["", *path_of(url).partition("?")[0].rstrip("/").split("/")]
        match = re.fullmatch(r"([a-z]{3,})[-_](?=[a-z]*\d)[a-z0-9]{4,}", name)
        said[url] = (match[1] if match else "", folder)
    kind, count = Counter(one for one, _ in said.values()).most_common(1)[0] if said else ("", 0)
    if not kind or count < max(5, 0.7 * len(said)):
        return dict(cards)
    folders = {folder for one, folder in said.values() if one == kind}
    away = {url for url, (one, folder) in said.items() if one not in ("", kind) and folder not in folders}
    return {url: card for url, card in cards.items() if url not in away or _says(card, said[url][0])}


def _says(card: Element, word: str) -> bool:
    return bool(re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", words(card)[:600].lower()))


def without_placeholders(listings: Sequence[Listing]) -> list[bool]:
    """Which of the cards of a list are listings: not those, at most three and of one address, whose number is much
    shorter than all others', and whose image is on another host."""

    def digits(one: Listing) -> int:
        return max(map(len, re.findall(r"\d+", path_of(one.page_url))), default=0)

    def host(one: Listing) -> str:
        return host_of(one.photos[0].url) if one.photos else ""

    counts = list(map(digits, listings))
    least = min(counts, default=0)
    short = [one for one, count in zip(listings, counts, strict=True) if count == least]
    longer = min((count for count in counts if count > least), default=0)
    one_page = len({one.page_url.partition("?")[0] for one in short}) == 1 and len(short) < 4
    if len(counts) < 5 or longer - least < 4 or not least or not one_page:
        return [True] * len(listings)
    usual, _ = Counter(map(host, listings)).most_common(1)[0]
    return [one not in short or host(one) == usual for one in listings]


def of_the_list(cards: Sequence[Element], best: Sequence[Element]) -> list[bool]:
    """Which cards of another build than those of the best list may be of it: not those that follow it."""
    parts: dict[Element, list[Element]] = {}
    for card in cards:
        parts.setdefault(card.getparent(), []).append(card)
    theirs = {around for card in best for around in (card, *card.iterancestors())}
    behind = {parent for parent, some in parts.items() if len(some) * 4 <= len(best) and _follow(some, theirs)}
    return [card.getparent() not in behind for card in cards]


def unlinked(cards: Sequence[Element]) -> list[tuple[Element, Element]]:
    """The few elements right behind cards that are built as these are and lead nowhere, what is sold, each with
    the card before it. Empty elements may stand between. Links that most cards have, too, count for none."""
    builds = {_build(card) for card in cards}
    if len(builds) > 1 or len(cards) < 4:
        return []
    hrefs = Counter(href for card in cards for href in _hrefs(card))
    common = {href for href, count in hrefs.items() if count * 2 > len(cards)}
    known, found = set(cards), []
    for card in cards:
        before = card
        for other in card.itersiblings():
            if other in known:
                break
            if "hidden" in other.attrib or _HIDDEN.search(other.get("style") or ""):
                continue  # a template
            if other.tag == card.tag and _build(other) in builds and next(other.iter("img"), None) is not None:
                if not _hrefs(other) <= common:
                    break
                found.append((other, before))
                before = other
            elif words(other):
                break
    return found if len(found) * 3 <= len(cards) else []


def _build(card: Element) -> tuple[object, ...]:
    return card.tag, *(part.tag for part in card)


def _hrefs(card: Element) -> set[str]:
    """What a card leads to: its links, its scripts, and any address of an element that is no image."""
    return {
        value
        for one in card.iter()
        if one.tag not in ("img", "source")
        for name, value in one.attrib.items()
        if name in ("href", "onclick", "data-href", "data-url", "data-link") or value.startswith(("http", "/"))
    }


def _follow(cards: Sequence[Element], theirs: Collection[Element]) -> bool:
    """Do cards stand behind those of another list, in a part of their own that begins with a heading: what a
    visitor has seen, or what others pay for? `theirs` are the cards of that list and all around them. A day is no
    such heading."""
    part = next((one for one in (cards[0], *cards[0].iterancestors()) if one.getparent() in theirs), None)
    if part is None or part in theirs or not all(part in (card, *card.iterancestors()) for card in cards):
        return False
    if not any(one in theirs for one in part.itersiblings(preceding=True)):
        return False
    before = part.getprevious()
    said = [words(before)] if before is not None and before.tag in _HEADINGS else []
    inside = set(cards)
    for element in part.iter():
        if element in inside:
            break
        if isinstance(element.tag, str) and element not in theirs:
            said.append(" ".join((element.text or "").split()))
    return any(3 < len(text) < 80 and re.search(r"[^\W\d_]{3}", text) and not _DAY.search(text) for text in said)


def of_the_usual_kind(kinds: Sequence[str], urls: Sequence[str]) -> list[bool]:
    """Which things of a list, each with its kind and address, are no other ones than four fifths of them are: not
    those of another kind whose address has another pattern, too."""
    usual, count = Counter(kinds).most_common(1)[0] if kinds else ("", 0)
    if not usual or count * 5 < len(kinds) * 4:
        return [True] * len(kinds)
    patterns = {pattern(url) for url, kind in zip(urls, kinds, strict=True) if kind == usual}
    return [kind in ("", usual) or pattern(url) in patterns for url, kind in zip(urls, kinds, strict=True)]


def are_tiles(cards: Iterable[Element]) -> bool:
    """Do most cards say how many listings are behind them? Then each leads to a list."""
    return most(bool(_COUNTED.search(words(card)[:400])) for card in cards)
