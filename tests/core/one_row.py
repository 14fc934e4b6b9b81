"""A manifest of one row, for tests and for the processes that they start: it imports little."""

from datetime import UTC, datetime
from pathlib import Path

from curate.core import manifest
from curate.core.recipe import Dedup
from curate.core.schemas import FetchRow

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ROW = FetchRow(
    key="00000000000000aa",
    listing_id="L1",
    class_name="swift",
    position=0,
    title="Swift VXi",
    region="Delhi",
    city="New Delhi",
    year=2014,
    price=None,
    page_url="https://cars.example/1",
    image_url="https://cars.example/1.jpg",
    aliases="",
    path="images/ab/abc.jpg",
    sha256="ab",
    bytes=10,
    width=640,
    height=480,
    keep=True,
    reason="",
)


def publish(folder: Path, rows: list[FetchRow]) -> None:
    made_from = manifest.provenance(folder, "fetch", Dedup())
    manifest.write(folder, rows, made_from, STARTED)
