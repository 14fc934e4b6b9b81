"""The bytes of each photo as it leaves: the original ones unless options ask for others.

A photo that must change (smaller, blurred, another format) is decoded, and becomes a JPEG without metadata. With
`strip` alone its compressed image stays as it is.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from curate.core.errors import RejectedError, StateError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.dataset import Dataset, Photo
from curate.export import blur
from curate.export.place import write
from curate.export.strip import strip
from curate.photos import decode, missing, store

VERSION = 1  # of what follows: raise it when other bytes come out
QUALITY = 92  # of a JPEG that is written anew
PREPARED = ".prepared"  # where changed photos wait inside an export that is under way


@dataclass(frozen=True, slots=True)
class Options:
    """What is done to photos."""

    strip: bool = False  # remove metadata
    size: int | None = None  # pixels of the longer side; a larger photo is shrunk
    jpeg: bool = False  # what is no JPEG becomes one
    blur: tuple[str, ...] = ()  # of `blur.KINDS`
    faces_model: Path | None = None
    plates_model: Path | None = None

    @property
    def changes(self) -> bool:
        """Can a photo come out other than it was uploaded?"""
        return bool(self.strip or self.size or self.jpeg or self.blur)


@dataclass(frozen=True, slots=True)
class File:
    """A photo as it leaves."""

    photo: Photo
    source: Path  # where its bytes are
    extension: str
    sha256: str
    bytes: int
    width: int  # pixels, upright
    height: int
    blurred: int = 0  # boxes that were made unreadable

    @property
    def name(self) -> str:
        """`0014c07dab1ed8a7.jpg`."""
        return f"{self.photo.key}.{self.extension}"


class Changed(NamedTuple):
    """A photo that leaves with other bytes, as a worker returns it."""

    data: bytes
    extension: str
    blurred: int
    width: int
    height: int


def prepare(dataset: Dataset, out: Path, options: Options, map_fn: MapFn) -> Iterator[File]:
    """Each photo of the dataset, by key, after its bytes were checked against their sha256.

    `map_fn` changes photos; this process writes them below `out`, and a rerun finds them there. Raises StateError
    for a photo that is lost: leaving it out would change the split.
    """
    for option, model in (("faces", options.faces_model), ("plates", options.plates_model)):
        assert (option in options.blur) == (model is not None), option
    ready = {path.name[:16]: path for path in (out / PREPARED).glob("[0-9a-f]*")}
    missing_yet = (photo for photo in dataset.photos if photo.key not in ready)
    job = partial(_prepare_one, dataset.folder, options)
    done = iter(map_fn(job, missing_yet) if options.changes else map(job, missing_yet))
    for photo in progress(dataset.photos, "export", len(dataset.photos)):
        if photo.key in ready:
            yield _file(photo, ready[photo.key], _read(ready[photo.key]))
            continue
        prepared = next(done)
        if isinstance(prepared, RejectedError):
            raise StateError(
                f"photo {photo.key} cannot be exported, {photo.path} is lost ({prepared.reason})",
                missing.remedy(dataset.folder),
                missing.going_on(dataset.folder),
            ) from prepared
        if isinstance(prepared, Changed):
            path = out / PREPARED / f"{photo.key}.{prepared.blurred}.{prepared.extension}"
            write(path, prepared.data)
            yield _file(photo, path, prepared)
        else:
            extension = Path(photo.path).suffix.removeprefix(".")
            source = dataset.file(photo)
            yield File(photo, source, extension, photo.sha256, prepared, photo.width, photo.height)


def _prepare_one(folder: Path, options: Options, photo: Photo) -> Changed | int | RejectedError:
    """On a worker: a photo as it leaves; the number of its bytes where they stay; why it cannot be read."""
    try:
        data = store.read(folder, photo.path, photo.sha256)
        changed = change(data, photo, options) if options.changes else None
    except RejectedError as error:
        return error
    if changed is None:
        return len(data)
    return _measured(*changed)


def _read(path: Path) -> Changed:
    """A changed photo out of its file `<key>.<boxes blurred>.<extension>`."""
    _, boxes, extension = path.name.split(".")
    return _measured(path.read_bytes(), extension, int(boxes))


def _measured(data: bytes, extension: str, blurred: int) -> Changed:
    decoded = decode.decode(data, at_least=1)
    return Changed(data, extension, blurred, decoded.width, decoded.height)


def _file(photo: Photo, path: Path, changed: Changed) -> File:
    data, extension, blurred, width, height = changed
    return File(photo, path, extension, hashlib.sha256(data).hexdigest(), len(data), width, height, blurred)


def change(data: bytes, photo: Photo, options: Options) -> tuple[bytes, str, int] | None:
    """New bytes, their extension and how many boxes are blurred; None when the photo can stay as it is.

    Raises RejectedError when it cannot be decoded.
    """
    extension = Path(photo.path).suffix.removeprefix(".")
    shrink = options.size is not None and max(photo.width, photo.height) > options.size
    convert = options.jpeg and extension != "jpg"
    boxes = np.zeros((0, 5), np.float32)
    if options.blur:
        decoded = decode.decode(data)
        found = [blur.find_faces(decoded.pixels, options.faces_model)] if options.faces_model else []
        found += [blur.find_plates(decoded.pixels, options.plates_model)] if options.plates_model else []
        boxes = np.concatenate(found)
    if shrink or convert or len(boxes):
        pixels = blur.blur(decode.decode(data).pixels, boxes)
        return _jpeg(pixels, options.size if shrink else None), "jpg", len(boxes)
    if not options.strip:
        return None
    if (stripped := strip(data)) is not None:
        return stripped, extension, 0
    return _png(decode.decode(data).pixels), "png", 0  # no other way is lossless


def _jpeg(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", size: int | None) -> bytes:
    image = Image.fromarray(pixels)
    if size:
        scale = size / max(image.size)
        sides = [max(1, round(side * scale)) for side in image.size]
        image = image.resize((sides[0], sides[1]), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _png(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
