"""Is the seller's class right? Out-of-sample class probabilities, learnt from the collection's own labels.

As in confident learning (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068): a photo whose given
class is improbable to a model that has not seen it is suspect. All photos of a listing show one car, so they vote
together; a second round learns less from what the first found suspect.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

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
    second_opinion: Callable[[Floats], Floats] | None = None,
) -> Floats | None:
    """Probability of each class: (n, d) to (n, classes); None when there is too little to learn from.

    `usable` photos show the object at all: only they teach and vote. `second_opinion` is given the weights (n,) of
    the photos and returns out-of-sample probabilities of its own, which count as much as the probe's.
    """
    if classes < 2 or np.bincount(labels[usable], minlength=classes).min() < MIN_PER_CLASS:
        return None
    weights = usable.astype(np.float64)
    first = vote(out_of_sample(features, labels, groups, weights, classes), listings, usable)
    weights *= first[np.arange(len(labels)), labels]
    second = out_of_sample(features, labels, groups, weights, classes)
    if second_opinion is not None:
        second = np.sqrt(second * second_opinion(weights))
    return vote(second, listings, usable)


def vote(probabilities: Floats, listings: Sequence[str], usable: NDArray[np.bool_]) -> Floats:
    """Each photo's log probabilities plus the mean of those of its listing's other usable photos, normalised."""
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
                    voted[place] += logs[others].mean(axis=0)
    voted -= voted.max(axis=1, keepdims=True)
    weights = np.exp(voted)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
