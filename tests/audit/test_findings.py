"""audit: what is planted is found, what is not there is not invented, and it ends in sentences."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from curate.audit import attributes, findings, regions, shares, shortcuts, slices
from curate.cli.app import app
from curate.core import manifest
from curate.core.errors import GateError, UsageError
from curate.core.intervals import Estimate
from curate.core.recipe import Audit, Recipe, TrainBaseline
from curate.core.recipe_file import parse
from curate.core.schemas import CleanRow, DedupRow, FetchRow, SplitRow
from curate.dataset import Dataset
from curate.inspect.status import status
from curate.photos import jpeg_tables
from curate.report.report import describe, render
from curate.train import learning_curve, stage
from tests.folders import CLASSES, build_folder, publish

CONFIG = TrainBaseline(class_names=CLASSES, variant="transfer", transfer={"image_size": 64})
MARKET = {"Delhi": 0.25, "Goa": 0.25, "Assam": 0.5}
RANDOM = np.random.default_rng(4)


def listings(**counts: int) -> dict[str, str]:
    names = [name for name, count in counts.items() for _ in range(count)]
    return {f"L{number}": name for number, name in enumerate(names)}


def test_a_skewed_sample_is_told_with_what_there_is_too_few_of() -> None:
    fit = shares.fit("region", listings(Delhi=80, Goa=15, Assam=5), MARKET, 1)
    assert fit.p_value is not None
    assert fit.p_value < 0.001
    expected = [100 * share for share in MARKET.values()]
    chi = sum((n - e) ** 2 / e for n, e in zip((80, 15, 5), expected, strict=True))
    assert fit.effect == pytest.approx((chi / 100) ** 0.5)
    assert [each.value for each in fit.few] == ["Assam", "Goa"]
    assert [each.value for each in fit.many] == ["Delhi"]
    assert "fewer Assam (5.0% against 50.0%)" in fit.sentences()[1]
    assert "large" in fit.sentences()[1]


def test_a_fair_sample_agrees_and_the_effect_that_would_show_is_told() -> None:
    fit = shares.fit("region", listings(Delhi=26, Goa=24, Assam=50), MARKET, 1)
    assert fit.p_value is not None
    assert fit.p_value > 0.5
    assert not fit.few
    assert not fit.many
    assert fit.smallest_effect == pytest.approx(0.31, abs=0.01)  # n 100, df 2, power .8 (Cohen 1988, table 7.3)
    assert "agree with the reference within chance" in fit.sentences()[1]


def test_about_one_fair_sample_in_twenty_is_called_skewed() -> None:
    market = np.array(list(MARKET.values()))
    called = [shares._goodness(RANDOM.multinomial(40, market), market, 1)[0] < 0.05 for _ in range(200)]
    assert 1 <= sum(called) <= 22


def test_values_that_the_reference_does_not_name_are_left_out_and_named() -> None:
    fit = shares.fit("region", listings(Delhi=30, Goa=30, Pune=40), {"Delhi": 1, "Goa": 1}, 1)
    assert (fit.few, fit.many, fit.compared) == ([], [], 60)
    assert "region: 40 listings of values not in the reference were left out (Pune)." in fit.sentences()
    skewed = shares.fit("region", listings(Delhi=50, Goa=10, Pune=40), {"Delhi": 1, "Goa": 1}, 1)
    assert "more Delhi (83.3% against 50.0%); fewer Goa (16.7% against 50.0%)" in skewed.sentences()[-1]


def test_a_reference_that_no_listing_fits_is_not_called_missing() -> None:
    (_, said) = shares.fit("region", listings(delhi=30, goa=30), {"Delhi": 1, "Goa": 1}, 1).sentences()
    assert "no listing has a value that audit.reference.region names; those of the listings are delhi, goa" in said


def test_a_value_of_the_reference_that_is_misspelt_is_asked_for_and_not_collected() -> None:
    found = listings(Maharashtra=60, Delhi=20, Assam=20)
    fit = shares.fit("region", found, {"maharastra": 9, "Delhi": 2, "Assam": 3}, 1)
    assert (fit.few, fit.p_value) == ([], None)
    assert "no listing has region maharastra; did you mean Maharashtra?" in fit.sentences()[-1]
    both = shares.fit("region", found, {"maharastra": 9, "Maharashtra": 9, "Delhi": 2, "Assam": 3}, 1)
    assert [each.value for each in both.few] == ["maharastra"]
    other = shares.fit("region", found, {"Goa": 9, "Delhi": 2, "Assam": 3}, 1)
    assert [each.value for each in other.few] == ["Goa"]


def test_listings_whose_value_is_not_known_are_counted() -> None:
    by_listing = listings(Delhi=30, Goa=30) | {f"U{number}": "" for number in range(7)}
    assert "region: not known of 7 listings more." in shares.fit("region", by_listing, {}, 1).sentences()


def test_a_fair_sample_of_many_values_names_none() -> None:
    market = {f"R{number:02d}": 1.0 for number in range(30)}
    named = 0
    for seed in range(40):
        counts = np.random.default_rng(seed).multinomial(600, [1 / 30] * 30).tolist()
        fit = shares.fit("region", listings(**dict(zip(market, counts, strict=True))), market, 1)
        named += bool(fit.few or fit.many)
    assert named <= 4


def test_without_a_reference_the_concentration_is_told_and_no_verdict_given() -> None:
    fit = shares.fit("region", listings(A=50, B=30, C=5, D=5, E=5, F=5), {}, 1)
    assert fit.p_value is None
    assert fit.concentrated
    assert fit.sentences()[0] == "region: 2 of 6 values hold 80.0% of 100 listings (A 50.0%, B 30.0%)."
    assert "the recipe has no audit.reference.region" in fit.sentences()[1]
    assert fit.smallest_share == pytest.approx(0.0295, abs=1e-3)


def test_a_planted_bad_slice_of_two_values_is_found_and_none_where_there_is_none() -> None:
    count = 800
    values = {
        "region": RANDOM.choice(["Delhi", "Goa", "Assam"], count).tolist(),
        "year": RANDOM.choice(["2000-2009", "2010-2019"], count).tolist(),
    }
    right = RANDOM.random(count) < 0.95
    assert slices.worst(slices.find(right, values, [str(number) for number in range(count)])) == []
    inside = np.array(
        [r == "Goa" and y == "2000-2009" for r, y in zip(values["region"], values["year"], strict=True)]
    )
    right[inside] = RANDOM.random(int(inside.sum())) < 0.5
    found = slices.worst(slices.find(right, values, [str(number) for number in range(count)]))
    assert found[0].name() == "region Goa, year 2000-2009"
    assert found[0].right == right[inside].sum()
    assert found[0].low < found[0].accuracy < found[0].high


def test_photos_of_a_listing_that_are_wrong_together_make_no_bad_slice() -> None:
    """Listings of ten photos are right or wrong as a whole; where they are says nothing of that."""
    named = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        right = np.repeat(random.random(80) < 0.85, 10)
        region = np.repeat(random.choice(["Delhi", "Goa", "Assam", "Bihar"], 80), 10).tolist()
        found = slices.find(right, {"region": region}, [f"g{number // 10}" for number in range(800)])
        named += bool(slices.worst(found))
    assert named <= 3
    assert found[0].high - found[0].low > 0.15, "of about 20 listings, not 200 photos"


def test_a_region_without_a_loss_has_no_minus_sign() -> None:
    right = Estimate(0.9, 0.8, 0.95)
    said = regions.Region("Bihar", 40, right, Estimate(0.0, 0.0, 0.02), False).sentence()
    assert "+0.0 points (95% interval -2.0 to +0.0)" in said


def test_a_region_where_no_photo_differs_gets_no_interval() -> None:
    said = regions.Region("Bihar", 40, Estimate(0.9, 0.8, 0.95), Estimate(0.0, 0.0, 0.0), False).sentence()
    assert said.endswith("90.0% of its 40 photos right, as many as when trained with others of it.")


def test_a_region_where_classes_look_otherwise_loses_and_the_others_do_not() -> None:
    count = 400
    labels, names = np.arange(count) % 2, np.array(["Delhi", "Goa", "Assam", "Bihar"])[np.arange(count) // 8 % 4]
    features = RANDOM.normal(0, 1, (count, 6)).astype(np.float32)
    features[:, 0] += 4 * labels * (names != "Assam")
    features[:, 1] += 4 * labels * (names == "Assam")
    groups = [f"g{number // 8}" for number in range(count)]
    found = {each.name: each for each in regions.leave_out(features, labels, groups, names.tolist(), 1)}
    assert set(found) == {"Delhi", "Goa", "Assam", "Bihar"}
    assert found["Assam"].loses
    assert found["Assam"].loss.value > 0.2
    assert not any(each.loses for name, each in found.items() if name != "Assam")
    assert regions.leave_out(features, labels, groups, ["Delhi"] * count, 1) == []


def test_a_class_of_one_group_takes_no_other_class_along() -> None:
    count = 120
    labels = np.where(np.arange(count) < 8, 0, 1 + np.arange(count) % 2)  # class 0 is one listing
    names = np.where(np.arange(count) // 8 % 2, "Delhi", "Goa").tolist()
    names[:8] = ["Pune"] * 8
    features = np.eye(3, 6, dtype=np.float32)[labels] * 9 + RANDOM.normal(0, 1, (count, 6)).astype(np.float32)
    groups = [f"g{number // 8}" for number in range(count)]
    found = regions.leave_out(features, labels, groups, names, 1)
    assert [each.name for each in found] == ["Delhi", "Goa"]
    assert all(each.accuracy.value > 0.95 and abs(each.loss.value) < 0.05 for each in found)


def test_a_clue_that_gives_the_class_away_is_told_and_a_listing_is_not_learnt_by_heart() -> None:
    count = 240
    labels = np.arange(count) // 6 % 2
    groups = [f"g{number // 6}" for number in range(count)]
    of_listing = np.repeat(RANDOM.normal(0, 1, (count // 6, 3)), 6, axis=0)
    clues = {
        "size": labels[:, None] + RANDOM.normal(0, 0.3, (count, 1)),
        "listing": of_listing,
        "even": of_listing * 0,
    }
    found = {each.clue: each for each in shortcuts.measure(clues, labels, groups, 1)}
    assert found["size"].tells
    assert found["size"].accuracy.low > 0.7
    assert not found["listing"].tells
    assert (found["even"].accuracy.value, found["even"].tells) == (0.5, False)


def test_a_clue_whose_own_interval_is_above_chance_says_where_the_interval_for_all_clues_begins() -> None:
    clue = shortcuts.Shortcut("watermark", Estimate(0.6, 0.52, 0.68), 0.5, False, 8)
    assert clue.sentence().endswith(
        "within chance, because the interval begins at 48.8% when it allows for 8 clues."
    )
    assert replace(clue, accuracy=Estimate(0.5, 0.4, 0.6)).sentence().endswith(": within chance.")


def test_a_region_of_one_listing_is_not_measured() -> None:
    count = 180
    labels, groups = np.arange(count) % 2, [f"g{min(number, 160) // 3}" for number in range(count)]
    names = np.where(np.arange(count) < 80, "Delhi", np.where(np.arange(count) < 159, "Goa", "Pune")).tolist()
    features = np.eye(2, 4, dtype=np.float32)[labels] + RANDOM.normal(0, 1, (count, 4)).astype(np.float32)
    assert [each.name for each in regions.leave_out(features, labels, groups, names, 1)] == ["Delhi", "Goa"]
    assert regions.leave_out(features, labels, [f"g{number % 3}" for number in range(count)], names, 1) == []


@pytest.mark.filterwarnings("error")
def test_classes_without_photos_or_of_few_listings_are_left_out_of_the_shortcuts() -> None:
    labels = np.array([0, 2] * 40 + [3] * 3)
    groups = [f"g{number // 2}" for number in range(80)] + ["h", "i", "j"]
    clue = {"size": labels[:, None] + RANDOM.normal(0, 0.2, (83, 1))}
    (found,) = shortcuts.measure(clue, labels, groups, 1)
    assert found.chance == 0.5
    assert found.accuracy.value > 0.9
    assert shortcuts.measurable(labels, groups).tolist() == [0, 2]
    assert shortcuts.measure(clue, labels * 0, groups, 1) == []
    assert shortcuts.measure(clue, labels, ["g"] * 83, 1) == []


def test_classes_of_few_groups_are_named(folder: Path) -> None:
    found = replace(findings.run(folder, Audit(), CONFIG), few_groups=["van"])
    assert "Left out are classes that have photos of fewer than 5 groups: van." in found.sentences()
    none = replace(found, shortcuts=[]).sentences()
    assert any(line.endswith("because some classes have photos of fewer than 5 groups: van.") for line in none)


def test_a_clue_that_says_nothing_seldom_tells() -> None:
    labels, groups = np.arange(120) // 2 % 2, [f"g{number // 2}" for number in range(120)]
    named = 0
    for seed in range(30):
        clue = {"noise": np.random.default_rng(seed).normal(size=(120, 2))}
        named += shortcuts.measure(clue, labels, groups, seed)[0].tells
    assert named <= 2


@pytest.mark.parametrize("marked", [True, False])
def test_a_watermark_on_one_class_is_seen(marked: bool, tmp_path: Path) -> None:
    folder = build_folder(tmp_path, "split", n=60)
    dataset = Dataset.open(folder)
    pixels = RANDOM.integers(90, 115, (len(dataset.photos), 96, 96, 3), np.uint8)
    labels = np.array([CLASSES.index(photo.class_name) for photo in dataset.photos])
    for number in np.flatnonzero(labels * marked):
        image = Image.fromarray(pixels[number])
        ImageDraw.Draw(image).text((64, 84), "cars", "white")
        pixels[number] = np.asarray(image)
    clue = {"watermark": shortcuts.clues(dataset, pixels)["watermark"]}
    found = shortcuts.measure(clue, labels, [photo.key for photo in dataset.photos], 1)
    assert found[0].tells == marked


def test_quantisation_tables_are_those_that_pillow_reads(tmp_path: Path) -> None:
    for quality in (30, 88):
        path = tmp_path / "photo.jpg"
        Image.new("RGB", (16, 16), "red").save(path, quality=quality)
        with Image.open(path) as photo:
            expected = photo.quantization  # type: ignore[attr-defined]
        found = jpeg_tables.tables(path.read_bytes())
        assert sorted(found[0].tolist()) == sorted(expected[0])
        assert sorted(found[1].tolist()) == sorted(expected[1])
    assert not jpeg_tables.tables(b"\x89PNG").any()
    assert not jpeg_tables.tables(b"\xff\xd8\xff\xdb\xff").any()


def test_a_sample_too_small_for_slices_says_that_they_were_not_measured() -> None:
    measured = findings.Findings([], [], (20, 24), [], [], [], [], False, {}, {})
    assert f"Accuracy per slice: not measured, because no slice has {slices.LEAST} photos." in measured.sentences()


def test_bands_are_those_of_the_reference_else_quartiles(folder: Path) -> None:
    photos = Dataset.open(folder).photos
    own = attributes.values(photos, {"year": {"2000-2012": 1, "2013-2030": 1}})
    assert set(own["year"]) == {"2000-2012", "2013-2030"}
    quartiles = attributes.values(photos, {})["year"]
    assert len(set(quartiles)) == 4
    for photo, band in zip(photos, quartiles, strict=True):
        low, high = band.split("-")
        assert photo.year is not None
        assert int(low) <= photo.year <= int(high)
    assert set(own["price"]) == {""}
    narrow = attributes.values(photos, {"year": {"2000-2009": 1, "2010-2014": 1}})["year"]
    assert {band for photo, band in zip(photos, narrow, strict=True) if (photo.year or 0) > 2014} == {"other"}


def test_a_reference_that_is_no_band_is_named() -> None:
    text = "name: mine\nclasses: [a, b]\naudit:\n  reference:\n    year: {old: 1, '2010-2014': 2}\n"
    with pytest.raises(UsageError, match=r"year: 'old' is no band: write it like 2010-2014"):
        parse(text, "mine.yaml")


@pytest.mark.parametrize(
    ("attribute", "bands", "said"),
    [
        ("year", "2005-2013: 4, 2013-2020: 6", "year.2013-2020: overlaps 2005-2013: .*e.g. 2005-2012 instead"),
        ("year", "2010-2012: 4, 2005-2020: 6", "year.2010-2012: overlaps 2005-2020: "),
        ("year", "2010-2012: 4, 2010-2020: 6", "year.2010-2020: overlaps 2010-2012: .* a number in common$"),
        (
            "price",
            "0-300000: 5, 300000-500000: 3",
            "price.300000-500000: overlaps 0-300000: .*e.g. 0-299999 instead",
        ),
        ("year", "2012-2005: 4, 2013-2020: 6", "year.2012-2005: ends before it begins: write 2005-2012"),
    ],
)
def test_bands_that_share_a_number_or_are_reversed_are_refused_with_their_line(
    attribute: str, bands: str, said: str
) -> None:
    head = "name: mine\nclasses: [a, b]\naudit:\n  reference:\n"
    with pytest.raises(UsageError, match=rf"^mine.yaml:5: audit.reference.{said}"):
        parse(f"{head}    {attribute}: {{{bands}}}\n", "mine.yaml")
    apart = parse(f"{head}    {attribute}: {{0-2012: 4, 2013-2013: 2, 2020-2025: 6}}\n", "mine.yaml")
    assert len(apart.audit.reference) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 painted photos of 50 listings in three regions, with a trained network."""
    folder = build_folder(tmp_path_factory.mktemp("audit"), "split", n=100)
    names = ["Delhi"] * 6 + ["Goa"] * 3 + ["Assam"]
    rows = [
        replace(row, region=names[number // 4 % 10], year=2008 + number // 4 % 12, seller="dealer")
        for number, row in enumerate(manifest.read(folder, FetchRow))
    ]
    kinds: tuple[type[Any], ...] = (DedupRow, CleanRow, SplitRow)
    later = {kind.stage: manifest.read(folder, kind) for kind in kinds}
    publish(folder, "fetch", rows)
    for name, own in later.items():
        publish(folder, name, own)
    stage.run(folder, CONFIG)
    return folder


def test_the_audit_ends_in_sentences_and_what_to_collect(folder: Path) -> None:
    found = findings.run(folder, Audit(reference={"region": {"Delhi": 40, "Goa": 30, "Assam": 30}}), CONFIG)
    said = json.loads((folder / "audit.json").read_bytes())
    assert said["sentences"] == found.sentences()
    assert any(line.startswith("region: the shares differ from the reference") for line in said["sentences"])
    assert any(line.startswith("Next: collect ") and "region Assam" in line for line in said["sentences"])
    assert any(line.startswith("Trained without Delhi") for line in said["sentences"])
    assert {each.clue for each in found.shortcuts} == {
        *("image size", "file size", "aspect", "brightness", "border", "watermark", "JPEG tables", "background"),
    }
    table = (folder / "audit.csv").read_text()
    assert table.startswith("kind,attribute,value,listings,photos,share,low,high,reference\n")
    assert {line.partition(",")[0] for line in table.splitlines()[1:]} >= {"share", "left out", "lost", "shortcut"}
    assert found.measured[1] == 40


def test_the_command_gives_programs_what_it_writes(folder: Path) -> None:
    recipe = folder.parent / "mine.yaml"
    recipe.write_text(
        f"name: mine\nclasses: [{', '.join(CLASSES)}]\ntrain_baseline: {{transfer: {{image_size: 64}}}}\n"
    )
    words = ["audit", "--json", "--recipe", str(recipe), "--folder", str(folder), "--workers", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data == json.loads((folder / "audit.json").read_bytes())
    assert any("the recipe has no audit.reference.region" in line for line in data["sentences"])


def test_status_and_report_name_an_audit_or_curve_of_other_settings_or_an_earlier_split(
    folder: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(folder, copied)
    market = {"region": {"Delhi": 40.0, "Goa": 30.0, "Assam": 30.0}}
    other = market | {"region": {"Delhi": 4.0, "Goa": 3.0}}
    recipe = Recipe(name="mine", classes=CLASSES, train_baseline=CONFIG, audit=Audit(reference=market))
    findings.run(copied, Audit(reference=other), CONFIG)
    learning_curve.run(copied, CONFIG.override(transfer={"image_size": 80}))
    said = [note.text for note in status(copied, recipe).warnings]
    assert said == [
        "the audit is of other settings: audit.reference.region.Assam is null here, 30.0 in the recipe; "
        "audit.reference.region.Delhi is 4.0 here, 40.0 in the recipe; "
        "audit.reference.region.Goa is 3.0 here, 30.0 in the recipe",
        "the learning curve is of other settings: train_baseline.transfer.image_size is 80 here, 64 in the recipe",
    ]
    found = describe(copied, "mine")
    assert found["audit"][0] == (
        "Measured on images of 64 pixels, compared with the market: region Delhi: 4, Goa: 3."
    )
    assert found["training"]["growth"]["pixels"] == 80
    assert "20 orders, on images of 80 pixels" in render(found)
    findings.run(copied, recipe.audit, CONFIG)
    learning_curve.run(copied, CONFIG)
    assert status(copied, recipe).warnings == []
    measured = json.loads((copied / "audit.json").read_bytes())
    measured["inputs"]["split.csv"] = "0" * 64
    (copied / "audit.json").write_text(json.dumps(measured))
    said = [note.text for note in status(copied, recipe).warnings]
    assert said == ["the audit is of an earlier split.csv: the report leaves it out"]
    assert describe(copied, "mine")["audit"] == []


def test_a_network_of_an_earlier_split_is_measured_by_the_classes_of_now(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    shutil.copytree(folder, copied)
    corrected = {"hatch": "sedan", "sedan": "hatch"}
    rows = [replace(row, class_name=corrected[row.class_name]) for row in manifest.read(copied, SplitRow)]
    publish(copied, "split", rows)
    before = findings.run(folder, Audit(), CONFIG)
    found = findings.run(copied, Audit(), CONFIG)
    assert found.measured == (before.measured[1] - before.measured[0], before.measured[1])
    assert any("the network is of an earlier split" in line for line in found.sentences())
    assert not before.earlier


def test_regions_that_are_not_measured_are_named(folder: Path) -> None:
    said = findings.run(folder, Audit(), CONFIG).sentences()
    assert any(
        line.startswith("Not measured without Assam: a region needs 20 photos in 5 groups") for line in said
    )


def test_a_small_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="has 20 photos with a split; an audit needs 40"):
        findings.run(build_folder(tmp_path, "split", n=20), Audit(), CONFIG)
