"""folders: `<split>/<class>/<key>.<extension>`, as torchvision's ImageFolder and Keras read it."""

from collections import Counter
from collections.abc import Sequence

from curate.core.counted import counted
from curate.export.card import card
from curate.export.photos import File
from curate.export.release import Contents, Release, in_order, index

LOADING = """\
```python
from torchvision.datasets import ImageFolder
train = ImageFolder("train")
```

or `keras.utils.image_dataset_from_directory("train")`. `photos.csv` names key, listing and sha256 of each
photo, and `curate import photos.csv --keep-split` brings all of them back.
"""

READS = {  # endings of photos that a reader takes; it says nothing of the others
    "ImageFolder": frozenset({"bmp", "jpg", "png", "tif", "webp"}),
    "Keras": frozenset({"bmp", "gif", "jpg", "png"}),
}


def left_out(files: Sequence[File]) -> list[str]:
    """`ImageFolder leaves out 2 photos (1 .avif, 1 .gif)` for each reader that does not take all of `files`."""
    endings = Counter(file.extension for file in files)
    found = []
    for reader, taken in READS.items():
        others = {ending: number for ending, number in sorted(endings.items()) if ending not in taken}
        if others:
            named = ", ".join(f"{number:,} .{ending}" for ending, number in others.items())
            found.append(f"{reader} leaves out {counted(sum(others.values()), 'photo')} ({named})")
    return found


def loading(release: Release) -> str:
    """How to load the export, and what a reader does not take of it."""
    if not (absent := left_out(release.files)):
        return LOADING
    return f"{LOADING}\n{'; '.join(absent)}, without a word. An export with `--format jpeg` is read whole.\n"


def path_of(file: File) -> str:
    """`train/swift/0014c07dab1ed8a7.jpg`."""
    return f"{file.photo.split}/{file.photo.class_name}/{file.name}"


def photos(release: Release) -> Contents:
    """The photos in their folders, and photos.csv."""
    paths = [(file, path_of(file)) for file in release.files]
    for file, path in sorted(paths, key=lambda each: (in_order(each[0].photo.split), each[1])):
        yield path, file
    yield "photos.csv", index(paths)


def contents(release: Release) -> Contents:
    """All files of the export."""
    yield from photos(release)
    yield "README.md", card(release, loading(release))
