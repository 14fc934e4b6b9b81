"""Years that are sizes of engines, prices that are names of versions, signs of several currencies."""

import pytest

from curate.fetch.sources import values
from curate.fetch.sources.auto import extract
from curate.fetch.sources.money import PRICE, money
from tests.fetch.sources.painted_adverts import page


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2000cc 8 seats", None),
        ("1 998 cm3", None),
        ("1998 cm3, 2014", 2014),
        ("2015 km 90.000", 2015),
        ("1999 km", None),
        ("2018 w dobrym stanie", 2018),
        ("C 180 2018 W205", 2018),
        ("2012", 2012),
    ],
)
def test_the_size_of_an_engine_is_no_year(text: str, year: int | None) -> None:
    assert values.year(text) == year


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("Tk 149,000", 149_000, "BDT"),
        ("Tk. 95000", 95_000, "BDT"),
        ("Rs 500", 500, "INR"),
        ("RS 4,50,000", 450_000, "INR"),
    ],
)
def test_prices_in_taka_and_rupees(text: str, amount: float, currency: str) -> None:
    match = PRICE.search(text)
    assert match and money(match[0]) == (amount, currency)


@pytest.mark.parametrize("title", ["Octavia RS 245", "Audi RS 6", "Mégane RS 2019", "TK 9"])
def test_the_name_of_a_version_is_no_price(title: str) -> None:
    assert PRICE.search(title) is None


@pytest.mark.parametrize(("way", "currency"), [("6.42万公里", "CNY"), ("6420 km", "JPY")])
def test_a_yen_sign_on_a_page_of_china_is_a_yuan(way: str, currency: str) -> None:
    image = '<img src="https://img.example/8100231/1.jpg">'
    main = f"<h1>福特 福克斯</h1>{image}<b class='price'>¥63,800</b><p>{way}</p>"
    text = page(main).replace("<title>", "<title>福特 二手车 ")
    (one,) = extract(text, "https://ads.example/car-8100231", True).listings
    assert (one.price, one.currency) == (63_800, currency)
