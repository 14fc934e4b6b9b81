"""Serve the photo corpus of ../shared/market as a classifieds site on loopback; Ctrl-C ends it.

    python -m tests.benchmarks.serve_market --port 8766
    curate --recipe tests/benchmarks/market.yaml run

Its folder is CURATE_MARKET, else ../shared/market beside the repository. truth.csv is not read.
"""

import argparse
import json
import os
import time
from pathlib import Path

from curate.demo.pages import PaintedListing, PaintedPhoto
from curate.demo.site import serve

PORT = 8766  # as in market.yaml


def market_folder() -> Path:
    """Where the corpus is. Raises SystemExit where it is not."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "market"
    folder = Path(os.environ.get("CURATE_MARKET") or beside)
    if not (folder / "listings.json").exists():
        raise SystemExit(f"{folder}: no listings.json there; set CURATE_MARKET to the folder of the corpus")
    return folder


def read_listings(folder: Path) -> list[PaintedListing]:
    """The corpus as the site's listings, in the order of its file."""
    return [
        PaintedListing(
            listing_id=advert["listing_id"],
            class_name=advert["label"],
            title=advert["title"],
            price=advert["price_inr"],
            year=advert["year"],
            km=advert["km"],
            region=advert["state"],
            city=advert["city"],
            photos=tuple(PaintedPhoto(name, folder / "images" / f"{name}.jpg") for name in advert["images"]),
        )
        for advert in json.loads((folder / "listings.json").read_text(encoding="utf-8"))
    ]


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT)
    port: int = parser.parse_args().port
    with serve(read_listings(market_folder()), port, "Market") as site:
        print(f"serving on {site.url}", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print(f"{len(site.requests)} requests answered")


if __name__ == "__main__":
    main()
