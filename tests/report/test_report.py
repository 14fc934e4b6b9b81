"""The report: W01, T08, and the promises of its docstring."""

import base64
import dataclasses
import hashlib
import html
import io
import json
import os
import re
import tracemalloc
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from curate.core import manifest, measured_on, recipe_file
from curate.core.errors import StateError
from curate.core.schemas import PROOFS, REASONS, CleanRow, DedupRow, FetchRow, TrainBaselineRow
from curate.core.stages import STAGES
from curate.inspect.rows import read
from curate.photos import store
from curate.report import charts, duplicates, origins, splits
from curate.report.report import describe, numbers, usable_stages, write_report
from curate.report.thumbnails import spread
from tests import painted_run
from tests.painted_run import CLASSES, key

DIFFER = "where they differ"
HOSTILE = '"><script>alert(1)</script><svg onload=alert(2)><img src=x onerror=alert(3)>{{ 7*7 }}&amp;'
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A page taken apart; fails on tags that do not nest."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted_run.build(tmp_path)


def test_report_tells_the_whole_run(folder: Path) -> None:
    path = write_report(folder, "painted")
    assert path == folder / "report.html"
    text, aligned = Page(path).text, "Laid on each other they agree in detail and colour"
    assert "24 photos were found and 13 are in." in text
    assert "How well does it learn? 50.0% right of 2 test photos; 95% interval 9.5% to 90.5%" in text
    assert "How much does clean reject? 22.2% 95% interval 9.0% to 45.2%, 4 of 18 distinct photos" in text
    assert "Is the split honest? no, 2 leaks checked: 8 listings" in text
    assert "What must a person still do? 1 photo to review 1 photo is sold under several class names" in text
    for stage, reasons in {
        "dedup": ("near_duplicate", "undecodable"),
        "clean": ("not_car", "wrong_class"),
    }.items():
        for reason in reasons:
            assert {**REASONS[stage], **painted_run.REASONS}[reason] in text
    assert "score 0.120, not car 0.75" in text
    kept, removed = f"kept; sold as swift {key(4)}", f"removed as near duplicate; sold as wagonr {key(5)}"
    assert f"{kept} {removed} {DIFFER} {aligned} hashes 7 bits apart" in text
    assert f"kept {key(2)} removed as near duplicate {key(3)} {DIFFER} It shows a part of the one kept" in text
    assert re.search(rf"exact duplicate {key(1)} The files are the same, byte for byte(?! hashes)", text)
    assert all(f"{word} {PROOFS[word]}" in text for word in ("sha256", "aligned", "crop"))
    assert PROOFS["linked"] not in text, "no copy here was proved so"
    assert "sold as swift, judged wagonr, probability of swift 0.90" in text
    borderline = (
        "#1, kept its class is among the least sure sold as wagonr judged wagonr, probability 0.90 score 0.700"
    )
    assert borderline in text and "listing L5 0a0a0a0a0a0a0a0a" in text
    assert "judged swift" not in text  # of photo 7, which is a close-up
    assert "1 is sold under more than one class name, 1 not decided." in text
    assert f"sold as swift, wagonr: a person must decide To decide, write {key(4)},keep,CLASS or" in text
    assert all(line in text for line in (*painted_run.LEAKAGE, *painted_run.SUMMARY))
    assert "wagonr 97.0%, listed as swift" in text
    assert "threshold 0.3" in text and "best, epoch 2" in text
    for stage in STAGES:
        assert manifest.read_sidecar(folder, stage)["sha256"] in text


def test_report_says_how_many_groups_of_duplicates_it_leaves_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "dedup.csv has all" not in Page(write_report(folder, "painted")).text
    monkeypatch.setattr("curate.report.duplicates.GROUPS_SHOWN", 0)
    text = Page(write_report(folder, "painted")).text
    assert "Here is 1 of them; dedup.csv has all" in text and "a person must decide" in text, "whatever the limit"


def test_report_says_what_was_decided_of_duplicates_under_two_classes(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key,decision,class_name\n{key(4)},reject,\n", encoding="utf-8")
    text = Page(write_report(folder, "painted")).text
    assert "1 is sold under more than one class name, none left to decide." in text
    assert "sold as swift, wagonr: a person decided reject" in text
    assert "must decide" not in text and "To decide" not in text


def test_report_says_that_review_csv_cannot_be_obeyed(folder: Path) -> None:
    (folder / "review.csv").write_text(f"key;decision\n{key(4)};reject\n", encoding="utf-8")
    text = Page(write_report(folder, "painted")).text
    assert "under more than one class name, review.csv row 1: no column key and decision" in text
    assert "sold as swift, wagonr: review.csv cannot be obeyed" in text
    assert "not decided" not in text and "To decide" not in text and str(folder) not in text


def test_report_shows_first_what_a_person_must_decide_then_what_was_decided(folder: Path) -> None:
    rows: list[Any] = manifest.read(folder, DedupRow)
    rows = [dataclasses.replace(r, label_conflict=r.key in map(key, (2, 3, 4, 5))) for r in rows]
    painted_run.rewrite(folder, "dedup", rows)
    (folder / "review.csv").write_text(f"key,decision\n{key(2)},keep\n", encoding="utf-8")
    groups = duplicates.duplicates(folder, read(folder))["shown"]
    assert [group["figures"][0].key for group in groups] == [key(4), key(2), key(0)]


def test_report_shows_a_photo_of_each_class_of_a_large_group(folder: Path) -> None:
    copy = {"group": key(4), "duplicate_of": key(4), "keep": False, "reason": "near_duplicate", "distance": 1}
    rows: list[Any] = manifest.read(folder, DedupRow)
    rows = [dataclasses.replace(r, **copy) if r.key in map(key, (8, 9, 12, 13)) else r for r in rows]  # all swift
    painted_run.rewrite(folder, "dedup", rows)
    text = Page(write_report(folder, "painted")).text
    group = text[text.index("Group of 6") :]
    assert group.index(f"listing L2 {key(5)}") < group.index("and 1 more"), "7 bits apart, the others 1"


def test_report_says_that_the_photo_kept_for_a_duplicate_was_rejected(folder: Path) -> None:
    rows: list[Any] = manifest.read(folder, CleanRow)
    rows = [dataclasses.replace(row, keep=False, reason="interior") if row.key == key(2) else row for row in rows]
    painted_run.rewrite(folder, "clean", rows)
    said = f"kept, then rejected by clean as interior {key(2)} removed as near duplicate {key(3)}"
    assert said in Page(write_report(folder, "painted")).text


@pytest.mark.parametrize("last", STAGES)
def test_report_of_the_stages_that_ran(tmp_path: Path, last: str) -> None:
    painted_run.build(tmp_path, last)
    page = Page(write_report(tmp_path, "painted"))
    done = list(STAGES).index(last) + 1
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for number, section in enumerate(("duplicates", "scores", "split", "training"), start=2):
        assert (section in ids) == (done >= number)
    assert ("not run yet" in page.text) == (done < len(STAGES))
    targets = {(attributes.get("href") or "").removeprefix("#") for attributes in page.all("a")}
    assert targets <= ids


def test_report_without_manifests_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="holds nothing to report"):
        write_report(tmp_path, "painted")


def test_report_ends_before_a_stale_stage(folder: Path) -> None:
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[:-1]))
    assert usable_stages(folder) == (
        ["fetch", "dedup"],
        "clean.csv was made from another dedup.csv, so the report ends before clean: that stage is stale.",
    )
    assert "clean.csv was made from another dedup.csv" in Page(write_report(folder, "painted")).text


def test_report_says_why_a_rejected_photo_is_in_the_queue(folder: Path) -> None:
    """Its class does not matter; that its copies are sold under two names does."""
    change = {6: {"score": 0.28, "review_rank": 2}, 4: {"review_rank": 3, "class_name": "wagonr"}}
    rows = manifest.read(folder, CleanRow)
    changed: list[Any] = [
        dataclasses.replace(row, borderline=True, label_score=0.2, likely_class="swift", **change[number])  # type: ignore[arg-type]
        if (number := int(row.key[:2], 16)) in change
        else row
        for row in rows
    ]
    painted_run.rewrite(folder, "clean", changed)
    for stage in ("split", "train_baseline"):
        manifest.csv_path(folder, stage).unlink()
    text = Page(write_report(folder, "painted")).text
    rejected = "#2, rejected: not car its score is among the nearest to the threshold sold as wagonr score 0.280"
    assert rejected in text
    contradicted = (
        "#3, kept duplicates or decisions contradict each other sold as swift, review says wagonr judged swift"
    )
    assert contradicted in text


def test_report_is_the_same_bytes_every_time(folder: Path) -> None:
    first = write_report(folder, "painted").read_bytes()
    assert write_report(folder, "painted").read_bytes() == first


def test_report_is_self_contained(folder: Path) -> None:
    page = Page(write_report(folder, "painted"))
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert all((a["href"] or "").startswith("data:image/webp;base64,") for a in page.all("image"))
    assert all((a["href"] or "").startswith("#") for a in page.all("a") + page.all("use"))
    assert "url(" not in (folder / "report.html").read_text(encoding="utf-8")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_report_is_accessible(folder: Path) -> None:
    page = Page(write_report(folder, "painted"))
    assert all(
        a.get("aria-hidden") == "true" or (a.get("role") == "img" and a.get("aria-label")) for a in page.all("svg")
    )
    shown = {(a["href"] or "").removeprefix("#") for a in page.all("use")}
    assert shown == {a["id"] for a in page.all("image")}
    assert all(a.get("width") and a.get("height") for a in page.all("image"))
    assert len(page.all("caption")) == len(page.all("table")) > 5
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_thumbnails_are_small_and_carry_no_metadata(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "home address"
    Image.effect_noise((900, 600), 80).convert("RGB").save(buffer, "JPEG", exif=exif)
    rows = painted_run.fetch_rows(tmp_path, "")[:1]
    path, sha256 = store.put(tmp_path, buffer.getvalue(), "jpeg")
    painted_run.publish(tmp_path, [dataclasses.replace(rows[0], path=path, sha256=sha256, width=900, height=600)])
    page = write_report(tmp_path, "painted")
    (source,) = {a["href"] for a in Page(page).all("image")}
    data = base64.b64decode((source or "").split(",")[1])
    image = Image.open(io.BytesIO(data))
    assert max(image.size) == 160 and not image.getexif() and b"home address" not in data


@pytest.mark.parametrize("last", [pytest.param("fetch", id="W01-fetch"), pytest.param("train_baseline", id="W01")])
def test_w01_hostile_text_is_only_text(tmp_path: Path, last: str) -> None:
    painted_run.build(tmp_path, last)
    plain = [tag for tag, _ in Page(write_report(tmp_path, "painted")).tags]

    names = {"class_name", "title", "image_url", "listing_id", "concept", "likely_class", "predicted"}
    for stage in list(STAGES)[: list(STAGES).index(last) + 1]:
        changed: list[Any] = []
        for row in manifest.read(tmp_path, STAGES[stage].row_type):
            fields = {field.name for field in dataclasses.fields(row)} & names
            texts: dict[str, Any] = {name: f"{getattr(row, name)}{HOSTILE}" for name in fields}
            changed.append(dataclasses.replace(row, **texts))
        painted_run.rewrite(tmp_path, stage, changed)
        sidecar = manifest.read_sidecar(tmp_path, stage)
        inputs = [name for name in STAGES[stage].inputs if name in STAGES]
        sidecar["inputs"] |= {f"{name}.csv": manifest.read_sidecar(tmp_path, name)["sha256"] for name in inputs}
        manifest.sidecar_path(tmp_path, stage).write_text(json.dumps(sidecar), encoding="utf-8")
    page = Page(write_report(tmp_path, HOSTILE))
    assert [tag for tag, _ in page.tags] == plain  # not one element more
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert HOSTILE in page.text


def test_a_photo_that_is_gone_is_named_not_fatal(folder: Path) -> None:
    (folder / manifest.read(folder, FetchRow)[6].path).unlink()
    assert f"Rejected: wagonr, photo {key(6)} cannot be shown (unreadable)" in Page(write_report(folder, "x")).text


def test_t08_a_class_without_test_photos_has_no_accuracy(folder: Path) -> None:
    rows = [
        row for row in manifest.read(folder, TrainBaselineRow) if row.class_name == "swift" or row.split == "val"
    ]
    painted_run.rewrite(folder, "train_baseline", list(rows))
    text = Page(write_report(folder, "painted")).text
    assert "test, swift 0 of 1" in text and "test, wagonr" not in text


@pytest.mark.parametrize("last", STAGES)
def test_recorded_recipe_can_be_run_again(tmp_path: Path, last: str) -> None:
    text = write_report(painted_run.build(tmp_path, last), "painted").read_text(encoding="utf-8")
    found = re.search(r"<pre[^>]*><code>(.*?)</code></pre>", text, re.DOTALL)
    assert found
    recipe = recipe_file.parse(html.unescape(found.group(1)), "recipe.yaml")
    assert recipe.source == painted_run.RECIPE.source and recipe.classes == painted_run.RECIPE.classes
    assert (recipe == painted_run.RECIPE) == (last == "train_baseline")


def test_an_import_is_made_again_with_its_options(folder: Path) -> None:
    path = manifest.sidecar_path(folder, "fetch")
    sidecar = json.loads(path.read_bytes())
    sidecar["notes"]["imported"] = True
    sidecar["config"] = {"path": "/p", "group_by": "(.*)_", "photos": {"max_megapixels": 9, "min_side": 70}}
    path.write_text(json.dumps(sidecar))
    (folder / "given_split.csv").write_text("key,split\n")
    page = Page(write_report(folder, "painted"))
    assert "curate --recipe recipe.yaml import FOLDER --group-by '(.*)_' --keep-split" in page.text
    assert "photos: max_megapixels: 9 min_side: 70" in page.text and "politeness.contact" not in page.text


# --- pure parts ---------------------------------------------------------------------------------------------


def test_histogram_counts_every_finite_score() -> None:
    svg = charts.histogram("swift", [0.3, 0.3, 1.0, float("nan")], [0.0, 0.29], 0.3)
    assert "Scores of swift: 3 kept, 2 rejected, threshold 0.3" in svg
    assert svg.count("<rect") == 4  # bins of 0.3, 1.0; 0.0, 0.29


def test_histogram_puts_the_threshold_on_the_edge_of_its_bin() -> None:
    svg = charts.histogram("swift", [0.3], [], 0.3)
    bar, mark = re.search(r'<rect x="([\d.]+)"', svg), re.search(r'd="M([\d.]+) [\d.]+V', svg)
    assert bar and mark and float(bar.group(1)) == pytest.approx(float(mark.group(1)), abs=0.1)


def test_curves_leave_a_gap_at_a_value_that_is_not_finite() -> None:
    svg = charts.curves("Loss", {"val": [0.5, float("nan"), 0.4]}, None, None)
    path = re.search(r'<path d="([^"]*)" class="line', svg)
    assert path and path.group(1).count("M") == 2 and "nan" not in path.group(1)


def test_charts_of_nothing_can_be_drawn() -> None:
    assert "nan" not in charts.histogram("swift", [], [], None)
    assert "<svg" in charts.flow([charts.Flow("fetch", 0, 0, ())], [("photos so far", 0)])
    assert "<svg" in charts.curves("Loss", {"train": [0.1]}, 1, None)


def test_flow_is_in_proportion() -> None:
    svg = charts.flow([charts.Flow("fetch", 1000, 500, (("empty", 500),))], [("train", 500)])
    stream = re.search(r'width="([\d.]+)" height="[\d.]+" class="stream"', svg)
    assert stream and float(stream.group(1)) == 100
    assert "−500" in svg and "500 empty" in svg


def test_spread_is_even_and_keeps_the_ends() -> None:
    assert spread(list(range(100)), 4, int) == [0, 33, 66, 99]
    assert spread([3, 1, 2], 5, int) == [1, 2, 3]
    assert spread([], 5, int) == []


def test_numbers_are_plain_data_without_a_photo(folder: Path) -> None:
    found = json.loads(json.dumps(numbers(describe(folder, "painted")), allow_nan=False))
    assert found["funnel"]["stages"][0]["entered"] == 24
    assert found["split"]["passed"] is False and found["split"]["checks"][0][1] == 8
    assert found["training"]["overall"][:3] == ["test", 2, 1]
    assert found["answers"][0]["question"] == "What came in?"
    assert "base64" not in json.dumps(found) and "<svg" not in json.dumps(found)


def test_origins_are_by_class_in_bands_of_equal_numbers(tmp_path: Path) -> None:
    base = painted_run.fetch_rows(tmp_path, "")[0]
    photos = [
        dataclasses.replace(
            base, key=f"{i:016x}", region=f"R{i % 10}", city="", year=2000 + i % 20, price=1000.0 * (i + 10)
        )
        for i in range(200)
    ]
    class_of = {photo.key: CLASSES[i % 2] for i, photo in enumerate(photos)}
    region, year, price = origins.origins(photos, class_of)
    assert [part["name"] for part in (region, year, price)] == ["Region", "Year", "Price"], "no city is known"
    assert [label for label, _ in region["table"]] == [*(f"R{i}" for i in range(8)), "all others"]
    assert region["table"][0][1] == [(20, 0.2), (0, 0.0)] and region["table"][-1][1] == [(20, 0.2), (20, 0.2)]
    assert all(
        sum(cells[at][0] for _, cells in part["table"]) == 100 for part in (region, year, price) for at in (0, 1)
    )
    assert year["table"][0][0] == "under 2002" and year["table"][-1][0] == "2017 and more"
    assert price["table"][0][0] == "under 35,000" and price["medians"] == ["109,000", "110,000"]
    unknown = [dataclasses.replace(photo, year=None) for photo in photos[:50]] + photos[50:]
    assert origins.origins(unknown, class_of)[1]["unknown"] == 50
    many = origins.origins(photos, {photo.key: f"c{min(i, 5)}" for i, photo in enumerate(photos)})[0]
    assert (len(many["classes"]), many["drawn"]) == (6, 4) and "c5" in many["chart"] and "c3" not in many["chart"]
    bare = [dataclasses.replace(photo, region="", year=None, price=None) for photo in photos]
    assert origins.origins(bare, class_of) == []


def test_the_nearest_of_many_pairs_are_found_without_comparing_all(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    hashes = random.integers(0, 2**64, 900, np.uint64)
    hashes[600:640] = hashes[:40] ^ (np.uint64(1) << random.integers(0, 64, 40, np.uint64)) ^ np.uint64(6)
    train, test = ([f"{value:016x}" for value in some.tolist()] for some in (hashes[:600], hashes[600:]))
    every = [splits.nearest(train, test, number) for number in (6, 60)]
    monkeypatch.setattr(splits, "_FEW", 0)
    assert [splits.nearest(train, test, number) for number in (6, 60)] == every
    assert len(every[1]) == 60


def test_the_nearest_pairs_take_each_photo_once() -> None:
    train, test = ["00ff", "0f0f", "ffff"], ["00fe", "00f0", "0f0e"]
    assert splits.nearest(train, test, 2) == [(0, 0, 1), (1, 2, 1)]
    assert splits.nearest([], test) == []


def test_the_nearest_pairs_of_many_photos_need_little_memory() -> None:
    train = [f"{number:016x}" for number in np.random.default_rng(1).integers(0, 2**63, 100_000).tolist()]
    tracemalloc.start()
    found = splits.nearest(train, train[:300], 1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(0, 0, 0)]
    assert most < 250e6, "bytes: 256 rows at once took 600 MB here"


def test_a_learning_curve_is_shown_of_this_split_only(folder: Path) -> None:
    table, made_from = folder / "learning_curve.csv", folder / "learning_curve.json"
    table.write_text("photos,order,accuracy\n4,0,0.6\n4,1,0.7\n9,0,0.8\n9,1,0.9\n")
    assert "training photos: mean" not in Page(write_report(folder, "x")).text, "nothing says which split it is of"
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    of_now = {"sha256": digest, "inputs": {"split.csv": manifest.read_sidecar(folder, "split")["sha256"]}}
    made_from.write_text(json.dumps(of_now))
    assert (
        "Accuracy by number of training photos: mean and range of 2 orders" in Page(write_report(folder, "x")).text
    )
    made_from.write_text(json.dumps(of_now | {"inputs": {"split.csv": "0" * 64}}))  # as many photos, other ones
    assert "training photos: mean" not in Page(write_report(folder, "x")).text


def test_pages_that_were_not_read_are_no_photos(folder: Path) -> None:
    rows = manifest.read(folder, FetchRow)
    painted_run.rewrite(folder, "fetch", [*rows[:-1], dataclasses.replace(rows[-1], listing_id="", image_url="")])
    text = Page(write_report(folder, "painted")).text
    assert "23 photos were found" in text
    assert "What came in? 23 photos of 12 listings 11 swift, 12 wagonr 1 page was not read" in text


def test_each_photo_is_in_the_page_once(folder: Path) -> None:
    page = Page(write_report(folder, "painted"))
    sources = [a["href"] for a in page.all("image")]
    assert len(sources) == len(set(sources)) < len(page.all("use"))


def test_the_sentences_of_an_audit_are_shown_while_split_and_networks_are_those(folder: Path) -> None:
    inputs = measured_on.digests(folder, "split", "train_baseline")
    said = {"sentences": ["Delhi has <b>too few</b> listings."], "inputs": inputs}
    (folder / "audit.json").write_text(json.dumps(said))
    os.utime(folder / "audit.json", (0, 0))  # times are those of a checkout
    assert "Delhi has <b>too few</b> listings." in Page(write_report(folder, "x")).text
    for name in inputs:
        (folder / "audit.json").write_text(json.dumps(said | {"inputs": inputs | {name: "0" * 64}}))
        assert "too few" not in Page(write_report(folder, "x")).text
