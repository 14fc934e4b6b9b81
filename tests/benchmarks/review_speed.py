"""How fast `curate review` is and what survives a kill, by script in a real Chromium.

    python -m tests.benchmarks.review_speed [--kills 100] [--rows 100000] [--axe PATH/axe.min.js] [--no-browser]

One by one and in the grid: decisions a minute, and milliseconds from a key to the next painted photo. Kills: a
client sends decisions and repeats what was not acknowledged, as the page does, while the server is killed at
random moments; each decision must be in review.csv exactly once. Rows: a folder of that many rows, of 500 files:
seconds to the first view, and memory before and after paging through it. axe-core, where its script is given:
violations.
"""

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from curate.core.schemas import CleanRow
from curate.photos import store
from curate.review import decisions
from tests import folders
from tests.review.serving import CHROMIUM, FLAGS, Served, build, served

CLASSES = ("hatch", "sedan")
PAINTED = """() => {
  const times = [];
  addEventListener("keydown", () => {
    const pressed = performance.now(), before = document.querySelector("#photo");
    const look = () => {
      const now = document.querySelector("#photo");
      if (!now || now === before || !now.complete || !now.naturalWidth) return requestAnimationFrame(look);
      const channel = new MessageChannel();  // its message comes after the frame that shows the photo
      channel.port1.onmessage = () => times.push(performance.now() - pressed);
      requestAnimationFrame(() => channel.port2.postMessage(0));
    };
    requestAnimationFrame(look);
  }, true);
  window.times = times;
}"""


def photos(folder: Path, count: int) -> list[tuple[str, str, int]]:
    """Painted photos of 1024x768 pixels in the store of `folder`: path, sha256, bytes."""
    found = []
    for number in range(count):
        data = folders.paint(CLASSES[number % 2], number, 1024, 768)
        found.append((*store.put(folder, data, "jpeg"), len(data)))
    return found


def large_folder(folder: Path, rows: int, files: int = 500) -> Path:
    """A folder of `rows` photos, all kept, a twentieth of them in the queue; files are shared."""
    stored = photos(folder, min(rows, files))
    fetched = []
    for number in range(rows):
        path, sha256, size = stored[number % len(stored)]
        fetched.append(folders.fetch_row(number, CLASSES[number % 2], path=path, sha256=sha256, size=size))
    clean: list[CleanRow] = []
    for number, photo in enumerate(fetched):
        row = folders.clean_row(photo, "not_car" if number % 10 == 9 else "")
        queued = number % 20 == 0
        clean.append(replace(row, borderline=queued, review_rank=number // 20 + 1 if queued else None))
    folders.publish(folder, "fetch", fetched)
    folders.publish(folder, "dedup", [folders.dedup_row(photo) for photo in fetched])
    folders.publish(folder, "clean", clean)
    (folder / "recipe.yaml").write_text("name: large\nclasses: [hatch, sedan]\nclean:\n  scorer: none\n")
    return folder


def saved(page: Page) -> None:
    """Wait until all decisions are on the disk."""
    page.wait_for_function("document.querySelector('#saved').textContent === 'saved'")


def one_by_one(page: Page, server: Served, count: int) -> dict[str, Any]:
    """Decide `count` photos, each when the one before it has gone."""
    page.goto(server.url)
    page.wait_for_selector("#photo")
    page.wait_for_timeout(1500)  # as a person looks at the first one
    page.evaluate(PAINTED)
    started = time.monotonic()
    for number in range(count):
        page.keyboard.press("a" if number % 3 else "2")
        page.wait_for_function(f"window.times.length > {number}")
    saved(page)
    minutes = (time.monotonic() - started) / 60
    times = sorted(page.evaluate("window.times"))
    return {
        "decisions_per_minute": round(count / minutes),
        "key_to_painted_ms_median": round(statistics.median(times), 1),
        "key_to_painted_ms_p95": round(times[int(0.95 * len(times))], 1),
    }


def in_the_grid(page: Page, server: Served, pages: int) -> dict[str, Any]:
    """Decide pages of sixty: five that are clicked one way, all others the other way."""
    page.goto(server.url)
    page.wait_for_selector("#photo")
    page.keyboard.press("g")
    page.wait_for_selector("#grid")
    started = time.monotonic()
    for number in range(pages):
        first = page.locator("#grid li").first.get_attribute("data-key")
        for place in (3, 9, 17, 30, 44):
            page.locator("#grid li").nth(place).click()
        page.keyboard.press("x")
        page.keyboard.press("1")
        page.keyboard.press("Control+a")
        page.keyboard.press("a")
        if number < pages - 1:
            page.wait_for_function(
                "first => document.querySelector('#grid li')?.dataset.key !== first "
                "&& [...document.querySelectorAll('#grid img')].every(each => each.complete)",
                arg=first,
            )
    saved(page)
    return {"decisions_per_minute": round(60 * pages / ((time.monotonic() - started) / 60))}


def kills(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Kill the server `count` times while decisions come in; what is lost or doubled."""
    chance = random.Random(seed)
    build(folder, n=60)
    wanted: list[tuple[str, str]] = []  # every decision in the order it was sent; each differs from the one before
    acknowledged = 0
    for _ in range(count):
        with served(folder, kill=True) as server:
            timer = threading.Timer(chance.uniform(0.02, 0.4), server.process.kill)
            timer.start()
            with suppress(requests.RequestException):
                while True:
                    if acknowledged == len(wanted):
                        key = f"{len(wanted) % 60:016x}"
                        wanted.append((key, "keep" if len(wanted) // 60 % 2 else "reject"))
                    key, decision = wanted[acknowledged]
                    if server.decide("kept", {"key": key, "decision": decision}).status_code == 200:
                        acknowledged += 1
            timer.join()
    rows = [(row.key, row.decision) for row in decisions.read(folder / "review.csv", CLASSES)[0]]
    sent = wanted[: len(rows)]
    return {
        "kills": count,
        "acknowledged": acknowledged,
        "rows": len(rows),
        "lost": max(0, acknowledged - len(rows)) + sum((Counter(sent) - Counter(rows)).values()),
        "doubled_or_out_of_order": sum(a != b for a, b in zip(rows, sent, strict=True)),
    }


def memory_mb(server: Served) -> float:
    """Resident memory of the server."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def large(folder: Path, rows: int, page: Page) -> dict[str, Any]:
    """First start, second start, first view, memory."""
    large_folder(folder, rows)
    found: dict[str, Any] = {"rows": rows}
    started = time.monotonic()
    with served(folder):
        found["first_start_s"] = round(time.monotonic() - started, 2)
    started = time.monotonic()
    with served(folder) as server:
        found["next_start_s"] = round(time.monotonic() - started, 2)
        started = time.monotonic()
        page.goto(server.url)
        page.wait_for_function("(p => p && p.complete && p.naturalWidth)(document.querySelector('#photo'))")
        found["first_view_s"] = round(time.monotonic() - started, 2)
        found["memory_mb_at_first_view"] = round(memory_mb(server))
        for start in range(0, min(rows, 60_000), 600):
            items = server.get(f"/api/queue/kept?start={start}").json()["items"]
            for item in items[:10]:
                server.get(f"/photo/small/{item['key']}")
                server.get(f"/photo/large/{item['key']}")
        found["memory_mb_after_100_pages_and_2000_images"] = round(memory_mb(server))
    return found


def axe(page: Page, server: Served, script: Path) -> dict[str, Any]:
    """Violations in each view, light and dark, wide and narrow."""
    found: dict[str, Any] = {}
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(server.url)
        page.wait_for_selector("#photo, #grid")
        for name, keys in (("first", ""), ("other", "g"), ("keys", "?"), ("reject", "x")):
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_timeout(300)
            page.evaluate(script.read_text(encoding="utf-8"))
            said = page.evaluate(
                "axe.run().then(found => found.violations.map(each => each.id + ': ' + "
                "each.nodes.map(node => node.html.slice(0, 90)).join(' | ')))"
            )
            found[f"{scheme} {width} {name}"] = said
            if keys in ("?", "x"):
                page.keyboard.press("Escape")
    return found


def main() -> None:
    """Measure, and print each result as it comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--axe", type=Path)
    parser.add_argument("--browser", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    def text(name: str, result: dict[str, Any]) -> None:
        print(name, json.dumps(result, indent=1), flush=True)

    with tempfile.TemporaryDirectory(prefix="review-") as place:
        root = Path(place)
        for name in "abc":
            (root / name).mkdir()
        if asked.kills:
            text("kills", kills(root / "c", asked.kills, asked.seed))
        if not asked.browser:
            return
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            print(browser.version, flush=True)
            # Playwright's own waiting needs `eval`, which the page forbids
            context = browser.new_context(viewport={"width": 1280, "height": 860}, bypass_csp=True)
            page = context.new_page()
            with served(large_folder(root / "a", 12_000, 400)) as server:
                text("one by one", one_by_one(page, server, 200))
                text("grid", in_the_grid(page, server, 5))
                if asked.axe:
                    text("axe", axe(page, server, asked.axe))
            if asked.rows:
                text("large", large(root / "b", asked.rows, page))
            browser.close()


if __name__ == "__main__":
    main()
