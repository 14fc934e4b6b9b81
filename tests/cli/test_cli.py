"""The command line: help, errors in one line, exit codes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import manifest
from curate.core.errors import EXIT_CODES, CurateError, DeniedError
from curate.core.schemas import DedupRow
from curate.core.section import name_from
from curate.core.stages import STAGES
from curate.demo.site import serve
from curate.pipeline import find_recipe, stages_to_run
from tests import painted_run
from tests.fetch.small_site import jpeg, listings, source
from tests.folders import build_folder

COMMANDS = sorted(
    command.name or getattr(command.callback, "__name__", "").replace("_", "-")
    for group in app.registered_groups
    for command in (group.typer_instance or typer.Typer()).registered_commands
)


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_all_commands_are_there() -> None:
    wanted = "clean dedup demo explain fetch import report run split status train-baseline verify"
    assert set(wanted.split()) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    code, out, _ = invoke(command, "--help")
    assert code == 0
    example = re.search(r"Example: curate (.*)", out)
    assert example
    assert command in example[1].split()
    assert "Options of every command:" in out


def test_exit_codes_are_documented_and_belong_to_the_error_tree() -> None:
    _, out, _ = invoke("--help")
    text = " ".join(out.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in text
    assert {error.exit_code for error in CurateError.__subclasses__()} <= set(EXIT_CODES)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--recipe", "nowhere.yaml", "status"], 2, "nowhere.yaml: no such recipe; curate comes with "),
        (["--recipe", "mine/demo.yaml", "status"], 2, "mine/demo.yaml: no such recipe; curate comes with "),
        (
            ["--recipe", "dmeo", "status"],
            2,
            "dmeo: no such recipe; curate comes with demo, swift_wagonr; your own",
        ),
        (["--recipe", "swift", "run"], 2, "swift: no such recipe; curate comes with swift_wagonr, demo; your own"),
        (["clean", "--threshold", "7"], 2, "--threshold: 7.0 is too large: it must be 1 or less"),
        (["clean", "--scorer", "magic"], 2, "--scorer: 'magic' is not one of 'clip', 'imagenet'"),
        (["split", "--seed", "-1"], 2, "--seed: -1 is too small: it must be 0 or more"),
        (["train-baseline", "--epochs", "0"], 2, "--epochs: 0 is too small: it must be 1 or more"),
        (["dedup", "--max-distance", "99"], 2, "--max-distance: 99 is too large: it must be 12 or less"),
        (["statsu"], 2, "No such command 'statsu'. Did you mean 'status'?"),
        (["explain"], 2, "to see what there is, run `curate explain --help`"),
        (
            ["import", "nowhere"],
            2,
            "nowhere: there is no such file or folder; give a folder with a folder per class",
        ),
        (["fetch"], 2, "source.listings still has the placeholder"),
        (["run"], 2, "source.listings still has the placeholder"),
    ],
)
def test_a_wrong_word_is_one_line_that_says_what_to_do(
    arguments: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    got, out, err = invoke(*arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_the_recipe_does_not_go_with_is_named_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: r\nclasses: [a, b]\ndedup: {max_distance: 8, similar_distance: 8}\n")
    code, _, err = invoke("--recipe", tmp_path / "r.yaml", "dedup", "--max-distance", "10")
    assert (code, err) == (
        2,
        "curate: --max-distance: dedup.similar_distance: 8 is smaller than max_distance, 10\n",
    )


NEEDS_MANIFESTS = [
    *(["verify"], ["explain", "abc"], ["report"], ["sample"], ["calibrate", "sample.csv"]),
    *(["dedup"], ["clean"], ["split"], ["train-baseline"]),
]


@pytest.mark.parametrize("arguments", [["status"], *NEEDS_MANIFESTS], ids=" ".join)
def test_a_mistyped_folder_is_named_with_the_nearest_and_not_made(arguments: list[str], tmp_path: Path) -> None:
    build_folder(tmp_path / "swift", upto="fetch", n=2, rejected=0)
    mistyped = tmp_path / "swfit"
    code, out, err = invoke("--recipe", "demo", "--folder", mistyped, *arguments)
    assert (code, out) == (6, "")
    assert err.startswith(f"curate: {mistyped}: no such folder; did you mean {tmp_path / 'swift'}?")
    assert len(err.splitlines()) == 1
    assert not mistyped.exists()


def test_the_folder_of_another_recipe_is_reached_by_that_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    build_folder(Path("manifests/demo"), upto="fetch", n=2, rejected=0)
    _, _, err = invoke("status")
    assert (
        "wagonr: no such folder; did you mean manifests/demo (its recipe goes with --recipe)?; to make it" in err
    )


@pytest.mark.parametrize("arguments", NEEDS_MANIFESTS, ids=" ".join)
def test_a_folder_without_manifests_is_said_to_be_one_and_left_as_it_is(
    arguments: list[str], tmp_path: Path
) -> None:
    code, out, err = invoke("--recipe", "demo", "--folder", tmp_path, *arguments)
    assert (code, out) == (6, "")
    assert err.startswith(
        f"curate: {tmp_path} holds no manifest; run `curate fetch --recipe demo --folder {tmp_path}`"
    )
    assert list(tmp_path.iterdir()) == []


def test_status_of_a_folder_without_manifests_says_so_and_what_to_run(tmp_path: Path) -> None:
    code, out, _ = invoke("--recipe", "demo", "--folder", tmp_path, "status")
    assert code == 0
    assert out.startswith(f"{tmp_path} holds no manifest yet\nfetch: [missing]\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "code"), [("run", 2), ("clean", 6), ("dedup", 6)])
def test_a_recipe_without_concepts_or_subject_needs_no_more_than_a_source(
    command: str, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nclasses: [a, b]\nclean:\n  threshold: 0.3\n")
    got, _, err = invoke("--recipe", path, "--folder", tmp_path / "run", command)
    assert got == code
    assert (f"{path}:1: source: is absent" in err) == (command == "run")
    assert len(err.splitlines()) == 1
    assert code != 2 or not (tmp_path / "run").exists()


def test_run_until_a_stage_leaves_the_later_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "photos", sedan=range(2), hatch=range(2, 4))
    assert invoke("init", "--photos", "photos")[0] == 0
    code, _, err = invoke("run", "--until", "deduplicate")
    assert (code, Path("manifests").exists()) == (2, False)
    assert "--until deduplicate is no stage; choose one of fetch, dedup, clean, split, train-baseline" in err
    folder = Path("manifests", name_from(tmp_path.name))
    code, out, err = invoke("run", "--until", "dedup")
    assert (code, "train_baseline" in out) == (0, False), err
    assert sorted(path.name for path in folder.glob("*.csv")) == ["dedup.csv", "fetch.csv"]
    assert (folder / "report.html").is_file()
    recipe = find_recipe(Path("curate.yaml"))
    assert recipe.train_baseline.variant == "transfer", "seconds, and no torch"
    assert stages_to_run(recipe, folder, "train_baseline") == stages_to_run(recipe, folder) == list(STAGES)


def test_the_concepts_of_a_noun_are_not_those_of_some_recipe() -> None:
    code, out, _ = invoke("concepts", "--subject", "sofa")
    assert code == 0
    assert "studio couch" in out
    assert "swift" not in out, "the recipe that comes with curate has classes of its own"


@pytest.mark.parametrize("option", [[], ["--refresh"]], ids=["plain", "refresh"])
def test_imported_photos_are_not_fetched_over(option: list[str], tmp_path: Path) -> None:
    painted_run.publish(tmp_path, painted_run.fetch_rows(tmp_path, ""), {"imported": True})
    before = sorted(tmp_path.rglob("*"))
    code, _, err = invoke("--recipe", "demo", "--folder", tmp_path, "fetch", *option)
    assert code == 2
    assert err.startswith(
        f"curate: {tmp_path} holds imported photos; a fetch would delete them; to choose another"
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("option", [[], ["--refresh"]], ids=["plain", "refresh"])
@pytest.mark.parametrize(
    ("damage", "what"),
    [
        pytest.param(lambda out: (out / "fetch.json").unlink(), "imported photos", id="died before the sidecar"),
        pytest.param(lambda out: (out / "fetch.json").write_text("{"), "imported photos", id="sidecar cut"),
        pytest.param(lambda out: (out / "fetch.csv").unlink(), "imported photos", id="no CSV"),
        pytest.param(
            lambda out: [path.unlink() for path in out.glob("fetch.*")],
            "photos, and nothing tells that they were fetched",
            id="neither",
        ),
    ],
)
def test_imported_photos_are_not_fetched_over_whatever_is_left_of_their_manifest(
    damage: Callable[[Path], object], what: str, option: list[str], tmp_path: Path
) -> None:
    source, out = photos(tmp_path / "in", sedan=range(2), hatch=range(2, 4)), tmp_path / "out"
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nclasses: [sedan, hatch]\n"
        "source: {id: s, listings: {sedan: ['http://127.0.0.1:1/'], hatch: ['http://127.0.0.1:1/hatch']}}\n"
    )
    given = ["--recipe", str(tmp_path / "mine.yaml"), "--folder", str(out)]
    assert invoke(*given, "import", source)[0] == 0
    damage(out)
    before = sorted(out.rglob("*"))
    code, _, err = invoke(*given, "fetch", *option)
    assert code == 2
    assert err.startswith(f"curate: {out} holds {what}; a fetch would delete them; to choose another folder, ")
    assert sorted(out.rglob("*")) == before
    assert not (out / "fetch.csv").exists() or "fetch" not in stages_to_run(find_recipe(Path(given[1])), out)
    if what == "imported photos":
        last = invoke(*given, "status")[1].splitlines()[-1]
        assert re.fullmatch(rf"next: run `curate import ({source}|PATH) {' '.join(given)}`", last)


def test_a_fetch_says_how_many_photos_are_no_longer_offered_and_prune_how_many_it_deletes(tmp_path: Path) -> None:
    recipe, out = tmp_path / "r.yaml", tmp_path / "out"
    given = ("--recipe", recipe, "--folder", out, "fetch")
    with serve(listings()) as site:
        for patterns in ({}, {"wagonr": "w0$"}):
            text = source(site.url, listing_url=patterns).model_dump_json()
            recipe.write_text(f"name: r\nclasses: [swift, wagonr]\nsource: {text}\n")
            code, said, _ = invoke(*given)
            assert (code, "no longer offered: 9 photos of 3 listings" in said) == (0, bool(patterns))
            assert "fetch: 24 in, 22 kept" in said
        said = invoke(*given, "--prune")[1]
        assert said.index("deleting 9 photos") < said.index("fetch: 15 in, 13 kept")
        assert "deleted: 9 photos of 3 listings" in said and "no longer offered" not in said
        assert "fetch: 15 in, 13 kept" in invoke(*given)[1]
    assert invoke("--recipe", recipe, "--folder", out, "verify")[0] == 0


def test_a_wrong_import_makes_no_folder(tmp_path: Path) -> None:
    (tmp_path / "photos" / "lorries").mkdir(parents=True)
    (tmp_path / "photos" / "lorries" / "1.jpg").touch()
    code, _, err = invoke("--recipe", "demo", "--folder", tmp_path / "out", "import", tmp_path / "photos")
    assert code == 2
    assert "'lorries' is no class of the recipe" in err
    assert not (tmp_path / "out").exists()


def photos(root: Path, **numbers: range) -> Path:
    """A folder per class with the photos of these numbers."""
    for class_name, each in numbers.items():
        (root / class_name).mkdir(parents=True)
        for number in each:
            (root / class_name / f"{number}.jpg").write_bytes(jpeg(number))
    return root


def test_an_import_after_another_asks_for_replace_and_says_what_it_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nclasses: [sedan, hatch]\n")
    given = ["--recipe", str(tmp_path / "mine.yaml"), "--folder", str(tmp_path / "out")]
    a = photos(tmp_path / "a", sedan=range(3), hatch=range(3, 6))
    b = photos(tmp_path / "b", sedan=range(1, 3), hatch=range(6, 8))
    assert invoke(*given, "import", a)[1].startswith("import: 6 in, 6 kept (")
    manifest_before = (tmp_path / "out/fetch.csv").read_bytes()
    code, out, err = invoke(*given, "import", b)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.match(
        r"curate: this import is without 4 photos of .*/out, e.g. (hatch|sedan)/\d.jpg, which would be deleted; ",
        err,
    )
    assert f"`curate import {b} --replace {' '.join(given)}`" in err
    assert f"`curate import {b} {' '.join(given[:2])} --folder FOLDER`" in err
    assert (tmp_path / "out/fetch.csv").read_bytes() == manifest_before
    assert invoke(*given, "verify")[0] == 0
    code, out, _ = invoke(*given, "import", b, "--replace")
    assert (code, out.splitlines()[1:]) == (0, ["  deleted 4 photos that were there before"])
    assert invoke(*given, "import", b, "--replace")[1].startswith("import: 4 in, 4 kept (")
    (tmp_path / "out/fetch.csv").write_text("?")
    code, out, _ = invoke(*given, "import", b)
    assert (code, len(out.splitlines())) == (0, 1)
    (b / "hatch/7.jpg").unlink()
    _, out, _ = invoke(*given, "import", b, "--replace")
    assert out.splitlines()[1:] == ["  deleted 1 photo that was there before"]


def test_commands_in_messages_repeat_the_options_that_were_given(tmp_path: Path) -> None:
    folder = tmp_path / "my run"
    folder.mkdir()
    given = f" --recipe demo --folder '{folder}'"
    _, out, _ = invoke("--recipe", "demo", "--folder", folder, "status")
    assert (
        out.splitlines()[-1]
        == f"next: run `curate fetch{given}`; or to run all that is left, run `curate run{given}`"
    )
    _, _, err = invoke("--recipe", "demo", "--folder", folder, "dedup")
    assert f"run `curate fetch{given}` or `curate import PATH{given}`" in err
    build_folder(folder)
    _, out, _ = invoke("--folder", folder, "sample", "--out", tmp_path / "my sample.csv", "--count", "5")
    assert (
        out.splitlines()[-1]
        == f"to find the threshold then, run `curate calibrate '{tmp_path}/my sample.csv' --folder '{folder}'`"
    )


def test_a_sample_of_photos_that_are_no_longer_there_is_refused(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run", "clean")
    painted_run.rewrite(folder, "dedup", list(manifest.read(folder, DedupRow)[1:]))  # of another import
    code, _, err = invoke("--folder", folder, "sample", "--out", tmp_path / "sample.csv")
    assert code == 6
    assert "clean.csv was made from another dedup.csv" in err
    assert f"run `curate status --folder {folder}`" in err
    assert not (tmp_path / "sample.csv").exists()


def test_without_a_source_only_import_is_suggested_and_with_the_path_once_it_is_known(tmp_path: Path) -> None:
    recipe, folder, source = (
        tmp_path / "mine.yaml",
        tmp_path / "out",
        photos(tmp_path / "in", a=range(2), b=range(2, 4)),
    )
    recipe.write_text("name: mine\nclasses: [a, b]\n")
    given = ["--recipe", str(recipe), "--folder", str(folder)]
    options = f" {' '.join(given)}`"
    typed, again = f"`curate import PATH{options}", f"`curate import {source}{options}"
    for command in ("status", "verify", "dedup"):
        _, _, err = invoke(*given, command)
        assert err == f"curate: {folder}: no such folder; to make it, run {typed}\n"
    folder.mkdir()
    _, out, _ = invoke(*given, "status")
    assert out.splitlines()[-1] == f"next: run {typed}"
    for command in ("verify", "dedup", "report"):
        _, _, err = invoke(*given, command)
        assert err == f"curate: {folder} holds no manifest; run {typed}\n"
    code, _, err = invoke(*given, "fetch")
    assert (code, err) == (
        2,
        f"curate: {recipe}:1: source: is absent, so nothing can be fetched; "
        f"to use photos that you have, run {typed}\n",
    )
    assert invoke(*given, "import", source)[0] == 0
    assert invoke(*given, "dedup")[0] == 0
    (folder / "fetch.csv").write_text("?")
    _, out, _ = invoke(*given, "status")
    assert out.splitlines()[-1] == f"next: run {again}"
    _, out, _ = invoke(*given, "verify")
    assert f"so it was changed or cut; delete {folder}/fetch.csv and run {again}" in out
    (folder / "fetch.csv").unlink()
    for command in ("dedup", "explain"):
        _, _, err = invoke(*given, command, *(["abc"] if command == "explain" else []))
        assert err == f"curate: {folder}/fetch.csv is not there; run {again}\n"


def fails_with(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "curate: interrupted; run the same command again to go on"),
        (MemoryError(), 7, "curate: out of memory; try fewer --workers"),
        (OSError(28, "No space left on device", "x.csv"), 7, "curate: x.csv: No space left on device"),
        (DeniedError("no"), 4, "curate: no"),
        (ZeroDivisionError("oh"), 1, "curate: a mistake in curate itself, ZeroDivisionError: oh"),
    ],
)
def test_every_failure_is_one_line_and_an_exit_code(
    error: BaseException, code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_folder(tmp_path, upto="fetch", n=2, rejected=0)
    monkeypatch.setattr("curate.inspect.verify.verify", fails_with(error))
    got, out, err = invoke("--folder", tmp_path, "verify")
    assert (got, out) == (code, "")
    assert err.startswith(message)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("typed", ["mine/cars.yml", "mine/cars", "mine/casr.yaml"])
def test_a_mistyped_recipe_is_named_with_the_nearest_beside_it(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/cars.yaml").touch()
    code, _, err = invoke("--recipe", typed, "status")
    assert code == 2
    assert err.startswith(f"curate: {typed}: no such recipe; did you mean mine/cars.yaml? curate comes with ")


def test_version() -> None:
    assert invoke("--version")[1].startswith("curate 0.")
