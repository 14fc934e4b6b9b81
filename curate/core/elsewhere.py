"""Where workers find photos that do not see the folder of the run."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

Reading = Callable[[], AbstractContextManager[None]]  # what a worker enters for its work


class Elsewhere(NamedTuple):
    """Photos in another place than the folder of the run."""

    prepare: Callable[[], Reading]  # brings them there, from this machine, before the first item
    packages: tuple[str, ...]  # that read there, the same on every machine
