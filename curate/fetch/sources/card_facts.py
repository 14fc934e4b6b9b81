"""The fields of a listing out of the card that an index page shows of it."""

import re
from collections.abc import Mapping
from itertools import islice

from curate.fetch.sources import card_labels, card_places, card_sellers, dates, photo_variants, values
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.json_listings import Candidate
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import (
    OTHER_LABEL,
    OTHER_SUM,
    PRICE,
    PRICE_NAME,
    money,
    of_the_country,
)
from curate.fetch.sources.page import Element, names, own_text, words
from curate.fetch.sources.page_images import Image

_TITLE_NAME = re.compile(r"title|titel|titre|titul|name|heading(?!-font)|headline|subject|caption|model")
_TITLE_FIRST = re.compile(r"title|titel|titre|titul|headline|subject")  # before captions, names and models
_NO_TITLE_NAME = re.compile(r"badge|ribbon|(?<![a-z])sticker|flag")
_CENTS_NAME = re.compile(
    r"(?:(?<![a-z])|(?<=price)|(?<=amount))cents?(?![a-z])|centavos|centimes|decimal|fraction"
)
_SELLER_NAME = re.compile(r"seller|dealer|vendor|user|owner|author|agen|broker|shop|store|compan|brand")
_OTHER_PRICE = re.compile(
    r"(?<![a-z])(?:old|was|before|crossed|former|previous|regular-?price|rrp|uvp|msrp|emi)(?![a-z])|strike|"
    r"line-through|price[-_]{1,2}(?:item[-_]{1,2})?regular|compare-?at|price-?(?:drop|cut|down)|"
    r"monthly|per-?month|installment|finance"
)
_NOW_PRICE = re.compile(r"(?<![a-z])(?:sale|special|final|current|actual|now|promo|discount)(?:ed)?[-_]?price")
_MONTHLY = re.compile(
    r"\s{0,3}(?:[/.]|per|al|par|pro|por|na|a)?\s{0,3}(?:mo(?:nth|nat|is)?|mes|mês|mese|mies|mnd|mtl|maand|"
    r"ay)(?![a-z])",
    re.IGNORECASE,
)
_FINANCED = re.compile(  # a rate, no rent: from £99 per month
    r"(?i)(?<![^\W\d_])(?:from|ab|dès|à partir|desde|da|vanaf|od|от|fra|från|leas\w*|rate|finan\w+|kredit|credit|"
    r"loan|emi)"
    r"(?![^\W\d_])"
)
_BARE_AMOUNT = re.compile(  # 9,900 and a word or two, no 33,743 km
    r"(?i)(?!.*\d\s?(?:km|mi|miles|mls|hp|kw|ps|cc|cm|m2|m²|sq|ft|h|万km)(?![a-z]))\D{0,15}\d[\d.,'’\s]*\D{0,15}"
)
_DATE_NAME = re.compile(r"(?<![a-z])(?:date|datum|fecha|posted|published|listed|created|added)(?![a-z])")
_BULLET = re.compile(r"[•·∙|]")  # between facts: EZ 07/2013 • 134.501 km
_NO_PART_OF_A_TITLE = re.compile(  # a badge, or what only a screen reader says: "opens in a new window"
    r"badge|ribbon|new-?listing|(?<![\w-])(?:clipped|sr-only|visually-?hidden|screen-?reader|a11y)(?![a-z])"
)
_YEAR = re.compile(
    r"(?i)(?:EZ|BJ|Bj\.|Baujahr|Erstzulassung|1\. ?Inv\.|Inverkehrsetzung|model year|reg\.|registered|"
    r"built|année|año|anno|ano|"
    r"rok|rok produkcji|årsmodell|årgang|vuosimalli|bouwjaar|год|год выпуска|"
    r"年式)[:.]?\s{0,2}(?:\d{1,2}[./-]){0,2}((?:19|20)\d\d)(?!\d)"
)
_TAXES = (0.19, 0.2, 0.21, 0.22, 0.23, 0.24, 0.25)  # what most countries add to a net sum


def _shown(element: Element) -> str:
    """The text of an element without its badges and what only a screen reader says; all where that is all."""
    inner = element.iterdescendants("span", "div", "small")
    apart = {one for one in inner if _NO_PART_OF_A_TITLE.search(one.get("class", "").lower())}
    return (words(element, apart) if apart else "") or words(element)


def _title(card: Element, url_links: list[Element], images: list[Image]) -> str:
    best = ""
    for element in card.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        if len(text := _shown(element)) > 3:
            return text[:300]
    for pattern in (_TITLE_FIRST, _TITLE_NAME):
        for element in card.iter():
            if (
                isinstance(element.tag, str)
                and element.tag not in ("img", "script")
                and pattern.search(named := names(element))
                and not _SELLER_NAME.search(named)
                and not _NO_TITLE_NAME.search(named)
            ):
                links = (link for link in element.iter("a") if link is not element and link in url_links)
                text = next((said for link in links if len(said := _shown(link)) > 3), "") or _shown(element)
                if 3 < len(text) < 200 and not PRICE.fullmatch(text):
                    return text
    given = {text for text in map(str.strip, _names_given(url_links, images)) if len(text) > 3}
    if given and (printed := next((part for raw in card.itertext() if (part := raw.strip()) in given), "")):
        return printed[:300]
    for element in url_links:
        text = words(element)
        if PRICE.search(text):  # the whole card is a link: its title is the first text that is no price
            parts = (part for raw in element.itertext() if len(part := raw.strip()) > 3)
            text = next((part for part in parts if not PRICE.search(part)), "")
        if len(best) < len(text) < 160 and re.search(r"[^\W\d]{2}", text):
            best = text
    return (best or spoken(card, url_links, images))[:300]


def spoken(card: Element, url_links: list[Element], images: list[Image]) -> str:
    """What a card says of its listing where no text is called its title: the names of its links and images, else
    what it prints in bold."""
    texts = _names_given(url_links, images)
    texts += [text for element in card.iter("b", "strong") if not PRICE.fullmatch(text := words(element)[:160])]
    return next((text for text in texts if len(text) > 3), "")[:300]


def _names_given(url_links: list[Element], images: list[Image]) -> list[str]:
    """What links and images are called where it is not printed."""
    titles = [element.get("title") or element.get("aria-label") or "" for element in url_links]
    return titles + [image.alt for image in images]


def amounts(element: Element, most: int) -> str:
    """The text of an element, an amount whose parts stand in elements of their own put together: 323 | .9 万円,
    R$ | 215 | , | 90, and 285 | 99 or 285, | 99 where the second is called cents or stands above the line. What
    follows a comma and a space is no part of it: € 9,900, 12 months."""
    text = re.sub(r"(?<=\d) ([.,])(?: (?=\d\d(?!\S))|(?=\d{1,2}(?![\d.,])))", r"\1", words(element)[:most])
    if re.search(r"\d[.,]? \d\d(?!\S)", text):
        for part in element.iterdescendants("sup", "span", "small"):
            cents = own_text(part)
            if re.fullmatch(r"\d\d", cents) and (part.tag == "sup" or _CENTS_NAME.search(names(part))):
                return re.sub(rf"(?<=\d)[.,]? {cents}(?!\S)", f".{cents}", text, count=1)
    return text


def price_alone(element: Element) -> tuple[float | None, str] | None:
    """The price that is all the text of a small element; None where it says anything else."""
    if not isinstance(element.tag, str) or len(element) > 4 or element.tag in ("script", "style"):
        return None
    text = amounts(element, 61)
    label, colon, rest = text.partition(":")
    if colon and len(label) < 25 and PRICE_NAME.search(label.lower()):
        text = rest.strip()  # Preis: 9.900 €
    return money(text) if len(text) < 41 and PRICE.fullmatch(text) else None


def lower_beside(element: Element, found: tuple[float | None, str]) -> tuple[float | None, str]:
    """The price that is asked where an element that is one stands beside another that is one: the lower, unless it
    is a rate, a net sum or another currency."""
    amount, currency = found
    for other in islice(element.itersiblings(), 2):
        beside = price_alone(other)
        if not (amount and beside and beside[0] and beside[1] == currency):
            continue
        net = any(abs(beside[0] * (1 + rate) - amount) < 1 for rate in _TAXES)
        if 0.3 * amount < beside[0] < amount and not (net or is_other_sum(other) or _is_other(other)):
            return beside
    return found


def is_other_sum(element: Element) -> bool:
    """Is a sum called a deposit, a fee or the like, by itself or by the label before it?"""
    before = element.getprevious()
    label = "" if before is None or not isinstance(before.tag, str) else words(before)
    said = words(element)[:80]
    alone = len(PRICE.findall(said)) == 1 and OTHER_SUM.search(said)
    return bool(alone) or (len(label) < 40 and bool(OTHER_LABEL.search(label)))


def _asked(elements: list[Element], card: Element) -> list[Element]:
    """The elements of a card that may say the price that is asked: no price of before, no monthly rate, and not
    both."""
    left_out: set[Element] = set()
    for element in elements:
        if _is_other(element):
            left_out.update(element.iter())
            while element is not card and element is not None:
                element = element.getparent()
                left_out.add(element)
    return [element for element in elements if element not in left_out]


def _is_other(element: Element) -> bool:
    if not isinstance(element.tag, str):
        return False
    return element.tag in ("s", "del", "strike") or bool(_OTHER_PRICE.search(names(element)))


def _price(card: Element, text: str) -> tuple[float | None, str]:
    elements = [element for element in card.iter() if isinstance(element.tag, str)]
    asked = _asked(elements, card)
    now = [one for one in asked if _NOW_PRICE.search(names(one)) and len(PRICE.findall(words(one)[:200])) == 1]
    for some in (now, asked, elements):
        bare: tuple[float | None, str] = (None, "")
        for element in some:
            if element.tag not in ("script", "img") and PRICE_NAME.search(names(element)):
                inner = element.get("content") or amounts(element, 80)
                match = PRICE.search(inner)
                if match and not _MONTHLY.match(inner, match.end()):
                    amount, currency = money(match[0])
                    if amount is not None:
                        return amount, currency
                elif not match and bare[0] is None and _BARE_AMOUNT.fullmatch(inner):
                    bare = money(inner)
        for element in some:
            if (found := price_alone(element)) and found[0] is not None and not is_other_sum(element):
                return lower_beside(element, found)
        if bare[0] is not None:
            return bare
    texts = [part for raw in card.itertext() if 1 < len(part := raw.strip()) < 80]
    for part in [*texts[:200], text[:3_000]]:
        match = PRICE.search(part)
        if match and not _MONTHLY.match(part, match.end()):
            amount, currency = money(match[0])
            if amount is not None:
                return amount, currency
    return _rent(asked)


def _rent(asked: list[Element]) -> tuple[float | None, str]:
    """The price a month of a card that has no other: € 1.950 per maand, of an element called a price."""
    for element in asked:
        if element.tag in ("script", "img") or not PRICE_NAME.search(names(element)):
            continue
        said = words(element)[:80]
        match = PRICE.search(said)
        if match and _MONTHLY.match(said, match.end()) and not _FINANCED.search(said):
            return money(match[0])
    return None, ""


# A day, month and year tell when an advert was put in, if nothing else does; a year by itself tells when a car was
# built.
_WHOLE_DATE = re.compile(
    r"(?<!\d)\d{1,2}\. ?\d{1,2}\. ?(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}([-/])\d{1,2}\1(?:19|20)\d\d(?!\d)"
)


def _labelled_year(parts: list[str]) -> int | None:
    """The year of a short text that says it is the year of what is sold: EZ 11/2009."""
    return next((int(match[1]) for part in parts if (match := _YEAR.match(part))), None)


def _day(text: str) -> str:
    """The day that a text is, or says that an advert was put in on."""
    return dates.posted_in(text)[:10] or dates.alone(text)[:10]


def candidate(
    url: str, card: Element, links: list[Element], images: list[Image], sizes: Mapping[str, int]
) -> Candidate:
    """What a card says of the listing at an address: `links` are the card's links to it, `images` its own, `sizes`
    what the page tells of theirs."""
    text = words(card)[:4_000]
    parts = (part.strip() for raw in card.itertext() if len(raw) < 400 for part in _BULLET.split(raw))
    short = [part for part in islice(parts, 200) if 3 < len(part) < 50]
    title = _title(card, links, images)
    amount, currency = _price(card, text)
    labelled = card_labels.fields_of(card)
    city, region = labelled.get("city", ""), labelled.get("region", "")
    if not city:
        city, other = card_places.place_of(card)
        city, region = (city, region or other) if city != region else ("", region)
    posted = ""
    for element in card.iter():
        if not isinstance(element.tag, str):
            continue
        if not posted and element.tag == "time":
            posted = dates.moment(element.get("datetime") or words(element))
        if not posted and _DATE_NAME.search(names(element)):
            posted = dates.alone(words(element)[:40])
    posted = posted or dates.posted_in(text)
    years = (
        year
        for part in short
        if (year := values.year(_WHOLE_DATE.sub("", part)))
        and not dates.alone(part)
        and not (posted and _day(part) == posted[:10])
    )
    ids = [
        value
        for element in (card, *links)
        for name, value in element.attrib.items()
        if str(name).startswith("data-")
        and re.fullmatch(r"[A-Za-z-]{0,12}\d{4,20}|[0-9a-f-]{20,40}", value)
        and value in url
    ]
    photos = tuple(of_variants(urls) for urls in photo_variants.together((image.urls for image in images), sizes))
    listing = Listing(
        listing_id=ids[0] if ids else "", page_url=url, title=title, region=region, city=city,
        year=_labelled_year(short) or values.year(title) or values.year(labelled.get("year")) or next(years, None),
        make=labelled.get("make", ""), model=labelled.get("model", ""),
        seller=labelled.get("seller") or card_sellers.seller_of(card),
        price=amount, photos=photos, currency=of_the_country(currency, url, text), posted=posted,
    )  # fmt: skip
    return Candidate(listing, "HTML", "", tuple(ids))
