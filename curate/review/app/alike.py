"""The kept photos most alike to one, by the embeddings that clean left in the folder."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.record_store import Layout, Records

BLOCK = 2048  # records in memory at once


def most_alike(folder: Path, sha256: str) -> list[str]:
    """The sha256 of all other embedded files, from the smallest angle between embeddings to the largest.

    Empty where clean ran without a network, or that photo has no embedding.
    """
    scorer = manifest.read_sidecar(folder, "clean")["notes"].get("scorer", {}).get("scorer", "")
    for path in sorted(folder.glob(f"clean.{scorer}-*.cache")) if scorer else ():
        own = next(
            (
                b["embedding"][b["sha256"] == sha256.encode()]
                for b in _blocks(path)
                if sha256.encode() in b["sha256"]
            ),
            None,
        )
        if own is None:
            continue
        names: list[bytes] = []
        cosines: list[NDArray[np.float32]] = []
        for block in _blocks(path):
            names += block["sha256"].tolist()
            cosines.append(_directions(block["embedding"]) @ _directions(own[:1])[0])
        order = np.argsort(-np.concatenate(cosines), kind="stable")
        return [names[place].decode() for place in order.tolist() if names[place] != sha256.encode()]
    return []


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d), each of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def _blocks(path: Path) -> Iterator[Records]:
    """The records of a store of embeddings, some at a time; nothing where it is no such store."""
    with path.open("rb") as file:
        header = file.readline()
        facts = json.loads(header)
        if "embeddings" not in facts:
            return
        stored = Layout(header, np.dtype(ast.literal_eval(facts["record"]))).stored
        while data := file.read(BLOCK * stored.itemsize):
            whole = len(data) // stored.itemsize * stored.itemsize
            yield np.frombuffer(data[:whole], stored)["record"]
