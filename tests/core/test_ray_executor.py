"""The executor `ray`: what `map` gives, from processes that die at any moment. One Ray for the whole module."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from curate.check.check import Checker
from curate.clean import stage as clean
from curate.core import executors, extras, ray_executor
from curate.core.errors import Do, RejectedError, ResourceError, StateError
from curate.core.executors import MapFn
from curate.core.ray_executor import RayMap
from curate.core.recipe import Clean, Concept, Dedup, Recipe
from curate.dedup import stage as dedup
from curate.export.photos import Options
from curate.photos import object_store, store
from tests import bucket
from tests.export.painted_dataset import export, tree
from tests.folders import CLASSES, fetch_row, paint, publish

pytestmark = [
    pytest.mark.timeout(300),  # on a busy machine Ray takes a minute to start
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray, for its own processes
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A bucket on this machine, which workers that start later know by their environment."""
    with pytest.MonkeyPatch.context() as patch:
        if bucket.ABSENT:
            yield ""
            return
        with bucket.served(patch) as address:
            yield address


@pytest.fixture(scope="module")
def map_fn(folder: Path, url: str) -> Iterator[RayMap]:
    with ray_executor.connect("", 2, folder) as started:
        yield started


def square(number: int) -> int:
    return number * number


def begun_by(process: int) -> dict[int, bytes]:
    """The processes that come from `process`, and what each of them calls itself."""
    parents, names = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            names[int(entry.name)] = (entry / "cmdline").read_bytes()
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = {process}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: names[pid] for pid in found - {process}}


def workers_of(process: int) -> list[int]:
    """Processes of Ray's workers that come from `process`."""
    return [pid for pid, name in begun_by(process).items() if name.startswith((b"ray::_run", b"ray::IDLE"))]


@contextmanager
def killing(most: int) -> Iterator[set[int]]:
    """Kill workers of this process meanwhile, at random moments; yields those that were killed."""
    done, random_, killed = threading.Event(), random.Random(1), set[int]()

    def kill() -> None:
        while len(killed) < most and not done.wait(random_.uniform(0.1, 0.3)):
            if there := sorted(set(workers_of(os.getpid())) - killed):
                os.kill(pid := random_.choice(there), signal.SIGKILL)
                killed.add(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        done.set()
        killer.join()


def test_d02_results_come_in_order(map_fn: RayMap) -> None:
    assert list(map_fn(square, range(1050))) == [n * n for n in range(1050)]
    assert list(map_fn(square, [])) == []


def own_process(number: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def test_few_items_are_for_all_workers(map_fn: RayMap) -> None:
    assert len(set(map_fn(own_process, range(8)))) == 2


def test_chunks_are_of_a_hundred_items_or_of_a_few_large_ones() -> None:
    sizes = [len(chunk) for chunk in ray_executor.chunks(range(250), 2)]
    assert sizes == [100, 100, 50]
    assert [len(chunk) for chunk in ray_executor.chunks(range(7), 3)] == [3, 3, 1]
    large = (bytes(3 << 20) for _ in range(10))
    assert [len(chunk) for chunk in ray_executor.chunks(large, 2)] == [3, 3, 3, 1]


def reject_seven(number: int) -> int:
    if number == 7:
        raise RejectedError("blank", "seven")
    return number


def refuse(number: int) -> int:
    raise StateError(f"photo {number} is lost", Do("fetch it again"))


def test_r04_an_error_travels_back_as_it_is(map_fn: RayMap) -> None:
    done = []
    with pytest.raises(RejectedError) as caught:
        for result in map_fn(reject_seven, range(9)):
            done.append(result)
    assert (done, caught.value.reason, caught.value.detail) == ([0, 1, 2, 3, 4, 5, 6], "blank", "seven")
    with pytest.raises(StateError, match="photo 0 is lost") as lost:
        list(map_fn(refuse, range(2)))
    assert lost.value.remedies == (Do("fetch it again"),)


def die_at_first(folder: Path, number: int) -> int:
    mark = folder / f"died-{number}"
    if number == 60 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_r02_work_of_a_killed_worker_is_done_again(map_fn: RayMap, folder: Path) -> None:
    assert list(map_fn(partial(die_at_first, folder), range(150))) == list(range(150))
    assert len(list(folder.glob("died-*"))) == 1


def with_manifests(folder: Path) -> Path:
    """Painted photos, a few of them again as smaller files, as fetch leaves them."""
    photos = []
    for number in range(24):
        shown = number % 20
        data = paint(CLASSES[shown % 2], shown, *((160, 120) if number == shown else (128, 96)))
        path, sha256 = store.put(folder, data, "jpeg")
        photos.append(fetch_row(number, CLASSES[shown % 2], path=path, sha256=sha256, size=len(data)))
    publish(folder, "fetch", photos)
    return folder


def cleaning() -> Clean:
    """The section of a recipe."""
    concepts = (
        Concept(name="car", role="wanted", imagenet=("*",)),
        Concept(name="other", role="other", imagenet=("hen",)),
    )
    return Clean(
        class_names=CLASSES, concepts=concepts, scorer="imagenet", accept_rejects=True, max_reject_fraction=1.0
    )


def decided(folder: Path, map_fn: MapFn) -> dict[str, bytes]:
    """The bytes of what dedup and clean write."""
    dedup.run(folder, Dedup(), map_fn)
    clean.run(folder, cleaning(), map_fn)
    names = ("dedup.csv", "clean.csv", *(path.name for path in folder.glob("clean.imagenet-*.cache")))
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that dedup and clean have run in, without workers."""
    folder = with_manifests(tmp_path_factory.mktemp("here"))
    assert len(decided(folder, map)) == 3
    return folder


def test_d02_r01_manifests_are_the_same_while_workers_are_killed(
    map_fn: RayMap, here: Path, tmp_path: Path
) -> None:
    with_manifests(tmp_path / "two")
    expected = decided(here, map)  # as they are
    with killing(2) as killed:
        assert decided(tmp_path / "two", map_fn) == expected
    assert killed


def test_d02_r01_an_export_is_the_same_while_workers_are_killed(
    map_fn: RayMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.export.webdataset.SHARD_FILES", 1)
    changes = Options(strip=True, size=100)
    export("webdataset", tmp_path / "here", changes)
    whole = tree(tmp_path / "here")
    with killing(1) as killed:
        while not killed:
            shutil.rmtree(tmp_path / "there", ignore_errors=True)
            export("webdataset", tmp_path / "there", changes, map_fn=map_fn)
            assert tree(tmp_path / "there") == whole


def test_d02_verdicts_of_a_check_are_the_same(map_fn: RayMap, here: Path, tmp_path: Path) -> None:
    checker = Checker.open(here, Recipe(name="painted", classes=CLASSES, dedup=Dedup(), clean=cleaning()))
    paths = [here / path for path in sorted(store.paths(here))]
    paths.append(tmp_path / "new.jpg")
    paths[-1].write_bytes(paint("sedan", 99))
    alone = checker.check([path.read_bytes() for path in paths], "sedan")
    assert sum(found.duplicate is not None for found in alone) == 24
    assert list(checker.check_files(paths, "sedan", map_fn=map_fn)) == alone


@pytest.mark.skipif(bucket.ABSENT, reason=bucket.REASON)
def test_d02_manifests_are_the_same_with_photos_from_a_store(
    map_fn: RayMap, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = with_manifests(tmp_path / "one")
    lost = sorted(store.paths(first))[0]
    (first / lost).unlink()
    shutil.copytree(first, tmp_path / "two")
    expected = decided(first, map)
    lines = list[str]()
    elsewhere = object_store.elsewhere(tmp_path / "two", f"{url}/cars", lines.append)
    monkeypatch.setattr(map_fn, "token", tmp_path / ".tmp-ray-stored")
    monkeypatch.setattr(map_fn, "packages", elsewhere.packages)

    begin = map_fn.start

    def start() -> None:
        begin()
        if map_fn.reading is None:
            monkeypatch.setattr(map_fn, "reading", elsewhere.prepare())
            (tmp_path / "two" / "images").rename(tmp_path / "hidden")  # nobody reads the folder from now on

    monkeypatch.setattr(map_fn, "start", start)
    monkeypatch.setattr(Path, "touch", lambda _: None)  # no token either, as on another machine
    assert decided(tmp_path / "two", map_fn) == expected
    assert lines == [f"{url}/cars: 23 photos uploaded, 0 were there"]
    assert lost in (first / "dedup.csv").read_text(encoding="utf-8")


@pytest.mark.skipif(bucket.ABSENT, reason=bucket.REASON)
def test_r05_a_wrong_photo_in_the_store_ends_the_run(
    map_fn: RayMap, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = with_manifests(tmp_path)
    mirrored = object_store.mirror(there, f"{url}/wrong")
    system, root = object_store._connect(mirrored.url)
    one, other = sorted(store.paths(there))[:2]
    system.copy(f"{root}/{one}", f"{root}/{other}")
    monkeypatch.setattr(map_fn, "reading", partial(object_store.reading, mirrored))
    with pytest.raises(StateError, match=f"{other} is not the photo it is named after"):
        dedup.run(there, Dedup(), map_fn)
    assert not (there / "dedup.csv").exists()


def test_items_are_taken_when_there_is_room_for_them(map_fn: RayMap) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100_000):
            taken.append(number)
            yield number

    results = map_fn(square, items())
    assert next(results) == 0
    assert len(taken) <= (ray_executor.AHEAD + 1) * 2 * ray_executor.CHUNK
    results.close()
    assert list(map_fn(square, range(3))) == [0, 1, 4]


def test_r05_a_worker_with_other_versions_is_refused(map_fn: RayMap, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ray_executor.versions()
    monkeypatch.setattr(map_fn, "token", map_fn.token.with_name(".tmp-ray-other"))
    monkeypatch.setattr(ray_executor, "versions", lambda: {**here, "pillow": "1.1.7"})
    with pytest.raises(ResourceError, match=rf"has pillow {here['pillow']}, not 1\.1\.7$") as caught:
        list(map_fn(square, range(3)))
    assert "same versions on every machine" in str(caught.value.remedies)
    map_fn.token.unlink()


def test_a_worker_that_does_not_see_the_folder_is_refused(
    map_fn: RayMap, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_fn, "token", folder / ".tmp-ray-unseen")
    monkeypatch.setattr(Path, "touch", lambda _: None)  # as if it were another machine's folder
    with pytest.raises(ResourceError, match=f"does not see {folder}"):
        list(map_fn(square, range(3)))


def environment(number: int) -> tuple[str, str | None]:
    return str(Path.cwd()), os.environ.get("RAY_USAGE_STATS_ENABLED")


def test_a_local_ray_is_heard_on_this_machine_only_and_tells_nobody(map_fn: RayMap) -> None:
    assert set(map_fn(environment, range(4))) == {(str(Path.cwd()), "0")}
    sockets = set()
    for process in begun_by(os.getpid()):
        for handle in Path(f"/proc/{process}/fd").glob("*"):
            with suppress(OSError):
                sockets.add(str(handle.readlink()))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                listening.add(words[1].partition(":")[0])
    assert listening
    assert listening <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_its_absence_is_one_line_that_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with (
        pytest.raises(ResourceError, match="executor ray needs ray, which is not installed") as caught,
        executors.start("ray", 2, tmp_path),
    ):
        pass
    assert "curate-photos[ray]" in str(caught.value.remedies)


RUN = """
import sys, time
from pathlib import Path
from curate.cli import failures
from curate.core import executors

def slow(number):
    time.sleep(0.2)
    return number

if __name__ == "__main__":
    failures.stop_cleanly()
    try:
        with executors.start("ray", 1, Path(sys.argv[1])) as map_fn:
            left = map_fn(abs, range(900))
            print(next(left), flush=True)
            for number in map_fn(slow, range(1000)):
                print(number, flush=True)
    finally:
        left.close()  # when Ray has ended: it must not start again
"""


def test_ctrl_c_ends_all_its_processes(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN, encoding="utf-8")
    environment = {**os.environ, "TMPDIR": tempfile.mkdtemp(prefix="c", dir=tempfile.gettempdir())}
    run = subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        assert run.stdout is not None and run.stdout.readline() == "0\n"
        deadline = time.monotonic() + 100
        while not any(name.startswith(b"ray::_run") for name in begun_by(run.pid).values()):
            assert run.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        begun = begun_by(run.pid)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        _, said = run.communicate(timeout=60)
    finally:
        run.kill()
    assert said.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert not [
        pid for pid, name in begun.items() if Path(f"/proc/{pid}").exists() and name in begun_by(1).values()
    ]
    assert list(Path(environment["TMPDIR"]).iterdir()) == []
    assert list(tmp_path.glob(".tmp-*")) == []
    Path(environment["TMPDIR"]).rmdir()
