"""The recipe: the whole run in one YAML file. `pipelines/swift_wagonr.yaml` is a documented example.

A section holds the settings of one stage, which gets it as it is. A bad value is refused when the recipe is read.
"""

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curate.core.recipe_audit import Audit as Audit
from curate.core.recipe_clean import Clean as Clean
from curate.core.recipe_clean import Concept as Concept
from curate.core.recipe_clean import Examples as Examples
from curate.core.recipe_clean import QualityThresholds as QualityThresholds
from curate.core.recipe_source import Action as Action
from curate.core.recipe_source import Pagination as Pagination
from curate.core.recipe_source import Photos as Photos
from curate.core.recipe_source import PhotoUrl as PhotoUrl
from curate.core.recipe_source import Politeness as Politeness
from curate.core.recipe_source import Request as Request
from curate.core.recipe_source import Selectors as Selectors
from curate.core.recipe_source import Source as Source
from curate.core.recipe_train import TrainBaseline as TrainBaseline
from curate.core.release import Export, Rights
from curate.core.section import ClassName as ClassName
from curate.core.section import Executor as Executor
from curate.core.section import Fraction, Name
from curate.core.section import Section as Section
from curate.core.section import Store as Store
from curate.core.section import normalise_class as normalise_class


class Dedup(Section):
    """Distances are bits between two 64-bit hashes, of images or parts: 0 is the same, 32 is unrelated.

    They select which pairs are compared; `dedup/find_duplicates.py` says what a comparison must show.
    """

    method: Literal["hash", "thorough", "sellers"] = "thorough"  # `sellers` also finds screenshots and collages
    max_distance: int = Field(12, ge=0, le=12)  # a duplicate further apart stays, unless another photo leads to it
    similar_distance: int = Field(12, ge=0, le=12)  # compared, and kept together by the split when similar; at
    # least max_distance

    @field_validator("similar_distance")
    @classmethod
    def _order(cls, distance: int, others: ValidationInfo) -> int:
        if distance < others.data.get("max_distance", 0):
            raise ValueError(f"{distance} is smaller than max_distance, {others.data['max_distance']}")
        return distance


class SplitCounts(Section):
    """Photos per split, over all classes; each class gets an equal share."""

    train: int = Field(ge=0)
    val: int = Field(ge=0)
    test: int = Field(ge=0)


class Split(Section):
    """Seeded, stratified, grouped."""

    class_names: tuple[ClassName, ...] = ()
    proportional: bool | None = None  # 60/20/20 of what there is; by default where there are no counts
    counts: SplitCounts | None = Field(None, validate_default=True)
    seed: int = Field(42, ge=0, lt=2**32)

    @property
    def exact(self) -> SplitCounts | None:
        """Photos per split; None to take 60/20/20 of what there is."""
        return None if self.proportional else self.counts

    @field_validator("counts")
    @classmethod
    def _divides(cls, counts: SplitCounts | None, others: ValidationInfo) -> SplitCounts | None:
        classes, proportional = len(others.data.get("class_names", ())), others.data.get("proportional")
        if counts is None and proportional is False:
            raise ValueError("is absent: say how many photos train, val and test get, or set proportional: true")
        if counts and classes and not proportional:
            odd = {split: count for split, count in counts.model_dump().items() if count % classes}
            if odd:
                named = ", ".join(f"{split}={count}" for split, count in odd.items())
                fits = {split: max(classes, count - count % classes) for split, count in odd.items()}
                near = ", ".join(f"{split}: {count}" for split, count in fits.items())
                raise ValueError(f"{named} does not divide among {classes} classes: write e.g. {near}")
        return counts


class Recipe(Section):
    """A whole run."""

    name: Name  # of the run: manifests and photos go to manifests/<name>
    classes: tuple[ClassName, ...]  # two or more; their order is that of the labels, from 0
    executor: Executor = "local"  # where the work runs: local, ray or ray:ADDRESS; no result depends on it
    store: Store = ""  # s3://bucket/prefix, where workers of Ray read photos that do not see the folder
    source: Source | None = None
    photos: Photos = Photos()
    dedup: Dedup = Dedup()
    clean: Clean = Clean()
    split: Split = Split()
    train_baseline: TrainBaseline = TrainBaseline()
    rejected_by_hand: Fraction | None = None  # where this dataset was made before; calibrate shows it beside yours
    audit: Audit = Audit()
    rights: Rights = Rights()
    export: Export = Export()

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("classes"), (list, tuple)):
            local = isinstance(data.get("source"), dict) and "path" in data["source"]
            for section in ("clean", "split", "train_baseline", *(["source"] if local else [])):
                if isinstance(data.setdefault(section, {}), dict):
                    data[section].setdefault("class_names", list(data["classes"]))
        if isinstance(data, dict) and "photos" in data and isinstance(data.get("source"), dict):
            data["source"].setdefault("photos", data["photos"])
        return data

    @field_validator("classes")
    @classmethod
    def _classes(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(classes) < 2:
            raise ValueError(f"has {len(classes) or 'none'}, and needs two or more: a network tells them apart")
        if len(set(classes)) != len(classes):
            raise ValueError(f"has two of the same name once normalised: {', '.join(classes)}")
        return classes

    @field_validator("source", "clean")
    @classmethod
    def _known_classes(cls, section: Source | Clean | None, others: ValidationInfo) -> Source | Clean | None:
        if isinstance(section, Clean):
            where, named = "clean.concepts", {c.class_name for c in section.concepts if c.class_name}
        else:
            where, named = "source.listings", set(section.listings) if section else set()
        if unknown := sorted(named - set(others.data.get("classes", named))):
            raise ValueError(
                f"{where} names classes that are not in classes: {', '.join(unknown)}; rename or remove them there"
            )
        return section
