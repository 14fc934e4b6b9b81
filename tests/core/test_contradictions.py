"""What an advert says of itself against the class that it was found under."""

from dataclasses import replace

import pytest

from curate.core import contradictions
from curate.core.schemas import FetchRow
from tests.folders import fetch_row


def rows(*adverts: tuple[str, str, str, str]) -> list[FetchRow]:
    """Two photos of each advert: class, make, model, title."""
    return [
        replace(fetch_row(2 * place + n, name, f"L{place}"), make=make, model=model, title=title)
        for place, (name, make, model, title) in enumerate(adverts)
        for n in range(2)
    ]


SWIFT = ("swift", "Maruti Suzuki", "Swift", "")
WAGONR = ("wagon_r", "", "Wagon-R 1.0", "")


@pytest.mark.parametrize(
    ("adverts", "odd"),
    [
        pytest.param([SWIFT, SWIFT, ("swift", "Maruti", "Alto 800", "Used Alto"), WAGONR], {2}, id="other"),
        pytest.param([SWIFT, SWIFT, ("swift", "", "VXI", "Used SWIFT VXI"), WAGONR], set(), id="title"),
        pytest.param([WAGONR, WAGONR, ("wagon_r", "", "Swift", "")], {2}, id="another class of the recipe"),
        pytest.param([SWIFT, ("swift", "", "", "Alto"), ("swift", "Maruti", "", "Alto")], set(), id="nothing"),
        pytest.param([("sedan", "", model, "") for model in ("City", "Amaze", "Sedan")], set(), id="no model"),
        pytest.param(
            [("honda", "Honda", "", ""), ("honda", "HONDA", "City", ""), ("honda", "Kia", "", "")], {2}, id="brand"
        ),
        pytest.param([("208", "Peugeot", "208 1.2", ""), ("208", "Peugeot", "2008", "")], {1}, id="half"),
    ],
)  # fmt: skip
def test_an_advert_that_says_another_model(adverts: list[tuple[str, str, str, str]], odd: set[int]) -> None:
    photos = rows(*adverts)
    found = contradictions.contradicting(photos)
    assert found == {row.key for row in photos if int(row.listing_id[1:]) in odd}
    assert len(contradictions.lines(photos, found)) == bool(odd)


def test_how_many_say_what_is_told() -> None:
    photos = rows(*[SWIFT] * 6, *[("swift", "", f"Alto {n}", "") for n in range(4)], ("swift", "Kia", "Sonet", ""))
    (line,) = contradictions.lines(photos, contradictions.contradicting(photos))
    assert line == (
        "10 photos of 5 listings go to review: their adverts say another brand or model than their class, "
        "swift: Alto 0 (2); swift: Alto 1 (2); swift: Alto 2 (2); and 2 more"
    )


def test_rows_that_a_stage_rejected_do_not_count() -> None:
    photos = [replace(row, keep=False) for row in rows(SWIFT, SWIFT, ("swift", "", "Alto", ""))]
    assert contradictions.contradicting(photos) == set()
