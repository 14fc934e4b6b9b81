"""Photos that one has, in place of fetch."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from curate.core import executors, manifest
from curate.core.errors import DeniedError, GateError, Run, To, TryLaterError, UsageError
from curate.core.recipe import Photos, Politeness, Source
from curate.core.schemas import FetchRow, photo_key
from curate.demo.site import serve
from curate.fetch import import_stage
from curate.fetch import stage as fetch
from curate.fetch.download import Outcome
from curate.fetch.journal import Journal
from curate.fetch.known import Only
from curate.fetch.sources.tree import LocalPhoto
from curate.photos import store
from tests import faults, importing, wording
from tests.fetch.small_site import CLASSES, jpeg, listings, politeness, source
from tests.wording import explained, refused


def tree(root: Path) -> Path:
    """2 classes with 3 photos each, the last of which is cut."""
    for c, class_name in enumerate(CLASSES):
        (root / class_name).mkdir(parents=True)
        for n in range(3):
            data = jpeg(3 * c + n)
            (root / class_name / f"{n}.jpg").write_bytes(data[:-200] if n == 2 else data)
    return root


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_tree_becomes_a_manifest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    rows = importing.run(out, tree(tmp_path / "in"), CLASSES)
    assert manifest.funnel_line(out, "fetch") == "import: 6 in, 4 kept, 2 decode_truncated"
    assert manifest.read_sidecar(out, "fetch")["notes"]["imported"] is True
    assert manifest.read(out, FetchRow) == rows
    row = next(row for row in rows if row.image_url == "swift/1.jpg")
    assert row.key == photo_key("import", "swift/1.jpg", "swift/1.jpg")
    assert row.listing_id == "swift/1.jpg"  # each photo is a listing of its own
    assert (row.class_name, row.width, row.height) == ("swift", 128, 96)
    assert (out / row.path).read_bytes() == jpeg(1)


def test_m12_importing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    importing.run(out, source, CLASSES)
    before = files(out)
    importing.run(out, source, CLASSES)
    assert files(out) == before
    missing, cut = sorted(out.glob("images/*/*"))[:2]
    missing.unlink()
    cut.write_bytes(b"cut")
    importing.run(out, source, CLASSES)
    assert files(out) == before


def test_what_only_a_site_can_do_is_refused_for_a_folder(tmp_path: Path) -> None:
    config = Source(path=str(tree(tmp_path / "in")), class_names=CLASSES)
    with pytest.raises(UsageError, match="--refresh, --max-new: only for a site"):
        fetch.run(tmp_path / "out", config, refresh=True, only=Only(most_new=0))
    assert not (tmp_path / "out").exists()
    assert fetch.run(tmp_path / "out", config)


def test_what_is_passed_over_is_told_as_it_is_now(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    for name in ("a.txt", "b.txt"):
        (source / name).touch()
        importing.run(out, source, CLASSES)
        said = manifest.read_sidecar(out, "fetch")["notes"]["summary"]
        assert said == [f"passed over '{name}': not in a class folder"]
        (source / name).unlink()


def test_an_import_that_only_adds_goes_on(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    importing.run(out, source, CLASSES)
    (source / "wagonr/9.jpg").write_bytes(jpeg(9))
    (source / "swift/1.jpg").rename(source / "wagonr/1b.jpg")  # the same photo, of another class
    rows = importing.run(out, source, CLASSES)
    assert {row.sha256 for row in rows if row.keep} == {Path(path).stem for path in store.paths(out)}
    assert sum(row.keep for row in rows) == 5


def drop_and_change(source: Path) -> None:
    """Of 4 photos kept, one is gone and one is another."""
    (source / "wagonr/0.jpg").unlink()
    (source / "swift/0.jpg").write_bytes(jpeg(99))


def test_an_import_that_would_delete_photos_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "my out"
    importing.run(out, source, CLASSES)
    before = files(out)
    drop_and_change(source)
    with pytest.raises(UsageError, match=f"is without 2 photos of {out}, e.g. (swift|wagonr)/0.jpg") as caught:
        importing.run(out, source, CLASSES)
    assert To("delete them", Run("import", (str(source), "--replace"))) in caught.value.remedies
    assert To("keep both apart", Run("import", (str(source),), folder="FOLDER")) in caught.value.remedies
    assert files(out) == before


def test_with_replace_the_photos_of_the_import_before_go(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    importing.run(out, source, CLASSES)
    drop_and_change(source)
    rows = importing.run(out, source, CLASSES, replace=True)
    assert len(rows) == 5
    assert sorted(path.read_bytes() for path in out.glob("images/*/*")) == sorted(jpeg(n) for n in (99, 1, 4))
    assert importing.run(out, source, CLASSES) == rows  # from now on without a word


def test_a_fetch_that_got_nothing_is_no_obstacle(tmp_path: Path) -> None:
    deny = faults.ok(b"User-agent: *\nDisallow: /", "text/plain")
    with faults.serve({"/robots.txt": deny}) as server, pytest.raises(DeniedError):
        fetch.run(tmp_path / "out", source(server.url("")))
    assert (tmp_path / "out/fetch.journal").exists()
    importing.run(tmp_path / "out", tree(tmp_path / "in"), CLASSES)
    assert not (tmp_path / "out/fetch.journal").exists()


def test_a_journal_does_not_hide_photos_whose_manifest_is_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    importing.run(out, tree(tmp_path / "in"), CLASSES)
    (out / "fetch.csv").unlink()
    with Journal(out / "fetch.journal", {"pages": "0 import another.csv", "replaces": ""}):
        pass
    (tmp_path / "other/swift").mkdir(parents=True)
    (tmp_path / "other/swift/8.jpg").write_bytes(jpeg(8))
    with pytest.raises(UsageError, match="without 4 photos"):
        importing.run(out, tmp_path / "other", ("swift",))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda out: (out / "fetch.csv").write_bytes(b"\xff"), id="not UTF-8"),
        pytest.param(lambda out: (out / "fetch.csv").write_text("key\n"), id="edited"),
        pytest.param(lambda out: (out / "fetch.csv").unlink(), id="deleted"),
        pytest.param(lambda out: (out / "fetch.json").unlink(), id="died before the sidecar"),
        pytest.param(lambda out: (out / "fetch.json").write_text("{"), id="sidecar cut"),
    ],
)
def test_when_the_manifest_cannot_be_read_every_stored_photo_counts(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    rows = importing.run(out, source, CLASSES)
    kept = (source / "swift/0.jpg").read_bytes()
    (source / "swift/0.jpg").unlink()
    damage(out)
    before = files(out)
    with pytest.raises(UsageError, match=r"without 1 photo of .*/out, e\.g\. (images/.*|swift/0\.jpg), which"):
        importing.run(out, source, CLASSES)
    assert files(out) == before
    (source / "swift/0.jpg").write_bytes(kept)
    assert importing.run(out, source, CLASSES) == rows == manifest.read(out, FetchRow)


def test_photos_of_an_import_that_died_are_not_asked_about(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with faults.serve({f"/{n}.jpg": faults.ok(jpeg(n)) for n in (1, 2, 3)}) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))

        def run(*numbers: int) -> list[FetchRow]:
            lines = ["class_name,url", *(f"swift,{server.url(f'/{n}.jpg')}" for n in numbers)]
            (tmp_path / "photos.csv").write_text("\n".join(lines))
            return importing.run(out, tmp_path / "photos.csv", CLASSES, politeness=polite)

        for first in ((), (1,)):
            if first:
                run(1)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(manifest, "write", lambda *_: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    run(*first, 2, 3)
            assert len(store.paths(out)) == 2 + len(first)
            assert len(run(*first, 3)) == 1 + len(first)
            for path in files(out):
                (out / path).unlink()


def test_a_source_called_like_an_option_is_suggested_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    importing.run(Path("out"), tree(Path("-x")), CLASSES)
    drop_and_change(Path("-x"))
    with refused(UsageError, match=r"`curate import \./-x --replace`"):
        importing.run(Path("out"), Path("-x"), CLASSES)


def test_photos_that_are_already_gone_cannot_be_deleted(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in"), tmp_path / "out"
    rows = importing.run(out, source, CLASSES)
    paths = {row.image_url: out / row.path for row in rows}
    paths["swift/0.jpg"].unlink()
    paths["swift/1.jpg"].unlink()
    paths["wagonr/0.jpg"].write_bytes(b"cut")
    (source / "swift/0.jpg").unlink()
    (source / "wagonr/0.jpg").unlink()
    assert sum(row.keep for row in importing.run(out, source, CLASSES)) == 2
    assert store.paths(out) == {row.path for row in rows if row.image_url in ("swift/1.jpg", "wagonr/1.jpg")}
    (said,) = manifest.read_sidecar(out, "fetch")["notes"]["summary"]
    assert said.startswith("2 photos of the import before are lost, neither whole in ")
    assert said.endswith(("e.g. swift/0.jpg: left out", "e.g. wagonr/0.jpg: left out"))


def test_workers_change_no_byte(tmp_path: Path) -> None:
    source = tree(tmp_path / "in")
    importing.run(tmp_path / "1", source, CLASSES)
    with executors.local(2, chunk_size=2) as map_fn:
        importing.run(tmp_path / "2", source, CLASSES, map_fn)
    assert (tmp_path / "1/fetch.csv").read_bytes() == (tmp_path / "2/fetch.csv").read_bytes()


def test_i19_what_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    swift = tmp_path / "in/swift"
    swift.mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    (swift / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (swift / "device.jpg").symlink_to("/dev/zero")
    (swift / "dangling.jpg").symlink_to("absent.jpg")
    (swift / "folder.jpg").mkdir()
    os.mkfifo(swift / "fifo.jpg")
    (swift / "notes.doc").write_text("no photo")
    (swift / "empty.jpg").touch()
    (swift / "inside.jpg").symlink_to("good.jpg")
    (swift / "good.jpg").write_bytes(jpeg(1))
    rows = importing.run(tmp_path / "out", tmp_path / "in", CLASSES)
    reasons = {row.image_url.removeprefix("swift/"): row.reason for row in rows}
    assert reasons == {
        "link.jpg": "link", "device.jpg": "link", "dangling.jpg": "link",
        "folder.jpg": "unreadable", "fifo.jpg": "unreadable", "notes.doc": "not_an_image", "empty.jpg": "empty",
        "inside.jpg": "", "good.jpg": "",
    }  # fmt: skip
    remark, absent = manifest.read_sidecar(tmp_path / "out", "fetch")["notes"]["summary"]
    assert absent == "no photo of wagonr, which the recipe names; clean needs some"
    assert remark == (
        "3 files are links, e.g. swift/dangling.jpg, and only links to files inside the folder are followed: "
        "copy the file itself"
    )


def test_i16_the_size_of_what_is_refused_for_it_is_in_its_row(tmp_path: Path) -> None:
    swift = tmp_path / "in/swift"
    swift.mkdir(parents=True)
    (swift / "good.jpg").write_bytes(jpeg(1))
    (swift / "cut.jpg").write_bytes(jpeg(1)[:-200])
    Image.new("RGB", (60, 45), "red").save(swift / "icon.png")
    Image.new("RGB", (640, 480), "red").save(swift / "blank.jpg")
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn
    Image.new("RGB", (1200, 100), "red").save(swift / "strip.jpg", exif=turned)
    Image.linear_gradient("L").resize((2000, 1500)).save(swift / "huge.png")
    rows = importing.run(tmp_path / "out", tmp_path / "in", CLASSES, photos=Photos(max_megapixels=2))
    assert {row.image_url[6:]: (row.reason, row.width, row.height) for row in rows} == {
        "good.jpg": ("", 128, 96),
        "cut.jpg": ("decode_truncated", 0, 0),
        "icon.png": ("too_small", 60, 45),
        "blank.jpg": ("blank", 640, 480),
        "strip.jpg": ("aspect", 100, 1200),
        "huge.png": ("too_many_pixels", 2000, 1500),
    }
    icon = next(row for row in rows if row.image_url == "swift/icon.png")
    said = explained(tmp_path / "out", icon.key)
    assert "  size     60×45 px" in said
    assert (
        said[-1] == "fetch: rejected, too_small: 60×45 px, its longer side is under the recipe's photos.min_side"
    )


def test_i20_odd_names_come_back_from_the_manifest(tmp_path: Path) -> None:
    swift = tmp_path / "in/swift"
    swift.mkdir(parents=True)
    odd = [
        "=1+1.jpg",
        "new\nline.jpg",
        "a,\"b'.jpg",
        "CON.jpg",
        "A.jpg",
        "a.jpg",
        "caf\u00e9.jpg",
        "cafe\u0301.jpg",
        "\r.jpg",
    ]
    odd.append(b"\xff.jpg".decode("utf-8", "surrogateescape"))
    for number, name in enumerate(odd):
        (swift / name).write_bytes(jpeg(number))
    rows = importing.run(tmp_path / "out", tmp_path / "in", CLASSES)
    assert len(rows) == len(odd) and all(row.keep for row in rows)
    assert manifest.read(tmp_path / "out", FetchRow) == rows
    assert all(Path(row.path).stem == row.sha256 for row in rows)


def test_a_csv_of_paths_with_listings(tmp_path: Path) -> None:
    tree(tmp_path)
    text = (
        "class_name,path,listing_id,year\nswift,swift/1.jpg,7,2016\nswift,swift/0.jpg,7,2016\nwagonr,../x.jpg,8,\n"
        "wagonr,wagonr/0.jpg,8,\n"
    )
    (tmp_path / "photos.csv").write_text(text)
    rows = importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES)
    assert {(row.listing_id, row.position, row.image_url, row.year, row.reason) for row in rows} == {
        ("7", 0, "swift/1.jpg", 2016, ""),
        ("7", 1, "swift/0.jpg", 2016, ""),
        ("8", 0, "../x.jpg", None, "unreadable"),
        ("8", 1, "wagonr/0.jpg", None, ""),
    }  # fmt: skip


def test_a_csv_of_urls_is_fetched_and_resumed(tmp_path: Path) -> None:
    later = faults.status(503, {"Retry-After": "9999"})
    routes: dict[str, faults.Fault | list[faults.Fault]]
    routes = {"/1.jpg": faults.ok(jpeg(1)), "/2.jpg": [later, faults.ok(jpeg(2))], "/3.jpg": faults.status(404)}
    with faults.serve(routes) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))
        lines = ["class_name,url", *(f"swift,{server.url(f'/{n}.jpg')}" for n in (1, 3, 2))]
        (tmp_path / "photos.csv").write_text("\n".join(lines))
        with pytest.raises(TryLaterError, match="1 photo has to wait"):
            importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite)
        assert not (tmp_path / "out/fetch.csv").exists()
        (tmp_path / "out/hosts.json").unlink()  # time passes
        rows = importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite)
        assert importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite) == rows
        assert (Counter(server.paths())["/1.jpg"], Counter(server.paths())["/2.jpg"]) == (1, 2)
    assert Counter(row.reason for row in rows) == {"": 2, "gone": 1}
    assert not (tmp_path / "out/fetch.journal").exists()


def test_urls_are_not_fetched_for_an_import_that_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with faults.serve({f"/{n}.jpg": faults.ok(jpeg(n)) for n in (1, 2, 3)}) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))

        def run(*numbers: int, replace: bool = False) -> list[FetchRow]:
            lines = ["class_name,url", *(f"swift,{server.url(f'/{n}.jpg')}" for n in numbers)]
            (tmp_path / "photos.csv").write_text("\n".join(lines))
            return importing.run(out, tmp_path / "photos.csv", CLASSES, politeness=polite, replace=replace)

        run(1, 2)
        before, asked = files(out), server.paths()
        with pytest.raises(UsageError, match=r"without 1 photo of .*/out, e.g. http://.*/1.jpg"):
            run(2, 3)
        assert (files(out), server.paths()) == (before, asked)
        assert len(run(2, 3, replace=True)) == 2
        assert len(run(1, 2, 3)) == 3


@pytest.mark.parametrize("damage", [lambda _: None, lambda csv: csv.write_text("?")], ids=["whole", "CSV damaged"])
def test_a_csv_of_paths_and_urls_is_imported_again_without_a_word(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    tree(tmp_path)
    with faults.serve({"/7.jpg": faults.ok(jpeg(7))}) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))
        lines = f"class_name,path,url\nswift,swift/1.jpg,\nwagonr,,{server.url('/7.jpg')}\n"
        (tmp_path / "photos.csv").write_text(lines)
        rows = importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite)
        damage(tmp_path / "out/fetch.csv")
        assert importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite) == rows


@pytest.mark.parametrize("journaled", [False, True])
def test_an_address_that_gives_another_photo_now_is_noticed_and_undone(tmp_path: Path, journaled: bool) -> None:
    out = tmp_path / "out"
    with faults.serve({"/1.jpg": [faults.ok(jpeg(1)), faults.ok(jpeg(2))]}) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))
        (tmp_path / "photos.csv").write_text(f"class_name,url\nswift,{server.url('/1.jpg')}\n")
        importing.run(out, tmp_path / "photos.csv", CLASSES, politeness=polite)
        (out / "fetch.json").unlink()  # or it would not be fetched again
        if journaled:
            with Journal(out / "fetch.journal", {"pages": "0 import another.csv"}):
                pass
        before = files(out)
        with pytest.raises(UsageError, match=r"without 1 photo of .*/out, e.g. http://.*/1.jpg"):
            importing.run(out, tmp_path / "photos.csv", CLASSES, politeness=polite)
    assert files(out) == before


def test_a_class_without_a_photo_is_not_published(tmp_path: Path) -> None:
    swift = tree(tmp_path / "in") / "swift"
    for n in range(2):
        (swift / f"{n}.jpg").write_text("no photo")
    with pytest.raises(GateError, match=r"no photo of swift was kept: 2 of 3 photos were refused as not_an_image"):
        importing.run(tmp_path / "out", tmp_path / "in", CLASSES)
    assert not files(tmp_path / "out")


def test_what_was_downloaded_stays_for_the_next_try_when_the_photos_are_no_good(tmp_path: Path) -> None:
    routes: dict[str, faults.Fault | list[faults.Fault]]
    routes = {"/1.jpg": faults.ok(jpeg(1)), "/2.jpg": [faults.status(404), faults.status(404), faults.ok(jpeg(2))]}
    with faults.serve(routes) as server:
        polite = Politeness.model_validate(politeness(server.host_port, workers=1))
        urls = f"swift,{server.url('/1.jpg')}\nwagonr,{server.url('/2.jpg')}\n"
        (tmp_path / "photos.csv").write_text(f"class_name,url\n{urls}")
        with pytest.raises(GateError, match="no photo of wagonr was kept"):
            importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite)
        assert len(importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES, politeness=polite)) == 2
        assert Counter(server.paths())["/1.jpg"] == 1


def test_photos_from_a_site_are_not_imported_over(tmp_path: Path) -> None:
    photos, out = tree(tmp_path / "in"), tmp_path / "out"
    with serve(listings(1, 2)) as site:
        config = source(site.url)
        fetch.run(out, config)
    before = files(out)
    for replace in (False, True):
        with refused(UsageError, match=f"fetched from a site.* `curate import {photos} --folder FOLDER`"):
            importing.run(out, photos, CLASSES, replace=replace)
    for name in ("fetch.json", "fetch.csv"):
        (out / name).write_bytes(b"{")
        with pytest.raises(UsageError, match="fetched from a site"):
            importing.run(out, photos, CLASSES, replace=True)
        (out / name).write_bytes(before[name])
    assert files(out) == before


def test_a_fetch_that_was_interrupted_is_not_imported_over(tmp_path: Path) -> None:
    photos, out = tree(tmp_path / "in"), tmp_path / "out"
    with serve(listings(1, 2)) as site, pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fetch.run(out, source(site.url))
    before = files(out)
    assert "fetch.journal" in before
    with wording.refused(UsageError, match="--folder FOLDER"):
        importing.run(out, photos, CLASSES)
    assert files(out) == before


def test_a_public_url_without_a_contact_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("class_name,url\nswift,http://93.184.215.14/1.jpg\n")
    with pytest.raises(UsageError, match="contact"):
        importing.run(tmp_path / "out", tmp_path / "photos.csv", CLASSES)


def test_decide_with_literals() -> None:
    items = [LocalPhoto("swift", "b.jpg"), LocalPhoto("swift", "a.jpg", None, listing_id="7", title="T")]
    rows = import_stage.decide(items, [Outcome(reason="unreadable"), Outcome("images/a", "a", 1, 2, 3)])
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    assert {(row.listing_id, row.title, row.keep, row.bytes) for row in rows} == {
        ("b.jpg", "", False, 0), ("7", "T", True, 1),
    }  # fmt: skip
