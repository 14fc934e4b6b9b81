"""The registry of stages, and whatever repeats it for people."""

import inspect
import re
from pathlib import Path

import pytest

from curate.core.recipe import Recipe
from curate.core.schemas import REASONS
from curate.core.stages import STAGES, Stage
from curate.pipeline import runner

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_stage_reads_only_what_comes_before_it(stage: Stage) -> None:
    earlier = list(STAGES)[: list(STAGES).index(stage.name)]
    assert {name for name in stage.inputs if "." not in name} <= set(earlier)
    assert stage.inputs[:1] == tuple(earlier[-1:]), "its rows are those that the stage before it kept"


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_stage_has_a_section_reasons_and_something_to_run(stage: Stage) -> None:
    assert stage.section in Recipe.model_fields
    assert stage.name in REASONS and stage.row_type.stage == stage.name
    names = list(inspect.signature(runner(stage)).parameters)
    assert names[:3] == ["folder", "config", "map_fn"]


def test_the_architecture_draws_the_graph_that_runs() -> None:
    text = (ROOT / "curate" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = dict(re.findall(r"─+▶ (\w+)\.csv .*  (\S.*)\n", text))
    assert drawn == {name: ", ".join(stage.inputs) or "the site" for name, stage in STAGES.items()}
