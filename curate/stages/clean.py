"""clean: which photos are usable, of which class, and how sure that is.

Reads dedup.csv (the rows kept), fetch.csv (class, listing, sha256), the photos and review.csv; writes clean.csv,
one row per photo that dedup kept, and clean.*.cache (what it remembers of each photo, see `embeddings`).

A scorer gives every photo a probability per concept of the recipe. `score` is the sum over the kept concepts; a
photo under the threshold is rejected with the reason of its most probable other concept. Plain defects reject
before that, and a person's decision in review.csv stands above all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate import defects, embeddings, manifest, outliers, review, scorers
from curate.defects import Defects
from curate.errors import GateError, UsageError
from curate.executors import MapFn
from curate.recipe import Clean
from curate.review import Review
from curate.schemas import CleanRow, DedupRow, FetchRow

PACKAGES = ("numpy", "pillow", "simplejpeg", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Photo:
    """What the stages before know of a photo."""

    key: str
    path: str
    sha256: str
    class_name: str  # what the seller says
    listing_id: str
    group: str  # smallest key of what the split keeps together
    label_conflict: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about a photo. `refused` photos have only that."""

    refused: str = ""  # reason why it could not be looked at
    defects: Defects | None = None
    concepts: tuple[float, ...] = ()  # probability per concept of the recipe
    typicality: float = 0.0
    label_score: float | None = None
    likely_class: str = ""


def verdict(evidence: Evidence, config: Clean) -> str:
    """The machine's reason to reject a photo, empty to keep it. Pure."""
    if evidence.refused or evidence.defects is None:
        return "undecodable"
    if reason := defects.reason(evidence.defects, config.defects):
        return reason
    score = kept_mass(evidence.concepts, config)
    if not np.isfinite(score):
        return "score_nan"
    if score < config.threshold:
        rejecting = [
            (p, -place, concept.reason or concept.name)
            for place, (p, concept) in enumerate(zip(evidence.concepts, config.concepts, strict=True))
            if not concept.keep
        ]
        return max(rejecting)[2]
    return ""


def kept_mass(concepts: Sequence[float], config: Clean) -> float:
    """Sum of the probabilities of the kept concepts, 0..1; NaN when one of all is."""
    mass = sum(p for p, concept in zip(concepts, config.concepts, strict=True) if concept.keep)
    return round(float(mass), 4) if np.isfinite(sum(concepts)) else float("nan")


def decide(photo: Photo, evidence: Evidence, config: Clean, decisions: Review) -> CleanRow:
    """The row of one photo. Pure."""
    reason = verdict(evidence, config)
    class_name = photo.class_name
    if (said := decisions.decisions.get(photo.key)) and not evidence.refused:
        reason = "" if said.keep else (reason or "reviewed")
        class_name = said.class_name or class_name
    best = int(np.argmax(evidence.concepts)) if evidence.concepts and reason != "score_nan" else None
    score = kept_mass(evidence.concepts, config) if best is not None else 0.0
    return CleanRow(
        key=photo.key,
        path=photo.path,
        class_name=class_name,
        score=min(1.0, score),
        concept=config.concepts[best].name if best is not None else "",
        concept_score=min(1.0, round(evidence.concepts[best], 4)) if best is not None else 0.0,
        typicality=round(evidence.typicality, 4),
        label_score=None if evidence.label_score is None else round(evidence.label_score, 4),
        likely_class=evidence.likely_class,
        sharpness=round(evidence.defects.blurry, 4) if evidence.defects else 0.0,
        brightness=round(evidence.defects.dark, 4) if evidence.defects else 0.0,
        borderline=False,
        review_rank=None,
        keep=not reason,
        reason=reason,
    )


def read_photos(folder: Path, config: Clean) -> list[Photo]:
    """The photos that dedup kept, sorted by key.

    Raises UsageError for a class that the recipe does not name, GateError for a class without any photo.
    """
    fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
    photos = []
    for row in manifest.read(folder, DedupRow):
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
    if gone := sorted({row.class_name for row in rows} - left):
        raise GateError(
            f"clean: no photo of class {', '.join(gone)} would be left ({reasons}): nothing was written; "
            "check the recipe's concepts and threshold"
        )


def gather(
    photos: Sequence[Photo], looks: embeddings.Looks, scorer: scorers.Scorer, config: Clean
) -> list[Evidence]:
    """The evidence for each of `photos`, in their order."""
    seen = [photo for photo in photos if photo.sha256 not in looks.refused]
    names = [photo.sha256 for photo in seen]
    concepts = np.empty((len(seen), len(config.concepts)))
    vectors: NDArray[np.float32] = np.empty((len(seen), scorer.dimensions), np.float32)
    scores: dict[str, Defects] = {}
    for where, records in looks.blocks(names):
        concepts[where] = scorer.probabilities(records["embedding"], config.concepts)
        vectors[where] = records["embedding"]
        for photo, values in zip(seen[where], records["defects"], strict=True):
            scores[photo.key] = Defects(*(float(value) for value in values))
    typical = outliers.typicality(vectors, [photo.listing_id for photo in seen])
    found = {
        photo.key: Evidence(
            defects=scores[photo.key], concepts=tuple(concepts[place].tolist()), typicality=float(typical[place])
        )
        for place, photo in enumerate(seen)
    }
    return [found.get(photo.key) or Evidence(refused=looks.refused[photo.sha256]) for photo in photos]


def summary(photos: Sequence[Photo], decisions: Review, refused: Mapping[str, str]) -> list[str]:
    """Lines for the end of the run."""
    keys = {photo.key for photo in photos}
    lines = []
    if obeyed := sum(key in keys for key in decisions.decisions):
        lines.append(f"{review.NAME}: {obeyed} decisions obeyed")
    if strangers := sum(key not in keys for key in decisions.decisions):
        lines.append(f"{review.NAME}: {strangers} decisions are about photos that are not here (any more)")
    if decisions.conflicts:
        some = ", ".join(decisions.conflicts[:5])
        lines.append(f"{review.NAME}: contradictory decisions, none of them obeyed, about {some}")
    return lines


def run(folder: Path, config: Clean, map_fn: MapFn = map) -> list[CleanRow]:
    """Run the stage in `folder`, or return what is there when nothing changed."""
    if not config.concepts:
        raise UsageError("clean.concepts is empty: name what photos may show, see pipelines/swift_wagonr.yaml")
    scorer = scorers.load(config)
    wanted = manifest.provenance(
        folder,
        "clean",
        inputs=["fetch", "dedup"],
        config=config,
        packages=PACKAGES,
        extra_versions=scorer.identity,
        extra_files=[folder / review.NAME],
    )
    if manifest.is_current(folder, wanted):
        return manifest.read(folder, CleanRow)
    started = datetime.now(UTC)
    photos = read_photos(folder, config)
    decisions = review.load(folder / review.NAME, config.class_names)
    scorer.probabilities(np.zeros((1, scorer.dimensions), np.float32), config.concepts)  # refuses bad concepts now
    looks = embeddings.collect(
        folder, {photo.sha256: photo.path for photo in photos}, scorer, map_fn, config.batch_size
    )
    evidence = gather(photos, looks, scorer, config)
    rows = [decide(photo, found, config, decisions) for photo, found in zip(photos, evidence, strict=True)]
    check_gate(rows, config)
    notes = {"scorer": dict(scorer.identity), "summary": summary(photos, decisions, looks.refused)}
    manifest.write(folder, rows, wanted, started, notes)
    return rows
