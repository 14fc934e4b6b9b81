"""The variants of a network: what each is made of, and the plan to train it.

`base` is the reference CNN as published. `augment`, `dropout` and `batchnorm` each add one thing to the variant
before, as its author did. `transfer` learns a linear classifier on features (see `transfer`). `finetune` trains a
network further that knows ImageNet. `ensemble` is the mean of several of those (Lakshminarayanan et al., 2017).
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from curate.core.recipe import TrainBaseline
from curate.core.recipe_train import FINETUNED
from curate.train import augmentation, backbones, networks
from curate.train.trainer import Plan

if TYPE_CHECKING:
    import torch

DROPOUT = 0.5
WARM_UP = 0.2  # share of the fine-tuning in which the learning rate rises
WEIGHT_DECAY = 0.02
SMOOTHING = 0.1
FINETUNE_DROPOUT = 0.2
METHOD = 4  # of fine-tuning: see docs/log/training-finetune.md

# Validation accuracy that the author of the hand-made dataset of these classes published: Keras, PyTorch.
PUBLISHED_CLASSES = {"swift", "wagonr"}
PUBLISHED = {
    "base": (0.881, 0.896),
    "augment": (0.950, 0.965),
    "dropout": (0.956, 0.963),
    "batchnorm": (0.961, 0.965),
}

DESCRIPTIONS = {
    "base": "The reference CNN",
    "augment": "The reference CNN, trained on images that are mirrored, warped and recoloured",
    "dropout": "The reference CNN with dropout, trained on images that are mirrored, warped and recoloured",
    "batchnorm": "The reference CNN with dropout and batch normalisation, trained on changed images",
    "transfer": "A linear classifier on the features of EfficientNet-Lite0, the mean of photo and mirror image",
    "finetune": "A network that knows ImageNet, trained further; the mean of photo and mirror image",
    "ensemble": "Networks that know ImageNet, trained further; the mean of all, on photo and mirror image",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one network of a variant is made from: goes into its model.json and decides whether it is current."""

    network: str  # reference_cnn, transfer, or the backbone that is trained further
    image_size: int  # pixels
    values: dict[str, Any]


def settings(config: TrainBaseline) -> Settings:
    """The variant's own values, all others left out: an epoch more for `finetune` leaves `base` current."""
    if config.variant == "transfer":
        return Settings("transfer", config.transfer.image_size, {})
    if config.variant in FINETUNED:
        values = config.finetune.model_dump(exclude={"backbone", "image_size"})
        values |= {"patience": config.patience, "method": METHOD}
        if config.variant == "ensemble":
            values |= config.ensemble.model_dump()
        return Settings(config.finetune.backbone, config.finetune.image_size, values)
    names = ("epochs", "batch_size", "learning_rate", "augment", "dropout", "batch_norm", "patience")
    values = {name: getattr(config, name) for name in names}
    if config.variant != "base":
        values["augment"] = True
    if config.variant in ("dropout", "batchnorm"):
        values["dropout"] = config.dropout or DROPOUT
    if config.variant == "batchnorm":
        values["batch_norm"] = True
    return Settings("reference_cnn", config.image_size, values)


def chosen_on_val(variant: str) -> str:
    """What is chosen on val: the penalty of a linear classifier, or when to stop training."""
    names = {"transfer": "strength of the penalty", "ensemble": "best epoch of each of its networks"}
    return names.get(variant, "best epoch")


def members(config: TrainBaseline) -> list[TrainBaseline]:
    """The networks that an ensemble is the mean of, each a `finetune`; none for other variants.

    The first has the seed of the ensemble.
    """
    if config.variant != "ensemble":
        return []
    seeds = config.ensemble.seeds(config.seed)
    return [config.model_copy(update={"variant": "finetune", "seed": seed, "seeds": 1}) for seed in seeds]


def plan(config: TrainBaseline) -> Plan:
    """How to train the network of a variant with `config.seed`.

    Not for `transfer`, which is no network, and `ensemble`, whose `members` are trained.
    """
    chosen = settings(config)
    values = chosen.values
    if chosen.network == "reference_cnn":
        return Plan(
            network=partial(
                networks.reference_cnn,
                config.class_names,
                chosen.image_size,
                values["dropout"],
                values["batch_norm"],
                config.seed,
            ),
            optimizer=partial(_rmsprop, rate=values["learning_rate"]),
            to_input=networks.to_input,
            epochs=values["epochs"],
            batch_size=values["batch_size"],
            seed=config.seed,
            patience=values["patience"],
            augment=augmentation.strong if values["augment"] else None,
        )
    outputs = 1 if len(config.class_names) == 2 else len(config.class_names)
    return Plan(
        network=partial(
            backbones.pretrained, chosen.network, outputs, config.seed, FINETUNE_DROPOUT, chosen.image_size
        ),
        optimizer=partial(_adamw, rate=values["learning_rate"]),
        to_input=backbones.to_input,
        epochs=values["epochs"],
        batch_size=values["batch_size"],
        seed=config.seed,
        patience=values["patience"],
        augment=augmentation.strong,
        rate=one_cycle,
        label_smoothing=SMOOTHING,
        section="train_baseline.finetune",
    )


def one_cycle(done: float) -> float:
    """Factor of the learning rate after a share of the training: up to 1, then down to 0 (Smith 2018)."""
    if done < WARM_UP:
        return 0.04 + 0.96 * done / WARM_UP
    return (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2


def _rmsprop(network: "torch.nn.Module", rate: float) -> "torch.optim.Optimizer":
    """PyTorch's smoothing .99 and epsilon 1e-8, not Keras's .9 and 1e-7."""
    import torch

    return torch.optim.RMSprop(network.parameters(), lr=rate, alpha=0.99, eps=1e-8)


def _adamw(network: Any, rate: float) -> "torch.optim.Optimizer":
    """Biases and normalisation are not decayed."""
    from timm.optim import create_optimizer_v2  # type: ignore[attr-defined]  # it re-exports it plainly

    return create_optimizer_v2(network, opt="adamw", lr=rate, weight_decay=WEIGHT_DECAY)
