"""export: write a dataset into a folder, in one of the formats.

Workers change photos and write shards, this process everything else. Same dataset, same options, same bytes,
however many workers there are. Killed anywhere, a rerun goes on; run twice, nothing happens.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from curate.core import extras, manifest
from curate.core.counted import counted
from curate.core.errors import ResourceError, UsageError
from curate.core.executors import MapFn
from curate.core.files import file_sha256, lock, sweep
from curate.core.progress import progress
from curate.core.recipe import Recipe
from curate.dataset import Dataset
from curate.export import (
    blur,
    croissant,
    csv_urls,
    folders,
    huggingface,
    kaggle,
    parquet,
    photos,
    place,
    webdataset,
)
from curate.export.photos import PREPARED, File, Options
from curate.export.release import STAGES, Content, Contents, Release, Shard, doubtful, sidecars
from curate.review import decisions

FORMATS: dict[str, Callable[[Release], Contents]] = {
    "folders": folders.contents,
    "huggingface": huggingface.contents,
    "parquet": parquet.contents,
    "webdataset": webdataset.contents,
    "kaggle": kaggle.contents,
    "croissant": croissant.contents,
    "csv-urls": csv_urls.contents,
}
WITHOUT_PHOTOS = {"csv-urls"}
IN_FOLDERS = {"folders", "kaggle"}  # read by ImageFolder and Keras
VERSION = 5  # of what the formats write: raise it when other bytes come out


def check(format: str, options: Options) -> Options:
    """The options with the path of each detector filled in. Raises UsageError and ResourceError."""
    if format not in FORMATS:
        raise UsageError(f"{format!r} is no format; choose one of {', '.join(FORMATS)}")
    if unknown := sorted(set(options.blur) - set(blur.KINDS)):
        raise UsageError(f"--blur {unknown[0]}: choose faces or plates")
    if format in WITHOUT_PHOTOS and options.changes:
        raise UsageError(f"{format} holds no photos: leave out --strip, --size, --format and --blur")
    if ("plates" in options.blur) != (options.plates_model is not None):
        raise UsageError("--blur plates and --plates-model FILE, an ONNX detector of number plates, go together")
    if options.plates_model and not options.plates_model.is_file():
        raise UsageError(f"--plates-model {options.plates_model}: there is no such file")
    return dataclasses.replace(options, faces_model=blur.faces_model()) if "faces" in options.blur else options


def export(
    folder: Path,
    recipe: Recipe,
    format: str,
    out: Path,
    options: Options,
    map_fn: MapFn,
    *,
    copy: bool = False,
    beside: bool = False,
) -> list[str]:
    """Write the dataset of `folder` into `out`; what to tell of it.

    `copy` rules out hard links. Raises UsageError when `out` holds files that no export wrote, unless `beside`;
    StateError when manifests do not fit together or a photo is lost; ResourceError when the disk refuses.
    """
    options = check(format, options)
    with lock(folder):
        dataset = Dataset.open(folder)
        made_from = _made_from(dataset, recipe, format, options, copy)
        before = place.read_marker(out)
        own: list[str] = before.get("files", [])
        same = before.get("made_from") == made_from
        if same and before["complete"] and all(place.is_there(out / name) for name in own):
            return [f"{out}: {counted(len(own), 'file')}, all there; nothing that they are made from changed"]
        next(FORMATS[format](_release(dataset, recipe, options, ())))  # refuses what it cannot do, before the work
        place.check_foreign(out, own, (), beside, PREPARED)
        if before and not same:
            place.clear(out, own, PREPARED)
            own = []
        place.write_marker(out, made_from, own, complete=False)
        sweep(out)
        files = () if format in WITHOUT_PHOTOS else tuple(photos.prepare(dataset, out, options, map_fn))
        planned = list(FORMATS[format](_release(dataset, recipe, options, files)))
        names = [name for name, _ in planned]
        place.check_foreign(out, own, names, beside, PREPARED)
        place.write_marker(out, made_from, names, complete=False)
        _put_shards(planned, out.absolute(), map_fn)
        _put_all(planned, out, copy)
        place.clear(out, (), PREPARED)
        place.write_marker(out, made_from, names, complete=True)
    return list(_summary(out, names, files, dataset, recipe, format))


def _put_shards(planned: list[tuple[str, Content]], out: Path, map_fn: MapFn) -> None:
    """Let workers write the shards that are not there, if there are several: each whole, under its own name.

    A worker that dies leaves nothing under that name, nor does one that cannot write it or does not see a photo.
    What is not there in the end, the caller writes, and says what is wrong.
    """
    absent = [(n, one) for n, one in planned if isinstance(one, Shard) and not place.is_there(out / n)]
    if len(absent) < 2:
        return
    work = partial(_put_shard, out, (out / place.MARKER).read_bytes())
    for _ in progress(map_fn(work, absent), "shards", len(absent)):
        pass
    sweep(out)


def _put_shard(out: Path, marker: bytes, shard: tuple[str, Shard]) -> None:
    """On a worker. `marker` tells a folder that machines share from another one of the same name."""
    name, content = shard
    with suppress(FileNotFoundError, ResourceError):
        if (out / place.MARKER).read_bytes() == marker:
            place.write(out / name, content.write)


def _put_all(planned: list[tuple[str, Content]], out: Path, copy: bool) -> None:
    for name, content in planned:
        target = out / name
        if isinstance(content, File):
            if not place.is_there(target, content.bytes):
                place.put(content.source, target, copy and PREPARED not in content.source.parts)
        elif isinstance(content, bytes):
            place.write(target, content)
        elif not place.is_there(target):
            place.write(target, content.write if isinstance(content, Shard) else content)


def _made_from(dataset: Dataset, recipe: Recipe, format: str, options: Options, copy: bool) -> dict[str, Any]:
    """What the bytes of an export depend on, as JSON knows it."""
    chosen = dataclasses.asdict(options)
    for name in ("faces_model", "plates_model"):
        path = chosen.pop(name)
        chosen[name] = file_sha256(path) if path else None
    packages = ["pillow", "simplejpeg", "onnxruntime"] if options.changes else []
    packages += ["pyarrow"] if format == "parquet" else []
    review = dataset.folder / decisions.NAME
    return {
        "format": format,
        "version": [VERSION, photos.VERSION],
        "options": {**chosen, "blur": list(options.blur), "copy": copy},
        "sidecars": {stage: file_sha256(manifest.sidecar_path(dataset.folder, stage)) for stage in STAGES},
        "review": file_sha256(review) if review.is_file() else "",
        "recipe": {"name": recipe.name, **recipe.rights.model_dump(), **recipe.export.model_dump()},
        "packages": {name: extras.version_of(name, "") for name in packages},
    }


def _release(dataset: Dataset, recipe: Recipe, options: Options, files: tuple[File, ...]) -> Release:
    decided = list(decisions.load_or_problem(dataset.folder / decisions.NAME, recipe.classes).decisions)
    return Release(
        name=recipe.name,
        title=recipe.export.title or recipe.name,
        description=recipe.export.description,
        owner=recipe.export.owner,
        rights=recipe.rights,
        options=options,
        dataset=dataset,
        files=files,
        sidecars=sidecars(dataset),
        doubtful=doubtful(dataset, decided),
    )


def _summary(
    out: Path, names: list[str], files: tuple[File, ...], dataset: Dataset, recipe: Recipe, format: str
) -> Iterator[str]:
    written = f"{counted(len(names), 'file')}, {counted(len(dataset.photos), 'photo')}"
    yield f"{out}: {written}; {out / 'README.md'} says how to load them"
    if format in IN_FOLDERS and (absent := folders.left_out(files)):
        yield f"  {'; '.join(absent)}, without a word; --format jpeg makes an export that is read whole"
    if files and any(file.blurred for file in files):
        boxes, changed = sum(file.blurred for file in files), sum(file.blurred > 0 for file in files)
        where = f"{counted(boxes, 'place')} in {counted(changed, 'photo')}"
        yield f"  blurred {where}; a detector misses some: look before you publish"
    if not recipe.rights.ground:
        yield "  the card says that no ground is known to give the photos on: set rights.ground in the recipe"
