"""Manifests: M01-M05, M08-M11, M13."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.core import manifest
from curate.core.errors import ResourceError, StateError
from curate.core.recipe import Clean, Dedup
from curate.core.schemas import FetchRow, SplitRow
from curate.core.stages import STAGES
from tests.core.one_row import ROW, STARTED, publish
from tests.folders import dedup_row
from tests.wording import refused

SPLIT_ROW = SplitRow(
    key="aa", path="images/a.jpg", class_name="swift", group="aa", split="train", keep=True, reason=""
)
DEDUP_ROW = dedup_row(ROW)
any_text = st.text(st.characters(exclude_categories=()), max_size=40)


@given(title=any_text, city=any_text, year=st.none() | st.integers(), price=st.none() | st.floats(-1e9, 1e9))
def test_m03_m04_any_row_survives_the_round_trip(
    title: str, city: str, year: int | None, price: float | None
) -> None:
    row = dataclasses.replace(ROW, title=title, city=city, year=year, price=price)
    (back,) = manifest.parse_rows(manifest.format_rows([row], FetchRow), FetchRow, "x.csv")
    clean_title, clean_city = (text.encode("utf-8", "replace").decode() for text in (title, city))
    clean_price = None if price is None else round(price, 6)
    assert back == dataclasses.replace(row, price=clean_price, title=clean_title, city=clean_city)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\0", "'"])
def test_m04_no_cell_starts_a_formula(start: str) -> None:
    row = dataclasses.replace(ROW, title=f"{start}HYPERLINK(1)")
    data = manifest.format_rows([row], FetchRow).decode()
    assert f",'{start}HYPERLINK" in data or f",\"'{start}HYPERLINK" in data
    assert manifest.parse_rows(data.encode(), FetchRow, "x")[0].title == row.title


def test_m02_column_order_and_bom_do_not_matter() -> None:
    header, line = manifest.format_rows([SPLIT_ROW], SplitRow).decode().splitlines()
    swapped = "\n".join(",".join(reversed(text.split(","))) for text in (header, line))
    assert manifest.parse_rows(b"\xef\xbb\xbf" + swapped.encode(), SplitRow, "x") == [SPLIT_ROW]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("key,path\n", "x.csv: wrong columns: missing class_name", id="M02-missing"),
        pytest.param(
            "key,path,class_name,group,split,keep,reason,hue\n", "wrong columns: unknown hue", id="M02-extra"
        ),
        pytest.param(
            "key,path,class_name,group,split,keep,reason,key\n", "a column is there twice", id="M02-twice"
        ),
        pytest.param(
            "key,path,class_name,group,split,keep,reason\na,b\n",
            "row 2: 2 cells, expected 7",
            id="M02-ragged",
        ),
        pytest.param(
            "key,path,class_name,group,split,keep,reason\na,p,c,g,s,yes,\n",
            "row 2, column keep: 'yes' is not bool",
            id="M02-type",
        ),
        pytest.param('key,path,class_name,group,split,keep,reason\na,"p', "line", id="M01-mid-row"),
        pytest.param("", "wrong columns", id="M01-empty"),
    ],
)
def test_m02_a_wrong_file_is_refused_by_row_and_column(text: str, message: str) -> None:
    with pytest.raises(StateError, match=message):
        manifest.parse_rows(text.encode(), SplitRow, "x.csv")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        pytest.param("a,p,c,g,s,yes,", "x.csv row 5002, column keep: 'yes' is not bool", id="type"),
        pytest.param("a,p", "x.csv row 5002: 2 cells, expected 7", id="ragged"),
    ],
)
def test_m02_the_first_wrong_row_of_many_is_named(cells: str, message: str) -> None:
    rows = [dataclasses.replace(SPLIT_ROW, key=f"{number:05}") for number in range(10_000)]
    data = manifest.format_rows(rows, SplitRow)
    assert manifest.parse_rows(data, SplitRow, "x.csv") == rows
    lines = data.decode().splitlines()
    lines[5_001], lines[5_003], lines[5_500] = cells, "b,p,c,g,s,no,", "b"
    with pytest.raises(StateError, match=message):
        manifest.parse_rows("\n".join(lines).encode(), SplitRow, "x.csv")


def test_m03_a_carriage_return_in_one_of_many_rows_survives() -> None:
    rows = [dataclasses.replace(SPLIT_ROW, path=f"\r{number}" * (number % 9 == 0)) for number in range(50)]
    assert manifest.parse_rows(manifest.format_rows(rows, SplitRow), SplitRow, "x.csv") == rows


def test_m01_cut_inside_a_character_names_the_byte() -> None:
    data = manifest.format_rows([dataclasses.replace(ROW, title="é")], FetchRow)
    with pytest.raises(StateError, match="not UTF-8 at byte"):
        manifest.parse_rows(data[: data.index("é".encode()) + 1], FetchRow, "x.csv")


@pytest.mark.parametrize("keep_bytes", [0, 1, 200, -1])
def test_m01_a_cut_manifest_is_refused(tmp_path: Path, keep_bytes: int) -> None:
    publish(tmp_path, [ROW])
    path = tmp_path / "fetch.csv"
    path.write_bytes(path.read_bytes()[:keep_bytes])
    with pytest.raises(StateError, match="was changed after it was written"):
        manifest.read(tmp_path, FetchRow)


def test_m05_the_encoding_does_not_depend_on_the_locale(tmp_path: Path) -> None:
    script = (
        "import dataclasses, pathlib, sys; from tests.core.one_row import ROW, publish;"
        "publish(pathlib.Path(sys.argv[1]), [dataclasses.replace(ROW, title='caf\\u00e9 \\u0938')])"
    )
    written = []
    for number, utf8 in enumerate(("0", "1")):
        folder = tmp_path / str(number)
        env = os.environ | {"PYTHONUTF8": utf8, "LC_ALL": "C", "PYTHONHASHSEED": utf8}
        subprocess.run([sys.executable, "-c", script, folder], check=True, env=env)
        written.append((folder / "fetch.csv").read_bytes())
    assert written[0] == written[1]
    assert "café स".encode() in written[0]


def test_written_rows_read_back_and_the_sidecar_counts_them(tmp_path: Path) -> None:
    rejected = dataclasses.replace(ROW, key="00000000000000ab", keep=False, reason="too_small")
    publish(tmp_path, [ROW, rejected])
    assert manifest.read(tmp_path, FetchRow) == [ROW, rejected]
    assert manifest.funnel_line(tmp_path, "fetch") == "fetch: 2 in, 1 kept, 1 too_small"
    assert manifest.read_sidecar(tmp_path, "fetch")["rows"] == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([ROW, ROW], "not sorted by unique key", id="M06-duplicate-key"),
        pytest.param([dataclasses.replace(ROW, keep=False)], "keep=False with reason ''", id="no-reason"),
        pytest.param([dataclasses.replace(ROW, keep=False, reason="ugly")], "reason 'ugly'", id="open-reason"),
        pytest.param([dataclasses.replace(ROW, reason="blank")], "keep=True with reason", id="kept-reason"),
    ],
)
def test_a_stage_cannot_publish_rows_that_break_the_contract(
    tmp_path: Path, rows: list[FetchRow], message: str
) -> None:
    with pytest.raises(StateError, match=message):
        publish(tmp_path, rows)
    assert not (tmp_path / "fetch.csv").exists()


def test_m08_a_stale_input_is_refused_by_name(tmp_path: Path) -> None:
    publish(tmp_path, [ROW])
    manifest.write(tmp_path, [DEDUP_ROW], manifest.provenance(tmp_path, "dedup", Dedup()), STARTED)
    assert manifest.stale_inputs(tmp_path, "dedup") == []
    publish(tmp_path, [dataclasses.replace(ROW, title="new")])
    assert manifest.stale_inputs(tmp_path, "dedup") == ["fetch.csv"]
    assert manifest.mismatch(tmp_path, "dedup") == "dedup.csv was made from another fetch.csv"
    assert (
        manifest.mismatch(tmp_path, "dedup", ignored=["fetch.csv"]) == manifest.mismatch(tmp_path, "fetch") == ""
    )
    with refused(StateError, match=r"dedup.csv was made from another fetch.csv; run `curate dedup`"):
        manifest.provenance(tmp_path, "clean", Clean())


def test_m09_a_changed_configuration_is_noticed_and_named(tmp_path: Path) -> None:
    publish(tmp_path, [ROW])
    before = manifest.provenance(tmp_path, "dedup", Dedup(), ["pydantic"])
    manifest.write(tmp_path, [DEDUP_ROW], before, STARTED)
    assert manifest.is_current(tmp_path, before)
    after = manifest.provenance(tmp_path, "dedup", Dedup(max_distance=7), ["pydantic"])
    assert not manifest.is_current(tmp_path, after)
    assert manifest.recorded_provenance(tmp_path, "dedup").changes(after) == ["config.max_distance: 12 -> 7"]


def test_a_new_version_of_the_stage_or_of_a_package_it_uses_is_noticed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, [ROW])
    before = manifest.provenance(tmp_path, "dedup", Dedup(), ["pillow"])
    manifest.write(tmp_path, [DEDUP_ROW], before, STARTED)
    monkeypatch.setattr(manifest, "__version__", "99.0")
    monkeypatch.setattr(manifest, "version", lambda name: "99.0" if name == "torch" else version(name))
    assert manifest.is_current(tmp_path, manifest.provenance(tmp_path, "dedup", Dedup(), ["pillow"]))
    monkeypatch.setattr(manifest, "version", lambda name: "99.0")
    after = manifest.provenance(tmp_path, "dedup", Dedup(), ["pillow"])
    assert before.changes(after) == [f"versions.pillow: {version('pillow')} -> 99.0"]
    newer = {"dedup": dataclasses.replace(STAGES["dedup"], version=99)}
    monkeypatch.setattr(manifest, "STAGES", {**STAGES, **newer})
    after = manifest.provenance(tmp_path, "dedup", Dedup())
    assert f"versions.stage: {STAGES['dedup'].version} -> 99" in before.changes(after)


def test_a_missing_input_names_the_command_to_run(tmp_path: Path) -> None:
    with refused(StateError, match="run `curate dedup`"):
        manifest.provenance(tmp_path, "clean", Clean())


def test_m11_only_the_holder_of_the_lock_sweeps_temporary_files(tmp_path: Path) -> None:
    leftover = tmp_path / "images" / "ab" / ".tmp-00d1ed00f00d1e55"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    with manifest.lock(tmp_path):
        assert not leftover.exists()
        assert leftover.parent.exists()
        leftover.touch()  # now of the run that holds the lock
        with pytest.raises(StateError, match="in use by process"), manifest.lock(tmp_path):
            pass
        publish(tmp_path, [ROW])
        assert leftover.exists()


@pytest.mark.parametrize("point", ["before_rename", "after_rename", "between_manifest_and_sidecar"])
def test_m10_a_crash_while_publishing_never_leaves_a_trusted_half(tmp_path: Path, point: str) -> None:
    publish(tmp_path, [ROW])
    script = (
        "import dataclasses, pathlib, sys; from tests.core.one_row import ROW, publish;"
        "publish(pathlib.Path(sys.argv[1]), [dataclasses.replace(ROW, title='second')])"
    )
    env = os.environ | {"CURATE_CRASH_AT": point}
    assert subprocess.run([sys.executable, "-c", script, tmp_path], env=env, check=False).returncode == 137
    with refused(StateError, match="run `curate fetch` or `curate import PATH`"):
        manifest.read(tmp_path, FetchRow)
    with manifest.lock(tmp_path):
        assert not list(tmp_path.glob(".tmp-*"))
    publish(tmp_path, [ROW])
    assert manifest.read(tmp_path, FetchRow) == [ROW]


def test_f45_a_second_run_on_one_folder_is_refused_with_the_pid(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys; from curate.core import manifest; from curate.core.errors import StateError\n"
        "try:\n    manifest.lock(pathlib.Path(sys.argv[1])).__enter__()\n"
        "except StateError as error: print(error)"
    )
    with manifest.lock(tmp_path):
        run = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert f"in use by process {os.getpid()}" in run.stdout


def test_f45_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from curate.core import manifest;"
        "manifest.lock(pathlib.Path(sys.argv[1])).__enter__(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    with manifest.lock(tmp_path):
        assert (tmp_path / ".lock.pid").read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("path", ["../../etc/x", "/etc/x", "", "images/../../x"])
def test_m13_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(StateError, match="leads out of"):
        manifest.inside(tmp_path, path)


def test_f46_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot write"):
        manifest.atomic_write(tmp_path / "file" / "x.csv", b"")
    with pytest.raises(ResourceError, match="cannot create"), manifest.lock(tmp_path / "file" / "x"):
        pass


def test_a_damaged_sidecar_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, [ROW])
    sidecar = tmp_path / "fetch.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"format": 99}))
    with pytest.raises(StateError, match="format 99, this version reads 1"):
        manifest.read(tmp_path, FetchRow)
    for text in ("{", "[]", '{"format": 1}'):
        sidecar.write_text(text)
        with pytest.raises(StateError, match="missing or damaged"):
            manifest.read(tmp_path, FetchRow)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": "1"},
        {"sha256": 5},
        {"counts": []},
        {"counts": {"kept": "many"}},
        {"inputs": {"fetch.csv": 7}},
        {"inputs": "fetch.csv"},
        {"config": []},
        {"versions": {"pillow": 12}},
        {"started": "yesterday"},
        {"finished": None},
        {"notes": []},
        {"notes": {"summary": "one"}},
        {"notes": {"lost": 5}},
        {"notes": {"imported": "yes"}},
        {"notes": {"history": {"epoch": 1}}},
    ],
    ids=str,
)
def test_a_sidecar_with_a_value_of_another_type_is_damaged_not_believed(
    tmp_path: Path, change: dict[str, object]
) -> None:
    publish(tmp_path, [ROW])
    path = manifest.sidecar_path(tmp_path, "fetch")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change), encoding="utf-8")
    with pytest.raises(StateError, match=r"fetch\.json: missing or damaged"):
        manifest.read(tmp_path, FetchRow)


def test_a_run_that_may_no_longer_write_fails_for_its_own_reason(tmp_path: Path) -> None:
    holder = tmp_path / ".lock.pid"
    with pytest.raises(ResourceError, match="the disk is full"), manifest.lock(tmp_path):
        holder.unlink()
        holder.mkdir()  # cannot be unlinked, as in a folder that became read-only
        raise ResourceError("the disk is full")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_flock_a_marker_file_keeps_runs_apart_and_a_dead_one_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    script = (
        "import fcntl, os, sys\nfrom pathlib import Path\nfrom curate.core import files\n"
        f"def refuse(*_): raise OSError({code}, 'no locks')\n"
        "fcntl.flock = refuse\nwith files.lock(Path(sys.argv[1])): print('held', flush=True); os._exit(9)"
    )
    with manifest.lock(tmp_path):
        other = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
        assert f"in use by process {os.getpid()}" in other.stderr
    other = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert (other.returncode, other.stdout) == (9, "held\n")
    with manifest.lock(tmp_path):
        assert "has no locks" in caplog.text
