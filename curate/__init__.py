"""Turn a classifieds site into an image-classification dataset one can trust.

Start with `curate/ARCHITECTURE.md`, then `curate/core/schemas.py`.
"""

import os

__version__ = "0.1.0"

# No library that is imported from here on reports to its maker. ONNX Runtime reads its variable when it is loaded,
# so this stands before every import; worker processes inherit it. A value that is set already stays.
for _name in (
    "DO_NOT_TRACK",
    "ORT_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_TELEMETRY",  # huggingface_hub, below open_clip and timm
    "HF_HUB_DISABLE_UPDATE_CHECK",
    "DISABLE_TELEMETRY",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

# Threads of torch that wait for each other look a thousand times, then sleep. By default GNU OpenMP looks 300,000
# times: beside other work they take the cores from the thread they wait for. docs/log/training-questions.md.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
