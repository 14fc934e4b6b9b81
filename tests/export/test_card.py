"""The dataset card of imported photos: it tells of no seller, no site, and no computer that they came from."""

from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.recipe import Split
from curate.core.schemas import FetchRow
from curate.export.photos import Options
from curate.export.run import export
from curate.split import stage as split
from tests import folders, importing
from tests.export import painted_dataset


def card(tmp_path: Path, names: str, group_by: str = "", csv: bool = False) -> str:
    """The card of 20 photos called `names` in a folder per class, or beside a CSV that names them."""
    photos = tmp_path / "my photos"
    paths = [names.format(class_name=folders.CLASSES[n % 2], car=n // 4, n=n) for n in range(20)]
    for number, path in enumerate(paths):
        (photos / path).parent.mkdir(parents=True, exist_ok=True)
        (photos / path).write_bytes(folders.paint(folders.CLASSES[number % 2], number))
    rows = [f"{path},{folders.CLASSES[n % 2]}" for n, path in enumerate(paths)]
    (tmp_path / "my photos/list.csv").write_text("\n".join(["path,class_name", *rows]))
    source = photos / "list.csv" if csv else photos
    folder = tmp_path / "m"
    importing.run(folder, source, folders.CLASSES, group_by=group_by)
    rows_of = manifest.read(folder, FetchRow)
    folders.publish(folder, "dedup", [folders.dedup_row(row) for row in rows_of])
    folders.publish(folder, "clean", [folders.clean_row(row) for row in rows_of])
    split.run(folder, Split(class_names=folders.CLASSES))
    export(folder, painted_dataset.RECIPE, "kaggle", tmp_path / "out", Options(), map)
    assert str(tmp_path) not in (tmp_path / "out/dataset-metadata.json").read_text(encoding="utf-8")
    return (tmp_path / "out/README.md").read_text(encoding="utf-8")


PLAIN, OF_CARS = "{class_name}/{n:02d}x.jpg", "{class_name}/car{car}_{n}.jpg"


@pytest.mark.parametrize(("csv", "origin"), [(False, "photos from folders"), (True, "photos that a CSV names")])
def test_the_card_tells_no_path_no_seller_and_no_listing_that_nobody_named(
    tmp_path: Path, csv: bool, origin: str
) -> None:
    text = card(tmp_path, PLAIN, csv=csv)
    assert str(tmp_path) not in text
    assert f": {origin}\n" in text
    assert "- Class names came with the photos.\n" in text
    assert "Which of these photos are of one listing is not known" in text
    assert "listings of one source" not in text


def test_the_card_counts_listings_that_names_tell(tmp_path: Path) -> None:
    text = card(tmp_path, OF_CARS, group_by="prefix")
    assert "The photos come from 10 listings of one source" in text
    assert "is not known" not in text.partition("## Known limits")[2]


def test_what_was_checked_again_stands_below_the_line_that_announces_it(tmp_path: Path) -> None:
    lines = card(tmp_path, PLAIN).splitlines()
    at = lines.index("- checked again from the manifests, removed duplicates included:")
    assert lines[at - 1].startswith("- test: ")
    assert lines[at + 1].startswith("  - listings: not checked, because no photo names its listing")
    assert lines[at + 2].startswith("  - no leak: each of the 20 groups of similar photos")
