"""Make curate/clean/subjects/imagenet.tsv: the 1,000 ImageNet classes and their hypernyms in WordNet 3.0.

    apt-get install wordnet-base
    python -m tests.benchmarks.imagenet_table

ImageNet's synset ids are WordNet 3.0's noun offsets. Columns: id, the scorer's name (empty for a hypernym that is
no class), words, ids of the hypernyms. The first 1,000 rows are the classes in the network's order.
"""

from pathlib import Path

from timm.data.imagenet_info import ImageNetInfo
from torchvision.models import EfficientNet_B0_Weights

NOUNS = Path("/usr/share/wordnet/data.noun")
TABLE = Path(__file__).parents[2] / "curate" / "clean" / "subjects" / "imagenet.tsv"


def read_nouns(path: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Words and ids of the hypernyms, by id."""
    found = {}
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        words = [word.replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
        pointers = fields[5 + 2 * count :]
        above = [
            f"n{pointers[place + 1]}" for place in range(0, len(pointers) - 3, 4) if pointers[place] in ("@", "@i")
        ]
        found[f"n{fields[0]}"] = (words, above)
    return found


def main() -> None:
    """Write the table."""
    nouns = read_nouns(NOUNS)
    classes = ImageNetInfo("imagenet-1k").label_names()  # type: ignore[no-untyped-call]
    names = EfficientNet_B0_Weights.DEFAULT.meta["categories"]
    rows = dict(zip(classes, names, strict=True))
    waiting = list(classes)
    while waiting:
        for other in nouns[waiting.pop()][1]:
            if other not in rows:
                rows[other] = ""
                waiting.append(other)
    order = classes + sorted(set(rows) - set(classes))
    lines = ["\t".join((one, rows[one], "|".join(nouns[one][0]), " ".join(nouns[one][1]))) for one in order]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
