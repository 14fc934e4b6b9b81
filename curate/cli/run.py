"""The command that runs every stage."""

from typing import Annotated

import typer

from curate.cli.context import recipe_and_folder, result, run_stages_of, say, stage_results, with_executor
from curate.cli.options import Executor, Store, Workers, command
from curate.cli.stages import commands as commands
from curate.core.errors import UsageError
from curate.core.stages import STAGES


@command(commands)
def run(
    ctx: typer.Context,
    until: Annotated[
        str,
        typer.Option(help="Stop after this stage: fetch, dedup, clean, split or train-baseline."),
    ] = "",
    workers: Workers = None,
    executor: Executor = None,
    store: Store = None,
) -> None:
    """Run every stage, then write the report.

    What is up to date is left as it is. A stage that ran with other settings than the recipe's runs again by the
    recipe, and says so. Without the extra `train`, train-baseline is left out. With --until the later stages
    wait.

    Example: curate run --recipe mine.yaml --until split
    """
    from curate.core import manifest
    from curate.inspect.status import by_the_recipe
    from curate.pipeline import check_complete, not_trained, stages_to_run
    from curate.report.report import write_report

    if (last := until.replace("-", "_")) and last not in STAGES:
        raise UsageError(f"--until {until} is no stage; choose one of {', '.join(map(manifest.command, STAGES))}")
    recipe, folder = recipe_and_folder(ctx)
    stages = stages_to_run(recipe, folder, last)
    if untrained := not_trained(recipe, stages):
        stages.remove("train_baseline")
    recipe, folder = recipe_and_folder(ctx, *stages)
    recipe = with_executor(recipe, executor, store)
    for line in by_the_recipe(folder, recipe, stages):
        say(ctx, line)
    run_stages_of(ctx, stages, recipe, workers)
    if untrained:
        say(ctx, f"{untrained}, or set train_baseline.variant to transfer in the recipe")
    report = write_report(folder, recipe.name).resolve()
    say(ctx, f"report: {report}")
    result(ctx, {"stages": stage_results(ctx), "report": str(report)})
    if "fetch" in stages:
        check_complete(folder)
