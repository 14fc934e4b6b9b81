"""What the places of all listings of a page tell of each: a country is no region, a quarter of a town is none."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from curate.fetch.sources import places
from curate.fetch.sources.listing import Listing

_FEWEST = 3  # listings that show a town with several regions
_MOST_SOUGHT = 40  # places that are looked for in the text of the page
_JOINED = (", ", ",", " | ", " · ", " - ")


def of_listings(listings: Sequence[Listing], text: str) -> list[Listing]:
    """The listings of a page, of which `text` is the source, without a region that is a country, and without
    regions that are quarters.

    A town lies in one region. Where the page writes places as "Town, Part", and a third of the listings name a
    town that others name with another part, the parts are no regions.
    """
    found = [replace(one, region="") if places.is_country(one.region) else one for one in listings]
    named = [(one.city, one.region) for one in found if one.city and one.region]
    both = set(named)
    parts: dict[str, set[str]] = {}
    towns: dict[str, set[str]] = {}
    for city, region in both:
        parts.setdefault(city, set()).add(region)
        towns.setdefault(region, set()).add(city)
    within = {(city, region) for city, region in both if len(parts[city]) > 1 and len(towns[region]) == 1}
    count = sum(pair in within for pair in named)
    sought = islice(sorted(within), _MOST_SOUGHT)
    if count < _FEWEST or 3 * count < len(named) or not any(_is_joined(pair, text) for pair in sought):
        return found
    return [
        replace(one, region="") if (one.city, one.region) in both and len(towns[one.region]) == 1 else one
        for one in found
    ]


def _is_joined(pair: tuple[str, str], text: str) -> bool:
    """Does a text write a town and what is called its region as one place?"""
    return any(mark.join(pair) in text for mark in _JOINED)
