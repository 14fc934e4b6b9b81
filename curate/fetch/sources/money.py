"""Amounts and currencies out of prices in any shape: numbers, texts, objects of both."""

import re
from typing import Any
from urllib.parse import urlsplit

from curate.fetch.sources import values
from curate.fetch.sources.key_names import plain, role

_MONEY = (
    ("€", "EUR"), ("eur", "EUR"), ("₹", "INR"), ("rs.", "INR"), ("inr", "INR"), ("£", "GBP"), ("gbp", "GBP"),
    ("us$", "USD"), ("u$s", "USD"), ("u$d", "USD"), ("у.е.", "USD"), ("rs", "INR"), ("sfr", "CHF"), ("fr.", "CHF"),
    ("dhs", "AED"), ("dh", "AED"), ("din", "RSD"), ("fcfa", "XOF"), ("tsh", "TZS"), ("ush", "UGX"), ("gs.", "PYG"),
    ("cfa", "XOF"), ("tk", "BDT"), ("tk.", "BDT"),
    ("rd$", "DOP"), ("mx$", "MXN"), ("b/.", "PAB"),
    ("r$", "BRL"), ("a$", "AUD"), ("c$", "CAD"), ("usd", "USD"), ("zł", "PLN"), ("pln", "PLN"), ("kč", "CZK"),
    ("czk", "CZK"),
    ("₽", "RUB"), ("руб", "RUB"), ("rub", "RUB"), ("грн", "UAH"), ("₴", "UAH"), ("uah", "UAH"), ("¥", "JPY"),
    ("円", "JPY"),
    ("jpy", "JPY"), ("元", "CNY"), ("cny", "CNY"), ("₩", "KRW"), ("원", "KRW"), ("만원", "KRW"), ("₺", "TRY"),
    (" tl", "TRY"),
    ("try", "TRY"), ("chf", "CHF"), ("sek", "SEK"), ("nok", "NOK"), ("dkk", "DKK"), ("huf", "HUF"), (" ft", "HUF"),
    ("lei", "RON"), ("ron", "RON"), ("лв", "BGN"), ("bgn", "BGN"), ("kn", "HRK"), ("₪", "ILS"), ("ils", "ILS"),
    ("aed", "AED"), ("sar", "SAR"), ("zar", "ZAR"), ("aud", "AUD"), ("cad", "CAD"), ("nzd", "NZD"), ("mxn", "MXN"),
    ("ars", "ARS"), ("clp", "CLP"), ("cop", "COP"), ("brl", "BRL"), ("ksh", "KES"), ("kes", "KES"), ("₦", "NGN"),
    ("ngn", "NGN"), ("₸", "KZT"), ("〒", "KZT"), ("uf", "CLF"),
    ("kzt", "KZT"), ("₼", "AZN"), ("azn", "AZN"), ("₾", "GEL"), ("gel", "GEL"), ("֏", "AMD"), ("amd", "AMD"),
    ("฿", "THB"), ("₵", "GHS"), ("₡", "CRC"),
    ("gh¢", "GHS"), ("¢", "CRC"), ("₲", "PYG"), ("₮", "MNT"), ("৳", "BDT"),
    ("thb", "THB"), ("rp", "IDR"), ("idr", "IDR"), ("₫", "VND"), ("vnd", "VND"), ("₱", "PHP"), ("php", "PHP"),
    ("rm", "MYR"),
    ("pkr", "PKR"), ("hk$", "HKD"), ("nt$", "TWD"), ("s$", "SGD"), ("rsd", "RSD"), ("تومان", "IRT"),
    ("ر.س", "SAR"), ("ريال", "SAR"),
    ("د.إ", "AED"), ("درهم", "AED"), ("ج.م", "EGP"), ("جنيه", "EGP"), ("egp", "EGP"), ("د.ك", "KWD"), ("$",
    "USD"), ("kr", "SEK"), ("s/", "PEN"), ("đ", "VND"), ("đồng", "VND"), ("tỷ", "VND"), ("triệu", "VND"),
    ("دينار", "JOD"), ("د.أ", "JOD"), ("jod", "JOD"), ("د.م", "MAD"), ("mad", "MAD"), ("ر.ق", "QAR"),
    ("qar", "QAR"), ("ر.ع", "OMR"), ("omr", "OMR"), ("kwd", "KWD"), ("د.ب", "BHD"), ("bhd", "BHD"), ("ден", "MKD"),
    ("mkd", "MKD"), ("сом", "KGS"), ("сум", "UZS"), ("so'm", "UZS"), ("byn", "BYN"), ("isk", "ISK"),
    ("bs.", "BOB"), ("mdl", "MDL"), ("lkr", "LKR"), ("bdt", "BDT"), ("uyu", "UYU"), ("r", "ZAR"),
    ("tnd", "TND"), ("dt", "TND"), ("dzd", "DZD"), ("mn", "MXN"),
)  # fmt: skip
_WRITTEN = [
    (re.compile(rf"(?<![a-zà-žạ-ỹ]){re.escape(sign.strip())}(?![a-zà-žạ-ỹ])"), code) for sign, code in _MONEY
]
# 12 500, 9.990,00, 12,34,567: parts of three digits behind one sign; else digits with decimals.
_DIGITS = (
    r"(?:\d{1,3}(?:(?:\s\d{3}){1,4}|(?:[.'’٬]\d{3}){1,4}|(?:,\d{2,3}){1,5})(?!\d)(?:[.,]\d{1,2}(?!\d))?|"
    r"\d{1,12}(?:[.,]\d{1,9})?)"
)
PRICE = re.compile(
    r"(?:[$£¥֏฿৳៛₠-₿]|(?:\bGH)?¢(?=\s?\d{1,3}(?:[.,]\d{3})+)|\b(?:EUR|USD|GBP|INR|PLN|CHF|CZK|RUB|UAH|AUD|CAD|NZD|ZAR|AED|BRL|SEK|NOK|DKK|HUF|RON|"
    r"TRY|Rs\.|(?-i:Rs|rs)|RS(?=\s?(?:\d{1,3},\d|\d{5}))|Tk\.?(?=\s?(?:\d{1,3},\d|\d{4}))|RM|Rp|Ksh|"
    r"kr|U\$[SD]|(?-i:(?:S?Fr\.|SFr)(?=\s?\d[\d'’]*(?:['’]\d{3}|\.[-–—]))|Gs\.|D[hH]s?\.?|TSh|USh|B/\.|JOD|"
    r"(?-i:MN(?=\s?\d{1,3},\d{3}))|BHD|TND|DZD|UGX|TZS|ETB|XOF|XAF|UYU|BOB|"
    r"PYG|GTQ|CRC|DOP|MKD|UZS)|[A-Z]{1,3}\$|(?-i:KES|NGN|GHS|EGP|MAD|SAR|QAR|KWD|OMR|PKR|LKR|BDT|SGD|HKD|"
    r"TWD|MYR|PHP|IDR|THB|"
    r"VND|ILS|MXN|ARS|CLP|COP|PEN|AMD|GEL|AZN|KZT|UF|S/|R(?=\s?\d{1,3}(?:[\s,]\d{3})+(?!\d)))))"
    rf"\s{{0,2}}{_DIGITS}(?:[.,][-–—]{{1,2}})?(?:\s?(?-i:USD|CAD|AUD|NZD|SGD|HKD|MXN|ARS|CLP|COP|UYU)(?![A-Za-z]))?"
    rf"(?:\s?(?:lakh|lac|crore|万|億|млн|тыс|juta|miliar|triệu|tỷ|"
    rf"million))?|"
    rf"(?<!\d)(?<!\d[.'’])(?:(?<!kW )(?<!kW/)(?<!kW / )(?<!kW \()|(?!{_DIGITS}\s{{0,2}}(?-i:KM)))"  # 18 kW / 25 KM
    rf"{_DIGITS}(?:[.,][-–—]{{1,2}})?\s{{0,2}}"
    rf"(?:[$£¥֏฿৳៛₠-₿]|〒(?!\s?\d{{3}}-)|(?:EUR|USD|GBP|INR|PLN|zł|Kč|"
    rf"CHF|CZK|RUB|руб|р\.|UAH|грн|kr|SEK|NOK|DKK|(?-i:Ft)|HUF|lei|RON|TL|"
    r"TRY|лв|BGN|din|RSD|万円|円|元|万元|万(?![^\W\d_])(?!\s?(?:km|キロ|公里))|만원|원|AZN|AMD|GEL|KZT|(?-i:KM)|lakh|lac|crore|تومان|درهم|دينار|"
    r"د\.أ|د\.م|ر\.ق|ر\.ع|د\.ب|ريال|ر\.س|د\.إ|ج\.م|جنيه|د\.ك|SAR|EGP|PKR|MXN|IDR|KZT)(?![a-z])|"
    r"(?:(?<=\d{3}\s)(?-i:D[hH]s?|DT|FCFA|CFA|Fr\.|XOF|TND|DZD)|у\.е\.|đ|đồng|tỷ|triệu|JOD|KWD|MAD|so'm|сум|"
    r"сом)(?![^\W\d_]))",
    re.IGNORECASE,
)

PRICE_NAME = re.compile(
    r"price|preis|prix|precio|prezzo|preco|prijs|cena|fiyat|цен|hinta|(?<![a-z])pris(?![a-z])|cost|amount|価格"
)

_DEPOSIT = (  # no price, wherever its name stands
    r"deposit|caution|kaution|fianza|caparra|borgsom|waarborg|kaucja|kauce|depozit|depósito|залог|депозит|"
    r"押金|保証金|"
    r"gastos comunes|expensas|condom[ií]nio|iptu"
)
OTHER_SUM = re.compile(rf"(?i)\b(?:{_DEPOSIT})")
OTHER_LABEL = re.compile(  # the label before a sum that is not the price; 850 € with charges is one
    rf"(?i)^(?!.*(?:free|incl|inkl|gratis|kostenlos|gratuit))\W{{0,3}}(?:[^\W\d]+\W){{0,2}}\b(?:"
    rf"{_DEPOSIT}|charges|honoraires|nebenkosten|fees?|shipping|delivery|versand|livraison|envío|frete|"
    rf"wysyłk|insurance|versicherung|assurance|"
    r"neupreis|prix neuf|new price|trade-?in)"
)

_CURRENCY_KEYS = (
    "currency", "pricecurrency", "currencycode", "currencyiso", "currencysymbol", "currencyid",
)  # fmt: skip
_AMOUNT_KEYS = (
    "finalprice", "saleprice", "sellingprice", "discountedprice", "currentprice",
    "value", "amount", "units", "raw", "price", "regularprice", "current", "gross", "grossprice", "consumerprice",
    "pricevalue", "regular", "total", "min", "low", "lowprice", "pricespecification", "main", "cost", "default",
    "amountineuro", "unformattedvalue", "formattedvalue", "formatted", "displayvalue", "priceformatted", "display",
    "text", "label", "title", "pricecents", "cents",
)  # fmt: skip
_SAME_SUM = re.compile(  # keys of texts that say the amount again: no rate, no fee
    r"format|display|text|label|string|locali|human|pretty|price|value|amount"
)


_CODES = (  # of ISO 4217, without those that are words: ALL, TOP
    "AED AFN AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TND TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF "
    "YER ZAR ZMW ZWL "
)
_IS_CODE = frozenset(_CODES.split())


def is_code(text: str) -> bool:
    """Is a text the code of a currency by ISO 4217?"""
    return text in _IS_CODE


def scalar(value: Any, depth: int = 0) -> str:
    """A text that a value holds: itself, or what an object calls its name, label or value."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict) and depth < 3:
        lower = {plain(str(key)): item for key, item in value.items()}
        if isinstance(label := lower.get("label"), str) and role(label)[0] and isinstance(lower.get("value"), str):
            return values.text(lower["value"])  # {"value": "Lazio", "label": "Region"}
        names = (
            "name",
            "displayname",
            "label",
            "value",
            "text",
            "title",
            "displayvalue",
            "longname",
            "full",
            "raw",
            "original",
            "rendered",
        )
        said = next((found for key in names if key in lower and (found := scalar(lower[key], depth + 1))), "")
        return said or (values.text(*value.values()) if len(value) == 1 else "")
    return values.text(value)


def money(value: Any, key: str = "", depth: int = 0) -> tuple[float | None, str]:
    """(amount, currency) of a price in any shape."""
    if isinstance(value, bool) or value is None or depth > 4:
        return None, ""
    if isinstance(value, list):
        asked = [one for one in value if not (isinstance(one, dict) and one.get("strikeOff"))] or value
        return money(asked[0] if asked else None, key, depth + 1)
    if isinstance(value, dict):
        lower = {plain(str(name)): item for name, item in value.items()}
        currencies = (currency_of(scalar(lower.get(name, "")), bare=True) for name in _CURRENCY_KEYS)
        currency = next(filter(None, currencies), "")
        if value and all(str(code) in _IS_CODE for code in value):
            code, said = next(iter(value.items()))
            return (values.number(said), str(code))  # {"EUR": 2600, "USD": 2810}
        names = [
            *(name for name in _AMOUNT_KEYS if name in lower),
            *(n for n in lower if n not in _AMOUNT_KEYS and "price" in n),
        ]
        for name in names:
            amount, inner = money(lower[name], name, depth + 1)
            if amount is not None:
                texts = {key: text for key, text in lower.items() if isinstance(text, str) and len(text) < 40}
                others = {key: money(text) for key, text in texts.items()}
                if any(
                    said and unit and abs(said * 100 - amount) < 0.5 and _SAME_SUM.search(key)
                    for key, (said, unit) in others.items()
                ):
                    amount /= 100  # {"amount": 6499, "formatted": "64,99 €"}
                return amount, currency or inner or next(
                    (unit for same, unit in others.values() if same == amount and unit), ""
                )
        return None, currency
    amount = values.number(value)
    if amount and amount < 32 and isinstance(value, str) and _CLOCK.search(value) and not currency_of(value):
        return None, ""  # Auction Saturday 14 March at 10:30
    if amount is not None and "cents" in plain(key):
        amount /= 100
    return (amount, currency_of(values.text(value)) if isinstance(value, str) else "")


SIGNS_OF_MANY = {  # what a sign means on the sites of a country, where it is the sign of several currencies
    "SEK": {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "USD": {"ca": "CAD", "au": "AUD", "nz": "NZD", "sg": "SGD", "hk": "HKD", "tw": "TWD", "mx": "MXN", "ar": "ARS",
            "cl": "CLP", "co": "COP", "uy": "UYU"},
    "CNY": {"tw": "TWD", "jp": "JPY"},
    "JPY": {"cn": "CNY"},
    "INR": {"pk": "PKR", "lk": "LKR", "np": "NPR", "mu": "MUR"},
    "JOD": {"kw": "KWD", "iq": "IQD", "bh": "BHD", "tn": "TND", "dz": "DZD", "ly": "LYD"},
    "SAR": {"qa": "QAR", "om": "OMR", "ye": "YER", "ir": "IRR"},
    "AED": {"ma": "MAD"},
    "EGP": {"sd": "SDG"},
    "RON": {"md": "MDL"},
    "RUB": {"by": "BYN"},
    "RSD": {"mk": "MKD"},
    "CRC": {"gh": "GHS"},  # ¢
    "XOF": {"cm": "XAF", "ga": "XAF", "cg": "XAF", "td": "XAF", "cf": "XAF", "gq": "XAF"},
}  # fmt: skip


def of_the_country(currency: str, url: str, text: str) -> str:
    """The currency that a page at an address means by a sign of several: kr on a Norwegian site. Where the text
    names the currency itself, it is that one."""
    if re.search(rf"(?i)(?<![a-z]){currency}(?![a-z])|us\$|u\$s", text):
        return currency
    return SIGNS_OF_MANY.get(currency, {}).get(country_of(url), currency)


_CLOCK = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?!\d)")
_FORMER = {"RUR": "RUB", "BYR": "BYN", "MXP": "MXN"}  # codes of before that data still name
_ANYWHERE = {"co", "com", "io", "me", "tv", "ai", "cc", "ly", "fm", "to", "ws", "am", "eu"}  # endings of any host


def country_of(url: str) -> str:
    """The country of an address by the ending of its host, in lower case; empty where hosts anywhere end so."""
    host = (urlsplit(url).hostname or "").split(".")
    return host[-1] if host[-1] not in _ANYWHERE or host[-2:-1] in (["com"], ["co"]) else ""


def may_mean(currency: str, other: str) -> bool:
    """Is a currency read from a sign of several, such as kr, of which the other one is another?"""
    return other in SIGNS_OF_MANY.get(currency, {}).values()


def currency_of(text: str, *, bare: bool = False) -> str:
    """The currency that a text names; with `bare` the text is nothing but a currency."""
    text = text.strip()
    if bare:
        if re.fullmatch(r"[A-Za-z]{3}", text):
            return _FORMER.get(text.upper(), text.upper())
        return next((code for sign, code in _MONEY if sign.strip() == text.lower()), "")
    lower = text.lower()[:60]
    return next((code for sign, code in _WRITTEN if sign.search(lower)), "")
