"""What the scorer sees in the photos of each class: ImageNet classes, concepts and a section for the recipe."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curate.clean import subject
from curate.clean.kernel_classifier import Floats, evenly
from curate.clean.scorers.imagenet import ImageNet, concept_probabilities
from curate.core.counted import counted
from curate.core.errors import RejectedError, UsageError
from curate.core.recipe import Clean
from curate.photos import decode
from curate.photos.store import PHOTO_SUFFIXES

MOST = 200  # photos of a class, at even steps
SHOWN = 8  # ImageNet classes of each
SHARE = 0.02  # an ImageNet class with less of a class's probability is not proposed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What the network sees in the photos of a class."""

    class_name: str
    photos: int
    imagenet: tuple[tuple[str, float], ...]  # ImageNet class and mean probability, the largest first
    concepts: tuple[tuple[str, float], ...]  # the same of the recipe's concepts


def photos_in(folder: Path) -> dict[str, list[Path]]:
    """Photo files by class: the folders of `folder`, or itself. Raises UsageError when there is none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: name one with a folder of photos per class")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in PHOTO_SUFFIXES:
            parts = path.relative_to(folder).parts
            found.setdefault(parts[0] if len(parts) > 1 else folder.name, []).append(path)
    if not found:
        raise UsageError(f"{folder} holds no photo ({', '.join(PHOTO_SUFFIXES)})")
    return found


def probabilities(paths: Sequence[Path], scorer: ImageNet) -> Floats:
    """ImageNet probabilities (n, 1000) of the photos that can be decoded, at most `MOST` of them."""
    places = evenly(np.arange(len(paths)), MOST)
    rows, refused = [], list[str]()
    for place in places:
        try:
            image = decode.decode(paths[place].read_bytes(), at_least=scorer.side)
        except (RejectedError, OSError) as error:
            refused.append(f"{paths[place]}: {error}")
            continue
        rows.append(scorer.class_probabilities(scorer.embed(scorer.prepare(image.pixels)[None])))
    if refused:
        log.warning(
            "%d of %d photos cannot be read and are not looked at, e.g. %s", len(refused), len(places), refused[0]
        )
    return np.concatenate(rows) if rows else np.empty((0, len(scorer.class_names)))


def look(photos: Mapping[str, Sequence[Path]], config: Clean) -> Iterator[Seen]:
    """What the scorer sees in each class, with the concepts of `config` or its subject."""
    scorer = ImageNet()
    concepts = subject.resolve(config.override(scorer="imagenet")).concepts
    for name, paths in photos.items():
        found = probabilities(paths, scorer)
        if not len(found):
            continue
        mean = found.mean(axis=0)
        order = np.argsort(-mean, kind="stable")[:SHOWN]
        (shares,) = concept_probabilities(mean[None], concepts, scorer.class_names)
        yield Seen(
            name,
            len(found),
            tuple((scorer.class_names[place], float(mean[place])) for place in order),
            tuple(sorted(zip((c.name for c in concepts), shares.tolist(), strict=True), key=lambda one: -one[1])),
        )


def lines(found: Iterable[Seen]) -> Iterator[str]:
    """The table for a terminal."""
    for one in found:
        yield f"{one.class_name}: {counted(one.photos, 'photo')}"
        yield "  ImageNet: " + ", ".join(f"{name} {share:.0%}" for name, share in one.imagenet)
        yield "  concepts: " + ", ".join(f"{name} {share:.0%}" for name, share in one.concepts if share >= 0.005)


def section(found: Sequence[Seen]) -> str:
    """The `clean` section to paste: what the network sees in the classes is what is wanted."""
    names = dict.fromkeys(name for one in found for name, share in one.imagenet if share >= SHARE)
    quoted = ", ".join(names)
    return "\n".join(
        (
            "clean:",
            "  scorer: imagenet",
            "  concepts:",
            "    - name: wanted",
            "      role: wanted",
            f"      imagenet: [{quoted}]",
            "    - name: other",
            '      imagenet: ["*"] # every class that is not named above',
        )
    )
