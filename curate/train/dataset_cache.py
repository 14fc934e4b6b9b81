"""Photos as one array of equal size, decoded once.

The array is a file beside the manifests, named after what is in it and what decoded it, so another run with the
same photos (another epoch, variant or learning rate) does not decode again. It is written photo by photo and only
then memory-mapped, for reading: writing through a map of a file with holes ends the process on a full disk. Its
last bytes are the sha256 of all before: a file that was cut or changed is made anew.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.core.errors import RejectedError, StateError
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.progress import progress
from curate.photos import missing, store

VERSION = 2  # of the decoding, resizing and the file
_DIGEST_BYTES = 32
Photo = tuple[str, str, str]  # key, path, sha256


def shrink(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(h, w, 3) to (side, side, 3): squeezed, not cropped; bilinear with antialiasing."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))


def load_one(photo: Photo, folder: Path, side: int) -> NDArray[np.uint8]:
    """One photo as (side, side, 3) RGB. Raises StateError naming it when it cannot be used."""
    key, path, sha256 = photo
    try:
        return shrink(store.load(folder, path, sha256, at_least=side).pixels, side)
    except RejectedError as error:
        raise StateError(
            f"photo {key} cannot be used, {path} is lost ({error.reason})",
            missing.remedy(folder),
            missing.going_on(folder),
        ) from error


def load_all(folder: Path, photos: Sequence[Photo], side: int, map_fn: MapFn = map) -> NDArray[np.uint8]:
    """(n, side, side, 3) RGB, in the order of `photos`.

    Raises StateError naming the first photo that cannot be used, ResourceError when the disk is full.
    """
    decoders = [f"{name} {version(name)}" for name in ("pillow", "simplejpeg")]
    content = "\n".join([f"{VERSION} {side}", *decoders, *(sha256 for _, _, sha256 in photos)])
    target = folder / "cache" / f"photos-{hashlib.sha256(content.encode()).hexdigest()[:16]}.npy"
    if not _is_whole(target):
        for old in target.parent.glob("photos-*.npy"):
            with suppress(OSError):
                old.unlink()
        atomic_write(target, _parts(folder, photos, side, map_fn))
    array: NDArray[np.uint8] = np.load(target, mmap_mode="r")
    return array


def _parts(folder: Path, photos: Sequence[Photo], side: int, map_fn: MapFn) -> Iterator[bytes]:
    """The .npy file: its header, then one photo after the other."""
    header = io.BytesIO()
    shape = (len(photos), side, side, 3)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    loaded = map_fn(partial(load_one, folder=folder, side=side), photos)
    digest = hashlib.sha256()
    digest.update(header.getvalue())
    yield header.getvalue()
    for pixels in progress(loaded, "decode", len(photos)):
        digest.update(part := pixels.tobytes())
        yield part
    yield digest.digest()


def _is_whole(path: Path) -> bool:
    """Does the file end with the sha256 of all before?"""
    try:
        with path.open("rb") as file:
            left = path.stat().st_size - _DIGEST_BYTES
            digest = hashlib.sha256()
            while left > 0 and (part := file.read(min(left, 1 << 20))):
                digest.update(part)
                left -= len(part)
            return file.read() == digest.digest()
    except OSError:
        return False
