"""Is the seller's class right? Out-of-sample class probabilities, learnt from the collection's own labels.

As in confident learning (Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068): a photo whose given
class is improbable to a model that has not seen it is suspect. All photos of a listing show one car, so they vote
together.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curate.clean.kernel_classifier import Floats, out_of_fold

FULL_CLASS = 25  # usable photos; a smaller class weighs as many, so that the rest does not drown it
MIN_PER_CLASS = 10  # usable photos; with fewer, nothing can be said about the labels of a class
DECIDED = 0.99  # probability of a listing's class where a person decided it of one of its photos
_FLOOR = 1e-6  # of a probability


def label_probabilities(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    weights: Floats,
    classes: int,
    zero_shot: Floats | None = None,
) -> Floats | None:
    """Probability of each class by the photo alone: (n, d) to (n, classes); `vote` comes after.

    Training samples are the photos with `weights` (n,) over 0: they show the object; a decided one weighs more.
    A small class is judged against the rest, one of under ten samples is not: its photos get NaN. Where a class is
    small, the `zero_shot` probabilities (n, classes) stand in, if there are any; None when nothing can be said.
    """
    sizes = np.bincount(labels[weights > 0], minlength=classes)
    if classes < 2 or (zero_shot is not None and sizes.min() < FULL_CLASS):
        return zero_shot
    judged = sizes >= MIN_PER_CLASS
    if judged.sum() < 2 or sizes.sum() < 2 * FULL_CLASS:
        return None
    share = np.where(judged, np.maximum(1, FULL_CLASS / np.maximum(sizes, 1)), 0)
    found = out_of_fold(features, labels, groups, weights * share[labels], classes)
    return np.where(judged[labels][:, None], found, np.nan)


def zero_shot_classes(
    concepts: Floats, concept_classes: Sequence[str | None], classes: Sequence[str]
) -> Floats | None:
    """Concept probabilities (n, k) to class probabilities (n, classes), by the concepts that stand for a class.

    None unless every class has such a concept, and the scorer knows each: then nothing can be said.
    """
    if len(classes) < 2 or not set(classes) <= set(concept_classes):
        return None
    mass = np.stack([concepts[:, [name == c for c in concept_classes]].sum(axis=1) for name in classes], axis=1)
    if not mass.any(axis=0).all():
        return None
    mass += _FLOOR
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def disagreement(alone: Floats, voted: Floats, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where the photo itself and the others of its listing prefer the same other class: (n,)."""
    rows, likely = np.arange(len(labels)), voted.argmax(axis=1)
    own = np.log(np.clip(alone, _FLOOR, None))
    others = np.log(np.clip(voted, _FLOOR**3, None)) - own  # up to a constant per photo
    return np.asarray(
        (own[rows, labels] < own[rows, likely]) & (others[rows, labels] + 1e-9 < others[rows, likely])
    )


def vote(
    probabilities: Floats,
    listings: Sequence[str],
    usable: NDArray[np.bool_],
    decided: NDArray[np.bool_] | None = None,
    labels: NDArray[np.int64] | None = None,
) -> Floats:
    """Each photo's log probabilities plus those of its listing's other usable photos, normalised.

    The others' sum counts divided by the root of their number: views of one car err together, but not wholly. A
    photo whose class among `labels` (n,) a person `decided` (n,) tells the others of its listing just that.
    """
    logs = np.log(np.clip(probabilities, _FLOOR, None))
    _, listing = np.unique(np.array(listings, dtype=object), return_inverse=True)
    voted = logs.copy()
    certain = np.zeros(len(logs), bool) if decided is None else decided
    said = logs
    if labels is not None and certain.any():
        rest = (1 - DECIDED) / max(1, logs.shape[1] - 1)
        said = np.where(np.eye(logs.shape[1], dtype=bool)[labels], np.log(DECIDED), np.log(rest))
    for voters, says in ((usable & ~certain, logs), (certain, said)):
        own = says * voters[:, None]
        total, count = np.zeros_like(logs), np.zeros(len(logs))
        np.add.at(total, listing, own)
        np.add.at(count, listing, voters)
        others = np.maximum(count[listing] - voters, 1)
        voted += (total[listing] - own) / np.sqrt(others)[:, None]
    voted -= voted.max(axis=1, keepdims=True)
    weights = np.exp(voted)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
