"""Is the seller's class right? Out-of-sample class probabilities, learnt from the collection's own labels.

As in confident learning (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068): a photo whose given
class is improbable to a model that has not seen it is suspect. All photos of a listing show one car, so they vote
together.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curate.cleaning.probes import Floats, out_of_sample

MIN_PER_CLASS = 25  # usable photos; with fewer, nothing can be said about labels
_FLOOR = 1e-6  # of a probability


def label_probabilities(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    listings: Sequence[str],
    groups: Sequence[str],
    usable: NDArray[np.bool_],
    classes: int,
    zero_shot: Floats | None = None,
) -> Floats | None:
    """Probability of each class: (n, d) to (n, classes).

    `usable` photos show the object at all: only they teach and vote. Where they are too few to learn from, the
    `zero_shot` probabilities (n, classes) stand in; None when there are none.
    """
    if classes < 2 or np.bincount(labels[usable], minlength=classes).min() < MIN_PER_CLASS:
        return None if zero_shot is None else vote(zero_shot, listings, usable)
    found = out_of_sample(features, labels, groups, usable.astype(np.float64), classes)
    return vote(found, listings, usable)


def zero_shot_classes(
    believed: Floats, concept_classes: Sequence[str | None], classes: Sequence[str]
) -> Floats | None:
    """Concept probabilities (n, k) to class probabilities (n, classes), by the concepts that stand for a class.

    None unless every class has such a concept, and the scorer knows each: then nothing can be said.
    """
    if len(classes) < 2 or not set(classes) <= set(concept_classes):
        return None
    mass = np.stack([believed[:, [name == c for c in concept_classes]].sum(axis=1) for name in classes], axis=1)
    if not mass.any(axis=0).all():
        return None
    mass += _FLOOR
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def vote(probabilities: Floats, listings: Sequence[str], usable: NDArray[np.bool_]) -> Floats:
    """Each photo's log probabilities plus those of its listing's other usable photos, normalised.

    The others' sum counts divided by the root of their number: views of one car err together, but not wholly.
    """
    logs = np.log(np.clip(probabilities, _FLOOR, None))
    members: dict[str, list[int]] = defaultdict(list)
    for place, listing in enumerate(listings):
        members[listing].append(place)
    voted = logs.copy()
    for places in members.values():
        if len(places) > 1:
            for place in places:
                others = [other for other in places if other != place and usable[other]]
                if others:
                    voted[place] += logs[others].sum(axis=0) / np.sqrt(len(others))
    voted -= voted.max(axis=1, keepdims=True)
    weights = np.exp(voted)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
