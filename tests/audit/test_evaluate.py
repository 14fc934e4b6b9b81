"""evaluate and predict: what a trained network says of photos that are no part of its dataset."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from curate.audit import evaluate
from curate.cli.app import app
from curate.core import manifest
from curate.core.errors import GateError
from curate.core.recipe import TrainBaseline
from curate.core.schemas import CleanRow, FetchRow, SplitRow
from curate.dataset import Dataset
from curate.train import compare, stage
from curate.train.predict import chosen
from tests.folders import CLASSES, build_folder, dedup_row, paint, publish

CONFIG = TrainBaseline(class_names=CLASSES, variant="transfer", transfer={"image_size": 64})
HERE = 60  # photos of the second dataset


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scratch = tmp_path_factory.mktemp("evaluate")
    (scratch / "mine.yaml").write_text(f"name: mine\nclasses: [{', '.join(CLASSES)}]\n")
    stage.run(build_folder(scratch / "run", "split", n=100), CONFIG)
    for number in range(HERE):
        class_name = CLASSES[number % 2]
        shown = CLASSES[(number + 1) % 2] if number < 6 else class_name  # six carry the wrong label
        path = scratch / "other" / class_name / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(paint(shown, 5000 + number))
    return scratch


def run(place: Path, *words: str) -> tuple[int, str, str]:
    options = ["--recipe", str(place / "mine.yaml"), "--folder", str(place / "run")]
    result = CliRunner().invoke(app, [*words, *options])
    return result.exit_code, result.stdout, result.stderr


def test_another_set_is_measured_and_compared_with_the_own_test(place: Path) -> None:
    found = evaluate.evaluate(place / "run", chosen(place / "run"), place / "other")
    assert len(found.labels) == HERE
    assert found.confusion().sum() == HERE
    assert np.trace(found.confusion()) == found.right.sum()
    assert found.against_own is not None
    assert found.against_own.low < found.against_own.value < found.against_own.high
    own = found.own
    assert found.against_own.value == pytest.approx(found.right.mean() - own["right"] / own["photos"])
    assert sum(each.photos for each in found.bins) == HERE
    assert len(found.bins) == 15
    assert any(said.startswith("These photos were taken as they are") for said in found.sentences())
    surely = [found.photos[number].name for number in found.mistakes()[:6]]
    planted = {photo.name for photo in found.photos if int(Path(photo.name).stem) < 6}
    assert len(planted.intersection(surely)) >= 4, "labels that are wrong are the most confident mistakes"


def test_the_own_manifests_give_the_figure_of_test_without_train_and_val(place: Path) -> None:
    found = evaluate.evaluate(place / "run", chosen(place / "run"), place / "run")
    dataset = Dataset.open(place / "run")
    assert {photo.name for photo in found.photos} == {photo.key for photo in dataset.of("test")}
    assert found.left_out == len(dataset.of("train")) + len(dataset.of("val"))
    assert (int(found.right.sum()), len(found.right)) == (found.own["right"], found.own["photos"])
    assert [round(end, 6) for end in found.accuracy.interval] == found.own["interval"]
    assert found.against_own is None
    assert "20 photos are of its own test set: no difference to it is measured." in found.sentences()


def test_what_clean_kept_is_compared_without_a_remark(place: Path) -> None:
    found = evaluate.evaluate(place / "run", chosen(place / "run"), place / "run")
    assert not [said for said in found.sentences() if "as they are" in said]


def test_after_another_split_nothing_it_learned_from_is_measured(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(place / "run", folder)
    own_test = {photo.name for photo in evaluate.evaluate(folder, chosen(folder), folder).photos}
    other = {"train": "test", "val": "train", "test": "val"}
    publish(folder, "split", [replace(row, split=other[row.split]) for row in manifest.read(folder, SplitRow)])
    found = evaluate.evaluate(folder, chosen(folder), folder)
    assert {photo.name for photo in found.photos} == own_test
    assert any("was trained on another split" in line for line in found.sentences())
    assert "on another split" not in run(place, "evaluate", str(place / "other"))[1]


def test_what_is_of_one_piece_with_train_is_not_measured(place: Path, tmp_path: Path) -> None:
    """Photo 100 is a duplicate of one of train, 101 of a listing of train; 102 has nothing to do with it."""
    folder = build_folder(tmp_path / "run", "split", n=100, rejected=4)
    fetched, split = manifest.read(folder, FetchRow), manifest.read(folder, SplitRow)
    train = fetched[0]
    fetched[101] = replace(fetched[101], listing_id=train.listing_id)
    dedup = [dedup_row(row, copy_of=train.key if row is fetched[100] else "") for row in fetched]
    clean = [row for row in manifest.read(folder, CleanRow) if row.key != fetched[100].key]
    for name, rows in (("fetch", fetched), ("dedup", dedup), ("clean", clean), ("split", split)):
        publish(folder, name, rows)
    stage.run(folder, CONFIG)
    other = tmp_path / "other" / "hatch"
    other.mkdir(parents=True)
    for number in (100, 101, 102):
        shutil.copy(folder / fetched[number].path, other / f"{number}.jpg")
    found = evaluate.evaluate(folder, chosen(folder), other.parent)
    assert [Path(photo.name).name for photo in found.photos] == ["102.jpg"]
    assert "2 photos of its train or val, or their listings, were left out." in found.sentences()


def test_photos_of_one_folder_are_right_together_and_another_mix_of_classes_is_named(
    place: Path, tmp_path: Path
) -> None:
    for number in range(24):
        path = tmp_path / "hatch" / f"car{number // 6}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(paint(CLASSES[number // 6 == 3], 7000 + number))  # the last folder has the wrong label
    found = evaluate.evaluate(place / "run", chosen(place / "run"), tmp_path)
    assert found.accuracy.independent < 12 < len(found.photos)
    said = found.sentences()
    assert any(
        line.startswith("The classes have other shares there") and "sedan no photo" in line for line in said
    )
    assert not any("other shares" in line for line in run(place, "evaluate", str(place / "other"))[1].splitlines())


def test_the_interval_counts_the_photos_that_the_split_keeps_together(tmp_path: Path) -> None:
    """Every group is of two listings: by listings the interval would be narrower than that of model.json."""
    folder = build_folder(tmp_path, "split", n=100)
    rows = [replace(row, group=f"{place // 4:016x}") for place, row in enumerate(manifest.read(folder, SplitRow))]
    publish(folder, "split", rows)
    stage.run(folder, CONFIG)
    found = evaluate.evaluate(folder, chosen(folder), folder)
    (row,) = compare.compare(folder)
    assert found.own["interval"] == [round(end, 6) for end in found.accuracy.interval] == [row.low, row.high]


def test_manifests_of_other_classes_are_a_mistake_that_names_both(place: Path, tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", "split", n=40)
    named = {"hatch": "van", "sedan": "bus"}
    publish(
        folder,
        "split",
        [replace(row, class_name=named[row.class_name]) for row in manifest.read(folder, SplitRow)],
    )
    code, _, err = run(place, "evaluate", str(folder))
    assert code == 2
    assert "its classes are bus, van; the network, transfer, seed 42, knows hatch, sedan" in err


def test_a_class_that_only_the_recipe_has_is_left_out_and_the_network_named(place: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(f"name: mine\nclasses: [{', '.join(CLASSES)}, truck]\n")
    shutil.copytree(place / "other", tmp_path / "three")
    (tmp_path / "three" / "truck").mkdir()
    (tmp_path / "three" / "truck" / "1.jpg").write_bytes(paint("hatch", 8000))
    photo = str(place / "other" / "hatch" / "10.jpg")
    for words in (["evaluate", str(tmp_path / "three")], ["predict", photo], ["compare"], ["audit"]):
        done = CliRunner().invoke(app, [*words, "--recipe", str(later), "--folder", str(place / "run")])
        assert done.exit_code == 0, done.output
        told = (
            "transfer, seed 42, was trained for hatch, sedan; the recipe has hatch, sedan, truck; to train again"
        )
        assert told in done.stderr
        if words[0] == "evaluate":
            assert "left out 1 photo of classes that the network does not know: truck" in done.stdout
        assert "was trained for" not in run(place, *words)[2]


def test_a_photo_is_no_set_of_labelled_photos(place: Path) -> None:
    photo = place / "other" / "hatch" / "10.jpg"
    code, _, err = run(place, "evaluate", str(photo))
    assert code == 2
    assert (
        f"{photo} is a photo; name the folder that its class folder is in; or to learn what it shows, run" in err
    )
    assert f"`curate predict {photo}" in err


def test_nothing_but_train_is_no_evaluation(place: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(place / "run")
    for photo in dataset.of("train")[:4]:
        target = tmp_path / photo.class_name / f"{photo.key}.jpg"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(dataset.file(photo), target)
    with pytest.raises(GateError, match="no photo is left to measure on: 4 are of train or val, 0 cannot"):
        evaluate.evaluate(place / "run", chosen(place / "run"), tmp_path)
    shutil.rmtree(tmp_path / "hatch")
    shutil.rmtree(tmp_path / "sedan")
    (tmp_path / "hatch").mkdir()
    (tmp_path / "hatch" / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(GateError, match="0 are of train or val, 1 cannot be read"):
        evaluate.evaluate(place / "run", chosen(place / "run"), tmp_path)


def test_the_command_writes_a_page_with_the_mistakes(place: Path) -> None:
    code, out, err = run(place, "evaluate", str(place / "other"), "--json")
    assert code == 0, err
    data = json.loads(out)
    page = Path(data["page"]).read_text()
    assert data["photos"] == HERE
    assert page.count("<figure>") == min(evaluate.SHOWN, len(data["mistakes"])) > 0
    assert "data:image/png" in page
    assert "<script" not in page


def test_a_folder_and_a_csv_of_one_name_have_a_page_each(place: Path) -> None:
    rows = "".join(f"other/{name}/{n:02d}.jpg,{name}\n" for n, name in enumerate(CLASSES))
    (place / "other.csv").write_text("path,label\n" + rows)
    pages = [
        json.loads(run(place, "evaluate", str(place / name), "--json")[1])["page"]
        for name in ("other", "other.csv")
    ]
    assert [Path(page).name for page in pages] == ["other.html", "other.csv.html"]


def test_predict_names_the_class_and_the_photo_that_cannot_be_read(place: Path, tmp_path: Path) -> None:
    photo, broken = place / "other" / "hatch" / "10.jpg", tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:300])
    absent = tmp_path / "absent.jpg"
    code, out, err = run(place, "predict", str(photo), str(broken), str(absent))
    assert code == 6
    first, second, third = out.splitlines()
    assert first.startswith(f"{photo}: ")
    assert first.endswith("%")
    assert second == f"{broken}: cannot be read: the image's data ends too early"
    assert third.startswith(f"{absent}: cannot be read: ")
    assert "2 of 3 photos cannot be read" in err


def test_predict_as_json_sums_to_one_and_is_what_the_network_says(place: Path) -> None:
    photo = place / "other" / "hatch" / "10.jpg"
    code, out, err = run(place, "predict", str(photo), "--json", "--variant", "transfer")
    assert code == 0, err
    (row,) = json.loads(out)
    assert sum(row["probabilities"].values()) == pytest.approx(1)
    assert row["probability"] == max(row["probabilities"].values()) == row["probabilities"][row["class_name"]]
    code, again, _ = run(place, "predict", str(photo), "--json", "--model", str(chosen(place / "run")))
    assert json.loads(again) == [row]


def test_predicting_and_evaluating_load_no_torch(place: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from curate.audit import evaluate;"
        "from curate.train.predict import chosen;"
        f"folder = Path({str(place / 'run')!r}); evaluate.evaluate(folder, chosen(folder), folder);"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_a_variant_that_was_not_trained_is_named(place: Path) -> None:
    code, _, err = run(place, "predict", str(place / "other" / "hatch" / "10.jpg"), "--variant", "base")
    assert code == 6
    assert (
        "no network of the variant base was trained, only transfer; run `curate train-baseline --variant base"
        in err
    )
