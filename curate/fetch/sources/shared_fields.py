"""Make, model and title that listings tell together with the page's addresses, filters, breadcrumbs and cards.

A title begins with its make. Which of its words are the make is said by a part of the address that titles of
several makes begin with (/used/man/tgx_18_440/…), by a filter of makes, or by make and model one after the other
in the breadcrumb of a listing.
"""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from itertools import islice, pairwise

from curate.fetch.http.url import host_of, path_of
from curate.fetch.sources.json_listings import CandidateList
from curate.fetch.sources.key_names import role, unaccented
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.page import Element, Page, names, words

_FEWEST = 3  # listings of an address part, of two makes
_MOST_MAKES = 1_000  # of a filter
_MAX_NAME = 60  # characters of an attribute
_ID = re.compile(r"[-_]\d+$")  # john-deere-514
_HOMES = re.compile(  # what a title about a home begins with, which is no make
    r"(?i)apart\w+|appart\w+|flats?|hous\w+|home|hus|huis|haus|wohnung\w*|studios?|villas?|cas[ae]s?|piso|квартир\w*|дом|"
    r"будинок|byty?|dom|dům|mieszkani\w+|garages?|land|plot|office|rooms?|zimmer|kamer|loft|penthouse|maisons?|terrain|"
    r"terreno|stan|kuća|lakás|ház|daire|lägenhet|leilighet|lejlighed|asunto|شقة|فيلا|منزل"
)
_KINDS = re.compile(  # of vehicles and machines, which stand before the make: Tractor John Deere 6120M
    r"(?i)cars?|autos?|coches?|carros?|voitures?|motos?|motorr[aä]d(?:er)?|motorcycles?|bikes?|trucks?|lkw|camion\w*|vans?|"
    r"caravans?|camper\w*|wohnwagen|wohnmobile?|motorhomes?|tra[ck]tor\w*|tracteurs?|boats?|yachts?|boote?|bateaux?|"
    r"barcos?|trailers?|remolques?|anhänger|quads?|scooters?|bus(?:se|es)?|excavators?|bagger|forklifts?|stapler|"
    r"used|new|gebraucht\w*|naudoti|ojet\w+|usad[oa]s?|occasions?"
)
_CRUMBS = re.compile(r"breadcrumb|topic-?path|pankuzu|(?<![a-z])crumbs?(?![a-z])")


def of_list(listings: Sequence[Listing], page: Page, cards: Sequence[CandidateList]) -> list[Listing]:
    """The listings of an index page, each with the make, the model and the title that the page tells of it."""
    shown = {one.listing.page_url: one.listing.title for group in cards for one in group.candidates}
    found = [_without_year(one, shown.get(one.page_url, "")) for one in listings]
    if any(one.title and not one.make for one in found):
        found = _by_address(found)
        found = _by_page(found, page)
        makes = _filter_of_makes(page)
        found = [one if one.make or not makes else _by_filter(one, makes) for one in found]
    return [_without_make(_without_site(one)) for one in found]


def of_one(listing: Listing, page: Page) -> Listing:
    """The page's own listing, with the make and the model that its breadcrumb tells."""
    if not listing.make and listing.title:
        for crumbs in _breadcrumbs(page):
            for make, model in pairwise(crumbs):
                first = _beginning(listing.title, make)
                second = _beginning(listing.title[len(first) :].strip(" -–,"), model) if first else ""
                if second:
                    return replace(listing, make=first, model=listing.model or second)
    return _without_make(_without_site(listing))


def _plain_words(text: str) -> list[str]:
    """The words of a text as addresses write them: no accents, no case, no signs."""
    return re.findall(r"[^\W_]+", unaccented(text).casefold())


def _plain(text: str) -> str:
    """The same without spaces."""
    return "".join(_plain_words(text))


def _beginning(title: str, name: str) -> str:
    """The beginning of a title that is a name, as the title writes it; empty where it begins otherwise."""
    wanted = _plain(name)
    if not wanted:
        return ""
    for match in re.finditer(r"[^\s,]+", title[: 3 * len(name) + 20]):
        end = match.end()
        said = _plain(title[:end])
        if said == wanted:
            return title[:end].strip(" -–,")
        if len(said) > len(wanted):
            break
    return ""


def _parts(url: str) -> list[str]:
    """The parts of an address before its last."""
    return path_of(url).strip("/").split("/")[:-1]


def _begun(title: str, parts: list[str], at: int) -> str:
    """The beginning of a title that a part of its address is, with the number behind it or without."""
    part = parts[at] if len(parts) > at else ""
    if not re.search(r"[^\W\d_]", part):
        return ""
    return _beginning(title, part) or _beginning(title, _ID.sub("", part))


def _dated(title: str) -> str:
    """A title without the year before its make: 1971 Porsche 911."""
    return re.sub(r"^(?:19|20)\d\d (?=[^\W\d_])", "", title)


def _by_address(listings: list[Listing]) -> list[Listing]:
    """With the make that a part of the address is, and the model that the next part is."""
    parts = [_parts(one.page_url) for one in listings]
    called = [_dated(one.title) for one in listings]
    for at in range(max(map(len, parts), default=0)):
        begun = [_begun(name, mine, at) for name, mine in zip(called, parts, strict=True)]
        begun = [
            make if len(make.split()) < 4 and make != name else ""
            for name, make in zip(called, begun, strict=True)
        ]
        fitting, makes = sum(map(bool, begun)), {name.casefold() for name in begun} - {""}
        if (
            fitting < _FEWEST
            or 2 * fitting <= len(listings)
            or len(makes) < 2
            or any(map(_HOMES.fullmatch, makes))
        ):
            continue
        out = []
        for one, name, mine, make in zip(listings, called, parts, begun, strict=True):
            rest = name[len(make) :].strip(" -–,")
            model = _begun(rest, mine, at + 1) if make else ""
            out.append(replace(one, make=one.make or make, model=one.model or model))
        return out
    return listings


def _by_page(listings: list[Listing], page: Page) -> list[Listing]:
    """With the make and the model that are two parts of the page's own address, /used/honda/civic, or of its
    breadcrumb. All titles begin with the make, half of them with the model too. Most listings have a year: a list
    of goods, /laptops/dell, names a kind and a maker, and has none. A town, /ulm/mitte, is no make."""
    called = [_dated(one.title) for one in listings]
    if len(listings) < _FEWEST or sum(one.year is not None for one in listings) * 2 < len(listings):
        return listings
    path = path_of(page.url).strip("/").split("/")
    towns = {_plain(name) for one in listings for name in (one.city, one.region)} - {""}
    for make, model in (pair for parts in (path, *_breadcrumbs(page)) for pair in pairwise(parts)):
        begun = [_beginning(name, make) for name in called]
        if towns.intersection((_plain(make), _plain(model))):
            continue
        if not all(begun) or _HOMES.fullmatch(begun[0]) or _KINDS.fullmatch(begun[0]) or len(begun[0]) < 2:
            continue
        rests = [name[len(first) :].strip(" -–,") for name, first in zip(called, begun, strict=True)]
        models = [_beginning(rest, model) for rest in rests]
        if any(map(_KINDS.fullmatch, models)):
            continue  # a road bike
        if 2 * sum(map(bool, models)) >= len(listings):
            return [
                replace(one, make=one.make or first, model=one.model or (second and _longer(second, rest, one)))
                for one, first, second, rest in zip(listings, begun, models, rests, strict=True)
            ]
    return listings


def _longer(model: str, title: str, one: Listing) -> str:
    """A model, or the longer one with which its address has the title begin: a Polo Vivo among Polos."""
    return max([model, *(_beginning(title, part) for part in _parts(one.page_url))], key=len)


def _filter_of_makes(page: Page) -> set[str]:
    """The names that a filter of makes offers, without case, spaces and signs."""
    found: dict[str, None] = {}
    for select in page.root.iter("select"):
        if any(role(name)[0] == "make" for name in _called(select)):
            options = islice(select.iter("option"), _MOST_MAKES)
            found |= {words(one)[:_MAX_NAME]: None for one in options if one.get("value") != ""}
        page.check_time()
    named = (re.sub(r"\s?\(\d[\d.,  ]*\)$", "", text) for text in islice(found, _MOST_MAKES))
    return {_plain(text) for text in named if 1 < len(text) < 40} - {""}


def _called(select: Element) -> Iterable[str]:
    """What a filter is called: its name, its id, the label before it."""
    for name in ("name", "id", "aria-label", "data-name"):
        yield re.sub(r"\[.*|\d+$", "", select.get(name, "")[:_MAX_NAME])
    before = select.getprevious()
    yield words(before).rstrip(" :")[:40] if before is not None and isinstance(before.tag, str) else ""


def _by_filter(one: Listing, makes: Set[str]) -> Listing:
    """With the longest beginning of its title that a filter offers. `makes` are without case, spaces and signs."""
    found = ""
    title = _dated(one.title)
    for match in islice(re.finditer(r"[^\s,]+", title), 10):
        begun = title[: match.end()]
        found = begun.strip(" -–,") if _plain(begun) in makes else found
    return replace(one, make=found)


def _breadcrumbs(page: Page) -> Iterable[list[str]]:
    named = (one for one in page.root.iter("nav", "ul", "ol", "div") if _CRUMBS.search(names(one)))
    for element in islice(named, 10):
        parts = (part for part in element.iter("a", "li", "span") if not len(part) or part.tag == "a")
        yield list(dict.fromkeys(words(part)[:60] for part in islice(parts, 30)))


def _without_year(one: Listing, card: str) -> Listing:
    """With the title of the card where the data's has the year behind it: "Buster XL (2019)"."""
    return replace(one, title=card) if card and one.year and one.title == f"{card} ({one.year})" else one


def _without_site(one: Listing) -> Listing:
    """Without a make that is the name of the site, as of an auction house, and no word of the title. A make
    with a model stays: a maker sells its own."""
    make = "" if one.model else _plain(one.make)
    is_site = make in host_of(one.page_url).split(".")[-3:-1]
    return replace(one, make="") if make and is_site and make not in _plain_words(one.title) else one


def _without_make(one: Listing) -> Listing:
    """With a model that does not begin with the make."""
    if one.make and (begun := _beginning(one.model, one.make)) and (rest := one.model[len(begun) :].strip(" -–,")):
        return replace(one, model=rest)
    return one
