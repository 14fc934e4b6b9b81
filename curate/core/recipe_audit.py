"""The recipe's section of the audit."""

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
        return reference
