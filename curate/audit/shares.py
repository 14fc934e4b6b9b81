"""Is the sample representative? Shares of listings per value, against a reference where the recipe has one.

Listings are counted, not photos: photos of one listing say the same. The goodness of fit is Pearson's statistic
with its distribution drawn under the reference, which holds for few listings too; the effect size is Cohen's w
(1988: 0.1 small, 0.3 medium, 0.5 large).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.intervals import percent, wilson

DRAWS = 10_000
ALPHA = 0.05
POWER = 0.8
CONCENTRATED = 2 / 3  # of the listings


@dataclass(frozen=True, slots=True)
class Share:
    """One value of an attribute."""

    attribute: str
    value: str
    listings: int
    share: float  # of the listings whose value is known
    low: float  # 95% interval
    high: float
    reference: float | None  # share that the market has; None without a reference, or for a value not in it


@dataclass(frozen=True, slots=True)
class Fit:
    """One attribute."""

    attribute: str
    listings: int  # whose value is known
    unknown: int
    shares: list[Share]  # the largest first
    p_value: float | None  # of the reference; None without one
    effect: float | None  # Cohen's w
    smallest_effect: float | None  # that would be seen with a power of 80%
    smallest_share: float  # a value with this share of the market is in the sample with a probability of 95%

    @property
    def few(self) -> list[Share]:
        """Values that are rarer than the reference by more than chance, the largest gap first."""
        found = [each for each in self.shares if each.reference is not None and each.high < each.reference]
        return sorted(found, key=lambda each: each.share - (each.reference or 0))

    @property
    def many(self) -> list[Share]:
        """Values that are more frequent than the reference by more than chance, the largest gap first."""
        found = [each for each in self.shares if each.reference is not None and each.low > each.reference]
        return sorted(found, key=lambda each: (each.reference or 0) - each.share)

    @property
    def top(self) -> list[Share]:
        """The fewest values that hold two thirds of the listings."""
        total = 0.0
        for number, each in enumerate(self.shares, start=1):
            total += each.share
            if total >= CONCENTRATED:
                return self.shares[:number]
        return self.shares

    @property
    def concentrated(self) -> bool:
        """Do at most half of the values hold two thirds of the listings?"""
        return len(self.shares) > 2 and 2 * len(self.top) <= len(self.shares)

    def sentences(self) -> list[str]:
        """What was found, in words."""
        if not self.listings:
            return [f"{self.attribute}: not known of any listing."]
        held = ", ".join(f"{each.value} {percent(each.share)}" for each in self.top[:5])
        more = ", …" if len(self.top) > 5 else ""
        said = []
        if self.p_value is not None or self.attribute not in (
            "year",
            "price",
        ):  # bands without a reference are even
            said.append(
                f"{self.attribute}: {len(self.top)} of {len(self.shares)} values hold "
                f"{percent(sum(each.share for each in self.top))} of {self.listings:,} listings ({held}{more})."
            )
        if self.p_value is None or self.effect is None or self.smallest_effect is None:
            said.append(
                f"{self.attribute}: not compared with the market, because the recipe has no "
                f"audit.reference.{self.attribute}."
            )
        elif self.p_value < ALPHA:
            words = [
                f"{name} {_against(found)}" for name, found in (("more", self.many), ("fewer", self.few)) if found
            ]
            said.append(
                f"{self.attribute}: the shares differ from the reference by more than chance "
                f"(p {self.p_value:.4f}, effect size {self.effect:.2f}, {_strength(self.effect)}): "
                f"{'; '.join(words) or 'no value alone'}."
            )
        else:
            said.append(
                f"{self.attribute}: the shares agree with the reference within chance (p {self.p_value:.2f}); an "
                f"effect size from {self.smallest_effect:.2f} on would have been seen."
            )
        return said


def _against(found: Sequence[Share]) -> str:
    named = [f"{each.value} ({percent(each.share)} against {percent(each.reference or 0)})" for each in found[:3]]
    return ", ".join(named) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _strength(effect: float) -> str:
    return "large" if effect >= 0.5 else "medium" if effect >= 0.3 else "small"


def fit(attribute: str, by_listing: Mapping[str, str], reference: Mapping[str, float], seed: int) -> Fit:
    """The shares of an attribute. `by_listing` is each listing's value, empty where it is not known.

    Values that are not in the `reference` are left out of the comparison.
    """
    known = Counter(value for value in by_listing.values() if value)
    total = known.total()
    market = {name: share / sum(reference.values()) for name, share in reference.items()}
    names = sorted({*known, *market}, key=lambda name: (-known[name], name))
    shares = [
        Share(attribute, name, known[name], known[name] / total, *wilson(known[name], total), market.get(name))
        for name in names
        if total
    ]
    compared = np.array([known[name] for name in market])
    p_value = effect = smallest = None
    if compared.sum():
        p_value, effect = _goodness(compared, np.array(list(market.values())), seed)
        smallest = _smallest_effect(int(compared.sum()), len(market) - 1)
    unseen = 1 - ALPHA ** (1 / total) if total else 1.0
    return Fit(attribute, total, len(by_listing) - total, shares, p_value, effect, smallest, unseen)


def _goodness(counts: NDArray[np.int64], market: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """p value and Cohen's w of counts (k,) under shares (k,)."""
    number = int(counts.sum())
    expected = number * market
    own = float(((counts - expected) ** 2 / expected).sum())
    drawn = np.random.default_rng(seed).multinomial(number, market, DRAWS)
    chance = ((drawn - expected) ** 2 / expected).sum(axis=1)
    return float((1 + (chance >= own).sum()) / (1 + DRAWS)), (own / number) ** 0.5


def _smallest_effect(number: int, freedom: int) -> float:
    """Cohen's w that a test of `number` listings sees with a power of 80%."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    critical = chi2.ppf(1 - ALPHA, freedom)
    return float((brentq(lambda shift: ncx2.sf(critical, freedom, shift) - POWER, 1e-6, 1e4) / number) ** 0.5)
