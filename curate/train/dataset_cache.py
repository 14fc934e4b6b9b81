"""Photos as one array of equal size, decoded once.

The array is a file beside the manifests (see `core.record_store`), named after what is in it and what decoded
it, so another run with the same photos (another epoch, variant or learning rate) does not decode again. It is
written photo by photo and only then memory-mapped, for reading: writing through a map of a file with holes ends
the process on a full disk. A file that was cut or changed is made anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.core import files, record_store
from curate.core.errors import RejectedError, StateError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.core.record_store import Records
from curate.photos import missing, store

VERSION = 3  # of the decoding and resizing
Photo = tuple[str, str, str]  # key, path, sha256


def shrink(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(h, w, 3) to (side, side, 3): squeezed, not cropped; bilinear with antialiasing."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def load_one(photo: Photo, folder: Path, side: int) -> NDArray[np.uint8]:
    """One photo as (side, side, 3) RGB. Raises StateError naming it when it cannot be used."""
    return _usable(photo, folder, _load(photo, folder, side))


def _load(photo: Photo, folder: Path, side: int) -> NDArray[np.uint8] | str:
    """The same, or the reason why it cannot be used: a worker may not see the manifests, which know a remedy."""
    _, path, sha256 = photo
    try:
        return shrink(store.load(folder, path, sha256, at_least=side).pixels, side)
    except RejectedError as error:
        return error.reason


def _usable(photo: Photo, folder: Path, found: NDArray[np.uint8] | str) -> NDArray[np.uint8]:
    if isinstance(found, str):
        raise StateError(
            f"photo {photo[0]} cannot be used, {photo[1]} is lost ({found})",
            missing.remedy(folder),
            missing.going_on(folder),
        )
    return found


def load_all(folder: Path, photos: Sequence[Photo], side: int, map_fn: MapFn = map) -> NDArray[np.uint8]:
    """(n, side, side, 3) RGB, in the order of `photos`.

    Raises StateError naming the first photo that cannot be used, ResourceError when the disk is full.
    """
    decoders = {name: version(name) for name in ("pillow", "simplejpeg")}
    names = hashlib.sha256("\n".join(sha256 for _, _, sha256 in photos).encode()).hexdigest()
    layout = record_store.layout(
        np.dtype([("pixels", "u1", (side, side, 3))]), {"pixels": VERSION, "photos": names, **decoders}
    )
    target = folder / "cache" / f"photos-{hashlib.sha256(layout.header).hexdigest()[:16]}.cache"

    def decoded() -> Iterator[Records]:
        files.remove(target.parent.glob("photos-*"))
        return _decoded(folder, photos, layout.record, map_fn)

    return record_store.read_or_write(target, layout, len(photos), decoded)["pixels"]


def _decoded(folder: Path, photos: Sequence[Photo], record: np.dtype[np.void], map_fn: MapFn) -> Iterator[Records]:
    """One photo after the other, as a block of one record."""
    side = record["pixels"].shape[0]
    loaded = progress(map_fn(partial(_load, folder=folder, side=side), photos), "decode", len(photos))
    for photo, found in zip(photos, loaded, strict=True):
        yield np.array([(_usable(photo, folder, found),)], record)
