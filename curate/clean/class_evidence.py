"""The class name is evidence: what is typical of its class is not rejected because the network has no word for it.

Positive and unlabelled learning with a prior (Elkan and Noto, KDD 2008): about nine in ten photos are what their
class name says, a share `expected_reject` is junk. Two signals tell them apart without any word of the network:

- junk is the same in every class. Where a classifier trained on class names is sure of a photo's class, it is
  no junk. Let a be the class's share of all photos, P the out-of-fold probability of the class. If junk has the
  class by chance (a), and good photos of other classes do not look like it, the odds good : junk are
  (P - a) / (a (1 - P)). Classes that overlap make them smaller, so odds under 1 say nothing;
- junk is rare and diverse: it is among the least typical photos of its class.

Zero-shot is believed as far as these two agree with it. The photos of a class that zero-shot rejects are a
mixture of junk, which is untypical, and of its own errors, which are as typical as any: twice the share of them in
the typical half of the class estimates the errors (Storey, JRSS B 2002). The prior bounds that: of a class that
loses no more than expected, nothing is in doubt. It also stands for ten photos, so that a class of a dozen is
judged by the same rule. Where the scorer has no word for anything wanted, it rejects all, and the prior alone says
how many of these rejections are errors.
"""

import numpy as np
from numpy.typing import NDArray

from curate.clean.kernel_classifier import Floats

REJECTED = 0.3  # a zero-shot probability below this is a rejection
LEAST_ERROR = 0.002  # share of the zero-shot rejections that are errors, at least
MIN_OF_CLASS = 5  # photos; with fewer, the class name says nothing
PRIOR_WEIGHT = 10  # photos that the prior counts as, where few are rejected
MOST_TYPICAL = 4.0  # likelihood ratio of a typical photo, at most
_LIMITS = (1.0, 1e4)  # of odds by class


def percentiles(typicality: Floats, numbers: NDArray[np.int64]) -> Floats:
    """Share of the photos of the same class that are less typical: (n,), 0..1; equal ones share a rank."""
    from scipy.stats import rankdata

    result = np.empty(len(typicality))
    for number in np.unique(numbers):
        mine = numbers == number
        result[mine] = (rankdata(typicality[mine]) - 0.5) / mine.sum()
    return result


def odds_by_class(own: Floats, numbers: NDArray[np.int64]) -> Floats:
    """Odds good : junk by the out-of-fold probability `own` (n,) of each photo's class: (n,)."""
    share = (np.bincount(numbers) / len(numbers))[numbers]
    return np.clip((own - share) / np.maximum(share * (1 - own), 1e-9), *_LIMITS)


def zero_shot_errors(rejected: NDArray[np.bool_], percentile: Floats, expected: float) -> float:
    """Share of one class's zero-shot rejections that are errors, 0..1; `expected` is the share of junk."""
    if not rejected.any():
        return LEAST_ERROR
    typical = int((rejected & (percentile > 0.5)).sum())
    storey = (2 * typical + PRIOR_WEIGHT * expected) / (rejected.sum() + PRIOR_WEIGHT)
    return float(np.clip(min(storey, 1 - expected / rejected.mean()), LEAST_ERROR, 0.95))


def corrected(
    zero_shot: Floats, own: Floats, numbers: NDArray[np.int64], percentile: Floats, expected: float
) -> Floats:
    """Probability of "wanted" by zero-shot and class name together: (n,), never less than `zero_shot`.

    `own` (n,) is the out-of-fold probability of the photo's class, `percentile` (n,) its typicality in the class.
    """
    expected = float(np.clip(expected, 0.005, 0.5))
    errors = np.full(len(numbers), 0.0 if zero_shot.any() else 1 - expected)
    for number in np.unique(numbers):
        mine = numbers == number
        if zero_shot.any() and mine.sum() >= MIN_OF_CLASS:
            errors[mine] = zero_shot_errors(zero_shot[mine] < REJECTED, percentile[mine], expected)
    by_class = odds_by_class(own, numbers) * expected / (1 - expected)  # a likelihood ratio: the odds by the prior
    by_typicality = np.minimum((percentile / expected) ** 3, MOST_TYPICAL)
    odds = errors / (1 - errors) * by_class * by_typicality
    return np.asarray(zero_shot + (1 - zero_shot) * odds / (1 + odds))
