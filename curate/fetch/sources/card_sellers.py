"""Private or dealer, as a card shows it: a word, the name or logo of a firm, an element called dealer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from curate.fetch.sources import places, seller_kinds
from curate.fetch.sources.page import Element, names, own_text, words

_DEALER_NAME = re.compile(
    r"(?<![a-z])(?<!no[-_])(?:dealer(?:ship)?|trader|keresked[a-z]{1,3}|haendler|autohaus|agency|agence|agenzia|"
    r"agencia|agencija|agent|makelaar|makler|"
    r"broker|realtor|concession[a-z]{0,6}|trgov[a-z]{2}|forhandler|bilhandler|bookseller)"
    r"(?![a-z]|[-_]{0,2}(?:fees?|free|parking|prices?|offers?|discounts?|rating|link|button|btn|"
    r"location|city|region|country|distance|map)(?![a-z]))"
)
_SELLER_NAME = re.compile(
    r"seller|vendor|(?<![a-z])(?:user|owner|author|company|shop|store|account|member)(?:info|name|box|card|"
    r"data|profile)?"
    r"(?![a-z]|[-_]{0,2}(?:items?|ads?|listings?|products?|grid|list|row|col)(?![a-z]))|advertiser|"
    r"verkaeufer|anbieter|"
    r"vendeur|venditore|vendedor|sprzedawca|prodejce|predajca|inzerent|hirdeto|s[äa]ljare|selger|satici|"
    r"kimden|oglasivac"
)
_PRIVATE_NAME = re.compile(
    r"(?:seller|user|owner|badge|tag|label|type)[-_]{0,2}private(?![a-z]|[-_]{1,2}[a-z])|"
    r"private[-_]?(?:seller|owner|user)(?![a-z])"
)
_KIND_NAME = re.compile(
    r"(?:seller|dealer|advertiser|owner|vendor)[-_]{0,2}type|type[-_]{0,2}of[-_]{0,2}seller|"
    r"type[-_]?annonce(?:ur)?|annonce[-_]?type"
)
_LOGO = re.compile(r"(?<![a-z])logo(?![a-z])")
_OTHER_LOGO = re.compile(r"brand|make|model|site|partner|bank|avatar|user|carfax|badge")
_OF_SELLERS = re.compile(
    r"/(?:compan(?:y|ies)|dealers?|agenc(?:y|ies)|agents?|customers?|clients?|sellers?|vendors?)[/_-]"
)
_FIRM_PAGE = re.compile(  # /aziende/elm, /results?broker=17
    r"(?i)/(?:aziend[ae]|imprese|empresas?|entreprises?|firm[aey]n?|compan(?:y|ies)|dealers?|agenc(?:y|ies)|brokers?)/[\w-]+/?(?:$|\?)|"
    r"[?&](?:broker|dealer|agency|company|firm|shop)(?:_?id)?=\d"
)
_UNSURE = re.compile(  # words that say other things, too, where no seller is spoken of
    r"(?i)builders?|developers?|promot\w+|"
    r"salon\w*|shops?|stores?|pro(?-i:(?<!PRO))|profi\w*|business|compan\w+|commercial\w*|trade\w*|"
    r"individual|profes\w+|agen|"
    r"iroda|bazar|galeri|liike|merchants?|owner|private|organization|corporat\w*|no|"
    r"libr\w+|бизнес|бізнес|магазин|مكتب|معرض|עסק\w*"  # a bookshelf, a trim, a desk
)
_FIRM_NAME = re.compile(
    r"[^\W\d_].{2,50}\s(?:GmbH(?: & Co\. ?KG)?|Kft\.?|Bt\.|Zrt\.?|Oy|Ltd\.?|LLC|Inc\.|S\.?r\.?l\.|"
    r"s\. ?r\. ?o\.|d\.o\.o\.|"
    r"[Ss]p\. z ?o\.? ?o\.?|Е?ООД|A\.Ş\.|Sdn\.? ?Bhd\.?|Lda\.|SARL)|[(（]株[)）].{2,40}|株式会社.{2,40}|"
    r"ООО .{2,40}"
)
_PLACE_NAME = re.compile(r"address|location|locality|place|city|region|town")
_APPS = re.compile(r"app-?store|play-?store|menu|login|sign-?in")
_MOST = 400  # elements of a card looked at
_SAID = ("data-content", "data-title", "data-tooltip", "title", "aria-label")
_HEADINGS = ("h1", "h2", "h3", "h4")
_MAX_SAID = 200  # characters of an attribute


@dataclass(frozen=True, slots=True)
class _Name:
    """What the name of an element says."""

    of_seller: bool
    of_dealer: bool
    of_private: bool
    of_kind: bool


@lru_cache(maxsize=20_000)
def _name(named: str) -> _Name:
    of_dealer = bool(_DEALER_NAME.search(named))
    return _Name(
        of_dealer or bool(_SELLER_NAME.search(named)),
        of_dealer,
        bool(_PRIVATE_NAME.search(named)),
        bool(_KIND_NAME.search(named)),
    )


def of_page(elements: Iterable[Element]) -> str:
    """private, dealer, or empty, as the boxes about the seller say on the page of a listing."""
    seen: set[Element] = set()  # boxes, and what is in them
    for element in elements:
        if element.getparent() in seen:
            seen.add(element)
            continue
        named = names(element) if element.tag in ("div", "section", "aside", "span", "p", "a", "li") else ""
        if not _name(named).of_seller or _APPS.search(named) or len(words(element)) >= 400:
            continue
        seen.add(element)
        if found := seller_of(element, of_seller=True):
            return found
    return ""


def seller_of(card: Element, *, of_seller: bool = False) -> str:
    """private, dealer, or empty where the card does not say. `of_seller`: it is a box about who sells."""
    below = {card} if of_seller else set()  # in an element about the seller
    titles: set[Element] = set()  # headings and what is in them: a toy is called Autohaus
    weak = ""
    for element in islice(card.iter(), _MOST):
        if not isinstance(element.tag, str) or element.tag in ("script", "style"):
            continue
        if element.tag in _HEADINGS:
            if element.getparent() not in below:
                titles.add(element)
            elif found := sure_of(words(element)[:80]):
                return found  # a title of the box may be "Owner" or "Company"
            continue
        if element.getparent() in titles:
            titles.add(element)
            continue
        named = names(element) if element is not card else ""
        name = _name(named)
        if (name.of_seller and element.tag != "a") or element.getparent() in below:
            below.add(element)
        text = "" if any(isinstance(child.tag, str) for child in element) else words(element)[:80]
        for line in _parts(element):
            if found := sure_of(line):
                return found
        if found := seller_kinds.alone(text):
            if element in below or not _UNSURE.fullmatch(text.strip()):
                return found
        elif 4 < len(text) < 70 and _says_firm(text, named, name.of_seller or element in below):
            weak = weak or "dealer"
        if name.of_kind and (said := seller_kinds.kind(words(element)[:60])):
            return said
        if name.of_private:
            return "private"
        if element.tag == "img" and _is_logo(element, named, element in below):
            weak = weak or "dealer"
        if name.of_dealer and not weak and 2 < len(words(element)) < 80:
            weak = "dealer"
        if not weak:
            spoken = (*_SAID, "alt") if element.tag == "img" else _SAID
            weak = next((kind for one in spoken if (kind := _said_by(element, one))), "")
    return weak


def _parts(element: Element) -> list[str]:
    """What stands between wide slashes in an element; its lines where one of them is a region, 개인<br>부산."""
    if any(one.tag != "br" for one in element):
        return []
    lines = [line for raw in islice(element.itertext(), 8) if len(raw) < 100 and (line := raw.strip())]
    of_place = len(lines) > 1 and any(places.of_asia(line)[1] for line in lines)
    apart = [part.strip() for line in lines if "／" in line for part in line.split("／")]
    return [*(lines if of_place else ()), *apart]


def unsure_of(card: Element) -> str:
    """private, dealer, or empty, as a text of a card says it by a word that may mean another thing, too."""
    texts = (
        own_text(element)[:40] for element in islice(card.iter("span", "div", "p", "td", "li", "b", "font"), _MOST)
    )
    return next((kind for text in texts if _UNSURE.fullmatch(text) and (kind := seller_kinds.alone(text))), "")


def sure_of(text: str) -> str:
    """private, dealer, or empty, as a text says it by a word that means nothing else: no Pro, no Private."""
    return "" if _UNSURE.fullmatch(text) else seller_kinds.alone(text)


def _said_by(element: Element, attribute: str) -> str:
    """private or dealer as an attribute says it: a text shown when asked may be a sentence; the title of a link
    may be that of the listing."""
    text = element.get(attribute, "")[:_MAX_SAID].strip()
    if not text or (attribute == "title" and element.tag == "a"):
        return ""
    return sure_of(text) or (seller_kinds.in_sentence(text) if attribute.startswith("data-") else "")


def _says_firm(text: str, named: str, of_seller: bool) -> bool:
    """Is a text the name of a firm? In a box about the seller any form of a firm tells, but in no address."""
    if of_seller and not _PLACE_NAME.search(named):
        return seller_kinds.is_firm(text)
    return bool(_FIRM_NAME.fullmatch(text))


def _called(element: Element | None) -> str:
    """What the element around another one is called."""
    parent = None if element is None else element.getparent()
    return "" if parent is None else f" {names(parent)}"


def _leads_to_firm(image: Element) -> bool:
    """Does the link around a logo, or beside it, lead to the page of a firm?"""
    parent = image.getparent()
    near = [] if parent is None else [parent, *parent.iterchildren("a")]
    return any(_FIRM_PAGE.search(link.get("href", "")) for link in near if link.tag == "a")


def _is_logo(image: Element, named: str, of_seller: bool) -> bool:
    """Is an image the logo of who sells: one in a box about the seller, or one whose address says so? Another may
    be the maker's."""
    written = " ".join(image.get(name, "") for name in ("src", "data-src", "data-lazyurl", "data-lazy"))
    around = named + _called(image)
    if _OTHER_LOGO.search(around):
        return False
    if of_seller:
        return bool(_LOGO.search(around)) or "logo" in written.lower()
    if _LOGO.search(around + _called(image.getparent())) and _leads_to_firm(image):
        return True
    return bool(_LOGO.search(around) and _OF_SELLERS.search(written.lower()))
