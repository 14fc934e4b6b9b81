"""The town and region that a card or a page shows: in an element called a place, or as an address."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from curate.fetch.sources import card_sellers, places, seller_kinds
from curate.fetch.sources.key_names import role
from curate.fetch.sources.money import currency_of
from curate.fetch.sources.page import Element, is_icon, names, own_text, words

_PLACE_NAME = re.compile(
    r"location|locality|(?<!b)lok(?![a-z])|(?<![a-z])city|(?<![a-z])place(?!holder|ment)|address"
    r"|(?<![a-z])area(?![a-z])|region|(?<![bcfhps])ort(?![a-z])|lokal|ville|telep[uü]l[eé]s|miejscowo|"
    r"(?<![a-z])(?:mesto|plaats|"
    r"comune|town|grad|sted|kommune|s?ehir|vieta|suburb|munic[a-z]{1,9})(?![a-z])|ubicacion|localidad|"
    r"localizacion|"
    r"paikkakunta|sijainti|konum(?![a-z])"
)
_PLACE = re.compile(  # Sandy, UT 84070
    r"[A-Z][\w.' -]{2,30}, (?:A[BKLRZ]|BC|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ABDEINOST]|N[BCDEHJLMSVY]|"
    r"O[HKNR]|P[AE]|QC|RI|S[CDK]|T[NX]|UT|V[AT]|W[AIVY])(?: \d{5})?(?: \([^()]{2,20}\))?"  # (8 mi)
)
_POSTAL = re.compile(  # 28195 Bremen, CH-8001 Zürich, 1055 AB Amsterdam (Noord), 00-950 Warszawa
    r"(?:[A-Z]{1,2}-\d{4,5}|\d{5}|\d{4}\s?[A-Z]{2}|\d{3}\s\d{2}|\d{2}-\d{3}|"
    r"\d{4}-\d{3})\s([^\W\d_][^\d,;:!?()]{2,40})(?:\([^()]{2,40}\))?"
)
_UNIT = re.compile(  # behind a number that is no postal code: 64210 Kilometer, 25000 AED, 30000 Aufrufe
    r"(?:(?i:km|kilom\w*|mi|miles|meilen|mls|kw|ps|hp|euros?|dirhams?|hours|heures|horas|\w*stunden|"
    r"views?|clicks?|visits|aufrufe|klicks|besucher|vues|visites|visitas|visite|visualiza\w*)\b|[A-Z]{2,3}$)"
)
_TEXTS = ("span", "div", "p", "li", "address", "h2", "h3", "h4", "strong", "b", "dd", "td", "a")
_ASKS = re.compile(  # of who reads, or the name of a part of the page
    r"(?i)(?<![^\W\d_])(?:your|ihre?|deine?|votre|su|tu|location|locations|standort|localisation|address|adresse|ubicación|"
    r"guide|map|karte|carte|mapa|show|zeigen|voir|ver|choose|select|search|near|pin it|save|saved|merken|gemerkt|"
    r"speichern|favou?rite|bookmark|guardar|enregistrer|opslaan|bewaren|zapisz|kaydet|сохранить)(?![^\W\d_])"
)
_MAP = re.compile(r"^https?://(?:www\.google\.[a-z.]+/maps|maps\.google\.|maps\.apple\.)")
_NOWHERE = re.compile(r"\s*(?:#|javascript:|$)")
_PIN = re.compile(r"(?<![a-z])(?:pin|map-?marker|location-?(?:pin|dot|icon)?|marker|standort|icon-ort)(?![a-z])")
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_LABEL = re.compile(r"(?i)[-_]label(?:\s|$)")  # of a value: Vehicle Location
_HEADS = re.compile(r"(?i)[-_](?:title|caption)(?:\s|$)")  # or the value itself: Kansas City
_PLACES = ("place", "city", "region")
_TOWNS = re.compile(r"(?:Agen|Salon[a-z]*)$")  # called as who sells in another language: Agen, Salonta
_MOST = 1_000  # elements of a card looked at
# A word of the name of a town in France.
_IN_TOWN = r"(?:[A-ZÀ-Ž][^\W\d_]*|[dl](?=['’])|à|au|aux|de|des|du|en|et|la|le|lès|les|près|sous|sur)"
_DEPARTMENT = re.compile(  # Nantes (44), L'Isle-sur-la-Sorgue (84); but Avis clients (24) is a count
    r"(?!.*\b(?i:photos?|images?|vid[ée]os?|avis|annonces?|messages?|commentaires?|favoris?|notes?|résultats?|véhicules?|"
    r"voitures?|biens?|questions?|vues?|offres?|produits?|tout|toute?s|voir|enchères?|filtres?|options?)\b)"
    rf"({_IN_TOWN}(?:[ '’-]{_IN_TOWN}){{0,6}})"
    r" \((0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])\)"
)
_SAID = ("title", "data-title", "data-original-title", "data-tooltip", "aria-label")  # where the text is a sign


def street_below(heading: Element) -> str:
    """The street with its number right below a heading that names its town, both in an element called a place;
    empty where there is none."""
    below, around = heading.getnext(), heading.getparent()
    if heading.tag not in _HEADINGS or below is None or around is None or len(around) != 2:
        return ""
    text = words(below) if _is_place_name(names(around)) and not re.search(r"\d", words(heading)) else ""
    return text if len(text) < 80 and re.search(r"[^\W\d_] \d{1,4} ?[A-Za-z]?$", text) else ""


def _in_lines(element: Element) -> str:
    """The text of a small element, with a comma where a line ends: "Nagoya<br>Aichi"."""
    lines = [words(line) for line in element if line.tag in ("p", "div", "li")]
    if len(lines) == 1 and street_below(element[0]):
        return words(element[0])
    lines = lines or [part for raw in element.itertext() if (part := raw.strip())] * (
        element.find("br") is not None
    )
    lines = [line for line in lines if re.search(r"[^\W\d_]", line)]  # no postal code
    if 0 < len(lines) < 3:
        return ", ".join(lines)
    others = {
        one
        for one in element.iterdescendants("span", "div")
        if not len(one)
        and (_is_label(one, text := words(one)) or (seller_kinds.alone(text) and not _TOWNS.match(text)))
    }
    return words(element, others) or words(element)


def _is_label(element: Element, text: str) -> bool:
    """Is an element called the label of a value, and its text one of a place: Vehicle Location?"""
    called = element.get("class", "")
    labelled = _PLACES if _LABEL.search(called) else ("place",) if _HEADS.search(called) else ()
    return bool(labelled) and role(text.rpartition(" ")[2])[0] in labelled


def _town(text: str) -> str:
    """The town behind a postal code where a text is both."""
    town = match[1].strip() if (match := _POSTAL.fullmatch(text)) else ""
    return town if town[:1].isupper() and not (_UNIT.match(town) or currency_of(town.split()[0])) else ""


@lru_cache(maxsize=20_000)
def _is_place_name(named: str) -> bool:
    return bool(_PLACE_NAME.search(named)) and "crumb" not in named  # crumbs-area


@lru_cache(maxsize=20_000)
def _is_pin(called: str) -> bool:
    return bool(_PIN.search(called))


def called_place(elements: Iterable[Element], title: str = "") -> tuple[str, str]:
    """(town, region) in the first element that is called a place, else beside a pin; empty where none is.

    `title` is the listing's. It may stand in a link called an address, and is no place where it names no region.
    """
    pins: list[Element] = []
    for element in elements:
        if not isinstance(element.tag, str):
            continue
        if len(pins) < 5 and (icon := _icon(element)) and _is_pin(icon):
            pins.append(element)
        if not (_is_place_name(names(element)) or (element.tag == "a" and _MAP.search(element.get("href", "")))):
            continue
        text = words(element)
        if _is_label(element, text):
            continue
        if title and element.tag == "a" and text == title and not places.named(text)[1]:
            continue
        if 2 < len(text) < 80 and places.is_place((found := places.named(_in_lines(element)))[0]):
            return found
        if len(text) < 4:
            for said in filter(None, map(element.get, _SAID)):
                if places.is_place((found := places.named(said))[0]):
                    return found
    return next((found for pin in pins if (found := _beside_pin(pin))[0]), ("", ""))


def _icon(element: Element) -> str:
    """What an empty element, which may be an icon, is called; an icon of a font by its text."""
    if len(element) > 2 or element.find("input") is not None or element.tag in ("a", "div", "ul", "li", "button"):
        return ""
    text = (element.text or "").strip()
    if text and not is_icon(element):
        return ""
    text = "pin" if text in ("place", "room") else text  # as the font of Material calls it
    written = (element.get(name, "") for name in ("src", "xlink:href", "href", "icon", "data-icon", "name"))
    return " ".join([names(element), *written, text])[:300].lower()


def _beside_pin(icon: Element) -> tuple[str, str]:
    """(town, region) of the text beside a pin; empty where it is none."""
    for parent in islice(icon.iterancestors(), 3):
        if parent.tag == "button" or (parent.tag == "a" and _NOWHERE.match(parent.get("href", ""))):
            return "", ""  # it does something to the page
        if text := words(parent):
            found = places.named(text)
            fits = len(text) < 80 and places.is_place(found[0]) and not _ASKS.search(text)
            return found if fits and found[0][0].isalpha() and not found[0][0].islower() else ("", "")
    return "", ""


def of_page(elements: Iterable[Element]) -> tuple[str, str]:
    """(town, region) that the page of a listing shows in an element called a place; empty where it shows none."""
    said = (one for one in elements if one.tag in _TEXTS and not _ASKS.search(words(one)[:100]))
    city, region = called_place(said)
    first = next(filter(str.isalpha, city), "")
    return (city, region) if city and not (first.islower() and "." not in city) else ("", "")


def in_full(elements: Iterable[Element]) -> tuple[str, str]:
    """(town, region) of the first element whose text tells by itself that it is a place; empty where none does."""
    texts = (own_text(one) for one in elements if one.tag in _TEXTS)
    fits = (text for text in texts if 3 < len(text) < 80 and "," in text and places.is_place(text))
    return next(
        (places.named(text) for text in fits if places.is_address(text) or places.ends_with_region(text)), ("", "")
    )


def _alone(element: Element) -> str:
    """The text of an element that holds no other but an image before it, such as a flag."""
    inner = [child for child in element if isinstance(child.tag, str)]
    flagged = len(inner) == 1 and inner[0].tag in ("img", "i", "svg") and not words(inner[0])
    return words(element) if flagged else own_text(element)


def _of_seller(text: str) -> str:
    """The town behind a seller of a sure kind: Private seller, Ulm; but "Pro, Silver" is a phone."""
    seller, _, town = text.partition(", ")
    fits = town[:1].isupper() and "," not in town and not re.search(r"\d", town) and places.is_place(town)
    return town if fits and card_sellers.sure_of(seller) else ""


def _of_lines(element: Element) -> tuple[str, str]:
    """(town, region) of Korea in an element of two or three lines, 서울<br>강남구; the region alone beside who
    sells, 개인<br>부산."""
    if not 0 < len(element) < 3 or any(one.tag != "br" for one in element):
        return "", ""
    lines = [part for raw in element.itertext() if (part := raw.strip())]
    if (found := places.of_asia(" ".join(lines)))[0]:
        return found
    region = next((line for line in lines if places.of_asia(line) == ("", line)), "")
    return "", region if any(map(card_sellers.sure_of, lines)) else ""


def _of_department(card: Element, title: str) -> tuple[str, str]:
    """(town, number of its département) of the only such part of a card, Nantes (44), on a page in French.

    In the title it is no town: Renault Clio (05).
    """
    if not card.getroottree().getroot().get("lang", "").lower().startswith("fr"):
        return "", ""
    texts = (raw for raw in islice(card.itertext(), _MOST) if 5 < len(raw) < 200)
    parts = (part.strip() for raw in texts for part in re.split(r"[•·|]", raw))
    found = {
        (match[1], match[2]) for part in parts if part not in title and (match := _DEPARTMENT.fullmatch(part))
    }
    return found.pop() if len(found) == 1 else ("", "")


def place_of(card: Element, title: str = "") -> tuple[str, str]:
    """(town, region) that a card shows, beside the `title` of its listing; empty where it shows none."""
    if (found := called_place(islice(card.iter(), _MOST), title))[0] or (found := _of_department(card, title))[0]:
        return found
    for element in islice(card.iter(), _MOST):
        text = _alone(element) if isinstance(element.tag, str) else ""
        if not text and any(found := _of_lines(element)):
            return found
        if not 2 < len(text) < 80:
            continue
        if text[0].isupper() and _PLACE.fullmatch(text):
            return places.named(text)
        if (found := places.of_asia(text))[0]:
            return found
        if town := _of_seller(text):
            return town, ""
        if text.count(",") in (1, 2) and places.is_region(text) and places.is_place(text):
            return places.named(text)
        if "," in text and places.is_address(text) and places.is_place(text):
            return places.named(text)
    parts = (part.strip() for raw in card.itertext() if len(raw) < 400 for part in re.split(r"[•·∙|,]", raw))
    return next((town for part in parts if 3 < len(part) < 90 and (town := _town(part))), ""), ""
