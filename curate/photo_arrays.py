"""Photos as one array of equal size, decoded once.

The array is a memory-mapped file beside the manifests, named after what is in it, so another run with the same
photos (another epoch, variant or learning rate) does not decode again.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from curate import images
from curate.errors import RejectedError, ResourceError, StateError
from curate.executors import MapFn

VERSION = 1  # of the decoding and resizing
Photo = tuple[str, str, str]  # key, path, sha256


def shrink(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(h, w, 3) to (side, side, 3): squeezed, not cropped; bilinear with antialiasing."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def load_one(photo: Photo, folder: Path, side: int) -> NDArray[np.uint8]:
    """One photo as (side, side, 3) RGB. Raises StateError naming it when it cannot be used."""
    key, path, sha256 = photo
    try:
        return shrink(images.load(folder, path, sha256, at_least=side).pixels, side)
    except RejectedError as error:
        raise StateError(
            f"photo {key} ({path}) cannot be used: {error}; see `curate verify`, then run the stages again"
        ) from error


def load_all(folder: Path, photos: Sequence[Photo], side: int, map_fn: MapFn = map) -> NDArray[np.uint8]:
    """(n, side, side, 3) RGB, in the order of `photos`.

    Raises StateError naming the first photo that cannot be used, ResourceError when the disk is full.
    """
    content = "\n".join([f"{VERSION} {side}", *(sha256 for _, _, sha256 in photos)])
    target = folder / "cache" / f"photos-{hashlib.sha256(content.encode()).hexdigest()[:16]}.npy"
    if not target.exists():
        try:
            target.parent.mkdir(exist_ok=True)
            for old in target.parent.glob("photos-*.npy"):
                with suppress(OSError):
                    old.unlink()
            _build(target, folder, photos, side, map_fn)
        except OSError as error:
            raise ResourceError(
                f"cannot write {target}: {error.strerror or error}; free space, then rerun"
            ) from error
    array: NDArray[np.uint8] = np.load(target, mmap_mode="r")
    return array


def _build(target: Path, folder: Path, photos: Sequence[Photo], side: int, map_fn: MapFn) -> None:
    temporary = target.with_name(f".tmp-{target.name}")
    shape = (len(photos), side, side, 3)
    array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
    try:
        loaded = map_fn(partial(load_one, folder=folder, side=side), photos)
        for place, pixels in enumerate(
            tqdm(loaded, total=len(photos), desc="decode", unit="photo", disable=None, leave=False)
        ):
            array[place] = pixels
        array.flush()
        os.replace(temporary, target)  # noqa: PTH105
    finally:
        del array
        temporary.unlink(missing_ok=True)
