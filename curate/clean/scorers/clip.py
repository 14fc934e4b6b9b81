"""The `clip` scorer: any open_clip model, with downloaded weights or a local checkpoint.

Zero-shot classification as in Radford et al. 2021 (https://arxiv.org/abs/2103.00020): each concept's prompts are
embedded, normalised, averaged and normalised again; a photo's probabilities are the softmax of its cosines with
them, at the model's own temperature. Embeddings of photos and prompts are kept, so that torch is loaded only for
new ones.
"""

import difflib
import hashlib
import json
import logging
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.clean.scorers import clip_backends, clip_download
from curate.clean.scorers.base import Embeddings, Pixels
from curate.core import extras, record_store
from curate.core.cache import cache_folder
from curate.core.errors import ResourceError, UsageError
from curate.core.files import atomic_write, file_sha256
from curate.core.recipe import Concept

BATCH = 16  # photos
_ELSE = "or set `scorer: imagenet` in the recipe, which needs no download"
_OFFLINE = f"go online once, or give the path of a checkpoint, {_ELSE}"


def prepare(pixels: NDArray[np.uint8], side: int, mode: str, interpolation: str) -> NDArray[np.uint8]:
    """(height, width, 3) RGB to (side, side, 3), as open_clip does: by `mode` shortest, squash or longest."""
    image = Image.fromarray(pixels)
    method = Image.Resampling.BILINEAR if interpolation == "bilinear" else Image.Resampling.BICUBIC
    width, height = image.size
    if mode == "squash":
        return np.asarray(image.resize((side, side), method))
    if mode == "longest":
        ratio = side / max(width, height)
        image = image.resize((round(width * ratio), round(height * ratio)), method)
    else:
        short = min(width, height)
        image = image.resize((int(side * width / short), int(side * height / short)), method)
    left, top = round((image.width - side) / 2.0), round((image.height - side) / 2.0)
    return np.asarray(image.crop((left, top, left + side, top + side)))


def checkpoint(weights: str, expected_sha256: str = "") -> Path | None:
    """The local file that `weights` names; None when it is an open_clip tag.

    Raises ResourceError when the file is missing or its sha256 is not the expected one, UsageError for a tag's.
    """
    path = Path(weights)
    if not path.is_file():
        if path.suffix or len(path.parts) > 1:
            raise ResourceError(f"scorer clip: there is no checkpoint {weights}: give its path, {_ELSE}")
        if expected_sha256:
            raise UsageError(f"clean.weights_sha256 is for a checkpoint in a file; weights is the tag {weights}")
        return None
    if expected_sha256 and (digest := file_sha256(path)) != expected_sha256:
        raise ResourceError(
            f"scorer clip: {weights} has sha256 {digest}, the recipe's weights_sha256 is {expected_sha256}: "
            f"fetch the file again, or correct the recipe, {_ELSE}"
        )
    return path


class Clip:
    """An open_clip model; a `Scorer`."""

    def __init__(self, model: str, weights: str, weights_sha256: str = "", backend: str = "auto") -> None:
        """Find the weights; raises ResourceError or UsageError when that fails, before any work.

        `backend` auto takes the fastest of `clip_backends` on this machine; it is measured once and remembered.
        """
        extras.require("clip", "scorer clip")
        self._model_name, self._weights = model, weights
        file = checkpoint(weights, weights_sha256)
        self._source = file_sha256(file) if file else weights
        known = {"model": model, "weights": self._source, "open_clip": version("open_clip_torch")}
        known["torch"] = version("torch")
        self._name = hashlib.sha256(json.dumps([known, backend]).encode()).hexdigest()[:16]
        self._known_prompts: tuple[list[list[str]], NDArray[np.float32], float] = ([], np.empty((0, 0), "f4"), 1.0)
        self._facts = self._recall() or self._measure(backend)
        self.identity: Mapping[str, str] = {"scorer": "clip", **known, "backend": self._facts["backend"]}
        self.side: int = self._facts["side"]
        self.dimensions: int = self._facts["dimensions"]

    @property
    def notes(self) -> dict[str, str]:
        """Temperature of the last softmax, sha256 of the prompts' embeddings, and the speed of each backend."""
        speeds = ", ".join(f"{name} {speed}" for name, speed in self._facts["photos_per_s"].items())
        _, text, scale = self._known_prompts
        digest = hashlib.sha256(text.astype("<f4").tobytes()).hexdigest()
        return {"temperature": f"{1 / scale:.6g}", "prompt_embeddings": digest, "photos_per_s": speeds}

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        """The module's `prepare`, as this model wants it."""
        facts = self._facts
        return partial(prepare, side=facts["side"], mode=facts["mode"], interpolation=facts["interpolation"])

    @property
    def elsewhere(self) -> None:
        """The way of computing was chosen on this machine, and its weights may be here only."""
        return

    def embed(self, pixels: Pixels) -> Embeddings:
        """(n, side, side, 3) uint8 RGB to (n, d) float32 of length 1.

        Always in batches of one size, filled up, for fast matrix products round differently for each size.
        """
        parts = []
        for start in range(0, len(pixels), BATCH):
            batch = pixels[start : start + BATCH]
            filled = np.concatenate([batch, np.zeros((BATCH - len(batch), *batch.shape[1:]), np.uint8)])
            parts.append(self._embed(filled)[: len(batch)])
        return np.concatenate(parts)

    def probabilities(self, embeddings: Embeddings, concepts: Sequence[Concept]) -> NDArray[np.float64]:
        """(n, d) to (n, len(concepts)). Raises UsageError for a concept without prompts."""
        text, scale = self._prompts(concepts)
        logits = scale * (embeddings.astype(np.float64) @ text.T.astype(np.float64))
        logits -= logits.max(axis=1, keepdims=True)
        weights = np.exp(logits)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    # --- loading --------------------------------------------------------------------------------------------

    @cached_property
    def _model(self) -> Any:
        import open_clip

        if self._model_name not in open_clip.list_models():
            near = difflib.get_close_matches(self._model_name, open_clip.list_models(), n=3) or ["ViT-B-32"]
            raise UsageError(f"open_clip has no model {self._model_name!r}; it has e.g. {', '.join(near)}")
        tags = open_clip.list_pretrained_tags_by_model(self._model_name)
        if not Path(self._weights).is_file() and self._weights not in tags:
            known = ", ".join(tags) or "none"
            raise UsageError(
                f"{self._weights!r} is no file and no weights tag of {self._model_name}: it has {known}"
            )
        try:
            logging.disable(logging.CRITICAL)  # the hub client logs each retry
            if not Path(self._weights).is_file():
                clip_download.bring(self._model_name, self._weights)
            with clip_download.offline_where_whole(self._model_name):
                return open_clip.create_model(self._model_name, pretrained=self._weights).eval()
        except Exception as error:  # what open_clip, the hub client and torch raise has no common base
            what = textwrap.shorten(f"{self._model_name} {self._weights}: {error}", 240, placeholder=" …")
            raise ResourceError(f"scorer clip: cannot load {what}: {_OFFLINE}") from error
        finally:
            logging.disable(logging.NOTSET)

    def _recall(self) -> dict[str, Any] | None:
        """What was measured before, if it is whole."""
        try:
            facts = json.loads((cache_folder() / f"clip-{self._name}.json").read_bytes())
            return dict(facts) if clip_backends.is_usable(facts["backend"]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _measure(self, wanted: str) -> dict[str, Any]:
        """Time the ways of computing on this machine and choose one."""
        settings = self._model.visual.preprocess_cfg
        try:
            facts = clip_backends.measure(self._model.visual, wanted)
        except FloatingPointError as error:
            what = f"{self._model_name} {self._weights}"
            raise ResourceError(f"scorer clip: {what} gives no numbers (NaN): fetch it again, {_ELSE}") from error
        facts |= {"mode": settings["resize_mode"], "interpolation": settings["interpolation"]}
        atomic_write(cache_folder() / f"clip-{self._name}.json", json.dumps(facts).encode())
        return facts

    # --- prompts --------------------------------------------------------------------------------------------

    def _prompts(self, concepts: Sequence[Concept]) -> tuple[NDArray[np.float32], float]:
        """Text embeddings (k, d) of length 1 and the model's temperature, from the cache where they are."""
        if bare := [concept.name for concept in concepts if not concept.prompts]:
            raise UsageError(f"clean.concepts: {', '.join(bare)}: scorer clip needs `prompts` for every concept")
        prompts = [list(concept.prompts) for concept in concepts]
        if prompts != self._known_prompts[0]:
            digest = hashlib.sha256(json.dumps(prompts).encode()).hexdigest()[:16]
            layout = record_store.layout(
                np.dtype([("text", "<f4", (self.dimensions,)), ("scale", "<f8")]),
                {"kind": "embeddings of prompts", "model": self._name, "prompts": prompts},
            )
            path = cache_folder() / f"clip-{self._name}-prompts-{digest}.cache"
            kept = record_store.read_or_write(
                path, layout, len(prompts), lambda: [self._embed_prompts(prompts, layout.record)]
            )
            self._known_prompts = (prompts, np.array(kept["text"]), float(kept["scale"][0]))
        return self._known_prompts[1:]

    def _embed_prompts(self, prompts: Sequence[Sequence[str]], record: np.dtype[np.void]) -> record_store.Records:
        """A record per concept: the mean of its prompts' embeddings, of length 1, and the model's temperature."""
        import open_clip
        import torch

        tokenize = open_clip.get_tokenizer(self._model_name)
        rows = []
        with torch.inference_mode():
            for captions in prompts:
                features = self._model.encode_text(tokenize(list(captions)), normalize=True).mean(dim=0)
                rows.append((features / features.norm()).numpy())
            scale = float(self._model.logit_scale.exp())
        records = np.zeros(len(rows), record)
        records["text"], records["scale"] = np.stack(rows), scale
        return records

    # --- photos ---------------------------------------------------------------------------------------------

    @cached_property
    def _embed(self) -> Callable[[Pixels], Embeddings]:
        return clip_backends.embedder(self._model.visual, self._facts["backend"])
