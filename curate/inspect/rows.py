"""The rows of all manifests of a folder, by key, and what they say together of one photo."""

from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from curate.core import contradictions, manifest
from curate.core.errors import StateError
from curate.core.schemas import CleanRow, DedupRow, FetchRow, Row, SplitRow, TrainBaselineRow
from curate.core.stages import STAGES
from curate.review import decisions, queue
from curate.review.decisions import Review

RowT = TypeVar("RowT", FetchRow, DedupRow, CleanRow, SplitRow, TrainBaselineRow)


@dataclass(frozen=True)
class Rows:
    """The rows of every stage that has run, by key, and what people decided; a stage that has not run has none."""

    fetch: dict[str, FetchRow]
    dedup: dict[str, DedupRow]
    clean: dict[str, CleanRow]
    split: dict[str, SplitRow]
    train_baseline: dict[str, TrainBaselineRow]
    review: Review  # decisions about removed duplicates are moved to the photo that was kept
    written: Review  # decisions as they were written
    contradicting: Container[str] = field(default_factory=set)  # keys of photos whose advert says another class

    def stage(self, name: str) -> dict[str, Row]:
        """The rows of the stage called `name`."""
        return dict(getattr(self, name))


def read(folder: Path, stages: Container[str] = STAGES, needed: str = "") -> Rows:
    """The manifests of `stages` that exist. Raises StateError when one is damaged, or that of `needed` absent."""
    if needed and not (path := manifest.csv_path(folder, needed)).exists():
        raise StateError(f"{path} is not there", manifest.remedy(folder, needed))

    def rows(row_type: type[RowT]) -> dict[str, RowT]:
        there = row_type.stage in stages and manifest.csv_path(folder, row_type.stage).exists()
        return {row.key: row for row in manifest.read(folder, row_type)} if there else {}

    photos = rows(FetchRow)
    classes = sorted({photo.class_name for photo in photos.values()})  # clean refuses a recipe that has others
    duplicates = rows(DedupRow)
    written = decisions.load_or_problem(folder / decisions.NAME, classes)
    review = decisions.of_keepers(written, duplicates.values())
    tested = {row.key: row for row in manifest.predictions(folder)} if rows(TrainBaselineRow) else {}
    return Rows(
        photos,
        duplicates,
        rows(CleanRow),
        rows(SplitRow),
        tested,
        review,
        written,
        contradictions.contradicting(photos.values()),
    )


def fate(rows: Rows, key: str) -> str:
    """Where a photo ended, in a few words: `in train`, `rejected by dedup: near_duplicate`, `kept by clean`."""
    last = "unknown"
    for stage in ("fetch", "dedup", "clean", "split"):
        row = rows.stage(stage).get(key)
        if row is None:
            break
        if not row.keep:
            return f"rejected by {stage}: {row.reason}"
        last = f"in {row.split}" if isinstance(row, SplitRow) else f"kept by {stage}"
    return last


def fate_of_keeper(rows: Rows, keeper: str) -> str:
    """What befell a photo that dedup kept, as `, then rejected by clean as interior`; empty if nothing did."""
    for stage in ("clean", "split"):
        row = rows.stage(stage).get(keeper)
        if row is not None and not row.keep:
            by = "a person" if row.reason == "reviewed" else f"{stage} as {row.reason}"
            return f", then rejected by {by}"
    return ""


def why_queued(rows: Rows, row: CleanRow, threshold: float | None) -> str:
    """Why a photo is in the review queue, in a few words; empty where the threshold is not known."""
    duplicates = rows.dedup.get(row.key)
    if row.key in rows.contradicting and queue.contradicted(row, True, rows.review):
        photo = rows.fetch[row.key]
        return f"its advert says {f'{photo.make} {photo.model}'.strip()}, and was found under {photo.class_name}"
    torn = queue.contradicted(row, bool(duplicates and duplicates.label_conflict), rows.review)
    return "" if threshold is None else queue.why(row, threshold, torn)
