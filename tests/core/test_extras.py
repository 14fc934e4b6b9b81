from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from curate.cli.app import app
from curate.core import extras
from curate.core.errors import ResourceError
from curate.core.recipe import Clean
from curate.dedup import hamming_search
from tests.painted_run import RECIPE, build

REST = {"name": "not_car", "imagenet": ["*"]}


def without(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    monkeypatch.setitem(extras.MODULES, extra, ("no_such_package",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recipe = RECIPE.model_dump(mode="json")
    recipe["clean"]["concepts"] = [{"name": "car", "keep": True, "imagenet": ["cab"]}, REST]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipe))
    return build(tmp_path / "run", last="split")


def curate(folder: Path, *words: str) -> tuple[int, str]:
    options = ["--recipe", str(folder.parent / "mine.yaml"), "--folder", str(folder)]
    result = CliRunner().invoke(app, [*options, *words])
    return result.exit_code, result.output


def test_training_without_its_extra_is_one_line_that_names_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "train")
    code, said = curate(folder, "train-baseline")
    assert code == 7
    assert said.count("\n") == 1
    assert "needs no_such_package" in said
    assert "`pip install 'curate-photos[train]'`; or to train a network that needs no torch, run `curate t" in said


def test_clip_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.clean.scorers import loading

    without(monkeypatch, "clip")
    with pytest.raises(ResourceError, match="scorer clip needs no_such_package") as caught:
        loading.load(Clean(scorer="clip"))
    assert "curate-photos[clip]" in str(caught.value.remedies)


def test_a_whole_run_leaves_training_out_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from curate import pipeline

    without(monkeypatch, "train")
    ran: list[str] = []
    monkeypatch.setattr(pipeline, "run_stages", lambda stages, *_: ran.extend(stages))
    code, said = curate(folder, "run")
    assert code == 0, said
    assert ran == ["fetch", "dedup", "clean", "split"]
    assert "train_baseline: not run" in said
    assert "curate-photos[train]'`, or set train_baseline.variant to transfer in the recipe" in said
    assert (folder / "report.html").exists()


def test_hashes_are_searched_without_the_compiled_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 300, dtype=np.uint64)
    hashes = np.concatenate([hashes, hashes ^ np.uint64(0b1011 << 20)])
    monkeypatch.setattr(hamming_search, "_FEW", 0)
    compiled = hamming_search.gather(hamming_search.within(hashes, 12))
    without(monkeypatch, "fast")
    monkeypatch.setattr(hamming_search, "_by_chunks", None)
    plain = hamming_search.gather(hamming_search.within(hashes, 12))
    assert len(plain[0]) >= 300
    for column in range(3):
        assert np.array_equal(compiled[column], plain[column])
