"""Photos whose advert says another brand or model than the class it was found under.

Sites put promoted adverts of other models into their lists. What an advert says of itself counts only where the
class is called so: where at least half of the adverts of a class that state a brand, or a model, name the class
in it. A class that is no brand and no model, such as `sedan`, is not checked.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from curate.core.schemas import FetchRow

_STATED = (("make",), ("make", "model"))  # what an advert states; the last of each must be there
_MOST_TOLD = 3


def contradicting(rows: Iterable[FetchRow]) -> set[str]:
    """Keys of the kept rows whose advert contradicts their class."""
    by_class: dict[str, list[FetchRow]] = {}
    for row in rows:
        if row.keep and (row.make or row.model):
            by_class.setdefault(row.class_name, []).append(row)
    return {row.key for name, photos in by_class.items() for row in _of_class(name, photos)}


def _of_class(class_name: str, photos: Sequence[FetchRow]) -> Iterable[FetchRow]:
    for fields in _STATED:
        stating = [row for row in photos if getattr(row, fields[-1])]
        listings = {row.listing_id: _names(class_name, row, fields) for row in stating}
        if listings and 2 * sum(listings.values()) >= len(listings):
            yield from (row for row in stating if not _names(class_name, row, (*fields, "title")))


def _names(class_name: str, row: FetchRow, fields: Iterable[str]) -> bool:
    said = _letters(" ".join(getattr(row, field) for field in fields))
    return all(_letters(word) in said for word in class_name.split("_"))


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def lines(rows: Sequence[FetchRow], keys: Collection[str]) -> list[str]:
    """What to say of the rows with `keys`: how many photos and adverts, and what these say."""
    found = [row for row in rows if row.key in keys]
    if not found:
        return []
    said = Counter(f"{row.class_name}: {row.make} {row.model}".replace(":  ", ": ") for row in found)
    some = "; ".join(f"{what} ({count:,})" for what, count in said.most_common(_MOST_TOLD))
    more = f"; and {len(said) - _MOST_TOLD:,} more" if len(said) > _MOST_TOLD else ""
    adverts = len({row.listing_id for row in found})
    return [
        f"{len(found):,} photos of {adverts:,} listings go to review: their adverts say another brand or model "
        f"than their class, {some}{more}"
    ]
