"""What a training run needs to go on, in one file: weights, optimizer state, the best weights so far, the history.

One safetensors file, written atomically: a crash while saving leaves the checkpoint before it. Nothing in it can
run, and its values are checked against a sha256 in its header.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from curate.core.errors import Delete, Run, StateError, To
from curate.core.files import atomic_write
from curate.train.networks import weights_sha256

if TYPE_CHECKING:
    import torch

History = list[dict[str, float]]  # one entry per epoch


@dataclass
class TrainingState:
    """All that a run needs to go on."""

    network: "torch.nn.Module"
    optimizer: "torch.optim.Optimizer"
    best: dict[str, "torch.Tensor"] = field(default_factory=dict)  # weights of the best epoch
    best_epoch: int = 0
    history: History = field(default_factory=list)  # one entry per epoch that is done


def save(
    path: Path, state: TrainingState, identity: str, options: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Write the checkpoint; `options` is what a command needs to go on.

    Raises ResourceError when the disk refuses.
    """
    from safetensors.torch import save as to_bytes

    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in state.best.items()}
    for number, values in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value for name, value in values.items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    header = {
        "identity": identity,
        "sha256": weights_sha256(tensors),
        "best_epoch": str(state.best_epoch),
        "history": json.dumps(state.history),
        "options": json.dumps(dict(options)),
    }
    atomic_write(path, to_bytes(tensors, metadata=header))


def restore(path: Path, state: TrainingState, identity: str, epochs: int) -> None:
    """Continue from the checkpoint at `path`, if there is one of this run; another run's will be overwritten.

    Where more than `epochs` are done, those after them are dropped; where one of those was the best, so that the
    best before it is gone, the training starts anew. Raises StateError when it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return
    damaged = StateError(f"{path} is damaged", To("start from the beginning", Delete(path), Run("train-baseline")))
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("identity", identity) != identity:
                return
            history, best_epoch = json.loads(header["history"]), int(header["best_epoch"])
            if len(history) > epochs and best_epoch > epochs:
                return
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header["sha256"] != weights_sha256(tensors):
            raise damaged
        state.network.load_state_dict(_part(tensors, "network."))
        optimizer: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in _part(tensors, "optimizer.").items():
            number, key = name.split(".", 1)
            optimizer.setdefault(int(number), {})[key] = value
        state.optimizer.load_state_dict(state.optimizer.state_dict() | {"state": optimizer})
        state.best = _part(tensors, "best.")
        state.best_epoch, state.history = best_epoch, history[:epochs]
    except (SafetensorError, OSError, KeyError, ValueError, RuntimeError) as error:
        raise damaged from error


def _part(tensors: "dict[str, torch.Tensor]", prefix: str) -> "dict[str, torch.Tensor]":
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
