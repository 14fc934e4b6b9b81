"""The stages, in order, and which reads what: the only place that says so.

Manifests, status, verify, explain, the report, the tests' fixtures and the docs read it from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from curate.core.schemas import CleanRow, DedupRow, FetchRow, Row, SplitRow, TrainBaselineRow


@dataclass(frozen=True, slots=True)
class Stage:
    """One step from the site to the network: it reads manifests and writes its own, `<name>.csv`."""

    name: str
    row_type: type[Row]
    inputs: tuple[str, ...]  # stages whose manifests it reads, first the one whose kept rows it takes; or files
    section: str  # of the recipe: its configuration
    version: int  # of its results: one more makes what it wrote before stale, a release of the package does not
    run: str  # `module:function`, imported when it is to run: (folder, section, map_fn) -> rows


_IN_ORDER = (
    Stage(FetchRow.stage, FetchRow, (), "source", 1, "curate.fetch.stage:run"),
    Stage(DedupRow.stage, DedupRow, ("fetch",), "dedup", 6, "curate.dedup.stage:run"),
    Stage(CleanRow.stage, CleanRow, ("dedup", "fetch", "review.csv"), "clean", 7, "curate.clean.stage:run"),
    Stage(
        SplitRow.stage,
        SplitRow,
        ("clean", "dedup", "fetch", "given_split.csv"),
        "split",
        3,
        "curate.split.stage:run",
    ),
    Stage(
        TrainBaselineRow.stage, TrainBaselineRow, ("split", "fetch"), "train_baseline", 3, "curate.train.stage:run"
    ),
)
STAGES: Mapping[str, Stage] = {stage.name: stage for stage in _IN_ORDER}
