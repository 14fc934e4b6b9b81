"""MODEL_CARD.md: what a person should know of a network before using it (Mitchell et al., 2019)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.core.intervals import percent
from curate.core.schemas import SPLITS
from curate.train import calibration, models
from curate.train.accuracy import in_words
from curate.train.backbones import PACKAGED
from curate.train.variants import DESCRIPTIONS, chosen_on_val

PREDICTION = """\
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model = json.loads(Path("model.json").read_text(encoding="utf-8"))
side = model["image_size"]
with Image.open("photo.jpg") as photo:
    photo.draft("RGB", (side, side))  # a JPEG comes at 1/2, 1/4 or 1/8 where that is large enough
    upright = ImageOps.exif_transpose(photo).convert("RGB")
pixels = np.asarray(upright.resize((side, side), Image.Resampling.BILINEAR))[None]
(found,) = onnxruntime.InferenceSession("model.onnx").run(None, {"pixels": pixels})
weights = np.clip(found, 1e-7, 1) ** (1 / model["temperature"])
print(dict(zip(model["classes"], (weights / weights.sum())[0].tolist())))"""


def licence(network: str) -> str:
    """What is known of the licence of the weights that a network started from."""
    if network == "reference_cnn":
        return (
            "The weights were learned from these photos alone, from a random start. No other weights are in them. "
            "The rights in the photos are those of the dataset (`rights` in its recipe)."
        )
    name = "efficientnet-lite0" if network == "transfer" else network
    if name in PACKAGED:
        return (
            f"The network started from the weights of {name} in the package {PACKAGED[name].package} 0.1.0. "
            "The repository of their author publishes them under Apache-2.0. They were trained on ImageNet-1k. "
            "`model.onnx` contains them. "
            "The rights in the photos are those of the dataset (`rights` in its recipe)."
        )
    return (
        f"The network started from the weights of the timm model {name}, which came from the model hub. Look up "
        "their licence there. The rights in the photos are those of the dataset (`rights` in its recipe)."
    )


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float] | None:
    """The expected calibration error of (n, classes) probabilities, and that by chance; None without photos."""
    if not len(labels):
        return None
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    return calibration.expected_error(calibration.bins(sure, right)), calibration.expected_by_chance(sure)


def markdown(
    dataset: str, meta: Mapping[str, Any], counts: Mapping[tuple[str, str], int], error: tuple[float, float] | None
) -> str:
    """The card of a network.

    `meta` is its model.json, `counts` are photos per split and class, `error` is what `calibration_error` gives.
    """
    classes = meta["classes"]
    figures = [in_words(split, meta[split]) for split in ("val", "test")]
    figures += [in_words(f"test, {name}", found) for name, found in meta["test_by_class"].items()]
    sure = "n/a, no photos"
    if error:
        sure = f"{percent(error[0])} ({percent(error[1])} if the probabilities were exact, with so many photos)"
    lines = [
        f"# {models.named(meta)}: {', '.join(classes)}",
        "",
        f"{DESCRIPTIONS[meta['variant']]}. It takes an RGB image of {meta['image_size']}×{meta['image_size']} "
        f"pixels, the whole photo squeezed. It gives a probability for each of {len(classes)} classes, in order: "
        f"{', '.join(classes)}. It has {meta['parameters']:,} trained parameters.",
        "",
        "## Data",
        "",
        f"Dataset `{dataset}`. sha256 of its split.csv: `{meta['inputs']['split.csv']}`.",
        "",
        f"| photos | {' | '.join(SPLITS)} |",
        f"|---|{'---:|' * len(SPLITS)}",
        *(f"| {name} | {' | '.join(str(counts.get((s, name), 0)) for s in SPLITS)} |" for name in classes),
        "",
        "## Figures",
        "",
        *(f"- {line}" for line in figures),
        f"- expected calibration error on test, after a temperature of {meta['temperature']:g}: {sure}",
        "",
        f"The {chosen_on_val(meta['variant'])} was chosen on val. The network was tested once, after training.",
        "",
        "## Limits",
        "",
        "- It gives every photo one of its classes, also a photo that shows none of them.",
        "- The figures hold for photos like those of the dataset. `curate evaluate` measures others.",
        "- The temperature was fitted on val. On other photos the probabilities may be too sure.",
        "",
        "## Files",
        "",
        "- `model.onnx`: from pixels to probabilities, before the temperature, for ONNX Runtime. On "
        f"{meta['onnx']['images']} photos no probability differs from the trained network's by more than "
        f"{meta['onnx']['tolerance']:g}.",
        "- `model.safetensors`: the trained weights.",
        "- `model.json`: all figures, settings and versions.",
        "",
        "## A prediction",
        "",
        "`curate predict` does this. In a program of your own, load the photo in the same way. Another way to "
        "resize gives other probabilities, and sometimes another class.",
        "",
        "```python",
        PREDICTION,
        "```",
        "",
        "## Licence of the weights",
        "",
        licence(meta["network"]),
        "",
    ]
    return "\n".join(lines)
