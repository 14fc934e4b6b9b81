"""How long an epoch of base takes: by `curate train-baseline`, by a plain torch loop over ImageFolder, by Keras.

    python -m tests.benchmarks.train_speed --photos 2400
    python -m tests.benchmarks.train_speed --photos 2400 --keras PYTHON    # of an environment with tensorflow
    python -m tests.benchmarks.train_speed --photos 600 --busy 2    # beside two processes that compute
    GOMP_SPINCOUNT=300000 python -m tests.benchmarks.train_speed --photos 600 --busy 2    # as by default
    python -m tests.benchmarks.train_speed --step 224    # a step of Lite0 in bf16, with and without `cpu`

The photos are painted JPEGs of 640×480 in folders per class. Every way trains the same network with batches of 20
at 150 pixels. curate decodes once, before its epochs: that is printed by itself. The other ways decode in every
epoch, as their tutorials do. Each way gets a process of its own; of two epochs or more the first is left out.
A step is a batch of 32 images of noise, forward, backward and the optimiser; the ways take turns.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.folders import CLASSES, paint

SIDE, BATCH = 150, 20
PHOTOS = "photos"  # the folder with one per class; what curate keeps is beside it

KERAS_NETWORK = f"""
import keras
from keras import layers
network = keras.Sequential([keras.Input(({SIDE}, {SIDE}, 3)), layers.Rescaling(2 / 255, -1)])
for channels in (32, 64, 128, 128):
    network.add(layers.Conv2D(channels, 3, activation="relu"))
    network.add(layers.MaxPooling2D(2))
for layer in (layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1, activation="sigmoid")):
    network.add(layer)
network.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
"""
KERAS = f"""{KERAS_NETWORK}
import sys, time
folder, epochs = sys.argv[1], int(sys.argv[2])
photos = keras.utils.image_dataset_from_directory(
    folder, image_size=({SIDE}, {SIDE}), batch_size={BATCH}, label_mode="binary", verbose=False)
photos = photos.prefetch(2)
for _ in range(epochs):
    started = time.perf_counter()
    network.fit(photos, epochs=1, verbose=0)
    print("epoch", time.perf_counter() - started, flush=True)
"""


def folders(root: Path, photos: int) -> None:
    """Paint the photos into a folder per class."""
    for number in range(photos):
        name = CLASSES[number % 2]
        path = root / name / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(paint(name, number, 640, 480))


def curate_way(root: Path, epochs: int) -> None:
    """The trainer of `train-baseline`, on the decoded cache."""
    import hashlib

    from curate.core.recipe import TrainBaseline
    from curate.train import dataset_cache, trainer, variants

    files = sorted((root / PHOTOS).rglob("*.jpg"))
    started = time.perf_counter()
    listed = [
        (path.stem, str(path.relative_to(root)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
    ]
    pixels = dataset_cache.load_all(root, listed, SIDE)
    print("decode", time.perf_counter() - started, flush=True)
    photos = trainer.PhotoArrays(pixels, trainer.labels_of([path.parent.name for path in files], CLASSES))
    few = trainer.PhotoArrays(photos.pixels[:BATCH], photos.labels[:BATCH])
    plan = variants.plan(TrainBaseline(class_names=CLASSES, epochs=epochs, batch_size=BATCH, image_size=SIDE))
    trainer.fit(photos, few, plan, root / "checkpoint", "speed", lambda entry: print("epoch", entry["seconds"]))


def torch_way(root: Path, epochs: int) -> None:
    """The loop of the tutorials: ImageFolder, DataLoader, float32."""
    os.environ.pop("GOMP_SPINCOUNT", None)  # curate's own

    import torch
    from torch.nn import functional
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    from curate.train.networks import reference_cnn

    ready = transforms.Compose(
        [transforms.Resize((SIDE, SIDE)), transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    )
    loader = DataLoader(ImageFolder(str(root / PHOTOS), ready), batch_size=BATCH, shuffle=True)
    network = reference_cnn(CLASSES, SIDE).to(memory_format=torch.contiguous_format)
    optimizer = torch.optim.RMSprop(network.parameters(), lr=1e-4)
    for _ in range(epochs):
        started = time.perf_counter()
        for images, labels in loader:
            loss = functional.binary_cross_entropy_with_logits(network(images)[:, 0], labels.float())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        print("epoch", time.perf_counter() - started, flush=True)


STEP_WAYS = {  # are memory kept, gradients of depthwise convolutions faster?
    "as torch does": (False, False),
    "kept memory": (True, False),
    "depthwise gradients": (False, True),
    "both": (True, True),
}


def step_way(way: str, side: int) -> None:
    """Steps of EfficientNet-Lite0 with random weights, without changed images; two more before, not counted."""
    import timm
    import torch
    from torch.nn import functional

    from curate.train import cpu, trainer

    torch.manual_seed(1)
    network = timm.create_model("tf_efficientnet_lite0", num_classes=2).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    images = torch.randn(32, 3, side, side).to(memory_format=torch.channels_last)
    labels = torch.arange(32) % 2
    keeps, faster = STEP_WAYS[way]
    kept, gradients = cpu.kept_memory if keeps else nullcontext, cpu.DepthwiseGradients if faster else nullcontext
    with kept():
        for number in range(8):
            started = time.perf_counter()
            with trainer.reduced_precision("cpu"), gradients():
                logits = network(images)
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if number >= 2:
                print("step", time.perf_counter() - started, flush=True)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def steps(side: int) -> None:
    """Three rounds of all ways; the median step of each round and the median of these, and the highest peak."""
    command = [sys.executable, "-m", "tests.benchmarks.train_speed", "--step", str(side), "--way"]
    rounds = [{way: printed([*command, way]) for way in STEP_WAYS} for _ in range(3)]
    for way in STEP_WAYS:
        seconds = [statistics.median(each[way]["step"]) for each in rounds]
        peak = max(each[way]["peak"][0] for each in rounds)
        spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
        print(f"{way}: {statistics.median(seconds):.3f} s a step of 32 ({spread}), at most {peak:.0f} MB")


def measured(command: list[str], epochs: int) -> tuple[float, float]:
    """Median seconds of an epoch, and seconds of decoding before."""
    found = printed(command)
    return statistics.median(found["epoch"][min(1, epochs - 1) :]), sum(found["decode"])


def printed(command: list[str]) -> dict[str, list[float]]:
    """The numbers that a way prints, by the word before them."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stderr[-2000:]}")
    found: dict[str, list[float]] = {"epoch": [], "decode": [], "step": [], "peak": []}
    for line in done.stdout.splitlines():
        kind, _, value = line.partition(" ")
        if kind in found:
            found[kind].append(float(value))
    return found


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Other work on the machine: so many processes that compute and never wait."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in others:
            process.kill()
            process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=2400)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--keras", help="a python with tensorflow")
    parser.add_argument("--busy", type=int, default=0, help="processes that compute meanwhile")
    parser.add_argument("--way", choices=["curate", "torch", *STEP_WAYS], help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", type=int, metavar="SIDE", help="measure a step of Lite0 at so many pixels")
    options = parser.parse_args()
    if options.step:
        return step_way(options.way, options.step) if options.way else steps(options.step)
    if options.way:
        return {"curate": curate_way, "torch": torch_way}[options.way](options.root, options.epochs)
    with tempfile.TemporaryDirectory() as scratch, busy(options.busy):
        root = Path(scratch)
        folders(root / PHOTOS, options.photos)
        own = [sys.executable, "-m", "tests.benchmarks.train_speed", "--epochs", str(options.epochs)]
        ways = {"plain torch": [*own, "--way", "torch", "--root", str(root)]}
        if options.keras:
            ways["Keras"] = [options.keras, "-c", KERAS, str(root / PHOTOS), str(options.epochs)]
        ours, decoding = measured([*own, "--way", "curate", "--root", str(root)], options.epochs)
        print(f"{options.photos} photos; curate: {ours:.1f} s an epoch, and {decoding:.1f} s once to decode")
        for name, command in ways.items():
            theirs, _ = measured(command, options.epochs)
            print(f"{name}: {theirs:.1f} s an epoch; curate takes {ours / theirs:.2f} of it", flush=True)
    return None


if __name__ == "__main__":
    main()
