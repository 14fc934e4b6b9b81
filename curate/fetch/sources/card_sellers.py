"""Private or dealer, as a card shows it: a word, the name or logo of a firm, an element called dealer."""

import re
from collections.abc import Iterable

from curate.fetch.sources import seller_kinds
from curate.fetch.sources.page import Element, names, words

_DEALER_NAME = re.compile(
    r"(?<![a-z])(?:dealer(?:ship)?|trader|keresked[a-z]{1,3}|haendler|autohaus|agency|agence|agenzia|"
    r"agencia|agencija|agent|makelaar|makler|"
    r"broker|realtor|concession[a-z]{0,6}|trgov[a-z]{2}|forhandler|bilhandler|bookseller)(?![a-z])"
)
_SELLER_NAME = re.compile(
    r"seller|vendor|(?<![a-z])(?:user|owner|author|company|shop|store|account|member)(?:info|name|box|card|"
    r"data|profile)?"
    r"(?![a-z])|advertiser|"
    r"verkaeufer|anbieter|"
    r"vendeur|venditore|vendedor|sprzedawca|prodejce|predajca|inzerent|hirdeto|s[äa]ljare|selger|satici|"
    r"kimden|oglasivac"
)
_PRIVATE_NAME = re.compile(
    r"(?:seller|user|owner|badge|tag|label|type)[-_]{0,2}private|private[-_]?(?:seller|owner|user)"
)
_KIND_NAME = re.compile(r"(?:seller|dealer|advertiser|owner|vendor)[-_]{0,2}type|type[-_]{0,2}of[-_]{0,2}seller")
_LOGO = re.compile(r"(?<![a-z])logo(?![a-z])")
_OTHER_LOGO = re.compile(r"brand|make|model|site|partner|bank|avatar|user|carfax|badge")
_UNSURE = re.compile(  # words that say other things, too, where no seller is spoken of
    r"(?i)salon\w*|shops?|stores?|pro(?-i:(?<!PRO))|profi\w*|business|compan\w+|commercial\w*|trade\w*|"
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
_APPS = re.compile(r"app-?store|play-?store|menu|login|sign-?in")
_SAID = ("data-content", "data-title", "data-tooltip", "title", "aria-label")


def of_page(elements: Iterable[Element]) -> str:
    """private, dealer, or empty, as the boxes about the seller say on the page of a listing."""
    for element in elements:
        named = names(element) if element.tag in ("div", "section", "aside", "span", "p", "a", "li") else ""
        if not (_SELLER_NAME.search(named) or _DEALER_NAME.search(named)) or _APPS.search(named):
            continue
        if len(words(element)) < 400 and (found := seller_of(element, of_seller=True)):
            return found
    return ""


def seller_of(card: Element, *, of_seller: bool = False) -> str:
    """private, dealer, or empty where the card does not say. `of_seller`: it is a box about who sells."""
    below = {card} if of_seller else set()  # in an element about the seller
    weak = ""
    for element in card.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "h1", "h2", "h3", "h4"):
            continue
        named = names(element) if element is not card else ""
        own = (_SELLER_NAME.search(named) or _DEALER_NAME.search(named)) and element.tag != "a"
        if own or element.getparent() in below:
            below.add(element)
        text = "" if any(isinstance(child.tag, str) for child in element) else words(element)
        if found := seller_kinds.alone(text):
            if element in below or not _UNSURE.fullmatch(text.strip()):
                return found
        elif 4 < len(text) < 70 and _says_firm(text, element in below):
            weak = weak or "dealer"
        said = seller_kinds.called(words(element)[:60]) if _KIND_NAME.search(named) else ""
        if said in ("private", "dealer"):
            return said
        if _PRIVATE_NAME.search(named):
            return "private"
        if (element.tag == "img" and _is_logo(element, named, element in below)) or (
            _DEALER_NAME.search(named) and (text := words(element)) and 2 < len(text) < 80
        ):
            weak = weak or "dealer"
        for text in filter(None, map(element.get, _SAID)):
            sure = "" if _UNSURE.fullmatch(text.strip()) else seller_kinds.alone(text)
            weak = weak or sure or seller_kinds.in_sentence(text)
    return weak


def _says_firm(text: str, of_seller: bool) -> bool:
    return seller_kinds.is_firm(text) if of_seller else bool(_FIRM_NAME.fullmatch(text))


def _is_logo(image: Element, named: str, of_seller: bool) -> bool:
    """Is an image the logo of who sells?"""
    written = " ".join(image.get(name, "") for name in ("src", "data-src", "data-lazyurl", "data-lazy"))
    parent = image.getparent()
    around = named + " " + ("" if parent is None else names(parent))
    if _OTHER_LOGO.search(around):
        return False
    return bool(_LOGO.search(around)) or (of_seller and bool(re.search(r"logo", written.lower())))
