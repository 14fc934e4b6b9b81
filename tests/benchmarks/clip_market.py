"""The table of clean_quality with the `clip` scorer and real weights, which must be downloaded once.

    python -m tests.benchmarks.clip_market --folder manifests/market-clip
    python -m tests.benchmarks.clip_market --folder manifests/market-clip --weights checkpoint.pt --model ViT-B-16

The folder is made by clean_quality's `build` from ../shared/market; concepts and prompts are those of
pipelines/swift_wagonr.yaml, without its two models of car.
"""

import argparse
from pathlib import Path

from curate.core import manifest
from curate.core.errors import CurateError
from tests.benchmarks.clean_quality import build, config, of_stage
from tests.benchmarks.pipeline_market import facts_by_key


def main() -> None:
    """Clean with CLIP, compare with truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the manifests go; keep it out of git")
    parser.add_argument("--model", help="open_clip architecture")
    parser.add_argument("--weights", help="open_clip tag, or a local checkpoint")
    options = parser.parse_args()
    build(options.folder)
    facts = facts_by_key(options.folder)
    section = config(("sedan", "suv")).override(scorer="clip", model=options.model, weights=options.weights)
    try:
        for line in of_stage(options.folder, section, lambda key: facts[key]["issue"]):
            print(line, flush=True)
    except CurateError as error:  # random weights see no car anywhere
        raise SystemExit(str(error)) from error
    print(f"  {manifest.read_sidecar(options.folder, 'clean')['notes']['scorer']}")


if __name__ == "__main__":
    main()
