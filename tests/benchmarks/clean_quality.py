"""How well clean tells good photos from bad ones on ../shared/market, beside the plain class sum.

    python -m tests.benchmarks.clean_quality --folder manifests/market-quality
    python -m tests.benchmarks.clean_quality --folder manifests/market-quality --thorough

The stages run as for a user, with `subject: car`. Then the same is asked of other
collections made from those photos: smaller, dirtier, cleaner, with makes for classes. truth.csv is read by this
script only, when the stages are done (and to make up those collections).
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from curate.clean import embeddings, signals, subject
from curate.clean import stage as clean
from curate.clean.scorers import loading
from curate.clean.signals import PhotoRecord, Signals
from curate.core import manifest
from curate.core.errors import RejectedError
from curate.core.recipe import Clean, Dedup, Section
from curate.core.schemas import DedupRow, FetchRow, photo_key
from curate.dedup import stage as dedup
from curate.photos import decode, store
from curate.review import queue
from tests.benchmarks.pipeline_market import facts_by_key
from tests.benchmarks.serve_market import market_folder, read_listings

BAD = ("not_car", "closeup", "other_vehicle")
TARGETS = {"not_car": 0.99, "closeup": 0.95, "other_vehicle": 0.80}
MAX_GOOD_LOST = 0.015


def config(class_names: Sequence[str], thorough: bool = False) -> Clean:
    """The recipe's defaults, with the imagenet scorer and other classes."""
    given = Clean(subject="car", scorer="imagenet", class_names=tuple(class_names), thorough=thorough)
    return subject.resolve(given).override(subject="")


def build(folder: Path, wanted: Callable[[str], bool] = lambda listing_id: True) -> None:
    """Store the corpus in `folder` as fetch would, and find its duplicates; does nothing when that is done.

    `wanted` says of which listings.
    """
    market = market_folder()
    folder.mkdir(parents=True, exist_ok=True)
    made_from = manifest.provenance(folder, "fetch", Section())
    if not manifest.is_current(folder, made_from):
        rows = []
        for listing in filter(lambda each: wanted(each.listing_id), read_listings(market)):
            for position, photo in enumerate(listing.photos):
                data = photo.read()
                try:
                    picture = decode.decode(data)
                except RejectedError:
                    continue
                path, sha256 = store.put(folder, data, picture.format)
                rows.append(
                    FetchRow(
                        key=photo_key("market", listing.listing_id, photo.photo_id),
                        listing_id=listing.listing_id,
                        class_name=listing.class_name,
                        position=position,
                        title=listing.title,
                        region=listing.region,
                        city=listing.city,
                        year=listing.year,
                        price=float(listing.price),
                        page_url="",
                        image_url=photo.photo_id,
                        aliases="",
                        path=path,
                        sha256=sha256,
                        bytes=len(data),
                        width=picture.width,
                        height=picture.height,
                        keep=True,
                        reason="",
                    )
                )
        manifest.write(folder, sorted(rows, key=lambda row: row.key), made_from, datetime.now(UTC))
    dedup.run(folder, Dedup())


def share(part: float, whole: float) -> str:
    """`0.983 (59 of 60)`."""
    return f"{part / whole:.3f} ({part:.0f} of {whole:.0f})" if whole else "-"


def lost_and_found(scores: NDArray[np.float64], issues: NDArray[np.str_], threshold: float) -> str:
    """Share of the good photos, and of each kind of bad ones, under the threshold."""
    good = issues == "none"
    parts = [f"good lost {(scores[good] < threshold).mean():.4f}"]
    for kind in BAD:
        if (bad := issues == kind).any():
            both = np.concatenate([scores[bad], scores[good]])
            area = roc_auc_score(np.repeat([0, 1], [bad.sum(), good.sum()]), both)
            parts.append(f"{kind} {(scores[bad] < threshold).mean():.3f} (AUC {area:.4f})")
    return ", ".join(parts)


def wrong_classes(suspicion: NDArray[np.float64], wrong: NDArray[np.bool_], queued: NDArray[np.bool_]) -> str:
    """How well photos under a wrong class are ranked, and how many of them are in the queue."""
    if not wrong.any():
        return "no wrong classes"
    return (
        f"average precision {average_precision_score(wrong, suspicion):.3f}, "
        f"AUC {roc_auc_score(wrong, suspicion):.3f}, in the queue {share((wrong & queued).sum(), wrong.sum())}"
    )


def of_stage(folder: Path, section: Clean, issue_of: Callable[[str], str]) -> Iterator[str]:
    """Figures of the manifest that the stage wrote."""
    rows = clean.run(folder, section)
    issues = np.array([issue_of(row.key) for row in rows])
    yield manifest.funnel_line(folder, "clean")
    good = [row for row, issue in zip(rows, issues, strict=True) if issue == "none"]
    lost = sum(not row.keep for row in good)
    met = lost <= MAX_GOOD_LOST * len(good)
    yield f"  good rejected {share(lost, len(good))}, target <= {MAX_GOOD_LOST}: {'met' if met else 'MISSED'}"
    right = total = subkinds = 0
    for kind in BAD:
        mine = [row for row, issue in zip(rows, issues, strict=True) if issue == kind]
        found = [row for row in mine if not row.keep]
        reasons = Counter(row.reason for row in found)
        right, total = right + reasons[kind], total + len(found)
        subkinds += reasons["document"] + reasons["person"] if kind == "not_car" else 0
        met = len(found) >= TARGETS[kind] * len(mine)
        yield (
            f"  {kind} rejected {share(len(found), len(mine))}, target {TARGETS[kind]}: "
            f"{'met' if met else 'MISSED'}; as {dict(reasons.most_common())}"
        )
    met = right + subkinds >= 0.9 * total
    yield (
        f"  right reason {share(right, total)}, {share(right + subkinds, total)} document, person as not_car, "
        f"target 0.9: {'met' if met else 'MISSED'}"
    )
    suspicion = np.array(
        [1 - row.label_score if row.keep and row.label_score is not None else 0.0 for row in rows]
    )
    queued = np.array([row.borderline for row in rows])
    yield f"  wrong_model: {wrong_classes(suspicion, issues == 'wrong_model', queued)}; queue of {queued.sum()}"
    precision, share_queued = (0.70, 0.90) if section.thorough else (0.55, 0.80)
    yield f"  targets: average precision {precision}, in the queue {share_queued}"
    rejected = sum(not row.keep for row in rows)
    truly = int((issues != "none").sum())
    scorer, photos = loading.load(section), clean.read_photos(folder, section, manifest.read(folder, DedupRow))
    store = embeddings.collect(folder, {photo.sha256: photo.path for photo in photos}, scorer)
    keep = [concept.wanted for concept in section.concepts]
    plain = scorer.probabilities(store.read([photo.sha256 for photo in photos])["embedding"], section.concepts)
    yield f"  class sum alone: {lost_and_found(plain[:, keep].sum(axis=1), issues, section.threshold)}"
    yield f"  rejection rate {rejected / len(rows):.1%}, truth {truly / len(rows):.1%}, the original's 10.0%"


def of_signals(
    photos: Sequence[PhotoRecord], found: Signals, section: Clean, issues: NDArray[np.str_]
) -> Iterator[str]:
    """Figures of any collection, the plain class sum beside."""
    keep = np.array([concept.wanted for concept in section.concepts])
    plain, score = found.zero_shot[:, keep].sum(axis=1), found.concepts[:, keep].sum(axis=1)
    yield f"  class sum alone: {lost_and_found(plain, issues, section.threshold)}"
    yield f"  clean:           {lost_and_found(score, issues, section.threshold)}"
    if not found.labels.shape[1]:
        yield "  classes: too few photos to say anything"
        return
    own = [section.class_names.index(photo.class_name) for photo in photos]
    label_score = found.labels[np.arange(len(photos)), own]
    kept = score >= section.threshold
    use = [
        queue.usefulness(
            queue.doubt(s, section.threshold, k), label if k else None, contradicted=False, reviewed=False
        )
        for s, k, label in zip(score.tolist(), kept.tolist(), label_score.tolist(), strict=True)
    ]
    places = queue.rank([photo.key for photo in photos], use, section.borderline_fraction)
    queued = np.array([photo.key in places for photo in photos])
    suspicion = np.where(kept, 1 - label_score, 0.0)
    yield f"  classes:         {wrong_classes(suspicion, issues == 'wrong_model', queued)}"


def collections(
    photos: Sequence[PhotoRecord], issue_of: Callable[[str], str], model_of: Callable[[str], str]
) -> Iterator[tuple[str, list[PhotoRecord], NDArray[np.str_]]]:
    """Other collections from the same photos: name, photos and their issues."""
    hashed = sorted({p.listing_id for p in photos}, key=lambda name: hashlib.sha256(name.encode()).digest())
    twentieth = {name: number % 20 for number, name in enumerate(hashed)}

    def some(
        name: str, wanted: Callable[[PhotoRecord, int], bool]
    ) -> tuple[str, list[PhotoRecord], NDArray[np.str_]]:
        chosen = [photo for photo in photos if wanted(photo, twentieth[photo.listing_id])]
        return name, chosen, np.array([issue_of(photo.key) for photo in chosen])

    good = {photo.key for photo in photos if issue_of(photo.key) in ("none", "wrong_model")}
    yield some("the same", lambda photo, number: True)
    yield some("a quarter of the listings", lambda photo, number: number % 4 == 1)
    yield some("about 460 photos", lambda photo, number: number in (3, 13))
    yield some("about 230 photos", lambda photo, number: number == 7)
    yield some("a third is bad", lambda photo, number: photo.key not in good or number < 4)
    yield some("nothing but cars", lambda photo, number: photo.key in good)
    yield some("one bad photo in eight stays", lambda photo, number: photo.key in good or photo.key[0] in "7a")
    makes = Counter(model_of(photo.key).split()[0] for photo in photos if photo.key in good)
    for first, second in (("BMW", "Audi"), ("Chevrolet", "Ford"), ("Dodge", "Hyundai")):
        pair = (first.lower(), second.lower())
        random = np.random.default_rng(0)
        chosen, issues = [], []
        listings: dict[str, tuple[str, bool]] = {}
        for photo in photos:
            make = model_of(photo.key).split()[:1]
            if photo.key in good and make and make[0].lower() in pair:
                seller = listings.setdefault(photo.listing_id, (make[0].lower(), bool(random.random() < 0.03)))
                wrong = seller[1]
                said = pair[1 - pair.index(make[0].lower())] if wrong else make[0].lower()
                chosen.append(replace(photo, class_name=said))
                issues.append("wrong_model" if wrong else "none")
            elif photo.key not in good and photo.key[1] in "01234":
                chosen.append(replace(photo, class_name=pair[int(photo.key[2], 16) % 2]))
                issues.append(issue_of(photo.key))
        yield f"{first} ({makes[first]}) against {second} ({makes[second]})", chosen, np.array(issues)


def main() -> None:
    """Import, clean, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the manifests go; keep it out of git")
    parser.add_argument("--thorough", action="store_true", help="look at each photo twice")
    options = parser.parse_args()
    build(options.folder)
    facts = facts_by_key(options.folder)

    def issue_of(key: str) -> str:
        return facts[key]["issue"]

    def model_of(key: str) -> str:
        return facts[key]["model"]

    section = config(("sedan", "suv"), options.thorough)
    for line in of_stage(options.folder, section, issue_of):
        print(line, flush=True)
    if options.thorough:
        return
    scorer = loading.load(section)
    photos = clean.read_photos(options.folder, section, manifest.read(options.folder, DedupRow))
    store = embeddings.collect(options.folder, {photo.sha256: photo.path for photo in photos}, scorer)
    for name, chosen, issues in collections(photos, issue_of, model_of):
        classes = tuple(sorted({photo.class_name for photo in chosen}))
        changed = section.override(class_names=classes)
        print(f"{name}: {len(chosen)} photos, {(issues != 'none').mean():.1%} bad")
        found = signals.gather(options.folder / "other", chosen, store, scorer, changed)
        for line in of_signals(chosen, found, changed, issues):
            print(line, flush=True)


if __name__ == "__main__":
    main()
