"""How sure a measured share is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

_DRAWS = 4000  # of the posterior
_RESAMPLES = 1000  # of the bootstrap
_Z = 1.959963984540054  # of 95%, both sides
_Shares = TypeVar("_Shares", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, 0..1, and its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def percent(share: float) -> str:
    """A share, 0..1, as a person reads it everywhere: `88.8%`."""
    return f"{share:.1%}"


def wilson(right: int, number: int) -> tuple[float, float]:
    """95% interval of the proportion `right / number` (Wilson, 1927, J. Am. Stat. Assoc. 22:209).

    Unlike the usual one it stays inside 0..1 and holds for few photos. `number` must not be 0.
    """
    from scipy.stats import binomtest

    interval = binomtest(right, number).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)


def difference(first: float, number: float, second: float, other_number: float) -> Estimate:
    """How much larger the first of two independent shares is (Newcombe 1998, Stat. Med. 17:873, method 10).

    Each is of so many independent photos, more than 0, which may be a fraction.
    """
    (low, high), (other_low, other_high) = proportion(first, number), proportion(second, other_number)
    below = ((first - low) ** 2 + (other_high - second) ** 2) ** 0.5
    above = ((high - first) ** 2 + (second - other_low) ** 2) ** 0.5
    return Estimate(first - second, first - second - below, first - second + above)


def proportion(share: float, number: float) -> tuple[float, float]:
    """The interval of `wilson` for a share, 0..1, of a `number` above 0 that may be a fraction."""
    low, high = _ends(share, number)
    return max(0.0, low), min(1.0, high)


def _ends(share: _Shares, number: _Shares) -> tuple[_Shares, _Shares]:
    """Those of `proportion`, which may be beyond 0 or 1 in the last digit."""
    middle = share + _Z**2 / (2 * number)
    width = _Z * (share * (1 - share) / number + _Z**2 / (4 * number**2)) ** 0.5
    return (middle - width) / (1 + _Z**2 / number), (middle + width) / (1 + _Z**2 / number)


def correlation(right: NDArray[np.bool_], groups: NDArray[np.int64]) -> float:
    """How much photos of a group are right or wrong together, 0..1: the intraclass correlation over all pairs.

    Both are (n,); `groups` are numbers from 0 on. Where all photos are right, or all are wrong, it is 1.
    """
    off = right - right.mean()
    sizes, sums = np.bincount(groups), np.bincount(groups, off)
    pairs, variance = float((sizes * (sizes - 1)).sum()), float((off**2).mean())
    if not pairs or not variance:
        return float(bool(pairs))
    return float(np.clip(((sums**2).sum() - (off**2).sum()) / pairs / variance, 0, 1))


def independent(sizes: NDArray[np.int64], correlated: float) -> float:
    """Independent photos that say as much as groups of these sizes (Kish 1965), by what `correlation` found."""
    number = float(sizes.sum())
    return number / (1 + (float((sizes**2).sum()) / number - 1) * correlated)


def effective(right: Sequence[bool] | NDArray[np.bool_], groups: Sequence[str]) -> float:
    """Independent photos that n photos say as much as: those of a group are right or wrong together. n above 0."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    return independent(np.bincount(group), correlation(np.asarray(right, bool), group))


class Accuracy(NamedTuple):
    """How many photos are right."""

    right: int
    photos: int
    independent: float  # photos that say as much: see `effective`

    @property
    def share(self) -> float:
        """0..1; there must be a photo."""
        return self.right / self.photos

    @property
    def interval(self) -> tuple[float, float]:
        """95% of the share; there must be a photo."""
        return proportion(self.share, self.independent)

    @classmethod
    def of(cls, right: Sequence[bool] | NDArray[np.bool_], groups: Sequence[str]) -> "Accuracy":
        """That of n photos: those of one of the n `groups` are right or wrong together."""
        return cls(int(np.count_nonzero(right)), len(right), effective(right, groups) if len(right) else 0.0)


def is_above(found: Estimate, chance: float, looked_at: int) -> bool:
    """Is it above `chance`, where that many estimates were looked at? See `lower_end`."""
    return lower_end(found, looked_at) > chance


def lower_end(found: Estimate, looked_at: int) -> float:
    """The low of an estimate, where that many were looked at (Bonferroni, 2.5% for all together)."""
    from scipy.stats import norm

    wider = float(norm.ppf(1 - 0.025 / looked_at)) / _Z
    return found.value - wider * (found.value - found.low)


def clustered(
    right: NDArray[np.float64], counted: NDArray[np.float64], groups: Sequence[str], seed: int
) -> Estimate:
    """The mean over c columns of `right` per `counted`, both summed over n rows; rows of a group belong together.

    `right` and `counted` are (n, c). The interval is a bootstrap over groups (Davison and Hinkley 1997, 3.8):
    photos of one listing are right or wrong together. A column that a sample has nothing of is not in its mean.
    """
    names, number = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((2, len(names), right.shape[1]))
    np.add.at(sums[0], number, right)
    np.add.at(sums[1], number, counted)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), _RESAMPLES).astype(float)
    weights = np.concatenate([np.ones((1, len(names))), drawn])  # the first is the estimate itself
    there = weights @ sums[1] > 0
    shares = (weights @ sums[0]) / np.where(there, weights @ sums[1], 1.0)
    return of_draws(shares.sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def wilson_low(right: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.float64]:
    """The lower ends (n,) of the intervals of `wilson` for `right` of `number` (n,)."""
    return np.maximum(_ends(right / number, number.astype(float))[0], 0.0)


def good_share(
    size: NDArray[np.int64], labels: NDArray[np.int64], goods: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """The share of good photos among those that a run of bands is drawn from, (1 + draws,): see `good_photos`.

    It is about photos that nobody has seen yet, so a run that is labelled in full is no more certain than another.
    """
    share, count = _weighed(size, labels, goods)
    return np.concatenate([[share], _chance(share, count, np.random.default_rng(seed))])


def good_photos(
    size: NDArray[np.int64], labels: NDArray[np.int64], goods: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """How many photos of a run of bands are good, (1 + draws,): the estimate, then draws of the posterior.

    All three are counts per band: photos, the labelled among them, the good among those. One Beta posterior for
    the whole run (prior of Jeffreys; each label weighed by the photos of its band that it stands for, and all
    counted by their effective number, Kish 1965) says how many of the photos that nobody labelled are good. So ten
    good of ten are not certain, a run labelled in full is, and one without labels may be anything from 0 to 1. A
    prior for each band instead would pull the sum towards one half.
    """
    random = np.random.default_rng(seed)
    share, count = _weighed(size, labels, goods)
    chance = _chance(share, count, random)
    unknown = size - labels
    own = np.where(labels > 0, goods / np.maximum(labels, 1), share)
    value = goods.sum() + float((unknown * own).sum())
    return np.concatenate([[value], goods.sum() + random.binomial(unknown.sum(), chance)])


def _weighed(size: NDArray[np.int64], labels: NDArray[np.int64], goods: NDArray[np.int64]) -> tuple[float, float]:
    """The share of good photos, each label weighed by those it stands for, and the effective number of labels."""
    weight = size / np.maximum(labels, 1)  # photos that a label stands for
    stood_for = float((weight * labels).sum())
    if not stood_for:
        return 0.5, 0.0
    return float((weight * goods).sum()) / stood_for, stood_for**2 / float((weight**2 * labels).sum())


def _chance(share: float, count: float, random: np.random.Generator) -> NDArray[np.float64]:
    return random.beta(count * share + 0.5, max(0.0, count * (1 - share)) + 0.5, _DRAWS)


def of_draws(values: NDArray[np.float64]) -> Estimate:
    """The first value, and the 95% interval of the rest widened to hold it."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Estimate(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
