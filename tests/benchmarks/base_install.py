"""The base installation in a new environment: its size and seconds, and a whole run of 60 painted photos with it.

    python -m tests.benchmarks.base_install [FOLDER]

Makes the environment in FOLDER, or in a temporary folder; takes its packages from where pip takes them.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from curate.demo.painter import paint_catalogue

ROOT = Path(__file__).parents[2]
ABSENT = ("torch", "torchvision", "timm", "open_clip", "numba", "matplotlib")
RECIPE = """
name: base
classes: [hatchback, tallboy]
clean:
  scorer: imagenet
  concepts:
    - name: car
      keep: true
      imagenet: [beach wagon, cab, convertible, grille, jeep, limousine, minivan, pickup, racer, sports car]
    - {name: not_car, imagenet: ["*"]}
split: {proportional: true}
train_baseline: {variant: transfer}
"""


def megabytes(folder: Path) -> float:
    """What all files of `folder` take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def paint(folder: Path) -> int:
    """Sixty photos of the demo's painter, a folder per class."""
    paint_catalogue(folder / "site", 1, 24)
    photos = sorted(path for path in (folder / "site").rglob("*.jpg") if path.stat().st_size > 2_000)
    chosen = 0
    for name in ("hatchback", "tallboy"):
        (folder / "photos" / name).mkdir(parents=True)
        for photo in photos[chosen : chosen + 30]:
            (folder / "photos" / name / photo.name).write_bytes(photo.read_bytes())
        chosen += 30
    return chosen


def main(folder: Path) -> None:
    """Install, run, print."""
    photos = paint(folder)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    empty = megabytes(folder / "venv")
    began = time.monotonic()
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
    size = megabytes(folder / "venv") - empty
    print(f"pip install .: {time.monotonic() - began:.0f} s, {size:.0f} MB", flush=True)
    find = f"from importlib.util import find_spec; print(*[n for n in {ABSENT} if find_spec(n)])"
    found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True).stdout.split()
    assert not found, found
    (folder / "mine.yaml").write_text(RECIPE)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    began = time.monotonic()
    curate = [str(folder / "venv" / "bin" / "curate"), "--recipe", "mine.yaml", "--folder", "run"]
    for words in (["import", "photos"], ["run"], ["verify"]):
        subprocess.run([*curate, *words], cwd=folder, env=environment, check=True)
    print(f"import, dedup, clean, split, train, report of {photos} photos: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:]:
        Path(sys.argv[1]).mkdir(parents=True)
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
