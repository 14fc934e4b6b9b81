"""The training loop: epochs that can be interrupted, and go on as if they had not been.

Everything random in an epoch (order, augmentation, dropout) comes from the seed and the epoch's number, so a run
that was killed and resumed from its checkpoint ends with the same weights as one that was not, on one machine with
a CPU. RMSprop has PyTorch's smoothing 0.99 and epsilon 1e-8, not Keras's 0.9 and 1e-7.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import GateError, ResourceError
from curate.core.files import crash_point
from curate.core.recipe import TrainBaseline
from curate.train import checkpoints
from curate.train.checkpoints import History, State
from curate.train.networks import reference_cnn, to_input

if TYPE_CHECKING:
    import torch

# Augmentation: each photo is mirrored or not, and warped by amounts drawn evenly up to these.
ROTATION = math.radians(15)
SHIFT = 0.1  # of the side
SHEAR = 0.15
ZOOM = 0.15


@dataclass(frozen=True, slots=True)
class Photos:
    """Labelled photos."""

    pixels: NDArray[np.uint8]  # (n, side, side, 3), may be memory-mapped
    labels: NDArray[np.int64]  # (n,) number of the class


def fit(
    train: Photos,
    val: Photos,
    config: TrainBaseline,
    checkpoint: Path,
    identity: str,
    on_epoch: Callable[[dict[str, float]], None] = lambda _: None,
) -> State:
    """Train until `config.epochs`, or until patience ends; returns the state with the weights of the best epoch.

    The best epoch has the highest validation accuracy, of equals the lowest validation loss. After each epoch the
    state is saved to `checkpoint`; one with the same `identity` that is there already is continued. Raises
    GateError when the loss is no longer a number, ResourceError when memory is short.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = reference_cnn(
        config.class_names, config.image_size, config.dropout, config.batch_norm, config.seed
    ).to(device)
    state = State(
        network, torch.optim.RMSprop(network.parameters(), lr=config.learning_rate, alpha=0.99, eps=1e-8)
    )
    checkpoints.restore(checkpoint, state, identity)
    try:
        while len(state.history) < config.epochs and not _out_of_patience(state, config.patience):
            number = len(state.history) + 1
            started = time.monotonic()
            loss, accuracy = _train_epoch(state, train, config, number, device)
            val_loss, val_accuracy = _measure(state.network, val, config.batch_size, device)
            entry = {
                "epoch": number,
                "train_loss": loss,
                "val_loss": val_loss,
                "train_accuracy": accuracy,
                "val_accuracy": val_accuracy,
            }
            _refuse_nan(entry, state, checkpoint)
            state.history.append(entry | {"seconds": round(time.monotonic() - started, 2)})
            if _best_of(state.history) == number:
                state.best_epoch = number
                state.best = {name: value.detach().clone() for name, value in network.state_dict().items()}
            checkpoints.save(checkpoint, state, identity)
            crash_point(f"after_epoch_{number}")
            on_epoch(state.history[-1])
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error).lower():
            raise
        raise ResourceError(
            f"not enough memory to train with train_baseline.batch_size {config.batch_size}: make it smaller"
        ) from error
    network.load_state_dict(state.best)
    return state


def _best_of(history: History) -> int:
    return int(max(history, key=lambda entry: (entry["val_accuracy"], -entry["val_loss"]))["epoch"])


def _out_of_patience(state: State, patience: int | None) -> bool:
    return patience is not None and len(state.history) - state.best_epoch >= patience


def _refuse_nan(entry: dict[str, float], state: State, checkpoint: Path) -> None:
    if not all(math.isfinite(value) for value in entry.values()):
        kept = f"epoch {len(state.history)} stays in {checkpoint}" if state.history else "nothing was saved"
        raise GateError(
            f"the loss is no longer a number in epoch {entry['epoch']:.0f}; {kept}: "
            "set a smaller train_baseline.learning_rate"
        )


def _train_epoch(
    state: State, photos: Photos, config: TrainBaseline, number: int, device: str
) -> tuple[float, float]:
    """One pass over all photos. Returns mean loss and accuracy as they were on the way."""
    import torch

    random = np.random.default_rng([config.seed, number])
    order = random.permutation(len(photos.labels))
    total_loss, right = 0.0, 0
    state.network.train()
    with torch.random.fork_rng(devices=[0] if device == "cuda" else []):
        torch.manual_seed(int(random.integers(2**63)))
        for start in range(0, len(order), config.batch_size):
            chosen = np.sort(order[start : start + config.batch_size])
            inputs = to_input(photos.pixels[chosen]).to(device)
            if config.augment:
                inputs = augment(inputs, random)
            labels = torch.from_numpy(photos.labels[chosen]).to(device)
            with reduced_precision(device):
                logits = state.network(inputs)
            loss = _loss(logits.float(), labels)
            state.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            state.optimizer.step()
            total_loss += loss.item() * len(chosen)
            right += int((_predicted(logits) == labels).sum())
    return total_loss / len(order), right / len(order)


def _measure(network: "torch.nn.Module", photos: Photos, batch_size: int, device: str) -> tuple[float, float]:
    """Mean loss and accuracy without learning."""
    import torch

    total_loss, right = 0.0, 0
    network.eval()
    with torch.inference_mode(), reduced_precision(device):
        for start in range(0, len(photos.labels), batch_size):
            logits = network(to_input(photos.pixels[start : start + batch_size]).to(device)).float()
            labels = torch.from_numpy(photos.labels[start : start + batch_size]).to(device)
            total_loss += _loss(logits, labels).item() * len(labels)
            right += int((_predicted(logits) == labels).sum())
    return total_loss / len(photos.labels), right / len(photos.labels)


def _loss(logits: "torch.Tensor", labels: "torch.Tensor") -> "torch.Tensor":
    from torch.nn import functional

    if logits.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
    return functional.cross_entropy(logits, labels)


def _predicted(logits: "torch.Tensor") -> "torch.Tensor":
    return (logits[:, 0] > 0).long() if logits.shape[1] == 1 else logits.argmax(dim=1)


def reduced_precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 where the processor has instructions for it, else nothing: emulation would be slower."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if device == "cuda" or capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        return torch.autocast(device, dtype=torch.bfloat16)
    return nullcontext()


def augment(inputs: "torch.Tensor", random: np.random.Generator) -> "torch.Tensor":
    """(n, 3, side, side): each photo mirrored or not, turned, shifted, sheared and zoomed; edges are drawn out."""
    import torch
    from torch.nn import functional

    count = len(inputs)
    turn, shear, zoom_x, zoom_y, shift_x, shift_y = random.uniform(-1, 1, (6, count))
    mirror = random.choice([-1.0, 1.0], count)
    cos, sin = np.cos(ROTATION * turn), np.sin(ROTATION * turn)
    wide, high = 1 + ZOOM * zoom_x, 1 + ZOOM * zoom_y
    matrix = np.empty((count, 2, 3), np.float32)  # output to input coordinates, both -1..1
    matrix[:, 0] = np.stack([mirror * wide * cos, -wide * sin + SHEAR * shear, 2 * SHIFT * shift_x], axis=1)
    matrix[:, 1] = np.stack([mirror * high * sin, high * cos, 2 * SHIFT * shift_y], axis=1)
    grid = functional.affine_grid(
        torch.from_numpy(matrix).to(inputs.device), list(inputs.shape), align_corners=False
    )
    warped = functional.grid_sample(inputs, grid, padding_mode="border", align_corners=False)
    return warped.contiguous(memory_format=torch.channels_last)


def labels_of(names: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Class names as their numbers in `classes`."""
    number = {name: place for place, name in enumerate(classes)}
    return np.array([number[name] for name in names], dtype=np.int64)
