"""Recall per edit and precision over pairs, ours beside imagehash, imagededup and fastdup.

    python -m tests.benchmarks.dedup_quality PHOTOS [--known CSV] [--originals 2400] [--edited 250] [--out FOLDER]
        [--no-peers] [--sellers 60] [--among 700] [--methods hash thorough sellers] [--second-table]

PHOTOS is any folder of photos. First what sellers do (see `seller_edits`): share kept together by the split, and
share removed; beside it what SSCD finds, a copy detection network that needs Python 3.12. Then a set with eleven
edits of some of them is made (see `edits`), all tools look for duplicates, and all pairs are judged. For ours, two
files are a pair when the stage groups them. FOLDER keeps the set, the peers' environments, and
`disagreements-*.jpg`: pairs that we call duplicates and that come from two different files of PHOTOS. Some of
those are true re-uploads that are not known: look at them. CSV tells of some: photo `image_id` (the file's name
without its ending) is a duplicate of `dup_of`; one of each group is taken.
"""

import argparse
import csv
import hashlib
import itertools
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from curate.core import executors
from curate.core.recipe import Dedup
from curate.dedup import find_duplicates, fingerprints, keypoints, phash
from curate.dedup.find_duplicates import Duplicates
from curate.dedup.partial import Files
from tests.benchmarks import peers, seller_edits
from tests.benchmarks.edits import EDITS, build

Pair = tuple[str, str]
# edits of the second table by their number in file names
WORDS = {f"{place:02d}": edit for place, edit in enumerate(seller_edits.EDITS, start=1)} | {"99": "collage"}


def fingerprint(sellers: bool, path: Path) -> tuple[bytes, bytes, int]:
    """The fingerprints of a file and its keypoints, as the stage makes them, and how many pixels it has."""
    from curate.photos import decode

    data = path.read_bytes()
    image, sha256 = decode.decode(data, fingerprints.AT_LEAST), hashlib.sha256(data).hexdigest()
    prints = fingerprints.of_pixels(image.pixels, sha256)
    points = b""
    if sellers:
        points = keypoints.detect(phash.luma(decode.decode(data, keypoints.SIDE).pixels), sha256).tobytes()
    return prints.tobytes(), points, image.width * image.height


def ours(paths: list[Path], method: str) -> tuple[list[str], Duplicates, float]:
    """File names in rank order, what the stage finds of them, and the seconds it took."""
    sellers = method == "sellers"
    with executors.local(2) as map_fn:
        list(map_fn(partial(fingerprint, sellers), paths[:64]))  # imports are not counted, for peers neither
        started = time.perf_counter()
        data = list(map_fn(partial(fingerprint, sellers), paths))
        prints = np.frombuffer(b"".join(one[0] for one in data), fingerprints.FINGERPRINT)
        points = np.frombuffer(b"".join(one[1] for one in data), keypoints.KEYPOINTS)
        wholes = prints[fingerprints.wholes(prints)]
        area = np.array([one[2] for one in data])
        size = np.array([path.stat().st_size for path in paths])
        content = np.rint(area * fingerprints.content(wholes))
        order = np.lexsort((wholes["sha256"], -size, fingerprints.colourless(wholes), -content))
        ranked = [paths[number].name for number in order]
        files = Files(paths[0].parent, ranked, area[order].tolist(), points[order] if sellers else None)
        config = Dedup.model_validate({"method": method})
        found = find_duplicates.find(fingerprints.take(prints, order), config, map_fn, files)
        seconds = time.perf_counter() - started
    return ranked, found, seconds


def of_sellers(photos: Path, method: str) -> None:
    """The second table: what sellers do, from the files that `seller_edits` made."""
    names, found, seconds = ours(sorted(photos.glob("*.jpg")), method)
    number = {name: place for place, name in enumerate(names)}
    together, removed = defaultdict(list), defaultdict(list)
    for name, place in number.items():
        edit = name[7:9]
        originals = range(4) if edit == "99" else range(1)
        for original in originals if edit != "00" else ():
            other = number[f"{int(name[:5]) + original:05d}__00.jpg"]
            together[edit].append(found.similar_group[place] == found.similar_group[other])
        if edit != "00":
            removed[edit].append(found.keeper[place] != place)
    print(f"{method}: kept together / removed, {seconds:.1f} s for {len(names)} photos")
    for edit, what in WORDS.items():
        print(f"  {what:14} {np.mean(together[edit]):.2f} / {np.mean(removed[edit]):.2f}  of {len(removed[edit])}")
    means = [np.mean([np.mean(shares[edit]) for edit in WORDS]) for shares in (together, removed)]
    print(f"  {'mean':14} {means[0]:.3f} / {means[1]:.3f}")
    lost = [name for name, place in number.items() if name[7:9] == "00" and found.keeper[place] != place]
    print(f"  originals removed: {len(lost)}")
    pairs = {pair for pair in grouped_pairs(names, found) if not _one_image(*pair)}
    print(f"  pairs of other images: {len(pairs)} of {len(grouped_pairs(names, found))}")
    draw(sorted(pairs)[:60], photos, photos.parent / f"disagreements-sellers-{method}.jpg")
    lost_pairs = [(names[found.keeper[number[name]]], name) for name in lost]
    draw(lost_pairs[:60], photos, photos.parent / f"originals-removed-{method}.jpg")


def of_network(photos: Path, environments: Path) -> None:
    """The second table for a copy detection network: which originals and edits it calls duplicates."""
    answer = peers.run(peers.COPY_DETECTION, photos, environments)
    if isinstance(answer, str):
        print(f"{peers.COPY_DETECTION.name}: skipped, {answer}")
        return
    names = sorted(path.name for path in photos.glob("*.jpg"))
    for setting, listed in answer["found"].items():
        pairs = {(min(pair), max(pair)) for pair in listed}
        print(f"{peers.COPY_DETECTION.name} {setting}: found, {answer['seconds']:.1f} s for {len(names)} photos")
        shares = []
        for edit, what in WORDS.items():
            mine = [name for name in names if name[7:9] == edit]
            asked = [
                (f"{int(name[:5]) + original:05d}__00.jpg", name)
                for name in mine
                for original in range(4 if edit == "99" else 1)
            ]
            shares.append(np.mean([(min(pair), max(pair)) in pairs for pair in asked]))
            print(f"  {what:14} {shares[-1]:.2f}  of {len(asked)}")
        wrong = sum(not _one_image(*pair) for pair in pairs)
        print(f"  {'mean':14} {np.mean(shares):.3f}\n  pairs of other images: {wrong} of {len(pairs)}")


def _one_image(first: str, second: str) -> bool:
    """Whether two file names are of one image; a collage is of four."""
    (a, edit_a), (b, edit_b) = ((int(name[:5]), name[7:9]) for name in (first, second))
    return a == b or (edit_a == "99" and 0 <= b - a < 4) or (edit_b == "99" and 0 <= a - b < 4)


def grouped_pairs(names: list[str], found: Duplicates) -> set[Pair]:
    """All pairs of names within one group."""
    groups = defaultdict(list)
    for name, keeper in zip(names, found.keeper.tolist(), strict=True):
        groups[keeper].append(name)
    return {pair for group in groups.values() for pair in itertools.combinations(sorted(group), 2)}


def judge(pairs: set[Pair], names: list[str]) -> tuple[list[float], float]:
    """Recall per edit (of the pairs of an original and its edit), and precision over all pairs."""
    present = set(names)
    recall = []
    for number in range(1, len(EDITS) + 1):
        wanted = [(f"{name[:5]}__00.jpg", name) for name in names if name[5:] == f"__{number:02d}.jpg"]
        wanted = [pair for pair in wanted if pair[0] in present]
        recall.append(sum(pair in pairs for pair in wanted) / max(1, len(wanted)))
    true = sum(a[:5] == b[:5] for a, b in pairs)
    return recall, true / max(1, len(pairs))


def draw(pairs: list[Pair], photos: Path, target: Path) -> None:
    """A sheet of pairs of photos, three to a row."""
    width, height, columns = 230, 155, 3
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (columns * (2 * width + 12), max(1, rows) * (height + 20)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, pair in enumerate(pairs):
        x, y = number % columns * (2 * width + 12), number // columns * (height + 20)
        pen.text((x, y + 2), f"{pair[0]}  {pair[1]}", fill="black")
        for side, name in enumerate(pair):
            with Image.open(photos / name) as photo:
                sheet.paste(photo.convert("RGB").resize((width, height)), (x + side * (width + 4), y + 16))
    sheet.save(target, quality=85)


def print_row(name: str, pairs: set[Pair], names: list[str], seconds: float) -> None:
    """One line of the table."""
    recall, precision = judge(pairs, names)
    cells = " ".join(f"{value:10.3f}" for value in recall)
    print(f"{name:28} {cells}  {np.mean(recall):6.3f} {precision:10.4f} {seconds:7.1f} s")


def main() -> None:
    """Build the set, run everybody, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--known", type=Path, help="CSV with columns image_id and dup_of")
    parser.add_argument("--originals", type=int, default=2400)
    parser.add_argument("--edited", type=int, default=250)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "curate-dedup-quality")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--sellers", type=int, default=60, help="photos edited for the second table")
    parser.add_argument("--among", type=int, default=700, help="photos that they are among")
    parser.add_argument(
        "--methods", nargs="+", default=["hash", "thorough", "sellers"], help="of the second table"
    )
    parser.add_argument("--second-table", action="store_true", help="print the second table alone")
    options = parser.parse_args()
    photos = options.out / "photos"
    for old in photos.glob("*.jpg"):
        old.unlink()
    known = {}
    if options.known:
        with options.known.open(newline="", encoding="utf-8") as file:
            known = {row["image_id"]: row["dup_of"] for row in csv.DictReader(file) if row["dup_of"]}
    sold = options.out / "sellers"
    for old in sold.glob("*.jpg"):
        old.unlink()
    seller_edits.build(options.photos, sold, options.among, options.sellers, known)
    for method in options.methods:
        of_sellers(sold, method)
    if not options.no_peers:
        of_network(sold, options.out)
    if options.second_table:
        return
    build(options.photos, photos, options.originals, options.edited, duplicate_of=known)
    paths = sorted(photos.glob("*.jpg"))
    if not paths:
        parser.error(f"{options.photos}: no photo of 80 pixels or more is in this folder")
    names = [path.name for path in paths]
    edited = sum(name.endswith("__01.jpg") for name in names)
    print(f"{len(paths)} files, {len({name[:5] for name in names})} images, {edited} of them edited")
    print(f"{'':28} {' '.join(f'{edit:>10}' for edit in EDITS)}  {'mean':>6} {'precision':>10}")
    for method in ("hash", "thorough"):
        ranked, found, seconds = ours(paths, method)
        pairs = grouped_pairs(ranked, found)
        print_row(f"curate {method}", pairs, names, seconds)
        seen: dict[Pair, Pair] = {}
        for pair in sorted(pairs):
            if pair[0][:5] != pair[1][:5]:
                seen.setdefault((pair[0][:5], pair[1][:5]), pair)
        draw(list(seen.values())[:60], photos, options.out / f"disagreements-{method}.jpg")
        print(
            f"{'':28} pairs that differ from truth come from {len(seen)} pairs of images, drawn in {options.out}"
        )
    for peer in () if options.no_peers else peers.PEERS:
        answer = peers.run(peer, photos, options.out)
        if isinstance(answer, str):
            print(f"{peer.name}: skipped, {answer}")
            continue
        for setting, listed in answer["found"].items():
            print_row(f"{peer.name} {setting}", {(min(p), max(p)) for p in listed}, names, answer["seconds"])


if __name__ == "__main__":
    main()
