"""What `curate check` says of photos that it never saw, beside the truth; and whether its three doors agree.

    python -m tests.benchmarks.check_quality MARKET MARKET/truth.csv --folder manifests/held-out

Three quarters of the listings become the dataset, the other quarter are uploads with the seller's class and the
listing's id. truth.csv is read by this script only, when the verdicts are there.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.check.check import OK_PRECISION, Checker, Upload
from curate.check.verdict import Verdict
from curate.clean import stage as clean
from curate.core import manifest
from curate.core.intervals import Estimate, wilson
from curate.core.recipe import Recipe
from curate.core.schemas import REASONS, CleanRow, FetchRow
from tests.benchmarks.clean_quality import build, config
from tests.benchmarks.serve_load import Photo, one, serving
from tests.benchmarks.serve_market import read_listings

CLASSES = ("sedan", "suv")
JUNK = ("not_car", "closeup", "other_vehicle")
KINDS = ("duplicate", "another_class", *JUNK, "unreadable")
WRONG = {"wrong_model": "another_class", "corrupt": "unreadable"}


@dataclass(frozen=True)
class Held:
    """An upload and what is true of it."""

    name: str
    upload: Upload
    verdict: Verdict
    true: frozenset[str]  # of KINDS; empty for a good photo


def held_out(listing_id: str) -> bool:
    """Is it one of the quarter that is uploaded?"""
    return hashlib.sha256(listing_id.encode()).digest()[0] % 4 == 0


def recipe() -> Recipe:
    """Two classes, subject car."""
    return Recipe(name="market", classes=CLASSES, clean=config(CLASSES))


def share(right: int, number: int) -> str:
    """`0.983 [0.970, 0.991] (590 of 600)`."""
    return f"{Estimate(right / number, *wilson(right, number))} ({right} of {number})" if number else "-"


def of_verdict(verdict: Verdict) -> set[str]:
    """Its reasons as KINDS."""
    kinds = set()
    for reason in verdict.reasons:
        if reason in REASONS["fetch"]:
            kinds.add("unreadable")
        elif reason not in ("nothing_learnt", "no_threshold", "borderline"):
            kinds.add(reason if reason in KINDS else "not_car")  # document and person are that here
    return kinds


def judged(folder: Path, market: Path, truth_csv: Path, precision: float) -> Iterator[Held]:
    """Each upload with its verdict and its truth."""
    checker = Checker.open(folder, recipe(), precision, say=print)
    print(*checker.thresholds.lines(precision, OK_PRECISION, REASONS["clean"]), sep="\n")
    uploads = [
        (photo.photo_id, Upload(photo.read(), listing.class_name, listing.listing_id))
        for listing in read_listings(market)
        if held_out(listing.listing_id)
        for photo in listing.photos
    ]
    verdicts = []
    for start in range(0, len(uploads), 64):
        verdicts += checker.check_all([upload for _, upload in uploads[start : start + 64]])
    with truth_csv.open(encoding="utf-8", newline="") as file:
        truth = {row["image_id"]: row for row in csv.DictReader(file)}

    def first(name: str) -> str:
        while truth[name]["dup_of"]:
            name = truth[name]["dup_of"]
        return name

    there = {first(name) for name, row in truth.items() if not held_out(row["listing_id"])}
    bytes_there = {row.sha256 for row in manifest.read(folder, FetchRow)}  # of which truth.csv does not know all
    for (name, upload), verdict in zip(uploads, verdicts, strict=True):
        issue = truth[name]["issue"]
        kinds = {WRONG.get(issue, issue)} if issue == "corrupt" else set()
        if issue != "corrupt":
            issue = truth[first(name)]["issue"]
            kinds |= {WRONG.get(issue, issue)} & set(KINDS)
            again = first(name) in there or hashlib.sha256(upload.data).hexdigest() in bytes_there
            kinds |= {"duplicate"} if again else set()
        yield Held(name, upload, verdict, frozenset(kinds))


def figures(held: Sequence[Held]) -> Iterator[str]:
    """Verdicts by what is true, precision and recall of flags, all and by reason."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for each in held:
        table["+".join(sorted(each.true)) or "good"][each.verdict.verdict] += 1
    yield f"{len(held)} uploads; true: flag, unsure, ok"
    for kinds, row in sorted(table.items(), key=lambda item: -item[1].total()):
        yield f"  {kinds:28} {row['flag']:5} {row['unsure']:5} {row['ok']:5}"
    flags = [each for each in held if each.verdict.verdict == "flag"]
    bad = [each for each in held if each.true]
    yield f"flags that are right  {share(sum(bool(each.true) for each in flags), len(flags))}"
    yield f"bad that are flagged  {share(sum(each.verdict.verdict == 'flag' for each in bad), len(bad))}"
    yield f"good that are flagged {share(sum(not each.true for each in flags), len(held) - len(bad))}"
    for kind in KINDS:
        said = [each for each in flags if kind in of_verdict(each.verdict)]
        true = [each for each in held if kind in each.true]
        found = sum(kind in of_verdict(each.verdict) for each in true if each.verdict.verdict == "flag")
        right = sum(kind in each.true for each in said)
        yield f"  {kind:14} precision {share(right, len(said)):40} recall {share(found, len(true))}"


def doors(folder: Path, held: Sequence[Held], count: int) -> Iterator[str]:
    """The same photos through clean, command and service; half of them are of the dataset."""
    rows = {row.key: row for row in manifest.read(folder, CleanRow)}
    step = max(1, 2 * len(rows) // count)
    known = [row for row in manifest.read(folder, FetchRow) if row.key in rows][::step][: count // 2]
    photos = [Photo((folder / row.path).read_bytes(), row.class_name) for row in known]
    step = max(1, 2 * len(held) // count)
    photos += [Photo(each.upload.data, each.upload.class_name) for each in held[::step][: count // 2]]
    checker = Checker.open(folder, recipe())
    direct = [checker.check([photo.data], photo.class_name)[0].as_json() for photo in photos]
    said = [[word for word in found["reasons"] if word not in ("duplicate", "another_class")] for found in direct]
    agree = sum(
        words == ([rows[row.key].reason] if rows[row.key].reason else [])
        for row, words in zip(known, said, strict=False)
    )
    yield f"clean and check agree on {agree} of {len(known)} photos of the dataset"
    written = folder / "uploads"
    written.mkdir(exist_ok=True)
    chosen = folder / "recipe.json"
    chosen.write_text(json.dumps(recipe().model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    where = ["--recipe", str(chosen), "--folder", str(folder)]
    commanded: dict[int, object] = {}
    for class_name in CLASSES:
        files = {}
        for number, photo in enumerate(photos):
            if photo.class_name == class_name:
                files[str(written / f"{number}.jpg")] = number
                (written / f"{number}.jpg").write_bytes(photo.data)
        words = [sys.executable, "-m", "curate", "check", *where, "--json", "--class", class_name, *files]
        run = subprocess.run(words, capture_output=True, text=True)
        for answered in json.loads(run.stdout):
            commanded[files[answered.pop("photo")]] = answered
    for path in written.iterdir():
        path.unlink()
    written.rmdir()
    plain = json.loads(json.dumps(direct))
    same = sum(commanded[number] == answered for number, answered in enumerate(plain))
    yield f"function and command agree on {same} of {len(photos)} photos, every figure of the verdict"
    with serving(where) as service:
        answers = [one(service.port, photo) for photo in photos]
    served = [json.loads(answer.body) for answer in answers if answer.status == 200]
    refused = Counter(answer.status for answer in answers if answer.status != 200)
    same = sum(json.loads(a.body) == one for a, one in zip(answers, plain, strict=True) if a.status == 200)
    yield f"function and service agree on {same} of {len(served)} photos; refused by type {dict(refused)}"


def main() -> None:
    """Build the dataset, check the rest, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("market", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="where the manifests go; keep it out of git")
    parser.add_argument("--photos", type=int, default=500, help="for the comparison of the doors")
    parser.add_argument("--precision", type=float, default=0.95)
    options = parser.parse_args()
    os.environ["CURATE_MARKET"] = str(options.market)
    build(options.folder, lambda listing_id: not held_out(listing_id))
    clean.run(options.folder, config(CLASSES))
    print(manifest.funnel_line(options.folder, "clean"), flush=True)
    held = list(judged(options.folder, options.market, options.truth, options.precision))
    print(*figures(held), sep="\n", flush=True)
    print(*doors(options.folder, held, options.photos), sep="\n", flush=True)


if __name__ == "__main__":
    main()
