"""`clean --thorough`: a network fine-tuned on the collection itself, judged only on photos it was not tuned on.

EfficientNet-Lite0 as in the `imagenet` scorer. Its early layers stay as they are: what they make of each photo,
and of its mirror image, is computed once and kept in a file, so that an epoch costs only the late layers. AdamW
with one cycle, label smoothing, bfloat16 (Loshchilov and Hutter 2019; Smith 2018; Szegedy et al. 2016).
"""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from curate import images
from curate.cleaning.embeddings import ahead
from curate.cleaning.probes import Floats, folds
from curate.errors import RejectedError, StateError
from curate.executors import MapFn
from curate.scorers import imagenet

FOLDS = 2
EPOCHS = 4
BATCH = 64
FROZEN_STAGES = 4  # of seven
RATE, HEAD_RATE = 3e-4, 3e-3
SMOOTHING = 0.1


def _pixels(folder: Path, photo: tuple[str, str]) -> NDArray[np.uint8] | str:
    sha256, path = photo
    try:
        return imagenet.prepare(images.load(folder, path, sha256, at_least=imagenet.SIDE).pixels)
    except RejectedError as error:
        return f"{path}: {error}"


def class_probabilities(
    folder: Path,
    photos: Sequence[tuple[str, str]],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    weights: Floats,
    classes: int,
    map_fn: MapFn = map,
    seed: int = 0,
) -> Floats:
    """Class probabilities of each photo by a network that was not tuned on its group: (n, classes).

    `photos` are (sha256, path); those of weight 0 teach nothing but are judged. The same on one machine for the
    same input. Raises ResourceError as the `imagenet` scorer does, StateError for a photo that changed meanwhile.
    """
    import torch

    before = torch.random.get_rng_state()
    network = imagenet.load_network()
    stem = torch.nn.Sequential(network.conv_stem, network.bn1, *network.blocks[:FROZEN_STAGES]).eval()
    fold = folds(groups, FOLDS)
    result = np.full((len(photos), classes), 1 / classes)
    try:
        with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder) as scratch:
            maps = _early_maps(folder, photos, stem, Path(scratch), map_fn)
            for number in tqdm(range(FOLDS), "tune", unit="fold", disable=None, leave=False):
                torch.manual_seed(seed + number)
                teach, judge = np.flatnonzero((fold != number) & (weights > 0)), np.flatnonzero(fold == number)
                if len(np.unique(labels[teach])) == classes and len(judge):
                    head = _tune(imagenet.load_network(), maps, labels, weights, teach, classes)
                    result[judge] = _judge(head, maps, judge)
            del maps
    finally:
        torch.random.set_rng_state(before)
    return result


def _early_maps(
    folder: Path, photos: Sequence[tuple[str, str]], stem: Any, scratch: Path, map_fn: MapFn
) -> NDArray[np.float16]:
    """What the frozen layers make of each photo and of its mirror image: (n, 2, c, h, w), in a file."""
    import torch

    maps: NDArray[np.float16] | None = None
    answers = ahead(map_fn(partial(_pixels, folder), photos))
    progress = tqdm(answers, "early layers", total=len(photos), unit="photo", disable=None, leave=False)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in (imagenet.MEAN, imagenet.STD))
    for place, pixels in enumerate(progress):
        if isinstance(pixels, str):
            raise StateError(f"{pixels}: run `curate clean` again")
        both = torch.from_numpy(np.stack([pixels, pixels[:, ::-1]])).permute(0, 3, 1, 2).float()
        with torch.inference_mode():
            early = stem(((both - mean) / std).contiguous(memory_format=torch.channels_last))
        if maps is None:
            shape = (len(photos), *early.shape)
            maps = np.lib.format.open_memmap(scratch / "maps.npy", "w+", np.float16, shape)
        maps[place] = early.half().numpy()
    assert maps is not None, "no photos"
    return maps


def _tune(
    network: Any,
    maps: NDArray[np.float16],
    labels: NDArray[np.int64],
    weights: Floats,
    teach: NDArray[np.int64],
    classes: int,
) -> Any:
    """The late layers of `network`, tuned on the photos `teach`."""
    import torch

    late = torch.nn.Sequential(
        *network.blocks[FROZEN_STAGES:], network.conv_head, network.bn2, network.global_pool
    )
    last = torch.nn.Linear(imagenet.DIMENSIONS, classes)
    model = torch.nn.Sequential(late, last).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(
        [{"params": late.parameters(), "lr": RATE}, {"params": last.parameters(), "lr": HEAD_RATE}],
        weight_decay=0.01,
    )
    steps = EPOCHS * -(-len(teach) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=steps)
    for _ in range(EPOCHS):
        order = teach[torch.randperm(len(teach)).numpy()]
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            mirrored = torch.randint(2, (len(batch),)).numpy()
            features = torch.from_numpy(maps[batch, mirrored].astype(np.float32))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(features.contiguous(memory_format=torch.channels_last))
            losses = torch.nn.functional.cross_entropy(
                logits.float(), torch.from_numpy(labels[batch]), reduction="none", label_smoothing=SMOOTHING
            )
            optimiser.zero_grad()
            (losses * torch.from_numpy(weights[batch].astype(np.float32))).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            cycle.step()
    return model.eval()


def _judge(model: Any, maps: NDArray[np.float16], judge: NDArray[np.int64]) -> Floats:
    """Class probabilities of the photos `judge`, mean of both mirror images: (len(judge), classes)."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, len(judge), BATCH):
            batch = torch.from_numpy(maps[judge[start : start + BATCH]].astype(np.float32))
            logits = model(batch.flatten(0, 1).contiguous(memory_format=torch.channels_last))
            parts.append(logits.softmax(dim=1).view(len(batch), 2, -1).mean(dim=1).double().numpy())
    return np.concatenate(parts)
