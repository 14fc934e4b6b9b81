"""Numbers, years and places out of what sites write. Linear time on any text."""

import html
import math
import re

from curate.fetch.sources import places

MAX_TEXT = 1000  # characters kept of a title or place
_MAX_NUMBER = 100  # characters looked at for a number or year

_NUMBER = re.compile(r"(?:(?<![\w.])\.)?\d[\d.,'’٬٫\u00a0\u2009\u202f ]*")
_YEAR = re.compile(  # but 2000cc is the size of an engine, and 1999 km a way; 2015 km 90.000 holds a year
    r"(?<!\d)(?:19|20)\d\d(?!\d)(?!\s?(?:cc|ccm|cm[3³]|см[3³])(?![^\W_]))"
    r"(?!\s?(?:km|kg|kw|ps|hp)(?![^\W_])(?!\.?\s?\d))",
    re.IGNORECASE,
)
_UNITS = (  # large sums in words
    ("crore", 1e7), ("cr.", 1e7), ("lakh", 1e5), ("lac", 1e5), ("mln", 1e6), ("million", 1e6), ("млн", 1e6),
    ("тыс", 1e3), ("tỷ", 1e9), ("triệu", 1e6), ("juta", 1e6), ("miliar", 1e9),
    ("億", 1e8), ("亿", 1e8), ("万", 1e4), ("萬", 1e4), ("만", 1e4),
)  # fmt: skip


def text(value: object) -> str:
    """What a page says, as one string that UTF-8 can carry, at most `MAX_TEXT` characters; otherwise verbatim."""
    if isinstance(value, list):
        value = next((item for item in value if item), "")
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:MAX_TEXT].strip().encode("utf-8", "replace").decode("utf-8")


def number(value: object) -> float | None:
    """The first number in `value`: 345000, "₹ 3,45,000", "12.500,50 €", "4.500 Lakh". None where there is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(float(value)) if abs(value) < 1e15 else None
    words = text(value)[:_MAX_NUMBER]
    match = _NUMBER.search(words)
    if not match or words[: match.start()].endswith("-"):
        return None
    digits = re.sub(r"['’٬\s]", "", match[0]).replace("٫", ".").rstrip(".,")
    rest = words[match.end() :].lstrip().lower()
    unit = next((factor for name, factor in _UNITS if rest.startswith(name)), 1.0)
    # A separator is the decimal point when it is the last, occurs once, and does not cut off three digits. A dot
    # may also cut off three when it comes first, or before a unit.
    place = max(digits.rfind("."), digits.rfind(","))
    whole, fraction = digits, ""
    any_length = digits[place] == "." and (place == 0 or unit > 1)
    if place >= 0 and digits.count(digits[place]) == 1 and (any_length or len(digits) - place - 1 != 3):
        whole, fraction = digits[:place], digits[place + 1 :]
    plain = f"{re.sub('[.,]', '', whole)}.{fraction or 0}"
    return _finite(round(float(plain) * unit, 6))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) and 0 <= value < 1e15 else None


def year(value: object) -> int | None:
    """The first year from 1900 to 2099 in `value`."""
    match = _YEAR.search(text(value)[:_MAX_NUMBER])
    return int(match[0]) if match else None


def place(value: object) -> tuple[str, str]:
    """(city, region) of a schema.org Place or PostalAddress, or of a text as `places.named` reads it."""
    for _ in range(4):  # Place.address.PostalAddress, in lists or not
        if isinstance(value, list):
            value = value[0] if value else ""
        if isinstance(value, dict) and value.get("address"):
            value = value["address"]
    if isinstance(value, dict):
        return text(value.get("addressLocality")), text(value.get("addressRegion"))
    return places.named(text(value))


def url_text(value: object) -> str:
    """A URL as a page wrote it, entities decoded."""
    if not isinstance(value, str):
        return ""
    return html.unescape(value.strip()).encode("utf-8", "replace").decode("utf-8")
