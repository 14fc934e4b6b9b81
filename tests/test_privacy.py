"""A run speaks to nobody but the site, and leaves nothing outside its folder but the documented cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.painted_run import CLASSES, class_of, paint

ROOT = Path(__file__).parents[1]
RECIPE = """
name: private
classes: [swift, wagonr]
source: {path: photos}
clean:
  scorer: imagenet
  threshold: 0
  concepts:
    - {name: car, keep: true, imagenet: [cab, minivan, sports car]}
    - {name: not_car, imagenet: ["*"]}
split: {proportional: true}
train_baseline: {epochs: 1, image_size: 46}
"""
# In a network of its own, where every name is asked of a server here that knows none and notes what it was asked.
TRAPPED = """
import os, socket, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open("resolv.conf", "w") as file:
    file.write("nameserver 127.0.0.1\\n")
subprocess.run(["mount", "--bind", "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
asked = open("asked.txt", "wb", buffering=0)
def answer():
    while True:
        question, who = server.recvfrom(2048)
        asked.write(question[12:] + b"\\n")
        server.sendto(question[:2] + b"\\x81\\x83" + question[4:6] + bytes(6) + question[12:], who)
threading.Thread(target=answer, daemon=True).start()
for command in sys.argv[1:]:
    subprocess.run([sys.executable, *command.split()], check=True)
"""
ISOLATED = ("unshare", "--map-root-user", "--mount", "--net")


def can_isolate() -> bool:
    """May this user make a network of its own, with another resolver in it?"""
    test = f"ip link set lo up && mount --bind /dev/null {Path('/etc/resolv.conf').resolve()}"
    try:
        return subprocess.run([*ISOLATED, "sh", "-c", test], capture_output=True).returncode == 0
    except OSError:
        return False


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(not can_isolate(), reason="needs `unshare` and `ip`, and the right to use them")
def test_no_name_is_asked_for_and_nothing_is_left_outside_the_folder(tmp_path: Path) -> None:
    for number in range(24):
        photo = tmp_path / "photos" / class_of(number) / f"{number}.jpg"
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(paint(number))
    assert {path.name for path in (tmp_path / "photos").iterdir()} == set(CLASSES)
    (tmp_path / "mine.yaml").write_text(RECIPE)
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    loud = (
        "CI",
        "DO_NOT_TRACK",
        "DISABLE_TELEMETRY",
        "CURATE_CACHE",
        "XDG_",
        "MPL",
        "ORT_",
        "HF_",
        "NUMBA_",
        "TORCH",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(loud)}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    known = (
        "-c import socket, contextlib\nwith contextlib.suppress(OSError): socket.getaddrinfo('trap.example', 80)"
    )
    (tmp_path / "known.py").write_text(known.removeprefix("-c "))
    curate = "-m curate --recipe mine.yaml --folder out"
    commands = (f"{curate} run --workers 2", "known.py")
    run = subprocess.run(
        [*ISOLATED, sys.executable, "-c", TRAPPED, *commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "out" / "report.html").exists()

    asked = (tmp_path / "asked.txt").read_bytes().splitlines()
    assert asked, "the trap itself does not work: it was asked for trap.example at the end"
    assert all(b"\x04trap\x07example" in name for name in asked), asked

    outside = {name for name in files(home) if not name.startswith(".cache/curate/")}
    assert outside == set()
    assert files(temporary) == set()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("photos", "mine.yaml", "home", "tmp", "out", "known.py", "resolv.conf", "asked.txt")
    }


def test_every_library_is_told_to_keep_quiet() -> None:
    script = "import curate, os; print(*sorted(n for n in os.environ if 'TELEMETRY' in n or 'TRACK' in n))"
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    environment = {**environment, "PYTHONPATH": str(ROOT), "DISABLE_TELEMETRY": "mine"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [
        *("DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY", "ORT_DISABLE_TELEMETRY")
    ]
