"""audit --leaks: every planted leak is found, and none is invented."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from curate.audit import leaks, leaks_page
from curate.cli.app import app
from curate.core import given, manifest
from curate.core.errors import Do, Run, To, UsageError
from curate.core.intervals import Accuracy
from curate.core.recipe import Split, TrainBaseline
from curate.core.schemas import CleanRow, DedupRow, FetchRow, SplitRow
from curate.dataset import Dataset
from curate.split import stage as split_stage
from curate.train import stage
from curate.train.models import Model
from tests.benchmarks.edits import EDITS, apply
from tests.folders import CLASSES, build_folder, dedup_row, publish
from tests.scenes import jpeg, scene

PLANTED = 20
PER_SPLIT = {"train": 40, "val": 12, "test": 24}


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train, val and test with scenes that are all different."""
    root = tmp_path_factory.mktemp("clean")
    number = 0
    for split, count in PER_SPLIT.items():
        for place in range(count):
            write(root / split / CLASSES[place % 2] / f"{number:03d}.jpg", jpeg(scene(number)))
            number += 1
    return root


@pytest.fixture(scope="module")
def planted(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The same with edited duplicates of 20 train photos in test, two of each of ten edits; and their names."""
    root = tmp_path_factory.mktemp("planted") / "dataset"
    shutil.copytree(clean, root)
    originals = sorted((root / "train").rglob("*.jpg"))[:PLANTED]
    names = set()
    for number, original in enumerate(originals):
        edit = list(EDITS)[number // 2]
        with Image.open(io.BytesIO(original.read_bytes())) as photo:
            data = apply(photo.convert("RGB"), edit, original.stem)
        name = f"test/{CLASSES[number % 2]}/planted{number:02d}.jpg"
        write(root / name, data)
        names.add(name)
    return root, names


def test_twenty_planted_leaks_are_found_and_no_other(planted: tuple[Path, set[str]]) -> None:
    root, names = planted
    found = leaks.find(root)
    assert {pair.later.name for pair in found.pairs} == names
    assert found.affected == names
    assert {pair.earlier.split for pair in found.pairs} == {"train"}
    assert not any(pair.exact for pair in found.pairs)
    assert all(pair.proof for pair in found.pairs)
    assert found.sentences()[1] == "Pairs of duplicates across splits: 20 (0 exact, 20 near)."
    assert f"Test photos affected: 20 of {PER_SPLIT['test'] + 20}." in found.sentences()


def test_none_is_invented_on_a_clean_split(clean: Path) -> None:
    found = leaks.find(clean)
    assert not found.any
    assert found.photos == PER_SPLIT
    said = found.sentences()
    place = said.index("No exact or near duplicate was found across splits.")
    assert said[place + 1].startswith("Not looked for: screenshots, collages, crops to less than half of")
    assert said[place + 1].endswith("photos turned by a quarter, upside down or flipped top to bottom.")
    assert "Listings: not checked, because the dataset does not name them." in found.sentences()


def test_a_csv_with_listings_exact_duplicates_and_a_damaged_photo(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.jpg", jpeg(scene(number)))
    write(tmp_path / "again.jpg", jpeg(scene(0)))
    write(tmp_path / "cut.jpg", jpeg(scene(9))[:500])
    rows = [
        "0.jpg,train,L0",
        "1.jpg,train,L1",
        "2.jpg,val,L2",
        "3.jpg,test,L1",
        "again.jpg,test,L3",
        "cut.jpg,test,L4",
    ]
    table = tmp_path / "photos.csv"
    table.write_text("path,label,split,listing_id\n" + "\n".join(row.replace(",", ",hatch,", 1) for row in rows))
    found = leaks.find(table)
    assert [(pair.earlier.name, pair.later.name, pair.proof) for pair in found.pairs] == [
        ("0.jpg", "again.jpg", "sha256")
    ]
    assert list(found.listings) == ["L1"]
    assert found.affected == {"again.jpg", "3.jpg"}
    assert [name for name, _ in found.refused] == ["cut.jpg"]
    assert "1 of 5 listings are in more than one split, e.g. L1." in found.sentences()


@pytest.mark.parametrize("listing", [("", ""), (",listing_id", ",L1")])
def test_the_same_file_in_two_splits_of_a_csv_is_a_leak(listing: tuple[str, str], tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.jpg", jpeg(scene(number)))
    table = tmp_path / "photos.csv"
    rows = "".join(
        f"{name},hatch,{split}{listing[1]}\n"
        for name, split in [("0.jpg", "train"), ("1.jpg", "train"), ("2.jpg", "test"), ("./0.jpg", "test")]
    )
    table.write_text(f"path,label,split{listing[0]}\n{rows}")
    found = leaks.find(table)
    assert [(pair.earlier.split, pair.later.split, pair.exact) for pair in found.pairs] == [
        ("train", "test", True)
    ]
    assert found.photos == {"train": 2, "test": 2}
    assert "0.jpg" in found.affected
    assert any("1 row of a photo in another split, too, e.g. 0.jpg" in said for said in found.remarks)


@pytest.mark.parametrize("group_by", ["prefix", r"(car.)_"])
def test_names_tell_listings_where_it_is_said_how(group_by: str, tmp_path: Path) -> None:
    for number, car in enumerate("aabbccdd"):
        split = "test" if number in (1, 6, 7) else "train"
        write(tmp_path / split / CLASSES[number // 4] / f"car{car}_{number}.jpg", jpeg(scene(number)))
    ungrouped = leaks.find(tmp_path).sentences()
    assert "Listings: not checked, because the dataset does not name them." in ungrouped
    (remark,) = (said for said in ungrouped if "--group-by prefix" in said)
    assert remark.startswith(
        "1 prefix of names is in two splits, as of train/hatch/cara_0.jpg and test/hatch/cara_1"
    )
    found = leaks.find(tmp_path, group_by=group_by)
    assert [name.rpartition("/")[2] for name in found.listings] == ["cara"]
    assert any(said.startswith("1 of 4 listings are in more than one split") for said in found.sentences())
    assert not any("--group-by" in said for said in found.sentences())


def test_manifests_name_their_listings_themselves(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--group-by is for photos in folders or of a CSV; the manifests in"):
        leaks.find(build_folder(tmp_path, "split", n=20), group_by="prefix")


def test_sub_folders_of_two_splits_are_no_listings_that_were_checked(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / ("train" if number < 6 else "test") / "hatch" / ("front", "side", "rear")[number % 3]
        write(folder / f"{number}.jpg", jpeg(scene(number)))
    found = leaks.find(tmp_path)
    assert not found.any
    said = found.sentences()
    assert "Listings: not checked, because the dataset does not name them." in said
    assert said[-1].startswith("3 sub-folders have the same name in two splits, e.g. hatch/front: if each is a")
    assert said[-1].endswith("add --group-by folder.")
    assert not [each for each in said if "for one listing" in each]
    assert list(leaks.find(tmp_path, group_by="folder").listings) == ["hatch/front", "hatch/rear", "hatch/side"]


def test_leaks_of_classes_that_the_network_does_not_know_are_looked_for(tmp_path: Path) -> None:
    for number, place in enumerate(["train/van", "train/hatch", "test/van", "test/hatch"]):
        write(tmp_path / "cars" / place / f"{number}.jpg", jpeg(scene(0 if place.endswith("van") else number)))

    def sure(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.tile(np.array([0.9, 0.1], np.float32), (len(pixels), 1))

    meta = {"classes": ["hatch", "sedan"], "image_size": 64, "temperature": 1.0, "variant": "tiny", "seed": 42}
    model = Model(sure, meta)
    found = leaks.find(tmp_path / "cars", model)
    assert len(found.pairs) == 1
    assert found.accuracy["all"] == (1, 1, 1.0)
    said = found.sentences()
    assert "The accuracy is that of tiny, seed 42." in said
    assert found.data()["network"] == "tiny, seed 42"
    assert said[-1] == "The accuracy leaves out test photos of classes that the network does not know: van."
    other = replace(model, meta=model.meta | {"classes": ["bus", "tram"]})
    said = leaks.find(tmp_path / "cars", other).sentences()
    assert said[-1] == "No accuracy: the network knows bus, tram; the test photos are of hatch, van."
    assert not any("accuracy is that of" in each for each in said)


def test_manifests_whose_networks_are_lost_are_searched_all_the_same(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", "split", n=20)
    stage.run(folder, TrainBaseline(class_names=CLASSES, variant="transfer", transfer={"image_size": 64}))
    shutil.rmtree(folder / "models")
    code, text = run("audit", "--leaks", str(folder), "--workers", "1")
    assert code == 0, text
    assert "Accuracy with and without leaks: not measured, because " in text
    assert "No exact or near duplicate was found across splits." in text


def test_photos_of_a_listing_widen_the_interval_of_the_accuracy() -> None:
    alone, listings = (
        leaks.Leaks({}, [], {}, 0, set(), [], (), {"all": Accuracy(32, 40, number)}).sentences()[-1]
        for number in (40.0, 8.0)
    )
    assert alone == "Accuracy with all test photos: 80.0% (95% interval 65.2% to 89.5%)."
    assert "95% interval 45.5% to 95.0%" in listings


@pytest.mark.parametrize("option", ["--model", "--out", "--group-by"])
def test_options_of_leaks_alone_are_refused(option: str) -> None:
    code, text = run("audit", option, "here")
    assert code == 2
    assert f"{option} is for --leaks" in text


def test_a_sub_folder_of_one_name_in_two_splits_is_a_listing_in_two_splits(tmp_path: Path) -> None:
    cars = [("train", "hatch/car0"), ("test", "Hatch/car0"), ("train", "sedan/car1"), ("val", "sedan/car1")]
    cars += [("train", f"{name}/car{n}") for name in CLASSES for n in range(2, 4)] + [("test", "sedan/car0")]
    for number, (split, car) in enumerate(cars):
        write(tmp_path / split / car / "0.jpg", jpeg(scene(number)))
    found = leaks.find(tmp_path)
    assert not found.pairs
    assert list(found.listings) == ["hatch/car0", "sedan/car1"]
    assert found.affected == {"test/Hatch/car0/0.jpg"}
    assert "2 of 7 listings are in more than one split, e.g. hatch/car0." in found.sentences()
    assert not [said for said in found.sentences() if "same name in two splits, e.g." in said]


@pytest.mark.parametrize(
    ("header", "row", "keep"), [("url,label,split", ",a,train", ["--keep-split"]), ("url,label", ",a", [])]
)
def test_addresses_are_to_be_imported_with_the_splits_that_they_have(
    tmp_path: Path, header: str, row: str, keep: list[str]
) -> None:
    table = tmp_path / "photos.csv"
    table.write_text(f"{header}\nhttps://cars.example/0.jpg{row}\n")
    with pytest.raises(UsageError, match="names no photo that is a file here") as caught:
        leaks.find(table)
    assert caught.value.remedies == (To("bring its photos here", Run("import", (str(table), *keep))),)


def test_a_dataset_without_splits_is_named(tmp_path: Path) -> None:
    write(tmp_path / "hatch" / "0.jpg", jpeg(scene(0)))
    with pytest.raises(UsageError, match=r"has fewer than two splits: none$") as caught:
        leaks.find(tmp_path)
    assert "give folders train, val, test" in str(caught.value.remedies)


def test_of_one_split_is_said_what_is_called_like_none(tmp_path: Path) -> None:
    for number, split in enumerate(["train", "tset"]):
        write(tmp_path / "cars" / split / "hatch" / f"{number}.jpg", jpeg(scene(number)))
    with pytest.raises(UsageError, match=r"cars has fewer than two splits: train; beside it: tset$") as caught:
        leaks.find(tmp_path / "cars")
    assert caught.value.remedies == (Do("rename what is a split to train, val or test"),)
    table = tmp_path / "cars.csv"
    table.write_text("path,label,split\ncars/train/hatch/0.jpg,hatch,train\ncars/tset/hatch/1.jpg,hatch,tset\n")
    with pytest.raises(UsageError, match="two splits: train; column split: 'tset' is none of train") as caught:
        leaks.find(table)
    assert "the column split" in str(caught.value.remedies)


@pytest.mark.parametrize("group_by", ["", "folder", "prefix"])
def test_one_sub_folder_with_a_number_is_a_listing_however_few_there_are(group_by: str, tmp_path: Path) -> None:
    names = ["train/hatch/car17/0", "train/sedan/b_1", "test/hatch/car17/2", "test/sedan/b_3", "test/sedan/c_4"]
    for number, name in enumerate(names):
        write(tmp_path / f"{name}.jpg", jpeg(scene(number)))
    found = leaks.find(tmp_path, group_by=group_by)
    assert list(found.listings) == ["hatch/car17", *(["sedan/b"] if group_by == "prefix" else [])]
    assert "test/hatch/car17/2.jpg" in found.affected
    said = "1 sub-folder is taken for a listing, for the number in the name, e.g. hatch/car17"
    assert (said in found.remarks) == (not group_by)


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        pytest.param(["car1", "car2", "car3", "car4", "car1", "car9"], True, id="a prefix in two splits"),
        pytest.param(["car1", "car2", "car3", "car4", "car8", "car9"], False, id="in one split each"),
        pytest.param(["IMG", "IMG", "IMG", "IMG", "IMG", "IMG"], False, id="as cameras name them"),
    ],
)
def test_prefixes_that_are_in_two_splits_are_remarked(names: list[str], hint: bool, tmp_path: Path) -> None:
    for number, name in enumerate(names):
        write(
            tmp_path / ("test" if number > 3 else "train") / "hatch" / f"{name}_{number}.jpg", jpeg(scene(number))
        )
    said = leaks.find(tmp_path).sentences()
    assert [line.startswith("1 prefix of names is in two splits") for line in said if "--group-by" in line] == (
        [True] if hint else []
    )


def test_a_pair_with_two_class_names_is_said(tmp_path: Path) -> None:
    for number, place in enumerate(["train/hatch/a", "train/sedan/b", "test/hatch/c", "test/sedan/d"]):
        write(tmp_path / "cars" / f"{place}.jpg", jpeg(scene(number % 3)))
    out = tmp_path / "out.html"
    words = ("audit", "--leaks", str(tmp_path / "cars"), "--out", str(out), "--workers", "1")
    code, text = run(*words)
    assert code == 3, text
    said = "1 pair has two class names, e.g. train/hatch/a.jpg (hatch) and test/sedan/d.jpg (sedan): correct"
    assert said in text and said in out.read_text()
    data = json.loads(run(*words, "--json")[1])
    assert data["pairs_with_two_class_names"] == 1
    assert data["pairs"][0]["class_names"] == ["hatch", "sedan"]


def test_the_page_shows_the_listings_with_photos_of_each_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaks_page, "LISTINGS", 1)
    for number, place in enumerate(
        ["train/hatch/car1"] * 3 + ["test/hatch/car1", "val/hatch/car2", "test/hatch/car2"]
    ):
        write(tmp_path / "cars" / place / f"{number}.jpg", jpeg(scene(number)))
    leaks_page.write(leaks.find(tmp_path / "cars"), "Leaks", tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text()
    assert "<h2>Listings in more than one split, the first 1 of 2</h2>" in page
    assert "<h2>Pairs" not in page
    assert (page.count("<figure>"), page.count("data:image/webp")) == (1, leaks_page.PER_SPLIT + 1)
    assert "listing hatch/car1<br>train: 3 photos, train/hatch/car1/0.jpg, train/hatch/car1/1.jpg, …<br>" in page
    assert "test: 1 photo, test/hatch/car1/3.jpg<br>" in page


def test_a_folder_and_a_csv_of_one_name_have_a_page_each(tmp_path: Path) -> None:
    rows = ""
    for number, split in enumerate(["train", "test"]):
        write(tmp_path / "cars" / split / "hatch" / f"{number}.jpg", jpeg(scene(number)))
        rows += f"cars/{split}/hatch/{number}.jpg,hatch,{split}\n"
    (tmp_path / "cars.csv").write_text("path,label,split\n" + rows)
    for name in ("cars", "cars.csv"):
        code, text = run("audit", "--leaks", str(tmp_path / name), "--workers", "1")
        assert code == 0, text
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["cars-leaks.html", "cars.csv-leaks.html"]


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.output


def test_the_command_exits_with_3_and_shows_the_pairs(planted: tuple[Path, set[str]], tmp_path: Path) -> None:
    root, names = planted
    out = tmp_path / "leaks.html"
    code, text = run("audit", "--leaks", str(root), "--out", str(out), "--workers", "1", "--json", "--quiet")
    assert code == 3, text
    assert {pair["later"] for pair in json.loads(text)["pairs"]} == names
    page = out.read_text()
    assert page.count("<figure>") == PLANTED
    assert page.count("data:image/webp") == 2 * PLANTED
    assert "<script" not in page


def test_the_command_says_of_a_folder_of_manifests_that_it_is_clean(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", "split", n=20)
    code, text = run("audit", "--leaks", str(folder), "--workers", "1")
    assert code == 0, text
    assert (folder / "leaks.html").exists()
    assert "Each of 10 listings is in one split only." in text


def manifests(folder: Path, listing: str, url: str) -> Path:
    """20 photos, two a listing, whose split came with them; one of train has a removed duplicate of L9."""
    build_folder(folder, "split", n=20)
    rows = [
        replace(row, listing_id=listing.format(n // 2), page_url="", image_url=url.format(n))
        for n, row in enumerate(manifest.read(folder, FetchRow))
    ]
    copy = replace(rows[-1], key=f"{99:016x}", listing_id=listing.format(9), image_url=url.format(99))
    dedup = [*manifest.read(folder, DedupRow), dedup_row(copy, copy_of=rows[0].key)]
    clean, split = manifest.read(folder, CleanRow), manifest.read(folder, SplitRow)
    publish(folder, "fetch", [*rows, copy])
    publish(folder, "dedup", dedup)
    publish(folder, "clean", clean)
    (folder / given.NAME).write_bytes(given.format_splits((row.key, row.split) for row in split))
    split_stage.run(folder, Split(class_names=CLASSES))
    return folder


@pytest.mark.parametrize(
    ("listing", "url", "by_split", "by_audit"),
    [
        pytest.param(
            "L{}", "{}.jpg",
            "leak: 1 of 10 listings in more than one split, 1 of them only by a removed duplicate: L9",
            "1 of 10 listings are in more than one split, e.g. L9.", id="by a removed duplicate",
        ),
        pytest.param(
            "", "{}.jpg", "listings: not checked, because no photo names its listing",
            "Listings: not checked, because the dataset does not name them.", id="no listing",
        ),
    ],
)  # fmt: skip
def test_split_and_audit_count_the_same_listings(
    tmp_path: Path, listing: str, url: str, by_split: str, by_audit: str
) -> None:
    folder = manifests(tmp_path, listing, url)
    found = leaks.find(folder)
    check = manifest.read_sidecar(folder, "split")["notes"]["leakage"]
    assert any(line.startswith(by_split) for line in check["lines"])
    assert by_audit in found.sentences()
    assert list(found.listings) == check["leaks"]["listings"]
    assert found.listings_known == check["checked"]["listings"]
    said = "the split that came with the photos leaks: 1 of 10 listings are in more than one split"
    assert [note.text for note in given.leaks(folder)] == [said] * bool(listing)


def test_no_listing_that_import_made_up_is_counted_nor_given_on(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", "split", n=20)
    rows = [replace(row, listing_id=row.image_url) for row in manifest.read(folder, FetchRow)]
    dedup, clean = manifest.read(folder, DedupRow), manifest.read(folder, CleanRow)
    split = manifest.read(folder, SplitRow)
    publish(folder, "fetch", rows)
    publish(folder, "dedup", dedup)
    publish(folder, "clean", clean)
    publish(folder, "split", split)
    assert "Listings: not checked, because the dataset does not name them." in leaks.find(folder).sentences()
    dataset = Dataset.open(folder)
    assert {photo.listing for photo in dataset.photos} == {""}
    assert all(photo.listing_id for photo in dataset.photos)


def test_an_export_is_read_by_its_csv_and_the_page_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "key,path,class_name,split,sha256,listing_id\n"
    for number, (split, listing) in enumerate([("train", "L0"), ("train", "L1"), ("test", "L1"), ("test", "L2")]):
        write(tmp_path / "cars" / split / "hatch" / f"{number}.jpg", jpeg(scene(number)))
        table += f"{number:016x},{split}/hatch/{number}.jpg,hatch,{split},,{listing}\n"
    (tmp_path / "cars/photos.csv").write_text(table, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, text = run("audit", "--leaks", "../cars", "--workers", "1")
    assert code == 3, text
    assert "1 of 3 listings are in more than one split, e.g. L1." in text
    assert "Classes, splits and listings are those of ../cars/photos.csv." in text
    assert text.endswith("page: ../cars-leaks.html\n")
    assert (tmp_path / "cars-leaks.html").exists() and not list(Path().iterdir())
