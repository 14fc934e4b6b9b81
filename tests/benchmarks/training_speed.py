"""How long an epoch of the reference CNN takes: plain, channels last, and as `curate train-baseline` does it.

    python -m tests.benchmarks.training_speed --photos 2400 --repeats 1

Noise for photos; one warm-up of 10 batches each. Prints seconds per epoch, and the ratio to plain float32.
"""

import argparse
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from curate.train.networks import reference_cnn, to_input
from curate.train.trainer import reduced_precision

BATCH = 20


def epoch(
    pixels: np.ndarray[Any, np.dtype[np.uint8]], channels_last: bool, precision: AbstractContextManager[Any]
) -> float:
    """Seconds for one pass with learning."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = reference_cnn(["a", "b"]).to(memory_format=layout)
    optimizer = torch.optim.RMSprop(network.parameters(), lr=1e-4)
    labels = torch.arange(BATCH) % 2
    network.train()

    def step(start: int) -> None:
        inputs = to_input(pixels[start : start + BATCH]).contiguous(memory_format=layout)
        with precision:
            logits = network(inputs)
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0].float(), labels[: len(inputs)].float())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    for _ in range(10):
        step(0)
    started = time.perf_counter()
    for start in range(0, len(pixels), BATCH):
        step(start)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=2400)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    pixels = np.random.default_rng(0).integers(0, 256, (options.photos, 150, 150, 3), dtype=np.uint8)
    ways: dict[str, tuple[bool, AbstractContextManager[Any]]] = {
        "float32": (False, nullcontext()),
        "float32, channels last": (True, nullcontext()),
        "as curate does it": (True, reduced_precision("cpu")),
    }
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.photos} photos, batch {BATCH}")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, (channels_last, precision) in ways.items():
            taken[name].append(epoch(pixels, channels_last, precision))
    plain = min(taken["float32"])
    for name, seconds in taken.items():
        print(f"{name}: {min(seconds):.1f} s, {plain / min(seconds):.2f} times as fast as float32")


if __name__ == "__main__":
    main()
