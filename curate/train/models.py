"""A trained network on disk: `models/<variant>/seed-<n>/`.

`model.safetensors` holds the weights, of `transfer` those of the linear classifier. `model.onnx` predicts, without
torch. `model.json` holds their sha256, the class list in the order of the outputs, the input size, what the
network was made from, and how it did. A folder is refused when its files are not those of model.json.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import Delete, Do, ResourceError, Run, StateError, To, UsageError
from curate.core.files import atomic_write
from curate.train import backbones, calibration, networks, onnx_export

if TYPE_CHECKING:
    import torch

FORMAT = 3
_NEEDED = ("classes", "image_size", "network", "variant", "seed", "sha256", "onnx", "settings", "temperature")
WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Model:
    """A network ready to predict."""

    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # (n, side, side, 3) to (n, classes) probabilities
    meta: dict[str, Any]  # model.json

    def calibrated(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, side, side, 3) uint8 images to (n, classes) probabilities, by the temperature fitted on val."""
        return calibration.scaled(self.predict(pixels), self.meta["temperature"])


def folder_of(folder: Path, variant: str, seed: int) -> Path:
    """Where the network of a variant and seed is."""
    return folder / "models" / variant / f"seed-{seed}"


def named(network: Mapping[str, Any]) -> str:
    """What a sentence calls a network, by its model.json or its entry in the sidecar: `transfer, seed 42`."""
    return f"{network['variant']}, seed {network['seed']}"


def save(folder: Path, weights: bytes, graph: bytes, meta: Mapping[str, Any], card: str = "") -> None:
    """Write the weights, the ONNX graph, MODEL_CARD.md and model.json into `folder`."""
    written = {"format": FORMAT, "sha256": hashlib.sha256(weights).hexdigest(), **meta}
    # The description goes first and comes last: a crash in between leaves a model that is refused.
    (folder / "model.json").unlink(missing_ok=True)
    atomic_write(folder / WEIGHTS, weights)
    atomic_write(folder / meta["onnx"]["file"], graph)
    atomic_write(folder / "MODEL_CARD.md", card.encode())
    atomic_write(folder / "model.json", json.dumps(written, indent=1, ensure_ascii=False).encode() + b"\n")


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
        if below := sorted(each.parent for each in folder.glob("**/model.json")):
            raise UsageError(f"{path} is not there", Do(f"name a network's folder, such as {below[0]}")) from error
        raise ResourceError(f"{path} is not there", Run("train-baseline")) from error
    except (OSError, ValueError, TypeError) as error:
        raise StateError(f"{path} is damaged", To("", Delete(folder), Run("train-baseline"))) from error
    if meta.get("format") != FORMAT or not all(name in meta for name in _NEEDED):
        raise StateError(f"{path} was not written by this version", Run("train-baseline"))
    if not (isinstance(meta["temperature"], int | float) and meta["temperature"] > 0):
        raise StateError(f"{path}: temperature {meta['temperature']} is not above 0", Run("train-baseline"))
    return meta


def is_whole(folder: Path, meta: Mapping[str, Any]) -> bool:
    """Are the weights and the ONNX graph there, and the ones that model.json describes?"""
    return _has(folder / WEIGHTS, meta["sha256"]) and _has(folder / meta["onnx"]["file"], meta["onnx"]["sha256"])


def _again(meta: Mapping[str, Any]) -> Run:
    return Run("train-baseline", ("--variant", meta["variant"]))


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def load(folder: Path, classes: Sequence[str] | None = None) -> Model:
    """The trained network of `folder`, ready to predict in ONNX Runtime.

    Raises ResourceError when there is none; StateError when the graph is damaged or not that of model.json, and
    when `classes` are given and differ from the network's, in name or order.
    """
    meta = read_meta(folder)
    path = folder / meta["onnx"]["file"]
    if classes is not None and list(classes) != list(meta["classes"]):
        raise StateError(
            f"{path} was trained for {', '.join(meta['classes'])}, not for {', '.join(classes)}",
            _again(meta),
        )
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != meta["onnx"]["sha256"]:
        raise StateError(f"{path} is missing or not the file of model.json", _again(meta))
    return Model(onnx_export.predictor(data), meta)


def load_network(folder: Path) -> "torch.nn.Module":
    """The torch network of `folder` from its safetensors, to train it further. `transfer` has none.

    Raises ResourceError when there is none; StateError when the weights are damaged or not those of model.json.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as from_safetensors

    meta, path = read_meta(folder), folder / WEIGHTS
    if not _has(path, meta["sha256"]):
        raise StateError(f"{path} is missing or not the file of model.json", _again(meta))
    network: torch.nn.Module
    if meta["network"] == "reference_cnn":
        values = meta["settings"]
        network = networks.reference_cnn(
            meta["classes"], meta["image_size"], values["dropout"], values["batch_norm"], meta["seed"]
        )
    elif meta["network"] == "transfer":
        raise StateError(f"{path} holds a linear classifier, and no network")
    else:
        outputs = 1 if len(meta["classes"]) == 2 else len(meta["classes"])
        number = meta["settings"].get("networks", 1)
        parts = [backbones.architecture(meta["network"], outputs) for _ in range(number)]
        network = backbones.mean_of(parts) if meta["variant"] == "ensemble" else parts[0]
    try:
        network.load_state_dict(from_safetensors(path.read_bytes()))
    except (SafetensorError, RuntimeError) as error:
        raise StateError(f"{path} does not hold the weights of {meta['network']}") from error
    return network.eval()
