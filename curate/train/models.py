"""A trained network on disk: `models/<variant>/seed-<n>/`.

A folder with the weights (`model.safetensors`, or `head.json` for `transfer`: nothing that could run) and
`model.json`: their sha256, the class list in the order of the outputs, the input size, what the network was made
from, and how it did. It is refused when the weights are not those of model.json.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import Delete, ResourceError, Run, StateError, To
from curate.core.files import atomic_write
from curate.train import backbones, networks, transfer

if TYPE_CHECKING:
    import torch

FORMAT = 2
_NEEDED = ("classes", "image_size", "network", "variant", "seed", "sha256", "weights", "settings")


@dataclass(frozen=True, slots=True)
class Model:
    """A network ready to predict: (n, side, side, 3) uint8 images to (n, classes) float32 probabilities."""

    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    meta: dict[str, Any]  # model.json


def folder_of(folder: Path, variant: str, seed: int) -> Path:
    """Where the network of a variant and seed is."""
    return folder / "models" / variant / f"seed-{seed}"


def save(folder: Path, weights: bytes, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Write the weights and model.json into `folder`. Returns what went into the latter."""
    name = "head.json" if meta["network"] == "transfer" else "model.safetensors"
    written = {"format": FORMAT, "weights": name, "sha256": hashlib.sha256(weights).hexdigest(), **meta}
    # The description goes first and comes last: a crash in between leaves a model that is refused.
    (folder / "model.json").unlink(missing_ok=True)
    atomic_write(folder / name, weights)
    atomic_write(folder / "model.json", json.dumps(written, indent=1, ensure_ascii=False).encode() + b"\n")
    return written


def to_bytes(network: "torch.nn.Module") -> bytes:
    """The weights of a network as safetensors."""
    from safetensors.torch import save as as_safetensors

    return as_safetensors(
        {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    )


def read_meta(folder: Path) -> dict[str, Any]:
    """model.json of a trained network. Raises ResourceError when there is none, StateError when it is damaged."""
    path = folder / "model.json"
    try:
        meta = dict(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise ResourceError(f"{path} is not there", Run("train-baseline")) from error
    except (OSError, ValueError, TypeError) as error:
        raise StateError(f"{path} is damaged", To("", Delete(folder), Run("train-baseline"))) from error
    if meta.get("format") != FORMAT or not all(name in meta for name in _NEEDED):
        raise StateError(f"{path} was not written by this version", Run("train-baseline"))
    return meta


def weights_are_those_of(folder: Path, meta: Mapping[str, Any]) -> bool:
    """Is the weights file there, and the one that model.json describes?"""
    path = folder / str(meta["weights"])
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == meta["sha256"]


def load(folder: Path, classes: Sequence[str] | None = None) -> Model:
    """The trained network of `folder`, ready to predict.

    Raises ResourceError when there is none; StateError when the weights are damaged or not those of model.json,
    and when `classes` are given and differ from the network's, in name or order.
    """
    meta = read_meta(folder)
    path = folder / str(meta["weights"])
    if classes is not None and list(classes) != list(meta["classes"]):
        raise StateError(
            f"{path} was trained for {', '.join(meta['classes'])}, not for {', '.join(classes)}",
            Run("train-baseline"),
        )
    if not weights_are_those_of(folder, meta):
        raise StateError(f"{path} is missing or not the file of model.json", Run("train-baseline"))
    data = path.read_bytes()
    if meta["network"] == "transfer":
        return Model(partial(_transfer, head=transfer.from_bytes(data, path)), meta)
    return Model(_torch_predictor(data, meta, path), meta)


def _torch_predictor(
    data: bytes, meta: Mapping[str, Any], path: Path
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.torch import load as from_safetensors

    network: torch.nn.Module
    reference = meta["network"] == "reference_cnn"
    if reference:
        values = meta["settings"]
        network = networks.reference_cnn(
            meta["classes"], meta["image_size"], values["dropout"], values["batch_norm"], meta["seed"]
        )
    else:
        outputs = 1 if len(meta["classes"]) == 2 else len(meta["classes"])
        network = backbones.architecture(meta["network"], outputs)
    try:
        network.load_state_dict(from_safetensors(data))
    except (SafetensorError, RuntimeError) as error:
        raise StateError(f"{path} does not hold the weights of {meta['network']}") from error
    prepared = networks.to_input if reference else backbones.to_input
    return partial(networks.predict, network.eval(), prepared=prepared, mirrored=not reference)


def _transfer(pixels: NDArray[np.uint8], head: transfer.Head) -> NDArray[np.float32]:
    return transfer.probabilities(head, transfer.embed(pixels))
