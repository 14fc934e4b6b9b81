"""Which scorer a recipe asks for."""

from curate.clean.scorers.base import Scorer
from curate.core.recipe import Clean


def load(config: Clean, threads: int | None = None) -> Scorer:
    """The scorer of the recipe; `threads` of `imagenet` for one batch, one per core unless given.

    Raises ResourceError when its weights are missing or wrong: it names the other.
    """
    if config.scorer == "imagenet":
        from curate.clean.scorers.imagenet import ImageNet

        return ImageNet(threads)
    if config.scorer == "none":
        from curate.clean.scorers.none import NoScorer

        return NoScorer()
    from curate.clean.scorers.clip import Clip

    return Clip(config.model, config.weights, config.weights_sha256, config.backend)


def high_resolution() -> Scorer:
    """The second scorer of `clean --thorough`: EfficientNet-Lite0 at 320 pixels.

    It is the same beside `clip`, whose networks take one input size only. Raises ResourceError when its weights
    are missing or wrong.
    """
    from curate.clean.scorers.imagenet import HIGH_RESOLUTION, ImageNet

    return ImageNet(side=HIGH_RESOLUTION)
