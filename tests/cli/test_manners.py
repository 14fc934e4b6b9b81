"""How commands behave in a terminal, a pipe, a log and a program."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli import terminal
from curate.cli.app import app
from curate.cli.failures import failure
from curate.core.recipe_file import load
from tests import painted_run
from tests.folders import build_folder, paint
from tests.painted_run import key


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def on_terminal(*arguments: str, env: dict[str, str] | None = None) -> str:
    """What a real process prints to a terminal of 80 columns."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "curate", *arguments]
    process = subprocess.Popen(
        command, stdout=writer, stderr=writer, env=os.environ | {"COLUMNS": "80", "TERM": "xterm"} | (env or {})
    )
    os.close(writer)
    text = b""
    try:
        while more := os.read(reader, 65536):
            text += more
    except OSError:  # the other end is closed
        pass
    os.close(reader)
    assert process.wait() == 0
    return text.decode()


def test_options_work_before_and_after_the_command_and_the_last_wins(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", upto="fetch", n=2, rejected=0)
    before = invoke("--recipe", "demo", "--folder", folder, "status")
    assert before[0] == 0
    assert invoke("status", "--recipe", "demo", "--folder", folder) == before
    assert (
        invoke("--recipe", "nowhere.yaml", "--folder", "x", "status", "--recipe", "demo", "--folder", folder)
        == before
    )


def test_the_recipe_here_is_used_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "manifests/swift_wagonr: no such folder" in invoke("status")[2]
    Path("curate.yaml").write_text("name: here\nclasses: [a, b]\n")
    assert "manifests/here: no such folder" in invoke("status")[2]


@pytest.mark.parametrize(
    ("option", "section", "key", "value"),
    [
        ("--no-thorough", "clean", "thorough", False),
        ("--no-augment", "train_baseline", "augment", False),
        ("--no-batch-norm", "train_baseline", "batch_norm", False),
        ("--exact", "split", "proportional", False),
        ("--proportional", "split", "proportional", True),
    ],
)
def test_what_a_recipe_switches_on_can_be_switched_off(
    option: str, section: str, key: str, value: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "name: m\nclasses: [hatch, sedan]\nclean: {thorough: true, concepts: [{name: car, keep: true}]}\n"
    text += "split: {proportional: true, counts: {train: 4, val: 2, test: 2}}\n"
    text += "train_baseline: {augment: true, batch_norm: true}\n"
    (tmp_path / "m.yaml").write_text(text)
    seen: list[object] = []
    monkeypatch.setattr(
        "curate.cli.stages.run_stages_of",
        lambda ctx, stages, recipe, workers: seen.append(getattr(recipe, section)),
    )
    code, _, err = invoke(section.replace("_", "-"), option, "--recipe", tmp_path / "m.yaml")
    assert (code, err) == (0, "")
    assert getattr(seen[0], key) is value


def test_json_is_all_of_stdout(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run")
    given = ("--recipe", "demo", "--folder", folder, "--json")
    found = json.loads(invoke("status", *given)[1])
    assert {each["stage"]: each["counts"] for each in found["stages"]}["dedup"]["kept"] == 18
    assert any("to review" in note["text"] for note in found["to_decide"])
    photos = json.loads(invoke("explain", key(5), *given)[1])["photos"]
    assert [photo["stages"]["dedup"]["row"]["duplicate_of"] for photo in photos] == [key(4)]
    (folder / "images/x.jpg").write_bytes(b"")
    code, out, err = invoke("verify", *given)
    assert (code, len(json.loads(out)["problems"])) == (6, 1)
    assert "1 problem" in err
    code, out, err = invoke("dedup", *given)
    stage = json.loads(out)["stages"][0]
    assert (code, stage["stage"], stage["rows"]) == (0, "dedup", 22)
    assert "dedup: 22 in" in err
    assert json.loads(invoke("--json", "report", *given)[1])["report"].endswith("report.html")


def test_quiet_leaves_results_and_errors_and_the_log_has_all(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", upto="fetch", n=4, rejected=0)
    given = ("--recipe", "demo", "--folder", folder, "--log-file", tmp_path / "log.txt", "--quiet")
    assert invoke("dedup", *given) == (0, "", "")
    assert "dedup: 4 in" in invoke("status", *given)[1]
    assert invoke("explain", "nothing", *given)[2].startswith("curate: no photo or listing")
    log = (tmp_path / "log.txt").read_text()
    assert "next: run `curate clean" in log and "no photo or listing" in log
    assert invoke("status", "--folder", folder, "--log-file", tmp_path)[0] == 7


def test_a_terminal_has_colour_unless_it_is_not_wanted(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", upto="fetch", n=2, rejected=0)
    given = ("status", "--recipe", "demo", "--folder", str(folder))
    assert "\x1b[" in on_terminal(*given)
    assert "\x1b[" not in on_terminal(*given, env={"NO_COLOR": "1"})
    assert (
        "\x1b["
        not in subprocess.run(
            [sys.executable, "-m", "curate", *given], capture_output=True, text=True, check=True
        ).stdout
    )


def test_foreign_text_cannot_steer_a_terminal_and_passwords_are_masked() -> None:
    assert terminal.printable("a\x1b]0;evil\x07b\x9bc\u202ed\te\n") == "a�]0;evil�b�c�d\te\n"
    assert terminal.printable("at https://me:se@cret@host/x?u=a@b and") == "at https://***@host/x?u=a@b and"
    assert terminal.printable("mail me@host") == "mail me@host"


def test_lack_of_memory_is_told_whichever_library_reports_it() -> None:
    for error in (
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("std::bad_alloc"),
    ):
        said = failure(error)
        assert said is not None and said[1] == 7 and "--workers" in str(said[0].remedies)


def test_a_stderr_that_nobody_reads_ends_no_command(tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", upto="fetch", n=4, rejected=0)
    command = f"{sys.executable} -m curate status --verbose --recipe demo --folder '{folder}'"
    for closed in ("2>&-", "2> >(true)", "2>/dev/full"):
        done = subprocess.run(["bash", "-c", f"{command} {closed}"], capture_output=True, text=True, check=False)
        assert (done.returncode, "dedup: [missing]" in done.stdout) == (0, True)


@pytest.mark.parametrize("after_s", [0.8, 1.6])
def test_sigterm_while_workers_start_prints_one_line(after_s: float, tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "run", upto="fetch", n=40, rejected=0)
    command = [
        sys.executable,
        "-m",
        "curate",
        "dedup",
        "--recipe",
        "demo",
        "--folder",
        str(folder),
        "--workers",
        "2",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(after_s)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    if process.returncode in (0, -signal.SIGTERM):  # it had ended, or had not begun
        return
    # Where the signal came while Python ran a string of code, as dataclasses do, `python -m` ends by SIGINT
    # itself: a shell shows both as 130.
    assert process.returncode in (130, -signal.SIGINT)
    assert err == "curate: interrupted; run the same command again to go on\n"


def test_init_writes_a_recipe_that_loads_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("sedan", "208", "no"):
        Path("photos", name).mkdir(parents=True)
    assert "no classes" in invoke("init")[2]
    code, out, _ = invoke("init", "mine.yaml", "--photos", "photos")
    assert (code, "run `curate run --recipe mine.yaml`" in out) == (0, True)
    assert load(Path("mine.yaml"), ["clean"]).classes == ("208", "no", "sedan")
    for file, name in (
        ("möbel.yaml", "m_bel"),
        ("_x.yaml", "x"),
        (f"{'y' * 70}.yaml", "y" * 64),
        ("é.yaml", "mine_4a9955"),
        ("汽车.yaml", "mine_1a19b5"),
    ):
        assert invoke("init", file, "--classes", "a,b")[0] == 0
        assert load(Path(file)).name == name
    before = Path("mine.yaml").read_bytes()
    code, _, err = invoke("init", "mine.yaml", "--classes", "a,b")
    assert (code, "is there already" in err, Path("mine.yaml").read_bytes()) == (2, True, before)
    code, out, _ = invoke("init", "--classes", "sedan,suv", "--site", "https://cars.example.com/sedan")
    assert (code, "and run `curate fetch`" in out) == (0, True)
    source = load(Path("curate.yaml")).source
    assert source and source.listings == {"sedan": ("https://cars.example.com/sedan",), "suv": ()}
    assert "source.listings: has no address for suv" in invoke("fetch")[2]
    assert invoke("init", "x.yaml", "--classes", "a,b", "--photos", "nowhere")[0] == 2
    assert (
        "--site cars.example.com is no address"
        in invoke("init", "x.yaml", "--classes", "a,b", "--site", "cars.example.com")[2]
    )
    assert not Path("x.yaml").exists()


def test_import_without_a_recipe_of_ones_own_says_how_to_write_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for class_name in ("sedan", "hatch"):
        Path("photos", class_name).mkdir(parents=True)
        Path("photos", class_name, "1.jpg").write_bytes(paint("sedan", len(class_name)))
    code, _, err = invoke("import", "photos")
    assert (code, Path("manifests").exists()) == (2, False)
    assert "no recipe is here, and swift_wagonr, which is taken then, has no class hatch, sedan" in err
    assert "to write yours, run `curate init --photos photos`" in err
    assert invoke("init", "--photos", "photos")[0] == invoke("import", "photos")[0] == 0
    Path("curate.yaml").unlink()
    assert "'hatch' is no class of the recipe" in invoke("import", "photos", "--recipe", "swift_wagonr")[2]


def test_init_writes_the_subject_and_says_what_its_lack_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = invoke("init", "with.yaml", "--classes", "sedan,suv", "--subject", " sports  car ")
    assert (code, "subject" in out, load(Path("with.yaml")).clean.subject) == (0, False, "sports car")
    code, out, _ = invoke("init", "without.yaml", "--classes", "sedan,suv")
    assert (code, load(Path("without.yaml")).clean.subject) == (0, "")
    assert "no subject is named: photos of other things may be kept" in out
    written = Path("without.yaml").read_text(encoding="utf-8").replace("# subject", "subject")
    Path("taken.yaml").write_text(written, encoding="utf-8")
    assert load(Path("taken.yaml")).clean.subject == "car", "the line that init says, without its #"
    code, _, err = invoke("init", "other.yaml", "--classes", "a,b", "--subject", "12: {")
    assert (code, "--subject: '12: {' is not a noun" in err, Path("other.yaml").exists()) == (2, True, False)
    misspelt = invoke("init", "other.yaml", "--classes", "a,b", "--subject", "motorcyle")[1]
    assert "did you mean motorcycle?" in misspelt


@pytest.mark.parametrize(
    ("folders", "classes", "said"),
    [
        (["Sedan", "hatch"], "sedan,suv", "no class is called hatch; nothing is there of suv; to take all that"),
        (["sedan", "hatch"], "sedan,hatch,suv", "photos has no photo of suv yet; add the photos and run"),
        (["sedan/1", "hatch/1"], "hatch,sedan", "a recipe for hatch, sedan; run `curate run"),
        (["train/sedan", "train/suv", "test/suv"], "", "a recipe for sedan, suv; run `curate run"),
        (["train/sedan", "test/van"], "sedan", "no class is called van"),
        ([], "sedan,suv", "has no folder in it, --classes names sedan, suv; nothing is there of sedan, suv; put"),
        (
            [],
            "",
            "--photos photos has no folder in it; put each photo into a folder that is called like its class",
        ),
    ],
)
def test_init_compares_the_folders_with_the_classes(
    folders: list[str], classes: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for name in folders:
        Path("photos", name).mkdir(parents=True)
    code, out, err = invoke("init", "--photos", "photos", *(["--classes", classes] if classes else []))
    assert said in out + err
    assert Path("curate.yaml").exists() == (code == 0)


@pytest.mark.parametrize("classes", [[], ["--classes", "hatch,sedan"]])
def test_init_and_import_pass_over_a_folder_without_a_photo(
    classes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("hatch/1.jpg", "sedan/deep/2.jpg", "Neuer Ordner/inner/notes.txt"):
        Path("photos", name).parent.mkdir(parents=True)
        Path("photos", name).write_bytes(paint(name.partition("/")[0], 1) if name.endswith(".jpg") else b"later")
    code, out, _ = invoke("init", "--photos", "photos", *classes)
    assert (code, load(Path("curate.yaml")).classes) == (0, ("hatch", "sedan"))
    assert "left out, because no photo is in it: 'Neuer Ordner'" in out
    code, out, err = invoke("import", "photos", "--workers", "1")
    assert code == 0, err
    assert "passed over 'Neuer Ordner': no photo is in it" in out


def test_init_names_the_folders_that_photos_are_still_to_come_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("hatch", "sedan", "suv"):
        Path("photos", name).mkdir(parents=True)
    Path("photos/hatch/1.jpg").touch()
    assert invoke("init", "--photos", "photos")[0] == 0
    assert load(Path("curate.yaml")).classes == ("hatch", "sedan", "suv")


def test_init_compares_a_csv_with_the_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jpg").touch()
    Path("photos.csv").write_text("path,class_name\na.jpg,Sedan\n", encoding="utf-8")
    assert "has rows of sedan, --classes names hatch, suv" in "".join(
        map(str, invoke("init", "--photos", "photos.csv", "--classes", "hatch,suv"))
    )
    code, out, _ = invoke("init", "--photos", "photos.csv", "--classes", "sedan,suv")
    assert (code, "photos.csv has no row of suv yet" in out) == (0, True)


def test_status_tells_what_an_interrupted_stage_has_done(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run", "fetch")
    lines = [
        ["header", "", {"format": "1"}],
        ["photo", "a", {"path": "images/a.jpg"}],
        ["photo", "b", {"path": ""}],
    ]
    journal = "\n".join(map(json.dumps, lines)) + '\n["photo", "c"'
    (folder / "fetch.journal").write_text(journal)
    checkpoint = folder / "models/base/seed-42/checkpoint.safetensors"
    checkpoint.parent.mkdir(parents=True)
    header = json.dumps({"__metadata__": {"history": json.dumps([{"epoch": 1}, {"epoch": 2}])}}).encode()
    checkpoint.write_bytes(len(header).to_bytes(8, "little") + header)
    out = invoke("status", "--recipe", "demo", "--folder", folder)[1]
    assert "fetch: interrupted, 1 photo is safe; to go on, run `curate fetch" in out
    epochs = load(Path("pipelines/demo.yaml")).train_baseline.epochs
    assert f"train_baseline: interrupted, 2 of {epochs} epochs done (base, seed 42); to go on, run" in out
    assert "`curate train-baseline --recipe" in out
    (folder / ".lock.pid").write_text(str(os.getpid()))
    assert "fetch: running, 1 photo is safe\n" in invoke("status", "--recipe", "demo", "--folder", folder)[1]


def test_the_help_answers_at_once() -> None:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "curate", "--help"], capture_output=True, check=True)
    assert time.monotonic() - started < 3, "0.3 s on an idle machine"
    heavy = (
        "import sys, curate.cli.app; print([m for m in ('torch', 'numpy', 'PIL', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_warnings_of_curate_are_shown_and_those_of_libraries_are_not() -> None:
    script = """
import logging
from curate.cli import terminal
terminal.own_stderr()
logging.getLogger("early.library").warning("nobody listens yet")
for verbose in (False, True):
    terminal.begin_log(verbose, None)
    logging.getLogger("curate.core.cache").warning("the cache folder cannot be used")
    logging.getLogger("curate.core.cache").info("details")
    logging.getLogger("a.library").warning("not for people")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stderr.splitlines() == [
        "warning: the cache folder cannot be used",
        "curate.core.cache: the cache folder cannot be used",
        "curate.core.cache: details",
        "a.library: not for people",
    ]
