"""`clean.examples`: folders of photos that show what to reject and what to keep, as labels for the classifier."""

import hashlib
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.clean.scorers.base import Scorer
from curate.clean.signals import Examples
from curate.core import recipe
from curate.core.counted import counted
from curate.core.errors import RejectedError, UsageError
from curate.photos import decode

_BATCH = 32  # photos
log = logging.getLogger(__name__)


def load(config: recipe.Examples, scorer: Scorer) -> tuple[Examples | None, str]:
    """Embeddings (e, d) and which of them are to be kept (e,), or None; and a digest of the files.

    Raises UsageError for a folder that is not there or holds no photo.
    """
    prepared: list[NDArray[np.uint8]] = []
    keep: list[bool] = []
    digest = hashlib.sha256()
    for name, wanted in ((config.reject, False), (config.keep, True)):
        if not name:
            continue
        before, refused = len(prepared), list[str]()
        key = "keep" if wanted else "reject"
        if not Path(name).is_dir():
            raise UsageError(f"clean.examples.{key}: {name} is no folder: name one with a few photos in it")
        for path in sorted(Path(name).rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            data = path.read_bytes()
            try:
                image = decode.decode(data, at_least=scorer.side)
            except RejectedError as error:
                refused.append(f"{path}: {error}")
                continue
            prepared.append(scorer.prepare(image.pixels))
            keep.append(wanted)
            digest.update(key.encode() + hashlib.sha256(data).digest())
        if len(prepared) == before:
            raise UsageError(f"clean.examples.{key}: {name} holds no photo that can be decoded")
        if refused:
            log.warning("clean.examples.%s: %s not used, e.g. %s", key, counted(len(refused), "file"), refused[0])
    if not prepared:
        return None, ""
    batches = [np.stack(prepared[start : start + _BATCH]) for start in range(0, len(prepared), _BATCH)]
    embeddings = np.concatenate([scorer.embed(batch) for batch in batches])
    return (embeddings, np.array(keep)), digest.hexdigest()[:16]
