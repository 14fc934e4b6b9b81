"""Does it hold elsewhere? Leave one region out: train on all others, measure there.

The classifier is that of `transfer`, so that a region costs seconds. What it loses is measured on the same photos
against a classifier that saw other listings of the region, by cross-validation over groups. Where the region is
large, a part of the loss is that fewer photos are left to learn from.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.core.intervals import Estimate, clustered, is_above, percent
from curate.core.progress import progress
from curate.train import transfer

LEAST = 20  # photos of a region
PENALTY = 30.0  # scikit-learn's C, that of the learning curve
FOLDS = 5
GROUPS = 5  # of a region: from fewer nothing can be said of others


@dataclass(frozen=True, slots=True)
class Region:
    """One region that was left out."""

    name: str
    photos: int
    accuracy: Estimate  # of a classifier that saw no photo of the region
    loss: Estimate  # against one that saw others of it, 0..1; above 0 is a loss
    loses: bool  # by more than chance, the number of regions allowed for

    def sentence(self) -> str:
        """How it went, in words."""
        right = f"Trained without {self.name}: {percent(self.accuracy.value)} of its {self.photos:,} photos right"
        if self.loss.low == self.loss.high == 0:  # no photo differs, and resampling gives no interval
            return f"{right}, as many as when trained with others of it."
        ends = f"95% interval {-100 * self.loss.high:+z.1f} to {-100 * self.loss.low:+z.1f}"
        return (
            f"{right}. That is {-100 * self.loss.value:+z.1f} points ({ends}) against training with others of it."
        )


def leave_out(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    regions: Sequence[str],
    seed: int,
) -> list[Region]:
    """Each region with enough photos of enough groups, by name. `features` are (n, d), the others (n,).

    Left out are regions without which a class has no photo, and all where there are fewer than FOLDS groups.
    """
    where, group = np.array(regions), np.array(groups)
    names = [name for name, count in sorted(Counter(regions).items()) if name and count >= LEAST]
    names = [name for name in names if len(np.unique(group[where == name])) >= GROUPS]
    classes = len(np.unique(labels))
    # A group may reach into another region: none of it is learnt from.
    others = {name: ~np.isin(group, group[where == name]) for name in names}
    names = [name for name in names if len(np.unique(labels[others[name]])) == classes]
    if len(names) < 2 or len(set(groups)) < FOLDS:
        return []
    fold = folds(groups, labels, seed)
    inside = np.zeros(len(labels), bool)  # right, by the classifier that saw others of the region
    jobs = [("fold", number) for number in range(FOLDS)] + [("region", place) for place in range(len(names))]
    found = []
    for kind, number in progress(iter(jobs), "leave one region out", len(jobs), "fit"):
        held = fold == number if kind == "fold" else where == names[number]
        learn = ~held if kind == "fold" else others[names[number]]
        hit = _predicted(features, labels, learn, held, seed) == labels[held]
        if kind == "fold":
            inside[held] = hit
            continue
        own, ones = group[held].tolist(), np.ones((int(held.sum()), 1))
        lost = inside[held].astype(float) - hit.astype(float)
        right = clustered(hit[:, None].astype(float), ones, own, seed)
        loss = clustered(lost[:, None], ones, own, seed)
        found.append(Region(names[number], int(held.sum()), right, loss, is_above(loss, 0, len(names))))
    return found


def _predicted(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    learn: NDArray[np.bool_],
    held: NDArray[np.bool_],
    seed: int,
) -> NDArray[np.int64]:
    """(h,) labels of the photos `held`, by a classifier of those to `learn`, which may lack a class."""
    seen = np.unique(labels[learn])
    if len(seen) == 1:
        return np.full(int(held.sum()), seen[0])
    head = transfer.fit_one(features[learn], labels[learn], PENALTY, seed)
    return np.asarray(seen[transfer.probabilities(head, features[held]).argmax(axis=1)])


def folds(groups: Sequence[str], labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """(n,) 0..FOLDS-1, the same for all of a group, each class about evenly. There must be FOLDS groups."""
    from sklearn.model_selection import StratifiedGroupKFold

    found = np.zeros(len(labels), np.int64)
    chosen = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)  # it is in fewer folds then
        for number, (_, held) in enumerate(chosen.split(np.zeros(len(labels)), labels, groups)):
            found[held] = number
    return found
