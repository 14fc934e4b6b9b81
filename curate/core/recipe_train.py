"""The recipe's section of the networks to train."""

from typing import Any, Literal, Self

from pydantic import Field

from curate.core.errors import Do, UsageError
from curate.core.section import ClassName, Section


class Transfer(Section):
    """A linear classifier on the features of a network that is not trained any further; needs no torch."""

    image_size: int = Field(320, ge=64, le=512)  # pixels


class Finetune(Section):
    """A network that was trained on ImageNet, trained further on these photos."""

    backbone: str = "efficientnet-lite0"  # or -lite1, -lite2; or any timm model, whose weights come from the hub
    image_size: int = Field(192, ge=64, le=512)  # pixels
    epochs: int = Field(8, ge=1)  # passes over train
    batch_size: int = Field(32, ge=1)  # photos
    learning_rate: float = Field(1e-3, gt=0)  # at its highest: it rises, then falls to 0


_APART = 1000  # between the seeds of the networks of an ensemble


class Ensemble(Section):
    """Several networks of `finetune`, which differ in their seed; their mean predicts."""

    networks: int = Field(2, ge=2, le=20)

    def seeds(self, seed: int) -> list[int]:
        """The seeds of the networks of the ensemble of `seed`: that, and others that no ensemble beside it has."""
        return [(seed + _APART * number) % 2**32 for number in range(self.networks)]


Variant = Literal["base", "augment", "dropout", "batchnorm", "transfer", "finetune", "ensemble"]
FINETUNED = ("finetune", "ensemble")  # variants that have the settings of `finetune`
_NOT_OF = {
    "transfer": ("epochs", "augment", "dropout", "batch_norm"),
    **dict.fromkeys(FINETUNED, ("augment", "dropout", "batch_norm")),
}  # settings that are of the reference CNN


class TrainBaseline(Section):
    """Networks to train. `base` is the reference CNN; each variant has its own folder below `models/`."""

    class_names: tuple[ClassName, ...] = ()
    variant: Variant = "base"  # which network to train
    seed: int = Field(42, ge=0, lt=2**32)  # of weights and order
    seeds: int = Field(1, ge=1, le=100)  # networks to train, with seed, seed + 1, ...
    epochs: int = Field(50, ge=1)  # this and all down to `patience` are of base, augment, dropout and batchnorm
    batch_size: int = Field(20, ge=1)  # photos
    learning_rate: float = Field(1e-4, gt=0)  # of RMSprop
    image_size: int = Field(150, ge=46, le=512)  # pixels; four convolutions and poolings need 46
    augment: bool = False  # flip, rotate, shift, shear, zoom, colour
    dropout: float = Field(0.0, ge=0, lt=1)  # share left out before the dense layer
    batch_norm: bool = False  # after each convolution
    patience: int | None = Field(None, ge=1)  # stop after so many epochs without a better one on val
    transfer: Transfer = Transfer()
    finetune: Finetune = Finetune()
    ensemble: Ensemble = Ensemble()

    def override(self, **values: Any) -> Self:
        """As for any section; `epochs` are those of finetune where that or an ensemble is trained.

        Raises UsageError for a setting that the variant does not have.
        """
        variant = values.get("variant") or self.variant
        for name in _NOT_OF.get(variant, ()):
            if values.get(name) is not None:
                option = "--" + name.replace("_", "-")
                raise UsageError(f"{variant} has no setting {option}", Do(f"leave {option} out"))
        if variant in FINETUNED and (epochs := values.pop("epochs", None)):
            values["finetune"] = self.finetune.model_dump() | {"epochs": epochs}
        return super().override(**values)
