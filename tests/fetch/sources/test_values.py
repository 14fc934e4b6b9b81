"""Numbers, years and places."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.fetch.sources import values


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (345000, 345000.0),
        ("345000", 345000.0),
        ("₹ 3,45,000", 345000.0),
        ("Rs. 3,45,000.50/-", 345000.5),
        ("12.500,50 €", 12500.5),
        ("12.500 €", 12500.0),
        ("12 500", 12500.0),
        ("CHF 12'500", 12500.0),
        ("CHF 4’378.–", 4378.0),
        ("3.45 Lakh", 345000.0),
        ("1.2 Crore", 12_000_000.0),
        ("4.500 Lakh", 450_000.0),
        ("Rs.4.125Lakh", 412_500.0),
        ("1,200 Lakh", 120_000_000.0),
        (".5", 0.5),
        ("₹ .125 Crore", 1_250_000.0),
        ("Rs.500", 500.0),
        ("9,5", 9.5),
        ("from 1,000 to 2,000", 1000.0),
        ("-5", None),
        ("call", None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (10**400, None),
        ({"@value": "7"}, 7.0),
        (["8"], 8.0),
    ],
)
def test_number(value: object, wanted: float | None) -> None:
    assert values.number(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2016", 2016),
        (2016, 2016),
        ("2016-05-01", 2016),
        ("Mar 1998", 1998),
        ("120160", None),
        ("", None),
        (None, None),
    ],
)
def test_year(value: object, wanted: int | None) -> None:
    assert values.year(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Pune, Maharashtra", ("Pune", "Maharashtra")),
        ("Pune", ("Pune", "")),
        ({"addressLocality": "Pune", "addressRegion": {"@type": "State", "name": "MH"}}, ("Pune", "MH")),
        ([{"address": [{"address": {"addressLocality": "Pune"}}]}], ("Pune", "")),
        (None, ("", "")),
    ],
)
def test_place(value: object, wanted: tuple[str, str]) -> None:
    assert values.place(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param("=HYPERLINK(1)", "=HYPERLINK(1)", id="P12-formula"),
        pytest.param("<script>\u202e\n\0🚗", "<script>\u202e\n\0🚗", id="P12-markup"),
        pytest.param("\ud800x", "?x", id="P12-surrogate"),
        pytest.param("y" * 1_000_000, "y" * values.MAX_TEXT, id="P12-megabyte"),
    ],
)
def test_p12_text_is_kept_verbatim_within_a_bound(value: str, wanted: str) -> None:
    assert values.text(value) == wanted


@pytest.mark.parametrize("unit", ["1,", "1 ", "9", "19", "₹", "1.1,", ", ", "\u00a0"])
def test_p13_hostile_text_takes_no_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    values.number(text), values.year(text), values.place(text)
    assert time.process_time() - started < 0.05


@given(st.text())
def test_any_text_gives_a_value_or_none(text: str) -> None:
    number = values.number(text)
    assert number is None or number >= 0
    values.year(text)
    values.place(text)
