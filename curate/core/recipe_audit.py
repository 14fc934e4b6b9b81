"""The recipe's section of the audit."""

import itertools
import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from curate.core.section import Section

Attribute = Literal["region", "city", "year", "price", "seller"]
BAND = re.compile(r"(\d+)-(\d+)")  # of years or prices, both ends included


class Audit(Section):
    """What the audit compares the dataset with."""

    reference: dict[Attribute, dict[str, Annotated[float, Field(gt=0)]]] = Field(default_factory=dict)  # the
    # shares of the market, e.g. region: {Delhi: 5, Assam: 3}; of year and price for bands, e.g. 2010-2014

    @field_validator("reference")
    @classmethod
    def _bands(cls, reference: dict[Attribute, dict[str, float]]) -> dict[Attribute, dict[str, float]]:
        for attribute, shares in reference.items():
            if len(shares) < 2:
                raise ValueError(f"{attribute} needs shares of two values or more")
            wrong = [name for name in shares if attribute in ("year", "price") and not BAND.fullmatch(name)]
            if wrong:
                raise ValueError(f"{attribute}: {wrong[0]!r} is no band: write it like 2010-2014")
            if attribute in ("year", "price"):
                _check_apart(attribute, list(shares))
        return reference


def _check_apart(attribute: str, bands: list[str]) -> None:
    """Raise ValueError for a band that ends before it begins, or two that a number is in."""
    ends = {band: tuple(map(int, band.split("-"))) for band in bands}
    for band, (low, high) in ends.items():
        if high < low:
            raise ValueError(f"audit.reference.{attribute}.{band} ends before it begins: write {high}-{low}")
    for first, second in itertools.pairwise(sorted(bands, key=lambda band: ends[band])):
        low, begins = ends[first][0], ends[second][0]
        if begins <= ends[first][1]:
            instead = f", e.g. {low}-{begins - 1} instead of {first}" if low < begins else ""
            raise ValueError(
                f"audit.reference.{attribute}.{second} overlaps {first}: both ends belong to a band; write bands "
                f"without a number in common{instead}"
            )
