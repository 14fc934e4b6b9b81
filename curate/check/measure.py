"""What a check reads of a photo's pixels: the same on any machine, so workers do it. Pure functions."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.check.files import Refused
from curate.clean import embeddings, image_quality
from curate.clean.embeddings import Ready, RemoteScorer
from curate.core.errors import RejectedError
from curate.core.recipe import QualityThresholds
from curate.dedup import fingerprints
from curate.dedup.fingerprints import Fingerprints
from curate.photos import decode


@dataclass(frozen=True, slots=True)
class Measured:
    """What was read of a photo's pixels."""

    sha256: str
    ready: Ready  # what the network reads, or the embedding
    poor: str  # reason of image quality, empty for a good one
    size: tuple[int, int]  # pixels, width and height of the original
    prints: Fingerprints


def measure(
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    side: int,
    quality: QualityThresholds,
    scorer: RemoteScorer | None,
    data: bytes | Refused,
) -> Measured | Refused:
    """What there is to know of a photo file, or why there is nothing: `data` says so, or the decoder.

    `prepare` makes the input of the network, of `side` pixels. With `scorer`, it is embedded too.
    """
    if isinstance(data, Refused):
        return data
    try:
        decoded = decode.decode(data, at_least=side)  # as clean reads it
        decode.check(decoded)
        small = decode.decode(data, at_least=fingerprints.AT_LEAST)  # as dedup reads it
    except RejectedError as error:
        return Refused.of(error)
    found = image_quality.measure(decoded.pixels, decoded.width, decoded.height)
    pixels = prepare(decoded.pixels)
    return Measured(
        hashlib.sha256(data).hexdigest(),
        embeddings.embed_here(scorer, pixels) if scorer else pixels,
        image_quality.reason(found, quality),
        (decoded.width, decoded.height),
        fingerprints.of_pixels(small.pixels),
    )
