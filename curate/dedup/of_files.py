"""Find duplicates among photo files, wherever they are: what a stage does, without a folder of manifests."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curate.core.errors import RejectedError
from curate.core.executors import MapFn
from curate.core.progress import progress
from curate.core.recipe import Dedup
from curate.dedup import find_duplicates, fingerprints
from curate.dedup.fingerprints import FINGERPRINT
from curate.photos import decode


@dataclass(frozen=True, slots=True)
class FileDuplicates:
    """What was found of n files."""

    group: list[int]  # n: number of the file that its duplicates go by, its own where it has none
    proof: list[str]  # n: words of PROOFS against that file; empty for that file itself
    sha256: list[str]  # n: of the file; empty where it cannot be read
    refused: dict[int, str]  # number of a file that cannot be read, and why


def find(files: Sequence[Path], config: Dedup, map_fn: MapFn = map) -> FileDuplicates:
    """Exact and near duplicates among `files`, proved as `find_duplicates` says. Nothing is written."""
    read = list(progress(iter(map_fn(_read, files)), "hash", len(files)))
    group, proof = list(range(len(files))), [""] * len(files)
    refused = {number: found for number, found in enumerate(read) if isinstance(found, str)}
    digests = ["" if isinstance(found, str) else found[0] for found in read]
    first: dict[str, int] = {}  # of each content
    areas: dict[str, int] = {}
    prints: dict[str, bytes] = {}
    for number, found in enumerate(read):
        if isinstance(found, str):
            continue
        sha256, area, data = found
        areas[sha256], prints[sha256] = area, data
        if sha256 in first:
            group[number], proof[number] = first[sha256], "sha256"
        first.setdefault(sha256, number)
    if not first:
        return FileDuplicates(group, proof, digests, refused)
    names = sorted(first)
    table = np.frombuffer(b"".join(prints[name] for name in names), FINGERPRINT)
    wholes = table[fingerprints.wholes(table)]
    content = fingerprints.content(wholes).tolist()
    grey = fingerprints.colourless(wholes).tolist()
    order = sorted(range(len(names)), key=lambda at: (-round(areas[names[at]] * content[at]), grey[at], names[at]))
    ranked = fingerprints.take(table, np.array(order, dtype=np.int64))
    duplicates = find_duplicates.find(ranked, config, map_fn)
    numbers = [first[names[at]] for at in order]
    for place, keeper in enumerate(duplicates.keeper.tolist()):
        if keeper != place:
            group[numbers[place]], proof[numbers[place]] = numbers[keeper], duplicates.proof[place]
    group = [group[number] if proof[number] != "sha256" else group[group[number]] for number in range(len(files))]
    return FileDuplicates(group, proof, digests, refused)


def _read(file: Path) -> tuple[str, int, bytes] | str:
    """sha256, pixels and fingerprints of a file, or why there are none."""
    import cv2

    cv2.setNumThreads(1)  # many of these run side by side
    try:
        data = decode.read_file(file)
        sha256 = hashlib.sha256(data).hexdigest()
        decoded = decode.decode(data, at_least=fingerprints.AT_LEAST)
    except RejectedError as error:
        return error.reason
    prints = fingerprints.of_pixels(decoded.pixels, sha256, (len(data), 0))
    return sha256, decoded.width * decoded.height, prints.tobytes()
