"""What the listings say of themselves, in words or bands that can be counted."""

from collections.abc import Mapping, Sequence

import numpy as np

from curate.core.recipe_audit import BAND, Attribute
from curate.dataset import Photo

Reference = Mapping[Attribute, Mapping[str, float]]
ATTRIBUTES: tuple[Attribute, ...] = ("region", "city", "year", "price", "seller")
_BANDS = 4  # where the reference names none
OTHER = "other"  # a number that is in no band of the reference


def values(photos: Sequence[Photo], reference: Reference) -> dict[Attribute, list[str]]:
    """Each attribute's value per photo; empty where it is not known. Years and prices are in bands."""
    found: dict[Attribute, list[str]] = {
        "region": [photo.region for photo in photos],
        "city": [photo.city for photo in photos],
        "seller": [photo.seller for photo in photos],
    }
    numbers: dict[Attribute, list[float | None]] = {
        "year": [photo.year for photo in photos],
        "price": [photo.price for photo in photos],
    }
    for attribute, known in numbers.items():
        bands = list(reference[attribute]) if attribute in reference else _quartiles(known)
        found[attribute] = [_band(value, bands) for value in known]
    return {attribute: found[attribute] for attribute in ATTRIBUTES}


def _quartiles(numbers: Sequence[float | None]) -> list[str]:
    """Up to four bands of about as many photos each, as `2010-2014`."""
    known = np.sort([round(number) for number in numbers if number is not None])
    if not len(known):
        return []
    parts = [part for part in np.array_split(known, _BANDS) if len(part)]
    ends = sorted({int(part[-1]) for part in parts})
    starts = [int(known[0])] + [int(known[known > end][0]) for end in ends[:-1]]
    return [f"{start}-{end}" for start, end in zip(starts, ends, strict=True)]


def _band(number: float | None, bands: Sequence[str]) -> str:
    """The first band that holds the number, or OTHER; empty where it is not known."""
    if number is None:
        return ""
    for band in bands:
        if (ends := BAND.fullmatch(band)) and int(ends[1]) <= round(number) <= int(ends[2]):
            return band
    return OTHER
