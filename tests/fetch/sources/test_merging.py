"""One listing out of several sightings."""

import pytest

from curate.fetch.sources.listing import Listing, PhotoLink
from curate.fetch.sources.merging import class_of, merged, unite

A = Listing("7", "https://x.example/7", "Swift", price=1.0, photos=(PhotoLink("https://x.example/1.jpg"),))
B = Listing(
    "7", "https://x.example/7b", "Other", city="Pune", price=2.0, photos=(PhotoLink("https://x.example/2.jpg"),)
)


def test_p11_the_first_sighting_counts_and_the_other_fills_its_gaps() -> None:
    wanted = Listing("7", A.page_url, "Swift", city="Pune", price=1.0, photos=(*A.photos, *B.photos))
    assert merged(A, B) == wanted
    assert unite([("swift", A), ("swift", B)]) == ([("swift", wanted)], [])


def test_p11_listings_without_an_id_stay_apart() -> None:
    nameless = Listing("", "https://x.example/", "?")
    assert unite([("swift", nameless), ("swift", nameless)]) == ([("swift", nameless)] * 2, [])


@pytest.mark.parametrize(
    ("model", "wanted"), [("Wagon R", "swift"), ("WagonR", "wagonr"), ("", "swift"), ("???", "swift")]
)
def test_a_listing_under_two_classes_goes_where_its_page_says(model: str, wanted: str) -> None:
    assert class_of(model, ["swift", "wagonr"]) == wanted
    other = Listing("7", A.page_url, model=model)
    (found,), twice = unite([("swift", A), ("wagonr", other)])
    assert (found[0], twice) == (wanted, ["7"])
