"""The command that asks Keras: its arguments, what it says when they are wrong or the reader sees other photos."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks import export_readers

# A package `keras` that counts files: as much of the loader as the command uses.
KERAS = """
from pathlib import Path
from types import SimpleNamespace
__version__ = "0"

class Labels(list):
    def numpy(self):
        return SimpleNamespace(tolist=lambda: list(self))

class Data(list):
    pass

def load(split, **options):
    classes = sorted(p.name for p in Path(split).iterdir())
    data = Data([(None, Labels(n for n, name in enumerate(classes) for _ in (Path(split) / name).iterdir()))])
    data.class_names = classes
    return data

utils = SimpleNamespace(image_dataset_from_directory=load)
"""


def test_what_the_reader_sees_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "keras.py").write_text(KERAS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    out, rows = tmp_path / "out", ["path,class_name,split"]
    for split in ("train", "val"):
        for class_name in ("sedan", "suv"):
            (out / split / class_name).mkdir(parents=True)
            (out / split / class_name / "a.jpg").write_bytes(b"")
            rows.append(f"{split}/{class_name}/a.jpg,{class_name},{split}")
    (out / "photos.csv").write_text("\n".join(rows), encoding="utf-8")
    words = [str(out), "--keras", sys.executable]
    assert export_readers.main(words) == 0
    assert capsys.readouterr().out == "Keras 0 reads all 4 photos of train, val\n"
    (out / "val" / "suv" / "b.jpg").write_bytes(b"")
    assert export_readers.main(words) == 1
    assert (
        "val: photos.csv has {'sedan': 1, 'suv': 1}, Keras reads {'sedan': 1, 'suv': 2}" in capsys.readouterr().out
    )
    with pytest.raises(SystemExit, match="no export of the format folders"):
        export_readers.main([str(tmp_path), "--keras", sys.executable])
    with pytest.raises(SystemExit, match="No such file"):
        export_readers.main([str(out), "--keras", str(tmp_path / "none")])
    (tmp_path / "lib" / "keras.py").write_text("import no_such_package")
    with pytest.raises(SystemExit, match="no_such_package"):
        export_readers.main(words)
