"""clean: which photos are usable, of which class, and how sure that is.

Reads dedup.csv (the rows kept), fetch.csv (class, listing, sha256), the photos and review.csv; writes clean.csv,
one row per photo that dedup kept, and clean.*.cache (see `embeddings` and `signals`).

A scorer gives every photo a probability per concept of the recipe, and the collection itself corrects it (see
`self_training`). `score` is the sum over the wanted concepts; a photo under the threshold is rejected with the
reason of its most probable other concept. Poor image quality rejects before that, and a decision in review.csv
counts more than both; it also teaches what is judged of the other photos. A doubtful class (see `label_errors`)
goes to review: it rejects only if the recipe says so.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from curate.clean import class_rates, embeddings, examples, gates, image_quality, signals, subject, summary
from curate.clean.embeddings import EmbeddingStore
from curate.clean.image_quality import Quality
from curate.clean.scorers import loading
from curate.clean.signals import PhotoRecord, Signals
from curate.core import contradictions, manifest
from curate.core.errors import Do, FetchOrImport, GateError, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Clean
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from curate.photos import missing
from curate.review import decisions, queue
from curate.review.decisions import Review

LEAST_PAGES = 10  # photos of a class that look like print: of fewer, nothing follows
PACKAGES = (*embeddings.PACKAGES, "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class PhotoSignals:
    """The signals of one photo. A `refused` photo has no others."""

    refused: str = ""  # reason why it cannot be decoded
    quality: Quality | None = None
    concepts: tuple[float, ...] = ()  # probability per concept of the recipe
    typicality: float = 0.0
    label_score: float | None = None
    likely_class: str = ""
    against: bool = False  # the photo and the others of its listing prefer the same other class


def verdict(photo: PhotoSignals, config: Clean) -> str:
    """The machine's reason to reject a photo, empty to keep it. Pure."""
    if photo.refused or photo.quality is None:
        return "undecodable"
    if reason := image_quality.reason(photo.quality, config.quality):
        return reason
    score = wanted_mass(photo.concepts, config)
    if not np.isfinite(score):
        return "score_nan"
    if score < config.threshold:
        rejecting = [
            (p, -place, concept.reason or concept.name)
            for place, (p, concept) in enumerate(zip(photo.concepts, config.concepts, strict=True))
            if not concept.wanted
        ]
        return max(rejecting)[2]
    if photo.against and photo.label_score is not None and photo.label_score < config.wrong_class_below:
        return "wrong_class"
    return ""


def wanted_mass(concepts: Sequence[float], config: Clean) -> float:
    """Sum of the probabilities of the wanted concepts, 0..1; NaN when one of all is."""
    mass = sum(p for p, concept in zip(concepts, config.concepts, strict=True) if concept.wanted)
    return round(float(mass), 4) if np.isfinite(sum(concepts)) else float("nan")


def decide(photo: PhotoRecord, signals: PhotoSignals, config: Clean, review: Review) -> CleanRow:
    """The row of one photo. Pure."""
    reason = verdict(signals, config)
    class_name = photo.class_name
    if (decision := review.decisions.get(photo.key)) and not signals.refused:
        reason = "" if decision.keep else (reason or "reviewed")
        class_name = decision.class_name or class_name
    best = int(np.argmax(signals.concepts)) if signals.concepts and np.isfinite(signals.concepts).all() else None
    score = wanted_mass(signals.concepts, config) if best is not None else 0.0
    return CleanRow(
        key=photo.key,
        path=photo.path,
        class_name=class_name,
        score=min(1.0, score),
        concept=config.concepts[best].name if best is not None else "",
        concept_score=min(1.0, round(signals.concepts[best], 4)) if best is not None else 0.0,
        typicality=round(signals.typicality, 4),
        label_score=None if signals.label_score is None else round(signals.label_score, 4),
        likely_class=signals.likely_class,
        sharpness=round(signals.quality.blurry, 4) if signals.quality else 0.0,
        brightness=round(signals.quality.dark, 4) if signals.quality else 0.0,
        borderline=False,
        review_rank=None,
        keep=not reason,
        reason=reason,
    )


def read_photos(folder: Path, config: Clean, dedup_rows: Sequence[DedupRow]) -> list[PhotoRecord]:
    """The photos that dedup kept, sorted by key. `dedup_rows` are those of dedup.csv.

    Raises UsageError for a class that the recipe does not name, GateError for a class without any photo.
    """
    fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
    contradicting = contradictions.contradicting(fetched.values())
    photos = []
    for row in dedup_rows:
        if row.keep:
            source = fetched[row.key]
            photos.append(
                PhotoRecord(
                    key=row.key,
                    path=row.path,
                    sha256=source.sha256,
                    class_name=source.class_name,
                    listing_id=source.listing_id,
                    group=row.similar_group,
                    label_conflict=row.label_conflict or row.key in contradicting,
                )
            )
    sizes = Counter(photo.class_name for photo in photos)
    known = config.class_names or tuple(sorted(sizes))
    if unknown := sorted(set(sizes) - set(known)):
        raise UsageError(
            f"fetch.csv has photos of class {', '.join(unknown)}, which the recipe does not name "
            f"(it has {', '.join(known)})",
            Do("add it to `classes`"),
            FetchOrImport(),
        )
    if empty := [name for name in known if not sizes[name]]:
        raise GateError(
            f"clean: no photo of class {', '.join(empty)} is left after dedup",
            FetchOrImport(),
            Do("take it out of the recipe's `classes`"),
        )
    return photos


def by_photo(
    photos: Sequence[PhotoRecord], store: EmbeddingStore, known: Signals, refused: Mapping[str, str], config: Clean
) -> list[PhotoSignals]:
    """The signals of each of `photos`, in order; `known` are those of the photos that are not `refused`."""
    classes = config.class_names or tuple(sorted({photo.class_name for photo in photos}))
    readable = [photo for photo in photos if photo.sha256 not in refused]
    found = {}
    for where, records in store.blocks([photo.sha256 for photo in readable]):
        for place, values in zip(range(len(readable))[where], records["quality"], strict=True):
            photo, labels = readable[place], known.labels[place]
            judged = len(labels) and np.isfinite(labels).all()
            found[photo.key] = PhotoSignals(
                quality=Quality(*(float(value) for value in values)),
                concepts=tuple(known.concepts[place].tolist()),
                typicality=float(known.typicality[place]),
                label_score=float(labels[classes.index(photo.class_name)]) if judged else None,
                likely_class=classes[int(labels.argmax())] if judged else "",
                against=bool(known.against[place]),
            )
    return [found.get(photo.key) or PhotoSignals(refused=refused[photo.sha256]) for photo in photos]


def page_like(photos: Sequence[PhotoRecord], found: Sequence[PhotoSignals], config: Clean) -> set[str]:
    """Classes of which print on a page is typical: solar cells, tables, receipts.

    Documents among photos of something else are seldom typical of their class. Where a quarter of them are among
    its more typical half, the check takes what the class shows for print.
    """
    typical: dict[str, list[bool]] = {}
    for photo, one in zip(photos, found, strict=True):
        if one.quality and image_quality.reason(one.quality, config.quality) == "document":
            typical.setdefault(photo.class_name, []).append(one.typicality > 0.5)
    return {name for name, of_it in typical.items() if len(of_it) >= LEAST_PAGES and 4 * sum(of_it) > len(of_it)}


def judged(
    photos: Sequence[PhotoRecord], found: Sequence[PhotoSignals], config: Clean, review: Review
) -> list[CleanRow]:
    """The row of each photo. `document` is not asked of a class of which print is typical. Pure."""
    pages = page_like(photos, found, config)
    unasked = config.override(quality={**config.quality.model_dump(), "document": 0.0}) if pages else config
    return [
        decide(photo, one, unasked if photo.class_name in pages else config, review)
        for photo, one in zip(photos, found, strict=True)
    ]


def ranked(
    rows: Sequence[CleanRow], photos: Sequence[PhotoRecord], config: Clean, review: Review
) -> list[CleanRow]:
    """The rows, those of the review queue marked and ranked."""
    use = [
        queue.usefulness(
            0.5 if row.reason == "score_nan" else queue.doubt(row.score, config.threshold, row.keep),
            row.label_score if row.keep else None,
            queue.contradicted(row, photo.label_conflict, review),
            photo.key in review.decisions,
            queue.typical_reject(row, config.threshold),
        )
        for row, photo in zip(rows, photos, strict=True)
    ]
    places = queue.rank([row.key for row in rows], use, config.borderline_fraction)
    return [replace(row, borderline=row.key in places, review_rank=places.get(row.key)) for row in rows]


def _as_decided(photo: PhotoRecord, review: Review) -> PhotoRecord:
    """The photo under the class that a person named."""
    decision = review.decisions.get(photo.key)
    return replace(photo, class_name=decision.class_name) if decision and decision.class_name else photo


def run(folder: Path, config: Clean, map_fn: MapFn = map) -> list[CleanRow]:
    """Run the stage in `folder`, or return what is there when nothing changed."""
    given, config = config, subject.resolve(config)
    scorer = loading.load(config)
    second = loading.high_resolution() if config.thorough and config.scorer != "none" else None
    chosen, digest = examples.load(config.examples, scorer)
    identity = dict(scorer.identity)
    if second:
        identity["high_resolution"] = " ".join(second.identity.values())
    if digest:
        identity["examples"] = digest
    if config.concepts != given.concepts:
        concepts = json.dumps([concept.model_dump() for concept in config.concepts], sort_keys=True)
        identity["subject"] = hashlib.sha256(concepts.encode()).hexdigest()[:16]
    wanted = manifest.provenance(folder, "clean", given, PACKAGES, identity)
    if manifest.is_current(folder, wanted) and not missing.is_back(folder, "clean"):
        return manifest.read(folder, CleanRow)
    started = datetime.now(UTC)
    dedup_rows = manifest.read(folder, DedupRow)
    photos = read_photos(folder, config, dedup_rows)
    review = decisions.of_keepers(decisions.load(folder / decisions.NAME, config.class_names), dedup_rows)
    listed, photos = photos, [_as_decided(photo, review) for photo in photos]
    scorer.probabilities(np.zeros((1, scorer.dimensions), np.float32), config.concepts)  # refuses bad concepts now
    files = {photo.sha256: photo.path for photo in photos}
    store = embeddings.collect(folder, files, scorer, map_fn, config.batch_size)
    detail = (embeddings.collect(folder, files, second, map_fn, config.batch_size), second) if second else None
    refused = {**store.refused, **(detail[0].refused if detail else {})}
    readable = [photo for photo in photos if photo.sha256 not in refused]
    decided = {p.key: review.decisions[p.key].keep for p in readable if p.key in review.decisions}
    gather = partial(
        signals.gather, folder, store=store, scorer=scorer, config=config, second=detail, examples=chosen
    )
    if config.scorer == "none":
        known = signals.without_scorer(len(readable), [concept.wanted for concept in config.concepts])
    else:
        known = gather(photos=readable, decided=decided)

    found = by_photo(photos, store, known, refused, config)
    rows = judged(photos, found, config, review)
    taught = []
    if decided and config.scorer != "none":
        before = gather(photos=[photo for photo in listed if photo.sha256 not in refused])
        untaught = by_photo(listed, store, before, refused, config)
        taught = [summary.learnt(rows, judged(listed, untaught, config, Review({}, {})), decided)]
    gates.check_gate(rows, given)
    rates = gates.check_classes(folder, rows, photos, config)
    rows = ranked(rows, photos, config, review)
    lines = [*summary.unjudged(rows, config.scorer), *summary.lines(photos, review, refused)]
    lines = ["rejected: " + ", ".join(map(str, rates)), *subject.notes(given), *lines, *taught]
    lines += summary.unasked(page_like(photos, found, config))
    lost = missing.notes(folder, {files[sha256]: reason for sha256, reason in refused.items()})
    notes = {
        "scorer": identity | dict(scorer.notes),
        "reasons": subject.reasons(config.concepts),
        "classes": class_rates.notes(rates),
        "summary": lines,
        **lost,
    }
    manifest.write(folder, rows, wanted, started, notes)
    return rows
