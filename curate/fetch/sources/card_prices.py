"""The price that a card shows: which of its sums is asked, and not one of before, a rate, a deposit."""

import re
from itertools import islice

from curate.fetch.sources.money import OTHER_LABEL, OTHER_SUM, PRICE, PRICE_NAME, SIGNS_OF_MANY, is_code, money
from curate.fetch.sources.page import Element, names, words

_CENTS_NAME = re.compile(
    r"(?:(?<![a-z])|(?<=price)|(?<=amount))cents?(?![a-z])|centavos|centimes|decimal|fraction"
)
_OTHER_PRICE = re.compile(
    r"(?<![a-z])(?:old|was|before|crossed|former|previous|regular-?price|rrp|uvp|msrp|emi)(?![a-z])|strike|"
    r"line-through|price[-_]{1,2}(?:item[-_]{1,2})?regular|compare-?at|price-?(?:drop|cut|down)|"
    r"monthly|per-?month|installment|finance|(?<![a-z])estimate|star[ae]-?c(?:ij)?ena|alter-?preis|ancien-?prix|"
    r"precio-?ant|preco-?ant|oude-?prijs|gammel-?pris"
)
_ORIGINAL = re.compile(r"(?<![a-z])original-?(?:[a-z]+-)?price")  # of before, where a lower one is called a price
_OTHER_SUM_NAME = re.compile(r"shipping|delivery|postage|deposit|(?<![a-z])(?:fee|tax|vat)(?![a-z])")
_NOW_PRICE = re.compile(r"(?<![a-z])(?:sale|special|final|current|actual|now|promo|discount)(?:ed)?[-_]?price")
_MONTHLY = re.compile(
    r"\s{0,3}(?:[/.]|per|al|par|pro|por|na|a)?\s{0,3}(?:mo(?:nth|nat|is)?|mes|mês|mese|mies|mnd|mtl|maand|"
    r"ay)(?![a-z])",
    re.IGNORECASE,
)
_BY_AREA = re.compile(r"\s?/\s?(?:[mм](?:²|2| [²2](?!\s?[^\W\d_]))|㎡|平|坪|qm|sq|кв)", re.IGNORECASE)
_FINANCED = re.compile(  # a rate, no rent: from £99 per month
    r"(?i)(?<![^\W\d_])(?:from|ab|dès|à partir|desde|da|vanaf|od|от|fra|från|leas\w*|rate|finan\w+|kredit|credit|"
    r"loan|emi)"
    r"(?![^\W\d_])"
)
_BARE_AMOUNT = re.compile(  # 900 and a word or two on one side, 9,900 on both, no 33,743 km
    r"(?i)(?!.*\d\s?(?:km|mi|miles|mls|hp|kw|ps|cc|cm|m2|m²|sq|ft|h|万km)(?![a-z]))"
    r"(?:\D{0,15}\d[\d.,'’\s]*\W{0,15}|\W{0,15}\d[\d.,'’\s]*\D{0,15}|"
    r"\D{0,15}\d{1,3}(?:[.,'’\s]\d{3})+(?:[.,]\d\d)?\D{0,15})"
)
_KM = re.compile(r"\d[\d.,'’]*\s?KM(?![^\W\d_])")  # marks of Bosnia, or kilometres
_CURRENCY_NAME = re.compile(r"(?<!base-)(?<!from-)(?<!to-)(?<!default-)currency$")  # of a sum, not of a converter
_TAXES = (0.19, 0.2, 0.21, 0.22, 0.23, 0.24, 0.25)  # what most countries add to a net sum


def amounts(element: Element, most: int) -> str:
    """The text of an element, an amount whose parts stand in elements of their own put together: 323 | .9 万円,
    R$ | 215 | , | 90, and 285 | 99 or 285, | 99 where the second is called cents or stands above the line. What
    follows a comma and a space is no part of it: € 9,900, 12 months."""
    text = re.sub(r"(?<=\d) ([.,])(?: (?=\d\d(?!\S))|(?=\d{1,2}(?![\d.,])))", r"\1", _lines(element, most))
    if re.search(r"\d[.,]? \d\d(?!\S)", text):
        for part in element.iterdescendants("sup", "span", "small"):
            match = re.fullmatch(r"[.,]?\s?(\d\d)", words(part)[:6])  # <sup><small>,</small>99</sup>
            cents = match[1] if match else ""
            if cents and (part.tag == "sup" or _CENTS_NAME.search(names(part))):
                mark = "," if re.search(rf"\d\.\d{{3}},? {cents}(?!\S)", text) else "."  # 1.999 | 00
                return re.sub(rf"(?<=\d)[.,]? {cents}(?!\S)", f"{mark}{cents}", text, count=1)
    return text


def _lines(element: Element, most: int) -> str:
    """The beginning of the text of an element, with a bar where a line ends between two numbers:
    $ 6 200<br>545 513 сом."""
    text = words(element)[:most]
    for line in islice(element.iter("br"), 5) if re.search(r"\d", text) else ():
        if (below := " ".join((line.tail or "").split())) and below[0].isdigit():
            text = re.sub(rf"(?<=\d) (?={re.escape(below)}(?!\S))", " | ", text, count=1)
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
        if _is_lower(beside[0], amount) and not (net or is_other_sum(other) or _is_other(other)):
            return beside
    return found


def _is_lower(amount: float, other: float) -> bool:
    """Is an amount a lower price for the same, and no rate or deposit?"""
    return 0.3 * other < amount < other


def is_other_sum(element: Element) -> bool:
    """Is a sum called a deposit, a fee or the like, by itself or by the label before it?"""
    before = element.getprevious()
    label = "" if before is None or not isinstance(before.tag, str) else words(before)
    said = words(element)[:80]
    alone = len(PRICE.findall(said)) == 1 and OTHER_SUM.search(said)
    return bool(alone) or (len(label) < 40 and bool(OTHER_LABEL.search(label)))


def is_rate(text: str, end: int) -> bool:
    """Is the sum that ends there in a text one for a month, or for an area?"""
    return bool(_MONTHLY.match(text, end) or _BY_AREA.match(text, end))


def _asked(elements: list[Element], card: Element) -> list[Element]:
    """The elements of a card that may say the price that is asked: no price of before, no monthly rate, and not
    both."""
    left_out: set[Element] = set()
    former = _former(elements)
    for element in elements:
        if _is_other(element) or element in former:
            left_out.update(element.iter())
            while element is not card and element is not None:
                element = element.getparent()
                left_out.add(element)
    return [element for element in elements if element not in left_out]


def _former(elements: list[Element]) -> list[Element]:
    """The elements that are called an original price, where another one that is called a price says a lower one:
    alone it is the price, and beside a sum in another currency it is the one asked."""
    originals = [one for one in elements if _ORIGINAL.search(names(one))]
    if not originals:
        return []
    named = [one for one in elements if PRICE_NAME.search(names(one)) and not _OTHER_SUM_NAME.search(names(one))]
    sums = [_first_sum(one) for one in named]
    return [
        one
        for one in originals
        if (before := _first_sum(one))[0]
        and any(said and unit == before[1] and _is_lower(said, before[0]) for said, unit in sums)
    ]


def _first_sum(element: Element) -> tuple[float | None, str]:
    """(amount, currency) of the first price in an element; (None, "") without one."""
    match = PRICE.search(amounts(element, 80))
    return money(match[0]) if match else (None, "")


def _is_other(element: Element) -> bool:
    if not isinstance(element.tag, str):
        return False
    return element.tag in ("s", "del", "strike") or bool(_OTHER_PRICE.search(names(element)))


def price(card: Element, text: str) -> tuple[float | None, str]:
    """(amount, currency) of the price that a card, of which `text` is the beginning, asks; (None, "") without
    one."""
    elements = [element for element in card.iter() if isinstance(element.tag, str)]
    asked = _asked(elements, card)
    now = [one for one in asked if _NOW_PRICE.search(names(one)) and len(PRICE.findall(words(one)[:200])) == 1]
    other = PRICE.search(_KM.sub(" ", text[:3_000]))
    for some in (now, asked, elements):
        bare: tuple[float | None, str] = (None, "")
        for element in some:
            if element.tag not in ("script", "img") and PRICE_NAME.search(names(element)):
                inner = element.get("content") or amounts(element, 80)
                match = PRICE.search(inner)
                if match and not is_rate(inner, match.end()):
                    amount, currency = money(match[0])
                    if amount is not None:
                        return amount, currency
                elif not match and bare[0] is None and _BARE_AMOUNT.fullmatch(inner):
                    bare = money(inner)
        for element in some:
            found = price_alone(element)
            if found and (other or bare[0] is not None) and _KM.search(words(element)):
                continue  # kilometres
            if found and found[0] is not None and not is_other_sum(element):
                return lower_beside(element, found)
        if bare[0] is not None:
            return bare
    texts = [part for raw in card.itertext() if 1 < len(part := raw.strip()) < 80]
    for part in [*texts[:200], text[:3_000]]:
        match = PRICE.search(part)
        if match and not is_rate(part, match.end()) and not (other and _KM.search(match[0])):
            amount, currency = money(match[0])
            if amount is not None:
                return amount, currency
    return _rent(asked)


def code_beside(card: Element, amount: float | None, currency: str) -> str:
    """The currency of an amount by the code that attributes of a card name beside it, data-price="90"
    data-currency="USD". A sign of one currency alone, such as €, counts more than a code."""
    unsure = amount is not None and (not currency or currency == "PAB" or currency in SIGNS_OF_MANY)
    for element in islice(card.iter(), 1_000) if unsure else ():
        said = {str(name).lower(): value for name, value in element.attrib.items() if len(value) < 20}
        codes = {value for name, value in said.items() if _CURRENCY_NAME.search(name) and is_code(value)}
        sums = (value for name, value in said.items() if name.endswith("price"))
        if len(codes) == 1 and any(money(value)[0] == amount for value in sums):
            return str(codes.pop())
    return currency


def _rent(asked: list[Element]) -> tuple[float | None, str]:
    """The price a month of a card that has no other: € 1.950 per maand, of an element called a price."""
    for element in asked:
        if element.tag in ("script", "img") or not PRICE_NAME.search(names(element)):
            continue
        if found := rent(element):
            return found
    return None, ""


def rent(element: Element) -> tuple[float | None, str] | None:
    """The price a month that an element tells, € 1.950 per maand; None where it is the rate of a loan or tells
    none."""
    said = words(element)[:80]
    match = PRICE.search(said)
    if match is None or not _MONTHLY.match(said, match.end()) or _FINANCED.search(said) or _is_other(element):
        return None
    return money(match[0])
