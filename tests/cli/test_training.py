"""The commands about networks: JSON alone on stdout, and no plot where matplotlib is absent."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import extras
from curate.core.recipe import TrainBaseline
from curate.train import stage
from tests.folders import CLASSES, build_folder

CONFIG = TrainBaseline(class_names=CLASSES, variant="transfer", transfer={"image_size": 64})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    scratch = tmp_path_factory.mktemp("training")
    recipe = scratch / "mine.yaml"
    recipe.write_text(
        f"name: mine\nclasses: [{', '.join(CLASSES)}]\n"
        "train_baseline: {variant: transfer, transfer: {image_size: 64}}\n"
    )
    stage.run(build_folder(scratch / "run", "split", n=100), CONFIG)
    return ["--recipe", str(recipe), "--folder", str(scratch / "run")]


def output(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_is_the_whole_of_stdout(place: list[str]) -> None:
    (row,) = json.loads(output("compare", "--json", *place))
    assert (row["variant"], row["seeds"], row["chosen"]) == ("transfer", 1, True)
    curve = json.loads(output("learning-curve", "--json", *place))
    assert curve["sizes"][-1] == 60
    assert len(curve["accuracy"]) == len(curve["sizes"])


def test_without_matplotlib_there_is_no_plot_and_it_is_said(
    place: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plots = [Path(place[-1]) / name for name in ("models/compare.png", "learning_curve.png")]
    for plot in plots:
        plot.unlink(missing_ok=True)
    monkeypatch.setitem(extras.MODULES, "plots", ("no_such_package",))
    for command in ("compare", "learning-curve"):
        text = output(command, *place)
        assert "no plot, because matplotlib is not installed: `pip install 'curate-photos[plots]'`" in text
    assert not any(plot.exists() for plot in plots)


def refused(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, words)
    return result.exit_code, " ".join(result.output.split())


def test_predict_names_the_networks_that_are_there(place: list[str]) -> None:
    folder = Path(place[-1])
    photo = next(folder.glob("images/**/*.jpg"))
    code, text = refused("predict", str(photo), "--variant", "nix", *place)
    assert code == 2
    assert "--variant nix: a variant is one of base, augment, dropout, batchnorm, transfer, finetune" in text
    code, text = refused("predict", str(photo), "--variant", "finetune", *place)
    assert code == 6
    assert "no network of the variant finetune was trained, only transfer" in text
    code, text = refused("predict", str(photo), "--model", str(folder / "models"))
    assert code == 2
    assert f"name a network's folder, such as {folder / 'models/transfer/seed-42'}" in text
    code, text = refused("predict", str(photo), "--model", str(folder / "nowhere"))
    assert code == 2
    own = str(folder / "models/transfer/seed-42")
    code, text = refused("predict", str(photo), "--model", own, "--variant", "base")
    assert code == 2
    assert "give one of them" in text
