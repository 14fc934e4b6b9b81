"""folders: `<split>/<class>/<key>.<extension>`, as torchvision's ImageFolder and Keras read it."""

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
    yield "README.md", card(release, LOADING)
