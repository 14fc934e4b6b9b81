"""parquet: photos and labels in Parquet files, as `datasets`, pyarrow and DuckDB read them.

The column `image` is a struct of bytes and path. The schema carries the features in the words of `datasets`, so
the label comes back as a class. Row groups are small: a reader that wants one photo reads few others.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, BinaryIO

from curate.core.errors import ResourceError
from curate.core.schemas import SPLITS
from curate.export.card import card
from curate.export.huggingface import front_matter
from curate.export.photos import File
from curate.export.release import VALIDATION, Contents, Release, Shard, shards

ROW_GROUP = 100  # photos
SHARD_FILES, SHARD_BYTES = 10_000, 450 * 1024**2

LOADING = """\
```python
from datasets import load_dataset
dataset = load_dataset("path/of/this/folder")
```

or, without `datasets`, `pyarrow.parquet.read_table("data")`: `image.bytes` is the file of a photo.
"""


def contents(release: Release) -> Contents:
    """All files of the export. Raises ResourceError when pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        install = "run `pip install 'curate-photos[export]'`"
        raise ResourceError(f"the format parquet needs pyarrow: {install}") from error
    for split in SPLITS:
        parts = shards(release.of(split), SHARD_FILES, SHARD_BYTES)
        for number, part in enumerate(parts):
            name = f"data/{VALIDATION[split]}-{number:05d}-of-{len(parts):05d}.parquet"
            yield name, Shard(partial(_write, part, release.dataset.classes))
    yield "README.md", card(release, LOADING, front_matter(release, _columns(release), "data/{split}-*"))


def _columns(release: Release) -> list[dict[str, object]]:
    names = {str(number): name for number, name in enumerate(release.dataset.classes)}
    kinds: dict[str, object] = {"image": "image", "label": {"class_label": {"names": names}}, **_VALUES}
    return [{"name": name, "dtype": kind} for name, kind in kinds.items()]


_VALUES: dict[str, object] = {
    "key": "string",
    "listing_id": "string",
    "title": "string",
    "region": "string",
    "city": "string",
    "year": "int32",
    "price": "float64",
    "sha256": "string",
}


def _schema(classes: Sequence[str]) -> Any:
    import pyarrow as pa

    kinds = {"string": pa.string(), "int32": pa.int32(), "float64": pa.float64()}
    features = {
        "image": {"_type": "Image"},
        "label": {"_type": "ClassLabel", "names": list(classes)},
        **{name: {"_type": "Value", "dtype": kind} for name, kind in _VALUES.items()},
    }
    columns = [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("label", pa.int64()),
        *((name, kinds[str(kind)]) for name, kind in _VALUES.items()),
    ]
    return pa.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _write(files: Sequence[File], classes: Sequence[str], out: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema(classes)
    texts = [name for name in schema.names if name != "image"]
    with parquet.ParquetWriter(
        out, schema, compression="snappy", use_dictionary=["region", "city"], write_statistics=texts
    ) as writer:
        for start in range(0, len(files), ROW_GROUP):
            rows = [
                {
                    "image": {"bytes": file.source.read_bytes(), "path": file.name},
                    "label": classes.index(file.photo.class_name),
                    **{name: getattr(file.photo, name) for name in _VALUES},
                    "listing_id": file.photo.listing,
                    "sha256": file.sha256,
                }
                for file in files[start : start + ROW_GROUP]
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema), row_group_size=ROW_GROUP)
