"""The weights that an open_clip tag names: in the cache of the Hugging Face hub, or fetched into it once.

What is in the cache is taken without a question over the network. What is not is asked for once, with a short
wait: the hub's own client tries for minutes before it says that there is no network.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import PurePosixPath

ANSWER_S = 5.0  # seconds in which the hub must answer
_ANY_FILE = "open_clip_pytorch_model.bin"  # what is asked for where the tag names no file


@contextmanager
def offline() -> Iterator[None]:
    """Let the hub's client look into its cache only; from its version 1 on, for it asks at each request."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def offline_where_whole(model: str) -> AbstractContextManager[None]:
    """`offline`, but not for a `model` of open_clip whose text tower comes from the hub, with its own config."""
    import open_clip

    from_hub = "hf_model_name" in open_clip.get_model_config(model).get("text_cfg", {})
    return nullcontext() if from_hub else offline()


def bring(model: str, tag: str) -> None:
    """See to it that the weights `tag` of an open_clip `model` are in the cache.

    Raises ConnectionError within seconds where they are not and the hub does not answer, and what the hub's client
    raises when the download fails.
    """
    import open_clip

    config = open_clip.get_pretrained_cfg(model, tag)
    if not (named := config.get("hf_hub")):
        open_clip.download_pretrained(config)
        return
    with suppress(Exception), offline():  # what is raised for a file that is not there has no common base
        open_clip.download_pretrained(config)
        return
    _ask(named)
    open_clip.download_pretrained(config)


def _ask(named: str) -> None:
    """Raise ConnectionError where the hub does not answer; what it says is for the download to understand."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    path = PurePosixPath(named)
    repository, file = (named.rstrip("/"), _ANY_FILE) if named.endswith("/") else (str(path.parent), path.name)
    try:
        get_hf_file_metadata(hf_hub_url(repository, file), timeout=ANSWER_S)
    except Exception as error:
        if isinstance(error, HfHubHTTPError) and error.response.status_code < 500:
            return
        raise ConnectionError(f"the hub does not answer: {error}") from error
