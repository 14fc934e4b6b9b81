"""The photos that `curate sample` drew, on one page, so that a person can label them without opening files.

In the order of the CSV, each with its row there and what the seller says of it. Neither score nor verdict is
shown: they would sway the person whose labels are to judge them. Like the report, the page is one file without a
script.
"""

from collections.abc import Sequence
from pathlib import Path

from curate.core.files import atomic_write
from curate.core.schemas import FetchRow
from curate.report.report import POLICY, render
from curate.report.thumbnails import Figure, thumbnail

SIDE = 320  # pixels: large enough to tell a model


def write_sample_page(
    folder: Path, photos: Sequence[FetchRow], classes: Sequence[str], csv: Path, page: Path
) -> None:
    """Write `page` about `photos`, the rows of `csv` in order. Raises ResourceError when the disk refuses."""
    figures = [
        Figure(
            (thumbnail(folder, photo, f"Row {row}", SIDE),),
            (f"row {row}: listed as {photo.class_name}", *([photo.title] if photo.title else [])),
            photo.key,
        )
        for row, photo in enumerate(photos, start=2)  # the first row of the CSV has the names of the columns
    ]
    context = {"policy": POLICY, "csv": csv.name, "classes": classes, "figures": figures}
    atomic_write(page, render(context, "sample.html.j2").encode("utf-8", "replace"))
