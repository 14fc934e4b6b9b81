"""The page beside a sample: W01, and nothing on it that sways."""

import csv
import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core.schemas import FetchRow
from curate.report.sample_page import SIDE, write_sample_page
from tests import painted_run
from tests.report.test_report import HOSTILE, Page


@pytest.fixture
def photos(tmp_path: Path) -> list[FetchRow]:
    return painted_run.fetch_rows(tmp_path, "Swift VXi")[:5]


def written(folder: Path, photos: list[FetchRow]) -> Page:
    write_sample_page(folder, photos, painted_run.CLASSES, Path("sample.csv"), folder / "sample.html")
    return Page(folder / "sample.html")


def test_each_photo_has_its_row_class_and_key(tmp_path: Path, photos: list[FetchRow]) -> None:
    page = written(tmp_path, photos)
    assert "row 2: listed as swift Swift VXi 0000000000000000" in page.text
    assert "row 4: listed as wagonr Swift VXi 0202020202020202" in page.text
    assert "a usable one of swift or wagonr" in page.text
    assert "score" not in page.text
    assert (len(page.all("use")), len(page.all("image"))) == (5, 4), "0 and 1 are one file, which is there once"
    assert all(int(a["width"] or 0) <= SIDE for a in page.all("image"))
    assert sum(bool(a.get("aria-label")) for a in page.all("svg")) == 5


def test_w01_hostile_text_is_only_text_and_nothing_is_loaded(tmp_path: Path, photos: list[FetchRow]) -> None:
    plain = [tag for tag, _ in written(tmp_path, photos).tags]
    page = written(tmp_path, [dataclasses.replace(row, title=HOSTILE, class_name=HOSTILE) for row in photos])
    assert [tag for tag, _ in page.tags] == plain
    assert HOSTILE in page.text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'")
    assert all((a["href"] or "").startswith("data:image/webp;base64,") for a in page.all("image"))


def test_a_photo_that_is_gone_keeps_its_place(tmp_path: Path, photos: list[FetchRow]) -> None:
    (tmp_path / photos[2].path).unlink()
    text = written(tmp_path, photos).text
    assert "Row 4: wagonr, photo 0202020202020202 cannot be shown (unreadable)" in text and "row 6: " in text


def test_sample_writes_both_in_one_order_and_never_over_another_page(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run")

    def sample(out: str) -> tuple[int, str]:
        words = ["--folder", str(folder), "sample", "--count", "8", "--out", str(tmp_path / out)]
        result = CliRunner().invoke(app, words)
        return result.exit_code, result.output

    code, _ = sample("sample.csv")
    assert code == 0
    with (tmp_path / "sample.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    text = Page(tmp_path / "sample.html").text
    places = [text.index(f"row {number}: listed as {row['listed_class']}") for number, row in enumerate(rows, 2)]
    assert places == sorted(places) and len(places) == 8
    before = (tmp_path / "sample.html").read_bytes()
    (tmp_path / "sample.csv").unlink()
    for out in ("sample.csv", "sample.html", "other.html"):
        code, message = sample(out)
        assert code == 2 and "is for the page that shows the photos" in message
    assert (tmp_path / "sample.html").read_bytes() == before and not (tmp_path / "sample.csv").exists()
