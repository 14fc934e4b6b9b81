"""A verdict repeats what clean decided, judges what is new, and is the same whoever asks."""

import dataclasses
import io
import json
import shutil
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from curate.check import check, files, learnt
from curate.check.check import BATCH, Checker, Upload
from curate.check.thresholds import NEVER, Thresholds
from curate.cli.app import app
from curate.core import executors, manifest
from curate.core.errors import ResourceError, StateError, UsageError
from curate.core.intervals import Estimate
from curate.core.recipe import Dedup
from curate.core.schemas import CleanRow, FetchRow
from tests import folders
from tests.check.conftest import KEPT, RECIPE, written
from tests.scenes import jpeg, scene


def test_a_photo_of_the_collection_gets_what_clean_decided(folder: Path, checker: Checker) -> None:
    photos = {row.key: row for row in manifest.read(folder, FetchRow)}
    for row in manifest.read(folder, CleanRow):
        data = (folder / row.path).read_bytes()
        (found,) = checker.check([data], listing_id=photos[row.key].listing_id)
        wanted = "unsure" if row.borderline else "ok" if row.keep else "flag"
        assert (found.verdict, found.known) == (wanted, row.key)
        doubt = "another_class" if row.likely_class else "borderline"
        assert found.reasons == ((row.reason,) if row.reason else (doubt,) if row.borderline else ())


def test_a_new_photo_is_judged(checker: Checker) -> None:
    car, other = checker.check([folders.paint("sedan", 500), jpeg(scene(500))])
    assert car.verdict != "flag" and car.usable is not None and car.usable > 0.5
    assert other.verdict != "ok" and other.reasons == ("not_car",)
    assert other.usable is not None and other.usable < 0.5
    assert car.known == "" and car.duplicate is None and len(car.nearest) == 3
    assert all(-1 <= similarity <= 1.0001 for _, similarity in car.nearest)
    assert sum(car.classes.values()) == pytest.approx(1, abs=1e-3)


def test_an_uploaded_duplicate_names_the_photo_that_is_there(folder: Path, checker: Checker) -> None:
    row = manifest.read(folder, CleanRow)[30]
    data = (folder / row.path).read_bytes()
    assert checker.check([data])[0].reasons == ("duplicate", "not_car")
    with Image.open(io.BytesIO(data)) as image:
        smaller = jpeg(image.resize((240, 165)), 70)
    (found,) = checker.check([smaller])
    assert found.verdict == "flag" and found.duplicate is not None
    assert (found.duplicate.key, found.duplicate.exact) == (row.key, False)


def test_the_named_class_is_compared(folder: Path, checker: Checker) -> None:
    photos = manifest.read(folder, FetchRow)
    data = (folder / photos[2].path).read_bytes()
    for name in ("sedan", "SEDAN", " Sedan "):  # as the recipe would read it
        (found,) = checker.check([data], class_name=name, listing_id=photos[2].listing_id)
        assert (found.verdict, found.reasons) == ("unsure", ("another_class",))
    for name in ("boat", "..."):
        with pytest.raises(UsageError, match=f"class '{name}': the recipe has hatch, sedan"):
            checker.check([data], class_name=name)


@pytest.mark.parametrize(
    ("first", "reason", "rejected"), [(KEPT + 9, "not_car", 3), (KEPT, "blurred", 0), (KEPT, "", 0)], ids=str
)
def test_nothing_is_ok_where_nothing_was_learnt_about_bad_photos(
    folder: Path, checker: Checker, tmp_path: Path, first: int, reason: str, rejected: int
) -> None:
    """Three rejected photos, or blurred ones alone, teach nothing of what else a photo may show."""
    own, new, other = tmp_path / "own", tmp_path / "new.jpg", tmp_path / "other.jpg"
    shutil.copytree(folder, own, ignore=shutil.ignore_patterns(learnt.NAME))
    rows = manifest.read(own, CleanRow)
    kept = [
        dataclasses.replace(row, keep=n < first or not reason, reason=reason if n >= first else "")
        for n, row in enumerate(rows)
    ]
    folders.publish(own, "clean", kept)
    new.write_bytes(folders.paint("sedan", 500))
    other.write_bytes(jpeg(scene(500)))
    words = ["check", "--recipe", str(written(tmp_path)), "--folder", str(own)]
    run = CliRunner().invoke(app, [*words, "--json", "--quiet", str(new), str(other), str(own / rows[0].path)])
    said = [(each["verdict"], each["reasons"], each["usable"]) for each in json.loads(run.stdout)]
    assert said[:2] == [("unsure", ["nothing_learnt"], None)] * 2
    assert said[2] == ("flag", ["duplicate"], None)  # its listing is not named
    why = f"clean rejected {rejected} for what they show, and fewer than 8 are too few; no new photo is called ok"
    assert (
        f"warning: nothing was learnt about bad photos: {why}; to let it learn, run `curate review" in run.stderr
    )
    assert (
        f"{new}: unsure: nothing was learnt about bad photos; "
        in CliRunner().invoke(app, [*words, str(new)]).stdout
    )


def test_where_no_threshold_for_ok_is_known_that_is_the_reason(checker: Checker) -> None:
    car, other = folders.paint("sedan", 500), jpeg(scene(500))
    strict = dataclasses.replace(checker, thresholds=Thresholds(0.0, NEVER))
    assert [found.reasons for found in strict.check([car, other])] == [("no_threshold",), ("not_car",)]
    (note,) = strict.warnings()
    assert note.text.startswith("no new photo is called ok: no threshold reaches precision 0.98 by what clean")
    able = dataclasses.replace(checker, thresholds=Thresholds(0.6, 0.7, oks=Estimate(0.99, 0.985, 1.0)))
    assert able.warnings() == [] and able.check([car])[0].verdict == "ok"


def test_the_command_takes_a_class_as_the_recipe_would(folder: Path, checker: Checker, tmp_path: Path) -> None:
    row = manifest.read(folder, FetchRow)[1]
    words = ["check", "--recipe", str(written(tmp_path)), "--folder", str(folder), "--listing", row.listing_id]
    run = CliRunner().invoke(app, [*words, str(folder / row.path), "--class", "Sedan"])
    assert run.exit_code == 0 and ": ok; " in run.stdout
    run = CliRunner().invoke(app, [*words, str(folder / row.path), "--class", ""])
    assert (run.exit_code, run.output) == (2, "curate: --class is empty: leave it out where it is not known\n")


def test_reasons_are_words_for_people(folder: Path, checker: Checker, tmp_path: Path) -> None:
    """The recipe's own sentence, as `explain` shows it, and not the name that it has in the manifests."""
    own, new = tmp_path / "own", tmp_path / "new.jpg"
    shutil.copytree(folder, own)
    new.write_bytes(jpeg(scene(500)))
    sidecar = manifest.sidecar_path(own, "clean")
    noted = json.loads(sidecar.read_text())
    noted["notes"]["reasons"]["not_car"] = "nothing in it looks like a car"
    sidecar.write_text(json.dumps(noted))
    words = ["check", "--recipe", str(written(tmp_path)), "--folder", str(own), "--precision", "0.99"]
    run = CliRunner().invoke(app, [*words, str(new)])
    assert f"{new}: unsure: perhaps nothing in it looks like a car; " in run.stdout and "not_car" not in run.stdout


def test_what_is_no_photo_or_of_poor_quality_is_flagged(checker: Checker) -> None:
    with Image.open(io.BytesIO(folders.paint("hatch", 600, 480, 360))) as image:
        blurred = jpeg(image.filter(ImageFilter.GaussianBlur(25)))
    verdicts = checker.check([b"<html>", folders.paint("hatch", 601)[:900], blurred])
    assert [found.verdict for found in verdicts] == ["flag"] * 3
    assert [found.reasons for found in verdicts[:2]] == [("not_an_image",), ("decode_truncated",)]
    assert verdicts[2].reasons[-1] == "blurred"


def test_other_photos_of_the_listing_count(checker: Checker) -> None:
    photo = folders.paint("hatch", 700)
    alone = checker.check([photo])[0].classes
    beside = checker.check([photo], listing_photos=[folders.paint("sedan", n) for n in (701, 702, 703)])[0].classes
    assert beside["sedan"] > alone["sedan"]


def test_the_command_says_the_same_and_a_flag_exits_with_3(folder: Path, checker: Checker, tmp_path: Path) -> None:
    recipe = written(tmp_path)
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    photos = manifest.read(folder, FetchRow)
    good.write_bytes((folder / photos[0].path).read_bytes())
    bad.write_bytes((folder / photos[30].path).read_bytes())
    words = ["check", "--recipe", str(recipe), "--folder", str(folder), "--listing"]
    run = CliRunner().invoke(app, [*words, photos[0].listing_id, str(good)])
    assert run.exit_code == 0 and f"{good}: ok" in run.output
    run = CliRunner().invoke(app, [*words, photos[0].listing_id, "--json", str(good), str(bad)])
    assert run.exit_code == 3
    said = json.loads(run.stdout)
    asked = checker.check([good.read_bytes(), bad.read_bytes()], listing_id=photos[0].listing_id)
    for one, other in zip(said, asked, strict=True):
        assert one == {"photo": one["photo"]} | json.loads(json.dumps(other.as_json()))


def test_it_says_which_photos_are_gone_that_uploads_are_compared_with(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    photos = manifest.read(own, FetchRow)
    seen = tmp_path / "seen.jpg"
    seen.write_bytes((own / photos[4].path).read_bytes())
    recipe = written(tmp_path)
    words = ["check", "--recipe", str(recipe), "--folder", str(own), "--quiet", str(seen)]
    assert "missing" not in CliRunner().invoke(app, words).output
    (own / photos[3].path).unlink()
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 3
    assert f"warning: 1 photo file is missing, e.g. {photos[3].path}: a duplicate of such a photo" in run.output
    assert "`curate fetch --refresh" in run.output


def test_the_second_check_reads_what_the_first_learnt(folder: Path, checker: Checker) -> None:
    asked = [folders.paint("sedan", 500), jpeg(scene(500))]
    said: list[str] = []
    again = Checker.open(folder, RECIPE, precision=0.6, say=said.append)
    assert said == [] and again.check(asked) == checker.check(asked) and again.thresholds == checker.thresholds
    cache = folder / learnt.NAME
    whole = cache.read_bytes()
    assert b"pickle" not in whole
    for damaged in (whole[:-100], whole[:-1] + bytes([whole[-1] ^ 1]), b"", b"{}\n" + whole.partition(b"\n")[2]):
        cache.write_bytes(damaged)
        learnt.open_or_learn(folder, checker.scorer, said.append)
        assert len(said) == 2 and cache.read_bytes() == whole
        said.clear()


def test_where_the_cache_cannot_be_written_it_says_so_and_lets_go_of_it(
    folder: Path, checker: Checker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A buffer that an error still holds ends Python 3.12.1 where garbage is collected, and 3.13 complains."""
    own = tmp_path / "own"
    shutil.copytree(folder, own, ignore=shutil.ignore_patterns(learnt.NAME))
    (own / learnt.NAME).mkdir()  # so nothing can take its place
    said: list[str] = []
    learnt.open_or_learn(own, checker.scorer, said.append)
    noted = [each for record in caplog.records for each in record.args or ()]
    (error,) = [each for each in noted if isinstance(each, ResourceError)]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    (buffer,) = [value for each in frames for value in each.f_locals.values() if isinstance(value, io.BytesIO)]
    buffer.close()  # BufferError while it is lent
    recipe = written(tmp_path)
    photo = own / manifest.read(own, FetchRow)[0].path
    run = CliRunner().invoke(app, ["check", "--recipe", str(recipe), "--folder", str(own), str(photo)])
    assert run.stderr.count(f"warning: cannot write {own / learnt.NAME}: ") == 1, run.stderr
    assert "; the next check learns again" in run.stderr


def test_what_was_learnt_of_other_manifests_is_not_believed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    rows = manifest.read(folder, CleanRow)
    folders.publish(tmp_path / "other", "clean", [dataclasses.replace(rows[0], borderline=True), *rows[1:]])
    said: list[str] = []
    found = Checker.open(tmp_path / "other", RECIPE, say=said.append)
    assert said[0].startswith("check learns from") and found.decided[rows[0].key].doubt
    (tmp_path / "other" / "clean.csv").write_bytes((folder / "clean.csv").read_bytes())
    with pytest.raises(StateError, match="was changed after it was written"):
        Checker.open(tmp_path / "other", RECIPE)


def test_many_uploads_at_once_get_the_verdicts_of_each_alone(folder: Path, checker: Checker) -> None:
    rows = manifest.read(folder, FetchRow)
    uploads = [Upload((folder / row.path).read_bytes(), "hatch", row.listing_id) for row in rows]
    uploads += [
        Upload(folders.paint("sedan", 500), "sedan", "", (folders.paint("sedan", 501),)),
        Upload(b"<html>"),
    ]
    with ThreadPoolExecutor(4) as pool:
        together = checker.check_all(uploads, pool.map)
    alone = [checker.check([u.data], u.class_name, u.listing_id, u.listing_photos)[0] for u in uploads[::7]]
    assert together[::7] == alone


def uploaded(folder: Path, into: Path) -> list[Path]:
    """Files that are new, that are in the collection, smaller ones of it, and one that is no photo."""
    into.mkdir()
    files = [folders.paint("sedan", 500), jpeg(scene(500)), b"<html>"]
    for row in manifest.read(folder, FetchRow)[::6]:
        files.append((folder / row.path).read_bytes())
        with Image.open(io.BytesIO(files[-1])) as image:
            files.append(jpeg(image.resize((240, 165)), 70))
    paths = [into / f"{number}.jpg" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths


def test_processes_give_the_verdicts_of_one(folder: Path, checker: Checker, tmp_path: Path) -> None:
    paths = uploaded(folder, tmp_path / "new")
    beside = [folders.paint("sedan", 501), b"<html>"]
    alone = checker.check([path.read_bytes() for path in paths], "hatch", "L1", beside)
    assert {found.verdict for found in alone} == {"flag", "unsure"}
    assert any(found.duplicate and not found.duplicate.exact for found in alone)
    with executors.local(2) as map_fn:
        assert list(checker.check_files(paths, "hatch", "L1", beside, map_fn)) == alone


def test_a_batch_reads_few_photos_ahead(folder: Path, checker: Checker) -> None:
    opened = 0

    def names() -> Iterator[Path]:
        nonlocal opened
        for row in manifest.read(folder, FetchRow) * 10:
            opened += 1
            yield folder / row.path

    assert next(checker.check_files(names())).known
    assert opened <= 2 * BATCH


def test_a_missing_file_and_one_that_is_no_image_stop_no_other(
    folder: Path, checker: Checker, tmp_path: Path
) -> None:
    recipe = written(tmp_path)
    notes, absent, small = (tmp_path / name for name in ("n.txt", "absent.jpg", "s.jpg"))
    notes.write_text("no photo")
    small.write_bytes(folders.paint("sedan", 500, 50, 40))
    row = manifest.read(folder, FetchRow)[0]
    good = folder / row.path
    words = ["check", "--recipe", str(recipe), "--folder", str(folder), "--listing", row.listing_id]
    run = CliRunner().invoke(app, [*words, *map(str, (good, absent, small, notes))])
    first, second, *others = run.stdout.splitlines()
    assert first == f"{absent}: not checked: No such file or directory"
    assert second == f"{notes}: flag: the bytes are not an image (often an HTML page)"
    assert [line.partition(";")[0] for line in others] == [
        f"{good}: ok",
        f"{small}: flag: 50×40 px: its longer side is under 79 pixels, or what clean.quality.odd_size says",
    ]
    assert run.stderr.splitlines()[-1] == "curate: 1 of 4 files could not be opened and was not checked"
    assert run.exit_code == 6
    run = CliRunner().invoke(app, [*words, "--json", *map(str, (good, absent, notes))])
    said = json.loads(run.stdout)
    assert [(each["photo"], each["verdict"]) for each in said] == [
        (str(good), "ok"),
        (str(absent), "unreadable"),
        (str(notes), "flag"),
    ]
    assert said[0].keys() == said[1].keys() and said[1]["detail"] == "No such file or directory"


def test_what_is_no_image_is_said_before_anything_is_learnt(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other", ignore=shutil.ignore_patterns(learnt.NAME))
    recipe, notes = written(tmp_path), tmp_path / "notes.txt"
    notes.write_text("no photo")
    words = ["check", "--recipe", str(recipe), "--folder", str(tmp_path / "other")]
    run = CliRunner().invoke(app, [*words, str(notes), "--class", "boat"])
    assert (run.exit_code, run.output) == (2, "curate: class 'boat': the recipe has hatch, sedan\n")
    run = CliRunner().invoke(app, [*words, str(notes)])
    assert (run.exit_code, run.output.count("\n")) == (3, 1)
    assert not (tmp_path / "other" / learnt.NAME).exists()


def test_a_file_that_goes_away_meanwhile_gets_an_answer(checker: Checker, tmp_path: Path) -> None:
    (found,) = checker.check_files([tmp_path / "absent.jpg"])
    assert (found.verdict, found.reasons) == ("unreadable", ("unreadable",))
    said = f"it is a folder; name the photos in it, as {tmp_path}/* does"
    assert files.look(tmp_path) == files.Refused("unreadable", said)
    with pytest.raises(UsageError, match=r"absent\.jpg: No such file"):
        files.required(tmp_path / "absent.jpg")


def test_a_crop_is_found_by_the_photo_that_is_most_alike(
    folder: Path, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = manifest.read(folder, FetchRow)[KEPT + 3]
    with Image.open(folder / row.path) as image:
        width, height = image.size
        cut = jpeg(image.crop((width // 8, height // 8, width - width // 8, height - height // 8)), 90)
    thorough = dataclasses.replace(checker, recipe=RECIPE.model_copy(update={"dedup": Dedup()}))
    (found,) = thorough.check([cut])
    assert found.duplicate and (found.duplicate.key, found.duplicate.exact) == (row.key, False)
    assert thorough.check([cut], listing_id=row.listing_id)[0].duplicate is None
    monkeypatch.setattr(check, "ALIKE", 1.01)  # its hash alone is too far apart
    assert thorough.check([cut])[0].duplicate is None
