"""The recipe's `clean` section: what photos may show, and when a photo is usable."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curate.core.section import ClassName, Fraction, Section, matching

_SLUG = r"^[a-z][a-z0-9_]*$"


class Concept(Section):
    """Something a photo may show."""

    name: str = Field(pattern=_SLUG)
    role: Literal["wanted", "detail", "other"] = "other"  # detail: a part of the wanted object, e.g. a close-up
    reason: str = Field("", pattern=f"{_SLUG}|^$")  # of a rejected photo, the recipe's own word; else the name
    sentence: str = ""  # what `explain` and the report say of the reason
    class_name: ClassName | None = None  # the class it stands for: judges class names where photos are few
    prompts: tuple[str, ...] = ()  # for CLIP; `{}` is not needed, write whole captions
    imagenet: tuple[str, ...] = ()  # ImageNet class names
    doubtful: tuple[str, ...] = ()  # of these, what counts half: the network also takes the wanted for it

    @model_validator(mode="before")
    @classmethod
    def _keep(cls, data: Any) -> Any:
        """`keep: true`, the older way to write `role: wanted`, is understood."""
        if isinstance(data, dict) and isinstance(keep := data.get("keep"), bool):
            data = {name: value for name, value in data.items() if name != "keep"}
            data.setdefault("role", "wanted" if keep else "other")
        return data

    @model_validator(mode="after")
    def _mechanical(self) -> Self:
        from curate.core.schemas import MECHANICAL

        if not self.wanted and (reason := self.reason or self.name) in MECHANICAL:
            raise ValueError(f"{reason!r} is a reason that clean itself gives: choose another name or `reason:`")
        return self

    @property
    def wanted(self) -> bool:
        """Do photos of it stay?"""
        return self.role == "wanted"


class QualityThresholds(Section):
    """Least acceptable image quality scores, 0..1. The defaults reject what no network could learn from."""

    dark: Fraction = 0.2  # lower: too dark
    light: Fraction = 0.03  # lower: nearly all white
    blurry: Fraction = 0.35  # blurred by 2% of its width
    low_information: Fraction = 0.25  # two flat colours
    odd_aspect_ratio: Fraction = 0.2  # five times as wide as high
    odd_size: Fraction = 0.35  # a longer side under 79 pixels
    document: Fraction = 0.12  # lower: a page of print


class Examples(Section):
    """Folders of photos that show what to reject and what to keep: training samples for the classifier."""

    reject: str = ""  # folder
    keep: str = ""  # folder


class Clean(Section):
    """Which photos are usable."""

    class_names: tuple[ClassName, ...] = ()
    subject: Annotated[str, matching(r"[^\W\d_][\w '-]*|", "a noun, e.g. car")] = ""  # what photos show: any noun
    scorer: Literal["clip", "imagenet", "none"] = "clip"  # none: only image quality and review decisions count
    model: str = "ViT-B-32"  # any open_clip architecture
    weights: str = "datacomp_xl_s13b_b90k"  # an open_clip tag, or the path of a local checkpoint
    weights_sha256: str = ""  # what a local checkpoint must have
    backend: Literal["auto", "torch-float32", "torch-bfloat16", "onnx-float32", "cuda-float32"] = "auto"  # of clip
    threshold: Fraction = 0.3  # least probability mass of the wanted concepts
    concepts: tuple[Concept, ...] = ()  # beside those of the subject, or instead where no subject is named
    examples: Examples = Examples()
    expected_reject: float = Field(
        0.1, ge=0, le=0.5
    )  # share of the photos that are no usable photo of their class
    batch_size: int = Field(32, ge=1, le=1024)  # photos that the network of clip sees at once
    quality: QualityThresholds = QualityThresholds()
    accept_rejects: bool = False  # go on where a class loses more than can be right
    max_reject_fraction: Fraction = 0.5  # more than this and the stage stops: something is wrong
    borderline_fraction: Fraction = 0.05  # share of the photos that a person should look at
    outlier_rate: Fraction = 0.01  # share of the good photos that may look odd enough for doubt; 0: never doubt
    thorough: bool = False  # look twice, the second time closer, to judge class names better; three times as long
    wrong_class_below: Fraction = 0.0  # reject under this label_score if its listing agrees; 0: only a person may

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, data: Any) -> Any:
        """Name the new key for an old one."""
        for old, new in {"defects": "quality", "wrong_model_below": "wrong_class_below"}.items():
            if isinstance(data, dict) and old in data:
                raise ValueError(f"`{old}` is called `{new}` now: rename it")
        return data

    @field_validator("concepts")
    @classmethod
    def _concepts(cls, concepts: tuple[Concept, ...], others: ValidationInfo) -> tuple[Concept, ...]:
        problems = []
        if len({concept.name for concept in concepts}) < len(concepts):
            problems.append("two concepts have the same name")
        if concepts and not others.data.get("subject") and not any(concept.wanted for concept in concepts):
            problems.append("no concept has `role: wanted`, so every photo would be rejected")
        if problems:
            raise ValueError("; ".join(problems))
        return concepts

    def recorded(self) -> Self:
        """Without `accept_rejects`, which lets a result be written and does not change it."""
        return self.model_copy(update={"accept_rejects": False})
