"""Images of pages, for the documentation and for the eye: headless Chromium, no network.

python -m tests.screenshots                    docs/images/report.png from manifests/demo/report.html, and
                                               docs/images/review*.jpg from `curate review` over that folder
python -m tests.screenshots PAGE IMAGE [WIDTH HEIGHT]
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def screenshot(page: Path, image: Path, width: int = 1280, height: int = 900) -> None:
    """Save the top of a page as a PNG. Raises SystemExit where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        sys.exit("Chromium is not installed: install it with your system's package manager")
    image.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={width},{height}"),
                *(f"--screenshot={image}", page.resolve().as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def review(folder: Path, recipe: str, images: Path) -> None:
    """Save what `curate review` shows: one photo and the grid, 1280 pixels wide and 390 in the dark."""
    from playwright.sync_api import sync_playwright

    from tests.review.serving import CHROMIUM, FLAGS, served

    with served(folder, recipe=recipe) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, width, height, scheme in (("", 1280, 860, "light"), ("-390", 390, 844, "dark")):
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(server.url)
            for key, shown in (("g", "#grid"), ("g", "#photo")):
                page.wait_for_selector("#photo, #grid, .empty")
                page.keyboard.press(key)
                page.wait_for_selector(shown)
                page.wait_for_load_state("networkidle")
                mode = "review-grid" if shown == "#grid" else "review"
                page.screenshot(path=images / f"{mode}{name}.jpg", type="jpeg", quality=80)
            context.close()
        browser.close()


def main() -> None:
    """The images of the documentation, or one that is asked for."""
    if len(sys.argv) > 2:
        screenshot(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5]))
    else:
        screenshot(ROOT / "manifests" / "demo" / "report.html", ROOT / "docs" / "images" / "report.png")
        review(ROOT / "manifests" / "demo", "demo", ROOT / "docs" / "images")


if __name__ == "__main__":
    main()
