"""clean: which photos are usable, of which class, and how sure that is.

Reads dedup.csv (the rows kept), fetch.csv (class, listing, sha256), the photos and review.csv; writes clean.csv,
one row per photo that dedup kept, and clean.*.cache (what it remembers of each photo, see `embeddings`).

A scorer gives every photo a probability per concept of the recipe, and the collection itself corrects it (see
`relevance`). `score` is the sum over the kept concepts; a photo under the threshold is rejected with the reason of
its most probable other concept. Plain defects reject before that, and a person's decision in review.csv stands
above all. A doubtful class (see `labels`) is put before a person: alone it rejects only if the recipe says so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from curate.clean import embeddings, image_quality, label_errors
from curate.clean import signals as evidence
from curate.clean.embeddings import Looks
from curate.clean.image_quality import Defects
from curate.clean.scorers import loading
from curate.clean.signals import Photo, Signals
from curate.core import manifest
from curate.core.errors import GateError, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Clean
from curate.core.schemas import CleanRow, DedupRow, FetchRow
from curate.photos import missing
from curate.review import decisions as review
from curate.review import queue as borderline
from curate.review.decisions import Review

PACKAGES = (*embeddings.PACKAGES, "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about a photo. `refused` photos have only that."""

    refused: str = ""  # reason why it could not be looked at
    defects: Defects | None = None
    concepts: tuple[float, ...] = ()  # probability per concept of the recipe
    typicality: float = 0.0
    label_score: float | None = None
    likely_class: str = ""
    against: bool = False  # the photo and its listing's others both speak against its class


def verdict(found: Evidence, config: Clean) -> str:
    """The machine's reason to reject a photo, empty to keep it. Pure."""
    if found.refused or found.defects is None:
        return "undecodable"
    if reason := image_quality.reason(found.defects, config.defects):
        return reason
    score = kept_mass(found.concepts, config)
    if not np.isfinite(score):
        return "score_nan"
    if score < config.threshold:
        rejecting = [
            (p, -place, concept.reason or concept.name)
            for place, (p, concept) in enumerate(zip(found.concepts, config.concepts, strict=True))
            if not concept.keep
        ]
        return max(rejecting)[2]
    if found.against and found.label_score is not None and found.label_score < config.wrong_model_below:
        return "wrong_model"
    return ""


def kept_mass(concepts: Sequence[float], config: Clean) -> float:
    """Sum of the probabilities of the kept concepts, 0..1; NaN when one of all is."""
    mass = sum(p for p, concept in zip(concepts, config.concepts, strict=True) if concept.keep)
    return round(float(mass), 4) if np.isfinite(sum(concepts)) else float("nan")


def decide(photo: Photo, found: Evidence, config: Clean, decisions: Review) -> CleanRow:
    """The row of one photo. Pure."""
    reason = verdict(found, config)
    class_name = photo.class_name
    if (said := decisions.decisions.get(photo.key)) and not found.refused:
        reason = "" if said.keep else (reason or "reviewed")
        class_name = said.class_name or class_name
    best = int(np.argmax(found.concepts)) if found.concepts and np.isfinite(found.concepts).all() else None
    score = kept_mass(found.concepts, config) if best is not None else 0.0
    return CleanRow(
        key=photo.key,
        path=photo.path,
        class_name=class_name,
        score=min(1.0, score),
        concept=config.concepts[best].name if best is not None else "",
        concept_score=min(1.0, round(found.concepts[best], 4)) if best is not None else 0.0,
        typicality=round(found.typicality, 4),
        label_score=None if found.label_score is None else round(found.label_score, 4),
        likely_class=found.likely_class,
        sharpness=round(found.defects.blurry, 4) if found.defects else 0.0,
        brightness=round(found.defects.dark, 4) if found.defects else 0.0,
        borderline=False,
        review_rank=None,
        keep=not reason,
        reason=reason,
    )


def read_photos(folder: Path, config: Clean, copies: Sequence[DedupRow]) -> list[Photo]:
    """The photos that dedup kept, sorted by key. `copies` are the rows of dedup.csv.

    Raises UsageError for a class that the recipe does not name, GateError for a class without any photo.
    """
    fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
    photos = []
    for row in copies:
        if row.keep:
            source = fetched[row.key]
            photos.append(
                Photo(
                    key=row.key,
                    path=row.path,
                    sha256=source.sha256,
                    class_name=source.class_name,
                    listing_id=source.listing_id,
                    group=row.similar_group,
                    label_conflict=row.label_conflict,
                )
            )
    sizes = Counter(photo.class_name for photo in photos)
    known = config.class_names or tuple(sorted(sizes))
    if unknown := sorted(set(sizes) - set(known)):
        raise UsageError(
            f"fetch.csv has photos of class {', '.join(unknown)}, which the recipe does not name "
            f"(it has {', '.join(known)}): add it to `classes`, or fetch again"
        )
    if empty := [name for name in known if not sizes[name]]:
        raise GateError(
            f"clean: no photo of class {', '.join(empty)} is left after dedup: "
            "fetch or import some, or take it out of the recipe's `classes`"
        )
    return photos


def check_gate(rows: Sequence[CleanRow], config: Clean) -> None:
    """Raises GateError when more photos are rejected than the recipe allows, or a class loses all of its own."""
    tally = Counter(row.reason for row in rows if not row.keep)
    rejected = sum(tally.values())
    reasons = ", ".join(f"{number} {reason}" for reason, number in tally.most_common(4))
    if rejected > config.max_reject_fraction * len(rows):
        raise GateError(
            f"clean: {rejected} of {len(rows)} photos would be rejected ({reasons}), more than "
            f"max_reject_fraction {config.max_reject_fraction:g}: nothing was written; "
            "check the recipe's concepts and threshold, or raise that limit"
        )
    left = {row.class_name for row in rows if row.keep}
    if gone := sorted({*config.class_names, *(row.class_name for row in rows)} - left):
        raise GateError(
            f"clean: no photo of class {', '.join(gone)} would be left ({reasons}): nothing was written; "
            "check the recipe's concepts and threshold"
        )


def judge(
    photos: Sequence[Photo], looks: Looks, signals: Signals, refused: Mapping[str, str], config: Clean
) -> list[Evidence]:
    """The evidence for each of `photos`, in order; `signals` are about those that are not `refused`."""
    classes = config.class_names or tuple(sorted({photo.class_name for photo in photos}))
    seen = [photo for photo in photos if photo.sha256 not in refused]
    found = {}
    for where, records in looks.blocks([photo.sha256 for photo in seen]):
        for place, values in zip(range(len(seen))[where], records["defects"], strict=True):
            photo, chances = seen[place], signals.labels[place]
            known = len(chances) and np.isfinite(chances).all()
            found[photo.key] = Evidence(
                defects=Defects(*(float(value) for value in values)),
                concepts=tuple(signals.concepts[place].tolist()),
                typicality=float(signals.typicality[place]),
                label_score=float(chances[classes.index(photo.class_name)]) if known else None,
                likely_class=classes[int(chances.argmax())] if known else "",
                against=bool(signals.against[place]),
            )
    return [found.get(photo.key) or Evidence(refused=refused[photo.sha256]) for photo in photos]


def queue(rows: Sequence[CleanRow], photos: Sequence[Photo], config: Clean, decisions: Review) -> list[CleanRow]:
    """The rows, those for a person marked and ranked."""
    use = [
        borderline.usefulness(
            0.5 if row.reason == "score_nan" else borderline.doubt(row.score, config.threshold, row.keep),
            row.label_score if row.keep else None,
            borderline.contradicted(row, photo.label_conflict, decisions),
            photo.key in decisions.decisions,
        )
        for row, photo in zip(rows, photos, strict=True)
    ]
    places = borderline.rank([row.key for row in rows], use, config.borderline_fraction)
    return [replace(row, borderline=row.key in places, review_rank=places.get(row.key)) for row in rows]


def summary(photos: Sequence[Photo], decisions: Review, refused: Mapping[str, str], judged: bool) -> list[str]:
    """Lines for the end of the run."""
    lines = []
    if not judged:
        lines.append(
            f"class names were not judged: a class has fewer than {label_errors.MIN_PER_CLASS} usable photos"
        )
    keys = {photo.key for photo in photos if photo.sha256 not in refused}
    if obeyed := sum(key in keys for key in decisions.decisions):
        lines.append(f"{review.NAME}: {obeyed} decision{'s' if obeyed > 1 else ''} obeyed")
    if strangers := sorted(key for key in decisions.decisions if key not in keys):
        are = "decision is" if len(strangers) == 1 else "decisions are"
        about = (
            f"{are} not obeyed, the photo being unreadable, not here (any more) or a copy kept as no class, e.g."
        )
        lines.append(f"{review.NAME}: {len(strangers)} {about} {strangers[0]}")
    if decisions.conflicts:
        some = ", ".join(list(decisions.conflicts)[:5])
        lines.append(f"{review.NAME}: contradictory decisions, none of them obeyed, about {some}")
    return lines


def run(folder: Path, config: Clean, map_fn: MapFn = map) -> list[CleanRow]:
    """Run the stage in `folder`, or return what is there when nothing changed."""
    if not config.concepts:
        raise UsageError("clean.concepts is empty: name what photos may show, see pipelines/swift_wagonr.yaml")
    scorer = loading.load(config)
    closer = loading.closer_look() if config.thorough else None
    identity = dict(scorer.identity) | ({"closer_look": " ".join(closer.identity.values())} if closer else {})
    wanted = manifest.provenance(folder, "clean", config, PACKAGES, identity)
    if manifest.is_current(folder, wanted) and not missing.is_back(folder, "clean"):
        return manifest.read(folder, CleanRow)
    started = datetime.now(UTC)
    copies = manifest.read(folder, DedupRow)
    photos = read_photos(folder, config, copies)
    decisions = review.of_pictures(review.load(folder / review.NAME, config.class_names), copies)
    right = {key: said.class_name for key, said in decisions.decisions.items() if said.class_name}
    photos = [replace(photo, class_name=right.get(photo.key, photo.class_name)) for photo in photos]
    scorer.probabilities(np.zeros((1, scorer.dimensions), np.float32), config.concepts)  # refuses bad concepts now
    files = {photo.sha256: photo.path for photo in photos}
    looks = embeddings.collect(folder, files, scorer, map_fn, config.batch_size)
    second = (embeddings.collect(folder, files, closer, map_fn, config.batch_size), closer) if closer else None
    refused = {**looks.refused, **(second[0].refused if second else {})}
    seen = [photo for photo in photos if photo.sha256 not in refused]
    signals = evidence.gather(folder, seen, looks, scorer, config, second)
    judged = judge(photos, looks, signals, refused, config)
    rows = [decide(photo, found, config, decisions) for photo, found in zip(photos, judged, strict=True)]
    check_gate(rows, config)
    rows = queue(rows, photos, config, decisions)
    lines = summary(photos, decisions, refused, judged=bool(signals.labels.shape[1]))
    lost = missing.notes(folder, {files[sha256]: reason for sha256, reason in refused.items()})
    notes = {"scorer": identity | dict(scorer.notes), "summary": lines, **lost}
    manifest.write(folder, rows, wanted, started, notes)
    return rows
