"""Correct zero-shot probabilities by the collection itself. No true label is needed.

Four signals for "it shows the wanted object", whose errors differ:
- the zero-shot probability of the kept concepts;
- a kernel classifier on the embeddings, trained on the photos whose zero-shot probability is confident, evaluated
  out of fold (self-training, Yarowsky 1995; its agreement with the first is co-training, Blum and Mitchell 1998);
- the listing: its photos show one object, so they are alike;
- typicality: how unusual it is, among the trusted photos, to be as unlike the others as this one. The null
  distribution is fitted to the bulk of the collection itself (empirical null, Efron 2004). A second
  classifier learns from the confidently odd photos: an odd photo like other odd ones becomes odder.
A collection that is too small, or holds nothing to reject, is judged by the first signal alone.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.clean.kernel_classifier import Floats, out_of_fold

CONFIDENT = 0.8  # a photo above this probability, or under 1 - this, is a training sample
MIN_SAMPLES = 10  # confident photos of either kind; with fewer nothing is learnt
MIN_SHARE = 0.005  # of the photos confidently unwanted; fewer are errors of the zero-shot probability
MIN_TRUSTED = 200  # photos; with fewer, the tail of the distribution is not known
HINT_WEIGHT = 0.28  # of an embedding's length, per mean deviation
LISTING_LIMIT = 3.0  # log odds: one in twenty good photos is like none of its listing
EXAMPLE_WEIGHT = 5.0  # confident photos that one example counts for
DECIDED_WEIGHT = 2.0  # the same of a decided photo: with 5, more good photos like a rejected one are lost
MIN_OF_CLASS = 30  # trusted photos of a class; with fewer, its middle is not known
_FLOOR = 1e-6
_BLOCK = 1024  # photos


def logit(probability: Floats) -> Floats:
    """Log odds, finite."""
    clipped = np.clip(probability, _FLOOR, 1 - _FLOOR)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def expit(log_odds: Floats) -> Floats:
    """Inverse of `logit`."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def can_learn(zero_shot: Floats) -> bool:
    """Are there enough photos, wanted and unwanted, with a confident zero-shot probability?"""
    wanted, unwanted = (zero_shot > CONFIDENT).sum(), (zero_shot < 1 - CONFIDENT).sum()
    return bool(min(wanted, unwanted) >= MIN_SAMPLES and unwanted >= MIN_SHARE * len(zero_shot))


def self_trained(
    zero_shot: Floats,
    features: NDArray[np.float32],
    groups: Sequence[str],
    examples: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None,
    decided: NDArray[np.int8] | None = None,
) -> Floats:
    """Zero-shot probability and kernel classifier in equal parts, as log odds: (n,) and (n, d) to (n,).

    `examples` are features (e, d) of photos that a person chose, and which of them are wanted (e,): more training
    samples, for which the classifier counts twice. `decided` (n,) is 1 where a person keeps a photo, -1 where one
    rejects it: what the classifier learns of these, whatever their zero-shot probability.
    """
    said = np.zeros(len(zero_shot), np.int8) if decided is None else decided
    yes = (said > 0) | ((said == 0) & (zero_shot > CONFIDENT))
    no = (said < 0) | ((said == 0) & (zero_shot < 1 - CONFIDENT))
    weights = np.where(said == 0, 1.0, DECIDED_WEIGHT)
    if examples is None:
        if not can_learn(zero_shot) and min(yes.sum(), (said < 0).sum()) < MIN_SAMPLES:
            return zero_shot
        return expit((logit(zero_shot) + logit(_out_of_fold(yes, no, features, groups, weights))) / 2)
    chosen, keep = examples
    yes, no = np.concatenate([yes, keep]), np.concatenate([no, ~keep])
    names = [*groups, *(f"example {number}" for number in range(len(keep)))]
    weights = np.concatenate([weights, np.full(len(keep), EXAMPLE_WEIGHT)])
    learnt = _out_of_fold(yes, no, np.vstack([features, chosen]), names, weights)[: len(zero_shot)]
    return expit((logit(zero_shot) + 2 * logit(learnt)) / 3)


def _out_of_fold(
    yes: NDArray[np.bool_],
    no: NDArray[np.bool_],
    features: NDArray[np.float32],
    groups: Sequence[str],
    weights: Floats | float = 1.0,
) -> Floats:
    """Out-of-fold probability of "yes" by a classifier trained on both kinds: (n,)."""
    return out_of_fold(features, yes.astype(np.int64), groups, np.asarray((yes | no) * weights, np.float64), 2)[
        :, 1
    ]


def typicality_probability(
    typicality: Floats, trusted: NDArray[np.bool_], rate: float, classes: NDArray[np.int64] | None = None
) -> Floats:
    """Probability that a photo is no outlier: (n,), 1/2 where a share `rate` of the trusted is less typical.

    The log odds of typicality are taken as normal, with the median of the class's trusted photos and the wider of
    the two standard deviations that their lower quartile and lowest tenth give.
    """
    if trusted.sum() < MIN_TRUSTED or rate <= 0:
        return np.ones(len(typicality))
    from scipy.stats import norm

    values = logit(typicality)
    known = np.zeros(len(values), bool)
    numbers = np.zeros(len(values), np.int64) if classes is None else classes
    for number in np.unique(numbers):
        mine = numbers == number
        if (mine & trusted).sum() >= MIN_OF_CLASS:
            values[mine] -= np.median(values[mine & trusted])
            known |= mine
    if not (known & trusted).any():
        return np.ones(len(typicality))
    usual = values[known & trusted]
    deviation = max(_FLOOR, *(-np.quantile(usual, q) / norm.ppf(1 - q) for q in (0.25, 0.1)))
    tail = norm.cdf(values / deviation)
    return np.where(known, tail / (tail + rate), 1.0)


def refined_typicality(
    probability: Floats, wanted: Floats, features: NDArray[np.float32], groups: Sequence[str]
) -> Floats:
    """`probability` and a classifier trained on its confident wanted photos, in equal parts: (n,)."""
    typical, odd = ((p > CONFIDENT) & (wanted > 0.5) for p in (probability, 1 - probability))
    if min(typical.sum(), odd.sum()) < MIN_SAMPLES:
        return probability
    return expit((logit(probability) + logit(_out_of_fold(typical, odd, features, groups))) / 2)


def listing_similarity(
    read: Callable[[Sequence[int]], NDArray[np.float32]], listings: Sequence[str], trusted: NDArray[np.bool_]
) -> Floats:
    """Cosine to the nearest trusted photo of the same listing: (n,), NaN where there is none.

    `read` gives the embeddings (m, d) of photos by number: a listing at a time is in memory.
    """
    result = np.full(len(listings), np.nan)
    members: dict[str, list[int]] = defaultdict(list)
    for place, listing in enumerate(listings):
        members[listing].append(place)
    for places in members.values():
        if len(places) > 1 and trusted[places].any():
            vectors = read(places).astype(np.float64)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _FLOOR)
            for start in range(0, len(places), _BLOCK):
                alike = vectors[start : start + _BLOCK] @ vectors.T
                alike[:, ~trusted[places]] = -np.inf
                rows = np.arange(len(alike))
                alike[rows, start + rows] = -np.inf
                best = alike.max(axis=1)
                result[places[start : start + _BLOCK]] = np.where(np.isfinite(best), best, np.nan)
    return result


def listing_log_likelihood_ratio(similarity: Floats, zero_shot: Floats) -> Floats:
    """Log likelihood ratio of "wanted" given the similarity to the listing: (n,), within ±LISTING_LIMIT.

    A logistic curve through the photos whose zero-shot probability is confident, both kinds weighing the same;
    0 where nothing is known. Bounded, for a seller may add one view that is like no other.
    """
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(similarity)
    wanted, unwanted = known & (zero_shot > CONFIDENT), known & (zero_shot < 1 - CONFIDENT)
    result = np.zeros(len(similarity))
    if min(wanted.sum(), unwanted.sum()) >= MIN_SAMPLES:
        samples = wanted | unwanted
        curve = LogisticRegression(class_weight="balanced", solver="newton-cholesky")
        curve.fit(logit(similarity[samples])[:, None], wanted[samples])
        result[known] = curve.decision_function(logit(similarity[known])[:, None])
    return np.asarray(np.clip(result, -LISTING_LIMIT, LISTING_LIMIT))


def redistribute_mass(
    zero_shot: Floats, wanted: Floats, typical: Floats, keep: Sequence[bool], detail: int | None
) -> Floats:
    """Probability per concept after all signals: (n, k) zero-shot, (n,), (n,) to (n, k), rows still sum to 1.

    `wanted` is shared among the kept concepts, the rest among the others, in the zero-shot proportions. What
    `typical` takes from the kept concepts goes to concept `detail`: the wanted object, but unlike all the others.
    """
    kept = np.array(keep, dtype=bool)
    result = zero_shot.copy()
    for columns, mass in ((kept, wanted), (~kept, 1 - wanted)):
        if not columns.any():  # the recipe has no concept of that kind
            continue
        total = zero_shot[:, columns].sum(axis=1)
        there = total > 0
        result[:, columns] *= (mass / np.where(there, total, 1))[:, None]
        result[np.ix_(~there, columns)] = (mass[~there] / columns.sum())[:, None]
    if detail is not None:
        lost = result[:, kept].sum(axis=1) * (1 - typical)
        result[:, kept] *= typical[:, None]
        result[:, detail] += lost
    return result


def standardised(columns: Sequence[Floats]) -> NDArray[np.float32]:
    """A few plain signals as columns that weigh about as much as hundreds of features: (n, len(columns))."""
    stacked = np.stack(columns, axis=1)
    middle = np.median(stacked, axis=0)
    size = np.abs(stacked - middle).mean(axis=0) + _FLOOR
    return np.asarray(HINT_WEIGHT * (stacked - middle) / size, dtype=np.float32)


def name_reasons(
    concepts: Floats, keep: Sequence[bool], features: NDArray[np.float32], groups: Sequence[str]
) -> Floats:
    """Tell the rejecting concepts apart by the collection's own photos of each: (n, k) to (n, k), same row sums.

    A classifier learns from the photos that are confidently of one rejecting concept, each concept weighing the
    same, and counts twice as much as the probability before; a second round learns from the result of the first.
    Concepts with too few such photos stay as they are, and so does the mass of the kept concepts.
    """
    rejecting = np.flatnonzero(~np.array(keep, dtype=bool))
    result = concepts.copy()
    if len(rejecting) < 2:
        return result
    for _ in range(2):
        before = result[:, rejecting]
        confident = before.max(axis=1) > CONFIDENT
        best = before.argmax(axis=1)
        counts = np.bincount(best[confident], minlength=len(rejecting))
        known = np.flatnonzero(counts >= MIN_SAMPLES)
        if len(known) < 2:
            break
        weights = np.where(confident & np.isin(best, known), 1 / np.maximum(counts[best], 1), 0.0)
        weights *= counts[known].sum() / len(known)
        labels = np.searchsorted(known, best).astype(np.int64)
        learnt = out_of_fold(features, labels, groups, weights, len(known))
        mass = before[:, known].sum(axis=1, keepdims=True)
        joint = np.cbrt(np.clip(before[:, known], _FLOOR, None) * np.clip(learnt, _FLOOR, None) ** 2)
        result[:, rejecting[known]] = mass * joint / joint.sum(axis=1, keepdims=True)
    return result
