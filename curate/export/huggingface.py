"""huggingface: an image folder for `datasets`, with metadata.csv per split.

The label is a column of metadata.csv: `datasets` drops the labels of folders as soon as metadata is there.
"""

import csv
import io

import yaml

from curate.core.schemas import SPLITS
from curate.export.card import card
from curate.export.release import VALIDATION, Contents, Release, index

LOADING = """\
```python
from datasets import ClassLabel, load_dataset
dataset = load_dataset("path/of/this/folder")
dataset = dataset.cast_column("label", ClassLabel(names={names!r}))
```

`photos.csv` names listing, place and sha256 of each photo, and `curate import photos.csv --keep-split` brings all
of them back.
"""


def contents(release: Release) -> Contents:
    """All files of the export."""
    paths = []
    for split in SPLITS:
        files = release.of(split)
        if not files:
            continue
        folder = VALIDATION[split]
        buffer = io.StringIO(newline="")
        table = csv.writer(buffer, lineterminator="\n")
        table.writerow(["file_name", "label", "key"])
        for file in files:
            path = f"{file.photo.class_name}/{file.name}"
            table.writerow([path, file.photo.class_name, file.photo.key])
            paths.append((file, f"{folder}/{path}"))
            yield f"{folder}/{path}", file
        yield f"{folder}/metadata.csv", buffer.getvalue().encode()
    yield "photos.csv", index(paths)
    columns: list[dict[str, object]] = [
        {"name": "image", "dtype": "image"},
        {"name": "label", "dtype": "string"},
        {"name": "key", "dtype": "string"},
    ]
    loading = LOADING.format(names=list(release.dataset.classes))
    yield "README.md", card(release, loading, front_matter(release, columns, "{split}/**"))


def front_matter(release: Release, columns: list[dict[str, object]], pattern: str) -> str:
    """The YAML that a dataset site reads: where the splits are, what the columns are."""
    number = len(release.files)
    splits = [(split, release.of(split)) for split in SPLITS]
    front = {
        "pretty_name": release.title,
        "task_categories": ["image-classification"],
        "size_categories": [_size(number)],
        **({"license": release.rights.license.lower()} if release.rights.license else {}),
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": VALIDATION[split], "path": pattern.format(split=VALIDATION[split])}
                    for split, files in splits
                    if files
                ],
            }
        ],
        "dataset_info": {
            "features": columns,
            "splits": [
                {"name": VALIDATION[s], "num_bytes": sum(f.bytes for f in files), "num_examples": len(files)}
                for s, files in splits
                if files
            ],
        },
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n"


def _size(number: int) -> str:
    """The word for a number of rows: `1K<n<10K`."""
    names = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M"]
    return names[min(len(names) - 1, max(0, len(str(number)) - 3))]
