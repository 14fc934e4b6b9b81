"""From what a network believes about a photo to what the collection says about it as well. No truth is needed.

Four signals for "it shows the wanted object" that err in different ways:
- the zero-shot probability of the kept concepts;
- a probe on the embeddings, trained on the photos of which the zero-shot probability is sure and judged out of
  sample (self-training, Yarowsky 1995; its agreement with the first is co-training, Blum and Mitchell 1998);
- its mates: the photos of one listing show one object, so they look alike;
- typicality: how unusual it is, among the trusted photos, to be as unlike the others as this one. The null
  distribution is fitted to the bulk of the collection itself (empirical null, Efron 2004), and what is surely odd
  teaches a probe of its own: an odd photo that is like other odd ones is odder, one like the usual ones less so.
A collection that is too small, or holds nothing to reject, is judged by the first alone.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.clean.kernel_classifier import Floats, out_of_sample

SURE = 0.8  # a zero-shot probability above this, or under 1 - this, may teach
MIN_TEACHERS = 10  # sure photos of either kind; with fewer nothing is learnt
MIN_SHARE = 0.005  # of the photos surely unwanted; fewer are the zero-shot probability's own mistakes
MIN_TRUSTED = 200  # photos; with fewer, the tail of the typical ones is not known
HINT_WEIGHT = 0.28  # of an embedding's length, per mean deviation
MATES_LIMIT = 3.0  # log odds: one in twenty good photos may look like none of its listing
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
    """Is there enough of the wanted and of the unwanted that zero-shot is sure of?"""
    wanted, unwanted = (zero_shot > SURE).sum(), (zero_shot < 1 - SURE).sum()
    return bool(min(wanted, unwanted) >= MIN_TEACHERS and unwanted >= MIN_SHARE * len(zero_shot))


def probed(zero_shot: Floats, features: NDArray[np.float32], groups: Sequence[str]) -> Floats:
    """Zero-shot probability and probe in equal parts, as log odds: (n,) and (n, d) to (n,)."""
    if not can_learn(zero_shot):
        return zero_shot
    wanted, unwanted = zero_shot > SURE, zero_shot < 1 - SURE
    probe = _probability(wanted, unwanted, features, groups)
    return expit((logit(zero_shot) + logit(probe)) / 2)


def _probability(
    yes: NDArray[np.bool_], no: NDArray[np.bool_], features: NDArray[np.float32], groups: Sequence[str]
) -> Floats:
    """Probability of "yes" by a probe that both kinds teach: (n,)."""
    return out_of_sample(features, yes.astype(np.int64), groups, (yes | no).astype(np.float64), 2)[:, 1]


def usual(typicality: Floats, trusted: NDArray[np.bool_], rate: float) -> Floats:
    """How usual a typicality is among the trusted photos, 0..1; 1/2 where a share `rate` of them is less typical.

    The log odds of typicality are taken as normal, with the median of the trusted photos and the wider of the two
    spreads that their lower quartile and lowest tenth tell.
    """
    if trusted.sum() < MIN_TRUSTED or rate <= 0:
        return np.ones(len(typicality))
    from scipy.stats import norm

    values = logit(typicality)
    middle = np.median(values[trusted])
    spread = max(_FLOOR, *((middle - np.quantile(values[trusted], q)) / norm.ppf(1 - q) for q in (0.25, 0.1)))
    tail = norm.cdf((values - middle) / spread)
    return np.asarray(tail / (tail + rate))


def confirmed(usual_: Floats, wanted: Floats, features: NDArray[np.float32], groups: Sequence[str]) -> Floats:
    """`usual_` and a probe taught by the surely usual and the surely odd wanted photos, in equal parts: (n,)."""
    typical, odd = (usual_ > SURE) & (wanted > 0.5), (usual_ < 1 - SURE) & (wanted > 0.5)
    if min(typical.sum(), odd.sum()) < MIN_TEACHERS:
        return usual_
    return expit((logit(usual_) + logit(_probability(typical, odd, features, groups))) / 2)


def likeness_to_mates(
    read: Callable[[Sequence[int]], NDArray[np.float32]], listings: Sequence[str], trusted: NDArray[np.bool_]
) -> Floats:
    """Cosine to the most alike trusted photo of the same listing: (n,), NaN where there is none.

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


def mates_say(likeness: Floats, zero_shot: Floats) -> Floats:
    """Log likelihood ratio of "wanted" given the likeness to one's mates: (n,), within ±MATES_LIMIT.

    A logistic curve through the photos of which the zero-shot probability is sure, both kinds weighing the same;
    0 where nothing is known. Bounded, for a seller may well add one view that is like no other.
    """
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(likeness)
    wanted, unwanted = known & (zero_shot > SURE), known & (zero_shot < 1 - SURE)
    result = np.zeros(len(likeness))
    if min(wanted.sum(), unwanted.sum()) >= MIN_TEACHERS:
        teach = wanted | unwanted
        curve = LogisticRegression(class_weight="balanced", solver="newton-cholesky")
        curve.fit(logit(likeness[teach])[:, None], wanted[teach])
        result[known] = curve.decision_function(logit(likeness[known])[:, None])
    return np.asarray(np.clip(result, -MATES_LIMIT, MATES_LIMIT))


def spread(zero_shot: Floats, wanted: Floats, usual_: Floats, keep: Sequence[bool], detail: int | None) -> Floats:
    """Probability per concept after all signals: (n, k) zero-shot, (n,), (n,) to (n, k), rows still sum to 1.

    `wanted` is shared among the kept concepts, the rest among the others, in the zero-shot proportions. What
    `usual_` takes from the kept concepts goes to concept `detail`: the wanted object, but unlike all the others.
    """
    kept = np.array(keep, dtype=bool)
    result = zero_shot.copy()
    for columns, mass in ((kept, wanted), (~kept, 1 - wanted)):
        total = zero_shot[:, columns].sum(axis=1)
        share = np.where(total > 0, mass / np.where(total > 0, total, 1), 0.0)
        result[:, columns] *= share[:, None]
    if detail is not None:
        lost = result[:, kept].sum(axis=1) * (1 - usual_)
        result[:, kept] *= usual_[:, None]
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
    """Tell the rejecting concepts apart by what the collection holds of each: (n, k) to (n, k), same row sums.

    A probe learns from the photos that are surely of one rejecting concept, each concept weighing the same, and
    counts twice what was believed before; a second round learns from what the first made sure. Concepts with too
    few such photos are left as they are, and so is the mass of the kept concepts.
    """
    rejecting = np.flatnonzero(~np.array(keep, dtype=bool))
    result = concepts.copy()
    for _ in range(2):
        believed = result[:, rejecting]
        sure = believed.max(axis=1) > SURE
        best = believed.argmax(axis=1)
        counts = np.bincount(best[sure], minlength=len(rejecting))
        known = np.flatnonzero(counts >= MIN_TEACHERS)
        if len(known) < 2:
            break
        weights = np.where(sure & np.isin(best, known), 1 / np.maximum(counts[best], 1), 0.0)
        weights *= counts[known].sum() / len(known)
        labels = np.searchsorted(known, best).astype(np.int64)
        probe = out_of_sample(features, labels, groups, weights, len(known))
        mass = believed[:, known].sum(axis=1, keepdims=True)
        joint = np.cbrt(np.clip(believed[:, known], _FLOOR, None) * np.clip(probe, _FLOOR, None) ** 2)
        result[:, rejecting[known]] = mass * joint / joint.sum(axis=1, keepdims=True)
    return result
