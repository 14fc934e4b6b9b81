"""webdataset: tar files to be read one after the other, a photo's files side by side.

Keys are hashes, so photos in their order are in no order of listing or class. Same photos, same bytes: no time, no
owner, no host goes into a tar.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from curate.core.schemas import SPLITS
from curate.export.card import card
from curate.export.photos import File
from curate.export.release import Contents, Release, Shard, shards

SHARD_FILES, SHARD_BYTES = 1000, 256 * 1024**2

LOADING = """\
```python
import webdataset as wds
train = wds.WebDataset("train-{000000..%06d}.tar", shardshuffle=False).decode("pil").to_tuple("%s", "cls")
```

`cls` is the number of the class: %s. `json` holds key, listing and sha256.
"""


def contents(release: Release) -> Contents:
    """All files of the export."""
    for split in SPLITS:
        for number, part in enumerate(shards(release.of(split), SHARD_FILES, SHARD_BYTES)):
            yield f"{split}-{number:06d}.tar", Shard(partial(_write, part, release.dataset.classes))
    last = max(0, len(shards(release.of("train"), SHARD_FILES, SHARD_BYTES)) - 1)
    endings = ";".join(sorted({file.extension for file in release.files}))  # a photo has one of them
    names = ", ".join(f"{number} is {name}" for number, name in enumerate(release.dataset.classes))
    yield "README.md", card(release, LOADING % (last, endings or "jpg", names))


def _write(files: Sequence[File], classes: Sequence[str], out: BinaryIO) -> None:
    tar(_members(files, classes), out)


def _members(files: Sequence[File], classes: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        photo = file.photo
        yield file.name, file.source.read_bytes()
        yield f"{photo.key}.cls", str(classes.index(photo.class_name)).encode()
        about = {
            "key": photo.key,
            "class_name": photo.class_name,
            "listing_id": photo.listing,
            "sha256": file.sha256,
            "width": file.width,
            "height": file.height,
        }
        yield f"{photo.key}.json", json.dumps(about, ensure_ascii=False).encode("utf-8", "replace")


def tar(members: Iterable[tuple[str, bytes]], out: BinaryIO) -> None:
    """Write names and their bytes as a tar that depends on nothing else."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)  # time, owner and group are 0
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
