"""All that is known of the photos of a collection, as arrays, in the order of the photos.

Embedding and image quality come from `embeddings`, probabilities per concept from the scorer; `self_training`,
`outliers` and `label_errors` add what the collection says. The result is kept in `clean.signals.cache`, so that
another threshold takes no time.
"""

import hashlib
import io
import json
import types
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from curate.clean import class_evidence, kernel_classifier, label_errors, outliers, self_training
from curate.clean.embeddings import BLOCK, EmbeddingStore
from curate.clean.kernel_classifier import Floats
from curate.clean.scorers.base import Scorer
from curate.core.files import atomic_write
from curate.core.recipe import Clean
from curate.core.stages import STAGES

NAME = "clean.signals.cache"
DECIDED_NAME = "clean.decided.cache"  # the same, where decisions taught the classifiers
FORMAT = 9  # raise it with every change of method
Examples = tuple[NDArray[np.float32], NDArray[np.bool_]]  # embeddings (e, d), and which of them show what to keep
USABLE = 0.3  # a photo with less of the wanted concepts is no sample for classes and has no vote


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """What the stages before know of a photo."""

    key: str
    path: str
    sha256: str
    class_name: str  # what the seller says
    listing_id: str
    group: str  # smallest key of what the split keeps together
    label_conflict: bool  # its duplicates differ in class, or its advert says another


@dataclass(frozen=True, slots=True)
class Signals:
    """One row per photo."""

    zero_shot: Floats  # (n, k) probability per concept, by the scorer alone
    concepts: Floats  # (n, k) probability per concept, after all signals; NaN where the scorer says NaN
    typicality: Floats  # (n,) 0..1, share of the photos of its class that are less typical
    labels: Floats  # (n, classes) out-of-sample probability of each class; (n, 0) where not computed
    against: Floats  # (n,) 1 where the photo and the others of its listing prefer the same other class


def gather(
    folder: Path,
    photos: Sequence[PhotoRecord],
    store: EmbeddingStore,
    scorer: Scorer,
    config: Clean,
    second: tuple[EmbeddingStore, Scorer] | None = None,
    examples: Examples | None = None,
    decided: Mapping[str, bool] = types.MappingProxyType({}),
) -> Signals:
    """The signals of `photos`, all of which are in `store`; from the cache where nothing changed.

    `second` is a second network's view, for class names only (`clean --thorough`). `decided` are the photos, by
    key, that a person keeps or rejects: the surest samples for all classifiers, in a cache of their own.
    """
    facts = {
        "format": FORMAT,
        "scorer": dict(scorer.identity),
        "stage": STAGES["clean"].version,
        "versions": {name: version(name) for name in ("numpy", "scikit-learn", "scipy")},
        "concepts": [concept.model_dump() for concept in config.concepts],
        "classes": config.class_names,
        "outlier_rate": config.outlier_rate,
        "expected_reject": config.expected_reject,
        "examples": [hashlib.sha256(part.tobytes()).hexdigest() for part in examples or ()],
        "second": dict(second[1].identity) if second else {},
        "embeddings": [one.layout.header.decode() for one in (store, *(second or ())[:1])],
        "photos": [(p.key, p.sha256, p.class_name, p.listing_id, p.group) for p in photos],
        "decided": sorted(decided.items()),
    }
    digest = hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogatepass")).hexdigest()
    path = folder / (DECIDED_NAME if decided else NAME)
    try:
        with np.load(path, allow_pickle=False) as found:
            if str(found["digest"]) == digest:
                return Signals(*(found[name] for name in Signals.__slots__))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    # One thread: small matrices gain nothing from more, and the sums come out the same on every machine.
    with threadpool_limits(1, user_api="blas"):
        signals = compute(photos, store, scorer, config, second[0] if second else None, examples, decided)
    buffer = io.BytesIO()
    np.savez(buffer, digest=np.array(digest), **{name: getattr(signals, name) for name in Signals.__slots__})
    atomic_write(path, buffer.getvalue())
    return signals


def without_scorer(count: int, wanted: Sequence[bool]) -> Signals:
    """The signals of `count` photos that no network embeds: each shows what is wanted, no more is known."""
    shares = np.array(wanted, dtype=np.float64)
    concepts = np.tile(shares / shares.sum(), (count, 1))
    return Signals(concepts, concepts, np.zeros(count), np.empty((count, 0)), np.zeros(count))


def compute(
    photos: Sequence[PhotoRecord],
    store: EmbeddingStore,
    scorer: Scorer,
    config: Clean,
    second: EmbeddingStore | None = None,
    examples: Examples | None = None,
    decided: Mapping[str, bool] = types.MappingProxyType({}),
) -> Signals:
    """The signals of `photos`, by blocks: a sample and the projected features are in memory, not all photos."""
    names = [photo.sha256 for photo in photos]
    listings = [photo.listing_id for photo in photos]
    zero_shot = np.empty((len(photos), len(config.concepts)))
    for where, records in store.blocks(names):
        zero_shot[where] = scorer.probabilities(records["embedding"], config.concepts)
    finite = np.isfinite(zero_shot.sum(axis=1))
    if second is not None:
        for where, records in second.blocks(names):
            finite[where] &= np.isfinite(records["embedding"]).all(axis=1)
    places = np.flatnonzero(finite)
    if not len(places):
        nothing, zeros = np.full(zero_shot.shape, np.nan), np.zeros(len(photos))
        return Signals(zero_shot, nothing, zeros, np.empty((len(photos), 0)), zeros)

    read = partial(_embeddings, store, names)
    project = _projection(places, read)
    features = _projected(project, places, read)
    inner = [listings[place] for place in places.tolist()]
    groups = kernel_classifier.join_groups(inner, [photos[place].group for place in places.tolist()])
    given = [photos[place].class_name for place in places.tolist()]
    classes = list(config.class_names) or sorted(set(given))
    numbers = np.array([classes.index(name) for name in given])
    typicality = _typicality(places, read, groups, numbers)
    percentile = class_evidence.percentiles(typicality, numbers)
    wanted_columns = np.array([concept.wanted for concept in config.concepts])
    said = np.array([_side(decided.get(photos[place].key)) for place in places.tolist()], np.int8)
    weights = np.select([said < 0, said > 0], [0.0, self_training.DECIDED_WEIGHT], 1.0)  # as a photo of its class
    concepts = zero_shot[places]
    final = concepts
    if not wanted_columns.all():
        own = kernel_classifier.out_of_fold(features, numbers, groups, weights, len(classes))
        mass = class_evidence.corrected(
            concepts[:, wanted_columns].sum(axis=1),
            own[np.arange(len(numbers)), numbers],
            numbers,
            percentile,
            config.expected_reject,
        )
        taught = (project(examples[0]), examples[1]) if examples is not None else None
        trained = self_training.self_trained(mass, features, groups, taught, said)
        trusted = np.where(said == 0, trained > 0.5, said > 0)
        similarity = self_training.listing_similarity(lambda few: read(places[list(few)]), inner, trusted)
        wanted = self_training.expit(
            self_training.logit(trained) + self_training.listing_log_likelihood_ratio(similarity, mass)
        )
        rate = config.outlier_rate if self_training.can_learn(mass) else 0.0
        typical = self_training.typicality_probability(typicality, trusted, rate, numbers)
        typical = self_training.refined_typicality(typical, wanted, features, groups)
        roles = [concept.role for concept in config.concepts]
        detail = roles.index("detail") if "detail" in roles else None
        final = self_training.redistribute_mass(concepts, wanted, typical, wanted_columns.tolist(), detail)
        hints = self_training.standardised([self_training.logit(typicality), self_training.logit(mass)])
        final = self_training.name_reasons(final, wanted_columns.tolist(), np.hstack([features, hints]), groups)
    score = final[:, wanted_columns].sum(axis=1)
    if second is not None:
        closer = partial(_embeddings, second, names)
        features = np.hstack([features, _projected(_projection(places, closer), places, closer)])
    usable = np.where(said == 0, score >= USABLE, said > 0)
    voted, against = _class_names(numbers, classes, features, inner, groups, usable, concepts, config, said)

    def scatter(values: Floats, fill: float) -> Floats:
        result = np.full((len(photos), *values.shape[1:]), fill)
        result[places] = values
        return result

    return Signals(
        zero_shot,
        scatter(final, np.nan),
        scatter(percentile, 0.0),
        scatter(voted, np.nan),
        scatter(against, 0.0),
    )


def _side(keep: bool | None) -> int:
    """1 for a photo that a person keeps, -1 for one rejected, 0 where nothing is decided."""
    return 0 if keep is None else 1 if keep else -1


def _class_names(
    numbers: NDArray[np.int64],
    classes: Sequence[str],
    features: NDArray[np.float32],
    listings: Sequence[str],
    groups: Sequence[str],
    usable: NDArray[np.bool_],
    concepts: Floats,
    config: Clean,
    said: NDArray[np.int8],
) -> tuple[Floats, Floats]:
    """Class probabilities (m, classes), or (m, 0); and 1 where photo and listing agree on another class: (m,).

    `said` (m,) is over 0 where a person decided the class.
    """
    by_concept = label_errors.zero_shot_classes(
        concepts, [concept.class_name for concept in config.concepts], classes
    )
    weights = np.select([~usable, said > 0], [0.0, self_training.DECIDED_WEIGHT], 1.0).astype(np.float64)
    alone = label_errors.label_probabilities(features, numbers, groups, weights, len(classes), by_concept)
    if alone is None:
        return np.empty((len(numbers), 0)), np.zeros(len(numbers))
    judged = np.isfinite(alone.sum(axis=1))
    alone = np.where(judged[:, None], alone, 1 / len(classes))
    voted = label_errors.vote(alone, listings, usable & judged, said > 0, numbers)
    against = label_errors.disagreement(alone, voted, numbers) & judged
    return np.where(judged[:, None], voted, np.nan), against.astype(np.float64)


def _embeddings(
    store: EmbeddingStore, names: Sequence[str], places: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.float32]:
    """The embeddings (m, d) of the photos at `places`."""
    return np.ascontiguousarray(store.read([names[place] for place in places])["embedding"])


def _projection(
    places: NDArray[np.int64], read: Callable[[NDArray[np.int64]], NDArray[np.float32]]
) -> kernel_classifier.Projection:
    """The main directions of the photos at `places`."""
    return kernel_classifier.Projection(read(kernel_classifier.evenly(places, kernel_classifier.SAMPLE)))


def _projected(
    project: kernel_classifier.Projection,
    places: NDArray[np.int64],
    read: Callable[[NDArray[np.int64]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Projected embeddings (m, at most 512) of the photos at `places`."""
    return np.concatenate([project(read(places[at : at + BLOCK])) for at in range(0, len(places), BLOCK)])


def _typicality(
    places: NDArray[np.int64],
    read: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    groups: Sequence[str],
    numbers: NDArray[np.int64],
) -> Floats:
    """Typicality (m,) of the photos at `places` among those of their class; groups and classes (m,) are given."""
    result = np.zeros(len(places))
    for number in np.unique(numbers):
        mine = np.flatnonzero(numbers == number)
        some = kernel_classifier.evenly(mine, outliers.MAX_REFERENCES)
        references, theirs = read(places[some]), [groups[one] for one in some]
        for at in range(0, len(mine), BLOCK):
            block = mine[at : at + BLOCK]
            result[block] = outliers.typicality(
                read(places[block]), [groups[one] for one in block], references, theirs
            )
    return result
