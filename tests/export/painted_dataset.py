"""A dataset of 20 painted photos with keys, addresses and files as a fetch would leave them; built once."""

import atexit
import dataclasses
import functools
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from curate.core.executors import MapFn
from curate.core.recipe import Recipe
from curate.core.release import Export, Rights
from curate.core.schemas import FetchRow, photo_key
from curate.export.photos import Options
from curate.export.run import export as run_export
from curate.photos import decode, store
from tests import folders

RECIPE = Recipe(
    name="painted",
    classes=folders.CLASSES,
    rights=Rights(ground="They are painted.", license="CC0-1.0", holder="Nobody", contact="https://cars.example"),
    export=Export(title="Painted cars", owner="somebody"),
)
GPS, COMMENT = b"28.6139 N", b"number plate DL 3C 1234"


def with_metadata(data: bytes, format: str = "JPEG", orientation: int = 6) -> bytes:
    """The same image saved with EXIF (orientation, a text), and a comment where the format has one."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = GPS.decode()
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        options = {"comment": COMMENT} if format == "JPEG" else {}
        image.save(buffer, format, exif=exif.tobytes(), **options)
    return buffer.getvalue()


def _photo(folder: Path, number: int) -> FetchRow:
    class_name = folders.CLASSES[number % 2]
    data, format = folders.paint(class_name, number), "jpeg"
    if number == 2:
        data = with_metadata(data)
    if number == 3:
        data, format = with_metadata(data, "PNG"), "png"
    if number == 4:
        data, format = with_metadata(data, "WEBP", 1), "webp"
    path, sha256 = store.put(folder, data, format)
    row = folders.fetch_row(number, class_name, path=path, sha256=sha256, size=len(data))
    image = decode.decode(data)
    return dataclasses.replace(
        row,
        key=photo_key("site", row.listing_id, str(number)),
        title='Nice, "clean" | car' if number == 5 else row.title,
        page_url=f"https://cars.example/{row.listing_id}",
        image_url=f"https://cars.example/{number}.jpg",
        width=image.width,
        height=image.height,
    )


@functools.cache
def dataset_folder() -> Path:
    """The folder of its manifests: 12 photos in train, 4 in val, 4 in test, 2 more that clean rejected."""
    folder = Path(tempfile.mkdtemp(prefix="curate-export-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    photos = [_photo(folder, number) for number in range(22)]
    splits = ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    rows = sorted(photos, key=lambda row: row.key)
    of = {photo.key: number for number, photo in enumerate(photos)}
    clean = [folders.clean_row(row, "not_car" if of[row.key] >= 20 else "") for row in rows]
    folders.publish(folder, "fetch", rows)
    folders.publish(folder, "dedup", [folders.dedup_row(row) for row in rows])
    folders.publish(folder, "clean", clean)
    folders.publish(
        folder, "split", [folders.split_row(row, splits[of[row.key]]) for row in rows if of[row.key] < 20]
    )
    return folder


def export(
    format: str, out: Path, options: Options | None = None, recipe: Recipe = RECIPE, map_fn: MapFn = map
) -> list[str]:
    """Export it."""
    return run_export(dataset_folder(), recipe, format, out, options or Options(), map_fn)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
