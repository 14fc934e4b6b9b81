"""Folder trees and CSVs."""

import os
from pathlib import Path

import pytest

from curate.core.errors import Run, To, UsageError
from curate.fetch.sources.local import read
from curate.fetch.sources.tree import LocalPhoto, Offered
from tests.wording import refused

CLASSES = ("swift", "wagon_r")


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(offered: Offered) -> list[tuple[str, str]]:
    return [(item.class_name, item.name) for item in offered.items]


def test_a_folder_per_class(tmp_path: Path) -> None:
    touch(tmp_path, "swift/b.jpg", "swift/a.jpg", "Wagon R/deep/er/c.jpg", "swift/.DS_Store", "swift/Thumbs.db")
    assert names(read(tmp_path, CLASSES)) == [
        ("wagon_r", "Wagon R/deep/er/c.jpg"),
        ("swift", "swift/a.jpg"),
        ("swift", "swift/b.jpg"),
    ]


def test_splits_with_a_folder_per_class(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "train/swift/1.jpg",
        "Validation/swift/2.jpg",
        "val/wagon_r/3.jpg",
        "test/swift/4.jpg",
        "README.md",
    )
    offered = read(tmp_path, CLASSES)
    assert sorted(names(offered), key=lambda item: item[1].lower()) == [
        ("swift", "test/swift/4.jpg"),
        ("swift", "train/swift/1.jpg"),
        ("wagon_r", "val/wagon_r/3.jpg"),
        ("swift", "Validation/swift/2.jpg"),
    ]
    assert offered.remarks == ("passed over 'README.md': not in a class folder",)


def test_d08_spellings_of_one_class_are_joined_and_reported(tmp_path: Path) -> None:
    touch(tmp_path, "Wagon R/1.jpg", "wagon-r/2.jpg", " Swift /3.jpg")
    offered = read(tmp_path, CLASSES)
    assert {item.class_name for item in offered.items} == set(CLASSES)
    assert offered.remarks == ("folders Wagon R, wagon-r are one class: wagon_r",)


def test_an_unknown_class_names_the_known_ones(tmp_path: Path) -> None:
    touch(tmp_path, "swift/1.jpg", "dzire/2.jpg")
    with pytest.raises(UsageError, match=r"'dzire' is no class of the recipe; its classes are swift, wagon_r"):
        read(tmp_path, CLASSES)


@pytest.mark.parametrize(("name", "meant"), [("Wagon", "wagonr"), ("wagon-r", "wagonr"), ("Swifts", "swift")])
def test_a_folder_called_nearly_like_a_class_is_asked_about(tmp_path: Path, name: str, meant: str) -> None:
    touch(tmp_path, f"{name}/1.jpg")
    with refused(UsageError, match=f"'{name}' is no class of the recipe, did you mean {meant}[?] its classes are"):
        read(tmp_path, ("swift", "wagonr"))


@pytest.mark.parametrize("name", ["???", b"\xff".decode("utf-8", "surrogateescape")])
def test_i20_a_class_folder_without_letters(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}/1.jpg")
    with pytest.raises(UsageError, match="is no class of the recipe"):
        read(tmp_path, CLASSES)


def test_nothing_to_import(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no photos; expected a folder for each of swift, wagon_r"):
        read(tmp_path, CLASSES)
    with pytest.raises(UsageError, match="there is no such file or folder"):
        read(tmp_path / "absent", CLASSES)


def test_i19_links_that_lead_out_have_no_file(tmp_path: Path) -> None:
    touch(tmp_path, "tree/swift/1.jpg", "outside/secret.jpg")
    swift = tmp_path / "tree/swift"
    (swift / "2.jpg").symlink_to("1.jpg")
    (swift / "3.jpg").symlink_to(tmp_path / "outside/secret.jpg")
    (swift / "4").symlink_to(tmp_path / "outside")
    (swift / "5.jpg").symlink_to("5.jpg")
    (swift / "6.jpg").mkdir()
    os.mkfifo(swift / "7.jpg")
    found = {item.name: item.file for item in read(tmp_path / "tree", CLASSES).items}
    assert found == {
        "swift/1.jpg": (swift / "1.jpg").resolve(),
        "swift/2.jpg": (swift / "1.jpg").resolve(),
        "swift/3.jpg": None,
        "swift/4": None,
        "swift/5.jpg": None,
        "swift/6.jpg": (swift / "6.jpg").resolve(),  # a folder, a FIFO: reading them is refused
        "swift/7.jpg": (swift / "7.jpg").resolve(),
    }
    offered = read(tmp_path / "tree", CLASSES)
    assert [item.name for item in offered.items if item.is_link] == ["swift/3.jpg", "swift/4", "swift/5.jpg"]
    assert offered.remarks[-1].startswith("3 files are links, e.g. swift/3.jpg, and only links to files inside")


def test_i19_a_class_folder_that_is_a_link_is_said_to_be_one(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/1.jpg")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/swift").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        UsageError, match=r"no photos; .* passed over 'swift': a link to a folder, which is not foll"
    ):
        read(tmp_path / "tree", CLASSES)


@pytest.mark.parametrize(
    ("there", "named", "above"),
    [
        ("photos/swift/1.jpg", "photos/swift", "photos"),
        ("photos/swift/front/1.jpg", "photos/swift", "photos"),
        ("my photos/Wagon R/1.jpg", "my photos/Wagon R", "'my photos'"),
        ("photos/train/swift/1.jpg", "photos/train/swift", "photos"),
    ],
)
def test_one_level_too_deep_names_the_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, named: str, above: str
) -> None:
    touch(tmp_path, there)
    monkeypatch.chdir(tmp_path)
    with refused(UsageError, match=f"{named} looks like .* one class; .* run `curate import {above}`"):
        read(Path(named), CLASSES)


def test_from_inside_a_class_folder_the_folder_above_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "swift/1.jpg")
    monkeypatch.chdir(tmp_path / "swift")
    with refused(UsageError, match=f"run `curate import {tmp_path}`"):
        read(Path(), CLASSES)


def test_a_data_set_called_like_a_class_is_not_taken_for_one(tmp_path: Path) -> None:
    touch(tmp_path, "swift/swift/1.jpg", "swift/misc/2.jpg")
    with refused(UsageError, match=r"'misc' is no class of .*; rename it, move it away, or add the class$"):
        read(tmp_path / "swift", CLASSES)


@pytest.mark.parametrize("above", ["-x", "-x y"])
def test_a_folder_called_like_an_option_is_suggested_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str
) -> None:
    touch(tmp_path, f"{above}/swift/1.jpg")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        read(Path(above, "swift"), CLASSES)
    (remedy,) = caught.value.remedies
    assert isinstance(remedy, To) and remedy.steps == (Run("import", (f"./{above}",)),)


@pytest.mark.parametrize("name", ["photos", "photos.csv"])
def test_a_source_whose_name_is_no_utf8_is_refused(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "odd/photos/swift/1.jpg")
    (tmp_path / "odd/photos.csv").write_text("class_name,path\nswift,photos/swift/1.jpg\n")
    odd = (tmp_path / "odd").rename(tmp_path / b"\xff".decode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"/\\xff/photos.*: this name is not UTF-8, which .* rename it$"):
        read(odd / name, CLASSES)


def test_photos_that_lie_in_no_class_folder_are_said_to(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    with pytest.raises(UsageError, match=r"in it; passed over '1.jpg': not in a class folder$"):
        read(tmp_path, CLASSES)


def test_photos_beside_a_csv_that_labels_them_are_imported_by_it(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "metadata.csv")
    with refused(UsageError, match=r"to take the photos that a CSV names, run `curate import .*/metadata\.csv`$"):
        read(tmp_path, CLASSES)


def test_i20_odd_names_are_data(tmp_path: Path) -> None:
    odd = [
        "new\nline.jpg",
        "caf\u00e9.jpg",
        "cafe\u0301.jpg",
        "A.jpg",
        "a.jpg",
        "back\\slash.jpg",
        "'=1.jpg",
        "x" * 250,
    ]
    odd.append(b"\xff\xfe.jpg".decode("utf-8", "surrogateescape"))
    touch_all = [tmp_path / "swift" / name for name in odd]
    (tmp_path / "swift").mkdir()
    for path in touch_all:
        path.write_bytes(b"x")
    offered = read(tmp_path, CLASSES)
    found = {item.name for item in offered.items}
    assert len(found) == len(odd)
    assert {"swift/\\xff\\xfe.jpg", "swift/back\\\\slash.jpg", "swift/new\nline.jpg"} <= found
    for name in found:
        name.encode("utf-8")


# --- CSV ----------------------------------------------------------------------------------------------------


def csv(folder: Path, text: str | bytes) -> Path:
    path = folder / "photos.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_csv_with_everything(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg")
    text = (
        "\ufeffclass_name,path,url,listing_id,title,region,city,year,price,split\r\n"
        'Swift,a/1.jpg,,7,"=1, ""mint""",MH,Pune,2016,345000.5,validation\r\n'
        "wagon r,,HTTPS://Cars.Example:443/2.jpg,,,,,,,\r\n"
    )
    assert read(csv(tmp_path, text), CLASSES).items == (
        LocalPhoto(
            "swift", "a/1.jpg", (tmp_path / "a/1.jpg").resolve(), False, "7", '=1, "mint"', "MH",
            "Pune", 2016, 345000.5, split="val",
        ),
        LocalPhoto("wagon_r", "https://cars.example/2.jpg", None, True),
    )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "\0.jpg", "C:\\cars\\1.jpg", f"{'a' * 5000}.jpg"],
)
def test_i19_a_path_that_leads_out_of_the_csvs_folder_or_can_be_none_has_no_file(
    tmp_path: Path, path: str
) -> None:
    touch(tmp_path, "in/1.jpg", "secret.jpg")
    offered = read(csv(tmp_path / "in", f"class_name,path\nswift,1.jpg\nswift,{path}\n"), CLASSES)
    assert [item.file for item in offered.items] == [(tmp_path / "in/1.jpg").resolve(), None]
    assert len(offered.remarks) == (not path.startswith(("\0", "aaa")))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../images/1.jpg", r"1 of 1 paths lead out of .*labels.*; move the CSV to .*, and write 'images/1.jpg'"),
        ("/nowhere/1.jpg", "lead out of .*, e.g. '/nowhere/1.jpg'; put the photos into the folder of the CSV"),
        ("/content/cars/2.jpg", "lead out of .*; write paths that start at .*labels, .*: 'cars/2.jpg'"),
        (
            "C:\\me\\cars\\2.jpg",
            "are those of a Windows computer, e.g. 'C:/me/cars/2.jpg'; write .*: 'cars/2.jpg'",
        ),
    ],
)
def test_a_csv_whose_paths_all_lead_elsewhere_is_told_what_to_write(
    tmp_path: Path, path: str, message: str
) -> None:
    touch(tmp_path, "images/1.jpg", "labels/cars/2.jpg")
    with refused(UsageError, match=message):
        read(csv(tmp_path / "labels", f"class_name,path\nswift,{path}\n"), CLASSES)


def test_i19_a_csv_path_through_a_link_that_leads_out_is_one(tmp_path: Path) -> None:
    touch(tmp_path, "outside/1.jpg", "in/2.jpg")
    (tmp_path / "in/linked").symlink_to(tmp_path / "outside")
    lines = "class_name,path\nswift,linked/1.jpg\nswift,../outside/1.jpg\nswift,2.jpg\nswift,3.jpg\n"
    offered = read(csv(tmp_path / "in", lines), CLASSES)
    assert [(item.file is None, item.is_link) for item in offered.items] == [
        *((True, True), (True, False), (False, False), (False, False))
    ]
    assert offered.remarks[0].startswith("1 of 4 paths lead out of")
    assert offered.remarks[1].startswith("linked/1.jpg is a link, and only links to files inside")


@pytest.mark.parametrize("again", ["1.jpg", "./1.jpg", ".//1.jpg"])
def test_a_row_twice_counts_once(tmp_path: Path, again: str) -> None:
    touch(tmp_path, "1.jpg")
    offered = read(csv(tmp_path, f"class_name,path\nswift,1.jpg\nswift,{again}\n"), CLASSES)
    assert (len(offered.items), offered.remarks) == (
        1,
        ("not counted again: 1 row repeats a photo of the listing",),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\n1.jpg\n", "needs the columns class_name and path or url; has path"),
        ("class_name\nswift\n", "needs the columns"),
        ("", "needs the columns"),
        ("class_name,path\n", "no rows"),
        ("class_name,path\nswift\n", "row 2: more or fewer cells"),
        ("class_name,path\nswift,1.jpg,x\n", "row 2: more or fewer cells"),
        ("class_name,path\nswift,1.jpg\ndzire,2.jpg\n", "row 3: 'dzire' is no class"),
        (
            "class_name,path\ntruck,1.jpg\nswift\nswift,3.jpg\n",
            "row 2: 'truck' is no class .*; row 3: more or fewer",
        ),
        ("class_name,path,url\nswift,,\n", "row 2: give either a path or a url"),
        ("class_name,path,url\nswift,1.jpg,https://a.example/\n", "row 2: give either a path or a url"),
        ("class_name,url\nswift,ftp://a.example/1.jpg\n", "row 2, column url: .*not an http"),
        ("class_name,path\nswift,1.jpg\nwagon r,1.jpg\n", "rows 2 and 3: 1.jpg is both swift and wagon_r"),
        ('class_name,path\nswift,"1.jpg\n', "line"),
        (b"class_name,path\nswift,\x81.jpg\n", r"no CSV, or not in UTF-8 \(byte 22\)"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", r"no CSV, or not in UTF-8 \(byte 0\)"),
        (b"\xff\xfec\x00l", r"no CSV, or not in UTF-8 \(byte 4\)"),
    ],
)
def test_a_wrong_csv_is_told_by_row_and_column(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(csv(tmp_path, text), CLASSES)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("filename,label\na/1.jpg,swift\n", id="Kaggle"),
        pytest.param(",class_name,path\n0,swift,a/1.jpg\n", id="pandas index"),
        pytest.param("class_name,path,fuel\nswift,a/1.jpg,petrol\n", id="extra column"),
        pytest.param("class_name;path\r\nswift;a/1.jpg\r\n", id="semicolons"),
        pytest.param("sep=;\r\nclass_name;path\r\nswift;a/1.jpg\r\n", id="sep"),
        pytest.param("class_name\tpath\nswift\ta/1.jpg\n".encode("utf-16"), id="UTF-16 and tabs"),
        pytest.param("class_name,path\n Swift ,a\\1.jpg\n\n", id="backslashes and an empty line"),
        pytest.param("File_Name,Label\na/1.jpg,swift\n", id="capitals"),
    ],
)
def test_a_csv_as_people_have_it(tmp_path: Path, data: str | bytes) -> None:
    touch(tmp_path, "a/1.jpg")
    (item,) = read(csv(tmp_path, data), CLASSES).items
    assert (item.class_name, item.name, item.file) == ("swift", "a/1.jpg", (tmp_path / "a/1.jpg").resolve())


def test_a_csv_without_a_file_says_what_its_paths_lack(tmp_path: Path) -> None:
    touch(tmp_path, "images/000b.jpg")
    with refused(UsageError, match=r"none of its 2 files, e\.g\. 'images/000b'; write 'images/000b\.jpg'"):
        read(csv(tmp_path, "id,path,label\n1,images/000b,swift\n2,images/000c,swift\n"), CLASSES)
    with refused(UsageError, match=r"none of its 1 files, e\.g\. '000b\.jpg'; write paths that start at "):
        read(csv(tmp_path, "path,label\n000b.jpg,swift\n"), CLASSES)


def test_a_parquet_file_may_hold_the_photos(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with refused(UsageError, match="import does not read; put each photo into a folder.*; or save it as a CSV"):
        read(tmp_path / "x.parquet", CLASSES)


@pytest.mark.parametrize("name", ["metadata.jsonl", "labels.XLSX"])
def test_a_table_that_is_no_csv_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b'{"file_name": "1.jpg", "label": "swift"}\n')
    with refused(UsageError, match="which import does not read; save it as a CSV with the columns path and class"):
        read(tmp_path / name, CLASSES)


def test_windows_1252_is_read_and_remarked(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    data = "class_name,path,city,title\nswift,1.jpg,Bad Köln-Süd,10 €\n".encode("cp1252")
    offered = read(csv(tmp_path, data), CLASSES)
    assert [(item.city, item.title) for item in offered.items] == [("Bad Köln-Süd", "10 €")]
    assert offered.remarks == (
        "it is not in UTF-8 and was read as windows-1252: 'Bad Köln'; save it as UTF-8 if that is wrong",
    )


def test_a_split_of_another_name_is_left_out_and_told(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    rows = "swift,1.jpg,Train\nswift,2.jpg,holdout\nswift,3.jpg,holdout\nswift,4.jpg,valid\nswift,5.jpg,\n"
    offered = read(csv(tmp_path, f"class_name,path,split\n{rows}"), CLASSES)
    assert [item.split for item in offered.items] == ["train", "", "", "val", ""]
    assert offered.remarks == (
        "column split: 'holdout' is none of train, val and test, and is left out (2 times)",
    )


def test_an_optional_cell_that_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    rows = 'swift,1.jpg,N/A,"₹ 3,25,000"\nswift,2.jpg,N/A,inf\nswift,3.jpg,2016.5,5\nswift,4.jpg,2016,\n'
    offered = read(csv(tmp_path, f"class_name,path,year,price\n{rows}"), CLASSES)
    assert [(item.year, item.price) for item in offered.items] == [
        (None, 325_000.0), (None, None), (None, 5.0), (2016, None),
    ]  # fmt: skip
    assert offered.remarks == (
        "column year: 'N/A' cannot be read and is left out (2 times)",
        "column price: 'inf' cannot be read and is left out",
        "column year: '2016.5' cannot be read and is left out",
    )


def test_a_photo_is_neither_folder_nor_csv(tmp_path: Path) -> None:
    photo = tmp_path / "car.JPG"
    photo.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(
        UsageError, match=r"car.JPG: neither a folder nor a CSV; give a folder with a folder per class"
    ):
        read(photo, CLASSES)
