"""Each export is read back by the library it is for."""

import csv
import dataclasses
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from curate.core import manifest
from curate.core.errors import UsageError
from curate.core.release import Export, Rights
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.dataset import Dataset
from curate.export import folders as folders_format
from curate.export import kaggle, run
from curate.export.photos import Options
from curate.export.run import FORMATS
from curate.photos import store
from tests import folders
from tests.export import painted_dataset
from tests.export.painted_dataset import RECIPE, dataset_folder, export, tree
from tests.export.readers import read


def index(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "photos.csv").read_text(encoding="utf-8").splitlines()))


SPLIT_OF = {"train": "train", "validation": "val", "test": "test"}


def dataset() -> Dataset:
    return Dataset.open(dataset_folder())


def expected() -> dict[str, list[tuple[str, str]]]:
    """Key and class of each photo by split."""
    return {
        split: [(photo.key, photo.class_name) for photo in dataset().of(split)]
        for split in ("train", "val", "test")
    }


def test_torchvision_reads_folders(tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    export("folders", tmp_path / "out")
    for split, photos in expected().items():
        found = ImageFolder(str(tmp_path / "out" / split))
        assert found.classes == list(folders.CLASSES)
        assert sorted((Path(path).stem, found.classes[label]) for path, label in found.samples) == photos
        assert found[0][0].size[0] > 0


def test_photos_that_imagefolder_leaves_out_are_named_with_the_way_round(tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    folder = folders.build_folder(tmp_path / "run", "clean", n=20, rejected=0)
    photos = manifest.read(folder, FetchRow)
    buffer = io.BytesIO()
    Image.open(folder / photos[0].path).save(buffer, "GIF")
    path, sha256 = store.put(folder, buffer.getvalue(), "gif")
    photos[0] = dataclasses.replace(photos[0], path=path, sha256=sha256, bytes=len(buffer.getvalue()))
    folders.publish(folder, "fetch", photos)
    folders.publish(folder, "dedup", [folders.dedup_row(photo) for photo in photos])
    folders.publish(folder, "clean", [folders.clean_row(photo) for photo in photos])
    folders.publish(folder, "split", [folders.split_row(photo, "train") for photo in photos])
    for name, options, number in (("plain", Options(), 19), ("jpeg", Options(jpeg=True), 20)):
        said = run.export(folder, RECIPE, "folders", tmp_path / name, options, map)
        assert len(ImageFolder(str(tmp_path / name / "train"))) == number
        card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
        for text in (card, "\n".join(said)):
            assert ("ImageFolder leaves out 1 photo (1 .gif), without a word" in text) == (name == "plain")
        assert ("An export with `--format jpeg` is read whole." in card) == (name == "plain")
        assert f"{tmp_path / name / 'README.md'} says how to load them" in said[0]


def test_the_endings_that_imagefolder_takes_are_its_own() -> None:
    from torchvision.datasets.folder import IMG_EXTENSIONS

    stored = {"avif", "bmp", "gif", "heif", "jpg", "png", "tif", "webp"}
    assert folders_format.READS["ImageFolder"] == {one for one in stored if f".{one}" in IMG_EXTENSIONS}


@pytest.mark.parametrize("format", ["folders", "kaggle"])
def test_folders_hold_the_original_bytes_as_links(format: str, tmp_path: Path) -> None:
    export(format, tmp_path)
    for photo in dataset().photos:
        suffix = Path(photo.path).suffix
        file = tmp_path / photo.split / photo.class_name / f"{photo.key}{suffix}"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == photo.sha256
        assert file.stat().st_nlink > 1 or file.stat().st_ino != dataset().file(photo).stat().st_ino


def test_photos_csv_names_each_photo(tmp_path: Path) -> None:
    export("folders", tmp_path)
    rows = index(tmp_path)
    assert [(r["key"], r["class_name"], r["split"], r["sha256"], r["listing_id"], r["title"]) for r in rows] == [
        (p.key, p.class_name, p.split, p.sha256, p.listing_id, p.title) for p in dataset().photos
    ]
    assert all((tmp_path / row["path"]).is_file() for row in rows)


def test_datasets_reads_the_image_folder(tmp_path: Path) -> None:
    export("huggingface", tmp_path / "out")
    script = (
        "import datasets, json; d = datasets.load_dataset('../out', cache_dir='../cache');"
        "print(json.dumps({s: [[r['key'], r['label'], r['image'].size[0]] for r in d[s]] for s in d}))"
    )
    found = read("datasets", script, tmp_path / "out")
    assert {SPLIT_OF[s]: [(key, label) for key, label, _ in rows] for s, rows in found.items()} == expected()
    assert all(width > 0 for rows in found.values() for _, _, width in rows)


def test_datasets_reads_parquet_with_classes_and_images(tmp_path: Path) -> None:
    export("parquet", tmp_path / "out")
    script = (
        "import datasets, json; d = datasets.load_dataset('../out', cache_dir='../cache');"
        "f = d['train'].features; n = f['label'].names; assert type(f['image']).__name__ == 'Image';"
        "print(json.dumps({s: [[r['key'], n[r['label']], r['image'].size[0]] for r in d[s]] for s in d}))"
    )
    found = read("datasets", script, tmp_path / "out")
    assert {SPLIT_OF[s]: [(key, label) for key, label, _ in rows] for s, rows in found.items()} == expected()


def test_pyarrow_reads_parquet_in_small_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed: pip install 'curate-photos[export]'"
    )
    monkeypatch.setattr("curate.export.parquet.ROW_GROUP", 5)
    export("parquet", tmp_path)
    file = parquet.ParquetFile(tmp_path / "data" / "train-00000-of-00001.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [5, 5, 2]
    rows = file.read().to_pylist()
    assert [row["key"] for row in rows] == [photo.key for photo in dataset().of("train")]
    assert [hashlib.sha256(row["image"]["bytes"]).hexdigest() for row in rows] == [row["sha256"] for row in rows]
    features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert features["label"] == {"_type": "ClassLabel", "names": list(folders.CLASSES)}


def test_webdataset_reads_the_tars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.export.webdataset.SHARD_FILES", 5)
    export("webdataset", tmp_path / "out")
    script = (
        "import glob, json, webdataset as wds\n"
        "found = {}\n"
        "for split in ('train', 'val', 'test'):\n"
        "    shards = sorted(glob.glob(split + '-*.tar'))\n"
        "    read = wds.WebDataset(shards, shardshuffle=False).decode('pil')\n"
        "    found[split] = [[s['__key__'], s['cls'], s['json']['class_name'],\n"
        "        [s[e].size[0] for e in ('jpg', 'png') if e in s]] for s in read]\n"
        "print(json.dumps(found))\n"
    )
    found = read("webdataset", script, tmp_path / "out")
    assert {s: [(key, name) for key, _, name, _ in rows] for s, rows in found.items()} == expected()
    assert all(folders.CLASSES[label] == name for rows in found.values() for _, label, name, _ in rows)
    assert len(list((tmp_path / "out").glob("train-*.tar"))) == 3
    loading = (tmp_path / "out" / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    shown = read("webdataset", f"{loading}print(len([image.size for image, _ in train]))", tmp_path / "out")
    assert shown == 12, "of any kind of file"


def test_mlcroissant_validates_and_loads(tmp_path: Path) -> None:
    export("croissant", tmp_path / "out")
    script = (
        "import json, mlcroissant as mlc\n"
        "d = mlc.Dataset('croissant.json')\n"
        "issues = d.metadata.ctx.issues\n"
        "assert not issues.errors and not issues.warnings, issues.report()\n"
        "text = lambda v: v.decode() if isinstance(v, bytes) else v\n"
        "rows = [{k: text(v) for k, v in r.items() if k != 'photos/image'} | {'size': r['photos/image'].size}\n"
        "    for r in d.records('photos')]\n"
        "classes = [[text(r['classes/name']), r['classes/label']] for r in d.records('classes')]\n"
        "print(json.dumps([rows, classes]))\n"
    )
    rows, classes = read("mlcroissant", script, tmp_path / "out")
    assert sorted((r["photos/split"], r["photos/key"], r["photos/class_name"]) for r in rows) == sorted(
        (split, *photo) for split, photos in expected().items() for photo in photos
    )
    assert classes == [["hatch", 0], ["sedan", 1]]
    assert all(row["size"][0] > 0 for row in rows)


def test_croissant_says_how_the_dataset_was_made(tmp_path: Path) -> None:
    export("croissant", tmp_path)
    metadata = json.loads((tmp_path / "croissant.json").read_bytes())
    for entry in metadata["distribution"]:
        if entry["@type"] == "cr:FileObject":
            assert entry["sha256"] == hashlib.sha256((tmp_path / entry["contentUrl"]).read_bytes()).hexdigest()
    made = metadata["prov:wasGeneratedBy"]
    assert [activity["prov:label"] for activity in made] == ["fetch", "dedup", "clean", "split"]
    made_by = {activity["prov:generated"]["@id"] for activity in made}
    used = [each for activity in made for each in activity["prov:used"]]
    files = {name for stage in STAGES.values() for name in stage.inputs if name not in STAGES}
    assert {each["@id"] for each in used} - made_by <= {f"entity/{name}/absent" for name in files}
    split = hashlib.sha256((dataset_folder() / "split.csv").read_bytes()).hexdigest()
    assert made[-1]["prov:generated"]["prov:value"] == split


@pytest.mark.parametrize(
    "title",
    [
        "",
        "abc",
        "Painted cars",
        "汽车",
        "A very long title of a dataset of cars that nobody would ever read to its end",
    ],
)
def test_kaggle_metadata_is_within_its_lengths(title: str, tmp_path: Path) -> None:
    """The limits that the site's own documentation names."""
    recipe = RECIPE.model_copy(update={"export": Export(title=title, owner="somebody")})
    export("kaggle", tmp_path, recipe=recipe)
    metadata = json.loads((tmp_path / "dataset-metadata.json").read_bytes())
    owner, _, slug = metadata["id"].partition("/")
    assert owner == "somebody" and 3 <= len(slug) <= 50
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert 6 <= len(metadata["title"]) <= 50 and 20 <= len(metadata["subtitle"]) <= 80
    assert metadata["licenses"] == [{"name": "CC0-1.0"}]
    (resource,) = metadata["resources"]
    header = (tmp_path / resource["path"]).read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == [field["name"] for field in resource["schema"]["fields"]]


@pytest.mark.parametrize(
    ("spdx", "name"),
    [
        ("", "unknown"),
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
        ("GPL-2.0-only", "GPL-2.0"),
        ("PDDL-1.0", "PDDL"),
        ("Apache-2.0", "apache-2.0"),
        ("https://example.org/terms", "other"),
    ],
)
def test_kaggle_gets_its_own_name_of_a_licence(spdx: str, name: str) -> None:
    assert kaggle.license_name(spdx) == name


def test_kaggle_needs_an_account_before_it_writes(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"export": Export()})
    with pytest.raises(UsageError, match="needs the name of your account there"):
        export("kaggle", tmp_path / "out", recipe=recipe)
    assert not (tmp_path / "out").exists()


def test_csv_urls_holds_addresses_and_no_pixels(tmp_path: Path) -> None:
    export("csv-urls", tmp_path)
    assert set(tree(tmp_path)) == {"photos.csv", "README.md", ".curate-export.json"}
    rows = index(tmp_path)
    assert [(r["key"], r["url"], r["sha256"], r["class_name"], r["split"]) for r in rows] == [
        (p.key, p.image_url, p.sha256, p.class_name, p.split) for p in dataset().photos
    ]


def test_csv_urls_refuses_photos_from_files(tmp_path: Path) -> None:
    from curate.export.photos import Options
    from curate.export.run import export as run_export

    folder = folders.build_folder(tmp_path / "m", "split", n=20)
    with pytest.raises(UsageError, match=r"20 of 20 photos came from files, without a URL, e\.g\. "):
        run_export(folder, RECIPE, "csv-urls", tmp_path / "out", Options(), map)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_has_the_same_bytes_twice(format: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow") if format == "parquet" else None
    export(format, tmp_path / "a")
    export(format, tmp_path / "b")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert "README.md" in tree(tmp_path / "a")


def test_the_card_says_in_its_first_line_on_what_ground_photos_are_given(tmp_path: Path) -> None:
    export("folders", tmp_path / "a")
    first, *_ = (tmp_path / "a" / "README.md").read_text(encoding="utf-8").splitlines()
    assert first == "The photos are given on because: They are painted."
    recipe = painted_dataset.RECIPE.model_copy(update={"rights": Rights()})
    said = export("folders", tmp_path / "b", recipe=recipe)
    first, *_ = (tmp_path / "b" / "README.md").read_text(encoding="utf-8").splitlines()
    assert first.startswith("**No ground is known")
    assert "set rights.ground in the recipe" in said[-1]


def test_the_card_counts_what_the_manifests_say(tmp_path: Path) -> None:
    export("folders", tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| clean | 22 | 20 | 2 |" in text
    assert "`clean` rejected 9.1% of the distinct photos (95% interval 2.5% to 27.8%)" in text
    assert "- 2 `not_car`" in text
    assert "- Class names are the sellers' own.\n" in text, "nobody corrected one"
    assert "- Ground: They are painted.\n" in text
    assert "Not checked, because the split stage noted no leakage check." in text
    assert "| Delhi | 10 | 10 |" in text
    assert "Faces are as they were uploaded." in text and "Photos may carry EXIF data" in text
