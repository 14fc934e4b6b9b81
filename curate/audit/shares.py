"""Is the sample representative? Shares of listings per value, against a reference where the recipe has one.

Listings are counted, not photos: photos of one listing say the same. The goodness of fit is Pearson's statistic
with its distribution drawn under the reference, which holds for few listings too; the effect size is Cohen's w
(1988: 0.1 small, 0.3 medium, 0.5 large). Only where the whole differs are single values named, those that do so by
a binomial test, the number of values allowed for (Holm 1979).
"""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.counted import counted, some_of
from curate.core.intervals import percent, wilson

DRAWS = 10_000
ALPHA = 0.05
POWER = 0.8
CONCENTRATED = 2 / 3  # of the listings
NAMED = 5  # values, in a sentence
ALIKE = 0.8  # of two spellings that may be one value, 0..1 as difflib has it


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
    few: list[Share]  # rarer than the reference by more than chance, the largest gap first
    many: list[Share]  # more frequent, the same
    named: int  # values in the reference; 0 without one
    misspelt: dict[str, str]  # values in the reference that no listing has, to a value that may be meant
    compared: int  # listings with one of them
    p_value: float | None  # of the reference; None where no listing was compared, or a value is misspelt
    effect: float | None  # Cohen's w
    smallest_effect: float | None  # that would be seen with a power of 80%
    smallest_share: float  # a value with this share of the market is in the sample with a probability of 95%

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
        held = some_of([f"{each.value} {percent(each.share)}" for each in self.top], NAMED)
        said = []
        if self.named or self.attribute not in ("year", "price"):  # bands without a reference are even
            said.append(
                f"{self.attribute}: {len(self.top)} of {len(self.shares)} values hold "
                f"{percent(sum(each.share for each in self.top))} of {self.listings:,} listings ({held})."
            )
        if self.unknown:
            said.append(f"{self.attribute}: not known of {counted(self.unknown, 'listing')} more.")
        return [*said, *self._comparison()]

    def _comparison(self) -> list[str]:
        if not self.named:
            return [
                f"{self.attribute}: not compared with the market, because the recipe has no "
                f"audit.reference.{self.attribute}."
            ]
        if self.misspelt:
            return [
                f"{self.attribute}: not compared with the market, because no listing has {self.attribute} {name}; "
                f"did you mean {near}? Correct audit.reference.{self.attribute}, or name both there."
                for name, near in self.misspelt.items()
            ]
        other = [each.value for each in self.shares if each.reference is None]
        values = some_of(other, NAMED)
        if self.p_value is None or self.effect is None or self.smallest_effect is None:
            return [
                f"{self.attribute}: not compared with the market, because no listing has a value that "
                f"audit.reference.{self.attribute} names; those of the listings are {values}."
            ]
        said = []
        if other:
            left_out = counted(self.listings - self.compared, "listing")
            said.append(f"{self.attribute}: {left_out} of values not in the reference were left out ({values}).")
        if self.p_value < ALPHA:
            words = [
                f"{name} {self._against(found)}"
                for name, found in (("more", self.many), ("fewer", self.few))
                if found
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

    def _against(self, found: Sequence[Share]) -> str:
        named = [
            f"{each.value} ({percent(each.listings / self.compared)} against {percent(each.reference or 0)})"
            for each in found[:3]
        ]
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
    counts = np.array([known[name] for name in market])
    compared = int(counts.sum())
    p_value = effect = smallest = None
    few: list[Share] = []
    many: list[Share] = []
    absent = [name for name in market if not known[name]]
    misspelt = _misspelt(absent, [name for name in known if name not in market]) if compared else {}
    if compared and not misspelt:
        p_value, effect = _goodness(counts, np.array(list(market.values())), seed)
        smallest = _smallest_effect(compared, len(market) - 1)
        if p_value < ALPHA:
            few, many = _beyond_chance(shares, compared)
    return Fit(
        attribute=attribute,
        listings=total,
        unknown=len(by_listing) - total,
        shares=shares,
        few=few,
        many=many,
        named=len(market),
        misspelt=misspelt,
        compared=compared,
        p_value=p_value,
        effect=effect,
        smallest_effect=smallest,
        smallest_share=1 - ALPHA ** (1 / total) if total else 1.0,
    )


def _misspelt(absent: Sequence[str], left_out: Sequence[str]) -> dict[str, str]:
    """Those of the `absent` values that are spelt much like one that is `left_out`, to that one."""
    plain = {name.casefold(): name for name in left_out}
    near = {name: difflib.get_close_matches(name.casefold(), plain, n=1, cutoff=ALIKE) for name in absent}
    return {name: plain[found[0]] for name, found in near.items() if found}


def _beyond_chance(shares: Sequence[Share], compared: int) -> tuple[list[Share], list[Share]]:
    """(those rarer than the reference, those more frequent), the largest gap first."""
    from scipy.stats import binomtest

    tested = []
    for each in shares:
        if each.reference is not None:
            chance = float(binomtest(each.listings, compared, each.reference).pvalue)
            tested.append((chance, each.listings / compared - each.reference, each))
    tested.sort(key=lambda test: test[0])
    sure = [chance * (len(tested) - place) < ALPHA for place, (chance, _, _) in enumerate(tested)]
    first = sure.index(False) if False in sure else len(sure)  # that may be chance: from there on none is named
    named = [(gap, each) for _, gap, each in tested[:first]]
    named.sort(key=lambda pair: -abs(pair[0]))
    return [each for gap, each in named if gap < 0], [each for gap, each in named if gap > 0]


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
