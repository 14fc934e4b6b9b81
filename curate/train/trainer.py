"""The training loop: epochs that can be interrupted, and go on as if they had not been.

Everything random in an epoch (order, augmentation, dropout) comes from the seed and the epoch's number, so a run
that was killed and resumed from its checkpoint ends with the same weights as one that was not, on one machine with
a CPU. What is trained, and how, is a `Plan`; `variants` makes them.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import GateError, ResourceError
from curate.core.files import crash_point
from curate.train import checkpoints
from curate.train.checkpoints import History, TrainingState

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class PhotoArrays:
    """Labelled photos."""

    pixels: NDArray[np.uint8]  # (n, side, side, 3), may be memory-mapped
    labels: NDArray[np.int64]  # (n,) number of the class


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained, and how."""

    network: "Callable[[], torch.nn.Module]"
    optimizer: "Callable[[torch.nn.Module], torch.optim.Optimizer]"
    to_input: "Callable[[NDArray[np.uint8]], torch.Tensor]"  # (n, h, w, 3) to (n, 3, h, w) float32
    epochs: int
    batch_size: int
    seed: int
    patience: int | None = None  # stop after so many epochs without a better one on val
    augment: "Callable[[torch.Tensor, np.random.Generator], torch.Tensor] | None" = None
    rate: Callable[[float], float] = lambda _: 1.0  # share of the training done, 0..1, to a factor of the rates
    label_smoothing: float = 0.0
    section: str = "train_baseline"  # of the recipe, which holds its learning rate and batch size


def fit(
    train: PhotoArrays,
    val: PhotoArrays,
    plan: Plan,
    checkpoint: Path,
    identity: str,
    on_epoch: Callable[[dict[str, float]], None] = lambda _: None,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> TrainingState:
    """Train until `plan.epochs`, or until patience ends; returns the state with the weights of the best epoch.

    The best epoch has the highest validation accuracy, of equals the lowest validation loss. After each epoch the
    state is saved to `checkpoint`, with `options`, what a command needs to go on; one with the same `identity`
    that is there already is continued. Raises GateError when the loss is no longer a number, ResourceError when
    memory is short.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = plan.network().to(device)
    state = TrainingState(network, plan.optimizer(network))
    checkpoints.restore(checkpoint, state, identity, plan.epochs)
    base_rates = [group["lr"] for group in state.optimizer.param_groups]
    try:
        while len(state.history) < plan.epochs and not _out_of_patience(state, plan.patience):
            number = len(state.history) + 1
            started = time.monotonic()
            loss, accuracy = _train_epoch(state, train, plan, number, base_rates, device)
            val_loss, val_accuracy = _measure(network, val, plan, device)
            entry = {
                "epoch": number,
                "train_loss": loss,
                "val_loss": val_loss,
                "train_accuracy": accuracy,
                "val_accuracy": val_accuracy,
            }
            _refuse_nan(entry, state, checkpoint, plan.section)
            state.history.append(entry | {"seconds": round(time.monotonic() - started, 2)})
            if _best_of(state.history) == number:
                state.best_epoch = number
                state.best = {name: value.detach().clone() for name, value in network.state_dict().items()}
            checkpoints.save(checkpoint, state, identity, options)
            crash_point(f"after_epoch_{number}")
            on_epoch(state.history[-1])
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error).lower():
            raise
        raise ResourceError(
            f"not enough memory to train with {plan.section}.batch_size {plan.batch_size}: make it smaller"
        ) from error
    network.load_state_dict(state.best)
    return state


def _best_of(history: History) -> int:
    return int(max(history, key=lambda entry: (entry["val_accuracy"], -entry["val_loss"]))["epoch"])


def _out_of_patience(state: TrainingState, patience: int | None) -> bool:
    return patience is not None and len(state.history) - state.best_epoch >= patience


def _refuse_nan(entry: dict[str, float], state: TrainingState, checkpoint: Path, section: str) -> None:
    if not all(math.isfinite(value) for value in entry.values()):
        kept = f"epoch {len(state.history)} stays in {checkpoint}" if state.history else "nothing was saved"
        raise GateError(
            f"the loss is no longer a number in epoch {entry['epoch']:.0f}; {kept}: "
            f"set a smaller {section}.learning_rate"
        )


def _train_epoch(
    state: TrainingState, photos: PhotoArrays, plan: Plan, number: int, base_rates: Sequence[float], device: str
) -> tuple[float, float]:
    """One pass over all photos. Returns mean loss and accuracy as they were on the way."""
    import torch

    from curate.train import cpu

    random = np.random.default_rng([plan.seed, number])
    order = random.permutation(len(photos.labels))
    total_loss, right = 0.0, 0
    state.network.train()
    with torch.random.fork_rng(devices=[0] if device == "cuda" else []):
        torch.manual_seed(int(random.integers(2**63)))
        for start in range(0, len(order), plan.batch_size):
            factor = plan.rate((number - 1 + start / len(order)) / plan.epochs)
            for group, base in zip(state.optimizer.param_groups, base_rates, strict=True):
                group["lr"] = base * factor
            chosen = np.sort(order[start : start + plan.batch_size])
            inputs = plan.to_input(photos.pixels[chosen]).to(device)
            if plan.augment:
                inputs = plan.augment(inputs, random)
            labels = torch.from_numpy(photos.labels[chosen]).to(device)
            with reduced_precision(device), cpu.DepthwiseGradients():
                logits = state.network(inputs)
            loss = _loss(logits.float(), labels, plan.label_smoothing)
            state.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            state.optimizer.step()
            total_loss += loss.item() * len(chosen)
            right += int((_predicted(logits) == labels).sum())
    return total_loss / len(order), right / len(order)


def _measure(network: "torch.nn.Module", photos: PhotoArrays, plan: Plan, device: str) -> tuple[float, float]:
    """Mean loss and accuracy without learning."""
    import torch

    total_loss, right = 0.0, 0
    network.eval()
    with torch.inference_mode(), reduced_precision(device):
        for start in range(0, len(photos.labels), plan.batch_size):
            logits = network(plan.to_input(photos.pixels[start : start + plan.batch_size]).to(device)).float()
            labels = torch.from_numpy(photos.labels[start : start + plan.batch_size]).to(device)
            total_loss += _loss(logits, labels).item() * len(labels)
            right += int((_predicted(logits) == labels).sum())
    return total_loss / len(photos.labels), right / len(photos.labels)


def _loss(logits: "torch.Tensor", labels: "torch.Tensor", smoothing: float = 0.0) -> "torch.Tensor":
    from torch.nn import functional

    if logits.shape[1] == 1:
        wanted = labels.float() * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits[:, 0], wanted)
    return functional.cross_entropy(logits, labels, label_smoothing=smoothing)


def _predicted(logits: "torch.Tensor") -> "torch.Tensor":
    return (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(dim=1)


def reduced_precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 where the processor has instructions for it, else nothing: emulation would be slower."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if device == "cuda" or capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        return torch.autocast(device, dtype=torch.bfloat16)
    return nullcontext()


def labels_of(names: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Class names as their numbers in `classes`."""
    number = {name: place for place, name in enumerate(classes)}
    return np.array([number[name] for name in names], dtype=np.int64)
