"""The fields of a listing out of the card that an index page shows of it."""

import re
from collections.abc import Mapping
from itertools import islice

from curate.fetch.sources import (
    card_labels,
    card_places,
    card_prices,
    card_sellers,
    dates,
    photo_variants,
    places,
    values,
)
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.json_listings import Candidate
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import PRICE, PRICE_NAME, of_the_country
from curate.fetch.sources.page import Element, names, words
from curate.fetch.sources.page_images import Image

_TITLE_NAME = re.compile(
    r"title|titel|titre|titul|name|heading(?!-font)|headline|subject|caption|model|"
    r"(?<![a-z])(?:naziv|nazev|naslov|nazwa|tytul|otsikko|rubrik|overskrift)(?![a-z])"
)
_TITLE_FIRST = re.compile(
    r"title|titel|titre|titul|headline|subject|(?<![a-z])(?:naziv|nazev|naslov|tytul)(?![a-z])"
)  # before captions, names and models
_MODEL_NAME = re.compile(r"(?<![a-z])model(?:-label|__?label)?$")
_BEFORE_MODEL = re.compile(r"(?<![a-z])(?:year|make|brand|manufacturer|marca|marque|marke)(?![a-z])")
_SUBTITLE = re.compile(r"sub-?_?(?:title|titel|titulo|titre|heading|headline)")
_TITLE_BOX = re.compile(r"title[-_]{0,2}(?:container|wrap(?:per)?|box|block|row|area|section)")
_TITLE_ALONE = re.compile(r"(?:^|[-_])title$")
_NO_TITLE_NAME = re.compile(r"badge|ribbon|(?<![a-z])sticker|flag")
_SELLER_NAME = re.compile(r"seller|dealer|vendor|user|owner|author|agen|broker|shop|store|compan|brand")
_DATE_NAME = re.compile(r"(?<![a-z])(?:date|datum|fecha|posted|published|listed|created|added)(?![a-z])")
_BULLET = re.compile(r"[•·∙|／]")  # between facts: EZ 07/2013 • 134.501 km
_NO_PART_OF_A_TITLE = re.compile(  # a badge, or what only a screen reader says: "opens in a new window"
    r"badge|ribbon|new-?listing|(?<![\w-])labels?(?![\w-])|(?<![\w-])(?:clipped|sr-only|visually-?hidden|screen-?reader|a11y)(?![a-z])"
)
_YEAR = re.compile(
    r"(?i)(?:EZ|BJ|Bj\.|Baujahr|Erstzulassung|1\. ?Inv\.|Inverkehrsetzung|model year|reg\.|registered|"
    r"built|année|año|anno|ano|"
    r"rok|rok produkcji|årsmodell|årgang|vuosimalli|bouwjaar|год|год выпуска|"
    r"年式)[:.]?\s{0,2}(?:\d{1,2}[./-]){0,2}((?:19|20)\d\d)(?!\d)"
)
_YEAR_OF_KOREA = re.compile(r"(?<!\d)(\d\d)년형")
_UNTIL = re.compile(  # a day to come: COE till 08/2031
    r"(?i)(?<![^\W\d_])(?:till|until|valid|expir\w+|bis|fino al?|"
    r"jusqu'(?:en|au)?|hasta|até|tot|do|до)\s(?:\d{1,2}[./-]){0,2}20\d\d"
)
_ASK = (
    r"(?:more|see|view|show|all|weitere|mehr|alle|zu den|ver|más|mais|voir|plus de|tous les|leggi|vedi|"
    r"tutti i|meer|fler|flere|se|lisää|więcej|zobacz|více|viac|još|daha fazla|повече|виж|больше|все|більше)"
)
_CALL = re.compile(  # what a link asks the reader to do: More details and 14 photos; but an InFocus IN112 is goods
    rf"(?i)(?:{_ASK}\s?info\w*|info\w*\W{{0,3}}$)|{_ASK}?\s?"
    r"(?:details?|detaljer|dettagli|detalles|detalhes|détails|szczegół\w*|podrobn\w*|detaily|ayrıntı\w*|"
    r"детайли|подробн\w*|детальніше|詳細\w*|详情|상세)(?![^\W\d_]).{0,40}"
)


def _shown(element: Element) -> str:
    """The text of an element without its badges and what only a screen reader says; all where that is all."""
    inner = element.iterdescendants("span", "div", "small")
    apart = {one for one in inner if _NO_PART_OF_A_TITLE.search(one.get("class", "").lower())}
    return (words(element, apart) if apart else "") or words(element)


def _heading(card: Element) -> Element | None:
    """The heading of a card that is its title: those called a title first, then the highest; those of three
    letters and of a sum with a few words last. None where there is none."""
    ranked = []
    for element in islice(card.iter("h1", "h2", "h3", "h4", "h5", "h6"), 20):
        named, text = names(element), _shown(element)
        titled = bool(_TITLE_FIRST.search(named))
        if len(text) < 3 or PRICE.fullmatch(text) or (PRICE_NAME.search(named) and not titled):
            continue  # POA
        sum_of = PRICE.search(text)
        priced = sum_of is not None and len(text) - len(sum_of[0]) < 12  # 9.900 € VB
        subtitle = bool(_SUBTITLE.search(named))
        ranked.append(((subtitle, len(text) < 4, priced, not titled, element.tag), element))
    return min(ranked, key=lambda one: one[0], default=(None, None))[1]


def _title(card: Element, url_links: list[Element], images: list[Image]) -> str:
    best = ""
    if (heading := _heading(card)) is not None:
        return card_places.street_below(heading) or _shown(heading)[:300]  # a home by its address
    for pattern in (_TITLE_FIRST, _TITLE_NAME):
        for element in card.iter():
            if (
                isinstance(element.tag, str)
                and element.tag not in ("img", "script")
                and pattern.search(named := names(element))
                and not _SELLER_NAME.search(named)
                and not _NO_TITLE_NAME.search(named)
                and not (_TITLE_BOX.search(named) and any(map(_is_title, element.iterdescendants())))
            ):
                links = (link for link in element.iter("a") if link is not element and link in url_links)
                text = next((said for link in links if len(said := _shown(link)) > 3), "") or _shown(element)
                if _MODEL_NAME.search(named) and element.getparent() in url_links:
                    text = _with_make(element, text)
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
        asks = _CALL.match(text) or (places.is_address(text) and best)
        if not asks and len(best) < len(text) < 160 and re.search(r"[^\W\d]{2}", text):
            best = text
    return (best or spoken(card, url_links, images))[:300]


def _is_title(element: Element) -> bool:
    """Has an element a class that ends with title, and is it no subtitle?"""
    classes = element.get("class", "").lower().split() if isinstance(element.tag, str) else []
    return any(_TITLE_ALONE.search(name) and not _SUBTITLE.search(name) for name in classes)


def _with_make(model: Element, text: str) -> str:
    """The text of a model, with the year and the make where nothing else stands before it in its link."""
    before = [one for one in model.itersiblings(preceding=True) if isinstance(one.tag, str)]
    link = model.getparent()
    if (
        not before
        or link is None
        or (link.text or "").strip()
        or not all(_BEFORE_MODEL.search(names(one)) for one in before)
    ):
        return text
    whole = _shown(link)
    return whole if whole.endswith(text) else text


def _once(title: str) -> str:
    """A title that a card has twice, once for screen readers, as it is."""
    said = title.split()
    half = len(said) // 2
    return " ".join(said[:half]) if half > 1 and said[:half] == said[half:] else title


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


# A day, month and year tell when an advert was put in, if nothing else does; a year by itself tells when a car was
# built.
_WHOLE_DATE = re.compile(
    r"(?<!\d)\d{1,2}\. ?\d{1,2}\. ?(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}([-/])\d{1,2}\1(?:19|20)\d\d(?!\d)"
)


def _labelled_year(parts: list[str]) -> int | None:
    """The year of a short text that says it is the year of what is sold: EZ 11/2009, 15년형."""
    if found := next((int(match[1]) for part in parts if (match := _YEAR.match(part))), None):
        return found
    short = next((int(match[1]) for part in parts if (match := _YEAR_OF_KOREA.search(part))), None)
    return short if short is None else short + (2000 if short < 40 else 1900)


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
    title = _once(_title(card, links, images))
    titled = values.year(_UNTIL.sub("", title))
    amount, currency = card_prices.price(card, text)
    currency = card_prices.code_beside(card, amount, currency)
    labelled = card_labels.fields_of(card)
    if (whole := f"{labelled.get('make', '')} {title}") in (image.alt for image in images):
        title = whole  # the make stands before it, in an element of its own
    city, region = labelled.get("city", ""), labelled.get("region", "")
    if not city:
        city, other = card_places.place_of(card, title)
        city, region = (city, region or other) if city != region or not city else ("", region)
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
        if (year := values.year(_WHOLE_DATE.sub("", _UNTIL.sub("", part))))
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
        year=_labelled_year(short) or titled or values.year(labelled.get("year")) or next(years, None),
        make=labelled.get("make", ""), model=labelled.get("model", ""),
        seller=labelled.get("seller") or card_sellers.seller_of(card),
        price=amount, photos=photos, currency=of_the_country(currency, url, text), posted=posted,
    )  # fmt: skip
    return Candidate(listing, "HTML", "", tuple(ids), card=card)
