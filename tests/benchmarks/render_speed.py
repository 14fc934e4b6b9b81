"""How fast pages that scripts make are rendered, and whether the browser grows.

    python -m tests.benchmarks.render_speed [pages]

Renders the pages of a small site by scripts, one after another, through the client of `fetch`. Prints pages/s and
the memory of Chromium and its driver at each tenth: the proportional set size of the processes below this one.
"""

import os
import sys
import time
from pathlib import Path

from curate.core.recipe import Politeness
from curate.demo.pages import listing_path
from curate.demo.site import serve
from curate.fetch.http.browser import Browser
from curate.fetch.http.client import Client
from tests.fetch.small_site import listings, politeness


def _below(process: int) -> list[int]:
    """The processes that one started, and those that they did."""
    found = []
    for child in Path(f"/proc/{process}/task").glob("*/children"):
        for number in child.read_text().split():
            found += [int(number), *_below(int(number))]
    return found


def _megabytes(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def main(pages: int = 1000) -> None:
    shown = listings(50, 2)
    with serve(shown, by_script=True) as site:
        limits = Politeness(**politeness(site.host))
        with Client(limits) as client:
            browser = Browser(client, 1_000_000)
            try:
                started = time.perf_counter()
                for number in range(pages):
                    text = browser.render(f"{site.url}{listing_path(shown[number % len(shown)])}").html
                    assert "<h1" in text, text[:500]
                    if (number + 1) % max(1, pages // 10) == 0:
                        spent = time.perf_counter() - started
                        memory = sum(map(_megabytes, _below(os.getpid())))
                        print(f"{number + 1:5} pages, {(number + 1) / spent:5.2f} pages/s, {memory:6.0f} MB")
            finally:
                browser.close()
        print(f"{client.requests_sent} requests, all by our client; the site saw {len(site.requests)}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
